"""RFC 6455, Section 6: messages, one after the other, each of its type and each whole."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.answer import End
from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Hears,
    Send,
    Step,
    Stream,
    Verdict,
    closes,
    in_turns,
    observed,
)
from merkhet.expect import ended
from merkhet.expect_handshake import refused
from merkhet.expect_websocket import closes as closes_with
from merkhet.expect_websocket import (
    echoes,
    ends_bare,
    hearing,
    lets_the_connection_stand,
    says,
    sends_close,
    speaks,
    speaks_after_close,
    stays_open,
)
from merkhet.expectation import Hearing
from merkhet.heard import Opcode
from merkhet.suites.frame_words import comes_back, says_canned
from merkhet.suites.websocket_words import (
    CLOSE_SECONDS,
    OPEN,
    OPENED_IN_ORDER,
    SERVER_ALIVE,
    SWITCHED,
    alive,
    beforehand,
    binary,
    close,
    continuation,
    fragments,
    handshake,
    must_echo,
    opened,
    server_close,
    server_fragments,
    server_frame,
    server_text,
    text,
)
from merkhet.suites.words import SINCE, response

# --- how segments are cut

_TWO = text("first") + binary(b"second")
_HEAD_BYTES = 6
_FIRST_BYTES = _HEAD_BYTES + len("first")
_CUTS = (
    ("behind-first", "behind the first frame", (_FIRST_BYTES,)),
    ("in-first-payload", "within the payload of the first", (_FIRST_BYTES - 2,)),
    ("in-second-head", "within the head of the second", (_FIRST_BYTES + 1,)),
    ("in-second-mask", "within the masking key of the second", (_FIRST_BYTES + 4,)),
    ("in-second-payload", "within the payload of the second", (_FIRST_BYTES + _HEAD_BYTES + 3,)),
    ("in-both", "within the payload of each", (_FIRST_BYTES - 2, _FIRST_BYTES + _HEAD_BYTES + 3)),
)
_SEGMENTS = (
    comes_back(
        "6.2-two-in-one-segment", "6.2-1", "Two messages in one segment are both read", _TWO, "first", b"second"
    ),
    *(
        comes_back(
            f"6.2-two-cut-{slug}",
            "6.2-1",
            f"Two messages are both read when their octets are cut {words}",
            Send(_TWO, cuts=cuts),
            "first",
            b"second",
        )
        for slug, words, cuts in _CUTS
    ),
    comes_back(
        "6.2-two-byte-by-byte",
        "6.2-1",
        "Two messages that come octet by octet are both read",
        Send(_TWO, each=1),
        "first",
        b"second",
    ),
    comes_back(
        "6.2-pieces-of-7",
        "6.2-1",
        "Ten messages that come in pieces of 7 octets are all read",
        Send(b"".join(text(f"message {number}") for number in range(10)), each=7),
        *(f"message {number}" for number in range(10)),
    ),
    comes_back(
        "6.2-hundred-in-one-segment",
        "6.2-1",
        "A hundred messages in one segment are all read, in their order",
        b"".join(text(f"message {number}") for number in range(100)),
        *(f"message {number}" for number in range(100)),
    ),
)

# --- types and ends

_MIXED = ("one", b"one", "two", b"two", b"\xff\x00", "\N{SNOWMAN}", b"three", "three")
_MIXED_SENT = b"".join(text(item) if isinstance(item, str) else binary(item) for item in _MIXED)
_TYPES = (
    comes_back("6.1-type-text", "6.1-5", "The echo of a text message is text", text("merkhet"), "merkhet"),
    comes_back("6.1-type-binary", "6.1-5", "The echo of a binary message is binary", binary(b"merkhet"), b"merkhet"),
    comes_back("6.1-type-text-empty", "6.1-5", "The echo of an empty text message is text", text(), ""),
    comes_back("6.1-type-binary-empty", "6.1-5", "The echo of an empty binary message is binary", binary(), b""),
    comes_back("6.2-type-mixed", "6.2-3", "Text and binary messages by turns keep their types", _MIXED_SENT, *_MIXED),
    comes_back(
        "6.2-type-fragments-mixed",
        "6.2-3",
        "Text and binary messages in fragments, by turns, keep their types",
        fragments(Opcode.TEXT, ("o", "ne"))
        + fragments(Opcode.BINARY, (b"t", b"wo"))
        + fragments(Opcode.TEXT, ("", "3")),
        "one",
        b"two",
        "3",
    ),
    comes_back(
        "6.2-type-every-octet",
        "6.2-3",
        "A binary message with every octet comes back as it was",
        binary(bytes(range(256))),
        bytes(range(256)),
    ),
)

_UNENDED = hearing("a message that does not end", lambda heard: heard.unfinished)


def _whole(slug: str, title: str, sent: bytes, *items: str | bytes, mutants: tuple[Canned, ...]) -> Check:
    return Check(
        id=f"rfc6455-6.1-{slug}",
        requirement="rfc6455-6.1-6",
        title=title,
        since=SINCE,
        steps=(
            *opened(),
            Send(sent),
            Hears(
                {
                    _UNENDED: VIOLATION.because("the last frame of a message is not marked as the last"),
                    **must_echo(*items),
                },
                messages=len(items),
            ),
        ),
        good=(SWITCHED + says_canned(*items),),
        mutants=(*mutants, Canned("echoes nothing", SWITCHED)),
    )


def _open(data: bytes, opcode: Opcode = Opcode.TEXT) -> bytes:
    return server_frame(opcode, data, fin=False)


_WHOLE = (
    _whole(
        "last-frame",
        "The echo of a message ends with a frame that is marked as the last",
        text("merkhet"),
        "merkhet",
        mutants=(Canned("marks none", SWITCHED + _open(b"merkhet")),),
    ),
    _whole(
        "last-frame-of-fragments",
        "The echo of a message in fragments ends with a frame that is marked as the last",
        fragments(Opcode.TEXT, ("mer", "k", "het")),
        "merkhet",
        mutants=(
            Canned("copies the marks of the first", SWITCHED + _open(b"mer") + _open(b"k", Opcode.CONTINUATION)),
            Canned("ends it early", SWITCHED + server_fragments(Opcode.TEXT, ("mer", "k"))),
        ),
    ),
    _whole(
        "last-frame-of-each",
        "The echoes of two messages do not run into one",
        text("first") + text("second"),
        "first",
        "second",
        mutants=(Canned("marks the second alone", SWITCHED + server_fragments(Opcode.TEXT, ("first", "second"))),),
    ),
)

_NEW = (
    comes_back(
        "6.2-new-message-same",
        "6.2-4",
        "Two equal messages are two",
        text("again") + text("again"),
        "again",
        "again",
        mutants=(Canned("echoes it once", SWITCHED + server_text("again")),),
    ),
    comes_back(
        "6.2-new-message-behind-fragments",
        "6.2-4",
        "A message behind the last fragment of another is a new one",
        fragments(Opcode.TEXT, ("fir", "st")) + text("second"),
        "first",
        "second",
        mutants=(Canned("goes on with the first", SWITCHED + server_text("firstsecond")),),
    ),
    comes_back(
        "6.2-new-fragments-behind-fragments",
        "6.2-4",
        "Fragments behind the last fragment of a message are those of a new one",
        fragments(Opcode.BINARY, (b"fir", b"st")) + fragments(Opcode.BINARY, (b"sec", b"", b"ond")),
        b"first",
        b"second",
    ),
    comes_back(
        "6.2-new-fragments-behind-message",
        "6.2-4",
        "Fragments behind a whole message are those of a new one",
        text("first") + fragments(Opcode.TEXT, ("sec", "ond")) + text("third"),
        "first",
        "second",
        "third",
    ),
    comes_back(
        "6.2-new-message-behind-empty",
        "6.2-4",
        "Empty messages count as messages",
        text() + text("a") + binary() + text() + binary(b"b"),
        "",
        "a",
        b"",
        "",
        b"b",
    ),
    comes_back(
        "6.2-new-message-behind-empty-last",
        "6.2-4",
        "A message ends with its last fragment though that is empty",
        text("first", fin=False) + continuation() + text("second"),
        "first",
        "second",
    ),
)

# --- only while the connection is open

_FIRST = SWITCHED + says_canned("first")
_EARLY = Check(
    id="rfc6455-6.1-in-handshake-packet",
    requirement="rfc6455-6.1-2",
    title="A message in the handshake's own packet is not answered before the 101",
    since=SINCE,
    steps=(
        *beforehand(),
        Send(handshake(behind=text("first"))),
        Answers(
            {
                **OPENED_IN_ORDER,
                refused: observed("refuses a handshake with a message behind it").then(),
                ended: observed("hangs up on a handshake with a message behind it").then(),
            }
        ),
        Hears(
            {
                echoes("first"): PASS,
                speaks: VIOLATION.because("something else came back"),
                sends_close(): observed("closes on a message that came before its 101"),
                ends_bare: observed("hangs up on a message that came before its 101"),
                stays_open: observed("drops a message that came before its 101"),
            },
            messages=1,
        ),
    ),
    good=(OPEN, _FIRST),
    mutants=(
        Canned("echoes before its 101", OPEN, says_canned("first") + SWITCHED),
        Canned("changes it", OPEN, SWITCHED + says_canned("irst")),
        Canned("drops it", OPEN, SWITCHED),
        Canned("closes the WebSocket", OPEN, closes(SWITCHED + server_close(1002))),
        Canned("hangs up", OPEN, closes(SWITCHED)),
        Canned("refuses the handshake", OPEN, closes(response(400, close=True))),
        Canned("hangs up on the handshake", OPEN, closes(b"")),
    ),
    note="Section 4.1 has clients wait for the 101 before they send anything: a server owes no answer to who does not.",
)

_AFTER: Mapping[Hearing, Verdict] = {
    speaks_after_close: VIOLATION.because("a message came behind its own Close"),
    closes_with(): PASS,
    lets_the_connection_stand: WARNING.because("a Close went each way, and the connection stays open"),
    ends_bare: WARNING.because("the connection ended without a Close"),
    stays_open: WARNING.because("the Close was not answered"),
}
_PUSHES = 100
_PUSHED = tuple(server_text(str(number).ljust(64)) for number in range(_PUSHES))
_FIRST_PUSHED = _PUSHED[0]
_BYE = server_close(1000)


def _closed(slug: str, title: str, *steps: Step, good: Stream, late: Stream) -> Check:
    return Check(
        id=f"rfc6455-6.1-{slug}",
        requirement="rfc6455-6.1-2",
        title=title,
        since=SINCE,
        steps=(*steps, Send(close(1000)), Hears(_AFTER, patience_seconds=CLOSE_SECONDS)),
        good=(good,),
        mutants=(Canned("sends messages behind its Close", late),),
    )


_LAST = (
    _closed(
        "closed-while-sending",
        "A server that is closed while it sends many messages sends none behind its own Close",
        *opened("ws-push"),
        Send(text(f"send {_PUSHES} 64")),
        Hears({says("0".ljust(64)): PASS}, messages=1),
        good=in_turns(SWITCHED, _FIRST_PUSHED, b"".join(_PUSHED[1:]) + _BYE, end=End.CLOSED),
        late=in_turns(SWITCHED, _FIRST_PUSHED, _BYE + b"".join(_PUSHED[1:]), end=End.CLOSED),
    ),
    _closed(
        "closed-with-messages-unread",
        "A server that gets a Close behind many messages sends no echo behind its own Close",
        *alive(),
        Send(b"".join(text(f"message {number}") for number in range(100))),
        Hears({echoes("message 0"): PASS}, messages=1),
        good=in_turns(
            SWITCHED, SERVER_ALIVE, server_text("message 0"), server_text("message 1") + _BYE, end=End.CLOSED
        ),
        late=in_turns(
            SWITCHED, SERVER_ALIVE, server_text("message 0"), _BYE + server_text("message 1"), end=End.CLOSED
        ),
    ),
    _closed(
        "closed-within-message",
        "A server that gets a Close within a message in fragments sends no echo behind its own Close",
        *alive(),
        Send(text("mer", fin=False)),
        good=in_turns(SWITCHED, SERVER_ALIVE, b"", _BYE, end=End.CLOSED),
        late=in_turns(SWITCHED, SERVER_ALIVE, b"", _BYE + server_text("mer"), end=End.CLOSED),
    ),
)

CHECKS = (*_SEGMENTS, *_TYPES, *_WHOLE, *_NEW, _EARLY, *_LAST)
