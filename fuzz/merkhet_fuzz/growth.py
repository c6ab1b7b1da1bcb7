"""Bounded work: how the time that a parser takes grows with the input, measured on inputs made larger and larger.

A stopwatch lies on a busy machine, so nothing is judged by one figure. Processor time is taken, the least of several
runs; sizes are doubled until an input takes long enough to be measured; and growth counts only if it is beyond linear
in each of the last doublings, and again when all is measured anew.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from merkhet.model import Weight
from merkhet_fuzz.grammar import BOUNDARY, Kind
from merkhet_fuzz.oracles import Suspicion, run
from merkhet_fuzz.parsers import Parser

FACTOR_MAX = 3.0
"""Twice the input may take twice the time; three times as long in every doubling is growth with a power of 1.6 or more."""
DOUBLINGS = 3
SECONDS_MIN = 0.02
SECONDS_MAX = 4.0
"""An input that takes longer is not made larger."""
OCTETS_MAX = 1 << 21
REPEATS = 3
Make = Callable[[int], list[bytes]]
_HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
_CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
_PART = b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
_END = b"\r\n--" + BOUNDARY + b"--\r\n"


def _whole(begin: bytes, repeated: bytes, end: bytes = b"") -> Make:
    return lambda count: [begin + repeated * count + end]


def _in_pieces(begin: bytes, repeated: bytes, end: bytes = b"") -> Make:
    """Each repetition comes in a segment of its own: what was searched once must not be searched again."""
    return lambda count: [begin, *([repeated] * count), end] if end else [begin, *([repeated] * count)]


PROBES: Mapping[Kind, Mapping[str, Make]] = {
    Kind.HTTP: {
        "value-of-spaces": _whole(_HEAD + b"X: a", b" ", b"b\r\n\r\n"),
        "value-then-control": _whole(_HEAD + b"X: ", b"x", b"\x10\r\n\r\n"),
        "same-field": _whole(_HEAD, b"X: a\r\n", b"\r\n"),
        "long-target": _whole(b"GET /", b"a", b" HTTP/1.1\r\nHost: a\r\n\r\n"),
        "line-in-pieces": _in_pieces(_HEAD + b"X: ", b"a" * 4, b"\r\n\r\n"),
        "empty-lines": _whole(b"", b"\r\n", _HEAD + b"\r\n"),
        "one-octet-chunks": _whole(_CHUNKED, b"1\r\na\r\n", b"0\r\n\r\n"),
        "one-octet-chunks-in-pieces": _in_pieces(_CHUNKED, b"1\r\na\r\n", b"0\r\n\r\n"),
        "extension": _whole(_CHUNKED + b"1", b";a", b"\r\na\r\n0\r\n\r\n"),
        "trailers": _whole(_CHUNKED + b"0\r\n", b"X: a\r\n", b"\r\n"),
        "content-in-pieces": _in_pieces(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n", b"a"),
    },
    Kind.CHUNKED: {
        "one-octet-chunks": _whole(b"", b"1\r\na\r\n", b"0\r\n\r\n"),
        "extension": _whole(b"1", b";a", b"\r\na\r\n0\r\n\r\n"),
        "trailers": _whole(b"0\r\n", b"X: a\r\n", b"\r\n"),
        "quoted-backslashes": _whole(b'1;a="', b"\\\\", b"\r\na\r\n0\r\n\r\n"),
    },
    Kind.RANGE: {
        "digits": _whole(b"bytes=", b"9", b"-"),
        "ranges": _whole(b"bytes=0-0", b",0-0"),
        "commas": _whole(b"bytes=", b",", b"0-0"),
        "spaces": _whole(b"bytes=0-0,", b" ", b"1-1"),
    },
    Kind.DATE: {"digits": _whole(b"Sun, 06 Nov ", b"9", b" 08:49:37 GMT"), "spaces": _whole(b"Sun,", b" ", b"06 Nov 1994")},
    Kind.MULTIPART: {
        "content-of-cr": _whole(_PART, b"\r", _END),
        "content-behind-cr": _in_pieces(_PART + b"\r", b"a" * 64, _END),
        "content-of-dashes": _whole(_PART, b"\r\n--", _END),
        "parts": _whole(b"", _PART + b"a\r\n", _PART + b"a" + _END),
        "preamble": _in_pieces(b"", b"a" * 16, b"\r\n" + _PART + _END),
        "epilogue": _in_pieces(_PART + _END, b"a" * 16),
        "fields": _whole(_PART[:-2], b"X: a\r\n", b"\r\na" + _END),
        "parameters": _whole(_PART[:-4], b'; a="\\"', b"\r\n\r\na" + _END),
    },
    Kind.FRAMES: {
        "empty-fragments": _whole(b"\x01\x80\0\0\0\0", b"\0\x80\0\0\0\0", b"\x80\x80\0\0\0\0"),
        "payload-in-pieces": _in_pieces(b"\x82\xff\0\0\0\0\0\x0f\xff\xff\0\0\0\0", b"a" * 4),
        "pings": _whole(b"", b"\x89\x80\0\0\0\0"),
    },
    Kind.HANDSHAKE: {
        "extension-backslashes": _whole(_HEAD + b'Sec-WebSocket-Extensions: a;b="', b"\\\\", b"\r\n\r\n"),
        "protocols": _whole(_HEAD + b"Sec-WebSocket-Protocol: a", b", a", b"\r\n\r\n"),
    },
}  # fmt: skip
"""By kind and name: what is made larger, and fed whole or in pieces."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Sizes in repetitions, each twice the one before, and the processor time of each."""

    counts: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def factors(self) -> tuple[float, ...]:
        """Return how much longer each of the last doublings took."""
        return tuple(later / before for before, later in zip(self.seconds[:-1], self.seconds[1:], strict=True))[
            -DOUBLINGS:
        ]

    @property
    def is_beyond_linear(self) -> bool:
        """Whether every one of enough doublings took much more than twice as long."""
        return len(self.factors) == DOUBLINGS and min(self.factors) > FACTOR_MAX


