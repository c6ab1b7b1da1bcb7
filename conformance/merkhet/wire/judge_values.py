"""The strict response judge, RFC 9110 and RFC 9111: the grammar of each field that a response carries.

Each rule speaks of one field and applies wherever that field is sent, so it holds the value whatever the response is about.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator

from merkhet.wire.seen import Rule, Seen

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_OWS = rb"[ \t]*"
_PARAMETERS = rb"(?:" + _OWS + rb";" + _OWS + rb"(?:" + _TOKEN + rb"=(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?)*"

TOKEN = re.compile(_TOKEN)
MEDIA_TYPE = re.compile(_TOKEN + rb"/" + _TOKEN + _PARAMETERS)
ENTITY_TAG = re.compile(rb'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
DIRECTIVE = re.compile(_TOKEN + rb"(?:=(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?")
DIGITS = re.compile(rb"[0-9]+")
_COMMENT_TEXT = rb"[\t \x21-\x27\x2a-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff]"
_COMMENT = rb"\((?:" + _COMMENT_TEXT + rb"|\((?:" + _COMMENT_TEXT + rb"|\((?:" + _COMMENT_TEXT + rb")*\))*\))*\)"
PRODUCTS = re.compile(
    _TOKEN + rb"(?:/" + _TOKEN + rb")?(?:[ \t]+(?:" + _TOKEN + rb"(?:/" + _TOKEN + rb")?|" + _COMMENT + rb"))*"
)
"""Section 10.2.4; comments are followed three levels deep."""

_URI_CHARS = rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*"
URI_REFERENCE = re.compile(
    rb"(?:[A-Za-z][A-Za-z0-9+\-.]*:)?(?://(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2}|\[[0-9A-Fa-f:.]+\])*)?"
    + _URI_CHARS
    + rb"(?:#"
    + _URI_CHARS
    + rb")?"
)
"""RFC 3986, Section 4.1, as far as octets go: no space, no raw octet beyond ASCII, whole percent-encodings."""

_AUTHORITY = re.compile(rb"(https?)://([^/?#]*)", re.IGNORECASE)

_DAYS = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTHS = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME = rb"[0-9]{2}:[0-9]{2}:[0-9]{2}"
IMF_FIXDATE = re.compile(_DAYS + rb", [0-9]{2} " + _MONTHS + rb" [0-9]{4} " + _TIME + rb" GMT")
_RFC850 = rb"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, [0-9]{2}-" + _MONTHS + rb"-[0-9]{2} " + _TIME + rb" GMT"
_ASCTIME = _DAYS + rb" " + _MONTHS + rb" (?:[0-9]{2}| [0-9]) " + _TIME + rb" [0-9]{4}"
HTTP_DATE = re.compile(IMF_FIXDATE.pattern + rb"|" + _RFC850 + rb"|" + _ASCTIME)
_ANY_SPACE = re.compile(rb"[ \t]+")

SINGLETONS = (
    b"Age", b"Content-Length", b"Content-Location", b"Content-Range", b"Content-Type", b"Date", b"ETag", b"Expires",
    b"Last-Modified", b"Location", b"Retry-After", b"Server", b"Content-Disposition",
)  # fmt: skip
"""Fields whose value is no list: a second line of one makes a message that two readers may read differently."""

LISTS = (
    b"Accept-Ranges", b"Allow", b"Cache-Control", b"Connection", b"Content-Encoding", b"Content-Language", b"Trailer",
    b"Transfer-Encoding", b"Upgrade", b"Vary",
)  # fmt: skip

SPACED = (*LISTS, b"Content-Type", b"Content-Disposition")
EQUALS = (b"Content-Type", b"Content-Disposition", b"WWW-Authenticate")
QUOTING = (*EQUALS, b"Cache-Control")
_WITH_URI = (b"Location", b"Content-Location", b"Link")
WEIGHED = (b"Accept-Encoding", b"Accept", b"Accept-Patch", b"TE")

NOT_IN_TRAILERS = frozenset(
    (
        b"transfer-encoding", b"content-length", b"content-type", b"content-encoding", b"content-range", b"host",
        b"connection", b"trailer", b"location", b"www-authenticate", b"set-cookie", b"cache-control", b"expires", b"vary",
        b"date", b"retry-after",
    )
)  # fmt: skip

Broken = Callable[[Seen], str | None]


def members(value: bytes) -> list[bytes]:
    """Split a list at its commas, those inside quoted strings left alone; each without the whitespace around it."""
    return [
        member.strip(b" \t") for member in re.findall(rb'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+|(?<=,)(?=,|\Z)|\A(?=,)', value)
    ]


def parse_date(value: bytes) -> dt.datetime | None:
    """Return the moment that an IMF-fixdate names, None for anything else or for a day that no month has."""
    if not IMF_FIXDATE.fullmatch(value):
        return None
    try:
        return dt.datetime.strptime(value.decode("ascii"), "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def _values(seen: Seen, names: tuple[bytes, ...]) -> Iterator[tuple[bytes, bytes]]:
    for name in names:
        for value in seen.response.values(name):
            yield name, value


def _shown(name: bytes, value: bytes) -> str:
    return f"{name.decode('ascii')}: {value[:80]!r}"


def lower(*names: bytes) -> frozenset[bytes]:
    """Return the names of fields in lower case."""
    return frozenset(name.lower() for name in names)


def each(*names: bytes, unless: re.Pattern[bytes]) -> Broken:
    """Return what finds the first value of these fields that the pattern does not match."""

    def broken(seen: Seen) -> str | None:
        for name in names:
            for value in seen.response.values(name):
                if unless.fullmatch(value) is None:
                    return _shown(name, value)
        return None

    return broken


def each_member(*names: bytes, unless: re.Pattern[bytes]) -> Broken:
    """Return what finds the first member of these lists that the pattern does not match. Empty ones are another rule's."""

    def broken(seen: Seen) -> str | None:
        for name in names:
            for value in seen.response.values(name):
                if any(member and unless.fullmatch(member) is None for member in members(value)):
                    return _shown(name, value)
        return None

    return broken


