"""Findings on the terminal: the rule, the one edit, what was expected and what came, and the line that repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from rich.console import Console

from merkhet.cli.fuzz_known import Known
from merkhet.cli.terminal import octets, say, shortened
from merkhet.model import FuzzFinding, Weight
from merkhet_fuzz import findings
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.journal import Journal
from merkhet_fuzz.render import Wire, render

STYLES = {Weight.BREACH: "bold red", Weight.WARNING: "yellow", Weight.NOTE: "cyan"}


def finding(out: Console, found: FuzzFinding, reason: str, target: str | None = None) -> None:
    """Show one finding. `target` are the options that name a server, "" for the embedded one; None: it is a parser's."""
    requirement = findings.requirements().get(found.requirement)
    say(out, f"{found.weight}: {found.id}", "" if reason else STYLES[found.weight])
    if reason:
        say(out, f"  expected: {shortened(reason)}")
    if requirement is not None:
        say(out, f"  rule      {requirement.document} {requirement.section}: {requirement.level} - {requirement.text}")
    edits = " and ".join((*found.edits, *([found.transport] if found.transport else []))) or "no edit at all"
    say(out, f"  edit      {shortened(edits)}")
    say(out, f"  sent      {octets(found.octets[:300])}")
    say(out, f"  wanted    {shortened(found.expected)}")
    say(out, f"  came      {shortened(found.observed)}")
    say(out, f"  again     {again(found, target)}")


def again(found: FuzzFinding, target: str | None) -> str:
    """Return the command that tries a finding's input again; `target` as for `finding`."""
    whose = f"--parser {shlex.quote(found.target)}" if target is None else target
    return " ".join(filter(None, ("merkhet fuzz replay", whose, shlex.quote(found.input))))


def tried(begun_with: int, inputs: int) -> str:
    """Return how many inputs a campaign has tried: those that it begins with, and those that it made."""
    return f"{begun_with} to begin with and {inputs} inputs" if begun_with else f"{inputs} inputs"


def teller(
    out: Console, journal: Journal, found: list[FuzzFinding], known: Known, target: str | None = None
) -> Callable[[FuzzFinding], None]:
    """Return what writes a finding down at once, puts it into `found`, and shows it."""

    def tell(one: FuzzFinding) -> None:
        journal.add(one)
        found.append(one)
        finding(out, one, known.reason(one.id), target)

    return tell


def input_(out: Console, made: Input) -> None:
    """Show what an input is on the wire, and what the text says of it."""
    wire(out, render(made))


def wire(out: Console, shown: Wire) -> None:
    """Show what is sent, and what the text says of it."""
    verdict = shown.verdict
    say(out, f"input     {shown.input}")
    for segment in shown.segments[:20]:
        say(out, f"sent      {octets(segment)}")
    if len(shown.segments) > 20:
        say(out, f"          and {len(shown.segments) - 20} segments more")
    place = f" ({verdict.requirement}: {verdict.why})" if verdict.requirement else ""
    say(out, f"verdict   {verdict.decision.value}{place}")
