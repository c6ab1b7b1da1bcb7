"""What preflight learns of a target."""

from __future__ import annotations

import asyncio
import socket
import threading

import checks
import pytest

from merkhet.engine.health import Health
from merkhet.engine.preflight import Found, Scout, TargetUnreachable
from merkhet.selftest.dead import always, black_hole, hang_up, serve
from merkhet.wire.sockets import SocketDialer


def look(address: tuple[str, int], jobs: int = 4, scale: float = 1.0) -> Found:
    target = checks.target(address)
    return asyncio.run(Scout(SocketDialer(target.address), target.names, scale).look(jobs))


def test_an_honest_server() -> None:
    with checks.serving(checks.small_server) as address:
        found = look(address)
    assert (found.baseline.status, found.baseline.content, found.baseline.version) == (200, b"ok", b"HTTP/1.1")
    assert found.preflight.discriminates
    assert not found.preflight.one_at_a_time
    assert found.connections_max == 4
    assert 0 < found.preflight.round_trip_seconds < 1


def test_a_server_that_answers_everything_alike() -> None:
    with serve(always(b"200 OK")) as address:
        found = look(address)
    assert not found.preflight.discriminates
    assert not found.baseline.discriminates


def test_content_that_differs_is_no_baseline() -> None:
    numbers = iter(range(100))

    def handler(connection: socket.socket) -> None:
        for _ in checks.heads(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 2\r\n\r\n%02d" % next(numbers))

    with checks.serving(handler) as address:
        found = look(address)
    assert found.baseline.content is None
    assert found.preflight.server == "s"


def test_one_connection_at_a_time() -> None:
    one = threading.Lock()

    def handler(connection: socket.socket) -> None:
        with one:
            checks.small_server(connection)

    with checks.serving(handler) as address:
        found = look(address, scale=0.1)
    assert found.preflight.one_at_a_time
    assert found.connections_max == 1


def test_a_small_pool_bears_two() -> None:
    pool = threading.Semaphore(3)

    def handler(connection: socket.socket) -> None:
        with pool:
            checks.small_server(connection)

    with checks.serving(handler) as address:
        found = look(address, jobs=8, scale=0.1)
    assert not found.preflight.one_at_a_time
    assert found.connections_max == 2


def test_two_unanswered_gets_end_it() -> None:
    with serve(hang_up) as address, pytest.raises(TargetUnreachable, match="closed without an answer"):
        look(address)
    with serve(black_hole) as address, pytest.raises(TargetUnreachable, match="no answer in time"):
        look(address, scale=0.01)
    with pytest.raises(TargetUnreachable, match="no connection"):
        look(address)


def test_one_failure_is_forgiven() -> None:
    first = threading.Lock()

    def handler(connection: socket.socket) -> None:
        if first.acquire(blocking=False):
            return
        checks.small_server(connection)

    with checks.serving(handler) as address:
        assert look(address).baseline.status == 200


def test_health() -> None:
    async def lives(address: tuple[str, int], *, process: bool = True) -> bool:
        target = checks.target(address)
        return await Health(target.names, 0.01, lambda: process).lives(SocketDialer(target.address))

    with checks.serving(checks.small_server) as address:
        assert asyncio.run(lives(address))
        assert not asyncio.run(lives(address, process=False))
    assert not asyncio.run(lives(address))
