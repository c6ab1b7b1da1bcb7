"""What a campaign begins with, before it makes inputs of its own: the corpus, and the octets that the checks send.

A check knows of what it sends what each answer means, and not what a parser makes of it. So its octets have no verdict here:
they are held to never crash, and to mean the same in any segments. What of them is chunked, a form, a range or a date is read
off the head of the one request before it, and left out wherever that would be a guess.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from merkhet import catalogue
from merkhet.answer import Response
from merkhet.check import Answers, Check, Hears, On, Passive, Send, Step
from merkhet.kept import Lacking
from merkhet.template import ENDPOINTS, Names
from merkhet_fuzz import corpus
from merkhet_fuzz.grammar import BOUNDARY, Kind
from merkhet_fuzz.inputs import Input

NAMES = Names(host=b"127.0.0.1:8080", scheme="http", endpoints=ENDPOINTS)
"""A target that has every endpoint of the contract, at the first path that is tried for it."""
NONCE = "1"
ANSWER = Response(
    version=b"HTTP/1.1",
    status=200,
    reason=b"OK",
    fields=(
        (b"Date", b"Wed, 25 Nov 2026 12:00:00 GMT"),
        (b"ETag", b'"1"'),
        (b"Last-Modified", b"Tue, 24 Nov 2026 12:00:00 GMT"),
        (b"Location", b"/"),
    ),
)
"""The answer that a check is taken to have kept, where it sends again what one said."""
KEPT = re.compile(rb"\{kept:([^/{}]+)")
OCTETS_MAX = 4096
"""Longer ones are about limits, and octet by octet they take longer than all the others together."""
END = b"\r\n\r\n"
REQUEST = re.compile(rb"HTTP/[0-9]")
FIELD = re.compile(rb"\r\n([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)")
FORM = re.compile(rb'multipart/form-data; *boundary=(?:"([^"\\]+)"|([!#$%&\'*+.^_`|~0-9A-Za-z-]+))')
LAST = re.compile(rb"(?i:\r\nConnection[ \t]*:[^\r\n]*\bclose\b|\r\nUpgrade[ \t]*:)|HTTP/1\.0\r\n|(?:\A|\r\n)CONNECT ")
"""What stands in the head of a request that may be the last of HTTP on its connection."""
DATES = frozenset((b"date", b"expires", b"if-modified-since", b"if-range", b"if-unmodified-since", b"last-modified"))


def of(kind: Kind) -> tuple[Input, ...]:
    """Return the inputs that a campaign of this kind begins with, always in the same order."""
    return (*corpus.inputs(kind), *of_checks(kind))


@functools.cache
def of_checks(kind: Kind) -> tuple[Input, ...]:
    """Return what the checks send of this kind, in the order of the catalogue, each once."""
    taken = TAKEN.get(kind)
    if taken is None:
        return ()
    every = dict.fromkeys(octets for stream in streams() for octets in taken(stream))
    return tuple(Input.raw(kind, octets) for octets in every if 0 < len(octets) <= OCTETS_MAX)


@functools.cache
def streams() -> tuple[bytes, ...]:
    """Return all that each check sends on a connection, for each connection, and for each way that its answers lead."""
    sent = (stream for check in catalogue.load().checks.values() for stream in _of_check(check))
    return tuple(dict.fromkeys(map(_filled, sent)))


def _filled(stream: bytes) -> bytes:
    kept = {name.decode("ascii"): ANSWER for name in KEPT.findall(stream)}
    try:
        return NAMES.render(stream, NONCE, kept)
    except Lacking:
        return NAMES.render(stream, NONCE)


def _of_check(check: Check | Passive) -> Iterator[bytes]:
    if isinstance(check, Passive):
        yield check.probe + b"".join(check.frames)
        return
    for way in _ways(check.steps):
        yield from _connections(way)
    yield check.twin.request


def _ways(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """Yield the steps, and for each verdict that others follow those before it and these."""
    yield steps
    for at, step in enumerate(steps):
        verdicts = step.cases.values() if isinstance(step, Answers | Hears) else ()
        for following in (verdict.following for verdict in verdicts if verdict.following):
            yield from ((*steps[: at + 1], *way) for way in _ways(following))


def _connections(steps: Sequence[Step]) -> Iterator[bytes]:
    """Yield what is sent on each connection. What is made when it is needed is long, and stays away."""
    sent: dict[int, bytes] = {}
    current = 0
    for step in steps:
        if isinstance(step, On):
            current = step.connection
        elif isinstance(step, Send):
            sent[current] = sent.get(current, b"") + step.data
    yield from sent.values()


def _one(stream: bytes) -> tuple[bytes, bytes] | None:
    """Return the head of the one request in a stream, and all behind it; None where there may be another."""
    head, end, behind = stream.partition(END)
    return (head + end, behind) if end and len(REQUEST.findall(stream)) == 1 else None


def _values(head: bytes, *names: bytes) -> list[bytes]:
    return [value for name, value in FIELD.findall(head) if name.lower() in names]


def _handshake(stream: bytes) -> tuple[bytes, bytes] | None:
    """Return a head that asks for a WebSocket, and the frames behind it; None for any other stream."""
    head, end, behind = stream.partition(END)
    head += end
    is_asked = any(b"websocket" in value.lower() for value in _values(head, b"upgrade"))
    is_named = any(name.lower().startswith(b"sec-websocket-") for name, _ in FIELD.findall(head))
    if not end or not (is_asked or is_named) or len(REQUEST.findall(stream)) > 1:
        return None
    return head, behind


def _requests(stream: bytes) -> Iterator[bytes]:
    """Yield the requests, up to one that may be the last: how what is behind that is taken is not a parser's to say."""
    last = LAST.search(stream)
    ends = stream.find(END, last.start()) if last is not None else -1
    head, behind = stream[: ends + len(END)], stream[ends + len(END) :]
    if ends < 0 or not behind:
        yield stream
    elif not _values(head[head.rfind(END, 0, -len(END)) + 1 :], b"content-length", b"transfer-encoding"):
        yield head
    elif not REQUEST.search(behind):
        yield stream


