"""The hooks of a process that judges: what happens around the tests of merkhet while they run."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import pytest

from merkhet.cli.codes import Code, Failure
from merkhet.cli.run import Request
from merkhet.pytest_plugin.judging import Judgements
from merkhet.pytest_plugin.telling import Shown, Telling
from merkhet.pytest_plugin.verdicts import Judged, Kind, Verdict, wire

NAME = "merkhet-judging"


@dataclass(frozen=True, slots=True)
class Place:
    """Which check a test is about, in which judgement, and how that is asked for once the fixtures of the test are there."""

    key: str
    check: str
    request: Callable[[pytest.Item], Request]
    address: Callable[[pytest.Item], str] | None = None


PLACE = pytest.StashKey[Place]()
VERDICT = pytest.StashKey[Verdict]()
UNUSABLE = "merkhet_unusable"
_MADE_ANEW = (
    "merkhet_target is made anew for each test, and one judgement is for all of them: give that fixture a wider scope,"
    " @pytest.fixture(scope='module'), or judge in one test with the fixture merkhet"
)


class NotMetError(Exception):
    """A check that is not as required, or was not run for a fault that is not the server's."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.line)
        self.verdict = verdict


class UnusableError(pytest.Collector.CollectError):
    """Options that cannot be meant: the whole session ends with pytest's code for a usage error."""


def judging(config: pytest.Config) -> Judging:
    """Return what judges in this process; from the first call on it takes part in the session."""
    manager = config.pluginmanager
    plugin: Judging | None = manager.get_plugin(NAME)
    if plugin is None:
        plugin = Judging(Judgements(config))
        manager.register(plugin, NAME)
        if plugin.judgements.shared is None and not manager.has_plugin("merkhet-telling"):
            manager.register(Telling(config, None, plugin.judgements), "merkhet-telling")
    return plugin


class Judging:
    """Gives each test of merkhet its verdict."""

    def __init__(self, judgements: Judgements) -> None:
        self.judgements = judgements
        self._addresses: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:  # noqa: ARG002
        """Mark the report of options that cannot be meant."""
        report = yield
        problem = report.call.excinfo.value if report.failed and getattr(report, "call", None) is not None else None
        if isinstance(problem, UnusableError):
            report.__dict__[UNUSABLE] = str(problem)
        return report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which checks are left when everybody has taken away what they do not want."""
        self.judgements.wanted.clear()
        for item in session.items:
            if (place := item.stash.get(PLACE, None)) is not None:
                self.judgements.wanted.setdefault(place.key, []).append(place.check)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note what a test that a marker made is about."""
        from merkhet.pytest_plugin.marked import placed

        placed(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """After an interruption tell only what is known, and end the session behind it."""
        if not self.judgements.is_interrupted:
            return None
        is_known = self._is_known(item)
        self._end_behind(item.session, item)
        return None if is_known else True

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Judge, if that is not done yet: the fixtures of the test are there."""
        place = item.stash.get(PLACE, None)
        if place is None:
            return
        verdict = self._judged(item, place).verdict(place.check)
        item.stash[VERDICT] = verdict
        if self.judgements.is_interrupted:
            self._end_behind(item.session, item)
        if verdict.kind is Kind.ERROR:
            self._record(item, verdict)
            raise NotMetError(verdict)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        """Run the test's own body, if it has one, then say what its check came to."""
        yield
        verdict = item.stash.get(VERDICT, None)
        if verdict is None:
            return
        self._record(item, verdict)
        if verdict.kind is Kind.SKIPPED:
            pytest.skip(verdict.line)
        if verdict.kind is Kind.EXPECTED:
            raise pytest.xfail.Exception(verdict.line)
        if verdict.kind is Kind.FAILED:
            raise NotMetError(verdict)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Show a verdict in words instead of a traceback, and with the time that its check took."""
        report = yield
        verdict = item.stash.get(VERDICT, None)
        if verdict is None:
            return report
        if call.excinfo is not None and isinstance(call.excinfo.value, NotMetError):
            report.longrepr = Shown(verdict.text, verdict.line, str(item.path))
            report.__dict__["merkhet"] = {"kind": str(verdict.kind), "line": verdict.line, "text": verdict.text}
        elif call.when == "call" and verdict.kind is Kind.WARNED:
            report.__dict__["merkhet"] = {"kind": "warned", "line": verdict.line, "text": verdict.text}
        if call.when == "call" and verdict.result is not None:
            report.duration = verdict.result.seconds
        return report

    def _judged(self, item: pytest.Item, place: Place) -> Judged:
        try:
            self._compare_address(item, place)
            return self.judgements.judged(place.key, lambda: place.request(item))
        except Failure as failure:
            verdict = Verdict(kind=Kind.ERROR, line=str(failure), text=str(failure))
            item.stash[VERDICT] = verdict
            raise NotMetError(verdict) from failure

    def _compare_address(self, item: pytest.Item, place: Place) -> None:
        """Raise Failure if this test has another server than the ones before it."""
        if place.address is None:
            return
        address = place.address(item)
        if self._addresses.setdefault(place.key, address) != address:
            raise Failure(Code.INVOCATION, _MADE_ANEW)

    def _end_behind(self, session: pytest.Session, item: pytest.Item) -> None:
        """End an interrupted session behind this test, unless another is known and not told yet."""
        others = (other for other in session.items if other is not item and VERDICT not in other.stash)
        if not any(self._is_known(other) for other in others):
            session.shouldstop = "merkhet was interrupted; what was known is told"

    def _is_known(self, item: pytest.Item) -> bool:
        place = item.stash.get(PLACE, None)
        judged = self.judgements.made.get(place.key) if place is not None else None
        return judged is not None and place is not None and place.check in judged.by_check

    def _record(self, item: pytest.Item, verdict: Verdict) -> None:
        result = verdict.result
        if result is None:
            return
        item.user_properties += [
            ("requirement", result.requirement),
            ("level", result.level.value),
            ("outcome", result.outcome.value),
        ]
        if verdict.kind not in {Kind.PASSED, Kind.SKIPPED} and result.evidence.transcripts:
            item.add_report_section("call", "transcript", wire(result.evidence.transcripts))
