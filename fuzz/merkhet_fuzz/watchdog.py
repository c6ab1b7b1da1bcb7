"""Bounded work: a parser that takes too much processor time over one input is stopped.

The time is the process's own, so that a busy machine makes nothing a finding. Only Python code can be stopped, and only
in the main thread; elsewhere the parser runs unwatched.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import FrameType

from merkhet_fuzz.parsers import Parsed, Parser


class TooMuchWork(BaseException):
    """The time is over. No Exception: a parser that catches all its own errors must not catch it."""


@contextmanager
def watching(parser: Parser, seconds: float) -> Generator[Parser]:
    """Within it, the parser that is handed out raises TooMuchWork after so many seconds of processor time in one call."""
    if threading.current_thread() is not threading.main_thread():
        yield parser
        return
    before = signal.signal(signal.SIGVTALRM, _over)
    try:
        yield _timed(parser, seconds)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _timed(parser: Parser, seconds: float) -> Callable[[Sequence[bytes]], Parsed]:
    def timed(segments: Sequence[bytes]) -> Parsed:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        try:
            return parser(segments)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    return timed


def _over(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a handler
    raise TooMuchWork
