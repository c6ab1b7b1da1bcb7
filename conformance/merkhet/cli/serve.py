"""`merkhet serve`: the embedded reference in the foreground, as the contract's own example or as a file server."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import click

from merkhet import fixtures
from merkhet.cli.codes import Code
from merkhet.cli.signals import terminated_as_interrupted
from merkhet.target.process import STOP_SECONDS

CONTRACT = "merkhet_reference.contract"
FILE_SERVER = "merkhet_reference.serve"
INVOCATION_REFUSED = 2
"""What argparse ends with."""

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--files", type=FOLDER, help="Serve these below /files/.")
@click.option("--root", type=FOLDER, help="Serve this folder, and no contract.")
@click.argument("more", nargs=-1, type=click.UNPROCESSED)
def serve(port: int, host: str, files: Path | None, root: Path | None, more: tuple[str, ...]) -> Code:
    """Serve the whole target contract, or a folder, with the embedded reference. MORE goes to it as it is.

    Without --files the contract has merkhet's own fixture files. With --root it is a file server, whose options are
    --upload, --no-listing, --hidden, --access-log and --metrics.
    """
    if files is not None and root is not None:
        raise click.UsageError("--files is for the contract and --root for a folder without it")
    listening = ["--host", host, "--port", str(port), *more]
    if root is not None:
        return _run(FILE_SERVER, "--root", str(root), *listening)
    folder = files or fixtures.fresh()
    try:
        return _run(CONTRACT, "--files", str(folder), *listening)
    finally:
        if files is None:
            fixtures.remove(folder)


def _run(module: str, *arguments: str) -> Code:
    with terminated_as_interrupted(), subprocess.Popen([sys.executable, "-m", module, *arguments]) as server:
        return _wait(server)


def _wait(server: subprocess.Popen[bytes]) -> Code:
    """Wait for the server's end. An interrupt is how it is stopped, and no failure."""
    try:
        ended = server.wait()
    except KeyboardInterrupt:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(STOP_SECONDS)
        server.kill()
        return Code.OK
    if ended == INVOCATION_REFUSED:
        return Code.INVOCATION
    return Code.OK if ended == 0 else Code.TARGET
