"""Libraries of others, imported when they are asked for: whether one is installed is no matter of ours, nor are its types."""

from __future__ import annotations

import importlib
from typing import Any


def library(name: str) -> Any:  # noqa: ANN401 - somebody else's module
    """Return a module. Raises ImportError."""
    return importlib.import_module(name)
