"""The score of the fuzzers over the reference's mutants: how it is counted, and that what it leaves out is there."""

from __future__ import annotations

import mutation
import pytest
from mutation_score import NONE, Score, chosen, document_of, missed, page, told

MUTANTS = mutation.load()


def test_what_is_known_to_be_missed_is_a_mutant_and_has_a_reason() -> None:
    known = missed()
    assert known.keys() <= MUTANTS.keys()
    assert all(reason.endswith(".") for reason in known.values())
    assert len(known) < len(MUTANTS) / 10, "nine tenths are to be found"


def test_every_mutant_is_tried_and_the_reference_as_it_is() -> None:
    names = [score.mutant for score in chosen([], "")]
    assert set(names) == MUTANTS.keys() | {NONE}
    assert {document_of(score) for score in chosen([], "rfc7692-")} == {"rfc7692"}
    assert document_of(Score("a", "whatwg-sse-9.2.5-a5")) == "whatwg-sse"
    assert document_of(Score("a", "rfc6266-D-a5")) == "rfc6266"


def test_what_is_found_too_late_or_known_to_be_missed_is_not_found(capsys: pytest.CaptureFixture[str]) -> None:
    scores = [
        Score("a", "rfc9112-1-1", finding="x", seconds=3.0),
        Score("b", "rfc9112-1-1", finding="x", seconds=61.0),
        Score("c", "rfc9112-1-1", seconds=60.0),
        Score(NONE, "rfc9112-"),
    ]
    left_out = Score("d", "rfc9112-1-1")
    assert told([*scores, left_out], scores, {"d": "It is allowed."}, 60.0) == 0
    output = capsys.readouterr().out
    assert "1 of 4 mutants found in 60 s each; 0 findings on the reference as it is" in output
    assert "found later: b" in output
    assert "known to be missed: d: It is allowed." in output


def test_a_finding_on_the_reference_as_it_is_fails() -> None:
    assert told([], [Score(NONE, "rfc9112-", finding="x")], {}, 60.0) == 1


def test_the_page_has_each_document_and_what_is_missed() -> None:
    every = [Score(NONE, "rfc9112-"), Score("a", "rfc9112-1-1"), Score("b", "rfc9112-2-1"), Score("c", "rfc6455-1-1")]
    scores = [Score("a", "rfc9112-1-1", finding="x", seconds=3.0), Score("c", "rfc6455-1-1", finding="x", seconds=61.0)]
    text = page(every, scores, {"b": "It is allowed."}, 60.0)
    assert "Of 3 mutants 1 are found" in text
    assert "| rfc9112 | 2 | 1 | 3.0 | 3.0 |" in text
    assert "| `b` | It is allowed. |" in text
    assert "| `c` | not found in time |" in text
