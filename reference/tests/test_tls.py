"""The TLS layer, and the outbox and the channel above it, against a client of the standard library."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from channel_wire import all_that_comes, channels

from merkhet_reference import tls
from merkhet_reference.channel import Channel
from merkhet_reference.limits import Limits
from merkhet_reference.outbox import FileSegment, TlsOutbox
from merkhet_reference.outgoing import Phase

LIMITS = Limits(head_seconds_max=10.0, idle_seconds_max=100.0)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def context(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(path))
    return tls.server_context(str(path))


class Client:
    """A TLS client that hands its octets over by hand."""

    def __init__(self, authority: trustme.CA) -> None:
        context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
        context.set_alpn_protocols(["h2", "http/1.1"])
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def shake(self, layer: tls.TlsLayer) -> None:
        for _ in range(4):
            with contextlib.suppress(ssl.SSLWantReadError):
                self.tls.do_handshake()
            self.exchange(layer)

    def exchange(self, layer: tls.TlsLayer) -> bytes:
        """Hand over what the client has to say, and bring back what the layer has."""
        said = self.outgoing.read()
        plaintext = layer.receive(said) if said else b""
        self.incoming.write(layer.take_output())
        return plaintext


def shaken(authority: trustme.CA, context: ssl.SSLContext) -> tuple[Client, tls.TlsLayer]:
    client, layer = Client(authority), tls.TlsLayer(context)
    before = layer.is_established
    client.shake(layer)
    assert (before, layer.is_established) == (False, True)
    return client, layer


def test_plaintext_goes_both_ways(authority: trustme.CA, context: ssl.SSLContext) -> None:
    client, layer = shaken(authority, context)
    assert client.tls.selected_alpn_protocol() == "http/1.1"
    client.tls.write(b"ping")
    assert client.exchange(layer) == b"ping"
    layer.send(b"pong")
    layer.send(b"")
    client.exchange(layer)
    assert client.tls.read(100) == b"pong"


def test_a_record_in_pieces_comes_out_whole(authority: trustme.CA, context: ssl.SSLContext) -> None:
    client, layer = shaken(authority, context)
    client.tls.write(b"ping")
    record = client.outgoing.read()
    came = [layer.receive(record[at : at + 1]) for at in range(len(record))]
    assert came[:-1] == [b""] * (len(record) - 1)
    assert came[-1] == b"ping"


def test_more_than_one_read_comes_at_once(authority: trustme.CA, context: ssl.SSLContext) -> None:
    client, layer = shaken(authority, context)
    data = bytes(range(256)) * 400
    client.tls.write(data)
    assert client.exchange(layer) == data


def test_close_notify_ends_the_peers_side_and_keeps_what_came_before(
    authority: trustme.CA, context: ssl.SSLContext
) -> None:
    client, layer = shaken(authority, context)
    client.tls.write(b"last")
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    assert client.exchange(layer) == b"last"
    assert layer.peer_ended
    layer.send(b"answer")
    client.exchange(layer)


def test_an_end_without_close_notify_is_an_end(authority: trustme.CA, context: ssl.SSLContext) -> None:
    _, layer = shaken(authority, context)
    assert layer.receive(b"") == b""
    assert layer.peer_ended


def test_close_says_close_notify(authority: trustme.CA, context: ssl.SSLContext) -> None:
    client, layer = shaken(authority, context)
    layer.close()
    client.exchange(layer)
    assert client.tls.read(1) == b"", "without close_notify it would want more octets"


def test_before_the_handshake_nothing_is_said(context: ssl.SSLContext) -> None:
    layer = tls.TlsLayer(context)
    layer.send(b"secret")
    layer.close()
    assert layer.take_output() == b""


def test_what_is_not_tls_fails_with_an_alert_or_none(context: ssl.SSLContext) -> None:
    layer = tls.TlsLayer(context)
    with pytest.raises(tls.TlsFailure):
        layer.receive(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"HTTP" not in layer.take_output()


def test_a_forged_record_fails_with_an_alert(authority: trustme.CA, context: ssl.SSLContext) -> None:
    client, layer = shaken(authority, context)
    client.tls.write(b"ping")
    record = bytearray(client.outgoing.read())
    record[-1] ^= 1
    with pytest.raises(tls.TlsFailure):
        layer.receive(bytes(record))
    assert layer.take_output()


def test_a_failure_while_sending_is_one_of_this_layer(authority: trustme.CA, context: ssl.SSLContext) -> None:
    _, layer = shaken(authority, context)
    layer.close()
    with pytest.raises(tls.TlsFailure):
        layer.send(b"behind close_notify")


def test_a_context_without_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        tls.server_context(str(tmp_path / "none.pem"))


Make = Callable[[tls.TlsLayer], tuple[Channel, socket.socket]]


@pytest.fixture
def make() -> Iterator[Make]:
    with channels() as made:
        yield lambda layer: made(LIMITS, layer=layer)


def test_a_channel_over_tls_answers_and_ends_with_close_notify(
    authority: trustme.CA, context: ssl.SSLContext, make: Make
) -> None:
    client = Client(authority)
    channel, peer = make(tls.TlsLayer(context))

    def exchange() -> None:
        if said := client.outgoing.read():
            peer.sendall(said)
            channel.read(1000.0)
        channel.flush(1000.0)

    with pytest.raises(ssl.SSLWantReadError):
        client.tls.do_handshake()
    exchange()
    client.incoming.write(peer.recv(65536))
    client.tls.do_handshake()
    client.tls.write(b"no request\r\n\r\n")
    exchange()
    assert channel.next_task() is None
    channel.flush(1000.0)
    client.incoming.write(all_that_comes(peer))
    assert client.tls.read(65536).startswith(b"HTTP/1.1 400 ")
    assert client.tls.read(1) == b""
    assert channel.phase is Phase.LINGERING


def test_a_handshake_that_stops_halfway_has_the_time_of_a_head(context: ssl.SSLContext, make: Make) -> None:
    channel, peer = make(tls.TlsLayer(context))
    peer.sendall(b"\x16\x03\x01")
    channel.read(1009.0)
    assert channel.deadline() == 1010.0, "an octet now and then does not stretch it"
    channel.overdue(1010.0)
    channel.flush(1010.0)
    assert channel.phase is Phase.LINGERING


def test_a_channel_gives_up_what_is_not_tls(context: ssl.SSLContext, make: Make) -> None:
    channel, peer = make(tls.TlsLayer(context))
    peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    channel.read(1000.0)
    assert channel.phase is Phase.GONE


def test_a_channel_whose_layer_cannot_send_is_given_up(
    authority: trustme.CA, context: ssl.SSLContext, make: Make
) -> None:
    _, layer = shaken(authority, context)
    layer.close()
    channel, _ = make(layer)
    channel.answer_last(503, "too late")
    channel.flush(1000.0)
    assert channel.phase is Phase.GONE


def test_a_file_among_buffers_comes_out_as_it_is(
    authority: trustme.CA, context: ssl.SSLContext, tmp_path: Path
) -> None:
    client, layer = shaken(authority, context)
    content = os.urandom(300_000)
    (tmp_path / "file").write_bytes(content)
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    box = TlsOutbox(layer)
    box.put(b"head")
    box.put(FileSegment(descriptor, 1000, len(content) - 1000, owns=True))
    box.put(b"behind")
    expected = b"head" + content[1000:] + b"behind"
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        came = bytearray()
        while len(came) < len(expected):
            box.send(ours, LIMITS.file_piece_bytes_max)
            client.incoming.write(theirs.recv(1 << 20))
            with contextlib.suppress(ssl.SSLWantReadError):
                while True:
                    came += client.tls.read(1 << 20)
    assert came == expected
    assert (box.waiting_bytes, box.put_bytes, box.sent_bytes) == (0, len(expected), len(expected))
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_an_answer_that_waits_for_the_handshake_comes_behind_it(authority: trustme.CA, context: ssl.SSLContext) -> None:
    client, layer = Client(authority), tls.TlsLayer(context)
    box = TlsOutbox(layer)
    box.put(b"answer")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.settimeout(10)

        def exchange() -> None:
            layer.receive(client.outgoing.read())
            box.collect()
            box.send(ours, 1 << 20)
            client.incoming.write(theirs.recv(65536))

        with pytest.raises(ssl.SSLWantReadError):
            client.tls.do_handshake()
        exchange()
        assert (layer.is_established, box.can_send, box.sent_bytes) == (False, False, 0)
        client.tls.do_handshake()
        exchange()
        assert client.tls.read(100) == b"answer"
        assert (box.waiting_bytes, box.sent_bytes) == (0, 6)
