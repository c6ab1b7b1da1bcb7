"""Run merkhet on the real servers here and publish the results. Usage: python judge.py [NAME ...] [-s SELECTOR ...]

Without names, every target whose server is installed (see README.md for how to install them). Writes
reports/published/NAME.json, and prints a table of counts and each `fail` in one line. What is published has the evidence of
what did not pass, cut to what shows the finding: the whole of it is one command away. With a selector, or with
`--out FOLDER`, the published results stay as they are: a part of a run is not a result. With `--again` what the selector's
checks come to takes the place of their published results: a busy machine disturbs checks of time and of order. Exit status 0 if every run came to
its end, whatever it found; 1 if one did not; 2 if there was nothing to run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _launch
import _slim

from merkhet import results as files

PUBLISHED = _launch.ROOT / "reports" / "published"
OUTCOMES = ("pass", "fail", "warn", "observed", "inconclusive", "not-applicable", "error")
FINISHED = {0, 1}
"""Exit codes of `merkhet run` after a run that came to its end: 0 as required, 1 the server is at fault."""


def arguments() -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(_launch.names())}")
    parser.add_argument("-s", "--select", action="append", default=[], metavar="SELECTOR", help="as for merkhet run")
    parser.add_argument(
        "--again",
        action="store_true",
        help="put what -s selects into the published results: of a run that was disturbed",
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write the results there, not to reports/published")
    parser.add_argument("--profile", default="default", help="as for merkhet run")
    options = parser.parse_args()
    if options.again and (not options.select or options.out is not None or options.profile != "default"):
        parser.error("--again needs -s, and neither --out nor --profile")
    return options


def judge(name: str, folder: Path, select: list[str], profile: str) -> tuple[int, dict[str, Any] | None]:
    """Run merkhet on one target and return its exit code and results, None if there are none."""
    results = folder / f"{name}.json"
    results.unlink(missing_ok=True)
    program = shutil.which(
        "merkhet", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    )
    if program is None:
        raise SystemExit("merkhet is not installed beside this Python")
    command = [program, "run", "--target", name, "--profile", profile]
    command += ["-o", f"json:{results}"]
    command += [word for selector in select for word in ("-s", selector)]
    run = subprocess.run(command, cwd=_launch.HERE / name, env=_launch.environment(), check=False)
    if not results.exists():
        return run.returncode, None
    files.write_whole(results, _slim.encode(_slim.slim(files.load(results))))
    return run.returncode, json.loads(results.read_bytes())


def repeat(name: str, folder: Path) -> None:
    """Put the results of the repeated checks into the published run of a target."""
    place = PUBLISHED / f"{name}.json"
    files.write_whole(place, _slim.encode(_slim.merged(files.load(place), files.load(folder / f"{name}.json"))))
    print(f"{name}: {place} has them", flush=True)


def table(rows: dict[str, Counter[str]]) -> str:
    """Return the counts of every target as a table."""
    width = max(len(name) for name in rows)
    head = " " * width + "".join(f"{outcome:>16}" for outcome in OUTCOMES)
    return "\n".join(
        [head]
        + [f"{name:<{width}}" + "".join(f"{row[outcome]:>16}" for outcome in OUTCOMES) for name, row in rows.items()]
    )


def main() -> int:
    """Judge, print, and return the exit status."""
    options = arguments()
    published = not options.select and options.out is None and options.profile == "default"
    folder = PUBLISHED if published else (options.out or Path(tempfile.mkdtemp(prefix="merkhet-judge-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, Counter[str]] = {}
    bad: list[str] = []
    unfinished = 0
    for name in options.names or _launch.names():
        missing = _launch.absence(_launch.load(name))
        if missing:
            print(f"{name}: skipped: {missing}", flush=True)
            continue
        code, results = judge(name, folder, options.select, options.profile)
        unfinished += code not in FINISHED or results is None
        if results is None:
            print(f"{name}: merkhet ended with {code} and no results", flush=True)
            continue
        if options.again:
            repeat(name, folder)
        rows[name] = Counter(row["outcome"] for row in results["results"])
        bad += [
            f"{name}: {row['outcome']} {row['check']}: {row.get('observed', '') or row.get('reason', '')}"
            for row in results["results"]
            if row["outcome"] in {"fail", "error"}
        ]
    if not rows:
        return 1 if unfinished else 2
    print(*bad, "", table(rows), f"\nresults in {folder}", sep="\n")
    return 1 if unfinished else 0


if __name__ == "__main__":
    sys.exit(main())
