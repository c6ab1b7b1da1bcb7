"""RFC 6455, Section 4.2: Server-Side Requirements. What a request to become a WebSocket comes to: 101, or why not."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from merkhet_reference import abnf
from merkhet_reference.errors import Refusal
from merkhet_reference.fields import FieldLine, Fields
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.websocket import deflate, extensions

VERSION = b"13"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What makes the answer to a key that of somebody who knows this protocol (Section 1.3)."""
KEY = re.compile(rb"[A-Za-z0-9+/]{22}==\Z")
"""Sixteen octets in base64."""
TOKEN = abnf.whole(abnf.TOKEN)

UPGRADE = b"Upgrade"
PROTOCOL = b"websocket"
KEY_FIELD = b"Sec-WebSocket-Key"
VERSION_FIELD = b"Sec-WebSocket-Version"
PROTOCOL_FIELD = b"Sec-WebSocket-Protocol"
EXTENSIONS_FIELD = b"Sec-WebSocket-Extensions"
ACCEPT_FIELD = b"Sec-WebSocket-Accept"

UPGRADE_LINE: FieldLine = (UPGRADE, PROTOCOL)
# A 426 says what to change to; the connection option beside it is the server's to send. [rfc9110-7.8-7] [rfc9110-15.5.22-1]
UPGRADE_REQUIRED = (UPGRADE_LINE, (VERSION_FIELD, VERSION))


class HandshakeError(Refusal):  # [rfc6455-4.2.2-5] [rfc6455-10.7-4]
    """A request that does not become a WebSocket: an HTTP answer with this status and these field lines (Section 4.2.2).

    A handler may give another answer in its place. One that leaves the exception alone has this one given.
    """

    def __init__(self, status: int, why: str, fields: tuple[FieldLine, ...] = ()) -> None:
        super().__init__(status, why)
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Policy:
    """What the application wants of a handshake.

    `subprotocols` are those that it speaks. `allows_origin` is asked with the value of Origin, None without one, which is
    no sign of a browser (Section 4.2.1); whom it refuses is told 403. `compression` is None for none.
    """

    subprotocols: Collection[str] = ()
    allows_origin: Callable[[str | None], bool] | None = None
    compression: deflate.Settings | None = deflate.DEFAULT


@dataclass(frozen=True, slots=True)
class Accepted:
    """A handshake that is well: the field lines of the 101, and what was agreed."""

    fields: tuple[FieldLine, ...]
    subprotocol: str | None
    agreed: deflate.Agreed | None
    settings: deflate.Settings = deflate.DEFAULT


def asks_to_upgrade(head: RequestHead) -> bool:
    """Tell whether what follows this request may be no HTTP: then it is not read before the request is answered."""
    # In HTTP/1.0 nothing is ever upgraded. [rfc9110-7.8-11]
    return b"upgrade" in head.fields.by_name and head.version >= (1, 1) and names_websocket(head.fields)


def names_websocket(fields: Fields) -> bool:
    """Tell whether WebSocket is among what the client would change to."""
    # [rfc9110-7.8-3] [rfc9110-7.8-5]
    return fields.contains_token(UPGRADE, PROTOCOL)


# [rfc6455-4.2.1-1] [rfc6455-4.2.2-1] [rfc6455-4.2.1-a8] [rfc6455-4.2.2-12]
def accept(head: RequestHead, policy: Policy) -> Accepted:
    """Return what a handshake comes to. Raises HandshakeError. Each step is a requirement of Section 4.2.1, in order."""
    fields = head.fields
    check_request(head)
    key = key_of(fields)
    if policy.allows_origin is not None and not policy.allows_origin(origin_of(fields)):  # [rfc6455-10.2-1]
        raise HandshakeError(403, "this origin is not allowed here")  # [rfc6455-10.2-2]
    subprotocol = choose_subprotocol(offered_subprotocols(fields), policy.subprotocols)
    agreed = agree(fields, policy.compression)
    # What is not agreed is not said. [rfc9110-7.8-4]
    # [rfc6455-4.2.2-a2] [rfc6455-4.2.2-a3] [rfc6455-11.3.3-1]
    lines: list[FieldLine] = [UPGRADE_LINE, (b"Connection", UPGRADE), (ACCEPT_FIELD, accept_value(key))]
    if subprotocol is not None:  # [rfc6455-4.2.2-9] [rfc6455-4.2.2-a6] [rfc6455-11.3.4-2]
        lines.append((PROTOCOL_FIELD, subprotocol.encode("ascii")))
    if agreed is not None:  # [rfc6455-11.3.2-2] [rfc7692-5-5] [rfc7692-5-11]
        lines.append((EXTENSIONS_FIELD, agreed.encode()))
    return Accepted(tuple(lines), subprotocol, agreed, policy.compression or deflate.DEFAULT)


