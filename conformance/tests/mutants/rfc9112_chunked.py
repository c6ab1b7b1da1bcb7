"""RFC 9112, Section 7.1: Chunked Transfer Coding, one rule broken at a time."""

from __future__ import annotations

import re
from typing import Any

from mutation import mutant

from merkhet_reference import abnf, errors
from merkhet_reference.fields import Fields
from merkhet_reference.http1 import chunked

CHUNKED = "merkhet_reference.http1.chunked"
INBOX = "merkhet_reference.http1.inbox"
SIZE = rb"(" + abnf.HEXDIGITS + rb")"


def sized(read: Any) -> Any:
    """A parser of chunk-size lines by a number parser of another language; extensions are read past."""

    def parse_chunk_line(line: bytes) -> tuple[int, int]:
        try:
            return read(line.partition(b";")[0]), 0
        except ValueError:
            raise errors.bad_request("no") from None

    return parse_chunk_line


@mutant(
    f"{CHUNKED}.parse_chunk_line",
    breaks="rfc9112-7.1-a2",
    must_kill={"rfc9112-7.1-size-plus", "rfc9112-7.1-size-plus-echo"},
)
def size_by_python_int(original: Any) -> Any:
    """Reads a chunk size with Python's int(): signs, 0x, underscores, whitespace; a negative one is zero."""
    return sized(lambda size: max(0, int(size, 16)))


@mutant(
    f"{CHUNKED}.parse_chunk_line",
    breaks="rfc9112-7.1-a2",
    must_kill={"rfc9112-7.1-size-comma", "rfc9112-7.1-size-comma-echo"},
)
def size_by_prefix(original: Any) -> Any:
    """Reads the hexadecimal digits that a line begins with; none are zero."""

    def prefix(size: bytes) -> int:
        found = re.match(rb"[0-9A-Fa-f]*", size)
        return int((found[0] if found else b"") or b"0", 16)

    return sized(prefix)


@mutant(
    f"{CHUNKED}.parse_chunk_line",
    breaks="rfc9112-7.1-a2",
    must_kill={"rfc9112-7.1-size-last-empty", "rfc9112-7.1-size-last-empty-echo"},
)
def empty_size_is_zero(original: Any) -> Any:
    """Takes an empty chunk-size line for the last chunk."""
    return lambda line: (0, 0) if not line else original(line)


@mutant(
    f"{CHUNKED}.parse_chunk_line",
    breaks="rfc9112-7.1-3",
    must_kill={"rfc9112-7.1-size-huge-15-times-2-64-plus-5", "rfc9112-7.1-size-huge-2-128-plus-5"},
)
def size_wraps_at_64_bits(original: Any) -> Any:
    """Reads a chunk size modulo 2 to the 64th."""

    def parse_chunk_line(line: bytes) -> tuple[int, int]:
        match = chunked.CHUNK_LINE.match(line)
        return (int(match[1], 16) % 2**64, 0) if match else original(line)

    return parse_chunk_line


@mutant(
    f"{CHUNKED}.parse_chunk_line",
    breaks="rfc9112-7.1-3",
    must_kill={"rfc9112-7.1-size-huge-2-63-plus-5", "rfc9112-7.1-size-huge-15-times-2-64-plus-5"},
)
def size_wraps_at_32_bits(original: Any) -> Any:
    """Reads a chunk size modulo 2 to the 32nd."""

    def parse_chunk_line(line: bytes) -> tuple[int, int]:
        match = chunked.CHUNK_LINE.match(line)
        return (int(match[1], 16) % 2**32, 0) if match else original(line)

    return parse_chunk_line


@mutant(
    f"{CHUNKED}.CHUNK_LINE",
    breaks="rfc9112-7.1-a1",
    must_kill={"rfc9112-7.1-size-every-letter-upper-echo", "rfc9112-7.1-size-upper-case-echo"},
)
def lower_case_sizes_only(original: Any) -> Any:
    """Refuses upper-case hexadecimal digits."""
    return abnf.whole(rb"([0-9a-f]+)(" + chunked.EXTENSION + rb")")


