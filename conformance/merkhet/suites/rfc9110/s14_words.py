"""RFC 9110, Section 14: what the checks on ranges share: requests, canned answers, and the tables of their answers.

Ranges are optional: who answers a range with the whole file does nothing wrong, and what depends on ranges then does not
apply. Every request asks for no coding, so that octets can be counted.
"""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Exchange, Send, Step, Verdict, lacks, observed
from merkhet.expect import Expectation, all_of, any_of, ended, field, silent, status, status_4xx, status_5xx, without
from merkhet.expect_kept import field_matches, parts_of
from merkhet.expect_ranges import Span, any_slice, one_slice, slice_around, slice_within, whole_file
from merkhet.fixtures import FIXTURES
from merkhet.suites.words import response

Cases = dict[Expectation, Verdict]

TAG = b'ETag: "canned-1"'
MODIFIED = b"Last-Modified: Wed, 25 Nov 2026 06:00:00 GMT"
BINARY = b"Content-Type: application/octet-stream"
HAS_RANGES = b"Accept-Ranges: bytes"
OF_FILE = (BINARY, TAG, MODIFIED, HAS_RANGES)
"""The field lines of a canned file server."""

NO_RANGES = lacks("ranges: the whole file came in answer to one")
NO_SETS = lacks("several ranges in one answer")
OWN_ERROR = WARNING.because("an error of the server's own")
NOT_WHOLE = VIOLATION.because("a 200 without the whole file")
UNTRUE = VIOLATION.because("a 206 that is not the octets that its Content-Range names")


def size(file: str) -> int:
    """Return the octets of a fixture file."""
    return len(FIXTURES[file])


def get(file: str, *lines: bytes, method: bytes = b"GET") -> bytes:
    """Return a request for a fixture file, in no coding, with these field lines, each without its CRLF."""
    more = b"".join(line + b"\r\n" for line in (b"Accept-Encoding: identity", *lines))
    return b"%s {files:%s} HTTP/1.1\r\nHost: {host}\r\n%s\r\n" % (method, file.encode(), more)


def ranged(file: str, value: bytes, *lines: bytes, method: bytes = b"GET") -> bytes:
    """Return a request for ranges of a fixture file; `value` is what stands behind "bytes="."""
    return get(file, b"Range: bytes=" + value, *lines, method=method)


# --- canned answers


def whole(file: str, *lines: bytes, content: bytes | None = None) -> bytes:
    """Return a 200 with a fixture file, or with other content; the field lines of a file server if none are given."""
    return response(200, FIXTURES[file] if content is None else content, *(lines or OF_FILE))


def head_of(data: bytes) -> bytes:
    """Return an answer without its content, as HEAD gets it."""
    return data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def partial(
    file: str, first: int, last: int, *lines: bytes, says: bytes = b"", content: bytes | None = None, total: bytes = b""
) -> bytes:
    """Return a 206 with one range. `says` is another Content-Range, `content` other octets, `total` another length."""
    data = FIXTURES[file]
    place = says or b"bytes %d-%d/%s" % (first, last, total or b"%d" % len(data))
    octets = data[first : last + 1] if content is None else content
    return response(206, octets, *(lines or OF_FILE), b"Content-Range: " + place)


def refused(file: str, code: int = 416, *lines: bytes) -> bytes:
    """Return a 416 that says how long the file is, or another refusal without content."""
    line = (b"Content-Range: bytes */%d" % size(file),) if code == 416 else ()
    return response(code, b"", *(lines or line))


def part(file: str, span: Span, *lines: bytes, total: bytes = b"") -> bytes:
    """Return one part behind its delimiter: the field lines, an empty line, the octets."""
    first, last = span
    place = b"Content-Range: bytes %d-%d/%s" % (first, last, total or b"%d" % size(file))
    head = b"".join(line + b"\r\n" for line in (lines or (BINARY,)))
    return b"--canned\r\n%s%s\r\n\r\n%s\r\n" % (head, place, FIXTURES[file][first : last + 1])


def multipart(
    *bodies: bytes, closing: bytes = b"--canned--\r\n", kind: bytes = b"", lines: tuple[bytes, ...] = ()
) -> bytes:
    """Return a 206 with these parts. `kind` is another Content-Type, `lines` the other field lines."""
    content_type = b"Content-Type: " + (kind or b"multipart/byteranges; boundary=canned")
    return response(206, b"".join(bodies) + closing, content_type, *(lines or (TAG, MODIFIED, HAS_RANGES)))


