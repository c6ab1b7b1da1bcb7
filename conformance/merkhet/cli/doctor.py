"""`merkhet doctor`: whether a target starts and answers, and which endpoints of the contract it truly has."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import tomlkit
from tomlkit.container import Container
from tomlkit.items import Item, Table

from merkhet.cli.choose import choose, options_of, started, target_options
from merkhet.cli.codes import Code, Failure
from merkhet.cli.terminal import escaped, shortened
from merkhet.engine.plan import JOBS, RunTarget
from merkhet.engine.preflight import Found, Scout, TargetUnreachable
from merkhet.results import ResultsError, write_whole
from merkhet.target.config import find
from merkhet.target.discover import Discovery, discover
from merkhet.wire.dial import Unreachable
from merkhet.wire.sockets import SocketDialer


@click.command()
@target_options
@click.option("--write", is_flag=True, help="Put the endpoints that were found into the target file.")
def doctor(write: bool, **target: object) -> Code:  # noqa: FBT001
    """Look at a target: does it answer, does it tell garbage from a request, what of the contract does it offer."""
    options = options_of(target)
    chosen = choose(options, Path.cwd())
    click.echo(escaped(f"looking at {chosen.describe()}"))
    with started(chosen, options.words()) as (info, reached):
        try:
            found, discovery = asyncio.run(_look(reached))
        except (TargetUnreachable, Unreachable) as problem:
            output = chosen.process.output() if chosen.process is not None else ""
            raise Failure(Code.TARGET, str(problem), output) from problem
    _tell(found, discovery)
    if write:
        base = chosen.access.base_path.rstrip("/")
        _write(info.name, {name: path.removeprefix(base) for name, path in discovery.found.items()})
    return Code.OK


async def _look(reached: RunTarget) -> tuple[Found, Discovery]:
    dialer = SocketDialer(reached.address)
    found = await Scout(dialer, reached.names, 1.0).look(JOBS)
    return found, await discover(dialer, reached.names)


def _tell(found: Found, discovery: Discovery) -> None:
    plain = found.preflight
    click.echo(f"GET of the root: {plain.status}, {plain.round_trip_seconds * 1000:.1f} ms")
    if plain.server:
        click.echo(f"Server: {shortened(plain.server, 100)}")
    if not plain.discriminates:
        click.echo("it answers garbage as it answers a plain GET: no status of it proves anything")
    if plain.one_at_a_time:
        click.echo("it serves one connection at a time")
    for name, why in discovery.missed.items():
        click.echo(f"not offered: {name}: {shortened(why, 200)}")
    if discovery.unasked:
        click.echo(f"not looked for: {', '.join(discovery.unasked)} (they are asked where they are declared)")
    click.echo("\n[target.NAME.endpoint]")
    for name, path in discovery.found.items():
        click.echo(f"{name} = {tomlkit.item(path).as_string()}")


def _write(name: str, endpoints: dict[str, str]) -> None:
    """Put endpoints into the target file, everything else in it as it was. Raises Failure."""
    path = find(Path.cwd())
    if path is None:
        raise Failure(Code.INVOCATION, "there is no merkhet.toml here or above; merkhet init writes one")
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    table: Container | Item = document
    for key in (("tool", "merkhet") if path.name == "pyproject.toml" else ()) + ("target", name):
        if not isinstance(table, Container | Table) or key not in table:
            raise Failure(Code.INVOCATION, f"{path} has no table for the target {name!r}")
        table = table[key]
    if not isinstance(table, Table):
        raise Failure(Code.INVOCATION, f"{path}: the target {name!r} is no table of its own")
    there = table.setdefault("endpoint", tomlkit.table())
    for endpoint, value in endpoints.items():
        there[endpoint] = value
    try:
        write_whole(path, tomlkit.dumps(document).encode())
    except ResultsError as problem:
        raise Failure(Code.OURS, str(problem)) from problem
    click.echo(f"{path} is written")
