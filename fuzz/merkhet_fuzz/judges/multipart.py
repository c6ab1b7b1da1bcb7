"""RFC 2046, Section 5.1, and RFC 7578: the verdict on an edited piece of a form."""

from __future__ import annotations

import re

from merkhet_fuzz.grammar import BOUNDARY
from merkhet_fuzz.judges.view import View
from merkhet_fuzz.verdicts import FREE, Verdict, accept

DELIMITER = b"\r\n--" + BOUNDARY
LINE = re.compile(rb"(?:\r\n)?--" + BOUNDARY + rb"[ \t]*\r\n")


def content(octets: bytes, _view: View, _unit: str) -> Verdict:
    """A part's content: only a whole delimiter at the start of a line ends it."""
    if DELIMITER in b"\r\n" + octets:
        return FREE
    return accept("rfc7578-4.1-1", "only a whole delimiter at the start of a line ends a part")


def delimiter(octets: bytes, view: View, unit: str) -> Verdict:
    """A delimiter line, with whitespace behind the boundary perhaps."""
    if LINE.fullmatch(octets) and octets.startswith(b"\r\n") == view.base.octets_of_unit(unit).startswith(b"\r\n"):
        return accept("rfc2046-5.1.1-2", "whitespace behind a boundary is read past")
    return FREE


def outside(octets: bytes, _view: View, unit: str) -> Verdict:
    """What stands before the first delimiter and behind the last one."""
    if unit == "preamble" and DELIMITER in b"\r\n" + octets + b"\r\n":
        return FREE
    return accept("rfc2046-5.1.1-a2", "what stands before the first part and behind the last one is ignored")
