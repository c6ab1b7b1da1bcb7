"""One check on one target: its steps, then its twin. What comes out is raw: `conclude` says what it means."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from merkhet import fixtures
from merkhet.answer import End, Response
from merkhet.check import (
    PLAIN_GET,
    Abort,
    Answers,
    Check,
    Exchange,
    Fresh,
    HalfClose,
    Hears,
    Kind,
    On,
    Passive,
    Send,
    Step,
    Terminate,
    Verdict,
    Write,
)
from merkhet.engine.connection import Connection, segments
from merkhet.engine.judgement import Baseline as Baseline
from merkhet.engine.judgement import (
    Judgement,
    judge_answer,
    judge_heard,
    judge_nothing,
    lacking,
    owed_nothing,
    unframeable,
)
from merkhet.engine.judgement import Run as Run
from merkhet.engine.judgement import Setting as Setting
from merkhet.engine.spare import Spare
from merkhet.expect import as_preflight
from merkhet.kept import Lacking
from merkhet.wire.dial import Dialer, Unreachable
from merkhet.wire.judge import RULES
from merkhet.wire.seen import Rule

STOPPING = frozenset({Kind.VIOLATION, Kind.BREACH, Kind.DESYNC, Kind.INCONCLUSIVE, Kind.LACKING})
"""Verdicts after which nothing of the check is left to ask."""


async def execute(check: Check, dialer: Dialer, setting: Setting) -> Run:
    """Run the check's steps and its twin once. Never raises on what the target does."""
    return await _Execution(check, check.steps, dialer, setting).run()


async def probe(check: Passive, dialer: Dialer, setting: Setting) -> Run:
    """Send the probe of a passive check and read everything that comes, so that the judge has something to see."""
    steps = (Send(check.probe), Answers({}, to=check.to, version=check.version))
    return await _Execution(check, steps, dialer, setting).run()


