"""The whole protocol: pipelines cut at every octet, held against h11, an independent parser of the same grammar.

Where both speak they agree on method, target, version, fields, content, trailers, and on what is refused. Where one is
stricter on purpose it is said below, and not compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference.fields import FieldLine
from merkhet_reference.http1.connection import Connection
from merkhet_reference.http1.events import Content, EndOfMessage, PeerAborted, PeerClosed, Refused, RequestHead, Version
from merkhet_reference.limits import Limits

FIXED = settings(deadline=None, derandomize=True, database=None)
LIMITS = Limits()


@dataclass
class Message:
    """One request as a parser saw it; field names in lower case, since h11 keeps no others."""

    method: bytes
    target: bytes
    version: Version
    fields: list[FieldLine]
    content: bytes = b""
    trailers: list[FieldLine] | None = None


@dataclass
class Outcome:
    """All requests of a connection, and how it ended."""

    messages: list[Message] = field(default_factory=list[Message])
    status: int = 0
    end: str = ""


def lowered(lines: Iterable[FieldLine]) -> list[FieldLine]:
    return [(bytes(name).lower(), bytes(value)) for name, value in lines]


def ours(pieces: Sequence[bytes]) -> Outcome:
    """What the reference makes of these segments and the end of the peer's side behind them."""
    connection, outcome = Connection(LIMITS), Outcome()
    for piece in (*filter(None, pieces), b""):
        connection.receive(piece)
        while (event := connection.next_event()) is not None:
            match event:
                case RequestHead():
                    lines = lowered(event.fields)
                    outcome.messages.append(Message(event.method, event.target.raw, event.version, lines))
                case Content():
                    outcome.messages[-1].content += event.data
                case EndOfMessage():
                    outcome.messages[-1].trailers = lowered(event.trailers)
                case Refused():
                    outcome.status = event.status
                case PeerClosed() | PeerAborted():
                    outcome.end = type(event).__name__
    return outcome