def _repeated(seen: Seen) -> str | None:
    for name in SINGLETONS:
        count = len(seen.response.values(name))
        if count > 1:
            return f"{count} lines of {name.decode('ascii')}"
    return None


def _empty_member(seen: Seen) -> str | None:
    for name, value in _values(seen, LISTS):
        if value and not all(members(value)):
            return _shown(name, value)
    return None


def _wide_whitespace(seen: Seen) -> str | None:
    """Only where a separator shows that it is optional whitespace: at commas and semicolons outside of quotes."""
    for name, value in _values(seen, SPACED):
        bare = re.sub(rb'"(?:[^"\\]|\\.)*"', b'""', value)
        if re.search(rb"[,;](?: {2}|\t| \t)|(?: {2}|\t)[,;]", bare):
            return _shown(name, value)
    return None


def _space_at_equals(seen: Seen) -> str | None:
    for name, value in _values(seen, EQUALS):
        if re.search(rb"[ \t]=|=[ \t]", re.sub(rb'"(?:[^"\\]|\\.)*"', b'""', value)):
            return _shown(name, value)
    return None


def _needless_escape(seen: Seen) -> str | None:
    for name, value in _values(seen, QUOTING):
        for quoted in re.findall(rb'"((?:[^"\\]|\\.)*)"', value):
            if any(pair[1:] not in {b'"', b"\\"} for pair in re.findall(rb"\\.", quoted)):
                return _shown(name, value)
    return None


def _needless_escape_in_comment(seen: Seen) -> str | None:
    for value in seen.response.values(b"Server"):
        pairs = [
            pair for comment in re.findall(rb"\((?:[^()\\]|\\.)*\)", value) for pair in re.findall(rb"\\.", comment)
        ]
        if any(pair[1:] not in {b"(", b")", b"\\"} for pair in pairs):
            return _shown(b"Server", value)
    return None


def _wide_required_whitespace(seen: Seen) -> str | None:
    for value in seen.response.values(b"Server"):
        if any(gap != b" " for gap in _ANY_SPACE.findall(re.sub(rb"\(.*\)", b"()", value))):
            return _shown(b"Server", value)
    return None


DATES = (b"Date", b"Last-Modified", b"Expires")


def _obsolete_date(seen: Seen) -> str | None:
    """Expires has a rule of its own for what is no date at all."""
    for name, value in _values(seen, DATES):
        squeezed = _ANY_SPACE.sub(b" ", value.strip(b" \t"))
        if name == b"Expires" and HTTP_DATE.fullmatch(squeezed) is None:
            continue
        if IMF_FIXDATE.fullmatch(squeezed) is None:
            return _shown(name, value)
    for value in seen.response.values(b"Retry-After"):
        if DIGITS.fullmatch(value) is None and IMF_FIXDATE.fullmatch(value) is None and HTTP_DATE.fullmatch(value):
            return _shown(b"Retry-After", value)
    return None


def _spaced_date(seen: Seen) -> str | None:
    for name, value in _values(seen, DATES):
        squeezed = _ANY_SPACE.sub(b" ", value)
        if squeezed != value and IMF_FIXDATE.fullmatch(squeezed):
            return _shown(name, value)
    return None


