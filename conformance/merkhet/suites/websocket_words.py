"""What the suites of WebSocket say again and again: handshakes, frames of both sides, and tables of cases.

A table that appears here encodes one verdict of many checks: change it only with the specification open.
"""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Exchange, Hears, On, Send, Step, Verdict, observed
from merkhet.expect import Expectation, ended, silent
from merkhet.expect_handshake import SAMPLE_KEY, accept_of, frames_first, refused, refused_5xx, switched, switches
from merkhet.expect_websocket import (
    Item,
    both,
    closes,
    closes_by_reset,
    echoes,
    either,
    ends,
    ends_bare,
    goes_on,
    lets_the_connection_stand,
    nothing_said,
    pongs,
    pongs_after_close,
    says,
    sends_close,
    speaks,
    speaks_after_close,
    stays_open,
)
from merkhet.expectation import Hearing
from merkhet.suites.websocket_frames import MASK as MASK
from merkhet.suites.websocket_frames import Large as Large
from merkhet.suites.websocket_frames import binary as binary
from merkhet.suites.websocket_frames import close as close
from merkhet.suites.websocket_frames import close_body as close_body
from merkhet.suites.websocket_frames import continuation as continuation
from merkhet.suites.websocket_frames import fragments as fragments
from merkhet.suites.websocket_frames import frame as frame
from merkhet.suites.websocket_frames import head_of_frame as head_of_frame
from merkhet.suites.websocket_frames import masked as masked
from merkhet.suites.websocket_frames import pieces as pieces
from merkhet.suites.websocket_frames import ping as ping
from merkhet.suites.websocket_frames import pong as pong
from merkhet.suites.websocket_frames import server_binary as server_binary
from merkhet.suites.websocket_frames import server_close as server_close
from merkhet.suites.websocket_frames import server_fragments as server_fragments
from merkhet.suites.websocket_frames import server_frame as server_frame
from merkhet.suites.websocket_frames import server_ping as server_ping
from merkhet.suites.websocket_frames import server_pong as server_pong
from merkhet.suites.websocket_frames import server_text as server_text
from merkhet.suites.websocket_frames import text as text
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
OPEN = SWITCHED + SERVER_ALIVE
"""All that it has sent by then."""


def pushing() -> tuple[Step, ...]:
    """Return the steps that open a WebSocket at `ws-push` and show that it does what it is told, as `alive` shows an echo."""
    return *opened("ws-push"), Send(text("send 1 1")), Hears({says("0"): PASS}, messages=1)


SERVER_PUSHES = server_text("0")
"""What a canned server sends behind its 101 for `pushing`."""
PUSHING = SWITCHED + SERVER_PUSHES
"""All that it has sent by then."""


def beforehand() -> tuple[Step, ...]:
    """Return the steps of `alive` on a connection of their own, for what begins with its handshake's own packet.

    A canned server has sent `OPEN` there, and it is the first stream of the check.
    """
    return On(1), *alive(), On(0)


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


LIMITED: Mapping[Hearing, Verdict] = {
    sends_close(1009): observed("refuses so much with 1009"),
    both(ends_bare, nothing_said): WARNING.because("it ended without the Close 1009 that would say why"),
}
"""A limit is no fault (RFC 6455, Section 10.4): cases to stand before those of `must_echo` where messages are large."""


def must_echo(*items: Item, lost: Verdict = VIOLATION, is_large: bool = False) -> Mapping[Hearing, Verdict]:
    """Exactly these messages come back. A server may refuse them with 1009 if they are large, or many fragments."""
    return {
        **(LIMITED if is_large else {}),
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


WENT_ON = VIOLATION.because("it went on as if nothing were wrong")
FOUND_LATE = WARNING.because("it answered a Ping behind the fault before it failed the connection")


def must_fail(
    *codes: int,
    bare: Verdict = _BARE,
    late: Verdict = FOUND_LATE,
    goes: Verdict = WENT_ON,
    first: Mapping[Hearing, Verdict] | None = None,
) -> Mapping[Hearing, Verdict]:
    """The server fails the connection: a Close, and the end; what comes behind the fault is not processed.

    Which code it is decides nothing: with `codes` given, another one is only named. A bare end keeps the MUST and misses the
    SHOULD; a reset is as good as any other end. `late` is for a Ping behind the fault that was answered before the end: who
    finds a fault only when the application reads has not failed the connection by then. `goes` is for a server that overlooks
    the fault and goes on: where no text obliges a receiver to fail, that is a near miss. A message is always a violation.
    `first` are cases before all these.
    """
    return {
        **(first or {}),
        speaks: VIOLATION.because("it took what it must not take, or went on behind it"),
        either(speaks_after_close, pongs_after_close): VIOLATION.because("it went on behind its own Close"),
        both(goes_on, ends): late,
        closes(*codes): PASS,
        **({closes(): PASS.because(f"closed, but not with {' or '.join(map(str, codes))}")} if codes else {}),
        ends_bare: bare,
        lets_the_connection_stand: VIOLATION.because("it sent a Close, and the connection stays open"),
        goes_on: goes,
        stays_open: VIOLATION.because("the connection stays open"),
    }


def fails(
    *codes: int,
    bare: Verdict = _BARE,
    late: Verdict = FOUND_LATE,
    goes: Verdict = WENT_ON,
    first: Mapping[Hearing, Verdict] | None = None,
) -> Hears:
    """Return the step that hears a server fail the connection, as `must_fail` says. A Ping is to stand behind the fault.

    Once that is answered, the server has not much time left to show that it was only late.
    """
    cases = must_fail(*codes, bare=bare, late=late, goes=goes, first=first)
    was_late = Hears({speaks: cases[speaks], **(first or {}), ends: late, stays_open: goes, goes_on: goes})
    return Hears({**cases, goes_on: PASS.then(was_late)}, pongs=1, patience_seconds=CLOSE_SECONDS)


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
