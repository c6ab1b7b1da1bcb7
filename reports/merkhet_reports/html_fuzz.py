"""What fuzzing found, as the page shows it: each finding with its octets beside the legal ones, and who read what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from merkhet import links
from merkhet.model import Disagreement, RunResults, Weight
from merkhet_reports import fuzzed, summary
from merkhet_reports.escape import hexdump, printable, visible

CHARACTERS_MAX = 1_200_000
"""So much of octets is shown of all findings together; the rest is in the results."""
OCTETS_MAX = 4096
OCTETS_MIN = 64
OCTET_CHARACTERS = 6
"""What an octet costs about: once as text, once in the hex view."""
STATES = {Weight.BREACH: "fail", Weight.WARNING: "warn", Weight.NOTE: "observed"}
MARKS = {Weight.BREACH: "\N{BALLOT X}", Weight.WARNING: "!", Weight.NOTE: "\N{BULLET}"}


@dataclass(frozen=True, slots=True)
class Octets:
    """Octets that were sent, split where they are not those of the legal base.

    `before` and `after` are alike in both, `taken` is only in the base, and `put` only in what was sent.
    """

    before: str
    taken: str
    put: str
    after: str
    dump: str
    cut: int
    sent: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding or a disagreement as the page shows it; every text is harmless."""

    told: fuzzed.Told
    state: str
    mark: str
    word: str
    where: str
    link: str
    page: str
    octets: Octets
    edits: tuple[str, ...]
    others: tuple[str, ...]
    facts: str
    repeat: str
    readings: tuple[tuple[str, str, str, bool], ...] = ()
    """Of a disagreement: the letter of each side, its participants, what they read, whether the text says otherwise."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one participant came to in one row of the matrix; "" where it was not asked."""

    letter: str
    number: int
    at_fault: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """Participants beside each other, a row for each disagreement."""

    participants: tuple[str, ...]
    rows: tuple[tuple[Shown, tuple[Cell, ...]], ...]


@dataclass(frozen=True, slots=True)
class Fuzzing:
    """All that the page says of fuzzing."""

    findings: tuple[Shown, ...]
    matrix: Matrix

    @property
    def is_there(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.findings or self.matrix.rows)


def fuzzing(run: RunResults, excused: summary.Excused) -> Fuzzing:
    """Return what the page shows of it."""
    every = fuzzed.told(run, excused)
    share = CHARACTERS_MAX // (OCTET_CHARACTERS * len(every)) if every else 0
    octets_max = max(OCTETS_MIN, min(OCTETS_MAX, share))
    shown = [_shown(one, octets_max) for one in every]
    split = [(one, one.told.found) for one in shown if isinstance(one.told.found, Disagreement)]
    names = tuple(dict.fromkeys(name for _, found in split for name in found.participants))
    rows = tuple((one, tuple(_cells(found, names))) for one, found in split)
    findings = tuple(one for one in shown if not isinstance(one.told.found, Disagreement))
    return Fuzzing(findings, Matrix(tuple(map(printable, names)), rows))


def _cells(found: Disagreement, names: Sequence[str]) -> list[Cell]:
    sides = dict(zip(found.participants, found.sides, strict=False))
    return [
        Cell(fuzzed.letter(sides[name]), min(sides[name], 5), name in found.at_fault)
        if name in sides
        else Cell("", 0, at_fault=False)
        for name in names
    ]


def _shown(one: fuzzed.Told, octets_max: int) -> Shown:
    found, rule = one.found, one.rule
    word = found.severity.value if isinstance(found, Disagreement) else fuzzed.WORDS[one.weight]
    return Shown(
        told=one,
        state=STATES[one.weight],
        mark=MARKS[one.weight],
        word=word,
        where=summary.place(rule.document, rule.section) if rule is not None else "",
        link=summary.link(rule) if rule is not None else "",
        page=links.requirement_page(found.requirement) if rule is not None else "",
        octets=octets(found, octets_max),
        edits=tuple(map(printable, (*found.edits, *((found.transport,) if found.transport else ())))),
        others=tuple(map(printable, found.others)),
        facts=_facts(found),
        repeat=printable(found.repeat),
        readings=_readings(found) if isinstance(found, Disagreement) else (),
    )


def _facts(found: fuzzed.Found) -> str:
    words = [f"{found.inputs} inputs of this run show it"] if isinstance(found, Disagreement) else []
    words += [f"found with input {found.found_after} of seed {found.seed}"] if found.found_after else []
    return printable(", ".join(words))


def _readings(found: Disagreement) -> tuple[tuple[str, str, str, bool], ...]:
    return tuple(
        (
            fuzzed.letter(side.number),
            printable(side.names),
            printable(side.reading),
            not set(side.participants).isdisjoint(found.at_fault),
        )
        for side in fuzzed.grouped(found)
    )


def octets(found: fuzzed.Found, most: int) -> Octets:
    """Return what was sent beside the legal base; of a longer input the octets around the first change."""
    sent, legal = found.octets, found.legal
    start = 0
    while start < min(len(sent), len(legal)) and sent[start] == legal[start]:
        start += 1
    end = 0
    while end < min(len(sent), len(legal)) - start and sent[-1 - end] == legal[-1 - end]:
        end += 1
    first = max(0, start - most // 2) if len(sent) > most else 0
    put_stop, taken_stop = min(len(sent) - end, first + most), len(legal) - end
    shown = sent[first : first + most]
    return Octets(
        before=visible(sent[first:start]),
        taken=visible(legal[start : min(taken_stop, start + most)]) if legal else "",
        put=visible(sent[start:put_stop]),
        after=visible(sent[put_stop : first + most]),
        dump=hexdump(shown),
        cut=len(sent) - len(shown),
        sent=_sent(found.segments),
    )


def _sent(segments: Sequence[int]) -> str:
    if len(segments) < 2:
        return f"{sum(segments)} octets"
    sizes = ", ".join(map(str, segments[:8])) + (", ..." if len(segments) > 8 else "")
    return f"{sum(segments)} octets in {len(segments)} segments ({sizes})"
