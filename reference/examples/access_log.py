"""A line on the standard output for each answer. Part of "Monitor Performance", one of the tutorial's "Best Practices".

python access_log.py 8080
curl http://127.0.0.1:8080/

Lines are written by a thread of their own: a terminal that was stopped, or a full disk, keeps no client waiting.
"""

from __future__ import annotations

import logging
import sys

from merkhet_reference import AccessLog, Operation, Request, Server, access_handler


def hello(request: Request) -> None:
    """Answer every request alike."""
    request.respond(200, {"Content-Type": "text/plain"}, b"Hello from the other side!\n")


if __name__ == "__main__":
    logger = logging.getLogger("access")
    logger.setLevel(logging.INFO)
    logger.addHandler(access_handler(sys.stdout))
    Server(hello, observer=Operation(access_log=AccessLog(logger))).serve(int(sys.argv[1]))
