"""Whole runs on small servers: side by side, second runs, blame, passive checks, interruption."""

from __future__ import annotations

import asyncio
import dataclasses
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence

import checks
import pytest

from merkhet.catalogue import AnyCheck
from merkhet.check import PASS, VIOLATION, WARNING, Answers, Check, Passive, Send
from merkhet.engine.confirm import merge, unconfirmed, wants_second_run
from merkhet.engine.deadlines import Deadlines
from merkhet.engine.execute import Baseline
from merkhet.engine.plan import RunEvent, RunOptions, RunOutcome, RunStage, RunTarget
from merkhet.engine.preflight import Found, TargetUnreachable
from merkhet.engine.runner import HOPELESS_RUNS, run, run_sync
from merkhet.expect import served, silent, status
from merkhet.model import CheckResult, Finding, Level, Outcome, Preflight, Requirement, Weight
from merkhet.selftest.dead import black_hole, hang_up, serve
from merkhet.template import Names
from merkhet.wire.sockets import Address

REQUIREMENTS = {"rfc9112-0-1": checks.requirement()}
PASSIVE = Passive(
    id="rfc9112-0-passive",
    requirement="rfc9112-0-1",
    title="No folded lines",
    since="0.1",
    rule="obs-fold",
    good=(checks.OK,),
    mutants=(),
)
KILL = b"KILL {root} HTTP/1.1\r\nHost: {host}\r\n\r\n"


def options(
    found: Found | None = None, *, jobs: int = 4, confirm_seconds_max: float = 30.0, scale: float = 0.1
) -> RunOptions:
    return RunOptions(
        jobs=jobs,
        requirements=REQUIREMENTS,
        found=found,
        timeout_scale=scale,
        confirm_seconds_max=confirm_seconds_max,
    )


def given(scale: float = 0.1) -> Found:
    """Return what preflight would find of a good server, so that a dead one gets as far as the checks."""
    return Found(
        preflight=Preflight(status=200),
        baseline=Baseline(status=200),
        deadlines=Deadlines(0.001, scale),
        connections_max=4,
    )


def judge(
    handler: Callable[[socket.socket], None], *them: AnyCheck, how: RunOptions | None = None
) -> tuple[RunOutcome, list[RunEvent]]:
    events: list[RunEvent] = []
    with checks.serving(handler) as address:
        outcome = run_sync(checks.target(address), them, how or options(), events.append)
    return outcome, events


def outcomes(outcome: RunOutcome) -> list[Outcome]:
    return [result.outcome for result in outcome.results]


def test_a_good_server_passes_in_the_order_of_the_checks() -> None:
    them: list[AnyCheck] = [*(checks.check(name=f"n{number:02}") for number in range(20)), PASSIVE]
    outcome, events = judge(checks.small_server, *them)
    assert [result.check for result in outcome.results] == [check.id for check in them]
    assert set(outcomes(outcome)) == {Outcome.PASS}
    assert (outcome.second_runs, outcome.ended, outcome.problems) == (0, "complete", ())
    assert outcome.preflight is not None
    assert [event.stage for event in events].count(RunStage.FINISHED) == 21
    assert events[-1].done == events[-1].total == 21


def test_a_result_carries_its_evidence() -> None:
    outcome, _ = judge(checks.small_server, checks.check(), PASSIVE)
    first, passive = outcome.results
    assert [transcript.purpose for transcript in first.evidence.transcripts] == ["check", "twin"]
    assert first.evidence.repeat == "merkhet run --select rfc9112-0-refused"
    assert first.evidence.netcat.startswith("printf 'GET / HTTP/1.1\\r\\n\\r\\n' | nc -w 2 127.0.0.1 ")
    assert [transcript.purpose for transcript in passive.evidence.transcripts] == ["probe"]


def lenient(connection: socket.socket) -> None:
    for head in checks.heads(connection):
        connection.sendall(checks.OK if head.startswith(b"GET") else checks.REFUSED.data)


def test_what_fails_is_run_twice() -> None:
    outcome, events = judge(lenient, checks.check())
    (result,) = outcome.results
    assert (result.outcome, result.runs, result.flaky) == (Outcome.FAIL, 2, False)
    assert outcome.second_runs == 1
    assert [event.stage for event in events][-1] is RunStage.CONFIRMED


