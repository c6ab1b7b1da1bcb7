"""The judgements of a session: each target is judged once, by whichever process comes first, and every test reads of it."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import pytest

from merkhet import results as files
from merkhet.cli.audience import Audience
from merkhet.cli.codes import Code, Failure
from merkhet.cli.keep import Keeper
from merkhet.cli.run import Request, blank_run, judge, reckoned, unjudged
from merkhet.cli.terminal import escaped
from merkhet.engine.plan import RunEvent
from merkhet.model import RunResults
from merkhet.pytest_plugin.settings import Terms, terms_of
from merkhet.pytest_plugin.verdicts import Judged

ABOUT = "about.json"
"""The file beside shared results that says of which judgement they are."""
SUITES_KEY = "merkhet.suites"
_NO_LOCK = (
    "pytest-xdist runs several workers, and merkhet judges a server once for all of them; it needs filelock for that:"
    " pip install 'merkhet[pytest]'"
)


class About(msgspec.Struct, frozen=True):
    """Of which tests a judgement is, and whether it decides: a test may want a bad server."""

    key: str
    decides: bool = True


class Judgements:
    """What was judged in this process, or by another worker of the same session."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        shared = getattr(config, "workerinput", {}).get("merkhet_folder")
        self.shared = Path(shared) if shared else None
        self.made: dict[str, Judged] = {}
        self.wanted: dict[str, list[str]] = {}
        self.undecided: set[str] = set()

    @cached_property
    def terms(self) -> Terms:
        """What the options ask for beside the target. Raises Failure."""
        return terms_of(self.config)

    def judged(self, key: str, request: Callable[[], Request]) -> Judged:
        """Return the judgement of this name; make it if nobody has. Raises Failure if the request itself cannot be met."""
        if key not in self.made:
            self.made[key] = self._judged(key, request())
        return self.made[key]

    @property
    def is_interrupted(self) -> bool:
        """Whether a judgement was ended by the user: the session is then to end too."""
        return any(judged.is_interrupted for judged in self.made.values())

    def _judged(self, key: str, request: Request) -> Judged:
        wanted = tuple(self.wanted.get(key) or (check.id for check in request.taken.checks))
        there = {check.id for check in request.taken.checks}
        note = request.taken.notes[0] if request.taken.notes else "left out"
        left_out = {check: note for check in wanted if check not in there}
        taken = replace(request.taken, checks=[check for check in request.taken.checks if check.id in set(wanted)])
        request = replace(request, taken=taken)
        with self._alone(key):
            results = self._shared_results(key)
            if results is None:
                results = self._run(key, request)
        return Judged(request=request, results=results, checks=wanted, left_out=left_out)

    def judged_now(self, node: str, request: Request) -> Judged:
        """Judge for one test alone, however often it asks for that."""
        number = sum(key.partition("#")[0] == node for key in self.made)
        key = f"{node}#{number + 1}" if number else node
        self.undecided.add(key)
        checks = tuple(check.id for check in request.taken.checks)
        self.made[key] = Judged(request=request, results=self._run(key, request), checks=checks)
        return self.made[key]

    def _run(self, key: str, request: Request) -> RunResults:
        self._say(About(key, decides=key not in self.undecided))
        return judged_by(request, self._keeper(key), TerminalProgress(self.config, request))

    def _say(self, about: About) -> None:
        if self.shared is not None:
            files.write_whole(self._place(about.key) / ABOUT, msgspec.json.encode(about))

    def _keeper(self, key: str) -> Keeper | None:
        if self.shared is not None:
            return Keeper(folder=self._place(key))
        return Keeper(folder=self.config.invocation_params.dir / files.FOLDER) if key == SUITES_KEY else None

    def _place(self, key: str) -> Path:
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        folder = (self.shared or Path()) / f"{slug(key)}-{digest}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _shared_results(self, key: str) -> RunResults | None:
        """Return what another worker has judged, None if none has."""
        if self.shared is None or not (self._place(key) / files.RESULTS.name).exists():
            return None
        return files.load(self._place(key) / files.RESULTS.name)

    def _alone(self, key: str) -> AbstractContextManager[object]:
        """Hold what no other worker holds. Whoever dies lets it go, and the next one judges in its place."""
        if self.shared is None:
            return contextlib.nullcontext()
        try:
            from filelock import FileLock
        except ImportError as problem:
            raise Failure(Code.INVOCATION, _NO_LOCK) from problem
        return FileLock(self._place(key) / "lock")


def slug(key: str) -> str:
    """Return a name for files: the last part of a node id, without anything that a path could mean."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", key.rpartition("::")[2])[:60].strip("-.") or "run"


def judged_by(request: Request, keeper: Keeper | None, progress: Audience) -> RunResults:
    """Judge, and return results that say how it ended, even if the target could not be started or reached."""
    keeper = keeper or _Unkept()
    began = dt.datetime.now(dt.UTC)
    if not request.taken.checks:
        return blank_run(request, request.chosen.info, began)
    try:
        results, codes = judge(request, keeper, progress)
    except Failure as failure:
        results = unjudged(request, failure, keeper.begun or blank_run(request, request.chosen.info, began))
    else:
        results, _, _ = reckoned(request, results, codes)
    keeper.end(results)
    return results


class _Unkept(Keeper):
    """Keeps nothing: the results are in memory, and nobody else asks for them."""

    def run(self, results: RunResults) -> None:
        self.begun = results

    def end(self, results: RunResults) -> list[str]:  # noqa: ARG002 - the shape of a keeper
        return []


class TerminalProgress:
    """Says on pytest's terminal what is judged, and where a person looks on how far it is."""

    def __init__(self, config: pytest.Config, request: Request) -> None:
        is_quiet: bool = config.option.verbose < 0 or hasattr(config, "workerinput")
        self._reporter: Any = None if is_quiet else config.pluginmanager.get_plugin("terminalreporter")
        self._capture: Any = config.pluginmanager.get_plugin("capturemanager")
        self._about = escaped(f"merkhet judges {request.chosen.describe()}: {len(request.taken.checks)} checks")
        self._percent = -1

    def __enter__(self) -> Self:
        with self._terminal() as terminal:
            if terminal is not None:
                terminal.ensure_newline()
                terminal.write_line(self._about)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._terminal() as terminal:
            if terminal is not None and terminal.isatty:
                terminal.rewrite("", erase=True)

    def event(self, event: RunEvent) -> None:
        """Show how far it is."""
        percent = 100 * event.done // event.total if event.total else 0
        if percent == self._percent:
            return
        self._percent = percent
        with self._terminal() as terminal:
            if terminal is not None and terminal.isatty:
                terminal.rewrite(f"{percent} %", erase=True)

    @contextlib.contextmanager
    def _terminal(self) -> Generator[Any]:
        """Give the terminal for a moment, although the setup of a test is under way and its output is captured."""
        if self._reporter is None or self._capture is None:
            yield self._reporter
            return
        with self._capture.global_and_fixture_disabled():
            yield self._reporter
