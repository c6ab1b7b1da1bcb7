"""RFC 9112, Section 7.1: the verdict on an edited line of a chunked body, and on what stands behind a chunk's data."""

from __future__ import annotations

import re

from merkhet_fuzz.judges.http import TCHAR
from merkhet_fuzz.judges.view import View
from merkhet_fuzz.verdicts import ACCEPT, FREE, Verdict, accept, either, refuse

QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
BWS = rb"[ \t]*"
EXTENSION = BWS + rb";" + BWS + TCHAR + rb"+(?:" + BWS + rb"=" + BWS + rb"(?:" + TCHAR + rb"+|" + QUOTED + rb"))?"
LINE = re.compile(rb"([0-9A-Fa-f]+)((?:" + EXTENSION + rb")*)\r\n", re.DOTALL)
BEGINS = re.compile(rb"[0-9A-Fa-f]+[ \t]*(?:;|\r|\n|\Z)")
WRONG = re.compile(rb"\r(?!\n|\Z)|[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\n(?!\Z)")
SIZE_DIGITS = 12
HEXDIGS = tuple(bytes([octet]) for octet in b"0123456789abcdefABCDEF")


def line(octets: bytes, view: View, unit: str) -> Verdict:
    """A size, extensions and CRLF. The permission to end a line in LF is not about this one (Section 2.2)."""
    match = LINE.fullmatch(octets)
    if match is not None:
        return _size(match[1], match[2], view, unit)
    if LINE.match(octets):
        return FREE  # the line ends sooner, and what is behind it is data, or the trailer section
    requirement = "rfc9112-7.1.1-a3" if BEGINS.match(octets) else "rfc9112-7.1-a2"
    why = "a chunk begins with hexadecimal digits, extensions and CRLF"
    if octets.endswith(b"\r\n") and b"\n" not in octets[:-2]:
        return refuse(requirement, why)
    if WRONG.search(octets) or (octets.endswith(b"\n") and not octets.endswith(b"\r\n")):
        return refuse(requirement, why)
    # Without its end the line goes on into what follows, which may be anything.
    return FREE


def _size(digits: bytes, extensions: bytes, view: View, unit: str) -> Verdict:
    count = view.data_of_chunk(unit)
    significant = digits.lstrip(b"0").lower()
    if not significant and not count and not unit.endswith("last"):
        return FREE  # a chunk without data is the last one: what follows is read otherwise
    if significant == (b"%x" % count if count else b""):
        if len(digits) > SIZE_DIGITS:
            return either("rfc9112-7.1-a1", "zeros before a size may be more than a recipient reads")
        if re.search(rb"[ \t][;=]|[;=][ \t]", extensions):
            return accept("rfc9112-7.1.1-a1", "whitespace around the marks of an extension is read past")
        if extensions:
            return accept("rfc9112-7.1.1-1", "an extension that is not known is ignored")
        return accept("rfc9112-7.1-a1", "a size may have zeros before it, and letters of either case")
    if not significant or not count:
        return FREE
    behind = view.octets_behind(unit)
    size = int(significant, 16) if len(significant) <= SIZE_DIGITS else 1 << 64
    if size >= len(behind):
        requirement = "rfc9112-7.1-3" if size >= 1 << 31 else "rfc9112-8-a1"
        return refuse(requirement, "a chunk is not whole before all its octets came")
    if not b"\r\n".startswith(behind[size : size + 2]):
        return refuse("rfc9112-7.1-a3", "a chunk's data is followed by CRLF")
    return FREE


def data_end(octets: bytes, view: View, unit: str) -> Verdict:
    """CRLF behind a chunk's data, and nothing else."""
    if octets == b"\r\n":
        return ACCEPT
    behind = octets + view.octets_behind(unit)[:2]
    if behind.startswith(b"\r\n") and (len(octets) < 2 or octets[2:3] in HEXDIGS):
        return FREE  # what is here, or what is missing, makes the next line another one
    return refuse("rfc9112-7.1-a3", "a chunk's data is followed by CRLF")
