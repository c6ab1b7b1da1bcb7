"""RFC 6455, Section 4.2.2: the 101 that opens a WebSocket, field by field."""

from __future__ import annotations

from merkhet.answer import Response
from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Hears, On, Send
from merkhet.expect import status
from merkhet.expect_handshake import refused, switch, switched, switches
from merkhet.expect_websocket import echoes, misframed
from merkhet.suites.rfc6455.opening import FAILS, HANGS_UP, REFUSES, SAYS_NOTHING, one, unanswered
from merkhet.suites.websocket_words import (
    KEY,
    OPEN,
    OTHER_KEYS,
    SERVER_ALIVE,
    SWITCHED,
    WS_TWIN,
    handshake,
    switched_by,
    text,
)
from merkhet.suites.words import OK, SINCE

_UNREFUSED = {refused: VIOLATION.because("a legal handshake was refused"), **unanswered(VIOLATION)}
_NO_ANSWER = (REFUSES, FAILS, HANGS_UP, SAYS_NOTHING)


def _without(line: bytes) -> bytes:
    return SWITCHED.replace(line + b"\r\n", b"")


def _changed(old: bytes, new: bytes) -> bytes:
    return SWITCHED.replace(old, new)


# --- 4.2.2-a1 to -a3 and -12: what the 101 says

_STATUS = one(
    "4.2.2-status",
    "4.2.2-a1",
    "A handshake is accepted with the status 101",
    handshake(),
    {status(101): PASS, **_UNREFUSED},
    good=SWITCHED,
    mutants=(
        *_NO_ANSWER,
        Canned("answers 200", OK),
        Canned("answers 100 and nothing more", b"HTTP/1.1 100 Continue\r\n\r\n"),
        Canned("answers 102 in its place", _changed(b" 101 ", b" 102 ")),
    ),
)
_UPGRADE = one(
    "4.2.2-upgrade",
    "4.2.2-a2",
    "The Upgrade of the 101 is websocket",
    handshake(),
    {
        switch(
            "with Upgrade: websocket, once",
            lambda it: [value.lower() for value in it.values(b"Upgrade")] == [b"websocket"],
        ): PASS,
        switched: VIOLATION.because("Upgrade is absent, repeated or something else"),
        **_UNREFUSED,
    },
    good=SWITCHED,
    mutants=(
        *_NO_ANSWER,
        Canned("has no Upgrade", _without(b"Upgrade: websocket")),
        Canned("has an empty Upgrade", _changed(b"Upgrade: websocket", b"Upgrade:")),
        Canned("upgrades to h2c", _changed(b": websocket", b": h2c")),
        Canned("upgrades to two", _changed(b": websocket", b": websocket, h2c")),
    ),
)
_CONNECTION = one(
    "4.2.2-connection",
    "4.2.2-a3",
    "The Connection of the 101 has the option upgrade",
    handshake(),
    {
        switch("with the connection option upgrade", lambda it: b"upgrade" in it.members(b"Connection")): PASS,
        switched: VIOLATION.because("the connection option upgrade is not there"),
        **_UNREFUSED,
    },
    good=SWITCHED,
    mutants=(
        *_NO_ANSWER,
        Canned("has no Connection", _without(b"Connection: Upgrade")),
        Canned("keeps alive", _changed(b"Connection: Upgrade", b"Connection: keep-alive")),
        Canned("misspells it", _changed(b"Connection: Upgrade", b"Connection: Upgraded")),
    ),
)
_WHOLE = one(
    "4.2.2-whole",
    "4.2.2-12",
    "The 101 has every field that the handshake asks for",
    handshake(),
    {switches(): PASS, switched: VIOLATION.because("a field is absent, repeated or wrong"), **_UNREFUSED},
    good=SWITCHED,
    mutants=(
        *_NO_ANSWER,
        Canned("has no Upgrade", _without(b"Upgrade: websocket")),
        Canned("has no Connection", _without(b"Connection: Upgrade")),
        Canned("has no accept", _without(SWITCHED.split(b"\r\n")[4])),
        Canned("accepts another key", switched_by(key=b"AQIDBAUGBwgJCgsMDQ4PEA==")),
    ),
)

