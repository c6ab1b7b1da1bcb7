"""RFC 9110, Section 2.3: Length Requirements and defensive parsing: what is odd, and what is long, does no harm."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Answers, Canned, Check, Send, lacks, observed
from merkhet.expect import Expectation, all_of, answered, field, status, status_3xx
from merkhet.expect_kept import field_matches
from merkhet.suites.rfc9110.s09_shared import FAILS, HANGS_UP, SILENT_SERVER, one_answer, read, unanswered, unserved
from merkhet.suites.rfc9112.sequences import request, sized
from merkhet.suites.words import OK, SINCE, response

# --- 2.3-1: odd values

_ROOT = b"{root}"
_FILE = b"{files:merkhet.txt}"
ODD_VALUES: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("accept-empty-parts", "Accept with separators alone", b"Accept: ;;;,,/;", b"{conneg}"),
    ("accept-weight-word", "Accept with a weight that is a word", b"Accept: text/html;q=much", b"{conneg}"),
    ("accept-weight-huge", "Accept with a weight of 400 digits", b"Accept: */*;q=" + b"9" * 400, b"{conneg}"),
    ("accept-no-slash", "Accept with a type without a slash", b"Accept: text", b"{conneg}"),
    ("accept-many", "Accept with 200 types", b"Accept: " + b", ".join([b"a/b;q=0.1"] * 200), b"{conneg}"),
    ("encoding-weight-word", "Accept-Encoding with a weight that is a word", b"Accept-Encoding: gzip;q=x", b"{gzip}"),
    ("encoding-semicolons", "Accept-Encoding with semicolons alone", b"Accept-Encoding: ;;q=;;", b"{gzip}"),
    ("encoding-unknown", "Accept-Encoding with a coding that nobody knows", b"Accept-Encoding: merkhet", b"{gzip}"),
    ("language", "Accept-Language that is none", b"Accept-Language: *-*;q=9, _", _ROOT),
    ("charset", "Accept-Charset, which is obsolete", b"Accept-Charset: merkhet;q=0", _ROOT),
    ("modified-since", "If-Modified-Since with a date of no calendar", b"If-Modified-Since: Thu, 99 Foo 0000", _FILE),
    ("modified-since-huge", "If-Modified-Since with 200 digits", b"If-Modified-Since: " + b"9" * 200, _FILE),
    ("modified-since-year", "If-Modified-Since in the year 9999", b"If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT", _FILE),
    ("modified-since-past", "If-Modified-Since in the year 0", b"If-Modified-Since: Sat, 01 Jan 0000 00:00:00 GMT", _FILE),
    ("none-match", "If-None-Match without an end quote", b'If-None-Match: "a, W/"', _FILE),
    ("match", "If-Match with quotes within quotes", b'If-Match: """', _FILE),
    ("range", "Range without a unit", b"Range: 0-4", _FILE),
    ("range-words", "Range with words for positions", b"Range: bytes=first-last", _FILE),
    ("range-digits", "Range with positions of 100 digits", b"Range: bytes=" + b"9" * 100 + b"-" + b"9" * 101, _FILE),
    ("if-range", "If-Range that is neither a tag nor a date", b"If-Range: yesterday", _FILE),
    ("authorization", "Authorization with a scheme alone", b"Authorization: Basic", b"{auth}"),
    ("authorization-octets", "Authorization with what is no base64", b"Authorization: Basic \xff\xfe=", b"{auth}"),
    ("authorization-text", "Authorization with base64 of no UTF-8", b"Authorization: Basic /////w==", b"{auth}"),
    ("authorization-other", "Authorization with a scheme that nobody knows", b"Authorization: Merkhet a=b", b"{auth}"),
    ("cookie", "a Cookie that is none", b"Cookie: =; ;;, =\xe9; a", _ROOT),
    ("cookie-many", "a Cookie with 200 pairs", b"Cookie: " + b"; ".join([b"a=b"] * 200), _ROOT),
    ("content-type", "Content-Type with slashes alone", b"Content-Type: ///;=;", _ROOT),
    ("date", "Date that is none", b"Date: yesterday", _ROOT),
    ("referer", "Referer that is no URI", b"Referer: http://[::/ %zz", _ROOT),
    ("user-agent", "User-Agent with comments that do not end", b"User-Agent: ((((((((/", _ROOT),
    ("from", "From that is no mailbox", b"From: @@", _ROOT),
    ("max-forwards", "Max-Forwards below zero", b"Max-Forwards: -1", _ROOT),
    ("upgrade", "Upgrade to what nobody knows", b"Upgrade: merkhet/99\r\nConnection: upgrade", _ROOT),
    ("via", "Via that is none", b"Via: ,,;", _ROOT),
    ("te", "TE with a weight that is a word", b"TE: ;q=x\r\nConnection: TE", _ROOT),
    ("origin", "Origin that is none", b"Origin: ://", _ROOT),
    ("forwarded", "X-Forwarded-For that is no address", b"X-Forwarded-For: 999.999.999.999, [", _ROOT),
    ("override", "X-HTTP-Method-Override of no method", b"X-HTTP-Method-Override: ()", _ROOT),
    ("empty", "a field without a value", b"X-Merkhet:", _ROOT),
    ("long-value", "a field value of 4000 octets", b"X-Merkhet: " + b"a" * 4000, _ROOT),
    ("long-name", "a field name of 300 octets", b"X-" + b"a" * 300 + b": b", _ROOT),
    ("many-fields", "80 field lines", b"\r\n".join(b"X-Merkhet-%d: a" % number for number in range(80)), _ROOT),
    ("same-fields", "80 field lines of one name", b"\r\n".join([b"X-Merkhet: a"] * 80), _ROOT),
)  # fmt: skip

