"""RFC 6455, Section 4: opening handshakes, one rule of the server's part broken at a time."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from typing import Any

from mutation import mutant

from merkhet_reference import contract_sockets
from merkhet_reference.fields import Fields
from merkhet_reference.websocket import extensions, handshake

HANDSHAKE = "merkhet_reference.websocket.handshake"
CHECK = f"{HANDSHAKE}.check_request"
ACCEPT = f"{HANDSHAKE}.accept"
VERSION = b"Sec-WebSocket-Version"


def with_line(head: Any, name: bytes, *values: bytes) -> Any:
    """Return the head with these lines in place of all that it has of this name."""
    others = [line for line in head.fields if line[0].lower() != name.lower()]
    return head._replace(fields=Fields([*others, *((name, value) for value in values)]))


def changed_101(original: Any, change: Any) -> Any:
    """Let `change` have the field lines of every 101."""

    def accept(head: Any, policy: Any) -> Any:
        accepted = original(head, policy)
        return dataclasses.replace(accepted, fields=tuple(change(list(accepted.fields), head)))

    return accept


# --- what is asked of a request


@mutant(CHECK, breaks="rfc6455-4.2.1-a1", must_kill={"rfc6455-4.2.1-method-head"})
def any_method_upgrades(original: Any) -> Any:
    """Does not look at the method of a handshake: whatever reaches the handler opens a WebSocket."""
    return lambda head: original(head._replace(method=b"GET"))


@mutant(CHECK, breaks="rfc6455-4.2.1-a5", must_kill={"rfc6455-4.2.1-connection-absent"})
def connection_not_looked_at(original: Any) -> Any:
    """Opens a WebSocket whatever Connection says."""
    return lambda head: original(with_line(head, b"Connection", b"Upgrade"))


@mutant(CHECK, breaks="rfc6455-4.2.1-a5", must_kill={"rfc6455-4.2.1-connection-list-first"})
def connection_is_one_word(original: Any) -> Any:
    """Compares the whole of Connection with upgrade, where browsers say keep-alive beside it."""

    def check_request(head: Any) -> None:
        whole = head.fields.get(b"Connection") or b""
        original(head if whole.lower() == b"upgrade" else with_line(head, b"Connection"))

    return check_request


@mutant(CHECK, breaks="rfc6455-4.2.1-a5", must_kill={"rfc6455-4.2.1-connection-small-letters"})
def connection_has_case(original: Any) -> Any:
    """Knows the connection option as Upgrade alone."""

    def check_request(head: Any) -> None:
        words = re.split(rb"[ \t,]+", head.fields.get(b"Connection") or b"")
        original(head if b"Upgrade" in words else with_line(head, b"Connection"))

    return check_request


@mutant(CHECK, breaks="rfc6455-4.2.1-a5", must_kill={"rfc6455-4.2.1-connection-longer"})
def connection_contains_upgrade(original: Any) -> Any:
    """Looks for upgrade anywhere in Connection, as a part of other words too."""

    def check_request(head: Any) -> None:
        has_it = b"upgrade" in (head.fields.get(b"Connection") or b"").lower()
        original(with_line(head, b"Connection", b"upgrade") if has_it else head)

    return check_request


@mutant(CHECK, breaks="rfc6455-4.2.1-a5", must_kill={"rfc6455-4.2.1-connection-two-lines"})
def first_connection_line(original: Any) -> Any:
    """Looks at the first line of Connection alone."""
    return lambda head: original(with_line(head, b"Connection", *head.fields.get_all(b"Connection")[:1]))


@mutant(
    f"{HANDSHAKE}.names_websocket",
    breaks="rfc6455-4.2.1-a4",
    must_kill={"rfc6455-4.2.1-upgrade-capitals", "rfc6455-4.2.1-upgrade-camel"},
)
def upgrade_has_case(original: Any) -> Any:
    """Knows the protocol's name in small letters alone."""
    return lambda fields: original(fields) and b"websocket" in (fields.get(b"Upgrade") or b"")


