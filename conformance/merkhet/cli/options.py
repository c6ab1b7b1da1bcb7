"""Options that several verbs have."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

import click

P = ParamSpec("P")
R = TypeVar("R")


class Color(enum.StrEnum):
    """When to colour what is written."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


_chosen: ContextVar[Color] = ContextVar("color", default=Color.AUTO)


def color() -> Color:
    """Return what the command line says of colours, else the environment: NO_COLOR, then FORCE_COLOR, else auto."""
    chosen = _chosen.get()
    if chosen is not Color.AUTO:
        return chosen
    if os.environ.get("NO_COLOR"):
        return Color.NEVER
    return Color.ALWAYS if os.environ.get("FORCE_COLOR") else Color.AUTO


@contextmanager
def color_of_one_command() -> Generator[None]:
    """Within it a command may choose; behind it nothing is chosen."""
    token = _chosen.set(Color.AUTO)
    try:
        yield
    finally:
        _chosen.reset(token)


def _choose(context: click.Context, parameter: click.Parameter, value: str | None) -> None:  # noqa: ARG001 - click's signature
    if value is not None:
        _chosen.set(Color(value))


def color_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add --color."""
    return click.option(
        "--color",
        type=click.Choice([str(when) for when in Color]),
        expose_value=False,
        is_eager=True,
        callback=_choose,
        help="Colours on standard output and standard error; auto: on a terminal. NO_COLOR and FORCE_COLOR are obeyed.",
    )(command)
