"""Start Caddy in the foreground on one port, out of a temporary folder, as root or not. Usage: python start.py PORT FILES"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_apps"))

import static_server

TEMPLATE = Path(__file__).resolve().with_name("Caddyfile.in")
HASH = "JDJhJDA1JHp1NjU4bE5Na3RrUzc1R0FZMHg0RXUuWVl1S3lTU3JWbDlXcEg2RlFzTUtXLlVGWVhEOUpx"
"""Of the password `merkhet`: bcrypt at its cheapest, in base64, as `caddy hash-password` prints it."""


def main() -> int:
    """Run it until it ends or a signal ends it."""
    port, files = sys.argv[1:]

    def configure(prefix: Path) -> list[str]:
        # What Caddy would keep in the home of its user stays in the folder.
        os.environ |= {
            "HOME": str(prefix),
            "XDG_DATA_HOME": str(prefix / "tmp"),
            "XDG_CONFIG_HOME": str(prefix / "tmp"),
        }
        conf = prefix / "Caddyfile"
        names = {"PREFIX": str(prefix), "PORT": port, "FILES": files, "HASH": HASH}
        conf.write_text(static_server.filled(TEMPLATE, names), encoding="utf-8")
        return ["caddy", "run", "--config", str(conf), "--adapter", "caddyfile"]

    return static_server.run(configure)


if __name__ == "__main__":
    sys.exit(main())
