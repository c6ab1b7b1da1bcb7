"""Inputs in any number: a base, most often one edit, sometimes several, and a way to travel. Same seed, same inputs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from merkhet_fuzz.bases import connection, library
from merkhet_fuzz.dice import Dice
from merkhet_fuzz.edits import EMPTY_LINE, LINES, STALE, spelled
from merkhet_fuzz.grammar import VALUES, Base, Grammar, Kind, Piece
from merkhet_fuzz.inputs import PLAIN, Edit, Input, Transport
from merkhet_fuzz.spellings import SPELLINGS

NAMES = {grammar: tuple(spellings) for grammar, spellings in SPELLINGS.items()}
STALE_PERCENT = 20
"""How often a length is left as it is though what it counts was edited."""
HEAD_ROLES = frozenset(("field", "host", "content-length", "transfer-encoding", "trailer", "request-line"))
LINED = frozenset((Kind.HTTP, Kind.CHUNKED, Kind.HANDSHAKE, Kind.CONNECTION))
"""Kinds whose units are lines, or stand where lines may."""
MODELLED = frozenset((Kind.EXCHANGE, Kind.CONNECTION))
COMPOSED = frozenset(((Kind.HTTP, "several"), (Kind.FRAMES, "many")))
"""Bases that are others behind each other."""
SIMPLEST_PERCENT = 25
MODEL_PERCENT = 75


@lru_cache(maxsize=256)
def _names(kind: Kind) -> tuple[str, ...]:
    return library.names(kind)


def make(kind: Kind, seed: int, index: int, names: tuple[str, ...] = ()) -> Input:
    """Return the input of this number in the campaign of this seed. `names` are the bases to draw from; () for all.

    Every second one is of the sweep, as long as that goes on.
    """
    swept = sweep(kind, seed, names)
    if not index % 2 and index // 2 < len(swept):
        name, single = swept[index // 2]
        return Input(kind, name, 0, (single,))
    dice = Dice(seed, index)
    name = dice.pick(names or _names(kind))
    simplest = 1 if kind is Kind.EXCHANGE else SIMPLEST_PERCENT
    variant = 0 if dice.chance(simplest) else 1 + dice.below(library.seeds(kind) - 1)
    base = library.base(kind, name, variant)
    roll = dice.below(100)
    if kind is Kind.CONNECTION and name not in connection.EDITED:
        roll = 0
    if kind is Kind.EXCHANGE and dice.chance(MODEL_PERCENT):
        roll = 0  # its variants are legal, and its models are what judges it
    count = 0 if roll < 4 else 1 if roll < 76 else 2 if roll < 93 else 3
    edits: list[Edit] = []
    for _ in range(count):
        edits += edit(base, dice)
    # A place is edited once: the second edit of one would be told as if it were the first.
    seen: dict[str, Edit] = {}
    for made in edits:
        seen.setdefault(made.place, made)
    return Input(kind, name, variant, tuple(seen.values()), PLAIN if kind in VALUES else transport(base, dice))


@lru_cache(maxsize=32)
def sweep(kind: Kind, seed: int, names: tuple[str, ...] = ()) -> tuple[tuple[str, Edit], ...]:
    """Return every single named edit of the simplest bases, in an order that is the seed's: luck is for what is not so few.

    None for kinds whose bases are held against models, and most often not edited.
    """
    if kind in MODELLED:
        return ()
    plain = [name for name in names or _names(kind) if (kind, name) not in COMPOSED]
    made = [(name, single) for name in plain for single in singles(library.base(kind, name, 0))]
    dice = Dice(seed, *kind.encode())
    for at in range(len(made) - 1, 0, -1):
        other = dice.below(at + 1)
        made[at], made[other] = made[other], made[at]
    return tuple(made)


def singles(base: Base) -> Iterator[Edit]:
    """Yield the named edits of a base, those that change something and of which no other makes the same."""
    for piece in base.pieces:
        known = {piece.octets}
        for name in NAMES[piece.grammar]:
            made = Edit(piece.name, name)
            octets = spelled(made, piece)
            if octets not in known:
                known.add(octets)
                yield made
    if base.kind in LINED:
        for unit, role in base.roles.items():
            lines = tuple(LINES) if role in HEAD_ROLES else ()
            whole = (EMPTY_LINE,) if role == "request-line" else ("drop", "twice")
            yield from (Edit(unit, what) for what in (*lines, *whole))


def edit(base: Base, dice: Dice) -> list[Edit]:
    """Return one edit of the base, with what leaves a length unmended perhaps."""
    if base.kind in LINED and dice.chance(15):
        return [unit_edit(base, dice)]
    piece = dice.pick(base.pieces)
    if dice.chance(12):
        return [octet_edit(piece, dice)]
    made = [Edit(piece.name, dice.pick(NAMES[piece.grammar]))]
    if piece.grammar is Grammar.OCTETS and dice.chance(STALE_PERCENT):
        made += [Edit(length.number, STALE) for length in base.lengths if piece.name in length.counted]
    return made


def unit_edit(base: Base, dice: Dice) -> Edit:
    """Return an edit of a whole unit: dropped, repeated, or with a line behind it."""
    unit = dice.pick(base.pieces).unit
    role = base.roles[unit]
    if role in HEAD_ROLES and dice.chance(70):
        return Edit(unit, dice.pick(tuple(LINES)))
    if role == "request-line":
        return Edit(unit, EMPTY_LINE)
    return Edit(unit, dice.pick(("drop", "twice")))


def octet_edit(piece: Piece, dice: Dice) -> Edit:
    """Return a change of any octets of a piece: the octets that parsers look for, more often than others."""
    offset = dice.below(len(piece.octets) + 1)
    octets = dice.pick(MARKS) if dice.chance(75) else dice.octets(1 + dice.below(3))
    what = dice.below(3)
    if what == 0 and piece.octets:
        return Edit(piece.name, "take", f"{min(offset, len(piece.octets) - 1)},{1 + dice.below(3)}")
    return Edit(piece.name, "put" if what == 1 else "over", f"{offset},{octets.hex()}")


MARKS = (
    b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b";", b",", b"=", b'"', b"\\", b"0", b"1", b"a", b"-", b"+", b"_", b"x", b"%",
    b"\x0b", b"\x0c",
    b"\x1c", b"\x7f", b"\x80", b"\x85", b"\xa0", b"\xff", b"/", b"#", b"?", b"*", b"(", b"\r\n\r\n", b"\n\n", b"\r\r\n",
)  # fmt: skip


def transport(base: Base, dice: Dice) -> Transport:
    """Return a way to travel: mostly one segment, as no edit is hidden by it."""
    roll = dice.below(100)
    if roll < 82:
        return PLAIN
    whole = sum(len(piece.octets) for piece in base.pieces)
    if roll < 92:
        # At the edges of pieces, where a parser changes its state.
        return Transport(end=_edge(base, dice) if dice.chance(60) else dice.below(whole + 1))
    if roll < 95:
        return Transport(each=1 + dice.below(4))
    return Transport(cuts=tuple(sorted({_edge(base, dice) for _ in range(1 + dice.below(3))})))


def _edge(base: Base, dice: Dice) -> int:
    at = dice.below(len(base.pieces))
    near = sum(len(piece.octets) for piece in base.pieces[:at]) + dice.below(3) - 1
    return max(near, 1)
