"""RFC 6455, Section 8.1: Handling of Errors in UTF-8-Encoded Data. Text is checked while it comes.

What makes text invalid is seen with the octet that does, not with the end of its frame or message. The decoder of the
standard library gives up there, too, with one exception: half a surrogate it takes for something that may yet become whole,
since there are error handlers that let surrogates pass. A test tries every beginning.
"""

from __future__ import annotations

import codecs

from merkhet_reference.websocket import close

Decoder = codecs.getincrementaldecoder("utf-8")
SURROGATE_LEAD, SURROGATE_NEXT_MIN = 0xED, 0xA0
"""The first two octets of what would be a surrogate, of which UTF-8 has none (RFC 3629, Section 3)."""


class Utf8Check:
    """Whether the octets of one message are UTF-8 so far. A character may be cut anywhere: by a frame, by a segment."""

    __slots__ = ("_decoder",)

    def __init__(self) -> None:
        self._decoder = Decoder()

    def feed(self, data: bytes, *, final: bool = False) -> None:
        """Look at the next octets; `final` with the last of them. Raises Violation."""
        try:
            self._decoder.decode(data, final)
        except UnicodeDecodeError:
            raise not_utf8() from None
        pending = self._decoder.getstate()[0]
        if len(pending) > 1 and pending[0] == SURROGATE_LEAD and pending[1] >= SURROGATE_NEXT_MIN:
            raise not_utf8()


def decode(data: bytes) -> str:
    """Return a message that came whole as text. Raises Violation."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise not_utf8() from None


def not_utf8() -> close.Violation:  # [rfc6455-8.1-1]
    """Return what is wrong with text that is none."""
    return close.invalid_data("a text message is no UTF-8")
