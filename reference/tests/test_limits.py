"""The limits: none is unbounded, and those that rely on each other stand in the right order."""

from __future__ import annotations

import dataclasses

import pytest

from merkhet_reference.limits import Limits

NAMES = [field.name for field in dataclasses.fields(Limits)]


@pytest.mark.parametrize("name", NAMES)
def test_every_limit_is_a_bound_with_its_unit(name: str) -> None:
    value = getattr(Limits(), name)
    assert 0 < value < float("inf")
    assert name.endswith("_max")
    assert isinstance(value, float) == name.endswith("_seconds_max")


def test_limits_are_given_by_name_and_do_not_change() -> None:
    limits = Limits(head_bytes_max=100_000)
    assert (limits.head_bytes_max, limits.method_bytes_max) == (100_000, 32)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(limits, "head_bytes_max", 1)  # noqa: B010 - the type checkers would refuse a plain assignment


def test_a_request_line_of_8000_octets_is_read() -> None:
    assert Limits().request_line_bytes_max >= 8000


def test_the_whole_is_larger_than_its_parts() -> None:
    limits = Limits()
    assert limits.method_bytes_max < limits.request_line_bytes_max < limits.head_bytes_max
    assert limits.chunk_line_bytes_max < limits.chunk_extension_bytes_max < limits.content_bytes_max


def test_content_of_any_legal_size_has_a_number_that_the_parsers_make() -> None:
    assert Limits().content_bytes_max < 16**15
    assert Limits().content_bytes_max < 10**18
