"""The table of known bugs, what came of each, and the list of that as a page of Markdown."""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from merkhet_fuzz.inputs import Input

SEED = 1
HEAD = """\
# Known bugs, found again

Written by `python -m merkhet_fuzz.rediscover --write fuzz/REDISCOVERY.md` from `rediscovery.toml`: seed 1, each release in
an environment of its own, the same number of inputs on the mended one. Seconds are those until the bug was seen, with
those before it made small; on a server, until it was told, with its smallest input.

"""


class Bug(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table. `finding` is a glob on the label of the class.

    `edit` is a glob on an edit of the input, where the class alone is shared with bugs that are still there. `probe` is
    the name of one of growth's probes instead, for work that grows faster than the input.
    """

    id: str
    about: str
    finding: str = ""
    edit: str = ""
    probe: str = ""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A release that has bugs, and one that has none of them. `needs` are requirements to be installed beside either."""

    broken: str
    mended: str
    bug: tuple[Bug, ...]
    needs: tuple[str, ...] = ()


class Release(Pair, frozen=True, kw_only=True):
    """Releases of a parser. `inputs` of the campaign of SEED are tried on each at most."""

    parser: str
    inputs: int = 10000


class Server(Pair, frozen=True, kw_only=True):
    """Releases that a target of conformance/targets runs on, fuzzed over the wire for so many seconds at most.

    `environment` are variables that the server is started with.
    """

    target: str
    surface: str
    seconds: float = 60.0
    environment: Mapping[str, str] = {}


class Shown(msgspec.Struct, frozen=True):
    """Where a bug showed: the number of the input, from 1, the seconds until then, and the smallest input."""

    id: str
    number: int
    seconds: float
    input: str


class Row(NamedTuple):
    """What came of one bug."""

    release: Release | Server
    bug: Bug
    shown: Shown | None
    is_gone: bool


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parsers and the servers whose bugs are known."""

    release: tuple[Release, ...] = ()
    live: tuple[Server, ...] = ()


def read(path: Path) -> Table:
    """Return a table. Raises OSError, and ValueError for what is none."""
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Table)


def is_it(bug: Bug, label: str, made: Input) -> bool:
    """Whether a class of finding, with this input, is a bug."""
    if not fnmatch.fnmatchcase(label, bug.finding):
        return False
    return not bug.edit or any(fnmatch.fnmatchcase(str(edit), bug.edit) for edit in made.edits)


def page(rows: Iterable[Row]) -> str:
    """Return the list."""
    lines = [
        "| release | bug | what it is | by | input | seconds | smallest input | mended in |",
        "|--|--|--|--|--:|--:|--|--|",
    ]
    for row in rows:
        shown, release = row.shown, row.release
        by = f"live, {release.target}" if isinstance(release, Server) else release.parser
        where = f"{shown.number} | {shown.seconds:.1f} | `{shown.input}`" if shown else "not found | | "
        gone = release.mended if row.is_gone else f"STILL in {release.mended}"
        lines.append(f"| {release.broken} | {row.bug.id} | {row.bug.about} | {by} | {where} | {gone} |")
    return HEAD + "\n".join(lines) + "\n"
