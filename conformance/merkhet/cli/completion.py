"""`merkhet completion`."""

from __future__ import annotations

import click


@click.command()
def completion() -> None:
    """X."""
