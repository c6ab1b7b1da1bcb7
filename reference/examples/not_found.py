"""A page of one's own where there is nothing. Meaningful errors are one of the tutorial's "Best Practices".

python not_found.py 8080
curl -i http://127.0.0.1:8080/nowhere
curl -i -X DELETE http://127.0.0.1:8080/
"""

from __future__ import annotations

import html
import sys
from urllib.parse import unquote

from merkhet_reference import Request, Router, Server

HTML = {"Content-Type": "text/html; charset=utf-8"}

PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Not here</title></head>
<body><h1>Not here</h1><p>There is no <code>{path}</code>. <a href="/">Begin again</a></p></body>
</html>
"""


def home(request: Request) -> None:
    """Answer for the one path that there is."""
    request.respond(200, HTML, b"<!DOCTYPE html>\n<title>Home</title>\n<h1>Home</h1>\n")


def not_found(request: Request) -> None:
    """Answer in place of the router. What a stranger wrote is text on this page, and never markup."""
    path = html.escape(unquote(request.path.decode("latin-1"), errors="replace"))
    request.respond(404, HTML, PAGE.format(path=path).encode())


def application() -> Router:
    """Return the routes. Methods that a path does not have are still answered by the router: 405, with Allow."""
    router = Router()
    router.get("/", home)
    router.error_handlers[404] = not_found
    return router


if __name__ == "__main__":
    Server(application()).serve(int(sys.argv[1]))
