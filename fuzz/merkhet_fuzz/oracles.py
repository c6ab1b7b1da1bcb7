"""What is asked of a parser for every input. A Fault is a disagreement, with the detail by which it is told from others."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import NamedTuple

from merkhet_fuzz import http_request, reading
from merkhet_fuzz.http_request import Meaning
from merkhet_fuzz.model import Input, segments
from merkhet_fuzz.parsers import CLEAN, Message, Parsed, Parser
from merkhet_fuzz.spellings import Due, Level

BROKEN_VALUE = frozenset(b"\r\n\0")


class Fault(NamedTuple):
    """One disagreement. `oracle` and `detail` are its pin: what stays while its input is made smaller."""

    oracle: str
    detail: str
    level: Level
    clause: str
    words: str

    @property
    def pin(self) -> tuple[str, str]:
        """What is the same for all inputs that show this disagreement."""
        return self.oracle, self.detail


def judge(parser: Parser, given: Input, data: bytes | None = None, *, deep: bool = True) -> list[Fault]:
    """Return the faults that an input shows. `data`: its octets, if they are known. Without `deep` there is no round trip."""
    octets = reading.octets(given) if data is None else data
    try:
        parsed = parser([octets] if octets else [])
    except Exception as problem:  # noqa: BLE001 - that anything comes is what is looked for
        return [_crash(problem)]
    faults = _strict(given, octets, parsed)
    faults += _clean_octets(parsed)
    if given.cuts:
        faults += _same_in_segments(parser, given, octets, parsed)
    if deep and not faults:
        faults += _round_trip(parser, parsed)
    return faults


def _crash(problem: Exception) -> Fault:
    frames = traceback.extract_tb(problem.__traceback__)
    place = frames[-1].name if frames else ""
    name = type(problem).__name__
    return Fault("total", f"{name} in {place}", Level.MUST, "", f"the parser raises {name}, which it does not declare")


def meaning(message: Message) -> Meaning:
    """Return what a message that was handed on says."""
    return http_request.meaning(
        bytes(message.method), bytes(message.target), list(message.fields), bytes(message.content)
    )


def _strict(given: Input, octets: bytes, parsed: Parsed) -> list[Fault]:
    """Hold the requests that were handed on whole to what is due. What is neither due nor forbidden is left alone."""
    demand = reading.demand(given)
    wholes = [message for message in parsed.messages if message.whole]
    if demand.due is Due.FREE:
        return []
    if demand.due is Due.REFUSE:
        if len(wholes) <= demand.request:
            return []
        words = f"request {demand.request + 1} is handed on as whole, though {demand.blame} makes it wrong"
        return [Fault("refuse", demand.blame, demand.level, demand.clause, words)]
    expected, at_end = _expected(given)
    if len(wholes) > len(expected):
        words = f"{len(wholes)} whole requests are handed on, where there are {len(expected)}"
        return [Fault("count", "more", Level.MUST, demand.clause, words)]
    for number, (message, wanted) in enumerate(zip(wholes, expected, strict=False), 1):
        if part := _differing(said := meaning(message), wanted):
            words = f"the {part} of request {number} is read as {_short(getattr(said, part))}"
            return [
                Fault("content", part, demand.level, demand.clause, f"{words}, not {_short(getattr(wanted, part))}")
            ]
    if demand.due is Due.EITHER:
        return []
    if len(wholes) < len(expected):
        words = f"request {len(wholes) + 1} is legal and whole, and is not handed on ({parsed.end})"
        return [Fault("accept", parsed.end, demand.level, demand.clause, words)]
    if at_end and octets and parsed.end != CLEAN:
        words = f"the end is {parsed.end}, and nothing is wrong"
        return [Fault("accept", f"ends {parsed.end}", demand.level, demand.clause, words)]
    return []


def _expected(given: Input) -> tuple[list[Meaning], bool]:
    """Return what the requests that are whole before the stop say, and whether the stop is where one ends."""
    expected = reading.meanings(given)
    if given.stop is None:
        return expected, True
    count, at_end = reading.whole_requests(given, len(reading.octets(given._replace(stop=None))))
    return expected[:count], at_end


def _differing(one: Meaning, two: Meaning) -> str:
    """Return which part of two meanings is not the same, or "" if all is."""
    return next((part for part in Meaning._fields if getattr(one, part) != getattr(two, part)), "")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _clean_octets(parsed: Parsed) -> list[Fault]:
    for message in parsed.messages:
        if not message.whole:
            continue
        if not BROKEN_VALUE.isdisjoint(message.method) or not BROKEN_VALUE.isdisjoint(message.target):
            return [Fault("clean", "request line", Level.MUST, "rfc9112#3", "method or target has CR, LF or NUL in it")]
        for name, value in message.fields:
            if not BROKEN_VALUE.isdisjoint(value):
                return [Fault("clean", "value", Level.MUST, "rfc9110#5.5", "a field value has CR, LF or NUL in it")]
            if not BROKEN_VALUE.isdisjoint(name) or b":" in name or not name:
                return [
                    Fault(
                        "clean",
                        "name",
                        Level.MUST,
                        "rfc9110#5.1",
                        "a field name is empty, or has a colon, CR, LF or NUL",
                    )
                ]
    return []


def _same_in_segments(parser: Parser, given: Input, octets: bytes, parsed: Parsed) -> list[Fault]:
    try:
        divided = parser(segments(octets, given.cuts))
    except Exception as problem:  # noqa: BLE001 - as above
        return [_crash(problem)]
    one, two = _wholes(parsed), _wholes(divided)
    if one != two:
        words = f"{len(one)} whole requests come of the octets at once, and {len(two)} or others in segments"
        return [Fault("segments", "requests", Level.MUST, "rfc9112#2.2", words)]
    if parsed.end != divided.end:
        words = f"the end is {parsed.end} where the octets come at once, and {divided.end} in segments"
        return [Fault("segments", "end", Level.SHOULD, "rfc9112#2.2", words)]
    return []


def _wholes(parsed: Parsed) -> list[tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes]]:
    return [
        (each.method, each.target, list(each.fields), bytes(each.content)) for each in parsed.messages if each.whole
    ]


def _round_trip(parser: Parser, parsed: Parsed) -> list[Fault]:
    """Write each request plainly and have it read again: it must say the same, and be one."""
    for message in parsed.messages:
        if not message.whole:
            continue
        try:
            again = parser([write(message)])
        except Exception as problem:  # noqa: BLE001 - as above
            return [_crash(problem)]
        if len(again.messages) != 1 or not again.messages[0].whole:
            words = f"a request that was handed on, written plainly, is not taken as one request ({again.end})"
            return [
                Fault("round trip", f"{len(again.messages)} requests, {again.end}", Level.SHOULD, "rfc9112#2.1", words)
            ]
        if part := _differing(meaning(again.messages[0]), meaning(message)):
            return [
                Fault(
                    "round trip",
                    part,
                    Level.SHOULD,
                    "rfc9112#2.1",
                    f"the {part} of a request, written plainly, is read as another",
                )
            ]
    return []


def write(message: Message) -> bytes:
    """Return a request as plainly as it can be written: no chunks, one SP behind each colon."""
    lines: list[bytes] = [b"%s %s HTTP/1.1" % (message.method, message.target)]
    lines += [b"%s: %s" % (name, value) for name, value in message.fields if name.lower() not in http_request.FRAMING]
    if message.content:
        lines.append(b"Content-Length: %d" % len(message.content))
    return b"\r\n".join([*lines, b"", bytes(message.content)])


def names(given: Input) -> Sequence[str]:
    """Return the edits of an input as a class has them: a raw one by the kind of its piece, with `unmended` said."""
    found: set[str] = set()
    for edit in given.edits:
        kind = given.pieces[edit.place].kind
        name = f"raw.{kind}" if edit.data is not None else edit.name
        found.add(
            name if given.mend or kind not in http_request.LENGTHS or edit.data is not None else f"{name}.unmended"
        )
    if given.stop is not None:
        found.add("stop")
    return sorted(found)
