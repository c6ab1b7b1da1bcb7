"""RFC 9110, Section 13: what the checks on conditions share: a store that may be changed, conditions, and their answers.

A file server need not have validators: what depends on them then does not apply. A store that has neither entity tag nor
modification date is taken for one that has no conditions either, as the target contract allows.
"""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Exchange, Send, Step, Verdict, lacks
from merkhet.expect import answered, anything, content, ended, silent, status, status_2xx, status_4xx
from merkhet.expect_ranges import whole_file
from merkhet.suites.rfc9110.s14_words import MODIFIED, NOT_WHOLE, TAG, Cases, get, head_of, rest, whole
from merkhet.suites.words import DATE, response

CREATED = response(201, b"")
NO_CONTENT = b"HTTP/1.1 204 \r\n" + DATE + b"\r\n"
NOT_MODIFIED = b"HTTP/1.1 304 \r\n" + DATE + TAG + b"\r\n\r\n"
FAILED = response(412, b"")
"""The canned answers to a store's and a file's conditions."""

OLD_DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"
"""Earlier than any fixture file."""
OTHER_TAG = b'"merkhet-no-such-tag"'

REFUSES_IT: Cases = {
    status(403, 405, 501): lacks("PUT and DELETE"),
}
BEFORE = b"0123456789"
AFTER = b"something else"

# --- files

IGNORED_CONDITION = VIOLATION.because("the condition was not evaluated, or not rightly: the whole came")


def outcome(code: int, file: str = "small.bin", *, method: str = "GET") -> Cases:
    """Return what the answers to a conditional GET or HEAD mean that is to come to 200, 304 or 412."""
    all_of_it = whole_file(file) if method == "GET" else status(200)
    false_200 = {status(200): NOT_WHOLE} if method == "GET" else Cases()
    if code == 200:
        return {
            all_of_it: PASS,
            status(304): VIOLATION.because("a 304 where the condition is true, or is to be ignored"),
            status(412): VIOLATION.because("a 412 where the condition is true, or is to be ignored"),
            status(206, 416): VIOLATION.because("a range was answered that was not asked for"),
            **false_200,
            **rest(),
        }
    if code == 304:
        return {
            status(304): PASS,
            status(412): VIOLATION.because("a 412 where 304 is due"),
            status_2xx: IGNORED_CONDITION,
            **rest(),
        }
    return {
        status(412): PASS,
        status(304): VIOLATION.because("a 304 where 412 is due"),
        status_2xx: IGNORED_CONDITION,
        status_4xx: WARNING.because("refused, but not with 412"),
        **rest(),
    }


def answer_of(code: int, file: str = "small.bin", *, method: str = "GET") -> bytes:
    """Return the canned answer of a file server to a condition that comes to 200, 304 or 412."""
    if code == 304:
        return NOT_MODIFIED
    full = whole(file) if code == 200 else FAILED
    return head_of(full) if method == "HEAD" else full


def evaluates(code: int, what: str, *lines: bytes, method: str = "GET", fine: Verdict = PASS) -> tuple[Step, Step]:
    """Return the steps that send one condition alone; where it has no effect, nothing that depends on it applies."""
    return (
        Send(get("small.bin", *lines, method=method.encode()), anew=True),
        Answers(
            {
                status(code): fine,
                answered: lacks(what),
                ended: WARNING.because("the connection ended without an answer"),
                silent: WARNING.because("a complete request got no answer"),
            },
            to=method,
        ),
    )


IF_MATCH = (b"If-Match: " + OTHER_TAG, "evaluation of If-Match")
IF_UNMODIFIED = (b"If-Unmodified-Since: " + OLD_DATE, "evaluation of If-Unmodified-Since")
IF_NONE_MATCH = (b"If-None-Match: {kept:whole/ETag}", "evaluation of If-None-Match")
IF_MODIFIED = (b"If-Modified-Since: {kept:whole/Last-Modified}", "evaluation of If-Modified-Since")
"""A field line that is false for a file whose 200 was kept, and the words for a server that does not care."""

# --- the store


def at(name: bytes) -> bytes:
    """Return the path of a mutable resource of this run."""
    return b"{mutable:merkhet-%s-{nonce}}" % name


def request(method: bytes, path: bytes, *lines: bytes, content: bytes = b"") -> bytes:
    """Return a request with these field lines; PUT with its content and its length."""
    length = (b"Content-Length: %d" % len(content),) if method == b"PUT" else ()
    more = b"".join(line + b"\r\n" for line in (*lines, *length))
    return b"%s %s HTTP/1.1\r\nHost: {host}\r\n%s\r\n%s" % (method, path, more, content)


def put_first(path: bytes, content: bytes = BEFORE, *, fine: Verdict = PASS) -> tuple[Step, Step]:
    """Return the steps that store something: without PUT nothing applies."""
    return (
        Send(request(b"PUT", path, content=content), anew=True),
        Answers({**REFUSES_IT, status_2xx: fine, **rest()}, to="PUT"),
    )


def stored(
    path: bytes, *unless: Cases, data: bytes = BEFORE, keep: str = "stored", fine: Verdict = PASS
) -> tuple[Step, Step]:
    """Return the steps that read what is stored and keep the answer; the tables `unless` say what a store may lack."""
    cases: Cases = {}
    for table in unless:
        cases |= table
    return (
        Send(request(b"GET", path), anew=True),
        Answers(
            {**cases, content(data): fine, status_2xx: WARNING.because("not what was stored"), **rest()}, keep=keep
        ),
    )


def attempt(method: bytes, path: bytes, *lines: bytes, cases: Cases) -> tuple[Step, Step]:
    """Return the steps that send PUT or DELETE with these conditions, on a connection of its own, and judge the answer."""
    return (
        Send(request(method, path, *lines, content=AFTER if method == b"PUT" else b""), anew=True),
        Answers({**REFUSES_IT, **cases}, to=method.decode()),
    )


def performed(method: bytes, path: bytes) -> tuple[Step, Step]:
    """Return the steps that see whether what was attempted was done: the new octets are stored, or nothing is."""
    undone = VIOLATION.because("the method was not performed")
    if method == b"PUT":
        return still(path, AFTER, undone)
    return (
        Send(request(b"GET", path), anew=True),
        Answers({status(404, 410): PASS, status_2xx: undone, **rest()}),
    )


def still(path: bytes, data: bytes, changed: Verdict) -> tuple[Step, Step]:
    """Return the steps that see whether these octets are stored; `changed` is the verdict if not."""
    return (
        Send(request(b"GET", path), anew=True),
        Answers(
            {
                content(data): PASS,
                status_2xx: changed,
                status(404, 410): changed,
                **rest(),
            }
        ),
    )


def tidied(path: bytes) -> tuple[Step, Step]:
    """Return the steps that take away what a check has stored, whatever comes of it."""
    return Send(request(b"DELETE", path), anew=True), Answers({anything: PASS.because("tidied up")}, to="DELETE")


def of_store(data: bytes = BEFORE, *lines: bytes) -> bytes:
    """Return the canned answer to GET of a store; with validators if no field lines are given."""
    return response(200, data, *(lines or (TAG, MODIFIED)))


GONE = response(404, b"")
MUTABLE_TWIN = Exchange(
    request=b"GET {mutable:merkhet-twin} HTTP/1.1\r\nHost: {host}\r\n\r\n", answer=status(200, 404), good=GONE
)
