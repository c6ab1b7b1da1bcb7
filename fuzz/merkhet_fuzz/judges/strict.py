"""A reader of nothing but the grammar: how many messages some octets are, whatever edits they come from.

Judges look at one unit at a time. Two edits that each break their unit may together be legal again, as a chunk's data
longer by an octet and the CRLF behind it shorter by one: what is legal as a whole is not called wrong.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.judges import chunked, http

VALUE = rb"[\t \x21-\x7e\x80-\xff]*"
FIELD = re.compile(rb"(" + http.TCHAR + rb"+):(" + VALUE + rb")\r\n")
LINE = re.compile(rb"(" + http.TCHAR + rb"+) (\S+) HTTP/1\.1\r\n")


class Fields(NamedTuple):
    """The fields of a section, by name, and where it ends."""

    values: dict[bytes, list[bytes]]
    end: int


def messages(kind: Kind, octets: bytes) -> int:
    """Return how many messages stand at the front, each by the letter of the grammar."""
    if kind is Kind.CHUNKED:
        return int(_body(octets, 0) >= 0)
    at = count = 0
    while (at := _request(octets, at)) >= 0:
        count += 1
    return count


def _request(octets: bytes, at: int) -> int:
    """Return where the request ends that begins here, -1 where there is none."""
    line = LINE.match(octets, at)
    if line is None or not http.TARGET.fullmatch(line[2]):
        return -1
    fields = _fields(octets, line.end())
    if fields is None or not _is_host(fields.values.get(b"host", [])):
        return -1
    codings, lengths = (fields.values.get(name, []) for name in (b"transfer-encoding", b"content-length"))
    if codings:
        is_chunked = not lengths and [coding.lower() for coding in codings] == [b"chunked"]
        return _body(octets, fields.end) if is_chunked else -1
    if not lengths:
        return fields.end
    digits = lengths[0].lstrip(b"0") or b"0"
    if len(lengths) > 1 or not http.DIGITS.fullmatch(lengths[0]) or len(digits) > chunked.SIZE_DIGITS:
        return -1
    end = fields.end + int(digits)
    return end if end <= len(octets) else -1


def _is_host(values: list[bytes]) -> bool:
    match = http.HOST.fullmatch(values[0]) if len(values) == 1 else None
    return match is not None and http.is_literal(match["literal"])


def _fields(octets: bytes, at: int) -> Fields | None:
    values: dict[bytes, list[bytes]] = {}
    while not octets.startswith(b"\r\n", at):
        match = FIELD.match(octets, at)
        if match is None:
            return None
        values.setdefault(match[1].lower(), []).append(match[2].strip(b" \t"))
        at = match.end()
    return Fields(values, at + 2)


def _body(octets: bytes, at: int) -> int:
    """Return where the chunked body ends that begins here, -1 where there is none."""
    while (line := chunked.LINE.match(octets, at)) is not None:
        digits = line[1].lstrip(b"0")
        if len(digits) > chunked.SIZE_DIGITS:
            return -1
        at = line.end()
        if not digits:
            fields = _fields(octets, at)
            return -1 if fields is None else fields.end
        at += int(digits, 16)
        if octets[at : at + 2] != b"\r\n":
            return -1
        at += 2
    return -1
