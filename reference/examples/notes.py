"""Routes for several methods, and state that handlers share: what the tutorial's "Core Concepts" mean for a program.

python notes.py 8080
curl -X PUT --data 'buy bread' http://127.0.0.1:8080/notes/today
curl http://127.0.0.1:8080/notes/today
curl -i -X POST http://127.0.0.1:8080/notes/today     # 405, and Allow says what there is
"""

from __future__ import annotations

import sys
import threading

from merkhet_reference import Request, Router, Server

TEXT = {"Content-Type": "text/plain; charset=utf-8"}


class Notes:
    """Notes in memory. Handlers run on several workers at once, so a lock holds what they share."""

    def __init__(self) -> None:
        self._notes: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, request: Request) -> None:
        """Write a note: 201 for a new one, 204 for one that was there."""
        name = request.path_params["name"]
        with self._lock:
            known = name in self._notes
            self._notes[name] = request.content
        request.respond(204 if known else 201)

    def get(self, request: Request) -> None:
        """Read a note. HEAD comes here too, and the server leaves the content away."""
        with self._lock:
            note = self._notes.get(request.path_params["name"])
        if note is None:
            request.respond(404, TEXT, b"no such note\n")
        else:
            request.respond(200, TEXT, note)

    def names(self, request: Request) -> None:
        """List the names, one a line."""
        with self._lock:
            names = sorted(self._notes)
        request.respond(200, TEXT, "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape"))


def application() -> Router:
    """Return the routes. A path that none of them has is answered 404, a method 405, by the router itself."""
    notes = Notes()
    router = Router()
    router.get("/notes", notes.names)
    router.put("/notes/:name", notes.put)
    router.get("/notes/:name", notes.get)
    return router


if __name__ == "__main__":
    Server(application()).serve(int(sys.argv[1]))
