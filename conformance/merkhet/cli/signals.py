"""SIGTERM ends a command as SIGINT does: with what it has written, and its target stopped."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def terminated_as_interrupted() -> Generator[None]:
    """Within it, SIGTERM is taken for SIGINT."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a handler
    signal.raise_signal(signal.SIGINT)
