"""What a check keeps and sends again, waits for, writes; and what comes of a target that lacks it."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import checks
import pytest

from merkhet.answer import Answer
from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Exchange,
    HalfClose,
    Kind,
    On,
    Send,
    Stream,
    Write,
    closes,
    in_turns,
    lacks,
    observed,
)
from merkhet.engine.execute import Run
from merkhet.engine.plan import RunOptions
from merkhet.engine.runner import run_sync
from merkhet.expect import answered, content, cut_short, ended, field, served, silent, status, without
from merkhet.expect_kept import arrived, field_is, file_content, same_content, same_field
from merkhet.model import Direction, Outcome, Weight
from merkhet.selftest.canned import verify

play = checks.play
AGAIN = b"GET {root} HTTP/1.1\r\nHost: {host}\r\nIf-None-Match: {kept:page/ETag|weak}\r\n\r\n"
TAGGED = b'HTTP/1.1 200 OK\r\nETag: "v1"\r\nContent-Length: 2\r\n\r\nok'
UNCHANGED = b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"

CONDITIONAL = (
    Send(checks.GET),
    Answers({without(field(b"ETag")): lacks("an ETag"), served(): PASS}, keep="page"),
    Send(AGAIN),
    Answers({status(304): PASS, same_content("page"): VIOLATION.because("sent again")}),
)


def partials(run: Run) -> list[bool]:
    """Return of each answer whether no more of it was read than was waited for."""
    return [isinstance(item.answer, Answer) and item.answer.partial for item in run.judgements]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def sent(run: Run) -> bytes:
    return b"".join(event.data for event in run.transcripts[0].events if event.direction is Direction.SENT)


class TestKeep:
    def test_what_was_kept_is_sent_again_and_compared_with(self) -> None:
        run, conclusion = play(checks.check(*CONDITIONAL), Stream(TAGGED + UNCHANGED))
        assert conclusion.outcome is Outcome.PASS
        assert b'If-None-Match: W/"v1"\r\n' in sent(run)
        assert play(checks.check(*CONDITIONAL), Stream(TAGGED + TAGGED))[1].outcome is Outcome.FAIL
        run, conclusion = play(checks.check(*CONDITIONAL), Stream(TAGGED + TAGGED.replace(b"ok", b"no")))
        assert conclusion.outcome is Outcome.INCONCLUSIVE

    def test_fields_are_compared(self) -> None:
        steps = (*CONDITIONAL[:3], Answers({same_field("page", b"ETag"): PASS, answered: VIOLATION.because("another")}))
        assert play(checks.check(*steps), Stream(TAGGED + UNCHANGED))[1].outcome is Outcome.PASS
        other = UNCHANGED.replace(b"v1", b"v2")
        assert play(checks.check(*steps), Stream(TAGGED + other))[1].outcome is Outcome.FAIL

    def test_only_a_whole_answer_is_kept(self) -> None:
        steps = (Send(checks.GET), Answers({served(): PASS, cut_short: WARNING}, keep="page"), Send(AGAIN))
        _, conclusion = play(checks.check(*steps), closes(TAGGED[:-1]))
        assert conclusion.outcome is Outcome.WARN
        _, conclusion = play(
            checks.check(*steps[:1], Answers({cut_short: PASS}, keep="page"), *steps[2:]), closes(TAGGED[:-1])
        )
        assert conclusion.outcome is Outcome.NOT_APPLICABLE

    def test_the_last_answer_of_a_name_counts(self) -> None:
        read = Answers({served(): PASS}, keep="page")
        second = TAGGED.replace(b"v1", b"v2")
        steps = (Send(checks.GET), read, Send(checks.GET), read, Send(AGAIN), Answers({answered: PASS}))
        run, _ = play(checks.check(*steps), Stream(TAGGED + second + UNCHANGED))
        assert b'If-None-Match: W/"v2"' in sent(run)

    def test_connections_share_what_was_kept(self) -> None:
        steps = (*CONDITIONAL[:2], On(1), *CONDITIONAL[2:])
        assert play(checks.check(*steps), Stream(TAGGED), Stream(UNCHANGED))[1].outcome is Outcome.PASS

    def test_the_twin_may_send_it_too(self) -> None:
        twin = Exchange(request=AGAIN, answer=status(304), good=UNCHANGED)
        check = dataclasses.replace(checks.check(*CONDITIONAL), twin=twin)
        run, conclusion = play(check, Stream(TAGGED + UNCHANGED))
        assert conclusion.outcome is Outcome.PASS
        of_twin = next(transcript for transcript in run.transcripts if transcript.purpose == "twin")
        assert any(b'W/"v1"' in event.data for event in of_twin.events)

    def test_a_twin_that_cannot_be_sent_proves_nothing(self) -> None:
        twin = Exchange(request=AGAIN.replace(b"page", b"other"))
        _, conclusion = play(dataclasses.replace(checks.check(*CONDITIONAL), twin=twin), Stream(TAGGED + UNCHANGED))
        assert conclusion.outcome is Outcome.INCONCLUSIVE
        assert "no ETag in the answer to build on" in conclusion.reason


class TestLacks:
    def test_the_check_does_not_apply_and_says_why(self) -> None:
        run, conclusion = play(checks.check(*CONDITIONAL), Stream(checks.OK))
        assert (conclusion.outcome, conclusion.reason) == (
            Outcome.NOT_APPLICABLE,
            "the target has not what this is about: an ETag",
        )
        assert not conclusion.findings
        assert not conclusion.absent
        assert [item.kind for item in run.judgements] == [Kind.LACKING]

    def test_what_is_kept_lacks_it_though_no_case_says_so(self) -> None:
        steps = (Send(checks.GET), Answers({served(): PASS}, keep="page"), *CONDITIONAL[2:])
        run, conclusion = play(checks.check(*steps), Stream(checks.OK))
        assert conclusion.outcome is Outcome.NOT_APPLICABLE
        assert conclusion.reason.endswith("no ETag in the answer to build on")
        assert not conclusion.absent
        assert b"If-None-Match" not in sent(run)

    def test_an_expectation_may_lack_it(self) -> None:
        steps = (
            Send(checks.GET),
            Answers({served(): PASS}, keep="page"),
            Send(checks.GET),
            Answers({field_is(b"ETag", b"{kept:page/ETag}"): PASS}),
        )
        assert play(checks.check(*steps), Stream(checks.OK + checks.OK))[1].outcome is Outcome.NOT_APPLICABLE

    def test_a_finding_before_it_counts(self) -> None:
        first = (Send(checks.GET), Answers({served(): WARNING.because("a near miss")}))
        _, conclusion = play(checks.check(*first, *CONDITIONAL), Stream(checks.OK + checks.OK))
        assert conclusion.outcome is Outcome.WARN
        assert [finding.weight for finding in conclusion.findings] == [Weight.WARNING]

    def test_a_choice_before_it_does_not(self) -> None:
        first = (Send(checks.GET), Answers({served(): observed("served")}))
        _, conclusion = play(checks.check(*first, *CONDITIONAL), Stream(checks.OK + checks.OK))
        assert (conclusion.outcome, conclusion.choice) == (Outcome.NOT_APPLICABLE, "")

    def test_other_steps_may_follow_it(self) -> None:
        other = (Send(checks.GET), Answers({served(): PASS}))
        steps = (Send(checks.GET), Answers({served(): lacks("it").then(*other)}))
        run, conclusion = play(checks.check(*steps), Stream(checks.OK + checks.OK))
        assert [item.kind for item in run.judgements] == [Kind.LACKING, Kind.PASS]
        assert conclusion.outcome is Outcome.NOT_APPLICABLE

    def test_a_good_canned_server_must_have_it(self) -> None:
        check = dataclasses.replace(checks.check(*CONDITIONAL, good=(Stream(TAGGED + UNCHANGED),)))
        mutant = Canned("sends it again", TAGGED + TAGGED)
        assert verify(dataclasses.replace(check, mutants=(mutant,)), checks.requirement()) == []
        without_tag = dataclasses.replace(check, mutants=(mutant,), good=(checks.OK,))
        assert [problem.server for problem in verify(without_tag, checks.requirement())] == ["good"]


class TestUntil:
    FIRST = Answers({arrived(b"event 1"): PASS, answered: VIOLATION.because("no event")}, until=b"event 1")
    SECOND = Answers({arrived(b"event 2"): PASS, answered: VIOLATION.because("no event")}, until=b"event 2")
    END = Answers({content(b"event 1event 2"): PASS, ended: VIOLATION.because("no end"), cut_short: WARNING})

    @pytest.mark.parametrize(
        "stream",
        [
            in_turns(HEAD + chunk(b"event 1"), chunk(b"event 2"), LAST),
            in_turns(HEAD + chunk(b"event 1"), chunk(b"event 2") + LAST, b""),
            Stream(HEAD + chunk(b"event 1") + chunk(b"event 2") + LAST),
            Stream(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nevent 1event 2"),
            closes(b"HTTP/1.1 200 OK\r\n\r\nevent 1event 2"),
        ],
        ids=["in time", "the end with the last", "all at once", "with a length", "until close"],
    )
    def test_a_response_is_read_on_however_it_comes(self, stream: Stream) -> None:
        steps = (Send(checks.GET), self.FIRST, Send(b""), self.SECOND, Send(b""), self.END)
        run, conclusion = play(checks.check(*steps), stream)
        assert conclusion.outcome is Outcome.PASS
        assert partials(run) == [True, True, False]
        assert len(run.seen) == 1 + 2

    def test_the_next_response_follows_it(self) -> None:
        steps = (Send(checks.GET + checks.GET), self.FIRST, Answers({served(): PASS}), Answers({content(b"ok"): PASS}))
        stream = Stream(HEAD + chunk(b"event 1") + LAST + checks.OK)
        assert play(checks.check(*steps), stream)[1].outcome is Outcome.PASS

    def test_what_never_comes(self) -> None:
        steps = (Send(checks.GET), self.FIRST)
        assert play(checks.check(*steps), Stream(HEAD + chunk(b"x") + LAST))[1].outcome is Outcome.FAIL
        run, conclusion = play(checks.check(*steps), Stream(HEAD + chunk(b"x")))
        assert conclusion.outcome is Outcome.INCONCLUSIVE
        assert run.judgements[0].answer.describe() == "status 200, cut short (silent)"

    def test_the_content_is_meant_and_not_the_head(self) -> None:
        named = HEAD.replace(b"Content-Type: ", b"X: event 1\r\nContent-Type: ")
        _, conclusion = play(checks.check(Send(checks.GET), self.FIRST), Stream(named + chunk(b"x") + LAST))
        assert conclusion.outcome is Outcome.FAIL

    def test_a_marker_across_chunks(self) -> None:
        steps = (Send(checks.GET), self.FIRST)
        stream = Stream(HEAD + chunk(b"ev") + chunk(b"ent 1"))
        assert play(checks.check(*steps), stream)[1].outcome is Outcome.PASS

    def test_placeholders_in_the_marker(self) -> None:
        mine = Answers({arrived(b"data: {nonce}"): PASS}, until=b"data: {nonce}")
        stream = Stream(HEAD + chunk(b"data: {nonce}"))
        run, conclusion = play(checks.check(Send(checks.GET), mine), stream)
        assert conclusion.outcome is Outcome.PASS
        assert partials(run) == [True]

    def test_a_response_is_read_on_after_a_silence(self) -> None:
        opened = Answers({cut_short: PASS}, until=b"event 1", quiet=True)
        steps = (Send(checks.GET), opened, Send(b""), self.FIRST, Send(b""), self.SECOND)
        run, conclusion = play(checks.check(*steps), in_turns(HEAD, chunk(b"event 1"), chunk(b"event 2")))
        assert conclusion.outcome is Outcome.PASS
        assert partials(run) == [False, True, True]

    def test_silence_before_a_head_is_silence(self) -> None:
        steps = (Send(checks.GET), Answers({silent: PASS}, until=b"event 1"), Send(b""), self.FIRST)
        assert play(checks.check(*steps), in_turns(b"", HEAD + chunk(b"event 1")))[1].outcome is Outcome.PASS

    def test_what_has_arrived_stands_without_the_twin(self) -> None:
        steps = (Send(checks.GET), Answers({arrived(b"bad"): VIOLATION.because("bad")}, until=b"bad"))
        twin = dataclasses.replace(checks.check().twin, good=checks.REFUSED.data)
        check = dataclasses.replace(checks.check(*steps), twin=twin)
        _, conclusion = play(check, Stream(HEAD + chunk(b"bad")))
        assert conclusion.outcome is Outcome.FAIL
        assert (conclusion.absent, conclusion.findings[0].received) == (False, True)

    def test_the_judge_sees_a_response_that_was_whole_though_nobody_read_so_far(self) -> None:
        run, _ = play(checks.check(Send(checks.GET), self.FIRST), closes(HEAD + chunk(b"event 1") + LAST))
        assert run.seen[0].response.content == b"event 1"
        run, _ = play(checks.check(Send(checks.GET), self.FIRST), Stream(HEAD + chunk(b"event 1")))
        assert [seen.response.content for seen in run.seen] == [b"ok", b"ok"]

    def test_it_may_be_left_while_another_connection_goes_on(self) -> None:
        steps = (
            Send(checks.GET),
            self.FIRST,
            On(1),
            Send(checks.GET),
            Answers({served(): PASS}),
            On(0),
            self.SECOND,
            HalfClose(),
            self.END,
        )
        stream = Stream(HEAD + chunk(b"event 1") + chunk(b"event 2") + LAST)
        assert play(checks.check(*steps), stream, Stream(checks.OK))[1].outcome is Outcome.PASS


class TestWrite:
    STEPS = (
        Write("changing.txt", b"one\n", 60.0),
        Send(checks.GET),
        Answers({served(): PASS}, keep="before"),
        Write("changing.txt", b"two\n", 0.0),
    )

    def test_the_file_is_replaced_with_its_age(self, tmp_path: Path) -> None:
        setting = dataclasses.replace(checks.setting(), folder=tmp_path)
        (tmp_path / "changing.txt").write_bytes(b"of old\n")
        check = checks.check(*self.STEPS[:3], tags=frozenset({"own-files"}))
        assert play(check, Stream(checks.OK), under=setting)[1].outcome is Outcome.PASS
        assert (tmp_path / "changing.txt").read_bytes() == b"one\n"
        assert (tmp_path / "changing.txt").stat().st_mtime == pytest.approx(time.time() - 60, abs=10)
        assert play(checks.check(*self.STEPS), Stream(checks.OK), under=setting)[1].outcome is Outcome.PASS
        assert (tmp_path / "changing.txt").read_bytes() == b"two\n"
        assert [path.name for path in tmp_path.iterdir()] == ["changing.txt"]

    def test_without_a_folder_nothing_is_written(self) -> None:
        assert play(checks.check(*self.STEPS), Stream(checks.OK))[1].outcome is Outcome.PASS

    def test_a_target_that_reads_other_files_is_not_asked(self, tmp_path: Path) -> None:
        check = checks.check(*self.STEPS, tags=frozenset({"own-files"}))
        options = RunOptions(requirements={"rfc9112-0-1": checks.requirement()})
        with checks.serving(checks.small_server) as address:
            target = checks.target(address)
            (result,) = run_sync(target, [check], options).results
            (ours,) = run_sync(dataclasses.replace(target, folder=tmp_path), [check], options).results
        assert (result.outcome, result.reason) == (Outcome.NOT_APPLICABLE, "the target offers no own-files")
        assert ours.outcome is Outcome.PASS
        assert (tmp_path / "changing.txt").read_bytes() == b"two\n"

    def test_a_file_is_compared_with_what_the_contract_says(self) -> None:
        steps = (Send(checks.GET), Answers({file_content("one.bin"): PASS, answered: VIOLATION.because("another")}))
        stream = Stream(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
        assert play(checks.check(*steps), stream)[1].outcome is Outcome.PASS
        assert play(checks.check(*steps), Stream(checks.OK))[1].outcome is Outcome.FAIL
