"""A form with files, which go to disk as they come. Of uploads the tutorial says no more than that they are supported.

mkdir uploads
python upload.py 8080
open http://127.0.0.1:8080/, or: curl -F comment=hello -F file=@/bin/ls http://127.0.0.1:8080/

The handler is a generator: it is called when the head has come, and each `yield from` waits for content without a worker.
"""

from __future__ import annotations

import html
import itertools
import sys
from pathlib import Path

from merkhet_reference import (
    FormError,
    FormFile,
    FormTooLargeError,
    Limits,
    Receiver,
    Request,
    Router,
    Server,
    receive_form,
)

LIMITS = Limits()
BYTES_MAX = 1024**3
HTML = {"Content-Type": "text/html; charset=utf-8"}

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Upload</title>
</head>
<body>
<h1>Upload</h1>
{content}
</body>
</html>
"""

FORM = """<form method="post" enctype="multipart/form-data">
<p><label>Comment <input name="comment"></label></p>
<p><label>Files <input type="file" name="file" multiple required></label></p>
<p><button>Send</button></p>
</form>"""


def show(request: Request, status: int, content: str) -> None:
    """Answer with a page."""
    request.respond(status, HTML, PAGE.format(content=content).encode())


def keep(file: FormFile, folder: Path) -> str:
    """Give a file the name that it came with, or one with a number before it if another file has that; return the name.

    `filename` is no path and has no control characters, whatever the client sent.
    """
    for number in itertools.count():
        name = f"{number}-{file.filename}" if number else file.filename
        try:
            (folder / name).hardlink_to(file.path)  # which, unlike rename, never replaces
        except FileExistsError:
            continue
        return name
    raise AssertionError("there is always another number")


def application(folder: Path) -> Router:
    """Return the routes: the form, and what takes it."""

    def ask(request: Request) -> None:
        show(request, 200, FORM)

    def upload(request: Request) -> Receiver:
        try:
            form = yield from receive_form(request.fields.get(b"Content-Type") or b"", folder, LIMITS)
        except FormTooLargeError as error:
            show(request, 413, f"<p>{html.escape(str(error))}</p>")
            return
        except FormError as error:
            show(request, 400, f"<p>{html.escape(str(error))}</p>")
            return
        rows = ""
        for file in form.files:
            name = keep(file, folder)
            file.path.unlink()
            rows += f"<li>{html.escape(name)}: {file.length} octets</li>\n"
        show(request, 200, f"<p>{html.escape(form.get('comment') or '')}</p>\n<ul>\n{rows}</ul>")

    router = Router()
    router.get("/", ask)
    router.post("/", upload, streams=True, content_bytes_max=BYTES_MAX)
    return router


if __name__ == "__main__":
    Server(application(Path("uploads"))).serve(int(sys.argv[1]))
