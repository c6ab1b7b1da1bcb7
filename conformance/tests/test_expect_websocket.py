"""Expectations of WebSockets: each met, and unmet, by what comes close to it."""

from __future__ import annotations

import pytest

from merkhet.answer import Answer, Context, End, Fault, Framing, Response
from merkhet.expect_handshake import (
    SAMPLE_KEY,
    accept_of,
    agreed,
    agreed_within,
    agreement,
    declined,
    misagreed,
    refused,
    refused_4xx,
    refused_5xx,
    subprotocol,
    switch,
    switched,
    switches,
)
from merkhet.expect_websocket import (
    anything_heard,
    as_binary,
    as_text,
    both,
    closes,
    closes_bare,
    closes_by_reset,
    compressed,
    echoes,
    either,
    ends_bare,
    goes_on,
    hearing,
    in_order,
    lets_the_connection_stand,
    misframed,
    nothing_said,
    pings_first,
    pongs,
    pongs_after_close,
    resets,
    says,
    sends_close,
    some_pongs,
    speaks,
    speaks_after_close,
    stays_open,
    stays_silent,
    then_closes,
    took_longer_than,
    within_window,
)
from merkhet.expectation import Expectation, Hearing, Rests
from merkhet.heard import Close, Event, Heard, Message, Opcode, Ping, Pong
from merkhet.payload import Repeated
from merkhet.wire.extensions import read_extensions

CONTEXT = Context(render=lambda data: data.replace(b"{nonce}", b"01234567"), baseline_status=200)


# --- the handshake


def response(status: int = 101, *fields: tuple[bytes, bytes], complete: bool = True) -> Answer:
    return Answer(
        response=Response(
            version=b"HTTP/1.1",
            status=status,
            reason=b"",
            fields=fields,
            framing=Framing.TUNNEL if status == 101 else Framing.LENGTH,
            complete=complete,
        )
    )


def is_met(case: Expectation, answer: Answer) -> bool:
    return case.matches(answer, CONTEXT)


