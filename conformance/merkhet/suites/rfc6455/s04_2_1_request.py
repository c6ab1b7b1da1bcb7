"""RFC 6455, Section 4.2.1: what a handshake is as a request: its method, version, host and target, and its field lines."""

from __future__ import annotations

from merkhet.check import VIOLATION, WARNING, Check
from merkhet.suites.rfc6455.opening import NEAR, accepts, either_way, refuses
from merkhet.suites.websocket_words import KEY, handshake

# --- 4.2.1-a1: the method

_METHODS: tuple[tuple[bytes, str, tuple[bytes, ...]], ...] = (
    (b"HEAD", "a HEAD", ()),
    (b"POST", "a POST", (b"Content-Length: 0",)),
    (b"OPTIONS", "an OPTIONS", ()),
    (b"MERKHET", "a method that nobody knows", ()),
    (b"get", "a method get in small letters", ()),
)
_BY_METHOD = tuple(
    refuses(
        f"4.2.1-method-{method.decode().lower() if method != b'get' else 'small-letters'}",
        "4.2.1-a1",
        f"A handshake with {words} opens no WebSocket",
        handshake("ws", *lines, method=method),
        also=(501,),
        to=method.decode(),
    )
    for method, words, lines in _METHODS
)

# --- 4.2.1-a2: the version of HTTP

_OLD_NOTE = "Most servers open a WebSocket in HTTP/1.0 too: a departure, but one that misleads no client of today."
_BY_VERSION = (
    refuses(
        "4.2.1-http-1.0",
        "4.2.1-a2",
        "A handshake in HTTP/1.0 opens no WebSocket",
        handshake(http=b"1.0"),
        switching=VIOLATION.because("it switched for HTTP/1.0"),
        also=(505,),
        version="1.0",
        note=_OLD_NOTE,
    ),
    refuses(
        "4.2.1-http-1.0-kept",
        "4.2.1-a2",
        "A handshake in HTTP/1.0 that asks to keep the connection opens no WebSocket",
        handshake(connection=b"Upgrade, keep-alive", http=b"1.0"),
        switching=VIOLATION.because("it switched for HTTP/1.0"),
        also=(505,),
        version="1.0",
        note=_OLD_NOTE,
    ),
    either_way(
        "4.2.1-http-1.2",
        "4.2.1-a2",
        "A handshake in HTTP/1.2, which is higher than 1.1, may open a WebSocket",
        handshake(http=b"1.2"),
        "a handshake in HTTP/1.2",
        also=(505,),
    ),
    refuses(
        "4.2.1-http-none",
        "4.2.1-a2",
        "A handshake whose request line names no version opens no WebSocket",
        handshake().replace(b" HTTP/1.1", b""),
        also=(505,),
    ),
)

# --- 4.2.1-a3: Host

_BY_HOST = (
    refuses("4.2.1-host-absent", "4.2.1-a3", "A handshake without Host opens no WebSocket", handshake(host=None)),
    refuses(
        "4.2.1-host-absent-origin",
        "4.2.1-a3",
        "A handshake with an Origin in the place of Host opens no WebSocket",
        handshake("ws", b"Origin: {scheme}://{host}", host=None),
    ),
    refuses(
        "4.2.1-host-empty",
        "4.2.1-a3",
        "A handshake with an empty Host opens no WebSocket",
        handshake(host=b""),
        switching=NEAR,
        note="An empty Host names no authority, but is well-formed HTTP, and a server with one host may not look.",
    ),
    refuses(
        "4.2.1-host-two",
        "4.2.1-a3",
        "A handshake with two hosts opens no WebSocket",
        handshake("ws", b"Host: merkhet.example"),
    ),
    refuses(
        "4.2.1-host-invalid",
        "4.2.1-a3",
        "A handshake whose Host has a space within opens no WebSocket",
        handshake(host=b"merkhet example"),
        switching=NEAR,
        note="Few servers look at the value of Host; RFC 9112 asks for it, and its own row weighs it in the same way.",
    ),
)

# --- 4.2.1-a9 and the resource name: the target


def _absolute(slug: str, title: str, to: bytes) -> Check:
    return accepts(f"4.2.1-target-{slug}", "4.2.1-a9", title, handshake(to=to))


_BY_TARGET = (
    _absolute("absolute", "A handshake with its target in absolute form opens a WebSocket", b"{scheme}://{host}{ws}"),
    _absolute(
        "absolute-query",
        "A handshake with a target in absolute form and a query opens a WebSocket",
        b"{scheme}://{host}{ws}?a=b",
    ),
    either_way(
        "4.2.1-target-ws-scheme",
        "4.2.1-a9",
        "A handshake with a ws URI for its target is answered",
        handshake(to=b"ws://{host}{ws}"),
        "a target with the scheme ws",
        note="Only http and https are named for the absolute form; but a ws URI is what such a client was given.",
    ),
    *(
        either_way(
            f"4.2.1-target-{slug}",
            "4.2.1-a8",
            f"A handshake to a target with {words} is answered",
            handshake(to=b"{ws}" + query),
            f"a target with {words}",
            note="The query is part of the resource name: a server may have no service of that name.",
        )
        for slug, words, query in (
            ("query", "a query", b"?a=b"),
            ("query-empty", "an empty query", b"?"),
            ("query-hostile", "a query that looks like field lines", b"?Upgrade:%20x%0d%0aHost:%20y"),
        )
    ),
    refuses(
        "4.2.1-target-fragment",
        "4.2.1-1",
        "A handshake to a target with a fragment opens no WebSocket",
        handshake(to=b"{ws}#merkhet"),
        switching=NEAR,
        note="No request target has a fragment, and a ws URI has none; a server that cuts it off takes what was meant.",
    ),
    refuses(
        "4.2.1-target-asterisk",
        "4.2.1-1",
        "A handshake to * opens no WebSocket",
        handshake(to=b"*"),
    ),
)

