"""The diagrams of `reference/README.md`, made from the tables that the code itself runs by.

python reference/tests/diagrams.py      rewrites what stands between their marks; a test says when that is due
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from merkhet_reference import multipart
from merkhet_reference.http1 import chunked, connection
from merkhet_reference.websocket import connection as websocket

S = TypeVar("S", bound=enum.Enum)
M = TypeVar("M", bound=enum.Enum)

README = Path(__file__).resolve().parents[1] / "README.md"
MARK = re.compile(r"(<!-- diagram: (?P<name>[a-z0-9-]+) -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)


def label(member: enum.Enum) -> str:
    """Return the name of a state or a move as it reads in a sentence."""
    return member.name.lower().replace("_", " ")


def states(table: Mapping[tuple[S, M], S]) -> str:
    """Return a table of moves as a state diagram."""
    names = {state: state.name.lower() for key, state in table.items() for state in (key[0], state)}
    lines = ["```mermaid", "stateDiagram-v2"]
    first = next(iter(table))[0]
    lines.append(f"    [*] --> {names[first]}")
    edges: dict[tuple[str, str], list[str]] = {}
    for (state, move), following in table.items():
        edges.setdefault((names[state], names[following]), []).append(label(move))
    lines += [f"    {start} --> {end}: {', '.join(moves)}" for (start, end), moves in edges.items()]
    return "\n".join([*lines, "```", ""])


def steps(table: Mapping[S, Callable[..., object]]) -> str:
    """Return a table of steps: which method reads which part, and what it says of itself."""
    rows = ["| reads | method | |", "|---|---|---|"]
    for part, method in table.items():
        summary = (method.__doc__ or "").strip().splitlines()[0] if method.__doc__ else ""
        rows.append(f"| {label(part)} | `{method.__name__}` | {summary} |")
    return "\n".join([*rows, ""])


DIAGRAMS: Mapping[str, Callable[[], str]] = {
    "connection": lambda: states(connection.TRANSITIONS),
    "chunked": lambda: steps(chunked.STEPS),
    "multipart": lambda: states(multipart.TRANSITIONS),
    "websocket": lambda: states(websocket.TRANSITIONS),
}


def renewed(text: str) -> str:
    """Return a page with every marked diagram made anew. Raises KeyError for a mark that names none."""
    return MARK.sub(lambda match: match[1] + DIAGRAMS[match["name"]]() + match[4], text)


if __name__ == "__main__":
    README.write_text(renewed(README.read_text("utf-8")), "utf-8")
