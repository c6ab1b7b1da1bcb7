"""RFC 9112, Section 9.8: TLS Connection Closure."""

from __future__ import annotations

from merkhet.answer import End
from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Abort,
    Answers,
    Canned,
    Check,
    On,
    Send,
    Step,
    Stream,
    closes,
    observed,
    resets,
)
from merkhet.expect import answered, as_preflight, cut_short, ended, notified, reset, silent, unnotified
from merkhet.suites.rfc9112.sequences import GRACE_SECONDS, HEAD_OK_CLOSE, UNKNOWN, asked, request, sized
from merkhet.suites.words import GET, HANG_UP, NOTHING, OK, SINCE, response

_TLS = frozenset({"tls"})
_CLOSE = b"Connection: close"

# --- 9.8-6: close_notify before the end

ENDINGS: tuple[tuple[str, str, bytes, str, bytes], ...] = (
    ("get", "a GET that says close", request(b"GET", _CLOSE), "1.1", response(close=True)),
    ("head", "a HEAD that says close", request(b"HEAD", _CLOSE), "1.1", HEAD_OK_CLOSE),
    ("old", "an HTTP/1.0 GET", request(version=b"1.0"), "1.0", response(close=True)),
    (
        "unknown-path",
        "a GET of an unknown path",
        request(b"GET", _CLOSE, to=UNKNOWN),
        "1.1",
        response(404, b"", close=True),
    ),
    (
        "garbage",
        "a line of garbage",
        b"no request line by any grammar\r\n\r\n",
        "1.1",
        response(400, b"", close=True),
    ),
)


def _notifies(slug: str, words: str, data: bytes, minor: str, good: bytes) -> Check:
    return Check(
        id=f"rfc9112-9.8-notified-after-{slug}",
        requirement="rfc9112-9.8-6",
        title=f"A close_notify comes before the connection ends after {words}",
        since=SINCE,
        steps=(
            Send(data),
            Answers(
                {
                    answered: PASS,
                    notified: PASS.then(),
                    unnotified: VIOLATION.because("the connection ended without close_notify").then(),
                    cut_short: VIOLATION.because(
                        "the answer ended by the end of the connection, without close_notify"
                    ).then(),
                    reset: WARNING.because("the connection was reset without an answer").then(),
                    silent: WARNING.because("a complete request got no answer").then(),
                },
                to="HEAD" if data.startswith(b"HEAD") else "GET",
                version=minor,
            ),
            Answers(
                {
                    notified: PASS,
                    unnotified: VIOLATION.because("the connection ended without close_notify"),
                    reset: WARNING.because("the connection was reset, which may have destroyed the close_notify"),
                    silent: observed("the connection stays open"),
                },
                patience_seconds=GRACE_SECONDS,
            ),
        ),
        good=(closes(good),),
        mutants=(
            Canned("ends without close_notify", Stream(good, End.UNNOTIFIED)),
            Canned("resets the connection", resets(good)),
        ),
        tags=_TLS,
        note="The alert must only be sent: that the server waits for the client's is not asked.",
    )


# --- 9.8-5: the client's end without close_notify

ABORTED: tuple[tuple[str, str, tuple[Step, ...], bytes], ...] = (
    ("answer", "after an answer", asked(GET), OK),
    ("nothing", "before a request", (On(0),), b""),
    ("head", "within a request head", (Send(b"GET {root} HTTP/1.1\r\nHost: {host}\r\nX-Merk"),), b""),
    ("content", "within content", (Send(sized(b"POST", b"hello").removesuffix(b"llo")),), b""),
    ("request", "after a request, before its answer", (Send(GET),), OK),
)
_UNWELL = "a plain GET on a new connection got no answer after that"


def _tolerates(slug: str, words: str, before: tuple[Step, ...], good: bytes) -> Check:
    fine = Answers(
        {
            as_preflight(): PASS,
            answered: VIOLATION.because("a plain GET on a new connection was not answered as before"),
            ended: VIOLATION.because(_UNWELL),
            silent: VIOLATION.because(_UNWELL),
        }
    )
    return Check(
        id=f"rfc9112-9.8-unnotified-{slug}",
        requirement="rfc9112-9.8-5",
        title=f"A client's end without close_notify {words} does the server no harm",
        since=SINCE,
        steps=(*before, Abort(), On(1), Send(GET), fine, Send(GET), fine),
        good=(good, OK + OK),
        mutants=(
            Canned("hangs", good, NOTHING),
            Canned("drops new connections", good, HANG_UP),
            Canned("fails", good, closes(response(500, b"", close=True))),
        ),
        tags=_TLS,
    )


CHECKS = (*(_notifies(*row) for row in ENDINGS), *(_tolerates(*row) for row in ABORTED))
