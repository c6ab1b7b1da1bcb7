"""What the clients of the soak do, one function each: what is right, what is slow, what is wrong, and what breaks off."""

from __future__ import annotations

import contextlib
import gzip
import random
import ssl
from collections.abc import Callable

from soak_client import (
    SMALL_BUFFER,
    IncompleteError,
    Peer,
    Place,
    WrongError,
    check,
    connected,
    get,
    leave,
    put,
    put_chunked,
)
from soak_server import FILES, pattern

Pause = Callable[[], object]
"""What a slow client does between two octets."""

Deed = Callable[[Place, random.Random, Pause], None]

CONTENT = {name: pattern(count) for name, count in FILES.items()}
LARGE = CONTENT["large.bin"]
MEDIUM = CONTENT["medium.bin"]
SMALL = CONTENT["small.txt"]
HELLO = get(b"/hello")
GONE = (ConnectionError, IncompleteError, ssl.SSLError)
"""What a client that does wrong, or too little, must reckon with."""


# What is right


def keeps_alive(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        for _ in range(rng.randrange(1, 30)):
            check(peer.ask(HELLO).content == b"hello\n", "hello")
            check(peer.ask(get(b"/file/small.txt")).content == SMALL, "small file")


def pipelines(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        count = rng.randrange(2, 60)
        peer.send(HELLO * count + get(b"/stream") + get(b"/file/medium.bin"))
        check([peer.answer().content for _ in range(count)] == [b"hello\n"] * count, "pipelined")
        check(peer.answer().content == MEDIUM, "stream")
        check(peer.answer().content == MEDIUM, "file")


def downloads(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        check(peer.ask(get(b"/file/large.bin")).content == LARGE, "large file")
        check(peer.ask(get(b"/file/large.bin", method=b"HEAD"), b"HEAD").status == 200, "HEAD")


def takes_ranges(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        for _ in range(5):
            first = rng.randrange(len(LARGE))
            last = min(len(LARGE) - 1, first + rng.choice((0, 100, 50_000, 1_000_000)))
            answer = peer.ask(get(b"/file/large.bin", b"Range: bytes=%d-%d" % (first, last)))
            check((answer.status, answer.content) == (206, LARGE[first : last + 1]), answer.status)
        several = peer.ask(get(b"/file/large.bin", b"Range: bytes=0-9,100000-200000,-10"))
        parts = (LARGE[:10], LARGE[100_000:200_001], LARGE[-10:])
        check(several.status == 206 and all(part in several.content for part in parts), several.status)
        check(peer.ask(get(b"/file/large.bin", b"Range: bytes=99999999-")).status == 416, "416")


def asks_again(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        zipped = peer.ask(get(b"/file/small.txt", b"Accept-Encoding: gzip"))
        check(gzip.decompress(zipped.content) == SMALL, "gzip")
        tag = zipped.fields[b"etag"]
        again = peer.ask(get(b"/file/small.txt", b"Accept-Encoding: gzip", b"If-None-Match: " + tag))
        check(again.status == 304, again.status)
        check(peer.ask(get(b"/nothing")).status == 404, "404")


def speaks_1_0(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        answer = peer.ask(b"GET /stream HTTP/1.0\r\n\r\n")
        check(answer.content == MEDIUM, len(answer.content))


def uploads(place: Place, rng: random.Random, _pause: Pause) -> None:
    content = MEDIUM[: rng.randrange(len(MEDIUM))]
    with connected(place, rng) as peer:
        whole = peer.ask(put(b"/upload", content))
        pieces = peer.ask(put_chunked(b"/upload", [content[:1], content[1:1000], content[1000:]]))
        check(whole.content == pieces.content == b"%d" % len(content), (whole, pieces))
        check(peer.ask(put(b"/echo", content, method=b"POST")).content == content, "echo")
        peer.send(get(b"/upload", b"Content-Length: 4", b"Expect: 100-continue", method=b"PUT"))
        check(peer.reader.read(21) == b"HTTP/1.1 100 Continue", "100")
        check(peer.reader.read(4) == b"\r\n\r\n", "100")
        check(peer.ask(b"1234").content == b"4", "content after 100")


def stores(place: Place, rng: random.Random, _pause: Pause) -> None:
    content = MEDIUM[: rng.randrange(1, len(MEDIUM))]
    path = b"/mutable/%d" % rng.randrange(30)
    with connected(place, rng) as peer:
        check(peer.ask(put(path, content)).status in {201, 204}, "PUT")
        check(peer.ask(get(path)).status in {200, 404}, "GET")
        check(peer.ask(get(path, method=b"DELETE")).status in {204, 404}, "DELETE")


def listens(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        peer.send(get(b"/events"))
        for _ in range(rng.randrange(1, 12)):
            check(peer.reader.readline(), "the stream of events ended")


def is_pushed_to(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        answer = peer.ask(get(b"/pushed"))
        check(answer.content.startswith(b"piece "), answer.content[:20])
        check(peer.ask(HELLO).status == 200, "after a pushed answer")


# What is slow


def sends_slowly(place: Place, rng: random.Random, pause: Pause) -> None:
    with connected(place, rng) as peer:
        peer.send_slowly(HELLO, pause)
        check(peer.answer().content == b"hello\n", "hello")
        peer.send_slowly(put_chunked(b"/upload", [b"slowly"]), pause)
        check(peer.answer().content == b"6", "upload")


def reads_slowly(place: Place, rng: random.Random, pause: Pause) -> None:
    peer = Peer(place.plain, buffer=SMALL_BUFFER)
    path = rng.choice((b"/stream", b"/file/large.bin", b"/file/medium.bin"))
    peer.send(get(path) * rng.randrange(1, 4))
    for _ in range(rng.randrange(400)):
        check(peer.reader.read(rng.randrange(1, 500)), "the answer ended")
        pause()
    leave(peer, rng)


def stalls(place: Place, rng: random.Random, _pause: Pause) -> None:
    """Begin something and do no more, until the server has had enough."""
    said, status = rng.choice(
        (
            (b"", None),
            (HELLO[:10], 408),
            (put(b"/echo", b"half", method=b"POST")[:-2], 408),
            (put(b"/upload", b"half")[:-2], 408),
            (put_chunked(b"/mutable/stalled", [b"half"])[:-3], 408),
            (HELLO, 200),
        )
    )
    with connected(place, rng) as peer:
        peer.send(said)
        if status is not None:
            check(peer.answer().status == status, said)
        check(not peer.rest(), "after the time there is an end")


def reads_nothing(place: Place, rng: random.Random, _pause: Pause) -> None:
    """Ask for much, read nothing of it, and send more, until the server gives the connection up."""
    peer = Peer(place.plain, buffer=SMALL_BUFFER)
    peer.send(get(rng.choice((b"/file/large.bin", b"/stream", b"/file/medium.bin"))) * 40)
    peer.fill()
    peer.wait_until_reset()
    peer.close()


# What is wrong


def field(line: bytes) -> bytes:
    return get(b"/hello", line)


def content(lines: bytes, data: bytes) -> bytes:
    return get(b"/echo", lines, method=b"POST") + data


CHUNKED = b"Transfer-Encoding: chunked"
MALFORMED = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0" * 100 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n", b"GET /\r\n\r\n", b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
    b"GET / HTTP/3.7\r\nHost: x\r\n\r\n", b"GET / http/1.1\r\nHost: x\r\n\r\n", b"G\xc3\xa9T / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /\x7f HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n" * 20 + HELLO,
    b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"A" * 100 + b" / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n",
    field(b"Host: other"), field(b"Name : value"), field(b" folded"), field(b"no colon"), field(b": empty"), field(b"A: \0"),
    field(b"A: b\rc"), field(b"A" * 70_000 + b": b"), field(b"A: " + b"b" * 70_000), field(b"\r\n".join([b"A: b"] * 200)),
    content(b"Content-Length: 1\r\nContent-Length: 2", b"ab"), content(b"Content-Length: -1", b"a"),
    content(b"Content-Length: +1", b"a"),
    content(b"Content-Length: 0x1", b"a"), content(b"Content-Length: 1, 2", b"a"), content(b"Content-Length: 9" + b"9" * 30, b"a"),
    content(b"Content-Length: 2000000", b"a" * 1000), content(CHUNKED + b"\r\nContent-Length: 3", b"3\r\nabc\r\n0\r\n\r\n"),
    content(b"Transfer-Encoding: gzip", b"abc"), content(b"Transfer-Encoding: chunked, gzip", b"abc"), content(CHUNKED, b"zz\r\n"),
    content(CHUNKED, b"-1\r\n"), content(CHUNKED, b"3\r\nabcd\r\n0\r\n\r\n"), content(CHUNKED, b"f" * 40 + b"\r\n"),
    content(CHUNKED, b"3;" + b"x" * 10_000 + b"\r\nabc\r\n0\r\n\r\n"), content(CHUNKED, b"0\r\nbad trailer\r\n\r\n"),
    content(CHUNKED, b"1e8480\r\n" + b"a" * 3000), content(CHUNKED, b"3\r\nab"), content(b"Content-Length: 10", b"abc"),
)  # fmt: skip
"""Each is refused: the first answer is of 4xx or 5xx."""


def is_malformed(place: Place, rng: random.Random, _pause: Pause) -> None:
    peer = Peer(place.plain)
    wire = rng.choice(MALFORMED)
    before = rng.randrange(3)
    peer.send(HELLO * before + wire)
    peer.half_close()
    for _ in range(before):
        check(peer.answer().status == 200, "before what is malformed")
    check(400 <= peer.answer().status < 600, wire[:100])
    peer.rest()
    peer.close()


def uploads_wrongly(place: Place, rng: random.Random, _pause: Pause) -> None:
    """Break the chunks of content that a handler takes by pieces, or announce more than it may have."""
    path = rng.choice((b"/upload", b"/mutable/wrong"))
    with connected(place, rng) as peer:
        if rng.random() < 0.5:
            peer.send(put_chunked(path, [MEDIUM])[:-5] + b"zz\r\n")
            check(peer.answer().status == 400, "a chunk that is none")
        else:
            peer.send(get(path, b"Content-Length: 99999999", method=b"PUT"))
            check(peer.answer().status == 413, "too much")
        check(not peer.rest(), "it is the last answer")


def meets_errors(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        check(peer.ask(get(b"/planned")).status == 500, "planned")
        peer.send(get(b"/broken"))
        try:
            peer.answer()
        except GONE:
            return
        raise WrongError("a broken answer looks whole")


def crowds(place: Place, rng: random.Random, _pause: Pause) -> None:
    """Come with more than there is room for: each is answered, if only that it cannot be."""
    peers = [Peer(place.small) for _ in range(10)]
    for peer in peers:
        with contextlib.suppress(*GONE):  # it may be refused, and gone, before it has asked
            peer.send(HELLO)
            check(peer.answer().status in {200, 503}, "crowd")
    for peer in peers:
        leave(peer, rng)


# What breaks off

REQUESTS = (
    HELLO, get(b"/file/large.bin"), get(b"/stream"), get(b"/events"), get(b"/pushed"), put(b"/upload", MEDIUM),
    put_chunked(b"/upload", [MEDIUM]), put(b"/mutable/broken", MEDIUM), put_chunked(b"/mutable/broken", [MEDIUM]),
    put(b"/echo", MEDIUM, method=b"POST"),
)  # fmt: skip


def breaks_a_request(place: Place, rng: random.Random, _pause: Pause) -> None:
    wire = rng.choice(REQUESTS)
    with connected(place, rng) as peer:
        peer.send(HELLO * rng.randrange(2) + wire[: rng.randrange(len(wire))])


def breaks_an_answer(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        peer.send(rng.choice(REQUESTS) * rng.randrange(1, 4))
        with contextlib.suppress(ConnectionError):
            peer.reader.read1(rng.choice((1, 100, 70_000)))


def half_closes(place: Place, rng: random.Random, _pause: Pause) -> None:
    peer = Peer(place.plain)
    wire = rng.choice(REQUESTS)
    cut = rng.randrange(1, len(wire)) if rng.random() < 0.5 else len(wire)
    peer.send(wire[:cut])
    peer.half_close()
    if cut < len(wire):
        check(peer.answer().status == 400, (wire[:60], cut))
    peer.rest()
    peer.close()


def breaks_tls(place: Place, rng: random.Random, _pause: Pause) -> None:
    """End a handshake before its end, or TLS after it."""
    peer = Peer(place.secure)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    layer = place.context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    how = rng.randrange(5)
    if how == 0:
        peer.send(HELLO)
        check(b"HTTP" not in peer.rest(), "plain HTTP is not answered here")
    elif how == 1:
        peer.send(rng.randbytes(rng.randrange(1, 2000)))
    else:
        with contextlib.suppress(ssl.SSLWantReadError):
            layer.do_handshake()
        hello = outgoing.read()
        peer.send(hello[: rng.randrange(len(hello))] if how == 2 else hello)
    if how == 3:
        check(peer.reader.read(5)[:1] == b"\x16", "no handshake")
    elif how == 4:
        finish_handshake(peer, layer, incoming, outgoing)
        layer.write(get(b"/file/large.bin"))
        peer.send(outgoing.read() + rng.randbytes(500))
        peer.rest()
    leave(peer, rng)


def finish_handshake(peer: Peer, layer: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
    """Go on after the client's first flight. Raises SSLError."""
    while True:
        incoming.write(peer.sock.recv(65536))
        try:
            layer.do_handshake()
        except ssl.SSLWantReadError:
            continue
        peer.send(outgoing.read())
        return


DEEDS: dict[Deed, int] = {
    keeps_alive: 8, pipelines: 3, downloads: 2, takes_ranges: 4, asks_again: 4, speaks_1_0: 3, uploads: 4, stores: 6, listens: 3,
    is_pushed_to: 2, sends_slowly: 3, reads_slowly: 2, stalls: 1, reads_nothing: 1, is_malformed: 12, uploads_wrongly: 4,
    meets_errors: 4, crowds: 1, breaks_a_request: 12, breaks_an_answer: 12, half_closes: 8, breaks_tls: 6,
}  # fmt: skip
"""Each with how often it is done among all."""
