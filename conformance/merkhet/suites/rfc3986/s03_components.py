"""RFC 3986, Section 3: scheme, host, port, path, query and fragment, as a server reads and writes them."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Exchange, Send, lacks, observed
from merkhet.expect import answered, as_preflight, content, field, status, status_2xx, status_4xx, without
from merkhet.expect_echo import echoed
from merkhet.expect_kept import field_matches
from merkhet.expect_response import numeric_host, same_status
from merkhet.suites.rfc3986.words import BAD, uri_check
from merkhet.suites.rfc9110.s09_shared import FAILS, HANGS_UP, NOT_FOUND, SILENT_SERVER, one_answer, unserved
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import OK, REFUSED, SINCE, TELLS_NO_TARGET, echo, response

# --- 3.1-a1: the scheme has no case

_OTHERWISE = VIOLATION.because("not served as the same URI in lower case is")
SCHEMES = tuple(
    uri_check(
        f"3.1-scheme-{slug}", "a1", f"The scheme {scheme.decode()} is http", scheme + b"://{host}{root}",
        {as_preflight(): PASS, answered: _OTHERWISE},
        good=OK,
        mutants=(Canned("refuses it", BAD), Canned("does not find it", NOT_FOUND), FAILS),
        twin=Exchange(request=request(to=b"{scheme}://{host}{root}")),
    )
    for slug, scheme in (("upper", b"HTTP"), ("capital", b"Http"), ("mixed", b"hTtP"))
)  # fmt: skip

# --- 3.2.2-a1 and -a2: the host


def hosted(host: bytes, to: bytes = b"{root}") -> bytes:
    """Return a GET with this Host field."""
    return b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (to, host)


UNBALANCED = tuple(
    one_answer(
        f"rfc3986-3.2.2-brackets-{slug}",
        "rfc3986-3.2.2-a1",
        f"A host with {words} is no IP literal, and is refused",
        hosted(host),
        {
            status(400): PASS,
            status_4xx: PASS,
            answered: VIOLATION.because("taken for a host"),
            **unserved(),
        },
        good=REFUSED,
        mutants=(Canned("serves it", OK), Canned("redirects", response(301, b"", b"Location: /")), SILENT_SERVER),
    )
    for slug, words, host in (
        ("no-end", "a bracket that does not end", b"[::1"),
        ("no-begin", "a bracket that ends alone", b"::1]"),
        ("inside", "brackets inside a name", b"a[b]c"),
        ("twice", "two brackets", b"[[::1]]"),
        ("name", "a name in brackets", b"[merkhet]"),
        ("empty", "empty brackets", b"[]"),
    )
)


def _cased(slug: str, words: str, data: bytes) -> Check:
    return one_answer(
        f"rfc3986-3.2.2-case-{slug}",
        "rfc3986-3.2.2-a2",
        f"The host has no case {words}",
        data,
        {
            numeric_host: lacks("letters in its host"),
            as_preflight(): PASS,
            answered: VIOLATION.because("the same host in upper case is not served as it is in lower case"),
            **unserved(VIOLATION),
        },
        good=OK,
        mutants=(Canned("does not know it", NOT_FOUND), Canned("calls it misdirected", response(421, b"no")), FAILS,
                 HANGS_UP, SILENT_SERVER),
    )  # fmt: skip


CASED = (
    _cased("field", "in a Host field", hosted(b"{host:upper}")),
    _cased(
        "target",
        "in a target in absolute-form",
        b"GET {scheme}://{host:upper}{root} HTTP/1.1\r\nHost: {host:upper}\r\n\r\n",
    ),
)

# --- 3.2.3-a1: a port may be empty


def _port(slug: str, words: str, host: bytes) -> Check:
    return Check(
        id=f"rfc3986-3.2.3-port-{slug}",
        requirement="rfc3986-3.2.3-a1",
        title=f"A host with {words} is as good as one without a port",
        since=SINCE,
        steps=(
            Send(hosted(b"{host:name}")),
            Answers({answered: PASS, **unserved()}, keep="bare"),
            Send(hosted(host), anew=True),
            Answers(
                {
                    same_status("bare"): PASS,
                    status(400): VIOLATION.because("an empty port is legal and was refused"),
                    **unserved(),
                    answered: VIOLATION.because("answered otherwise than without the colon"),
                }
            ),
        ),
        good=(OK + OK,),
        mutants=(
            Canned("refuses it", OK + BAD),
            Canned("does not find it", OK + NOT_FOUND),
            Canned("fails", OK + FAILS.streams[0].data),
        ),
    )


# --- 3.3-a1: paths that a server writes

_NO_PATH = rb'(?s:[^?#]*(?:[\x00-\x20"<>\\^`{|}\x7f-\xff]|%(?![0-9A-Fa-f]{2})).*)'


def _written(slug: str, words: str, name: bytes, target: bytes) -> Check:
    wrong = VIOLATION.because("its path holds a character that no URI has")
    return uri_check(
        f"3.3-written-{slug}", "a1", f"The path in a {name.decode()} {words} holds nothing that a path has not", target,
        {
            without(field(name)): lacks(f"{name.decode()} there"),
            field_matches(name, _NO_PATH, "an octet in its path that no URI has"): wrong,
            answered: PASS,
        },
        good=response(302, b"", name + b": /a%20b"),
        mutants=(
            Canned("writes a space", response(302, b"", name + b": /a b")),
            Canned("writes octets beyond ASCII", response(302, b"", name + b": /\xc3\xbc")),
            Canned("writes half an encoding", response(302, b"", name + b": /a%2")),
            Canned("writes a backslash", response(302, b"", name + b": /a\\b")),
        ),
    )  # fmt: skip


WRITTEN = (
    _written("redirect", "of the application", b"Location", b"{redirect}"),
    _written("folder", "of a folder", b"Location", b"{files:folder}"),
    _written("content", "of a file whose name has a space", b"Content-Location", b"{files:a%20b.txt}"),
)

# --- 3.3-a2: what may stand in a segment as it is


def _segment(slug: str, words: str, value: bytes) -> Check:
    return uri_check(
        f"3.3-segment-{slug}", "a2", f"{words} may stand in a segment as it is", b"{param:%s}" % value,
        {
            content(value): PASS,
            status_4xx: VIOLATION.because("a legal segment was refused, or not found"),
            answered: VIOLATION.because("the application got something else than what stands in the segment"),
        },
        good=response(200, value),
        mutants=(Canned("refuses it", BAD), Canned("takes a plus for a space", response(200, value[:-1] + b" "))),
    )  # fmt: skip


SEGMENTS = tuple(
    _segment(*row)
    for row in (
        ("colon", "A colon", b"a:b"),
        ("at", "An at sign", b"a@b"),
        ("semicolon", "A semicolon", b"c;d"),
        ("equals", "An equals sign", b"d=e"),
        ("comma", "A comma", b"e,f"),
        ("exclamation", "An exclamation mark", b"a!b"),
        ("dollar", "A dollar sign", b"a$b"),
        ("ampersand", "An ampersand", b"a&b"),
        ("quote", "An apostrophe", b"a'b"),
        ("parentheses", "A pair of parentheses", b"(a)"),
        ("star", "A star", b"a*b"),
        ("plus", "A plus sign", b"a+b"),
        ("all", "All of them together", b"a:b@c;d=e,f!$&'()*+"),
    )
)

# --- 3.4-a1: slashes and question marks in a query


def _query(slug: str, words: str, query: bytes) -> Check:
    target = b"{echo}?" + query
    return uri_check(
        f"3.4-query-{slug}", "a1", f"{words} in a query is data", target,
        {
            echoed(target=target): PASS,
            **TELLS_NO_TARGET,
            echoed(): VIOLATION.because("the application got another target than the one that was sent"),
            status_4xx: VIOLATION.because("a legal query was refused, or not found"),
            answered: WARNING.because("something else came"),
        },
        good=echo(method="GET", target=target),
        mutants=(Canned("cuts it off", echo(method="GET", target=b"{echo}")), Canned("refuses it", BAD),
                 Canned("does not find it", NOT_FOUND)),
        twin=Exchange(request=request(to=b"{echo}?a=b"), answer=status_2xx, good=echo(method="GET", target=b"{echo}?a=b")),
    )  # fmt: skip


QUERIES = tuple(
    _query(*row)
    for row in (
        ("slash", "A slash", b"a=/b"),
        ("question-mark", "A question mark", b"a=?b"),
        ("both", "A slash and a question mark", b"a=/b?c"),
        ("only", "A question mark alone", b"?"),
        ("dots", "A path with dot segments", b"a=/../b"),
        ("uri", "A whole URI", b"u=http://a/b?c=d"),
    )
)

# --- 3.5-a1: fragments


def _fragment(slug: str, words: str, target: bytes) -> Check:
    return uri_check(
        f"3.5-fragment-{slug}", "a1", f"A fragment may stand in the Location {words}", target,
        {
            without(field(b"Location")): lacks("a redirect"),
            field_matches(b"Location", rb"[^#]*#.*", "a fragment"): observed("sends a fragment"),
            answered: observed("sends no fragment"),
        },
        good=response(302, b"", b"Location: /"),
        mutants=(Canned("sends one", response(302, b"", b"Location: /#part")),),
    )  # fmt: skip


CHECKS = (
    *SCHEMES,
    *UNBALANCED,
    *CASED,
    _port("empty", "a colon and no port", b"{host:name}:"),
    *WRITTEN,
    *SEGMENTS,
    *QUERIES,
    _fragment("redirect", "of the application", b"{redirect}"),
)
