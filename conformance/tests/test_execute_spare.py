"""A process of the target for one check alone: it is started, asked to end and stopped, and its end is no fault of its own."""

from __future__ import annotations

import dataclasses
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import checks
import pytest

from merkhet.answer import End
from merkhet.check import PASS, Answers, Check, Fresh, Send, Step, Stream, Terminate, closes
from merkhet.engine.execute import Run, execute
from merkhet.engine.plan import RunOptions
from merkhet.engine.runner import run_sync
from merkhet.engine.spare import Spare
from merkhet.expect import answered, ended
from merkhet.model import Outcome
from merkhet.selftest.canned import NAMES
from merkhet.target.process import TargetProcess
from merkhet.wire.canned import CannedDialer
from merkhet.wire.dial import Unreachable

GET = b"GET {root} HTTP/1.1\r\nHost: {host}\r\n\r\n"
STEPS: tuple[Step, ...] = (Fresh(), Send(GET), Answers({answered: PASS}), Terminate(), Answers({ended: PASS}))


@dataclass
class Ways:
    """A spare of canned answers that notes what is done to it."""

    stream: Stream
    done: list[str] = field(default_factory=list[str])

    def start(self) -> Spare:
        self.done.append("started")
        dialer = CannedDialer((self.stream,), check().twin, checks.setting().render)
        return Spare(
            dialer=dialer,
            names=dataclasses.replace(NAMES, host=b"spare.test"),
            terminate=lambda: self.done.append("asked to end"),
            stop=lambda: self.done.append("stopped"),
        )


def check(*steps: Step) -> Check:
    return checks.check(*(steps or STEPS), tags=frozenset({"own-process"}))


def run(spare: Callable[[], Spare], *steps: Step) -> Run:
    import asyncio

    dialer = CannedDialer((), check().twin, checks.setting().render)
    setting = dataclasses.replace(checks.setting(), spare=spare)
    return asyncio.run(execute(check(*steps), dialer, setting))


def test_it_is_started_asked_to_end_and_stopped() -> None:
    ways = Ways(closes(checks.OK))
    outcome = run(ways.start)
    assert ways.done == ["started", "asked to end", "stopped"]
    assert [item.kind for item in outcome.judgements] == [PASS.kind, PASS.kind]
    assert not outcome.twin_fault


def test_it_is_told_its_own_name() -> None:
    outcome = run(Ways(closes(checks.OK)).start)
    sent = [event.data for one in outcome.transcripts for event in one.events if event.direction == "sent"]
    assert b"Host: spare.test\r\n" in sent[0]
    assert all(b"Host: spare.test" not in data for data in sent[1:])


def test_its_end_is_not_held_against_it() -> None:
    ended_by_us = run(Ways(closes(checks.OK)).start)
    ended_by_itself = run(Ways(closes(checks.OK)).start, *STEPS[:3], *STEPS[4:])
    assert [seen.end for seen in ended_by_us.seen if seen.response.status][:1] == [None]
    assert [seen.end for seen in ended_by_itself.seen if seen.response.status][:1] == [End.CLOSED]


def test_it_is_stopped_though_nobody_asked_it_to_end() -> None:
    ways = Ways(closes(checks.OK))
    run(ways.start, *STEPS[:2])
    assert ways.done == ["started", "stopped"]


def test_one_that_does_not_start_proves_nothing() -> None:
    def start() -> Spare:
        raise Unreachable("it ended before it listened")

    assert run(start).unreachable == "it ended before it listened"


def test_a_target_that_is_not_ours_to_start_has_none() -> None:
    with checks.serving(checks.small_server) as address:
        options = RunOptions(requirements={check().requirement: checks.requirement()})
        result = run_sync(checks.target(address), [check()], options).results[0]
    assert (result.outcome, result.reason) == (Outcome.NOT_APPLICABLE, "the target offers no own-process")


def test_what_is_alone_runs_beside_nothing() -> None:
    flying, most = 0, {"/beside": 0, "/alone": 0}
    lock = threading.Lock()

    def handler(connection: socket.socket) -> None:
        nonlocal flying
        for head in checks.heads(connection):
            path = head.split(b" ")[1].decode()
            if path in most:
                with lock:
                    flying += 1
                    most[path] = max(most[path], flying)
                time.sleep(0.05)
                with lock:
                    flying -= 1
            connection.sendall(checks.OK)

    def asks(path: str, number: int) -> Check:
        steps = Send(b"GET %s HTTP/1.1\r\nHost: {host}\r\n\r\n" % path.encode()), Answers({answered: PASS})
        tags = frozenset({"alone"} if path == "/alone" else ())
        return dataclasses.replace(checks.check(*steps, tags=tags), id=f"rfc9112-0-{path[1:]}-{number}")

    every = [asks(path, number) for path in most for number in range(3)]
    options = RunOptions(requirements={every[0].requirement: checks.requirement()})
    with checks.serving(handler) as address:
        outcome = run_sync(checks.target(address), every, options)
    assert len(outcome.results) == 6
    assert most["/alone"] == 1 < most["/beside"]


SERVER = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        server.accept()[0].close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM")
def test_another_process_of_a_command() -> None:
    process = TargetProcess([sys.executable, "-c", SERVER, "{port}"])
    try:
        first = process.start()
        other = process.another()
        try:
            assert other.start() != first
            assert other.files != process.files
            other.terminate()
            while other.alive():
                pass
            assert "SIGTERM" in other.ended()
            other.terminate()
            assert process.alive()
        finally:
            other.stop()
    finally:
        process.stop()
