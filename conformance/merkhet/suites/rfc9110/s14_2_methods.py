"""RFC 9110, Sections 14.2, 14.4 and 14.5: Range and Content-Range in requests that they mean nothing for."""

from __future__ import annotations

from merkhet.check import BREACH, PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, lacks, observed
from merkhet.expect import (
    Expectation,
    all_of,
    any_of,
    content,
    echoed,
    field,
    served,
    status,
    status_2xx,
    status_4xx,
    without,
)
from merkhet.expect_ranges import length_of_kept, whole_file
from merkhet.suites.rfc9110.s13_words import (
    CREATED,
    MUTABLE_TWIN,
    NO_CONTENT,
    REFUSES_IT,
    at,
    put_first,
    request,
    tidied,
)
from merkhet.suites.rfc9110.s14_words import (
    NOT_WHOLE,
    TWIN,
    fetched,
    get,
    head_of,
    partial,
    ranged,
    refused,
    rest,
    whole,
)
from merkhet.suites.words import ECHO_TWIN, POST_TWIN, SINCE, TELLS_NO_CONTENT, echo, post, response

# --- 14.2-2: HEAD

HEADS: tuple[tuple[str, str, bytes], ...] = (
    ("first", "the first octet", b"0-0"),
    ("suffix", "a suffix", b"-5"),
    ("set", "two ranges", b"0-0,500-509"),
    ("past-end", "what the file does not have", b"1000-"),
    ("invalid", "what is no range", b"5-2"),
)


def headed(check_id: str, requirement: str, words: str, value: bytes) -> Check:
    """Return the check that HEAD is answered as if there were no Range."""
    first = whole("small.bin")
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"HEAD with a Range for {words} is answered as HEAD without",
        since=SINCE,
        steps=(
            *fetched(),
            Send(ranged("small.bin", value, method=b"HEAD"), anew=True),
            Answers(
                {
                    status(206): VIOLATION.because("HEAD was answered with 206"),
                    status(416): VIOLATION.because("HEAD was answered with 416"),
                    all_of(status(200), any_of(length_of_kept("whole"), without(field(b"Content-Length")))): PASS,
                    status(200): BREACH.because("a 200 to HEAD with a length that is not that of the file"),
                    status(405, 501): lacks("HEAD"),
                    **rest(),
                },
                to="HEAD",
            ),
        ),
        twin=TWIN,
        good=(first + head_of(first),),
        mutants=(
            Canned("answers 206", first + head_of(partial("small.bin", 0, 0))),
            Canned("answers 416", first + refused("small.bin")),
            Canned("says the length of a part in a 200", first + head_of(whole("small.bin", content=b"?"))),
            Canned("refuses it", first + refused("small.bin", 400)),
        ),
        note="Range is defined for GET alone. Most file servers answer HEAD as they would GET: a warning, unless strict.",
    )


# --- 14.2-2: POST, PUT and DELETE


def _post(slug: str, words: str, to: bytes, value: bytes, right: Expectation, good: bytes) -> Check:  # noqa: PLR0917 - the columns of a table
    twin = ECHO_TWIN if to == b"{echo}" else POST_TWIN
    return Check(
        id=f"rfc9110-14.2-post-{slug}",
        requirement="rfc9110-14.2-2",
        title=f"POST {words} is answered as POST without",
        since=SINCE,
        steps=(
            Send(post(b"hello", b"Content-Length: 5", b"Range: " + value, to=to), anew=True),
            Answers(
                {
                    status(206): BREACH.because("POST was answered with a part of a representation"),
                    status(416): BREACH.because("POST was refused for a Range that means nothing to it"),
                    right: PASS,
                    **rest(),
                },
                to="POST",
            ),
        ),
        twin=twin,
        good=(good,),
        mutants=(
            Canned("answers with a part", response(206, b"o", b"Content-Range: bytes 0-0/2")),
            Canned("calls the range unsatisfiable", response(416, b"", b"Content-Range: bytes */2")),
            Canned("refuses it", response(400, b"")),
        ),
    )


