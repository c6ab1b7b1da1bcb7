"""RFC 7692, Section 7.2: what a client's compressed messages are, by what was agreed on."""

from __future__ import annotations

import zlib

from merkhet.model import Weight
from merkhet.wire.extensions import Deflate
from merkhet.wire.inflate import TAIL, WINDOW_BYTES, InflateError, Inflater, TooLong
from merkhet_fuzz.verdicts import FREE, Verdict, refuse

MESSAGE_BYTES_MAX = 1 << 22
GARBAGE = refuse("rfc7692-6.2-a1", "what is no DEFLATE data is no message")._replace(weight=Weight.WARNING)
"""The text is silent on what becomes of it, so to deliver something is a near miss."""


class ClientMessages:
    """Inflates what a client sends, and knows where it says more than it has agreed to."""

    def __init__(self, agreed: Deflate | None = None) -> None:
        self._agreed = agreed or Deflate()
        self._inflater = Inflater(takeover=True, bytes_max=MESSAGE_BYTES_MAX)
        self._window = b""
        self.finals = 0
        """How many blocks said that they are the last."""
        self.reaches_over = False
        """Whether a message referred to one that had such a block: of that the text says less."""

    def message(self, payload: bytes) -> bytes | Verdict:
        """Return the message, GARBAGE, or FREE: a client that is not as was agreed may be understood or not."""
        try:
            inflated = self._inflater.message(payload)
        except InflateError:
            return GARBAGE if self._is_garbage(payload) else FREE
        except TooLong:
            return FREE
        self.reaches_over |= bool(inflated.reach and self.finals)
        self.finals += inflated.finals
        self._window = (self._window + inflated.data)[-WINDOW_BYTES:]
        if inflated.distance is None or inflated.reach is None:
            is_free = not self._agreed.client_takeover or self._agreed.client_bits < 15
            return FREE if is_free else inflated.data
        if inflated.reach and not self._agreed.client_takeover:
            return FREE
        return FREE if inflated.distance > 1 << self._agreed.client_bits else inflated.data

    def _is_garbage(self, payload: bytes) -> bool:
        """Whether zlib takes offence too. Where it waits for more there may be more to come, for all that it knows."""
        reader = zlib.decompressobj(-15, zdict=self._window) if self._window else zlib.decompressobj(-15)
        try:
            reader.decompress(payload + TAIL, MESSAGE_BYTES_MAX)
        except zlib.error:
            return True
        return False
