"""RFC 9110, Sections 10.1.1 and 10.2.4: the expectation of 100, and what a server says of itself."""

from __future__ import annotations

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Send,
    closes,
    in_turns,
    lacks,
    observed,
)
from merkhet.expect import (
    all_of,
    answered,
    as_preflight,
    ended,
    interim,
    silent,
    status,
    status_4xx,
)
from merkhet.expect_kept import field_matches
from merkhet.suites.rfc9110.s09_shared import (
    FAILS,
    HANGS_UP,
    NOT_ALLOWED,
    SILENT_SERVER,
    one_answer,
    unanswered,
    unserved,
)
from merkhet.suites.rfc9112.sequences import HELLO_CHUNKS, SAYS_CLOSE, request, sized
from merkhet.suites.words import (
    CHUNKED,
    ECHO_TWIN,
    OK,
    POST_TWIN,
    SINCE,
    echo,
    response,
)

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LENGTH = b"Content-Length: 5"
EXPECTS = b"Expect: 100-continue"
PATIENCE_SECONDS = 5.0
"""How long a client may be kept waiting for leave: point 50 of the verdicts asks for two to five."""
NO_FINAL = VIOLATION.because("no final answer came behind the 100")
FINAL = Answers(
    {answered: PASS, ended: NO_FINAL, silent: NO_FINAL},
    to="POST",
)


def head(*lines: bytes, to: bytes = b"{echo}", version: bytes = b"1.1") -> bytes:
    """Return the head of a POST that announces content."""
    return request(b"POST", *lines, to=to, version=version)


# --- 10.1.1-11, -12, -9 and -a1: who waits is told at once

INVITED: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("length", "Content-Length", head(EXPECTS, LENGTH), b"hello"),
    ("chunked", "chunked content", head(EXPECTS, CHUNKED), HELLO_CHUNKS),
    ("root", "content for the root", head(EXPECTS, LENGTH, to=b"{root}"), b"hello"),
    ("put", "PUT", request(b"PUT", EXPECTS, LENGTH, to=b"{echo}"), b"hello"),
    ("last-line", "the expectation as its last field", head(LENGTH, b"X-Merkhet: a", EXPECTS), b"hello"),
)


def _told(content_sent: bytes) -> Answers:
    """Return the step that waits for leave: a short while first, since most servers give it at once."""
    cases = {
        answered: PASS.then(),  # with 100 before it or without: it did not wait for the content
        interim(100): PASS.then(Send(content_sent), FINAL),
        ended: WARNING.because("the connection ended without an answer to a head that waits"),
    }
    left_waiting = VIOLATION.because("neither 100 nor a final answer came to a client that waits with its content")
    patient = Answers({**cases, silent: left_waiting}, to="POST", patience_seconds=PATIENCE_SECONDS)
    return Answers({**cases, silent: PASS.then(patient)}, to="POST", quiet=True)


def _invited(slug: str, words: str, data: bytes, rest: bytes) -> Check:
    return Check(
        id=f"rfc9110-10.1.1-told-{slug}",
        requirement="rfc9110-10.1.1-11",
        title=f"A client that waits with {words} gets 100 or a final answer at once",
        since=SINCE,
        steps=(Send(data), _told(rest)),
        good=(in_turns(CONTINUE, echo(b"hello")),),
        mutants=(Canned("waits for the content", in_turns(b"", echo(b"hello"))), SILENT_SERVER),
        twin=ECHO_TWIN,
        note="A final status in the place of 100 is as good. Five seconds are waited for.",
    )


def _not_after(slug: str, words: str, data: bytes, rest: bytes) -> Check:
    late = VIOLATION.because("100 came when the content had come, and not before")
    after = Answers(
        {
            interim(100): late,
            answered: WARNING.because("it answered nothing before the content came"),
            **unanswered(),
        },
        to="POST",
    )
    came_first = {
        answered: PASS.then(),
        interim(100): PASS.then(Send(rest), FINAL),
        ended: WARNING.because("it hung up"),
    }
    patient = Answers({**came_first, silent: PASS.then(Send(rest), after)}, to="POST", patience_seconds=2.0)
    return Check(
        id=f"rfc9110-10.1.1-not-after-{slug}",
        requirement="rfc9110-10.1.1-12",
        title=f"100 does not wait for the content that it invites: {words}",
        since=SINCE,
        steps=(Send(data), Answers({**came_first, silent: PASS.then(patient)}, to="POST", quiet=True)),
        good=(in_turns(CONTINUE, echo(b"hello")),),
        mutants=(
            Canned("says 100 behind the content", in_turns(b"", CONTINUE + echo(b"hello"))),
            Canned("answers behind the content alone", in_turns(b"", echo(b"hello"))),
            HANGS_UP,
        ),
        twin=ECHO_TWIN,
    )


