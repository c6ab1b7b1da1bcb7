"""What the checks of streams and threads share: requests, answers, and what says nothing of the quality at hand."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import WARNING, Canned, Send, Verdict, closes, lacks
from merkhet.expect import Expectation, answered, cut_short, ended, garbage, silent, status, status_5xx
from merkhet.suites.words import DATE, HANG_UP, NOTHING, SERVER_ERROR, response

PATIENCE_SECONDS = 5.0
"""How long an answer may take that waits for others, or is under way when the server is asked to end."""

NOTHING_MORE = Send(b"")
"""Sends nothing. It parts two turns of a canned server, which has no clock: what was not there before is there behind it."""

CHUNKED_HEAD = b"HTTP/1.1 200 \r\n%sContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" % DATE
CLOSING_HEAD = b"HTTP/1.1 200 \r\n%sContent-Type: text/plain\r\nConnection: close\r\n\r\n" % DATE
LAST_CHUNK = b"0\r\n\r\n"

NO_ANSWER: Mapping[Expectation, Verdict] = {
    status(501, 404): lacks("this endpoint"),
    status_5xx: WARNING.because("an error of the server's own"),
    answered: WARNING.because("another answer than the contract's"),
    cut_short: WARNING.because("the answer is not whole"),
    garbage: WARNING.because("what came is no response"),
    ended: WARNING.because("the connection ended without an answer"),
    silent: WARNING.because("no answer came in time"),
}
"""What is no answer of the contract."""


def cases(own: Mapping[Expectation, Verdict]) -> Mapping[Expectation, Verdict]:
    """Return these cases, and behind them what is no answer of the contract, unless they say otherwise of it."""
    return {**own, **{case: verdict for case, verdict in NO_ANSWER.items() if case not in own}}


NO_ANSWER_FAULTS = (
    Canned("fails", SERVER_ERROR),
    Canned("hangs up", HANG_UP),
    Canned("says nothing", NOTHING),
    Canned("says something else", closes(response(200, b"other", close=True))),
)


def get(target: bytes, *lines: bytes, version: bytes = b"1.1") -> bytes:
    """Return a GET with these field lines."""
    more = b"".join(line + b"\r\n" for line in lines)
    return b"GET %s HTTP/%s\r\nHost: {host}\r\n%s\r\n" % (target, version, more)


def chunk(data: bytes) -> bytes:
    """Return one chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def piece(number: int) -> bytes:
    """Return a piece of the contract's streams."""
    return b"piece %d\n" % number


def pieces(count: int) -> bytes:
    """Return the content of so many pieces."""
    return b"".join(map(piece, range(count)))


def chunked(count: int, *, last: bytes = LAST_CHUNK) -> bytes:
    """Return a whole response with so many pieces, a chunk each."""
    return CHUNKED_HEAD + b"".join(chunk(piece(number)) for number in range(count)) + last
