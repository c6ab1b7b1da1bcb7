"""Forms as octets, what a target reports of them, and how a check of one is built."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from merkhet.check import (
    INCONCLUSIVE,
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    On,
    Send,
    Step,
    Stream,
    Verdict,
    lacks,
    observed,
)
from merkhet.expect import Expectation, answered, ended, silent, status, status_2xx, status_4xx, status_5xx
from merkhet.expect_form import Part, any_form, field_part, file_part, form_of
from merkhet.suites.words import CHUNKED, HANG_UP, NOTHING, SINCE, post, response

BOUNDARY = b"aBoundary"
OCTETS = b"application/octet-stream"
TextLine = tuple[str, str]
FileLine = tuple[str, str, str | None, bytes]


def disposition(name: bytes, filename: bytes | None = None) -> bytes:
    """Return a part's Content-Disposition line, without CRLF; name and file name stand in quotes as they are."""
    more = b"" if filename is None else b'; filename="%s"' % filename
    return b'Content-Disposition: form-data; name="%s"%s' % (name, more)


def part(content: bytes, *lines: bytes) -> bytes:
    """Return a part: these field lines, each without CRLF, the empty line and the content."""
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n" + content


def text(name: bytes, value: bytes, *lines: bytes) -> bytes:
    """Return the part that is a field, with more field lines behind its first one."""
    return part(value, disposition(name), *lines)


def file(name: bytes, filename: bytes, content: bytes, *lines: bytes, kind: bytes = OCTETS) -> bytes:
    """Return the part that is a file."""
    return part(content, disposition(name, filename), b"Content-Type: " + kind, *lines)


def multipart(*parts: bytes, boundary: bytes = BOUNDARY, preamble: bytes = b"", epilogue: bytes = b"\r\n") -> bytes:
    """Return the content of a form: `preamble` ends in its own CRLF, and `epilogue` begins with it."""
    between = b"\r\n--%s\r\n" % boundary
    return b"%s--%s\r\n%s\r\n--%s--%s" % (preamble, boundary, between.join(parts), boundary, epilogue)


def form_type(boundary: bytes = BOUNDARY) -> bytes:
    """Return the Content-Type line of a form; a boundary that needs quotes comes with them."""
    return b"Content-Type: multipart/form-data; boundary=" + boundary


MULTIPART = form_type()
URLENCODED = b"Content-Type: application/x-www-form-urlencoded"


def form_post(body: bytes, kind: bytes = MULTIPART) -> bytes:
    """Return the request that posts these octets as a form; `kind` is the whole Content-Type line."""
    return post(body, kind, b"Content-Length: %d" % len(body), to=b"{form}")


def in_chunks(body: bytes, size: int, kind: bytes = MULTIPART) -> bytes:
    """Return the request that posts these octets in chunks of this size, the last one shorter."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    coded = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return post(coded + b"0\r\n\r\n", kind, CHUNKED, to=b"{form}")


def report(*fields: TextLine, files: tuple[FileLine, ...] = ()) -> bytes:
    """Return what a canned server reports of a form."""
    rows = [[name, filename, kind, base64.b64encode(octets).decode("ascii")] for name, filename, kind, octets in files]
    document = json.dumps({"fields": fields, "files": rows}).encode("ascii")
    return response(200, document, b"Content-Type: application/json")


def file_report(content: bytes, filename: str = "a.bin") -> bytes:
    """Return the report of the field `before`, the file `f` and the field `after`: what `around` sends."""
    return report(("before", "1"), ("after", "2"), files=(("f", filename, OCTETS.decode(), content),))


def around(*parts: bytes) -> tuple[bytes, ...]:
    """Return these parts with a field before and a field behind them: what is read too far or not far enough shows there."""
    return text(b"before", b"1"), *parts, text(b"after", b"2")


AROUND = (field_part("before", "1"), field_part("after", "2"))


def surrounded(*parts: Part) -> Expectation:
    """The report of what `around` sends."""
    return form_of(*AROUND, *parts)


PLAIN = form_post(multipart(text(b"plain", b"text"), file(b"f", b"plain.txt", b"octets")))
_PLAIN_FILES: tuple[FileLine, ...] = (("f", "plain.txt", OCTETS.decode(), b"octets"),)
PLAIN_REPORT = report(("plain", "text"), files=_PLAIN_FILES)
PLAIN_READ = form_of(field_part("plain", "text"), file_part("f", b"octets", "plain.txt"))
TWIN = Exchange(request=PLAIN, answer=PLAIN_READ, to="POST", good=PLAIN_REPORT)
NO_REPORT = INCONCLUSIVE.because("the answer is no report in the contract's form")

KNOWN: tuple[Step, ...] = (
    Send(PLAIN),
    Answers(
        {
            PLAIN_READ: PASS,
            status(404, 405, 411, 415, 501): lacks("forms with files"),
            any_form: INCONCLUSIVE.because("a plain form is not reported as it was sent"),
            answered: NO_REPORT,
        },
        to="POST",
    ),
    On(1),
)
"""First a form that nobody disputes: a target that cannot report it shows nothing by its report of another."""

UNREAD: Mapping[Expectation, Verdict] = {
    status_2xx: NO_REPORT,
    status_4xx: VIOLATION.because("a legal form was refused"),
    answered: VIOLATION.because("a legal form got an error"),
    ended: VIOLATION.because("the connection ended without an answer to a legal form"),
    silent: VIOLATION.because("a legal form got no answer"),
}
"""A legal form is read. What is none of these, and no report, is a report in another form than the contract's."""

