"""Byte ranges by hand: `serveFileRange` of the tutorial's "Implementing Large File Downloads".

With several ranges in one answer, as `respondRange` of its "Recommended Enhancements" is to do.

mkdir downloads && seq 1000 > downloads/numbers.txt
python ranges.py 8080
curl -r 0-9 http://127.0.0.1:8080/download/numbers.txt
curl -r -500 http://127.0.0.1:8080/download/numbers.txt     # the last 500 octets, not the first
curl -r 0-9,100-109 http://127.0.0.1:8080/download/numbers.txt
curl -i -r 999999- http://127.0.0.1:8080/download/numbers.txt

`request.respond_file(path)` does all of this by itself. Who wants to decide which ranges are sent does it like this.
"""

from __future__ import annotations

import sys
from pathlib import Path

from merkhet_reference import RangeSpec, Request, Router, Server, merge_ranges, normalize_range, parse_ranges

RANGES_MAX = 16


def find(folder: Path, name: str) -> Path | None:
    """Look a name up among the names that are there. What a client sends never becomes a path."""
    return next((path for path in folder.iterdir() if path.name == name and path.is_file()), None)


def asked_ranges(request: Request) -> list[RangeSpec] | None:
    """Return the ranges that a request asks for; None if it is to be answered with the whole file.

    Range has a meaning with GET alone, and one that is malformed is ignored (RFC 9110, Section 14.2).
    """
    value = request.fields.get(b"Range")
    if request.method != "GET" or value is None:
        return None
    specs = parse_ranges(value)
    return None if specs is None or len(specs) > RANGES_MAX else specs


def is_conditional(request: Request) -> bool:
    """Tell whether there is a condition to be met first, which is the work of `respond_file`."""
    return any(name.lower().startswith(b"if-") for name, _ in request.fields)


def application(folder: Path) -> Router:
    """Return the route."""

    def download(request: Request) -> None:
        path = find(folder, request.path_params["filename"])
        if path is None:
            request.respond(404, {"Content-Type": "text/plain"}, b"File not found\n")
            return
        specs = asked_ranges(request)
        if specs is None or is_conditional(request):
            request.respond_file(path)
            return
        complete_length = path.stat().st_size
        found = [normalize_range(spec, complete_length) for spec in specs]
        # None of them in the file is 416; several are one answer with several parts, none of which has an octet twice.
        request.respond_range(path, merge_ranges([byte_range for byte_range in found if byte_range is not None]))

    router = Router()
    router.get("/download/:filename", download)
    return router


if __name__ == "__main__":
    Server(application(Path("downloads"))).serve(int(sys.argv[1]))