_POSTS = (
    _post("root", "to the root with a Range", b"{root}", b"bytes=0-0", served(), response(405, b"", b"Allow: GET, HEAD")),
    _post(
        "root-past-end", "to the root with a Range that begins late", b"{root}", b"bytes=99999-", served(),
        response(405, b"", b"Allow: GET, HEAD"),
    ),
    _post("echo", "with content and a Range", b"{echo}", b"bytes=0-0", echoed(body=b"hello"), echo(b"hello")),
    _post("echo-suffix", "with content and a suffix", b"{echo}", b"bytes=-1", echoed(body=b"hello"), echo(b"hello")),
    _post(
        "echo-past-end", "with content and a Range that begins late", b"{echo}", b"bytes=99999-", echoed(body=b"hello"),
        echo(b"hello"),
    ),
)  # fmt: skip


def _put_with_range() -> Check:
    path = at(b"range-put")
    stored = response(200, b"0123456789")
    return Check(
        id="rfc9110-14.2-put",
        requirement="rfc9110-14.2-2",
        title="PUT with a Range stores the whole content",
        since=SINCE,
        steps=(
            Send(request(b"PUT", path, b"Range: bytes=0-3", content=b"0123456789"), anew=True),
            Answers(
                {
                    **REFUSES_IT,
                    status(206, 416): BREACH.because("PUT was judged by a Range that means nothing to it"),
                    status_2xx: PASS,
                    **rest(),
                },
                to="PUT",
            ),
            Send(request(b"GET", path), anew=True),
            Answers(
                {
                    content(b"0123456789"): PASS,
                    status(404): BREACH.because("nothing was stored"),
                    status_2xx: BREACH.because("other content was stored than was sent"),
                    **rest(),
                }
            ),
            *tidied(path),
        ),
        twin=MUTABLE_TWIN,
        good=(CREATED + stored + NO_CONTENT,),
        mutants=(
            Canned("stores the range", CREATED + response(200, b"0123")),
            Canned("stores nothing", CREATED + response(404)),
            Canned("calls the range unsatisfiable", response(416)),
            Canned("refuses it", response(400)),
        ),
    )


def _delete_with_range() -> Check:
    path = at(b"range-delete")
    return Check(
        id="rfc9110-14.2-delete",
        requirement="rfc9110-14.2-2",
        title="DELETE with a Range deletes the whole resource",
        since=SINCE,
        steps=(
            *put_first(path),
            Send(request(b"DELETE", path, b"Range: bytes=0-3"), anew=True),
            Answers(
                {
                    **REFUSES_IT,
                    status(206, 416): BREACH.because("DELETE was judged by a Range that means nothing to it"),
                    status_2xx: PASS,
                    **rest(),
                },
                to="DELETE",
            ),
            Send(request(b"GET", path), anew=True),
            Answers({status(404, 410): PASS, status_2xx: BREACH.because("something was left"), **rest()}),
        ),
        twin=MUTABLE_TWIN,
        good=(CREATED + NO_CONTENT + response(404),),
        mutants=(
            Canned("deletes the range", CREATED + NO_CONTENT + response(200, b"456789")),
            Canned("calls the range unsatisfiable", CREATED + response(416)),
            Canned("refuses it", CREATED + response(400)),
        ),
    )


# --- 14.4-3: Content-Range in a request

_PLACE = b"Content-Range: bytes 0-3/10"


def _content_range_get(slug: str, words: str, line: bytes, method: bytes) -> Check:
    first = whole("small.bin")
    good = first if method == b"GET" else head_of(first)
    right = whole_file("small.bin") if method == b"GET" else status(200)
    return Check(
        id=f"rfc9110-14.4-request-{slug}",
        requirement="rfc9110-14.4-3",
        title=f"{words} in a {method.decode()} is ignored",
        since=SINCE,
        steps=(
            Send(get("small.bin", line, method=method), anew=True),
            Answers(
                {
                    right: PASS,
                    status(206): VIOLATION.because("the field was taken for a Range"),
                    status_4xx: VIOLATION.because("the request was refused for a field that means nothing to it"),
                    **({status(200): NOT_WHOLE} if method == b"GET" else {}),
                    **rest(),
                },
                to=method.decode(),
            ),
        ),
        twin=TWIN,
        good=(good,),
        mutants=(
            Canned(
                "takes it for a Range",
                partial("small.bin", 0, 3) if method == b"GET" else head_of(partial("small.bin", 0, 3)),
            ),
            Canned("calls it a bad request", refused("small.bin", 400)),
            Canned("calls it unsatisfiable", refused("small.bin")),
        ),
    )


