"""Answers as servers give them, and small servers in threads."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import threading
from collections.abc import Callable, Generator, Iterable

from merkhet.answer import End
from merkhet.template import Names
from merkhet.wire.sockets import Address
from merkhet_fuzz.bases import library
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.live import surfaces
from merkhet_fuzz.live.http import HttpDialogue
from merkhet_fuzz.live.seam import Place
from merkhet_fuzz.render import render

DATE = b"Date: Thu, 26 Nov 2026 12:00:00 GMT\r\n"
ENDPOINTS = {"root": "/", "echo": "/echo"}


def place(*more: str) -> Place:
    """A target that tells what it reads."""
    return Place(Names(host=b"a.test", scheme="http", endpoints=ENDPOINTS | {name: f"/{name}/{{x}}" for name in more}))


def error(status: int, fields: bytes = b"Connection: close\r\n") -> bytes:
    """An answer that says that a request is not taken."""
    return b"HTTP/1.1 %d No\r\n%b%bContent-Length: 0\r\n\r\n" % (status, DATE, fields)


def told(
    method: bytes = b"GET",
    target: bytes = b"/echo",
    content: bytes = b"",
    *,
    fields: Iterable[bytes] = (),
    lines: Iterable[tuple[bytes, bytes]] = (),
    closes: bool = False,
) -> bytes:
    """An answer of the echo endpoint."""

    def text(octets: bytes) -> str:
        return base64.b64encode(octets).decode()

    every = [[text(name), text(value)] for name, value in (*((name, b"1") for name in fields), *lines)]
    read = {"method": method.decode(), "target": text(target), "fields": every, "body": text(content), "trailers": []}
    body = json.dumps(read).encode()
    head = b"HTTP/1.1 200 OK\r\n" + DATE + b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    return head + (b"Connection: close\r\n" if closes else b"") + b"\r\n" + (b"" if method == b"HEAD" else body)


CANARY = told(target=b"/echo?canary", closes=True)


def dialogue(line: str, where: Place | None = None) -> HttpDialogue:
    """Begin the dialogue of an input."""
    there, made = where or place(), Input.parse(line)
    (surface,) = surfaces.fitting(there, (made.kind,))
    placed = surface.placed(library.base(made.kind, made.name, made.seed), there)
    talk = surface.dialogue(render(made, placed), there)
    assert isinstance(talk, HttpDialogue)
    return talk


def labels(line: str, answers: bytes, end: End = End.CLOSED, where: Place | None = None) -> list[str]:
    """What is suspicious in these answers to an input."""
    talk = dialogue(line, where)
    talk.received(answers)
    talk.ended(end)
    return [suspicion.label for suspicion in talk.suspicions()]


Serve = Callable[[socket.socket], object]


@contextlib.contextmanager
def serving(serve: Serve) -> Generator[Address]:
    """Serve every connection on loopback by `serve`, one after the other, each in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(peer,), daemon=True).start()

        def one(peer: socket.socket) -> None:
            with peer, contextlib.suppress(OSError):
                serve(peer)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        host, port = listener.getsockname()
        yield Address(host=host, port=port)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
