"""A chat: whoever writes is heard by everyone, and nobody misses a message. More of the tutorial's "Server-Sent Events".

python chat.py 8080
open http://127.0.0.1:8080/ twice, or: curl -N http://127.0.0.1:8080/events
curl --data 'anybody in here?' http://127.0.0.1:8080/messages

Each message has an id. A browser whose stream has ended connects again and says the last one that it saw; it is sent what
it missed, and then what is new.
"""

from __future__ import annotations

import secrets
import sys
import threading
from collections import deque

from merkhet_reference import Broadcast, Request, Router, Server, SSEEvent, last_event_id

TEXT = {"Content-Type": "text/plain; charset=utf-8"}
MESSAGE_BYTES_MAX = 1000
REMEMBERED = 100
"""Messages that a client can have missed. All of them together are less than what may wait for a client
(`events_waiting_bytes_max`), so that nobody who comes back is waited for."""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chat</title>
</head>
<body>
<h1>Chat</h1>
<ol id="messages" aria-live="polite"></ol>
<form id="form"><label>Message <input id="text" autocomplete="off" required></label> <button>Send</button></form>
<script>
const messages = document.getElementById("messages");
const text = document.getElementById("text");
new EventSource("events").onmessage = (event) => {
  const item = document.createElement("li");
  item.textContent = event.data;
  messages.append(item);
};
document.getElementById("form").onsubmit = (event) => {
  event.preventDefault();
  fetch("messages", {method: "POST", body: text.value});
  text.value = "";
};
</script>
</body>
</html>
"""


class Chat:
    """Messages, and those who hear them. One lock orders both: between what was missed and what is new nothing is lost."""

    def __init__(self) -> None:
        self.hearers = Broadcast()
        self._history: deque[SSEEvent] = deque(maxlen=REMEMBERED)
        self._lock = threading.Lock()
        # Ids of an earlier run are none of this one: then all is sent that is remembered.
        self._run = secrets.token_hex(4)
        self._count = 0

    def say(self, request: Request) -> None:
        """Take a message and tell everyone. Nobody is waited for: who is too far behind is cut, and comes back."""
        try:
            text = request.content.decode()
        except UnicodeDecodeError:
            request.respond(400, TEXT, b"a message is UTF-8\n")
            return
        with self._lock:
            self._count += 1
            event = SSEEvent(text, id=f"{self._run}-{self._count}", retry=1000)
            self._history.append(event)
            self.hearers.send(event)
        request.respond(204)

    def hear(self, request: Request) -> None:
        """Begin a client's stream with what it has not seen. The worker is free after that."""
        with self._lock:
            stream = request.respond_sse()
            for event in self._missed(last_event_id(request.fields)):
                stream.send(event)
            self.hearers.add(stream)

    def _missed(self, last: str | None) -> list[SSEEvent]:
        events = list(self._history)
        ids = [event.id for event in events]
        return events[ids.index(last) + 1 :] if last in ids else events


def page(request: Request) -> None:
    """Answer with the page."""
    request.respond(200, {"Content-Type": "text/html; charset=utf-8"}, PAGE.encode())


def application(chat: Chat) -> Router:
    """Return the routes."""
    router = Router()
    router.get("/", page)
    router.get("/events", chat.hear)
    router.post("/messages", chat.say, content_bytes_max=MESSAGE_BYTES_MAX)
    return router


if __name__ == "__main__":
    Server(application(Chat())).serve(int(sys.argv[1]))
