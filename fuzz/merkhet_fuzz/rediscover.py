"""Known bugs found again: an environment for each old release, a fixed seed, and the class that must come out of it.

    python -m merkhet_fuzz.rediscover [--table fuzz/rediscovery.toml] [--only CVE-2025-43859] [--environments DIR]

A fuzzer that finds nothing has proved nothing; this is the proof that it can.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

import msgspec

from merkhet_fuzz import campaign, parsers
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.mutate import make
from merkhet_fuzz.oracles import observe
from merkhet_fuzz.render import render

TABLE = Path("fuzz") / "rediscovery.toml"
SEED = 1
OURS = ("msgspec",)
"""What the fuzzer itself needs in an old release's environment; our own packages are put on its path."""


class Bug(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table. With `input` that one input is tried, else as many as `inputs` says of the campaign of SEED."""

    id: str
    about: str
    parser: str
    finding: str
    broken: tuple[str, ...]
    mended: tuple[str, ...]
    inputs: int = 10000
    input: str = ""


def bugs(path: Path) -> list[Bug]:
    """Return the rows of a table. Raises OSError, and ValueError for what is no such table."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return msgspec.convert(document.get("bug", []), list[Bug])


def look(bug: Bug) -> str:
    """Return where a bug shows in the release that is installed here, "" if it does not."""
    parser = parsers.load(bug.parser)
    if bug.input:
        shown = any(_is_it(bug, each.label) for each in campaign.replay(parser, Input.parse(bug.input)))
        return bug.input if shown else ""
    for index in range(bug.inputs):
        wire = render(make(parser.kind, SEED, index))
        if any(_is_it(bug, suspicion.label) for suspicion in observe(parser, wire)):
            return f"input {index + 1}: {wire.input}"
    return ""


def _is_it(bug: Bug, label: str) -> bool:
    return fnmatch.fnmatchcase(label, bug.finding)


def environment(folder: Path, requirement: str) -> Path:
    """Return the Python of an environment that has this release; made if it is not there. Raises CalledProcessError."""
    name = hashlib.sha256(requirement.encode()).hexdigest()[:8]
    place = folder / f"{requirement.replace('=', '_')}-{name}"
    python = place / "bin" / "python"
    if not python.exists():
        venv.create(place, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", requirement, *OURS], check=True)
    return python


def ask(python: Path, table: Path, bug: Bug) -> str:
    """Return what `look` says in another environment. Raises CalledProcessError, its words already on stderr."""
    roots = {
        str(Path(module.__file__ or "").parents[1]) for module in (sys.modules["merkhet"], sys.modules["merkhet_fuzz"])
    }
    asked = subprocess.run(
        [python, "-m", "merkhet_fuzz.rediscover", "--table", table.resolve(), "--here", bug.id],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": ":".join(sorted(roots)), "PATH": "/usr/bin:/bin"},
    )
    return asked.stdout.strip()


def check(bug: Bug, folder: Path, table: Path) -> list[str]:
    """Return what is wrong: not found where it is, or found where it is not. What is right is printed."""
    wrong: list[str] = []
    for requirement, is_broken in _releases(bug):
        shown = ask(environment(folder, requirement), table, bug)
        _say(f"{bug.id}  {requirement}: {shown or 'not there'}")
        if bool(shown) != is_broken:
            wrong.append(f"{bug.id} on {requirement}: expected {'to be found' if is_broken else 'to be gone'}")
    return wrong


def _releases(bug: Bug) -> Iterable[tuple[str, bool]]:
    yield from ((requirement, True) for requirement in bug.broken)
    yield from ((requirement, False) for requirement in bug.mended)


def main(arguments: Sequence[str] | None = None) -> int:
    """Look for every bug of the table; return 1 if one is not as the table says."""
    options = argparse.ArgumentParser(prog="python -m merkhet_fuzz.rediscover", description=__doc__)
    options.add_argument("--table", type=Path, default=TABLE)
    options.add_argument("--only", action="append", default=[], metavar="ID", help="this bug alone; may be repeated")
    options.add_argument(
        "--environments", type=Path, help="where environments are kept; default: a folder that goes away"
    )
    options.add_argument("--here", metavar="ID", help="look for one bug in this environment, and print where it shows")
    given = options.parse_args(arguments)
    rows = bugs(cast("Path", given.table))
    if given.here:
        _say(next(look(bug) for bug in rows if bug.id == given.here))
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        kept: Path | None = given.environments
        folder = kept if kept is not None else Path(temporary)
        chosen = [bug for bug in rows if not given.only or bug.id in given.only]
        wrong = [words for bug in chosen for words in check(bug, folder, cast("Path", given.table))]
    for words in wrong:
        _say(words)
    return int(bool(wrong) or not chosen)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")


if __name__ == "__main__":
    sys.exit(main())
