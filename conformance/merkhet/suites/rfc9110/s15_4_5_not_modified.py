"""RFC 9110, Section 15.4.5: 304 Not Modified. The fields that it has, those that it leaves out, and where it ends."""

from __future__ import annotations

from merkhet.check import DESYNC, PASS, VIOLATION, WARNING, Answers, Canned, Check, Exchange, Send, lacks
from merkhet.expect import (
    Expectation,
    all_of,
    answered,
    any_of,
    as_preflight,
    ended,
    field,
    garbage,
    silent,
    status,
    without,
)
from merkhet.expect_kept import same_field
from merkhet.expect_ranges import fields_of
from merkhet.suites.rfc9110.s13_words import FAILED
from merkhet.suites.rfc9110.s14_words import NO_DATE, NO_TAG, TAG, TWIN, Cases, fetched, get, rest, whole
from merkhet.suites.rfc9110.s15_3_7_fields import ALL, REQUIRED
from merkhet.suites.words import DATE, GET, OK, SINCE, response

_BY_TAG, _BY_DATE = b"If-None-Match: {kept:whole/ETag}", b"If-Modified-Since: {kept:whole/Last-Modified}"


def unchanged(*lines: bytes) -> bytes:
    """Return a 304 with these field lines."""
    return b"HTTP/1.1 304 \r\n" + DATE + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0]


def _lacking(name: bytes) -> Cases:
    return {all_of(status(200), without(field(name))): lacks(f"{name.decode()} in the 200")}


NOT_ASKED: Cases = {status(200): lacks("304"), status(412): VIOLATION.because("a 412 where 304 is due")}

# --- 15.4.5-1: what a 304 has


