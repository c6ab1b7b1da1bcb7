"""What became of the checks: which are new since when, which have changed their meaning, which were withdrawn, and why.

Three files are shipped beside this module, and `conformance/tests/history.py` writes them:

- `history.toml`: the released versions, and an entry for each change of a released check, with a reason in words;
- `history_checks.txt`: of each check its id, the version that brought it, and a digest of its meaning;
- `history_words.txt`: of each word that the checks are written in, a digest of its source.

Nothing here imports a suite: the ids, tags and counts are there for whoever must not wait for that.
"""

from __future__ import annotations

import enum
import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from merkhet import __version__

ENTRIES = Path(__file__).with_name("history.toml")
CHECKS = Path(__file__).with_name("history_checks.txt")
WORDS = Path(__file__).with_name("history_words.txt")
_NUMBERS = re.compile(r"(\d+)\.(\d+)")


class HistoryError(Exception):
    """A file of the history that cannot be read, or a version that is none."""


class Kind(enum.StrEnum):
    """What became of a check."""

    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a version did to these checks, and why. Of a withdrawn one also what was its `since`, and what is there instead."""

    version: str
    kind: Kind
    reason: str
    checks: tuple[str, ...]
    since: str = ""
    instead: tuple[str, ...] = ()


class History(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The versions that were released, oldest first, and every entry in the order in which it was made."""

    released: tuple[str, ...] = ()
    entry: tuple[Entry, ...] = ()

    def changes(self, check: str) -> tuple[Entry, ...]:
        """Return every change of a check, oldest first."""
        return tuple(entry for entry in self.entry if entry.kind is Kind.CHANGED and check in entry.checks)

    def changed_after(self, version: str) -> dict[str, Entry]:
        """Return of each check that changed after a version its last change."""
        later = (entry for entry in self.entry if entry.kind is Kind.CHANGED and is_later(entry.version, version))
        return {check: entry for entry in later for check in entry.checks}

    def withdrawn(self) -> dict[str, Entry]:
        """Return of each withdrawn check the entry that says so."""
        return {check: entry for entry in self.entry if entry.kind is Kind.WITHDRAWN for check in entry.checks}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one check without its suite: the version that brought it, and the digest of its meaning."""

    since: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Every check by its id, how many requirements they belong to, and every tag there is."""

    checks: Mapping[str, Known]
    requirements: int
    tags: tuple[str, ...]


def suite_version(version: str = __version__) -> str:
    """Return the version of the suite in a version of merkhet: its first two numbers, as in a check's `since`."""
    match = _NUMBERS.match(version)
    if match is None:
        raise HistoryError(f"{version!r} is no version: expected two numbers, such as 0.1")
    return match[0]


def is_later(version: str, than: str) -> bool:
    """Whether one version of the suite came after another. Raises HistoryError."""
    return _numbers(version) > _numbers(than)


def _numbers(version: str) -> tuple[int, int]:
    match = _NUMBERS.fullmatch(version)
    if match is None:
        raise HistoryError(f"{version!r} is no version of the suite: expected two numbers, such as 0.1")
    return int(match[1]), int(match[2])


@functools.cache
def load(path: Path = ENTRIES) -> History:
    """Return the history as it is shipped. Raises HistoryError."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), History)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as problem:
        raise HistoryError(f"{path}: {problem}") from problem


@functools.cache
def index(path: Path = CHECKS) -> Index:
    """Return what is known of every check without loading its suite. Raises HistoryError."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        heads = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# ") and ": " in line)
        rows = (line.split(" ") for line in lines if line and not line.startswith("#"))
        checks = {name: Known(since=since, digest=digest) for name, since, digest in rows}
        return Index(checks=checks, requirements=int(heads["requirements"]), tags=tuple(heads["tags"].split()))
    except (OSError, ValueError, KeyError) as problem:
        raise HistoryError(f"{path}: {problem}") from problem


def words_of(entries: Iterable[Entry]) -> str:
    """Say in one line what changed, the last change first."""
    return "; ".join(f"{entry.version}: {entry.reason}" for entry in reversed(list(entries)))
