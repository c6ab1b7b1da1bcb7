"""RFC 7692, Sections 6 and 7: the rules on a server's compressed messages, held against all that is heard in a run."""

from __future__ import annotations

import hashlib

from merkhet.check import Canned, Passive, Stream, closes
from merkhet.heard import Opcode
from merkhet.suites.deflate_words import Back, Fixed, Reserved, deflated, flushed
from merkhet.suites.websocket_words import (
    DEFLATE,
    SWITCHED_DEFLATE,
    binary,
    close,
    handshake,
    offers,
    ping,
    server_binary,
    server_close,
    server_fragments,
    server_frame,
    server_pong,
    server_text,
    switched_by,
    text,
)
from merkhet.suites.words import SINCE

_WORD = b"merkhet"
_FRESH = "permessage-deflate; server_no_context_takeover"
_NARROW = "permessage-deflate; server_max_window_bits=9"
_NOISE = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(20))
"""640 octets that no sender can make smaller: where they come again, that is farther back than a window of 512."""
_DEFLATED = deflated(Fixed(_WORD))
_FINAL = deflated(Fixed(_WORD, final=True))
_SENT = ping(_WORD) + text(_WORD * 200)
"""Enough to be worth compressing: some servers leave a short message as it is."""
_PONG = server_pong(_WORD)
_BYE = server_close(1000)


def _said(*frames: bytes, head: bytes = SWITCHED_DEFLATE) -> Stream:
    return closes(head + b"".join(frames) + _PONG + _BYE)


def _text(payload: bytes) -> bytes:
    return server_text(payload, rsv=4)


def _rule(
    section: str,
    slug: str,
    requirement: str,
    title: str,
    *mutants: Canned,
    good: Stream,
    offer: bytes = DEFLATE,
    sent: tuple[bytes, ...] = (_SENT,),
) -> Passive:
    return Passive(
        id=f"rfc7692-{section}-frames-{slug}",
        requirement=f"rfc7692-{requirement}",
        title=title,
        since=SINCE,
        rule=f"deflate-{slug}",
        good=(good,),
        mutants=mutants,
        probe=handshake("ws-deflate", offer),
        frames=(*sent, close(1000)),
    )


_FRESH_HEAD = switched_by(offers(_FRESH))
_NARROW_HEAD = switched_by(offers(_NARROW))
_FAR = deflated(Fixed(_NOISE, *(Back(128, len(_NOISE)),) * 5))
_NEAR = deflated(Fixed(_NOISE, _NOISE))

PASSIVES = (
    _rule(
        "6.1",
        "broken",
        "6.1-1",
        "Every compressed message of the server can be inflated",
        Canned("sends a message as it is", _said(_text(_WORD))),
        Canned("sends a block of a type that is none", _said(_text(deflated(Reserved())))),
        Canned(
            "compresses each fragment by itself",
            _said(server_fragments(Opcode.TEXT, (deflated(Fixed(b"merk")), deflated(Fixed(b"het"))), rsv=4)),
        ),
        good=_said(server_fragments(Opcode.TEXT, (flushed(Fixed(b"merk")), deflated(Fixed(b"het"))), rsv=4)),
    ),
    _rule(
        "6.1",
        "rsv1",
        "6.1-3",
        "No control frame and no continuation frame of the server has RSV1",
        Canned("sets it on a Pong", _said(_text(_DEFLATED), server_frame(Opcode.PONG, _WORD, rsv=4))),
        Canned(
            "sets it on every fragment",
            _said(
                server_frame(Opcode.TEXT, _DEFLATED[:3], rsv=4, fin=False),
                server_frame(Opcode.CONTINUATION, _DEFLATED[3:], rsv=4),
            ),
        ),
        good=_said(_text(_DEFLATED)),
    ),
    _rule(
        "7.2.1",
        "padding",
        "7.2.1-4",
        "Every block with BFINAL that the server sends is filled up with 0 bits",
        Canned("fills it up with others", _said(_text(_FINAL[:-2] + bytes([_FINAL[-2] | 0x80]) + _FINAL[-1:]))),
        good=_said(_text(_FINAL)),
    ),
    _rule(
        "7.2.1",
        "takeover",
        "7.2.1-10",
        "No message refers to an earlier one where server_no_context_takeover is agreed",
        Canned(
            "refers to the one before",
            _said(_text(_DEFLATED), _text(deflated(Fixed(Back(len(_WORD), len(_WORD))))), head=_FRESH_HEAD),
        ),
        good=_said(_text(_DEFLATED), _text(_DEFLATED), head=_FRESH_HEAD),
        offer=offers(_FRESH),
        sent=(_SENT, _SENT),
    ),
    _rule(
        "7.2.1",
        "window",
        "7.2.1-14",
        "No message refers farther back than the agreed server_max_window_bits",
        Canned("refers back 640 octets", _said(server_binary(_FAR, rsv=4), head=_NARROW_HEAD)),
        good=_said(server_binary(_NEAR, rsv=4), head=_NARROW_HEAD),
        offer=offers(_NARROW),
        sent=(binary(_NOISE * 2),),
    ),
)