def first_time(
    odd: Callable[[socket.socket], None], then: Callable[[socket.socket], None]
) -> Callable[[socket.socket], None]:
    """Return what serves the first request without a Host with `odd`, and all else with `then`."""
    once = threading.Lock()

    def handler(connection: socket.socket) -> None:
        data = connection.recv(65536, socket.MSG_PEEK)
        is_odd = data.startswith(b"GET / HTTP/1.1\r\n\r\n") and once.acquire(blocking=False)
        (odd if is_odd else then)(connection)

    return handler


def test_an_absence_is_excused_by_the_lone_run() -> None:
    outcome, _ = judge(first_time(lambda _: None, checks.small_server), checks.check())
    (result,) = outcome.results
    assert (result.outcome, result.runs, result.flaky) == (Outcome.PASS, 2, False)


def test_what_was_received_is_not_excused() -> None:
    outcome, _ = judge(first_time(lenient, checks.small_server), checks.check())
    (result,) = outcome.results
    assert (result.outcome, result.runs, result.flaky) == (Outcome.FAIL, 2, True)


def test_without_time_for_second_runs_an_absence_proves_nothing() -> None:
    outcome, _ = judge(
        first_time(lambda _: None, checks.small_server),
        checks.check(),
        checks.check(Send(checks.GET), Answers({served(): VIOLATION}), name="served"),
        how=options(confirm_seconds_max=0.0),
    )
    first, second = outcome.results
    assert (first.outcome, first.runs) == (Outcome.INCONCLUSIVE, 1)
    assert "not confirmed" in first.reason
    assert (second.outcome, second.runs) == (Outcome.FAIL, 1)


def test_silence_is_confirmed_side_by_side() -> None:
    """Twenty silences with a patience of 5 (here 0.5) seconds each take the time of one, not of twenty."""

    def handler(connection: socket.socket) -> None:
        for head in checks.heads(connection):
            if b"Host" in head:
                connection.sendall(checks.OK)

    step = Answers({status(400): PASS, silent: WARNING}, patience_seconds=5.0)
    them = [checks.check(Send(checks.NO_HOST), step, name=f"n{number}") for number in range(20)]
    outcome, _ = judge(handler, *them)
    assert set(outcomes(outcome)) == {Outcome.WARN}
    assert {result.runs for result in outcome.results} == {2}
    assert all(0.45 < result.seconds < 2 for result in outcome.results)


def test_what_the_target_does_not_offer_is_not_applicable() -> None:
    echo = checks.check(Send(b"GET {echo} HTTP/1.1\r\nHost: {host}\r\n\r\n"), Answers({served(): PASS}), name="echo")
    tls = checks.check(name="tls", tags=frozenset({"tls"}))
    outcome, _ = judge(
        checks.small_server, echo, tls, dataclasses.replace(PASSIVE, probe=b"GET {echo} HTTP/1.1\r\n\r\n")
    )
    assert outcomes(outcome) == [Outcome.NOT_APPLICABLE] * 3
    assert [result.reason for result in outcome.results] == [
        "the target offers no echo",
        "the target offers no tls",
        "the target offers no echo",
    ]


def test_an_error_of_ours_is_one_result() -> None:
    class Broken:
        rests_on = served().rests_on

        def describe(self) -> str:
            return "broken"

        def matches(self, answer: object, context: object) -> bool:
            raise ZeroDivisionError("no such number")

    broken = checks.check(Send(checks.GET), Answers({Broken(): PASS}), name="broken")
    outcome, _ = judge(checks.small_server, broken, checks.check())
    assert outcomes(outcome) == [Outcome.ERROR, Outcome.PASS]
    assert "ZeroDivisionError: no such number" in outcome.results[0].reason


def test_nobody_there() -> None:
    with serve(hang_up) as address, pytest.raises(TargetUnreachable):
        run_sync(checks.target(address), [checks.check()], options())


