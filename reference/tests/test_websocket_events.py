"""What a message is made of."""

from __future__ import annotations

import pytest

from merkhet_reference.websocket.events import Kind, Message


def test_text_and_binary() -> None:
    assert (Message("a").kind, Message(b"a").kind) == (Kind.TEXT, Kind.BINARY)
    assert Message("a").text == "a"
    with pytest.raises(TypeError, match="binary"):
        _ = Message(b"a").text


def test_equal_data_of_another_kind_is_another_message() -> None:
    assert Message("a") == Message("a")
    assert Message("") != Message(b"")
