"""A folder as a page: what lies in it and would be served, for people (HTML) and for programs (JSON).

The names come from whoever may write to the folder, so nothing in them is ever more than text: they are escaped in HTML,
percent-encoded in links, and what would not be seen, or would turn the text about, is shown as its number. Should some of
it get through, the page's own policy lets no script run and nothing be loaded.
"""

from __future__ import annotations

import base64
import hashlib
import html
import itertools
import json
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from merkhet_reference import coding, paths
from merkhet_reference.fields import FieldLine

ENTRIES_MAX = 2000
"""Rows of one page: about 400 KB of HTML."""

SCANNED_MAX = 10_000
"""Names that are looked at, one or two calls of the system for each. Of a larger folder nobody counts the rest."""

STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { margin: 0 auto; padding: 1rem; max-width: 60rem }
h1 { font-size: 1.25rem; overflow-wrap: anywhere }
table { width: 100%; border-collapse: collapse }
th { text-align: start; font-weight: 600 }
th, td { padding: .25rem .5rem .25rem 0; vertical-align: top; border-bottom: 1px solid GrayText }
td:first-child { overflow-wrap: anywhere; white-space: pre-wrap }
th:nth-child(2), td:nth-child(2) { text-align: end; white-space: nowrap; padding-inline-end: 1rem }
td:last-child { font-variant-numeric: tabular-nums }
td span { white-space: nowrap }
"""
"""Colours are the system's own, so that they are right in light and in dark; nothing is wider than the screen but a name,
and a name may break anywhere."""

STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode("ascii")).digest())

HTML_FIELDS: tuple[FieldLine, ...] = (
    (b"Content-Type", b"text/html; charset=utf-8"),
    # base-uri and form-action do not fall back to default-src.
    (
        b"Content-Security-Policy",
        b"default-src 'none'; style-src 'sha256-" + STYLE_HASH + b"'; base-uri 'none'; form-action 'none'",
    ),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Vary", b"Accept"),
)
JSON_FIELDS: tuple[FieldLine, ...] = (
    (b"Content-Type", b"application/json"),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Vary", b"Accept"),
)

UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Unicode's categories of what has no shape of its own: controls, the marks that turn the direction of text, surrogates,
separators of lines. # Choice: joiners in an emoji are shown as numbers too; two names that look alike are worse."""

PLAIN_NAME = re.compile(r"[ -~]*+\Z")
UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Entry(NamedTuple):
    """One row. `size` is in octets, 0 for a folder; `modified` in seconds since the epoch."""

    name: str
    is_folder: bool
    size: int
    modified: int


class Contents(NamedTuple):
    """What is shown of a folder, in order, and how many more there are: at least so many if not `is_whole`."""

    entries: list[Entry]
    left_out: int = 0
    is_whole: bool = True


IsServed = Callable[[Entry], bool]
"""Whether a request for this entry of the folder would be answered with it."""


def read_folder(root: Path, segments: Sequence[str], is_served: IsServed) -> Contents:
    """Return what lies in the folder that `segments` lead to below `root`. Raises OSError as `paths.open_folder_below`.

    Everything is looked up by its name in the open folder, or, if it is a link, walked to from the root: what leads out
    of the root is not shown, nor is what may not be read, what is neither file nor folder, and what no path can name.
    """
    descriptor = paths.open_folder_below(root, segments)
    try:
        with os.scandir(descriptor) as scanned:
            found = list(itertools.islice(scanned, SCANNED_MAX + 1))
        looked_at = [entry_for(each, root, segments, descriptor) for each in found[:SCANNED_MAX]]
    finally:
        os.close(descriptor)
    entries = sorted((entry for entry in looked_at if entry is not None and is_served(entry)), key=order)
    is_whole = len(found) <= SCANNED_MAX
    return Contents(entries[:ENTRIES_MAX], max(0, len(entries) - ENTRIES_MAX), is_whole)


def order(entry: Entry) -> tuple[bool, str, str]:
    """Return what entries are sorted by: folders first, then names, in which case counts only among equals."""
    return not entry.is_folder, entry.name.casefold(), entry.name


def entry_for(found: os.DirEntry[str], root: Path, segments: Sequence[str], folder: int) -> Entry | None:
    """Return the row of what is in the open `folder`; None for what would not be served."""
    if not has_path(found.name):
        return None
    try:
        if found.is_symlink():
            return entry_behind(root, [*segments, found.name])
        readable = os.access(found.name, os.R_OK, dir_fd=folder)
        return entry_of(found.name, found.stat(follow_symlinks=False)) if readable else None
    except OSError:  # it is gone, or may not even be looked at
        return None


def entry_behind(root: Path, segments: Sequence[str]) -> Entry | None:
    """Return the row of a link, with the size and the time of what it leads to. Raises OSError where that is nothing."""
    try:
        with paths.open_below(root, segments) as opened:
            return entry_of(segments[-1], opened.stat)
    except IsADirectoryError:
        descriptor = paths.open_folder_below(root, segments)
    try:
        return entry_of(segments[-1], os.fstat(descriptor))
    finally:
        os.close(descriptor)


def entry_of(name: str, status: os.stat_result) -> Entry | None:
    """Return the row of a file or a folder; None for what is neither."""
    modified = status.st_mtime_ns // 10**9
    if stat.S_ISDIR(status.st_mode):
        return Entry(name, is_folder=True, size=0, modified=modified)
    if stat.S_ISREG(status.st_mode):
        return Entry(name, is_folder=False, size=status.st_size, modified=modified)
    return None


