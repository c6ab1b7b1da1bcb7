"""RFC 9110, Sections 9.3.3 to 9.3.5: POST, PUT, DELETE. What a change is answered with, and what is there then."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, VIOLATION, Canned, Check, Exchange, Send, Step, Verdict, observed
from merkhet.expect import (
    Expectation,
    all_of,
    answered,
    content,
    ended,
    field,
    status,
    status_2xx,
    status_3xx,
    status_4xx,
)
from merkhet.expect_kept import field_matches, same_field
from merkhet.expect_response import with_content
from merkhet.suites.rfc9110.s09_shared import MUTABLE, NOT_FOUND, bare, read, unserved
from merkhet.suites.rfc9112.sequences import chunked, request, sized
from merkhet.suites.words import SINCE, response

CREATED = response(201, b"")
REPLACED = bare(204)
_NO_PUT = observed("PUT is refused there").then()
_NOT_KEPT = observed("the connection is not kept").then()
_STORE_TWIN = Exchange(request=request(to=MUTABLE), good=NOT_FOUND)
_IDENTITY = b"Accept-Encoding: identity"
FETCH = request(b"GET", _IDENTITY, to=MUTABLE)


def put(data: bytes, *fields: bytes, to: bytes = MUTABLE) -> bytes:
    """Return a PUT of this content."""
    return sized(b"PUT", data, *fields, to=to)


def stored(data: bytes) -> bytes:
    """Return a canned answer with what was stored."""
    return response(200, data, b"Content-Type: application/octet-stream")


def put_before(data: bytes) -> tuple[Step, Step]:
    """Return the steps that store something, where the target takes it."""
    return Send(put(data)), read({status_2xx: PASS, **unserved(), ended: _NOT_KEPT, answered: _NO_PUT}, to="PUT")


# --- 9.3.4-1: what is new is created

_NOT_CREATED = VIOLATION.because("something new was stored, and not answered 201")
_TO_BE_FOUND = read(
    {status(200): _NOT_CREATED, **unserved(), ended: _NOT_KEPT, answered: observed("stored, and not to be found")}
)
_CREATES: Mapping[Expectation, Verdict] = {
    status(201): PASS.then(),
    status(202): observed("taken, to be stored later").then(),
    status_2xx: PASS,
    status_3xx: observed("sent elsewhere").then(),
    status_4xx: _NO_PUT,
    **unserved(),
}
NEW: tuple[tuple[str, str, bytes], ...] = (
    ("text", "a text", put(b"hello", b"Content-Type: text/plain")),
    ("empty", "nothing", put(b"")),
    ("binary", "binary content", put(bytes(range(256)))),
    ("chunked", "chunked content", chunked(b"PUT", b"5\r\nhello\r\n0\r\n\r\n", to=MUTABLE)),
    ("untyped", "content without a type", put(b"hello")),
    ("large", "64 KiB", put(b"a" * 65536)),
    ("encoded-name", "content under a name that is percent-encoded", put(b"hello", to=b"{mutable:merkhet-{nonce}%2D%7E}")),
)  # fmt: skip


def _creates(slug: str, words: str, data: bytes) -> Check:
    fetch = FETCH if b"%2D" not in data else request(b"GET", _IDENTITY, to=b"{mutable:merkhet-{nonce}%2D%7E}")
    return Check(
        id=f"rfc9110-9.3.4-creates-{slug}",
        requirement="rfc9110-9.3.4-1",
        title=f"PUT of {words} under a new name is answered 201",
        since=SINCE,
        steps=(Send(data), read(_CREATES, to="PUT"), Send(fetch), _TO_BE_FOUND),
        good=(CREATED,),
        mutants=(
            Canned("answers 204", REPLACED + stored(b"hello")),
            Canned("answers 200", response() + stored(b"hello")),
            Canned("refuses it", response(405, b"")),
            Canned("fails", response(500, b"")),
        ),
        twin=_STORE_TWIN,
    )


_GONE = (
    Send(request(b"DELETE", to=MUTABLE)),
    read({status_2xx: PASS, **unserved(), ended: _NOT_KEPT, answered: _NO_PUT}, to="DELETE"),
)
CREATES_AGAIN = Check(
    id="rfc9110-9.3.4-creates-after-delete",
    requirement="rfc9110-9.3.4-1",
    title="PUT under a name that was deleted is answered 201",
    since=SINCE,
    steps=(*put_before(b"first"), *_GONE, Send(put(b"second")), read(_CREATES, to="PUT"), Send(FETCH), _TO_BE_FOUND),
    good=(CREATED + REPLACED + CREATED,),
    mutants=(
        Canned("answers 204", CREATED + REPLACED + REPLACED + stored(b"second")),
        Canned("refuses it", CREATED + REPLACED + response(409, b"")),
    ),
    twin=_STORE_TWIN,
)

# --- 9.3.4-2: what was there is replaced

_REPLACES: Mapping[Expectation, Verdict] = {
    status(200, 204): PASS,
    status(202): observed("taken, to be stored later"),
    status(201): VIOLATION.because("201 where something was replaced"),
    status_2xx: VIOLATION.because("neither 200 nor 204 where something was replaced"),
    status_3xx: observed("sent elsewhere"),
    status_4xx: observed("the second PUT is refused"),
    **unserved(),
    ended: _NOT_KEPT,
}
AGAIN: tuple[tuple[str, str, bytes], ...] = (
    ("other", "other content", put(b"second")),
    ("same", "the same content", put(b"first")),
    ("shorter", "shorter content", put(b"1")),
    ("empty", "nothing", put(b"")),
    ("longer", "64 KiB", put(b"a" * 65536)),
    ("chunked", "chunked content", chunked(b"PUT", b"6\r\nsecond\r\n0\r\n\r\n", to=MUTABLE)),
)


def _replaces(slug: str, words: str, data: bytes) -> Check:
    return Check(
        id=f"rfc9110-9.3.4-replaces-{slug}",
        requirement="rfc9110-9.3.4-2",
        title=f"PUT of {words} in place of something is answered 200 or 204",
        since=SINCE,
        steps=(*put_before(b"first"), Send(data), read(_REPLACES, to="PUT")),
        good=(CREATED + REPLACED,),
        mutants=(
            Canned("answers 201", CREATED + CREATED),
            Canned("answers 203", CREATED + response(203, b"")),
            Canned("refuses it", CREATED + response(409, b"")),
            Canned("fails", CREATED + response(500, b"")),
        ),
        twin=_STORE_TWIN,
    )


# --- 9.3.4-4: content that does not suit its name

_TYPED = b"{mutable:merkhet-{nonce}.html}"
UNSUITED = Check(
    id="rfc9110-9.3.4-unsuited-type",
    requirement="rfc9110-9.3.4-4",
    title="A picture that is put under the name of a page is not said to be a page",
    since=SINCE,
    steps=(
        Send(put(b"\x89PNG merkhet", b"Content-Type: image/png", to=_TYPED)),
        read(
            {
                status_2xx: PASS,
                all_of(status_4xx, with_content): observed("refused, with an explanation").then(),
                status(405, 403, 401): _NO_PUT,
                status_4xx: VIOLATION.because("refused without a word why").then(),
                **unserved(),
                answered: observed("answered with another status").then(),
            },
            to="PUT",
        ),
        Send(request(b"GET", _IDENTITY, to=_TYPED)),
        read(
            {
                field_matches(
                    b"Content-Type", rb"(?i:text/html|application/xhtml\+xml).*", "a page"
                ): VIOLATION.because("stored as it is, and said to be a page"),
                field_matches(b"Content-Type", rb"(?i:image/png).*", "a picture"): PASS,
                **unserved(),
                ended: _NOT_KEPT,
                answered: observed("stored, with another type or none"),
            }
        ),
    ),
    good=(CREATED + response(200, b"\x89PNG merkhet", b"Content-Type: image/png"),),
    mutants=(
        Canned("says that it is a page", CREATED + response(200, b"\x89PNG merkhet", b"Content-Type: text/html")),
        Canned("refuses it without a word", response(415, b"")),
    ),
    twin=_STORE_TWIN,
    note="Section 9.3.4 has this very example: where the name decides the type, content of another must not be taken.",
)

# --- 9.3.4-5: unknown fields are not stored

UNKNOWN_FIELDS: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("header", "A field that nobody knows", put(b"hello", b"X-Merkhet-Unknown: 1"), b"X-Merkhet-Unknown"),
    ("from", "From", put(b"hello", b"From: merkhet@example.com"), b"From"),
    ("cookie", "Set-Cookie, which a request does not have,", put(b"hello", b"Set-Cookie: merkhet=1"), b"Set-Cookie"),
    (
        "trailer",
        "A trailer field that nobody knows",
        chunked(b"PUT", b"5\r\nhello\r\n0\r\nX-Merkhet-Unknown: 1\r\n\r\n", b"Trailer: X-Merkhet-Unknown", to=MUTABLE),
        b"X-Merkhet-Unknown",
    ),
)


def _unknown(slug: str, words: str, data: bytes, name: bytes) -> Check:
    return Check(
        id=f"rfc9110-9.3.4-unknown-field-{slug}",
        requirement="rfc9110-9.3.4-5",
        title=f"{words} in a PUT is not stored with the content",
        since=SINCE,
        steps=(
            Send(data),
            read({status_2xx: PASS, **unserved(), answered: _NO_PUT}, to="PUT"),
            Send(FETCH),
            read(
                {
                    field(name): VIOLATION.because("the field came back with the content"),
                    status_2xx: PASS,
                    **unserved(),
                    ended: _NOT_KEPT,
                    answered: observed("stored, and not to be found"),
                }
            ),
        ),
        good=(CREATED + stored(b"hello"),),
        mutants=(
            Canned("gives it back", CREATED + response(200, b"hello", name + b": 1")),
            Canned("gives it back without the content", CREATED + response(204, b"", name + b": 1")),
        ),
        twin=_STORE_TWIN,
    )


# --- 9.3.4-6: validators in the answer to PUT

_TAG, _DATE = b'ETag: "merkhet"', b"Last-Modified: Wed, 25 Nov 2026 06:00:00 GMT"
_NO_SUCH = observed("the answer to PUT has no such field").then()
_UNTRUE = VIOLATION.because("the validator in the answer to PUT is not the one of what is there then")


def _validated(slug: str, title: str, name: bytes, line: bytes, steps: tuple[Step, ...]) -> Check:
    before = CREATED if steps else b""
    made = response(201, b"", line)
    return Check(
        id=f"rfc9110-9.3.4-validator-{slug}",
        requirement="rfc9110-9.3.4-6",
        title=title,
        since=SINCE,
        steps=(
            *steps,
            Send(put(b"hello there")),
            read({all_of(status_2xx, field(name)): PASS, **unserved(), answered: _NO_SUCH}, to="PUT", keep="put"),
            Send(FETCH),
            read(
                {
                    all_of(content(b"hello there"), same_field("put", name, weakly=True)): PASS,
                    status_2xx: _UNTRUE,
                    **unserved(),
                    ended: _NOT_KEPT,
                    answered: observed("stored, and not to be found"),
                }
            ),
        ),
        good=(before + made + response(200, b"hello there", line),),
        mutants=(
            Canned("stores something else", before + made + response(200, b"HELLO", line)),
            Canned("sends another validator then", before + made + response(200, b"hello there", line[:-1] + b"-")),
            Canned("sends none then", before + made + response(200, b"hello there")),
        ),
        twin=_STORE_TWIN,
    )


VALIDATED = tuple(
    _validated(f"{slug}-{what}", f"{words} in the answer to {how} is that of what is there then", name, line, steps)
    for slug, words, name, line in (
        ("etag", "ETag", b"ETag", _TAG),
        ("modified", "Last-Modified", b"Last-Modified", _DATE),
    )
    for what, how, steps in (
        ("created", "PUT of something new", ()),
        ("replaced", "PUT in place of something", put_before(b"first")),
    )
)

CHECKS = (
    *(_creates(*row) for row in NEW),
    CREATES_AGAIN,
    *(_replaces(*row) for row in AGAIN),
    UNSUITED,
    *(_unknown(*row) for row in UNKNOWN_FIELDS),
    *VALIDATED,
)