class Mortal:
    """A server that dies of a KILL request and can be started again."""

    def __init__(self) -> None:
        self.starts = 0
        self.server: socket.socket
        self.threads: list[threading.Thread] = []

    def start(self) -> tuple[str, int]:
        self.starts += 1
        self.server = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=self.accept, args=(self.server,))
        thread.start()
        self.threads.append(thread)
        host, port = self.server.getsockname()[:2]
        return str(host), int(port)

    def accept(self, listener: socket.socket) -> None:
        try:
            while True:
                connection, _ = listener.accept()
                thread = threading.Thread(target=self.serve, args=(connection,))
                thread.start()
                self.threads.append(thread)
        except OSError:
            return

    def serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                for head in checks.heads(connection):
                    if head.startswith(b"KILL"):
                        self.stop()
                        return
                    connection.sendall(checks.OK if b"Host" in head else checks.REFUSED.data)
                    if b"Host" not in head:
                        return
            except OSError:
                return

    def stop(self) -> None:
        try:
            self.server.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
        finally:
            self.server.close()

    def again(self) -> tuple[Address, Names]:
        target = checks.target(self.start())
        return target.address, target.names

    def target(self, *, restarts: bool) -> RunTarget:
        target = checks.target(self.start())
        return dataclasses.replace(target, restart=self.again) if restarts else target


KILLER = checks.check(Send(KILL), Answers({served(): PASS}), name="killer")


def run_mortal(them: Sequence[Check], *, restarts: bool, jobs: int = 4) -> tuple[RunOutcome, Mortal]:
    mortal = Mortal()
    try:
        outcome = run_sync(mortal.target(restarts=restarts), them, options(given(), jobs=jobs))
    finally:
        mortal.stop()
        for thread in mortal.threads:
            thread.join()
    return outcome, mortal


def test_who_kills_the_target_is_found_and_the_run_goes_on() -> None:
    them = [*(checks.check(name=f"a{number}") for number in range(6)), KILLER]
    them += [checks.check(name=f"b{number}") for number in range(6)]
    outcome, mortal = run_mortal(them, restarts=True)
    killers = [result.check for result in outcome.results if result.killed_server]
    assert killers == [KILLER.id]
    assert {result.outcome for result in outcome.results if not result.killed_server} == {Outcome.PASS}
    assert next(result for result in outcome.results if result.killed_server).outcome is Outcome.FAIL
    assert outcome.ended == "complete"
    assert mortal.starts >= 3


def test_a_target_that_is_not_ours_stays_dead() -> None:
    them = [checks.check(name="before"), KILLER, checks.check(name="after")]
    outcome, _ = run_mortal(them, restarts=False, jobs=1)
    before, killer, after = outcome.results
    assert before.outcome is Outcome.PASS
    assert (killer.outcome, killer.killed_server) == (Outcome.FAIL, True)
    assert (after.outcome, after.reason) == (Outcome.INCONCLUSIVE, "the target died before this ran")
    assert outcome.ended == "target died"
    assert outcome.problems


def test_what_would_run_alone_has_a_result_although_the_target_died_before() -> None:
    alone = dataclasses.replace(checks.check(name="alone"), tags=frozenset({"alone"}))
    outcome, _ = run_mortal([KILLER, alone], restarts=False, jobs=1)
    result = outcome.results[-1]
    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, "the target died before this ran")


def test_a_restart_that_fails_is_told() -> None:
    def fails() -> tuple[Address, Names]:
        raise OSError("no such command")

    mortal = Mortal()
    target = dataclasses.replace(mortal.target(restarts=True), restart=fails)
    outcome = run_sync(target, [KILLER], options(given(), jobs=1))
    for thread in mortal.threads:
        thread.join()
    assert outcome.ended == "target died"
    assert "no such command" in outcome.problems[0]


def test_a_black_hole_is_left_soon() -> None:
    with serve(black_hole) as address:
        them = [checks.check(name=f"n{number}") for number in range(100)]
        outcome = run_sync(checks.target(address), them, options(given(0.01), scale=0.01))
    assert set(outcomes(outcome)) == {Outcome.INCONCLUSIVE}
    assert outcome.ended == "target died"


def test_a_target_that_serves_nothing_is_left_soon() -> None:
    def refuses(connection: socket.socket) -> None:
        for _ in checks.heads(connection):
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    them = [checks.check(name=f"n{number:03}") for number in range(100)]
    outcome, _ = judge(refuses, *them)
    assert set(outcomes(outcome)) == {Outcome.INCONCLUSIVE}
    asked = [result for result in outcome.results if result.evidence.transcripts]
    assert HOPELESS_RUNS <= len(asked) < HOPELESS_RUNS + 8
    assert "were not run" in outcome.problems[0]


