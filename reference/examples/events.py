"""Five updates as events, each a second after the other. The tutorial's "Server-Sent Events".

python events.py 8080 [SECONDS]
curl -N http://127.0.0.1:8080/stream

The tutorial's handler sleeps on a worker, and when each worker has a client nobody else is answered. This handler begins
the stream, leaves it to a thread that has nothing else to do, and returns.
"""

from __future__ import annotations

import sys
import threading
import time

from merkhet_reference import EventStream, Request, Router, Server, SSEEvent


def tell(stream: EventStream, seconds: float) -> None:
    """Send the updates, as long as somebody is there to hear them."""
    for number in range(1, 6):
        time.sleep(seconds)
        if not stream.send(SSEEvent(f"Update #{number}")):
            break
    stream.close()


def application(seconds: float = 1.0) -> Router:
    """Return the route, for updates that are so far apart."""

    def begin(request: Request) -> None:
        stream = request.respond_sse()
        threading.Thread(target=tell, args=(stream, seconds), daemon=True).start()

    router = Router()
    router.get("/stream", begin)
    return router


if __name__ == "__main__":
    Server(application(*map(float, sys.argv[2:]))).serve(int(sys.argv[1]))
