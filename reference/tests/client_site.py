"""A small site for the clients of others, which remembers each request as it came, and how to run a client against it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from merkhet_reference import Limits, Request, Router, Server
from merkhet_reference.event_stream import SSEEvent
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.message import Admission, Receiver
from merkhet_reference.observer import Record

SECONDS_MAX = 60
"""No client here needs a tenth of it."""

WORKERS = 16
MODIFIED_AT = 1_500_000_000
PIECE_BYTES = 10_000
EVENTS = (
    SSEEvent("one", id="1"),
    SSEEvent("two\nlines", event="pair", id="2"),
    SSEEvent("", event="empty", id="3"),
    SSEEvent("naïve ☃", id="4"),
)


class PlannedError(Exception):
    """What breaks an answer off in the middle."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as its handler saw it. `fields` have lower-case names; lines of one name are joined."""

    method: str
    target: str
    version: tuple[int, int]
    fields: dict[str, str]

    @classmethod
    def of(cls, request: Request) -> Seen:
        fields: dict[str, str] = {}
        for name, value in request.fields:
            key, text = name.decode("ascii").lower(), value.decode("latin-1")
            fields[key] = f"{fields[key]}, {text}" if key in fields else text
        return cls(request.method, request.target.raw.decode("ascii"), request.version, fields)


class Site:
    """A handler, and an observer that counts the connections."""

    def __init__(self, folder: Path, before: Callable[[Request], None] | None = None) -> None:
        self.folder = folder
        self.before = before
        self.seen: list[Seen] = []
        self.uploads: dict[str, bytes] = {}
        self.connections = 0
        self.refused = 0
        self._broken: set[str] = set()
        self._lock = threading.Lock()
        router = self._router = Router()
        router.get("/file/:name", self.file)
        router.get("/broken/:name", self.broken)
        router.get("/stream/:name", self.stream)
        router.get("/moved/:name", self.moved)
        router.get("/events", self.events)
        router.put("/upload/:name", self.upload, streams=True)
        router.post("/upload/:name", self.upload, streams=True)
        router.post("/echo", self.echo)

    def __call__(self, request: Request) -> Receiver | None:
        with self._lock:
            self.seen.append(Seen.of(request))
        if self.before is not None:
            self.before(request)
        return self._router(request)

    def admit(self, head: RequestHead) -> Admission:
        return self._router.admit(head)

    # The observer

    def started(self, load: object) -> None:
        """Of no interest here."""

    def connection_came(self, *, refused: bool) -> None:
        self.connections += 1
        self.refused += refused

    def connection_closed(self) -> None:
        pass

    def answered(self, record: Record) -> None:
        pass

    # The resources

    def file(self, request: Request) -> None:
        request.respond_file(self.folder / request.path_params["name"])

    def broken(self, request: Request) -> None:
        """Break off in the middle for the first time, as a bad network does."""
        name = request.path_params["name"]
        with self._lock:
            is_first = name not in self._broken
            self._broken.add(name)
        if not is_first:
            self.file(request)
            return
        content = (self.folder / name).read_bytes()

        def pieces() -> Iterator[bytes]:
            yield content[: len(content) // 2]
            raise PlannedError

        request.respond_stream(pieces(), length=len(content), fields={"Accept-Ranges": "bytes"})

    def stream(self, request: Request) -> None:
        """Send a file as content of unknown length, and what it comes to behind it."""
        content = (self.folder / request.path_params["name"]).read_bytes()
        pieces = (content[start : start + PIECE_BYTES] for start in range(0, len(content), PIECE_BYTES))
        digest = hashlib.sha256(content).hexdigest().encode("ascii")
        request.respond_stream(pieces, trailers=[(b"X-Digest", digest)])

    def moved(self, request: Request) -> None:
        request.respond(302, {"Location": f"/file/{request.path_params['name']}"})

    def events(self, request: Request) -> None:
        """Send what the client has not had, then end."""
        last = request.fields.get(b"Last-Event-ID") or b"0"
        with contextlib.closing(request.respond_sse()) as stream:
            stream.comment("welcome")
            for event in EVENTS[int(last) :]:
                stream.send(event)

    def upload(self, request: Request) -> Receiver:
        pieces: list[bytes] = []
        while (piece := (yield)) is not None:
            pieces.append(piece)
        content = b"".join(pieces)
        with self._lock:
            self.uploads[request.path_params["name"]] = content
        request.respond(201, content=hashlib.sha256(content).hexdigest().encode("ascii"))

    def echo(self, request: Request) -> None:
        request.respond(200, content=request.content)


@contextlib.contextmanager
def serving(
    folder: Path,
    *,
    limits: Limits | None = None,
    ssl_context: ssl.SSLContext | None = None,
    unix_path: Path | None = None,
    before: Callable[[Request], None] | None = None,
) -> Generator[tuple[Site, str], None, None]:
    """Run a site; yield it and its URL without a slash at the end. `before` is called before each request is answered."""
    site = Site(folder, before)
    server = Server(site, workers=WORKERS, limits=limits, ssl_context=ssl_context, observer=site)
    if unix_path is not None:
        server.listen_unix(str(unix_path))
    server.listen(0)
    with server.running():
        scheme = "http" if ssl_context is None else "https"
        yield site, f"{scheme}://localhost:{server.address[1]}"


def write_noise(path: Path, count: int) -> bytes:
    """Write octets that nothing compresses, the same each time, and return them."""
    return write(path, random.Random(count).randbytes(count))


def write_text(path: Path, lines: int) -> bytes:
    """Write text that compresses well, and return it."""
    return write(path, b"".join(b"line %d of a text that says the same again\n" % number for number in range(lines)))


def write(path: Path, content: bytes) -> bytes:
    """Write a file, and say that it was long ago: what is only just written may change once more, so its tag is weak."""
    path.write_bytes(content)
    os.utime(path, (MODIFIED_AT, MODIFIED_AT))
    return content


def needs(program: str) -> pytest.MarkDecorator:
    """Return the mark of tests that run a program which may not be installed."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def run(program: str, *arguments: str, folder: Path, ends_with: int = 0, stdin: bytes = b"") -> bytes:
    """Run a client in a folder, away from its user's configuration and proxies; return what it wrote to stdout."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C"}
    done = subprocess.run(
        [program, *arguments],
        cwd=folder, env=environment, input=stdin, capture_output=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    assert done.returncode == ends_with, (done.stdout[-1000:], done.stderr[-2000:])
    return done.stdout
