"""RFC 9112, Section 6: Transfer-Encoding and Content-Length of a request, one rule broken at a time."""

from __future__ import annotations

from typing import Any

from mutation import mutant

from merkhet_reference import abnf, errors
from merkhet_reference.fields import Fields
from merkhet_reference.http1 import framing
from merkhet_reference.http1.events import BodyKind, Framing

FRAMING = "merkhet_reference.http1.framing"


def numbered(fields: Fields, number: Any) -> Framing:
    """Read the first Content-Length with a number parser of another language; refuse what that refuses."""
    try:
        return Framing(BodyKind.LENGTH, number(fields.get_all(b"Content-Length")[0]))
    except ValueError:
        raise errors.bad_request("no") from None


def without(fields: Fields, name: bytes) -> Fields:
    return Fields(line for line in fields if line[0].lower() != name)


@mutant(f"{FRAMING}.LENGTH", breaks="rfc9112-6.3-5", must_kill={"rfc9112-6.3-content-length-plus"})
def length_takes_a_plus(original: Any) -> Any:
    """Takes a Content-Length with a plus sign."""
    return abnf.whole(rb"\+?[0-9]+")


@mutant(
    f"{FRAMING}.length_framing",
    breaks="rfc9112-6.3-5",
    must_kill={"rfc9112-6.3-content-length-arabic-indic", "rfc9112-6.3-content-length-fullwidth"},
)
def length_by_python_int(original: Any) -> Any:
    """Reads Content-Length with Python's int(): signs, underscores, digits of every script; a negative one is zero."""
    return lambda fields: numbered(fields, lambda value: max(0, int(value.decode("utf-8"))))


@mutant(
    f"{FRAMING}.length_framing",
    breaks="rfc9112-6.3-5",
    must_kill={"rfc9112-6.3-content-length-binary-prefix", "rfc9112-6.3-content-length-exponent"},
)
def length_by_prefix(original: Any) -> Any:
    """Reads the digits that Content-Length begins with, as C's strtol does; none are zero."""

    def strtol(value: bytes) -> int:
        digits = value.strip()[: len(value.strip()) - len(value.strip().lstrip(b"0123456789"))]
        return int(digits or b"0")

    return lambda fields: numbered(fields, strtol)


@mutant(
    f"{FRAMING}.length_framing",
    breaks="rfc9112-6.3-5",
    must_kill={"rfc9112-6.3-content-length-hexadecimal", "rfc9112-6.3-content-length-minus"},
)
def length_of_any_base(original: Any) -> Any:
    """Reads 0x10 as sixteen and 010 as eight."""

    def any_base(value: bytes) -> int:
        text = value.decode("ascii", "replace")
        if text.lower().startswith("0x"):
            return int(text, 16)
        return int(text, 8 if text.startswith("0") and text.strip("0") and text.isdigit() else 10)

    return lambda fields: numbered(fields, any_base)


@mutant(
    f"{FRAMING}.length_framing",
    breaks="rfc9112-6.3-4",
    must_kill={"rfc9112-6.3-content-length-list-all-then-zero", "rfc9112-6.3-content-length-list-zero-then-all"},
)
def length_first_wins(original: Any) -> Any:
    """Lets the first of several lengths count."""

    def length_framing(fields: Fields) -> Framing:
        first = fields.get_all(b"Content-Length")[0].partition(b",")[0]
        return original(Fields([(b"Content-Length", first)]))

    return length_framing


@mutant(
    f"{FRAMING}.length_framing",
    breaks="rfc9112-6.3-4",
    must_kill={"rfc9112-6.3-content-length-list-all-then-zero", "rfc9112-6.3-content-length-list-zero-then-all"},
)
def length_last_wins(original: Any) -> Any:
    """Lets the last of several lengths count."""

    def length_framing(fields: Fields) -> Framing:
        last = fields.get_all(b"Content-Length")[-1].rpartition(b",")[2].strip()
        return original(Fields([(b"Content-Length", last)]))

    return length_framing


