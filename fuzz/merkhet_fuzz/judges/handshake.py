"""RFC 6455, Section 4.2.1: the verdict on an edited handshake."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from merkhet.model import Weight
from merkhet.wire.extensions import DEFLATE, read_extensions
from merkhet_fuzz.judges import http
from merkhet_fuzz.judges.offers import offer_fault
from merkhet_fuzz.judges.view import View
from merkhet_fuzz.verdicts import ACCEPT, FREE, Decision, Verdict, accept, refuse

MISSING = {
    "host": "rfc6455-4.2.1-a3",
    "upgrade": "rfc6455-4.2.1-a4",
    "connection": "rfc6455-4.2.1-a5",
    "key": "rfc6455-4.2.1-a6",
    "version": "rfc6455-4.2.1-a7",
}
TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
SIXTEEN = re.compile(rb"[A-Za-z0-9+/]{22}==")
CANONICAL = re.compile(rb"[A-Za-z0-9+/]{21}[AQgw]==")


ABSOLUTE = accept("rfc6455-4.2.1-a9", "the target of a handshake may be in absolute form")


def request_line(octets: bytes, view: View, unit: str) -> Verdict:
    """Items 1 and 2: the method is GET, and the version HTTP/1.1 or a higher one."""
    match = http.REQUEST_LINE.fullmatch(octets)
    if match is None or not http.TARGET.fullmatch(match[2]):
        return http.request_line(octets, view, unit)
    if match[2] != view.words_of(unit)[1]:
        return FREE  # another resource name: a server may have no service there, or one
    if match[1] != b"GET":
        return refuse("rfc6455-4.2.1-a1", "the method of a handshake is GET")
    if octets.endswith(b" HTTP/1.0\r\n"):
        return refuse("rfc6455-4.2.1-a2", "the version of a handshake is HTTP/1.1 or higher")
    return http.request_line(octets, view, unit)


def field(octets: bytes, view: View, unit: str) -> Verdict:
    """Items 2 to 6: the fields that a handshake has."""
    role = view.role(unit)
    match = http.FIELD_LINE.fullmatch(octets)
    if role == "host":
        is_named = not view.words_of("request-line")[1].startswith(b"/")  # the target names the host itself
        is_empty = match is not None and not match[2].strip(b" \t") and not is_named
        return near(MISSING["host"], "Host names somebody") if is_empty else http.field(octets, view, unit)
    if match is None or match[1].lower() != view.name_of(unit):
        return FREE
    value = match[2].strip(b" \t")
    if re.search(rb"[\0-\x08\x0a-\x1f\x7f]", value):
        return FREE
    judge = VALUES.get(role)
    if judge is not None:
        return judge(value)
    return ACCEPT if value == view.value_of(unit) else FREE


def near(requirement: str, why: str) -> Verdict:
    """Return the verdict on what must be refused, and whose acceptance misleads nobody."""
    return refuse(requirement, why)._replace(weight=Weight.WARNING)


def _members(value: bytes) -> list[bytes]:
    return [member.strip(b" \t").lower() for member in value.split(b",")]


def _not(requirement: str, why: str, value: bytes) -> Verdict:
    """Refuse a value: with octets that are no ASCII somebody may have taken them off, which is a near miss."""
    return refuse(requirement, why) if value.isascii() else near(requirement, why)


def upgrade(value: bytes) -> Verdict:
    """Item 3: Upgrade contains websocket. Whether as one of several, the text leaves open."""
    members = _members(value)
    if members == [b"websocket"]:
        return accept(MISSING["upgrade"], "the names of protocols have no case here")
    if any(re.fullmatch(rb"websocket(/.*)?", member) for member in members) or b";" in value:
        return FREE
    return _not(MISSING["upgrade"], "Upgrade names websocket", value)


def connection(value: bytes) -> Verdict:
    """Item 4: Connection contains the option upgrade."""
    members = _members(value)
    if b"upgrade" in members:
        is_plain = all(TOKEN.fullmatch(member) for member in members) and b"close" not in members
        why = "connection options have no case, and come in a list"
        return accept(MISSING["connection"], why) if is_plain else FREE
    return FREE if b";" in value else _not(MISSING["connection"], "Connection has the option upgrade", value)


def version(value: bytes) -> Verdict:
    """Item 6: the version is 13. 7 and 8 were those of drafts, whose handshake is the same."""
    if value == b"13":
        return ACCEPT
    if b"13" in _members(value) or value in {b"7", b"8"}:
        return FREE
    why = "the version is 13"
    is_another = re.fullmatch(rb"[1-9][0-9]*", value) or (value.isascii() and not re.search(rb"1.?3|d", value))
    return refuse(MISSING["version"], why) if is_another else near(MISSING["version"], why)


def key(value: bytes) -> Verdict:
    """Item 5: a key of 16 octets. Nobody need decode it (Section 4.2.2): who takes another one is near at most."""
    if CANONICAL.fullmatch(value):
        return ACCEPT
    return FREE if SIXTEEN.fullmatch(value) else near(MISSING["key"], "a key is 16 octets in base64")


def extensions(value: bytes) -> Verdict:
    """Section 9.1: an offer that does not fit the grammar fails the handshake. Empty elements count for nothing."""
    elements = [element for element in re.split(rb',(?=(?:[^"]*"[^"]*")*[^"]*\Z)', value) if element.strip(b" \t")]
    offers = read_extensions(elements) if elements else None
    if offers is not None:
        if any(offer.name == DEFLATE and offer_fault(offer) for offer in offers):
            return FREE  # to be declined; a server may as well refuse the handshake
        return ACCEPT if len(elements) == value.count(b",") + 1 or b'"' in value else FREE
    if not value.isascii() or not elements:
        return FREE
    quoted = re.search(rb'"([^"]*)"', value)
    if quoted is not None and not TOKEN.fullmatch(re.sub(rb"\\(.)", rb"\1", quoted[1])):
        if read_extensions([re.sub(rb'"[^"]*"', b"a", value)]) is None:
            return refuse("rfc6455-9.1-1", "an offer fits the grammar")
        return refuse("rfc6455-9.1-2", "the value within quotes is a token")
    return refuse("rfc6455-9.1-1", "an offer fits the grammar")


def protocol(value: bytes) -> Verdict:
    """Section 4.2.1: a list of subprotocols, each a token and none twice. One that knows none need not read it."""
    members = [member.strip(b" \t") for member in value.split(b",")]
    if all(TOKEN.fullmatch(member) for member in members):
        is_known = {b"merkhet.one", b"merkhet.two"} & set(members)
        return ACCEPT if is_known and len(set(members)) == len(members) else FREE
    if not all(members):
        return FREE  # empty elements of a list count for nothing
    return near("rfc6455-4.2.1-1", "a subprotocol is a token")


VALUES: Mapping[str, Callable[[bytes], Verdict]] = {
    "upgrade": upgrade,
    "connection": connection,
    "version": version,
    "key": key,
    "extensions": extensions,
    "protocol": protocol,
    "origin": lambda _: FREE,
}


def structure(what: str, view: View, unit: str) -> Verdict:
    """A field that is not there any more, or there twice."""
    role = view.role(unit)
    if what == "drop" and role in MISSING:
        why = "a handshake has this field"
        return refuse(MISSING[role], why, is_local=False)._replace(weight=Weight.BREACH)
    if what == "drop" and role in {"extensions", "protocol", "origin"}:
        return ACCEPT
    if what == "then-plain" and role in VALUES:
        return ACCEPT
    verdict = http.structure(what, view, unit) if role in {"host", "field", "request-line"} else FREE
    return verdict if verdict.decision is not Decision.ACCEPT or what in {"then-plain", "drop"} else FREE
