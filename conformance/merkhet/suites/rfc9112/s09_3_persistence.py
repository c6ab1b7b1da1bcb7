"""RFC 9112, Section 9.3: Persistence."""

from __future__ import annotations

from merkhet.check import (
    INCONCLUSIVE,
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    On,
    Send,
    Step,
    closes,
    observed,
)
from merkhet.expect import all_of, answered, ended, field, silent, status, version
from merkhet.suites.rfc9112.sequences import (
    GRACE_SECONDS,
    HEAD_OK,
    HEAD_OK_CLOSE,
    SAYS_CLOSE,
    UNKNOWN,
    asked,
    next_answer,
    read_rightly,
    request,
    then_ended,
)
from merkhet.suites.words import GET, OK, OK_CLOSE, SINCE, response

# --- 9.3-1: persistent connections are supported

_ENDS = VIOLATION.because("the connection did not outlive its first answer")
_STALLS = VIOLATION.because("the second request on the connection got no answer")

LASTING: tuple[tuple[str, str, bytes, str, bytes], ...] = (
    ("get", "a GET", GET, "GET", OK),
    ("get-keep-alive", "a GET that says keep-alive", request(b"GET", b"Connection: keep-alive"), "GET", OK),
    ("get-option", "a GET with an unknown connection option", request(b"GET", b"Connection: foo"), "GET", OK),
    ("get-close-elsewhere", "a GET whose other field says close", request(b"GET", b"X-Connection: close"), "GET", OK),
    (
        "get-close-within",
        "a GET with the connection option close-not",
        request(b"GET", b"Connection: close-not"),
        "GET",
        OK,
    ),
    ("head", "a HEAD", request(b"HEAD"), "HEAD", HEAD_OK),
)


def _lasts(slug: str, words: str, first: bytes, to: str, good: bytes) -> Check:
    return Check(
        id=f"rfc9112-9.3-persists-after-{slug}",
        requirement="rfc9112-9.3-1",
        title=f"The connection takes another request after {words}",
        since=SINCE,
        steps=(
            Send(first),
            Answers(
                {
                    SAYS_CLOSE: VIOLATION.because("the answer to a plain request says close").then(),
                    **read_rightly(),
                },
                to=to,
            ),
            Send(GET),
            next_answer(ended_is=_ENDS, silent_is=_STALLS),
        ),
        good=(good + OK,),
        mutants=(
            Canned("says close and closes", closes(HEAD_OK_CLOSE if to == "HEAD" else response(close=True))),
            Canned("closes without a word", closes(good)),
            Canned("reads no second request", good),
        ),
    )


# --- 9.3-3: a server without persistence says close in every answer

_SILENT_SERVER = VIOLATION.because("every connection ended after one answer, and not every answer said close")
_TRIALS = 3


def _trial(number: int, *, unsaid: bool) -> tuple[Step, ...]:
    """One connection after another, until one takes a second request or all have ended after the first."""
    if number == _TRIALS:
        return ()

    def onward(*, said: bool) -> tuple[Step, ...]:
        return _trial(number + 1, unsaid=unsaid or not said)

    last = number == _TRIALS - 1
    said = _SILENT_SERVER if last and unsaid else PASS
    return (
        On(number),
        Send(GET),
        Answers(
            {
                version(b"HTTP/1.0"): PASS.because("an HTTP/1.0 answer ends the connection by its version").then(),
                SAYS_CLOSE: said.then(*onward(said=True)),
                **read_rightly(),
            }
        ),
        Send(GET),
        Answers(
            {
                answered: PASS.then(),
                silent: INCONCLUSIVE.because("the connection stays open, and its second request is not answered"),
                ended: (_SILENT_SERVER if last else PASS).then(*onward(said=False)),
            },
            patience_seconds=GRACE_SECONDS,
        ),
    )


