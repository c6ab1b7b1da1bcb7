"""`merkhet selftest`: every check against its own canned servers, so that a pass means something."""

from __future__ import annotations

import click

from merkhet import catalogue, selectors
from merkhet.cli.codes import Code, Failure
from merkhet.cli.terminal import escaped
from merkhet.selftest.canned import verify


@click.command()
@click.option("-s", "--select", multiple=True, metavar="SELECTOR", help="Id glob, rfc9112#6.1, @tag; - excludes.")
def selftest(select: tuple[str, ...]) -> Code:
    """Prove that the checks can fail: each passes on a good canned server and notices each of its faulty ones.

    Exit code 4 if one does not: the fault is then ours.
    """
    try:
        checks = selectors.select(catalogue.load().checks.values(), select)
    except selectors.SelectorError as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem
    problems = [found for check in checks for found in verify(check)]
    for found in problems:
        click.echo(escaped(f"{found.check}: on {found.server!r}: {found.text}"))
    servers = sum(1 + len(check.mutants) for check in checks)
    click.echo(f"{len(checks)} checks on {servers} canned servers, {len(problems)} problems")
    return Code.OURS if problems else Code.OK
