"""RFC 6455, Section 4: a handshake read for what it asks for, and its answer read as it comes."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from merkhet.answer import End, Response
from merkhet.wire.extensions import Deflate, deflate_of
from merkhet.wire.response import ResponseParser

FIELD = re.compile(rb"\r\n(sec-websocket-(?:key|protocol|extensions))[ \t]*:([^\r\n]*)(?=\r\n)", re.IGNORECASE)
METHOD = re.compile(rb"[!-~]+")


class Asked(NamedTuple):
    """What a handshake says of itself: its keys, offers and subprotocols, line by line, read as strictly as they come."""

    keys: tuple[bytes, ...]
    offers: tuple[bytes, ...]
    protocols: tuple[bytes, ...]
    method: str


@functools.lru_cache(maxsize=1024)
def asked(octets: bytes) -> Asked:
    """Return what these octets of a handshake ask for."""
    lines: dict[bytes, list[bytes]] = {}
    head = octets.partition(b"\r\n\r\n")[0] + b"\r\n"
    for match in FIELD.finditer(head):
        lines.setdefault(match[1].lower(), []).append(match[2].strip(b" \t"))
    method = METHOD.match(octets.lstrip(b"\r\n"))
    return Asked(
        tuple(lines.get(b"sec-websocket-key", ())),
        tuple(lines.get(b"sec-websocket-extensions", ())),
        tuple(lines.get(b"sec-websocket-protocol", ())),
        method[0].decode() if method else "GET",
    )


class Answered(NamedTuple):
    """The answer to a handshake: the response, what was agreed on, and what stands behind its head."""

    response: Response
    agreed: Deflate | None
    rest: bytes

    @property
    def switches(self) -> bool:
        """Whether it says that the connection is a WebSocket now."""
        return self.response.status == 101


class Opening:
    """Reads the answer to one handshake as it comes. `answer` is None until it is whole; `garbage` is no answer."""

    def __init__(self, octets: bytes) -> None:
        self.asked = asked(octets)
        self.answer: Answered | None = None
        self.garbage = b""
        self._parser = ResponseParser(self.asked.method)

    def feed(self, octets: bytes) -> None:
        """Take what comes. An interim response that is no 101 is passed over."""
        self._parser.feed(octets)
        self._look()

    def end(self, end: End) -> None:
        """Take the end of the connection, which may be the end of the answer too."""
        self._parser.feed_end(end)
        self._look()

    def _look(self) -> None:
        response = self._parser.response
        self.garbage = self._parser.garbage
        if response is not None and 100 <= response.status < 200 and response.status != 101:
            rest, self._parser = self._parser.rest, ResponseParser(self.asked.method)
            self.feed(rest)
        elif response is not None:
            self.answer = Answered(response, deflate_of(response), self._parser.rest)
