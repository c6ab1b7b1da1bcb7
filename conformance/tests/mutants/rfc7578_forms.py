"""RFC 7578 and RFC 2046, Section 5.1: forms, one rule broken at a time."""

from __future__ import annotations

import re
from typing import Any

from mutation import mutant

from merkhet_reference import multipart_head
from merkhet_reference.multipart import FormError, State

MULTIPART = "merkhet_reference.multipart"
HEAD = "merkhet_reference.multipart_head"
FORMS = "merkhet_reference.forms"


@mutant(
    f"{MULTIPART}.MultipartParser._next_delimiter",
    breaks="rfc7578-4.1-1",
    must_kill={"rfc7578-4.1-delivered-octets"},
)
def delimiter_within_a_piece(original: Any) -> Any:
    """Finds a delimiter only where it comes in one piece."""

    def next_delimiter(self: Any) -> tuple[int, bool]:
        found = self._buffer.find(self._delimiter, self._at)
        return (found, True) if found >= 0 else (len(self._buffer), False)

    return next_delimiter


@mutant(
    f"{MULTIPART}.MultipartParser._next_delimiter",
    breaks="rfc7578-4.1-1",
    must_kill={"rfc7578-4.1-lookalike-mid-line", "rfc2046-5.1.1-preamble-mid-line"},
)
def delimiter_within_a_line(original: Any) -> Any:
    """Takes a delimiter for one wherever it stands in a line."""

    def next_delimiter(self: Any) -> tuple[int, bool]:
        found = self._buffer.find(self._delimiter[2:], self._at)
        if found < 0:
            return original(self)
        self._buffer[found:found] = b"" if self._buffer[found - 2 : found] == b"\r\n" else b"\r\n"
        return original(self)

    return next_delimiter


@mutant(
    f"{FORMS}.Receiver._end_part",
    breaks="rfc2046-5.1.1-1",
    must_kill={"rfc2046-5.1.1-plain", "rfc7578-4.1-plain"},
)
def line_end_kept(original: Any) -> Any:
    """Counts the CRLF of a delimiter as content of the part before it."""

    def end_part(self: Any) -> None:
        self._take_data(b"\r\n")
        original(self)

    return end_part


@mutant(
    f"{MULTIPART}.STEPS",
    breaks="rfc2046-5.1.1-2",
    must_kill={"rfc2046-5.1.1-padding-space", "rfc2046-5.1.1-padding-tab", "rfc2046-5.1.1-padding-closing"},
)
def no_padding(original: Any) -> Any:
    """Refuses whitespace behind a delimiter."""

    def take_padding(self: Any, events: Any) -> bool:
        if self._peek(1) in {b" ", b"\t"}:
            raise FormError("padding")
        return original[self.state](self, events)

    return {**original, State.PADDING: take_padding, State.CLOSE_PADDING: take_padding}


@mutant(
    f"{MULTIPART}.STEPS",
    breaks="rfc2046-5.1.1-a2",
    must_kill={"rfc2046-5.1.1-preamble-line", "rfc2046-5.1.1-preamble-lines"},
)
def no_preamble(original: Any) -> Any:
    """Refuses a form that does not begin with a delimiter."""

    def skip_preamble(self: Any, events: Any) -> bool:
        if len(self._buffer) >= len(self._delimiter) and not self._buffer.startswith(self._delimiter):
            raise FormError("preamble")
        return original[State.PREAMBLE](self, events)

    return {**original, State.PREAMBLE: skip_preamble}


@mutant(
    f"{MULTIPART}.STEPS",
    breaks="rfc2046-5.1.1-a2",
    must_kill={"rfc2046-5.1.1-epilogue-lines", "rfc2046-5.1.1-epilogue-part"},
)
def no_epilogue(original: Any) -> Any:
    """Refuses what stands behind the closing delimiter."""

    def skip_epilogue(self: Any, events: Any) -> bool:
        if len(self._buffer) > self._at:
            raise FormError("epilogue")
        return original[State.EPILOGUE](self, events)

    return {**original, State.EPILOGUE: skip_epilogue}