TROUBLE: Mapping[Expectation, Verdict] = {
    status_2xx: NO_REPORT,
    status_5xx: WARNING.because("an error of the server's own"),
    answered: INCONCLUSIVE.because("the answer is neither a report nor a refusal"),
    ended: WARNING.because("the connection ended without an answer"),
    silent: WARNING.because("a complete request got no answer"),
}
"""What is neither a reading nor a refusal of a form that may be refused."""

REFUSES = Canned("refuses it", PLAIN_REPORT, response(400, b"no form"))
FAILS = Canned("fails", PLAIN_REPORT, response(500, b"oops"))
UNREAD_FAULTS = (
    REFUSES,
    FAILS,
    Canned("hangs up", PLAIN_REPORT, HANG_UP),
    Canned("says nothing", PLAIN_REPORT, NOTHING),
)
TROUBLE_FAULTS = UNREAD_FAULTS[1:]


def misread(words: str) -> Mapping[Expectation, Verdict]:
    """Any report that no case before has taken, and then everything that is no report of a legal form."""
    return {any_form: VIOLATION.because(words), **UNREAD}


def reading(  # noqa: PLR0917 - the columns of a table
    place: str,
    rule: str,
    slug: str,
    title: str,
    request: bytes | tuple[Step, ...],
    cases: Mapping[Expectation, Verdict],
    good: bytes | Stream,
    faults: Mapping[str, bytes | Stream],
    more: tuple[Canned, ...] = UNREAD_FAULTS,
    *,
    note: str = "",
) -> Check:
    """Return a check that sends one form and judges what is reported of it. `place` is document and section."""
    sent = (Send(request),) if isinstance(request, bytes) else request
    return Check(
        id=f"{place}-{slug}",
        requirement=f"{place}-{rule}",
        title=title,
        since=SINCE,
        steps=(*KNOWN, *sent, Answers(cases, to="POST")),
        good=(PLAIN_REPORT, good),
        mutants=(*(Canned(fault, PLAIN_REPORT, answer) for fault, answer in faults.items()), *more),
        twin=TWIN,
        note=note,
    )


def plainly(place: str, rule: str, words: str) -> Check:
    """Return the check of the plain form itself: a reader that breaks a rule in every form breaks it here."""
    return Check(
        id=f"{place}-plain",
        requirement=f"{place}-{rule}",
        title="A plain form of a field and a file is read",
        since=SINCE,
        steps=(
            Send(PLAIN),
            Answers(
                {
                    PLAIN_READ: PASS,
                    status(404, 405, 411, 415, 501): lacks("forms with files"),
                    any_form: VIOLATION.because(words),
                    **UNREAD,
                },
                to="POST",
            ),
        ),
        good=(PLAIN_REPORT,),
        mutants=(
            Canned("keeps the CRLF of a delimiter", report(("plain", "text\r\n"), files=_PLAIN_FILES)),
            Canned("finds no part", report()),
            *(Canned(fault.fault, *fault.streams[1:]) for fault in UNREAD_FAULTS),
        ),
        twin=Exchange(request=PLAIN, to="POST", good=PLAIN_REPORT),
    )


def recording(  # noqa: PLR0917 - the columns of a table
    place: str,
    rule: str,
    slug: str,
    title: str,
    request: bytes,
    cases: Mapping[Expectation, Verdict],
    good: bytes,
    faults: Mapping[str, bytes],
    note: str = "",
) -> Check:
    """Return a check of what a reader may do as it likes: any choice is observed, what is lost a warning.

    The plain form comes behind it, as the twin: no breach can rest on a report that is not understood.
    """
    otherwise = {any_form: WARNING.because("a part of the form was lost"), status_4xx: observed("refuses the form")}
    lacking = {status(404, 405, 411, 415, 501): lacks("forms of this kind")}
    judged = {
        **lacking,
        **cases,
        **{case: verdict for case, verdict in otherwise.items() if case not in cases},
        **TROUBLE,
    }
    return Check(
        id=f"{place}-{slug}",
        requirement=f"{place}-{rule}",
        title=title,
        since=SINCE,
        steps=(Send(request), Answers(judged, to="POST")),
        good=(good,),
        mutants=(
            *(Canned(fault, answer) for fault, answer in faults.items()),
            *(Canned(fault.fault, *fault.streams[1:]) for fault in TROUBLE_FAULTS),
        ),
        twin=TWIN,
        note=note,
    )