def _content_range_post() -> Check:
    return Check(
        id="rfc9110-14.4-request-post",
        requirement="rfc9110-14.4-3",
        title="Content-Range in a POST is ignored",
        since=SINCE,
        steps=(
            Send(post(b"hello", b"Content-Length: 5", b"Content-Range: bytes 0-4/10"), anew=True),
            Answers(
                {
                    echoed(body=b"hello"): PASS,
                    status(206): VIOLATION.because("POST was answered with a part"),
                    status_4xx: VIOLATION.because("the request was refused for a field that means nothing to it"),
                    **TELLS_NO_CONTENT,
                    status_2xx: VIOLATION.because("the application got other content"),
                    **rest(),
                },
                to="POST",
            ),
        ),
        twin=ECHO_TWIN,
        good=(echo(b"hello"),),
        mutants=(
            Canned("calls it a bad request", response(400)),
            Canned("fills the content up", echo(b"hello\0\0\0\0\0")),
            Canned("answers with a part", response(206, b"o", b"Content-Range: bytes 0-0/2")),
        ),
    )


# --- 14.5-1: Content-Range in PUT

PARTIAL_PUTS: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("first", "of the first octets", b"bytes 0-3/10", b"abcd456789"),
    ("middle", "of octets in the middle", b"bytes 3-6/10", b"012abcd789"),
    ("unknown-length", "of a length that is not said", b"bytes 0-3/*", b"abcd456789"),
    ("another-unit", "in an unknown unit", b"merkhet-unit 0-3/10", b"abcd456789"),
)


def _partial_put(slug: str, words: str, value: bytes, written: bytes) -> Check:
    path = at(b"partial-" + slug.encode())
    before = CREATED
    return Check(
        id=f"rfc9110-14.5-put-{slug}",
        requirement="rfc9110-14.5-1",
        title=f"A partial PUT {words} is refused, or writes that part",
        since=SINCE,
        steps=(
            *put_first(path),
            Send(request(b"PUT", path, b"Content-Range: " + value, content=b"abcd"), anew=True),
            Answers(
                {
                    status(400): PASS.then(*tidied(path)),
                    any_of(status_4xx, status(501)): observed("refused, though not with 400").then(*tidied(path)),
                    status_2xx: PASS,
                    **rest(),
                },
                to="PUT",
            ),
            Send(request(b"GET", path), anew=True),
            Answers(
                {
                    content(written): observed("writes the part"),
                    content(b"abcd"): VIOLATION.because("a part was taken for the whole"),
                    content(b"0123456789"): WARNING.because("a 2xx, and nothing was written"),
                    status_2xx: VIOLATION.because("what was stored is neither the old content nor the new"),
                    **rest(),
                }
            ),
            *tidied(path),
        ),
        twin=MUTABLE_TWIN,
        good=(before + response(400) + NO_CONTENT,),
        mutants=(
            Canned("takes it for the whole", before + NO_CONTENT + response(200, b"abcd")),
            Canned("puts it behind what was there", before + NO_CONTENT + response(200, b"0123456789abcd")),
            Canned("says it was done and does nothing", before + NO_CONTENT + response(200, b"0123456789")),
            Canned("breaks down", before + response(500)),
        ),
        note="Partial PUT is optional; who has it not and stores the part as all of it destroys what was there.",
    )


_CONTENT_RANGES = (
    ("get", "Content-Range", _PLACE, b"GET"),
    ("get-unit", "Content-Range in an unknown unit", b"Content-Range: merkhet-unit 0-3/10", b"GET"),
    ("get-unsatisfied", "Content-Range without positions", b"Content-Range: bytes */1000", b"GET"),
    ("get-malformed", "A malformed Content-Range", b"Content-Range: 0-3", b"GET"),
    ("head", "Content-Range", _PLACE, b"HEAD"),
)

CHECKS = (
    *(headed(f"rfc9110-14.2-head-{slug}", "rfc9110-14.2-2", words, value) for slug, words, value in HEADS),
    *_POSTS,
    _put_with_range(),
    _delete_with_range(),
    *(_content_range_get(*row) for row in _CONTENT_RANGES),
    _content_range_post(),
    *(_partial_put(*row) for row in PARTIAL_PUTS),
)
