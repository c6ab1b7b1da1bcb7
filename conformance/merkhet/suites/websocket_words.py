"""What the suites of WebSocket say again and again: handshakes, frames of both sides, and tables of cases.

Frames to the server are octets of a `Send`, masked as a client masks them; those with `server_` before their name are for
the canned servers of `good` and `mutants`. A table that appears here encodes one verdict of many checks: change it only
with the specification open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Exchange, Hears, Send, Step, Verdict
from merkhet.expect import Expectation, ended, silent
from merkhet.expect_handshake import SAMPLE_KEY, accept_of, frames_first, refused, refused_5xx, switched, switches
from merkhet.expect_websocket import (
    Item,
    closes,
    closes_by_reset,
    echoes,
    ends_bare,
    goes_on,
    lets_the_connection_stand,
    pongs,
    sends_close,
    speaks,
    stays_open,
)
from merkhet.expectation import Hearing
from merkhet.heard import Opcode
from merkhet.payload import Made, made
from merkhet.suites.words import DATE

KEY = SAMPLE_KEY
OTHER_KEYS: Mapping[bytes, bytes] = {
    key: accept_of(key)
    for key in (
        b"AQIDBAUGBwgJCgsMDQ4PEA==",
        b"x3JJHMbDL1EzLkh9GBhXDw==",
        b"AAAAAAAAAAAAAAAAAAAAAA==",
        b"/////////////////////w==",
    )
}
"""Other keys of 16 octets, each with the Sec-WebSocket-Accept that it asks for."""
MASK = b"\x37\xfa\x21\x3d"
"""The masking key of RFC 6455, Section 5.7."""
CLOSE_SECONDS = 5.0
"""How long a server may take to fail a connection."""

# --- handshakes


def handshake(
    endpoint: str = "ws",
    *lines: bytes,
    key: bytes | None = KEY,
    version: bytes | None = b"13",
    upgrade: bytes | None = b"websocket",
    connection: bytes | None = b"Upgrade",
    host: bytes | None = b"{host}",
    method: bytes = b"GET",
    http: bytes = b"1.1",
    to: bytes | None = None,
    behind: bytes = b"",
) -> bytes:
    """Return a handshake to an endpoint. `lines` are further field lines without their CRLF; None leaves a field out.

    `to` is a request target in the endpoint's place; `behind` are octets in the same packet.
    """
    target = to if to is not None else b"{%s}" % endpoint.encode()
    fields = (
        (b"Host", host),
        (b"Connection", connection),
        (b"Upgrade", upgrade),
        (b"Sec-WebSocket-Version", version),
        (b"Sec-WebSocket-Key", key),
    )
    head = [b"%s %s HTTP/%s" % (method, target, http)]
    head += [b"%s: %s" % (name, value) for name, value in fields if value is not None]
    return b"\r\n".join((*head, *lines, b"", b"")) + behind


def offers(*elements: str) -> bytes:
    """Return the field line that offers these extensions: `offers("permessage-deflate; client_max_window_bits")`."""
    return b"Sec-WebSocket-Extensions: " + ", ".join(elements).encode("latin-1")


DEFLATE = offers("permessage-deflate")


def switched_by(*lines: bytes, key: bytes = KEY) -> bytes:
    """Return the head of a 101 to a handshake with this key, with these further field lines without their CRLF."""
    head = (
        b"HTTP/1.1 101 Switching Protocols",
        DATE.removesuffix(b"\r\n"),
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Accept: " + accept_of(key),
        *lines,
    )
    return b"\r\n".join((*head, b"", b""))


SWITCHED = switched_by()
"""The 101 to a handshake with the usual key, without extension and subprotocol."""
SWITCHED_DEFLATE = switched_by(DEFLATE)

# --- frames


def masked(data: bytes, key: bytes) -> bytes:
    """Return octets masked with a key of four (RFC 6455, Section 5.3)."""
    pattern = (key * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(pattern)).to_bytes(len(data))


def head_of_frame(
    opcode: int, size: int, *, fin: bool = True, rsv: int = 0, mask: bytes | None = MASK, form: int | None = None
) -> bytes:
    """Return a frame's octets before its payload of `size`. `form` is 7, 16 or 64 to write the length in so many bits."""
    bits = form or (7 if size <= 125 else 16 if size <= 0xFFFF else 64)
    short = {7: size, 16: 126, 64: 127}[bits]
    extended = b"" if bits == 7 else size.to_bytes(bits // 8)
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    return bytes([first, (0x80 if mask is not None else 0) | short]) + extended + (mask or b"")


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = MASK,
    form: int | None = None,
    length: int | None = None,
) -> bytes:
    """Return a frame to the server. `rsv` is three bits, RSV1 the highest (4).

    `mask` None leaves it unmasked; `length` is announced in place of the payload's own, and `form` as in `head_of_frame`.
    """
    head = head_of_frame(opcode, len(payload) if length is None else length, fin=fin, rsv=rsv, mask=mask, form=form)
    return head + (masked(payload, mask) if mask is not None else payload)


