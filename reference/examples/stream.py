"""An answer that is made while it is sent, however slowly the client reads.

The tutorial's "Chunked Transfer Encoding", and `respondStream` of its "Recommended Enhancements".

python stream.py 8080
curl http://127.0.0.1:8080/?20
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from merkhet_reference import Request, Server

COUNT_MAX = 10_000


def squares(count: int) -> Iterator[bytes]:
    """Yield a line at a time. Each is asked for when the client has room: no worker waits in between.

    A client that leaves closes the generator, so `with` and `finally` do what they promise.
    """
    for number in range(count):
        yield b"%d squared is %d\n" % (number, number * number)


def stream(request: Request) -> None:
    """Send as many lines as the query says, in chunks, since nobody knows the octets before.

    Who does know says `length=`, and the client is told; a file object is as good as a generator.
    """
    query = request.query or b"10"
    if not query.isdigit() or len(query) > 5 or int(query) > COUNT_MAX:
        request.respond(400, {"Content-Type": "text/plain"}, b"how many lines? at most %d\n" % COUNT_MAX)
        return
    request.respond_stream(squares(int(query)), fields=((b"Content-Type", b"text/plain"),))


if __name__ == "__main__":
    Server(stream).serve(int(sys.argv[1]))
