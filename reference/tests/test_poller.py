"""The poller, over epoll and over poll."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from merkhet_reference import poller

KINDS = [False, *([True] if poller.EPOLL else [])]


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize("epoll", KINDS)
def test_interest_is_what_is_told(pair: tuple[socket.socket, socket.socket], *, epoll: bool) -> None:
    ours, theirs = pair
    watching = poller.Poller(epoll=epoll)
    watching.watch(ours.fileno(), poller.READ)
    assert watching.wait(0) == []
    theirs.send(b"x")
    assert watching.wait(None) == [(ours.fileno(), poller.READ)]
    assert watching.wait(0) == [(ours.fileno(), poller.READ)], "it tells again what was not read"
    watching.change(ours.fileno(), poller.WRITE)
    assert watching.wait(0) == [(ours.fileno(), poller.WRITE)]
    watching.change(ours.fileno(), 0)
    assert watching.wait(0) == []
    watching.forget(ours.fileno())
    watching.close()


@pytest.mark.parametrize("epoll", KINDS)
def test_a_peer_that_is_gone_is_told_unasked(pair: tuple[socket.socket, socket.socket], *, epoll: bool) -> None:
    ours, theirs = pair
    watching = poller.Poller(epoll=epoll)
    watching.watch(ours.fileno(), 0)
    theirs.close()
    ((descriptor, what),) = watching.wait(0)
    assert descriptor == ours.fileno()
    assert what & poller.GONE
    watching.close()


@pytest.mark.parametrize("epoll", KINDS)
def test_the_wait_ends_with_its_time(*, epoll: bool) -> None:
    watching = poller.Poller(epoll=epoll)
    assert watching.wait(0.001) == []
    watching.close()
