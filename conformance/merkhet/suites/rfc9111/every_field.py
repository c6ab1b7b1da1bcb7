"""RFC 9111: what an origin server says to caches, held against every response of a run."""

from __future__ import annotations

from merkhet.check import Passive
from merkhet.suites.every_response import answer, passive


def cached(value: bytes) -> bytes:
    """Return a 200 with this Cache-Control."""
    return answer(200, b"Cache-Control: " + value)


PASSIVES: tuple[Passive, ...] = (
    passive(
        "cache-control", "directives", "Cache-Control is a list of directives", cached(b'max-age=60, x="a, b", y=z'),
        {
            "separates them by semicolons": cached(b"max-age=60; public"),
            "sends an age that is no number": cached(b"max-age=never"),
            "sends an age without a number": cached(b"max-age"),
        },
    ),
    passive(
        "max-age-token", "max-age", "The argument of max-age has no quotes", cached(b"max-age=5"),
        {"sends them": cached(b'max-age="5"')},
    ),
    passive(
        "s-maxage-token", "s-maxage", "The argument of s-maxage has no quotes", cached(b"s-maxage=5"),
        {"sends them": cached(b's-maxage="5"')},
    ),
    passive(
        "no-cache-quoted", "no-cache", "The field names of no-cache are in quotes", cached(b'no-cache="Set-Cookie"'),
        {"leaves them out": cached(b"no-cache=Set-Cookie")},
    ),
    passive(
        "private-quoted", "private", "The field names of private are in quotes", cached(b'private="Set-Cookie"'),
        {"leaves them out": cached(b"private=Set-Cookie")},
    ),
    passive(
        "must-understand", "must-understand", "Where must-understand is sent no-store is too",
        cached(b"must-understand, no-store"),
        {"leaves it out": cached(b"must-understand, max-age=5")},
    ),
    passive(
        "expires", "expires", "Expires is a date", answer(200, b"Expires: Thu, 01 Jan 1970 00:00:00 GMT"),
        {
            "sends 0": answer(200, b"Expires: 0"),
            "sends -1": answer(200, b"Expires: -1"),
            "sends words": answer(200, b"Expires: never"),
        },
        note="0 and -1 are read as a time in the past, which is what was meant.",
    ),
    passive(
        "age", "age", "Age is a number of seconds", answer(200, b"Age: 5"), {"sends a fraction": answer(200, b"Age: 5.5")},
    ),
)  # fmt: skip
