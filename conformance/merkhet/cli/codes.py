"""Exit codes: who is at fault, and which of several faults is told."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Code(enum.IntEnum):
    """What `merkhet` ends with. 1 is the server's fault, 2 the invocation's, 3 the target's, 4 ours."""

    OK = 0
    SERVER = 1
    INVOCATION = 2
    TARGET = 3
    OURS = 4
    INTERRUPTED = 130


PRECEDENCE = (Code.INTERRUPTED, Code.OURS, Code.INVOCATION, Code.TARGET, Code.SERVER, Code.OK)


class Failure(Exception):  # noqa: N818 - the end of a command, told with its code
    """A command that cannot go on: the code, what is wrong, and the last that the target printed."""

    def __init__(self, code: Code, message: str, output: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.output = output


def gravest(codes: Iterable[Code]) -> Code:
    """Return the one of these that is told."""
    there = set(codes)
    return next((code for code in PRECEDENCE if code in there), Code.OK)