@mutant(
    f"{MULTIPART}.MultipartParser.end",
    breaks="rfc2046-5.1.1-a5",
    must_kill={"rfc2046-5.1.1-unclosed-file"},
)
def end_of_nothing(original: Any) -> Any:
    """Takes whatever it has read for a whole form."""
    return lambda self: None


@mutant(
    f"{MULTIPART}.BOUNDARY",
    breaks="rfc2046-5.1.1-a4",
    must_kill={"rfc2046-5.1.1-length-seventy", "rfc2046-5.1.1-length-sixty-nine"},
)
def short_boundaries(original: Any) -> Any:
    """Takes boundaries of 40 octets at most."""
    return re.compile(rb"[!-~ ]{1,40}\Z")


@mutant(
    f"{MULTIPART}.BOUNDARY",
    breaks="rfc2046-5.1.1-a3",
    must_kill={"rfc2046-5.1.1-quoted-colon", "rfc2046-5.1.1-quoted-space"},
)
def token_boundaries(original: Any) -> Any:
    """Takes a boundary only if it could stand without quotes."""
    return re.compile(rb"[0-9A-Za-z'+_.\-]{1,70}\Z")


@mutant(
    f"{HEAD}.unquoted",
    breaks="rfc9110-5.6.4-1",
    must_kill={"rfc9110-5.6.4-quoted-pair-all", "rfc9110-5.6.4-quoted-pair-colon"},
)
def quoted_pairs_kept(original: Any) -> Any:
    """Takes the quotes away and leaves the backslashes."""
    return lambda value: value[1:-1] if value.startswith(b'"') else value


@mutant(
    f"{HEAD}.parameters",
    breaks="rfc9110-5.6.6-a1",
    must_kill={"rfc9110-5.6.6-boundary-upper-case", "rfc7578-4.2-written-upper-case"},
)
def parameters_by_case(original: Any) -> Any:
    """Compares the names of parameters octet by octet."""
    return lambda octets: {
        match[1]: match[2] for match in multipart_head.PARAMETER.finditer(octets) if match[1] is not None
    }


@mutant(
    f"{HEAD}.parse_part_line",
    breaks="rfc7578-4.8-1",
    must_kill={"rfc7578-4.8-ignored-unknown", "rfc7578-4.8-ignored-language"},
)
def other_fields_refused(original: Any) -> Any:
    """Refuses a part with any field but the three that forms have."""

    def parse_part_line(line: bytes) -> Any:
        name, value = original(line)
        if name.lower() not in {b"content-disposition", b"content-type", b"content-transfer-encoding"}:
            raise FormError("a field")
        return name, value

    return parse_part_line


@mutant(
    f"{FORMS}.Receiver.form",
    breaks="rfc7578-4.3-a1",
    must_kill={"rfc7578-4.3-several-two", "rfc7578-5.2-same-name-two"},
)
def last_of_a_name(original: Any) -> Any:
    """Keeps the last part of each name alone."""

    def form(self: Any) -> Any:
        read = original(self)
        fields = list({field.name: field for field in read.fields}.values())
        return type(read)(fields, list({file.name: file for file in read.files}.values()))

    return form


@mutant(
    f"{FORMS}.Receiver.form",
    breaks="rfc7578-5.2-a1",
    must_kill={"rfc7578-5.2-order-descending", "rfc7578-5.2-order-numbers"},
)
def fields_sorted(original: Any) -> Any:
    """Reports fields by their names and not by their order."""

    def form(self: Any) -> Any:
        read = original(self)
        return type(read)(sorted(read.fields, key=lambda field: field.name), read.files)

    return form


@mutant(
    f"{FORMS}.decoded_field",
    breaks="rfc7578-5.1.2-1",
    must_kill={"rfc7578-5.1.2-value-two-octets", "rfc7578-5.1.2-value-three-octets"},
)
def fields_in_latin_1(original: Any) -> Any:
    """Reads every value as ISO-8859-1."""
    return lambda field, default: original(field, "iso-8859-1")
