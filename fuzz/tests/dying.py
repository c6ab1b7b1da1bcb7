"""A parser that ends its process on one input: once, or each time. Where and how often is in the environment."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

from broken import Refused, chunked

OCTETS = "MERKHET_TEST_DIES_ON"
"""The octets of that input, in hexadecimal digits."""
MARK = "MERKHET_TEST_DIES_ONCE"
"""A file that whoever dies leaves: where it is there already, nobody dies. Without it everybody does."""
_parser = chunked(**{"any two": True, "any trailer": True, "no extensions": True})


def parse(segments: Sequence[bytes]) -> Iterator[bytes]:
    wanted = os.environ.get(OCTETS)
    if wanted and b"".join(segments).hex() == wanted and is_to_die(os.environ.get(MARK)):
        os.kill(os.getpid(), signal.SIGKILL)
    yield from _parser.function(segments)


parse.refusals = (Refused,)  # type: ignore[attr-defined]


def is_to_die(mark: str | None) -> bool:
    if mark is None:
        return True
    try:
        Path(mark).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
