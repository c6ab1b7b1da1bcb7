"""websockets: frames and handshakes, by its sans-I/O protocol."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from merkhet_fuzz.adapters.library import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.parsers import Parser

QUIET = logging.getLogger("merkhet_fuzz.websockets")
QUIET.setLevel(logging.CRITICAL + 1)


def parser(name: str, kind: Kind) -> Parser:
    """Return the parser. Raises ImportError."""
    exceptions = library("websockets.exceptions")
    refusals = (
        exceptions.ProtocolError, exceptions.PayloadTooBig, exceptions.InvalidHandshake, exceptions.InvalidMessage,
        exceptions.SecurityError,
    )  # fmt: skip
    if kind is Kind.FRAMES:
        # A text is decoded above it; the reason in a Close is decoded here, which raises UnicodeDecodeError.
        return Parser(name, kind, _dialogue(), (*refusals, UnicodeDecodeError), frozenset(("rfc6455-8.1-1",)))
    return Parser(name, kind, _handshake(exceptions.InvalidHandshake), refusals)


def _dialogue() -> Callable[[Sequence[bytes]], Iterator[tuple[str, bytes]]]:
    frames, protocol, server = (library(f"websockets.{name}") for name in ("frames", "protocol", "server"))
    names = {frames.Opcode.TEXT: "text", frames.Opcode.BINARY: "binary"}

    def dialogue(segments: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
        side = server.ServerProtocol(state=protocol.State.OPEN, logger=QUIET)
        what, content = "", bytearray()
        for frame in _events(side, segments, "parser_exc"):
            if frame.opcode is frames.Opcode.PING:
                yield "ping", bytes(frame.data)
            elif frame.opcode in names or frame.opcode is frames.Opcode.CONT:
                # Its layers above put fragments together so, and decode text: here octets are compared.
                what = what or names[frame.opcode]
                content += frame.data
                if frame.fin:
                    yield what, bytes(content)
                    what, content = "", bytearray()

    return dialogue


def _events(side: Any, segments: Sequence[bytes], refusal: str) -> Iterator[Any]:  # noqa: ANN401 - websockets' own
    """Yield what is received. Raises what the side has in its attribute `refusal`, behind what came before."""
    for segment in segments:
        side.receive_data(segment)
        yield from side.events_received()
        if (problem := getattr(side, refusal)) is not None:
            raise problem


def _handshake(refused: type[Exception]) -> Callable[[Sequence[bytes]], Iterator[bool]]:
    http11, server = library("websockets.http11"), library("websockets.server")

    def handshake(segments: Sequence[bytes]) -> Iterator[bool]:
        side = server.ServerProtocol(logger=QUIET)
        for event in _events(side, segments, "handshake_exc"):
            if isinstance(event, http11.Request):
                if side.accept(event).status_code != 101:
                    raise side.handshake_exc or refused("refused")
                yield True

    return handshake
