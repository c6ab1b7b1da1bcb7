"""`merkhet schema`: the JSON Schema of results."""

from __future__ import annotations

import click

from merkhet import results
from merkhet.cli.codes import Code


@click.command()
def schema() -> Code:
    """Print the JSON Schema (2020-12) of results.json."""
    click.echo(results.schema(), nl=False)
    return Code.OK
