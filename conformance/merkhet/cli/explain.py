"""`merkhet explain`: what a check sends, what each answer means, and which faults it is proved to notice."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

import click

from merkhet import catalogue, history, links, selectors
from merkhet.catalogue import AnyCheck, Catalogue
from merkhet.check import (
    Abort,
    Answers,
    Check,
    Fresh,
    HalfClose,
    Hears,
    On,
    Passive,
    Reading,
    Send,
    Step,
    Terminate,
    Write,
    walk,
)
from merkhet.cli import withdrawn
from merkhet.cli.codes import Code, Failure
from merkhet.cli.options import Color, color, color_option
from merkhet.cli.selector import Selector
from merkhet.cli.terminal import octets
from merkhet.history import Entry
from merkhet.model import Requirement
from merkhet.wire.client_frames import behind_handshake, in_words

SEND_BYTES_MAX = 2000
_REQUEST = re.compile(rb"[A-Z]+ ")


@click.command()
@click.argument("selector", nargs=-1, required=True, type=Selector())
@color_option
def explain(selector: tuple[str, ...]) -> Code:
    """Explain checks, or a rule with all that tests it; of a withdrawn check, why it is gone."""
    known = catalogue.load()
    rules = [known.requirements[name] for name in selector if name in known.requirements]
    gone = {name: entry for word in selector for name, entry in withdrawn.named(word).items()}
    others = [name for name in selector if name not in known.requirements]
    others = [name for name in others if not withdrawn.withdrawn(name, known.checks.values())]
    lines = [line for rule in rules for line in _rule(rule, known)]
    lines += [line for check in _checks(others, known) for line in (*_check(check, known.requirement_of(check)), "")]
    lines += [line for name, entry in gone.items() for line in (*_withdrawn(name, entry), "")]
    # A title begins at the margin.
    shown = (click.style(line, bold=True) if line and line[0] != " " else line for line in lines)
    click.echo("\n".join(shown).rstrip(), color={Color.NEVER: False, Color.ALWAYS: True}.get(color()))
    return Code.OK


def _checks(wanted: Sequence[str], known: Catalogue) -> list[AnyCheck]:
    """Return the checks that selectors take. Raises Failure that names what is near, rules too."""
    try:
        return selectors.select(list(known.checks.values()), wanted) if wanted else []
    except selectors.SelectorError as problem:
        near = [rule for word in wanted for rule in difflib.get_close_matches(word, known.requirements, 1, 0.9)]
        rules = f"; nearest rule: {', '.join(near)}" if near else ""
        raise Failure(Code.INVOCATION, f"{problem}{rules}") from problem


def _withdrawn(name: str, entry: Entry) -> Iterator[str]:
    yield name
    yield f"  withdrawn in {entry.version}: {entry.reason}"
    yield from _pair("since", entry.since)
    yield from _pair("instead", ", ".join(entry.instead))
    yield from (f"  {change.version} changed it: {change.reason}" for change in history.load().changes(name))
    yield f"  its page: {links.check_page(name)}"


def _pair(name: str, words: str) -> Iterator[str]:
    if words:
        yield f"  {name}: {words}"


def _rule(rule: Requirement, known: Catalogue) -> Iterator[str]:
    yield from _heading(rule)
    if rule.untestable:
        yield f"  not tested: {rule.untestable}"
    yield f"  its page: {links.requirement_page(rule.id)}"
    yield from (f"  {check.id}  {check.title}" for check in known.checks.values() if check.requirement == rule.id)
    yield ""


def _heading(rule: Requirement) -> Iterator[str]:
    yield f"{rule.id}  {rule.document} section {rule.section}  {rule.level}, a violation is a {rule.on_violation}"
    yield f"  {rule.text}"
    if rule.note:
        yield f"  note: {rule.note}"


def _check(check: AnyCheck, rule: Requirement) -> Iterator[str]:
    yield check.id
    yield f"  {check.title}"
    yield from (f"  {line}" for line in _heading(rule))
    tags = sorted(selectors.tags_of(check))
    if tags:
        yield f"  tags: {', '.join(tags)}"
    if check.needs:
        yield f"  needs: {', '.join(sorted(check.needs))}"
    if check.note:
        yield f"  note: {check.note}"
    yield from conversation(check)
    yield "  proved to notice:"
    yield from (f"    {mutant.fault}" for mutant in check.mutants)
    yield f"  since {check.since}"
    yield from (f"  {entry.version} changed it: {entry.reason}" for entry in history.load().changes(check.id))
    yield f"  its page: {links.check_page(check.id)}"
    yield f"  if you think it wrong: {links.dispute(check.id)}"


def conversation(check: AnyCheck) -> Iterator[str]:
    """Yield, line by line and harmless to print, what a check sends, what each answer means, and its twin."""
    yield from _passive(check) if isinstance(check, Passive) else _active(check)


def _passive(check: Passive) -> Iterator[str]:
    yield f"  holds the rule {check.rule!r} against every answer of the run, and against that to:"
    yield from _octets(check.probe, "    ")
    if check.frames:
        yield "  and behind the 101:"
        yield from _octets(b"".join(check.frames), "    ")
        yield from (f"    = {words}" for words in in_words(b"".join(check.frames)))


def _active(check: Check) -> Iterator[str]:
    hears = any(isinstance(step, Hears) for step in walk(check.steps))
    yield from _steps(check.steps, "  ", hears=hears)
    yield f"  then, on a fresh connection, the legal twin; expected: {check.twin.answer.describe()}"
    yield from _octets(check.twin.request, "    ")


def _steps(steps: tuple[Step, ...], indent: str, *, hears: bool) -> Iterator[str]:
    for step in steps:
        match step:
            case Send():
                yield f"{indent}send{_manner(step)}:"
                yield from _octets(step.data, indent + "  ")
                yield from (f"{indent}  = {words}" for words in (_frames(step.data) if hears else ()))
                if step.made is not None:
                    yield f"{indent}  {step.made.describe()}"
            case HalfClose():
                yield f"{indent}say that no more will be sent"
            case Abort():
                yield f"{indent}drop the connection"
            case On():
                yield f"{indent}on connection {step.connection}:"
            case Fresh():
                yield f"{indent}start another process of the target, for this check alone"
            case Terminate():
                yield f"{indent}ask that process to end (SIGTERM)"
            case Answers() | Hears():
                yield f"{indent}{_reading(step) if isinstance(step, Answers) else _hearing(step)}:"
                yield from _cases(step, indent + "  ", hears=hears)
            case Write():
                yield f"{indent}write the file {step.name}, as of {step.age_seconds:g} s ago:"
                yield from _octets(step.content, indent + "  ")


def _reading(step: Answers) -> str:
    until = f" until its content has {octets(step.until)}" if step.until else ""
    kept = f", and keep it as {step.keep}" if step.keep else ""
    return f"read an answer{until}{kept}{' (none is expected)' if step.quiet else ''}"


def _hearing(step: Hears) -> str:
    counts = {"message": step.messages, "Pong": step.pongs, "Ping": step.pings}
    told = [f"{count} {word}{'s' if count > 1 else ''}" for word, count in counts.items() if count]
    until = " and ".join(told) or ("a Close" if step.until_close else "a Close and the end of the connection")
    return f"hear the WebSocket, up to {until}{' (nothing is expected)' if step.quiet else ''}"


def _manner(step: Send) -> str:
    if step.each:
        return f", {step.each} bytes at a time"
    return f", cut at {', '.join(map(str, step.cuts))}" if step.cuts else ""


def _cases(step: Reading, indent: str, *, hears: bool) -> Iterator[str]:
    for expectation, verdict in step.cases.items():
        words = f": {verdict.text}" if verdict.text else ""
        yield f"{indent}{expectation.describe()} -> {verdict.kind}{words}"
        if verdict.following:
            yield f"{indent}  and then instead:"
            yield from _steps(verdict.following, indent + "    ", hears=hears)


def _frames(data: bytes) -> Iterator[str]:
    """Say which frames these octets are, or those behind the handshake that they begin with."""
    return in_words(behind_handshake(data) if _REQUEST.match(data) else data)


def _octets(data: bytes, indent: str) -> Iterator[str]:
    for line in data[:SEND_BYTES_MAX].splitlines(keepends=True):
        yield indent + octets(line)
    if len(data) > SEND_BYTES_MAX:
        yield f"{indent}... ({len(data)} bytes)"