def _modified_later(seen: Seen) -> str | None:
    response = seen.response
    modified = [parse_date(value) for value in response.values(b"Last-Modified")]
    made = [parse_date(value) for value in response.values(b"Date")]
    if len(modified) != 1 or len(made) != 1 or modified[0] is None or made[0] is None:
        return None
    # Many servers make the Date once a second, and a file may have been changed since.
    if modified[0] - made[0] > dt.timedelta(seconds=1):
        return f"Last-Modified {modified[0]:%H:%M:%S} lies behind Date {made[0]:%H:%M:%S}, by {modified[0] - made[0]}"
    return None


def _authority_fault(scheme: bytes, fault: Callable[[bytes], bool]) -> Broken:
    def broken(seen: Seen) -> str | None:
        for name, value in _values(seen, _WITH_URI):
            found = [authority for known, authority in _AUTHORITY.findall(value) if scheme in {known.lower(), b""}]
            if any(map(fault, found)):
                return _shown(name, value)
        return None

    return broken


def _empty_host(authority: bytes) -> bool:
    return not authority.rpartition(b"@")[2].partition(b":")[0]


def _forbidden_trailer(seen: Seen) -> str | None:
    names = [name for name, _ in seen.response.trailers if name.lower() in NOT_IN_TRAILERS]
    return f"{names[0].decode('ascii')} in the trailer section" if names else None


def _unannounced_trailer(seen: Seen) -> str | None:
    announced = seen.response.members(b"Trailer")
    names = [name for name, _ in seen.response.trailers if name.lower() not in announced]
    return (
        f"{names[0].decode('ascii', 'replace')} comes as a trailer field and no Trailer announced it" if names else None
    )


def _quoted_argument(*directives: bytes) -> Broken:
    def broken(seen: Seen) -> str | None:
        for value in seen.response.values(b"Cache-Control"):
            for member in members(value):
                name, _, argument = member.partition(b"=")
                if name.lower() in directives and argument.startswith(b'"'):
                    return _shown(b"Cache-Control", value)
        return None

    return broken


def _bare_argument(directive: bytes) -> Broken:
    def broken(seen: Seen) -> str | None:
        for value in seen.response.values(b"Cache-Control"):
            for member in members(value):
                name, equals, argument = member.partition(b"=")
                if name.lower() == directive and equals and not argument.startswith(b'"'):
                    return _shown(b"Cache-Control", value)
        return None

    return broken


def _bad_directive(seen: Seen) -> str | None:
    for value in seen.response.values(b"Cache-Control"):
        for member in filter(None, members(value)):
            name, _, argument = member.partition(b"=")
            is_age = name.lower() in {b"max-age", b"s-maxage"} and not argument.startswith(b'"')
            if DIRECTIVE.fullmatch(member) is None or (is_age and DIGITS.fullmatch(argument) is None):
                return _shown(b"Cache-Control", value)
    return None


def _no_date(seen: Seen) -> str | None:
    """0 and -1 are read as a time in the past by everyone: another matter than text that says nothing."""
    for value in seen.response.values(b"Expires"):
        if HTTP_DATE.fullmatch(value) is None:
            return _shown(b"Expires", value)
    return None


def _must_understand_alone(seen: Seen) -> str | None:
    directives = seen.response.members(b"Cache-Control")
    alone = b"must-understand" in directives and b"no-store" not in directives
    return "must-understand without no-store" if alone else None


def _weights(seen: Seen) -> str | None:
    for name, value in _values(seen, WEIGHED):
        for weight in re.findall(rb";[ \t]*[qQ]=([^,; \t]*)", value):
            if re.fullmatch(rb"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?", weight) is None:
                return _shown(name, value)
    return None


def _any(seen: Seen) -> bool:
    return seen.response.status > 0


def _with_trailers(seen: Seen) -> bool:
    return seen.response.status > 0 and bool(seen.response.trailers)


def rules() -> Iterator[Rule]:
    """Yield every rule of this module."""
    for name, requirement, expected, fields, broken in _TABLE:
        applies = _with_trailers if name in {"trailer-allowed", "trailer-announced"} else _any
        yield Rule(
            name=name,
            requirement=requirement,
            expected=expected,
            applies=applies,
            broken=broken,
            fields=lower(*fields),
        )


_CACHE = (b"Cache-Control",)
_TYPED = (b"Content-Type",)
_VARY = re.compile(rb"\*|" + _TOKEN)