@mutant(
    f"{HANDSHAKE}.names_websocket",
    breaks="rfc6455-4.2.1-a4",
    must_kill={"rfc6455-4.2.1-upgrade-list-first", "rfc6455-4.2.1-upgrade-list-last"},
)
def upgrade_is_one_word(original: Any) -> Any:
    """Compares the whole of Upgrade with websocket, as the text may be read."""
    return lambda fields: (fields.get(b"Upgrade") or b"").lower() == b"websocket"


@mutant(
    f"{HANDSHAKE}.names_websocket",
    breaks="rfc6455-4.2.1-a4",
    must_kill={"rfc6455-4.2.1-upgrade-plural", "rfc6455-4.2.1-upgrade-prefixed"},
)
def upgrade_contains_websocket(original: Any) -> Any:
    """Looks for websocket anywhere in Upgrade, as a part of other words too."""
    return lambda fields: b"websocket" in (fields.get(b"Upgrade") or b"").lower()


@mutant(CHECK, breaks="rfc6455-4.2.1-a4", must_kill={"rfc6455-4.2.1-upgrade-absent", "rfc6455-4.2.1-upgrade-other"})
def upgrade_not_looked_at(original: Any) -> Any:
    """Opens a WebSocket whatever Upgrade says."""
    return lambda head: original(with_line(head, b"Upgrade", b"websocket"))


@mutant(CHECK, breaks="rfc6455-4.2.1-a2", must_kill={"rfc6455-4.2.1-http-1.0-kept"})
def http_10_upgrades(original: Any) -> Any:
    """Takes a handshake in HTTP/1.0."""
    return lambda head: original(head._replace(version=(1, 1)))


@mutant(CHECK, breaks="rfc6455-4.2.1-a3", must_kill={"rfc6455-4.2.1-host-empty"})
def host_may_be_empty(original: Any) -> Any:
    """Takes a handshake whose Host names nobody."""
    return lambda head: original(head._replace(authority=head.authority or b"merkhet"))


@mutant(CHECK, breaks="rfc6455-4.2.1-a7", must_kill={"rfc6455-4.2.1-version-absent", "rfc6455-4.2.2-version-12"})
def any_version(original: Any) -> Any:
    """Does not look at Sec-WebSocket-Version."""
    return lambda head: original(with_line(head, VERSION, b"13"))


@mutant(CHECK, breaks="rfc6455-4.2.1-a7", must_kill={"rfc6455-4.2.1-version-plus"})
def version_by_python_int(original: Any) -> Any:
    """Reads the version with Python's int(): a sign, leading zeros, whitespace."""

    def check_request(head: Any) -> None:
        try:
            number = int(head.fields.get(VERSION) or b"")
        except ValueError:
            return original(head)
        return original(with_line(head, VERSION, b"%d" % number))

    return check_request


@mutant(CHECK, breaks="rfc6455-4.2.1-a7", must_kill={"rfc6455-4.2.1-version-parameter"})
def websocket_version_by_prefix(original: Any) -> Any:
    """Reads the digits that the version begins with, as C's atoi does."""

    def check_request(head: Any) -> None:
        digits = re.match(rb"[0-9]+", head.fields.get(VERSION) or b"")
        return original(head if digits is None else with_line(head, VERSION, digits[0]))

    return check_request


@mutant(CHECK, breaks="rfc6455-4.2.1-a7", must_kill={"rfc6455-4.2.1-version-256", "rfc6455-4.2.1-version-269"})
def version_in_one_octet(original: Any) -> Any:
    """Keeps the version in eight bits, so that 269 is 13, and takes what is larger than any version."""

    def check_request(head: Any) -> None:
        value = head.fields.get(VERSION) or b""
        if value.isdigit() and int(value) > 255:
            return original(with_line(head, VERSION, b"13"))
        return original(head)

    return check_request


@mutant(CHECK, breaks="rfc6455-11.3.5-2", must_kill={"rfc6455-11.3.5-version-twice", "rfc6455-11.3.5-version-8-13"})
def version_in_any_line(original: Any) -> Any:
    """Takes a handshake if 13 is among the versions that it states."""

    def check_request(head: Any) -> None:
        is_there = head.fields.contains_token(VERSION, b"13")
        original(with_line(head, VERSION, b"13") if is_there else head)

    return check_request


