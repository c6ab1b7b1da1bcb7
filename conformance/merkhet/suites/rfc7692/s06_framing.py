"""RFC 7692, Section 6: the bit that says that a message is compressed, and messages in frames."""

from __future__ import annotations

from dataclasses import dataclass

from merkhet.check import (
    PASS,
    VIOLATION,
    Canned,
    Check,
    Hears,
    Send,
    in_turns,
)
from merkhet.expect_websocket import (
    Item,
    both,
    echoes,
    ends_bare,
    misframed,
    pongs,
    sends_close,
    speaks,
    stays_open,
)
from merkhet.heard import Opcode
from merkhet.suites.deflate_words import Back, Fixed, deflated, flushed
from merkhet.suites.rfc7692.agreed import (
    DEAF,
    HANGS_UP,
    TAKEOVER,
    deflating,
)
from merkhet.suites.websocket_words import (
    SWITCHED_DEFLATE,
    binary,
    fragments,
    must_echo,
    pieces,
    ping,
    pong,
    server_binary,
    server_close,
    server_pong,
    server_text,
    text,
)
from merkhet.suites.words import SINCE

_HELLO = deflated(Fixed(b"Hello"))
_SNOW = "caf\N{LATIN SMALL LETTER E WITH ACUTE} \N{SNOWMAN} \N{GRINNING FACE}"
_SNOWED = deflated(Fixed(_SNOW.encode()))
_CANNOT = Canned("closes the WebSocket", in_turns(SWITCHED_DEFLATE, server_close(1002)))


def _echoed(slug: str, requirement: str, title: str, sent: Send, *items: Item, answers: bytes, note: str = "") -> Check:
    """Messages that come back as they are. `answers` are those of a good server."""
    return Check(
        id=f"rfc7692-{requirement.rpartition('-')[0]}-{slug}",
        requirement=f"rfc7692-{requirement}",
        title=title,
        since=SINCE,
        steps=(*deflating(), sent, Hears(must_echo(*items), messages=len(items))),
        good=(SWITCHED_DEFLATE + answers,),
        mutants=(
            Canned("echoes something else", SWITCHED_DEFLATE + server_text("?") * len(items)),
            DEAF,
            _CANNOT,
            HANGS_UP,
        ),
        note=note,
    )


# --- whole, and in fragments

_PARTS = fragments(Opcode.TEXT, pieces(_HELLO, 3), rsv=4)
_ECHO = server_text(_HELLO, rsv=4)


@dataclass(frozen=True, slots=True)
class _Way:
    """A way in which the text "Hello" comes, or a longer one."""

    slug: str
    words: str
    sent: Send
    said: str = "Hello"