@mutant(
    f"{CHUNKED}.CHUNK_LINE",
    breaks="rfc9112-7.1-a1",
    must_kill={"rfc9112-7.1-size-every-letter-lower-echo", "rfc9112-7.1-size-lower-case-echo"},
)
def upper_case_sizes_only(original: Any) -> Any:
    """Refuses lower-case hexadecimal digits."""
    return abnf.whole(rb"([0-9A-F]+)(" + chunked.EXTENSION + rb")")


@mutant(
    f"{CHUNKED}.CHUNK_LINE",
    breaks="rfc9112-7.1-a1",
    must_kill={"rfc9112-7.1-size-last-eight-zeros-echo", "rfc9112-7.1-size-last-two-zeros-echo"},
)
def no_leading_zeros(original: Any) -> Any:
    """Refuses a chunk size with leading zeros."""
    return abnf.whole(rb"(0|[1-9A-Fa-f][0-9A-Fa-f]*)(" + chunked.EXTENSION + rb")")


@mutant(
    f"{CHUNKED}.parse_chunk_line", breaks="rfc9112-7.1-a1", must_kill={"rfc9112-7.1-size-leading-zero-sixteen-echo"}
)
def decimal_sizes(original: Any) -> Any:
    """Reads a chunk size as decimal where it can."""

    def parse_chunk_line(line: bytes) -> tuple[int, int]:
        size, extensions = original(line)
        digits = line.partition(b";")[0].strip()
        return (int(digits), extensions) if digits.isdigit() and len(digits) < 6 else (size, extensions)

    return parse_chunk_line


@mutant(
    f"{CHUNKED}.CHUNK_LINE",
    breaks="rfc9112-7.1.1-1",
    must_kill={"rfc9112-7.1.1-extension-hexadecimal-name-echo", "rfc9112-7.1.1-extension-name-and-value-echo"},
)
def no_extensions(original: Any) -> Any:
    """Refuses every chunk extension."""
    return abnf.whole(SIZE + rb"()")


@mutant(
    f"{CHUNKED}.CHUNK_LINE",
    breaks="rfc9112-7.1.1-1",
    must_kill={"rfc9112-7.1.1-extension-on-every-chunk-echo", "rfc9112-7.1.1-extension-quoted-empty-echo"},
)
def no_quoted_extensions(original: Any) -> Any:
    """Refuses a quoted string in a chunk extension."""
    return abnf.whole(SIZE + rb"((?:[ \t]*;[ \t]*" + abnf.TOKEN + rb"(?:[ \t]*=[ \t]*" + abnf.TOKEN + rb")?)*)")


@mutant(
    f"{CHUNKED}.CHUNK_LINE",
    breaks="rfc9112-7.1.1-a1",
    must_kill={"rfc9112-7.1.1-whitespace-around-all-echo", "rfc9112-7.1.1-whitespace-before-semicolon-echo"},
)
def no_whitespace_in_extensions(original: Any) -> Any:
    """Refuses whitespace around the semicolon and the equals sign of an extension."""
    value = rb"(?:" + abnf.TOKEN + rb"|" + abnf.QUOTED_STRING + rb")"
    return abnf.whole(SIZE + rb"((?:;" + abnf.TOKEN + rb"(?:=" + value + rb")?)*)")


@mutant(
    f"{CHUNKED}.CHUNK_LINE",
    breaks="rfc9112-7.1.1-a3",
    must_kill={"rfc9112-7.1.1-malformed-behind-quote", "rfc9112-7.1.1-malformed-behind-quote-echo"},
)
def any_extension_octets(original: Any) -> Any:
    """Takes any octets behind a semicolon for an extension."""
    return abnf.whole(SIZE + rb"([ \t]*(?:;[^\n]*)?)")


@mutant(
    f"{CHUNKED}.CHUNK_LINE",
    breaks="rfc9112-7.1-a2",
    must_kill={"rfc9112-7.1-size-space-before", "rfc9112-7.1-size-space-before-echo"},
)
def whitespace_around_sizes(original: Any) -> Any:
    """Reads past whitespace before and behind a chunk size."""
    return abnf.whole(rb"[ \t]*" + SIZE + rb"(" + chunked.EXTENSION + rb"[ \t]*)")


