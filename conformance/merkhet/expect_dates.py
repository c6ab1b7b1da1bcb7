"""Expectations of the Date of a response, beside that of one that was kept."""

from __future__ import annotations

from dataclasses import dataclass

from merkhet.answer import Answer, Context, Response
from merkhet.expectation import Expectation, Rests
from merkhet.wire.judge_values import parse_date


@dataclass(frozen=True, slots=True)
class _Advanced:
    """A whole final response whose Date lies so many seconds behind that of a kept answer."""

    name: str
    least: int
    most: int
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"a Date {self.least} to {self.most} s later than that of the {self.name} answer"

    def matches(self, answer: Answer, context: Context) -> bool:
        kept, response = context.kept.get(self.name), answer.final
        if kept is None or response is None:
            return False
        before, now = _date(kept), _date(response)
        return before is not None and now is not None and self.least <= now - before <= self.most


def _date(response: Response) -> float | None:
    values = response.values(b"Date")
    parsed = parse_date(values[0]) if len(values) == 1 else None
    return parsed.timestamp() if parsed is not None else None


def advanced(name: str, least: int, most: int) -> Expectation:
    """The Date has gone on by `least` to `most` seconds since the answer kept as `name`."""
    return _Advanced(name, least, most)
