"""A page of Markdown for a pull request or a job's summary: counts, then what is open.

GitHub takes no comment of more than 65,536 characters, so a page is kept below 60 kB, whatever it is made from: it is cut
between two rows, and says how many are left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from merkhet.model import Disagreement, RunResults
from merkhet_reports import fuzzed, summary
from merkhet_reports.escape import printable, shorten

BYTES_MAX = 60_000
PROBLEMS_MAX = 20
SENTENCE_MAX = 1000
ROOM_BYTES = 400
"""Kept free for what is said of the rows that are left out."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")
_ACTIVE = re.compile(r"@|#\d|GH-\d|://|www\.", re.IGNORECASE)
"""What GitHub makes a mention or a link of, whatever stands before it, except in code."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a heading, which stands there only if there is a row. `left_out` is what a row is, in the plural."""

    head: tuple[str, ...]
    rows: tuple[str, ...]
    left_out: str


def render(run: RunResults, excused: summary.Excused | None = None) -> str:
    """Return the page. Nothing that a server said can be markup in it."""
    names = excused or {}
    groups = summary.to_fix(run, names)
    tables = [
        Table(("", "## What to fix first", "", *table(_COLUMNS)), tuple(map(_row, groups)), "requirements"),
        *_fuzz_tables(run, names),
    ]
    return paged(list(_head(run)), tables, _foot(run, names))


def page(head: Sequence[str], rows: Sequence[str], foot: Iterable[str], *, left_out: str) -> str:
    """Return a page of at most BYTES_MAX: its head, as many rows as fit, and its foot. `left_out` is what a row is."""
    return paged(head, [Table((), tuple(rows), left_out)], foot)


def paged(head: Sequence[str], tables: Iterable[Table], foot: Iterable[str]) -> str:
    """Return a page of at most BYTES_MAX: its head, of each table as many rows as fit, and its foot."""
    end = list(foot)
    room = BYTES_MAX - sum(_size(line) for line in (*head, *end))
    body: list[str] = []
    for one in tables:
        if not one.rows:
            continue
        room -= ROOM_BYTES + sum(_size(line) for line in one.head)
        kept: list[str] = []
        for row in one.rows:
            room -= _size(row)
            if room < 0:
                break
            kept.append(row)
        missing = len(one.rows) - len(kept)
        body += [*one.head, *kept] if kept or room > 0 else []
        body += ["", f"{missing} more {one.left_out} are left out here, and are in the results."] if missing else []
    return "\n".join([*head, *body, *end]) + "\n"


def _size(line: str) -> int:
    return len(line.encode("utf-8", "backslashreplace")) + 1


def escape(text: str) -> str:
    """Return a text that Markdown shows as it is, and in which nobody is mentioned and nothing linked."""
    return "".join(
        code(word) if _ACTIVE.search(word) else _SPECIAL.sub(r"\\\1", word)
        for word in re.split("( +)", printable(text))
    )


def brief(text: str) -> str:
    """Return the beginning of a text, escaped."""
    return escape(shorten(printable(text)))


def code(text: str) -> str:
    """Return a text as code; its fence is longer than any in it. In a table a bar would end even code, so it is an escape."""
    shown = printable(text).replace("|", "\\x7c")
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))
    return f"{fence} {shown} {fence}" if "`" in shown else f"`{shown}`"


def table(columns: Sequence[str]) -> list[str]:
    """Return the head of a table."""
    return [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]


def row(cells: Iterable[str]) -> str:
    """Return a row of a table whose cells are escaped."""
    return f"| {' | '.join(cells)} |"


_COLUMNS = ("", "check", "expected", "observed")


def _head(run: RunResults) -> Iterator[str]:
    yield f"# {brief(run.target.name)}"
    yield ""
    yield escape(shorten(fuzzed.lead(run), SENTENCE_MAX))
    yield ""
    if run.ended != "complete":
        yield f"**The run did not come to its end: {brief(run.ended)}.**"
        yield ""
    if run.problems:
        yield from (f"- {brief(problem)}" for problem in run.problems[:PROBLEMS_MAX])
        if len(run.problems) > PROBLEMS_MAX:
            yield f"- {len(run.problems) - PROBLEMS_MAX} more are in the results."
        yield ""
    if run.results or not run.fuzzed:
        yield from table(("level", *(summary.WORDS[outcome] for outcome in summary.OUTCOMES)))
    for counted in summary.count(run.results):
        yield row((counted.level, *(str(counted.counts[outcome]) for outcome in summary.OUTCOMES)))


def _row(group: summary.Group) -> str:
    worst, more = group.worst, len(group.results) - 1
    others = f" and {more} more of {brief(group.requirement)}" if more else ""
    marks = "".join(f"; {escape(remark)}" for remark in summary.remarks(worst) if worst.flaky or worst.killed_server)
    shown = brief(summary.observed(worst) or worst.reason)
    check = code(shorten(printable(worst.check)))
    return row((summary.WORDS[worst.outcome], f"{check}{others}", brief(summary.expected(worst)), shown + marks))


def _foot(run: RunResults, excused: summary.Excused) -> Iterator[str]:
    count = sum(result.check in excused for result in run.results)
    count += sum(bool(one.reason) for one in fuzzed.told(run, excused))
    if count:
        yield ""
        yield f"{count} {'outcome is' if count == 1 else 'outcomes are'} as expected."


# What fuzzing found


def _fuzz_tables(run: RunResults, excused: summary.Excused) -> Iterator[Table]:
    every = fuzzed.told(run, excused)
    found = tuple(_found(one) for one in every if not isinstance(one.found, Disagreement))
    heading = (
        "",
        "## What fuzzing found",
        "",
        *table(("", "finding", "edits of a legal input", "expected", "observed")),
    )
    yield Table(heading, found, "findings")
    split = [(one, one.found) for one in every if isinstance(one.found, Disagreement)]
    names = tuple(dict.fromkeys(name for _, found in split for name in found.participants))
    columns = ("", "disagreement", "edits of a legal input", *(brief(name) for name in names), "by the text")
    about = "The same letter: the same was read. A star: the text says otherwise."
    rows = tuple(_split(one, found, names) for one, found in split)
    yield Table(("", "## Where they differ", "", about, "", *table(columns)), rows, "disagreements")


def _marked(one: fuzzed.Told) -> str:
    return f"{fuzzed.WORDS[one.weight]}{', expected' if one.reason else ''}"


def _found(one: fuzzed.Told) -> str:
    edits = code(shorten(printable(fuzzed.edits(one.found))))
    return row((_marked(one), code(shorten(one.id)), edits, brief(one.expected), brief(one.observed)))


def _split(one: fuzzed.Told, found: Disagreement, names: Sequence[str]) -> str:
    sides = dict(zip(found.participants, found.sides, strict=False))
    cells = [_side(name, sides, found.at_fault) for name in names]
    edits = code(shorten(printable(fuzzed.edits(found))))
    marks = f"{found.severity.value}{', expected' if one.reason else ''}"
    return row((marks, code(shorten(one.id)), edits, *cells, brief(found.decided)))


def _side(name: str, sides: Mapping[str, int], at_fault: Collection[str]) -> str:
    if name not in sides:
        return ""
    return fuzzed.letter(sides[name]) + (" \N{BLACK STAR}" if name in at_fault else "")
