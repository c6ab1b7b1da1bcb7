"""Edits done: from a base and a list of edits to pieces, with the lengths mended that nobody meant to break."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from merkhet_fuzz.grammar import Base, Grammar, Length, Piece
from merkhet_fuzz.inputs import Edit, InputError
from merkhet_fuzz.spellings import SPELLINGS

STALE = "stale"
"""The edit of a number that leaves it as it is, whatever becomes of what it counts."""
LINES: Mapping[str, bytes] = {
    "then-host": b"Host: b\r\n", "then-te-chunked": b"Transfer-Encoding: chunked\r\n",
    "then-te-identity": b"Transfer-Encoding: identity\r\n",
    "then-te-unknown": b"Transfer-Encoding: blegh\r\n", "then-te-empty": b"Transfer-Encoding: \r\n",
    "then-te-vt": b"Transfer-Encoding: \x0bchunked\r\n",
    "then-length-zero": b"Content-Length: 0\r\n", "then-length-other": b"Content-Length: 987\r\n",
    "then-length-plus": b"Content-Length: +5\r\n",
    "then-length-empty": b"Content-Length:\r\n", "then-folded": b" folded\r\n", "then-folded-tab": b"\tfolded: 1\r\n",
    "then-no-colon": b"x-no-colon\r\n",
    "then-empty-name": b": v\r\n", "then-only-colon": b":\r\n", "then-spaced-name": b"x spaced: v\r\n",
    "then-underscore": b"Content_Length: 1\r\nTransfer_Encoding: chunked\r\n",
    "then-key1": b"Sec-WebSocket-Key1: x\r\n", "then-plain": b"x-plain: 1\r\n",
    "then-prefix": b"Content-Lengthx: 1\r\nxTransfer-Encoding: chunked\r\n",
    "then-connection-close": b"Connection: keep-alive\r\nConnection: close\r\n",
    "then-space-colon": b"x-spaced : 1\r\n",
}  # fmt: skip
"""Lines that are put behind a unit."""
EMPTY_LINE = "empty-line-before"
UNIT_EDITS = ("drop", "twice", *LINES, EMPTY_LINE)


@dataclass(slots=True)
class Edited:
    """What edits made of a base. `units` are those that were changed, in the order of the wire, each once.

    `flat` are the pieces before units were dropped, repeated or added: they stand as those of the base do.
    `changed` has the names of the pieces that were changed, and `unit_edits` what was done to a unit as a whole.
    """

    base: Base
    pieces: list[Piece]
    units: list[str]
    unit_edits: dict[str, str]
    changed: set[str]
    flat: list[Piece]

    def octets_of(self, unit: str) -> bytes:
        """Return the octets of a unit as they are now."""
        if not self.unit_edits:
            return octets_of_unit(self.base, self.pieces, unit)
        return b"".join([piece.octets for piece in self.pieces if piece.unit == unit])


def octets_of_unit(base: Base, pieces: Sequence[Piece], unit: str) -> bytes:
    """Return the octets of a unit in pieces that stand as those of the base do."""
    start = at = base.units[unit]
    while at < len(pieces) and pieces[at].unit == unit:
        at += 1
    return b"".join([piece.octets for piece in pieces[start:at]])


def apply(base: Base, edits: Iterable[Edit]) -> Edited:
    """Return what these edits make of the base. Raises InputError for an edit that does not fit it."""
    pieces = list(base.pieces)
    changed: set[str] = set()
    unit_edits: dict[str, str] = {}
    for edit in edits:
        at = base.places.get(edit.place)
        if at is None:
            if edit.place not in base.roles or edit.what not in UNIT_EDITS:
                raise InputError(f"{edit}: {base.label} has no such place, or it is not edited so")
            unit_edits[edit.place] = edit.what
        elif edit.what == STALE:
            changed.add(edit.place)
        else:
            octets = spelled(edit, pieces[at])
            if octets != pieces[at].octets:
                pieces[at] = pieces[at]._replace(octets=octets)
                changed.add(edit.place)
    if base.lengths:
        for length in base.lengths:
            if length.number not in changed and not changed.isdisjoint(length.counted):
                changed |= mend(base, pieces, length, changed)
    units = {pieces[base.places[name]].unit for name in changed} | unit_edits.keys()
    flat = pieces
    if unit_edits:
        pieces = restructured(pieces, unit_edits)
    ordered = sorted(units, key=base.units.__getitem__) if len(units) > 1 else list(units)
    return Edited(base, pieces, ordered, unit_edits, changed, flat)


def spelled(edit: Edit, piece: Piece) -> bytes:
    """Return what one edit makes of a piece. Raises InputError."""
    spelling = SPELLINGS[piece.grammar].get(edit.what)
    if spelling is not None:
        return spelling(piece.octets)
    change = OCTET_EDITS.get(edit.what)
    if change is None:
        raise InputError(f"{edit}: a piece of type {piece.grammar} is not edited so")
    try:
        offset, _, more = edit.argument.partition(",")
        return change(piece.octets, int(offset), more)
    except ValueError as problem:
        raise InputError(f"{edit}: expected an offset and, behind a comma, what belongs to it") from problem


def _put(octets: bytes, offset: int, more: str) -> bytes:
    return octets[:offset] + bytes.fromhex(more) + octets[offset:]


def _take(octets: bytes, offset: int, more: str) -> bytes:
    return octets[:offset] + octets[offset + int(more) :]


def _over(octets: bytes, offset: int, more: str) -> bytes:
    new = bytes.fromhex(more)
    return octets[:offset] + new + octets[offset + len(new) :]


def _repeated(count: int, more: str) -> bytes:
    repeated, _, around = more.partition(",")
    begin, _, end = around.partition(",")
    return bytes.fromhex(begin) + bytes.fromhex(repeated) * count + bytes.fromhex(end)


def _before(octets: bytes, count: int, more: str) -> bytes:
    return _repeated(count, more) + octets


def _behind(octets: bytes, count: int, more: str) -> bytes:
    return octets + _repeated(count, more)


BEFORE, BEHIND = "before", "behind"
LENGTHENING = (BEFORE, BEHIND)
"""Edits that make an input long: what it then means, nobody says."""
OCTET_EDITS = {"put": _put, "take": _take, "over": _over, BEFORE: _before, BEHIND: _behind}
"""Changes of any octets: `put=OFFSET,HEX` inserts, `over=OFFSET,HEX` replaces, `take=OFFSET,COUNT` takes away.

