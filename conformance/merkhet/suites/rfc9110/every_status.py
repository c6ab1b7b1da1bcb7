"""RFC 9110: what a status asks for and what it forbids, held against every response of a run."""

from __future__ import annotations

from merkhet.check import Passive
from merkhet.suites.every_response import answer, passive
from merkhet.suites.words import OK

_REDIRECTS = {
    301: "A permanent redirect says where to",
    302: "A redirect says where to",
    303: "A redirect to another resource says where to",
    307: "A temporary redirect says where to",
    308: "A permanent redirect of any method says where to",
}
_OLD = b"GET {root} HTTP/1.0\r\nHost: {host}\r\n\r\n"
_RANGE = b"GET {files:small.bin} HTTP/1.1\r\nHost: {host}\r\nRange: bytes=0-0\r\n\r\n"
_RANGES = b"GET {files:large.bin} HTTP/1.1\r\nHost: {host}\r\nRange: bytes=0-0,1000-1000\r\n\r\n"
_PRIVATE = b"GET {auth} HTTP/1.1\r\nHost: {host}\r\n\r\n"
_REDIRECTED = b"GET {redirect} HTTP/1.1\r\nHost: {host}\r\n\r\n"
_PART = b"Content-Range: bytes 0-1/5"
_MULTIPART = b"Content-Type: multipart/byteranges; boundary=b"
_PARTS = b"--b\r\nContent-Range: bytes 0-0/5\r\n\r\na\r\n--b--\r\n"
_UPGRADE = (b"Connection: upgrade", b"Upgrade: x")


def _without_length(code: int) -> bytes:
    return answer(code)


def _with_length(code: int) -> bytes:
    return answer(code, b"Content-Length: 0")


STATUS = (
    passive(
        "status-code", "codes", "A status code lies between 100 and 599", OK,
        {"sends 099": OK.replace(b"200", b"099"), "sends 700": OK.replace(b"200", b"700")},
    ),
    passive(
        "request-fields", "request-fields", "No response has a field that belongs to requests", OK,
        {"sends Host": answer(200, b"Host: h"), "sends If-Match": answer(200, b"If-Match: *")},
    ),
    passive(
        "date-sent", "date", "Each response of 2xx, 3xx and 4xx has a Date", answer(404),
        {
            "sends none with a 200": answer(200, date=b""),
            "sends none with a 404": answer(404, date=b""),
            "sends none with a 301": answer(301, b"Location: /", date=b""),
        },
        note="Who has no clock that can be relied on sends none: nobody can see that from outside.",
    ),
    passive(
        "interim-to-old", "no-interim", "HTTP/1.0 gets no interim response", OK,
        {"sends 100": answer(100) + OK, "sends 103": answer(103) + OK},
        probe=_OLD, version="1.0",
    ),
    passive(
        "length-in-1xx-204", "length-without-content", "No 1xx and no 204 has a Content-Length", _without_length(204),
        {"sends one with a 204": _with_length(204), "sends one with a 103": _with_length(103) + OK},
    ),
    passive(
        "length-digits", "length", "A Content-Length is digits", OK,
        {"sends a sign": OK.replace(b"Content-Length: 2", b"Content-Length: +2")},
    ),
    passive(
        "no-content-205", "reset-content", "A 205 has no content", answer(205, content=b""),
        {"sends some": answer(205)},
    ),
)  # fmt: skip

