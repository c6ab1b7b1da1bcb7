"""The smallest input: few replays, the class pinned, and nothing left that does not matter."""

from __future__ import annotations

import pytest

from merkhet_fuzz import mutate
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.minimise import REPLAYS_MAX, minimise
from merkhet_fuzz.render import render


def smallest(line: str, needle: bytes) -> tuple[Input, int]:
    return minimise(Input.parse(line), lambda made: needle in render(made).octets)


def test_edits_that_do_not_matter_go_and_the_base_gets_short() -> None:
    line = (
        "http-request.several#9 request-line.target:question host.colon:space-before host.behind:many cut@3,9 pause@1"
    )
    assert len(render(Input.parse(line)).octets) > 300
    least, replays = smallest(line, b"Host :")
    assert str(least) == "http-request.get#0 host.colon:space-before"
    assert replays <= 40


@pytest.mark.parametrize("index", range(0, 400, 7))
def test_a_finding_of_a_kilobyte_takes_two_hundred_replays_at_most(index: int) -> None:
    made = mutate.make(Kind.HTTP, 5, index)
    counted = 0

    def one_in_three(smaller: Input) -> bool:
        nonlocal counted
        counted += 1
        return len(str(smaller)) % 3 == len(str(made)) % 3

    least, replays = minimise(made, one_in_three)
    assert replays == counted <= REPLAYS_MAX
    assert len(least.edits) <= len(made.edits)
    assert len(str(least)) % 3 == len(str(made)) % 3, "what is told does show it"


def test_a_large_one_with_octets_of_its_own() -> None:
    line = "http-request.chunked#3 data1.octets:long chunk1.size:stale host.value:put=0,41424344 each@3"
    assert len(render(Input.parse(line)).octets) > 1000
    least, replays = smallest(line, b"BC")
    assert replays <= REPLAYS_MAX
    assert str(least) == "http-request.get#0 host.value:put=0,4243"


def test_segments_stay_where_they_matter() -> None:
    def is_split(made: Input) -> bool:
        return any(segment.endswith(b"\r") for segment in render(made).segments[:-1])

    least, _ = minimise(Input.parse("http-request.post#5 host:twice cut@5,17,40 pause@1"), is_split)
    assert least.edits == ()
    assert least.transport.cuts
    assert is_split(least)


def test_no_replay_is_made_beyond_the_bound() -> None:
    _, replays = minimise(Input.parse("http-request.several#9 each@4 host:twice m2-host:twice"), lambda _: False, 5)
    assert replays == 5


def test_the_message_that_matters_may_be_the_first() -> None:
    def lacks_a_host(made: Input) -> bool:
        return any(edit.what == "drop" and edit.place.endswith("host") for edit in made.edits)

    least, _ = minimise(Input.parse("http-request.several#9 m2-host:drop"), lacks_a_host)
    assert str(least) == "http-request.get#0 host:drop"
