"""RFC 6455, Section 9.1: Negotiating Extensions. The list that a client offers, as names and parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from merkhet_reference import abnf

NAME = re.compile(abnf.OWS + rb"(" + abnf.TOKEN + rb")" + abnf.OWS)
PARAMETER = re.compile(
    abnf.OWS + rb"(" + abnf.TOKEN + rb")" + abnf.OWS
    + rb"(?:=" + abnf.OWS + rb"(?:(" + abnf.TOKEN + rb")|(" + abnf.QUOTED_STRING + rb"))" + abnf.OWS + rb")?"
)  # fmt: skip
EMPTY = re.compile(rb"[ \t,]*+")
"""Members of a list may be empty, and then count for nothing (RFC 9110, Section 5.6.1)."""
WHOLE_TOKEN = abnf.whole(abnf.TOKEN)
QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)

COMMA, SEMICOLON = b",", b";"


class Offer(NamedTuple):
    """One extension as a client offers it. Parameters in their order, and as often as they came; None without a value."""

    name: bytes
    parameters: tuple[tuple[bytes, bytes | None], ...] = ()


class MalformedError(ValueError):
    """The list breaks its grammar; the handshake is refused."""


def parse(values: Sequence[bytes]) -> list[Offer]:
    """Return what the field's lines offer, all lines as one list: an empty one is none. Raises MalformedError."""
    offers = [offer for value in values for offer in parse_line(value)]
    if values and not offers:
        raise MalformedError("nothing is offered")
    return offers


def parse_line(value: bytes) -> list[Offer]:
    """Return what one line offers. Linear: each step takes up where the one before stopped. Raises MalformedError."""
    offers: list[Offer] = []
    at = skip_empty(value, 0)
    while at < len(value):
        name = NAME.match(value, at)
        if name is None:
            raise MalformedError("an extension has no name")
        at = name.end()
        parameters: list[tuple[bytes, bytes | None]] = []
        while value[at : at + 1] == SEMICOLON:
            parameter, at = parse_parameter(value, at + 1)
            parameters.append(parameter)
        offers.append(Offer(name[1], tuple(parameters)))
        if at < len(value) and value[at : at + 1] != COMMA:
            raise MalformedError("something follows an extension")
        at = skip_empty(value, at)
    return offers


def skip_empty(value: bytes, at: int) -> int:
    """Return where the next member begins."""
    empty = EMPTY.match(value, at)
    return at if empty is None else empty.end()


def parse_parameter(value: bytes, at: int) -> tuple[tuple[bytes, bytes | None], int]:
    """Return a parameter, and where it ends. A quoted value has to be a token without its quotes."""
    found = PARAMETER.match(value, at)
    if found is None:
        raise MalformedError("a parameter has no name")
    if found[3] is None:
        return (found[1], found[2]), found.end()
    unquoted = QUOTED_PAIR.sub(rb"\1", found[3][1:-1])
    if WHOLE_TOKEN.match(unquoted) is None:
        raise MalformedError("a quoted value is no token")  # [rfc6455-4.3-1] [rfc6455-9.1-2]
    return (found[1], unquoted), found.end()