_FALLS_OVER = VIOLATION.because("an odd value is enough for an error of the server's own")
_SUFFERS = {
    answered: PASS,
    **unanswered(VIOLATION),
}


def _odd(slug: str, words: str, data: bytes) -> Check:
    return one_answer(
        f"rfc9110-2.3-odd-{slug}",
        "rfc9110-2.3-1",
        f"{words[0].upper()}{words[1:]} does the server no harm",
        data,
        {_server_error: _FALLS_OVER, **_SUFFERS},
        good=OK,
        mutants=(FAILS, HANGS_UP, SILENT_SERVER),
        note="A refusal is as good as an answer: the value may be judged, or passed over.",
    )


_server_error: Expectation = status(500, 502, 504)

ODD_TARGETS: tuple[tuple[str, str, bytes], ...] = (
    ("octets", "a parameter of octets that are no UTF-8", b"{param:%FF%FE}"),
    ("overlong", "a parameter with an overlong sequence", b"{param:%C0%AF}"),
    ("surrogate", "a parameter with half of a surrogate pair", b"{param:%ED%A0%80}"),
    ("nul", "a parameter with NUL", b"{param:a%00b}"),
    ("line-ends", "a parameter with line ends", b"{param:a%0D%0Ab}"),
    ("dots", "a parameter of dots", b"{param:...}"),
    ("percent", "a parameter of percent signs", b"{param:%25%25%25}"),
    ("long", "a parameter of 3000 octets", b"{param:" + b"a" * 3000 + b"}"),
    ("deep", "a path of 800 segments", b"{root}" + b"a/" * 800),
    ("slashes", "a path of 800 slashes", b"{root}" + b"/" * 800),
    ("query-octets", "a query of octets that are no UTF-8", b"{root}?%FF=%FE"),
    ("query-separators", "a query of 1000 separators", b"{root}?" + b"&" * 1000),
    ("query-equals", "a query of equals signs", b"{root}?===="),
    ("file-octets", "the name of a file in octets that are no UTF-8", b"{files:%FF.txt}"),
    ("file-long", "a file name longer than file systems have", b"{files:" + b"a" * 1000 + b"}"),
    ("file-dots", "the name of a file that is a dot", b"{files:%2E}"),
    ("file-device", "the name of a device of another system", b"{files:NUL.txt}"),
)
_INTENT = b"Content-Type: application/x-www-form-urlencoded"
ODD_CONTENT: tuple[tuple[str, str, bytes], ...] = (
    ("form-separators", "a form of separators", sized(b"POST", b"&&=&;=&", _INTENT, to=b"{form}")),
    ("form-percent", "a form with half an encoding", sized(b"POST", b"a=%&b=%4&c=%zz", _INTENT, to=b"{form}")),
    ("form-octets", "a form of octets that are no UTF-8", sized(b"POST", b"a=%FF&\xff=b", _INTENT, to=b"{form}")),
    ("form-nothing", "a form without content", sized(b"POST", b"", _INTENT, to=b"{form}")),
    ("form-charset", "a form in a character set that nobody knows",
     sized(b"POST", b"a=b", _INTENT + b"; charset=merkhet", to=b"{form}")),
    ("content-coding", "content in a coding that nobody knows",
     sized(b"POST", b"hello", b"Content-Encoding: merkhet", to=b"{echo}")),
    ("content-coding-broken", "content that is no gzip and says so",
     sized(b"POST", b"hello", b"Content-Encoding: gzip", to=b"{echo}")),
)  # fmt: skip

