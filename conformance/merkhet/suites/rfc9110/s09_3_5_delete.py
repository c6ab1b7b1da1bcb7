"""RFC 9110, Sections 9.3.3 and 9.3.5: POST that creates, and DELETE."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Canned, Check, Exchange, Send, observed
from merkhet.expect import all_of, answered, ended, field, status, status_2xx, status_4xx
from merkhet.suites.rfc9110.s09_3_4_put import CREATED, FETCH, REPLACED, put_before, stored
from merkhet.suites.rfc9110.s09_shared import MUTABLE, NOT_FOUND, read, unserved
from merkhet.suites.rfc9112.sequences import request, sized
from merkhet.suites.words import SINCE, response

_NOT_KEPT = observed("the connection is not kept").then()
_TWIN = Exchange(request=request(to=MUTABLE), good=NOT_FOUND)
_LOCATED = response(201, b"here\n", b"Location: /mutable/merkhet-1")

POSTED = Check(
    id="rfc9110-9.3.3-post-creates",
    requirement="rfc9110-9.3.3-1",
    title="If POST creates something, the answer is 201 and says where",
    since=SINCE,
    steps=(
        Send(sized(b"POST", b"hello", b"Content-Type: text/plain", to=MUTABLE)),
        read(
            {
                all_of(status(201), field(b"Location")): PASS.then(),
                status(201): VIOLATION.because("201 to POST without Location").then(),
                status_2xx: PASS,
                status_4xx: observed("POST creates nothing there").then(),
                **unserved(),
                status(501): observed("there is no POST").then(),
                answered: observed("answered with another status").then(),
            },
            to="POST",
        ),
        Send(FETCH),
        read(
            {
                status(200): VIOLATION.because("POST created something, and was not answered 201"),
                **unserved(),
                ended: _NOT_KEPT,
                answered: observed("POST is served, and creates nothing of this name"),
            }
        ),
    ),
    good=(_LOCATED,),
    mutants=(
        Canned("does not say where", response(201, b"here\n")),
        Canned("answers 200", response() + stored(b"hello")),
        Canned("refuses it", response(405, b"")),
    ),
    twin=_TWIN,
)

_DELETED = {
    status(200, 202, 204): PASS,
    status_2xx: VIOLATION.because("a successful DELETE is answered neither 200 nor 202 nor 204"),
    **unserved(),
    ended: _NOT_KEPT,
    status(501): observed("there is no DELETE").then(),
    answered: observed("DELETE is refused there").then(),
}
_STILL_THERE = VIOLATION.because("deleted, and there still")
DELETE = request(b"DELETE", to=MUTABLE)

STATUS = Check(
    id="rfc9110-9.3.5-delete-status",
    requirement="rfc9110-9.3.5-1",
    title="DELETE of what is there is answered 200, 202 or 204",
    since=SINCE,
    steps=(*put_before(b"hello"), Send(DELETE), read(_DELETED, to="DELETE")),
    good=(CREATED + REPLACED,),
    mutants=(
        Canned("answers 201", CREATED + CREATED),
        Canned("refuses it", CREATED + response(405, b"")),
        Canned("fails", CREATED + response(500, b"")),
    ),
    twin=_TWIN,
)


def _gone(slug: str, title: str, method: bytes, before: bytes) -> Check:
    found = stored(before) if method == b"GET" else stored(before).removesuffix(before)
    nothing = response(404, b"")
    return Check(
        id=f"rfc9110-9.3.5-delete-{slug}",
        requirement="rfc9110-9.3.5-1",
        title=title,
        since=SINCE,
        steps=(
            *put_before(before),
            Send(DELETE),
            read({**_DELETED, status(202): observed("taken, to be deleted later").then()}, to="DELETE"),
            Send(request(method, to=MUTABLE)),
            read(
                {
                    status(404, 410): PASS,
                    status_2xx: _STILL_THERE,
                    **unserved(),
                    ended: _NOT_KEPT,
                    answered: observed("answered with another status then"),
                },
                to=method.decode(),
            ),
        ),
        good=(CREATED + REPLACED + nothing,),
        mutants=(
            Canned("has it still", CREATED + REPLACED + found),
            Canned("fails then", CREATED + REPLACED + response(500, b"")),
            Canned("deletes later", CREATED + response(202, b"")),
        ),
        twin=_TWIN,
    )


CHECKS = (
    POSTED,
    STATUS,
    _gone("gone", "What DELETE was successful for is not there then", b"GET", b"hello"),
    _gone("gone-head", "What DELETE was successful for is not there for HEAD then", b"HEAD", b"hello"),
    _gone("gone-empty", "What has no content can be deleted too", b"GET", b""),
)
