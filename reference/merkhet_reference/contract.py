"""The target contract, version 1, as a server: what `merkhet run` judges when it is given no other target.

    python -m merkhet_reference.contract --port 8080

It is also the contract's own example: each endpoint is one handler, as an application's author would write it.
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import parse_qs

from merkhet_reference import command_line, contract_events, contract_media, contract_sockets, http_date
from merkhet_reference.command_line import limits_from as limits_from
from merkhet_reference.fields import FieldLine
from merkhet_reference.file_response import Presentation
from merkhet_reference.files import FileServer
from merkhet_reference.limits import Limits
from merkhet_reference.message import Request
from merkhet_reference.mutable import MutableFolder
from merkhet_reference.paths import OpenedFile
from merkhet_reference.router import KNOWN_METHODS, Router
from merkhet_reference.validators import Validators

TEXT = ((b"Content-Type", b"text/plain"),)
SLEEP_MS_MAX = 10_000
PIECES_MAX = 10_000
EXPIRES_SECONDS = 60
WEBSOCKET_BYTES_MAX = 16 * 1024 * 1024
WEBSOCKET_FRAGMENTS_MAX = 65_537
MUTABLE_FILES_MAX = 1024
MUTABLE_BYTES_MAX = 64 * 1024 * 1024


def root(request: Request) -> None:
    """Answer the plainest request there is."""
    request.respond(200, TEXT, b"merkhet reference\n")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _base64_lines(lines: Iterable[FieldLine]) -> list[list[str]]:
    return [[_base64(name), _base64(value)] for name, value in lines]


def echo(request: Request) -> None:
    """Say what was read: method, raw target, field lines in order, content, trailers; octets as base64."""
    document = {
        "method": request.method,
        "target": _base64(request.target.raw),
        "fields": _base64_lines(request.fields),
        "body": _base64(request.content),
        "trailers": _base64_lines(request.trailers),
    }
    request.respond(200, ((b"Content-Type", b"application/json"),), json.dumps(document).encode("ascii"))


def _number(request: Request, name: str, least: int, most: int) -> int | None:
    """Return the number that a path parameter holds; None, with a 404 given, if it is none within the bounds."""
    text = request.path_params[name]
    if text.isascii() and text.isdigit() and least <= int(text[:6]) <= most:
        return int(text[:6])
    request.respond(404, TEXT, f"a number from {least} to {most}, please\n".encode("ascii"))
    return None


def status(request: Request) -> None:
    """Answer with the status that was asked for; an interim one goes before a 200."""
    code = _number(request, "code", 100, 599)
    if code is None:
        return
    if code < 200:
        if code != 101:
            request.inform(code)
        code = 200
    request.respond(code, TEXT, b"" if code in {204, 205, 304} else b"status %d\n" % code)


def sleep(request: Request) -> None:
    """Take a while on a worker."""
    milliseconds = _number(request, "ms", 0, SLEEP_MS_MAX)
    if milliseconds is not None:
        time.sleep(milliseconds / 1000)
        request.respond(200, TEXT, b"%d" % milliseconds)


def stream(request: Request) -> None:
    """Send pieces whose number of octets is not known before."""
    count = _number(request, "n", 0, PIECES_MAX)
    if count is not None:
        request.respond_stream((b"piece %d\n" % number for number in range(count)), fields=TEXT)


def pieces(request: Request) -> None:
    """Send pieces one by one, with a pause before each but the first; then end, with a trailer if asked, or fail."""
    asked = parse_qs((request.query or b"").decode("ascii"))
    count = contract_events.number(asked, "n", PIECES_MAX)
    pause = contract_events.number(asked, "ms", SLEEP_MS_MAX)
    end = asked.get("end", ["whole"])[0]
    if count is None or pause is None or end not in {"whole", "trailer", "abort"}:
        request.respond(400, TEXT, b"n and ms are numbers, end is whole, trailer or abort\n")
        return
    wanted = end == "trailer" and b"trailers" in request.fields.list_members(b"TE")
    trailers = ((b"Merkhet-Pieces", b"%d" % count),) if wanted else ()
    announced = ((b"Trailer", b"Merkhet-Pieces"),) if wanted else ()
    made = _paused(count, pause / 1000, fails=end == "abort")
    request.respond_stream(made, fields=(*TEXT, *announced), trailers=trailers)


class ApplicationFailed(Exception):  # noqa: N818 - what happened, and not what is wrong
    """What `end=abort` asks for."""


def _paused(count: int, pause: float, *, fails: bool) -> Iterator[bytes]:
    for number in range(count):
        if number:
            time.sleep(pause)
        yield b"piece %d\n" % number
    if fails:
        raise ApplicationFailed("the content was to fail here, and did")


def redirect(request: Request) -> None:
    """Send the client to the root."""
    # [rfc9110-15.4.3-1] [rfc3986-3.5-a1]
    request.respond(302, ((b"Location", b"/"),))


def param(request: Request) -> None:
    """Say the segment as the router decoded it."""
    request.respond(200, TEXT, request.path_params["value"].encode("utf-8", "surrogateescape"))


def application(folder: Path | None = None, drop: Path | None = None) -> Router:
    """Return the router with every endpoint of the contract; `/files/` and `/mutable/` only with a folder for each."""
    router = Router()
    router.get("/", root)
    for method in sorted(KNOWN_METHODS - {"CONNECT", "HEAD", "TRACE"}):
        router.add(method, "/echo", echo)
    router.get("/status/:code", status)
    router.get("/sleep/:ms", sleep)
    router.get("/stream/:n", stream)
    router.get("/pieces", pieces)
    router.get("/redirect", redirect)
    router.get("/param/:value", param)
    contract_media.add_to(router, None if folder is None else folder / "text.txt")
    contract_events.add_to(router)
    contract_sockets.add_to(router)
    if drop is not None:
        # Choice: not made durable. What is put here lives as long as a run.
        mutable = MutableFolder(
            drop,
            prefix="/mutable/",
            listing=False,
            durable=False,
            files_max=MUTABLE_FILES_MAX,
            bytes_max=MUTABLE_BYTES_MAX,
        )
        for method in mutable.methods:
            router.add(method, "/mutable/**", mutable)
    if folder is not None:
        router.get("/files/**", Fixtures(folder, prefix="/files/"))
    return router


class Fixtures(FileServer):
    """The fixture files, with fields that an application may add and a 206 and a 304 have to have or to leave out."""

    def respond_file(self, request: Request, opened: OpenedFile, name: str, current: Validators | None = None) -> None:
        """Answer with an open file."""
        fields = (
            (b"Cache-Control", b"no-cache"),
            (b"Content-Language", b"en"),
            (b"Content-Location", self.url(self.segments(request.path) or [])),
            (b"Expires", http_date.format_http_date(int(time.time()) + EXPIRES_SECONDS)),
            (b"Vary", b"Accept-Encoding"),
        )
        request.respond_opened(opened, Presentation(name, current=current), fields)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = command_line.parser("python -m merkhet_reference.contract", __doc__)
    parser.add_argument("--files", type=Path, metavar="DIR", help="serve these files below /files/")
    return parser.parse_args(arguments)


def limits(options: argparse.Namespace) -> Limits:
    """Return the limits, which admit the largest messages that the contract has."""
    return dataclasses.replace(
        limits_from(options),
        websocket_message_bytes_max=WEBSOCKET_BYTES_MAX,
        websocket_fragments_max=WEBSOCKET_FRAGMENTS_MAX,
    )


def main(arguments: list[str] | None = None) -> int:
    """Serve the contract until SIGTERM or SIGINT; return the exit code."""
    options = parse_arguments(arguments)
    with tempfile.TemporaryDirectory(prefix="merkhet-mutable-") as drop:
        return command_line.serve(options, lambda: application(options.files, Path(drop)), limits=limits(options))


if __name__ == "__main__":
    sys.exit(main())
