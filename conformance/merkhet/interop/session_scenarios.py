"""The sessions on a WebSocket: what a client says there, what has to come of it, and canned servers on which it must not.

A canned server accepts the handshake, with the field lines of `lines` in its answer, and has one answer for each whole message,
Ping and Close that comes, in their order; behind the last it hangs up.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from merkhet.fixtures import FIXTURES
from merkhet.interop.scenarios import NotOfferedError
from merkhet.interop.session import Heard, Message, Said, Session

TEXTS = ("merkhet", "caf\xe9 \u2603 \U0001d11e", "")
OCTETS = (bytes(range(256)), b"", b"\xff" * 126)
LARGE = FIXTURES["large.bin"][: 512 * 1024]
MANY = tuple(f"message {number}" for number in range(100))
REPETITIVE = "all work and no play " * 500
FRAGMENTED: tuple[tuple[str, ...], tuple[bytes, ...]] = (("one ", "", "whole ", "text"), (b"\x00\x01", b"\xfe", b""))
TEXT, BINARY, CLOSE, PONG = 0x81, 0x82, 0x88, 0x8A
COMPRESSED = 0x40

Judge = Callable[[Heard], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a canned server does."""

    answers: tuple[bytes, ...]
    lines: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionScenario:
    """One session."""

    slug: str
    title: str
    session: Session
    judge: Judge
    good: Answered
    wrong: Mapping[str, Answered]


def judged(scenario: SessionScenario, heard: Heard) -> str:
    """Return what is wrong with what a client heard, "" if nothing is. Raises NotOfferedError."""
    return heard.error or scenario.judge(heard)


def _whole(said: Said) -> Message:
    if not isinstance(said, tuple):
        return said
    texts = [piece for piece in said if isinstance(piece, str)]
    return "".join(texts) if texts else b"".join(piece for piece in said if isinstance(piece, bytes))


def _closed(heard: Heard) -> str:
    """Any code will do: a server may answer with another than it was sent, and with none."""
    return "the connection ended without a Close" if heard.code in {None, 1006} else ""


def _is(*messages: Message) -> Judge:
    def judge(heard: Heard) -> str:
        if heard.messages == messages:
            return _closed(heard)
        if len(heard.messages) != len(messages):
            return f"{len(heard.messages)} messages came back of {len(messages)}"
        wrong = next(number for number, one in enumerate(messages) if heard.messages[number] != one)
        return f"message {wrong + 1} came back as another, or as another type"

    return judge


def _deflated(heard: Heard) -> str:
    if "permessage-deflate" not in heard.extensions:
        raise NotOfferedError("permessage-deflate")
    return _is(REPETITIVE, REPETITIVE)(heard)


def _subprotocol(heard: Heard) -> str:
    if heard.protocol not in {"merkhet.one", "merkhet.two"}:
        return f"the subprotocol is {heard.protocol!r}, which is none that both know"
    return _is("merkhet")(heard)


def _told_to_close(heard: Heard) -> str:
    told = (heard.code, heard.reason)
    return "" if told == (4001, "enough") else f"closed with {told}, expected 4001 and its reason"


def frame(first: int, payload: bytes) -> bytes:
    """Return a frame of a server; `first` is its first octet."""
    size = len(payload)
    if size < 126:
        return bytes([first, size]) + payload
    return (
        struct.pack("!BBH", first, 126, size) + payload
        if size < 65536
        else struct.pack("!BBQ", first, 127, size) + payload
    )


def _message(said: Said) -> bytes:
    message = _whole(said)
    return frame(TEXT, message.encode()) if isinstance(message, str) else frame(BINARY, message)


def _deflate(text: str, times: int) -> list[bytes]:
    packer = zlib.compressobj(wbits=-15)
    packed = [packer.compress(text.encode()) + packer.flush(zlib.Z_SYNC_FLUSH) for _ in range(times)]
    return [frame(TEXT | COMPRESSED, one.removesuffix(b"\x00\x00\xff\xff")) for one in packed]


_BYE = frame(CLOSE, struct.pack("!H", 1000))
_DEFLATE = (b"Sec-WebSocket-Extensions: permessage-deflate",)
_ONE, _TWO = _deflate(REPETITIVE, 2)


def _back(said: tuple[Said, ...], *more: bytes) -> Answered:
    return Answered(answers=(*map(_message, said), *more, _BYE))


def _echoed(slug: str, title: str, says: tuple[Said, ...], **wrong: Answered) -> SessionScenario:
    """Return the session in which all that is said comes back; of the faults `_` stands for a space."""
    return SessionScenario(
        slug=slug,
        title=title,
        session=Session(path="{ws}", says=says, awaits=len(says)),
        judge=_is(*map(_whole, says)),
        good=_back(says),
        wrong={
            "changes the last": _back((*says[:-1], "another")),
            **{name.replace("_", " "): answered for name, answered in wrong.items()},
        },
    )


def _one(first: bytes, says: tuple[Said, ...]) -> Answered:
    """Return the server whose first answer is this one, and whose others are right."""
    right = _back(says)
    return replace(right, answers=(first, *right.answers[1:]))