def parts(file: str, *spans: Span) -> bytes:
    """Return a 206 with these ranges as parts."""
    return multipart(*(part(file, span) for span in spans))


# --- what the checks ask for


def rest() -> Cases:
    """Return the last cases of a table about a legal request: what is no answer to it at all."""
    return {
        status_4xx: WARNING.because("a legal request was refused"),
        status_5xx: OWN_ERROR,
        ended: WARNING.because("the connection ended without an answer to a complete request"),
        silent: WARNING.because("a complete request got no answer"),
    }


def one_range(file: str, first: int, last: int) -> Cases:
    """Return what the answers to a satisfiable range mean."""
    return {
        one_slice(file, first, last): PASS,
        whole_file(file): NO_RANGES,
        slice_within(file, (first, last)): observed("sends a part of the range"),
        slice_around(file, (first, last)): WARNING.because("more octets than were asked for"),
        any_slice(file): VIOLATION.because("other octets than were asked for"),
        status(206): UNTRUE,
        status(200): NOT_WHOLE,
        **rest(),
    }


def unsatisfiable(file: str) -> Cases:
    """Return what the answers to a valid range that the file does not have mean."""
    return {
        status(416): PASS,
        whole_file(file): PASS,
        status(206): VIOLATION.because("a 206 for a range that the file does not have"),
        status(200): NOT_WHOLE,
        **rest(),
    }


def several(file: str, *asked: Span) -> Cases:
    """Return what the answers to a set of satisfiable ranges mean: parts, or all in one piece, or a part of it."""
    return {
        parts_of(file, *asked): PASS,
        whole_file(file): NO_SETS,
        slice_around(file, *asked): observed("joins the ranges"),
        slice_within(file, *asked): observed("sends one of the ranges"),
        parts_of(file, *asked, whole=False): observed("sends some of the ranges"),
        any_slice(file): VIOLATION.because("other octets than were asked for"),
        status(206): VIOLATION.because("a 206 that is neither one true range nor true parts"),
        status(200): NOT_WHOLE,
        status(416): WARNING.because("a satisfiable set was called unsatisfiable"),
        **rest(),
    }


def has_ranges(file: str = "small.bin", *lines: bytes, fine: Verdict = PASS) -> tuple[Step, Step]:
    """Return the steps that ask for the first octet: without ranges, what depends on them does not apply."""
    return (
        Send(ranged(file, b"0-0", *lines), anew=True),
        Answers(
            {
                one_slice(file, 0, 0): fine,
                whole_file(file): NO_RANGES,
                status(206): UNTRUE,
                status(200): NOT_WHOLE,
                **rest(),
            },
            keep="range",
        ),
    )


def has_sets(file: str, value: bytes, *asked: Span, fine: Verdict = PASS) -> tuple[Step, Step]:
    """Return the steps that ask for several ranges: where the answer has not two parts, nothing that is about parts applies."""
    return (
        Send(ranged(file, value), anew=True),
        Answers(
            {
                parts_of(file, *asked): fine,
                whole_file(file): NO_SETS,
                any_of(any_slice(file), status_4xx): NO_SETS,
                status(206): VIOLATION.because("a 206 that is neither one true range nor true parts"),
                **rest(),
            },
            keep="parts",
        ),
    )


def fetched(file: str = "small.bin", *unless: Cases, keep: str = "whole", fine: Verdict = PASS) -> tuple[Step, Step]:
    """Return the steps that take the whole file and keep the answer. The tables `unless` say what a file server may lack."""
    cases: Cases = {}
    for table in unless:
        cases |= table
    return (
        Send(get(file), anew=True),
        Answers({**cases, whole_file(file): fine, status(200): NOT_WHOLE, **rest()}, keep=keep),
    )


def _without(name: bytes) -> Expectation:
    return all_of(status(200), without(field(name)))


NO_TAG: Cases = {_without(b"ETag"): lacks("an entity tag")}
NO_STRONG_TAG: Cases = {
    **NO_TAG,
    field_matches(b"ETag", rb"W/.*", "a weak entity tag"): lacks("a strong entity tag"),
}
NO_DATE: Cases = {_without(b"Last-Modified"): lacks("a modification date")}
NO_VALIDATOR: Cases = {
    all_of(status(200), without(any_of(field(b"ETag"), field(b"Last-Modified")))): lacks("a validator"),
}


def twin(file: str = "small.bin") -> Exchange:
    """Return the legal neighbour of a range: the whole file."""
    return Exchange(request=get(file), answer=whole_file(file), good=whole(file))


TWIN = twin()
