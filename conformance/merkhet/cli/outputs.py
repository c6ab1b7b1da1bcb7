"""`-o FORMAT:PATH`: what a run leaves behind, each file whole or not at all."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from merkhet import results as files
from merkhet.cli.codes import Code, Failure
from merkhet.model import RunResults

RENDERERS: Mapping[str, str] = {
    "html": "merkhet_reports.html",
    "junit": "merkhet_reports.junit",
    "md": "merkhet_reports.markdown",
}
Renderer = Callable[[RunResults, Mapping[str, str]], bytes | str]
FORMATS = ("json", *RENDERERS)
STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Output:
    """One format and where it goes."""

    format: str
    path: str


def parse(values: Sequence[str]) -> list[Output]:
    """Return the outputs that these words ask for. Raises Failure, so that a run is not made for nothing."""
    outputs: list[Output] = []
    for value in values:
        name, colon, path = value.partition(":")
        if not colon or not path or name not in FORMATS:
            known = ", ".join(FORMATS)
            raise Failure(
                Code.INVOCATION, f"-o {value}: expected FORMAT:PATH with a format of {known}, such as html:out.html"
            )
        outputs.append(Output(name, path))
    if sum(output.path == STDOUT for output in outputs) > 1:
        raise Failure(Code.INVOCATION, "only one -o can go to standard output")
    for output in outputs:
        place = Path(output.path)
        if output.path != STDOUT and (not place.absolute().parent.is_dir() or place.is_dir()):
            raise Failure(Code.OURS, f"{output.path}: cannot be written: no such folder, or a folder itself")
    return outputs


def takes_stdout(outputs: Sequence[Output]) -> bool:
    """Whether standard output belongs to a report."""
    return any(output.path == STDOUT for output in outputs)


def write(outputs: Sequence[Output], results: RunResults, excused: Mapping[str, str]) -> list[str]:
    """Write every output; return what went wrong, so that one that fails does not keep the others.

    `excused` maps each check that came out as expected to the reason.
    """
    problems: list[str] = []
    for output in outputs:
        try:
            _write(output, _render(output.format, results, excused))
        except (files.ResultsError, OSError) as problem:
            problems.append(str(problem))
    return problems


def _write(output: Output, data: bytes) -> None:
    if output.path == STDOUT:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        files.write_whole(Path(output.path), data)


def _render(name: str, results: RunResults, excused: Mapping[str, str]) -> bytes:
    if name == "json":
        return files.encode(results)
    # A renderer is loaded only where it is asked for: templates take long to load.
    render = cast("Renderer", importlib.import_module(RENDERERS[name]).render)
    rendered = render(results, excused)
    return rendered if isinstance(rendered, bytes) else rendered.encode("utf-8", "backslashreplace")
