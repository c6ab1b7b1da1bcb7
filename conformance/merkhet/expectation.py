"""What an expectation is: shown an `Answer`, or what was `Heard`, it says whether it is one, and what a match rests on."""

from __future__ import annotations

import enum
from typing import Protocol

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
