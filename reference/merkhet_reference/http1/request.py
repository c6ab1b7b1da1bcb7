"""RFC 9112, Sections 2.2, 3 and 5: a request's head, from its octets to a request line and field lines.

Everything is refused that the grammar does not have. # Choice: leniency is allowed in places (a lone LF as line end, a
folded line, runs of whitespace in the request line); each has been half of a smuggling attack, and no client needs them.
"""

from __future__ import annotations

import re

from merkhet_reference import abnf, errors
from merkhet_reference.fields import FieldLine, Fields
from merkhet_reference.http1.events import Form, Target, Version
from merkhet_reference.limits import Limits

REQUEST_LINE = abnf.whole(rb"(" + abnf.TOKEN + rb") ([^ ]+) HTTP/([0-9])\.([0-9])")
"""Method, SP, request target, SP, HTTP-version: exactly two SP, and a version of one digit, dot, one digit."""

VERSION = abnf.whole(rb".* HTTP/[0-9]\.[0-9]")

# Octets to the end: nothing is decoded before it is understood. [rfc9112-2.2-1]
FIELD_LINE = abnf.whole(rb"(" + abnf.TOKEN + rb"):(" + abnf.FIELD_VALUE + rb")")
"""RFC 9112, Section 5: field-name ":" OWS field-value OWS. The whitespace is stripped afterwards: a pattern that tried
to end the value before it would take quadratic time on a value of spaces."""

ORIGIN_FORM = abnf.whole(rb"(" + abnf.ABSOLUTE_PATH + rb")(?:\?(" + abnf.QUERY + rb"))?")
ABSOLUTE_FORM = abnf.whole(
    rb"(" + abnf.SCHEME + rb")://(" + abnf.URI_HOST + rb"(?::" + abnf.PORT + rb")?)"
    rb"((?:/" + abnf.PCHAR + rb"*+)*+)(?:\?(" + abnf.QUERY + rb"))?"
)
AUTHORITY_FORM = abnf.whole(rb"(" + abnf.URI_HOST + rb"):0*+([0-9]{1,5})")
USUAL_HEAD = abnf.whole(
    rb"(?!CONNECT )(" + abnf.TOKEN + rb") ((" + abnf.ABSOLUTE_PATH + rb")(?:\?(" + abnf.QUERY + rb"))?) HTTP/1\.([01])"
    rb"((?:\r\n" + abnf.TOKEN + rb":" + abnf.FIELD_VALUE + rb")*+)"
)
"""A head that almost every client sends: a request line in origin-form and whole field lines, with no fault in it."""

FIELD_IN_BLOCK = re.compile(rb"\r\n(" + abnf.TOKEN + rb"):(" + abnf.FIELD_VALUE + rb")")

HOST = abnf.whole(abnf.URI_HOST + rb"(?::" + abnf.PORT + rb")?")

URI_SCHEMES = (b"http", b"https")
"""The schemes whose resources this server has (RFC 9110, Section 4.2)."""

PORT_MAX = 65535
ORIGIN = Form.ORIGIN
HTTP_1_1: Version = (1, 1)
HTTP_1_0: Version = (1, 0)


def parse_head(head: bytes, limits: Limits) -> tuple[bytes, Target, Version, Fields]:
    """Return method, request target, version and fields of a head that ends before its empty line.

    `head` holds the lines without the last CRLF CRLF. Raises Refusal. One expression takes the usual head whole; what it
    does not match is read line by line, which finds the rarer forms, and the one fault to refuse a head for.
    """
    match = USUAL_HEAD.match(head)
    return parse_lines(head, limits) if match is None else usual_head(match, limits)


def usual_head(match: re.Match[bytes], limits: Limits) -> tuple[bytes, Target, Version, Fields]:
    """Return what a head says whose grammar is right: bounds, and the Host field, are left to look at."""
    method, target, path, query, minor, block = match.groups()
    if match.start(6) > limits.request_line_bytes_max:
        raise line_too_long(match.string[: match.start(6)], limits)
    check_method_length(method, limits)
    lines = usual_field_lines(block)
    check_field_count(len(lines), limits)
    version = HTTP_1_1 if minor == b"1" else HTTP_1_0
    fields = Fields(lines)
    check_host(fields, version)
    return method, Target(ORIGIN, target, path, query), version, fields


def usual_field_lines(block: bytes) -> list[FieldLine]:
    """Return the field lines of a block that matched, each with the CRLF before it."""
    return [(name, value.strip(b" \t")) for name, value in FIELD_IN_BLOCK.findall(block)]


def parse_lines(head: bytes, limits: Limits) -> tuple[bytes, Target, Version, Fields]:
    """Read a head line by line: any form of request target, and the first fault, if there is one. Raises Refusal."""
    if has_lone_lf(head):
        raise lone_lf()
    line, *field_lines = head.split(b"\r\n")
    method, target_octets, version = parse_request_line(line, limits)
    target = parse_target(method, target_octets)
    fields = parse_field_lines(field_lines, limits)
    check_host(fields, version)
    return method, target, version, fields


