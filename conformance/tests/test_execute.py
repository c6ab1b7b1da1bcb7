"""One check: its steps, its twin, and what the outcome comes to."""

from __future__ import annotations

import dataclasses

import checks
import msgspec
import pytest

from merkhet.answer import End
from merkhet.check import (
    BREACH,
    DESYNC,
    PASS,
    VIOLATION,
    WARNING,
    Abort,
    Answers,
    Check,
    HalfClose,
    Kind,
    On,
    Send,
    Stream,
    closes,
    observed,
    resets,
)
from merkhet.engine.conclude import weight_of
from merkhet.engine.connection import segments
from merkhet.engine.deadlines import Deadlines
from merkhet.engine.execute import Baseline
from merkhet.expect import (
    answered,
    anything,
    closed,
    content,
    cut_short,
    ended,
    garbage,
    interim,
    reset,
    served,
    silent,
    status,
)
from merkhet.expect_form import any_form, field_part, form_of
from merkhet.model import Direction, Level, Outcome, Profile, Weight

OK = Stream(checks.OK)
play = checks.play


def outcome(check: Check, *streams: Stream) -> Outcome:
    return play(check, *streams)[1].outcome


def test_the_first_case_that_matches_decides() -> None:
    assert outcome(checks.check(), checks.REFUSED) is Outcome.PASS
    assert outcome(checks.check(), OK) is Outcome.FAIL
    assert outcome(checks.check(), closes(b"")) is Outcome.WARN
    assert outcome(checks.check(), resets(b"")) is Outcome.WARN
    assert outcome(checks.check(), Stream(b"")) is Outcome.WARN


def test_what_no_case_matches_is_inconclusive() -> None:
    _, conclusion = play(checks.check(), Stream(b"nonsense"))
    assert conclusion.outcome is Outcome.INCONCLUSIVE
    assert "which the check does not judge" in conclusion.reason


def test_a_violation_ends_the_check_and_a_pass_goes_on() -> None:
    twice = (Send(checks.GET), Answers({served(): PASS, status(400): VIOLATION})) * 2
    run, _ = play(checks.check(*twice), Stream(checks.OK + checks.OK))
    assert [item.kind for item in run.judgements] == [Kind.PASS, Kind.PASS]
    run, _ = play(checks.check(*twice), Stream(checks.REFUSED.data + checks.OK))
    assert [item.kind for item in run.judgements] == [Kind.VIOLATION]


def test_what_goes_out_anew_goes_to_a_fresh_connection_where_the_last_one_ends() -> None:
    keeps = checks.REFUSED.data.replace(b"Connection: close\r\n", b"")
    steps = (Send(checks.GET), Answers({status(400): PASS}), Send(checks.GET, anew=True), Answers({served(): PASS}))
    for first, others in ((checks.REFUSED, (OK,)), (Stream(keeps + checks.OK), ())):
        run, _ = play(checks.check(*steps), first, *others)
        assert [item.kind for item in run.judgements] == [Kind.PASS, Kind.PASS]
        assert bool(run.sent) is not bool(others), "one connection can be repeated as it was"
    unsaid = Stream(keeps, end=checks.REFUSED.end)
    run, _ = play(checks.check(*steps), unsaid, OK)
    assert [item.kind for item in run.judgements] == [Kind.PASS, Kind.PASS], (
        "it ended behind a refusal, and did not say so"
    )
    run, _ = play(checks.check(*steps[:2], Send(checks.GET), steps[3]), checks.REFUSED, OK)
    assert run.judgements[1].kind is Kind.INCONCLUSIVE


def test_silence_behind_the_close_option_is_as_good_as_the_end() -> None:
    """No answer is owed there. Who asks for nothing but the end is told of the silence."""
    lingers = Stream(checks.REFUSED.data, End.SILENT)
    behind = {served(): PASS, ended: WARNING, silent: VIOLATION}
    for cases, kind in ((behind, Kind.WARNING), ({ended: PASS, silent: VIOLATION}, Kind.VIOLATION)):
        run, _ = play(checks.check(Send(checks.GET), Answers({status(400): PASS}), Answers(cases)), lingers)
        assert [item.kind for item in run.judgements] == [Kind.PASS, kind]
    run, _ = play(checks.check(Send(checks.GET), Answers({served(): PASS}), Answers(behind)), OK)
    assert [item.kind for item in run.judgements] == [Kind.PASS, Kind.VIOLATION], "the connection was to go on"


