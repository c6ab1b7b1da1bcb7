"""Which handler a request is for, by its path. The tutorial's "Routing".

python router.py 8080
curl http://127.0.0.1:8080/treasure/golden-scarab
"""

from __future__ import annotations

import sys

from merkhet_reference import Request, Router, Server

TEXT = {"Content-Type": "text/plain; charset=utf-8"}


def home(request: Request) -> None:
    """Answer for the root."""
    request.respond(200, TEXT, b"Welcome to the tomb!\n")


def treasure(request: Request) -> None:
    """Say what the path names. It is decoded, so an octet that is no UTF-8 comes back as the octet that it was."""
    name = request.path_params["treasure"]
    request.respond(200, TEXT, f"You found the {name}!\n".encode("utf-8", "surrogateescape"))


def application() -> Router:
    """Return the routes. A path that none of them has is answered 404, a method 405, by the router itself."""
    router = Router()
    router.get("/", home)
    router.get("/treasure/:treasure", treasure)
    return router


if __name__ == "__main__":
    Server(application()).serve(int(sys.argv[1]))
