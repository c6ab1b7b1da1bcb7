"""One offline page: a sentence with counts, what to fix first, then every check with the bytes that crossed the wire.

It reads without JavaScript, and nothing that a server sent is more than text in it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

import jinja2
from markupsafe import Markup

from merkhet.model import CheckResult, Direction, Outcome, Requirement, RunResults, Transcript, WireEvent
from merkhet_reports import summary
from merkhet_reports.escape import hexdump, printable, seconds, shorten, visible

CLEAN_BYTES_MAX = 2048
CLEAN_EVENTS_MAX = 24
"""So much of a check that passed is on the page, and the rest in the results; of what did not pass, all that was kept."""
DUMP_BYTES_MAX = 4096
"""Larger events have no hex view of their own: the page's script makes it."""
_KINDS = {Direction.SENT: "tx", Direction.RECEIVED: "rx"}
_CLEAN = frozenset({Outcome.PASS, Outcome.OBSERVED, Outcome.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Event:
    """One event as the page shows it. `kind` is a class name of ours, `text` reversible escapes.

    `dump` is the hex view of what failed; of all else the page's script makes it from the text, which keeps the page small.
    `cut` counts the bytes that are not on the page.
    """

    when: str
    kind: str
    label: str
    size: str
    text: str
    dump: str
    cut: int


@dataclass(frozen=True, slots=True)
class Wire:
    """One connection as the page shows it."""

    title: str
    events: tuple[Event, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Row:
    """One check as the page shows it."""

    result: CheckResult
    rule: Requirement | None
    outcome: str
    word: str
    mark: str
    level: str
    expected: str
    observed: str
    why: str
    remarks: tuple[str, ...]
    excuse: str
    wires: tuple[Wire, ...]


def render(run: RunResults, excused: summary.Excused | None = None) -> str:
    """Return the page."""
    names = excused or {}
    rules = {rule.id: rule for rule in run.requirements}
    rows = [_row(result, rules.get(result.requirement), names) for result in run.results]
    script, style = _file("report.js"), _file("report.css")
    page: str = (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            title=f"{printable(run.target.name)}: conformance report",
            sentence=summary.sentence(run),
            counts=summary.count(run.results),
            outcomes=summary.OUTCOMES,
            words=summary.WORDS,
            marks=summary.MARKS,
            groups=summary.to_fix(run, names),
            rules=rules,
            sections=_sections(rows),
            totals={outcome: sum(row.result.outcome is outcome for row in rows) for outcome in Outcome},
            untestable=[rule for rule in run.requirements if rule.untestable and rule.same_as is None],
            output=printable(run.target_output.replace("\r\n", "\n"), lines=True),
            css=style,
            style_hash=_hash(style),
            script=script,
            script_hash=_hash(script),
        )
    )
    return page


@functools.cache
def _file(name: str) -> str:
    return (resources.files("merkhet_reports") / "templates" / name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_file),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = printable
    environment.filters["short"] = shorten
    environment.filters["seconds"] = seconds
    environment.filters["link"] = summary.link
    environment.filters["place"] = _place
    environment.filters["observed"] = summary.observed
    environment.filters["expected"] = summary.expected
    return environment


def _harmless(value: object) -> object:
    """Return what a template prints. No text reaches the page raw, even where the template forgets to ask."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value, lines=True)
    return value


def _place(rule: Requirement) -> str:
    return summary.place(rule.document, rule.section)


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _sections(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """Return the rows by section, in the order in which the specifications have them."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        rule = row.rule
        found.setdefault((rule.document, rule.section) if rule else (row.result.requirement, ""), []).append(row)
    ordered = sorted(found.items(), key=lambda item: summary.place_order(*item[0]))
    return [(summary.place(*key), members) for key, members in ordered]


def _row(result: CheckResult, rule: Requirement | None, excused: Mapping[str, str]) -> Row:
    level = next(name for name, levels in summary.LEVELS.items() if result.level in levels)
    return Row(
        result=result,
        rule=rule,
        outcome=result.outcome.value,
        word=summary.WORDS[result.outcome],
        mark=summary.MARKS[result.outcome],
        level=level,
        expected=summary.expected(result),
        observed=summary.observed(result) or printable(result.choice),
        why=summary.why(result, None),
        remarks=tuple(summary.remarks(result)),
        excuse=printable(excused.get(result.check, "")),
        wires=tuple(_wires(result)),
    )


def _wires(result: CheckResult) -> Iterable[Wire]:
    """Return the connections of a check: whole, with hex views, where it failed; cut where it is clean."""
    clean = result.outcome in _CLEAN
    dumps = result.outcome in {Outcome.FAIL, Outcome.ERROR}
    bytes_left, events_left = (CLEAN_BYTES_MAX, CLEAN_EVENTS_MAX) if clean else (sys.maxsize, sys.maxsize)
    for transcript in result.evidence.transcripts:
        events: list[Event] = []
        for event in transcript.events[:events_left]:
            shown = event.data[:bytes_left] if event.direction in _KINDS else b""
            bytes_left -= len(shown)
            events.append(_event(event, shown, dumps=dumps and len(shown) <= DUMP_BYTES_MAX))
        events_left -= len(events)
        yield Wire(title=_title(transcript), events=tuple(events), more=len(transcript.events) - len(events))


def _title(transcript: Transcript) -> str:
    ended = f", ended: {printable(transcript.ended)}" if transcript.ended else ""
    return (
        f"Connection {transcript.connection} ({printable(transcript.purpose)}): {transcript.sent_length} bytes sent, "
        f"{transcript.received_length} received{ended}"
    )


def _event(event: WireEvent, shown: bytes, *, dumps: bool) -> Event:
    return Event(
        when=seconds(event.at),
        kind=_KINDS.get(event.direction, "x"),
        label=event.direction.value,
        size=f"{event.length} bytes" if event.length else "",
        text=visible(shown),
        dump=hexdump(shown) if dumps else "",
        cut=event.length - len(shown) if event.direction in _KINDS else 0,
    )