# --- 4.2.1-a8: order, and other fields

_FIELDS = (
    b"Host: {host}",
    b"Connection: Upgrade",
    b"Upgrade: websocket",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: " + KEY,
)


def _request(*lines: bytes) -> bytes:
    return b"\r\n".join((b"GET {ws} HTTP/1.1", *lines, b"", b""))


def _cased(line: bytes, *, upper: bool) -> bytes:
    name, colon, value = line.partition(b":")
    return (name.upper() if upper else name.lower()) + colon + value


_BROWSER = (
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) merkhet",
    b"Accept: */*",
    b"Accept-Language: en",
    b"Accept-Encoding: gzip, deflate, br",
    b"Cache-Control: no-cache",
    b"Pragma: no-cache",
    b"Sec-Fetch-Mode: websocket",
    b"Cookie: merkhet=1",
)
_ALTERED: tuple[tuple[str, str, bytes], ...] = (
    ("reversed", "the fields in reverse order", _request(*reversed(_FIELDS))),
    ("host-last", "Host as the last field", _request(*_FIELDS[1:], _FIELDS[0])),
    ("key-first", "the key as the first field", _request(_FIELDS[4], *_FIELDS[:4])),
    ("small-letters", "field names in small letters", _request(*(_cased(line, upper=False) for line in _FIELDS))),
    ("capitals", "field names in capitals", _request(*(_cased(line, upper=True) for line in _FIELDS))),
    ("no-space", "no space behind the colons", _request(*(line.replace(b": ", b":") for line in _FIELDS))),
    ("spaces", "spaces around the values", _request(*(line.replace(b": ", b":  ") + b"  " for line in _FIELDS))),
    ("tabs", "tabs around the values", _request(*(line.replace(b": ", b":\t") + b"\t" for line in _FIELDS))),
    ("unknown-field", "a field that nobody knows", handshake("ws", b"X-Merkhet: 1")),
    ("unknown-sec", "an unknown field of the family Sec-WebSocket", handshake("ws", b"Sec-WebSocket-Merkhet: 1")),
    ("client-accept", "a Sec-WebSocket-Accept of the client's", handshake("ws", b"Sec-WebSocket-Accept: x")),
    ("cookie", "a cookie", handshake("ws", b"Cookie: a=b; c=d")),
    ("browser", "the fields of a browser", handshake("ws", *_BROWSER)),
    ("many-fields", "fifty unknown fields", handshake("ws", *(b"X-Merkhet-%d: %d" % (n, n) for n in range(50)))),
    ("empty-field", "an unknown field that is empty", handshake("ws", b"X-Merkhet:")),
)  # fmt: skip
_WITH_FIELDS = (
    *(
        accepts(f"4.2.1-fields-{slug}", "4.2.1-a8", f"A handshake with {words} opens a WebSocket", data)
        for slug, words, data in _ALTERED
    ),
    accepts(
        "4.2.1-fields-content-length-0",
        "4.2.1-a8",
        "A handshake with Content-Length: 0 opens a WebSocket",
        handshake("ws", b"Content-Length: 0"),
        lost=WARNING,
        note="It says no more than that nothing follows; but no client has a reason to send it.",
    ),
)

# --- 4.2.1-1: field lines that are none

_LINES = (
    refuses(
        "4.2.1-line-space-before-colon",
        "4.2.1-1",
        "A handshake with a space between Upgrade and its colon opens no WebSocket",
        handshake().replace(b"Upgrade: websocket", b"Upgrade : websocket"),
    ),
    refuses(
        "4.2.1-line-no-colon",
        "4.2.1-1",
        "A handshake with a line that has no colon opens no WebSocket",
        handshake("ws", b"merkhet"),
        switching=NEAR,
        note="The line is no part of what a server has to read of a handshake.",
    ),
    either_way(
        "4.2.1-line-folded",
        "4.2.1-1",
        "A handshake with the value of Upgrade on a line of its own is answered",
        handshake().replace(b"Upgrade: websocket", b"Upgrade:\r\n websocket"),
        "a folded Upgrade",
        note="HTTP lets a server refuse a folded line, and put a space in the place of the fold.",
    ),
    refuses(
        "4.2.1-plain-get",
        "4.2.1-1",
        "A plain GET of the endpoint opens no WebSocket",
        b"GET {ws} HTTP/1.1\r\nHost: {host}\r\n\r\n",
        switching=VIOLATION.because("it switched unasked"),
    ),
)

CHECKS = (*_BY_METHOD, *_BY_VERSION, *_BY_HOST, *_BY_TARGET, *_WITH_FIELDS, *_LINES)