`before=COUNT,HEX,BEGIN,END` and `behind=...` put octets COUNT times beside the piece, between BEGIN and END.
"""


def mend(base: Base, pieces: list[Piece], length: Length, changed: set[str]) -> set[str]:
    """Write the number anew that counts what was changed. Return the names of the pieces that changed by it."""
    count = sum(len(pieces[base.places[name]].octets) for name in length.counted)
    at = base.places[length.number]
    if length.width:
        return _mend_frame(pieces, at, count, changed)
    pieces[at] = pieces[at]._replace(octets=b"%d" % count if length.radix == 10 else b"%x" % count)
    return {length.number}


def _mend_frame(pieces: list[Piece], at: int, count: int, changed: set[str]) -> set[str]:
    width, short = (0, count) if count < 126 else (2, 126) if count < 65536 else (8, 127)
    if pieces[at + 1].name in changed:
        return set()
    pieces[at] = pieces[at]._replace(octets=bytes([pieces[at].octets[0] & 0x80 | short]))
    pieces[at + 1] = pieces[at + 1]._replace(octets=count.to_bytes(width, "big") if width else b"")
    return {pieces[at].name}


def restructured(pieces: list[Piece], unit_edits: Mapping[str, str]) -> list[Piece]:
    """Drop units, repeat them, and put lines behind and before them."""
    made: list[Piece] = []
    for unit, group in _grouped(pieces):
        what = unit_edits.get(unit, "")
        message = group[0].message
        if what == EMPTY_LINE:
            made.append(Piece(f"{unit}.empty-line", Grammar.LINE_END, b"\r\n", message, unit))
        if what != "drop":
            made += group
        if what == "twice":
            made += group
        elif what in LINES:
            made.append(Piece(f"{unit}.inserted", Grammar.TEXT, LINES[what], message, unit))
    return made


def _grouped(pieces: list[Piece]) -> Iterable[tuple[str, list[Piece]]]:
    group: list[Piece] = []
    for piece in pieces:
        if group and group[-1].unit != piece.unit:
            yield group[0].unit, group
            group = []
        group.append(piece)
    if group:
        yield group[0].unit, group
