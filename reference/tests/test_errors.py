"""A refusal carries its status and our own sentence, and each maker has the status of its section."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from merkhet_reference import errors


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (errors.bad_request, 400),
        (errors.content_too_large, 413),
        (errors.uri_too_long, 414),
        (errors.misdirected, 421),
        (errors.fields_too_large, 431),
        (errors.not_implemented, 501),
        (errors.version_not_supported, 505),
    ],
)
def test_each_maker_has_its_status(make: Callable[[str], errors.Refusal], status: int) -> None:
    refusal = make("because")
    assert (refusal.status, refusal.why) == (status, "because")
    assert str(refusal) == f"{status}: because"


def test_a_refusal_can_be_raised_and_caught() -> None:
    with pytest.raises(errors.Refusal, match=r"\A418: short and stout\Z"):
        raise errors.Refusal(418, "short and stout")
