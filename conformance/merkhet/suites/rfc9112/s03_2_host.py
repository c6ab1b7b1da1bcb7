"""RFC 9112, Sections 3.2 and 3.3: Request Target, the Host field."""

from __future__ import annotations

from merkhet.check import PASS, WARNING, Canned, Check, Exchange, Send, Step, observed
from merkhet.expect import all_of, answered, any_of, ended, field, garbage, served, silent, version
from merkhet.suites.rfc9112.s02_heads import NO_STATUS_LINE, either, read
from merkhet.suites.words import GET, HANG_UP, OK, REFUSED, SINCE, must_400, response

_LINE = b"GET {root} HTTP/1.1\r\n"
_ABSOLUTE = b"GET {scheme}://{host}{root} HTTP/1.1\r\n"


def _refused(slug: str, requirement: str, title: str, *steps: Step, note: str = "", before: bytes = b"") -> Check:
    return Check(
        id=f"rfc9112-3.2-host-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(*steps, read({**must_400(), garbage: NO_STATUS_LINE})),
        twin=Exchange(request=GET),
        good=(before + REFUSED.data,) if before else (REFUSED,),
        mutants=(
            Canned("serves it", before + OK),
            Canned("refuses it with 421", before + response(421)),
            Canned("hangs up", HANG_UP),
        ),
        note=note,
    )


# --- no Host field

_NO_ROOM = "Half of the servers that we know serve such a request; the text leaves no room."
_FIRST = read(
    {
        any_of(field(b"Connection", b"close"), all_of(answered, version(b"HTTP/1.0"))): observed(
            "the connection is not kept, so the second request cannot be seen"
        ).then(),
        served(): PASS,
        answered: WARNING.because("a legal request was not served").then(),
        ended: WARNING.because("the connection ended without an answer to a complete request").then(),
        silent: WARNING.because("a complete request got no answer").then(),
    }
)

MISSING = (
    _refused(
        "missing",
        "rfc9112-3.2-6a",
        "An HTTP/1.1 request without a Host field is refused",
        Send(_LINE + b"\r\n"),
        note=_NO_ROOM,
    ),
    _refused(
        "missing-other-fields",
        "rfc9112-3.2-6a",
        "An HTTP/1.1 request with other fields and no Host is refused",
        Send(_LINE + b"User-Agent: merkhet\r\nX-Host: {host}\r\nAccept: */*\r\n\r\n"),
        note=_NO_ROOM,
    ),
    _refused(
        "missing-absolute-form",
        "rfc9112-3.2-6a",
        "An HTTP/1.1 request in absolute-form without a Host field is refused",
        Send(_ABSOLUTE + b"\r\n"),
        note="The target names an authority, but the rule is about every HTTP/1.1 request.",
    ),
    _refused(
        "missing-options",
        "rfc9112-3.2-6a",
        "OPTIONS * without a Host field is refused",
        Send(b"OPTIONS * HTTP/1.1\r\n\r\n"),
    ),
    _refused(
        "missing-post",
        "rfc9112-3.2-6a",
        "An HTTP/1.1 POST without a Host field is refused",
        Send(b"POST {root} HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"),
    ),
    _refused(
        "missing-second",
        "rfc9112-3.2-6a",
        "A second request on a connection does not inherit the Host field of the first",
        Send(GET),
        _FIRST,
        Send(_LINE + b"\r\n"),
        before=OK,
    ),
)

# --- more than one

_OTHER = b"Host: merkhet.invalid\r\n"
_HOST = b"Host: {host}\r\n"
REPEATED: tuple[tuple[str, str, bytes], ...] = (
    ("twice-same", "Two Host lines with one value", _LINE + _HOST + _HOST),
    ("twice-different", "Two Host lines with different values", _LINE + _HOST + _OTHER),
    ("twice-other-first", "Two Host lines, a foreign one first,", _LINE + _OTHER + _HOST),
    ("twice-other-case", "Two Host lines whose names differ in case", _LINE + _HOST + b"hOST: {host}\r\n"),
    ("twice-apart", "Two Host lines with another field between them", _LINE + _HOST + b"X-Test: a\r\n" + _HOST),
    ("twice-empty-first", "Two Host lines, an empty one first,", _LINE + b"Host:\r\n" + _HOST),
    ("twice-empty-last", "Two Host lines, an empty one last,", _LINE + _HOST + b"Host:\r\n"),
    ("three-times", "Three Host lines", _LINE + _HOST + _HOST + _HOST),
    ("twice-absolute-form", "Two Host lines with absolute-form", _ABSOLUTE + _HOST + _OTHER),
    ("twice-http10", "Two Host lines in HTTP/1.0", b"GET {root} HTTP/1.0\r\n" + _HOST + _OTHER),
)

