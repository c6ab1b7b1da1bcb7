"""RFC 9110, Sections 4.1, 4.2.1, 4.2.2 and 4.2.4: long URIs, URIs without a host, URIs with userinfo."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, Exchange, Verdict
from merkhet.expect import (
    Expectation,
    answered,
    as_preflight,
    content,
    echoed,
    ended,
    served,
    status,
    status_2xx,
    status_3xx,
    status_4xx,
)
from merkhet.suites.rfc9110.s09_shared import (
    FAILS,
    HANGS_UP,
    NOT_FOUND,
    SILENT_SERVER,
    head_of,
    one_answer,
    unserved,
)
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import OK, REFUSED, TELLS_NO_TARGET, echo, response

# --- 4.1-1: URIs of 8000 octets

_LONG = b"a" * 7900
"""With the scheme and an authority of up to 90 octets before it the URI has no more than 8000."""
_SEGMENTS = b"/".join([b"a" * 49] * 158)
_ENCODED = b"%61" * 2600
_TOO_LONG = VIOLATION.because("a URI of no more than 8000 octets is not served as a short one is")

_AS_SHORT: Mapping[Expectation, Verdict] = {as_preflight(): PASS, answered: _TOO_LONG, **unserved(VIOLATION)}
_NOT_REFUSED: Mapping[Expectation, Verdict] = {status(400, 414, 431): _TOO_LONG, answered: PASS, **unserved(VIOLATION)}

LONG: tuple[tuple[str, str, bytes, Mapping[Expectation, Verdict], bytes], ...] = (
    ("query", "A query that makes a URI of nearly 8000 octets", request(to=b"{root}?" + _LONG), _AS_SHORT, OK),
    (
        "query-head",
        "A query that makes a URI of nearly 8000 octets, in a HEAD",
        request(b"HEAD", to=b"{root}?" + _LONG),
        _AS_SHORT,
        head_of(OK),
    ),
    ("segment", "A segment of 7900 octets", request(to=b"{root}" + _LONG), _NOT_REFUSED, NOT_FOUND),
    ("segments", "A path of 158 segments", request(to=b"{root}" + _SEGMENTS), _NOT_REFUSED, NOT_FOUND),
    (
        "encoded",
        "A path of 2600 percent-encoded octets",
        request(to=b"{root}" + _ENCODED),
        _NOT_REFUSED,
        NOT_FOUND,
    ),
    (
        "echo",
        "A query of 7900 octets that the application reads",
        request(to=b"{echo}?" + _LONG),
        {
            echoed(target=b"{echo}?" + _LONG): PASS,
            **TELLS_NO_TARGET,
            echoed(): VIOLATION.because("the application got another target than the long one"),
            answered: _TOO_LONG,
            **unserved(VIOLATION),
        },
        echo(method="GET", target=b"{echo}?" + _LONG),
    ),
    (
        "parameter",
        "A parameter of 7800 octets",
        request(to=b"{param:" + _LONG[:7800] + b"}"),
        {content(_LONG[:7800]): PASS, answered: _TOO_LONG, **unserved(VIOLATION)},
        response(200, _LONG[:7800]),
    ),
)


def _long(slug: str, words: str, data: bytes, cases: Mapping[Expectation, Verdict], good: bytes) -> Check:
    to = "HEAD" if data.startswith(b"HEAD") else "GET"
    refusal = response(414, b"too long\n")
    return one_answer(
        f"rfc9110-4.1-long-{slug}",
        "rfc9110-4.1-1",
        f"{words} is taken",
        data,
        cases,
        good=good,
        mutants=(
            Canned("answers 414", head_of(refusal) if to == "HEAD" else refusal),
            Canned("answers 400", head_of(REFUSED.data) if to == "HEAD" else REFUSED),
            HANGS_UP,
            SILENT_SERVER,
        ),
        to=to,
    )


# --- 4.2.1-2 and 4.2.2-2: a URI without a host

_PROCESSED = VIOLATION.because("a URI without a host was processed")
NO_HOST: Mapping[Expectation, Verdict] = {
    status_4xx: PASS,
    status(501): PASS,
    status_2xx: _PROCESSED,
    status_3xx: WARNING.because("a URI without a host was redirected, not refused"),
    **unserved(),
    ended: PASS,
}


def _no_host(slug: str, section: str, words: str, target: bytes, *, method: bytes = b"GET", tls: bool = False) -> Check:
    served_it = head_of(OK) if method == b"HEAD" else OK
    return one_answer(
        f"rfc9110-{section}-no-host-{slug}",
        f"rfc9110-{section}-2",
        f"{words} is refused",
        request(method, to=target),
        NO_HOST,
        good=head_of(REFUSED.data) if method == b"HEAD" else REFUSED,
        mutants=(
            Canned("serves it", served_it),
            Canned("redirects", response(301, b"", b"Location: /")),
            FAILS,
            SILENT_SERVER,
        ),
        to=method.decode(),
        twin=Exchange(request=request(method, to=b"{scheme}://{host}{root}"), to=method.decode(), good=served_it),
        tags=frozenset({"tls"} if tls else ()),
        note="A refusal of any kind will do, the end of the connection too.",
    )


HOSTLESS = (
    _no_host("root", "4.2.1", "An http URI with nothing between the slashes", b"http://{root}"),
    _no_host("port", "4.2.1", "An http URI with a port and no host", b"http://:80{root}"),
    _no_host("colon", "4.2.1", "An http URI with a colon in place of a host", b"http://:{root}"),
    _no_host("query", "4.2.1", "An http URI with a query in place of a host", b"http://?merkhet"),
    _no_host("userinfo", "4.2.1", "An http URI with userinfo and no host", b"http://merkhet@{root}"),
    _no_host("upper-case", "4.2.1", "An HTTP URI in upper case without a host", b"HTTP://{root}"),
    _no_host(
        "unknown", "4.2.1", "An http URI without a host and with a path that nothing has", b"http:///merkhet-{nonce}"
    ),
    _no_host("head", "4.2.1", "An http URI without a host, in a HEAD,", b"http://{root}", method=b"HEAD"),
    _no_host("root", "4.2.2", "An https URI with nothing between the slashes", b"https://{root}", tls=True),
    _no_host("port", "4.2.2", "An https URI with a port and no host", b"https://:443{root}", tls=True),
    _no_host("query", "4.2.2", "An https URI with a query in place of a host", b"https://?merkhet", tls=True),
    _no_host("head", "4.2.2", "An https URI without a host, in a HEAD,", b"https://{root}", method=b"HEAD", tls=True),
)

# --- 4.2.4-2: userinfo

_OBSCURED = VIOLATION.because("a URI with userinfo was processed as if it had none")
USERINFO: tuple[tuple[str, str, bytes], ...] = (
    ("user-password", "a user and a password", b"{scheme}://merkhet:merkhet@{host}{root}"),
    ("user", "a user alone", b"{scheme}://merkhet@{host}{root}"),
    ("empty", "an empty userinfo", b"{scheme}://@{host}{root}"),
    ("empty-password", "a user and an empty password", b"{scheme}://merkhet:@{host}{root}"),
    ("looks-like-host", "a user that looks like another host", b"{scheme}://merkhet.invalid@{host}{root}"),
    ("looks-like-port", "userinfo that looks like a host with a port", b"{scheme}://merkhet.invalid:80@{host}{root}"),
    ("encoded", "userinfo that is percent-encoded", b"{scheme}://%6D%65%40@{host}{root}"),
)


def _userinfo(slug: str, words: str, target: bytes) -> Check:
    return one_answer(
        f"rfc9110-4.2.4-userinfo-{slug}",
        "rfc9110-4.2.4-2",
        f"A target with {words} before the host is taken for an error",
        request(to=target),
        {
            status_4xx: PASS,
            status(501): PASS,
            served(): _OBSCURED,
            **unserved(),
            ended: PASS,
        },
        good=REFUSED,
        mutants=(
            Canned("serves it", OK),
            Canned("redirects", response(302, b"", b"Location: /")),
            FAILS,
            SILENT_SERVER,
        ),
        twin=Exchange(request=request(to=b"{scheme}://{host}{root}")),
        note="What comes from anywhere is not to be trusted: userinfo there is likely meant to hide the host.",
    )


CHECKS = (*(_long(*row) for row in LONG), *HOSTLESS, *(_userinfo(*row) for row in USERINFO))
