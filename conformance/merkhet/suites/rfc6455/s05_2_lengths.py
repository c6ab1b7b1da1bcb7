"""RFC 6455, Section 5.2: the three forms of a length, read wherever the octets are cut."""

from __future__ import annotations

from merkhet.check import BREACH, PASS, VIOLATION, WARNING, Canned, Check, Hears, Send, closes, observed
from merkhet.expect_websocket import (
    Item,
    echoes,
    either,
    ends_bare,
    goes_on,
    lets_the_connection_stand,
    pongs,
    pongs_after_close,
    sends_close,
    speaks,
    speaks_after_close,
    stays_open,
)
from merkhet.expect_websocket import closes as closes_with
from merkhet.heard import Opcode
from merkhet.suites.frame_words import UNCLOSED, comes_back, says_canned
from merkhet.suites.websocket_words import (
    OPEN,
    alive,
    frame,
    head_of_frame,
    masked,
    ping,
    server_close,
    server_pong,
    server_text,
)
from merkhet.suites.words import SINCE

# --- each length class, cut everywhere

_SIZES = (0, 1, 125, 126, 127, 128, 65535, 65536)
_BY_OCTETS_MAX = 128
_LETTERS = b"abcdefghijklmnopqrstuvwxyz0123456789."
_OCTETS = bytes(range(255, -1, -1))


