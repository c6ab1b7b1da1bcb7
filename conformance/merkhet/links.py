"""Where what merkhet says can be read about: the documentation's pages, permanent for each check and requirement."""

from __future__ import annotations

from urllib.parse import quote

DOCUMENTATION = "https://merkhet.readthedocs.io/en/latest"
DISPUTE = f"{DOCUMENTATION}/dispute.html"
"""How a verdict is disputed: what CONTRIBUTING.md says, as a page."""


def check_page(check: str) -> str:
    """Return the permanent page of a check: its rule, its bytes, what each answer means, the history of its verdict."""
    return f"{DOCUMENTATION}/checks/{_quoted(check)}.html"


def requirement_page(requirement: str) -> str:
    """Return the permanent page of a requirement: the rule in our words, and what tests it."""
    return f"{DOCUMENTATION}/requirements/{_quoted(requirement)}.html"


def dispute(check: str) -> str:
    """Return where the verdict of a check is disputed."""
    return f"{DISPUTE}?check={_quoted(check)}"


def _quoted(name: str) -> str:
    # A results file may come from anywhere, and so may the ids in it.
    return quote(name, safe="", errors="replace")
