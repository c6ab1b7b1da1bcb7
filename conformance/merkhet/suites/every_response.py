"""How a passive check of the judge's field rules is written: a rule, a title, an answer that keeps it, others that break it."""

from __future__ import annotations

from merkhet.check import Canned, Passive, Stream
from merkhet.suites.words import DATE, SINCE
from merkhet.wire.judge import RULES

GET = b"GET {root} HTTP/1.1\r\nHost: {host}\r\n\r\n"
Faults = dict[str, bytes]


def answer(code: int, *lines: bytes, content: bytes = b"ok", date: bytes = DATE) -> bytes:
    """Return a whole answer with these field lines, each without its CRLF; no content where the status has none."""
    bare = code in {204, 304} or code < 200
    length = b"" if bare else b"Content-Length: %d\r\n" % len(content)
    body = b"" if bare else content
    return b"HTTP/1.1 %d \r\n%s%s%s\r\n%s" % (code, date, b"".join(line + b"\r\n" for line in lines), length, body)


def passive(
    rule: str,
    slug: str,
    title: str,
    good: bytes | Stream,
    faults: dict[str, bytes],
    *,
    probe: bytes = GET,
    to: str = "GET",
    version: str = "1.1",
    note: str = "",
) -> Passive:
    """Return the check of one rule; its id is made of the requirement's document and section, and the slug."""
    requirement = RULES[rule].requirement
    document, section = requirement.split("-")[:2]
    return Passive(
        id=f"{document}-{section}-responses-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        rule=rule,
        good=(good,),
        mutants=tuple(Canned(fault, data) for fault, data in faults.items()),
        probe=probe,
        to=to,
        version=version,
        note=note,
    )
