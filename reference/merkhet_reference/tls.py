"""TLS as a layer between a socket and a channel: ciphertext in, plaintext out, and back (RFC 9112, Section 9.8).

`ssl.MemoryBIO` keeps the library away from the socket, so that the I/O thread reads and writes in one way for both.
"""

from __future__ import annotations

import ssl

PLAINTEXT_BYTES = 65536


class TlsFailure(Exception):  # noqa: N818 - the peer's failure, or the wire's
    """The handshake or a record failed: the connection cannot go on. An alert for the peer may wait in `take_output`."""


class TlsLayer:
    """The server's side of one TLS connection. Only the I/O thread."""

    __slots__ = ("_incoming", "_object", "_outgoing", "_shaken", "peer_ended")

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._shaken = False
        self.peer_ended = False

    @property
    def is_established(self) -> bool:
        """Whether the handshake is over."""
        return self._shaken

    def receive(self, ciphertext: bytes) -> bytes:
        """Take what the socket gave, return the plaintext of every whole record. Raises TlsFailure.

        `peer_ended` turns true at the peer's close_notify. A peer that closes its side without one has ended just the
        same: HTTP says itself whether its message was whole.
        """
        if not ciphertext:
            self.peer_ended = True  # [rfc9112-9.8-5]
            return b""
        self._incoming.write(ciphertext)
        try:
            return self._plaintext()
        except ssl.SSLError as error:
            raise TlsFailure(str(error)) from error

    def _plaintext(self) -> bytes:
        pieces: list[bytes] = []
        try:
            if not self._shaken:
                self._object.do_handshake()
                self._shaken = True
            while piece := self._object.read(PLAINTEXT_BYTES):
                pieces.append(piece)
            self.peer_ended = True
        except ssl.SSLWantReadError:
            pass  # the rest of a record, or the next one, has still to come
        except ssl.SSLZeroReturnError:
            self.peer_ended = True
        return b"".join(pieces)

    def send(self, plaintext: bytes) -> None:
        """Encrypt; the records wait in `take_output`. Raises TlsFailure."""
        if not plaintext or not self._shaken:
            return
        try:
            self._object.write(plaintext)
        except ssl.SSLError as error:
            raise TlsFailure(str(error)) from error

    def close(self) -> None:
        """Say close_notify, before the socket says FIN."""
        if not self._shaken:
            return
        # [rfc9112-9.8-6]
        try:
            self._object.unwrap()
        except ssl.SSLError:
            return  # the peer's own close_notify has still to come, and need not be waited for

    def take_output(self) -> bytes:
        """Return what has to go to the socket: handshake, records, alerts."""
        return self._outgoing.read()


def server_context(certificate: str, key: str | None = None) -> ssl.SSLContext:
    """Return a context for a server that speaks HTTP/1.1 (ALPN), from PEM files. Raises OSError and ssl.SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])
    return context