def _has(line: bytes) -> Check:
    name = _name(line)
    others = tuple(other for other in REQUIRED if other != line)
    same: Expectation = same_field("whole", b"ETag", weakly=True) if line == TAG else field(name)
    first = whole("small.bin", *ALL)
    another_value: Cases = (
        {all_of(status(304), field(name)): VIOLATION.because("a 304 with another tag than the 200")}
        if line == TAG
        else {}
    )
    another = (Canned("sends another tag", first + unchanged(*others, b'ETag: "canned-2"')),) if line == TAG else ()
    return Check(
        id=f"rfc9110-15.4.5-has-{name.decode().lower()}",
        requirement="rfc9110-15.4.5-1",
        title=f"A 304 has the {name.decode()} of the 200",
        since=SINCE,
        steps=(
            *fetched("small.bin", NO_TAG, _lacking(name)),
            Send(get("small.bin", _BY_TAG), anew=True),
            Answers(
                {
                    all_of(status(304), same): PASS,
                    **another_value,
                    status(304): VIOLATION.because(f"a 304 without the {name.decode()} that the 200 had"),
                    **NOT_ASKED,
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(first + unchanged(*REQUIRED),),
        mutants=(Canned("leaves it out", first + unchanged(*others)), Canned("answers 412", first + FAILED), *another),
        note="Values may differ, as those of Expires and Cache-Control do with time; a tag may not.",
    )


ALSO: tuple[tuple[str, str, bytes, Cases, bytes], ...] = (
    ("date", "by a date", _BY_DATE, NO_DATE, b"GET"),
    ("head", "to HEAD", _BY_TAG, NO_TAG, b"HEAD"),
    ("list", "by a list of tags", b'If-None-Match: "a", {kept:whole/ETag}', NO_TAG, b"GET"),
    ("star", "by a star", b"If-None-Match: *", NO_TAG, b"GET"),
)


def _has_all(slug: str, words: str, line: bytes, unless: Cases, method: bytes) -> Check:
    first = whole("small.bin", *ALL)
    return Check(
        id=f"rfc9110-15.4.5-has-all-{slug}",
        requirement="rfc9110-15.4.5-1",
        title=f"A 304 {words} has the fields that the 200 had and it has to have",
        since=SINCE,
        steps=(
            *fetched("small.bin", unless),
            Send(get("small.bin", line, method=method), anew=True),
            Answers(
                {
                    all_of(status(304), fields_of("whole", *(_name(one) for one in REQUIRED), b"Date")): PASS,
                    status(304): VIOLATION.because("a 304 without a field that the 200 had and it has to have"),
                    **NOT_ASKED,
                    **rest(),
                },
                to=method.decode(),
            ),
        ),
        twin=TWIN,
        good=(first + unchanged(*REQUIRED),),
        mutants=(
            Canned("leaves them out", first + unchanged()),
            Canned("leaves Date out", first + unchanged(*REQUIRED).replace(b"Date: ", b"X-Date: ")),
        ),
    )


_TEXT = b"GET {gzip} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n%s\r\n"


def _has_vary() -> Check:
    first = response(200, b"??", TAG, b"Vary: Accept-Encoding", b"Content-Encoding: gzip")
    good = unchanged(TAG, b"Vary: Accept-Encoding")
    return Check(
        id="rfc9110-15.4.5-has-vary-coded",
        requirement="rfc9110-15.4.5-1",
        title="A 304 for what is compressed has the Vary and the tag of the 200",
        since=SINCE,
        steps=(
            Send(_TEXT % b""),
            Answers({**NO_TAG, **_lacking(b"Vary"), status(200): PASS, **rest()}, keep="whole"),
            Send(_TEXT % (_BY_TAG + b"\r\n"), anew=True),
            Answers(
                {
                    all_of(status(304), fields_of("whole", b"Vary", b"Cache-Control", b"Expires", b"Content-Location"),
                           same_field("whole", b"ETag", weakly=True)): PASS,
                    status(304): VIOLATION.because("a 304 without what the 200 had, or with another tag"),
                    **NOT_ASKED,
                    **rest(),
                }
            ),
        ),
        twin=Exchange(request=_TEXT % b"", answer=status(200), good=first),
        good=(first + good,),
        mutants=(
            Canned("leaves Vary out", first + unchanged(TAG)),
            Canned("has the tag of another form", first + unchanged(b'ETag: "plain"', b"Vary: Accept-Encoding")),
        ),
    )  # fmt: skip


# --- 15.4.5-2: what a 304 leaves out

SPARE = (b"Content-Type", b"Content-Encoding", b"Content-Language")


def _spares(slug: str, words: str, line: bytes, unless: Cases) -> Check:
    first = whole("small.bin")
    return Check(
        id=f"rfc9110-15.4.5-spares-{slug}",
        requirement="rfc9110-15.4.5-2",
        title=f"A 304 {words} leaves out what describes the content that it does not have",
        since=SINCE,
        steps=(
            *fetched("small.bin", unless),
            Send(get("small.bin", line), anew=True),
            Answers(
                {
                    all_of(status(304), any_of(*(field(name) for name in SPARE))): VIOLATION.because("describes it"),
                    status(304): PASS,
                    status(200): lacks("304"),
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(first + unchanged(TAG),),
        mutants=(
            Canned("sends Content-Type", first + unchanged(TAG, b"Content-Type: text/plain")),
            Canned("sends Content-Language", first + unchanged(TAG, b"Content-Language: en")),
            Canned("refuses", first + response(400)),
        ),
        note="Fields that guide the update of a cache are exempt, and no one outside can tell them: recorded, not judged.",
    )


# --- 15.4.5-a1: where a 304 ends


def _ends(slug: str, words: str, line: bytes, unless: Cases, method: bytes) -> Check:
    first, bare = whole("small.bin"), unchanged(TAG)
    unread = WARNING.because("the request behind it was not answered")
    return Check(
        id=f"rfc9110-15.4.5-ends-{slug}",
        requirement="rfc9110-15.4.5-a1",
        title=f"A 304 {words} ends with its header section",
        since=SINCE,
        steps=(
            *fetched("small.bin", unless),
            Send(get("small.bin", line, method=method) + GET, anew=True),
            Answers({status(304): PASS, status(200): lacks("304"), **rest()}, to=method.decode()),
            Answers(
                {
                    as_preflight(): PASS,
                    garbage: DESYNC.because("octets behind a 304 that begin no response"),
                    answered: DESYNC.because("the request behind a 304 was not answered as a plain GET is"),
                    ended: unread,
                    silent: VIOLATION.because("nothing came behind the 304, as if its content were still to come"),
                }
            ),
        ),
        twin=TWIN,
        good=(first + bare + OK,),
        mutants=(
            Canned("sends content", first + bare + b"some content" + OK),
            Canned(
                "sends an empty chunked content",
                first + unchanged(TAG, b"Transfer-Encoding: chunked") + b"0\r\n\r\n" + OK,
            ),
            Canned("sends no more", first + bare),
        ),
        note="A 304 has no content, whatever its fields say.",
    )


CHECKS = (
    *(_has(line) for line in REQUIRED),
    *(_has_all(*row) for row in ALSO),
    _has_vary(),
    _spares("tag", "by a tag", _BY_TAG, NO_TAG),
    _spares("date", "by a date", _BY_DATE, NO_DATE),
    _ends("tag", "by a tag", _BY_TAG, NO_TAG, b"GET"),
    _ends("date", "by a date", _BY_DATE, NO_DATE, b"GET"),
    _ends("head", "to HEAD", _BY_TAG, NO_TAG, b"HEAD"),
)