def has_lone_lf(octets: bytes) -> bool:
    """Tell whether an LF stands somewhere without its CR."""
    return octets.count(b"\n") != octets.count(b"\r\n")


def lone_lf() -> errors.Refusal:
    """Return the refusal of a lone LF (Section 2.2). # Choice: it ends no line here, not even of a whole head."""
    return errors.bad_request("a line ends in LF without CR")  # [rfc9112-2.2-2]


def parse_request_line(line: bytes, limits: Limits) -> tuple[bytes, bytes, Version]:
    """Return method, request target (not yet looked into) and version. Raises Refusal."""
    # [rfc9110-9.1-a1]
    if len(line) > limits.request_line_bytes_max:
        raise line_too_long(line, limits)
    match = REQUEST_LINE.match(line)
    if match is None:
        raise malformed_request_line(line)
    method, target, major, minor = match.groups()
    check_method_length(method, limits)
    return method, target, supported_version(int(major), int(minor))


def line_too_long(line: bytes, limits: Limits) -> errors.Refusal:
    """Return the refusal of a request line over the limit: 501 if it is the method, else 414 (Section 3)."""
    # [rfc9110-2.3-2]
    if len(line.partition(b" ")[0]) > limits.method_bytes_max:
        return errors.not_implemented("the method is longer than any that is known")  # [rfc9112-3-2]
    return errors.uri_too_long("the request target is longer than this server reads")  # [rfc9112-3-3] [rfc9112-3-4]


def malformed_request_line(line: bytes) -> errors.Refusal:
    """Return the refusal of a line that is no request line; never corrected (Sections 2.2, 2.3 and 3.2)."""
    # [rfc9112-2.2-10] [rfc9112-2.3-a2] [rfc9112-3.2-1] [rfc9112-3.2-2] [rfc9112-3-1]
    if VERSION.match(line) is None:
        return errors.bad_request("the request line does not end in a space and an HTTP version")
    return errors.bad_request("the request line is not method, space, target, space, version")


def check_method_length(method: bytes, limits: Limits) -> None:
    """Refuse a method that is longer than any that is known (Section 3)."""
    if len(method) > limits.method_bytes_max:
        raise errors.not_implemented("the method is longer than any that is known")


def supported_version(major: int, minor: int) -> Version:
    """Return the version to process the message as (RFC 9110, Section 2.5): a higher minor one is read as 1.1."""
    # [rfc9110-6.2-6]
    if major != 1:
        raise errors.version_not_supported("only HTTP/1.0 and HTTP/1.1 are spoken here")
    return (1, min(minor, 1))


def parse_target(method: bytes, target: bytes) -> Target:
    """Return the request target in whichever of the four forms its method allows (Section 3.2). Raises Refusal."""
    if method == b"CONNECT":
        return parse_authority_form(target)
    if target.startswith(b"/"):
        return parse_origin_form(target)
    if target == b"*":
        return parse_asterisk_form(method)
    absolute = parse_absolute_form(target)  # [rfc6455-4.2.1-a9]
    return about_the_server(absolute) if method == b"OPTIONS" else absolute


def parse_origin_form(target: bytes) -> Target:
    """Section 3.2.1: an absolute path and perhaps a query; a fragment is in no form."""
    # [rfc3986-3.3-a2] [rfc3986-3.4-a1]
    match = ORIGIN_FORM.match(target)
    if match is None:
        raise errors.bad_request("the request target is no path and query")  # [rfc9112-3.2-a1]
    return Target(ORIGIN, target, match[1], match[2])


def parse_absolute_form(target: bytes) -> Target:
    """Section 3.2.2: a whole URI, accepted from any client; its own authority is the one that counts."""
    # [rfc9110-4.2.1-2] [rfc9110-4.2.2-2] [rfc9110-4.2.4-2] [rfc3986-3.1-a1] [rfc3986-6.2.3-a1]
    match = ABSOLUTE_FORM.match(target)
    if match is None:
        raise errors.bad_request(
            "the request target has none of the four forms"
        )  # [rfc9112-3.2.1-a1] [rfc9112-3.2.3-a1]
    scheme, authority, path, query = match.groups()
    if authority.startswith(b":") or not authority:
        raise errors.bad_request("an http URI has a host")  # RFC 9110, Section 4.2.1
    if scheme.lower() not in URI_SCHEMES:
        raise errors.bad_request("the request target is neither an http nor an https URI")
    # [rfc9112-3.2.2-6]
    return Target(Form.ABSOLUTE, target, path or b"/", query, authority, scheme.lower())


def about_the_server(target: Target) -> Target:
    """Section 3.2.4: with OPTIONS, a URI that ends with its authority asks for the server as a whole, as "*" does."""
    if target.raw.partition(b"://")[2] == target.authority:
        return target._replace(form=Form.ASTERISK, path=b"*")
    return target


