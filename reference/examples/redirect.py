"""Sending a client elsewhere: something that has moved, and the page to see after a form. Not in the tutorial.

python redirect.py 8080
curl -i http://127.0.0.1:8080/tomb/golden-scarab
curl -iL --data name=cat http://127.0.0.1:8080/finds
"""

from __future__ import annotations

import sys
from urllib.parse import quote

from merkhet_reference import Request, Router, Server

TEXT = {"Content-Type": "text/plain; charset=utf-8"}


def moved(request: Request) -> None:
    """Send the client to the new path for good; the method stays what it was (RFC 9110, Section 15.4.9).

    The path is made anew: a name that was copied as it came could be another host's (`//elsewhere.example/`).
    """
    name = quote(request.path_params["name"], safe="", errors="surrogateescape")
    query = "" if request.query is None else "?" + request.query.decode("latin-1")
    request.respond(308, {"Location": f"/treasure/{name}{query}"})


def treasure(request: Request) -> None:
    """Answer at the new path."""
    name = request.path_params["name"]
    request.respond(200, TEXT, f"You found the {name}!\n".encode("utf-8", "surrogateescape"))


def found(request: Request) -> None:
    """Take a form, and have the client GET a page, which it may reload without sending the form again (Section 15.4.4)."""
    request.respond(303, {"Location": "/thanks"})


def thanks(request: Request) -> None:
    """Answer after the form."""
    request.respond(200, TEXT, b"Thank you for telling.\n")


def application() -> Router:
    """Return the routes."""
    router = Router()
    router.get("/tomb/:name", moved)
    router.get("/treasure/:name", treasure)
    router.post("/finds", found)
    router.get("/thanks", thanks)
    return router


if __name__ == "__main__":
    Server(application()).serve(int(sys.argv[1]))