SESSIONS: tuple[SessionScenario, ...] = (
    _echoed(
        "ws-text", "Texts come back over a WebSocket", TEXTS,
        says_octets=_one(_message(b"merkhet"), TEXTS),
        says_what_is_no_UTF_8=_one(frame(TEXT, b"merkh\xe9t"), TEXTS),
        sets_a_reserved_bit=_one(frame(TEXT | COMPRESSED, b"merkhet"), TEXTS),
        hangs_up_at_the_close=Answered(answers=(*map(_message, TEXTS), b"")),
    ),
    _echoed(
        "ws-binary", "Octets come back over a WebSocket", OCTETS,
        says_text=_one(_message("merkhet"), OCTETS),
        breaks_off=Answered(answers=(_message(OCTETS[0])[:100],)),
    ),
    _echoed(
        "ws-fragments", "Messages in fragments come back whole", FRAGMENTED,
        loses_a_fragment=_back((("one ", "whole "), FRAGMENTED[1])),
    ),
    _echoed(
        "ws-large", "A message of half a mebibyte comes back", (LARGE,),
        loses_the_end=_back((LARGE[:-1],)),
        closes=Answered(answers=(frame(CLOSE, struct.pack("!H", 1009)),)),
    ),
    _echoed(
        "ws-many", "A hundred messages at once come back in their order", MANY,
        swaps_two=_back((MANY[1], MANY[0], *MANY[2:])),
    ),
    SessionScenario(
        slug="ws-ping", title="A Ping is answered by its Pong, and the message before it comes back",
        session=Session(path="{ws}", says=("merkhet",), ping=b"are you there?", awaits=1), judge=_is("merkhet"),
        good=_back(("merkhet",), frame(PONG, b"are you there?")),
        wrong={
            "does not answer": Answered(answers=(_message("merkhet"), _BYE)),
            "answers another": Answered(answers=(_message("merkhet"), frame(PONG, b"another") + _BYE)),
        },
    ),
    SessionScenario(
        slug="ws-deflate", title="Compressed messages are understood both ways",
        session=Session(path="{ws-deflate}", compress=True, says=(REPETITIVE, REPETITIVE), awaits=2), judge=_deflated,
        good=Answered(answers=(_ONE, _TWO, _BYE), lines=_DEFLATE),
        wrong={
            "does not say so": Answered(answers=(_ONE, _TWO, _BYE)),
            "refers to what was never sent": Answered(answers=(_TWO, _ONE, _BYE), lines=_DEFLATE),
            "says so of what is none": Answered(answers=(_ONE, frame(TEXT | COMPRESSED, b"\xff\xff"), _BYE), lines=_DEFLATE),
        },
    ),
    SessionScenario(
        slug="ws-subprotocol", title="A subprotocol is chosen among those offered",
        session=Session(path="{ws-subproto}", protocols=("other", "merkhet.two"), says=("merkhet",), awaits=1),
        judge=_subprotocol,
        good=replace(_back(("merkhet",)), lines=(b"Sec-WebSocket-Protocol: merkhet.two",)),
        wrong={
            "chooses none": _back(("merkhet",)),
            "chooses what was not offered": replace(_back(("merkhet",)), lines=(b"Sec-WebSocket-Protocol: merkhet.one",)),
        },
    ),
    SessionScenario(
        slug="ws-close", title="A Close with a code and a reason is answered by a Close",
        session=Session(path="{ws}", closes=(4000, "caf\xe9")), judge=_closed,
        good=Answered(answers=(frame(CLOSE, struct.pack("!H", 4000) + "caf\xe9".encode()),)),
        wrong={
            "hangs up": Answered(answers=(b"",)),
            "has half a code": Answered(answers=(frame(CLOSE, b"\x03"),)),
            "has a code that is none": Answered(answers=(frame(CLOSE, struct.pack("!H", 1006)),)),
        },
    ),
    SessionScenario(
        slug="ws-pushed", title="Messages that nobody asked for again come in their order",
        session=Session(path="{ws-push}", says=("send 3 200",), awaits=3),
        judge=_is(*(str(number).ljust(200) for number in range(3))),
        good=Answered(answers=(b"".join(_message(str(number).ljust(200)) for number in range(3)), _BYE)),
        wrong={
            "sends another": Answered(answers=(_message("0") + _message("1") + _message("2"), _BYE)),
            "closes too soon": Answered(answers=(_message("0".ljust(200)) + _BYE,)),
        },
    ),
    SessionScenario(
        slug="ws-closed", title="A server closes with a code and a reason",
        session=Session(path="{ws-push}", says=("close 4001 enough",), closes=None), judge=_told_to_close,
        good=Answered(answers=(frame(CLOSE, struct.pack("!H", 4001) + b"enough"),)),
        wrong={
            "has another code": Answered(answers=(_BYE,)),
            "hangs up": Answered(answers=(b"",)),
            "has a reason that is no UTF-8": Answered(answers=(frame(CLOSE, struct.pack("!H", 4001) + b"enoug\xff"),)),
        },
    ),
)  # fmt: skip
