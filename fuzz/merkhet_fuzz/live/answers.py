"""What a server answered on one connection, read strictly, and held against the judge's rules for every response."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from merkhet.answer import End, Response
from merkhet.expect_echo import Echo, read_echo
from merkhet.wire.judge import judge
from merkhet.wire.request import SentRequest
from merkhet.wire.response import ResponseParser
from merkhet.wire.seen import Seen
from merkhet_fuzz.oracles import Suspicion

ANSWERS_MAX = 256
"""More than any input asks for: who answers more often is not read on."""
KNOWN_MAX = 20000
_DATE = re.compile(rb"\r\n(?:date|last-modified|etag|expires):[^\r\n]*", re.IGNORECASE)


@dataclass(slots=True)
class Answers:
    """The answers to requests with these methods. Those behind the last are read as answers to GET.

    `finals` are the final responses, `interims` those before them, by the number of the final one. `garbage` is what began
    no response.
    """

    methods: Sequence[str]
    finals: list[Response] = field(default_factory=list[Response])
    interims: list[tuple[int, Response]] = field(default_factory=list[tuple[int, Response]])
    garbage: bytes = b""
    end: End | None = None
    _parser: ResponseParser | None = None

    def received(self, octets: bytes) -> None:
        """Take octets as they come."""
        while octets and not self.garbage and len(self.finals) < ANSWERS_MAX:
            parser = self._parser or ResponseParser(self._method(len(self.finals)))
            self._parser = parser
            parser.feed(octets)
            octets = self._taken(parser)

    def ended(self, end: End) -> None:
        """Say how the connection ended."""
        self.end = end
        if self._parser is not None:
            self._parser.feed_end(end)
            self._taken(self._parser)

    def _method(self, number: int) -> str:
        return self.methods[number] if number < len(self.methods) else "GET"

    def _taken(self, parser: ResponseParser) -> bytes:
        """Take a response that is whole; return what follows it."""
        if parser.garbage:
            self.garbage = parser.garbage
            return b""
        response = parser.response
        if response is None:
            return b""
        self._parser = None
        if 100 <= response.status < 200 and response.status != 101:
            self.interims.append((len(self.finals), response))
        else:
            self.finals.append(response)
        return parser.rest if response.complete else b""

    @property
    def is_between(self) -> bool:
        """Whether nothing of a further answer has come."""
        return self._parser is None or not self._parser.begun

    @property
    def unfinished(self) -> bytes:
        """The content of an answer that is not whole yet, as far as it has come."""
        return b"" if self._parser is None else self._parser.content

    def told(self) -> str:
        """Say it in words."""
        words = [f"{response.status}" + ("" if response.complete else " (cut off)") for response in self.finals]
        words += [f"no response: {self.garbage[:40]!r}"] if self.garbage else []
        ends = {End.CLOSED: "closed", End.RESET: "reset", End.SILENT: "silence"}
        words += [ends[self.end]] if self.end is not None and self.end in ends else []
        return ", ".join(words) or "nothing"

    def echo(self, number: int) -> Echo | None:
        """Return what the echo endpoint says that it read, if that answer is one."""
        response = self.finals[number]
        return read_echo(response) if response.status == 200 and response.complete else None


class Judges:
    """Holds responses against the judge's rules; what was looked at once is not looked at again."""

    def __init__(self) -> None:
        self._known: dict[object, tuple[Suspicion, ...]] = {}

    def suspicions(self, answers: Answers, requests: Sequence[SentRequest | None], *, staged: bool) -> list[Suspicion]:
        """Return the rules that a response broke. `requests` has None where what was asked is not beyond doubt."""
        found: dict[str, Suspicion] = {}
        for seen in _seen(answers, requests, staged=staged):
            for suspicion in self._judged(seen):
                found.setdefault(suspicion.label, suspicion)
        return list(found.values())

    def _judged(self, seen: Seen) -> tuple[Suspicion, ...]:
        response, request = seen.response, seen.request
        asked = None if request is None else (request.method, request.version, request.fields)
        head = _DATE.sub(b"", response.head)
        content = len(response.content) if request is None else response.content
        read = (head, response.faults, response.complete, response.framing, content)
        key = (read, asked, seen.after, seen.end, seen.named_version)
        known = self._known.get(key)
        if known is None:
            if len(self._known) > KNOWN_MAX:
                self._known.clear()
            known = self._known[key] = tuple(_broken(seen))
        return known


def _broken(seen: Seen) -> Iterator[Suspicion]:
    for rule, fault in judge(seen):
        if fault is not None and rule.choices is None and not rule.reads_frames:
            yield Suspicion("answer", rule.requirement, rule.name, rule.expected, f"{seen.response.status}: {fault}")


def _seen(answers: Answers, requests: Sequence[SentRequest | None], *, staged: bool) -> Iterator[Seen]:
    def request_of(number: int) -> SentRequest | None:
        return requests[number] if number < len(requests) else None

    named = bool(requests) and requests[0] is not None
    for number, response in answers.interims:
        yield Seen(response=response, request=request_of(number), named_version=named, staged=staged, after=b"HTTP/")
    last = len(answers.finals) - 1
    for number, response in enumerate(answers.finals):
        is_last = number == last and answers.is_between and not answers.garbage
        after = answers.garbage[:64] if number == last else b"HTTP/"
        yield Seen(
            response=response,
            request=request_of(number),
            named_version=named,
            after=after,
            end=answers.end if is_last else None,
            staged=staged,
        )
