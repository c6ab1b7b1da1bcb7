"""The TLS layer against a client of the standard library, both without a socket."""

from __future__ import annotations

import contextlib
import socket
import ssl
from pathlib import Path

import pytest
import trustme

from merkhet_reference import tls
from merkhet_reference.channel import Channel, Phase
from merkhet_reference.limits import Limits

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


def test_a_channel_over_tls_answers_and_ends_with_close_notify(authority: trustme.CA, context: ssl.SSLContext) -> None:
    client, layer = Client(authority), tls.TlsLayer(context)
    ours, peer = socket.socketpair()
    with ours, peer:
        ours.setblocking(False)
        peer.settimeout(10)
        channel = Channel(1, ours, LIMITS, 1000.0, layer)

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
        assert list(channel.requests(lambda: True)) == []
        channel.flush(1000.0)
        client.incoming.write(b"".join(iter(lambda: peer.recv(65536), b"")))
        assert client.tls.read(65536).startswith(b"HTTP/1.1 400 ")
        assert client.tls.read(1) == b""
        assert channel.phase is Phase.LINGERING


def test_a_handshake_that_stops_halfway_has_the_time_of_a_head(context: ssl.SSLContext) -> None:
    ours, peer = socket.socketpair()
    with ours, peer:
        ours.setblocking(False)
        channel = Channel(1, ours, LIMITS, 1000.0, tls.TlsLayer(context))
        peer.sendall(b"\x16\x03\x01")
        channel.read(1009.0)
        assert channel.deadline() == 1010.0, "an octet now and then does not stretch it"
        channel.overdue()
        channel.flush(1010.0)
        assert channel.phase is Phase.LINGERING


def test_a_channel_gives_up_what_is_not_tls(context: ssl.SSLContext) -> None:
    ours, peer = socket.socketpair()
    with ours, peer:
        ours.setblocking(False)
        channel = Channel(1, ours, LIMITS, 1000.0, tls.TlsLayer(context))
        peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        channel.read(1000.0)
        assert channel.phase is Phase.GONE


def test_a_channel_whose_layer_cannot_send_is_given_up(authority: trustme.CA, context: ssl.SSLContext) -> None:
    _, layer = shaken(authority, context)
    layer.close()
    ours, peer = socket.socketpair()
    with ours, peer:
        channel = Channel(1, ours, LIMITS, 1000.0, layer)
        channel.answer_last(503, "too late")
        assert channel.phase is Phase.GONE