# --- 4.2.2-a4: the accept

_WRONG = VIOLATION.because("the Sec-WebSocket-Accept does not fit the key")
_FRESH = b"{nonce}{nonce}AAAAAA=="
"""A key that is another one each time, and 16 octets in base64 as a run's nonce has eight digits."""
_KEYS: tuple[tuple[str, str, bytes], ...] = (
    ("sample", "the key of the specification", KEY),
    *((f"key-{number}", f"the key {key.decode()}", key) for number, key in enumerate(OTHER_KEYS, 1)),
)


def _accepted(slug: str, words: str, key: bytes, *, sent: bytes | None = None, lost: bool = True) -> Check:
    data = sent if sent is not None else handshake(key=key)
    return one(
        f"4.2.2-accept-{slug}",
        "4.2.2-a4",
        f"The Sec-WebSocket-Accept fits {words}",
        data,
        {
            switches(key): PASS,
            switched: _WRONG,
            refused: (VIOLATION if lost else WARNING).because("it was refused"),
            **unanswered(VIOLATION if lost else WARNING),
        },
        good=switched_by(key=key),
        mutants=(
            *_NO_ANSWER,
            Canned("accepts another key", switched_by(key=b"bWVya2hldCBjb25mb3JtLg==")),
            Canned(
                "gives the key back",
                switched_by(key=key).replace(switched_by(key=key).split(b"\r\n")[4], b"Sec-WebSocket-Accept: " + key),
            ),
        ),
    )


_ACCEPT = (
    *(_accepted(*row) for row in _KEYS),
    _accepted(
        "white-space",
        "the key without the white space around it",
        KEY,
        sent=handshake(key=b"  " + KEY + b" \t"),
        lost=False,
    ),
)
_FRESH_KEY = one(
    "4.2.2-accept-fresh",
    "4.2.2-a4",
    "The Sec-WebSocket-Accept fits a key that was never sent before",
    handshake(key=_FRESH),
    {switches(_FRESH): PASS, switched: _WRONG, **_UNREFUSED},
    good=switched_by(key=b"canned0canned0AAAAAA=="),
    mutants=(*_NO_ANSWER, Canned("knows one key alone", SWITCHED)),
)
_FIRST, _SECOND = tuple(OTHER_KEYS)[:2]
_TWO_AT_ONCE = Check(
    id="rfc6455-4.2.2-accept-two-at-once",
    requirement="rfc6455-4.2.2-a4",
    title="Of two handshakes that come in turns, piece by piece, each is answered for its own key",
    since=SINCE,
    steps=(
        Send(handshake(key=_FIRST)[:-20]),
        On(1),
        Send(handshake(key=_SECOND)[:-20]),
        On(0),
        Send(handshake(key=_FIRST)[-20:]),
        On(1),
        Send(handshake(key=_SECOND)[-20:]),
        Answers({switches(_SECOND): PASS, switched: _WRONG, **_UNREFUSED}),
        On(0),
        Answers({switches(_FIRST): PASS, switched: _WRONG, **_UNREFUSED}),
    ),
    good=(switched_by(key=_FIRST), switched_by(key=_SECOND)),
    mutants=(
        Canned("mixes them up", switched_by(key=_SECOND), switched_by(key=_FIRST)),
        Canned("answers both for the first", switched_by(key=_FIRST), switched_by(key=_FIRST)),
        Canned("answers the first alone", switched_by(key=_FIRST), b""),
    ),
    twin=WS_TWIN,
)

# --- 4.2.2-a5: no content


def _announces(response: Response) -> bool:
    return bool(response.values(b"Content-Length") or response.values(b"Transfer-Encoding"))


