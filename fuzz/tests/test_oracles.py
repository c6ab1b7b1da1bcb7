"""Each oracle finds the fault that is there for it, and a sound parser has none."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from broken import chunked

from merkhet_fuzz import campaign, oracles
from merkhet_fuzz.campaign import Campaign
from merkhet_fuzz.inputs import Input

FAULTS = {
    "any two": ("accepted.rfc9112-7.1-a3.chunk-data-end", 300),
    "int": ("accepted.rfc9112-7.1-a2.chunk-line", 1500),
    "wraps": ("accepted.rfc9112-7.1-3.chunk-line", 4000),
    "any trailer": ("accepted.rfc9112-5-a2.trailer", 2000),
    "takes the cut": ("accepted.rfc9112-8-a1.end", 800),
    "no extensions": ("refused.legal", 100),
    "adds": ("changed.legal", 100),
    "crashes": ("crash.IndexError.size_of", 1000),
    "segments": ("segments.messages.legal", 500),
}


def test_nothing_is_found_on_a_sound_parser() -> None:
    seen = campaign.batch(chunked(), 1, 0, 6000)
    assert seen.seen == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_soon(fault: str) -> None:
    wanted, inputs = FAULTS[fault]
    seen = campaign.batch(chunked(**{fault: True}), 1, 0, inputs).seen
    assert wanted in seen, sorted(seen)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_finding_is_made_small_and_stays_what_it_was(fault: str) -> None:
    wanted, inputs = FAULTS[fault]
    parser = chunked(**{fault: True})
    seen = campaign.batch(parser, 1, 0, inputs).seen[wanted]
    found = campaign.smallest(parser, seen, 1)
    assert found is not None
    assert found.id == f"test:chunked/{wanted}"
    assert len(found.edits) <= 1
    assert any(suspicion.label == wanted for suspicion in campaign.replay(parser, Input.parse(found.input)))


@pytest.mark.skipif(not hasattr(__import__("signal"), "setitimer"), reason="no timer of processor time here")
def test_a_loop_is_ended_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracles, "HANG_SECONDS", 0.05)
    looping = chunked(loops=True)
    seen = campaign.replay(looping, Input.parse("chunked.body#0 chunk1.size:vt-behind"))
    assert [suspicion.label for suspicion in seen] == ["hang"]


@pytest.mark.skipif(not hasattr(__import__("signal"), "setitimer"), reason="no timer of processor time here")
def test_one_watchdog_within_another_leaves_that_one_awake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracles, "HANG_SECONDS", 0.05)
    with oracles.watchdog():
        campaign.replay(chunked(), Input.parse("chunked.body#0"))
        oracles.rewind()
        with pytest.raises(oracles.HangError):
            _work(seconds=5.0)


def _work(seconds: float) -> None:
    begun = time.process_time()
    while time.process_time() - begun < seconds:
        pass


def test_what_does_not_come_again_is_no_finding() -> None:
    parser = chunked(**{"any two": True})
    seen = campaign.batch(parser, 1, 0, 300).seen["accepted.rfc9112-7.1-a3.chunk-data-end"]
    assert campaign.smallest(chunked(), seen, 1) is None


def test_what_is_no_duty_of_a_parser_is_not_asked_of_it() -> None:
    lacking = replace(chunked(**{"any two": True}), lacks=frozenset(("rfc9112-7.1-a3",)))
    assert campaign.batch(lacking, 1, 0, 300).seen == {}


def test_round_trip_is_asked_where_there_is_a_writer() -> None:
    def whole(content: bytes) -> bytes:
        return b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)

    def first(content: bytes) -> bytes:
        return b"1\r\n%b\r\n0\r\n\r\n" % content[:1]

    sound = replace(chunked(), unparse=whole)
    made = Input.parse("chunked.body#0")
    assert campaign.replay(sound, made) == []
    lossy = replace(sound, unparse=first)
    assert [suspicion.oracle for suspicion in campaign.replay(lossy, made)] == ["round-trip"]


def test_a_campaign_ends_by_its_inputs_and_tells_each_class_once() -> None:
    told: list[str] = []
    made = Campaign(chunked(**{"any two": True}), 1, 60.0, 1500, on_finding=lambda finding: told.append(finding.id))
    made.run()
    assert made.inputs == 1500
    assert told == [finding.id for finding in made.found.values()]
    assert len(set(told)) == len(told)
    assert made.found["accepted.rfc9112-7.1-a3.chunk-data-end"].others
