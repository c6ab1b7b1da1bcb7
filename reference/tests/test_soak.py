"""A soak of some seconds, so that the long one cannot rot: `tox -e soak`."""

from __future__ import annotations

import soak

SECONDS = 6.0
ANSWER_SECONDS_MAX = 10.0
"""How soon an answer comes is for the long soak to say: beside other tests it says how busy the machine is."""
PATIENCE = 2.5
"""Beside other tests a client that reads slowly may do nothing for a second, after which the server of the long soak cuts it."""


def test_nothing_is_left_of_a_short_soak() -> None:
    # The memory of so short a time says nothing: the allocator still settles.
    wrong = soak.soak(SECONDS, seed=1, growth_kib_max=1 << 20, answer_seconds_max=ANSWER_SECONDS_MAX, patience=PATIENCE)
    assert wrong == []