_NO_LENGTH = one(
    "4.2.2-no-content-length",
    "4.2.2-a5",
    "The 101 announces no content",
    handshake(),
    {switch("that announces content", _announces): VIOLATION.because("it has Content-Length or Transfer-Encoding"),
     switched: PASS, **_UNREFUSED},
    good=SWITCHED,
    mutants=(
        *_NO_ANSWER,
        Canned("says Content-Length: 0", switched_by(b"Content-Length: 0")),
        Canned("says chunked", switched_by(b"Transfer-Encoding: chunked") + b"0\r\n\r\n"),
    ),
)  # fmt: skip
_FIRST_OCTET = Check(
    id="rfc6455-4.2.2-frames-follow",
    requirement="rfc6455-4.2.2-a5",
    title="What comes behind the empty line of the 101 is a frame",
    since=SINCE,
    steps=(
        Send(handshake()),
        Answers({switches(): PASS}),
        Send(text("merkhet")),
        Hears(
            {
                echoes("merkhet"): PASS,
                misframed(): VIOLATION.because("octets stand there that are no frame"),
            },
            messages=1,
        ),
    ),
    good=(OPEN,),
    mutants=(
        Canned("sends an empty line too many", SWITCHED + b"\r\n" + SERVER_ALIVE),
        Canned("sends content", switched_by(b"Content-Length: 3") + b"ok\n" + SERVER_ALIVE),
        Canned("ends chunked content", switched_by(b"Transfer-Encoding: chunked") + b"0\r\n\r\n" + SERVER_ALIVE),
        Canned("answers once more", SWITCHED + OK),
    ),
    twin=WS_TWIN,
)

# --- 4.2.2-a6: no empty field


def _not_empty(slug: str, endpoint: str, name: bytes, line: bytes) -> Check:
    def is_empty(response: Response) -> bool:
        return any(not value.strip(b", \t") for value in response.values(name))

    told = name.decode()
    where = "an endpoint that knows subprotocols" if endpoint == "ws-subproto" else "an endpoint that knows none"
    return one(
        f"4.2.2-not-empty-{slug}",
        "4.2.2-a6",
        f"{told} is not sent empty by {where} where {'only what is unknown' if line else 'nothing'} was offered",
        handshake(endpoint, *((line,) if line else ())),
        {
            switch(f"with an empty {told}", is_empty): VIOLATION.because(f"{told} is there and is empty"),
            switched: PASS,
            refused: WARNING.because("it was refused for what it does not know"),
            **unanswered(),
        },
        good=SWITCHED,
        mutants=(Canned("sends it empty", switched_by(name + b":")), REFUSES, FAILS, HANGS_UP, SAYS_NOTHING),
    )


_PROTOCOL, _EXTENSIONS = b"Sec-WebSocket-Protocol", b"Sec-WebSocket-Extensions"
_NOT_EMPTY = (
    _not_empty("subprotocol", "ws", _PROTOCOL, b""),
    _not_empty("subprotocol-unknown", "ws", _PROTOCOL, _PROTOCOL + b": x-merkhet"),
    _not_empty("subprotocol-chooser", "ws-subproto", _PROTOCOL, b""),
    _not_empty("subprotocol-chooser-unknown", "ws-subproto", _PROTOCOL, _PROTOCOL + b": x-merkhet"),
    _not_empty("extensions", "ws", _EXTENSIONS, b""),
    _not_empty("extensions-unknown", "ws", _EXTENSIONS, _EXTENSIONS + b": x-merkhet"),
)

CHECKS = (
    _STATUS,
    _UPGRADE,
    _CONNECTION,
    _WHOLE,
    *_ACCEPT,
    _FRESH_KEY,
    _TWO_AT_ONCE,
    _NO_LENGTH,
    _FIRST_OCTET,
    *_NOT_EMPTY,
)
