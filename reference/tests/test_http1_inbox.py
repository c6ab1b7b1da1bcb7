"""The inbox: what was put comes out in order, whatever the segments; lines and ends are found wherever they are cut."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import errors
from merkhet_reference.http1.inbox import COMPACT_BYTES, Inbox

FIXED = settings(deadline=None, derandomize=True, database=None)


def too_long() -> errors.Refusal:
    return errors.content_too_large("too long")


def filled(*pieces: bytes) -> Inbox:
    inbox = Inbox()
    for piece in pieces:
        inbox.put(piece)
    return inbox


def all_lines(pieces: list[bytes], bytes_max: int) -> tuple[list[bytes], int]:
    """The lines that are found when each piece is looked at as it comes, and the status of the refusal or 0."""
    inbox, lines = Inbox(), list[bytes]()
    try:
        for piece in pieces:
            inbox.put(piece)
            while (line := inbox.take_line(bytes_max, too_long)) is not None:
                lines.append(line)
    except errors.Refusal as refusal:
        return lines, refusal.status
    return lines, 0


def finds_no_line(inbox: Inbox) -> bool:
    return inbox.take_line(10**9, too_long) is None


def finds_no_head(inbox: Inbox) -> bool:
    return inbox.take_until(b"\r\n\r\n") is None and not inbox.has_lone_lf()


def segmentations(octets: bytes) -> list[list[bytes]]:
    splits = [[octets[:at], octets[at:]] for at in range(1, len(octets))]
    return [[octets], [octets[at : at + 1] for at in range(len(octets))], *splits]


def test_what_was_put_is_taken_in_order() -> None:
    inbox = filled(b"abc", b"def")
    assert (inbox.peek(2), len(inbox)) == (b"ab", 6)
    assert (inbox.take(4), len(inbox), inbox.take(9), inbox.take(1), len(inbox)) == (b"abcd", 2, b"ef", b"", 0)
    inbox.put(b"g")
    assert (inbox.peek(5), inbox.take(0), inbox.take(1)) == (b"g", b"", b"g")


@pytest.mark.parametrize("pieces", [[b"ab\r\ncd"], [b"ab\r", b"\ncd"], [b"", b"ab", b"", b"\r\ncd"]])
def test_the_next_octets_are_known_without_taking_them(pieces: list[bytes]) -> None:
    inbox = filled(*pieces)
    assert [inbox.begins_with(octets) for octets in (b"", b"a", b"ab\r\ncd", b"ab\r\ncde", b"b")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert inbox.take(2) == b"ab"
    assert (inbox.begins_with(b"\r\n"), inbox.begins_with(b"ab"), inbox.begins_with(b"cd")) == (True, False, False)
    assert (len(inbox), inbox.take(9)) == (4, b"\r\ncd")
    assert (inbox.begins_with(b""), inbox.begins_with(b"c")) == (True, False)


def test_octets_that_were_put_are_never_changed_by_what_is_put_behind_them() -> None:
    first, second = b"abc", b"def"
    inbox = filled(first)
    assert inbox.take(1) == b"a"
    inbox.put(second)
    inbox.put(b"ghi")
    assert (inbox.take(9), first, second) == (b"bcdefghi", b"abc", b"def")


def test_a_search_begins_anew_with_what_comes_to_an_empty_inbox() -> None:
    inbox = filled(b"a\r\nbc")
    assert inbox.take_line(9, too_long) == b"a"
    assert inbox.take_line(9, too_long) is None
    assert inbox.take(2) == b"bc"
    inbox.put(b"\r\n\r\n")
    assert inbox.take_until(b"\r\n\r\n") == b""
    assert len(inbox) == 0
    inbox.put(b"\n")
    assert inbox.has_lone_lf()


def test_clear_throws_everything_away() -> None:
    inbox = filled(b"a\r\nb")
    assert inbox.take_line(9, too_long) == b"a"
    assert inbox.take_line(9, too_long) is None
    inbox.clear()
    inbox.put(b"\r\n")
    assert (len(inbox), inbox.take_line(9, too_long)) == (2, b"")


def test_what_was_taken_is_dropped_and_the_rest_stays() -> None:
    inbox = filled(b"x" * (COMPACT_BYTES + 1) + b"line")
    inbox.take(COMPACT_BYTES + 1)
    assert inbox.take_line(20, too_long) is None
    inbox.put(b" end\r\nnext")
    assert (inbox.take_line(20, too_long), inbox.peek(9)) == (b"line end", b"next")


def test_take_until_leaves_everything_until_the_end_comes() -> None:
    for pieces in segmentations(b"head\r\nx\r\n\r\nrest"):
        inbox, found = Inbox(), list[bytes]()
        for piece in pieces:
            inbox.put(piece)
            taken = inbox.take_until(b"\r\n\r\n")
            if taken is not None:
                found.append(taken)
            else:
                assert not inbox.has_lone_lf()
        assert (found, inbox.peek(9)) == ([b"head\r\nx"], b"rest")


@pytest.mark.parametrize(
    ("octets", "lone"),
    [(b"", False), (b"\r\n\r\n", False), (b"\r", False), (b"\n", True), (b"a\n\r\n", True), (b"\r\n\n", True)],
)
def test_a_lone_lf_is_found_in_every_segmentation(octets: bytes, *, lone: bool) -> None:
    for pieces in segmentations(octets):
        inbox, found = Inbox(), False
        for piece in pieces:
            inbox.put(piece)
            found = found or inbox.has_lone_lf()
        assert found is lone


def test_a_cr_that_was_taken_belongs_to_no_line_end() -> None:
    inbox = filled(b"a\r\n")
    inbox.take(2)
    assert inbox.has_lone_lf()


def test_a_line_may_end_within_the_limit_until_its_cr_and_lf_must_have_come() -> None:
    assert filled(b"abc").has_line_within(3)
    assert filled(b"abcd").has_line_within(3)
    assert filled(b"abc\r").has_line_within(3)
    assert filled(b"abc\r\nmore").has_line_within(3)
    assert not filled(b"abcd\r\n").has_line_within(3)
    assert not filled(b"abcde").has_line_within(3)


@pytest.mark.parametrize(
    ("octets", "lines", "status"),
    [
        (b"a\r\nbcd\r\n\r\nx", [b"a", b"bcd", b""], 0),
        (b"abcde\r\n", [b"abcde"], 0),
        (b"abcdef\r\n", [], 413),
        (b"abcdef", [], 0),
        (b"abcdefg", [], 413),
        (b"a\nb\r\n", [], 400),
        (b"ok\r\n\n", [b"ok"], 400),
        (b"abcdef\n", [], 400),
        (b"abcdefg\n", [], 413),
        (b"a\rb\r\n", [], 400),
        (b"abcd\re\r\n", [], 400),
        (b"abcde\rf\r\n", [], 413),
    ],
)
def test_lines_are_the_same_in_every_segmentation(octets: bytes, lines: list[bytes], status: int) -> None:
    for pieces in segmentations(octets):
        assert all_lines(pieces, 5) == (lines, status)


@FIXED
@given(st.lists(st.one_of(st.binary(max_size=5), st.integers(0, 6)), max_size=20))
def test_whatever_is_put_and_taken_in_turn_comes_out_once_and_in_order(steps: list[bytes | int]) -> None:
    inbox, waiting = Inbox(), b""
    for step in steps:
        if isinstance(step, bytes):
            inbox.put(step)
            waiting += step
        else:
            assert inbox.peek(step) == waiting[:step]
            assert inbox.begins_with(waiting[:step])
            assert inbox.take(step) == waiting[:step]
            waiting = waiting[step:]
        assert len(inbox) == len(waiting)


@FIXED
@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"bcd"]), max_size=12), st.data())
def test_any_octets_have_the_same_lines_however_they_are_cut(parts: list[bytes], data: st.DataObject) -> None:
    octets = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=4)))
    pieces = [octets[start:end] for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
    assert all_lines(pieces, 5) == all_lines([octets], 5)


@pytest.mark.parametrize(
    "look",
    [finds_no_line, finds_no_head],
)
def test_searching_octet_by_octet_is_linear(look: Callable[[Inbox], bool]) -> None:
    # Searching from the start each time would look at twenty thousand million octets.
    inbox, started = Inbox(), time.process_time()
    for _ in range(200_000):
        inbox.put(b"x")
        assert look(inbox)
    assert time.process_time() - started < 8


@pytest.mark.parametrize("pieces", [(b"a\rb",), (b"a\r", b"b"), (b"\r", b"X"), (b"a", b"\r", b"\r")])
def test_a_cr_without_lf_is_refused_before_the_line_has_ended(pieces: tuple[bytes, ...]) -> None:
    inbox = Inbox()
    *first, last = pieces
    for piece in first:
        inbox.put(piece)
        assert inbox.take_line(9, too_long) is None
    inbox.put(last)
    with pytest.raises(errors.Refusal, match="CR without LF"):
        inbox.take_line(9, too_long)
