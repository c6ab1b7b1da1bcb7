"""Another process of the target, for a check that ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from merkhet.template import Names
from merkhet.wire.dial import Dialer


@dataclass(frozen=True, slots=True, kw_only=True)
class Spare:
    """Where it is, and the ways in which it ends. `terminate` asks it to, and `stop` sees to it; both may block."""

    dialer: Dialer
    names: Names
    terminate: Callable[[], None]
    stop: Callable[[], None]
