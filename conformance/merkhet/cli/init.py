"""`merkhet init`: a first target file."""

from __future__ import annotations

from pathlib import Path

import click
import tomlkit

from merkhet.cli.codes import Code, Failure
from merkhet.results import ResultsError, write_whole
from merkhet.target.config import ConfigError, load

FILE = Path("merkhet.toml")


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--name", default="mine", show_default=True, help="What to call the target.")
@click.option("--url", help="A server that runs. Without it: COMMAND starts one.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def init(name: str, url: str | None, command: tuple[str, ...]) -> Code:
    """Write merkhet.toml for a server that COMMAND starts, on {port}, or that runs at --url.

    Such as: merkhet init ./server --port {port}
    """
    if FILE.exists():
        raise Failure(Code.INVOCATION, f"{FILE} is there already")
    if (url is None) == (not command):
        raise Failure(Code.INVOCATION, "expected either --url or the command that starts the server")
    document = tomlkit.document()
    document.add(
        tomlkit.comment("What each key means: docs/contract.md. `merkhet doctor --write` fills in the endpoints.")
    )
    table = tomlkit.table()
    if url is not None:
        table.add("url", url)
    else:
        table.add("command", list(command))
        table.add("ready", tomlkit.inline_table().append("timeout", 10))
    endpoints = tomlkit.table()
    endpoints.add("root", "/")
    table.add("endpoint", endpoints)
    targets = tomlkit.table(is_super_table=True)
    targets.add(name, table)
    document.add("target", targets)
    try:
        write_whole(FILE, tomlkit.dumps(document).encode())
        load(FILE)
    except ResultsError as problem:
        raise Failure(Code.OURS, str(problem)) from problem
    except ConfigError as problem:
        FILE.unlink()
        raise Failure(Code.INVOCATION, str(problem)) from problem
    click.echo(f"{FILE} is written; merkhet doctor --target {name} shows what the server offers")
    return Code.OK
