"""Known bugs found again: an environment for each old release, a fixed seed, and the classes that must come out of it.

    python -m merkhet_fuzz.rediscover [--table fuzz/rediscovery.toml] [--only h11==0.14.0] [--environments DIR] [--write FILE]

A fuzzer that finds nothing has proved nothing; this is the proof that it can.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import msgspec

from merkhet_fuzz import campaign, growth, oracles, parsers
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.minimise import minimise
from merkhet_fuzz.mutate import make
from merkhet_fuzz.parsers import Parser
from merkhet_fuzz.rediscovery_table import page
from merkhet_fuzz.render import render

TABLE = Path("fuzz") / "rediscovery.toml"
SEED = 1
HANG_SECONDS = 0.3
"""A release that loops does so often: it is ended sooner than in a campaign."""
OURS = ("msgspec",)
"""What the fuzzer itself needs in an old release's environment; our own packages are put on its path."""


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


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A release that has bugs, and one that has none of them. `inputs` of the campaign of SEED are tried on each at most.

    `needs` are requirements that must be installed beside it.
    """

    parser: str
    broken: str
    mended: str
    bug: tuple[Bug, ...]
    inputs: int = 10000
    needs: tuple[str, ...] = ()


class Shown(msgspec.Struct, frozen=True):
    """Where a bug showed: the number of the input, from 1, the seconds until then, and the smallest input."""

    id: str
    number: int
    seconds: float
    input: str


class Row(NamedTuple):
    """What came of one bug."""

    release: Release
    bug: Bug
    shown: Shown | None
    is_gone: bool


def releases(path: Path) -> list[Release]:
    """Return the rows of a table. Raises OSError, and ValueError for what is no such table."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return msgspec.convert(document.get("release", []), list[Release])


def look(release: Release, parser: Parser) -> list[Shown]:
    """Return which of the release's bugs show in what is installed here, each with the first input that does."""
    shown: list[Shown] = []
    oracles.HANG_SECONDS = HANG_SECONDS
    begun = time.monotonic()
    left = [bug for bug in release.bug if not bug.probe]
    with oracles.watchdog():
        for index in range(release.inputs):
            if not left:
                break
            oracles.rewind()
            wire = render(make(parser.kind, SEED, index))
            is_split = index % campaign.SEGMENTS_EVERY == 0
            labels = [suspicion.label for suspicion in oracles.observe(parser, wire, with_segments=is_split)]
            for bug in [each for each in left if any(_is_it(each, label, wire.input) for label in labels)]:
                left.remove(bug)
                shown.append(Shown(bug.id, index + 1, time.monotonic() - begun, str(_least(parser, bug, wire.input))))
    for bug in release.bug:
        if bug.probe:
            made, _ = growth.longest(parser, growth.PROBES[parser.kind][bug.probe])
            shown += [Shown(bug.id, 1, time.monotonic() - begun, str(made)) for _ in growth.seen(parser, made)]
    return shown


def _is_it(bug: Bug, label: str, made: Input) -> bool:
    if not fnmatch.fnmatchcase(label, bug.finding):
        return False
    return not bug.edit or any(fnmatch.fnmatchcase(str(edit), bug.edit) for edit in made.edits)


def _least(parser: Parser, bug: Bug, made: Input) -> Input:
    def shows(smaller: Input) -> bool:
        return any(_is_it(bug, suspicion.label, smaller) for suspicion in campaign.replay(parser, smaller))

    return minimise(made, shows, 6 if bug.finding.startswith("hang") else 60)[0]


def environment(folder: Path, requirement: str, needs: Sequence[str] = ()) -> Path:
    """Return the Python of an environment that has this release; made if it is not there. Raises CalledProcessError."""
    name = hashlib.sha256(" ".join((requirement, *needs)).encode()).hexdigest()[:8]
    place = folder / f"{requirement.replace('=', '_')}-{name}"
    python = place / "bin" / "python"
    done = place / "installed"
    if not done.exists():
        venv.create(place, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", requirement, *needs, *OURS], check=True)
        done.touch()
    return python


def ask(python: Path, table: Path, place: int) -> list[Shown]:
    """Return what `look` says in another environment. Raises CalledProcessError, its words already on stderr."""
    roots = {
        str(Path(module.__file__ or "").parents[1]) for module in (sys.modules["merkhet"], sys.modules["merkhet_fuzz"])
    }
    asked = subprocess.run(
        [python, "-m", "merkhet_fuzz.rediscover", "--table", table.resolve(), "--here", str(place)],
        check=True,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sorted(roots)), "PATH": "/usr/bin:/bin"},
    )
    return msgspec.json.decode(asked.stdout, type=list[Shown])


def check(place: int, release: Release, folder: Path, table: Path) -> list[Row]:
    """Return what came of each bug of a release, and of the one that is mended. Each is printed."""
    broken = {each.id: each for each in ask(environment(folder, release.broken, release.needs), table, place)}
    mended = {each.id for each in ask(environment(folder, release.mended, release.needs), table, place)}
    rows = [Row(release, bug, broken.get(bug.id), bug.id not in mended) for bug in release.bug]
    for row in rows:
        found = f"input {row.shown.number}, {row.shown.seconds:.1f} s: {row.shown.input}" if row.shown else "NOT FOUND"
        gone = "gone" if row.is_gone else "STILL THERE"
        _say(f"{release.broken}  {row.bug.id}: {found}; in {release.mended}: {gone}")
    return rows


def wrong(rows: Iterable[Row]) -> list[str]:
    """Return what is not as the table says: not found where it is, or found where it is not."""
    return [
        f"{row.bug.id} on {row.release.broken}: {'not found' if row.shown is None else 'still in ' + row.release.mended}"
        for row in rows
        if row.shown is None or not row.is_gone
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Look for every bug of the table; return 1 if one is not as the table says."""
    options = argparse.ArgumentParser(prog="python -m merkhet_fuzz.rediscover", description=__doc__)
    options.add_argument("--table", type=Path, default=TABLE)
    options.add_argument("--only", action="append", default=[], metavar="RELEASE", help="this alone; may be repeated")
    options.add_argument(
        "--environments", type=Path, help="where environments are kept; default: a folder that goes away"
    )
    options.add_argument("--write", type=Path, metavar="FILE", help="write the list, with times, as Markdown")
    options.add_argument("--here", type=int, help="look in this environment for the bugs of this row, and print JSON")
    given = options.parse_args(arguments)
    table = cast("Path", given.table)
    every = releases(table)
    if given.here is not None:
        release = every[cast("int", given.here)]
        sys.stdout.buffer.write(msgspec.json.encode(look(release, parsers.load(release.parser))))
        return 0
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as temporary:
        kept: Path | None = given.environments
        folder = kept if kept is not None else Path(temporary)
        for place, release in enumerate(every):
            if not given.only or release.broken in given.only:
                rows += check(place, release, folder, table)
    if given.write is not None:
        told = [
            (row.release.broken, row.bug.id, row.bug.about, row.shown, row.release.mended, row.is_gone) for row in rows
        ]
        cast("Path", given.write).write_text(page(told), encoding="utf-8")
    for words in wrong(rows):
        _say(words)
    return int(bool(wrong(rows)) or not rows)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
