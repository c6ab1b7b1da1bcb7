"""RFC 9112, Sections 3.2.1 to 3.2.4: origin-form, absolute-form, authority-form, asterisk-form."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, Exchange, Send, Verdict, observed
from merkhet.expect import (
    Expectation,
    all_of,
    answered,
    any_of,
    as_preflight,
    ended,
    field,
    garbage,
    served,
    silent,
    status,
    status_2xx,
    status_4xx,
    status_5xx,
    version,
)
from merkhet.suites.rfc9112.s02_heads import ECHO_GET_TWIN, NO_ANSWER, NO_STATUS_LINE, OWN_ERROR, bad_line, either, read
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import GET, HANG_UP, NOTHING, OK, REFUSED, SERVER_ERROR, SINCE, echo, response

_ABSOLUTE = b"{scheme}://{host}{root}"

# --- 3.2.1: origin-form begins with a slash

ORIGIN = tuple(
    bad_line(
        f"3.2.1-relative-{slug}",
        "rfc9112-3.2.1-a1",
        f"The target {words}, which has no slash first, gets 400",
        b"GET " + target + b" HTTP/1.1",
    )
    for slug, words, target in (
        ("word", "merkhet", b"merkhet"),
        ("path", "merkhet/merkhet", b"merkhet/merkhet"),
        ("dot", "./", b"./"),
        ("dots", "../", b"../"),
        ("query", "?a", b"?a"),
        ("file", "index.html", b"index.html"),
    )
)

# --- 3.2.2: absolute-form

_NOT_ACCEPTED = VIOLATION.because("the absolute-form of a served target was not served alike")
_LOST = VIOLATION.because("the absolute-form of a served target got no answer")
ACCEPTED: Mapping[Expectation, Verdict] = {
    as_preflight(): PASS,
    answered: _NOT_ACCEPTED,
    garbage: _NOT_ACCEPTED,
    ended: _LOST,
    silent: _LOST,
}


def _absolute(
    slug: str, title: str, data: bytes, cases: Mapping[Expectation, Verdict], *, twin: bytes, good: bytes
) -> Check:
    return Check(
        id=f"rfc9112-3.2.2-absolute-{slug}",
        requirement="rfc9112-3.2.2-6",
        title=title,
        since=SINCE,
        steps=(Send(data), read(cases)),
        twin=Exchange(request=twin, good=good),
        good=(good,),
        mutants=(
            Canned("answers 404", response(404)),
            Canned("answers 400", REFUSED),
            Canned("fails", SERVER_ERROR),
            Canned("hangs up", HANG_UP),
            Canned("never answers", NOTHING),
        ),
    )


_ECHOED: Mapping[Expectation, Verdict] = {
    status_2xx: PASS,
    answered: _NOT_ACCEPTED,
    garbage: _NOT_ACCEPTED,
    ended: _LOST,
    silent: _LOST,
}
_EMPTY_PATH: Mapping[Expectation, Verdict] = {
    as_preflight(): PASS,
    status(400): _NOT_ACCEPTED,
    status_5xx: OWN_ERROR,
    served(): observed("accepted, and answered otherwise than the root"),
    garbage: _NOT_ACCEPTED,
    ended: _LOST,
    silent: _LOST,
}

ABSOLUTE = (
    _absolute(
        "same-authority",
        "The absolute-form of the root is answered as its origin-form is",
        request(b"GET", to=_ABSOLUTE),
        ACCEPTED,
        twin=GET,
        good=OK,
    ),
    _absolute(
        "query",
        "The absolute-form of the root with a query is answered as the root is",
        request(b"GET", to=_ABSOLUTE + b"?a=b"),
        ACCEPTED,
        twin=request(b"GET", to=b"{root}?a=b"),
        good=OK,
    ),
    _absolute(
        "http10",
        "An HTTP/1.0 request in absolute-form is answered as the root is",
        request(b"GET", to=_ABSOLUTE, version=b"1.0"),
        ACCEPTED,
        twin=request(b"GET", version=b"1.0"),
        good=OK,
    ),
    _absolute(
        "empty-path",
        "The absolute-form with an empty path is accepted",
        request(b"GET", to=b"{scheme}://{host}"),
        _EMPTY_PATH,
        twin=GET,
        good=OK,
    ),
    _absolute(
        "echo",
        "The absolute-form of the echo reaches the application",
        request(b"GET", to=b"{scheme}://{host}{echo}"),
        _ECHOED,
        twin=ECHO_GET_TWIN.request,
        good=echo(method="GET"),
    ),
)

_NOT_KEPT = observed("the connection is not kept").then()

BACK_AND_FORTH = Check(
    id="rfc9112-3.2.2-absolute-then-origin",
    requirement="rfc9112-3.2.2-6",
    title="Requests in absolute-form and in origin-form take turns on one connection",
    since=SINCE,
    steps=(
        Send(request(b"GET", to=_ABSOLUTE)),
        read(
            {
                all_of(any_of(field(b"Connection", b"close"), version(b"HTTP/1.0")), as_preflight()): _NOT_KEPT,
                **ACCEPTED,
            }
        ),
        Send(GET),
        read({**ACCEPTED, ended: observed("the connection ends after the first answer").then()}),
        Send(request(b"GET", to=_ABSOLUTE)),
        read({**ACCEPTED, ended: observed("the connection ends after the second answer").then()}),
    ),
    good=(OK + OK + OK,),
    mutants=(
        Canned("refuses the first", REFUSED),
        Canned("refuses the third", OK + OK + REFUSED.data),
        Canned("never answers", NOTHING),
    ),
)

_HOST_DECIDED = VIOLATION.because("refused on account of a Host field that the target overrules")


_EMPTY_REFUSED = WARNING.because("an empty Host field is refused although the target names the authority")


def _other_host(slug: str, words: str, line: bytes, refused: Verdict = _HOST_DECIDED) -> Check:
    return Check(
        id=f"rfc9112-3.2.2-host-ignored-{slug}",
        requirement="rfc9112-3.2.2-5",
        title=f"With the absolute-form of the root, {words} makes no difference",
        since=SINCE,
        steps=(
            Send(b"GET " + _ABSOLUTE + b" HTTP/1.1\r\n" + line + b"\r\n\r\n"),
            read(
                {
                    as_preflight(): PASS,
                    status_4xx: refused,
                    status_5xx: OWN_ERROR,
                    answered: VIOLATION.because("answered otherwise than with the right Host field"),
                    ended: refused,
                    garbage: NO_STATUS_LINE,
                    silent: NO_ANSWER,
                }
            ),
        ),
        twin=Exchange(request=request(b"GET", to=_ABSOLUTE), answer=as_preflight()),
        good=(OK,),
        mutants=(
            Canned("answers 421", response(421)),
            Canned("answers for another host", response(301, b"", b"Location: http://merkhet.invalid/")),
            Canned("hangs up", HANG_UP),
        ),
        note="The target's authority is the one that served the same request with the right Host field.",
    )


OTHER_HOST = (
    _other_host("unknown", "a Host field with another name", b"Host: merkhet.invalid"),
    _other_host("other-port", "a Host field with another port", b"Host: merkhet.invalid:1"),
    _other_host("empty", "an empty Host field", b"Host:", _EMPTY_REFUSED),
)

OTHER_AUTHORITY = Check(
    id="rfc9112-3.2.2-other-authority",
    requirement="rfc9112-3.2.2-5",
    title="A target with an authority that is not the server's own: served or refused",
    since=SINCE,
    steps=(
        Send(request(b"GET", to=b"{scheme}://merkhet.invalid{root}")),
        read(
            {
                as_preflight(): observed("served as if the authority were its own"),
                status(421): observed("refused with 421"),
                status_4xx: observed("refused"),
                status_5xx: OWN_ERROR,
                answered: observed("answered with another status"),
                ended: observed("the connection ends without an answer"),
                garbage: NO_STATUS_LINE,
                silent: WARNING.because("a complete request got no answer"),
            }
        ),
    ),
    good=(response(421),),
    mutants=(Canned("serves it", OK), Canned("fails", SERVER_ERROR)),
    note="A server may serve every authority that reaches it, so neither answer is wrong.",
)

# --- 3.2.3 and 3.2.4: forms for one method each

_MISPLACED: Mapping[Expectation, Verdict] = {
    status_4xx: PASS,
    status(501): PASS,
    status_5xx: OWN_ERROR,
    answered: VIOLATION.because("served with a form of target that its method may not have"),
    ended: WARNING.because("the connection ended without an answer"),
    garbage: NO_STATUS_LINE,
    silent: NO_ANSWER,
}


def _misplaced(slug: str, requirement: str, words: str, method: bytes, target: bytes) -> Check:
    return Check(
        id=f"rfc9112-{slug}-{method.decode().lower()}",
        requirement=requirement,
        title=f"{method.decode()} with {words} is refused",
        since=SINCE,
        steps=(Send(request(method, to=target)), read(_MISPLACED, to=method.decode())),
        good=(REFUSED if method != b"HEAD" else response(400, b"", close=True),),
        mutants=(
            Canned("serves it", response(200, b"")),
            Canned("redirects", response(301, b"", b"Location: /")),
            Canned("hangs up", HANG_UP),
        ),
    )


MISPLACED = (
    *(
        _misplaced("3.2.3-authority-form", "rfc9112-3.2.3-a1", "authority-form", method, b"example.com:80")
        for method in (b"GET", b"HEAD", b"POST", b"OPTIONS")
    ),
    *(
        _misplaced("3.2.4-asterisk-form", "rfc9112-3.2.4-a1", "asterisk-form", method, b"*")
        for method in (b"GET", b"HEAD", b"POST")
    ),
)

SERVER_WIDE = tuple(
    either(
        f"3.2.4-options-{slug}",
        "rfc9112-3.2.4-a2",
        f"{words} is answered for the server as a whole, or refused",
        (Send(data),),
        good=response(204, b"", b"Allow: GET, HEAD, OPTIONS").replace(b"Content-Length: 0\r\n", b""),
        other=Canned("refuses it", response(400)),
        to="OPTIONS",
        version=minor,
    )
    for slug, words, data, minor in (
        ("server-wide", "OPTIONS *", request(b"OPTIONS", to=b"*"), "1.1"),
        ("server-wide-http10", "OPTIONS * in HTTP/1.0", request(b"OPTIONS", to=b"*", version=b"1.0"), "1.0"),
    )
)

CHECKS = (*ORIGIN, *ABSOLUTE, BACK_AND_FORTH, *OTHER_HOST, OTHER_AUTHORITY, *MISPLACED, *SERVER_WIDE)