def _octets(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def text(data: str | bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = MASK) -> bytes:
    """Return a text frame: UTF-8, or these octets."""
    return frame(Opcode.TEXT, _octets(data), fin=fin, rsv=rsv, mask=mask)


def binary(data: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = MASK) -> bytes:
    """Return a binary frame."""
    return frame(Opcode.BINARY, data, fin=fin, rsv=rsv, mask=mask)


def continuation(data: str | bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = MASK) -> bytes:
    """Return a continuation frame."""
    return frame(Opcode.CONTINUATION, _octets(data), fin=fin, rsv=rsv, mask=mask)


def ping(data: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = MASK) -> bytes:
    """Return a Ping."""
    return frame(Opcode.PING, data, fin=fin, rsv=rsv, mask=mask)


def pong(data: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = MASK) -> bytes:
    """Return a Pong."""
    return frame(Opcode.PONG, data, fin=fin, rsv=rsv, mask=mask)


def close_body(code: int | None = None, reason: str | bytes = b"") -> bytes:
    """Return the body of a Close."""
    return b"" if code is None else code.to_bytes(2) + _octets(reason)


def close(code: int | None = None, reason: str | bytes = b"", *, body: bytes | None = None, rsv: int = 0) -> bytes:
    """Return a Close with a code and a reason, without a body, or with these octets as its body."""
    return frame(Opcode.CLOSE, close_body(code, reason) if body is None else body, rsv=rsv)


def pieces(data: bytes, size: int) -> tuple[bytes, ...]:
    """Return octets in pieces of `size`, the last as long as it comes; one empty piece if there are none."""
    return tuple(data[at : at + size] for at in range(0, len(data), size)) or (b"",)


def fragments(
    opcode: int,
    parts: Sequence[str | bytes],
    *,
    rsv: int = 0,
    between: Iterable[bytes] = (),
    mask: bytes | None = MASK,
) -> bytes:
    """Return a message in as many frames as there are parts, `rsv` on the first; `between` are frames after each but the last."""
    insertions = iter(between)
    out: list[bytes] = []
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        kind, bits = (Opcode.CONTINUATION, 0) if number else (opcode, rsv)
        out.append(frame(kind, _octets(part), fin=is_last, rsv=bits, mask=mask))
        if not is_last:
            out.append(next(insertions, b""))
    return b"".join(out)


def server_frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, form: int | None = None
) -> bytes:
    """Return a frame as a server sends it."""
    return frame(opcode, payload, fin=fin, rsv=rsv, mask=None, form=form)


def server_text(data: str | bytes = b"", *, rsv: int = 0) -> bytes:
    """Return a server's text frame."""
    return server_frame(Opcode.TEXT, _octets(data), rsv=rsv)


def server_binary(data: bytes = b"", *, rsv: int = 0) -> bytes:
    """Return a server's binary frame."""
    return server_frame(Opcode.BINARY, data, rsv=rsv)


def server_ping(data: bytes = b"") -> bytes:
    """Return a server's Ping."""
    return server_frame(Opcode.PING, data)


def server_pong(data: bytes = b"") -> bytes:
    """Return a server's Pong."""
    return server_frame(Opcode.PONG, data)


def server_close(code: int | None = None, reason: str | bytes = b"", *, body: bytes | None = None) -> bytes:
    """Return a server's Close."""
    return server_frame(Opcode.CLOSE, close_body(code, reason) if body is None else body)


def server_fragments(
    opcode: int, parts: Sequence[str | bytes], *, rsv: int = 0, between: Iterable[bytes] = ()
) -> bytes:
    """Return a server's message in fragments."""
    return fragments(opcode, parts, rsv=rsv, between=between, mask=None)


@dataclass(frozen=True, slots=True)
class Large:
    """A message too large to keep: octets by rule, in frames of `fragment` octets (0: one frame), then `behind`.

    `mask` None makes it a server's.
    """

    opcode: Opcode
    data: Made
    fragment: int = 0
    mask: bytes | None = MASK
    behind: bytes = b""

    def describe(self) -> str:
        """Say what the octets are."""
        parts = f" in fragments of {self.fragment}" if self.fragment else " in one frame"
        return f"a {self.opcode.name.lower()} message, {self.data.describe()}{parts}"

    def make(self) -> bytes:
        """Make them."""
        data = made(self.data)
        parts = pieces(data, self.fragment) if self.fragment else (data,)
        return fragments(self.opcode, parts, mask=self.mask) + self.behind


