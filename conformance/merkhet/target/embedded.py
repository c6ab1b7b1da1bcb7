"""The embedded reference: what is judged when nothing else is named. A process like any other target, never imported."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from merkhet.target.process import TargetProcess
from merkhet.template import ENDPOINTS

NAME = "embedded reference"
TIMEOUTS = ("--idle-seconds", "2.5", "--head-seconds", "3", "--content-seconds", "3")
"""Short enough that the checks of timeouts see them pass, long enough for the checks that send slowly."""
COMMAND = (sys.executable, "-m", "merkhet_reference.contract", "--port", "{port}", "--files", "{files}", *TIMEOUTS)
# The reference offers the whole contract but a tunnel.
OFFERED: Mapping[str, str] = {name: path for name, path in ENDPOINTS.items() if name != "connect"}


def embedded() -> TargetProcess:
    """Return the reference, not started yet."""
    return TargetProcess(COMMAND)
