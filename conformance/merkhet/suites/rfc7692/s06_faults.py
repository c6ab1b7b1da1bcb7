"""RFC 7692, Section 6: the bit where it may not stand, and payloads that are no message."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Hears,
    Send,
    Verdict,
    closes,
    in_turns,
)
from merkhet.expect_handshake import declined
from merkhet.expect_websocket import closes as closes_with
from merkhet.expect_websocket import (
    echoes,
    ends_bare,
    lets_the_connection_stand,
    sends_close,
    speaks,
    stays_open,
)
from merkhet.expectation import Hearing
from merkhet.heard import Opcode
from merkhet.suites.deflate_words import Back, Dynamic, Fixed, Reserved, Stored, deflated, flushed
from merkhet.suites.rfc7692.agreed import ALIVE, alive_deflating
from merkhet.suites.websocket_words import (
    CLOSE_SECONDS,
    DEFLATE,
    SWITCHED,
    SWITCHED_DEFLATE,
    binary,
    close,
    continuation,
    fails,
    fragments,
    handshake,
    ping,
    pong,
    server_close,
    server_pong,
    server_text,
    text,
)
from merkhet.suites.words import SINCE

_HELLO = deflated(Fixed(b"Hello"))
_BEHIND = ping(b"behind")
_BARE = Canned("hangs up without a Close", closes(ALIVE))
_DEAF = Canned("does nothing any more", ALIVE)
_GOES_ON = Canned("answers the Ping behind it", ALIVE + server_pong(b"behind"))


def _failed(code: int) -> tuple[Canned, ...]:
    return Canned("keeps the connection behind its Close", ALIVE + server_close(code)), _BARE, _DEAF, _GOES_ON


# --- RSV1 where it may not stand


def _rsv1(slug: str, title: str, sent: Send, *taken: Canned) -> Check:
    step = Send(sent.data + _BEHIND, cuts=sent.cuts, each=sent.each)
    return Check(
        id=f"rfc7692-6.1-{slug}",
        requirement="rfc7692-6.1-4",
        title=title,
        since=SINCE,
        steps=(*alive_deflating(), step, fails(1002)),
        good=(closes(ALIVE + server_close(1002)),),
        mutants=(*taken, *_failed(1002)),
    )


def _echoes(word: str) -> Canned:
    return Canned("echoes the message", ALIVE + server_text(word))


_FIRST = text(_HELLO[:3], fin=False, rsv=4)
_RSV1 = (
    _rsv1(
        "rsv1-ping",
        "A Ping with RSV1 fails the connection",
        Send(ping(b"merkhet", rsv=4)),
        Canned("answers it", ALIVE + server_pong(b"merkhet")),
    ),
    _rsv1(
        "rsv1-ping-empty",
        "A Ping with RSV1 and without data fails the connection",
        Send(ping(rsv=4)),
        Canned("answers it", ALIVE + server_pong()),
    ),
    _rsv1(
        "rsv1-ping-compressed",
        "A compressed Ping fails the connection",
        Send(ping(_HELLO, rsv=4)),
        Canned("answers it", ALIVE + server_pong(b"Hello")),
    ),
    _rsv1(
        "rsv1-ping-byte-by-byte",
        "A Ping with RSV1 that comes octet by octet fails the connection",
        Send(ping(b"m", rsv=4), each=1),
        Canned("answers it", ALIVE + server_pong(b"m")),
    ),
    _rsv1(
        "rsv1-ping-in-message",
        "A Ping with RSV1 between compressed fragments fails the connection",
        Send(_FIRST + ping(b"m", rsv=4) + continuation(_HELLO[3:])),
        _echoes("Hello"),
    ),
    _rsv1("rsv1-pong", "A Pong with RSV1 fails the connection", Send(pong(b"merkhet", rsv=4))),
    _rsv1(
        "rsv1-continuation",
        "A last fragment with RSV1 fails the connection",
        Send(_FIRST + continuation(_HELLO[3:], rsv=4)),
        _echoes("Hello"),
    ),
    _rsv1(
        "rsv1-middle",
        "A middle fragment with RSV1 fails the connection",
        Send(_FIRST + continuation(_HELLO[3:5], fin=False, rsv=4) + continuation(_HELLO[5:])),
        _echoes("Hello"),
    ),
    _rsv1(
        "rsv1-late",
        "RSV1 on the second fragment of a message alone fails the connection",
        Send(text("Hel", fin=False) + continuation("lo", rsv=4)),
        _echoes("Hello"),
    ),
    _rsv1(
        "rsv1-late-compressed",
        "A compressed fragment in a message that is not fails the connection",
        Send(text("Hel", fin=False) + continuation(deflated(Fixed(b"lo")), rsv=4)),
        _echoes("Hello"),
    ),
    _rsv1(
        "rsv1-empty-continuation",
        "An empty last fragment with RSV1 fails the connection",
        Send(text(_HELLO, fin=False, rsv=4) + continuation(rsv=4)),
        _echoes("Hello"),
    ),
)

_RSV1_CLOSE = Check(
    id="rfc7692-6.1-rsv1-close",
    requirement="rfc7692-6.1-4",
    title="A Close with RSV1 fails the connection",
    since=SINCE,
    steps=(
        *alive_deflating(),
        Send(close(4321, rsv=4)),
        fails(1002, first={sends_close(4321): VIOLATION.because("it answered the Close as if nothing were wrong")}),
    ),
    good=(closes(ALIVE + server_close(1002)),),
    mutants=(
        Canned("answers it with its code", closes(ALIVE + server_close(4321))),
        Canned("keeps the connection behind its Close", ALIVE + server_close(1002)),
        _BARE,
        _DEAF,
    ),
)


def _not_agreed(slug: str, title: str, bits: int, *offer: bytes) -> Check:
    """A bit that nothing agreed on explains, at the endpoint that knows compression."""
    agreed = bool(offer)
    head = SWITCHED_DEFLATE if agreed else SWITCHED
    open_ = head + server_text("merkhet")
    steps = (
        alive_deflating()
        if agreed
        else (
            Send(handshake("ws-deflate")),
            Answers({declined: PASS}),
            Send(text("merkhet")),
            Hears({echoes("merkhet"): PASS}, messages=1),
        )
    )
    return Check(
        id=f"rfc6455-5.2-{slug}",
        requirement="rfc6455-5.2-3",
        title=title,
        since=SINCE,
        steps=(*steps, Send(text(_HELLO, rsv=bits) + _BEHIND), fails(1002)),
        good=(closes(open_ + server_close(1002)),),
        mutants=(
            Canned("inflates it", open_ + server_text("Hello")),
            Canned("passes over it", open_ + server_pong(b"behind")),
            Canned("keeps the connection behind its Close", open_ + server_close(1002)),
            Canned("hangs up without a Close", closes(open_)),
            Canned("does nothing any more", open_),
        ),
    )


_NOT_AGREED = (
    _not_agreed("deflate-not-offered", "A compressed text fails a connection without compression", 4),
    _not_agreed("deflate-rsv2", "RSV2 beside RSV1 fails a connection with compression", 6, DEFLATE),
    _not_agreed("deflate-rsv3", "RSV3 beside RSV1 fails a connection with compression", 5, DEFLATE),
    _not_agreed("deflate-rsv2-alone", "RSV2 without RSV1 fails a connection with compression", 2, DEFLATE),
)

# --- text that is not UTF-8 once it is inflated


def _not_utf8(slug: str, title: str, sent: bytes, said: bytes) -> Check:
    repeated = in_turns(SWITCHED_DEFLATE, server_text("merkhet"), server_text(deflated(Fixed(said)), rsv=4))
    return Check(
        id=f"rfc7692-6.2-{slug}",
        requirement="rfc7692-6.2-a1",
        title=title,
        since=SINCE,
        steps=(
            *alive_deflating(),
            Send(sent + _BEHIND),
            fails(1007),
        ),
        good=(closes(ALIVE + server_close(1007)),),
        mutants=(
            Canned("echoes it", repeated),
            Canned("echoes it with replacement characters", ALIVE + server_text(said.decode(errors="replace"))),
            *_failed(1007),
        ),
    )


_NOT_UTF8 = (
    _not_utf8(
        "not-utf8",
        "Compressed text that is not UTF-8 fails the connection",
        text(deflated(Fixed(b"caf\xe9")), rsv=4),
        b"caf\xe9",
    ),
    _not_utf8(
        "not-utf8-stored",
        "Text that is not UTF-8 in a stored block fails the connection",
        text(deflated(Stored(b"caf\xff!")), rsv=4),
        b"caf\xff!",
    ),
    _not_utf8(
        "not-utf8-cut",
        "Compressed text that ends within a character fails the connection",
        text(deflated(Fixed(b"caf\xc3")), rsv=4),
        b"caf\xc3",
    ),
    _not_utf8(
        "not-utf8-surrogate",
        "Compressed text with a surrogate fails the connection",
        text(deflated(Dynamic(b"a\xed\xa0\x80z")), rsv=4),
        b"a\xed\xa0\x80z",
    ),
    _not_utf8(
        "not-utf8-copied",
        "Text that is not UTF-8 by a reference back fails the connection",
        text(deflated(Fixed("\N{SNOWMAN}".encode(), Back(3, 2))), rsv=4),
        b"\xe2\x98\x83\x98\x83\x98",
    ),
    _not_utf8(
        "not-utf8-fragments",
        "Text that is not UTF-8 across compressed fragments fails the connection",
        fragments(Opcode.TEXT, (flushed(Fixed(b"caf\xc3")), deflated(Fixed(b"zz"))), rsv=4),
        b"caf\xc3zz",
    ),
    _not_utf8(
        "not-utf8-fragments-of-one",
        "Text that is not UTF-8 in fragments of one octet fails the connection",
        fragments(Opcode.TEXT, tuple(bytes([octet]) for octet in deflated(Fixed(b"caf\xe9!"))), rsv=4),
        b"caf\xe9!",
    ),
    _not_utf8(
        "not-utf8-last-fragment",
        "Text that is not UTF-8 in its last compressed fragment fails the connection",
        fragments(Opcode.TEXT, (flushed(Fixed(b"Hello")), deflated(Fixed(b"\xff"))), rsv=4),
        b"Hello\xff",
    ),
)

# --- what is no DEFLATE data

_GARBAGE_CASES: Mapping[Hearing, Verdict] = {
    speaks: WARNING.because("it took for a message what cannot be inflated"),
    lets_the_connection_stand: WARNING.because("it sent a Close, and the connection stays open"),
    closes_with(): PASS,
    ends_bare: PASS,
    stays_open: WARNING.because("it neither delivered anything nor ended the connection"),
}


def _garbage(slug: str, title: str, sent: bytes) -> Check:
    return Check(
        id=f"rfc7692-6.2-{slug}",
        requirement="rfc7692-6.2-a1",
        title=title,
        since=SINCE,
        steps=(*alive_deflating(), Send(sent), Hears(_GARBAGE_CASES, patience_seconds=CLOSE_SECONDS)),
        good=(closes(ALIVE + server_close(1007)),),
        mutants=(
            Canned("echoes an empty text", ALIVE + server_text()),
            Canned("echoes the octets", ALIVE + server_text("??")),
            Canned("keeps the connection behind its Close", ALIVE + server_close(1007)),
            _DEAF,
        ),
        note="The text is silent on data that is no DEFLATE: any end of the connection will do, and the rest is a warning.",
    )


_GARBAGE = (
    _garbage(
        "garbage",
        "A text whose first block is of the reserved type is not delivered",
        text(deflated(Reserved()), rsv=4),
    ),
    _garbage(
        "garbage-binary",
        "A binary message whose first block is of the reserved type is not delivered",
        binary(b"\x07" + b"\xff" * 30, rsv=4),
    ),
    _garbage(
        "garbage-behind-block",
        "A text whose second block is of the reserved type is not delivered",
        text(deflated(Fixed(b"Hello"), Reserved()), rsv=4),
    ),
    _garbage(
        "garbage-in-fragments",
        "A text whose second fragment is of the reserved type is not delivered",
        fragments(Opcode.TEXT, (flushed(Fixed(b"Hello")), b"\x06\xff\xff"), rsv=4),
    ),
    _garbage(
        "garbage-stored-length",
        "A stored block whose length and complement disagree is not delivered",
        text(b"\x00\x05\x00\x05\x00Hello\x00", rsv=4),
    ),
    _garbage(
        "garbage-far-back",
        "A text that refers to what was before the first message is not delivered",
        text(deflated(Fixed(b"a", Back(10, 30000))), rsv=4),
    ),
)

CHECKS = (*_RSV1, _RSV1_CLOSE, *_NOT_AGREED, *_NOT_UTF8, *_GARBAGE)
