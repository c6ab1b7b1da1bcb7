"""RFC 6455, Sections 5 to 7: the rules on a server's frames, held against all that is heard in a run.

Each check names a rule of the judge. Alone it opens a WebSocket, sends a message, a Ping and a Close, and listens; in a run
it also speaks for every other WebSocket that the checks opened.
"""

from __future__ import annotations

from merkhet.check import Canned, Passive, Stream, closes
from merkhet.heard import Opcode
from merkhet.suites.websocket_words import (
    SWITCHED,
    close,
    handshake,
    ping,
    server_close,
    server_fragments,
    server_frame,
    server_pong,
    server_text,
    text,
)
from merkhet.suites.words import SINCE

_SENT = (ping(b"merkhet") + text("merkhet"), close(1000))
_ECHO = server_text("merkhet")
_PONG = server_pong(b"merkhet")
_BYE = server_close(1000)


def _said(*frames: bytes) -> Stream:
    return closes(SWITCHED + b"".join(frames))


_GOOD = _said(_ECHO, _PONG, _BYE)


def _rule(
    section: str, slug: str, requirement: str, title: str, rule: str, *mutants: Canned, good: Stream = _GOOD
) -> Passive:
    return Passive(
        id=f"rfc6455-{section}-{slug}",
        requirement=f"rfc6455-{requirement}",
        title=title,
        since=SINCE,
        rule=rule,
        good=(good,),
        mutants=mutants,
        probe=handshake(),
        frames=_SENT,
    )


_FRAMES = (
    _rule(
        "5.1",
        "frames-unmasked",
        "5.1-4",
        "No frame of the server is masked",
        "frame-masked",
        Canned("masks its messages", _said(text("merkhet"), _PONG, _BYE)),
        Canned("masks its Pongs", _said(_ECHO, ping(b"merkhet"), _BYE)),
        Canned("masks its Close", _said(_ECHO, _PONG, close(1000))),
    ),
    _rule(
        "5.2",
        "frames-rsv",
        "5.2-2",
        "Every RSV bit that no agreed extension defines is 0",
        "frame-rsv",
        *(
            Canned(f"sets RSV{4 - place.bit_length()} on a message", _said(server_text("merkhet", rsv=place), _BYE))
            for place in (1, 2, 4)
        ),
        Canned("sets RSV1 on a Pong", _said(_ECHO, server_frame(Opcode.PONG, b"merkhet", rsv=4), _BYE)),
        Canned("sets RSV3 on its Close", _said(_ECHO, _PONG, server_frame(Opcode.CLOSE, b"\x03\xe8", rsv=1))),
    ),
    _rule(
        "5.2",
        "frames-length-top-bit",
        "5.2-5",
        "No length of 64 bits has its top bit set",
        "frame-length-top-bit",
        Canned("sets it", _said(b"\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x07merkhet", _BYE)),
    ),
    _rule(
        "5.2",
        "frames-length-minimal",
        "5.2-6a",
        "Every length is written in as few octets as it fits in",
        "frame-length-minimal",
        Canned("writes 7 in 16 bits", _said(server_frame(Opcode.TEXT, b"merkhet", form=16), _PONG, _BYE)),
        Canned("writes 7 in 64 bits", _said(server_frame(Opcode.TEXT, b"merkhet", form=64), _PONG, _BYE)),
        Canned("writes a Pong's length in 16 bits", _said(_ECHO, server_frame(Opcode.PONG, b"merkhet", form=16), _BYE)),
    ),
    _rule(
        "5.4",
        "frames-control-whole",
        "5.4-2",
        "No control frame of the server is fragmented",
        "frame-control-fragmented",
        Canned("fragments its Pong", _said(_ECHO, server_frame(Opcode.PONG, b"merk", fin=False), _BYE)),
        Canned("fragments its Close", _said(_ECHO, _PONG, server_frame(Opcode.CLOSE, b"\x03\xe8", fin=False))),
    ),
    _rule(
        "5.4",
        "frames-interleaved",
        "5.4-4",
        "No message of the server begins within the fragments of another",
        "frame-interleaved",
        Canned("begins one in another", _said(server_frame(Opcode.TEXT, b"merk", fin=False), _ECHO, _PONG, _BYE)),
    ),
    _rule(
        "5.4",
        "frames-continuation",
        "5.4-a1",
        "No continuation frame of the server comes without a message that it goes on with",
        "frame-continuation",
        Canned("sends one first", _said(server_frame(Opcode.CONTINUATION, b"merkhet"), _PONG, _BYE)),
        Canned("sends one too many", _said(_ECHO, server_frame(Opcode.CONTINUATION), _PONG, _BYE)),
    ),
    _rule(
        "5.5",
        "frames-control-size",
        "5.5-1",
        "No control frame of the server is longer than 125 octets",
        "frame-control-size",
        Canned("sends a Pong of 126", _said(_ECHO, server_frame(Opcode.PONG, b"x" * 126), _BYE)),
        Canned("sends a Close of 127", _said(_ECHO, _PONG, server_close(1000, b"x" * 125))),
    ),
    _rule(
        "5.6",
        "frames-text-utf8",
        "5.6-1",
        "Every text message of the server is UTF-8",
        "frame-text-utf8",
        Canned("sends Latin-1", _said(server_text(b"caf\xe9"), _PONG, _BYE)),
        Canned("cuts a character off at its end", _said(server_fragments(Opcode.TEXT, (b"caf", b"\xc3")), _PONG, _BYE)),
        Canned("sends a surrogate", _said(server_text(b"\xed\xa0\x80"), _PONG, _BYE)),
        good=_said(server_fragments(Opcode.TEXT, (b"caf\xc3", b"\xa9")), _PONG, _BYE),
    ),
    _rule(
        "6.1",
        "frames-opcode",
        "6.1-3",
        "Every frame of the server has an opcode that is defined",
        "frame-opcode",
        Canned("sends opcode 3", _said(server_frame(3, b"merkhet"), _PONG, _BYE)),
        Canned("sends opcode 11", _said(_ECHO, server_frame(11, b"merkhet"), _BYE)),
    ),
)

