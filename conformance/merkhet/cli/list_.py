"""`merkhet list`: the checks, the rules that they test, or how much of each document they cover."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import click
import msgspec

from merkhet import catalogue, selectors
from merkhet.catalogue import AnyCheck, Catalogue
from merkhet.cli import withdrawn
from merkhet.cli.codes import Code, Failure
from merkhet.cli.selector import Selector, select_option
from merkhet.model import Requirement

Row = Mapping[str, str | int | list[str]]


@click.command("list")
@click.argument("selector", nargs=-1, type=Selector())
@select_option
@click.option("--requirements", is_flag=True, help="The rules instead, each with its number of checks.")
@click.option(
    "--coverage", is_flag=True, help="Instead, of each document: how many rules it has, and how many are tested."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["ids", "table", "json"]),
    default="table",
    show_default=True,
    help="One id a line, a line for a person, or one JSON array.",
)
def list_(
    selector: tuple[str, ...],
    select: tuple[str, ...],
    requirements: bool,  # noqa: FBT001
    coverage: bool,  # noqa: FBT001
    form: str,
) -> Code:
    """List the checks that any SELECTOR takes, or the rules that they test.

    A selector that excludes begins with a hyphen: give it with -s, or after `--`.
    """
    if requirements and coverage:
        raise Failure(Code.INVOCATION, "expected one of --requirements and --coverage")
    known = catalogue.load()
    wanted = (*selector, *select)
    checks, notes = withdrawn.select(list(known.checks.values()), wanted)
    for note in notes:
        click.echo(f"note: {note}", err=True)
    if requirements:
        rows = list(_rules(known, checks, every=not wanted))
        lines = [f"{row['id']:<18} {row['level']:<10} {row['checks']:>3}  {row['text']}" for row in rows]
    elif coverage:
        rows = list(_coverage(known, checks))
        lines = _columns(rows)
    else:
        rows = [_check(check, known.requirement_of(check)) for check in checks]
        lines = _table(rows)
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=1).decode())
    else:
        click.echo("\n".join(lines if form == "table" else [str(row.get("id", row.get("document"))) for row in rows]))
    return Code.OK


def _rules(known: Catalogue, checks: Sequence[AnyCheck], *, every: bool) -> Iterator[Row]:
    counts = Counter(check.requirement for check in checks)
    for rule in known.requirements.values():
        if every or counts[rule.id]:
            yield {**_place(rule), "id": rule.id, "text": rule.text, "checks": counts[rule.id]}


def _coverage(known: Catalogue, checks: Sequence[AnyCheck]) -> Iterator[Row]:
    """Yield the counts of every document that these checks are about, and then of all of them together."""
    documents = {known.requirement_of(check).document for check in checks}
    rules = [rule for rule in known.requirements.values() if rule.document in documents]
    for document in sorted(documents, key=_numbered):
        yield coverage_of(document, [rule for rule in rules if rule.document == document], checks)
    yield coverage_of("total", rules, checks)


def _numbered(document: str) -> tuple[str, int]:
    """Return a key that sorts RFCs by their numbers."""
    letters = document.rstrip("0123456789")
    return letters, int(document[len(letters) :] or 0)


def coverage_of(document: str, rules: Sequence[Requirement], checks: Sequence[AnyCheck]) -> Row:
    """Return of a document, which has these rules, how many rules can be tested and are, and by how many of these checks."""
    testable = {rule.id for rule in rules if rule.untestable is None}
    found = [check.requirement for check in checks if check.requirement in testable]
    return {
        "document": document,
        "requirements": len(rules),
        "testable": len(testable),
        "tested": len(set(found)),
        "untestable": len(rules) - len(testable),
        "checks": len(found),
    }


def _columns(rows: Sequence[Row]) -> list[str]:
    heads = list(rows[0])
    width = max(len(str(row["document"])) for row in rows)
    table = [dict(zip(heads, heads, strict=True)), *rows]
    return [
        f"{row['document']:<{width}}" + "".join(f"  {row[head]:>{len(head)}}" for head in heads[1:]) for row in table
    ]


def _check(check: AnyCheck, rule: Requirement) -> Row:
    return {
        "id": check.id,
        "title": check.title,
        "requirement": rule.id,
        **_place(rule),
        "since": check.since,
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