_TABLE: tuple[tuple[str, str, str, tuple[bytes, ...], Broken], ...] = (
    ("field-once", "rfc9110-5.3-3", "one line of each field whose value is no list", SINGLETONS, _repeated),
    ("list-no-empty", "rfc9110-5.6.1.1-1", "lists without empty members", LISTS, _empty_member),
    ("ows-single", "rfc9110-5.6.3-1", "one SP or nothing where whitespace is optional", SPACED, _wide_whitespace),
    ("rws-single", "rfc9110-5.6.3-2", "one SP where whitespace is required", (b"Server",), _wide_required_whitespace),
    ("bws-none", "rfc9110-5.6.3-4", "no whitespace around the = of a parameter", EQUALS, _space_at_equals),
    ("escape-needed", "rfc9110-5.6.4-2", "a backslash before a quote or a backslash alone", QUOTING, _needless_escape),
    (
        "comment-escape",
        "rfc9110-5.6.4-3",
        "a backslash in a comment where one is needed",
        (b"Server",),
        _needless_escape_in_comment,
    ),
    ("imf-fixdate", "rfc9110-5.6.7-2", "dates in the preferred format", (*DATES, b"Retry-After"), _obsolete_date),
    ("date-spaces", "rfc9110-5.6.7-3", "dates without more whitespace than their grammar has", DATES, _spaced_date),
    ("trailer-allowed", "rfc9110-6.5.1-1", "no field among the trailers that may not be one", (), _forbidden_trailer),
    ("trailer-announced", "rfc9110-6.6.2-1", "a Trailer field for what comes as one", (), _unannounced_trailer),
    ("content-type", "rfc9110-8.3-a1", "type/subtype and parameters", _TYPED, each(b"Content-Type", unless=MEDIA_TYPE)),
    (
        "no-identity",
        "rfc9110-8.4-2",
        "no identity in Content-Encoding",
        (b"Content-Encoding",),
        each_member(b"Content-Encoding", unless=re.compile(rb"(?!(?i:identity)\Z).*")),
    ),
    ("modified-past", "rfc9110-8.8.2.1-3", "a Last-Modified that is not later than Date", (b"Last-Modified",), _modified_later),
    ("etag", "rfc9110-8.8.3-a1", 'W/ or not, and a tag in quotes', (b"ETag",), each(b"ETag", unless=ENTITY_TAG)),
    ("http-host", "rfc9110-4.2.1-1", "a host in each http URI", _WITH_URI, _authority_fault(b"http", _empty_host)),
    ("https-host", "rfc9110-4.2.2-1", "a host in each https URI", _WITH_URI, _authority_fault(b"https", _empty_host)),
    ("no-userinfo", "rfc9110-4.2.4-1", "no userinfo in a URI", _WITH_URI, _authority_fault(b"", lambda text: b"@" in text)),
    ("allow", "rfc9110-10.2.1-a1", "a list of methods", (b"Allow",), each_member(b"Allow", unless=TOKEN)),
    ("location", "rfc9110-10.2.2-a1", "one URI reference", (b"Location",), each(b"Location", unless=URI_REFERENCE)),
    (
        "retry-after",
        "rfc9110-10.2.3-a1",
        "seconds or a date",
        (b"Retry-After",),
        each(b"Retry-After", unless=re.compile(DIGITS.pattern + rb"|" + HTTP_DATE.pattern)),
    ),
    ("server", "rfc9110-10.2.4-a1", "products and comments", (b"Server",), each(b"Server", unless=PRODUCTS)),
    ("vary", "rfc9110-12.5.5-a1", "field names or *", (b"Vary",), each_member(b"Vary", unless=_VARY)),
    ("weights", "rfc9110-12.4.2-1", "weights of three decimals at most", WEIGHED, _weights),
    ("max-age-token", "rfc9111-5.2.2.1-1", "max-age without quotes", _CACHE, _quoted_argument(b"max-age")),
    ("s-maxage-token", "rfc9111-5.2.2.10-2", "s-maxage without quotes", _CACHE, _quoted_argument(b"s-maxage")),
    ("no-cache-quoted", "rfc9111-5.2.2.4-3", "the field names of no-cache in quotes", _CACHE, _bare_argument(b"no-cache")),
    ("private-quoted", "rfc9111-5.2.2.7-4", "the field names of private in quotes", _CACHE, _bare_argument(b"private")),
    ("cache-control", "rfc9111-5.2-a1", "a list of directives", _CACHE, _bad_directive),
    (
        "must-understand",
        "rfc9111-5.2.2.3-1",
        "no-store beside must-understand",
        _CACHE,
        _must_understand_alone,
    ),
    ("expires", "rfc9111-5.3-a1", "a date in Expires", (b"Expires",), _no_date),
    ("age", "rfc9111-5.1-a1", "seconds in Age", (b"Age",), each(b"Age", unless=DIGITS)),
)  # fmt: skip
