"""Known bugs found again: an environment for each old release, a fixed seed, and the classes that must come out of it.

    python -m merkhet_fuzz.rediscover [--table fuzz/rediscovery.toml] [--only h11==0.14.0] [--environments DIR] [--write FILE]

A fuzzer that finds nothing has proved nothing; this is the proof that it can. Parsers are called in their environment;
servers, the tables [[live]], are started from conformance/targets in theirs, and fuzzed over the wire.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import msgspec

from merkhet_fuzz import campaign, growth, oracles, parsers
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.minimise import minimise
from merkhet_fuzz.mutate import make
from merkhet_fuzz.parsers import Parser
from merkhet_fuzz.rediscover_live import served
from merkhet_fuzz.rediscovery_table import SEED, Bug, Release, Row, Server, Shown, Table, is_it, page, read
from merkhet_fuzz.render import render

TABLE = Path("fuzz") / "rediscovery.toml"
HANG_SECONDS = 0.1
"""A release that loops does so often: it is ended sooner than in a campaign. What grows is given its time."""
PATIENCE_SECONDS = oracles.HANG_SECONDS
MENDED_TIMES = 4
"""A mended server is given so many times the inputs that it took on the broken one."""
OURS = ("msgspec",)
"""What the fuzzer itself needs in an old release's environment; our own packages are put on its path."""


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
            for bug in [each for each in left if any(is_it(each, label, wire.input) for label in labels)]:
                left.remove(bug)
                shown.append(Shown(bug.id, index + 1, time.monotonic() - begun, str(_least(parser, bug, wire.input))))
    oracles.HANG_SECONDS = PATIENCE_SECONDS
    for bug in release.bug:
        if bug.probe:
            made, _ = growth.longest(parser, growth.PROBES[parser.kind][bug.probe])
            shown += [Shown(bug.id, 1, time.monotonic() - begun, str(made)) for _ in growth.seen(parser, made)]
    return shown


def _least(parser: Parser, bug: Bug, made: Input) -> Input:
    def shows(smaller: Input) -> bool:
        return any(is_it(bug, suspicion.label, smaller) for suspicion in campaign.replay(parser, smaller))

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
    broken = ask(environment(folder, release.broken, release.needs), table, place)
    mended = ask(environment(folder, release.mended, release.needs), table, place)
    return _compared(release, broken, mended)


def check_server(server: Server, folder: Path) -> list[Row]:
    """Return what came of each bug of a server, and of the one that is mended. Each is printed."""
    broken = served(environment(folder, server.broken, server.needs), server, is_broken=True)
    inputs = MENDED_TIMES * max((shown.number for shown in broken), default=0)
    mended = served(environment(folder, server.mended, server.needs), server, is_broken=False, inputs=inputs)
    return _compared(server, broken, mended)


def _compared(release: Release | Server, broken: Sequence[Shown], mended: Sequence[Shown]) -> list[Row]:
    found = {each.id: each for each in broken}
    there = {each.id for each in mended}
    rows = [Row(release, bug, found.get(bug.id), bug.id not in there) for bug in release.bug]
    for row in rows:
        at = f"input {row.shown.number}, {row.shown.seconds:.1f} s: {row.shown.input}" if row.shown else "NOT FOUND"
        gone = "gone" if row.is_gone else "STILL THERE"
        _say(f"{release.broken}  {row.bug.id}: {at}; in {release.mended}: {gone}")
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
    options.add_argument("--jobs", type=int, default=1, help="so many releases side by side; default: 1")
    options.add_argument("--here", type=int, help="look in this environment for the bugs of this row, and print JSON")
    given = options.parse_args(arguments)
    table = cast("Path", given.table)
    every = read(table)
    if given.here is not None:
        release = every.release[cast("int", given.here)]
        sys.stdout.buffer.write(msgspec.json.encode(look(release, parsers.load(release.parser))))
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        kept: Path | None = given.environments
        folder = (kept if kept is not None else Path(temporary)).resolve()
        rows = _check_all(every, given.only, given.jobs, folder, table)
    if given.write is not None:
        cast("Path", given.write).write_text(page(rows), encoding="utf-8")
    for words in wrong(rows):
        _say(words)
    return int(bool(wrong(rows)) or not rows)


def _check_all(every: Table, only: Sequence[str], jobs: int, folder: Path, table: Path) -> list[Row]:
    """Make the environments one after the other, which is what pip asks for, and then look in them."""
    rows: tuple[Release | Server, ...] = (*every.release, *every.live)
    asked = [each for each in rows if not only or each.broken in only]
    for each in asked:
        for requirement in (each.broken, each.mended):
            environment(folder, requirement, each.needs)
    with ThreadPoolExecutor(jobs) as pool:
        looking = [
            pool.submit(check_server, each, folder)
            if isinstance(each, Server)
            else pool.submit(check, every.release.index(each), each, folder, table)
            for each in asked
        ]
        return [row for each in looking for row in each.result()]


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
