"""The smallest server: one handler for every request. The tutorial's "Getting Started".

python hello.py 8080
curl http://127.0.0.1:8080/
"""

from __future__ import annotations

import sys

from merkhet_reference import Request, Server


def hello(request: Request) -> None:
    """Answer every request alike. It runs on a worker, so it may block."""
    request.respond(200, {"Content-Type": "text/plain"}, b"Hello from the other side!\n")


if __name__ == "__main__":
    Server(hello).serve(int(sys.argv[1]))
