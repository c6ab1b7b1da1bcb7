"""Which inputs a campaign on WebSocket tries: same seed, same inputs. Every third is legal, for what edits would hide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate

from merkhet_fuzz import mutate
from merkhet_fuzz.bases import library
from merkhet_fuzz.dice import Dice
from merkhet_fuzz.grammar import Base, Grammar, Kind
from merkhet_fuzz.inputs import PLAIN, Edit, Input, Transport

CODES = (0, 1, 999, 1004, 1005, 1006, 1012, 1013, 1014, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
ODD_BODIES = (b"\x03", b"\0", b"\x03\xe8\xff", b"\x03\xe8caf\xc3", b"\x03\xe8\xed\xa0\x80", b"\x03\xec", b"\xff")
INVALID = (
    b"\xff", b"\xc3", b"caf\xe9", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xc0\xaf",
    b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\x80", b"\xc1\xbf", b"\xfe",
)  # fmt: skip
"""Octets that are no UTF-8, by the way in which they are none (RFC 3629, Section 4)."""
SHARES: Mapping[Kind, Mapping[str, int]] = {
    Kind.FRAMES: {
        "messages": 25, "fragments": 30, "control": 14, "closing": 10, "early": 4, "many": 6, "serial": 2, "push": 9,
    },
    Kind.HANDSHAKE: {"plain": 35, "extended": 15, "subprotocol": 17, "deflate": 30, "absolute": 3},
    Kind.DEFLATE: {"messages": 34, "fragments": 36, "windows": 30},
}  # fmt: skip
"""How often each base is drawn, of a hundred."""
SHORT_BYTES = 120
"""Up to here an input may go octet by octet."""
ALWAYS_LEGAL = frozenset(("early", "many", "serial", "push"))


def make(kind: Kind, seed: int, index: int) -> Input:
    """Return the input of this number in the campaign of this seed."""
    dice = Dice(seed, index)
    name = _drawn(SHARES[kind], dice)
    if name in ALWAYS_LEGAL or dice.chance(35):
        return _legal(dice, kind, name)
    variant = 0 if dice.chance(15) else 1 + dice.below(library.SEEDS - 1)
    base = library.base(kind, name, variant)
    transport = PLAIN if dice.chance(85) else _segments(base, dice)
    return Input(kind, name, variant, _edits(base, dice), transport)


def _segments(base: Base, dice: Dice) -> Transport:
    """Return a way to travel on which nothing is lost, and of which a long input makes no thousands of segments."""
    octets = sum(len(piece.octets) for piece in base.pieces)
    transport = mutate.transport(base, dice)
    if transport != PLAIN and transport.end < 0 and (not transport.each or octets <= SHORT_BYTES):
        return transport
    if octets <= SHORT_BYTES:
        return Transport(each=1 + dice.below(3))
    return (
        Transport(each=16 + dice.below(16)) if octets <= 4 * SHORT_BYTES else Transport(cuts=(octets // 3, octets // 2))
    )


def _drawn(shares: Mapping[str, int], dice: Dice) -> str:
    roll = dice.below(sum(shares.values()))
    return next(name for name, edge in zip(shares, accumulate(shares.values()), strict=True) if roll < edge)


def _legal(dice: Dice, kind: Kind, name: str) -> Input:
    variant = dice.below(library.SEEDS)
    base = library.base(kind, name, variant)
    is_timed = name == "serial"
    return Input(kind, name, variant, (), PLAIN if is_timed or dice.chance(70) else _segments(base, dice))


def _edits(base: Base, dice: Dice) -> tuple[Edit, ...]:
    """Return one edit, seldom two, of places of their own."""
    made = list(_edit(base, dice))
    if dice.chance(12):
        made += _edit(base, dice)
    seen: dict[str, Edit] = {}
    for edit in made:
        seen.setdefault(edit.place, edit)
    return tuple(seen.values())


def _edit(base: Base, dice: Dice) -> Sequence[Edit]:
    if base.kind is Kind.HANDSHAKE:
        own = [piece for piece in base.pieces if piece.grammar in {Grammar.OFFER, Grammar.SUBPROTOCOL}]
        if own and dice.chance(60):
            return [Edit(own[0].name, dice.pick(mutate.NAMES[own[0].grammar]))]
        if dice.chance(45):
            # What a WebSocket is about, more often than the punctuation around it.
            pieces = [piece for piece in base.pieces if piece.name.endswith((".value", ".method", ".version"))]
            piece = dice.pick(pieces)
            return [Edit(piece.name, dice.pick(mutate.NAMES[piece.grammar]))]
        return mutate.edit(base, dice)
    if dice.chance(60):
        units = tuple(base.units)
        unit = dice.pick(units)
        return dice.pick(FRAME_EDITS)(base, unit, dice)
    made = mutate.edit(base, dice)
    # A message of many octets says no more than one of a few.
    return [edit for edit in made if edit.what != "of65536"]


def _length(base: Base, unit: str) -> int:
    return len(base.octets_of(f"{unit}.payload"))


def _said_in(width: int, number: int) -> tuple[str, str]:
    return ("len126" if width == 2 else "len127"), f"0,{number.to_bytes(width, 'big').hex()}"


def _bit(base: Base, unit: str, dice: Dice) -> list[Edit]:  # noqa: ARG001 - one of FRAME_EDITS
    return [Edit(f"{unit}.first", f"flip{4 + dice.below(4)}")]


def _opcode(base: Base, unit: str, dice: Dice) -> list[Edit]:  # noqa: ARG001
    return [Edit(f"{unit}.first", f"low{dice.below(16):x}"), Edit(f"{unit}.length", "stale")][: 1 + dice.below(2)]


def _unmasked(base: Base, unit: str, dice: Dice) -> list[Edit]:  # noqa: ARG001
    return [Edit(f"{unit}.length", "flip7"), Edit(f"{unit}.mask", "empty")]


def _longer(base: Base, unit: str, dice: Dice) -> list[Edit]:
    """A length in more octets than it needs, with its top bit set, or of which only the last 32 bits are right."""
    length, way = _length(base, unit), dice.below(4)
    if base.octets_of(f"{unit}.extended"):
        return [Edit(f"{unit}.extended", "over", "0,80")]
    width = 2 if way == 0 else 8
    number = length + (0 if way < 2 else 1 << 63 if way == 2 else 1 << 32)
    what, octets = _said_in(width, number)
    return [Edit(f"{unit}.length", what), Edit(f"{unit}.extended", "put", octets)]


def _payload(base: Base, unit: str, dice: Dice) -> list[Edit]:
    """What a frame of this kind must not have: text that is none, a Close's code, a control frame's length, garbage."""
    place, first = f"{unit}.payload", base.octets_of(f"{unit}.first")[0]
    length = _length(base, unit)
    if first & 8:
        if first & 15 != 8:
            return [Edit(place, dice.pick(("of126", "long", "of125", "high")))]
        if length < 2 or dice.chance(50):
            body = dice.pick(ODD_BODIES) if dice.chance(40) else dice.pick(CODES).to_bytes(2, "big")
            return [Edit(place, "take", f"0,{length}")] if not body else [Edit(place, "put", f"0,{body.hex()}")]
        return [Edit(place, "over", f"0,{dice.pick(CODES).to_bytes(2, 'big').hex()}")]
    if first & 0x40 and dice.chance(50):
        return [Edit(place, "over", dice.pick(("0,07", "0,06ffff", "0,000500050068656c6c6f00")))]
    octets = dice.pick(INVALID)
    at = dice.pick((0, length, dice.below(length + 1)))
    return [Edit(place, "put", f"{at},{octets.hex()}")]


FRAME_EDITS: tuple[Callable[[Base, str, Dice], list[Edit]], ...] = (
    _bit,
    _opcode,
    _unmasked,
    _longer,
    _payload,
    _payload,
)
"""Changes of one frame that mean something: see RFC 6455, Section 5.2, for what each departs from."""
