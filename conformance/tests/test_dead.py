"""Dead servers: no check passes on them but the passive ones that their bytes truly keep, and the run ends soon."""

from __future__ import annotations

import socket
from itertools import islice

import checks
import pytest

from merkhet import catalogue
from merkhet.catalogue import AnyCheck
from merkhet.check import Answers, Check, Passive, walk
from merkhet.engine.deadlines import Deadlines
from merkhet.engine.execute import Baseline
from merkhet.engine.plan import RunOptions, RunOutcome
from merkhet.engine.preflight import Found, TargetUnreachable
from merkhet.engine.runner import run_sync
from merkhet.model import Outcome, Preflight
from merkhet.selftest.dead import DEAD, serve

SILENT = {"black hole", "a byte a second"}
UNANSWERED = SILENT | {"hang-up", "garbage", "endless body"}


def is_quick(check: AnyCheck) -> bool:
    """Whether a check asks for no more than an answer's own time, nor sends much."""
    if isinstance(check, Passive):
        return True
    waits = [step.patience_seconds or 0 for step in walk(check.steps) if isinstance(step, Answers)]
    return not check.tags & {"slow", "bulk"} and max(waits, default=0) <= 5


def sample() -> list[AnyCheck]:
    """Return a check of every requirement and every passive one: enough to meet every kind of verdict."""
    known = catalogue.load().checks.values()
    first: dict[str, Check] = {}
    for check in known:
        if isinstance(check, Check) and is_quick(check):
            first.setdefault(check.requirement, check)
    return [*first.values(), *(check for check in known if isinstance(check, Passive))]


def bury(name: str, found: Found | None, scale: float) -> RunOutcome:
    with serve(DEAD[name]) as address:
        return run_sync(checks.target(address), sample(), RunOptions(timeout_scale=scale, found=found))


@pytest.mark.parametrize("name", sorted(set(DEAD) - UNANSWERED))
def test_a_server_that_always_says_the_same_earns_nothing(name: str) -> None:
    outcome = bury(name, None, 0.1)
    assert outcome.preflight is not None
    assert not outcome.preflight.discriminates
    passed = [result.check for result in outcome.results if result.outcome in {Outcome.PASS, Outcome.OBSERVED}]
    assert [check for check in passed if not isinstance(catalogue.load().checks[check], Passive)] == []


@pytest.mark.parametrize("name", sorted(UNANSWERED))
def test_a_server_that_does_not_answer_is_no_target(name: str) -> None:
    with pytest.raises(TargetUnreachable):
        bury(name, None, 0.02)


@pytest.mark.parametrize("name", sorted(UNANSWERED))
def test_a_server_that_dies_after_preflight_earns_nothing(name: str) -> None:
    found = Found(
        preflight=Preflight(status=200),
        baseline=Baseline(status=200),
        deadlines=Deadlines(0.001, 0.02),
        connections_max=8,
    )
    outcome = bury(name, found, 0.02)
    assert outcome.ended == "target died"
    good = {result.check for result in outcome.results if result.outcome in {Outcome.PASS, Outcome.OBSERVED}}
    assert [check for check in good if not isinstance(catalogue.load().checks[check], Passive)] == []


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("hang-up", b""),
        ("always 400", b"HTTP/1.1 400 Bad Request\r\n"),
        ("always 200 and close", b"HTTP/1.1 200 OK\r\nConnection: close\r\n"),
        ("always 500", b"HTTP/1.1 500 "),
        ("garbage", b"\x00\x01"),
        ("a byte a second", b"H"),
        ("endless body", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nxxx"),
    ],
)
def test_each_is_dead_in_its_own_way(name: str, begins: bytes) -> None:
    with serve(DEAD[name]) as address, socket.create_connection(address, timeout=5) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        octets = iter(lambda: client.recv(1), b"")
        assert b"".join(islice(octets, len(begins) or 1)) == begins


def test_one_answers_before_it_is_asked() -> None:
    with serve(DEAD["answer before the request"]) as address, socket.create_connection(address, timeout=5) as client:
        assert client.recv(15) == b"HTTP/1.1 200 OK"


def test_the_black_hole_says_nothing_even_to_a_half_close() -> None:
    with serve(DEAD["black hole"]) as address, socket.create_connection(address) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        client.settimeout(0.02)
        with pytest.raises(TimeoutError):
            client.recv(1)


def test_the_sample_meets_every_requirement_that_has_a_check() -> None:
    tested = {check.requirement for check in sample()}
    assert len(tested) > 40
