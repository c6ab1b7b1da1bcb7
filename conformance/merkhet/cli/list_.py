"""`merkhet list`: the checks, one a line."""

from __future__ import annotations

import click

from merkhet import catalogue, selectors
from merkhet.cli.codes import Code, Failure


@click.command("list")
@click.option("-s", "--select", multiple=True, metavar="SELECTOR", help="Id glob, rfc9112#6.1, @tag; - excludes.")
@click.option("--requirements", is_flag=True, help="The rules instead, each with its number of checks.")
def list_(select: tuple[str, ...], requirements: bool) -> Code:  # noqa: FBT001
    """List the checks, or the rules that they test."""
    known = catalogue.load()
    try:
        checks = selectors.select(known.checks.values(), select)
    except selectors.SelectorError as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem
    if requirements:
        wanted = {check.requirement for check in checks}
        for rule in known.requirements.values():
            if rule.id in wanted or not select:
                count = sum(check.requirement == rule.id for check in checks)
                click.echo(f"{rule.id:<18} {rule.level:<10} {count:>3}  {rule.text}")
        return Code.OK
    width = max(len(check.id) for check in checks)
    for check in checks:
        tags = " ".join(f"@{tag}" for tag in sorted(selectors.tags_of(check)))
        line = f"{check.id:<{width}}  {known.requirement_of(check).level:<10}  {check.title}"
        click.echo(f"{line}  {tags}".rstrip())
    return Code.OK
