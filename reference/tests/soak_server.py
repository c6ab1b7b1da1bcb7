"""The server of the soak: `python soak_server.py FOLDER PATIENCE`, and a state that it tells on request.

There are three servers in this process: a plain one, one with TLS, and a small one that has room for few connections.

It writes a line of JSON when it listens. Then each line of its input is a question, and a line of JSON the answer:
"state" what there is now, "end" an end in order. What it logs beyond what its handlers plan is part of the state.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import json
import logging
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import TracebackType

from merkhet_reference import (
    Limits,
    Message,
    Request,
    Router,
    Server,
    WebSocket,
    WebSocketEvent,
    WebSocketGroup,
    tls,
)
from merkhet_reference.event_stream import SSEEvent
from merkhet_reference.message import Receiver
from merkhet_reference.mutable import MutableFolder
from merkhet_reference.observer import Record
from merkhet_reference.push import Broadcast, Writer

WORKERS = 8
LIMITS = Limits(
    content_bytes_max=1024 * 1024, stream_content_bytes_max=4 * 1024 * 1024,
    idle_seconds_max=2.0, head_seconds_max=1.0, content_seconds_max=1.0, send_seconds_max=1.0, linger_seconds_max=0.5,
    shutdown_seconds_max=5.0, websocket_silence_seconds_max=0.5, websocket_pong_seconds_max=0.5,
    websocket_idle_seconds_max=3.0, websocket_close_seconds_max=0.5,
)  # fmt: skip
"""Short times, so that a run meets each of them often."""


def patient(times: float) -> Limits:
    """Return limits whose times are so many times as long: on a busy machine a slow client is slower than it means to be."""
    seconds = [field.name for field in fields(LIMITS) if field.name.endswith("_seconds_max")]
    return replace(LIMITS, **{name: times * getattr(LIMITS, name) for name in seconds})


ROOM = 4
"""Connections that the small server takes."""

EVENT_SECONDS = 0.02
HEARTBEAT_SECONDS = 0.05
FILES = {"small.txt": 1000, "medium.bin": 200_000, "large.bin": 8_000_000}
"""Their names and octets; `pattern` says which octets."""

ERRORS_MAX = 20
WHAT_IS_KEPT = frozenset(("RequestHead", "Target"))
"""Types whose objects caches keep, within their bounds."""


class PlannedError(Exception):
    """What handlers raise because the load asks them to."""


def pattern(count: int) -> bytes:
    """Return so many octets, of which no two places within a megabyte look the same."""
    return b"".join(b"%07d\n" % number for number in range(count // 8 + 1))[:count]


class Log(logging.Handler):
    """Keeps what nobody planned, from warnings on."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.errors: list[str] = []
        self.planned = 0

    def emit(self, record: logging.LogRecord) -> None:
        raised = record.exc_info[0] if record.exc_info else None
        if raised is not None and issubclass(raised, PlannedError):
            self.planned += 1
        else:
            self.note(self.format(record))

    def note(self, text: str) -> None:
        """Keep a text, if there is room."""
        if len(self.errors) < ERRORS_MAX:
            self.errors.append(text)

    def note_exception(
        self, where: str, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Keep what no log has."""
        if error is not None:
            self.note(f"{where}: " + logging.Formatter().formatException((kind, error, trace)))


class Watch:
    """The observer of both servers, so it counts under a lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.open = self.came = self.refused = self.answered_whole = self.answered_not = 0

    def started(self, load: object) -> None:
        """Of no interest here."""

    def connection_came(self, *, refused: bool) -> None:
        with self._lock:
            self.came += 1
            self.refused += refused
            self.open += not refused

    def connection_closed(self) -> None:
        with self._lock:
            self.open -= 1

    def answered(self, record: Record) -> None:
        with self._lock:
            self.answered_whole += record.complete
            self.answered_not += not record.complete


class Application:
    """The handlers, and how many of their generators and streams have not ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events, self.writers = Broadcast(), set[Writer]()
        self.room = WebSocketGroup()
        self.running = 0
        self._lock = threading.Lock()
        mutable = folder / "mutable"
        mutable.mkdir()
        self.mutable = MutableFolder(mutable, prefix="/mutable/", partial=True, durable=False)

    def router(self) -> Router:
        router = Router()
        router.get("/hello", lambda request: request.respond(200, {"Content-Type": "text/plain"}, b"hello\n"))
        router.get("/file/:name", lambda request: request.respond_file(self.folder / request.path_params["name"]))
        router.get("/stream", self.stream)
        router.get("/broken", self.broken)
        router.get("/planned", self.planned)
        router.get("/events", self.listen)
        router.get("/pushed", self.pushed)
        router.get("/ws", self.begin_talk)
        router.get("/room", self.enter)
        router.post("/echo", lambda request: request.respond(200, content=request.content))
        router.put("/upload", self.upload, streams=True)
        for method in self.mutable.methods:
            router.add(method, "/mutable/**", self.mutable)
        return router

    @contextlib.contextmanager
    def counted(self) -> Generator[None, None, None]:
        """Count what runs inside as running."""
        with self._lock:
            self.running += 1
        try:
            yield
        finally:
            with self._lock:
                self.running -= 1

    def stream(self, request: Request) -> None:
        def pieces() -> Iterator[bytes]:
            with self.counted(), (self.folder / "medium.bin").open("rb") as file:
                while piece := file.read(7001):
                    yield piece

        request.respond_stream(pieces(), trailers=[(b"X-End", b"yes")])

    def broken(self, request: Request) -> None:
        def pieces() -> Iterator[bytes]:
            with self.counted():
                yield b"x" * 1000
                raise PlannedError

        request.respond_stream(pieces())

    def planned(self, request: Request) -> None:
        raise PlannedError

    def listen(self, request: Request) -> None:
        stream = request.respond_sse(heartbeat_seconds=HEARTBEAT_SECONDS)
        stream.send("welcome")
        self.events.add(stream)

    def pushed(self, request: Request) -> None:
        """Begin an answer that another thread goes on with."""
        writer = request.respond_writer()
        with self._lock:
            self.writers.add(writer)

    def talk(self, websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        """Send back what is said. A socket counts as running until its handler knows that it is over."""
        if event is WebSocketEvent.MESSAGE:
            if message.data == "fail":
                raise PlannedError
            websocket.send(message.data)
        elif event is not WebSocketEvent.ERROR:
            with self._lock:
                self.running += 1 if event is WebSocketEvent.OPEN else -1

    def begin_talk(self, request: Request) -> None:
        request.upgrade_to_websocket(self.talk)

    def enter(self, request: Request) -> None:
        """Let a client hear what is pushed."""
        self.room.add(request.upgrade_to_websocket(self.talk))

    def upload(self, request: Request) -> Receiver:
        with self.counted(), tempfile.TemporaryFile() as file:
            while (piece := (yield)) is not None:
                file.write(piece)
            request.respond(201, content=b"%d" % file.tell())

    def push(self, number: int) -> None:
        """Say something to everyone who listens. The thread of `pushing`."""
        self.events.send(SSEEvent(f"event {number}", id=str(number)))
        self.room.send(f"event {number} " + "x" * 100)
        with self._lock:
            writers = tuple(self.writers)
        for writer in writers:
            data = b"piece %d\n" % number
            goes_on = writer.write_framed(writer.framed(data), waits=False)
            if not goes_on or number % 10 == 0:
                writer.close()
                with self._lock:
                    self.writers.discard(writer)


@contextlib.contextmanager
def pushing(application: Application, note: Callable[[str], None]) -> Generator[None, None, None]:
    """Run the one thread that says what is pushed."""
    ended = threading.Event()

    def push() -> None:
        number = 0
        while not ended.wait(EVENT_SECONDS):
            number += 1
            try:
                application.push(number)
            except Exception as error:  # noqa: BLE001 - told with all else that went wrong
                note(f"pushing: {error!r}")

    thread = threading.Thread(target=push, name="soak-push")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@dataclass(frozen=True, slots=True)
class Whole:
    """All that the state is told of."""

    application: Application
    watch: Watch
    log: Log

    def state(self) -> dict[str, object]:
        """Return what there is now. What only a collection of garbage would end counts as there."""
        objects = collections.Counter(
            type(thing).__name__ for thing in gc.get_objects() if type(thing).__module__.startswith("merkhet_reference")
        )
        watch, used = self.watch, self.application.mutable.room.used
        return {
            "open": watch.open,
            "came": watch.came,
            "refused": watch.refused,
            "whole": watch.answered_whole,
            "not_whole": watch.answered_not,
            "running": self.application.running
            + len(self.application.events)
            + len(self.application.writers)
            + len(self.application.room),
            "room": list(used),
            "left_files": len(list((self.application.folder / "mutable").iterdir())) - used[0],
            "threads": threading.active_count(),
            "objects": {name: count for name, count in objects.items() if name not in WHAT_IS_KEPT},
            "blocks": sys.getallocatedblocks(),
            "planned": self.log.planned,
            "errors": self.log.errors,
        }


def say(document: object) -> None:
    print(json.dumps(document), flush=True)


def main() -> int:
    folder, limits = Path(sys.argv[1]), patient(float(sys.argv[2]))
    for name, count in FILES.items():
        (folder / name).write_bytes(pattern(count))
    log, watch, application = Log(), Watch(), Application(folder)
    logging.getLogger().addHandler(log)
    threading.excepthook = lambda hook: log.note_exception("thread", hook.exc_type, hook.exc_value, hook.exc_traceback)
    sys.unraisablehook = lambda hook: log.note_exception("ignored", hook.exc_type, hook.exc_value, hook.exc_traceback)
    router, whole = application.router(), Whole(application, watch, log)
    context = tls.server_context(str(folder / "server.pem"))
    servers = {
        "plain": Server(router, workers=WORKERS, limits=limits, observer=watch),
        "secure": Server(router, workers=WORKERS, limits=limits, observer=watch, ssl_context=context),
        "small": Server(router, workers=1, limits=replace(limits, connections_max=ROOM), observer=watch),
    }
    for server in servers.values():
        server.listen(0)
    with pushing(application, log.note):
        for server in servers.values():
            server.start()
        say({name: server.address[1] for name, server in servers.items()})
        for line in sys.stdin:
            if line == "end\n":
                break
            say(whole.state())
        ended = [server.shutdown() for server in servers.values()]
    say({**whole.state(), "ended": all(ended)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
