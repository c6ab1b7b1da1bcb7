"""RFC 9110: the grammar of the fields that responses carry, held against every response of a run."""

from __future__ import annotations

from merkhet.check import Passive
from merkhet.suites.every_response import answer, passive
from merkhet.suites.words import DATE

_FILE = b"GET {files:small.bin} HTTP/1.1\r\nHost: {host}\r\n\r\n"
_CODED = b"GET {gzip} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n"
_REDIRECTED = b"GET {redirect} HTTP/1.1\r\nHost: {host}\r\n\r\n"
_TRAILED = b"HTTP/1.1 200 \r\n" + DATE + b"%sTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n%s\r\n\r\n"


def trailed(trailer: bytes, announced: bytes = b"") -> bytes:
    """Return an answer with one trailer field."""
    return _TRAILED % (b"Trailer: %s\r\n" % announced if announced else b"", trailer)


def line(value: bytes) -> bytes:
    """Return a 200 with this field line."""
    return answer(200, value)


SYNTAX = (
    passive(
        "field-once", "singletons", "No field whose value is no list has more than one line", line(b"ETag: \"a\""),
        {
            "sends two types": answer(200, b"Content-Type: text/plain", b"Content-Type: text/html"),
            "sends two tags": answer(200, b'ETag: "a"', b'ETag: "b"'),
            "sends two dates": answer(200, DATE.rstrip(b"\r\n")),
        },
    ),
    passive(
        "list-no-empty", "list-members", "No list that is sent has an empty member", line(b"Vary: A, B"),
        {
            "ends a list in a comma": line(b"Vary: A,"),
            "begins a list with a comma": line(b"Allow: , GET"),
            "puts two commas together": line(b"Cache-Control: no-cache,, no-store"),
        },
    ),
    passive(
        "ows-single", "optional-whitespace", "Where whitespace is optional one SP is sent, or nothing",
        line(b"Content-Type: text/plain; charset=utf-8"),
        {
            "sends two SP behind a semicolon": line(b"Content-Type: text/plain;  charset=utf-8"),
            "sends a tab behind a comma": line(b"Vary: A,\tB"),
        },
    ),
    passive(
        "rws-single", "required-whitespace", "Where whitespace is required one SP is sent", line(b"Server: a/1 b/2"),
        {"sends two SP": line(b"Server: a/1  b/2"), "sends a tab": line(b"Server: a/1\tb/2")},
    ),
    passive(
        "bws-none", "bad-whitespace", "No whitespace is sent around the equals sign of a parameter",
        line(b"Content-Type: text/plain; charset=utf-8"),
        {
            "sends one before it": line(b"Content-Type: text/plain; charset =utf-8"),
            "sends one behind it": line(b'WWW-Authenticate: Basic realm= "x"'),
        },
    ),
    passive(
        "escape-needed", "quoted-pairs", "In a quoted string only a quote and a backslash are escaped",
        line(b'Content-Disposition: inline; filename="a\\"b"'),
        {"escapes a letter": line(b'Content-Disposition: inline; filename="\\ab"')},
    ),
    passive(
        "comment-escape", "comment-pairs", "In a comment only parentheses and a backslash are escaped",
        line(b"Server: a (\\(b)"),
        {"escapes a letter": line(b"Server: a (\\b)")},
    ),
    passive(
        "content-type", "content-type", "Content-Type is a type, a subtype and parameters by the grammar",
        line(b"Content-Type: text/plain; charset=utf-8"),
        {
            "sends a type without a subtype": line(b"Content-Type: text"),
            "sends a parameter without a value": line(b"Content-Type: text/plain; charset"),
            "sends a quoted value that does not end": line(b'Content-Type: text/plain; charset="utf-8'),
        },
        note="A semicolon at the end, or two of them, is in the grammar.",
    ),
    passive(
        "no-identity", "identity", "Content-Encoding does not name identity", line(b"Content-Encoding: gzip"),
        {"names it": line(b"Content-Encoding: identity")},
        probe=_CODED,
    ),
    passive(
        "etag", "entity-tags", "ETag is an entity tag by the grammar", line(b'ETag: W/"a"'),
        {
            "leaves the quotes out": line(b"ETag: abc"),
            "writes the mark of a weak one in lower case": line(b'ETag: w/"a"'),
            "sends a space in one": line(b'ETag: "a b"'),
        },
        probe=_FILE,
    ),
)  # fmt: skip

