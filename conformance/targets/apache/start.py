"""Start Apache httpd in the foreground on one port, out of a temporary folder, as root or not. Usage: python start.py PORT FILES"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_apps"))

import static_server

TEMPLATE = Path(__file__).resolve().with_name("apache.conf.in")
MODULES_FOLDER = Path("/usr/lib/apache2/modules")
MODULES = "mpm_event authn_core authz_core authz_user auth_basic authn_file alias dir mime filter deflate negotiation dav dav_fs"
CODES = (204, 301, 304, 400, 401, 403, 404, 405, 409, 410, 500, 501, 502, 503, 504)
USER = "www-data"
"""Whom the server becomes if root starts it: it refuses to serve as root."""
CREDENTIALS = "merkhet:{SHA}VW1s4Ny2KIrHpC6gHy3M7gLZlk0=\n"


def main() -> int:
    """Run it until it ends or a signal ends it."""
    port, files = sys.argv[1:]
    as_root = os.geteuid() == 0

    def configure(prefix: Path) -> list[str]:
        names = {
            "PREFIX": str(prefix),
            "PORT": port,
            "FILES": files,
            "USER": f"User {USER}\nGroup {USER}" if as_root else "",
            "MODULES": "\n".join(
                f"LoadModule {name}_module {MODULES_FOLDER}/mod_{name}.so" for name in MODULES.split()
            ),
            "STATUS": "\n".join(f"Redirect {code} /status/{code}{' /' if 300 <= code < 400 else ''}" for code in CODES),
        }
        (prefix / "users").write_text(CREDENTIALS)
        (prefix / "root" / "status-200.txt").write_bytes(b"200\n")
        (prefix / "root" / "conneg.html").write_bytes(b"<p>merkhet</p>")
        (prefix / "root" / "conneg.json").write_bytes(b'{"name": "merkhet"}')
        conf = prefix / "apache.conf"
        conf.write_text(static_server.filled(TEMPLATE, names), encoding="utf-8")
        return ["apache2", "-f", str(conf), "-D", "FOREGROUND"]

    return static_server.run(configure, USER if as_root else None)


if __name__ == "__main__":
    sys.exit(main())
