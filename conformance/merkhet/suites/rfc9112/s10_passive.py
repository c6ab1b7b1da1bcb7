"""RFC 9112, Sections 2 to 9: the rules on responses, which are held against every response of a run.

Each check names a rule of the strict response judge. Alone it sends its probe; in a run it also speaks for the responses
that all other checks provoked.
"""

from __future__ import annotations

from merkhet.check import Canned, Passive, Stream, closes
from merkhet.suites.rfc9112.sequences import HEAD_OK, request
from merkhet.suites.words import DATE, OK, SINCE, chunked_response, response

_START = b"HTTP/1.1 200 \r\n"
_LENGTH = b"Content-Length: 2\r\n"
_TE = b"Transfer-Encoding: chunked"
_CHUNKED_OK = chunked_response(b"piece 0\n", b"piece 1\n")
_STREAM = request(to=b"{stream:3}")
_NO_CONTENT = b"HTTP/1.1 204 \r\n" + DATE + b"\r\n"
_UNTIL_CLOSE = _START + DATE + b"\r\nok"
_GZIP = _START + DATE + b"Transfer-Encoding: gzip\r\n\r\n\x1f\x8b"
_TUNNEL = b"HTTP/1.1 200 \r\n" + DATE + b"\r\n"


def _with(line: bytes) -> bytes:
    """A plain 200 with this among its field lines, whatever it is. It ends as it should: that is the fault's own matter."""
    return _START + DATE + line + _LENGTH + b"\r\nok"


def _without(data: bytes, old: bytes, new: bytes) -> bytes:
    return data.replace(old, new, 1)


SYNTAX = (
    Passive(
        id="rfc9112-2.1-responses-grammar",
        requirement="rfc9112-2.1-a1",
        title="Every response is a start line, field lines and an empty line, each ended by CRLF",
        since=SINCE,
        rule="message-grammar",
        good=(OK,),
        mutants=(
            Canned("ends its start line with LF", _without(OK, b"\r\n", b"\n")),
            Canned("ends a field line with LF", _with(b"X: y\n")),
            Canned("ends its head with LF", _without(OK, b"\r\n\r\n", b"\r\n\n")),
            Canned("sends something else", b"220 ready\r\n"),
        ),
    ),
    Passive(
        id="rfc9112-2.2-responses-bare-cr",
        requirement="rfc9112-2.2-3",
        title="No response holds a CR without LF outside its content",
        since=SINCE,
        rule="bare-cr",
        good=(OK,),
        mutants=(
            Canned("sends one in a value", _with(b"X: a\rb\r\n")),
            Canned("sends one in the reason", _without(OK, b"200 ", b"200 O\rK")),
            Canned("sends one before CRLF", _with(b"X: a\r\r\n")),
        ),
    ),
    Passive(
        id="rfc9112-2.2-responses-space-first",
        requirement="rfc9112-2.2-8",
        title="No response has whitespace between its status line and its first field line",
        since=SINCE,
        rule="space-after-status-line",
        good=(OK,),
        mutants=(
            Canned("sends a space", _without(OK, b"\r\nDate", b"\r\n Date")),
            Canned("sends a line of whitespace", _without(OK, b"\r\nDate", b"\r\n \t\r\nDate")),
        ),
    ),
    Passive(
        id="rfc9112-2.3-responses-version",
        requirement="rfc9112-2.3-a1",
        title="Every status line begins with HTTP in capitals, a slash, a digit, a dot and a digit",
        since=SINCE,
        rule="version-grammar",
        good=(OK,),
        mutants=(
            Canned("writes it small", _without(OK, b"HTTP", b"http")),
            Canned("leaves out the minor version", _without(OK, b"HTTP/1.1", b"HTTP/1")),
            Canned("sends two digits", _without(OK, b"HTTP/1.1", b"HTTP/1.10")),
        ),
    ),
    Passive(
        id="rfc9112-2.3-responses-downgrade",
        requirement="rfc9112-2.3-3",
        title="A server that speaks HTTP/1.1 does not fall back to HTTP/1.0 for one request or another",
        since=SINCE,
        rule="version-downgrade",
        good=(OK,),
        mutants=(Canned("falls back", closes(_without(OK, b"HTTP/1.1", b"HTTP/1.0"))),),
        note="A server that says HTTP/1.0 to every request keeps to the highest version that it speaks.",
    ),
    Passive(
        id="rfc9112-4-responses-status-line",
        requirement="rfc9112-4-a1",
        title="Every status line is version, SP, three digits, SP and a reason without control characters",
        since=SINCE,
        rule="status-line",
        good=(OK,),
        mutants=(
            Canned("sends two spaces", _without(OK, b"1.1 200", b"1.1  200")),
            Canned("sends a tab", _without(OK, b"1.1 200", b"1.1\t200")),
            Canned("sends a control character in the reason", _without(OK, b"200 ", b"200 O\x07K")),
        ),
    ),
    Passive(
        id="rfc9112-4-responses-status-space",
        requirement="rfc9112-4-4",
        title="Every status line has the SP behind its status code, even if no reason follows",
        since=SINCE,
        rule="status-space",
        good=(OK,),
        mutants=(Canned("leaves it out", _without(OK, b"200 ", b"200")),),
    ),
    Passive(
        id="rfc9112-5-responses-field-line",
        requirement="rfc9112-5-a1",
        title="Every field line is a token, a colon and a value without control characters",
        since=SINCE,
        rule="field-line",
        good=(OK,),
        mutants=(
            Canned("sends a space before the colon", _with(b"X : y\r\n")),
            Canned("sends no colon", _with(b"X\r\n")),
            Canned("sends no name", _with(b": y\r\n")),
            Canned("sends a name that is no token", _with(b"X(: y\r\n")),
            Canned("sends a NUL", _with(b"X: \x00\r\n")),
        ),
    ),
    Passive(
        id="rfc9112-5.2-responses-fold",
        requirement="rfc9112-5.2-1",
        title="No response folds a field line",
        since=SINCE,
        rule="obs-fold",
        good=(OK,),
        mutants=(
            Canned("folds with a space", _with(b"X: y\r\n z\r\n")),
            Canned("folds with a tab", _with(b"X: y\r\n\tz\r\n")),
        ),
    ),
)

