"""The strategies shrink to what is simple, and with them: what has to hold of the reference's parsers for any input."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from merkhet_fuzz import oracles, parsers, strategies
from merkhet_fuzz.bases import library
from merkhet_fuzz.edits import apply
from merkhet_fuzz.grammar import VALUES, Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.render import Wire, render
from merkhet_fuzz.verdicts import Decision
from merkhet_reference import http_date
from merkhet_reference.http1 import response

T = TypeVar("T")
LABELS = [label for label in parsers.known() if label.startswith("reference:")]
STREAMS = [label for label in LABELS if label.partition(":")[2] not in VALUES]
QUIETLY = settings(deadline=None, derandomize=True, max_examples=40, database=None)
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]


def smallest(strategy: st.SearchStrategy[T], condition: Callable[[T], bool]) -> T:
    return find(
        strategy, condition, settings=settings(QUIETLY, max_examples=1500, phases=[Phase.generate, Phase.shrink])
    )


# What they give


@pytest.mark.parametrize("kind", library.MAKERS)
def test_it_shrinks_to_the_simplest_base_with_no_edit_in_one_segment(kind: Kind) -> None:
    made = smallest(strategies.inputs(kind), lambda _: True)
    assert made == Input(kind, library.names(kind)[0], 0)


def test_it_shrinks_to_one_edit() -> None:
    wire = smallest(
        strategies.wires("chunked"),
        lambda wire: wire.verdict.decision is Decision.REFUSE and wire.verdict.unit == "chunk-line",
    )
    assert (wire.input.name, wire.input.seed, len(wire.input.edits)) == ("body", 0, 1)
    assert len(wire.segments) == 1


def test_it_shrinks_to_one_cut() -> None:
    wire = smallest(strategies.legal("http-request"), lambda wire: len(wire.segments) > 1)
    assert str(wire.input) in {"http-request.get#0 each@1", "http-request.get#0 cut@1"}


def test_what_fails_is_printed_as_a_line_that_is_taken_back() -> None:
    wire = render(Input.parse("chunked.body#0 chunk1.size:plus cut@3"))
    assert repr(wire) == "render(Input.parse('chunked.body#0 chunk1.size:plus cut@3'))"
    assert eval(repr(wire)) == wire


@pytest.mark.parametrize("kind", library.MAKERS)
def test_every_edit_fits_its_base(kind: Kind) -> None:
    @QUIETLY
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        base = data.draw(strategies.bases(kind))
        edit = data.draw(strategies.edits(base))
        assert apply(base, [edit]).base is base

    holds()


@pytest.mark.parametrize("kind", ["http-request", "chunked", "range", "websocket-frames", "websocket-handshake"])
def test_what_is_to_be_refused_is_made_by_one_edit(kind: str) -> None:
    @settings(QUIETLY, suppress_health_check=SLOW, max_examples=20)
    @given(strategies.refused(kind))
    def holds(wire: Wire) -> None:
        assert wire.verdict.requirement
        assert len(wire.input.edits) == 1

    holds()


def test_a_kind_that_is_not_there_is_told() -> None:
    with pytest.raises(ValueError, match="'no-such' is not a valid Kind"):
        strategies.inputs("no-such")


# What holds of the reference


@pytest.mark.parametrize("label", LABELS)
def test_a_legal_input_comes_out_as_it_is_meant_in_any_segments(label: str) -> None:
    parser = parsers.load(label)

    @QUIETLY
    @given(strategies.legal(parser.kind))
    def holds(wire: Wire) -> None:
        assert oracles.observe(parser, wire) == []
        assert wire.verdict.decision is not Decision.FREE or parser.kind is Kind.FRAMES

    holds()


@pytest.mark.parametrize("label", LABELS)
def test_nothing_is_wrong_with_how_any_input_is_taken(label: str) -> None:
    parser = parsers.load(label)

    @settings(QUIETLY, max_examples=80)
    @given(strategies.wires(parser.kind))
    def holds(wire: Wire) -> None:
        assert oracles.observe(parser, wire, with_segments=True) == []

    holds()


@pytest.mark.parametrize("label", STREAMS)
def test_where_segments_begin_means_nothing(label: str) -> None:
    parser = parsers.load(label)

    @settings(QUIETLY, max_examples=60)
    @given(strategies.wires(parser.kind), st.lists(st.integers(1, 400), max_size=6))
    def holds(wire: Wire, cuts: list[int]) -> None:
        octets = b"".join(wire.segments)
        edges = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
        segments = [octets[begin:end] for begin, end in itertools.pairwise(edges)]
        whole, apart = oracles.run(parser, [octets]), oracles.run(parser, segments)
        assert (whole.messages, whole.refusal is None) == (apart.messages, apart.refusal is None)

    holds()


DATES = parsers.load("reference:date")
CHUNKS = parsers.load("reference:chunked")
RANGES = parsers.load("reference:range")


@QUIETLY
@given(strategies.wires("date"))
def test_a_date_that_is_taken_is_written_as_one_that_says_the_same(wire: Wire) -> None:
    for seconds in oracles.run(DATES, wire.segments).messages:
        assert oracles.run(DATES, [http_date.format_http_date(seconds)]).messages == [seconds]


@QUIETLY
@given(strategies.wires("chunked"))
def test_a_content_that_is_taken_is_written_in_chunks_that_say_the_same(wire: Wire) -> None:
    for content in oracles.run(CHUNKS, wire.segments).messages:
        chunk = response.encode_chunk(content) if content else b""
        assert oracles.run(CHUNKS, [chunk + response.encode_last_chunk()]).messages == [content]


@QUIETLY
@given(strategies.wires("range"))
def test_a_range_that_is_taken_is_written_as_one_that_says_the_same(wire: Wire) -> None:
    for specs in oracles.run(RANGES, wire.segments).messages:
        words = ["-".join("" if end is None else str(end) for end in spec) for spec in specs]
        assert oracles.run(RANGES, [f"bytes={', '.join(words)}".encode()]).messages == [specs]
