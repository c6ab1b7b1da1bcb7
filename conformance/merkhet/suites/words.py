"""What the suites say again and again: canned answers, and tables of cases for the common rules.

A table that appears here encodes one verdict of many checks: change it only with the specification open.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from merkhet.answer import End
from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Exchange,
    Stream,
    Verdict,
    closes,
    lacks,
)
from merkhet.expect import (
    Expectation,
    ended,
    served,
    silent,
    status,
    status_4xx,
    status_5xx,
    untold,
)

SINCE = "0.1"

TELLS_NO_TARGET: Mapping[Expectation, Verdict] = {untold("target"): lacks("an echo that tells the request target")}
TELLS_NO_FIELDS: Mapping[Expectation, Verdict] = {untold("fields"): lacks("an echo that tells the field lines")}
TELLS_NO_CONTENT: Mapping[Expectation, Verdict] = {untold("body"): lacks("an echo that tells the content")}
"""What goes before the case of an echo that is not the right one: a null is no wrong value, since no application is told all."""

DATE = b"Date: Wed, 25 Nov 2026 12:00:00 GMT\r\n"
GET = b"GET {root} HTTP/1.1\r\nHost: {host}\r\n\r\n"


def response(code: int = 200, content: bytes = b"ok", *fields: bytes, close: bool = False) -> bytes:
    """Return a well-formed response with a Content-Length. Each of `fields` is a field line without its CRLF."""
    lines = b"".join(line + b"\r\n" for line in fields)
    closing = b"Connection: close\r\n" if close else b""
    return b"HTTP/1.1 %d \r\n%s%s%sContent-Length: %d\r\n\r\n%s" % (code, DATE, closing, lines, len(content), content)


def chunked_response(*chunks: bytes, fields: tuple[bytes, ...] = ()) -> bytes:
    """Return a well-formed 200 with these chunks, last-chunk and an empty trailer section."""
    lines = b"".join(line + b"\r\n" for line in fields)
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 \r\n%s%sTransfer-Encoding: chunked\r\n\r\n%s0\r\n\r\n" % (DATE, lines, body)


OK = response()
"""A plain 200 that keeps the connection."""
OK_CLOSE = closes(response(close=True))
"""A plain 200 that says close and closes."""
REFUSED = closes(response(400, b"bad request", close=True))
"""A 400 that says close and closes: the good answer to what breaks the grammar."""
NOT_IMPLEMENTED = closes(response(501, b"not implemented", close=True))
SERVER_ERROR = closes(response(500, b"oops", close=True))
NOTHING = Stream(b"", End.SILENT)
HANG_UP = closes(b"")


def echo(
    body: bytes = b"",
    *,
    method: str = "POST",
    target: bytes = b"{echo}",
    fields: tuple[tuple[bytes, bytes], ...] = (),
    trailers: tuple[tuple[bytes, bytes], ...] = (),
    close: bool = False,
) -> bytes:
    """Return a contract echo as a canned server would send it. `target` and the rest must hold no placeholder but {echo}.

    A `Host` field is always among the echoed fields.
    """
    lines = [(b"Host", b"h"), *fields]
    document = {
        "method": method,
        "target": _b64(target.replace(b"{echo}", b"/echo")),
        "fields": [[_b64(name), _b64(value)] for name, value in lines],
        "body": _b64(body),
        "trailers": [[_b64(name), _b64(value)] for name, value in trailers],
    }
    return response(200, json.dumps(document).encode(), b"Content-Type: application/json", close=close)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def post(body: bytes, *fields: bytes, to: bytes = b"{echo}") -> bytes:
    """Return a POST with these field lines (each without its CRLF) and these octets after the head."""
    lines = b"".join(line + b"\r\n" for line in fields)
    return b"POST %s HTTP/1.1\r\nHost: {host}\r\n%s\r\n%s" % (to, lines, body)


CHUNKED = b"Transfer-Encoding: chunked"


def chunked_post(body: bytes, *fields: bytes, to: bytes = b"{echo}") -> bytes:
    """Return a POST with Transfer-Encoding: chunked and these octets, chunk framing included, after the head."""
    return post(body, CHUNKED, *fields, to=to)


POST_TWIN = Exchange(
    request=post(b"hello", b"Content-Length: 5", to=b"{root}"), good=response(405, b"", b"Allow: GET, HEAD")
)
"""A rightly framed POST to the root: served, though often by a 405."""
ECHO_TWIN = Exchange(request=post(b"hello", b"Content-Length: 5"), good=echo(b"hello"))
CHUNKED_TWIN = Exchange(
    request=chunked_post(b"5\r\nhello\r\n0\r\n\r\n", to=b"{root}"), good=response(405, b"", b"Allow: GET, HEAD")
)
CHUNKED_ECHO_TWIN = Exchange(request=chunked_post(b"5\r\nhello\r\n0\r\n\r\n"), good=echo(b"hello"))


def must_400(served_weight: Verdict = VIOLATION) -> Mapping[Expectation, Verdict]:
    """Exactly 400 is asked for: another 4xx or a bare close is a near miss, a served request a violation."""
    return {
        status(400): PASS,
        status_4xx: WARNING.because("refused, but not with 400"),
        status_5xx: WARNING.because("an error of the server's own, not a refusal"),
        ended: WARNING.because("the connection ended without the 400"),
        served(): served_weight.because("the request was served"),
        silent: WARNING.because("a complete request got no answer"),
    }
