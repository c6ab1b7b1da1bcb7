"""What an expectation is: shown an `Answer`, or what was `Heard`, it says whether it is one, and what a match rests on."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from merkhet.answer import Answer, Context
from merkhet.heard import Heard


class Rests(enum.StrEnum):
    """What an expectation that is met rests on. A target that answers everything alike proves nothing by a status."""

    STATUS = "status"
    CONTENT = "content"
    END = "end"
    NOTHING = "nothing"


class Expectation(Protocol):
    """One possible answer."""

    def describe(self) -> str:
        """Say what is expected, in the words of a report."""
        ...

    def matches(self, answer: Answer, context: Context) -> bool:
        """Whether `answer` is this."""
        ...

    @property
    def rests_on(self) -> Rests:
        """What a match proves."""
        ...


@runtime_checkable
class Telling(Protocol):
    """An expectation of what a target tells in its content: a report of a form, an echo."""

    def told(self, answer: Answer) -> str:
        """Say what an answer tells of what is asked for; empty if it tells nothing of it.

        What a target told is in it as escapes alone, and shortened.
        """
        ...


def told_by(cases: Iterable[object], answer: Answer) -> str:
    """Say what an answer tells of what these expectations ask for, in the words of the first that has any."""
    return next(filter(None, (case.told(answer) for case in cases if isinstance(case, Telling))), "")


class Hearing(Protocol):
    """One possible thing to hear on a WebSocket."""

    def describe(self) -> str:
        """Say what is expected, in the words of a report."""
        ...

    def matches(self, heard: Heard, context: Context) -> bool:
        """Whether what was heard is this."""
        ...

    @property
    def rests_on(self) -> Rests:
        """What a match proves."""
        ...
