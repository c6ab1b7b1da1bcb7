"""One connection: its events, its states and moves, its limits, and the same answer however the octets are cut."""

from __future__ import annotations

import pytest

from merkhet_reference import errors
from merkhet_reference.fields import FieldLine
from merkhet_reference.http1.connection import READERS, TRANSITIONS, Connection, Move, State
from merkhet_reference.http1.events import (
    BodyKind,
    Content,
    EndOfMessage,
    Event,
    Form,
    Framing,
    PeerAborted,
    PeerClosed,
    Refused,
    RequestHead,
)
from merkhet_reference.limits import Limits

LIMITS = Limits(
    request_line_bytes_max=40, head_bytes_max=80, method_bytes_max=10, empty_lines_max=2, content_bytes_max=50,
    field_lines_max=4,
)  # fmt: skip
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

Told = tuple[str, object]


def told(event: Event) -> Told:
    """The event as a name and what matters of it."""
    if isinstance(event, RequestHead):
        return "head", (event.method, event.target.raw)
    if isinstance(event, Content):
        return "content", event.data
    if isinstance(event, EndOfMessage):
        return "end", event.trailers.lines
    if isinstance(event, Refused):
        return "refused", event.status
    return type(event).__name__, None


def drained(connection: Connection) -> list[Told]:
    events: list[Told] = []
    while (event := connection.next_event()) is not None:
        events.append(told(event))
    return events


def run(pieces: list[bytes], limits: Limits = LIMITS, *, ends: bool = True) -> list[Told]:
    """Every event of these segments, pieces of content joined; `ends` closes the peer's side behind them."""
    connection, events = Connection(limits), list[Told]()
    for piece in [*pieces, b""] if ends else pieces:
        connection.receive(piece)
        events += drained(connection)
    return joined(events)


def joined(events: list[Told]) -> list[Told]:
    """The same events, with pieces of content in one."""
    result: list[Told] = []
    for name, detail in events:
        before = result[-1][1] if result and result[-1][0] == name == "content" else None
        if isinstance(before, bytes) and isinstance(detail, bytes):
            result[-1] = (name, before + detail)
        else:
            result.append((name, detail))
    return result


def in_every_segmentation(octets: bytes, limits: Limits = LIMITS) -> list[Told]:
    """What the octets come to, the same however they are cut."""
    whole = run([octets], limits)
    assert run([octets[at : at + 1] for at in range(len(octets))], limits) == whole
    for at in range(1, len(octets)):
        assert run([octets[:at], octets[at:]], limits) == whole
    return whole


def message(method: bytes, content: bytes = b"", trailers: list[FieldLine] | None = None) -> list[Told]:
    body: list[Told] = [("content", content)] if content else []
    return [("head", (method, b"/")), *body, ("end", trailers or [])]


CLOSED: Told = ("PeerClosed", None)
ABORTED: Told = ("PeerAborted", None)


@pytest.mark.parametrize(
    ("octets", "events"),
    [
        (b"", [CLOSED]),
        (b"\r\n", [CLOSED]),
        (GET, [*message(b"GET"), CLOSED]),
        (GET + GET, [*message(b"GET"), *message(b"GET"), CLOSED]),
        (b"\r\n\r\n" + GET + b"\r\n\r\n" + GET, [*message(b"GET"), *message(b"GET"), CLOSED]),
        (POST + GET, [*message(b"POST", b"abc"), *message(b"GET"), CLOSED]),
        (POST + b"\r\n" + GET, [*message(b"POST", b"abc"), *message(b"GET"), CLOSED]),
        (CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\nA: b\r\n\r\n" + GET,
         [*message(b"POST", b"abcde", [(b"A", b"b")]), *message(b"GET"), CLOSED]),
        (CHUNKED + b"0\r\n\r\n", [*message(b"POST"), CLOSED]),
        (LAST, message(b"GET")),
        (LAST + GET + b"\n\x00", message(b"GET")),
        (b"GET / HTTP/1.0\r\n\r\n" + GET, message(b"GET")),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + GET, [*message(b"GET"), *message(b"GET"), CLOSED]),
    ],
)  # fmt: skip
def test_legal_octets(octets: bytes, events: list[Told]) -> None:
    assert in_every_segmentation(octets) == events


