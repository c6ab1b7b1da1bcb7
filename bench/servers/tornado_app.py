"""Tornado: `python -m bench.servers.tornado_app PORT ROOT`."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from tornado import web


class Hello(web.RequestHandler):
    def get(self) -> None:
        self.set_header("Content-Type", "text/plain")
        self.write(b"Hello, World!")


def no_access_log(_handler: web.RequestHandler) -> None:
    """Write nothing."""


async def main() -> None:
    port, root = sys.argv[1:]
    routes: list[tuple[str, Any] | tuple[str, Any, dict[str, str]]] = [
        ("/", Hello),
        (r"/(.+)", web.StaticFileHandler, {"path": root}),
    ]
    web.Application(routes, log_function=no_access_log).listen(int(port), "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