@pytest.fixture
def interrupts() -> Iterator[None]:
    """Python's own handler of SIGINT, even if the tests were started with the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_interrupted_it_returns_what_there_is() -> None:
    """A signal in the middle of the run: what is finished is delivered, what is not is missing."""
    ready, main = threading.Event(), threading.get_ident()

    def handler(connection: socket.socket) -> None:
        for head in checks.heads(connection):
            if head.startswith(b"STALL"):
                ready.set()
                continue
            connection.sendall(checks.OK if b"Host" in head else checks.REFUSED.data)
            if b"Host" not in head:
                return

    def interrupt() -> None:
        if ready.wait(10):
            signal.pthread_kill(main, signal.SIGINT)

    stall = checks.check(
        Send(b"STALL / HTTP/1.1\r\nHost: {host}\r\n\r\n"), Answers({served(): PASS}, patience_seconds=500), name="stall"
    )
    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    with checks.serving(handler) as address:
        patient = options(given(100.0), jobs=1)
        outcome = run_sync(checks.target(address), [checks.check(), stall, checks.check(name="after")], patient)
    interrupter.join()
    assert outcome.ended == "interrupted"
    assert [result.check for result in outcome.results] == ["rfc9112-0-refused"]


def test_cancelled_inside_a_loop_of_someone_else_it_returns_too() -> None:
    async def work(address: tuple[str, int]) -> RunOutcome:
        task = asyncio.create_task(run(checks.target(address), [checks.check()], options(given(100.0))))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        return await task

    with serve(black_hole) as address:
        outcome = asyncio.run(work(address))
    assert (outcome.ended, outcome.results) == ("interrupted", ())


def result(outcome: Outcome, *, choice: str = "", weight: Weight | None = None) -> CheckResult:
    findings = () if weight is None else (Finding(weight=weight, expected="", observed=""),)
    return CheckResult(
        check="c", requirement="r", title="t", level=Level.MUST, outcome=outcome, choice=choice, findings=findings
    )


FAIL = result(Outcome.FAIL, weight=Weight.BREACH)
WARN = result(Outcome.WARN, weight=Weight.WARNING)
GOOD = result(Outcome.PASS)


@pytest.mark.parametrize(
    ("first", "second", "absent", "outcome", "flaky"),
    [
        (FAIL, FAIL, False, Outcome.FAIL, False),
        (FAIL, GOOD, False, Outcome.FAIL, True),
        (FAIL, GOOD, True, Outcome.PASS, False),
        (WARN, GOOD, False, Outcome.WARN, True),
        (WARN, FAIL, False, Outcome.FAIL, True),
        (WARN, FAIL, True, Outcome.FAIL, False),
        (result(Outcome.INCONCLUSIVE), GOOD, False, Outcome.PASS, False),
        (result(Outcome.OBSERVED, choice="a"), result(Outcome.OBSERVED, choice="b"), True, Outcome.OBSERVED, False),
    ],
)
def test_merge(first: CheckResult, second: CheckResult, absent: bool, outcome: Outcome, flaky: bool) -> None:  # noqa: FBT001
    merged = merge(first, second, absent=absent)
    assert (merged.outcome, merged.flaky, merged.runs) == (outcome, flaky, 2)


def test_what_is_run_again() -> None:
    assert not wants_second_run(GOOD, absent=False)
    assert wants_second_run(GOOD, absent=True)
    assert not wants_second_run(result(Outcome.OBSERVED), absent=False)
    assert wants_second_run(FAIL, absent=False)
    assert not wants_second_run(result(Outcome.NOT_APPLICABLE), absent=True)
    assert unconfirmed(GOOD, seconds=30).outcome is Outcome.INCONCLUSIVE


def test_requirements_come_from_the_catalogue_unless_given() -> None:
    unknown = {
        "other": Requirement(id="other", document="d", section="1", level=Level.MUST, basis="", role="", text="")
    }
    with serve(black_hole) as address, pytest.raises(KeyError):
        run_sync(
            checks.target(address),
            [checks.check(tags=frozenset({"tls"}))],
            dataclasses.replace(options(given()), requirements=unknown),
        )