@mutant(
    f"{CHUNKED}.STEPS",
    breaks="rfc9112-7.1.1-a2",
    must_kill={"rfc9112-7.1.1-extension-of-16-mib", "rfc9112-7.1.1-extension-of-64-kib"},
)
def endless_chunk_lines(original: Any) -> Any:
    """Reads a chunk-size line of any length and forgets its extensions."""

    def take_size(self: Any, inbox: Any, pieces: Any) -> bool:
        line = inbox.take_line(2**40, chunked.too_long_line)
        if line is None:
            return False
        self._remaining = chunked.parse_chunk_line(line)[0]
        self.part = chunked.Part.DATA if self._remaining else chunked.Part.TRAILERS
        return True

    return {**original, chunked.Part.SIZE: take_size}


@mutant(
    f"{CHUNKED}.check_data_end",
    breaks="rfc9112-7.1-a3",
    must_kill={"rfc9112-7.1-chunk-cr-and-octet", "rfc9112-7.1-chunk-cr-and-octet-echo"},
)
def any_two_octets_behind_data(original: Any) -> Any:
    """Skips two octets behind chunk-data, whatever they are."""
    return lambda end: None


@mutant(
    f"{CHUNKED}.STEPS",
    breaks="rfc9112-7.1-a3",
    must_kill={"rfc9112-7.1-chunk-data-lf", "rfc9112-7.1-chunk-data-lf-echo"},
)
def data_end_by_lf(original: Any) -> Any:
    """Takes a lone LF for the end of chunk-data."""

    def take_data_end(self: Any, inbox: Any, pieces: Any) -> bool:
        if inbox.peek(1) == b"\n":
            inbox.take(1)
            self.part = chunked.Part.SIZE
            return True
        return original[chunked.Part.DATA_END](self, inbox, pieces)

    return {**original, chunked.Part.DATA_END: take_data_end}


@mutant(
    f"{CHUNKED}.STEPS",
    breaks="rfc9112-7.1-a3",
    must_kill={"rfc9112-7.1-chunk-data-much-too-long", "rfc9112-7.1-chunk-data-much-too-long-echo"},
)
def data_runs_over(original: Any) -> Any:
    """Throws away what stands between chunk-data and the next CRLF."""

    def take_data_end(self: Any, inbox: Any, pieces: Any) -> bool:
        if inbox.take_line(10**6, chunked.too_long_line) is None:
            return False
        self.part = chunked.Part.SIZE
        return True

    return {**original, chunked.Part.DATA_END: take_data_end}


@mutant(
    f"{CHUNKED}.STEPS",
    breaks="rfc9112-7.1-a3",
    must_kill={"rfc9112-7.1-chunk-extra-crlf", "rfc9112-7.1-chunk-extra-crlf-echo"},
)
def empty_lines_between_chunks(original: Any) -> Any:
    """Skips empty lines before a chunk size."""

    def take_size(self: Any, inbox: Any, pieces: Any) -> bool:
        while inbox.peek(2) == b"\r\n":
            inbox.take(2)
        return original[chunked.Part.SIZE](self, inbox, pieces)

    return {**original, chunked.Part.SIZE: take_size}


@mutant(
    f"{INBOX}.Inbox.take_line",
    breaks="rfc9112-7.1-a2",
    must_kill={"rfc9112-7.1-chunk-last-lf", "rfc9112-7.1-chunk-last-lf-echo"},
)
def chunk_lines_end_in_lf(original: Any) -> Any:
    """Takes a lone LF for the end of a chunk-size or trailer line."""

    def take_line(self: Any, bytes_max: int, too_long: Any) -> bytes | None:
        found = self._buffer.find(b"\n", self._at)
        if found < 0:
            return original(self, bytes_max, too_long)
        line = bytes(self._buffer[self._at : found])
        self._at = self._searched = found + 1
        return line.removesuffix(b"\r")

    return take_line