REPEATED_CHECKS = tuple(
    _refused(slug, "rfc9112-3.2-6b", f"{words} are refused", Send(data + b"\r\n"), note=note)
    for slug, words, data in REPEATED
    for note in ("The rule is about any request, whatever its version." if slug == "twice-http10" else "",)
)

# --- one that is no host with an optional port

INVALID: tuple[tuple[str, str, bytes], ...] = (
    ("space", "with a space", b"a b"),
    ("tab", "with a tab inside", b"a\tb"),
    ("userinfo", "with user information", b"user@merkhet.invalid"),
    ("path", "with a path", b"merkhet.invalid/x"),
    ("slash", "with a slash at its end", b"merkhet.invalid/"),
    ("query", "with a query", b"merkhet.invalid?x"),
    ("fragment", "with a fragment", b"merkhet.invalid#x"),
    ("uri", "that is a whole URI", b"http://merkhet.invalid/"),
    ("backslash", "with a backslash", b"merkhet.invalid\\x"),
    ("port-letters", "whose port is letters", b"merkhet.invalid:abc"),
    ("port-mixed", "whose port ends in a letter", b"merkhet.invalid:80a"),
    ("port-minus", "with a negative port", b"merkhet.invalid:-1"),
    ("port-plus", "whose port has a plus sign", b"merkhet.invalid:+80"),
    ("port-space", "with a space before its port", b"merkhet.invalid: 80"),
    ("two-ports", "with two ports", b"merkhet.invalid:80:80"),
    ("two-hosts", "that lists two hosts with ports", b"merkhet.invalid:1,merkhet.invalid:2"),
    ("bracket-open", "whose bracket is never closed", b"[::1"),
    ("bracket-close", "whose bracket is never opened", b"::1]"),
    ("bracket-name", "with a name in brackets", b"[merkhet.invalid]"),
    ("bracket-digits", "with letters beyond F in an IPv6 address", b"[::g]"),
    ("bracket-behind", "with text behind the brackets", b"[::1]x"),
    ("ipv6-bare", "that is an IPv6 address without brackets", b"::1"),
    ("percent-bad", "with a percent sign before two letters that are no digits", b"merkhet%zz.invalid"),
    ("percent-short", "that ends in a percent sign", b"merkhet.invalid%"),
    ("quotes", "in quotation marks", b'"merkhet.invalid"'),
    ("angle-brackets", "in angle brackets", b"<merkhet.invalid>"),
    ("bar", "with a vertical bar", b"merkhet|x.invalid"),
    ("caret", "with a caret", b"merkhet^x.invalid"),
    ("nul", "with NUL", b"merkhet\x00.invalid"),
    ("control", "with a control octet", b"merkhet\x01.invalid"),
    ("latin1", "with a letter in Latin-1", b"caf\xe9.invalid"),
    ("utf8", "with a letter in UTF-8", b"caf\xc3\xa9.invalid"),
)
"""Slug, words, and a value that uri-host [ ":" port ] cannot be (RFC 3986, Sections 2 and 3.2)."""

INVALID_CHECKS = tuple(
    _refused(
        f"invalid-{slug}",
        "rfc9112-3.2-6c",
        f"A Host field {words} is refused",
        Send(_LINE + b"Host: " + value + b"\r\n\r\n"),
        note="Few servers look at the grammar of Host: a warning by default, a failure in the strict profile.",
    )
    for slug, words, value in INVALID
)

# --- one that names nothing, or nothing known

DEFAULTS = tuple(
    either(
        f"3.3-host-{slug}",
        "rfc9112-3.3-1",
        f"{words}: a default is used, or the request refused",
        (Send(data),),
        other=Canned("uses a default", OK),
    )
    for slug, words, data in (
        ("empty", "An empty Host field", _LINE + b"Host:\r\n\r\n"),
        ("empty-space", "A Host field of a space alone", _LINE + b"Host: \r\n\r\n"),
        ("unknown", "A Host field with a name that no server has", _LINE + _OTHER + b"\r\n"),
        (
            "unknown-ipv6",
            "A Host field with an IPv6 address of the documentation",
            _LINE + b"Host: [2001:db8::1]\r\n\r\n",
        ),
        ("empty-port", "A Host field that ends in its colon", _LINE + b"Host: merkhet.invalid:\r\n\r\n"),
        ("comma", "A Host field whose name holds a comma", _LINE + b"Host: a,b\r\n\r\n"),
    )
)

CHECKS = (*MISSING, *REPEATED_CHECKS, *INVALID_CHECKS, *DEFAULTS)
