"""`-o FORMAT:PATH`: what a run leaves behind, each file whole or not at all."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import click
from click.shell_completion import CompletionItem

from merkhet import results as files
from merkhet.cli.codes import Code, Failure
from merkhet.model import RunResults

RENDERERS: Mapping[str, str] = {
    "html": "merkhet_reports.html",
    "md": "merkhet_reports.markdown",
    "junit": "merkhet_reports.junit",
    "ctrf": "merkhet_reports.ctrf",
    "tap": "merkhet_reports.tap",
    "badge": "merkhet_reports.badge",
}
Rendered = bytes | str | Mapping[str, str]
Renderer = Callable[[RunResults, Mapping[str, str]], Rendered]
FORMATS = ("json", *RENDERERS)
FOLDERS = frozenset({"badge"})
"""Formats of several files: their path is a folder."""
STDOUT = "-"
HELP = f"{', '.join(FORMATS[:-1])}; - is stdout. badge:DIR makes a folder of badges."


class Outputs(click.types.StringParamType):
    """FORMAT:PATH, completed: first the formats, then what is in the folder. `parse` says whether it is right."""

    name = "output"

    def __init__(self, formats: Sequence[str] = FORMATS) -> None:
        self.formats = formats

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Return what a word may go on with. A folder ends in a slash, so that it is gone on from there."""
        form, colon, typed = incomplete.partition(":")
        if not colon:
            return [CompletionItem(f"{name}:") for name in self.formats if name.startswith(form)]
        folder, slash, start = typed.rpartition("/")
        try:
            found = sorted(Path(folder + slash or ".").iterdir())
        except OSError:
            return []
        shown = [path for path in found if path.name.startswith(start) and (start or not path.name.startswith("."))]
        return [CompletionItem(f"{form}:{folder}{slash}{path.name}{'/' * path.is_dir()}") for path in shown]


@dataclass(frozen=True, slots=True)
class Output:
    """One format and where it goes."""

    format: str
    path: str

    @property
    def is_folder(self) -> bool:
        """Whether the path is that of a folder."""
        return self.format in FOLDERS


def parse(values: Sequence[str], formats: Sequence[str] = FORMATS) -> list[Output]:
    """Return the outputs that these words ask for. Raises Failure, so that a run is not made for nothing."""
    outputs: list[Output] = []
    for value in values:
        name, colon, path = value.partition(":")
        if not colon or not path or name not in formats:
            known = ", ".join(formats)
            example = "html:out.html" if "html" in formats else f"{formats[0]}:out"
            raise Failure(
                Code.INVOCATION, f"-o {value}: expected FORMAT:PATH with a format of {known}, such as {example}"
            )
        outputs.append(Output(name, path))
    if sum(output.path == STDOUT for output in outputs) > 1:
        raise Failure(Code.INVOCATION, "only one -o can go to standard output")
    for output in outputs:
        _writable(output)
    return outputs


def _writable(output: Output) -> None:
    """Raise Failure if it is known already that an output cannot be written."""
    place = Path(output.path)
    if output.path == STDOUT:
        if output.is_folder:
            raise Failure(
                Code.INVOCATION, f"-o {output.format}:-: it makes several files; name a folder, such as badge:badges"
            )
    elif output.is_folder:
        if (place.exists() and not place.is_dir()) or not place.absolute().parent.is_dir():
            raise Failure(Code.OURS, f"{output.path}: cannot be written: no folder, and none can be made there")
    elif not place.absolute().parent.is_dir() or place.is_dir():
        raise Failure(Code.OURS, f"{output.path}: cannot be written: no such folder, or a folder itself")


def takes_stdout(outputs: Sequence[Output]) -> bool:
    """Whether standard output belongs to a report."""
    return any(output.path == STDOUT for output in outputs)


def write(outputs: Sequence[Output], results: RunResults, excused: Mapping[str, str] | None = None) -> list[str]:
    """Write every output; return what went wrong, so that one that fails does not keep the others.

    `excused` maps each check that came out as expected to the reason: by default what the results say themselves.
    """
    reasons = results.reasons if excused is None else excused
    return write_with(outputs, lambda name: _render(name, results, reasons))


def write_with(outputs: Sequence[Output], render: Callable[[str], Rendered]) -> list[str]:
    """Write what `render` makes of the name of each format; return what went wrong."""
    problems: list[str] = []
    for output in outputs:
        try:
            _write(output, render(output.format))
        except files.ResultsError as problem:
            problems.append(str(problem))
        except OSError as problem:
            problems.append(f"{output.path}: cannot be written: {problem.strerror or problem}")
    return problems


def _write(output: Output, rendered: Rendered) -> None:
    if isinstance(rendered, Mapping):
        folder = Path(output.path)
        folder.mkdir(exist_ok=True)
        for name, text in rendered.items():
            files.write_whole(folder / name, _octets(text))
    elif output.path == STDOUT:
        sys.stdout.buffer.write(_octets(rendered))
        sys.stdout.buffer.flush()
    else:
        files.write_whole(Path(output.path), _octets(rendered))


def _octets(rendered: bytes | str) -> bytes:
    return rendered if isinstance(rendered, bytes) else rendered.encode("utf-8", "backslashreplace")


def _render(name: str, results: RunResults, excused: Mapping[str, str]) -> Rendered:
    if name == "json":
        return files.encode(results)
    # A renderer is loaded only where it is asked for: templates take long to load.
    render = cast("Renderer", importlib.import_module(RENDERERS[name]).render)
    return render(results, excused)
