"""RFC 9112, Section 6.3: Message Body Length. The eight rules in their order, as they bear on a request."""

from __future__ import annotations

from merkhet_reference import abnf, errors
from merkhet_reference.fields import Fields
from merkhet_reference.http1.events import BodyKind, Framing, Version

NO_CONTENT = Framing(BodyKind.NONE)
CHUNKED = Framing(BodyKind.CHUNKED)

CODING = abnf.whole(rb"(" + abnf.TOKEN + rb")(" + abnf.PARAMETERS + rb")")
"""One member of Transfer-Encoding: a name, and perhaps parameters (Section 7)."""

LENGTH = abnf.whole(abnf.DIGITS)
"""Content-Length is digits, and nothing that a programming language also takes for a number (RFC 9110, Section 8.6)."""

LENGTH_DIGITS_MAX = 18
"""More digits than any limit has: refused before they are made a number."""


def content_framing(version: Version, fields: Fields) -> Framing:
    """Return how the end of the request's content is found. Raises Refusal, after which the connection must end."""
    # Rules 1 and 2 are about responses alone.
    has_coding = b"transfer-encoding" in fields.by_name
    has_length = b"content-length" in fields.by_name
    # Rule 3: Transfer-Encoding would override Content-Length.
    if has_coding and has_length:
        raise both_lengths()
    # Rule 4: the last coding is chunked, or the length cannot be known.
    if has_coding:
        return coded_framing(version, fields)
    # Rules 5 and 6: a Content-Length that is valid, and one that is not.
    if has_length:
        return length_framing(fields)
    # Rule 7: neither field, no content, whatever the method. [rfc9112-6.3-a3]
    return NO_CONTENT
    # Rule 8 is about responses alone.


def both_lengths() -> errors.Refusal:
    """Rule 3 and Section 6.1. # Choice: refused, though decoding by Transfer-Encoding alone would be allowed.

    Whoever sent both may have meant another server to read the other one.
    """
    # [rfc9112-6.1-12] [rfc9112-6.1-13] [rfc9112-6.3-a2]
    return errors.bad_request("a message has Transfer-Encoding or Content-Length, not both")


def coded_framing(version: Version, fields: Fields) -> Framing:
    """Rule 4 and Section 6.1: chunked, once, as the last coding, and nothing that this server cannot decode."""
    if version < (1, 1):
        # The sender, or somebody between, does not know transfer codings: its framing is faulty. [rfc9112-6.1-14]
        raise errors.bad_request("HTTP/1.0 has no transfer codings")
    names = [coding_name(member) for member in coding_members(fields)]
    if not names or names[-1] != b"chunked":
        raise errors.bad_request("the last transfer coding is not chunked")  # [rfc9112-6.3-3]
    if b"chunked" in names[:-1]:
        raise errors.bad_request("chunked is applied more than once")
    if len(names) > 1:
        raise errors.not_implemented("no transfer coding but chunked is known here")  # [rfc9112-6.1-9] [rfc9112-7.2-1]
    return CHUNKED  # [rfc9112-6.1-1] [rfc9112-6.3-10]


def coding_members(fields: Fields) -> list[bytes]:
    """Return the members of Transfer-Encoding, all lines together, empty ones left out (RFC 9110, Section 5.6.1).

    A comma inside a quoted parameter splits a member in two that are none, so it is refused.
    """
    members = (member.strip(b" \t") for value in fields.get_all(b"Transfer-Encoding") for member in value.split(b","))
    return [member for member in members if member]


def coding_name(member: bytes) -> bytes:
    """Return the name of one transfer coding in lower case (Section 7). Raises Refusal."""
    match = CODING.match(member)
    if match is None:
        raise errors.bad_request("Transfer-Encoding is not a list of transfer codings")
    name = match[1].lower()  # [rfc9112-7-a1]
    if name == b"chunked" and match[2]:
        raise errors.bad_request("chunked takes no parameters")  # [rfc9112-7.1-4]
    return name


def length_framing(fields: Fields) -> Framing:
    """Rules 5 and 6: one line of digits, or the message has no end that two readers would agree on."""
    # [rfc9110-8.6-8] [rfc9110-8.6-11]
    values = fields.get_all(b"Content-Length")
    # Choice: a repeated length is refused even where all copies agree, as RFC 9110, Section 8.6 lets a recipient do.
    if len(values) != 1 or LENGTH.match(values[0]) is None:
        raise errors.bad_request("Content-Length is not one number")  # [rfc9112-6.3-4] [rfc9112-6.3-5]
    digits = values[0].lstrip(b"0")
    if len(digits) > LENGTH_DIGITS_MAX:
        raise content_too_large()
    return Framing(BodyKind.LENGTH, int(digits or b"0"))


def check_length(framed: Framing, content_bytes_max: int) -> None:
    """Refuse content that is announced to be longer than is taken for this request (RFC 9110, Section 15.5.14)."""
    # [rfc9110-15.5.14-1]
    if framed.length > content_bytes_max:
        raise content_too_large()


def content_too_large() -> errors.Refusal:
    """Return the refusal of content over the limit, announced or come."""
    return errors.content_too_large("the content is larger than this server takes")