CODINGS = (
    Passive(
        id="rfc9112-6.1-responses-chunked-once",
        requirement="rfc9112-6.1-2",
        title="No response names chunked twice",
        since=SINCE,
        rule="chunked-once",
        good=(_CHUNKED_OK,),
        mutants=(
            Canned("names it twice in one line", _without(_CHUNKED_OK, _TE, _TE + b", chunked")),
            Canned("names it in two lines", _without(_CHUNKED_OK, _TE, _TE + b"\r\n" + _TE)),
        ),
        probe=_STREAM,
    ),
    Passive(
        id="rfc9112-6.1-responses-chunked-last",
        requirement="rfc9112-6.1-4",
        title="A response with another transfer coding ends with chunked, or with its connection",
        since=SINCE,
        rule="chunked-last",
        good=(_without(_CHUNKED_OK, _TE, b"Transfer-Encoding: gzip, chunked"),),
        mutants=(Canned("leaves the connection open", _GZIP),),
        probe=request(b"GET", b"TE: gzip", b"Connection: TE", to=b"{stream:3}"),
        note="Few servers have another coding: most often no response is one to which the rule applies.",
    ),
    Passive(
        id="rfc9112-6.1-responses-no-content",
        requirement="rfc9112-6.1-6",
        title="A response to HEAD and a 304 may say which transfer coding its content would have had",
        since=SINCE,
        rule="te-without-content",
        good=(HEAD_OK,),
        mutants=(Canned("says it", _START + DATE + _TE + b"\r\n\r\n"),),
        probe=request(b"HEAD", to=b"{stream:3}"),
        to="HEAD",
    ),
    Passive(
        id="rfc9112-6.1-responses-1xx-204",
        requirement="rfc9112-6.1-7",
        title="No 1xx and no 204 has a Transfer-Encoding",
        since=SINCE,
        rule="te-in-1xx-204",
        good=(_NO_CONTENT,),
        mutants=(
            Canned("sends it in a 204", _without(_NO_CONTENT, b"\r\n\r\n", b"\r\n" + _TE + b"\r\n\r\n")),
            Canned("sends it in a 103", b"HTTP/1.1 103 \r\n" + _TE + b"\r\n\r\n" + OK),
        ),
        probe=request(to=b"{status:204}"),
    ),
    Passive(
        id="rfc9112-6.1-responses-connect",
        requirement="rfc9112-6.1-8",
        title="No 2xx to CONNECT has a Transfer-Encoding",
        since=SINCE,
        rule="te-in-connect",
        good=(_TUNNEL,),
        mutants=(Canned("sends it", _without(_TUNNEL, b"\r\n\r\n", b"\r\n" + _TE + b"\r\n\r\n")),),
        probe=b"CONNECT {connect} HTTP/1.1\r\nHost: {connect}\r\n\r\n",
        to="CONNECT",
        note="Most origin servers refuse CONNECT: then no response is one to which the rule applies.",
    ),
    Passive(
        id="rfc9112-6.1-responses-http-1.0",
        requirement="rfc9112-6.1-11",
        title="No answer to an HTTP/1.0 request has a Transfer-Encoding",
        since=SINCE,
        rule="te-to-old-client",
        good=(closes(response(close=True)),),
        mutants=(Canned("sends it", closes(_CHUNKED_OK)),),
        probe=request(to=b"{stream:3}", version=b"1.0"),
        version="1.0",
    ),
    Passive(
        id="rfc9112-6.2-responses-both-lengths",
        requirement="rfc9112-6.2-1",
        title="No response has both Content-Length and Transfer-Encoding",
        since=SINCE,
        rule="length-and-te",
        good=(OK,),
        mutants=(Canned("sends both", _without(_CHUNKED_OK, _TE, _TE + b"\r\nContent-Length: 16")),),
    ),
    Passive(
        id="rfc9112-7.1-responses-chunked-grammar",
        requirement="rfc9112-7.1-a4",
        title="Every chunked response keeps to the grammar, up to its last CRLF",
        since=SINCE,
        rule="chunked-grammar",
        good=(_CHUNKED_OK,),
        mutants=(
            Canned("writes 0x before a size", _without(_CHUNKED_OK, b"\r\n8\r\n", b"\r\n0x8\r\n")),
            Canned("ends a size with LF", _without(_CHUNKED_OK, b"\r\n8\r\n", b"\r\n8\n")),
            Canned("leaves out the CRLF behind data", _without(_CHUNKED_OK, b"piece 0\n\r\n", b"piece 0\n")),
            Canned("pads a size with spaces", _without(_CHUNKED_OK, b"\r\n8\r\n", b"\r\n8  \r\n")),
        ),
        probe=_STREAM,
    ),
    Passive(
        id="rfc9112-7.4-responses-unasked-coding",
        requirement="rfc9112-7.4-a1",
        title="No response to a request without TE has another transfer coding than chunked",
        since=SINCE,
        rule="te-unasked",
        good=(_CHUNKED_OK,),
        mutants=(Canned("sends gzip", _without(_CHUNKED_OK, _TE, b"Transfer-Encoding: gzip, chunked")),),
        probe=_STREAM,
    ),
)