_WAYS = (
    _Way("one-frame", "in one frame", Send(text(_HELLO, rsv=4))),
    _Way("byte-by-byte", "octet by octet", Send(text(_HELLO, rsv=4), each=1)),
    _Way("split-head", "split within the frame's head", Send(text(_HELLO, rsv=4), cuts=(1, 4))),
    _Way("two-fragments", "in two fragments", Send(_PARTS)),
    _Way("two-fragments-byte-by-byte", "in two fragments that come octet by octet", Send(_PARTS, each=1)),
    _Way("fragments-of-one", "in fragments of one octet", Send(fragments(Opcode.TEXT, pieces(_HELLO, 1), rsv=4))),
    _Way("first-empty", "behind an empty fragment", Send(fragments(Opcode.TEXT, (b"", _HELLO), rsv=4))),
    _Way("last-empty", "before an empty fragment", Send(fragments(Opcode.TEXT, (_HELLO, b""), rsv=4))),
    _Way("all-empty-but-one", "between empty fragments", Send(fragments(Opcode.TEXT, (b"", b"", _HELLO, b""), rsv=4))),
    _Way(
        "flushed",
        "with a flush at the end of a fragment",
        Send(fragments(Opcode.TEXT, (flushed(Fixed(b"Hel")), deflated(Fixed(b"lo"))), rsv=4)),
    ),
    _Way(
        "empty-last-block",
        "before a last fragment of one octet 0",
        Send(fragments(Opcode.TEXT, (flushed(Fixed(b"Hello")), b"\x00"), rsv=4)),
    ),
    _Way("utf8", "not in ASCII", Send(text(_SNOWED, rsv=4)), _SNOW),
    _Way(
        "utf8-fragments",
        "not in ASCII, in fragments of one octet",
        Send(fragments(Opcode.TEXT, pieces(_SNOWED, 1), rsv=4)),
        _SNOW,
    ),
    _Way(
        "utf8-cut-character",
        "of which a fragment ends within a character",
        Send(fragments(Opcode.TEXT, (flushed(Fixed(b"caf\xc3")), deflated(Fixed(b"\xa9"))), rsv=4)),
        "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
    ),
)
_WHOLE = tuple(
    _echoed(
        f"text-{way.slug}",
        "6.2-1",
        f"A compressed text {way.words} is inflated",
        way.sent,
        way.said,
        answers=server_text(deflated(Fixed(way.said.encode())), rsv=4),
    )
    for way in _WAYS
)
_OCTETS = bytes(range(256))
_BINARY = (
    _echoed(
        "binary",
        "6.2-1",
        "A compressed binary message is inflated",
        Send(binary(deflated(Fixed(_OCTETS)), rsv=4)),
        _OCTETS,
        answers=server_binary(deflated(Fixed(_OCTETS)), rsv=4),
    ),
    _echoed(
        "binary-fragments",
        "6.2-1",
        "A compressed binary message in fragments is inflated",
        Send(fragments(Opcode.BINARY, pieces(deflated(Fixed(_OCTETS)), 50), rsv=4)),
        _OCTETS,
        answers=server_binary(_OCTETS),
    ),
    _echoed(
        "three",
        "6.2-1",
        "Three compressed messages that come together are inflated each by itself",
        Send(text(_HELLO, rsv=4) + binary(_HELLO, rsv=4) + text(_SNOWED, rsv=4)),
        "Hello",
        b"Hello",
        _SNOW,
        answers=_ECHO + server_binary(b"Hello") + server_text(_SNOW),
    ),
)


def _between(slug: str, words: str, frames: bytes, *data: bytes) -> Check:
    return Check(
        id=f"rfc7692-6.2-between-{slug}",
        requirement="rfc7692-6.2-1",
        title=f"{words} between compressed fragments leaves the message whole",
        since=SINCE,
        steps=(
            *deflating(),
            Send(fragments(Opcode.TEXT, pieces(_HELLO, 3), rsv=4, between=(frames, frames))),
            Hears(
                {
                    both(echoes("Hello"), pongs(*data)): PASS,
                    speaks: VIOLATION.because("the message or a Pong is not what it should be"),
                    sends_close(): VIOLATION.because("it closed the WebSocket"),
                    ends_bare: VIOLATION.because("the connection ended"),
                    stays_open: VIOLATION.because("the message did not come back"),
                },
                messages=1,
                pongs=len(data),
            ),
        ),
        good=(SWITCHED_DEFLATE + b"".join(server_pong(one) for one in data) + _ECHO,),
        mutants=(
            Canned("drops a fragment", SWITCHED_DEFLATE + server_text("Hel") + b"".join(map(server_pong, data))),
            DEAF,
            _CANNOT,
            HANGS_UP,
        ),
    )


_BETWEEN = (
    _between("ping", "A Ping", ping(b"within"), b"within", b"within"),
    _between("pong", "A Pong", pong(b"within")),
    _between("many", "A Pong, a Ping and a Pong", pong() + ping(b"1") + pong(b"2"), b"1", b"1"),
)


# --- messages that are not compressed


