"""An echo over a WebSocket. The tutorial's "WebSockets".

python websocket.py 8080
python -m websockets ws://127.0.0.1:8080/, or in the console of a browser:
new WebSocket("ws://127.0.0.1:8080/").onmessage = (event) => console.log(event.data)
"""

from __future__ import annotations

import sys

from merkhet_reference import HandshakeError, Message, Request, Server, WebSocket, WebSocketEvent


def handler(request: Request) -> None:
    """Make a WebSocket of the request. What is no handshake is told why."""
    try:
        websocket = request.upgrade_to_websocket()
        websocket.send("Connection upgraded!")
    except HandshakeError as error:
        request.respond(400, {"Content-Type": "text/plain"}, f"{error.why}\n".encode())


def on_event(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
    """Take what happens to a WebSocket, one event after another."""
    match event:
        case WebSocketEvent.OPEN:
            print("WebSocket connection opened.", flush=True)
        case WebSocketEvent.MESSAGE:
            print(f"Received message: {message.data!r}", flush=True)
            websocket.send(f"You said: {message.data!s}")
        case WebSocketEvent.CLOSE:
            print(f"WebSocket connection closed: {websocket.close_code}", flush=True)
        case WebSocketEvent.ERROR:
            print(f"WebSocket error: {message.data!r}", flush=True)


if __name__ == "__main__":
    Server(handler, websocket_handler=on_event).serve(int(sys.argv[1]))
