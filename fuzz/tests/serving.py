"""What the state machines share: the contract, served by the reference, and how much of it is tried."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, settings

from merkhet_reference import contract, server

FEW = settings(
    max_examples=25, stateful_step_count=20, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
"""The same steps each time, in some seconds."""


@contextmanager
def contract_at(place: Path) -> Generator[tuple[str, int]]:
    """Serve the contract by the reference, with folders below this place; give the address."""
    folder, drop = place / "files", place / "drop"
    for made in (folder, drop):
        made.mkdir()
    serving = server.Server(contract.application(folder, drop))
    serving.listen(0)
    serving.start()
    try:
        yield serving.address
    finally:
        serving.shutdown()
