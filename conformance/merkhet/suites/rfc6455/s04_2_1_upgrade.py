"""RFC 6455, Section 4.2.1: the Upgrade and the Connection of a client's handshake."""

from __future__ import annotations

from merkhet.check import VIOLATION, WARNING, Verdict
from merkhet.suites.rfc6455.opening import accepts, either_way, refuses
from merkhet.suites.websocket_words import handshake

# --- 4.2.1-a4: Upgrade

_OTHER_PROTOCOLS: tuple[tuple[str, str, bytes | None], ...] = (
    ("absent", "without Upgrade", None),
    ("empty", "with an empty Upgrade", b""),
    ("other", "with an Upgrade to something else", b"merkhet"),
    ("h2c", "with an Upgrade to h2c", b"h2c"),
    ("plural", "with an Upgrade to websockets", b"websockets"),
    ("short", "with an Upgrade to websocke", b"websocke"),
    ("prefixed", "with an Upgrade to x-websocket", b"x-websocket"),
    ("two-words", "with an Upgrade to web socket", b"web socket"),
    ("quoted", "with a quoted name in Upgrade", b'"websocket"'),
)
_NO_UPGRADE = tuple(
    refuses(f"4.2.1-upgrade-{slug}", "4.2.1-a4", f"A handshake {words} opens no WebSocket", handshake(upgrade=value))
    for slug, words, value in _OTHER_PROTOCOLS
)
_NO_CASE = tuple(
    accepts(
        f"4.2.1-upgrade-{slug}",
        "4.2.1-a4",
        f"A handshake with Upgrade: {value.decode()} opens a WebSocket",
        handshake(upgrade=value),
    )
    for slug, value in (("capitals", b"WEBSOCKET"), ("camel", b"WebSocket"), ("mixed", b"wEBsOCKET"))
)
_LIST_NOTE = "The field has to contain the value: whether it may hold others beside it, the text leaves open."
_LISTS = (
    *(
        either_way(
            f"4.2.1-upgrade-{slug}",
            "4.2.1-a4",
            f"A handshake with Upgrade: {value.decode()} is answered",
            handshake(upgrade=value),
            f"Upgrade: {value.decode()}",
            note=_LIST_NOTE,
        )
        for slug, value in (
            ("list-last", b"merkhet, websocket"),
            ("list-first", b"websocket, merkhet/1.0"),
            ("list-twice", b"websocket, websocket"),
            ("version", b"websocket/13"),
        )
    ),
    either_way(
        "4.2.1-upgrade-two-lines",
        "4.2.1-a4",
        "A handshake with two lines of Upgrade, of which the second is websocket, is answered",
        handshake(upgrade=b"merkhet\r\nUpgrade: websocket"),
        "websocket on the second line of Upgrade",
        note=_LIST_NOTE,
    ),
    either_way(
        "4.2.1-upgrade-line-twice",
        "4.2.1-a4",
        "A handshake with the line of Upgrade twice is answered",
        handshake("ws", b"Upgrade: websocket"),
        "the line of Upgrade twice",
        note=_LIST_NOTE,
    ),
)

# --- 4.2.1-a5: Connection

_OTHER_OPTIONS: tuple[tuple[str, str, bytes | None], ...] = (
    ("absent", "without Connection", None),
    ("empty", "with an empty Connection", b""),
    ("keep-alive", "with Connection: keep-alive", b"keep-alive"),
    ("close", "with Connection: close", b"close"),
    ("longer", "with the connection option upgraded", b"Upgraded"),
    ("prefixed", "with the connection option x-upgrade", b"keep-alive, x-upgrade"),
    ("hyphened", "with the connection option upgrade-insecure-requests", b"upgrade-insecure-requests"),
    ("quoted", "with a quoted connection option", b'"Upgrade"'),
    ("no-comma", "with two connection options and no comma", b"keep-alive Upgrade"),
)
_NO_OPTION = tuple(
    refuses(
        f"4.2.1-connection-{slug}",
        "4.2.1-a5",
        f"A handshake {words} opens no WebSocket",
        handshake(connection=value),
    )
    for slug, words, value in _OTHER_OPTIONS
)
_OPTIONS: tuple[tuple[str, str, bytes, Verdict], ...] = (
    ("small-letters", "with Connection: upgrade", b"upgrade", VIOLATION),
    ("capitals", "with Connection: UPGRADE", b"UPGRADE", VIOLATION),
    ("list-last", "with Connection: keep-alive, Upgrade", b"keep-alive, Upgrade", VIOLATION),
    ("list-first", "with Connection: Upgrade, keep-alive", b"Upgrade, keep-alive", VIOLATION),
    ("list-no-space", "with Connection: keep-alive,Upgrade", b"keep-alive,Upgrade", VIOLATION),
    ("list-tab", "with a tab before the comma of Connection", b"keep-alive\t, Upgrade", VIOLATION),
    ("list-middle", "with upgrade as the second of three connection options", b"a, upgrade, b", VIOLATION),
    ("list-empty-element", "with an empty element first in Connection", b", Upgrade", WARNING),
    ("two-lines", "with upgrade on the second line of Connection", b"keep-alive\r\nConnection: Upgrade", VIOLATION),
)
_OPTION = tuple(
    accepts(
        f"4.2.1-connection-{slug}",
        "4.2.1-a5",
        f"A handshake {words} opens a WebSocket",
        handshake(connection=value),
        lost=lost,
    )
    for slug, words, value, lost in _OPTIONS
)
_CLOSE_TOO = either_way(
    "4.2.1-connection-close-too",
    "4.2.1-a5",
    "A handshake with Connection: Upgrade, close is answered",
    handshake(connection=b"Upgrade, close"),
    "Connection: Upgrade, close",
    note="It asks for another protocol and for the end; each reading has its reason.",
)
_SEPARATE = refuses(
    "4.2.1-connection-names-websocket",
    "4.2.1-a5",
    "A handshake with Connection: websocket opens no WebSocket",
    handshake(connection=b"websocket"),
)

CHECKS = (*_NO_UPGRADE, *_NO_CASE, *_LISTS, *_NO_OPTION, *_OPTION, _CLOSE_TOO, _SEPARATE)