def _openings(stream: bytes) -> Iterator[bytes]:
    opened = _handshake(stream)
    if opened is not None:
        yield opened[0]


def _frames(stream: bytes) -> Iterator[bytes]:
    opened = _handshake(stream)
    if opened is not None:
        yield opened[1]


def _chunked(stream: bytes) -> Iterator[bytes]:
    one = _one(stream)
    if one is None:
        return
    head, content = one
    codings = [value.lower() for value in _values(head, b"transfer-encoding")]
    if codings == [b"chunked"] and not _values(head, b"content-length"):
        yield content


def _forms(stream: bytes) -> Iterator[bytes]:
    """Yield the content of a form, with the boundary that a parser of forms is given here in the place of its own."""
    one = _one(stream)
    if one is None or _values(one[0], b"transfer-encoding"):
        return
    head, content = one
    types = _values(head, b"content-type")
    said = FORM.match(types[0]) if len(types) == 1 else None
    if said is not None:
        yield content.replace(b"--" + (said[1] or said[2]), b"--" + BOUNDARY)


def _ranges(stream: bytes) -> Iterator[bytes]:
    yield from _values(stream, b"range")


def _dates(stream: bytes) -> Iterator[bytes]:
    yield from _values(stream, *DATES)


TAKEN: Mapping[Kind, Callable[[bytes], Iterator[bytes]]] = {
    Kind.HTTP: _requests,
    Kind.CHUNKED: _chunked,
    Kind.RANGE: _ranges,
    Kind.DATE: _dates,
    Kind.MULTIPART: _forms,
    Kind.FRAMES: _frames,
    Kind.HANDSHAKE: _openings,
}
"""What is taken of a stream, for each kind that there are parsers of."""
