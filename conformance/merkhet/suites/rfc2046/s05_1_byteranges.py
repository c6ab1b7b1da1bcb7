"""RFC 2046, Sections 5.1 and 5.1.1: the multipart content that a server itself makes, for several ranges."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Exchange, Send, Verdict, lacks
from merkhet.expect import Expectation, answered, ended, silent, status_2xx, status_5xx
from merkhet.expect_kept import field_matches
from merkhet.expect_multipart import any_multipart, delimiter_within, padded
from merkhet.fixtures import FIXTURES
from merkhet.suites.words import SINCE, response

_PARAMETERS = rb"(?:[ \t]*;[ \t]*(?:[!-:<-~]+)?)*"
_GRAMMAR = (
    rb"(?i:multipart/byteranges)" + _PARAMETERS + rb"[ \t]*;[ \t]*(?i:boundary)="
    rb"(?:[0-9A-Za-z'+_.-]{1,70}|\"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]\")" + _PARAMETERS
)
_LEGAL = field_matches(
    b"Content-Type",
    _GRAMMAR,
    "multipart/byteranges with a boundary of 1 to 70 legal octets, in quotes if it needs them",
)
_GONE: Mapping[Expectation, Verdict] = {
    status_2xx: lacks("answers of several parts"),
    status_5xx: WARNING.because("an error of the server's own"),
    answered: lacks("several ranges of this file"),
    ended: WARNING.because("the connection ended without an answer"),
    silent: WARNING.because("a complete request got no answer"),
}
RANGES: tuple[tuple[str, str, bytes, tuple[tuple[int, int], ...]], ...] = (
    ("two", "two ranges", b"large.bin", ((0, 9), (5000, 5009))),
    ("lines", "two ranges that begin and end with line ends", b"merkhet.txt", ((23, 47), (1000, 1199))),
    ("four", "four ranges", b"large.bin", ((0, 0), (3000, 3099), (9000, 9001), (200000, 200999))),
)


def _request(file: bytes, ranges: tuple[tuple[int, int], ...]) -> bytes:
    wanted = b", ".join(b"%d-%d" % one for one in ranges)
    return b"GET {files:%s} HTTP/1.1\r\nHost: {host}\r\nRange: bytes=%s\r\n\r\n" % (file, wanted)


def _multipart(
    file: bytes,
    ranges: tuple[tuple[int, int], ...],
    boundary: bytes = b"aBoundary",
    *,
    named: bytes | None = None,
    padding: bytes = b"",
    begin: bytes = b"",
) -> bytes:
    """Return a 206: each part has the octets of the file, the beginning of the first one replaced by `begin`."""
    data = FIXTURES[file.decode()]
    pieces = [data[first : last + 1] for first, last in ranges]
    pieces[0] = begin + pieces[0][len(begin) :]
    content = b"".join(
        b"\r\n--%s%s\r\nContent-Range: bytes %d-%d/%d\r\n\r\n%s" % (boundary, padding, first, last, len(data), piece)
        for (first, last), piece in zip(ranges, pieces, strict=True)
    )
    kind = b"Content-Type: multipart/byteranges; boundary=" + (boundary if named is None else named)
    return response(206, content + b"\r\n--" + boundary + b"--\r\n", kind)


def _sent(  # noqa: PLR0917 - the columns of a table
    rule: str, slug: str, title: str, row: int, cases: Mapping[Expectation, Verdict], faults: Mapping[str, bytes]
) -> Check:
    _, _, file, ranges = RANGES[row]
    request = _request(file, ranges)
    return Check(
        id=f"rfc2046-{rule.rpartition('-')[0]}-{slug}",
        requirement=f"rfc2046-{rule}",
        title=title,
        since=SINCE,
        steps=(Send(request), Answers({**cases, **_GONE})),
        good=(_multipart(file, ranges),),
        mutants=tuple(Canned(fault, answer) for fault, answer in faults.items()),
        twin=Exchange(request=b"GET {files:%s} HTTP/1.1\r\nHost: {host}\r\n\r\n" % file),
    )


def _within(row: int) -> Check:
    slug, words, file, ranges = RANGES[row]
    return _sent(
        "5.1-1",
        f"byteranges-delimiter-{slug}",
        f"An answer of {words} has no delimiter inside a part",
        row,
        {
            delimiter_within: VIOLATION.because("a part holds the delimiter that is to end it"),
            any_multipart: PASS,
        },
        {
            "chooses a boundary that the file has": _multipart(file, ranges, begin=b"\r\n--a", boundary=b"a")
            if ranges[0][1] - ranges[0][0] > 5
            else _multipart(file, (*ranges[1:], ranges[0]), begin=b"\r\n--a", boundary=b"a"),
        },
    )


def _boundary(row: int) -> Check:
    slug, words, file, ranges = RANGES[row]
    return _sent(
        "5.1.1-a1",
        f"byteranges-boundary-{slug}",
        f"The boundary of an answer of {words} is legal, and quoted if it needs that",
        row,
        {_LEGAL: PASS, any_multipart: VIOLATION.because("the Content-Type names no legal boundary")},
        {
            "names none": _multipart(file, ranges, named=b""),
            "has 71 octets": _multipart(file, ranges, b"b" * 71),
            "ends in a space": _multipart(file, ranges, b"b ", named=b'"b "'),
            "does not quote a colon": _multipart(file, ranges, b"a:b"),
            "has an asterisk": _multipart(file, ranges, b"a*b"),
            "has quotes within": _multipart(file, ranges, b"a%b", named=b'"a%b"'),
        },
    )


def _padding(row: int) -> Check:
    slug, words, file, ranges = RANGES[row]
    return _sent(
        "5.1.1-2",
        f"byteranges-padding-{slug}",
        f"An answer of {words} has nothing behind its delimiters",
        row,
        {padded: VIOLATION.because("whitespace stands behind a delimiter"), any_multipart: PASS},
        {"pads them": _multipart(file, ranges, padding=b" ")},
    )


CHECKS = (
    *(_within(row) for row in range(len(RANGES))),
    *(_boundary(row) for row in range(len(RANGES))),
    _padding(0),
)