def has_path(name: str) -> bool:
    """Tell whether a path can name it: not if it has controls or a backslash, or is no UTF-8."""
    return paths.decoded_name(encoded(name).encode("ascii")) == name


def encoded(name: str) -> str:
    """Return a name percent-encoded, all but unreserved characters. Never raises: half a character is encoded as such."""
    return quote(name, safe="", errors="surrogatepass")


def href(entry: Entry) -> str:
    """Return the reference to an entry, relative to its folder.

    It begins with "./": else `javascript:x` would be a scheme, and `//x` a host (RFC 3986, Section 4.2).
    """
    return "./" + encoded(entry.name) + ("/" if entry.is_folder else "")


def visible(text: str) -> str:
    """Return text in which everything is seen: what has no shape is there as its number, such as [U+202E]."""
    if PLAIN_NAME.match(text):
        return text
    return "".join(f"[U+{ord(letter):04X}]" if unicodedata.category(letter) in UNSEEN else letter for letter in text)


def shown(text: str) -> str:
    """Return text for HTML, as content or within quotes, its direction kept to itself."""
    return f"<bdi>{html.escape(visible(text))}</bdi>"


def human_size(octets: int) -> str:
    """Return a number of octets with its unit: three digits or so, powers of 1024."""
    if octets < 1024:
        return f"{octets} B"
    value, unit = octets / 1024, 0
    while value >= 1023.5 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {UNITS[unit]}" if value < 9.95 else f"{value:.0f} {UNITS[unit]}"


def moment(seconds: int) -> datetime | None:
    """Return the time in UTC, or None if no year of four digits has it."""
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def html_page(path: str, contents: Contents, *, has_parent: bool) -> bytes:
    """Return the page. `path` is what the folder is called: text, as a person would write it."""
    title = html.escape(visible(path))
    rows = "".join(map(html_row, contents.entries))
    table = (
        '<table>\n<thead><tr><th scope="col">Name</th><th scope="col">Size</th><th scope="col">Modified (UTC)</th></tr>'
        f"</thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
    )
    text = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{shown(path)}</h1>\n"
        + ('<p><a href="../">Parent folder</a></p>\n' if has_parent else "")
        + (table if rows else "")
        + f"<p>{summary(contents)}</p>\n</main>\n</body>\n</html>\n"
    )
    return text.encode("utf-8")


def html_row(entry: Entry) -> str:
    """Return the row of an entry."""
    size = "" if entry.is_folder else f'<data value="{entry.size}">{human_size(entry.size)}</data>'
    when = moment(entry.modified)
    time = ""
    if when is not None:
        time = f'<time datetime="{iso(when)}"><span>{when.date()}</span> <span>{when:%H:%M}</span></time>'
    name = shown(entry.name) + ("/" if entry.is_folder else "")
    return f'<tr><td><a href="{href(entry)}">{name}</a></td><td>{size}</td><td>{time}</td></tr>\n'


def iso(when: datetime) -> str:
    """Return a time as HTML's datetime and JSON want it."""
    return f"{when.date()}T{when:%H:%M:%S}Z"


def summary(contents: Contents) -> str:
    """Say how much there is, and how much of it is not shown."""
    count = len(contents.entries)
    if not count and contents.is_whole:
        return "This folder is empty."
    told = f"{count} {'entry' if count == 1 else 'entries'}"
    if not contents.is_whole:
        return f"{told}; more than {contents.left_out} others are not shown."
    return f"{told}; {contents.left_out} more are not shown." if contents.left_out else f"{told}."


def json_page(path: str, contents: Contents) -> bytes:
    """Return the same for programs: one object, in ASCII."""
    document = {
        "path": path,
        "entries": [json_entry(entry) for entry in contents.entries],
        "left_out": contents.left_out,
        "whole": contents.is_whole,
    }
    return json.dumps(document).encode("ascii") + b"\n"


def json_entry(entry: Entry) -> dict[str, str | int | None]:
    """Return the object of an entry."""
    when = moment(entry.modified)
    return {
        "name": entry.name,
        "href": href(entry),
        "kind": "folder" if entry.is_folder else "file",
        "size": None if entry.is_folder else entry.size,
        "modified": None if when is None else iso(when),
    }


def prefers_json(values: Sequence[bytes]) -> bool:
    """Tell whether the values of Accept name JSON, and HTML with no higher weight (RFC 9110, Section 12.5.1).

    # Choice: JSON is for who names it; a range such as */* is a browser's, or curl's, and so gets the page. Of equal
    weights the page is preferred if it is named as well.
    """
    weights: dict[bytes, int] = {}
    for member in b",".join(values).split(b","):
        kind, *parameters = member.split(b";")
        # Wherever it stands among the parameters, q is the weight.
        weight = next((each for each in parameters if each.strip(b" \t")[:2].lower() == b"q="), None)
        weights[kind.strip(b" \t").lower()] = coding.WEIGHT_MAX if weight is None else coding.parse_weight(weight)
    wanted = weights.get(b"application/json", 0)
    page = weights.get(b"text/html")
    if page is not None:
        return wanted > page
    return wanted > 0 and wanted >= max(weights.get(b"text/*", 0), weights.get(b"*/*", 0))