@mutant(f"{HANDSHAKE}.UPGRADE_REQUIRED", breaks="rfc6455-4.2.2-6", must_kill={"rfc6455-4.2.2-version-12"})
def versions_not_told(original: Any) -> Any:
    """Refuses another version and does not say which it speaks."""
    return (handshake.UPGRADE_LINE,)


@mutant(f"{HANDSHAKE}.UPGRADE_REQUIRED", breaks="rfc6455-4.4-1", must_kill={"rfc6455-4.4-list-12"})
def another_version_told(original: Any) -> Any:
    """Refuses another version and says that it speaks 8 alone, where it speaks 13."""
    return (handshake.UPGRADE_LINE, (VERSION, b"8"))


@mutant(f"{HANDSHAKE}.key_of", breaks="rfc6455-4.2.1-a6", must_kill={"rfc6455-4.2.1-key-absent"})
def key_may_be_missing(original: Any) -> Any:
    """Takes a handshake without a key for one with an empty key."""
    return lambda fields: original(fields) if b"Sec-WebSocket-Key" in fields else b""


@mutant(f"{HANDSHAKE}.KEY", breaks="rfc6455-4.2.1-a6", must_kill={"rfc6455-4.2.1-key-15", "rfc6455-4.2.1-key-17"})
def any_key(original: Any) -> Any:
    """Takes whatever stands in Sec-WebSocket-Key."""
    return re.compile(rb"", re.DOTALL)


@mutant(f"{HANDSHAKE}.KEY", breaks="rfc6455-4.2.1-a6", must_kill={"rfc6455-4.2.1-key-url-alphabet"})
def key_of_any_alphabet(original: Any) -> Any:
    """Takes any 24 characters for a key, without a look at what base64 they are of."""
    return re.compile(rb".{24}\Z", re.DOTALL)


@mutant(f"{HANDSHAKE}.key_of", breaks="rfc6455-11.3.1-1", must_kill={"rfc6455-11.3.1-two-keys"})
def first_key_counts(original: Any) -> Any:
    """Takes the first of two keys."""
    return lambda fields: original(Fields(list(with_first(fields))))


def with_first(fields: Fields) -> Any:
    """Return the lines with the first key alone."""
    keys = [line for line in fields if line[0].lower() == b"sec-websocket-key"]
    return [*(line for line in fields if line not in keys), *keys[:1]]


# --- what is answered


@mutant(f"{HANDSHAKE}.accept_value", breaks="rfc6455-4.2.2-a4", must_kill={"rfc6455-4.2.2-accept-sample"})
def accept_of_another_guid(original: Any) -> Any:
    """Makes Sec-WebSocket-Accept with an identifier of which one digit is wrong."""
    guid = handshake.GUID[:-1] + b"2"
    return lambda key: base64.b64encode(hashlib.sha1(key + guid, usedforsecurity=False).digest())


@mutant(f"{HANDSHAKE}.accept_value", breaks="rfc6455-4.2.2-a4", must_kill={"rfc6455-4.2.2-accept-key-1"})
def accept_is_constant(original: Any) -> Any:
    """Answers every key with what answers the sample of the specification."""
    return lambda key: original(b"dGhlIHNhbXBsZSBub25jZQ==")


@mutant(f"{HANDSHAKE}.accept_value", breaks="rfc6455-4.2.2-a4", must_kill={"rfc6455-4.2.1-key-odd-bits"})
def key_is_written_anew(original: Any) -> Any:
    """Decodes the key and encodes it again before it makes the answer of it."""
    return lambda key: original(base64.b64encode(base64.b64decode(key)))


@mutant(ACCEPT, breaks="rfc6455-4.2.2-a5", must_kill={"rfc6455-4.2.2-no-content-length"})
def content_length_in_101(original: Any) -> Any:
    """Says Content-Length: 0 in its 101."""
    return changed_101(original, lambda lines, head: [*lines, (b"Content-Length", b"0")])


@mutant(ACCEPT, breaks="rfc6455-4.2.2-a3", must_kill={"rfc6455-4.2.2-connection"})
def no_connection_in_101(original: Any) -> Any:
    """Leaves Connection out of its 101."""
    return changed_101(original, lambda lines, head: [line for line in lines if line[0] != b"Connection"])