def test_the_steps_of_a_verdict_take_the_place_of_the_rest() -> None:
    follow = Answers({ended: WARNING.because("closed")})
    steps = (
        Send(checks.GET),
        Answers({status(400): PASS.then(), served(): VIOLATION.then(follow)}),
        Answers({ended: BREACH}),
    )
    run, conclusion = play(checks.check(*steps), closes(checks.OK))
    assert [item.text for item in run.judgements] == ["", "closed"]
    assert conclusion.outcome is Outcome.FAIL
    run, conclusion = play(checks.check(*steps), checks.REFUSED)
    assert (len(run.judgements), conclusion.outcome) == (1, Outcome.PASS)


def test_the_four_ends_are_told_apart() -> None:
    for stream, name in (
        (closes(b""), "closed"),
        (resets(b""), "reset"),
        (Stream(b""), "silent"),
        (Stream(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx", End.CLOSED), "cut"),
        (Stream(b"\x00\x01"), "garbage"),
        (OK, "answered"),
    ):
        cases = {
            closed: "closed",
            reset: "reset",
            silent: "silent",
            cut_short: "cut",
            garbage: "garbage",
            answered: "answered",
        }
        check = checks.check(Send(checks.GET), Answers({case: observed(word) for case, word in cases.items()}))
        assert play(check, stream)[1].choice == name


def test_interim_responses_come_before_the_final_one() -> None:
    check = checks.check(Send(checks.GET), Answers({interim(100): observed("100"), answered: observed("none")}))
    assert play(check, Stream(b"HTTP/1.1 100 Continue\r\n\r\n" + checks.OK))[1].choice == "100"
    assert play(check, OK)[1].choice == "none"


def test_connections_have_streams_of_their_own() -> None:
    answer = Answers({content(b"a"): PASS, served(): VIOLATION})
    check = checks.check(Send(checks.GET), On(1), Send(checks.GET), answer, On(0), answer)
    a, b = (Stream(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + letter) for letter in (b"a", b"b"))
    assert outcome(check, a, a) is Outcome.PASS
    run, conclusion = play(check, a, b)
    assert conclusion.outcome is Outcome.FAIL
    assert run.sent == ()
    assert [transcript.purpose for transcript in run.transcripts] == ["check", "check", "twin"]


def test_what_is_sent_is_in_the_transcript() -> None:
    run, _ = play(checks.check(Send(checks.GET, each=10), HalfClose(), Answers({answered: PASS})), OK)
    events = run.transcripts[0].events
    sent = [event.data for event in events if event.direction is Direction.SENT]
    assert b"".join(sent) == b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    assert {len(piece) for piece in sent[:-1]} == {10}
    assert Direction.HALF_CLOSED in {event.direction for event in events}
    assert run.sent == tuple(sent)


def test_an_aborted_connection_is_ended_by_us() -> None:
    run, conclusion = play(checks.check(Send(checks.GET), Abort(), Answers({ended: PASS})), OK)
    assert conclusion.outcome is Outcome.PASS
    assert not any(seen.end for seen in run.seen)


def test_a_response_that_cannot_be_framed_decides_nothing() -> None:
    broken = Stream(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")
    assert outcome(checks.check(Send(checks.GET), Answers({anything: PASS})), broken) is Outcome.INCONCLUSIVE
    assert outcome(checks.check(Send(checks.GET), Answers({cut_short: VIOLATION})), broken) is Outcome.FAIL


class TestTwin:
    def unserved(self, check: Check) -> Check:
        return dataclasses.replace(check, twin=dataclasses.replace(check.twin, good=checks.REFUSED.data))

    def test_a_refusal_without_a_served_twin_proves_nothing(self) -> None:
        _, conclusion = play(self.unserved(checks.check()), checks.REFUSED)
        assert conclusion.outcome is Outcome.INCONCLUSIVE
        assert conclusion.reason.startswith("the legal twin was not served")

    def test_what_was_received_stands_without_the_twin(self) -> None:
        assert outcome(self.unserved(checks.check()), OK) is Outcome.FAIL

    def test_an_absence_does_not(self) -> None:
        strict = checks.check(Send(checks.GET), Answers({ended: BREACH}))
        assert outcome(strict, closes(b"")) is Outcome.FAIL
        assert outcome(self.unserved(strict), closes(b"")) is Outcome.INCONCLUSIVE

    def test_the_canary_takes_a_fresh_connection_if_the_twin_closed(self) -> None:
        check = checks.check()
        twin = dataclasses.replace(check.twin, good=checks.OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))
        run, conclusion = play(dataclasses.replace(check, twin=twin), checks.REFUSED)
        assert conclusion.outcome is Outcome.PASS
        assert [transcript.purpose for transcript in run.transcripts] == ["check", "twin", "canary"]

    def test_the_canary_must_be_answered_as_in_preflight(self) -> None:
        setting = checks.setting(baseline=Baseline(status=302))
        _, conclusion = play(checks.check(), checks.REFUSED, under=setting)
        assert "the plain GET behind it" in conclusion.reason


class TestTargetThatAnswersEverythingAlike:
    SETTING = checks.setting(baseline=Baseline(status=200, discriminates=False))

    @pytest.mark.parametrize(
        ("verdict", "stream", "expected"),
        [
            (PASS, OK, Outcome.INCONCLUSIVE),
            (VIOLATION, OK, Outcome.INCONCLUSIVE),
            (observed("x"), OK, Outcome.INCONCLUSIVE),
            (DESYNC, OK, Outcome.FAIL),
        ],
    )
    def test_a_status_proves_nothing(self, verdict: object, stream: Stream, expected: Outcome) -> None:
        assert isinstance(verdict, type(PASS))
        check = checks.check(Send(checks.GET), Answers({served(): verdict}))
        assert play(check, stream, under=self.SETTING)[1].outcome is expected

    def test_content_does(self) -> None:
        check = checks.check(Send(checks.GET), Answers({content(b"ok"): VIOLATION}))
        assert play(check, OK, under=self.SETTING)[1].outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("kind", "section", "level", "weight", "profile", "expected"),
    [
        (Kind.VIOLATION, "3.2", Level.MUST, Weight.WARNING, Profile.DEFAULT, Weight.WARNING),
        (Kind.VIOLATION, "3.2", Level.MUST, Weight.WARNING, Profile.STRICT, Weight.BREACH),
        (Kind.VIOLATION, "3.2", Level.SHOULD, Weight.WARNING, Profile.STRICT, Weight.WARNING),
        (Kind.VIOLATION, "3.2", Level.SHOULD, Weight.WARNING, Profile.SECURITY, Weight.WARNING),
        (Kind.VIOLATION, "7.1.1", Level.SHOULD, Weight.WARNING, Profile.SECURITY, Weight.BREACH),
        (Kind.VIOLATION, "6.3", Level.MUST, Weight.NOTE, Profile.SECURITY, Weight.BREACH),
        (Kind.VIOLATION, "3.2", Level.MAY, Weight.NOTE, Profile.DEFAULT, Weight.NOTE),
        (Kind.WARNING, "6.3", Level.MUST, Weight.BREACH, Profile.STRICT, Weight.WARNING),
        (Kind.DESYNC, "3.2", Level.MAY, Weight.NOTE, Profile.DEFAULT, Weight.BREACH),
        (Kind.BREACH, "3.2", Level.MAY, Weight.NOTE, Profile.DEFAULT, Weight.BREACH),
    ],
)
def test_weights(  # noqa: PLR0917
    kind: Kind, section: str, level: Level, weight: Weight, profile: Profile, expected: Weight
) -> None:
    assert weight_of(kind, checks.requirement(section, level, weight), profile) is expected


def test_a_note_is_an_observation() -> None:
    note = checks.requirement(weight=Weight.NOTE)
    _, conclusion = play(checks.check(), OK, rule=note)
    assert (conclusion.outcome, conclusion.choice) == (Outcome.OBSERVED, "the request was served")


def test_a_finding_says_what_was_read_and_not_only_the_status() -> None:
    document = b'{"fields": [["a\\u001b", "\\u2028"]], "files": []}'
    stream = Stream(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(document), document))
    cases = {form_of(field_part("a", "1")): PASS, any_form: VIOLATION}
    _, conclusion = play(checks.check(Send(checks.GET), Answers(cases)), stream)
    read = "status 200, the report of a form with the field 'a\\x1b' with the content b'\\xe2\\x80\\xa8'"
    assert conclusion.observed == read
    assert [finding.observed for finding in conclusion.findings] == [read]


