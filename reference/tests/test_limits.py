"""The limits: none is unbounded, and those that rely on each other stand in the right order."""

from __future__ import annotations

import dataclasses
import re

import pytest

from merkhet_reference.limits import Limits

NAMES = [field.name for field in dataclasses.fields(Limits)]


@pytest.mark.parametrize("name", NAMES)
def test_every_limit_is_a_bound_with_its_unit(name: str) -> None:
    value = getattr(Limits(), name)
    assert 0 < value < float("inf")
    assert re.search(r"_(max|min)$", name)
    assert isinstance(value, float) == name.endswith("_seconds_max")


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("_min")])
def test_what_has_a_least_has_a_most(name: str) -> None:
    assert getattr(Limits(), name) < getattr(Limits(), name.removesuffix("min") + "max")


def test_limits_are_given_by_name_and_do_not_change() -> None:
    limits = Limits(head_bytes_max=100_000)
    assert (limits.head_bytes_max, limits.method_bytes_max) == (100_000, 32)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(limits, "head_bytes_max", 1)  # noqa: B010 - the type checkers would refuse a plain assignment


def test_a_request_line_of_8000_octets_is_read() -> None:
    assert Limits().request_line_bytes_max >= 8000


@pytest.mark.parametrize(
    "names",
    [
        ("method_bytes_max", "request_line_bytes_max", "head_bytes_max"),
        ("chunk_line_bytes_max", "chunk_extension_bytes_max", "content_bytes_max", "stream_content_bytes_max"),
        ("multipart_head_bytes_max", "multipart_field_bytes_max", "multipart_file_bytes_max"),
        ("multipart_file_bytes_max", "stream_content_bytes_max"),
        # A handler that takes pieces, a peer that reads: each has more than one turn's worth before it is waited for.
        ("read_bytes_max", "content_waiting_bytes_max", "content_bytes_max"),
        ("read_bytes_max", "response_queue_bytes_max"),
        ("read_bytes_max", "file_piece_bytes_max", "file_turn_bytes_max"),
        ("head_bytes_max", "events_waiting_bytes_max"),
        ("websocket_fragments_max", "websocket_waiting_bytes_max", "websocket_message_bytes_max"),
        ("websocket_close_seconds_max", "shutdown_seconds_max", "websocket_pong_seconds_max"),
        # A client that is told something has the time to hear it before the server goes.
        ("linger_seconds_max", "shutdown_seconds_max"),
        ("head_seconds_max", "content_seconds_max"),
    ],
)
def test_the_smaller_is_below_the_larger(names: tuple[str, ...]) -> None:
    values = [getattr(Limits(), name) for name in names]
    assert values == sorted(set(values))


@pytest.mark.parametrize("name", ["content_bytes_max", "stream_content_bytes_max"])
def test_content_of_any_legal_size_has_a_number_that_the_parsers_make(name: str) -> None:
    assert getattr(Limits(), name) < 16**15
    assert getattr(Limits(), name) < 10**18