@mutant(ACCEPT, breaks="rfc6455-4.2.2-a2", must_kill={"rfc6455-4.2.2-upgrade"})
def no_upgrade_in_101(original: Any) -> Any:
    """Leaves Upgrade out of its 101."""
    return changed_101(original, lambda lines, head: [line for line in lines if line[0] != b"Upgrade"])


@mutant(ACCEPT, breaks="rfc6455-11.3.3-1", must_kill={"rfc6455-11.3.3-once-plain"})
def accept_comes_twice(original: Any) -> Any:
    """Says Sec-WebSocket-Accept twice."""
    return changed_101(original, lambda lines, head: [*lines, lines[2]])


@mutant(ACCEPT, breaks="rfc6455-4.2.2-a6", must_kill={"rfc6455-4.2.2-not-empty-subprotocol"})
def empty_subprotocol_in_101(original: Any) -> Any:
    """Says an empty Sec-WebSocket-Protocol where it has chosen none."""

    def change(lines: Any, head: Any) -> Any:
        chosen = any(name == handshake.PROTOCOL_FIELD for name, _ in lines)
        return lines if chosen else [*lines, (handshake.PROTOCOL_FIELD, b"")]

    return changed_101(original, change)


@mutant(ACCEPT, breaks="rfc6455-4.2.2-a6", must_kill={"rfc6455-4.2.2-not-empty-extensions"})
def empty_extensions_in_101(original: Any) -> Any:
    """Says an empty Sec-WebSocket-Extensions where it has agreed to none."""

    def change(lines: Any, head: Any) -> Any:
        agreed = any(name == handshake.EXTENSIONS_FIELD for name, _ in lines)
        return lines if agreed else [*lines, (handshake.EXTENSIONS_FIELD, b"")]

    return changed_101(original, change)


@mutant(ACCEPT, breaks="rfc6455-4.2.2-10", must_kill={"rfc6455-9.1-registered-unknown"})
def extensions_sent_back(original: Any) -> Any:
    """Says yes to whatever extension is offered, by sending the offer back, and then knows nothing of it."""

    def change(lines: Any, head: Any) -> Any:
        agreed = any(name == handshake.EXTENSIONS_FIELD for name, _ in lines)
        offered = head.fields.get(handshake.EXTENSIONS_FIELD)
        return lines if agreed or offered is None else [*lines, (handshake.EXTENSIONS_FIELD, offered)]

    return changed_101(original, change)


@mutant(ACCEPT, breaks="rfc6455-9-2", must_kill={"rfc6455-9-unrequested"})
def extensions_unasked(original: Any) -> Any:
    """Says permessage-deflate to clients that have offered nothing."""

    def change(lines: Any, head: Any) -> Any:
        asked = handshake.EXTENSIONS_FIELD in head.fields
        return lines if asked else [*lines, (handshake.EXTENSIONS_FIELD, b"permessage-deflate")]

    return changed_101(original, change)


@mutant(f"{HANDSHAKE}.choose_subprotocol", breaks="rfc6455-4.2.2-8", must_kill={"rfc6455-4.2.2-subprotocol-unknown"})
def own_subprotocol_chosen(original: Any) -> Any:
    """Says the subprotocol that it likes best, whatever the client offers."""
    return lambda offered, known: next(iter(known), None)


@mutant(f"{HANDSHAKE}.choose_subprotocol", breaks="rfc6455-4.2.2-8", must_kill={"rfc6455-4.2.2-subprotocol-capitals"})
def subprotocols_without_case(original: Any) -> Any:
    """Compares subprotocols without case, and answers in its own."""
    return lambda offered, known: original([name.lower() for name in offered], known)


@mutant(f"{HANDSHAKE}.choose_subprotocol", breaks="rfc6455-4.2.2-8", must_kill={"rfc6455-4.2.2-subprotocol-longer"})
def subprotocol_by_prefix(original: Any) -> Any:
    """Takes a subprotocol for another one that it begins with."""
    return lambda offered, known: next((name for wanted in offered for name in known if wanted.startswith(name)), None)


@mutant(f"{HANDSHAKE}.choose_subprotocol", breaks="rfc6455-4.2.2-8", must_kill={"rfc6455-11.3.4-lines"})
def last_subprotocol_wins(original: Any) -> Any:
    """Chooses what the client wants least of what it knows, as it may."""
    return lambda offered, known: original(list(reversed(offered)), known)