def test_an_impatient_silence_is_an_absence_even_if_it_passes() -> None:
    check = checks.check(Send(checks.GET), Answers({silent: PASS}, patience_seconds=5.0))
    patient = checks.setting()
    hasty = dataclasses.replace(patient, deadlines=dataclasses.replace(patient.deadlines, patient=False))
    run, conclusion = play(check, Stream(b""), under=hasty)
    assert (run.impatient, conclusion.absent) == (True, True)
    assert run.judgements[0].answer.seconds == pytest.approx(0.5, abs=0.01)
    run, conclusion = play(check, Stream(b""))
    assert (run.impatient, conclusion.absent) == (False, False)
    assert run.judgements[0].answer.seconds == pytest.approx(5.0, abs=0.01)


def test_a_promised_close_is_waited_for() -> None:
    open_after_close = Stream(checks.REFUSED.data)
    run, _ = play(checks.check(), open_after_close)
    assert run.seen[0].end is End.SILENT
    impatient = dataclasses.replace(checks.setting(), lingers=lambda: False)
    run, _ = play(checks.check(), open_after_close, under=impatient)
    assert run.seen[0].end is None


def test_the_judge_sees_which_request_was_answered() -> None:
    pipelined = checks.check(Send(checks.GET + checks.GET), Answers({answered: PASS}), Answers({answered: PASS}))
    run, _ = play(pipelined, Stream(checks.OK + checks.OK + b"junk"))
    first, second = run.seen[:2]
    assert [seen.request is not None for seen in (first, second)] == [True, True]
    assert first.after.startswith(b"HTTP/1.1 200")
    assert second.after == b"junk"


