"""Downloads by name, canned answers to them, and how a check of one is built."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from merkhet.check import WARNING, Answers, Canned, Check, Exchange, Send, Verdict, lacks
from merkhet.expect import Expectation, answered, ended, silent, status_2xx, status_5xx
from merkhet.suites.words import HANG_UP, NOTHING, SERVER_ERROR, SINCE, response

Name = tuple[str, str, str]
"""Slug, words for a title, and the name itself."""


def get(name: str) -> bytes:
    """Return the request for a download of this name: everything but letters, digits, dash, dot and underscore is escaped."""
    return b"GET {download:%s} HTTP/1.1\r\nHost: {host}\r\n\r\n" % quote(name, safe="").replace("~", "%7E").encode(
        "ascii"
    )


def sent(value: bytes, *lines: bytes) -> bytes:
    """Return the answer with this Content-Disposition; `lines` come behind it."""
    kind = b"Content-Type: application/octet-stream"
    return response(200, b"download\n", kind, b"Content-Disposition: " + value, *lines)


def quoted(name: str) -> bytes:
    """Return an attachment whose name is a quoted-string, with quoted pairs where they are needed."""
    octets = name.encode("latin-1", "replace").replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b'attachment; filename="%s"' % octets


def extended(name: str) -> bytes:
    """Return the filename* that says this name."""
    return b"filename*=UTF-8''" + quote(name, safe="").encode("ascii")


def both(name: str) -> bytes:
    """Return an attachment with a plain name to fall back to, and the name itself behind it."""
    return b'attachment; filename="fallback.txt"; ' + extended(name)


TWIN = Exchange(request=get("plain.txt"), good=sent(quoted("plain.txt")))
TROUBLE: Mapping[Expectation, Verdict] = {
    status_2xx: lacks("Content-Disposition"),
    status_5xx: WARNING.because("an error of the server's own"),
    answered: lacks("a download of this name"),
    ended: WARNING.because("the connection ended without an answer"),
    silent: WARNING.because("a complete request got no answer"),
}
"""What says nothing of the field."""

TROUBLE_FAULTS = (
    Canned("fails", SERVER_ERROR),
    Canned("hangs up", HANG_UP),
    Canned("says nothing", NOTHING),
)


def judged(  # noqa: PLR0917 - the columns of a table
    place: str,
    rule: str,
    slug: str,
    title: str,
    name: str,
    cases: Mapping[Expectation, Verdict],
    good: bytes,
    faults: Mapping[str, bytes],
    note: str = "",
) -> Check:
    """Return a check of what is sent for a download of one name. `place` is document and section."""
    return Check(
        id=f"{place}-{slug}",
        requirement=f"{place}-{rule}",
        title=title,
        since=SINCE,
        steps=(Send(get(name)), Answers({**cases, **TROUBLE})),
        good=(good,),
        mutants=(*(Canned(fault, answer) for fault, answer in faults.items()), *TROUBLE_FAULTS),
        twin=TWIN,
        note=note,
    )


PLAIN: tuple[Name, ...] = (
    ("plain", "a plain name", "plain.txt"),
    ("no-suffix", "a name without a suffix", "README"),
    ("two-suffixes", "a name with two suffixes", "a.tar.gz"),
    ("upper-case", "a name in upper case", "A.TXT"),
    ("dashes", "a name with dashes and underscores", "a-b_c.txt"),
    ("digits", "a name of digits", "123"),
    ("dot-first", "a name that begins with a dot", ".profile"),
    ("one", "a name of one letter", "a"),
)
BEYOND: tuple[Name, ...] = (
    ("latin-1", "a name within ISO-8859-1", "na\u00efve.txt"),
    ("euro", "a name with a euro sign", "\u20ac rates.txt"),
    ("greek", "a name in Greek", "\u03b1\u03b2\u03b3.txt"),
    ("cjk", "a name in Chinese", "\u6587\u4ef6.txt"),
    ("right-to-left", "a name in Hebrew", "\u05e9\u05dc\u05d5\u05dd.txt"),
    ("emoji", "a name beyond the basic plane", "\U0001f600.txt"),
    ("combining", "a name with a combining mark", "e\u0301.txt"),
    ("quote", "a name with an umlaut and a quote", '\u00fc"b.txt'),
    ("semicolon", "a name with an umlaut and a semicolon", "\u00fc;b.txt"),
    ("percent", "a name with an umlaut and a percent sign", "\u00fc%41.txt"),
    ("apostrophe", "a name with an umlaut and an apostrophe", "\u00fc'b.txt"),
    ("asterisk", "a name with an umlaut and an asterisk", "\u00fc*b.txt"),
    ("parentheses", "a name with an umlaut and parentheses", "\u00fc(1).txt"),
    ("space", "a name with an umlaut and spaces", "\u00fc  b.txt"),
    ("every-attr-char", "a name with an umlaut and all that needs no escape", "\u00fc!#$&+-.^_`|~.txt"),
)