def _payload(opcode: Opcode, size: int) -> bytes:
    unit = _LETTERS if opcode is Opcode.TEXT else _OCTETS
    return (unit * (size // len(unit) + 1))[:size]


def _deliveries(opcode: Opcode, size: int) -> dict[str, tuple[str, Send]]:
    """Return the ways in which a message of this size comes: the slug, the words, the step."""
    octets = frame(opcode, _payload(opcode, size))
    head = len(head_of_frame(opcode, size))
    ways = {
        "whole": ("in one segment", Send(octets)),
        "cut-head": ("cut behind the first octet of its head", Send(octets, cuts=(1,))),
        "cut-mask": ("cut within its masking key", Send(octets, cuts=(head - 2,))),
    }
    if size > 125:
        ways["cut-length"] = ("cut within its length", Send(octets, cuts=(3,)))
    if size:
        ways["cut-payload"] = ("cut behind its head, and in the middle", Send(octets, cuts=(head, head + size // 2)))
    if size <= _BY_OCTETS_MAX:
        ways["byte-by-byte"] = ("octet by octet", Send(octets, each=1))
    return ways


def _item(opcode: Opcode, data: bytes) -> Item:
    return data.decode() if opcode is Opcode.TEXT else data


_LENGTHS = tuple(
    comes_back(
        f"6.2-length-{size}-{opcode.name.lower()}-{slug}",
        "6.2-1",
        f"A {opcode.name.lower()} message of {size} octet{'' if size == 1 else 's'} that comes {words} is read",
        sent,
        _item(opcode, _payload(opcode, size)),
    )
    for opcode in (Opcode.TEXT, Opcode.BINARY)
    for size in _SIZES
    for slug, (words, sent) in _deliveries(opcode, size).items()
)

# --- a longer form than is needed


_LONGER = (
    ("5-in-16", Opcode.TEXT, 5, 16),
    ("5-in-64", Opcode.TEXT, 5, 64),
    ("0-in-16", Opcode.TEXT, 0, 16),
    ("0-in-64", Opcode.BINARY, 0, 64),
    ("125-in-16", Opcode.BINARY, 125, 16),
    ("126-in-64", Opcode.TEXT, 126, 64),
    ("65535-in-64", Opcode.BINARY, 65535, 64),
)


def _longer(slug: str, opcode: Opcode, size: int, form: int) -> Check:
    item = _item(opcode, _payload(opcode, size))
    return Check(
        id=f"rfc6455-5.2-length-{slug}-bits",
        requirement="rfc6455-5.2-6b",
        title=f"What a server does with a length of {size} that is written in {form} bits",
        since=SINCE,
        steps=(
            *alive(),
            Send(frame(opcode, _payload(opcode, size), form=form)),
            Hears(
                {
                    echoes(item): observed("takes a length in a longer form than it needs"),
                    speaks: BREACH.because("it read another message than the one sent"),
                    sends_close(): observed("closes on a length in a longer form than it needs"),
                    ends_bare: observed("hangs up on a length in a longer form than it needs"),
                    stays_open: WARNING.because("the message was passed over without a word"),
                },
                messages=1,
            ),
        ),
        good=(OPEN + says_canned(item),),
        mutants=(
            Canned("takes the length for data", OPEN + says_canned("\0\5hel")),
            Canned("closes the WebSocket", closes(OPEN + server_close(1002))),
            Canned("hangs up", closes(OPEN)),
            Canned("passes over it", OPEN),
        ),
        note="The shortest form is asked of the sender; what a receiver does with another is nowhere said.",
    )


_LONGER_PING = Check(
    id="rfc6455-5.2-length-ping-in-16-bits",
    requirement="rfc6455-5.2-6b",
    title="What a server does with a Ping whose length of 5 is written in 16 bits",
    since=SINCE,
    steps=(
        *alive(),
        Send(frame(Opcode.PING, b"hello", form=16)),
        Hears(
            {
                pongs(b"hello"): observed("takes a Ping's length in a longer form than it needs"),
                goes_on: BREACH.because("it read another Ping than the one sent"),
                sends_close(): observed("closes on a Ping's length in a longer form than it needs"),
                ends_bare: observed("hangs up on a Ping's length in a longer form than it needs"),
                stays_open: WARNING.because("the Ping was passed over without a word"),
            },
            pongs=1,
        ),
    ),
    good=(closes(OPEN + server_close(1002)),),
    mutants=(
        Canned("takes the length for data", OPEN + server_pong(b"\x00\x05hel")),
        Canned("answers it", OPEN + server_pong(b"hello")),
        Canned("hangs up", closes(OPEN)),
        Canned("passes over it", OPEN),
    ),
)

# --- lengths that no payload has

_WAITS = "it waits for a payload that cannot come"
_TOP_BIT = 1 << 63


def _top_bit(slug: str, words: str, opcode: Opcode, length: int, *, fin: bool = True) -> Check:
    head = head_of_frame(opcode, length, form=64, fin=fin)
    return Check(
        id=f"rfc6455-5.2-length-top-bit-{slug}",
        requirement="rfc6455-5.2-5",
        title=f"A {words} is not taken for a shorter one",
        since=SINCE,
        steps=(
            *alive(),
            Send(head + masked(b"hello", head[-4:]) + ping(b"behind")),
            Hears(
                {
                    speaks: VIOLATION.because("it took the frame for a shorter one"),
                    either(speaks_after_close, pongs_after_close): VIOLATION.because("it went on behind its own Close"),
                    goes_on: VIOLATION.because("it took the frame for a shorter one, and what came behind for another"),
                    closes_with(): PASS,
                    ends_bare: UNCLOSED,
                    lets_the_connection_stand: WARNING.because("it sent a Close, and the connection stays open"),
                    stays_open: observed(_WAITS),
                },
                pongs=1,
            ),
        ),
        good=(closes(OPEN + server_close(1002)),),
        mutants=(
            Canned("drops the bit", OPEN + server_text("hello") + server_pong(b"behind")),
            Canned("passes over the frame", OPEN + server_pong(b"behind")),
            Canned("keeps the connection after its Close", OPEN + server_close(1002)),
            Canned("hangs up", closes(OPEN)),
            Canned("waits", OPEN),
        ),
        note=(
            "The bit is forbidden to the sender, and nothing is asked of a receiver: to refuse it, and to wait for that much, "
            "are both sound. To read it as some other length is not."
        ),
    )


_TOP_BITS = (
    _top_bit("text", "text frame with the top bit of its length set", Opcode.TEXT, _TOP_BIT + 5),
    _top_bit("binary", "binary frame with the top bit of its length set", Opcode.BINARY, _TOP_BIT + 5),
    _top_bit("fragment", "first fragment with the top bit of its length set", Opcode.TEXT, _TOP_BIT + 5, fin=False),
    _top_bit("alone", "text frame with nothing but the top bit of its length set", Opcode.TEXT, _TOP_BIT),
    _top_bit("all-ones", "text frame with every bit of its length set", Opcode.TEXT, (1 << 64) - 1),
)


def _announced(slug: str, words: str, opcode: Opcode, length: int) -> Check:
    """Section 10.4 names such a frame: a length that no memory holds, and only its first octets."""
    head = head_of_frame(opcode, length)
    return Check(
        id=f"rfc6455-10.4-announced-{slug}",
        requirement="rfc6455-10.4-1",
        title=f"A {opcode.name.lower()} frame that announces {words} octets is refused, or waited for",
        since=SINCE,
        steps=(
            *alive(),
            Send(head + masked(b"hello", head[-4:]) + ping(b"behind")),
            Hears(
                {
                    speaks: BREACH.because("it took the frame for a shorter one"),
                    either(speaks_after_close, pongs_after_close): BREACH.because("it went on behind its own Close"),
                    goes_on: BREACH.because("it took what came behind for another frame"),
                    sends_close(1009): PASS,
                    sends_close(): PASS.because("closed, but not with 1009"),
                    ends_bare: PASS.because("ended without a Close frame"),
                    stays_open: PASS.because("waits for as much"),
                },
                pongs=1,
            ),
        ),
        good=(closes(OPEN + server_close(1009)),),
        mutants=(
            Canned("reads the last octet of the length alone", OPEN + server_text("") + server_pong(b"behind")),
            Canned("reads the five octets as the message", OPEN + server_text("hello") + server_pong(b"behind")),
            Canned("passes over the frame", OPEN + server_pong(b"behind")),
        ),
        note="No limit is asked for in so many octets, and none is seen before it is reached: to wait is as good as to refuse.",
    )


_ANNOUNCED = (
    _announced("2-60", "2^60", Opcode.BINARY, 1 << 60),
    _announced("2-63", "2^63 - 1", Opcode.BINARY, (1 << 63) - 1),
    _announced("2-32", "2^32", Opcode.TEXT, 1 << 32),
    _announced("2-31", "2^31", Opcode.TEXT, 1 << 31),
)

CHECKS = (*_LENGTHS, *(_longer(*row) for row in _LONGER), _LONGER_PING, *_TOP_BITS, *_ANNOUNCED)