def check_request(head: RequestHead) -> None:
    """Refuse what is no handshake of this version. Raises HandshakeError."""
    fields = head.fields
    # [rfc6455-4.2.1-a1]
    if head.method != b"GET":  # [rfc9110-7.8-9]
        raise HandshakeError(405, "a handshake is a GET", ((b"Allow", b"GET"),))
    if head.version < (1, 1) or not names_websocket(fields):  # [rfc6455-4.2.1-a2] [rfc6455-4.2.1-a4]
        raise HandshakeError(426, "this is for WebSocket alone", UPGRADE_REQUIRED)
    if not head.authority:  # HTTP allows an empty Host, and this protocol wants a name in it
        raise HandshakeError(400, "Host names nobody")
    if not fields.contains_token(b"Connection", b"upgrade"):  # [rfc6455-4.2.1-a5]
        raise HandshakeError(400, "Connection does not say upgrade")
    if (
        not head.persistent
    ):  # Choice: who wants the connection closed does not want to go on with it in another protocol
        raise HandshakeError(400, "Connection says close beside upgrade")
    versions = fields.get_all(VERSION_FIELD)
    if len(versions) > 1:  # [rfc6455-11.3.5-2]
        raise HandshakeError(400, "there is more than one Sec-WebSocket-Version")
    if versions != [VERSION]:  # [rfc6455-4.2.1-a7]
        # [rfc6455-4.2.2-6] [rfc6455-4.4-1]
        raise HandshakeError(426, "this server speaks version 13 of WebSocket", UPGRADE_REQUIRED)


def key_of(fields: Fields) -> bytes:
    """Return the client's key. Raises HandshakeError."""
    keys = fields.get_all(KEY_FIELD)
    if len(keys) != 1:  # [rfc6455-11.3.1-1]
        raise HandshakeError(400, "there is not one Sec-WebSocket-Key")
    if KEY.match(keys[0]) is None:  # [rfc6455-4.2.1-a6]
        raise HandshakeError(400, "Sec-WebSocket-Key is not sixteen octets in base64")
    return keys[0]


def accept_value(key: bytes) -> bytes:
    """Return what proves that the key was read (Section 4.2.2, step 5)."""
    return base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())  # [rfc6455-4.2.2-a4]


def origin_of(fields: Fields) -> str | None:
    """Return where the page comes from that asks, as a browser says it (Section 10.2)."""
    origin = fields.get(b"Origin")
    return None if origin is None else origin.decode("latin-1")


def offered_subprotocols(fields: Fields) -> list[str]:
    """Return what the client offers, the most wanted first. Raises HandshakeError for what is no list of tokens."""
    # [rfc6455-11.3.4-1]
    members = [member.strip(b" \t") for value in fields.get_all(PROTOCOL_FIELD) for member in value.split(b",")]
    offered = [member for member in members if member]
    if (members and not offered) or any(TOKEN.match(member) is None for member in offered):
        raise HandshakeError(400, "Sec-WebSocket-Protocol is no list of names")
    return [member.decode("ascii") for member in offered]


def choose_subprotocol(offered: Collection[str], known: Collection[str]) -> str | None:
    """Return what the client wants most of what the application speaks; None if there is nothing, and that is said by silence."""
    return next((name for name in offered if name in known), None)  # [rfc6455-4.2.2-8]


def agree(fields: Fields, settings: deflate.Settings | None) -> deflate.Agreed | None:
    """Return what comes of the offered extensions. Raises HandshakeError for a list that breaks its grammar (Section 9.1)."""
    try:
        offers = extensions.parse(fields.get_all(EXTENSIONS_FIELD))  # [rfc6455-9.1-3] [rfc6455-11.3.2-1]
    except extensions.MalformedError:
        raise HandshakeError(400, "Sec-WebSocket-Extensions breaks its grammar") from None  # [rfc6455-9.1-1]
    return None if settings is None else deflate.agree(offers, settings)