_CLOSES = (
    _rule(
        "5.5.1",
        "frames-close-body",
        "5.5.1-2",
        "Every Close of the server has no body, or a code and a reason in UTF-8",
        "frame-close-body",
        Canned("sends one octet", _said(_ECHO, _PONG, server_close(body=b"\x03"))),
        Canned("gives a reason in Latin-1", _said(_ECHO, _PONG, server_close(1000, b"caf\xe9"))),
    ),
    _rule(
        "5.5.1",
        "frames-data-after-close",
        "5.5.1-5",
        "No data frame of the server follows its own Close",
        "frame-data-after-close",
        Canned("echoes behind it", _said(_BYE, _ECHO)),
        Canned(
            "ends a message behind it", _said(server_frame(Opcode.TEXT, b"m", fin=False), _BYE, server_frame(0, b"e"))
        ),
    ),
    *(
        _rule(
            "7.4.1",
            f"frames-close-{code}",
            requirement,
            f"No Close of the server has the code {code}",
            f"frame-close-{code}",
            Canned("sends it", _said(_ECHO, _PONG, server_close(code))),
        )
        for code, requirement in ((1005, "7.4.1-3"), (1006, "7.4.1-4"), (1015, "7.4.1-6"), (1010, "7.4.1-a1"))
    ),
    _rule(
        "7.4.2",
        "frames-close-reserved",
        "7.4.2-a1",
        "No Close of the server has a code that is reserved",
        "frame-close-reserved",
        *(Canned(f"sends {code}", _said(_ECHO, _PONG, server_close(code))) for code in (0, 999, 1004, 1016, 2999)),
    ),
)

PASSIVES = (*_FRAMES, *_CLOSES)
