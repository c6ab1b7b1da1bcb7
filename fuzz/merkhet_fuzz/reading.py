"""From an input to its octets, and to what is due for them."""

from __future__ import annotations

from typing import NamedTuple

from merkhet_fuzz import http_request
from merkhet_fuzz.http_request import LENGTHS, Meaning, length_before
from merkhet_fuzz.model import RAW, Edit, Input, LineError, Piece
from merkhet_fuzz.spellings import BY_NAME, KIND_OF, Due, Level, Spelling

RAW_SPELLING = Spelling(RAW, bytes, Due.FREE, "")
SHOWN = frozenset(("value", "target", "body", "chunk-data"))
"""Kinds of which a parser hands on the octets."""


class Demand(NamedTuple):
    """What is due for an input, and why.

    `request`: with REFUSE, the number of the request that is never handed on whole. `blame` names the spelling that
    decides, `clause` and `level` the rule.
    """

    due: Due
    request: int = 0
    blame: str = ""
    clause: str = ""
    level: Level = Level.MUST


ACCEPTED = Demand(Due.ACCEPT, clause="rfc9112#2.2", blame="legal")
FREE = Demand(Due.FREE)


def check(given: Input) -> None:
    """Raise LineError if an edit is not known, or not one of its piece's kind."""
    for name, index, _ in given.edits:
        if name == RAW:
            continue
        kind = given.pieces[index].kind
        if KIND_OF.get(name) != kind:
            raise LineError(f"edit:{name}@{index} is not known as an edit of {kind}")


def legal_data(given: Input) -> list[bytes]:
    """Return the octets of each piece, with content as it is edited and lengths mended where that is asked for."""
    data = [piece.data for piece in given.pieces]
    for name, index, _ in given.edits:
        kind = given.pieces[index].kind
        if name == RAW or kind not in LENGTHS:
            continue
        data[index] = BY_NAME[name].write(data[index])
        if given.mend:
            _mend(given.pieces, data, index)
    return data


def _mend(pieces: tuple[Piece, ...], data: list[bytes], index: int) -> None:
    at = length_before(pieces, index)
    if at is not None:
        data[at] = LENGTHS[pieces[index].kind][1] % len(data[index])


def octets(given: Input) -> bytes:
    """Return the octets of an input, as far as its stop."""
    data = legal_data(given)
    for name, index, raw in given.edits:
        if raw is not None:
            data[index] = raw
        elif given.pieces[index].kind not in LENGTHS:
            data[index] = BY_NAME[name].write(data[index])
    joined = b"".join(data)
    return joined if given.stop is None else joined[: given.stop]


def request_of(pieces: tuple[Piece, ...], index: int) -> int:
    """Return the number of the request that a piece belongs to, counted from 0."""
    return sum(piece.kind == "method" for piece in pieces[: index + 1]) - 1


def demand(given: Input) -> Demand:
    """Return what is due. With any edit that is free all is free: it may take away what makes another one wrong.

    Two spellings of one request can heal one another, as a CR behind a chunk size and a line that ends in LF alone do: a
    refusal is due only where everything else in its request is legal.
    """
    if not given.edits:
        return ACCEPTED
    found = ACCEPTED
    doubtful: list[int] = []
    for edit in given.edits:
        due, clause, level, name = _due(given, edit)
        if due is Due.FREE:
            return FREE
        request = 0
        if due > Due.ACCEPT:
            request = request_of(given.pieces, edit.place)
            doubtful.append(request)
        if due >= found.due:
            found = Demand(due, request, name, clause, level)
    if found.due is Due.REFUSE and doubtful.count(found.request) > 1:
        return FREE
    return found


def _due(given: Input, edit: Edit) -> tuple[Due, str, Level, str]:
    """Return what one edit brings about: a length that does not agree with its content is never legal."""
    spelling = RAW_SPELLING if edit.name == RAW else BY_NAME[edit.name]
    kind = given.pieces[edit.place].kind
    if kind not in LENGTHS or given.mend or edit.name == RAW:
        return spelling.due, spelling.clause, spelling.level, edit.name
    name = f"{edit.name}.unmended"
    grown_or_shrunk = edit.name.endswith((".grow", ".shrink"))
    if kind == "chunk-data" and grown_or_shrunk:
        return Due.REFUSE, "rfc9112#7.1", Level.SHOULD, name
    if edit.name == "body.shrink" and edit.place == len(given.pieces) - 1:
        return Due.REFUSE, "rfc9112#6.3", Level.MUST, name
    return Due.FREE, "", Level.MUST, name


def meanings(given: Input) -> list[Meaning]:
    """Return what an input says that is not free: as its legal base does, but for edits of octets that are handed on."""
    data = legal_data(given)
    for name, index, _ in given.edits:
        if given.pieces[index].kind in SHOWN and given.pieces[index].kind not in LENGTHS:
            data[index] = BY_NAME[name].write(data[index])
    return http_request.meanings(given.pieces, data)


def whole_requests(given: Input, length: int) -> tuple[int, bool]:
    """Return how many requests are whole before the stop, and whether the stop is where one ends. `length`: octets in all."""
    if given.stop is None or given.stop >= length:
        return sum(piece.kind == "method" for piece in given.pieces), True
    full = given._replace(stop=None)
    at = count = 0
    for begin, end in _requests(given.pieces):
        edits = tuple(edit._replace(place=edit.place - begin) for edit in given.edits if begin <= edit.place < end)
        at += len(octets(full._replace(pieces=given.pieces[begin:end], edits=edits)))
        if at > given.stop:
            return count, False
        count += 1
        if at == given.stop:
            return count, True
    return count, True


def _requests(pieces: tuple[Piece, ...]) -> list[tuple[int, int]]:
    starts = [at for at, piece in enumerate(pieces) if piece.kind == "method"]
    return list(zip(starts, [*starts[1:], len(pieces)], strict=True))