CASES: tuple[tuple[str, bytes], ...] = (
    ("upper", b"100-CONTINUE"),
    ("capital", b"100-Continue"),
    ("mixed", b"100-cOnTiNuE"),
    ("spaced", b" \t100-continue \t"),
)


def _cased(slug: str, value: bytes) -> Check:
    not_known = VIOLATION.because("the expectation was not known by another case")
    cases = {
        status(417): not_known,
        answered: PASS.then(),
        interim(100): PASS.then(Send(b"hello"), FINAL),
        ended: WARNING.because("the connection ended without an answer"),
    }
    patient = Answers({**cases, silent: not_known}, to="POST", patience_seconds=PATIENCE_SECONDS)
    return Check(
        id=f"rfc9110-10.1.1-case-{slug}",
        requirement="rfc9110-10.1.1-a1",
        title=f"Expect: {value.decode().strip()} is read without case and without the space around it ({slug})",
        since=SINCE,
        steps=(
            Send(head(b"Expect:" + (b"" if value.startswith(b" ") else b" ") + value, LENGTH)),
            Answers({**cases, silent: PASS.then(patient)}, to="POST", quiet=True),
        ),
        good=(in_turns(CONTINUE, echo(b"hello")),),
        mutants=(
            Canned("does not know it", closes(response(417, b"no", close=True))),
            Canned("lets it pass", in_turns(b"", echo(b"hello"))),
        ),
        twin=ECHO_TWIN,
    )


def _final(slug: str, words: str, data: bytes, rest: bytes) -> Check:
    """Of a server that leaves 100 out there is nothing to see."""
    none = lacks("100")
    begun = {all_of(interim(100), answered): PASS.then(), answered: none, interim(100): PASS, **unanswered()}
    return Check(
        id=f"rfc9110-10.1.1-final-{slug}",
        requirement="rfc9110-10.1.1-9",
        title=f"A final answer follows 100 once the content has come: {words}",
        since=SINCE,
        steps=(
            Send(data),
            Answers({**begun, silent: none}, to="POST", quiet=True),
            Send(rest),
            FINAL,
            Send(request()),
            Answers({as_preflight(): PASS, answered: PASS, ended: PASS, silent: NO_FINAL}),
        ),
        good=(in_turns(CONTINUE, echo(b"hello"), OK),),
        mutants=(
            Canned("says nothing more", in_turns(CONTINUE, b"", b"")),
            Canned("hangs up", closes(CONTINUE)),
            Canned("says 100 again", in_turns(CONTINUE, CONTINUE, b"")),
        ),
        twin=ECHO_TWIN,
    )


# --- 10.1.1-7: HTTP/1.0 knows no 100

OLD: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("length", "with a length", head(EXPECTS, LENGTH, version=b"1.0"), b"hello"),
    ("keep-alive", "that keeps the connection",
     head(EXPECTS, LENGTH, b"Connection: keep-alive", version=b"1.0"), b"hello"),
    ("root", "to the root", head(EXPECTS, LENGTH, to=b"{root}", version=b"1.0"), b"hello"),
    ("put", "by PUT", request(b"PUT", EXPECTS, LENGTH, to=b"{echo}", version=b"1.0"), b"hello"),
)  # fmt: skip


def _old(slug: str, words: str, data: bytes, rest: bytes) -> Check:
    sent = VIOLATION.because("100 came to a request of HTTP/1.0")
    final = Answers(
        {interim(100): sent, answered: PASS, **unanswered()},
        to="POST",
        version="1.0",
    )
    return Check(
        id=f"rfc9110-10.1.1-old-{slug}",
        requirement="rfc9110-10.1.1-7",
        title=f"The expectation is ignored in a request of HTTP/1.0 {words}",
        since=SINCE,
        steps=(
            Send(data),
            Answers(
                {
                    interim(100): sent,
                    answered: PASS.then(),
                    silent: PASS,
                    ended: WARNING.because("the connection ended before the content was sent").then(),
                },
                to="POST",
                version="1.0",
                quiet=True,
            ),
            Send(rest),
            final,
        ),
        good=(in_turns(b"", closes(echo(b"hello", close=True)).data),),
        mutants=(
            Canned("says 100", in_turns(CONTINUE, echo(b"hello"))),
            Canned("says 100 late", in_turns(b"", CONTINUE + echo(b"hello"))),
            Canned("never answers", in_turns(b"", b"")),
        ),
        twin=POST_TWIN,
    )


# --- 10.1.1-1 and -8: what may be done otherwise

UNKNOWN: tuple[tuple[str, bytes], ...] = (
    ("word", b"merkhet"),
    ("pair", b"merkhet=1"),
    ("list", b"100-continue, merkhet"),
    ("parameter", b"merkhet;a=b"),
)


