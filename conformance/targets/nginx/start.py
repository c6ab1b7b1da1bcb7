"""Start nginx in the foreground on one port, out of a temporary folder, as root or not. Usage: python start.py PORT FILES

Exits with nginx's own status. SIGTERM and SIGINT stop nginx at once, and the folder goes with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

TEMPLATE = Path(__file__).resolve().with_name("nginx.conf.in")
CODES = (200, 201, 202, 204, 205, 301, 304, 400, 401, 403, 404, 405, 409, 410, 418, 429, 500, 501, 502, 503, 504, 599)
"""nginx's `return` takes no variable, so each status has a location of its own."""


def status_locations() -> str:
    """Return one location a status. 204, 205 and 304 have no content, and redirects no text of their own."""
    bare = {code for code in CODES if code in {204, 205, 304} or 300 <= code < 304}
    return "".join(
        f"        location = /status/{code} {{ return {code}{' /' if code == 301 else '' if code in bare else f' {code}'}; }}\n"
        for code in CODES
    )


def configuration(prefix: Path, port: str, files: str) -> str:
    """Return nginx.conf. As root the worker stays root: else it could not read the harness's fixture files."""
    text = TEMPLATE.read_text(encoding="utf-8")
    names = {
        "PREFIX": str(prefix),
        "PORT": port,
        "FILES": files,
        "USER": "user root;" if os.geteuid() == 0 else "",
        "STATUS": status_locations(),
    }
    for name, value in names.items():
        text = text.replace(f"@{name}@", value)
    return text


def main() -> int:
    """Run nginx until it ends or a signal ends it."""
    port, files = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="merkhet-nginx-") as folder:
        prefix = Path(folder)
        for name in ("root", "mutable", "tmp"):
            (prefix / name).mkdir()
        (prefix / "root" / "index.txt").write_bytes(b"merkhet target\n")
        (prefix / "private.txt").write_bytes(b"private\n")
        (prefix / "users").write_bytes(b"merkhet:{PLAIN}merkhet\n")
        conf = prefix / "nginx.conf"
        conf.write_text(configuration(prefix, port, files), encoding="utf-8")
        nginx = subprocess.Popen(["nginx", "-e", "stderr", "-p", str(prefix), "-c", str(conf)])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: nginx.terminate())
        return nginx.wait()


if __name__ == "__main__":
    sys.exit(main())