@mutant(
    f"{CHUNKED}.STEPS",
    breaks="rfc9112-7.1-1",
    must_kill={"rfc9112-7.1-trailer-declared-echo", "rfc9112-7.1-trailer-digest-echo"},
)
def trailers_left_in_the_stream(original: Any) -> Any:
    """Ends the content at the last chunk and leaves the trailer section to be read as a request."""

    def take_trailer(self: Any, inbox: Any, pieces: Any) -> bool:
        if len(inbox) < 2:
            return False
        if inbox.peek(2) == b"\r\n":
            inbox.take(2)
        self.part = chunked.Part.DONE
        return False

    return {**original, chunked.Part.TRAILERS: take_trailer}


@mutant(
    f"{CHUNKED}.STEPS",
    breaks="rfc9112-7.1-1",
    must_kill={"rfc9112-7.1-trailer-declared-echo", "rfc9112-7.1-trailer-digest-echo"},
)
def no_trailers(original: Any) -> Any:
    """Refuses every trailer field."""

    def take_trailer(self: Any, inbox: Any, pieces: Any) -> bool:
        more = original[chunked.Part.TRAILERS](self, inbox, pieces)
        if self._trailer_lines:
            raise errors.bad_request("no")
        return more

    return {**original, chunked.Part.TRAILERS: take_trailer}


@mutant(
    f"{CHUNKED}.ChunkedDecoder.trailers",
    breaks="rfc9112-2.2-10",
    must_kill={"rfc9112-7.1.2-trailer-no-colon", "rfc9112-7.1.2-trailer-name-octet"},
)
def trailers_unread(original: Any) -> Any:
    """Skips trailer lines without a look at them."""
    return lambda self: Fields()


@mutant(
    "merkhet_reference.message.Request.fields",
    breaks="rfc9112-7.1.2-3",
    must_kill={"rfc9112-7.1.2-trailer-forwarded-not-merged", "rfc9112-7.1.2-trailer-unknown-not-merged"},
)
def trailers_merged(original: Any) -> Any:
    """Shows trailer fields among the header fields."""
    return property(lambda self: Fields([*self._head.fields, *self.trailers]))


@mutant(f"{CHUNKED}.trailer_fields", breaks="rfc9112-7.1.2-1", must_kill={"rfc9112-7.1.2-trailer-kept-or-discarded"})
def trailers_discarded(original: Any) -> Any:
    """Reads the trailer section and drops it, as a recipient may."""

    def trailer_fields(lines: list[bytes], limits: Any) -> Fields:
        original(lines, limits)
        return Fields()

    return trailer_fields


@mutant(
    f"{CHUNKED}.STEPS",
    breaks="rfc9112-7.1-2",
    must_kill={"rfc9112-7.1-cut-inside-data-echo", "rfc9112-7.1-delivery-chunked-content"},
)
def long_chunks_lose_an_octet(original: Any) -> Any:
    """Loses the last octet of a chunk that came in several pieces."""

    def take_data(self: Any, inbox: Any, pieces: Any) -> bool:
        split = len(inbox) < self._remaining
        more = original[chunked.Part.DATA](self, inbox, pieces)
        if split and pieces:
            pieces[-1] = pieces[-1][:-1]
        return more

    return {**original, chunked.Part.DATA: take_data}


@mutant(
    f"{CHUNKED}.parse_chunk_line",
    breaks="rfc9112-7.1-3",
    must_kill={"rfc9112-7.1-size-huge-2-32", "rfc9112-7.1-size-huge-2-32-plus-5"},
)
def huge_sizes_lose_precision(original: Any) -> Any:
    """Reads a chunk size as a floating-point number would keep it, and as 32 bits where that is large."""

    def parse_chunk_line(line: bytes) -> tuple[int, int]:
        match = chunked.CHUNK_LINE.match(line)
        if match is not None and len(match[1].lstrip(b"0")) > 8:
            return int(float(int(match[1], 16))) & 0xFFFFFFFF, 0
        return original(line)

    return parse_chunk_line