@pytest.mark.parametrize(
    ("octets", "last"),
    [
        (b"\r", ABORTED),
        (GET[:-1], ABORTED),
        (b"G", ABORTED),
        (POST[:-1], ABORTED),
        (POST[:-3], ABORTED),
        (CHUNKED, ABORTED),
        (CHUNKED + b"3\r\nab", ABORTED),
        (CHUNKED + b"0\r\n", ABORTED),
        (LAST[:-2] + b"Content-Length: 3\r\n\r\nab", ABORTED),
        (b"\n", ("refused", 400)),
        (b"\r\n\n", ("refused", 400)),
        (GET + b"\n", ("refused", 400)),
        (POST[:-1] + b"\r\n", ("refused", 400)),
        (b"GET / HTTP/1.1\nHost: x\n\n", ("refused", 400)),
        (b"GET / HTTP/1.1\r\nHost: x\n\r\n", ("refused", 400)),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\n\r\n\r\n", ("refused", 400)),
        (b"GET / HTTP/2.0\r\nHost: x\n\r\n\r\n", ("refused", 400)),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", ("refused", 505)),
        (b"GET / HTTP/1.1\r\n\r\n", ("refused", 400)),
        (b"METHODMETHOD / HTTP/1.1\r\nHost: x\r\n\r\n", ("refused", 501)),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 51\r\n\r\n", ("refused", 413)),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 4 + b"\r\n", ("refused", 431)),
        (CHUNKED + b"3\r\nabcX", ("refused", 400)),
        (CHUNKED + b"0\r\nA b\r\n\r\n", ("refused", 400)),
        (LAST[:-2] + b"Transfer-Encoding: chunked\r\n\r\nz\r\n", ("refused", 400)),
        (GET + b"GET\r\n\r\n" + GET, ("refused", 400)),
    ],
)
def test_what_is_unfinished_or_refused_is_the_last_event(octets: bytes, last: Told) -> None:
    # The head of some of these is larger than the small limit that other tests need.
    limits = Limits(method_bytes_max=10, content_bytes_max=50, field_lines_max=4)
    assert in_every_segmentation(octets, limits)[-1] == last


def padded(head_bytes: int) -> bytes:
    """A request whose head, without its empty line, has that many octets."""
    head = b"GET / HTTP/1.1\r\nHost: x\r\nA: "
    return head + b"a" * (head_bytes - len(head)) + b"\r\n\r\n"


def long_line(line_bytes: int) -> bytes:
    return b"GET /" + b"a" * (line_bytes - 14) + b" HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (padded(80), 0), (padded(81), 431), (padded(82), 431), (padded(84), 431), (padded(85), 431),
        (padded(300), 431),
        (padded(80)[:-4] + b"\n\r\n\r\n", 400), (padded(82)[:-6] + b"\na\r\n\r\n", 400),
        (padded(300)[:-6] + b"\na\r\n\r\n", 431),
        (padded(82) + b"\n", 431), (padded(80) + b"\n", 400),
        (long_line(40), 0), (long_line(41), 414), (long_line(42), 414), (long_line(43), 414), (long_line(200), 414),
        (b"M" * 41, 0), (b"M" * 42, 501), (b"M" * 200, 501), (b"GET /" + b"a" * 37, 414), (b"GET /" + b"a" * 36, 0),
        (b"GET /" + b"a" * 36 + b"\n", 400), (b"GET /" + b"a" * 37 + b"\n", 414), (b"GET /a\n" + b"a" * 60, 400),
        (b"\n" + b"M" * 60, 400),
        (long_line(41).replace(b"\r\nHost", b"\nHost"), 400), (long_line(200)[:-2] + b"\n\n", 414),
    ],
)  # fmt: skip
def test_sizes_at_their_edges_are_the_same_in_every_segmentation(octets: bytes, status: int) -> None:
    events = in_every_segmentation(octets)
    assert [detail for name, detail in events if name == "refused"] == ([status] if status else [])


@pytest.mark.parametrize(("lines", "legal"), [(0, True), (1, True), (2, True), (3, False), (4, False), (9, False)])
def test_empty_lines_are_counted_for_each_head_whatever_the_segments(lines: int, *, legal: bool) -> None:
    before = b"\r\n" * lines
    expected = [*message(b"GET"), CLOSED] if legal else [("refused", 400)]
    assert in_every_segmentation(before + GET) == expected
    assert in_every_segmentation(b"\r\n\r\n" + GET + before + GET) == [*message(b"GET"), *expected]
    assert in_every_segmentation(before) == ([CLOSED] if legal else [("refused", 400)])


def test_empty_lines_that_are_asked_about_again_and_again_are_still_counted() -> None:
    connection = Connection(LIMITS)
    for _ in range(2):
        connection.receive(b"\r\n")
        assert (connection.next_event(), connection.next_event()) == (None, None)
    connection.receive(b"\r\n")
    assert drained(connection) == [("refused", 400)]