SAYS_SO = Check(
    id="rfc9112-9.3-unpersistent-says-close",
    requirement="rfc9112-9.3-3",
    title="A server that ends every connection after one answer says close in each",
    since=SINCE,
    steps=_trial(0, unsaid=False),
    good=(OK + OK, OK + OK, OK + OK),
    mutants=(
        Canned("closes each connection without a word", closes(OK), closes(OK), closes(OK)),
        Canned("says close on two of three", OK_CLOSE, closes(OK), OK_CLOSE),
        Canned("says close on the first two", OK_CLOSE, OK_CLOSE, closes(OK)),
    ),
    note="A connection may end at any time, so one unannounced end says nothing: three of three show a lack of persistence.",
)

# --- 9.3-a1: the close option, wherever and however it is written

CLOSE_FORMS: tuple[tuple[str, str, tuple[bytes, ...]], ...] = (
    ("upper-case", "in upper case", (b"Connection: CLOSE",)),
    ("mixed-case", "in mixed case", (b"Connection: Close",)),
    ("upper-case-name", "in a field whose name is in upper case", (b"CONNECTION: close",)),
    ("no-space", "directly behind the colon", (b"Connection:close",)),
    ("padded", "with whitespace around it", (b"Connection: \t close \t",)),
    ("first", "first in a list", (b"Connection: close, foo",)),
    ("last", "last in a list", (b"Connection: foo, close",)),
    ("last-upper-case", "last in a list, in upper case", (b"Connection: foo, CLOSE",)),
    ("middle", "within a list", (b"Connection: foo, close, bar",)),
    ("list-no-space", "in a list without spaces", (b"Connection: foo,close",)),
    ("list-tab", "in a list with tabs", (b"Connection: foo\t,\tclose",)),
    ("empty-members", "among empty list members", (b"Connection: , close, ,",)),
    ("after-keep-alive", "behind keep-alive", (b"Connection: keep-alive, close",)),
    ("before-keep-alive", "before keep-alive", (b"Connection: close, keep-alive",)),
    ("second-line", "in the second of two lines", (b"Connection: foo", b"Connection: close")),
    ("first-line", "in the first of two lines", (b"Connection: close", b"Connection: foo")),
    ("line-after-keep-alive", "in a line behind keep-alive", (b"Connection: keep-alive", b"Connection: close")),
    ("line-before-keep-alive", "in a line before keep-alive", (b"Connection: close", b"Connection: keep-alive")),
    ("lines-apart", "in a line far behind another", (b"Connection: foo", b"Accept: */*", b"Connection: bar, close")),
)


def _close_form(slug: str, words: str, lines: tuple[bytes, ...]) -> Check:
    return Check(
        id=f"rfc9112-9.3-close-{slug}",
        requirement="rfc9112-9.3-a1",
        title=f"The close option {words} ends the connection after the answer",
        since=SINCE,
        steps=(*asked(request(b"GET", *lines)), then_ended()),
        good=(OK_CLOSE,),
        mutants=(
            Canned("keeps the connection", OK),
            Canned("says close and keeps the connection", response(close=True)),
            Canned("answers twice", closes(OK + OK)),
        ),
        note="An option is a list member compared without case, whatever the number of lines; close wins over keep-alive.",
    )


OLD_AND_BOTH = Check(
    id="rfc9112-9.3-close-http-1.0-keep-alive",
    requirement="rfc9112-9.3-a1",
    title="The close option ends the connection after the answer to an HTTP/1.0 request that says keep-alive too",
    since=SINCE,
    steps=(*asked(request(b"GET", b"Connection: keep-alive, close", version=b"1.0"), version="1.0"), then_ended()),
    good=(OK_CLOSE,),
    mutants=(
        Canned("keeps the connection", response(200, b"ok", b"Connection: keep-alive")),
        Canned("answers twice", closes(OK + OK)),
    ),
)

# --- 9.3-a2 and 9.3-a3: HTTP/1.0

