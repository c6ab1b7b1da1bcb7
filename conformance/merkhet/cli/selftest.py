"""`merkhet selftest`: every check against its own canned servers, or all of them against dead ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from merkhet import catalogue, selectors
from merkhet.catalogue import AnyCheck
from merkhet.cli.codes import Code, Failure
from merkhet.cli.terminal import escaped
from merkhet.selftest import dead, dead_sockets
from merkhet.selftest.burial import Burial, bury, bury_socket
from merkhet.selftest.canned import verify


@click.command()
@click.argument("selector", nargs=-1)
@click.option(
    "-s", "--select", multiple=True, metavar="SELECTOR", help="Id glob, rfc9112, rfc9112#6.1, @tag; - excludes."
)
@click.option("--dead", "on_dead", is_flag=True, help="Run them on servers that do nothing right instead.")
def selftest(selector: tuple[str, ...], select: tuple[str, ...], on_dead: bool) -> Code:  # noqa: FBT001
    """Prove that the checks can fail: each passes on a good canned server and notices each of its faulty ones.

    With --dead, `merkhet run` judges servers that never answer, always answer the same, or answer with garbage: no check
    may pass but those whose rule the bytes truly keep, and each run must end in time.

    Exit code 4 if that is not so: the fault is then ours.
    """
    wanted = (*selector, *select)
    try:
        checks = selectors.select(catalogue.load().checks.values(), wanted)
    except selectors.SelectorError as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem
    problems = _on_dead(wanted, checks) if on_dead else _on_canned(checks)
    return Code.OURS if problems else Code.OK


def _on_canned(checks: Sequence[AnyCheck]) -> int:
    problems = [found for check in checks for found in verify(check)]
    for found in problems:
        click.echo(escaped(f"{found.check}: on {found.server!r}: {found.text}"))
    servers = sum(1 + len(check.mutants) for check in checks)
    click.echo(f"{len(checks)} checks on {servers} canned servers, {len(problems)} problems")
    return len(problems)


def _on_dead(wanted: Sequence[str], checks: Sequence[AnyCheck]) -> int:
    burials = _burials(wanted, checks)
    count = problems = 0
    for burial in burials:
        click.echo(burial.words())
        for problem in burial.problems:
            click.echo(escaped(f"  problem: {problem}"))
        count += 1
        problems += len(burial.problems)
    click.echo(f"{count} dead servers, {problems} problems")
    return problems


def _burials(wanted: Sequence[str], checks: Sequence[AnyCheck]) -> Iterator[Burial]:
    """Bury one after the other: dead WebSockets only where a check listens to one."""
    yield from (bury(name, behaviour, wanted) for name, behaviour in dead.DEAD.items())
    if any(dead_sockets.hears(check) for check in checks):
        yield from (bury_socket(name, behaviour, wanted) for name, behaviour in dead_sockets.DEAD_SOCKETS.items())