def measure(parser: Parser, make: Make, clock: Callable[[], float] = time.process_time) -> Growth:
    """Return how time grows with size: doubled from the first that can be measured on, as far as time and octets allow."""
    counts: list[int] = []
    seconds: list[float] = []
    count = 64
    while True:
        segments = make(count)
        taken = _seconds(parser, segments, clock)
        if taken >= SECONDS_MIN:
            counts.append(count)
            seconds.append(taken)
        if taken > SECONDS_MAX or sum(map(len, segments)) > OCTETS_MAX or len(seconds) > DOUBLINGS:
            return Growth(tuple(counts), tuple(seconds))
        count *= 2


def _seconds(parser: Parser, segments: Sequence[bytes], clock: Callable[[], float]) -> float:
    """Return the least of some runs: what disturbs only adds. A long one is its own proof, and is not repeated."""
    least = float("inf")
    gc.collect()
    for _ in range(REPEATS):
        begun = clock()
        run(parser, segments)
        least = min(least, clock() - begun)
        if least > SECONDS_MAX / 4:
            break
    return least


def probe(parser: Parser) -> list[tuple[Suspicion, bytes]]:
    """Return what grows beyond linear, each with the smallest of the inputs that show it."""
    found: list[tuple[Suspicion, bytes]] = []
    for name, make in PROBES[parser.kind].items():
        growth = measure(parser, make)
        if growth.is_beyond_linear and (again := measure(parser, make)).is_beyond_linear:
            factors = ", ".join(f"{factor:.1f}" for factor in again.factors)
            expected = "time that grows as the input does"
            last = f"{again.seconds[-1]:.2f} s at {again.counts[-1]} repetitions"
            observed = f"{name}: twice the input took {factors} times as long, to {last}"
            found.append(
                (Suspicion("work", "", name, expected, observed, Weight.WARNING), b"".join(make(again.counts[0])))
            )
    return found