@mutant(
    f"{FRAMING}.length_framing",
    breaks="rfc9112-6.3-4",
    must_kill={"rfc9112-6.3-content-length-list-equal", "rfc9112-6.3-content-length-list-equal-echo"},
)
def equal_lengths_are_one(original: Any) -> Any:
    """Takes several equal lengths for one, as a recipient may."""

    def length_framing(fields: Fields) -> Framing:
        values = {part.strip(b" \t") for value in fields.get_all(b"Content-Length") for part in value.split(b",")}
        one = Fields([(b"Content-Length", value) for value in sorted(values)])
        return original(one)

    return length_framing


@mutant(f"{FRAMING}.length_framing", breaks="rfc9112-6.3-5", must_kill={"rfc9112-6.3-content-length-empty"})
def empty_length_is_zero(original: Any) -> Any:
    """Takes an empty Content-Length for zero."""

    def length_framing(fields: Fields) -> Framing:
        if fields.get_all(b"Content-Length")[0] == b"":
            return framing.NO_CONTENT
        return original(fields)

    return length_framing


@mutant(
    f"{FRAMING}.length_framing",
    breaks="rfc9112-6.3-5",
    must_kill={"rfc9112-6.3-length-huge-2-128-plus-5", "rfc9112-6.3-length-huge-2-128-plus-5-echo"},
)
def length_wraps_at_64_bits(original: Any) -> Any:
    """Reads a length modulo 2 to the 64th."""

    def length_framing(fields: Fields) -> Framing:
        values = fields.get_all(b"Content-Length")
        if len(values) == 1 and values[0].isdigit():
            return Framing(BodyKind.LENGTH, int(values[0]) % 2**64)
        return original(fields)

    return length_framing


@mutant(
    f"{FRAMING}.length_framing",
    breaks="rfc9112-6.3-a3",
    must_kill={"rfc9112-2.2-delivery-post-content", "rfc9112-2.2-delivery-post-root"},
)
def length_is_ignored(original: Any) -> Any:
    """Reads no content by its length: the octets are left to be the next request."""

    def length_framing(fields: Fields) -> Framing:
        original(fields)
        return framing.NO_CONTENT

    return length_framing


@mutant(
    f"{FRAMING}.length_framing",
    breaks="rfc9112-6.3-5",
    must_kill={"rfc9112-6.3-content-length-binary-prefix", "rfc9112-6.3-content-length-exponent"},
)
def bad_length_is_411(original: Any) -> Any:
    """Answers an invalid Content-Length with 411."""

    def length_framing(fields: Fields) -> Framing:
        try:
            return original(fields)
        except errors.Refusal:
            raise errors.Refusal(411, "no") from None

    return length_framing


@mutant(
    f"{FRAMING}.LENGTH",
    breaks="rfc9112-6.3-4",
    must_kill={"rfc9112-6.3-length-leading-zero-echo", "rfc9112-6.3-length-leading-zero"},
)
def length_without_leading_zeros(original: Any) -> Any:
    """Refuses a length with leading zeros."""
    return abnf.whole(rb"0|[1-9][0-9]*")


def lenient_both(original: Any, drop: bytes) -> Any:
    def content_framing(version: Any, fields: Fields) -> Framing:
        if b"Transfer-Encoding" in fields and b"Content-Length" in fields:
            return original(version, without(fields, drop))
        return original(version, fields)

    return content_framing


@mutant(
    f"{FRAMING}.content_framing",
    breaks="rfc9112-6.1-13",
    must_kill={
        "rfc9112-6.1-both-lengths-pipelined-coding-first",
        "rfc9112-6.1-both-lengths-pipelined-coding-first-echo",
    },
)
def coding_wins_and_stays_open(original: Any) -> Any:
    """Decodes a message with both lengths by Transfer-Encoding, and keeps the connection."""
    return lenient_both(original, b"content-length")


@mutant(
    f"{FRAMING}.content_framing",
    breaks="rfc9112-6.3-a2",
    must_kill={"rfc9112-6.3-both-lengths-long-coding-first", "rfc9112-6.3-both-lengths-long-length-first"},
)
def length_wins(original: Any) -> Any:
    """Reads a message with both lengths by Content-Length."""
    return lenient_both(original, b"transfer-encoding")