DATES = (
    passive(
        "imf-fixdate", "preferred-dates", "Dates are sent in the preferred format",
        line(b"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"),
        {
            "sends an obsolete one": line(b"Last-Modified: Sunday, 06-Nov-94 08:49:37 GMT"),
            "sends the format of asctime": line(b"Last-Modified: Sun Nov  6 08:49:37 1994"),
            "sends another zone": line(b"Last-Modified: Sun, 06 Nov 1994 08:49:37 +0000"),
            "sends a day of one digit": line(b"Last-Modified: Sun, 6 Nov 1994 08:49:37 GMT"),
        },
        probe=_FILE,
    ),
    passive(
        "date-spaces", "date-whitespace", "A date has no more whitespace than its grammar",
        line(b"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"),
        {"sends two SP in one": line(b"Last-Modified: Sun, 06 Nov 1994  08:49:37 GMT")},
        probe=_FILE,
    ),
    passive(
        "modified-past", "modified-before-date", "Last-Modified is not later than Date",
        line(b"Last-Modified: Wed, 25 Nov 2026 12:00:00 GMT"),
        {"sends one of two seconds later": line(b"Last-Modified: Wed, 25 Nov 2026 12:00:02 GMT")},
        probe=_FILE,
    ),
    passive(
        "retry-after", "retry-after", "Retry-After is a number of seconds or a date", line(b"Retry-After: 120"),
        {"sends a fraction": line(b"Retry-After: 1.5"), "sends words": line(b"Retry-After: later")},
    ),
)  # fmt: skip

TRAILERS = (
    passive(
        "trailer-allowed", "trailer-fields", "No field comes as a trailer whose definition does not allow it",
        trailed(b"X-Sum: 1", b"X-Sum"),
        {"sends a type": trailed(b"Content-Type: text/plain"), "sends a length": trailed(b"Content-Length: 2")},
        probe=b"GET {stream:3} HTTP/1.1\r\nHost: {host}\r\nTE: trailers\r\n\r\n",
    ),
    passive(
        "trailer-announced", "trailers-announced", "What comes as a trailer field was announced by Trailer",
        trailed(b"X-Sum: 1", b"X-Sum"),
        {"announces none": trailed(b"X-Sum: 1"), "announces another": trailed(b"X-Sum: 1", b"X-Other")},
        probe=b"GET {stream:3} HTTP/1.1\r\nHost: {host}\r\nTE: trailers\r\n\r\n",
    ),
)  # fmt: skip

REFERENCES = (
    passive(
        "http-host", "http-host", "An http URI that is sent has a host", answer(302, b"Location: http://h/a"),
        {"leaves it out": answer(302, b"Location: http:///a"), "sends a port alone": answer(302, b"Location: http://:80/")},
        probe=_REDIRECTED,
    ),
    passive(
        "https-host", "https-host", "An https URI that is sent has a host", answer(302, b"Location: https://h/a"),
        {"leaves it out": answer(302, b"Location: https:///a")},
        probe=_REDIRECTED,
    ),
    passive(
        "no-userinfo", "userinfo", "A URI that is sent has no userinfo", answer(302, b"Location: http://h/a@b"),
        {"sends a name": answer(302, b"Location: http://u@h/a")},
        probe=_REDIRECTED,
    ),
    passive(
        "location", "location", "Location is one URI reference", answer(302, b"Location: /a%20b?c#d"),
        {
            "sends a raw space": answer(302, b"Location: /a b"),
            "sends octets beyond ASCII": answer(302, b"Location: /\xc3\xbc"),
            "sends half a percent-encoding": answer(302, b"Location: /a%2"),
        },
        probe=_REDIRECTED,
    ),
)  # fmt: skip

LISTS = (
    passive(
        "allow", "allow", "Allow is a list of methods, perhaps an empty one", answer(405, b"Allow: GET, HEAD"),
        {"separates them by spaces": answer(405, b"Allow: GET HEAD"), "quotes them": answer(405, b'Allow: "GET"')},
    ),
    passive(
        "server", "server", "Server is products and comments, a product first", line(b"Server: a/1.2 (b (c)) d"),
        {
            "begins with a comment": line(b"Server: (b) a"),
            "leaves a comment open": line(b"Server: a (b"),
            "sends a slash without a version": line(b"Server: a/"),
        },
    ),
    passive(
        "vary", "vary", "Vary is a list of field names or an asterisk", line(b"Vary: Accept, *"),
        {"separates them by spaces": line(b"Vary: Accept Origin"), "sends a colon": line(b"Vary: Accept:")},
        probe=_CODED,
    ),
    passive(
        "weights", "weights", "A weight that is sent has three decimals at most", line(b"Accept-Encoding: gzip;q=0.123"),
        {
            "sends four": line(b"Accept-Encoding: gzip;q=0.1234"),
            "sends more than one": line(b"Accept-Encoding: gzip;q=1.5"),
        },
    ),
)  # fmt: skip

PASSIVES: tuple[Passive, ...] = (*SYNTAX, *DATES, *TRAILERS, *REFERENCES, *LISTS)