@mutant(f"{HANDSHAKE}.offered_subprotocols", breaks="rfc6455-11.3.4-1", must_kill={"rfc6455-11.3.4-lines"})
def first_subprotocol_line(original: Any) -> Any:
    """Reads the first line of Sec-WebSocket-Protocol alone."""
    field = handshake.PROTOCOL_FIELD
    return lambda fields: original(Fields([(field, value) for value in fields.get_all(field)[:1]]))


@mutant(f"{HANDSHAKE}.TOKEN", breaks="rfc6455-4.2.1-1", must_kill={"rfc6455-4.2.1-subprotocols-slash"})
def any_subprotocol_name(original: Any) -> Any:
    """Takes anything for the name of a subprotocol."""
    return re.compile(rb"[ -~]*\Z")


@mutant(f"{HANDSHAKE}.agree", breaks="rfc6455-9.1-1", must_kill={"rfc6455-9.1-malformed-semicolons"})
def broken_offers_passed_over(original: Any) -> Any:
    """Passes over offers of extensions that break their grammar."""

    def agree(fields: Any, settings: Any) -> Any:
        try:
            return original(fields, settings)
        except handshake.HandshakeError:
            return None

    return agree


@mutant(
    "merkhet_reference.websocket.extensions.parse_parameter",
    breaks="rfc6455-9.1-2",
    must_kill={"rfc6455-9.1-quoted-comma", "rfc6455-9.1-quoted-space"},
)
def quoted_values_are_free(original: Any) -> Any:
    """Takes the first digits that there are between the quotes of a value, whatever else is there."""

    def parse_parameter(value: bytes, at: int) -> Any:
        found = extensions.PARAMETER.match(value, at)
        if found is None or found[3] is None:
            return original(value, at)
        return (found[1], re.sub(rb"[^0-9]", b"", found[3])[:2]), found.end()

    return parse_parameter


@mutant(
    "merkhet_reference.websocket.extensions.parse_parameter",
    breaks="rfc6455-4.3-1",
    must_kill={"rfc6455-4.3-quoted-value"},
)
def no_quoted_values(original: Any) -> Any:
    """Refuses every quoted value."""

    def parse_parameter(value: bytes, at: int) -> Any:
        parameter, end = original(value, at)
        if b'"' in value[at:end]:
            raise extensions.MalformedError("no")
        return parameter, end

    return parse_parameter


@mutant("merkhet_reference.websocket.extensions.parse", breaks="rfc6455-9.1-3", must_kill={"rfc6455-9.1-lines-last"})
def first_line_of_offers(original: Any) -> Any:
    """Reads the first line of Sec-WebSocket-Extensions alone."""
    return lambda values: original(values[:1])


@mutant(ACCEPT, breaks="rfc6455-10.2-2", must_kill={"rfc6455-10.2-origin-foreign", "rfc6455-10.2-origin-own"})
def origins_refused_with_401(original: Any) -> Any:
    """Refuses whoever says an Origin, and with 401."""

    def accept(head: Any, policy: Any) -> Any:
        if b"Origin" in head.fields:
            raise handshake.HandshakeError(401, "no", ((b"WWW-Authenticate", b"merkhet"),))
        return original(head, policy)

    return accept


@mutant(f"{HANDSHAKE}.HandshakeError.__init__", breaks="rfc6455-10.7-4", must_kill={"rfc6455-10.7-status-key-absent"})
def refused_handshakes_are_500(original: Any) -> Any:
    """Answers every handshake that it refuses with 500."""
    return lambda self, status, why, fields=(): original(self, 500, why, fields)


@mutant(
    "merkhet_reference.websocket_channel.WebSocketChannel.begin",
    breaks="rfc6455-6.1-2",
    must_kill={"rfc6455-4.2.2-early-whole", "rfc6455-5.5.1-close-in-handshake-packet"},
)
def early_frames_are_lost(original: Any) -> Any:
    """Throws away the frames that came in one packet with the handshake."""
    return lambda self, ticket, came, now, ended: original(self, ticket, b"", now, ended=ended)


# --- handshakes that are well


