"""Close: its codes, its body, and what neither side may say."""

from __future__ import annotations

import pytest

from merkhet_reference.websocket import close
from merkhet_reference.websocket.close import Violation

SAID_BY_NOBODY = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]


@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1014, 3000, 3999, 4000, 4999]
)
def test_codes_that_may_come(code: int) -> None:
    assert close.parse_body(code.to_bytes(2, "big") + "why \u2026".encode()) == (code, "why \u2026")


@pytest.mark.parametrize("code", SAID_BY_NOBODY)
def test_codes_that_may_not(code: int) -> None:
    with pytest.raises(Violation) as caught:
        close.parse_body(code.to_bytes(2, "big"))
    assert caught.value.code == 1002
    with pytest.raises(ValueError, match="no code"):
        close.body(code, "x")


def test_a_body_of_nothing_and_of_half_a_code() -> None:
    assert close.parse_body(b"") == (close.NO_STATUS, "")
    with pytest.raises(Violation, match="half a code"):
        close.parse_body(b"\x03")


@pytest.mark.parametrize("reason", [b"\xff", b"\xc3", b"\xed\xa0\x80"])
def test_a_reason_is_utf8(reason: bytes) -> None:
    with pytest.raises(Violation) as caught:
        close.parse_body(b"\x03\xe8" + reason)
    assert caught.value.code == 1007


def test_bodies_of_ours() -> None:
    assert close.body(1000) == b"\x03\xe8"
    assert close.body(4999, "\u00fc") == b"\x13\x87\xc3\xbc"
    assert close.body(close.NO_STATUS) == b""
    assert len(close.body(1001, "x" * 123)) == 125


def test_what_a_close_of_ours_may_not_be() -> None:
    with pytest.raises(ValueError, match="room for 123"):
        close.body(1000, "\u00fc" * 62)
    with pytest.raises(ValueError, match="1010 is no code"):
        close.body(close.EXTENSION_MISSING)
    with pytest.raises(ValueError, match="1005 is no code"):
        close.body(close.NO_STATUS, "a reason beside no code")


def test_violations_have_their_codes() -> None:
    made = [close.protocol_error("x"), close.invalid_data("x"), close.too_big("x")]
    assert [(violation.code, violation.why, str(violation)) for violation in made] == [
        (1002, "x", "1002: x"), (1007, "x", "1007: x"), (1009, "x", "1009: x"),
    ]  # fmt: skip