CONNECTION = (
    passive(
        "hop-fields", "connection-fields", "What is for the connection alone is listed in Connection",
        answer(200, b"Connection: keep-alive", b"Keep-Alive: timeout=5"),
        {"leaves Keep-Alive unlisted": answer(200, b"Keep-Alive: timeout=5")},
    ),
    passive(
        "end-to-end", "connection-options", "Connection lists no field that is for the end of the way",
        answer(200, b"Connection: keep-alive"),
        {"lists Cache-Control": answer(200, b"Connection: cache-control")},
    ),
    passive(
        "upgrade-option", "upgrade-option", "Who sends Upgrade sends the upgrade option too", answer(426, *_UPGRADE),
        {"leaves it out": answer(426, b"Upgrade: x")},
    ),
    passive(
        "upgrade-in-101", "switching", "A 101 says which protocol it switches to", answer(101, *_UPGRADE),
        {"leaves it out": answer(101, b"Connection: upgrade")},
    ),
    passive(
        "upgrade-in-426", "upgrade-required", "A 426 says which protocol is required", answer(426, *_UPGRADE),
        {"leaves it out": answer(426)},
    ),
)  # fmt: skip

RANGES = (
    passive(
        "range-asked", "range-asked", "206 and 416 answer a GET with Range and no other", OK,
        {"sends 206": answer(206, _PART), "sends 416": answer(416, b"Content-Range: bytes */5")},
    ),
    passive(
        "range-outside", "no-outer-range", "A multipart 206 has no Content-Range in its header section",
        answer(206, _MULTIPART, content=_PARTS),
        {"sends one": answer(206, _MULTIPART, b"Content-Range: bytes 0-0/5", content=_PARTS)},
        probe=_RANGES,
    ),
    passive(
        "single-is-single", "no-multipart", "One range is not answered with multipart", answer(206, _PART),
        {"sends multipart": answer(206, _MULTIPART, content=_PARTS)},
        probe=_RANGE,
    ),
    passive(
        "range-inside", "content-range", "A 206 with one part says which part it is", answer(206, _PART),
        {"leaves it out": answer(206)},
        probe=_RANGE,
    ),
    passive(
        "condition-asked", "condition-asked", "304 answers a conditional GET or HEAD and no other", OK,
        {"sends 304": answer(304, b'ETag: "merkhet"')},
    ),
)  # fmt: skip

REFUSALS = (
    passive(
        "allow-in-405", "allow-sent", "A 405 has Allow", answer(405, b"Allow: POST"), {"leaves it out": answer(405)},
    ),
    passive(
        "allow-not-refused", "allow-true", "The Allow of a 405 does not have the method that is refused",
        answer(405, b"Allow: POST"),
        {"lists it": answer(405, b"Allow: GET, POST")},
    ),
    passive(
        "challenge-in-401", "challenge", "A 401 has a challenge", answer(401, b'WWW-Authenticate: Basic realm="x"'),
        {"leaves it out": answer(401), "sends an empty one": answer(401, b"WWW-Authenticate:")},
        probe=_PRIVATE,
    ),
    passive(
        "challenge-for-401", "challenge-applies", "A 401 has a challenge that applies",
        answer(401, b'WWW-Authenticate: Basic realm="x"'),
        {"leaves it out": answer(401), "sends no scheme": answer(401, b'WWW-Authenticate: "x"')},
        probe=_PRIVATE,
    ),
    passive(
        "challenge-once", "challenge-parameters", "A challenge has no parameter twice",
        answer(401, b'WWW-Authenticate: Basic realm="x", Digest realm="y", nonce="z"'),
        {"sends two realms": answer(401, b'WWW-Authenticate: Digest realm="x", realm="y"')},
        probe=_PRIVATE,
    ),
    passive(
        "realm-quoted", "realm", "A realm is sent in quotes", answer(401, b'WWW-Authenticate: Basic realm="x"'),
        {"sends a token": answer(401, b"WWW-Authenticate: Basic realm=x")},
        probe=_PRIVATE,
    ),
    *(
        passive(
            f"location-in-{code}", "location-sent", title, answer(code, b"Location: /a"), {"leaves it out": answer(code)},
            probe=_REDIRECTED,
        )
        for code, title in _REDIRECTS.items()
    ),
)  # fmt: skip

PASSIVES: tuple[Passive, ...] = (*STATUS, *CONNECTION, *RANGES, *REFUSALS)