@mutant(
    f"{FRAMING}.content_framing",
    breaks="rfc9112-6.3-3",
    must_kill={
        "rfc9112-6.3-final-coding-chunked-identity-echo",
        "rfc9112-6.3-final-coding-chunked-identity-with-length",
    },
)
def unknown_coding_falls_to_length(original: Any) -> Any:
    """Ignores Transfer-Encoding unless it is just chunked, and reads by Content-Length then."""

    def content_framing(version: Any, fields: Fields) -> Framing:
        if [value.lower() for value in fields.get_all(b"Transfer-Encoding")] != [b"chunked"]:
            return original(version, without(fields, b"transfer-encoding"))
        return original(version, without(fields, b"content-length"))

    return content_framing


@mutant(
    f"{FRAMING}.coded_framing",
    breaks="rfc9112-6.3-3",
    must_kill={"rfc9112-6.3-final-coding-gzip", "rfc9112-6.3-final-coding-identity"},
)
def any_coding_is_chunked(original: Any) -> Any:
    """Takes any Transfer-Encoding for chunked."""
    return lambda version, fields: framing.CHUNKED


@mutant(
    f"{FRAMING}.coded_framing",
    breaks="rfc9112-6.3-3",
    must_kill={"rfc9112-6.3-final-coding-letter-before", "rfc9112-6.3-final-coding-letter-behind"},
)
def chunked_anywhere(original: Any) -> Any:
    """Takes the word chunked anywhere in Transfer-Encoding for chunked."""

    def coded_framing(version: Any, fields: Fields) -> Framing:
        if b"chunked" in b",".join(fields.get_all(b"Transfer-Encoding")).lower():
            return framing.CHUNKED
        return original(version, fields)

    return coded_framing


@mutant(
    f"{FRAMING}.coded_framing",
    breaks="rfc9112-6.3-3",
    must_kill={
        "rfc9112-6.3-final-coding-chunked-line-gzip-line",
        "rfc9112-6.3-final-coding-chunked-line-identity-line",
    },
)
def first_coding_line_only(original: Any) -> Any:
    """Looks at the first Transfer-Encoding line alone."""

    def coded_framing(version: Any, fields: Fields) -> Framing:
        first = fields.get_all(b"Transfer-Encoding")[0]
        return original(version, Fields([(b"Transfer-Encoding", first)]))

    return coded_framing


@mutant(
    f"{FRAMING}.coded_framing",
    breaks="rfc9112-6.1-14",
    must_kill={"rfc9112-6.1-http-1.0-chunked-pipelined", "rfc9112-6.1-http-1.0-chunked"},
)
def coding_in_http10(original: Any) -> Any:
    """Decodes chunked content of an HTTP/1.0 request, and keeps the connection if asked to."""
    return lambda version, fields: original((1, 1), fields)


@mutant(
    f"{FRAMING}.coded_framing",
    breaks="rfc9112-6.1-9",
    must_kill={"rfc9112-6.1-gzip-before-chunked-echo", "rfc9112-6.1-unknown-coding-before-chunked"},
)
def other_codings_ignored(original: Any) -> Any:
    """Ignores every coding before chunked."""

    def coded_framing(version: Any, fields: Fields) -> Framing:
        members = framing.coding_members(fields)
        if members[-1:] and members[-1].lower() == b"chunked":
            return framing.CHUNKED
        return original(version, fields)

    return coded_framing


@mutant(
    f"{FRAMING}.coded_framing",
    breaks="rfc9112-6.1-9",
    must_kill={"rfc9112-6.1-gzip-before-chunked-echo", "rfc9112-6.1-unknown-coding-before-chunked"},
)
def unknown_coding_is_400(original: Any) -> Any:
    """Answers a coding that it does not know with 400 in place of 501."""

    def coded_framing(version: Any, fields: Fields) -> Framing:
        try:
            return original(version, fields)
        except errors.Refusal:
            raise errors.bad_request("no") from None

    return coded_framing


@mutant(
    f"{FRAMING}.coded_framing",
    breaks="rfc9112-6.3-3",
    must_kill={"rfc9112-6.3-final-coding-gzip", "rfc9112-6.3-final-coding-identity"},
)
def bad_coding_is_501(original: Any) -> Any:
    """Answers every Transfer-Encoding that it refuses with 501."""

    def coded_framing(version: Any, fields: Fields) -> Framing:
        try:
            return original(version, fields)
        except errors.Refusal:
            raise errors.not_implemented("no") from None

    return coded_framing


