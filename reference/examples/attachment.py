"""Downloads with a name of their own, in any script.

`respondFile` with `attachment`, and `setContentDisposition`, of the tutorial's "Recommended Enhancements".

python attachment.py 8080
curl -OJ http://127.0.0.1:8080/source
curl -OJ http://127.0.0.1:8080/rulers.csv

The name goes in two spellings: one in ASCII for clients that know no better, and the whole one (RFC 6266, Appendix D).
"""

from __future__ import annotations

import sys
from pathlib import Path

from merkhet_reference import Request, Router, Server, detect_mime_type, set_content_disposition

RULERS = "Name,Dynasty\r\nꜥḫ-n-jtn,18\r\nNofretete,18\r\n"


def source(request: Request) -> None:
    """Send this file. Who knows a part of it already goes on from there: it is a file as any other."""
    request.respond_file(Path(__file__), attachment=True, filename="Grüße aus der Gruft.py")


def rulers(request: Request) -> None:
    """Send content that is no file, to be saved as one."""
    name = "Könige, 王.csv"
    fields = [(b"Content-Type", detect_mime_type(name).encode("ascii"))]
    set_content_disposition(fields, name, attachment=True)
    request.respond(200, fields, RULERS.encode())


def application() -> Router:
    """Return the routes."""
    router = Router()
    router.get("/source", source)
    router.get("/rulers.csv", rulers)
    return router


if __name__ == "__main__":
    Server(application()).serve(int(sys.argv[1]))
