"""Expectations of a WebSocket's handshake: what a 101 agrees to, and what refuses it (RFC 6455, RFC 7692)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from merkhet.answer import Answer, Context, Response
from merkhet.expectation import Expectation, Rests
from merkhet.wire.extensions import Deflate, deflate_of, extensions_of

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SAMPLE_KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
"""The key of RFC 6455, Section 1.3: what a handshake of the suites sends unless it says otherwise."""


def accept_of(key: bytes) -> bytes:
    """Return the Sec-WebSocket-Accept for a key (RFC 6455, Section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())


def _is_switch(response: Response | None) -> bool:
    return response is not None and response.status == 101


@dataclass(frozen=True, slots=True)
class _Switches:
    """A 101 that opens a WebSocket for this key: the fields of Section 4.2.2, item 5, but for subprotocol and extensions."""

    key: bytes
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"a 101 to WebSocket with the Sec-WebSocket-Accept for {self.key.decode('latin-1')}"

    def matches(self, answer: Answer, context: Context) -> bool:
        response = answer.final
        if response is None or response.status != 101:
            return False
        return (
            [value.lower() for value in response.values(b"Upgrade")] == [b"websocket"]
            and b"upgrade" in response.members(b"Connection")
            and response.values(b"Sec-WebSocket-Accept") == (accept_of(context.render(self.key)),)
        )


def switches(key: bytes = SAMPLE_KEY) -> Expectation:
    """A 101 with Upgrade: websocket, Connection: Upgrade and the one Sec-WebSocket-Accept that fits this key."""
    return _Switches(key)


@dataclass(frozen=True, slots=True)
class _Handshake:
    """A whole final response of which something holds."""

    words: str
    holds: Callable[[Response], bool]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return self.words

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return answer.final is not None and self.holds(answer.final)


switched: Expectation = _Handshake("a 101", _is_switch)
refused: Expectation = _Handshake("any final response but 101 and 5xx", lambda it: it.status != 101 and it.status < 500)
refused_4xx: Expectation = _Handshake("a refusal with 4xx", lambda it: 400 <= it.status < 500)
refused_5xx: Expectation = _Handshake("a refusal with 5xx", lambda it: it.status >= 500)


@dataclass(frozen=True, slots=True)
class _FramesFirst:
    """Frames, and the 101 behind them."""

    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return "frames before the 101"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return answer.garbage[:1] >= b"\x80" and b"HTTP/1.1 101" in answer.garbage


frames_first: Expectation = _FramesFirst()
declined: Expectation = _Handshake(
    "a 101 without permessage-deflate",
    lambda it: _is_switch(it) and extensions_of(it) is not None and deflate_of(it) is None,
)


def switch(words: str, holds: Callable[[Response], bool]) -> Expectation:
    """A 101 of which `holds` is true; `words` go on from "a 101"."""
    return _Handshake(f"a 101 {words}", lambda it: _is_switch(it) and holds(it))


def subprotocol(*names: bytes) -> Expectation:
    """A 101 that chooses one of these subprotocols, alone and in its case; with none given, none at all."""
    told = " or ".join(name.decode() for name in names)
    words = f"a 101 with the subprotocol {told}" if names else "a 101 without a subprotocol"
    allowed: list[tuple[bytes, ...]] = [(name,) for name in names]
    allowed = allowed or [()]
    return _Handshake(words, lambda it: _is_switch(it) and it.values(b"Sec-WebSocket-Protocol") in allowed)


def agreement(words: str, holds: Callable[[Deflate], bool]) -> Expectation:
    """A 101 that accepts permessage-deflate with an agreement of which `holds` is true; `words` go on from that."""

    def matches(response: Response) -> bool:
        found = deflate_of(response) if _is_switch(response) else None
        return found is not None and holds(found)

    return _Handshake(f"a 101 that accepts permessage-deflate {words}".rstrip(), matches)


def agreed(*parameters: str, lacks: tuple[str, ...] = ()) -> Expectation:
    """A 101 that accepts permessage-deflate rightly, with each of these parameters and with none of those in `lacks`.

    A parameter is a name, `server_no_context_takeover`, or a name and its value, `server_max_window_bits=10`.
    """

    def holds(found: Deflate) -> bool:
        told = {name.decode("latin-1") for name, _ in found.parameters}
        told |= {f"{name.decode('latin-1')}={(value or b'').decode('latin-1')}" for name, value in found.parameters}
        return not found.faults and told.issuperset(parameters) and told.isdisjoint(lacks)

    with_words = f"with {', '.join(parameters)}" if parameters else ""
    without_words = f"without {', '.join(lacks)}" if lacks else ""
    return agreement(" and ".join(filter(None, (with_words, without_words))), holds)


def agreed_within(bits: int) -> Expectation:
    """A 101 that accepts permessage-deflate rightly with a server_max_window_bits of at most so many."""
    words = f"with server_max_window_bits of at most {bits}"
    return agreement(
        words, lambda found: not found.faults and found.has("server_max_window_bits") and found.server_bits <= bits
    )


misagreed: Expectation = agreement(
    "with parameters or values that may not stand there", lambda found: bool(found.faults)
)
"""Unknown or repeated parameters, a value where none may be, none where one must be, and bits that are not 8 to 15."""
