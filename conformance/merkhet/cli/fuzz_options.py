"""Options that several fuzzing commands have, each said once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from merkhet.cli.codes import Code, Failure
from merkhet_fuzz.journal import PLACE, Journal, JournalError

P = ParamSpec("P")
R = TypeVar("R")


def _with(command: Callable[P, R], *options: Callable[[Callable[P, R]], Callable[P, R]]) -> Callable[P, R]:
    for option in reversed(options):
        command = option(command)
    return command


def bounds(command: Callable[P, R]) -> Callable[P, R]:
    """Add how long a campaign goes on, and which inputs it makes: `seconds`, `inputs` and `seed`."""
    return _with(
        command,
        click.option(
            "--time",
            "seconds",
            type=click.FloatRange(0.1),
            default=60.0,
            show_default=True,
            help="Seconds for each kind of input.",
        ),
        click.option(
            "--inputs", type=click.IntRange(1), help="Stop after so many inputs of each kind, if the time is not over."
        ),
        click.option(
            "--seed",
            type=click.IntRange(0, 2**63 - 1),
            default=1,
            show_default=True,
            help="The same seed gives the same inputs.",
        ),
    )


def beginning(command: Callable[P, R]) -> Callable[P, R]:
    """Add whether a campaign begins with what is known to be worth it: `with_seeds`."""
    return click.option(
        "--seeds/--no-seeds",
        "with_seeds",
        default=True,
        help="Begin with bugs that shipped, and what merkhet's checks send.",
    )(command)


def verdict(command: Callable[P, R]) -> Callable[P, R]:
    """Add what decides about the exit code: `expect` and `fail_on`."""
    return _with(
        command,
        click.option(
            "--expect",
            type=click.Path(dir_okay=False, exists=True, path_type=Path),
            help="merkhet.expect.toml with tables [[fuzz]].",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(["breach", "warning"]),
            default="warning",
            show_default=True,
            help="Findings from this weight on end in exit code 1.",
        ),
    )


def journal(words: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return what adds `journal`, the file of findings; `words` say what it is for."""
    return click.option(
        "--journal", type=click.Path(dir_okay=False, path_type=Path), default=PLACE, show_default=True, help=words
    )


def opened(path: Path) -> Journal:
    """Return the journal at this place. Raises Failure."""
    try:
        return Journal(path)
    except JournalError as problem:
        raise Failure(Code.OURS, str(problem)) from problem
