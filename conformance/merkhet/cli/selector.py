"""Selectors on the command line, completed from the history's index: no suite is loaded for that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
from click.shell_completion import CompletionItem

from merkhet import history
from merkhet.history import HistoryError
from merkhet.target import config

P = ParamSpec("P")
R = TypeVar("R")
_PLACE = re.compile(r"([a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*)-((?:[0-9]+|[A-Z])(?:\.[0-9]+)*)-")


class Selector(click.types.StringParamType):
    """A selector. It is taken as it is: only the whole catalogue can say whether it matches."""

    name = "selector"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Return what a selector may go on with: documents first, then sections behind a #, ids behind a section."""
        hyphen, word = ("-", incomplete[1:]) if incomplete.startswith("-") else ("", incomplete)
        try:
            return [CompletionItem(hyphen + found) for found in completed(word)]
        except HistoryError:
            return []


def completed(word: str) -> list[str]:
    """Return what begins with a word: tags, sections, documents, and ids once a document is named."""
    index = history.index()
    if word.startswith("@"):
        return [f"@{tag}" for tag in index.tags if tag.startswith(word[1:])]
    places = [match.groups() for name in index.checks if (match := _PLACE.match(name))]
    if "#" in word:
        return _beginning(word, (f"{document}#{section}" for document, section in places))
    documents = _beginning(word, (document for document, _ in places))
    ids = _beginning(word, index.checks) if any(word.startswith(f"{document}-") for document, _ in places) else []
    if word and documents == [word]:
        # Whoever has typed a whole document goes on to its sections or its ids.
        return [*documents, f"{word}#", f"{word}-"]
    return [*documents, *ids]


def targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Return the names of the targets that are declared here or above."""
    try:
        path = config.find(Path.cwd())
        names = config.load(path) if path is not None else {}
    except config.ConfigError:
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _beginning(word: str, names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name.startswith(word)))


def select_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add -s."""
    return click.option(
        "-s",
        "--select",
        multiple=True,
        type=Selector(),
        metavar="SELECTOR",
        help="Id glob, rfc9112, rfc9112#6.1, @tag; - excludes.",
    )(command)