def parse_authority_form(target: bytes) -> Target:
    """Section 3.2.3: host and port, and only with CONNECT; a port that no peer can have is refused (RFC 9110, 9.3.6)."""
    # [rfc9110-9.3.6-2]
    match = AUTHORITY_FORM.match(target)
    if match is None or not match[1] or not 0 < int(match[2]) <= PORT_MAX:
        raise errors.bad_request("CONNECT takes a host and a port")
    return Target(Form.AUTHORITY, target, b"", None, target)


def parse_asterisk_form(method: bytes) -> Target:
    """Section 3.2.4: the server as a whole, and only with OPTIONS."""
    if method != b"OPTIONS":
        raise errors.bad_request("only OPTIONS takes an asterisk as its target")  # [rfc9112-3.2.4-a1]
    return Target(Form.ASTERISK, b"*", b"*")  # [rfc9112-3.2.4-a2]


def parse_field_lines(lines: list[bytes], limits: Limits) -> Fields:
    """Return the fields of these lines, each without its CRLF. Raises Refusal at the first that is none (Section 5)."""
    check_field_count(len(lines), limits)
    return Fields([parse_field_line(line) for line in lines])


def check_field_count(count: int, limits: Limits) -> None:
    """Refuse more field lines than are read (RFC 6585, Section 5)."""
    # [rfc9110-5.4-1]
    if count > limits.field_lines_max:
        raise errors.fields_too_large("there are more field lines than this server reads")


def parse_field_line(line: bytes) -> FieldLine:
    """Return name and value of one field line. Raises Refusal."""
    # [rfc9110-5.5-1] [rfc9110-5.5-3]
    match = FIELD_LINE.match(line)
    if match is None:
        raise malformed_field_line(line)
    return match[1], match[2].strip(b" \t")


def malformed_field_line(line: bytes) -> errors.Refusal:
    """Return the refusal of a line that is no field line, and say which of the well-known faults it has."""
    # [rfc9110-5.5-4] [rfc9110-5.5-5]
    if line.startswith((b" ", b"\t")):
        # Folded, or before the first field: refused in both places, so nobody can read it in two ways.
        return errors.bad_request("a field line begins with whitespace")  # [rfc9112-2.2-9] [rfc9112-5.2-2]
    name = line.partition(b":")[0]
    if name.endswith((b" ", b"\t")):
        return errors.bad_request("whitespace stands between a field name and its colon")  # [rfc9112-5.1-1]
    # A bare CR, a NUL, an octet that is no token character: [rfc9112-2.2-4] [rfc9112-5-a2]
    return errors.bad_request("a field line is not name, colon, value")


def check_host(fields: Fields, version: Version) -> None:
    """Section 3.2: HTTP/1.1 has exactly one Host field, every version at most one, and its value is host and port."""
    # [rfc3986-3.2.2-a1] [rfc3986-3.2.3-a1]
    hosts = fields.by_name.get(b"host")
    if hosts is None:
        if version >= (1, 1):
            raise errors.bad_request("an HTTP/1.1 request has a Host field")  # [rfc9112-3.2-6a] [rfc6455-4.2.1-a3]
        return
    if len(hosts) > 1:
        raise errors.bad_request("there is more than one Host field line")  # [rfc9112-3.2-6b]
    # An empty value is legal: the request is for whatever this server serves. [rfc9112-3.3-1]
    if HOST.match(hosts[0]) is None:
        raise errors.bad_request("the Host field is not a host and a port")  # [rfc9112-3.2-6c]


def authority(target: Target, fields: Fields) -> bytes:
    """Return the authority that the request is for; in absolute-form the Host field counts for nothing (3.2.2)."""
    # [rfc3986-3.2.2-a2]
    if target.authority is not None:
        return target.authority  # [rfc9112-3.2.2-5]
    return fields.get(b"Host") or b""


def is_persistent(version: Version, fields: Fields) -> bool:
    """Tell whether the connection may outlive this request as far as the request says (Section 9.3)."""
    if b"connection" not in fields.by_name:
        return version >= (1, 1)
    options = fields.list_members(b"Connection")
    if b"close" in options:
        return False  # [rfc9112-9.3-a1] [rfc9112-9.6-3]
    if version >= (1, 1):
        return True  # [rfc9112-9.3-1]
    return b"keep-alive" in options  # [rfc9112-9.3-a2] [rfc9112-9.3-a3]


def expects_continue(version: Version, fields: Fields) -> bool:
    """Tell whether the client waits for 100 before its content; HTTP/1.0 has no interim responses (RFC 9110, 10.1.1)."""
    # [rfc9110-10.1.1-a1] [rfc9110-10.1.1-7] [rfc9110-10.1.1-1]
    return b"expect" in fields.by_name and version >= (1, 1) and fields.contains_token(b"Expect", b"100-continue")
