"""What is told to who counts and logs, and what becomes of a server whose observer fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from peer import Peer

from merkhet_reference import Request, Server
from merkhet_reference.observer import Careful, Load, Record

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LOAD = Load(0, 0, 1, 0, 0)
WORDS = [
    "the observer failed when a connection came",
    "the observer failed when a request was answered",
    "the observer failed when a connection was closed",
]


class Failing:
    """An observer that keeps what it is told, and then fails."""

    def __init__(self, *, fails: bool = True) -> None:
        self.told: list[object] = []
        self._fails = fails

    def _keep(self, what: object) -> None:
        self.told.append(what)
        if self._fails:
            raise ZeroDivisionError("a fault of its own")

    def started(self, load: Callable[[], Load]) -> None:
        self.told.append(load())

    def connection_came(self, *, refused: bool) -> None:
        self._keep(refused)

    def connection_closed(self) -> None:
        self._keep("closed")

    def answered(self, record: Record) -> None:
        self._keep(record)


@pytest.mark.parametrize("fails", [False, True])
def test_everything_is_passed_on_and_every_fault_logged(caplog: pytest.LogCaptureFixture, *, fails: bool) -> None:
    observer = Failing(fails=fails)
    careful = Careful(observer)
    record = Record(None, "192.0.2.1", 0.0)
    careful.started(lambda: LOAD)
    careful.connection_came(refused=True)
    careful.answered(record)
    careful.connection_closed()
    assert observer.told == [LOAD, True, record, "closed"]
    assert [entry.message for entry in caplog.records] == (WORDS if fails else [])


def test_who_cannot_begin_to_count_is_told_at_once() -> None:
    class Unable(Failing):
        def started(self, load: Callable[[], Load]) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Careful(Unable()).started(lambda: LOAD)


def test_a_server_whose_observer_fails_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    observer = Failing()

    def hello(request: Request) -> None:
        request.respond(200, content=b"hello")

    with Server(hello, observer=observer).running() as server:
        for _ in range(2):
            with Peer(server, GET) as peer:
                assert peer.answer()[1] == b"hello"
    assert {entry.message for entry in caplog.records} == set(WORDS)
    assert sum(isinstance(told, Record) for told in observer.told) == 2
