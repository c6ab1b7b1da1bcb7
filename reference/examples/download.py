"""Files to download. The tutorial's "Implementing Large File Downloads", with nothing of it left to the reader.

mkdir downloads && cp /bin/ls downloads
python download.py 8080
curl -O http://127.0.0.1:8080/download/ls
curl -O -C - http://127.0.0.1:8080/download/ls     # goes on where a broken download ended

Files of any size: the system copies them from the disk to the socket. Ranges, conditions, HEAD, the media type, and that
no name leads out of the folder, are the file server's work.
"""

from __future__ import annotations

import sys
from pathlib import Path

from merkhet_reference import FileServer, Request, Router, Server


def nameless(request: Request) -> None:
    """Answer who has not said which file."""
    request.respond(400, {"Content-Type": "text/plain"}, b"Which file? Say its name.\n")


def application(folder: Path) -> Router:
    """Return the routes. An hour is how long a client may keep a file without asking again."""
    router = Router()
    router.get("/download/", nameless)
    router.get(
        "/download/:filename",
        FileServer(folder, prefix="/download/", listing=False, cache_control="public, max-age=3600"),
    )
    return router


if __name__ == "__main__":
    Server(application(Path("downloads"))).serve(int(sys.argv[1]))
