"""RFC 6455, Section 4.2.1: the verdict on an edited handshake."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from merkhet_fuzz.judges import http
from merkhet_fuzz.judges.view import View
from merkhet_fuzz.verdicts import ACCEPT, FREE, Decision, Verdict, accept, refuse

MISSING = {
    "host": "rfc6455-4.2.1-a3",
    "upgrade": "rfc6455-4.2.1-a4",
    "connection": "rfc6455-4.2.1-a5",
    "key": "rfc6455-4.2.1-a6",
    "version": "rfc6455-4.2.1-a7",
}


def request_line(octets: bytes, view: View, unit: str) -> Verdict:
    """Item 1: the method is GET."""
    match = http.REQUEST_LINE.fullmatch(octets)
    if match is not None and match[1] != b"GET" and http.TARGET.fullmatch(match[2]):
        return refuse("rfc6455-4.2.1-a1", "the method of a handshake is GET")
    return http.request_line(octets, view, unit)


def field(octets: bytes, view: View, unit: str) -> Verdict:
    """Items 2 to 6: the fields that a handshake has."""
    role = view.role(unit)
    match = http.FIELD_LINE.fullmatch(octets)
    if match is None or match[1].lower() != view.name_of(unit):
        return FREE
    value = match[2].strip(b" \t")
    if re.search(rb"[\0-\x08\x0b-\x1f\x7f]", value):
        return FREE
    judge = VALUES.get(role)
    if judge is not None:
        return judge(value)
    return ACCEPT if value == view.value_of(unit) else FREE


def _members(value: bytes) -> list[bytes]:
    return [member.strip(b" \t").lower() for member in value.split(b",")]


def upgrade(value: bytes) -> Verdict:
    """Item 3: Upgrade contains websocket."""
    if _members(value) == [b"websocket"]:
        return accept(MISSING["upgrade"], "the names of protocols have no case here")
    if b"websocket" in value.lower():
        return FREE
    return refuse(MISSING["upgrade"], "Upgrade names websocket")


def connection(value: bytes) -> Verdict:
    """Item 4: Connection contains the option upgrade."""
    members = _members(value)
    if members == [b"upgrade"]:
        return accept(MISSING["connection"], "connection options have no case")
    if b"upgrade" in members or b'"' in value:
        return FREE
    return refuse(MISSING["connection"], "Connection has the option upgrade, as a whole member")


def version(value: bytes) -> Verdict:
    """Item 6: the version is 13."""
    if value == b"13":
        return ACCEPT
    return FREE if b"13" in value else refuse(MISSING["version"], "the version is 13")


def key(value: bytes) -> Verdict:
    """Item 5: a key. Nobody need decode it (Section 4.2.2), so a strange one is not judged."""
    return ACCEPT if re.fullmatch(rb"[A-Za-z0-9+/]{22}==", value) else FREE


VALUES: Mapping[str, Callable[[bytes], Verdict]] = {
    "upgrade": upgrade,
    "connection": connection,
    "version": version,
    "key": key,
}


def structure(what: str, view: View, unit: str) -> Verdict:
    """A field that is not there any more, or there twice."""
    role = view.role(unit)
    if what == "drop" and role in MISSING:
        return refuse(MISSING[role], "a handshake has this field", is_local=False)
    verdict = http.structure(what, view, unit) if role in {"host", "field", "request-line"} else FREE
    return verdict if verdict.decision is not Decision.ACCEPT or what in {"then-plain", "drop"} else FREE
