"""What fuzzing found, as every format tells it: findings, and what parsers or servers read differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from merkhet.model import Disagreement, FuzzFinding, Requirement, RunResults, Severity, Weight
from merkhet_reports import summary
from merkhet_reports.escape import printable, visible

ORACLES: Mapping[str, str] = {
    "accepted": "what has to be refused is accepted",
    "refused": "what is legal is refused",
    "lost": "a legal message is lost",
    "surplus": "more messages are read than were sent",
    "changed": "another message is read than was sent",
    "segments": "what is read depends on how the octets are cut",
    "round-trip": "what is written again is read otherwise",
    "crash": "an exception that refuses nothing",
    "hang": "an input that is not done with in time",
    "answer": "an answer breaks a rule",
    "work": "the work grows faster than the input",
    "died": "the process of the parser ends",
    "dies": "the server ends",
    "busy": "the server works on when nothing is asked of it",
    "descriptors": "descriptors stay open behind connections that ended",
    "memory": "memory is kept behind connections that ended",
    "merged": "a trailer field is read as a header field",
    "order": "answers come in another order than the requests",
    "kept": "the connection is used on where it has to end",
    "open": "the connection stays open where it has to end",
    "ended": "the connection ends where it has to persist",
    "unanswered": "a request gets no answer",
    "status": "the status is not the one for this request",
    "told": "an interim answer goes to a client that knows none",
    "cut": "an answer is not whole",
    "handshake": "the answer to a handshake breaks a rule",
    "frame": "a frame of the server's breaks a rule",
    "echo": "an echo is not what was sent",
    "pong": "a Ping is answered otherwise than it has to be",
    "push": "what the server was told to send does not come as it has to",
    "close": "a Close is answered otherwise than it has to be",
    "fault": "a connection is failed otherwise than it has to be",
}
"""What each oracle sees, for people; every oracle of the fuzzer's is here. Another one is told by its own name."""
SEVERITIES: Mapping[Severity, str] = {
    Severity.FRAMING: "messages begin and end elsewhere, or are more or fewer",
    Severity.MEANING: "the messages are read as others",
    Severity.ACCEPTANCE: "one accepts what another refuses, and the text says who is right",
    Severity.TASTE: "one accepts what another refuses, and the text lets both",
}
WORDS: Mapping[Weight, str] = {Weight.BREACH: "breach", Weight.WARNING: "warning", Weight.NOTE: "note"}
SIDES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
OCTETS_TOLD = 200
Found = FuzzFinding | Disagreement


def letter(side: int) -> str:
    """Return what a side of a disagreement is called."""
    return SIDES[side] if 0 <= side < len(SIDES) else str(side + 1)


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that fuzzing found. All texts but `found` are harmless to print.

    `place` names the suite that it is a case of; `reason` says why it was expected, "" where it was not.
    """

    found: Found
    id: str
    place: str
    headline: str
    expected: str
    observed: str
    reason: str
    rule: Requirement | None

    @property
    def weight(self) -> Weight:
        """How much it weighs."""
        return self.found.weight


def told(run: RunResults, excused: summary.Excused) -> list[Told]:
    """Return all that fuzzing found, what is expected last, else the gravest first."""
    rules = {rule.id: rule for rule in run.requirements}
    every = [*(_finding(one, rules, excused) for one in run.fuzz)]
    every += [_disagreement(one, rules, excused) for one in run.differences]
    return sorted(every, key=_order)


def told_of(found: Iterable[Disagreement], excused: summary.Excused) -> list[Told]:
    """Return disagreements as they are told, without a run around them, in the same order."""
    return sorted((_disagreement(one, {}, excused) for one in found), key=_order)


def _order(one: Told) -> tuple[bool, int, int, str]:
    """Framing first, whatever it weighs; a finding stands with the disagreements that are as grave."""
    weight = list(Weight).index(one.weight)
    rank = list(Severity).index(one.found.severity) if isinstance(one.found, Disagreement) else weight
    return bool(one.reason), rank, weight, one.id


def _finding(found: FuzzFinding, rules: Mapping[str, Requirement], excused: summary.Excused) -> Told:
    rule = rules.get(found.requirement)
    saw = ORACLES.get(found.oracle, found.oracle)
    headline = f"{saw}: {rule.text}" if rule is not None else saw
    return Told(
        found=found,
        id=printable(found.id),
        place=printable(f"fuzz.{found.target}"),
        headline=printable(headline[:1].upper() + headline[1:]),
        expected=printable(found.expected),
        observed=printable(found.observed),
        reason=printable(excused.get(found.id, "")),
        rule=rule,
    )


def _disagreement(found: Disagreement, rules: Mapping[str, Requirement], excused: summary.Excused) -> Told:
    return Told(
        found=found,
        id=printable(found.id),
        place=printable(f"fuzz.differences.{found.kind}"),
        headline=printable(f"{found.severity.value.capitalize()}: {SEVERITIES[found.severity]}"),
        expected=printable(found.decided or "nothing: the text leaves it open"),
        observed=printable("; ".join(f"{names}: {reading}" for names, reading in sides(found))),
        reason=printable(excused.get(found.id, "")),
        rule=rules.get(found.requirement),
    )


class Side(NamedTuple):
    """Participants that read the same, and what they made of the input, in words; the texts are as they came."""

    number: int
    participants: tuple[str, ...]
    reading: str

    @property
    def names(self) -> str:
        """The participants, on one line."""
        return ", ".join(self.participants)


def grouped(found: Disagreement) -> list[Side]:
    """Return the sides of a disagreement, by their numbers."""
    made: dict[int, Side] = {}
    for name, number, reading in zip(found.participants, found.sides, found.readings, strict=False):
        before = made.get(number, Side(number, (), reading))
        made[number] = before._replace(participants=(*before.participants, name))
    return [made[number] for number in sorted(made)]


def sides(found: Disagreement) -> list[tuple[str, str]]:
    """Return each side's participants and what they made of the input, in words; the texts are as they came."""
    return [(side.names, side.reading) for side in grouped(found)]


