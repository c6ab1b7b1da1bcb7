"""Events: small values that compare by their class and content, and that nobody changes."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from merkhet_reference.fields import Fields
from merkhet_reference.http1.events import (
    BodyKind,
    Content,
    EndOfMessage,
    Event,
    Form,
    Framing,
    PeerAborted,
    PeerClosed,
    Refused,
    RequestHead,
    Target,
)

TARGET = Target(Form.ORIGIN, b"/a?b", b"/a", b"b")
HEAD = RequestHead(b"GET", TARGET, (1, 1), Fields(), Framing(BodyKind.NONE), b"h", True, False)
EVENTS: list[Event] = [
    HEAD, Content(b"x"), EndOfMessage(Fields()), Refused(400, "why"), PeerClosed(), PeerAborted(),
]  # fmt: skip


def test_no_two_kinds_of_event_are_equal() -> None:
    assert all(one != other for one, other in itertools.combinations(EVENTS, 2))
    assert PeerClosed() == PeerClosed()
    assert Content(b"x") == Content(b"x") != Content(b"y")


@pytest.mark.parametrize(
    ("event", "name"),
    [(Content(b"x"), "data"), (EndOfMessage(Fields()), "trailers"), (Refused(400, "why"), "status"), (HEAD, "method")],
)
def test_an_event_does_not_change(event: Event, name: str) -> None:
    with pytest.raises((dataclasses.FrozenInstanceError, AttributeError)):
        setattr(event, name, getattr(event, name))


def test_a_target_has_only_the_parts_that_stood_there() -> None:
    assert (TARGET.authority, TARGET.scheme) == (None, None)
    assert Target(Form.ORIGIN, b"/", b"/").query is None
    assert Target(Form.ORIGIN, b"/?", b"/", b"").query == b""


def test_framing_without_a_length_has_none() -> None:
    assert Framing(BodyKind.CHUNKED).length == 0
    assert Framing(BodyKind.LENGTH, 3) != Framing(BodyKind.LENGTH, 4)


def test_forms_and_kinds_are_the_words_of_the_specification() -> None:
    assert [form.value for form in Form] == ["origin", "absolute", "authority", "asterisk"]
    assert [kind.value for kind in BodyKind] == ["none", "length", "chunked"]