def test_a_head_says_everything_about_its_request() -> None:
    connection = Connection(Limits())
    connection.receive(
        b"PUT http://t:1/p?q HTTP/1.1\r\nHost: f\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    head = connection.next_event()
    assert isinstance(head, RequestHead)
    assert (head.method, head.version, head.authority) == (b"PUT", (1, 1), b"t:1")
    assert (head.target.form, head.target.path, head.target.query) == (Form.ABSOLUTE, b"/p", b"q")
    assert (head.persistent, head.expects_continue) == (False, True)
    assert head.framing == Framing(BodyKind.LENGTH, 3)
    assert head.fields.get(b"host") == b"f"


EXPECT = b"GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n"
EMPTY = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


class Asked:
    """Says how much content is taken, and keeps the targets of those it was asked for."""

    def __init__(self, *answers: int) -> None:
        self.heads: list[RequestHead] = []
        self._answers = iter(answers)

    def __call__(self, head: RequestHead) -> int:
        self.heads.append(head)
        return next(self._answers)


@pytest.mark.parametrize(
    ("octets", "methods"),
    [
        (GET, []), (LAST, []), (GET + GET, []), (b"GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", []),
        (POST, [b"POST"]), (EMPTY, [b"PUT"]), (EXPECT, [b"GET"]), (CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", [b"POST"]),
        (POST.replace(b"Content", b"Expect: 100-continue\r\nContent"), [b"POST"]),
        (GET + POST + GET + EXPECT + CHUNKED + b"0\r\n\r\n", [b"POST", b"GET", b"POST"]),
        (b"GET / HTTP/2.0\r\nHost: x\r\nContent-Length: 3\r\n\r\n", []),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", []),
    ],
)  # fmt: skip
def test_how_much_is_taken_is_asked_once_for_each_request_with_content_or_an_expectation(
    octets: bytes, methods: list[bytes]
) -> None:
    for pieces in ([octets], [octets[at : at + 1] for at in range(len(octets))]):
        asked = Asked(50, 50, 50)
        connection = Connection(Limits(), asked)
        for piece in pieces:
            connection.receive(piece)
            drained(connection)
        assert [head.method for head in asked.heads] == methods


@pytest.mark.parametrize(
    ("octets", "taken", "events"),
    [
        (POST + GET, 3, [*message(b"POST", b"abc"), *message(b"GET"), CLOSED]),
        (POST + GET, 2, [("refused", 413)]),
        (POST + GET, 0, [("refused", 413)]),
        (EMPTY + GET, 0, [*message(b"PUT"), *message(b"GET"), CLOSED]),
        (EXPECT + GET, 0, [*message(b"GET"), *message(b"GET"), CLOSED]),
        (CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", 3, [*message(b"POST", b"abc"), CLOSED]),
        (CHUNKED + b"3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", 3,
         [("head", (b"POST", b"/")), ("content", b"abc"), ("refused", 413)]),
        (CHUNKED + b"0\r\n\r\n", 0, [*message(b"POST"), CLOSED]),
        # More than the server's own limit, which is 50 here.
        (POST.replace(b"3", b"99")[:-3] + b"x" * 99, 99, [*message(b"POST", b"x" * 99), CLOSED]),
        (CHUNKED + b"63\r\n" + b"x" * 99 + b"\r\n0\r\n\r\n", 99, [*message(b"POST", b"x" * 99), CLOSED]),
    ],
)  # fmt: skip
def test_what_is_said_is_the_limit_of_that_request(octets: bytes, taken: int, events: list[Told]) -> None:
    for pieces in ([octets], *([octets[:at], octets[at:]] for at in range(1, len(octets)))):
        connection, found = Connection(LIMITS, Asked(taken, taken)), list[Told]()
        for piece in [*pieces, b""]:
            connection.receive(piece)
            found += drained(connection)
        assert joined(found) == events


def test_it_is_asked_with_the_whole_head_before_anybody_else_sees_it() -> None:
    asked = Asked(3)
    connection = Connection(LIMITS, asked)
    connection.receive(POST)
    assert asked.heads == []
    head = connection.next_event()
    assert asked.heads == [head]
    assert isinstance(head, RequestHead)
    assert head.framing == Framing(BodyKind.LENGTH, 3)


def test_who_is_asked_may_refuse_and_the_connection_ends_with_that() -> None:
    def refuse(_head: RequestHead) -> int:
        raise errors.not_implemented("not here")

    connection = Connection(LIMITS, refuse)
    connection.receive(GET + POST + GET)
    assert drained(connection) == [*message(b"GET"), ("refused", 501)]
    assert (connection.is_over, connection.buffered_bytes) == (True, 0)


def test_without_anybody_to_ask_the_limits_say_it() -> None:
    octets = POST.replace(b"3", b"51")
    assert run([octets]) == [("refused", 413)]
    assert run([CHUNKED + b"33\r\n"]) == [("head", (b"POST", b"/")), ("refused", 413)]
    assert run([POST.replace(b"3", b"50")[:-3] + b"x" * 50])[-2:] == [("end", []), CLOSED]


def test_a_refusal_says_whether_head_was_asked() -> None:
    for method, asks_head in ((b"HEAD", True), (b"HEADS", False), (b"GET", False), (b"head", False)):
        connection = Connection(LIMITS)
        connection.receive(b"\r\n" + method + b" / HTTP/1.1\r\n\r\n")
        refused = connection.next_event()
        assert isinstance(refused, Refused)
        assert (refused.status, refused.asks_head) == (400, asks_head)


def test_nothing_is_understood_before_it_is_asked_for() -> None:
    connection = Connection(LIMITS)
    connection.receive(GET + GET[:5])
    assert (connection.buffered_bytes, connection.in_head) == (len(GET) + 5, True)
    assert isinstance(connection.next_event(), RequestHead)
    assert (connection.buffered_bytes, connection.in_head) == (5, False)
    assert isinstance(connection.next_event(), EndOfMessage)
    assert connection.in_head
    assert connection.next_event() is None
    assert not connection.is_over


def test_an_idle_connection_is_not_in_a_head() -> None:
    connection = Connection(LIMITS)
    assert not connection.in_head
    connection.receive(GET)
    drained(connection)
    assert not connection.in_head
    connection.receive(b"G")
    assert connection.in_head


def test_after_the_end_everything_is_thrown_away() -> None:
    connection = Connection(LIMITS)
    connection.receive(b"\n" + GET)
    assert drained(connection) == [("refused", 400)]
    connection.receive(GET)
    assert (connection.buffered_bytes, connection.is_over, connection.next_event()) == (0, True, None)
    connection.receive(b"")
    assert connection.ended
    assert connection.next_event() is None


def test_requests_that_came_before_a_half_close_are_still_read() -> None:
    connection = Connection(LIMITS)
    connection.receive(POST + GET)
    connection.receive(b"")
    assert connection.ended
    assert drained(connection) == [*message(b"POST", b"abc"), *message(b"GET"), CLOSED]
    assert connection.is_over


def test_the_end_of_the_peer_is_told_once() -> None:
    connection = Connection(LIMITS)
    connection.receive(b"")
    assert connection.next_event() == PeerClosed()
    assert connection.next_event() is None
    connection = Connection(LIMITS)
    connection.receive(b"G")
    connection.receive(b"")
    assert connection.next_event() == PeerAborted()
    assert connection.next_event() is None


def test_the_table_leads_from_every_state_that_reads_and_from_no_other() -> None:
    assert set(READERS) == set(State) - {State.OVER}
    assert {state for state, _ in TRANSITIONS} == set(READERS)
    for state in READERS:
        assert TRANSITIONS[state, Move.REFUSED] is TRANSITIONS[state, Move.PEER_ENDED] is State.OVER
    assert all(state in TRANSITIONS.values() for state in State)


def test_after_release_the_limits_say_it_and_nobody_is_asked() -> None:
    asked = Asked()
    connection = Connection(LIMITS, asked)
    connection.release()
    connection.receive(POST.replace(b"3", b"51"))
    assert (drained(connection), asked.heads) == ([("refused", 413)], [])


@pytest.mark.parametrize("scheme", [b"https", b"HTTPS"])
def test_what_is_for_tls_is_not_served_without(scheme: bytes) -> None:
    data = b"GET %s://h/ HTTP/1.1\r\nHost: h\r\n\r\n" % scheme
    for is_secure in (True, False):
        connection = Connection(Limits(), is_secure=is_secure)
        connection.receive(data)
        event = connection.next_event()
        if is_secure:
            assert isinstance(event, RequestHead)
        else:
            assert isinstance(event, Refused)
            assert event.status == 421
    connection = Connection(Limits(), is_secure=False)
    connection.receive(b"GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n")
    assert isinstance(connection.next_event(), RequestHead)


def test_what_is_behind_the_last_request_is_handed_over() -> None:
    connection = Connection(Limits())
    connection.receive(b"GET / HTTP/1.1\r\nHost: h\r\n\r\nno HTTP")
    drained_head, end = connection.next_event(), connection.next_event()
    assert isinstance(drained_head, RequestHead)
    assert isinstance(end, EndOfMessage)
    assert connection.hand_over() == b"no HTTP"
    connection.receive(b"nor this")
    assert connection.next_event() is None
    assert (connection.is_over, connection.buffered_bytes) == (True, 0)
