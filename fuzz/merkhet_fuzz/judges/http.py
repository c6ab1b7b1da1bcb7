"""RFC 9112, Sections 2.2, 3, 5 and 6: the verdict on an edited line of a request's head.

A line is judged from its octets, whatever edits they come from. What the text lets a recipient do out of leniency is
never called wrong, but nothing may be lost or added by it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

from merkhet_fuzz.judges.view import View
from merkhet_fuzz.verdicts import ACCEPT, FREE, Excuse, Verdict, accept, either, refuse

TCHAR = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
REQUEST_LINE = re.compile(rb"(" + TCHAR + rb"+) (\S+) HTTP/([0-9])\.([0-9])\r\n", re.DOTALL)
PCHAR = rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
TARGET = re.compile(rb"(?:/" + PCHAR + rb"*)+(?:\?(?:" + PCHAR + rb"|[/?])*)?")
OTHER_TARGET = re.compile(rb"\*|[A-Za-z][A-Za-z0-9+\-.]*:\S+|\S*:[0-9]+")
VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
FIELD_LINE = re.compile(rb"(" + TCHAR + rb"+):([^\r\n]*)\r\n", re.DOTALL)
NAME = re.compile(TCHAR + rb"+")
NAME_SPACE = re.compile(rb"(" + TCHAR + rb"+)[ \t]+:")
CONTROLS = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
BARE_CR = re.compile(rb"\r(?!\n|\Z)")
HOST = re.compile(
    rb"(?:\[(?P<literal>[0-9A-Za-z\-._~!$&'()*+,;=:]+)\]|(?:(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*))"
    rb"(?::[0-9]*)?"
)  # a reg-name may be empty (RFC 3986, Section 3.2.2), and so may a port
FUTURE = re.compile(rb"[vV][0-9A-Fa-f]+\.[0-9A-Za-z\-._~!$&'()*+,;=:]+")
DIGITS = re.compile(rb"[0-9]+")
SPACE_IN_LINE = re.compile(rb"[ \t\x0b\x0c\r]+")
SPECIAL = frozenset(
    b"host content-length transfer-encoding connection upgrade expect content_length te trailer keep-alive".split()
)


def request_line(octets: bytes, view: View, unit: str) -> Verdict:
    """Sections 2.3, 3 and 3.2: method, SP, request target, SP, HTTP-version, CRLF."""
    body = octets[:-2] if octets.endswith(b"\r\n") else octets
    if b"\n" in body:
        # A lone LF may end a start line (Section 2.2): then this is several lines, and what they are is open.
        return _only_lf(octets, view, unit)
    if not octets.endswith(b"\r\n"):
        return FREE
    words = [word for word in SPACE_IN_LINE.split(body) if word]
    if len(words) == 3 and len(body.split(b" ")) == 2 and words != view.words_of(unit):
        return FREE  # two words for who divides by SP alone, and HTTP/0.9 had two
    if len(words) == 2 and (words[1].startswith(b"/") or not VERSION.fullmatch(words[1])):
        return FREE  # HTTP/0.9 had two words; whoever takes them still is not judged
    if len(words) != 3:
        return refuse("rfc9112-2.2-10", "a request line is method, target and version", excuse=Excuse.REPLACED)
    method, target, version = words
    if not NAME.fullmatch(method):
        return refuse("rfc9112-2.2-10", "a method is a token")
    if not VERSION.fullmatch(version):
        return refuse("rfc9112-2.3-a2", "a version is HTTP/, a digit, a point and a digit")
    if (wrong := _target(method, target)) is not None:
        return wrong
    if view.base.octets_of_unit(unit) == octets:
        return ACCEPT
    if [method, target, version] == view.words_of(unit):
        return either("rfc9112-3.2-1", "whitespace of other kinds may divide a request line, and else it is invalid")
    return FREE


def _target(method: bytes, target: bytes) -> Verdict | None:
    if TARGET.fullmatch(target) or OTHER_TARGET.fullmatch(target) or method == b"CONNECT":
        return None
    if b"#" in target and TARGET.fullmatch(target.partition(b"#")[0]):
        return refuse("rfc9112-3.2-a1", "no form of request target has a fragment")
    if re.search(rb"%(?![0-9A-Fa-f]{2})", target):
        return refuse("rfc3986-2.1-a1", "a percent sign has two hexadecimal digits behind it")
    if not target.startswith(b"/"):
        return refuse("rfc9112-3.2.1-a1", "a request target in origin-form begins with a slash")
    return refuse("rfc9112-3.2-1", "an octet of the request target is in no form of it")


def _only_lf(octets: bytes, view: View, unit: str) -> Verdict:
    """A line that ends in LF alone, and is else as it was: it may be taken, and then means the same (Section 2.2)."""
    if octets == view.base.octets_of_unit(unit)[:-2] + b"\n":
        return either("rfc9112-2.2-2", "a lone LF may end this line")
    return FREE


def field(octets: bytes, view: View, unit: str) -> Verdict:
    """Section 5: field-name, colon, OWS, field-value, OWS, CRLF."""
    if (wrong := _line(octets, view, unit)) is not None:
        return wrong
    match = FIELD_LINE.fullmatch(octets)
    if match is None:
        return FREE
    name, value = match[1].lower(), match[2].strip(b" \t")
    was = view.name_of(unit)
    if name != was:
        return FREE if name in SPECIAL or was in SPECIAL else ACCEPT
    special = FIELDS.get(name)
    if special is not None and not view.is_trailer(unit):
        verdict = special(value, view, unit)
        if verdict is not ACCEPT:
            return verdict
    if value == view.value_of(unit):
        if match[1] != view.written_name_of(unit):
            return accept("rfc9110-5.1-a1", "names of fields have no case")
        return accept("rfc9110-5.5-1", "the whitespace around a value is no part of it")
    if special is not None and not view.is_trailer(unit):
        return ACCEPT
    if view.is_opaque(unit):
        return ACCEPT if not re.search(rb"[\x80-\xff]", value) else accept("rfc9110-5.5-3", "obs-text is opaque data")
    return FREE


def _line(octets: bytes, view: View, unit: str) -> Verdict | None:
    """Return the verdict on a line that is no field line; None for one that is."""
    if not octets:
        return FREE
    body = octets[:-2] if octets.endswith(b"\r\n") else octets
    if b"\n" in body:
        if re.fullmatch(rb"[^\r\n]*\r\n[ \t]+[^\r\n]*", body) and NAME.fullmatch(body.partition(b":")[0]):
            return FREE  # folded: each fold is SP, or the message is refused (Section 5.2)
        return _only_lf(octets, view, unit)
    if octets[:1] in {b" ", b"\t"}:
        return FREE
    if not octets.endswith(b"\r\n"):
        return FREE
    if b":" not in body:
        return refuse("rfc9112-2.2-10", "a field line has a colon")
    name, _, value = body.partition(b":")
    if NAME_SPACE.match(body):
        return refuse("rfc9112-5.1-1", "no whitespace stands between a field's name and its colon")
    if not NAME.fullmatch(name):
        return refuse("rfc9112-5-a2", "a field's name is a token")
    if b"\r" in value:
        return refuse("rfc9112-2.2-4", "a CR alone is invalid, or becomes SP", excuse=Excuse.REPLACED)
    if b"\0" in value:
        return refuse("rfc9110-5.5-4", "a NUL is refused, or becomes SP", excuse=Excuse.REPLACED)
    if CONTROLS.search(value) and name.lower() not in FIELDS:
        return either("rfc9110-5.5-5", "other controls may be kept")
    return None


def host(value: bytes, view: View, unit: str) -> Verdict:
    """Section 3.2: a host and perhaps a port. A server need not know every name that the grammar has."""
    match = HOST.fullmatch(value)
    if match is None or not is_literal(match["literal"]):
        return refuse("rfc9112-3.2-6c", "Host is a host and perhaps a port", is_local=False)
    if value == view.value_of(unit):
        return ACCEPT
    return either("rfc9112-3.2-6c", "a host that is not the server's own may be refused")


def is_literal(octets: bytes | None) -> bool:
    """Tell whether this may stand in brackets; None is no literal, and none is wanted (RFC 3986, Section 3.2.2)."""
    if octets is None or FUTURE.fullmatch(octets):
        return True
    try:
        ipaddress.IPv6Address(octets.decode("ascii"))
    except ValueError:
        return False
    return True


def content_length(value: bytes, view: View, unit: str) -> Verdict:
    """Sections 6.2 and 6.3: digits, or a list of the same digits."""
    if view.has_transfer_encoding(unit):
        return FREE
    if not DIGITS.fullmatch(value):
        members = [member.strip(b" \t") for member in value.split(b",")]
        said = {member for member in members if member}
        if len(said) == 1 and DIGITS.fullmatch(said.copy().pop()):
            return (
                either("rfc9110-8.6-11", "equal lengths may be taken for one")
                if _is_right(said.pop(), view, unit)
                else FREE
            )
        return refuse("rfc9112-6.3-5", "a length is decimal digits and nothing else", is_local=False)
    if _is_right(value, view, unit):
        return (
            ACCEPT
            if len(value) <= 15
            else either("rfc9112-6.3-4", "zeros before a length may be more than a recipient reads")
        )
    if len(value.lstrip(b"0")) > 15 or int(value) > view.octets_behind_head(unit):
        is_huge = len(value.lstrip(b"0")) > 9
        requirement = "rfc9110-8.6-8" if is_huge else "rfc9112-6.3-8"
        return refuse(requirement, "content that is shorter than its length is not whole", is_local=False)
    return FREE


def _is_right(digits: bytes, view: View, unit: str) -> bool:
    return digits.lstrip(b"0") == (b"%d" % view.content_octets(unit)).lstrip(b"0")


FOLDED = "rfc9112-5.2-2"
CHUNKED_TWICE = "rfc9112-6.1-2", "chunked that is named twice is refused, or applied once"
EMPTY_MEMBERS = "rfc9110-5.6.1.2-1", "empty members of a list are none"


def transfer_encoding(value: bytes, _view: View, _unit: str) -> Verdict:
    """Sections 6.1, 6.3 and 7: codings by name, of which chunked is the last."""
    members = [member.strip(b" \t") for member in value.split(b",")]
    codings = [member for member in members if member]
    last = codings[-1].lower() if codings else b""
    if last == b"chunked" and len(members) == 1:
        return ACCEPT
    if {coding.lower() for coding in codings} == {b"chunked"}:
        return either(*(EMPTY_MEMBERS if len(codings) == 1 else CHUNKED_TWICE))
    if last == b"chunked":
        return FREE
    if not codings:
        return FREE
    name, mark, _ = last.partition(b";")
    if mark and name.strip(b" \t") == b"chunked":
        return refuse("rfc9112-7.1-4", "chunked has no parameters", is_local=False)
    return refuse("rfc9112-6.3-3", "the last transfer coding of a request is chunked", is_local=False)


FIELDS: Mapping[bytes, Callable[[bytes, View, str], Verdict]] = {
    b"host": host,
    b"content-length": content_length,
    b"transfer-encoding": transfer_encoding,
}


def head_end(octets: bytes, view: View, unit: str) -> Verdict:
    """Section 2.1: an empty line ends the fields."""
    if octets == b"\n":
        return either("rfc9112-2.2-2", "a lone LF may end this line")
    if octets == b"\r\n":
        return ACCEPT
    if view.is_trailer(unit):
        return _line_behind(octets + view.octets_behind(unit))
    if BARE_CR.match(octets):
        return refuse("rfc9112-2.2-4", "a CR alone ends no line", excuse=Excuse.REPLACED)
    return FREE


def _line_behind(octets: bytes) -> Verdict:
    """Where the empty line is missing that ends a trailer section, what follows is one more line of it."""
    line, end, _ = octets.partition(b"\r\n")
    if not end or not line or b"\n" in line or b":" in line or line[:1] in {b" ", b"\t"}:
        return FREE
    return refuse("rfc9112-2.2-10", "a line of the trailer section has a colon", is_local=False)


def structure(what: str, view: View, unit: str) -> Verdict:
    """Return the verdict on a unit of the head that was dropped or repeated, or has a line behind it that is new."""
    role = view.role(unit)
    if what in {"drop", "twice"}:
        return _repeated(what, role, view, unit)
    if what == "empty-line-before":
        is_first = role == "request-line" and not view.message(unit)
        return accept("rfc9112-2.2-7", "an empty line before a request line is ignored") if is_first else FREE
    if role not in {"field", "host", "content-length", "transfer-encoding", "trailer", "request-line"}:
        return FREE
    return _inserted(what, role, view, unit)


def _repeated(what: str, role: str, view: View, unit: str) -> Verdict:
    if role == "host":
        if what == "drop":
            return refuse("rfc9112-3.2-6a", "an HTTP/1.1 request has a Host field", is_local=False)
        return refuse("rfc9112-3.2-6b", "a request has one Host field line", is_local=False)
    if role == "content-length" and what == "twice":
        return either("rfc9110-8.6-11", "equal lengths may be taken for one")
    if role == "transfer-encoding" and what == "twice":
        return either(*CHUNKED_TWICE)
    if role in {"field", "trailer"} and (what == "drop" or view.is_opaque(unit)):
        return ACCEPT
    return FREE


def _inserted(what: str, role: str, view: View, unit: str) -> Verdict:
    if what in {"then-no-colon", "then-empty-name", "then-only-colon", "then-spaced-name", "then-space-colon"}:
        requirement = {"then-no-colon": "rfc9112-2.2-10", "then-space-colon": "rfc9112-5.1-1"}.get(what, "rfc9112-5-a2")
        return refuse(requirement, "a field line is a token, a colon and a value")
    if what == "then-underscore":
        # Many refuse such names for what gateways make of them.
        return either("rfc9110-5.1-2", "a field that is not known is ignored")
    if what in {"then-plain", "then-key1", "then-prefix"}:
        return accept("rfc9110-5.1-2", "a field that is not known is ignored")
    if what.startswith("then-folded") and role == "field" and view.is_opaque(unit):
        return either(FOLDED, "a folded line is refused, or part of the value before it")
    if role == "trailer" or what.startswith("then-folded"):
        return FREE
    if what == "then-host":
        return refuse("rfc9112-3.2-6b", "a request has one Host field line", is_local=False)
    return _framed(what, view, unit)


def _framed(what: str, view: View, unit: str) -> Verdict:
    """Section 6.3: a line that says how the content is framed, beside what the base says."""
    has_coding, has_length = view.has_transfer_encoding(unit), view.has_content_length(unit)
    if what == "then-te-chunked" and has_coding:
        return either(*CHUNKED_TWICE)
    if what in {"then-te-identity", "then-te-unknown", "then-te-vt"}:
        if not has_coding or view.is_behind_coding(unit):
            return refuse("rfc9112-6.3-3", "the last transfer coding of a request is chunked", is_local=False)
        return FREE
    if what.startswith("then-length-") and has_coding:
        return either("rfc9112-6.3-a2", "Transfer-Encoding counts, and Content-Length does not")
    if what == "then-length-other" and has_length:
        return refuse("rfc9112-6.3-5", "lengths that differ are no length", is_local=False)
    if what in {"then-length-plus", "then-length-empty"}:
        return refuse("rfc9112-6.3-5", "a length is decimal digits and nothing else", is_local=False)
    if what == "then-length-zero" and not has_length:
        return ACCEPT
    return FREE
