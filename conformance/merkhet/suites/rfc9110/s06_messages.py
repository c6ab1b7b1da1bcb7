"""RFC 9110, Sections 6.2, 6.5 and 6.6: versions, trailers that stay trailers, and the Date."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, Exchange, Send, lacks, observed
from merkhet.expect import (
    all_of,
    answered,
    any_of,
    as_preflight,
    field,
    status,
    status_2xx,
    status_4xx,
    status_5xx,
    version,
    without,
)
from merkhet.expect_dates import advanced
from merkhet.expect_echo import echoed
from merkhet.suites.rfc9110.s09_shared import (
    FAILS,
    HANGS_UP,
    NOWHERE,
    SILENT_SERVER,
    one_answer,
    read,
    unanswered,
    unserved,
)
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import (
    CHUNKED_ECHO_TWIN,
    DATE,
    OK,
    REFUSED,
    SINCE,
    chunked_post,
    chunked_response,
    echo,
    response,
)

_1_0 = OK.replace(b"HTTP/1.1", b"HTTP/1.0")
_1_2 = OK.replace(b"HTTP/1.1", b"HTTP/1.2")

# --- 6.2-4 and -6: versions of answers, and later minor versions


def _version(slug: str, words: str, data: bytes) -> Check:
    return one_answer(
        f"rfc9110-6.2-version-{slug}",
        "rfc9110-6.2-4",
        f"{words} is answered in HTTP/1.1",
        data,
        {
            version(b"HTTP/1.1"): PASS,
            answered: VIOLATION.because("answered in another version than the highest"),
            **unanswered(),
        },
        good=OK,
        mutants=(Canned("answers in HTTP/1.0", _1_0), Canned("answers in HTTP/1.2", _1_2), HANGS_UP, SILENT_SERVER),
    )


def _old(slug: str, line: bytes) -> Check:
    return one_answer(
        f"rfc9110-6.2-old-{slug}",
        "rfc9110-6.2-4",
        f"A request of HTTP/1.0 is answered in HTTP/1.0 or HTTP/1.1 ({slug})",
        request(b"GET", *([line] if line else []), version=b"1.0"),
        {
            version(b"HTTP/1.1"): observed("answers HTTP/1.0 in HTTP/1.1"),
            version(b"HTTP/1.0"): observed("answers HTTP/1.0 in HTTP/1.0"),
            answered: WARNING.because("answered in another version"),
            **unanswered(),
        },
        good=OK,
        mutants=(Canned("answers in HTTP/1.0", _1_0), Canned("answers in HTTP/1.2", _1_2), HANGS_UP, SILENT_SERVER),
        version="1.0",
    )


VERSIONS = (
    _version("get", "A GET", request()),
    _version("missing", "A GET of what is not there", request(to=NOWHERE)),
    _version("method", "A method that nobody knows", request(b"MERKHET")),
    *(
        one_answer(
            f"rfc9110-6.2-minor-{minor}",
            "rfc9110-6.2-6",
            f"HTTP/1.{minor} is processed as HTTP/1.1",
            request(version=b"1.%d" % minor),
            {
                as_preflight(): PASS,
                any_of(status_4xx, status_5xx): VIOLATION.because("a later minor version was refused"),
                answered: VIOLATION.because("answered otherwise than HTTP/1.1"),
                **unanswered(),
            },
            good=OK,
            mutants=(Canned("refuses it", REFUSED), Canned("says 505", response(505, b"no")), HANGS_UP, SILENT_SERVER),
        )
        for minor in (2, 9)
    ),
    _old("plain", b""),
    _old("keep-alive", b"Connection: keep-alive"),
)

# --- 6.5.1-2: trailers are not fields of the head


def _kept_apart(slug: str, words: str, name: bytes, value: bytes) -> Check:
    return one_answer(
        f"rfc9110-6.5.1-trailer-{slug}",
        "rfc9110-6.5.1-2",
        f"{words} in the trailer section is not taken for one of the head",
        chunked_post(b"5\r\nhello\r\n0\r\n" + name + b": " + value + b"\r\n\r\n"),
        {
            echoed(body=b"hello", lines=((name, value),)): VIOLATION.because(
                "the trailer stands among the fields of the head"
            ),
            echoed(body=b"hello"): PASS,
            status_4xx: PASS,
            **unserved(),
            answered: WARNING.because("no echo of the content came"),
        },
        good=echo(b"hello"),
        mutants=(Canned("merges it", echo(b"hello", fields=((name, value),))), FAILS, HANGS_UP, SILENT_SERVER),
        to="POST",
        twin=CHUNKED_ECHO_TWIN,
    )


TRAILERS = tuple(
    _kept_apart(*row)
    for row in (
        ("unknown", "A field that nobody knows", b"X-Merkhet", b"1"),
        ("authorization", "Authorization", b"Authorization", b"Basic bWVya2hldDptZXJraGV0"),
        ("content-type", "Content-Type", b"Content-Type", b"text/html"),
        ("cookie", "Cookie", b"Cookie", b"a=b"),
        ("forwarded", "X-Forwarded-For", b"X-Forwarded-For", b"192.0.2.1"),
        ("host", "Another Host", b"Host", b"merkhet.invalid"),
    )
)

# --- 6.5.1-3: nothing that the client must have comes as a trailer


def _untrailed() -> Check:
    wanted = request(b"GET", b"TE: trailers", b"Connection: TE", to=b"{stream:3}")
    content_type = (b"Content-Type: text/plain",)
    return Check(
        id="rfc9110-6.5.1-essential",
        requirement="rfc9110-6.5.1-3",
        title="The type of streamed content is told in the head, whoever takes trailers",
        since=SINCE,
        steps=(
            Send(request(to=b"{stream:3}")),
            read({field(b"Content-Type"): PASS, answered: lacks("a type of its streams"), **unanswered()}),
            Send(wanted, anew=True),
            read(
                {
                    field(b"Content-Type"): PASS,
                    status_2xx: VIOLATION.because("the type is no field of the head for who takes trailers"),
                    **unserved(),
                    answered: WARNING.because("something else came"),
                }
            ),
        ),
        good=(chunked_response(b"piece", fields=content_type) * 2,),
        mutants=(
            Canned(
                "tells it behind the content",
                chunked_response(b"piece", fields=content_type) + chunked_response(b"piece"),
            ),
            Canned("fails", chunked_response(b"piece", fields=content_type) + response(500, b"no")),
        ),
        twin=Exchange(request=request(to=b"{stream:3}"), answer=status_2xx),
    )


# --- 6.6.1-1 and -2b: the Date goes on, and may be left out


def _goes_on() -> Check:
    later = OK.replace(b"12:00:00", b"12:00:02")
    return Check(
        id="rfc9110-6.6.1-goes-on",
        requirement="rfc9110-6.6.1-1",
        title="The Date goes on as time does",
        since=SINCE,
        steps=(
            Send(request()),
            read({field(b"Date"): PASS, answered: lacks("a Date"), **unanswered()}, keep="first"),
            Send(request(to=b"{sleep:2000}"), anew=True),
            read({status_2xx: PASS, answered: lacks("an endpoint that sleeps"), **unanswered()}),
            Send(request(), anew=True),
            read(
                {
                    advanced("first", 1, 10): PASS,
                    field(b"Date"): VIOLATION.because("the Date did not go on by the two seconds that went by"),
                    **unanswered(),
                    answered: WARNING.because("no Date came"),
                }
            ),
        ),
        good=(OK + response(200, b"2000") + later,),
        mutants=(
            Canned("stands still", OK + response(200, b"2000") + OK),
            Canned("goes back", OK + response(200, b"2000") + OK.replace(b"12:00:00", b"11:00:00")),
            Canned("leaps", OK + response(200, b"2000") + OK.replace(b"12:00:00", b"13:00:00")),
        ),
        tags=frozenset({"slow"}),
    )


UNDATED = one_answer(
    "rfc9110-6.6.1-error",
    "rfc9110-6.6.1-2b",
    "An error of the server's own may have a Date",
    request(to=b"{status:500}"),
    {
        all_of(status_5xx, field(b"Date")): observed("dates its errors"),
        all_of(status_5xx, without(field(b"Date"))): observed("does not date its errors"),
        answered: lacks("500"),
        **unanswered(),
    },
    good=response(500, b"x"),
    mutants=(Canned("does not date it", response(500, b"x").replace(DATE, b"")), HANGS_UP, SILENT_SERVER),
    twin=Exchange(request=request(to=b"{status:500}"), answer=status(500), good=response(500, b"x")),
)

CHECKS = (*VERSIONS, *TRAILERS, _untrailed(), _goes_on(), UNDATED)
