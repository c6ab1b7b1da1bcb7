"""From a seed to inputs: legal bases, edits by grammar type, and how the octets come. The same on every release of Python."""

from __future__ import annotations

from collections.abc import Iterator

from merkhet_fuzz import http_request, reading
from merkhet_fuzz.dice import Dice
from merkhet_fuzz.model import EVERY, RAW, Edit, Input, Piece
from merkhet_fuzz.spellings import SPELLINGS

KIND = "http-request"
INPUTS_OF_A_BASE = 64
MENDED = 0.8
RAW_EDIT, STOPPED, CUT = 0.06, 0.05, 0.125
EDITS = (0, 1, 1, 1, 1, 1, 1, 2, 2, 3)
"""How many edits an input has: most disagreements need one, and legal streams must be among them."""
NASTY = (b"\r\n", b"\n", b"\r", b"\x00", b" ", b"\t", b":", b";", b",", b'"', b"\xff", b"0", b"\r\n\r\n", b"a" * 300)


def inputs(seed: int) -> Iterator[tuple[Input, bytes]]:
    """Make inputs for ever, each with its octets."""
    dice = Dice(seed)
    while True:
        pieces = http_request.base(dice)
        editable = [at for at, piece in enumerate(pieces) if piece.kind in SPELLINGS]
        for _ in range(INPUTS_OF_A_BASE):
            yield edited(dice, pieces, editable)


def edited(dice: Dice, pieces: tuple[Piece, ...], editable: list[int]) -> tuple[Input, bytes]:
    """Return an input on a base, and its octets. `editable`: the numbers of the pieces that have spellings."""
    edits: list[Edit] = []
    taken: set[int] = set()
    mend = False
    for _ in range(dice.pick(EDITS)):
        at = dice.pick(editable)
        if at in taken:
            continue
        taken.add(at)
        kind, data = pieces[at]
        if dice.chance(RAW_EDIT):
            edits.append(Edit(RAW, at, _mangled(dice, data)))
            continue
        edits.append(Edit(dice.pick(SPELLINGS[kind]).name, at))
        mend = mend or (kind in http_request.LENGTHS and dice.chance(MENDED))
    given = Input(KIND, pieces, tuple(edits), mend)
    octets = reading.octets(given)
    if not dice.chance(STOPPED + CUT):
        return given, octets
    if dice.chance(STOPPED / (STOPPED + CUT)):
        stop = dice.below(len(octets) + 1)
        return given._replace(stop=stop), octets[:stop]
    cuts = EVERY if dice.chance(0.3) else tuple(1 + dice.below(len(octets)) for _ in range(1 + dice.below(3)))
    return given._replace(cuts=cuts), octets


def _mangled(dice: Dice, data: bytes) -> bytes:
    """Return octets with something put in, taken out, doubled or changed."""
    at = dice.below(len(data) + 1)
    way = dice.below(4)
    if way == 0:
        return data[:at] + dice.pick(NASTY) + data[at:]
    if way == 1:
        return data[:at] + data[at + 1 :]
    if way == 2:
        return data + data
    return data[:at] + bytes([dice.below(256)]) + data[at + 1 :]
