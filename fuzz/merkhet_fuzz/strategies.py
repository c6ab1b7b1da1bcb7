"""The same generators as Hypothesis strategies: for properties of a parser, which Hypothesis shrinks. Needs `merkhet[fuzz]`.

from merkhet_fuzz.strategies import inputs

@given(inputs(Kind.HTTP))
def test_mine(made):
    wire = render(made)
"""

from __future__ import annotations

from hypothesis import strategies as st

from merkhet_fuzz.bases import library
from merkhet_fuzz.edits import UNIT_EDITS
from merkhet_fuzz.grammar import Base, Kind
from merkhet_fuzz.inputs import PLAIN, Edit, Input, Transport
from merkhet_fuzz.mutate import NAMES


def bases(kind: Kind) -> st.SearchStrategy[Base]:
    """Return the legal inputs of a kind; it shrinks to the simplest."""
    names = st.sampled_from(library.names(kind))

    def made(name: str, seed: int) -> Base:
        return library.base(kind, name, seed)

    return st.builds(made, names, st.integers(0, library.SEEDS - 1))


def spellings(base: Base) -> st.SearchStrategy[Edit]:
    """Return the edits of a base that write one piece otherwise."""
    edits = [
        st.builds(Edit, st.just(piece.name), st.sampled_from(NAMES[piece.grammar]), st.just(""))
        for piece in base.pieces
    ]
    return st.one_of(edits)


def unit_edits(base: Base) -> st.SearchStrategy[Edit]:
    """Return the edits of whole units."""
    return st.builds(Edit, st.sampled_from(sorted(base.roles)), st.sampled_from(UNIT_EDITS), st.just(""))


def transports(base: Base) -> st.SearchStrategy[Transport]:
    """Return ways to travel that lose nothing: one segment, or several."""
    whole = max(2, len(base.octets))
    cuts = st.lists(st.integers(1, whole - 1), max_size=4, unique=True).map(
        lambda found: Transport(cuts=tuple(sorted(found)))
    )
    return st.one_of(st.just(PLAIN), cuts, st.integers(1, 3).map(lambda each: Transport(each=each)))


@st.composite
def inputs(draw: st.DrawFn, kind: Kind, edits_max: int = 2) -> Input:
    """Return inputs of a kind: a base, at most so many edits, and a way to travel."""
    base = draw(bases(kind))
    edits = draw(st.lists(spellings(base), max_size=edits_max, unique_by=lambda edit: edit.place))
    return Input(kind, base.name, base.seed, tuple(edits), draw(transports(base)))
