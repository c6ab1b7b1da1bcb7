"""RFC 9110, Section 15: one final answer to each request, and what the answers of errors say."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    DESYNC,
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    Send,
    Verdict,
    closes,
    lacks,
    observed,
)
from merkhet.expect import (
    Expectation,
    all_of,
    answered,
    content,
    ended,
    field,
    garbage,
    silent,
    status,
    status_2xx,
    status_5xx,
)
from merkhet.expect_kept import field_matches
from merkhet.expect_response import with_content
from merkhet.suites.rfc9110.s09_shared import HANGS_UP, NOWHERE, SILENT_SERVER, bare, one_answer, unanswered
from merkhet.suites.rfc9112.sequences import next_answer, request, sized, then_ended
from merkhet.suites.words import OK, SINCE, response

# --- 15.3.5-a1: behind a 204 comes the next answer

NO_CONTENT = bare(204)


def _nothing_behind(slug: str, words: str, data: bytes, count: int) -> Check:
    lost = WARNING.because("the connection ended though nothing said so")
    read = Answers({status(204): PASS, answered: lacks("204"), **unanswered()})
    behind = next_answer(ended_is=lost, silent_is=DESYNC.because("the request behind a 204 got no answer"))
    return Check(
        id=f"rfc9110-15.3.5-bare-{slug}",
        requirement="rfc9110-15.3.5-a1",
        title=f"Behind {words} comes the next answer and nothing else",
        since=SINCE,
        steps=(Send(data), *(read for _ in range(count)), behind),
        good=(NO_CONTENT * count + OK,),
        mutants=(
            Canned("sends content", NO_CONTENT * count + b"204" + OK),
            Canned("sends an empty chunked content", NO_CONTENT * count + b"0\r\n\r\n" + OK),
            Canned("forgets the next", NO_CONTENT * count),
        ),
        twin=Exchange(request=request(to=b"{status:204}"), answer=status_2xx, good=NO_CONTENT),
    )


# --- 15-a2: as many final answers as requests


def _one_each(slug: str, words: str, targets: tuple[tuple[bytes, Expectation, bytes], ...]) -> Check:
    last = len(targets) - 1
    lines = [(b"Connection: close",) if number == last else () for number in range(len(targets))]
    data = b"".join(request(b"GET", *line, to=to) for line, (to, _, _) in zip(lines, targets, strict=True))
    early = observed("the connection ends after some of the pipelined requests").then()
    reads = [
        Answers(
            {
                expected: PASS,
                ended: early if number else WARNING.because("the connection ended without an answer"),
                silent: VIOLATION.because("one request got no answer"),
                answered: VIOLATION.because("an answer stands in the place of another"),
                garbage: DESYNC.because("bytes that belong to no answer came"),
            }
        )
        for number, (_, expected, _) in enumerate(targets)
    ]
    answers = [good for _, _, good in targets]
    return Check(
        id=f"rfc9110-15-one-each-{slug}",
        requirement="rfc9110-15-a2",
        title=f"{words[0].upper()}{words[1:]} get one final answer each, in their order",
        since=SINCE,
        steps=(Send(data), *reads, then_ended(WARNING)),
        good=(closes(b"".join(answers)),),
        mutants=(
            Canned("answers twice", closes(b"".join((answers[0], *answers)))),
            Canned("changes the order", closes(b"".join(reversed(answers)))),
            Canned("forgets one", b"".join(answers[:-1])),
            Canned("sends octets between", closes(answers[0] + b"??" + b"".join(answers[1:]))),
        ),
        twin=Exchange(request=request()),
    )


def _param(value: bytes) -> tuple[bytes, Expectation, bytes]:
    return b"{param:%s}" % value, content(value), response(200, value)


def _coded(code: int) -> tuple[bytes, Expectation, bytes]:
    # A target may have only some of the statuses, and answers 404 for another.
    return b"{status:%d}" % code, status(code, 404), response(code, b"x\n")


# --- what errors say


def _explained(
    slug: str,
    requirement: str,
    title: str,
    data: bytes,
    error: tuple[Expectation, bytes],
    *,
    bare_is: Verdict,
    lacking: str,
    to: str = "GET",
    twin: Exchange | None = None,
) -> Check:
    code, good = error
    empty = good.partition(b"\r\n\r\n")[0].rsplit(b"Content-Length", 1)[0] + b"Content-Length: 0\r\n\r\n"
    return one_answer(
        f"rfc9110-{slug}",
        requirement,
        title,
        data,
        {
            all_of(code, with_content): PASS,
            code: bare_is,
            answered: lacks(lacking),
            **unanswered(),
        },
        good=good,
        mutants=(Canned("says nothing", empty), HANGS_UP, SILENT_SERVER),
        to=to,
        twin=twin,
    )


_SAYS_NOTHING = observed("explains nothing")
_UNEXPLAINED = VIOLATION.because("nothing is said of what could be had instead")

EXPLAINED = (
    _explained(
        "15.5-explained-not-found", "rfc9110-15.5-1", "A 404 says in its content what is wrong",
        request(to=NOWHERE), (status(404), response(404, b"no\n")), bare_is=_SAYS_NOTHING, lacking="404 for what is not there",
    ),
    _explained(
        "15.5-explained-method", "rfc9110-15.5-1", "A 405 says in its content what is wrong",
        sized(b"POST", b"hello"), (status(405), response(405, b"no\n", b"Allow: GET, HEAD")),
        bare_is=_SAYS_NOTHING, lacking="a method that the root does not have", to="POST",
    ),
    _explained(
        "15.5-explained-bad", "rfc9110-15.5-1", "A 400 says in its content what is wrong",
        b"GET {root} HTTP/1.1\r\n\r\n", (status(400), response(400, b"no\n")), bare_is=_SAYS_NOTHING, lacking="a refusal",
    ),
    _explained(
        "15.5.7-alternatives", "rfc9110-15.5.7-1", "A 406 names what could be had instead",
        request(b"GET", b"Accept: image/png", to=b"{conneg}"), (status(406), response(406, b"text/html\n")),
        bare_is=_UNEXPLAINED, lacking="406: it sends what it has",
        twin=Exchange(request=request(b"GET", b"Accept: text/html", to=b"{conneg}"), answer=status_2xx),
    ),
    _explained(
        "15.5.10-conflict", "rfc9110-15.5.10-1", "A 409 explains the conflict",
        sized(b"PUT", b"hello", to=b"{mutable:merkhet-none-{nonce}/inner}"), (status(409), response(409, b"no folder\n")),
        bare_is=VIOLATION.because("a conflict that nothing is said of"), lacking="conflicts", to="PUT",
        twin=Exchange(request=request(to=b"{mutable:merkhet-{nonce}}"), answer=answered, good=response(404, b"no")),
    ),
    _explained(
        "15.6-explained", "rfc9110-15.6-1", "A 5xx says in its content what is wrong",
        request(b"MERKHET"), (status_5xx, response(501, b"no\n")), bare_is=_SAYS_NOTHING, lacking="an error of its own",
        to="MERKHET",
    ),
    _explained(
        "15.6.6-explained", "rfc9110-15.6.6-1", "A 505 says which versions there are",
        request(version=b"9.9"), (status(505), response(505, b"HTTP/1.1 only\n")), bare_is=_SAYS_NOTHING, lacking="505",
    ),
)  # fmt: skip

# --- 15.5.14: too much content

TOO_LARGE = closes(response(413, b"no\n", close=True))
_HUGE = request(b"POST", b"Content-Length: 999999999999", to=b"{echo}")
_NO_LIMIT = lacks("a limit on content that it tells before the content")
_THEN_END: Mapping[Expectation, Verdict] = {
    ended: observed("refuses with 413 and ends the connection"),
    silent: observed("refuses with 413 and keeps the connection"),
}
_UNSAID: Mapping[Expectation, Verdict] = {
    answered: _NO_LIMIT.then(),
    silent: _NO_LIMIT.then(),
    ended: _NO_LIMIT.then(),
}


def _too_large(slug: str, requirement: str, title: str, steps: tuple[Answers, ...], *mutants: Canned) -> Check:
    return Check(
        id=f"rfc9110-15.5.14-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(Send(_HUGE), *steps),
        good=(TOO_LARGE,),
        mutants=mutants,
        twin=Exchange(request=sized(b"POST", b"hello", to=b"{echo}"), answer=status_2xx),
    )


LARGE = (
    _too_large(
        "connection",
        "rfc9110-15.5.14-1",
        "A refusal of content that is too large ends the connection, or does not",
        (
            Answers({status(413): observed("refuses it before it has come"), **_UNSAID}, to="POST", quiet=True),
            Answers({**_THEN_END, answered: WARNING.because("one answer too many")}, quiet=True),
        ),
        Canned("keeps the connection", response(413, b"no\n")),
        Canned("answers twice", closes(response(413, b"no\n") + OK)),
    ),
    _too_large(
        "retry-after",
        "rfc9110-15.5.14-2",
        "A refusal of content that is too large for now says when to come again",
        (
            Answers(
                {
                    all_of(
                        status(413), field_matches(b"Retry-After", rb"[0-9]+|[A-Z][a-z]{2}, .* GMT", "a time")
                    ): PASS,
                    all_of(status(413), field(b"Retry-After")): VIOLATION.because("Retry-After is no time"),
                    status(413): observed("does not say that it is for now"),
                    **_UNSAID,
                },
                to="POST",
                quiet=True,
            ),
        ),
        Canned("says a word", closes(response(413, b"no\n", b"Retry-After: later", close=True))),
    ),
)

CHECKS = (
    _nothing_behind("one", "a 204", request(to=b"{status:204}") + request(), 1),
    _nothing_behind("several", "three of 204", request(to=b"{status:204}") * 3 + request(), 3),
    _nothing_behind("chunked-wanted", "a 204 to who takes trailers",
                    request(b"GET", b"TE: trailers", b"Connection: TE", to=b"{status:204}") + request(), 1),
    _one_each("three", "three requests at once", (_param(b"one"), _param(b"two"), _param(b"three"))),
    _one_each("six", "six requests at once", tuple(_param(b"%d" % number) for number in range(6))),
    _one_each("statuses", "requests that come to different statuses", (_coded(200), _coded(404), _coded(201), _coded(500))),
    *EXPLAINED,
    *LARGE,
)  # fmt: skip
