"""Making an input smaller while it shows the same disagreement: fewer edits, then a smaller base, never other octets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from merkhet_fuzz import http_request, reading
from merkhet_fuzz.model import EVERY, Input, Piece

SHORTEST = b"ab"


def minimise(given: Input, shows: Callable[[Input], bool]) -> Input:
    """Return the smallest input found for which `shows` holds; it holds for `given`."""
    best = given
    while True:
        smaller = next((each for each in smaller_ones(best) if shows(each)), None)
        if smaller is None:
            return best
        best = smaller


def smaller_ones(given: Input) -> Iterator[Input]:
    """Make the inputs that are one step smaller, what takes away most first. Each step leads on, so there is an end."""
    if given.cuts:
        yield given._replace(cuts=())
    if given.stop is not None:
        yield given._replace(stop=None)
    for at in range(len(given.edits)):
        yield given._replace(edits=given.edits[:at] + given.edits[at + 1 :])
    for group in http_request.groups(given.pieces):
        yield without(given, group)
    if given.cuts == EVERY:
        yield from (given._replace(cuts=(cut,)) for cut in range(1, len(reading.octets(given))))
    elif len(given.cuts) > 1:
        yield from (given._replace(cuts=(cut,)) for cut in given.cuts)
    yield from _plainer(given)
    if given.mend and not any(given.pieces[edit.place].kind in http_request.LENGTHS for edit in given.edits):
        yield given._replace(mend=False)


def without(given: Input, group: Collection[int]) -> Input:
    """Return an input without some pieces, by their numbers, and without their edits."""
    pieces = tuple(piece for at, piece in enumerate(given.pieces) if at not in group)
    edits = tuple(
        edit._replace(place=edit.place - sum(at < edit.place for at in group))
        for edit in given.edits
        if edit.place not in group
    )
    return given._replace(pieces=pieces, edits=edits)


def _plainer(given: Input) -> Iterator[Input]:
    """Make inputs that have the plainest octets in one place."""
    for at, (kind, data) in enumerate(given.pieces):
        plain = http_request.SIMPLEST.get(kind)
        if plain is not None and data != plain:
            yield _with(given, {at: plain})
        elif kind in http_request.LENGTHS and data != SHORTEST:
            before = http_request.length_before(given.pieces, at)
            if before is not None:
                yield _with(given, {at: SHORTEST, before: http_request.LENGTHS[kind][1] % len(SHORTEST)})


def _with(given: Input, changed: dict[int, bytes]) -> Input:
    pieces = tuple(Piece(piece.kind, changed[at]) if at in changed else piece for at, piece in enumerate(given.pieces))
    return given._replace(pieces=pieces)
