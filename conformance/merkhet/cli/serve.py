"""`merkhet serve`: the embedded reference in the foreground, as the contract's own example."""

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

MODULE = "merkhet_reference.contract"


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--files", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Serve these below /files/."
)
@click.argument("more", nargs=-1, type=click.UNPROCESSED)
def serve(port: int, host: str, files: Path | None, more: tuple[str, ...]) -> Code:
    """Serve the whole target contract with the embedded reference. MORE goes to it as it is.

    Without --files it serves merkhet's own fixture files.
    """
    folder = files or fixtures.fresh()
    command = [sys.executable, "-m", MODULE, "--host", host, "--port", str(port), "--files", str(folder), *more]
    try:
        with terminated_as_interrupted(), subprocess.Popen(command) as server:
            return _wait(server)
    finally:
        if files is None:
            fixtures.remove(folder)


def _wait(server: subprocess.Popen[bytes]) -> Code:
    """Wait for the server's end. An interrupt is how it is stopped, and no failure."""
    try:
        return Code.OK if server.wait() == 0 else Code.TARGET
    except KeyboardInterrupt:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(STOP_SECONDS)
        server.kill()
        return Code.OK