@pytest.mark.parametrize(
    ("step", "pieces"),
    [
        (Send(b"abcdef"), [b"abcdef"]),
        (Send(b"abcdef", cuts=(2, -1)), [b"ab", b"cde", b"f"]),
        (Send(b"abcdef", cuts=(0, 6, 99, -99)), [b"abcdef"]),
        (Send(b"abcdef", each=4), [b"abcd", b"ef"]),
    ],
)
def test_segments(step: Send, pieces: list[bytes]) -> None:
    assert segments(step.data, step) == pieces


@pytest.mark.parametrize(
    ("round_trip", "scale", "answer"), [(0.0001, 1, 0.5), (0.1, 1, 2.0), (9, 1, 5.0), (0.0001, 3, 1.5)]
)
def test_deadlines(round_trip: float, scale: float, answer: float) -> None:
    deadlines = Deadlines(round_trip, scale)
    assert deadlines.answer_seconds == pytest.approx(answer)
    assert deadlines.patience(None) == pytest.approx(answer)
    assert deadlines.patience(5.0) == pytest.approx(5.0 * scale)
    assert deadlines.patience(5.0, quiet=True) == pytest.approx(max(4 * round_trip, 0.1) * scale)


def test_results_can_be_written_down() -> None:
    run, _ = play(checks.check(), OK)
    assert msgspec.json.decode(msgspec.json.encode(run.transcripts[0]))["purpose"] == "check"