_PLAIN = (
    _echoed(
        "plain-text", "6.2-2", "A text that is not compressed is taken", Send(text("Hello")), "Hello", answers=_ECHO
    ),
    _echoed(
        "plain-binary",
        "6.2-2",
        "A binary message that is not compressed is taken",
        Send(binary(b"\x00\xff")),
        b"\x00\xff",
        answers=server_binary(b"\x00\xff"),
    ),
    _echoed(
        "plain-empty", "6.2-2", "An empty text that is not compressed is taken", Send(text()), "", answers=server_text()
    ),
    _echoed(
        "plain-fragments",
        "6.2-2",
        "A fragmented text that is not compressed is taken",
        Send(fragments(Opcode.TEXT, ("Hel", "lo"))),
        "Hello",
        answers=_ECHO,
    ),
    _echoed(
        "plain-deflate-data",
        "6.2-2",
        "A binary message that looks like DEFLATE data is not inflated",
        Send(binary(_HELLO)),
        _HELLO,
        answers=server_binary(_HELLO),
    ),
    _echoed(
        "plain-between",
        "6.2-2",
        "Texts that are compressed and texts that are not may take turns",
        Send(text(_HELLO, rsv=4) + text("plain") + text(_HELLO, rsv=4) + text("plain")),
        "Hello",
        "plain",
        "Hello",
        "plain",
        answers=(_ECHO + server_text("plain")) * 2,
    ),
    Check(
        id="rfc7692-6.2-plain-keeps-window",
        requirement="rfc7692-6.2-2",
        title="A text that is not compressed leaves the window as it was",
        since=SINCE,
        steps=(
            *deflating(cases=TAKEOVER),
            Send(text(_HELLO, rsv=4) + text("plain") + text(deflated(Fixed(Back(5, 5))), rsv=4)),
            Hears(must_echo("Hello", "plain", "Hello"), messages=3),
        ),
        good=(SWITCHED_DEFLATE + _ECHO + server_text("plain") + _ECHO,),
        mutants=(
            Canned("takes it into the window", SWITCHED_DEFLATE + _ECHO + server_text("plain") * 2),
            DEAF,
            _CANNOT,
            HANGS_UP,
        ),
        note="Section 7.2.3.2 says so of its example.",
    ),
)


def _bit_is_right(slug: str, words: str, sent: bytes, *items: str) -> Check:
    """RSV1 says what a payload is: without compression the bit of a server's message is 0."""
    raw = b"".join(server_text(item, rsv=4) for item in items)
    return Check(
        id=f"rfc7692-6.1-bit-{slug}",
        requirement="rfc7692-6.1-2",
        title=f"The echo of {words} has RSV1 only if it is compressed",
        since=SINCE,
        steps=(
            *deflating(),
            Send(sent),
            Hears(
                {
                    misframed("deflate-broken", "frame-rsv"): VIOLATION.because(
                        "a message has RSV1 and is not compressed"
                    ),
                    **must_echo(*items),
                },
                messages=len(items),
            ),
        ),
        good=(SWITCHED_DEFLATE + b"".join(server_text(item) for item in items),),
        mutants=(
            Canned("sets it on what is not compressed", SWITCHED_DEFLATE + raw),
            Canned("echoes something else", SWITCHED_DEFLATE + server_text("?") * len(items)),
            DEAF,
        ),
        note="A server may compress a message or not, each as it likes.",
    )


_BITS = (
    _bit_is_right("plain", "a text that was not compressed", text("merkhet"), "merkhet"),
    _bit_is_right("short", "a compressed text of one octet", text(deflated(Fixed(b"m")), rsv=4), "m"),
    _bit_is_right("empty", "an empty text", text(), ""),
    _bit_is_right("both", "two texts, one of them compressed", text("Hello") + text(_HELLO, rsv=4), "Hello", "Hello"),
)

CHECKS = (*_WHOLE, *_BINARY, *_BETWEEN, *_PLAIN, *_BITS)