UPGRADE = (b"Upgrade", b"WebSocket")
CONNECTION = (b"connection", b"keep-alive, Upgrade")
ACCEPT = (b"Sec-WebSocket-Accept", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")


def test_the_accept_of_the_sample_key() -> None:
    assert accept_of(SAMPLE_KEY) == ACCEPT[1]


def test_a_switch_is_a_101_with_its_three_fields() -> None:
    assert is_met(switches(), response(101, UPGRADE, CONNECTION, ACCEPT))
    for fields in (
        (CONNECTION, ACCEPT),
        (UPGRADE, ACCEPT),
        (UPGRADE, CONNECTION),
        (UPGRADE, CONNECTION, ACCEPT, ACCEPT),
        ((b"Upgrade", b"websocket, h2c"), CONNECTION, ACCEPT),
        (UPGRADE, (b"Connection", b"close"), ACCEPT),
        (UPGRADE, CONNECTION, (ACCEPT[0], ACCEPT[1].lower())),
    ):
        assert not is_met(switches(), response(101, *fields))
        assert is_met(switched, response(101, *fields))
    assert not is_met(switches(), response(200, UPGRADE, CONNECTION, ACCEPT))
    assert not is_met(switches(), Answer(end=End.CLOSED))
    key = b"merkhet{nonce}AAAAAAA=="
    rendered = (ACCEPT[0], accept_of(b"merkhet01234567AAAAAAA=="))
    assert is_met(switches(key), response(101, UPGRADE, CONNECTION, rendered))
    assert not is_met(switches(), response(101, UPGRADE, CONNECTION, rendered))


def test_refusals() -> None:
    met = {code: [is_met(case, response(code)) for case in (switched, refused, refused_4xx, refused_5xx)] for code in
           (101, 200, 302, 400, 426, 500, 503)}  # fmt: skip
    assert met == {
        101: [True, False, False, False],
        200: [False, True, False, False],
        302: [False, True, False, False],
        400: [False, True, True, False],
        426: [False, True, True, False],
        500: [False, False, False, True],
        503: [False, False, False, True],
    }
    assert not is_met(refused, response(400, complete=False))


def with_extensions(*values: bytes) -> Answer:
    return response(101, *((b"Sec-WebSocket-Extensions", value) for value in values))


def test_subprotocols() -> None:
    def chosen(*values: bytes) -> Answer:
        return response(101, *((b"Sec-WebSocket-Protocol", value) for value in values))

    assert is_met(subprotocol(b"a", b"b"), chosen(b"b"))
    assert is_met(subprotocol(), chosen())
    for answer in (chosen(), chosen(b"A"), chosen(b"a, b"), chosen(b"a", b"b"), chosen(b"c"), chosen(b"")):
        assert not is_met(subprotocol(b"a", b"b"), answer)
    assert not is_met(subprotocol(), chosen(b"a"))
    assert not is_met(subprotocol(), chosen(b""))
    assert not is_met(subprotocol(), response(200))


@pytest.mark.parametrize(
    ("case", "met", "unmet"),
    [
        (agreed(), b"permessage-deflate", b"x-other"),
        (agreed(), b'permessage-deflate;server_max_window_bits = "10"', b"permessage-deflate; foo"),
        (agreed("server_no_context_takeover"), b"permessage-deflate; server_no_context_takeover", b"permessage-deflate"),
        (
            agreed("server_max_window_bits=10"),
            b"permessage-deflate; server_max_window_bits=10",
            b"permessage-deflate; server_max_window_bits=11",
        ),
        (
            agreed(lacks=("client_max_window_bits",)),
            b"permessage-deflate; server_max_window_bits=10",
            b"permessage-deflate; client_max_window_bits=10",
        ),
        (
            agreed_within(10),
            b"permessage-deflate; server_max_window_bits=9",
            b"permessage-deflate; server_max_window_bits=11",
        ),
        (agreed_within(15), b"permessage-deflate; server_max_window_bits=15", b"permessage-deflate"),
        (misagreed, b"permessage-deflate; foo", b"permessage-deflate"),
        (misagreed, b"permessage-deflate; server_max_window_bits=010", b"permessage-deflate; server_max_window_bits=10"),
        (misagreed, b"permessage-deflate; server_max_window_bits=7", b"permessage-deflate; server_max_window_bits=8"),
        (misagreed, b"permessage-deflate; client_max_window_bits", b"permessage-deflate; client_max_window_bits=8"),
        (
            misagreed,
            b"permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            b"permessage-deflate; client_no_context_takeover; server_no_context_takeover",
        ),
        (misagreed, b"permessage-deflate; server_no_context_takeover=1", b"x; server_no_context_takeover=1"),
        (misagreed, b"permessage-deflate, permessage-deflate", b"permessage-deflate"),
        (declined, b"x-other; a=b", b"permessage-deflate"),
        (agreement("with so much", lambda it: it.client_bits == 9), b"permessage-deflate; client_max_window_bits=9", b"x"),
    ],
)  # fmt: skip
def test_agreements(case: Expectation, met: bytes, unmet: bytes) -> None:
    assert is_met(case, with_extensions(met))
    assert not is_met(case, with_extensions(unmet))
    assert case.describe().startswith("a 101")


def test_what_is_no_list_of_extensions_declines_nothing() -> None:
    assert is_met(declined, with_extensions())
    assert not is_met(declined, with_extensions(b"permessage-deflate; ="))
    assert not is_met(agreed(), with_extensions(b"permessage-deflate; ="))
    assert is_met(switch("of any kind", lambda _: True), with_extensions(b";;"))


def test_lists_of_extensions() -> None:
    read = read_extensions([b'a, b; c; d=e;f="g\\h"', b"a"])
    assert read is not None
    assert [(one.name, one.parameters) for one in read] == [
        (b"a", ()),
        (b"b", ((b"c", None), (b"d", b"e"), (b"f", b"gh"))),
        (b"a", ()),
    ]
    for broken in (b"", b",", b"a,", b"a;", b"a; =", b"a; b=", b'a; b="', b'a; b="1 0"', b'a; b=""', b"a b", b"a; b c"):
        assert read_extensions([broken]) is None, broken


# --- what was heard


def heard(
    *events: Event, end: End | None = None, behind: tuple[Event, ...] = (), faults: tuple[Fault, ...] = ()
) -> Heard:
    return Heard(events=events, end=end, behind=behind, faults=faults)


def hears(case: Hearing, what: Heard) -> bool:
    return case.matches(what, CONTEXT)


def text(data: str, **more: bool) -> Message:
    return Message(Opcode.TEXT, data.encode(), **more)


A, B, X = text("a"), Message(Opcode.BINARY, b"b"), Pong(b"x")
NORMAL = Close(b"\x03\xe8")
CODES = (1000, 1002)

MET: tuple[tuple[Hearing, Heard], ...] = (
    (echoes("a", b"b"), heard(A, B)),
    (echoes("a", b"b"), heard(Ping(b""), A, X, B)),
    (echoes(), heard(X)),
    (says(as_text(b"\xff")), heard(Message(Opcode.TEXT, b"\xff"))),
    (says(as_binary(Repeated(b"ab", 5))), heard(Message(Opcode.BINARY, b"ababa", frames=7))),
    (pongs(b"x"), heard(A, X)),
    (pongs(b"x", b"y"), heard(X, Pong(b"y"))),
    (some_pongs(b"w", b"x", b"y"), heard(Pong(b"y"))),
    (some_pongs(b"w", b"x", b"y"), heard(X, Pong(b"y"))),
    (in_order("a", X), heard(A, X)),
    (in_order("a", X), heard(A, Ping(b"idle"), X)),
    (in_order(Ping(b"p"), "a"), heard(Ping(b"p"), A)),
    (compressed("a"), heard(text("a", compressed=True))),
    (within_window(9), heard(Message(Opcode.TEXT, b"a", compressed=True, distance=512))),
    (speaks, heard(A)),
    (goes_on, heard(X)),
    (goes_on, heard(A)),
    (goes_on, heard(NORMAL, behind=(X,))),
    (pings_first, heard(Ping(b""))),
    (closes(), heard(NORMAL, end=End.CLOSED)),
    (closes(*CODES), heard(A, NORMAL, end=End.RESET)),
    (closes(None), heard(Close(), end=End.UNNOTIFIED)),
    (sends_close(), heard(NORMAL)),
    (sends_close(1000, reason=b"bye"), heard(Close(b"\x03\xe8bye"), end=End.SILENT)),
    (closes_by_reset, heard(NORMAL, end=End.RESET)),
    (closes_bare, heard(A, end=End.CLOSED)),
    (closes_bare, heard(end=End.UNNOTIFIED)),
    (resets, heard(end=End.RESET)),
    (ends_bare, heard(end=End.CLOSED)),
    (ends_bare, heard(A, end=End.RESET)),
    (stays_silent, heard(end=End.SILENT)),
    (stays_open, heard(A, end=End.SILENT)),
    (lets_the_connection_stand, heard(NORMAL, end=End.SILENT)),
    (speaks_after_close, heard(NORMAL, behind=(A,), end=End.CLOSED)),
    (pongs_after_close, heard(NORMAL, behind=(X,), end=End.CLOSED)),
    (misframed(), heard(faults=(Fault("frame-rsv", ""),))),
    (misframed("frame-rsv"), heard(faults=(Fault("frame-rsv", ""),))),
    (either(pongs(b"y"), echoes("a")), heard(A)),
    (both(pongs(b"x"), echoes("a")), heard(A, X)),
    (then_closes(both(echoes("a"), pongs(b"x")), 1000), heard(A, X, NORMAL, end=End.CLOSED)),
    (hearing("three", lambda it: len(it.events) == 3), heard(A, A, A)),
    (anything_heard, heard()),
    (nothing_said, heard(X)),
    (took_longer_than(1), Heard(seconds=1.5)),
)
UNMET: tuple[tuple[Hearing, Heard], ...] = (
    (echoes("a", b"b"), heard(B, A)),
    (echoes("a"), heard(Message(Opcode.BINARY, b"a"))),
    (echoes("a"), heard(A, A)),
    (echoes("a"), heard(A, NORMAL, end=End.CLOSED)),
    (echoes("a"), heard(text("b"))),
    (says(as_binary(Repeated(b"ab", 5))), heard(Message(Opcode.BINARY, b"abab"))),
    (pongs(b"x"), heard(Pong(b"y"))),
    (pongs(b"x"), heard(X, X)),
    (pongs(b"x"), heard(X, NORMAL)),
    (some_pongs(b"w", b"x", b"y"), heard(X)),
    (some_pongs(b"w", b"x", b"y"), heard(X, Pong(b"w"), Pong(b"y"))),
    (some_pongs(b"w", b"x", b"y"), heard()),
    (in_order("a", X), heard(X, A)),
    (in_order("a"), heard(A, NORMAL)),
    (in_order(Ping(b"p"), "a"), heard(A, Ping(b"p"))),
    (compressed("a"), heard(A)),
    (within_window(9), heard(Message(Opcode.TEXT, b"a", compressed=True, distance=513))),
    (within_window(9), heard(Message(Opcode.TEXT, b"a", compressed=True))),
    (within_window(9), heard(A)),
    (speaks, heard(X)),
    (goes_on, heard(Ping(b""), NORMAL, end=End.CLOSED)),
    (pings_first, heard(X)),
    (nothing_said, heard(A)),
    (nothing_said, Heard(unfinished=True)),
    (took_longer_than(1), Heard(seconds=0.5)),
    (closes(), heard(NORMAL, end=End.SILENT)),
    (closes(), heard(end=End.CLOSED)),
    (closes(1002), heard(NORMAL, end=End.CLOSED)),
    (closes(None), heard(NORMAL, end=End.CLOSED)),
    (sends_close(1000, reason=b"bye"), heard(NORMAL)),
    (sends_close(), heard(end=End.CLOSED)),
    (closes_by_reset, heard(NORMAL, end=End.CLOSED)),
    (closes_bare, heard(NORMAL, end=End.CLOSED)),
    (closes_bare, heard(end=End.RESET)),
    (resets, heard(end=End.CLOSED)),
    (ends_bare, heard(end=End.SILENT)),
    (ends_bare, heard(NORMAL, end=End.CLOSED)),
    (stays_silent, heard(X, end=End.SILENT)),
    (stays_silent, Heard(unfinished=True, end=End.SILENT)),
    (stays_open, heard(NORMAL, end=End.SILENT)),
    (stays_open, heard(A)),
    (lets_the_connection_stand, heard(NORMAL, end=End.CLOSED)),
    (speaks_after_close, heard(A, NORMAL, end=End.CLOSED)),
    (pongs_after_close, heard(X, NORMAL, end=End.CLOSED)),
    (misframed(), heard()),
    (misframed("frame-rsv"), heard(faults=(Fault("frame-masked", ""),))),
    (either(pongs(b"y"), echoes("a")), heard(X)),
    (both(pongs(b"x"), echoes("a")), heard(A)),
    (then_closes(echoes("a")), heard(A, X, NORMAL, end=End.SILENT)),
    (then_closes(echoes("a"), 1001), heard(A, NORMAL, end=End.CLOSED)),
    (then_closes(echoes("a")), heard(B, NORMAL, end=End.CLOSED)),
    (then_closes(echoes("a")), heard(end=End.CLOSED)),
)


@pytest.mark.parametrize(("case", "what"), MET)
def test_is_met(case: Hearing, what: Heard) -> None:
    assert hears(case, what)
    assert case.describe()


@pytest.mark.parametrize(("case", "what"), UNMET)
def test_is_not_met(case: Hearing, what: Heard) -> None:
    assert not hears(case, what)


def test_what_a_match_rests_on() -> None:
    assert [case.rests_on for case in (echoes("a"), ends_bare, anything_heard)] == [
        Rests.CONTENT,
        Rests.END,
        Rests.NOTHING,
    ]
    assert either(echoes("a"), ends_bare).rests_on is Rests.CONTENT
    assert both(ends_bare, anything_heard).rests_on is Rests.END


def test_what_stands_on_an_absence() -> None:
    assert [one.absent for one in (heard(end=End.SILENT), heard(A, end=End.CLOSED), heard(NORMAL, end=End.SILENT))] == [
        True
    ] * 3
    unreadable = Heard(unreadable=True, end=End.SILENT)
    assert [one.absent for one in (heard(A), heard(NORMAL, end=End.CLOSED), unreadable)] == [False] * 3


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (heard(), "nothing"),
        (heard(A, X), "text b'a', then Pong b'x'"),
        (heard(text("a" * 50, compressed=True)), f"compressed text {b'a' * 40!r}... (50 octets)"),
        (heard(Message(Opcode.BINARY, b"", frames=3)), "binary b'' in 3 fragments"),
        (heard(Ping(b"\r\n"), end=End.RESET), "Ping b'\\r\\n', then the connection reset"),
        (heard(Close(b"\x03\xe8bye"), end=End.CLOSED), "Close 1000 b'bye', then the connection closed"),
        (heard(Close(), end=End.SILENT), "Close without a code, then nothing more in time, the connection still open"),
        (heard(Close(b"\x03")), "Close with the body b'\\x03'"),
        (heard(*(A,) * 9), ", then ".join(["text b'a'"] * 5 + ["... (9 in all)", "text b'a'"])),
        (heard(NORMAL, behind=(A,)), "Close 1000, then behind its Close text b'a'"),
        (Heard(unfinished=True, end=End.CLOSED), "the beginning of a message, then the connection closed"),
        (
            Heard(events=(NORMAL,), answered=True, end=End.UNNOTIFIED),
            "Close 1000, then behind merkhet's Close the connection closed without close_notify",
        ),
        (heard(faults=(Fault("frame-rsv", "bits"),)), "a fault (frame-rsv: bits)"),
    ],
)
def test_what_was_heard_in_words(what: Heard, words: str) -> None:
    assert what.describe() == words


def test_expectations_in_words() -> None:
    assert echoes("a", b"b").describe() == "the echo of text b'a', binary b'b'"
    assert says(*"abcde").describe() == "the message text b'a', text b'b', text b'c', text b'd', ... 5 in all"
    assert says(as_binary(Repeated(b"ab", 5))).describe() == "the message binary 5 octets of b'ab'"
    assert pongs().describe() == "no Pong"
    assert pongs(b"1", b"2").describe() == "the Pongs b'1', b'2'"
    assert closes(1000, None).describe() == "a Close with 1000 or no code, and then the end of the connection"
    assert (
        then_closes(pongs(b"1"), 1000).describe()
        == "the Pong b'1', then a Close with 1000 and the end of the connection"
    )
    assert both(echoes("a"), pongs(b"1")).describe() == "the echo of text b'a', and the Pong b'1'"
    assert either(echoes("a"), ends_bare).describe().endswith(", or the end of the connection without a Close frame")
