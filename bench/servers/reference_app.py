"""The reference: `python -m bench.servers.reference_app PORT ROOT hello|files|events|memory`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.servers.events import Plan
from merkhet_reference import Limits, Request, Server
from merkhet_reference.endpoint import WebSocket, WebSocketEvent, WebSocketGroup
from merkhet_reference.event_stream import SSEEvent
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.message import Admission, Handler, Receiver
from merkhet_reference.push import Broadcast
from merkhet_reference.websocket import deflate
from merkhet_reference.websocket.events import Message

MANY = Limits(connections_max=12_000, idle_seconds_max=300.0, websocket_silence_seconds_max=300.0)
STREAM_BYTES = 20_000_000
PIECE_BYTES = 50_000


def hello(request: Request) -> None:
    request.respond(200, {"Content-Type": "text/plain"}, b"Hello, World!")


def files(root: Path) -> Handler:
    """Return what answers each path with the file of that name."""

    def handler(request: Request) -> None:
        request.respond_file(root / request.path.decode("ascii").lstrip("/"))

    return handler


def events() -> Handler:
    """Return what broadcasts to all who asked for /events, when asked for /start."""
    everyone = Broadcast()

    def handler(request: Request) -> None:
        if request.path == b"/events":
            everyone.add(request.respond_sse())
        elif request.path == b"/start":
            plan = Plan.from_query((request.query or b"").decode("ascii"))
            request.respond(204)
            for number in range(plan.count):
                everyone.send(SSEEvent(plan.text(number), id=str(number)))
                if plan.pause_seconds:
                    time.sleep(plan.pause_seconds)
        else:
            hello(request)

    return handler


def echo(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
    """Send each message back."""
    if event is WebSocketEvent.MESSAGE:
        websocket.send(message.data)


def websockets(*, compresses: bool) -> Handler:
    """Return what makes a WebSocket of each request: an echo, one of many listeners, or who has something sent to them."""
    everyone = WebSocketGroup()
    compression = deflate.DEFAULT if compresses else None

    def listen(_websocket: WebSocket, _event: WebSocketEvent, _message: Message) -> None:
        """Say nothing of its own."""

    def start(_websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        if event is WebSocketEvent.MESSAGE:
            plan = Plan.from_query(message.text)
            for number in range(plan.count):
                everyone.send(plan.text(number))
                time.sleep(plan.pause_seconds)

    def handler(request: Request) -> None:
        taking = {b"/broadcast": listen, b"/start": start}.get(request.path, echo)
        websocket = request.upgrade_to_websocket(taking, compression=compression)
        if taking is listen:
            everyone.add(websocket)

    return handler


def discard(request: Request) -> Receiver:
    """Take content as it comes, keep none of it, and answer how much it was."""
    count = 0
    while (piece := (yield)) is not None:
        count += len(piece)
    request.respond(200, {"Content-Type": "text/plain"}, b"%d" % count)


def pieces(octets: int) -> Iterator[bytes]:
    """Yield so many octets of content that is made as it is asked for."""
    for _ in range(octets // PIECE_BYTES):
        yield bytes(PIECE_BYTES)


def memory(root: Path) -> Handler:
    """Return what answers with files, with a stream, takes an upload, or says hello."""
    file = files(root)

    def handler(request: Request) -> Receiver | None:
        if request.method == "PUT":
            return discard(request)
        if request.path == b"/stream":
            request.respond_stream(pieces(STREAM_BYTES), length=STREAM_BYTES)
        elif request.path == b"/ws":
            request.upgrade_to_websocket(echo)
        elif request.path == b"/":
            hello(request)
        else:
            file(request)
        return None

    return handler


def admit(head: RequestHead) -> Admission:
    """Let an upload be taken piece by piece."""
    return Admission(streams=head.method == b"PUT")


def main() -> None:
    port, root, mode = sys.argv[1:]
    makers: dict[str, Callable[[], Server]] = {
        "hello": lambda: Server(hello),
        "files": lambda: Server(files(Path(root))),
        "events": lambda: Server(events(), limits=Limits(connections_max=4096)),
        "websocket": lambda: Server(websockets(compresses=False), limits=MANY),
        "websocket-deflate": lambda: Server(websockets(compresses=True), limits=MANY),
        "memory": lambda: Server(memory(Path(root)), admit=admit, limits=MANY),
    }
    makers[mode]().serve(int(port))


if __name__ == "__main__":
    main()