def is_open(one: Told) -> bool:
    """Tell whether it asks somebody to do something."""
    return not one.reason and one.weight is not Weight.NOTE


def details(one: Told) -> Iterator[tuple[str, str]]:
    """Yield what else is to be said of it, each with its name; all of it is harmless to print."""
    found = one.found
    rule = one.rule
    said: list[tuple[str, str]] = [
        ("rule", f"{summary.place(rule.document, rule.section)}: {rule.level} - {rule.text}" if rule else ""),
        ("expected", one.expected),
        ("observed", one.observed),
        ("reason", one.reason),
        ("edits", edits(found)),
        ("input", found.input),
        ("sent", sent(found.octets)),
    ]
    if isinstance(found, Disagreement) and found.at_fault:
        said.append(("at fault", ", ".join(found.at_fault)))
    for name, words in (*said, ("repeat", found.repeat)):
        if words:
            yield name, printable(words)


def edits(found: Found) -> str:
    """Return the edits of the legal input, and how it travels; as they came."""
    return " and ".join((*found.edits, *((found.transport,) if found.transport else ()))) or "none: a legal input"


def sent(octets: bytes) -> str:
    """Return the first octets of an input, on one line."""
    shown = visible(octets[:OCTETS_TOLD]).replace("\n", "")
    more = f" and {len(octets) - OCTETS_TOLD} octets more" if len(octets) > OCTETS_TOLD else ""
    return shown + more


def sections(run: RunResults, excused: summary.Excused) -> list[tuple[str, list[Told]]]:
    """Return what was found by what it was found on."""
    places: dict[str, list[Told]] = {}
    for one in told(run, excused):
        places.setdefault(one.place, []).append(one)
    return sorted(places.items())


def sentence(run: RunResults) -> str:
    """Say what fuzzing came to, in one sentence; "" where nothing was fuzzed."""
    if not (run.fuzzed or run.fuzz or run.differences):
        return ""
    tried = f"{sum(run.fuzzed.values()):,} inputs on {', '.join(run.fuzzed) or run.target.name}"
    parts: list[str] = []
    if run.fuzz or not run.differences:
        parts.append(_counted(len(run.fuzz), "class of findings", "classes of findings", _weights(run.fuzz)))
    if run.differences:
        weighed = Counter(one.severity.value for one in run.differences)
        told_ = ", ".join(f"{weighed[one.value]} {one.value}" for one in Severity if weighed[one.value])
        parts.append(_counted(len(run.differences), "class of disagreements", "classes of disagreements", told_))
    return printable(f"Fuzzing: {tried}; {'; '.join(parts)}.")


def _counted(count: int, one: str, many: str, more: str) -> str:
    return f"{count or 'no'} {one if count == 1 else many}" + (f" ({more})" if more else "")


def _weights(found: Sequence[FuzzFinding]) -> str:
    counts = Counter(one.weight for one in found)
    words = {Weight.BREACH: "breaches", Weight.WARNING: "warnings", Weight.NOTE: "notes"}
    return ", ".join(
        f"{counts[weight]} {WORDS[weight] if counts[weight] == 1 else words[weight]}"
        for weight in Weight
        if counts[weight]
    )


def lead(run: RunResults) -> str:
    """Say how a run came out, checks and fuzzing; harmless to print."""
    fuzzing = sentence(run)
    if not run.results and fuzzing:
        return fuzzing
    return f"{summary.sentence(run)} {fuzzing}".rstrip()
