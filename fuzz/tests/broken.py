"""Small parsers: one that is sound, and for each oracle one with a fault that it must find."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.parsers import Parser

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
EXTENSION = rb"[ \t]*;[ \t]*" + TOKEN + rb"(?:[ \t]*=[ \t]*(?:" + TOKEN + rb"|" + QUOTED + rb"))?"
LINE = re.compile(rb"([0-9A-Fa-f]+)((?:" + EXTENSION + rb")*)")
TRAILER = re.compile(TOKEN + rb":[\t -~\x80-\xff]*")
Settings = dict[str, Any]


class Refused(Exception):  # noqa: N818
    pass


def chunked(**faults: Any) -> Parser:
    """A decoder of chunked bodies; `faults` are named below, where each is."""

    def decode(segments: Sequence[bytes]) -> Iterator[bytes]:
        octets = b"".join(segments)
        at, content = 0, b""
        while True:
            end = octets.find(b"\r\n", at)
            if end < 0:
                if faults.get("takes the cut") and content:
                    yield content
                return
            size = size_of(octets[at:end], faults)
            at = end + 2
            if not size:
                break
            data = octets[at : at + size]
            if len(data) < size:
                return
            content += data
            at += size
            if not faults.get("any two") and not b"\r\n".startswith(octets[at : at + 2]):
                raise Refused
            if len(octets) < at + 2:
                return
            at += 2
        yield from trailers(octets, at, content, faults)

    return Parser("test", Kind.CHUNKED, segmented(decode, faults), (Refused,))


def trailers(octets: bytes, at: int, content: bytes, faults: Settings) -> Iterator[bytes]:
    while True:
        end = octets.find(b"\r\n", at)
        if end < 0:
            return
        if end == at:
            yield content + (b"!" if faults.get("adds") else b"")
            return
        if not faults.get("any trailer") and not TRAILER.fullmatch(octets[at:end]):
            raise Refused
        at = end + 2


def size_of(line: bytes, faults: Settings) -> int:
    match = LINE.fullmatch(line)
    if match is None and faults.get("int"):
        return int(line.split(b";")[0], 16) if b";" in line or b"+" in line or b"_" in line else refuse()
    if match is None:
        if faults.get("crashes") and b"\0" in line:
            raise IndexError(line)
        while faults.get("loops") and b"\x0b" in line:
            pass
        raise Refused
    if match[2] and faults.get("no extensions"):
        raise Refused
    size = int(match[1], 16)
    return size & 0xFFFFFFFF if faults.get("wraps") else size


def refuse() -> int:
    raise Refused


def segmented(
    decode: Callable[[Sequence[bytes]], Iterator[bytes]], faults: Settings
) -> Callable[[Sequence[bytes]], Any]:
    if not faults.get("segments"):
        return decode

    def by_segments(segments: Sequence[bytes]) -> Iterator[bytes]:
        # A line end that falls between two segments is lost.
        return decode(
            [segment[:-1] if segment.endswith(b"\r") and len(segments) > 1 else segment for segment in segments]
        )

    return by_segments


def leaky(segments: Sequence[bytes]) -> Iterator[bytes]:
    """A parser as a user has one: it reads sizes as `int` does."""
    yield from chunked(int=True).function(segments)


leaky.refusals = (Refused,)  # type: ignore[attr-defined]