ODD = (
    *(_odd(slug, words, request(b"GET", line, to=target)) for slug, words, line, target in ODD_VALUES),
    *(_odd(slug, words, request(to=target)) for slug, words, target in ODD_TARGETS),
    *(_odd(slug, words, data) for slug, words, data in ODD_CONTENT),
)

# --- 2.3-2: lengths as its own

_TOO_LONG = VIOLATION.because("what the server itself made is refused for its length")
_TOO_LONG_CASES = {status(414, 431): _TOO_LONG, **unserved(), answered: PASS}
_TAG = b'"' + b"a" * 40 + b'"'


def _sent_back(slug: str, title: str, sent: bytes, field_name: bytes, again: bytes, *, line: bytes) -> Check:
    return Check(
        id=f"rfc9110-2.3-own-{slug}",
        requirement="rfc9110-2.3-2",
        title=title,
        since=SINCE,
        steps=(
            Send(sent),
            read({field(field_name): PASS, answered: lacks(f"a {field_name.decode()}"), **unserved()}, keep="first"),
            Send(again),
            read(_TOO_LONG_CASES),
        ),
        good=(response(200, b"ok", line) + OK,),
        mutants=(
            Canned("refuses its own field", response(200, b"ok", line) + response(431, b"")),
            Canned("refuses its own URI", response(200, b"ok", line) + response(414, b"")),
            Canned("falls silent", response(200, b"ok", line)),
        ),
    )


_USABLE = field_matches(b"Location", rb"/[^#]*|https?://[^#/]+/[^#]*", "a URI that can be a request target")


def _followed(slug: str, words: str, method: bytes) -> Check:
    moved = response(302, b"", b"Location: /")
    return Check(
        id=f"rfc9110-2.3-own-location-{slug}",
        requirement="rfc9110-2.3-2",
        title=f"The Location of {words} is not too long to be asked for",
        since=SINCE,
        steps=(
            Send(request(method, to=b"{redirect}")),
            Answers(
                {
                    all_of(status_3xx, _USABLE): PASS,
                    answered: observed("there is no Location that can be a request target").then(),
                    **unserved(),
                },
                to=method.decode(),
                keep="moved",
            ),
            Send(request(to=b"{kept:moved/Location}")),
            read(_TOO_LONG_CASES),
        ),
        good=(moved + OK,),
        mutants=(
            Canned("refuses its own URI", moved + response(414, b"")),
            Canned("falls silent", moved),
            Canned("fails", moved + response(500, b"")),
        ),
    )


OWN_LENGTHS = (
    _sent_back(
        "etag",
        "An entity tag that the server made is taken in If-None-Match",
        request(to=_FILE),
        b"ETag",
        request(b"GET", b"If-None-Match: {kept:first/ETag}", to=_FILE),
        line=b"ETag: " + _TAG,
    ),
    _sent_back(
        "modified",
        "A Last-Modified that the server made is taken in If-Modified-Since",
        request(to=_FILE),
        b"Last-Modified",
        request(b"GET", b"If-Modified-Since: {kept:first/Last-Modified}", to=_FILE),
        line=b"Last-Modified: Wed, 25 Nov 2026 06:00:00 GMT",
    ),
    _followed("get", "the answer to GET", b"GET"),
    _followed("head", "the answer to HEAD", b"HEAD"),
)

CHECKS = (*ODD, *OWN_LENGTHS)
