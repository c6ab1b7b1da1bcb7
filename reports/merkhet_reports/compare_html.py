"""A comparison as one offline page that needs no script: counts, then the rows on which servers differ, then the others."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import jinja2

from merkhet import links
from merkhet.model import CheckResult, Outcome
from merkhet_reports import fuzzed, summary
from merkhet_reports.compare import FOUND, HEADLINES, Change, Changes, Column, Group, Matrix, Row
from merkhet_reports.escape import printable, shorten
from merkhet_reports.page import digest, environment, place, style

SHORT: Mapping[Outcome, str] = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "FAIL",
    Outcome.WARN: "warn",
    Outcome.OBSERVED: "obs.",
    Outcome.INCONCLUSIVE: "inc.",
    Outcome.NOT_APPLICABLE: "n/a",
    Outcome.ERROR: "ERROR",
}
"""What stands in a cell: fifteen servers are to fit beside each other. The page says what each means."""


SAID_CHARACTERS_MAX = 120


@dataclass(frozen=True, slots=True)
class Said:
    """What several servers came to alike: their names, and what was observed of each of them."""

    names: str
    outcome: str
    words: str


def render(compared: Matrix | Changes) -> str:
    """Return the page."""
    look = style("compare.css")
    shared = {"css": look, "style_hash": digest(look), "outcomes": summary.OUTCOMES, "words": summary.WORDS}
    page: str
    if isinstance(compared, Matrix):
        page = _template("compare.html.j2").render(
            **shared,
            title="Servers compared",
            compared=compared,
            columns=compared.columns,
            parts=_parts(compared),
            short=SHORT,
            profiles=sorted({column.run.profile.value for column in compared.columns}),
        )
    else:
        page = _template("compare_runs.html.j2").render(
            **shared,
            title=f"{printable(compared.now.run.target.name)}: two runs compared",
            compared=compared,
            columns=(compared.before, compared.now),
            kinds=list(Change),
            headlines=HEADLINES,
            found=[(FOUND[change], fuzzed.WORDS[one.weight], one) for change, one in compared.found],
        )
    return page


def _parts(compared: Matrix) -> list[tuple[str, str, Sequence[Group]]]:
    return [
        ("differ", "Where servers differ", compared.differing),
        ("alike", "Where servers are alike", compared.alike),
    ]


@functools.cache
def _template(name: str) -> jinja2.Template:
    return environment(
        {
            "short": shorten,
            "place": place,
            "checkpage": links.check_page,
            "when": _when,
            "said": _said,
            "observed": _observed,
            "code": _code,
        }
    ).get_template(name)


def _when(started: str) -> str:
    """Return a time to the minute: 2026-11-26 12:00."""
    return printable(started)[:16].replace("T", " ")


def _code(outcome: Outcome) -> str:
    """Return the class name of a cell: a letter, for there are many cells."""
    return {Outcome.NOT_APPLICABLE: "n", Outcome.INCONCLUSIVE: "c"}.get(outcome, outcome.value[0])


def _observed(result: CheckResult) -> str:
    told = summary.observed(result) if result.outcome is not Outcome.INCONCLUSIVE else ""
    marks = [mark for mark, holds in (("flaky", result.flaky), ("the server died", result.killed_server)) if holds]
    words = told or printable(result.choice) or printable(result.reason)
    return "; ".join([words, *marks] if words else marks)


def _said(row: Row, columns: Sequence[Column]) -> list[Said]:
    """Return what each server that is not plainly in order came to; those that came to the same are told together."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for cell, column in zip(row.cells, columns, strict=True):
        if cell is None or cell.outcome in {Outcome.PASS, Outcome.NOT_APPLICABLE}:
            continue
        excuse = column.reasons.get(row.check, "")
        words = shorten(_observed(cell), SAID_CHARACTERS_MAX)
        words += f" (expected: {printable(excuse)})" if excuse else ""
        alike.setdefault((cell.outcome.value, summary.WORDS[cell.outcome], words), []).append(column.name)
    return [
        Said(_listed(names), outcome, f"{word}: {words}" if words else word)
        for (outcome, word, words), names in alike.items()
    ]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