# --- steps and tables

OPENED: Mapping[Expectation, Verdict] = {switches(): PASS}
"""The 101 that a check begins with. Whatever else comes is for the checks of the handshake to judge."""
OPENED_IN_ORDER = {**OPENED, frames_first: VIOLATION.because("frames were answered before the 101 that allows them")}
"""The same for a handshake with frames in its own packet."""


def opened(endpoint: str = "ws", *lines: bytes, behind: bytes = b"") -> tuple[Step, ...]:
    """Return the steps that open a WebSocket. `behind` are frames in the handshake's own packet."""
    cases = OPENED_IN_ORDER if behind else OPENED
    return Send(handshake(endpoint, *lines, behind=behind)), Answers(cases)


_ALIVE_WORD = "merkhet"


def alive(endpoint: str = "ws", *lines: bytes) -> tuple[Step, ...]:
    """Return the steps that open a WebSocket and show that it echoes: for what a server has to end, or not to answer.

    One that ends every WebSocket, or is silent on all of them, must not pass such a check.
    """
    return *opened(endpoint, *lines), Send(text(_ALIVE_WORD)), Hears({echoes(_ALIVE_WORD): PASS}, messages=1)


SERVER_ALIVE = server_text(_ALIVE_WORD)
"""What a canned server sends behind its 101 for `alive`."""

WS_TWIN = Exchange(request=handshake(), answer=switches(), good=SWITCHED)
"""The legal handshake that a refused one is held against."""


_SWITCHED_ANYWAY = VIOLATION.because("it switched all the same")
_BARE = WARNING.because("it ended without the Close frame that should come first")


def must_refuse(violation: Verdict = _SWITCHED_ANYWAY) -> Mapping[Expectation, Verdict]:
    """The handshake is refused by any whole answer but 101; 5xx, the bare end and silence are near misses."""
    return {
        switched: violation,
        refused: PASS,
        refused_5xx: WARNING.because("an error of the server's own, not a refusal"),
        ended: WARNING.because("the connection ended without an answer"),
        silent: WARNING.because("a complete request got no answer"),
    }


def must_echo(*items: Item, lost: Verdict = VIOLATION) -> Mapping[Hearing, Verdict]:
    """Exactly these messages come back."""
    return {
        echoes(*items): PASS,
        speaks: lost.because("something else came back"),
        sends_close(): lost.because("it closed the WebSocket"),
        ends_bare: lost.because("the connection ended"),
        stays_open: lost.because("no echo came"),
    }


def must_pong(*payloads: bytes, lost: Verdict = VIOLATION) -> Mapping[Hearing, Verdict]:
    """Exactly these Pongs come."""
    return {
        pongs(*payloads): PASS,
        sends_close(): lost.because("it closed the WebSocket"),
        ends_bare: lost.because("the connection ended"),
        stays_open: lost.because("not every Ping was answered"),
        goes_on: lost.because("the Pong has other data, or is one too many"),
    }


def must_fail(*codes: int, bare: Verdict = _BARE) -> Mapping[Hearing, Verdict]:
    """The server fails the connection: a Close, and the end; what comes behind the violation is not processed.

    Which code it is decides nothing: with `codes` given, another one is only named. A bare end keeps the MUST and misses the
    SHOULD; a reset is as good as any other end. Put a Ping or a message behind the violation: its answer is `goes_on`.
    """
    return {
        goes_on: VIOLATION.because("it went on as if nothing were wrong"),
        closes(*codes): PASS,
        **({closes(): PASS.because(f"closed, but not with {' or '.join(map(str, codes))}")} if codes else {}),
        ends_bare: bare,
        lets_the_connection_stand: VIOLATION.because("it sent a Close, and the connection stays open"),
        stays_open: VIOLATION.because("the connection stays open"),
    }


def fails(*codes: int, bare: Verdict = _BARE) -> Hears:
    """Return the step that hears a server fail the connection: see `must_fail`."""
    return Hears(must_fail(*codes, bare=bare), patience_seconds=CLOSE_SECONDS)


def must_close(*codes: int | None) -> Mapping[Hearing, Verdict]:
    """The server answers a Close with one of its own, and ends the connection."""
    other = VIOLATION.because("the Close has another code") if codes else PASS
    return {
        closes_by_reset: WARNING.because("it ended the connection by a reset"),
        closes(*codes): PASS,
        **({closes(): other} if codes else {}),
        lets_the_connection_stand: VIOLATION.because("a Close went each way, and the connection stays open"),
        ends_bare: VIOLATION.because("the connection ended without a Close"),
        stays_open: VIOLATION.because("the Close was not answered"),
    }
