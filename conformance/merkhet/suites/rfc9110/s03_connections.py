"""RFC 9110, Section 3.3: Connections, Clients, and Servers. Nobody is known by the connection that a request comes on."""

from __future__ import annotations

from merkhet.check import INCONCLUSIVE, PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, Step, observed
from merkhet.expect import all_of, answered, ended, status, status_2xx
from merkhet.expect_response import secured
from merkhet.suites.rfc9110.s09_shared import head_of, read, unserved
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import SINCE, response

PASSWORD = b"Authorization: Basic bWVya2hldDptZXJraGV0"
"""merkhet:merkhet, the user and the password of the contract."""
WRONG = b"Authorization: Basic bWVya2hldDp3cm9uZw=="
PRIVATE = b"{auth}"

LET_IN = response(200, b"private\n")
ASKED = response(401, b"credentials, please\n", b'WWW-Authenticate: Basic realm="merkhet"')

_REMEMBERED = VIOLATION.because("a request without credentials was let in after one that had them on its connection")
_OVER_TLS = observed("let in without credentials, on a connection that may be specific to one client")
_HELD_AGAINST = VIOLATION.because("a request with the credentials was refused after one without on its connection")
_NOT_KEPT = observed("the connection is not kept").then()


def _let_in() -> Answers:
    return read(
        {status_2xx: PASS, answered: INCONCLUSIVE.because("the credentials of the contract are refused"), **unserved()}
    )


def _asked_again(to: str = "GET") -> Answers:
    return read(
        {
            status(401): PASS,
            all_of(secured, status_2xx): _OVER_TLS,
            status_2xx: _REMEMBERED,
            ended: _NOT_KEPT,
            answered: WARNING.because("refused, but not with 401"),
            **unserved(),
        },
        to=to,
    )


_REFUSED = read(
    {status(401): PASS, answered: INCONCLUSIVE.because("no 401 to a request without credentials"), **unserved()}
)
_LET_IN_AFTER = read(
    {status_2xx: PASS, status(401): _HELD_AGAINST, ended: _NOT_KEPT, answered: _HELD_AGAINST, **unserved()}
)

WITH, WITHOUT = request(b"GET", PASSWORD, to=PRIVATE), request(to=PRIVATE)


def _on_one_connection(
    slug: str, title: str, steps: tuple[Step, ...], good: bytes, *faults: tuple[str, bytes]
) -> Check:
    return Check(
        id=f"rfc9110-3.3-{slug}",
        requirement="rfc9110-3.3-1",
        title=title,
        since=SINCE,
        steps=steps,
        good=(good,),
        mutants=tuple(Canned(fault, data) for fault, data in faults),
        note="Unless the connection is secured and specific to one user agent, it says nothing about who asks.",
    )


CHECKS = (
    _on_one_connection(
        "credentials-not-remembered",
        "A request without credentials is not let in because one before it on the connection had them",
        (Send(WITH), _let_in(), Send(WITHOUT), _asked_again()),
        LET_IN + ASKED,
        ("remembers who asked", LET_IN + LET_IN),
        ("fails", LET_IN + response(500, b"")),
    ),
    _on_one_connection(
        "credentials-not-remembered-pipelined",
        "A request without credentials is not let in because one sent with it had them",
        (Send(WITH + WITHOUT), _let_in(), _asked_again()),
        LET_IN + ASKED,
        ("remembers who asked", LET_IN + LET_IN),
        ("fails", LET_IN + response(500, b"")),
    ),
    _on_one_connection(
        "credentials-not-remembered-head",
        "A HEAD without credentials is not let in because a GET before it on the connection had them",
        (Send(WITH), _let_in(), Send(request(b"HEAD", to=PRIVATE)), _asked_again("HEAD")),
        LET_IN + head_of(ASKED),
        ("remembers who asked", LET_IN + head_of(LET_IN)),
        ("fails", LET_IN + response(500, b"")),
    ),
    _on_one_connection(
        "wrong-credentials-after-right",
        "A wrong password is refused though the right one came before it on the connection",
        (Send(WITH), _let_in(), Send(request(b"GET", WRONG, to=PRIVATE)), _asked_again()),
        LET_IN + ASKED,
        ("remembers who asked", LET_IN + LET_IN),
        ("fails", LET_IN + response(500, b"")),
    ),
    _on_one_connection(
        "refusal-not-remembered",
        "A request with credentials is let in though one before it on the connection had none",
        (Send(WITHOUT), _REFUSED, Send(WITH), _LET_IN_AFTER),
        ASKED + LET_IN,
        ("remembers the refusal", ASKED + ASKED),
        ("forbids it", ASKED + response(403, b"")),
    ),
    _on_one_connection(
        "credentials-by-turns",
        "Requests with credentials and without take turns on one connection, each judged by itself",
        (Send(WITHOUT), _REFUSED, Send(WITH), _LET_IN_AFTER, Send(WITHOUT), _asked_again(), Send(WITH), _LET_IN_AFTER),
        ASKED + LET_IN + ASKED + LET_IN,
        ("remembers who asked", ASKED + LET_IN + LET_IN),
        ("remembers the refusal", ASKED + LET_IN + ASKED + ASKED),
    ),
)
