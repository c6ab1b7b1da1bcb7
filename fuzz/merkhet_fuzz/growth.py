"""Bounded work: how the time that a parser takes grows with an input that is made longer and longer.

Lines that are run, as a tracer counts them, would be the same each time; but what grows is most often one line, such as a
copy of all that was received or a regular expression, and no tracer sees into that. So it is processor time, and nothing is
judged by one figure: the least of several runs counts, of sizes that are doubled three times; eight times the input may
take many times as long as is due before anything is said of it; and all of it is measured once more before it is.

A long input is an input like any other: a legal base with one edit, `before` or `behind`, that repeats octets so many times.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from merkhet.model import Weight
from merkhet_fuzz import oracles
from merkhet_fuzz.edits import BEFORE, BEHIND, LENGTHENING
from merkhet_fuzz.grammar import BOUNDARY, Kind
from merkhet_fuzz.inputs import PLAIN, Edit, Input, Transport
from merkhet_fuzz.oracles import Suspicion, run
from merkhet_fuzz.parsers import Parser
from merkhet_fuzz.render import render

ORACLE = "work"
DOUBLINGS = 3
FACTOR_MAX = 3.0
"""Twice the input may take twice the time. This is a power of 1.6."""
GROWTH_MAX = FACTOR_MAX**DOUBLINGS
"""How many times as long eight times the input may take: that would be 8."""
GROWTH_PLAIN = 1.5 * GROWTH_MAX
"""What is beyond by less is made longer: measured again, it might not be."""
SECONDS_MIN = 0.02
SECONDS_NONE = 0.0002
"""What takes less is made four times as long at once."""
SECONDS_ENOUGH = 0.05
"""What took so long, and no more than is due, is not made longer."""
SECONDS_MAX = 1.0
OCTETS_MAX = 1 << 20
REPEATS = 3
COUNT_MIN = 16
PART = b"\r\n--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="a"\r\n\r\na'
Clock = Callable[[], float]


class Probe(NamedTuple):
    """What is made longer: `repeated`, between `begin` and `end`, stands before or behind a piece of a simplest base.

    `each`: segments of so many octets, as what was searched once must not be searched again.
    """

    base: str
    place: str
    repeated: bytes
    begin: bytes = b""
    end: bytes = b""
    what: str = BEHIND
    each: int = 0

    def input(self, kind: Kind, count: int) -> Input:
        """Return the input with so many repetitions."""
        argument = ",".join((str(count), self.repeated.hex(), self.begin.hex(), self.end.hex())).rstrip(",")
        edit = Edit(self.place, self.what, argument)
        return Input(kind, self.base, 0, (edit,), Transport(each=self.each) if self.each else PLAIN)


PROBES: Mapping[Kind, Mapping[str, Probe]] = {
    Kind.HTTP: {
        "value-of-spaces": Probe("get", "host.end", b" ", b"X: a", b"b\r\n"),
        "value-of-tabs": Probe("get", "host.end", b"\t", b"X:", b"\r\n"),
        "value-then-control": Probe("get", "host.end", b"x", b"X: ", b"\x10\r\n"),
        "name-without-colon": Probe("get", "host.end", b"x", b"", b"\r\n"),
        "folded-lines": Probe("get", "host.end", b" a\r\n", b"X: a\r\n"),
        "same-field": Probe("get", "host.end", b"X: a\r\n"),
        "long-list": Probe("get", "host.end", b", a", b"Connection: a", b"\r\n"),
        "long-target": Probe("get", "request-line.target", b"a"),
        "escaped-target": Probe("get", "request-line.target", b"%2e/"),
        "length-of-digits": Probe("post", "content-length.value", b"0", what=BEFORE),
        "head-in-pieces": Probe("get", "host.end", b"a", b"X: ", b"\r\n", each=4),
        "fields-in-pieces": Probe("get", "host.end", b"X: a\r\n", each=4),
        "empty-lines": Probe("get", "request-line.method", b"\r\n", what=BEFORE),
        "chunks": Probe("chunked", "last.size", b"1\r\na\r\n", what=BEFORE),
        "chunks-in-pieces": Probe("chunked", "last.size", b"1\r\na\r\n", what=BEFORE, each=5),
        "chunk-in-pieces": Probe("chunked", "data1.octets", b"a", each=4),
        "extensions": Probe("chunked", "chunk1.size", b";a"),
        "extension-in-pieces": Probe("chunked", "chunk1.size", b"a", b";", each=4),
        "extension-of-backslashes": Probe("chunked", "chunk1.size", b"\\\\", b';a="', b'"'),
        "trailers": Probe("chunked", "last.end", b"X: a\r\n"),
        "content-in-pieces": Probe("post", "content.octets", b"a", each=4),
        "requests": Probe("get", "request-line.method", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", what=BEFORE),
    },
    Kind.CHUNKED: {
        "chunks": Probe("body", "last.size", b"1\r\na\r\n", what=BEFORE),
        "chunks-in-pieces": Probe("body", "last.size", b"1\r\na\r\n", what=BEFORE, each=5),
        "chunk-in-pieces": Probe("body", "data1.octets", b"a", each=4),
        "size-of-zeros": Probe("body", "chunk1.size", b"0", what=BEFORE),
        "extensions": Probe("body", "chunk1.size", b";a"),
        "extension-in-pieces": Probe("body", "chunk1.size", b"a", b";", each=4),
        "extension-of-backslashes": Probe("body", "chunk1.size", b"\\\\", b';a="', b'"'),
        "extension-of-spaces": Probe("body", "chunk1.size", b" ", b";", b"\0"),
        "trailers": Probe("body", "last.end", b"X: a\r\n"),
        "trailer-in-pieces": Probe("body", "last.end", b"a", b"X: ", b"\r\n", each=4),
    },
    Kind.RANGE: {
        "digits": Probe("one", "range.first1", b"9"),
        "digits-alone": Probe("one", "range.last1", b"9", b","),
        "ranges": Probe("one", "range.last1", b",0-0"),
        "commas": Probe("one", "range.last1", b","),
        "spaces": Probe("one", "range.last1", b" ", b",", b"1-1"),
        "spaces-then-control": Probe("one", "range.last1", b" ", b",", b"\0"),
        "unit": Probe("one", "range.unit", b"a"),
    },
    Kind.DATE: {
        "digits": Probe("imf", "date.day", b"9"),
        "spaces": Probe("imf", "date.comma", b" "),
        "comments": Probe("imf", "date.zone", b"("),
        "letters": Probe("imf", "date.weekday", b"a"),
    },
    Kind.MULTIPART: {
        "content-of-cr": Probe("one", "part1.octets", b"\r"),
        "content-of-line-ends": Probe("one", "part1.octets", b"\r\n"),
        "content-of-dashes": Probe("one", "part1.octets", b"\r\n--"),
        "content-nearly-a-delimiter": Probe("one", "part1.octets", b"\r\n--merkhet-boundar"),
        "content-behind-cr": Probe("one", "part1.octets", b"a", b"\r", each=64),
        "content-in-pieces": Probe("one", "part1.octets", b"a", each=4),
        "parts": Probe("one", "close.lead", PART, what=BEFORE),
        "preamble-in-pieces": Probe("surrounded", "preamble.octets", b"a", each=4),
        "epilogue-in-pieces": Probe("surrounded", "m2-epilogue.octets", b"a", each=4),
        "fields": Probe("one", "disposition1.end", b"X: a\r\n"),
        "field-in-pieces": Probe("one", "disposition1.end", b"a", b"X: ", b"\r\n", each=4),
        "parameters": Probe("one", "disposition1.value", b'; a="\\"'),
        "parameter-of-backslashes": Probe("one", "disposition1.value", b"\\\\", b'; a="', b'"'),
        "parameter-without-end": Probe("one", "disposition1.value", b"\\\\", b'; a="'),
        "value-of-spaces": Probe("one", "disposition1.value", b" ", b";", b"a"),
    },
    Kind.FRAMES: {
        "empty-fragments": Probe("fragments", "end1.first", b"\0\x80\0\0\0\0", what=BEFORE),
        "payload-in-pieces": Probe("messages", "message1.payload", b"a", each=4),
        "payload-of-four-octets": Probe("messages", "message1.payload", "\U0001f600".encode(), each=3),
        "pings": Probe("messages", "canary.first", b"\x89\x80\0\0\0\0", what=BEFORE),
        "messages": Probe("messages", "canary.first", b"\x81\x81\0\0\0\0a", what=BEFORE),
    },
    Kind.HANDSHAKE: {
        "extensions": Probe("plain", "host.end", b", a; b", b"Sec-WebSocket-Extensions: a", b"\r\n"),
        "extension-of-backslashes": Probe("plain", "host.end", b"\\\\", b'Sec-WebSocket-Extensions: a; b="', b'"\r\n'),
        "extension-of-spaces": Probe("plain", "host.end", b" ", b"Sec-WebSocket-Extensions: a;", b"\0\r\n"),
        "protocols": Probe("plain", "host.end", b", a", b"Sec-WebSocket-Protocol: a", b"\r\n"),
        "connection": Probe("plain", "host.end", b", a", b"Connection: a", b"\r\n"),
        "upgrade": Probe("plain", "host.end", b", a", b"Upgrade: a", b"\r\n"),
        "fields-in-pieces": Probe("plain", "host.end", b"X: a\r\n", each=4),
    },
}  # fmt: skip
"""By kind and name; none for what no parser reads alone."""


class Growth(NamedTuple):
    """The time of an input of half the size each, the longest last, in seconds."""

    seconds: tuple[float, ...]

    @property
    def factors(self) -> tuple[float, ...]:
        """How much longer each doubling took."""
        pairs = zip(self.seconds, self.seconds[1:], strict=False)
        return tuple(later / max(before, 1e-9) for before, later in pairs)

    @property
    def is_beyond_linear(self) -> bool:
        """Whether the longest took far longer than is due, and the last doubling had its share in that."""
        if len(self.seconds) <= DOUBLINGS or self.seconds[-1] < SECONDS_MIN:
            return False
        return self._is_beyond(GROWTH_MAX)

    @property
    def is_plain(self) -> bool:
        """Whether it is so far beyond linear that another measure will say the same."""
        return self.is_beyond_linear and self._is_beyond(GROWTH_PLAIN)

    def _is_beyond(self, factor: float) -> bool:
        return self.seconds[-1] > factor * self.seconds[-1 - DOUBLINGS] and self.factors[-1] > FACTOR_MAX


def is_long(made: Input) -> bool:
    """Tell whether an input is one of these: it has an edit that repeats octets."""
    return any(edit.what in LENGTHENING for edit in made.edits)


def seen(parser: Parser, made: Input, clock: Clock = time.thread_time) -> list[Suspicion]:
    """Return what is wrong with the work that a long input makes, beside the same with fewer repetitions; twice measured."""
    growth = Growth(())
    for _ in range(2):
        growth = Growth(tuple(_seconds(parser, shorter, clock, REPEATS) for shorter in _shorter(made)))
        if not growth.is_beyond_linear:
            return []
    factors = ", ".join(f"{factor:.1f}" for factor in growth.factors)
    observed = f"twice the octets took {factors} times as long, to {growth.seconds[-1]:.2f} s"
    wanted = "time that grows as the input does"
    return [Suspicion(ORACLE, "", name_of(made), wanted, observed, Weight.WARNING)]


def name_of(made: Input) -> str:
    """Return the name of the probe that an input is of; its place where it is of none."""
    edit = next(edit for edit in made.edits if edit.what in LENGTHENING)
    for name, probe in PROBES.get(Kind(made.kind), {}).items():
        if probe.input(Kind(made.kind), int(edit.argument.partition(",")[0])) == made:
            return name
    return edit.place


def _shorter(made: Input) -> Iterator[Input]:
    """Yield the input with an eighth of its repetitions, then a fourth, a half, and all."""
    for shift in range(DOUBLINGS, -1, -1):
        edits = tuple(
            edit._replace(argument=_divided(edit.argument, shift)) if edit.what in LENGTHENING else edit
            for edit in made.edits
        )
        yield replace(made, edits=edits)


def _divided(argument: str, shift: int) -> str:
    count, comma, more = argument.partition(",")
    return f"{int(count) >> shift}{comma}{more}"


def _seconds(parser: Parser, made: Input, clock: Clock, repeats: int) -> float:
    """Return the least of some runs: what disturbs only adds."""
    segments = render(made).segments
    gc.disable()  # what there is to collect depends on what was before
    try:
        with oracles.watchdog():
            return _least(parser, segments, clock, repeats)
    finally:
        gc.enable()


def _least(parser: Parser, segments: list[bytes], clock: Clock, repeats: int) -> float:
    least = float("inf")
    for _ in range(repeats):
        oracles.rewind()
        begun = clock()
        run(parser, segments)
        least = min(least, clock() - begun)
        if least > SECONDS_MAX:
            break
    return least


def longest(parser: Parser, probe: Probe, clock: Clock = time.thread_time) -> tuple[Input, Growth]:
    """Return the input that is long enough to judge by, and the times of all that were shorter, of one run each."""
    count = COUNT_MIN
    seconds: list[float] = []
    while True:
        made = probe.input(parser.kind, count)
        seconds.append(_seconds(parser, made, clock, 1))
        growth = Growth(tuple(seconds))
        is_enough = seconds[-1] > SECONDS_ENOUGH and growth.factors[-1:] < (FACTOR_MAX,)
        octets = count * len(probe.repeated)
        is_too_much = seconds[-1] > min(SECONDS_MAX, oracles.HANG_SECONDS / 2) or octets > OCTETS_MAX
        if is_enough or growth.is_plain or is_too_much:
            return made, growth
        count *= 2
        if seconds[-1] < SECONDS_NONE:
            seconds.clear()
            count *= 2


def probe(parser: Parser, clock: Clock = time.thread_time) -> Iterator[tuple[Suspicion, Input]]:
    """Yield what grows beyond linear, each with an input that shows it."""
    for each in PROBES.get(parser.kind, {}).values():
        made, growth = longest(parser, each, clock)
        is_sudden = len(growth.seconds) <= DOUBLINGS and growth.seconds[-1] > SECONDS_ENOUGH
        if growth.is_beyond_linear or is_sudden:
            yield from ((suspicion, made) for suspicion in seen(parser, made, clock))
