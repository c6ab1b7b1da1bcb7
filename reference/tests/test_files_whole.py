"""Files over real connections: sent by the system, encrypted, or over a Unix socket, and the same octets each time."""

from __future__ import annotations

import hashlib
import os
import random
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from loop_rig import open_files
from peer import SECONDS, Peer

from merkhet_reference import Limits, Request, Server, outbox, tls
from merkhet_reference.ranges import ByteRange

GET = b"%s / HTTP/1.1\r\nHost: x\r\n%s\r\n"
LARGE = 3_000_001
"""Beyond what is read into memory, and what one turn sends."""
SMALL = 1000


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    noise = random.Random(7)
    (tmp_path / "large.bin").write_bytes(noise.randbytes(LARGE))
    (tmp_path / "small.bin").write_bytes(noise.randbytes(SMALL))
    (tmp_path / "empty.bin").write_bytes(b"")
    for path in tmp_path.iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return tmp_path


def serves(path: Path) -> Callable[[Request], None]:
    def handler(request: Request) -> None:
        request.respond_file(path)

    return handler


def listening(server: Server, transport: str, folder: Path) -> None:
    if transport == "unix":
        server.listen_unix(str(folder / "s"))
    else:
        server.listen(0)


@pytest.fixture(params=["tcp", "tls", "unix"])
def dial(request: pytest.FixtureRequest, folder: Path, authority: trustme.CA) -> Iterator[Callable[[str], Peer]]:
    """What connects to a server of one file, by one transport or another."""
    servers: list[Server] = []
    trusting = None
    context = None
    if request.param == "tls":
        certificate = folder / "server.pem"
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(certificate))
        context = tls.server_context(str(certificate))
        trusting = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())

    def dialled(name: str) -> Peer:
        server = Server(serves(folder / name), workers=2, ssl_context=context)
        listening(server, request.param, folder)
        server.start()
        servers.append(server)
        return Peer(server, trusting=trusting)

    yield dialled
    for server in servers:
        server.shutdown()


@pytest.mark.parametrize("name", ["large.bin", "small.bin", "empty.bin"])
def test_a_file_comes_whole_and_the_connection_goes_on(dial: Callable[[str], Peer], folder: Path, name: str) -> None:
    with dial(name) as peer:
        for _ in range(2):
            peer.send(GET % (b"GET", b""))
            head, content = peer.answer()
            assert head.status == 200
            assert head.fields["accept-ranges"] == "bytes"
            assert hashlib.sha256(content).digest() == hashlib.sha256((folder / name).read_bytes()).digest()


def test_head_says_how_long_it_is_and_sends_nothing(dial: Callable[[str], Peer]) -> None:
    with dial("large.bin") as peer:
        peer.send(GET % (b"HEAD", b"") + GET % (b"HEAD", b"Range: bytes=0-1\r\n") + GET % (b"GET", b""))
        for _ in range(2):
            head = peer.head()
            assert (head.status, head.fields["content-length"]) == (200, str(LARGE))
        assert peer.answer()[0].status == 200, "the next octet is the next answer's"


@pytest.mark.parametrize(("value", "start", "stop"), [(b"0-999999", 0, 999_999), (b"-1", LARGE - 1, LARGE - 1)])
def test_a_range_comes_alone(dial: Callable[[str], Peer], folder: Path, value: bytes, start: int, stop: int) -> None:
    with dial("large.bin") as peer:
        peer.send(GET % (b"GET", b"Range: bytes=%s\r\n" % value))
        head, content = peer.answer()
        assert (head.status, head.fields["content-range"]) == (206, f"bytes {start}-{stop}/{LARGE}")
        assert content == (folder / "large.bin").read_bytes()[start : stop + 1]


def test_several_ranges_come_as_parts(dial: Callable[[str], Peer], folder: Path) -> None:
    octets = (folder / "large.bin").read_bytes()
    with dial("large.bin") as peer:
        peer.send(GET % (b"GET", b"Range: bytes=0-99999, 2000000-2099999, -3\r\n"))
        head, content = peer.answer()
        assert head.status == 206
        kind, _, boundary = head.fields["content-type"].partition("; boundary=")
        assert kind == "multipart/byteranges"
        before, *parts, behind = content.split(b"--" + boundary.strip('"').encode("ascii"))
        assert (before.strip(b"\r\n"), behind.strip(b"\r\n")) == (b"", b"--")
        came = [part.partition(b"\r\n\r\n")[2][:-2] for part in parts]
        assert came == [octets[:100_000], octets[2_000_000:2_100_000], octets[-3:]]
        peer.send(GET % (b"GET", b"Range: bytes=5-5\r\n"))
        assert peer.answer()[1] == octets[5:6], "and nothing is left over"


