"""The inputs of the fuzzer as Hypothesis strategies, for properties of your own parser. Needs `merkhet[fuzz]`.

A test to paste; it finds what `merkhet fuzz parser` would, in fewer inputs and on the terms of your own test suite:

    from hypothesis import given
    from merkhet_fuzz import strategies
    from merkhet_fuzz.verdicts import Decision

    @given(strategies.wires("chunked"))
    def test_what_must_be_refused_is(wire):
        if wire.verdict.decision is Decision.REFUSE:
            assert my_decoder(wire.octets) is None, wire.verdict.why

    @given(strategies.legal("chunked"))
    def test_segments_mean_nothing(wire):
        assert my_decoder(*wire.segments) == my_decoder(wire.octets) == wire.expected[0]

What fails shrinks to the simplest base, fewer edits and one segment, and Hypothesis prints the input on the line that
`merkhet fuzz replay` takes. A kind is a `Kind`, or its name (`merkhet fuzz parser --list` has them behind the colon).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from merkhet_fuzz.bases import library
from merkhet_fuzz.edits import STALE, UNIT_EDITS
from merkhet_fuzz.grammar import VALUES, Base, Kind, Piece
from merkhet_fuzz.inputs import PLAIN, Edit, Input, Transport
from merkhet_fuzz.mutate import MARKS, NAMES
from merkhet_fuzz.render import Wire, render
from merkhet_fuzz.verdicts import Decision

CUTS_MAX = 4
EDITS_MAX = 3


def bases(kind: Kind | str) -> st.SearchStrategy[Base]:
    """Return the legal inputs of a kind as pieces. It shrinks to the simplest."""
    named = Kind(kind)

    def made(name: str, seed: int) -> Base:
        return library.base(named, name, seed)

    return st.builds(made, st.sampled_from(library.names(named)), st.integers(0, library.SEEDS - 1))


def edits(base: Base) -> st.SearchStrategy[Edit]:
    """Return every edit that the fuzzer makes of a base: spellings first, then whole units, then any octets."""
    kinds = [spellings(base)]
    if base.kind in {Kind.HTTP, Kind.CHUNKED, Kind.HANDSHAKE}:
        kinds.append(unit_edits(base))
    return st.one_of(*kinds, octet_edits(base))


def spellings(base: Base) -> st.SearchStrategy[Edit]:
    """Return the edits that write one piece otherwise, or leave a length as it is whatever becomes of what it counts."""

    def of(piece: Piece) -> st.SearchStrategy[Edit]:
        names = NAMES[piece.grammar] + ((STALE,) if any(piece.name == one.number for one in base.lengths) else ())
        return st.sampled_from(names).map(lambda what: Edit(piece.name, what))

    return st.sampled_from(base.pieces).flatmap(of)


def unit_edits(base: Base) -> st.SearchStrategy[Edit]:
    """Return the edits of whole units, such as a line of fields: dropped, repeated, with another line behind it."""

    def made(unit: str, what: str) -> Edit:
        # Not `builds(Edit, ...)`: that draws the argument too, which these have none of.
        return Edit(unit, what)

    return st.builds(made, st.sampled_from(list(base.roles)), st.sampled_from(UNIT_EDITS))


def octet_edits(base: Base) -> st.SearchStrategy[Edit]:
    """Return the edits that put octets into a piece, or take some out of it."""

    def of(piece: Piece) -> st.SearchStrategy[Edit]:
        def changed(what: str) -> Callable[[int, bytes], Edit]:
            return lambda at, more: Edit(piece.name, what, f"{at},{more.hex()}")

        def taken(at: int, count: int) -> Edit:
            return Edit(piece.name, "take", f"{at},{count}")

        new = st.sampled_from(MARKS) | st.binary(min_size=1, max_size=3)
        ways = [st.builds(changed(what), st.integers(0, len(piece.octets)), new) for what in ("put", "over")]
        if piece.octets:
            ways.insert(0, st.builds(taken, st.integers(0, len(piece.octets) - 1), st.integers(1, 3)))
        return st.one_of(ways)

    return st.sampled_from(base.pieces).flatmap(of)


def transports(base: Base, *, may_end: bool = True) -> st.SearchStrategy[Transport]:
    """Return ways to travel: one segment, several, each of so many octets, or with an end that comes too soon."""
    whole = len(base.octets)
    if base.kind in VALUES or whole < 2:
        return st.just(PLAIN)
    cuts = st.lists(st.integers(1, whole - 1), min_size=1, max_size=CUTS_MAX, unique=True)
    ways: list[st.SearchStrategy[Transport]] = [
        st.just(PLAIN),
        cuts.map(lambda found: Transport(cuts=tuple(sorted(found)))),
        st.integers(1, 4).map(lambda each: Transport(each=each)),
    ]
    if may_end:
        ways.append(st.integers(0, whole).map(lambda end: Transport(end=end)))
    return st.one_of(ways)


def inputs(kind: Kind | str, edits_max: int = EDITS_MAX) -> st.SearchStrategy[Input]:
    """Return inputs of a kind: a base, at most so many edits of different places, and a way to travel."""
    return _inputs(Kind(kind), edits_max)


@st.composite
def _inputs(draw: st.DrawFn, kind: Kind, edits_max: int) -> Input:
    base = draw(bases(kind))
    chosen: Sequence[Edit] = draw(st.lists(edits(base), max_size=edits_max, unique_by=lambda edit: edit.place))
    return Input(base.kind, base.name, base.seed, tuple(chosen), draw(transports(base)))


def wires(kind: Kind | str, edits_max: int = EDITS_MAX) -> st.SearchStrategy[Wire]:
    """Return inputs as they are sent: octets, segments, the verdict of the text, and what an acceptance has to mean."""
    return inputs(kind, edits_max).map(render)


def legal(kind: Kind | str) -> st.SearchStrategy[Wire]:
    """Return legal inputs as they are sent, whole and in any segments: `expected` has what comes out of each."""
    return _legal(Kind(kind))


@st.composite
def _legal(draw: st.DrawFn, kind: Kind) -> Wire:
    base = draw(bases(kind))
    return render(Input(base.kind, base.name, base.seed, (), draw(transports(base, may_end=False))))


def refused(kind: Kind | str) -> st.SearchStrategy[Wire]:
    """Return inputs with one edit that must be refused: message number `verdict.message`, from 0, must not come out."""

    @st.composite
    def made(draw: st.DrawFn) -> Wire:
        base = draw(bases(kind))
        return render(Input(base.kind, base.name, base.seed, (draw(edits(base)),)))

    return made().filter(lambda wire: wire.verdict.decision is Decision.REFUSE)
