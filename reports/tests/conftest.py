"""Runs whose every text is hostile."""

from __future__ import annotations

import enum
from typing import cast

import msgspec
import pytest
from report_samples import HOSTILE, HOSTILE_BYTES, hostile_run

from merkhet.model import RunResults

# A script that ran would leave the page another title, which a dump of the page shows.
_NAMES_THE_PAGE = (
    "</script></style></pre><b1><img src=x onerror=document.title='pwned'><script>document.title='pwned'</script>"
)


def _poison(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        fields = {name: _poison(getattr(value, name)) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    if isinstance(value, tuple):
        return tuple(_poison(item) for item in cast("tuple[object, ...]", value))
    if isinstance(value, dict):
        is_counted = any(isinstance(part, int) for part in cast("dict[str, object]", value).values())
        return {HOSTILE: 1 if is_counted else HOSTILE}
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        return _NAMES_THE_PAGE + value + HOSTILE
    if isinstance(value, bytes):
        return _NAMES_THE_PAGE.encode() + HOSTILE_BYTES
    return value


@pytest.fixture
def hostile() -> RunResults:
    """A run in which every text and every octet of the model is hostile, ours too: names, rules, commands, digests."""
    run = hostile_run()
    rules = (*run.requirements, msgspec.structs.replace(run.requirements[0], id="no-check", untestable="no"))
    poisoned = _poison(msgspec.structs.replace(run, requirements=rules))
    assert isinstance(poisoned, RunResults)
    return poisoned


@pytest.fixture
def hostile_server() -> RunResults:
    """A run in which all that a server or its operator can say is hostile."""
    return hostile_run()
