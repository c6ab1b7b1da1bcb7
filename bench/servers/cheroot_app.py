"""Cheroot: `python -m bench.servers.cheroot_app PORT ROOT hello|files`. Files are WhiteNoise's."""

from __future__ import annotations

import sys

from cheroot import wsgi
from whitenoise import WhiteNoise

from bench.servers.wsgi_app import app


def main() -> None:
    port, root, mode = sys.argv[1:]
    served = app if mode == "hello" else WhiteNoise(app, root=root)
    server = wsgi.Server(("127.0.0.1", int(port)), served)
    server.keep_alive_conn_limit = 1024  # the default is ten, and the eleventh client would connect for each request
    server.safe_start()


if __name__ == "__main__":
    main()
