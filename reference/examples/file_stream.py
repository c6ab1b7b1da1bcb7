"""A piece of a file, never in memory, and nothing said of it but what it is.

The tutorial's "The Challenge with Large Files", met, and `respondFileStream` of "Advanced Streaming Implementation".

mkdir downloads && truncate -s 10G downloads/huge_movie.mp4
python file_stream.py 8080
curl -o /dev/null http://127.0.0.1:8080/download/huge_movie.mp4
curl -o /dev/null -r 5000000000- http://127.0.0.1:8080/download/huge_movie.mp4

The worker is free as soon as `respond_file_stream` has returned: the I/O thread has the system copy the file to the
socket, as fast as the client reads.
"""

from __future__ import annotations

import sys
from pathlib import Path

from merkhet_reference import RangeSpec, Request, Router, Server, normalize_range, parse_ranges


def find(folder: Path, name: str) -> Path | None:
    """Look a name up among the names that are there. What a client sends never becomes a path."""
    return next((path for path in folder.iterdir() if path.name == name and path.is_file()), None)


def only_range(request: Request) -> RangeSpec | None:
    """Return the range, if one alone is asked for. All else may be answered with the whole file."""
    value = request.fields.get(b"Range")
    # There are no validators here, so nobody can have one to send in If-Range.
    if request.method != "GET" or value is None or b"If-Range" in request.fields:
        return None
    specs = parse_ranges(value)
    return specs[0] if specs is not None and len(specs) == 1 else None


def application(folder: Path) -> Router:
    """Return the route."""

    def download(request: Request) -> None:
        path = find(folder, request.path_params["filename"])
        if path is None:
            request.respond(404, {"Content-Type": "text/plain"}, b"File not found\n")
            return
        spec = only_range(request)
        if spec is None:
            request.respond_file_stream(path)
            return
        complete_length = path.stat().st_size
        asked = normalize_range(spec, complete_length)
        if asked is None:
            request.respond(416, {"Content-Range": f"bytes */{complete_length}"})
        else:
            request.respond_file_stream(path, asked.start, asked.stop)

    router = Router()
    router.get("/download/:filename", download)
    return router


if __name__ == "__main__":
    Server(application(Path("downloads"))).serve(int(sys.argv[1]))
