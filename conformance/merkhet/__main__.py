"""`python -m merkhet`."""

from __future__ import annotations

from merkhet.cli import main

main()
