"""Starlette: the ranges that its files are served in."""

from __future__ import annotations

from typing import Any

from merkhet_fuzz.adapters.library import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.parsers import Parser

SIZE = 1 << 64
"""A file that has every position."""


def parser(name: str, kind: Kind) -> Parser:
    """Return the parser. Raises ImportError."""
    responses = library("starlette.responses")

    # It has no name of its own: this is the method that FileResponse itself calls.
    read: Any = getattr(responses.FileResponse, "_parse_range_header", None)
    if read is None:
        raise ImportError("this Starlette has no parser of ranges")
    refusals = (responses.MalformedRangeHeader, responses.RangeNotSatisfiable)

    def ranges(value: bytes) -> object:
        # What it returns is sorted and joined: that something was read is known, and not what was asked for.
        return ... if read(value.decode("latin-1"), SIZE) else None

    return Parser(name, kind, ranges, refusals)