ENDS = (
    Passive(
        id="rfc9112-6.3-responses-no-content",
        requirement="rfc9112-6.3-a1",
        title="Nothing but the next response follows the head of a response to HEAD, a 1xx, a 204 or a 304",
        since=SINCE,
        rule="no-content",
        good=(HEAD_OK,),
        mutants=(Canned("sends the content", HEAD_OK + b"ok"),),
        probe=request(b"HEAD"),
        to="HEAD",
    ),
    Passive(
        id="rfc9112-6.3-responses-self-delimited",
        requirement="rfc9112-6.3-9",
        title="A response to a GET in HTTP/1.1 says where it ends",
        since=SINCE,
        rule="self-delimited",
        good=(OK,),
        mutants=(Canned("ends with its connection", closes(_UNTIL_CLOSE)),),
    ),
    Passive(
        id="rfc9112-9.6-responses-end-announced",
        requirement="rfc9112-9.6-1",
        title="A connection does not end at once after a response that did not say close",
        since=SINCE,
        rule="close-announced",
        good=(OK,),
        mutants=(Canned("closes without a word", closes(OK)),),
        note="Idle timeouts, and ends after requests that break the grammar, do not count.",
    ),
    Passive(
        id="rfc9112-9.6-responses-close-kept",
        requirement="rfc9112-9.6-6",
        title="A connection ends after every response that says close",
        since=SINCE,
        rule="close-kept",
        good=(closes(response(close=True)),),
        mutants=(Canned("stays open", Stream(response(close=True))),),
        probe=request(b"GET", b"Connection: close"),
    ),
)

PASSIVES = (*SYNTAX, *CODINGS, *ENDS)
