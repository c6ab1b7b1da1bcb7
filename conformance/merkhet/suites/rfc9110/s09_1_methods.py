"""RFC 9110, Section 9.1: Overview of methods. Which are supported, which are not, and that their case matters."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, Exchange, On, Send, Verdict, lacks, observed
from merkhet.expect import (
    Expectation,
    answered,
    as_preflight,
    cut_short,
    echoed,
    ended,
    status,
    status_2xx,
    status_3xx,
    status_4xx,
)
from merkhet.suites.rfc9110.s09_shared import (
    FAILS,
    HANGS_UP,
    MUTABLE,
    NOT_ALLOWED,
    NOT_FOUND,
    SILENT_SERVER,
    head_of,
    one_answer,
    read,
    unserved,
)
from merkhet.suites.rfc9112.sequences import request, sized
from merkhet.suites.words import OK, SINCE, echo, response

_FILE = b"{files:merkhet.txt}"
NOT_IMPLEMENTED = response(501, b"no\n")

# --- 9.1-1: GET and HEAD

_MUST_HAVE = VIOLATION.because("a server without GET or HEAD")
READABLE: tuple[tuple[str, str, bytes, Mapping[Expectation, Verdict], bytes], ...] = (
    ("get-file", "GET of a file", request(to=_FILE), {}, OK),
    ("get-root", "GET of the root", request(), {}, OK),
    ("head-file", "HEAD of a file", request(b"HEAD", to=_FILE), {}, head_of(OK)),
    ("head-root", "HEAD of the root", request(b"HEAD"), {}, head_of(OK)),
    ("get-http-1.0", "GET in HTTP/1.0", request(version=b"1.0"), {}, response(close=True)),
)
_ON_A_ROUTE = {status(405): WARNING.because("HEAD is not allowed where GET is")}
ROUTES: tuple[tuple[str, str, bytes], ...] = (
    ("param", "HEAD of a parameter", b"{param:a}"),
    ("stream", "HEAD of a stream", b"{stream:3}"),
    ("redirect", "HEAD of what redirects", b"{redirect}"),
    ("gzip", "HEAD of a text", b"{gzip}"),
    ("conneg", "HEAD of one of two representations", b"{conneg}"),
    ("download", "HEAD of a download", b"{download:a.txt}"),
    ("echo", "HEAD of the echo", b"{echo}"),
)


def _supported(slug: str, words: str, data: bytes, route: Mapping[Expectation, Verdict], good: bytes) -> Check:
    to = "HEAD" if data.startswith(b"HEAD") else "GET"

    def shaped(code: int) -> bytes:
        full = response(code, b"no\n", *((b"Allow: POST",) if code == 405 else ()))
        return head_of(full) if to == "HEAD" else full

    return one_answer(
        f"rfc9110-9.1-supports-{slug}",
        "rfc9110-9.1-1",
        f"{words} is supported",
        data,
        {status(501): _MUST_HAVE, **route, status(405): _MUST_HAVE, **route, **unserved(), answered: PASS},
        good=good,
        mutants=(
            Canned("answers 501", shaped(501)),
            Canned("answers 405", shaped(405)),
            Canned("hangs up", HANGS_UP.streams[0]),
        ),
        to=to,
        version="1.0" if b"HTTP/1.0" in data else "1.1",
    )


SUPPORTED = (
    *(_supported(*row) for row in READABLE),
    *(
        _supported(f"head-{slug}", words, request(b"HEAD", to=target), _ON_A_ROUTE, head_of(OK))
        for slug, words, target in ROUTES
    ),
)

# --- 9.1-3: methods that nobody knows

_RUN = VIOLATION.because("a method that nobody knows was served")
_UNKNOWN: Mapping[Expectation, Verdict] = {
    status(501): PASS,
    status_2xx: _RUN,
    status_3xx: _RUN,
    status(405): WARNING.because("405 is for a method that the server knows"),
    status_4xx: WARNING.because("refused, but not with 501"),
    **unserved(),
}
UNKNOWN_METHODS: tuple[tuple[str, str, bytes], ...] = (
    ("word", "MERKHET", b"MERKHET"),
    ("letter", "a method of one letter", b"M"),
    ("longer", "GETS, which begins like GET,", b"GETS"),
    ("shorter", "GE, which GET begins like,", b"GE"),
    ("hyphen", "GET-IT", b"GET-IT"),
    ("dot", "GET.", b"GET."),
    ("digits", "a method of digits", b"911"),
    ("marks", "a method of all marks that a token may have", b"!#$%&'*+-.^_`|~"),
    ("underscore", "_GET", b"_GET"),
    ("post-like", "POSTS", b"POSTS"),
    ("head-like", "HEADER", b"HEADER"),
)
_MAYBE: Mapping[Expectation, Verdict] = {
    status(501): PASS,
    status(405): PASS,
    status_2xx: VIOLATION.because("a method that the resource does not have was served"),
    status_3xx: VIOLATION.because("a method that the resource does not have was redirected"),
    status_4xx: WARNING.because("refused, but neither with 501 nor with 405"),
    **unserved(),
}


def _unknown(
    slug: str, words: str, method: bytes, target: bytes = b"{root}", cases: Mapping[Expectation, Verdict] = _UNKNOWN
) -> Check:
    return one_answer(
        f"rfc9110-9.1-unknown-{slug}",
        "rfc9110-9.1-3",
        f"{words[0].upper()}{words[1:]} is answered 501",
        request(method, to=target),
        cases,
        good=NOT_IMPLEMENTED,
        mutants=(
            Canned("serves it as GET", OK),
            Canned("redirects", response(302, b"", b"Location: /")),
            Canned("answers 404", NOT_FOUND),
            FAILS,
            HANGS_UP,
            SILENT_SERVER,
        ),
        to=method.decode(),
    )


UNKNOWN = (
    *(_unknown(*row) for row in UNKNOWN_METHODS),
    _unknown("file", "A method that nobody knows, to a file,", b"MERKHET", _FILE),
    _unknown("redirect", "A method that nobody knows, to what redirects,", b"MERKHET", b"{redirect}"),
    _unknown("parameter", "A method that nobody knows, to a parameter,", b"MERKHET", b"{param:a}"),
    *(
        _unknown(f"other-{method.decode().lower()}", f"{method.decode()}, of another document,", method, cases=_MAYBE)
        for method in (b"PROPFIND", b"REPORT", b"SEARCH", b"QUERY")
    ),
)

# --- 9.1-4: methods that are known and not allowed

_NOT_405 = WARNING.because("refused, but not with 405")
_REFUSALS: Mapping[Expectation, Verdict] = {
    status(405): PASS,
    status_2xx: observed("the method is allowed there"),
    status_3xx: observed("the method is redirected there"),
    status(401, 403): observed("refused, whoever asks"),
    status(501): VIOLATION.because("501 to a method that the server has elsewhere"),
    status_4xx: _NOT_405,
    **unserved(),
}
DISALLOWED: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("post-root", "POST to the root", b"POST", b"{root}"),
    ("post-mutable", "POST to what takes PUT", b"POST", MUTABLE),
    ("patch-mutable", "PATCH of what takes PUT", b"PATCH", MUTABLE),
    ("put-form", "PUT to what takes POST", b"PUT", b"{form}"),
    ("patch-form", "PATCH of what takes POST", b"PATCH", b"{form}"),
)


def _disallowed(slug: str, words: str, method: bytes, target: bytes) -> Check:
    return Check(
        id=f"rfc9110-9.1-not-allowed-{slug}",
        requirement="rfc9110-9.1-4",
        title=f"{words} is answered 405 by a server that has the method elsewhere",
        since=SINCE,
        steps=(
            Send(sized(method, b"hello", to=b"{echo}")),
            read({status_2xx: PASS, **unserved(), answered: lacks(f"{method.decode()} anywhere")}, to=method.decode()),
            On(1),
            Send(sized(method, b"hello", to=target)),
            read(_REFUSALS, to=method.decode()),
        ),
        good=(echo(b"hello", method=method.decode()), NOT_ALLOWED),
        mutants=(
            Canned("answers 501", echo(b"hello"), NOT_IMPLEMENTED),
            Canned("answers 404", echo(b"hello"), NOT_FOUND),
            Canned("serves it", echo(b"hello"), OK),
            Canned("hangs up", echo(b"hello"), HANGS_UP.streams[0]),
        ),
        note="The echo shows that the server has the method. 405 is a SHOULD; who forbids it for other reasons may say so.",
    )


_READ_FROM: Mapping[Expectation, Verdict] = {
    **_REFUSALS,
    status(501): VIOLATION.because("501 to GET, which every server has"),
}


def _get_disallowed(slug: str, method: bytes) -> Check:
    no = head_of(NOT_IMPLEMENTED) if method == b"HEAD" else NOT_IMPLEMENTED
    refusal = response(405, b"no\n", b"Allow: POST")
    return one_answer(
        f"rfc9110-9.1-not-allowed-{slug}",
        "rfc9110-9.1-4",
        f"{method.decode()} of what takes POST alone is answered 405",
        request(method, to=b"{form}"),
        _READ_FROM,
        good=head_of(refusal) if method == b"HEAD" else refusal,
        mutants=(Canned("answers 501", no), Canned("answers 404", response(404, b"")), HANGS_UP),
        to=method.decode(),
    )


# --- 9.1-a1: case

_IGNORES_CASE = VIOLATION.because("a method in another case is served as GET, and an unknown one is not")


def _case(slug: str, method: bytes) -> Check:
    return Check(
        id=f"rfc9110-9.1-case-{slug}",
        requirement="rfc9110-9.1-a1",
        title=f"{method.decode()} is another method than {method.decode().upper()}",
        since=SINCE,
        steps=(
            Send(request(b"MERKHET")),
            read(
                {
                    status_2xx: observed("every method is served").then(),
                    status(501): PASS,
                    **unserved(),
                    answered: PASS,
                    ended: PASS,
                },
                to="MERKHET",
            ),
            On(1),
            Send(request(method)),
            read(
                {
                    as_preflight(): _IGNORES_CASE,
                    status_2xx: _IGNORES_CASE,
                    status(501): PASS,
                    **unserved(),
                    answered: PASS,
                    ended: PASS,
                    cut_short: _IGNORES_CASE,
                },
                to="MERKHET",
            ),
        ),
        good=(NOT_IMPLEMENTED, NOT_IMPLEMENTED),
        mutants=(
            Canned("serves it", NOT_IMPLEMENTED, OK),
            Canned("answers it as HEAD", NOT_IMPLEMENTED, head_of(OK)),
            Canned("serves every method", OK),
            Canned("fails", NOT_IMPLEMENTED, response(500, b"")),
        ),
        note="A server that serves every method may serve this one too; one that refuses others has taken it for GET.",
    )


def _echoed_case(slug: str, method: bytes) -> Check:
    name, upper = method.decode(), method.decode().upper()
    rewritten = VIOLATION.because(f"{name} reached the application as {upper}")
    return one_answer(
        f"rfc9110-9.1-case-echo-{slug}",
        "rfc9110-9.1-a1",
        f"{name} does not reach the application as {upper}",
        request(method, to=b"{echo}"),
        {
            echoed(method=upper): rewritten,
            echoed(method=name): PASS,
            status_2xx: observed("the echo does not show the method"),
            status(501): PASS,
            **unserved(),
            ended: PASS,
            cut_short: rewritten,
            answered: PASS,
        },
        good=NOT_IMPLEMENTED,
        mutants=(Canned("rewrites it", echo(method=upper)), FAILS, SILENT_SERVER),
        to=name,
        twin=Exchange(request=request(to=b"{echo}"), good=echo(method="GET")),
    )


CASES = (
    *(
        _case(slug, method)
        for slug, method in (("lower", b"get"), ("title", b"Get"), ("mixed", b"gEt"), ("head", b"head"))
    ),
    *(
        _echoed_case(method.decode().lower() + slug, method)
        for slug, method in (
            ("", b"get"),
            ("-title", b"Post"),
            ("", b"put"),
            ("", b"delete"),
            ("", b"options"),
            ("-mixed", b"pAtCh"),
        )
    ),
)

CHECKS = (
    *SUPPORTED,
    *UNKNOWN,
    *(_disallowed(*row) for row in DISALLOWED),
    _get_disallowed("get-form", b"GET"),
    _get_disallowed("head-form", b"HEAD"),
    *CASES,
)
