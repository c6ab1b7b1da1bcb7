"""What the start scripts of servers without an application share: a folder of their own, its files, and the end of it all."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT_CONTENT = b"merkhet target\n"
PRIVATE_CONTENT = b"private\n"


def filled(template: Path, names: dict[str, str]) -> str:
    """Return the template with its names between at signs filled in."""
    text = template.read_text(encoding="utf-8")
    for name, value in names.items():
        text = text.replace(f"@{name}@", value)
    return text


def run(configure: Callable[[Path], list[str]], owner: str | None = None) -> int:
    """Run the command that `configure` returns for a new folder, until it ends or a signal ends it; return its status.

    The folder has `root/`, with an index and `private.txt`, and an empty `mutable/`. `owner` gets all of it.
    """
    with tempfile.TemporaryDirectory(prefix="merkhet-server-") as name:
        prefix = Path(name)
        for folder in ("root", "mutable", "tmp"):
            (prefix / folder).mkdir()
        (prefix / "root" / "index.txt").write_bytes(ROOT_CONTENT)
        (prefix / "root" / "private.txt").write_bytes(PRIVATE_CONTENT)
        command = configure(prefix)
        if owner is not None:
            for path in (prefix, *prefix.rglob("*")):
                shutil.chown(path, owner, owner)
        server = subprocess.Popen(command)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.terminate())
        return server.wait()
