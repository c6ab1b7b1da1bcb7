"""Judges of single units against a reader of whole inputs: whatever is edited once, they agree."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from merkhet_fuzz.bases import library
from merkhet_fuzz.edits import UNIT_EDITS
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import Edit, Input, InputError
from merkhet_fuzz.judges import strict
from merkhet_fuzz.render import Wire, render
from merkhet_fuzz.spellings import SPELLINGS
from merkhet_fuzz.verdicts import Decision

LENIENT = frozenset(("rfc9112-2.2-7",))
"""What must be taken though the grammar of a message does not have it."""


def single_edits(kind: Kind, name: str, seed: int) -> Iterator[Wire]:
    """Every spelling of every piece, and every edit of every unit."""
    base = library.base(kind, name, seed)
    edits = [Edit(piece.name, what) for piece in base.pieces for what in SPELLINGS[piece.grammar]]
    edits += [Edit(unit, what) for unit in base.roles for what in UNIT_EDITS]
    for edit in edits:
        try:
            yield render(Input(kind, name, seed, (edit,)))
        except InputError:
            pytest.fail(str(edit))


@pytest.mark.parametrize("seed", [0, 1, 7])
@pytest.mark.parametrize(("kind", "name"), [(k, n) for k in (Kind.HTTP, Kind.CHUNKED) for n in library.names(k)])
def test_judges_and_the_reader_of_the_grammar_agree(kind: Kind, name: str, seed: int) -> None:
    for wire in single_edits(kind, name, seed):
        verdict = wire.verdict
        whole = strict.messages(kind, wire.octets)
        if verdict.decision is Decision.REFUSE:
            assert whole <= verdict.message, wire
        if verdict.decision is Decision.ACCEPT and verdict.requirement not in LENIENT:
            assert whole == len(wire.expected), wire