def test_what_the_client_has_is_not_sent_and_what_there_is_not_neither(dial: Callable[[str], Peer]) -> None:
    with dial("large.bin") as peer:
        peer.send(GET % (b"HEAD", b""))
        validator = peer.head().fields["etag"].encode("ascii")
        peer.send(GET % (b"GET", b"If-None-Match: %s\r\n" % validator))
        head = peer.head()
        assert (head.status, "content-length" in head.fields) == (304, False)
        peer.send(GET % (b"GET", b'If-Match: "another"\r\n'))
        assert peer.answer()[0].status == 412
        peer.send(GET % (b"GET", b"Range: bytes=%d-\r\n" % LARGE))
        head, _ = peer.answer()
        assert (head.status, head.fields["content-range"]) == (416, f"bytes */{LARGE}")
        peer.send(GET % (b"GET", b'If-Range: "another"\r\nRange: bytes=0-1\r\n'))
        assert peer.answer()[0].status == 200
        peer.send(GET % (b"GET", b"If-Range: %s\r\nRange: bytes=0-1\r\n" % validator))
        assert peer.answer()[0].status == 206


def test_ranges_of_the_applications_own_choice(folder: Path) -> None:
    path = folder / "large.bin"

    def handler(request: Request) -> None:
        if request.path == b"/ranges":
            request.respond_range(path, [ByteRange(0, 999_999)])
        else:
            request.respond_file_stream(path, 1_000_000)

    octets = path.read_bytes()
    with Server(handler).running() as server, Peer(server) as peer:
        peer.send(b"GET /ranges HTTP/1.1\r\nHost: x\r\n\r\nGET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert peer.answer()[1] == octets[:1_000_000]
        assert peer.answer()[1] == octets[1_000_000:]


def test_many_clients_get_the_same_octets_side_by_side(folder: Path) -> None:
    path = folder / "large.bin"
    digest = hashlib.sha256(path.read_bytes()).digest()
    same: list[bool] = []
    with Server(
        serves(path), workers=2, limits=Limits(file_piece_bytes_max=10_000, file_turn_bytes_max=10_000)
    ).running() as server:

        def fetch() -> None:
            with Peer(server, GET % (b"GET", b"")) as peer:
                same.append(hashlib.sha256(peer.answer()[1]).digest() == digest)

        threads = [threading.Thread(target=fetch, daemon=True) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
    assert open_files(path) == 0
    assert same == [True] * 8


def test_a_client_that_does_not_read_keeps_no_worker_and_nobody_waiting(folder: Path) -> None:
    path = folder / "large.bin"
    with Server(serves(path), workers=1).running() as server:
        stuck = [Peer(server, (GET % (b"GET", b"")) * 4) for _ in range(4)]
        for peer in stuck:
            assert peer.head().status == 200
        with Peer(server, GET % (b"GET", b"Range: bytes=0-9\r\n")) as other:
            assert len(other.answer()[1]) == 10
        for peer in stuck:
            peer.sock.close()
    assert open_files(path) == 0, "whether it was sent or not"


def test_a_file_is_pipelined_between_others(folder: Path) -> None:
    path = folder / "large.bin"

    def handler(request: Request) -> None:
        if request.path == b"/file":
            request.respond_file(path)
        else:
            request.respond(200, content=request.path)

    wire = b"".join(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in (b"/1", b"/file", b"/2", b"/file", b"/3"))
    with Server(handler).running() as server, Peer(server, wire) as peer:
        contents = [peer.answer()[1] for _ in range(5)]
    octets = path.read_bytes()
    assert contents == [b"/1", octets, b"/2", octets, b"/3"]


def test_without_sendfile_the_octets_are_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SENDFILE", False)
    with Server(serves(folder / "large.bin")).running() as server, Peer(server, GET % (b"GET", b"")) as peer:
        assert peer.answer()[1] == (folder / "large.bin").read_bytes()


def test_a_file_that_shrinks_while_it_is_sent_is_seen_to_be_incomplete(folder: Path) -> None:
    path = folder / "shrinks.bin"
    with path.open("wb") as file:
        file.truncate(200_000_000)  # more than the system takes of it for a client that does not read
    with Server(serves(path)).running() as server, Peer(server, GET % (b"GET", b"")) as peer:
        head = peer.head()
        assert head.fields["content-length"] == "200000000"
        os.truncate(path, 1000)
        with pytest.raises((EOFError, ConnectionResetError)):
            peer.take(200_000_000)
        with Peer(server, GET % (b"GET", b"")) as other:
            assert len(other.answer()[1]) == 1000
