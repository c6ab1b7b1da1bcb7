"""The step of the GitHub Action that judges: `python -m merkhet.cli.action`, with the inputs of action.yml in its environment.

No input is ever part of a shell's text. The outputs of the step are the paths of the reports, the exit code and the counts.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from merkhet import results
from merkhet.cli import github, invoke
from merkhet.cli.codes import Code, Failure
from merkhet.cli.outputs import FORMATS
from merkhet.cli.terminal import console, say
from merkhet.model import Outcome

PREFIX = "MERKHET_INPUT_"
NAMES: Mapping[str, str] = {"json": "results.json", "html": "report.html", "junit": "junit.xml", "md": "report.md"}
"""What a report is called. A format that is not here has its own name as suffix."""
_TARGETS = ("url", "target", "command")
_NO_TARGET = "expected one of the inputs url, target and command: which server to judge"


def inputs() -> dict[str, str]:
    """Return what the workflow gave, by the names of action.yml; what was left empty is not there."""
    given = {
        name.removeprefix(PREFIX).lower().replace("_", "-"): value.strip()
        for name, value in os.environ.items()
        if name.startswith(PREFIX)
    }
    return {name: value for name, value in given.items() if value}


def words_of(given: Mapping[str, str], reports: Mapping[str, Path]) -> list[str]:
    """Return the command line that the inputs ask for. Raises Failure."""
    named = [name for name in _TARGETS if name in given]
    if len(named) != 1:
        raise Failure(Code.INVOCATION, f"{_NO_TARGET}; got {', '.join(named) or 'none'}")
    words = ["run", f"--{named[0]}={given[named[0]]}"]
    words += [f"--{name}={given[name]}" for name in ("profile", "expect", "timeout-scale") if name in given]
    words += [f"--select={line.strip()}" for line in given.get("select", "").splitlines() if line.strip()]
    words += ["--fail-on=warn"] if given.get("fail-on") == "warn" else []
    words += [f"--output={name}:{path}" for name, path in reports.items()]
    return [*words, *shlex.split(given.get("arguments", ""))]


def reports_of(given: Mapping[str, str]) -> dict[str, Path]:
    """Return where each report goes that is asked for; results.json is always one. Raises Failure."""
    wanted = dict.fromkeys(["json", *re.split(r"[\s,]+", given.get("formats", ""))])
    unknown = [name for name in wanted if name and name not in FORMATS]
    if unknown:
        raise Failure(Code.INVOCATION, f"formats: unknown {unknown[0]!r}; expected some of {', '.join(FORMATS)}")
    if given.get("fail-on", "fail") not in {"fail", "warn", "never"}:
        raise Failure(Code.INVOCATION, f"fail-on: expected fail, warn or never, got {given['fail-on']!r}")
    folder = Path(given.get("reports", "merkhet-reports")).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*"):
        if path.name in NAMES.values():
            path.unlink()
    return {name: folder / NAMES.get(name, f"report.{name}") for name in wanted if name}


def outputs_of(code: int, reports: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Yield the outputs of the step: every report that is there, the exit code, the counts."""
    yield "exit-code", str(code)
    written = {name: path for name, path in reports.items() if path.exists()}
    yield from ((name, str(path)) for name, path in written.items())
    yield "reports", "\n".join(str(path) for path in written.values())
    counts: Counter[Outcome] = Counter()
    if "json" in written:
        counts.update(result.outcome for result in results.load(written["json"]).results)
    yield "counts", json.dumps({outcome.value: counts[outcome] for outcome in Outcome})
    yield from ((f"{outcome}-count", str(counts[outcome])) for outcome in (Outcome.FAIL, Outcome.WARN))


def set_outputs(rows: Iterator[tuple[str, str]]) -> None:
    """Hand the outputs on to the workflow. A random word ends each value, so that none can begin another."""
    place = os.environ.get("GITHUB_OUTPUT")
    if not place:
        return
    with Path(place).open("a", encoding="utf-8") as file:
        for name, value in rows:
            end = secrets.token_hex(16)
            file.write(f"{name}<<{end}\n{value}\n{end}\n")


def main() -> int:
    """Judge as the inputs ask; return the code that the step ends with."""
    given = inputs()
    try:
        reports = reports_of(given)
        words = words_of(given, reports)
    except (Failure, OSError, ValueError) as problem:
        where = console(sys.stderr)
        say(where, f"merkhet: {problem}", "bold red")
        github.tell_failure(where, str(problem))
        set_outputs(iter([("exit-code", str(int(Code.INVOCATION)))]))
        return Code.INVOCATION
    code = invoke(words)
    set_outputs(outputs_of(code, reports))
    return Code.OK if code == Code.SERVER and given.get("fail-on") == "never" else code


if __name__ == "__main__":
    sys.exit(main())
