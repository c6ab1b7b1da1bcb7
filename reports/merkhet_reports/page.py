"""What every page shares: templates that let no text through raw, files beside them, and digests for the policy."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Callable, Mapping
from importlib import resources

import jinja2
from markupsafe import Markup

from merkhet.model import Requirement
from merkhet_reports import summary
from merkhet_reports.escape import printable


@functools.cache
def asset(name: str) -> str:
    """Return the text of a file beside the templates."""
    return (resources.files("merkhet_reports") / "templates" / name).read_text(encoding="utf-8")


def style(name: str) -> str:
    """Return the style of a page: the palette that all pages share, light and dark, and its own."""
    return asset("palette.css") + asset(name)


def environment(filters: Mapping[str, Callable[..., object]], *, lines: bool = False) -> jinja2.Environment:
    """Return an environment whose templates print nothing but harmless text, with these filters.

    With `lines` the line breaks of a text stay as they are.
    """
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(asset),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=functools.partial(_harmless, lines=lines),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(filters)
    return made


def _harmless(value: object, *, lines: bool) -> object:
    """Return what a template prints. No text reaches the page raw, even where the template forgets to ask."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value, lines=lines)
    return value


def place(rule: Requirement) -> str:
    """Return where a rule stands, for people."""
    return summary.place(rule.document, rule.section)


def digest(text: str) -> str:
    """Return what a Content-Security-Policy calls this style or script by (without "sha256-")."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