class _Execution:
    """The connections of one check, the current one, and what has been judged so far."""

    def __init__(self, check: Check | Passive, steps: tuple[Step, ...], dialer: Dialer, setting: Setting) -> None:
        self.check = check
        self.steps = steps
        self.dialer = dialer
        self.setting = setting
        self.outcome = Run()
        self.began = dialer.now()
        self.current = 0
        self.opened: dict[int, Connection] = {}
        self.kept: dict[str, Response] = {}
        self.count = 0
        self.spare: Spare | None = None
        self.home = dialer, setting

    async def run(self) -> Run:
        try:
            await self._steps_that_apply()
            await self._close_all()
            await self._leave_spare()
            if isinstance(self.check, Check):
                self.outcome.twin_fault = await self._twin_or_why_not(self.check.twin)
        except Unreachable as problem:
            self.outcome.unreachable = str(problem)
        finally:
            await self._close_all()
            await self._leave_spare()
        self.outcome.seconds = self.dialer.now() - self.began
        return self.outcome

    async def _steps_that_apply(self) -> None:
        """Go through the steps, up to one that would send what no answer has said: from there the check does not apply."""
        try:
            await self._all_steps()
        except Lacking as problem:
            self.outcome.judgements.append(lacking(str(problem)))

    async def _all_steps(self) -> None:
        todo = list(self.steps)
        while todo:
            step = todo.pop(0)
            verdict = await self._step(step)
            if verdict is None:
                continue
            if verdict.following is not None:
                todo = list(verdict.following)
            elif verdict.kind in STOPPING:
                break
        if isinstance(self.check, Passive) and 0 in self.opened:
            await self._read_on(self.opened[0], RULES[self.check.rule], self.check.frames)

    async def _connection(self) -> Connection:
        if self.current not in self.opened:
            self.opened[self.current] = await self._open("probe" if isinstance(self.check, Passive) else "check")
        return self.opened[self.current]

    async def _open(self, purpose: str) -> Connection:
        wire = await self.dialer.dial(purpose, self.count, self.began)
        self.count += 1
        return Connection(wire, self.dialer, self.setting.deadlines)

    async def _step(self, step: Step) -> Verdict | None:
        if isinstance(step, Fresh):
            await self._take_spare()
            return None
        if isinstance(step, On):
            self.current = step.connection
        connection = await self._connection()
        if isinstance(step, Send) and step.anew and connection.last is not None and await connection.is_over():
            await self._close(connection)
            connection = await self._connection()
        match step:
            case Send():
                await connection.send(segments(self._octets(step), step), step.gap_seconds)
            case HalfClose():
                await connection.half_close()
            case Abort():
                await connection.abort()
            case Answers():
                return await self._judge(step, connection)
            case Hears():
                return await self._hear(step, connection)
            case Write():
                self._write(step)
            case Terminate():
                await self._terminate()
            case On():
                pass
        return None

    def _octets(self, step: Send) -> bytes:
        rendered = self.setting.render(step.data, self.kept)
        return rendered + step.made.make() if step.made is not None else rendered

    async def _take_spare(self) -> None:
        """Start the other process. Raises Unreachable if it does not start. A canned server has none: it plays on."""
        if self.setting.spare is not None and self.spare is None:
            self.spare = await asyncio.to_thread(self.setting.spare)
            self.home = self.dialer, self.setting
            self.dialer, self.setting = self.spare.dialer, replace(self.setting, names=self.spare.names)

    async def _terminate(self) -> None:
        """Ask the other process to end. What becomes of its connections from here on is not its own choice."""
        for connection in self.opened.values():
            connection.ends_by_us()
        if self.spare is not None:
            await asyncio.to_thread(self.spare.terminate)

    async def _leave_spare(self) -> None:
        spare, self.spare = self.spare, None
        if spare is not None:
            self.dialer, self.setting = self.home
            await asyncio.to_thread(spare.stop)

    def _write(self, step: Write) -> None:
        folder = self.setting.folder
        if folder is not None:
            fixtures.write_one(folder, step.name, step.content, time.time() - step.age_seconds)

    async def _judge(self, step: Answers, connection: Connection) -> Verdict | None:
        seconds = self.setting.deadlines.patience(step.patience_seconds, quiet=step.quiet)
        until = self.setting.render(step.until, self.kept)
        answer = await connection.answer(step.to, seconds, until=until)
        if step.keep and answer.final is not None:
            self.kept[step.keep] = answer.final
        self.outcome.impatient |= answer.end is End.SILENT and self.setting.deadlines.is_cut(step.patience_seconds)
        if not step.cases:
            return None
        if owed_nothing(step, answer, connection.last):
            answer = replace(answer, end=End.CLOSED)
        return self._judged(judge_answer(step, answer, self.setting.context(self.kept)))

    async def _hear(self, step: Hears, connection: Connection) -> Verdict | None:
        deadlines = self.setting.deadlines
        seconds = deadlines.patience(step.patience_seconds, quiet=step.quiet)
        heard = await connection.hear(step, seconds)
        if heard is None:
            return self._judged(judge_nothing(step))
        cut = deadlines.is_cut(step.patience_seconds) if heard.close is None else not deadlines.patient
        self.outcome.impatient |= heard.end is End.SILENT and cut
        return self._judged(judge_heard(step, heard, self.setting.context(self.kept)))

    def _judged(self, judged: tuple[Verdict, Judgement]) -> Verdict:
        verdict, judgement = judged
        self.outcome.judgements.append(judgement)
        return verdict

    async def _read_on(self, connection: Connection, rule: Rule, frames: tuple[bytes, ...]) -> None:
        """Read what follows a probe's first answer, up to the end or to a short silence if the rule needs to see it."""
        if rule.reads_frames and connection.talks:
            await self._talk(connection, frames)
        quiet = self.setting.deadlines.quiet_seconds
        while rule.watches_end and connection.reusable and connection.last is not None:
            if (await connection.answer("GET", quiet)).response is None:
                break

    async def _talk(self, connection: Connection, frames: tuple[bytes, ...]) -> None:
        for number, one in enumerate(frames, 1):
            await connection.send([one])
            step = Hears({}, messages=int(number < len(frames)))
            await connection.hear(step, self.setting.deadlines.answer_seconds)

    async def _twin_or_why_not(self, twin: Exchange) -> str:
        try:
            return await self._twin(twin)
        except Lacking as problem:
            return str(problem)

    async def _twin(self, twin: Exchange) -> str:
        """Send the nearest legal request, and a plain GET behind it. Returns why they prove nothing, or nothing."""
        request = self.setting.render(twin.request, self.kept)
        connection = await self._open("twin")
        self.opened[-1] = connection
        await connection.send([request])
        answer = await connection.answer(twin.to, self.setting.deadlines.answer_seconds)
        if not twin.answer.matches(answer, self.setting.context(self.kept)) or unframeable(answer):
            return f"{answer.describe()}, expected {twin.answer.describe()}"
        if not connection.reusable:
            connection = await self._canary_connection()
        return await self._canary(connection)

    async def _canary(self, connection: Connection) -> str:
        await connection.send([self.setting.render(PLAIN_GET.request)])
        answer = await connection.answer("GET", self.setting.deadlines.answer_seconds)
        idle_close = answer.response is None and not answer.garbage and answer.end is not End.SILENT
        if idle_close and connection is self.opened[-1]:
            # Choice: a server may close a connection that it kept, at any time (RFC 9112, Section 9.5): ask on a fresh one.
            return await self._canary(await self._canary_connection())
        if not as_preflight().matches(answer, self.setting.context(self.kept)):
            return f"the plain GET behind it got: {answer.describe()}"
        return ""

    async def _canary_connection(self) -> Connection:
        if -1 in self.opened:
            await self._close(self.opened[-1])
        self.opened[-2] = await self._open("canary")
        return self.opened[-2]

    async def _close_all(self) -> None:
        if 0 in self.opened and self.count == 1:
            self.outcome.sent = tuple(self.opened[0].sent_segments)
        while self.opened:
            await self._close(next(iter(self.opened.values())))

    async def _close(self, connection: Connection) -> None:
        self.opened = {key: other for key, other in self.opened.items() if other is not connection}
        connection.settle()
        lingered: End | None = None
        if connection.end is None and connection.last is not None and self._lingers(connection):
            says_close = connection.last.says_close
            deadlines = self.setting.deadlines
            lingered = await connection.linger(deadlines.close_seconds if says_close else deadlines.quiet_seconds)
            if not deadlines.patient and lingered is End.SILENT:
                lingered = None
        seen = connection.seen(self.check.id, self.setting.baseline.version, lingered)
        staged = "status" in self.check.needs
        self.outcome.seen += [replace(one, witness=self.check.id, staged=staged) for one in seen]
        await connection.close()
        self.outcome.transcripts.append(connection.wire.recorder.transcript())

    def _lingers(self, connection: Connection) -> bool:
        """Whether to wait for the end of a connection: the close was promised, or a passive rule is about the end."""
        last = connection.last
        if last is not None and last.complete and last.says_close:
            return isinstance(self.check, Passive) or self.setting.lingers()
        return isinstance(self.check, Passive) and RULES[self.check.rule].watches_end