def _unknown(slug: str, value: bytes) -> Check:
    return one_answer(
        f"rfc9110-10.1.1-unknown-{slug}",
        "rfc9110-10.1.1-1",
        f"Expect: {value.decode()} is refused with 417, or passed over",
        sized(b"POST", b"hello", b"Expect: " + value, to=b"{echo}"),
        {
            status(417): observed("refuses it with 417"),
            status_4xx: WARNING.because("refused, but not with 417"),
            **unserved(),
            answered: observed("passes it over"),
        },
        good=echo(b"hello"),
        mutants=(Canned("refuses it", closes(response(417, b"no", close=True))), FAILS, HANGS_UP, SILENT_SERVER),
        to="POST",
        twin=ECHO_TWIN,
    )


def _omitted(slug: str, words: str, data: bytes) -> Check:
    return one_answer(
        f"rfc9110-10.1.1-omitted-{slug}",
        "rfc9110-10.1.1-8",
        f"100 is sent or left out: {words}",
        data,
        {
            interim(100): observed("says 100 all the same"),
            status(417): WARNING.because("a known expectation was refused"),
            **unserved(),
            answered: observed("leaves 100 out"),
        },
        good=echo(b"hello"),
        mutants=(Canned("says 100", CONTINUE + echo(b"hello")), FAILS, HANGS_UP, SILENT_SERVER),
        to="POST",
        twin=ECHO_TWIN,
    )


# --- 10.1.1-10: an early final answer says what becomes of the connection


def _early(slug: str, words: str, data: bytes, rest: bytes) -> Check:
    behind = Answers(
        {
            as_preflight(): PASS,
            ended: VIOLATION.because("the connection ended though the answer did not say so"),
            answered: VIOLATION.because("the content was taken for a request"),
            silent: VIOLATION.because("it neither reads on nor says that it ends"),
        }
    )
    early = {SAYS_CLOSE: PASS.then(), answered: PASS, ended: WARNING.because("it hung up without an answer").then()}
    return Check(
        id=f"rfc9110-10.1.1-early-{slug}",
        requirement="rfc9110-10.1.1-10",
        title=f"Who answers before {words} has come says close, or reads it",
        since=SINCE,
        steps=(
            Send(data),
            Answers(
                {interim(100): lacks("an answer before the content"), **early, silent: lacks("100")},
                to="POST",
                quiet=True,
            ),
            Send(rest + request()),
            behind,
        ),
        good=(in_turns(NOT_ALLOWED, OK),),
        mutants=(
            Canned("closes unsaid", closes(NOT_ALLOWED)),
            Canned("takes the content for a request", in_turns(NOT_ALLOWED, response(400, b"bad") + OK)),
            Canned("hangs", in_turns(NOT_ALLOWED, b"")),
        ),
        twin=POST_TWIN,
    )


# --- 10.2.4-2: what the server says of itself

_DETAIL = rb".*\(.*|[^ ]+(?: +[^ ]+){2,}"
SERVER = one_answer(
    "rfc9110-10.2.4-detail",
    "rfc9110-10.2.4-2",
    "The Server field tells no more than who made the server",
    request(),
    {
        field_matches(b"Server", _DETAIL, "a comment, or more than two products"): VIOLATION.because(
            "it lists what runs there, which helps who looks for holes"
        ),
        answered: PASS,
        **unserved(),
    },
    good=response(200, b"ok", b"Server: merkhet/0.1"),
    mutants=(
        Canned("names its system", response(200, b"ok", b"Server: Apache/2.4.66 (Debian)")),
        Canned("lists its modules", response(200, b"ok", b"Server: Apache/2.4 OpenSSL/3.0 PHP/8.3")),
        HANGS_UP,
        SILENT_SERVER,
    ),
)

CHECKS = (
    *(_invited(*row) for row in INVITED),
    *(_not_after(*row) for row in INVITED[:2]),
    *(_cased(*row) for row in CASES),
    *(_final(*row) for row in INVITED[:2]),
    *(_old(*row) for row in OLD),
    *(_unknown(*row) for row in UNKNOWN),
    _omitted("length", "content of a length that has come", head(EXPECTS, LENGTH) + b"hello"),
    _omitted("chunked", "chunked content that has come", head(EXPECTS, CHUNKED) + HELLO_CHUNKS),
    _omitted("empty", "a length of zero", head(EXPECTS, b"Content-Length: 0")),
    _omitted("get", "no content at all", request(b"GET", EXPECTS, to=b"{echo}")),
    _early("root", "content for the root", head(EXPECTS, LENGTH, to=b"{root}"), b"hello"),
    _early("chunked", "chunked content for the root", head(EXPECTS, CHUNKED, to=b"{root}"), HELLO_CHUNKS),
    SERVER,
)
