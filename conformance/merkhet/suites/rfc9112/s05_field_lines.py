"""RFC 9112, Sections 5 and 5.1: field names, and whitespace before the colon."""

from __future__ import annotations

from merkhet.check import DESYNC, PASS, VIOLATION, WARNING, Canned, Check, Send, closes, observed
from merkhet.expect import answered, as_preflight, ended, garbage, served, silent, status, status_5xx
from merkhet.suites.rfc9112.s02_heads import HUNG_UP, NO_ANSWER, NO_STATUS_LINE, OWN_ERROR, read, refused
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import GET, OK, POST_TWIN, REFUSED, SINCE, must_400, post, response

NAMES: tuple[tuple[str, str, bytes], ...] = (
    ("empty", "without a name", b": a"),
    ("empty-no-value", "that is a colon alone", b":"),
    ("space", "with a space in its name", b"X Test: a"),
    ("tab", "with a tab in its name", b"X\tTest: a"),
    ("parenthesis", "with a parenthesis in its name", b"X(Test: a"),
    ("comma", "with a comma in its name", b"X,Test: a"),
    ("slash", "with a slash in its name", b"X/Test: a"),
    ("semicolon", "with a semicolon in its name", b"X;Test: a"),
    ("equals", "with an equals sign in its name", b"X=Test: a"),
    ("question", "with a question mark in its name", b"X?Test: a"),
    ("at", "with an at sign in its name", b"X@Test: a"),
    ("bracket", "with a square bracket in its name", b"X[Test: a"),
    ("brace", "with a brace in its name", b"X{Test: a"),
    ("backslash", "with a backslash in its name", b"X\\Test: a"),
    ("quote", "with a quotation mark in its name", b'X"Test: a'),
    ("less-than", "with a less-than sign in its name", b"X<Test: a"),
    ("nul", "with NUL in its name", b"X\x00Test: a"),
    ("nul-last", "with NUL before its colon", b"X-Test\x00: a"),
    ("control", "with the control octet 0x01 in its name", b"X\x01Test: a"),
    ("vertical-tab", "with a vertical tab before its colon", b"X-Test\x0b: a"),
    ("form-feed", "with a form feed before its colon", b"X-Test\x0c: a"),
    ("delete", "with the control octet 0x7F in its name", b"X\x7fTest: a"),
    ("next-line", "with the NEXT LINE octet of Latin-1 before its colon", b"X-Test\x85: a"),
    ("no-break-space", "with the no-break space of Latin-1 before its colon", b"X-Test\xa0: a"),
    ("utf8", "with a letter in UTF-8 in its name", b"X-T\xc3\xa9st: a"),
    ("latin1", "with a letter in Latin-1 in its name", b"X-T\xe9st: a"),
)

NAME_CHECKS = tuple(
    refused(f"5-name-{slug}", "rfc9112-5-a2", f"A field line {words} is refused", request(b"GET", line), must_400())
    for slug, words, line in NAMES
)

WHITESPACE: tuple[tuple[str, str, bytes], ...] = (
    ("space", "A space before the colon", request(b"GET", b"X-Test : a")),
    ("tab", "A tab before the colon", request(b"GET", b"X-Test\t: a")),
    ("spaces", "Many spaces before the colon", request(b"GET", b"X-Test        : a")),
    ("space-and-tab", "A space and a tab before the colon", request(b"GET", b"X-Test \t: a")),
    ("no-value", "A space before the colon of an empty field", request(b"GET", b"X-Test :")),
    ("known-field", "A space before the colon of Accept", request(b"GET", b"Accept : */*")),
    ("connection", "A space before the colon of Connection", request(b"GET", b"Connection : close")),
    ("host", "A space before the colon of Host", b"GET {root} HTTP/1.1\r\nHost : {host}\r\n\r\n"),
    ("host-tab", "A tab before the colon of Host", b"GET {root} HTTP/1.1\r\nHost\t: {host}\r\n\r\n"),
    ("length", "A space before the colon of Content-Length", post(b"hello", b"Content-Length : 5", to=b"{root}")),
    ("length-tab", "A tab before the colon of Content-Length", post(b"hello", b"Content-Length\t: 5", to=b"{root}")),
    ("length-zero", "A space before the colon of a Content-Length of 0", request(b"GET", b"Content-Length : 0")),
    (
        "coding",
        "A space before the colon of Transfer-Encoding",
        post(b"0\r\n\r\n", b"Transfer-Encoding : chunked", to=b"{root}"),
    ),
    (
        "coding-tab",
        "A tab before the colon of Transfer-Encoding",
        post(b"0\r\n\r\n", b"Transfer-Encoding\t: chunked", to=b"{root}"),
    ),
    (
        "length-beside-coding",
        "A space before the colon of Transfer-Encoding beside a Content-Length",
        post(b"0\r\n\r\n", b"Content-Length: 5", b"Transfer-Encoding : chunked", to=b"{root}"),
    ),
)

WHITESPACE_CHECKS = tuple(
    refused(
        f"5.1-before-colon-{slug}",
        "rfc9112-5.1-1",
        f"{words} gets 400",
        data,
        must_400(),
    )
    for slug, words, data in WHITESPACE
)

_BEHIND = DESYNC.because("the content was read as a request: the line hid the Content-Length behind it")


def _hides_nothing(slug: str, requirement: str, words: str, line: bytes) -> Check:
    """A field section that is cut at a bad line loses its Content-Length: the content is then read as a request."""
    return Check(
        id=f"rfc9112-5-{slug}",
        requirement=requirement,
        title=f"{words} does not hide the fields behind it",
        since=SINCE,
        steps=(
            Send(post(b"hello", line, b"Content-Length: 5", to=b"{root}") + GET),
            read(
                {
                    status(400): PASS.then(),
                    status_5xx: OWN_ERROR.then(),
                    ended: HUNG_UP.then(),
                    garbage: NO_STATUS_LINE.then(),
                    silent: NO_ANSWER.then(),
                    served(): PASS,
                    answered: WARNING.because("neither refused nor served").then(),
                },
                to="POST",
            ),
            read(
                {
                    as_preflight(): PASS,
                    ended: observed("served, then the connection ends"),
                    answered: _BEHIND,
                    garbage: _BEHIND,
                    silent: VIOLATION.because("the request behind it was never answered"),
                }
            ),
        ),
        twin=POST_TWIN,
        good=(REFUSED,),
        mutants=(
            Canned("reads the content as a request", closes(response(405, b"", b"Allow: GET") + REFUSED.data)),
            Canned("swallows the next request", OK),
        ),
    )


HIDES_NOTHING = (
    _hides_nothing("hides-nothing-empty-name", "rfc9112-5-a2", "A line without a name", b": a"),
    _hides_nothing("hides-nothing-colon", "rfc9112-5-a2", "A line that is a colon alone", b":"),
    _hides_nothing("hides-nothing-nul", "rfc9112-5-a2", "NUL in the name of a line", b"X\x00Test: a"),
    _hides_nothing("hides-nothing-space", "rfc9112-5-a2", "A name with a space inside", b"X Test: a"),
)

CHECKS = (*NAME_CHECKS, *WHITESPACE_CHECKS, *HIDES_NOTHING)
