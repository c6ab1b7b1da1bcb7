"""Videos, and a page that plays them. The tutorial's "Real-World Example: Video Streaming Server".

mkdir videos && cp ~/holidays.mp4 videos/sample.mp4
python video.py 8080
open http://127.0.0.1:8080/, or http://127.0.0.1:8080/videos/NAME for videos/NAME.mp4

A player that is sent to the middle of a video asks for a range from there on, and `respond_file` answers it.
"""

from __future__ import annotations

import html
import sys
from pathlib import Path
from urllib.parse import quote

from merkhet_reference import Request, Router, Server

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
<video src="/video/{reference}" style="max-width: 100%" controls preload="metadata">Your browser plays no videos.</video>
</body>
</html>
"""


def find(folder: Path, name: str) -> Path | None:
    """Look a name up among the names that are there. What a client sends never becomes a path."""
    return next((path for path in folder.iterdir() if path.name == name and path.is_file()), None)


def page(request: Request) -> None:
    """Answer with the page that plays a video. Its name is a stranger's: quoted for the address, escaped for the page."""
    name = request.path_params.get("video", "sample")
    text = PAGE.format(title=html.escape(name), reference=quote(name, safe="", errors="surrogateescape"))
    request.respond(200, {"Content-Type": "text/html; charset=utf-8"}, text.encode("utf-8", "surrogateescape"))


def application(folder: Path) -> Router:
    """Return the routes."""

    def video(request: Request) -> None:
        path = find(folder, f"{request.path_params['video']}.mp4")
        if path is None:
            request.respond(404, {"Content-Type": "text/plain"}, b"Video not found\n")
        else:
            request.respond_file(path, "video/mp4")

    router = Router()
    router.get("/", page)
    router.get("/videos/:video", page)
    router.get("/video/:video", video)
    return router


if __name__ == "__main__":
    Server(application(Path("videos"))).serve(int(sys.argv[1]))
