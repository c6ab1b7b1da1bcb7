"""The bell that ends the I/O thread's wait."""

from __future__ import annotations

import os
import select

import pytest

from merkhet_reference import wakeup

KINDS = [False, *([True] if wakeup.EVENT_FD else [])]


def is_readable(bell: wakeup.Wakeup) -> bool:
    return bool(select.select([bell], [], [], 0)[0])


@pytest.mark.parametrize("event_fd", KINDS)
def test_a_ring_makes_it_readable_until_it_is_drained(*, event_fd: bool) -> None:
    bell = wakeup.Wakeup(event_fd=event_fd)
    assert not is_readable(bell)
    bell.ring()
    bell.ring()
    assert is_readable(bell)
    bell.drain()
    assert not is_readable(bell)
    bell.ring()
    assert is_readable(bell)
    bell.close()


@pytest.mark.parametrize("event_fd", KINDS)
def test_draining_what_nobody_rang_does_not_block(*, event_fd: bool) -> None:
    bell = wakeup.Wakeup(event_fd=event_fd)
    bell.drain()
    assert not is_readable(bell)
    bell.close()


def test_a_full_pipe_does_not_block_and_stays_readable() -> None:
    bell = wakeup.Wakeup(event_fd=False)
    try:
        while True:
            os.write(bell.write_end, b"\0" * 4096)
    except BlockingIOError:
        pass
    bell.ring()
    assert is_readable(bell)
    bell.close()


@pytest.mark.parametrize("event_fd", KINDS)
def test_close_gives_every_descriptor_back(*, event_fd: bool) -> None:
    bell = wakeup.Wakeup(event_fd=event_fd)
    ends = {bell.read_end, bell.write_end}
    bell.close()
    for end in ends:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(end)
