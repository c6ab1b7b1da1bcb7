"""Start lighttpd in the foreground on one port, out of a temporary folder, as root or not.

Usage: python start.py PORT FILES, or python start.py version, which fails if one of its modules is not installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_apps"))

import static_server

TEMPLATE = Path(__file__).resolve().with_name("lighttpd.conf.in")
MODULES_FOLDER = Path("/usr/lib/lighttpd")
MODULES = ("mod_deflate", "mod_webdav")
"""Those that Debian has in packages of their own."""


def version() -> int:
    """Print what lighttpd says of itself, or why it cannot be used."""
    if shutil.which("lighttpd") is None:
        sys.exit("lighttpd is not on PATH")
    missing = [name for name in MODULES if not (MODULES_FOLDER / f"{name}.so").exists()]
    if missing:
        sys.exit(f"lighttpd has no {' and no '.join(missing)}")
    return subprocess.run(["lighttpd", "-v"], check=False).returncode


def main() -> int:
    """Run it until it ends or a signal ends it."""
    if sys.argv[1:] == ["version"]:
        return version()
    port, files = sys.argv[1:]

    def configure(prefix: Path) -> list[str]:
        (prefix / "users").write_text("merkhet:merkhet\n")
        conf = prefix / "lighttpd.conf"
        names = {"PREFIX": str(prefix), "PORT": port, "FILES": files}
        conf.write_text(static_server.filled(TEMPLATE, names), encoding="utf-8")
        return ["lighttpd", "-D", "-f", str(conf)]

    return static_server.run(configure)


if __name__ == "__main__":
    sys.exit(main())
