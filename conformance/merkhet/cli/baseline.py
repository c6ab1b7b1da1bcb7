"""`merkhet baseline`."""

from __future__ import annotations

import click


@click.command()
def baseline() -> None:
    """X."""
