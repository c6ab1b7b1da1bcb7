"""`merkhet list`: the checks, or the rules that they test, for a person or for a program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import click
import msgspec

from merkhet import catalogue, selectors
from merkhet.catalogue import AnyCheck, Catalogue
from merkhet.cli.codes import Code, Failure
from merkhet.model import Requirement

Row = Mapping[str, str | int | list[str]]


@click.command("list")
@click.argument("selector", nargs=-1)
@click.option("-s", "--select", multiple=True, metavar="SELECTOR", help="Id glob, rfc9112#6.1, @tag; - excludes.")
@click.option("--requirements", is_flag=True, help="The rules instead, each with its number of checks.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["ids", "table", "json"]),
    default="table",
    show_default=True,
    help="One id a line, a line for a person, or one JSON array.",
)
def list_(selector: tuple[str, ...], select: tuple[str, ...], requirements: bool, form: str) -> Code:  # noqa: FBT001
    """List the checks that any SELECTOR takes, or the rules that they test.

    A selector that excludes begins with a hyphen: give it with -s, or after `--`.
    """
    known = catalogue.load()
    wanted = (*selector, *select)
    try:
        checks = selectors.select(known.checks.values(), wanted)
    except selectors.SelectorError as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem
    if requirements:
        rows = list(_rules(known, checks, every=not wanted))
        lines = [f"{row['id']:<18} {row['level']:<10} {row['checks']:>3}  {row['text']}" for row in rows]
    else:
        rows = [_check(check, known.requirement_of(check)) for check in checks]
        lines = _table(rows)
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=1).decode())
    else:
        click.echo("\n".join(lines if form == "table" else [str(row["id"]) for row in rows]))
    return Code.OK


def _rules(known: Catalogue, checks: Sequence[AnyCheck], *, every: bool) -> Iterator[Row]:
    counts = Counter(check.requirement for check in checks)
    for rule in known.requirements.values():
        if every or counts[rule.id]:
            yield {**_place(rule), "id": rule.id, "text": rule.text, "checks": counts[rule.id]}


def _check(check: AnyCheck, rule: Requirement) -> Row:
    return {
        "id": check.id,
        "title": check.title,
        "requirement": rule.id,
        **_place(rule),
        "tags": sorted(selectors.tags_of(check)),
        "needs": sorted(check.needs),
    }


def _place(rule: Requirement) -> Row:
    return {"document": rule.document, "section": rule.section, "level": rule.level.value}


def _table(rows: Sequence[Row]) -> list[str]:
    width = max(len(str(row["id"])) for row in rows)
    lines: list[str] = []
    for row in rows:
        tags = row["tags"]
        marks = " ".join(f"@{tag}" for tag in tags) if isinstance(tags, list) else ""
        lines.append(f"{row['id']:<{width}}  {row['level']:<10}  {row['title']}  {marks}".rstrip())
    return lines
