"""Escapes: nothing is interpreted, and no octet is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merkhet_reports.escape import hexdump, printable, seconds, shorten, visible

_ESCAPES = {"\\r": 13, "\\n": 10, "\\t": 9, "\\\\": 92}


def read_back(text: str) -> bytes:
    found = re.findall(r"\\x[0-9a-f]{2}|\\.|[^\\\n]", text)
    return bytes(
        int(f"0{piece[1:]}", 0) if piece.startswith("\\x") else _ESCAPES.get(piece, ord(piece[-1])) for piece in found
    )


@given(st.binary())
def test_octets_can_be_read_back(data: bytes) -> None:
    shown = visible(data)
    assert read_back(shown) == data
    assert all(character == "\n" or " " <= character <= "~" for character in shown)


def test_a_line_break_follows_each_lf_but_the_last() -> None:
    assert visible(b"a\r\nb\n\\") == "a\\r\\n\nb\\n\n\\\\"
    assert visible(b"a\r\n") == "a\\r\\n"


@given(st.text(alphabet=st.characters(codec=None)))
def test_texts_hold_nothing_but_printable_characters(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(text, lines=True).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \N{CHECK MARK}", "plain \N{CHECK MARK}"),
        ("\x1b[31m\x9b\x00\x7f", "\\x1b[31m\\x9b\\x00\\x7f"),
        ("\u202e\ufeff\ud800\U000e0001", "\\u202e\\ufeff\\ud800\\U000e0001"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
    ],
)
def test_texts(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_hexdump() -> None:
    assert hexdump(b"") == ""
    assert hexdump(bytes(range(0x2F, 0x40)) + b"\x00") == (
        "000000  2f 30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e  /0123456789:;<=>\n"
        "000010  3f 00                                            ?."
    )


def test_a_long_text_is_shortened_and_says_so() -> None:
    assert shorten("a" * 240) == "a" * 240
    assert shorten("a" * 200 + " " * 41) == "a" * 200 + "\N{HORIZONTAL ELLIPSIS}"


def test_seconds() -> None:
    assert (seconds(0.00123), seconds(2.04)) == ("1.2 ms", "2.0 s")
