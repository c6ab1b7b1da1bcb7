"""The strict response judge, RFC 9110: what a status asks for, and what it forbids.

A rule that rests on what was asked applies only to answers to requests that are legal beyond doubt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from merkhet.wire.judge_values import DIGITS, members
from merkhet.wire.seen import Rule, Seen

REQUEST_FIELDS = (
    b"Host", b"If-Match", b"If-None-Match", b"If-Modified-Since", b"If-Unmodified-Since", b"If-Range", b"Range", b"Expect",
    b"TE", b"Referer", b"User-Agent", b"Max-Forwards", b"Authorization", b"Proxy-Authorization", b"From",
)  # fmt: skip
"""Fields that only a request has. Accept, Accept-Encoding and Content-Range are legal in responses too."""

END_TO_END = frozenset(
    (
        b"cache-control", b"content-type", b"content-length", b"content-encoding", b"date", b"etag", b"expires", b"host",
        b"last-modified", b"location", b"server", b"set-cookie", b"vary", b"www-authenticate",
    )
)  # fmt: skip

REDIRECTS = {301: "15.4.2-1", 302: "15.4.3-1", 303: "15.4.4-a1", 307: "15.4.8-2", 308: "15.4.9-1"}

_PARAM = re.compile(rb'([!#$%&\'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^", \t]*)')
_CHALLENGE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ ].*)?", re.DOTALL)


def _status(*codes: int) -> Callable[[Seen], bool]:
    """Return what tells a response with one of these codes that the server came to by itself."""
    return lambda seen: seen.response.status in codes and not seen.staged


def _final(seen: Seen) -> bool:
    return seen.response.status > 0 and seen.is_final


def _lacks(name: bytes, words: str) -> Callable[[Seen], str | None]:
    return lambda seen: None if seen.response.values(name) else words


def _has(name: bytes, words: str) -> Callable[[Seen], str | None]:
    return lambda seen: words if seen.response.values(name) else None


def _asked(seen: Seen, *names: bytes) -> bool:
    fields = seen.request.fields if seen.request is not None else ()
    wanted = {name.lower() for name in names}
    return any(field.lower() in wanted for field, _ in fields)


def _is_plain_get(seen: Seen) -> bool:
    is_get = seen.plain and seen.request is not None and seen.request.method == "GET"
    return is_get and not seen.staged and not _asked(seen, b"Range")


def _range_unasked(seen: Seen) -> str | None:
    status = seen.response.status
    return f"a {status} to a GET without Range" if status in {206, 416} else None


def _is_unconditional(seen: Seen) -> bool:
    if not seen.plain or seen.request is None or seen.staged:
        return False
    return seen.request.method not in {"GET", "HEAD"} or not _asked(seen, b"If-None-Match", b"If-Modified-Since")


def _unconditional_304(seen: Seen) -> str | None:
    return "a 304 to a request without a condition that it could answer" if seen.response.status == 304 else None


def _request_only(seen: Seen) -> str | None:
    return next((f"{name.decode()} in a response" for name in REQUEST_FIELDS if seen.response.values(name)), None)


def _unlisted_hop_field(seen: Seen) -> str | None:
    options = seen.response.members(b"Connection")
    return "Keep-Alive is sent and not listed in Connection" if b"keep-alive" not in options else None


def _upgrade_unlisted(seen: Seen) -> str | None:
    return None if b"upgrade" in seen.response.members(b"Connection") else "Upgrade without the upgrade option"


def _end_to_end_option(seen: Seen) -> str | None:
    found = END_TO_END & set(seen.response.members(b"Connection"))
    return f"Connection lists {min(found).decode()}" if found else None


def _length_fault(seen: Seen) -> str | None:
    values = [member for value in seen.response.values(b"Content-Length") for member in value.split(b",")]
    if any(DIGITS.fullmatch(value.strip(b" \t")) is None for value in values):
        return f"Content-Length: {b', '.join(values)[:60]!r}"
    return None


def _content_of_205(seen: Seen) -> str | None:
    return f"{len(seen.response.content)} octets of content in a 205" if seen.response.content else None


def _is_multipart(seen: Seen) -> bool:
    kinds = seen.response.values(b"Content-Type")
    return (
        seen.response.status == 206
        and not seen.staged
        and bool(kinds)
        and kinds[0].lower().startswith(b"multipart/byteranges")
    )


def _single_range_asked(seen: Seen) -> bool:
    if seen.response.status != 206 or seen.request is None or seen.staged:
        return False
    values = [value for field, value in seen.request.fields if field.lower() == b"range"]
    return len(values) == 1 and b"," not in values[0]


def _no_content_range(seen: Seen) -> str | None:
    return "a 206 with one part and no Content-Range" if not seen.response.values(b"Content-Range") else None


def _refused_yet_allowed(seen: Seen) -> str | None:
    if seen.request is None:
        return None
    allowed = [member for value in seen.response.values(b"Allow") for member in members(value)]
    method = seen.request.method.encode()
    return f"a 405 to {seen.request.method} whose Allow has {seen.request.method}" if method in allowed else None


def _no_challenge(seen: Seen) -> str | None:
    values = seen.response.values(b"WWW-Authenticate")
    if any(_CHALLENGE.fullmatch(value) for value in values):
        return None
    return "a 401 without a challenge" if not values else f"WWW-Authenticate: {values[0][:60]!r}"


def _has_challenge(seen: Seen) -> bool:
    return bool(seen.response.values(b"WWW-Authenticate"))


def challenges(value: bytes) -> Iterator[list[tuple[bytes, bytes]]]:
    """Yield the parameters of each challenge: a member that begins with a scheme and a space begins the next one."""
    parameters: list[tuple[bytes, bytes]] | None = None
    for member in filter(None, members(value)):
        scheme, _, rest = member.partition(b" ")
        begins = b"=" not in scheme
        if begins and parameters is not None:
            yield parameters
        if begins or parameters is None:
            parameters = []
        text = rest if begins else member
        parameters += [(match[1].lower(), match[2]) for match in _PARAM.finditer(text)]
    if parameters is not None:
        yield parameters


def _repeated_parameter(seen: Seen) -> str | None:
    for value in seen.response.values(b"WWW-Authenticate"):
        for parameters in challenges(value):
            names = [name for name, _ in parameters]
            if len(set(names)) != len(names):
                return f"WWW-Authenticate: {value[:80]!r}"
    return None


def _bare_realm(seen: Seen) -> str | None:
    for value in seen.response.values(b"WWW-Authenticate"):
        for parameters in challenges(value):
            if any(name == b"realm" and not text.startswith(b'"') for name, text in parameters):
                return f"WWW-Authenticate: {value[:80]!r}"
    return None


def _interim(seen: Seen) -> bool:
    return 100 <= seen.response.status < 200


def _to_old_client(seen: Seen) -> bool:
    return seen.request is not None and seen.request.version == "1.0" and seen.response.status > 0


def _code_fault(seen: Seen) -> str | None:
    status = seen.response.status
    return None if 100 <= status <= 599 else f"the status code {status}"


def rules() -> Iterator[Rule]:
    """Yield every rule of this module."""
    for name, requirement, expected, applies, broken in _TABLE:
        yield Rule(name=name, requirement=f"rfc9110-{requirement}", expected=expected, applies=applies, broken=broken)
    for code, requirement in REDIRECTS.items():
        yield Rule(
            name=f"location-in-{code}",
            requirement=f"rfc9110-{requirement}",
            expected=f"Location in a {code}",
            applies=_status(code),
            broken=_lacks(b"Location", f"a {code} without Location"),
        )


def _sends(name: bytes) -> Callable[[Seen], bool]:
    return lambda seen: seen.response.status > 0 and bool(seen.response.values(name))


_TABLE: tuple[tuple[str, str, str, Callable[[Seen], bool], Callable[[Seen], str | None]], ...] = (
    ("status-code", "15-a1", "a status code of 100 to 599", lambda seen: seen.response.status > 0, _code_fault),
    ("request-fields", "2.2-3", "no field that only a request has", _final, _request_only),
    (
        "date-sent",
        "6.6.1-2a",
        "Date in each 2xx, 3xx and 4xx",
        lambda seen: 200 <= seen.response.status < 500,
        lambda seen: None if seen.response.values(b"Date") else f"a {seen.response.status} without Date",
    ),
    ("hop-fields", "7.6.1-1", "Keep-Alive listed in Connection", _sends(b"Keep-Alive"), _unlisted_hop_field),
    ("end-to-end", "7.6.1-4", "no end-to-end field in Connection", _sends(b"Connection"), _end_to_end_option),
    ("upgrade-option", "7.8-10", "the upgrade option beside Upgrade", _sends(b"Upgrade"), _upgrade_unlisted),
    ("upgrade-in-101", "15.2.2-1", "Upgrade in a 101", _status(101), _lacks(b"Upgrade", "a 101 without Upgrade")),
    ("upgrade-in-426", "15.5.22-1", "Upgrade in a 426", _status(426), _lacks(b"Upgrade", "a 426 without Upgrade")),
    (
        "length-in-1xx-204",
        "8.6-5",
        "no Content-Length in 1xx and 204",
        lambda seen: 100 <= seen.response.status < 200 or seen.response.status == 204,
        _has(b"Content-Length", "Content-Length without content to have one"),
    ),
    ("length-digits", "8.6-a1", "digits in Content-Length", _sends(b"Content-Length"), _length_fault),
    ("interim-to-old", "15.2-1", "no interim response to HTTP/1.0", _to_old_client,
     lambda seen: f"a {seen.response.status} to an HTTP/1.0 request" if _interim(seen) else None),
    ("no-content-205", "15.3.6-1", "no content in a 205", _status(205), _content_of_205),
    (
        "range-asked",
        "15.3.7-a1",
        "206 and 416 in answer to Range alone",
        _is_plain_get,
        _range_unasked,
    ),
    (
        "range-outside",
        "15.3.7.2-2",
        "no Content-Range beside multipart/byteranges",
        _is_multipart,
        _has(b"Content-Range", "Content-Range in the header section of a multipart 206"),
    ),
    (
        "single-is-single",
        "15.3.7.2-6",
        "one range in answer to one",
        _single_range_asked,
        lambda seen: "multipart/byteranges in answer to a single range" if _is_multipart(seen) else None,
    ),
    (
        "range-inside",
        "15.3.7.1-1",
        "Content-Range in a 206 with one part",
        lambda seen: seen.response.status == 206 and not seen.staged and not _is_multipart(seen),
        _no_content_range,
    ),
    (
        "condition-asked",
        "15.4.5-a2",
        "304 in answer to a condition alone",
        _is_unconditional,
        _unconditional_304,
    ),
    ("allow-in-405", "10.2.1-1a", "Allow in a 405", _status(405), _lacks(b"Allow", "a 405 without Allow")),
    ("allow-not-refused", "15.5.6-1", "an Allow without the method that is refused", _status(405), _refused_yet_allowed),
    ("challenge-in-401", "11.6.1-1", "a challenge in a 401", _status(401), _no_challenge),
    ("challenge-for-401", "15.5.2-1", "a challenge that applies in a 401", _status(401), _no_challenge),
    ("challenge-once", "11.2-1", "each parameter once in a challenge", _has_challenge, _repeated_parameter),
    ("realm-quoted", "11.5-2", "a realm in quotes", _has_challenge, _bare_realm),
)  # fmt: skip
