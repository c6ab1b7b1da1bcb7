"""What the pages of the catalogue tell beside the catalogue itself: who broke a rule, who kept it, what noticed it."""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import citations
import msgspec
import mutation

from merkhet.model import Outcome, TargetInfo

ROOT = citations.ROOT
REPOSITORY = "https://github.com/merkhet/merkhet"


class _Result(msgspec.Struct, frozen=True):
    check: str
    outcome: Outcome


class Published(msgspec.Struct, frozen=True):
    """Of a published run only what the pages show: decoding passes over the octets."""

    target: TargetInfo
    started: str
    results: tuple[_Result, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A mutant: the reference with one rule broken. `fault` is what a server with this fault does, `kills` what noticed it."""

    name: str
    place: str
    breaks: str
    fault: str
    kills: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the reference that keeps a rule. `path` is relative to the repository."""

    path: str
    number: int
    text: str

    @property
    def address(self) -> str:
        """Where the line can be read."""
        return f"{REPOSITORY}/blob/main/{self.path}#L{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module of the reference: its name below the package, and the first sentence of its docstring."""

    name: str
    address: str
    sentence: str
    io_thread_only: bool


class Facts:
    """Everything that the repository says about checks and requirements, read once a build."""

    @cached_property
    def servers(self) -> Mapping[str, Published]:
        """The published runs by the name of the server."""
        files = sorted((ROOT / "reports" / "published").glob("*.json"))
        return {path.stem: msgspec.json.decode(path.read_bytes(), type=Published) for path in files}

    @cached_property
    def outcomes(self) -> Mapping[str, Mapping[str, Outcome]]:
        """The outcome of each check on each published server that was asked."""
        found: dict[str, dict[str, Outcome]] = defaultdict(dict)
        for name, run in self.servers.items():
            for result in run.results:
                found[result.check][name] = result.outcome
        return found

    @cached_property
    def mutants(self) -> Mapping[str, Broken]:
        """The mutants of the committed kill matrix by name. Raises KeyError for one that the matrix does not know."""
        kills = self._matrix["kills"]
        return {
            name: Broken(
                name=name,
                place=found.target,
                breaks=found.breaks,
                fault=" ".join((found.replacing.__doc__ or "").split()),
                kills=tuple(kills[name]),
            )
            for name, found in sorted(mutation.load().items())
        }

    @cached_property
    def killed_by(self) -> Mapping[str, tuple[Broken, ...]]:
        """The mutants that each check kills."""
        found: dict[str, list[Broken]] = defaultdict(list)
        for broken in self.mutants.values():
            for check in broken.kills:
                found[check].append(broken)
        return {check: tuple(mutants) for check, mutants in found.items()}

    @cached_property
    def canned_only(self) -> frozenset[str]:
        """The checks that no mutant of the reference fails: canned answers alone prove that they can fail."""
        return frozenset(self._matrix["canned_only"])

    @cached_property
    def citations(self) -> Mapping[str, tuple[Line, ...]]:
        """The lines of the reference that name each requirement."""
        found: dict[str, list[Line]] = defaultdict(list)
        for one in citations.citations():
            found[one.requirement].append(Line(path=str(one.path), number=one.number, text=one.text))
        return {requirement: tuple(lines) for requirement, lines in found.items()}

    @property
    def absences(self) -> Mapping[str, str]:
        """Why the reference needs no line for a requirement."""
        return citations.KEPT_BY_ABSENCE

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """The modules of the reference in the order of their names."""
        return tuple(_module(path) for path in citations.sources())

    @cached_property
    def owners(self) -> tuple[tuple[str, ...], ...]:
        """The rows of the table in which the I/O loop says which thread owns what, its head first."""
        path = citations.REFERENCE / "io_loop.py"
        lines = (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()
        rows = [line for line in lines if line.startswith("|") and not line.startswith("|---")]
        return tuple(tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows)

    @cached_property
    def _matrix(self) -> dict[str, dict[str, list[str]]]:
        matrix: dict[str, dict[str, list[str]]] = json.loads(
            (ROOT / "conformance" / "tests" / "kill_matrix.json").read_text()
        )
        return matrix


def _module(path: Path) -> Module:
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    paragraph = " ".join(docstring.split("\n\n", maxsplit=1)[0].split())
    name = ".".join(path.relative_to(citations.REFERENCE).with_suffix("").parts)
    return Module(
        name=name.removesuffix(".__init__") if name != "__init__" else "merkhet_reference",
        address=f"{REPOSITORY}/blob/main/{path.relative_to(ROOT)}",
        sentence=re.split(r"(?<=[.!?])\s", paragraph, maxsplit=1)[0],
        io_thread_only="Only the I/O thread" in paragraph,
    )
