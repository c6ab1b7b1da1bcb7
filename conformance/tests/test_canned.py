"""The canned dialer, and the proof that it gives: a check that cannot fail is found."""

from __future__ import annotations

import dataclasses

import checks
import pytest

from merkhet.answer import End
from merkhet.check import PASS, PLAIN_GET, Answers, Canned, Passive, Send, Stream, in_turns, observed, resets
from merkhet.expect import anything, served, silent, status
from merkhet.model import Level, Outcome
from merkhet.selftest.canned import play, verify
from merkhet.wire.canned import CannedDialer, run_now
from merkhet.wire.dial import Wire

REQUIREMENT = checks.requirement()


def opened(*streams: Stream) -> tuple[CannedDialer, Wire]:
    dialer = CannedDialer(streams, PLAIN_GET, checks.setting().render)
    return dialer, run_now(dialer.dial("check", 0, 0.0))


def test_a_stream_is_played_and_then_its_end() -> None:
    _, wire = opened(resets(b"{root} and more"))
    assert run_now(wire.receive(1.0)) == b"/ and more"
    assert run_now(wire.receive(1.0)) is End.RESET
    assert wire.ended_at is not None


def test_silence_takes_no_time_but_virtual_time() -> None:
    dialer, wire = opened(Stream(b""))
    assert run_now(wire.receive(500.0)) is End.SILENT
    assert dialer.now() == 500.0


def test_turns_come_with_each_send() -> None:
    _, wire = opened(in_turns(b"one", b"two", end=End.CLOSED))
    assert run_now(wire.receive(1.0)) is End.SILENT
    run_now(wire.send([b"x"], gap_seconds=0, until=0))
    assert run_now(wire.receive(2.0)) == b"one"
    assert run_now(wire.receive(3.0)) is End.SILENT
    run_now(wire.send([b"x"], gap_seconds=0, until=0))
    assert [run_now(wire.receive(4.0)), run_now(wire.receive(4.0))] == [b"two", End.CLOSED]


def test_what_waits_for_an_event_loop_is_refused() -> None:
    import asyncio

    async def waits() -> None:
        await asyncio.sleep(1)

    with pytest.raises(RuntimeError, match=r"no running event loop|waited"):
        run_now(waits())


def test_a_good_check_is_verified() -> None:
    assert verify(checks.check(), REQUIREMENT) == []


def test_a_check_that_cannot_fail_is_found() -> None:
    blind = checks.check(Send(checks.GET), Answers({anything: PASS}))
    assert [problem.server for problem in verify(blind, REQUIREMENT)] == ["serves it"]


def test_a_check_that_fails_a_good_server_is_found() -> None:
    wrong = checks.check(good=(checks.OK,))
    assert [problem.server for problem in verify(wrong, REQUIREMENT)] == ["good"]


def test_a_check_without_mutants_is_found() -> None:
    assert verify(dataclasses.replace(checks.check(), mutants=()), REQUIREMENT)


def test_another_choice_is_noticed() -> None:
    cases = {served(): observed("serves"), status(400): observed("refuses")}
    may = checks.check(Send(checks.GET), Answers(cases))
    assert verify(may, checks.requirement(level=Level.MAY)) == []
    same = dataclasses.replace(may, mutants=(Canned("the same", checks.REFUSED),))
    assert len(verify(same, checks.requirement(level=Level.MAY))) == 1


def test_an_inconclusive_mutant_is_not_noticed() -> None:
    silent_one = dataclasses.replace(checks.check(Send(checks.GET), Answers({status(400): PASS})))
    assert [problem.server for problem in verify(silent_one, REQUIREMENT)] == ["serves it"]


def test_a_passive_check_is_verified_by_its_probe() -> None:
    passive = Passive(
        id="rfc9112-0-passive",
        requirement="rfc9112-0-1",
        title="No CR without LF",
        since="0.1",
        rule="bare-cr",
        good=(checks.OK,),
        mutants=(Canned("a CR in the reason", checks.OK.replace(b"OK", b"O\rK")),),
    )
    assert verify(passive, REQUIREMENT) == []
    assert play(passive, (Stream(b"", End.CLOSED),), REQUIREMENT).outcome is Outcome.NOT_APPLICABLE
    assert silent.describe()
