"""Selectors: what each form takes, and what is said when one takes nothing."""

from __future__ import annotations

from collections.abc import Sequence

import checks
import pytest

from merkhet.check import PASS, Answers, Check, Send
from merkhet.expect import served
from merkhet.selectors import SelectorError, matching, select


def make(name: str, requirement: str, *tags: str) -> Check:
    return Check(
        id=name,
        requirement=requirement,
        title="A check",
        since="0.1",
        steps=(Send(b"GET {root} HTTP/1.1\r\n\r\n"), Answers({served(): PASS})),
        good=(checks.OK,),
        mutants=(),
        tags=frozenset(tags),
    )


CHECKS = (
    make("rfc9112-6.1-one", "rfc9112-6.1-x"),
    make("rfc9112-6.1.2-two", "rfc9112-6.1.2-x", "slow"),
    make("rfc9112-6.10-three", "rfc9112-6.10-x", "slow", "bulk"),
    make("rfc9110-6.1-four", "rfc9110-6.1-x"),
    make("whatwg-sse-9.2.5-five", "whatwg-sse-9.2.5-x"),
    make("rfc6266-C.1-six", "rfc6266-C.1-x"),
    make("rfc6266-D-seven", "rfc6266-D-x"),
)
SECTIONS = ["one", "two", "three", "four"]


def ids(selectors: Sequence[str]) -> list[str]:
    return [check.id.rpartition("-")[2] for check in select(CHECKS, selectors)]


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        ([], [*SECTIONS, "five", "six", "seven"]),
        (["rfc9112-6.1-one"], ["one"]),
        (["*-t*"], ["two", "three"]),
        (["rfc9112#6.1"], ["one", "two"]),
        (["rfc9112#"], ["one", "two", "three"]),
        (["rfc9112#6"], ["one", "two", "three"]),
        (["whatwg-sse#9.2.5"], ["five"]),
        (["whatwg-sse#9"], ["five"]),
        (["whatwg-sse#"], ["five"]),
        (["whatwg-sse"], ["five"]),
        (["rfc9112", "-rfc9112#6.10"], ["one", "two"]),
        (["whatwg-sse-*"], ["five"]),
        (["rfc6266#D"], ["seven"]),
        (["rfc6266#C"], ["six"]),
        (["rfc6266#C.1", "rfc6266#D"], ["six", "seven"]),
        (["@slow"], ["two", "three"]),
        (["@slow", "-@bulk"], ["two"]),
        (["-@slow", "-rfc6266#", "-whatwg-sse#9.2"], ["one", "four"]),
        (["-@bulk", "@slow"], ["two"]),
        (["*four", "*one"], ["one", "four"]),
    ],
)
def test_select(selectors: list[str], expected: list[str]) -> None:
    assert ids(selectors) == expected


@pytest.mark.parametrize(
    ("selector", "near"),
    [
        ("rfc9112-6.1-onee", "rfc9112-6.1-one"),
        ("@slwo", "@slow"),
        ("rfc9112#6.3", "rfc9112#6.1"),
        ("whatwg-sse#9.2.6", "whatwg-sse#9.2.5"),
        ("rfc6266#E", "rfc6266#D"),
        ("-rfc9110-6.1-for", "rfc9110-6.1-four"),
    ],
)
def test_nothing_matches_names_the_nearest(selector: str, near: str) -> None:
    with pytest.raises(SelectorError, match="matches no check") as caught:
        select(CHECKS, [selector])
    assert near in str(caught.value)


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(SelectorError, match="no check is left"):
        select(CHECKS, ["@slow", "-@slow"])


def test_framing_is_a_tag_of_its_own() -> None:
    # The requirement is the catalogue's: RFC 9112, Section 6.1 is about framing, Section 9.3 is not.
    framing, other = make("a", "rfc9112-6.1-1"), make("b", "rfc9112-9.3-1")
    assert matching([framing, other], "@framing") == ["a"]
