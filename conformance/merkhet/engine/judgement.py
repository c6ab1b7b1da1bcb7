"""What one execution of a check is given, and what it comes to: each step that reads ends in a judgement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from merkhet.answer import Answer, Context, End, Response
from merkhet.check import Answers, Hears, Kind, Reading, Verdict
from merkhet.engine.deadlines import Deadlines
from merkhet.engine.spare import Spare
from merkhet.expectation import Expectation, Hearing, Rests, told_by
from merkhet.fixtures import FIXTURES
from merkhet.heard import Heard
from merkhet.model import Transcript
from merkhet.template import Names
from merkhet.wire.response import UNFRAMEABLE
from merkhet.wire.seen import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """How the target answers a plain GET of the root. `content` is None if it is not the same every time."""

    status: int
    version: bytes = b"HTTP/1.1"
    content: bytes | None = None
    discriminates: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What one execution of a check needs to know. `lingers` says whether waiting for a promised close still teaches."""

    names: Names
    baseline: Baseline
    deadlines: Deadlines
    nonce: str
    lingers: Callable[[], bool] = lambda: True
    folder: Path | None = None
    """The harness's own fixture files, where the target reads them from there."""
    spare: Callable[[], Spare] | None = None
    """Starts another process of the target (it may block), where the target is ours to start."""

    def render(self, data: bytes, kept: Mapping[str, Response] | None = None) -> bytes:
        """Replace the placeholders. Raises Lacking where an answer that was kept does not say what is to be sent."""
        return self.names.render(data, self.nonce, kept)

    def context(self, kept: Mapping[str, Response]) -> Context:
        """What an expectation may compare with."""
        return Context(
            render=lambda data: self.render(data, kept),
            baseline_status=self.baseline.status,
            baseline_content=self.baseline.content,
            kept=kept,
            files=FIXTURES,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one `Answers` or `Hears` step came to. `matched` is the case's own words, empty if no case matched.

    `told` is what the content of the answer tells of what was asked for, empty if it tells nothing of it.
    """

    kind: Kind
    text: str
    rests_on: Rests
    matched: str
    expected: str
    answer: Answer | Heard
    told: str = ""

    @property
    def observed(self) -> str:
        """What came, and what it tells."""
        return f"{self.answer.describe()}, {self.told}" if self.told else self.answer.describe()

    @property
    def absent(self) -> bool:
        """Whether it stands on what did not come: only such a judgement may be excused by a second run."""
        return self.answer.absent


@dataclass(slots=True)
class Run:
    """What happened while a check ran once."""

    judgements: list[Judgement] = field(default_factory=list[Judgement])
    twin_fault: str = ""
    """Why the twin proves nothing; empty if it was served."""
    unreachable: str = ""
    impatient: bool = False
    """Whether a silence was not waited for as long as its step asks: only a patient run may report it."""
    seconds: float = 0.0
    seen: list[Seen] = field(default_factory=list[Seen])
    transcripts: list[Transcript] = field(default_factory=list[Transcript])
    sent: tuple[bytes, ...] = ()
    """The segments of the first connection, if the check used no other; else empty."""

    @property
    def suspicious(self) -> bool:
        """Whether the target may have died: it could not be reached, or did not answer the twin."""
        return bool(self.unreachable or self.twin_fault)


def unframeable(answer: Answer) -> bool:
    """Whether nobody can say where a response ends."""
    response = answer.response
    return response is not None and any(fault.rule in UNFRAMEABLE for fault in response.faults)


def owed_nothing(step: Answers, answer: Answer, before: Response | None) -> bool:
    """Whether silence stands where an answer could have been, behind one with the close option: as good as the end.

    That the connection lingers is for another rule to say (RFC 9112, Section 9.6), and for steps that want the end alone.
    """
    is_silence = answer.response is None and not answer.garbage and answer.end is End.SILENT
    good = {case.rests_on for case, verdict in step.cases.items() if verdict.kind is Kind.PASS}
    return is_silence and before is not None and before.says_close and bool(good - {Rests.END})


def judge_answer(step: Answers, answer: Answer, context: Context) -> tuple[Verdict, Judgement]:
    """Return what an answer means by the cases of its step."""
    case, verdict = _match_answer(step, answer, context)
    return verdict, _judgement(step, answer, case, verdict)


def _match_answer(step: Answers, answer: Answer, context: Context) -> tuple[Expectation | None, Verdict]:
    for case, verdict in step.cases.items():
        if case.matches(answer, context):
            if unframeable(answer) and case.rests_on is not Rests.END:
                return case, Verdict(Kind.INCONCLUSIVE, "the response cannot be framed")
            return case, verdict
    return None, _unjudged(answer)


def judge_heard(step: Hears, heard: Heard, context: Context) -> tuple[Verdict, Judgement]:
    """Return what was heard means by the cases of its step.

    Behind frames that no client may take, nothing is right: what would be so is inconclusive, and the fault is for the rule
    that it breaks to say.
    """
    case, verdict = _match_heard(step, heard, context)
    return verdict, _judgement(step, heard, case, verdict)


def _match_heard(step: Hears, heard: Heard, context: Context) -> tuple[Hearing | None, Verdict]:
    for case, verdict in step.cases.items():
        if case.matches(heard, context):
            if heard.unreadable and verdict.kind in {Kind.PASS, Kind.OBSERVED}:
                return case, Verdict(Kind.INCONCLUSIVE, f"the frames cannot be read on: {heard.describe()}")
            return case, verdict
    return None, _unjudged(heard)


def judge_nothing(step: Hears) -> tuple[Verdict, Judgement]:
    """Return what a step means that was to hear a WebSocket where none was opened."""
    verdict = Verdict(Kind.INCONCLUSIVE, "no WebSocket was opened on this connection")
    return verdict, _judgement(step, Heard(), None, verdict)


def _unjudged(answer: Answer | Heard) -> Verdict:
    return Verdict(Kind.INCONCLUSIVE, f"got {answer.describe()}, which the check does not judge")


def _judgement(
    step: Reading, answer: Answer | Heard, case: Expectation | Hearing | None, verdict: Verdict
) -> Judgement:
    return Judgement(
        kind=verdict.kind,
        text=verdict.text,
        rests_on=case.rests_on if case is not None else Rests.NOTHING,
        matched=case.describe() if case is not None else "",
        expected=expected_words(step),
        answer=answer,
        told=told_by(step.cases, answer) if isinstance(answer, Answer) else "",
    )


def lacking(words: str) -> Judgement:
    """Return the judgement of a check that does not apply."""
    return Judgement(kind=Kind.LACKING, text=words, rests_on=Rests.CONTENT, matched="", expected="", answer=Answer())


def expected_words(step: Reading) -> str:
    """Say what a step asks for: its cases that pass, or that are one of several legal choices."""
    good = [case.describe() for case, verdict in step.cases.items() if verdict.kind in {Kind.PASS, Kind.OBSERVED}]
    return "; or ".join(good) if good else "nothing that can be told in advance"