def theirs(octets: bytes) -> Outcome:
    """What h11 makes of the same octets, every request answered as it comes so that the next is read."""
    connection, outcome = h11.Connection(h11.SERVER), Outcome()
    connection.receive_data(octets)
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                major, _, minor = event.http_version.partition(b".")
                message = Message(event.method, event.target, (int(major), int(minor)), lowered(event.headers))
                outcome.messages.append(message)
            elif isinstance(event, h11.Data):
                outcome.messages[-1].content += event.data
            elif isinstance(event, h11.EndOfMessage):
                outcome.messages[-1].trailers = lowered(event.headers)
                connection.send(h11.Response(status_code=404, headers=[("Content-Length", "0")]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is h11.MUST_CLOSE:
                    return outcome
                connection.start_next_cycle()
            else:
                return outcome
    except h11.RemoteProtocolError as error:
        outcome.status = error.error_status_hint
    return outcome


def every_cut_in_two(octets: bytes) -> Iterable[tuple[bytes, bytes]]:
    return ((octets[:at], octets[at:]) for at in range(1, len(octets)))


GET = b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b'HEAD /%20//..;p HTTP/1.1\r\nhost: x:80\r\nAccept:\ta, b\r\nAccept:   \r\nX-Y: \xff"\r\n\r\n'
LENGTH = b"POST /l HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na\r\n\nb"
EMPTY = b"PUT /e HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
CHUNKED = (
    b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;a=b\r\nhello\r\n00C\r\n GET / HTTP/\r\n0\r\nX-Sum: 1\r\nx-sum:2\r\n\r\n"
)
OPTIONS = b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"
ABSOLUTE = b"GET http://y:1/?q HTTP/1.1\r\nHost: x\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: x, close\r\n\r\n"
PARTS = (GET, HEAD, LENGTH, EMPTY, CHUNKED, OPTIONS, ABSOLUTE)


@pytest.mark.parametrize(
    "parts",
    [
        *itertools.product((GET, LENGTH, CHUNKED), repeat=2),
        PARTS,
        (HEAD, EMPTY),
        (LENGTH, CLOSE, GET),
        (CHUNKED, OLD, GET),
    ],
)
def test_a_pipeline_is_the_same_at_every_cut_and_to_h11(parts: Sequence[bytes]) -> None:
    octets = b"".join(parts)
    whole = ours([octets])
    assert whole.messages == theirs(octets).messages
    assert whole.status == 0
    assert len(whole.messages) == len(parts) - (parts[-2] in {CLOSE, OLD})
    assert ours([octets[at : at + 1] for at in range(len(octets))]) == whole
    assert all(ours(pieces) == whole for pieces in every_cut_in_two(octets))


@pytest.mark.parametrize("part", PARTS)
def test_a_message_that_stops_early_is_never_whole(part: bytes) -> None:
    for end in range(1, len(part)):
        outcome = ours([GET + part[:end]])
        assert (outcome.status, outcome.end) == (0, "PeerAborted")
        assert outcome.messages == theirs(GET + part[:end]).messages
        assert all(message.trailers is None for message in outcome.messages[1:])


REFUSED_BY_BOTH = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x00\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n: no name\r\n\r\n",
    b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
    b"GET / HTTP/11\r\nHost: x\r\n\r\n",
    b"G(T / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcde0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nno colon\r\n\r\n",
]


@pytest.mark.parametrize("bad", REFUSED_BY_BOTH)
def test_what_both_refuse_is_refused_at_every_cut(bad: bytes) -> None:
    octets = GET + bad + GET
    whole = ours([octets])
    assert whole.status in {400, 501}
    assert theirs(octets).status in {400, 501}
    assert [message.target for message in whole.messages] == [message.target for message in theirs(octets).messages]
    assert ours([octets[at : at + 1] for at in range(len(octets))]) == whole
    assert all(ours(pieces) == whole for pieces in every_cut_in_two(octets))


REFUSED_BY_US_ALONE = [
    GET.replace(b"\r\n", b"\n"),
    b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    b"GET /# HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"CONNECT h:0 HTTP/1.1\r\nHost: h\r\n\r\n",
]


@pytest.mark.parametrize("bad", REFUSED_BY_US_ALONE)
def test_where_the_reference_is_stricter_h11_reads_on(bad: bytes) -> None:
    # If this fails because h11 refuses too, the case belongs to the list above.
    assert theirs(bad).status == 0
    whole = ours([bad])
    assert (whole.status in {400, 505}, whole.messages) == (True, [])
    assert all(ours(pieces) == whole for pieces in every_cut_in_two(bad))


TOKENS = st.from_regex(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,6}", fullmatch=True).map(lambda name: b"x-" + name)
VALUES = st.from_regex(rb"([!-~\x80-\xff]([\t !-~\x80-\xff]{0,6}[!-~\x80-\xff])?)?", fullmatch=True)
LINES = st.lists(st.tuples(TOKENS, VALUES), max_size=3)
PATHS = st.from_regex(rb"/[a-z0-9/:@!~;=+-]{0,6}(\?[a-z/?&]{0,4})?", fullmatch=True)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, Message]:
    """A legal request as octets, and what it means."""
    method = draw(st.sampled_from([b"GET", b"POST", b"BREW", b"DELETE"]))
    target, lines = draw(PATHS), [(b"host", b"h"), *draw(LINES)]
    pieces = draw(st.lists(st.binary(min_size=1, max_size=6), max_size=3))
    content, trailers = b"".join(pieces), list[FieldLine]()
    if draw(st.booleans()):
        lines.append((b"transfer-encoding", b"chunked"))
        trailers = draw(LINES)
        body = b"".join(b"%X\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        body += b"0\r\n" + b"".join(b"%s:%s\r\n" % line for line in trailers) + b"\r\n"
    else:
        lines.append((b"content-length", b"%d" % len(content)))
        body = content
    octets = (
        b"%s %s HTTP/1.1\r\n" % (method, target) + b"".join(b"%s: %s \r\n" % line for line in lines) + b"\r\n" + body
    )
    return octets, Message(method, target, (1, 1), lowered(lines), content, lowered(trailers))


@FIXED
@given(st.lists(requests(), min_size=1, max_size=3), st.data())
def test_any_legal_pipeline_means_what_was_written_however_it_is_cut(
    pipeline: list[tuple[bytes, Message]], data: st.DataObject
) -> None:
    octets = b"".join(written for written, _ in pipeline)
    meant = [message for _, message in pipeline]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=6)))
    pieces = [octets[start:end] for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
    assert ours(pieces) == Outcome(meant, 0, "PeerClosed")
    assert theirs(octets).messages == meant


@FIXED
@given(st.data())
def test_a_broken_pipeline_comes_to_the_same_however_it_is_cut(data: st.DataObject) -> None:
    octets = bytearray(GET + CHUNKED + LENGTH + HEAD)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from([b"", b"\n", b"\r", b"\r\n", b" ", b"\x00", b"0", b":"])
        )
    broken = bytes(octets)
    whole = ours([broken])
    assert ours([broken[at : at + 1] for at in range(len(broken))]) == whole
    at = data.draw(st.integers(0, len(broken)))
    assert ours([broken[:at], broken[at:]]) == whole