def refusing(original: Any, refuses: Any) -> Any:
    """Refuse a handshake with 400 if `refuses` says yes to its head."""

    def accept(head: Any, policy: Any) -> Any:
        if refuses(head):
            raise handshake.HandshakeError(400, "no")
        return original(head, policy)

    return accept


NAMES = (b"Host", b"Connection", b"Upgrade", VERSION, b"Sec-WebSocket-Key")


@mutant(ACCEPT, breaks="rfc6455-4.2.1-a8", must_kill={"rfc6455-4.2.1-fields-key-first"})
def fields_in_one_order(original: Any) -> Any:
    """Wants the fields of a handshake in one order."""

    def refuses(head: Any) -> bool:
        places = [NAMES.index(name) for name, _ in head.fields if name in NAMES]
        return places != sorted(places)

    return refusing(original, refuses)


@mutant(ACCEPT, breaks="rfc6455-4.2.1-a8", must_kill={"rfc6455-4.2.1-fields-small-letters"})
def field_names_have_case(original: Any) -> Any:
    """Knows the fields of a handshake in one spelling alone."""
    return refusing(original, lambda head: not {name for name, _ in head.fields}.issuperset(NAMES))


@mutant(ACCEPT, breaks="rfc6455-4.2.1-a8", must_kill={"rfc6455-4.2.1-fields-unknown-field"})
def unknown_fields_refused(original: Any) -> Any:
    """Refuses a handshake with fields that it does not know."""
    known = {name.lower() for name in (*NAMES, b"Origin", handshake.PROTOCOL_FIELD, handshake.EXTENSIONS_FIELD)}
    return refusing(original, lambda head: any(name.lower() not in known for name, _ in head.fields))


@mutant(ACCEPT, breaks="rfc6455-4.2.1-a9", must_kill={"rfc6455-4.2.1-target-absolute"})
def absolute_targets_refused(original: Any) -> Any:
    """Refuses a handshake whose target is in absolute form."""
    return refusing(original, lambda head: head.target.form.name == "ABSOLUTE")


@mutant(f"{HANDSHAKE}.choose_subprotocol", breaks="rfc6455-4.2.2-8", must_kill={"rfc6455-4.2.2-subprotocol-known"})
def subprotocol_of_its_own(original: Any) -> Any:
    """Says a newer version of the subprotocol that was offered."""

    def choose_subprotocol(offered: Any, known: Any) -> str | None:
        chosen = original(offered, known)
        return None if chosen is None else f"{chosen}.1"

    return choose_subprotocol


@mutant(ACCEPT, breaks="rfc6455-11.3.4-2", must_kill={"rfc6455-11.3.4-once-one", "rfc6455-11.3.2-once-offer"})
def choices_come_twice(original: Any) -> Any:
    """Says twice what subprotocol and what extensions it has chosen."""
    chosen = {handshake.PROTOCOL_FIELD, handshake.EXTENSIONS_FIELD}
    return changed_101(original, lambda lines, head: [*lines, *(line for line in lines if line[0] in chosen)])


@mutant(ACCEPT, breaks="rfc7692-5-7", must_kill={"rfc7692-5-with-webkit"})
def all_extensions_agreed_to(original: Any) -> Any:
    """Agrees to compression, and to all else that is offered."""

    def change(lines: Any, head: Any) -> Any:
        offers = extensions.parse(head.fields.get_all(handshake.EXTENSIONS_FIELD))
        others = b"".join(b", " + offer.name for offer in offers if offer.name != b"permessage-deflate")
        return [(name, value + others if name == handshake.EXTENSIONS_FIELD else value) for name, value in lines]

    return changed_101(original, change)


@mutant(
    "merkhet_reference.contract_sockets.add_to",
    breaks="rfc6455-4.2.1-a1",
    must_kill={"rfc6455-4.2.1-method-post", "rfc6455-4.2.1-method-options"},
)
def websockets_by_post(original: Any) -> Any:
    """Opens a WebSocket for a POST, or OPTIONS, as well as for a GET."""

    def add_to(router: Any) -> None:
        def upgrade(request: Any) -> None:
            request._head = request._head._replace(method=b"GET")
            contract_sockets.echo(request)

        original(router)
        router.post("/ws", upgrade)
        router.options("/ws", upgrade)

    return add_to
