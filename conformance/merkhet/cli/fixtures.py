"""`merkhet fixtures`: the files that a target serves below its `files` endpoint, where it is started by somebody else."""

from __future__ import annotations

from pathlib import Path

import click

from merkhet import fixtures as files
from merkhet.cli.codes import Code, Failure
from merkhet.cli.terminal import escaped


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def fixtures(folder: Path) -> Code:
    """Write merkhet's fixture files into DIR, for a target that is not started by merkhet.

    DIR is made if it is not there; files of other names in it stay as they are. `merkhet run` with a `command` in
    merkhet.toml does this by itself, into the folder that {files} names.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.write(folder)
    except OSError as problem:
        raise Failure(Code.OURS, f"{folder}: cannot be written: {problem.strerror}") from problem
    click.echo(escaped(f"{len(files.FIXTURES)} files are written below {folder}"))
    return Code.OK
