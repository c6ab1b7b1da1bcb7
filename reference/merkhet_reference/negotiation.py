"""RFC 9110, Section 12.5.1: Accept. Which of the media types that there are a client likes best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from merkhet_reference import abnf, coding

MEDIA_RANGE = abnf.whole(rb"(" + abnf.TOKEN + rb")/(" + abnf.TOKEN + rb")(" + abnf.PARAMETERS + rb")")
"""type "/" subtype and parameters; an asterisk is a token."""

WEIGHT_MAX = 1000


class MediaRange(NamedTuple):
    """One member of Accept. `weight` is in thousandths; `precision` says how closely it names a type: 0 to 2."""

    kind: bytes
    subtype: bytes
    weight: int
    precision: int

    def matches(self, media_type: bytes) -> bool:
        """Whether this type is in the range; its own parameters do not count."""
        kind, _, subtype = media_type.partition(b";")[0].strip().lower().partition(b"/")
        return self.kind in {b"*", kind} and self.subtype in {b"*", subtype}


def media_ranges(values: Sequence[bytes]) -> list[MediaRange]:
    """Return the members of Accept, given the values of all its lines. What is no media range is left out.

    A quoted string with a comma in it makes two members that are none: no type that anybody serves has one.
    """
    members = (member.strip(b" \t") for value in values for member in value.split(b","))
    return [found for member in members if (found := media_range(member)) is not None]


def media_range(member: bytes) -> MediaRange | None:
    """Return one member, None if it is no media range.

    The weight is the parameter `q` wherever it stands among the others (Section 12.5.1), in any case.
    """
    # [rfc9110-12.5.1-2]
    match = MEDIA_RANGE.match(member)
    if match is None or (match[1] == b"*" and match[2] != b"*"):
        return None
    weight = WEIGHT_MAX
    for parameter in match[3].split(b";")[1:]:
        if parameter.lstrip(b" \t")[:2].lower() == b"q=":
            weight = coding.parse_weight(parameter)
    precision = (match[1] != b"*") + (match[2] != b"*")
    return MediaRange(match[1].lower(), match[2].lower(), weight, precision)


def best_type(values: Sequence[bytes], offered: Sequence[bytes]) -> bytes | None:
    """Return the one of `offered` (none of them with a weight) that is wanted most, the first one on a tie.

    None if not one is acceptable. The range that names a type most closely speaks for it. Without Accept, and with one
    that says nothing, any type is as good as another.
    """
    ranges = media_ranges(values)
    if not ranges:
        return offered[0]
    weights = [weight_of(media_type, ranges) for media_type in offered]
    best = max(weights)
    return offered[weights.index(best)] if best else None


def weight_of(media_type: bytes, ranges: Sequence[MediaRange]) -> int:
    """Return how much a type is wanted, in thousandths; 0: not at all."""
    matching = [known for known in ranges if known.matches(media_type)]
    return max(matching, key=lambda known: known.precision).weight if matching else 0