OLD_FORMS: tuple[tuple[str, str, bytes, str, bytes], ...] = (
    ("get", "GET", request(version=b"1.0"), "GET", response(close=True)),
    ("get-without-host", "GET without Host", b"GET {root} HTTP/1.0\r\n\r\n", "GET", response(close=True)),
    ("head", "HEAD", request(b"HEAD", version=b"1.0"), "HEAD", HEAD_OK_CLOSE),
    (
        "close",
        "GET that says close",
        request(b"GET", b"Connection: close", version=b"1.0"),
        "GET",
        response(close=True),
    ),
    (
        "option",
        "GET with another option",
        request(b"GET", b"Connection: foo", version=b"1.0"),
        "GET",
        response(close=True),
    ),
    (
        "keep-alive-field",
        "GET with a Keep-Alive field but not the option",
        request(b"GET", b"Keep-Alive: timeout=5", version=b"1.0"),
        "GET",
        response(close=True),
    ),
    (
        "unknown-path",
        "GET of an unknown path",
        request(b"GET", to=UNKNOWN, version=b"1.0"),
        "GET",
        response(404, b"", close=True),
    ),
)


def _old_closes(slug: str, words: str, data: bytes, to: str, good: bytes) -> Check:
    return Check(
        id=f"rfc9112-9.3-http-1.0-closes-{slug}",
        requirement="rfc9112-9.3-a2",
        title=f"The connection ends after the answer to an HTTP/1.0 {words}",
        since=SINCE,
        steps=(*asked(data, to=to, version="1.0"), then_ended()),
        good=(closes(good),),
        mutants=(
            Canned("keeps the connection", good),
            Canned("answers twice", closes(good + good)),
        ),
    )


_OLD_AGAIN = request(b"GET", b"Connection: keep-alive", version=b"1.0")


def _second(persists: str, *, warns: bool = False) -> tuple[Step, ...]:
    stays = (
        WARNING.because("an HTTP/1.0 answer without keep-alive kept the connection") if warns else observed(persists)
    )
    return (
        Send(_OLD_AGAIN),
        Answers(
            {
                answered: stays,
                ended: observed("ends the connection after the answer"),
                silent: observed("keeps the connection and answers no more"),
            },
            version="1.0",
        ),
    )


KEEP_ALIVE_FORMS: tuple[tuple[str, str, bytes], ...] = (
    ("lower-case", "keep-alive", b"Connection: keep-alive"),
    ("mixed-case", "Keep-Alive in mixed case", b"Connection: Keep-Alive"),
    ("in-list", "keep-alive within a list", b"Connection: foo, keep-alive"),
)


def _keeps_alive(slug: str, words: str, line: bytes) -> Check:
    old = OK.replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    kept = response(200, b"ok", b"Connection: keep-alive")
    return Check(
        id=f"rfc9112-9.3-http-1.0-keep-alive-{slug}",
        requirement="rfc9112-9.3-a3",
        title=f"An HTTP/1.0 request that says {words} may keep the connection",
        since=SINCE,
        steps=(
            Send(request(b"GET", line, version=b"1.0")),
            Answers(
                {
                    status(400): WARNING.because("a legal request was refused").then(),
                    field(b"Connection", b"keep-alive"): observed("says keep-alive").then(
                        *_second("keeps the connection")
                    ),
                    all_of(version(b"HTTP/1.0"), answered): observed("answers in HTTP/1.0 without keep-alive").then(
                        *_second("", warns=True)
                    ),
                    answered: observed("answers in HTTP/1.1 without keep-alive").then(*_second("keeps the connection")),
                    ended: WARNING.because("the connection ended without an answer to a complete request"),
                    silent: WARNING.because("a complete request got no answer"),
                },
                version="1.0",
            ),
        ),
        good=(kept + kept,),
        mutants=(
            Canned("keeps the connection in HTTP/1.0 without a word", old + old),
            Canned("closes", OK_CLOSE),
            Canned("keeps the connection without a word", OK + OK),
        ),
        note="An HTTP/1.1 status line keeps the connection by itself; an HTTP/1.0 one only with the option.",
    )


CHECKS = (
    *(_lasts(*row) for row in LASTING),
    SAYS_SO,
    *(_close_form(*row) for row in CLOSE_FORMS),
    OLD_AND_BOTH,
    *(_old_closes(*row) for row in OLD_FORMS),
    *(_keeps_alive(*row) for row in KEEP_ALIVE_FORMS),
)