@mutant(f"{FRAMING}.coded_framing", breaks="rfc9112-6.3-10", must_kill={"rfc9112-6.3-length-required"})
def no_chunked_requests(original: Any) -> Any:
    """Asks for a Content-Length (411) where content is chunked, as a server may."""

    def coded_framing(version: Any, fields: Fields) -> Framing:
        original(version, fields)
        raise errors.Refusal(411, "no")

    return coded_framing


@mutant(
    f"{FRAMING}.coded_framing",
    breaks="rfc9112-6.1-1",
    must_kill={"rfc9112-9.3.2-mixed-chunked-get", "rfc9112-9.6-closes-after-post-chunked"},
)
def chunked_unknown(original: Any) -> Any:
    """Answers chunked content with 501: the coding that every recipient knows."""

    def coded_framing(version: Any, fields: Fields) -> Framing:
        raise errors.not_implemented("no")

    return coded_framing


@mutant(
    f"{FRAMING}.coding_name",
    breaks="rfc9112-7-a1",
    must_kill={"rfc9112-7-name-in-mixed-case-echo", "rfc9112-7-name-in-title-case-echo"},
)
def coding_names_have_case(original: Any) -> Any:
    """Knows chunked in lower case alone."""

    def coding_name(member: bytes) -> bytes:
        original(member)
        return member

    return coding_name


@mutant(
    f"{FRAMING}.coding_name",
    breaks="rfc9112-7.1-4",
    must_kill={"rfc9112-7.1-chunked-parameter", "rfc9112-7.1-chunked-parameter-echo"},
)
def chunked_with_parameters(original: Any) -> Any:
    """Reads past parameters of chunked."""
    return lambda member: original(member.partition(b";")[0].strip(b" \t"))


@mutant(
    f"{FRAMING}.coding_name",
    breaks="rfc9112-6.3-3",
    must_kill={"rfc9112-6.3-final-coding-next-line-behind", "rfc9112-6.3-final-coding-no-break-space-before"},
)
def coding_name_stripped(original: Any) -> Any:
    """Strips what Python takes for whitespace, in Latin-1, from a coding's name."""
    return lambda member: original(member.decode("latin-1").strip().encode("latin-1"))


@mutant(f"{FRAMING}.coding_name", breaks="rfc9112-6.3-3", must_kill={"rfc9112-6.3-final-coding-kelvin-sign"})
def coding_name_folded_as_text(original: Any) -> Any:
    """Compares a coding's name without the case of Unicode, where the Kelvin sign is a k."""
    return lambda member: original(member.decode("utf-8", "replace").lower().encode("utf-8"))


@mutant(
    f"{FRAMING}.coding_members",
    breaks="rfc9112-6.3-3",
    must_kill={"rfc9112-6.3-final-coding-double-quoted", "rfc9112-6.3-final-coding-single-quoted"},
)
def quoted_coding(original: Any) -> Any:
    """Takes a coding's name in quotation marks."""
    return lambda fields: [member.strip(b"\"'") for member in original(fields)]


@mutant(
    f"{FRAMING}.content_framing",
    breaks="rfc9112-6.3-8",
    must_kill={"rfc9112-6.3-length-all-octets-echo", "rfc9112-6.3-length-name-in-other-case"},
)
def one_octet_short(original: Any) -> Any:
    """Reads one octet less than Content-Length says."""

    def content_framing(version: Any, fields: Fields) -> Framing:
        framed = original(version, fields)
        return Framing(framed.kind, max(0, framed.length - 1))

    return content_framing


@mutant(f"{FRAMING}.content_framing", breaks="rfc9112-6.3-a3", must_kill={"rfc9112-6.3-no-length-websocket-key1"})
def old_websocket_key_has_content(original: Any) -> Any:
    """Reads eight octets of content behind a request with Sec-WebSocket-Key1, as an old draft asked for."""

    def content_framing(version: Any, fields: Fields) -> Framing:
        if b"Sec-WebSocket-Key1" in fields:
            return Framing(BodyKind.LENGTH, 8)
        return original(version, fields)

    return content_framing
