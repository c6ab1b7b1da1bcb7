"""Refusals: why a message is not processed, and the status that says so (RFC 9110, Section 15)."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of ours
    """The peer's message cannot or will not be processed.

    `status` is the code of the answer; `why` is a sentence of our own that never repeats the peer's octets, so that an
    answer can carry it without carrying an injection. Whoever catches it answers, says close, and reads no further.
    """

    # [rfc9110-15.6-1] [rfc9110-15.6.6-1]

    def __init__(self, status: int, why: str) -> None:
        super().__init__(f"{status}: {why}")
        self.status = status
        self.why = why


def bad_request(why: str) -> Refusal:
    """400: the message breaks the grammar, or its framing cannot be trusted (RFC 9110, Section 15.5.1)."""
    return Refusal(400, why)


def content_too_large(why: str) -> Refusal:
    """413: the content is larger than the server is willing to process (RFC 9110, Section 15.5.14)."""
    return Refusal(413, why)


def uri_too_long(why: str) -> Refusal:
    """414: the request target is longer than the server is willing to interpret (RFC 9110, Section 15.5.15)."""
    return Refusal(414, why)


def misdirected(why: str) -> Refusal:
    """421: the request is for a resource that cannot be asked for on this connection (RFC 9110, Section 15.5.20)."""
    return Refusal(421, why)


def fields_too_large(why: str) -> Refusal:
    """431: the field lines are too large, singly or together (RFC 6585, Section 5)."""
    return Refusal(431, why)


def not_implemented(why: str) -> Refusal:
    """501: the server does not know the method or the transfer coding (RFC 9110, Section 15.6.2)."""
    return Refusal(501, why)


def version_not_supported(why: str) -> Refusal:
    """505: the server does not speak this major version (RFC 9110, Section 15.6.6)."""
    return Refusal(505, why)
