"""A room in which everybody hears everybody, over WebSockets: a page, subprotocol, origin, broadcast, and a limit.

python room.py 8080
open http://127.0.0.1:8080/ twice

No worker waits for anybody: who is too far behind with reading is cut, and the page connects again.
"""

from __future__ import annotations

import sys

from merkhet_reference import Limits, Message, Request, Router, Server, WebSocket, WebSocketEvent, WebSocketGroup

PROTOCOL = "room.example"
LIMITS = Limits(websocket_message_bytes_max=1000)

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Room</title>
</head>
<body>
<h1>Room</h1>
<p id="state" aria-live="polite">connecting</p>
<ol id="messages" aria-live="polite"></ol>
<form id="form"><label>Message <input id="text" autocomplete="off" required></label> <button>Send</button></form>
<script>
const state = document.getElementById("state");
const messages = document.getElementById("messages");
const text = document.getElementById("text");
let socket;
function connect() {
  socket = new WebSocket(location.href.replace(/^http/, "ws") + "room", "room.example");
  socket.onopen = () => { state.textContent = "connected"; };
  socket.onmessage = (event) => {
    const item = document.createElement("li");
    item.textContent = event.data;
    messages.append(item);
  };
  socket.onclose = (event) => {
    state.textContent = `closed: ${event.code} ${event.reason}`;
    setTimeout(connect, 1000);
  };
}
connect();
document.getElementById("form").onsubmit = (event) => {
  event.preventDefault();
  socket.send(text.value);
  text.value = "";
};
</script>
</body>
</html>
"""


class Room:
    """Who is here."""

    def __init__(self) -> None:
        self.here = WebSocketGroup()

    def enter(self, request: Request) -> None:
        """Let a client in, if the page that it runs is ours: any page on the web may try to connect (RFC 6455, 10.2)."""
        ours = f"http://{request.authority.decode('ascii')}"
        self.here.add(
            request.upgrade_to_websocket(
                self.hear, subprotocols=(PROTOCOL,), allows_origin=lambda origin: origin in {ours, None}
            )
        )

    def hear(self, websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        """Tell everybody what one says, and who comes and goes."""
        if event is WebSocketEvent.OPEN:
            self.here.send(f"{len(self.here)} here")
        elif event is WebSocketEvent.MESSAGE:
            self.here.send(message.data)
        elif event is WebSocketEvent.CLOSE:
            self.here.discard(websocket)
            self.here.send(f"{len(self.here)} here")


def page(request: Request) -> None:
    """Answer with the page."""
    request.respond(200, {"Content-Type": "text/html; charset=utf-8"}, PAGE.encode())


def application(room: Room) -> Router:
    """Return the routes."""
    router = Router()
    router.get("/", page)
    router.get("/room", room.enter)
    return router


if __name__ == "__main__":
    Server(application(Room()), limits=LIMITS).serve(int(sys.argv[1]))
