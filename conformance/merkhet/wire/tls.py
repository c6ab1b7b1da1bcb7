"""TLS in memory (`ssl.MemoryBIO`): ciphertext in, plain octets out, and the two ways in which a peer stops told apart."""

from __future__ import annotations

import ssl

from merkhet.answer import End

READ_BYTES = 65536


def client_context(*, verify: bool = True) -> ssl.SSLContext:
    """Return a context for a client that speaks HTTP/1.1. Without `verify` any certificate will do."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    # Python ignores a missing close_notify by default; RFC 9112, Section 9.8 does not.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class TlsLayer:
    """One side of a TLS connection. `outgoing` must be sent after every call; errors of the peer's are an end."""

    def __init__(self, context: ssl.SSLContext, server_name: str | None) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)

    def handshake(self, data: bytes | None) -> bool:
        """Take ciphertext (None to begin, empty at the end of the stream). Returns whether the handshake is done.

        Raises ssl.SSLError if it cannot succeed.
        """
        if data:
            self._incoming.write(data)
        elif data is not None:
            self._incoming.write_eof()
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def outgoing(self) -> bytes:
        """Take the ciphertext that is to be sent."""
        return self._outgoing.read()

    def encrypt(self, data: bytes) -> bytes:
        """Return the ciphertext of these octets. Raises ssl.SSLError after `close_notify`."""
        view = memoryview(data)
        while view:
            view = view[self._tls.write(view) :]
        return self.outgoing()

    def decrypt(self, data: bytes) -> tuple[bytes, End | None]:
        """Take ciphertext, empty at the end of the stream; return plain octets, and how the peer stopped if it did."""
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        plain = bytearray()
        try:
            while piece := self._tls.read(READ_BYTES):
                plain += piece
        except ssl.SSLWantReadError:
            return bytes(plain), None
        except ssl.SSLZeroReturnError:
            return bytes(plain), End.CLOSED
        except ssl.SSLError:
            return bytes(plain), End.UNNOTIFIED
        return bytes(plain), End.CLOSED

    def close_notify(self) -> bytes:
        """Return the ciphertext that says that no more will be sent."""
        try:
            self._tls.unwrap()
        except (ssl.SSLError, ValueError):
            # Want-read is the rule: the peer has not said so yet. Whatever else it is, reading tells.
            return self.outgoing()
        return self.outgoing()
