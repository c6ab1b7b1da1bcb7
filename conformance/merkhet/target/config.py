"""Target files: `merkhet.toml`, or `[tool.merkhet]` in `pyproject.toml`, found here or above (docs/contract.md)."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, TypeVar, cast

from merkhet.target.reach import ReachError, check_header, check_url
from merkhet.template import ENDPOINTS

READY_SECONDS = 10.0
T = TypeVar("T")
_LINE = re.compile(r"at line (\d+)")
_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_KEYS = {"command", "url", "unix", "version", "ready", "insecure", "sni", "base_path", "headers", "env", "endpoint"}
_EMPTY: Mapping[str, str] = {}


class ConfigError(Exception):
    """A target file that cannot be used. The message holds file, line, key, and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetConfig:
    """One target as its file declares it: exactly one of `command` and `url`. `folder` is where its command starts."""

    name: str
    folder: Path
    command: tuple[str, ...] = ()
    url: str = ""
    unix: str = ""
    version: tuple[str, ...] = ()
    ready_seconds: float = READY_SECONDS
    insecure: bool = False
    sni: str = ""
    base_path: str = ""
    headers: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    endpoints: Mapping[str, str] = field(default_factory=lambda: _EMPTY)


def find(folder: Path) -> Path | None:
    """Return the nearest target file in this folder or above it, None if there is none. Raises ConfigError."""
    for place in (folder, *folder.parents):
        if (place / "merkhet.toml").is_file():
            return place / "merkhet.toml"
        pyproject = place / "pyproject.toml"
        # A file that does not name us is none of our business, even if it is broken.
        if pyproject.is_file() and "merkhet" in pyproject.read_text(encoding="utf-8", errors="replace"):
            tool = _parse(pyproject)[1].get("tool")
            if isinstance(tool, dict) and "merkhet" in tool:
                return pyproject
    return None


def load(path: Path) -> dict[str, TargetConfig]:
    """Return the targets of a file by name. Raises ConfigError."""
    text, document = _parse(path)
    top = _Table(path, text, (), document)
    if path.name == "pyproject.toml":
        top = top.table("tool").table("merkhet")
    top.only({"target"})
    targets = top.table("target")
    return {name: _target(name, targets.table(name)) for name in targets.values}


def _parse(path: Path) -> tuple[str, dict[str, object]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path}: cannot be read: {problem}") from problem
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        found = _LINE.search(str(problem))
        line = found[1] if found else str(text.count("\n") + 1)
        raise ConfigError(f"{path}:{line}: no valid TOML: {problem}") from problem


def line_of(text: str, keys: tuple[str, ...]) -> int:
    """Return the line on which a key, or else the nearest table around it, stands; 1 if neither is written out.

    The parser of the standard library keeps no positions, so this looks for headers and keys line by line. Inline tables
    are found by the key that holds them.
    """
    best, best_line = 0, 1
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header, entry = _HEADER.match(line), _KEY.match(line)
        if header is not None:
            table = _parts(header[1])
        here = table if header is not None else (*table, *_parts(entry[1])) if entry is not None else None
        if here is not None and len(here) > best and keys[: len(here)] == here:
            best, best_line = len(here), number
    return best_line


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


@dataclass(frozen=True, slots=True)
class _Table:
    """One table of a file, read key by key, so that each mistake can be told with its place."""

    path: Path
    text: str
    keys: tuple[str, ...]
    values: Mapping[str, object]

    def fail(self, key: str, problem: str) -> NoReturn:
        """Raise ConfigError about a key of this table."""
        keys = (*self.keys, key) if key else self.keys
        raise ConfigError(f"{self.path}:{line_of(self.text, keys)}: {'.'.join(keys)}: {problem}")

    def only(self, known: set[str]) -> None:
        """Allow no other keys than these."""
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, sorted(known), 1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                self.fail(key, f"unknown key; {hint}expected one of {', '.join(sorted(known))}")

    def table(self, key: str) -> _Table:
        """Return a table below; an absent one is empty."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.fail(key, f"expected a table, got {value!r}")
        return _Table(self.path, self.text, (*self.keys, key), cast("dict[str, object]", value))

    def get(self, key: str, kind: type[T], default: T, expected: str) -> T:
        """Return a value of one type."""
        value = self.values.get(key, default)
        if not isinstance(value, kind):
            self.fail(key, f"expected {expected}, got {value!r}")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of strings."""
        value = self.values.get(key, [])
        items = cast("list[object]", value) if isinstance(value, list) else []
        words = tuple(item for item in items if isinstance(item, str) and "\0" not in item)
        if key in self.values and (not words or len(words) != len(items)):
            self.fail(key, f'expected a list of strings, such as ["./server", "--port", "{{port}}"], got {value!r}')
        return words

    def strings(self, key: str) -> dict[str, str]:
        """Return a table of strings."""
        below = self.table(key)
        return {name: below.get(name, str, "", "a string") for name in below.values}

    def checked(self, key: str, checker: Callable[[str], object], value: str) -> None:
        """Raise ConfigError unless the checker takes the value."""
        try:
            checker(value)
        except ReachError as problem:
            self.fail(key, str(problem))


def _target(name: str, table: _Table) -> TargetConfig:
    table.only(_KEYS)
    command, url = table.words("command"), table.get("url", str, "", "a string")
    if bool(command) == bool(url):
        table.fail("", f'expected either command = [...] or url = "...", got {"both" if url else "neither"}')
    if url:
        table.checked("url", check_url, url)
    unix = table.get("unix", str, "", "the path of a socket")
    if unix and not url:
        table.fail("unix", 'expected url = "http://localhost" beside it: the scheme and the Host field come from there')
    if command and not any("{port}" in word for word in command):
        table.fail("command", "expected {port} in one of its words: the server must listen where it is told")
    return TargetConfig(
        name=name,
        folder=table.path.resolve().parent,
        command=command,
        url=url,
        unix=unix,
        version=table.words("version"),
        ready_seconds=_ready(table),
        insecure=table.get("insecure", bool, False, "true or false"),
        sni=table.get("sni", str, "", "a host name"),
        base_path=_base_path(table),
        headers=_headers(table),
        env=table.strings("env"),
        endpoints=_endpoints(table.table("endpoint")),
    )


def _ready(table: _Table) -> float:
    ready = table.table("ready")
    ready.only({"timeout"})
    seconds = ready.values.get("timeout", READY_SECONDS)
    # A boolean is a number in Python, and none in TOML.
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < float("inf"):
        ready.fail("timeout", f"expected a number of seconds above 0, got {seconds!r}")
    return float(seconds)


def _base_path(table: _Table) -> str:
    path = table.get("base_path", str, "", "a path")
    if path and not _is_path(path):
        table.fail("base_path", f"expected a path that begins with / and has no spaces, got {path!r}")
    return path


def _headers(table: _Table) -> tuple[str, ...]:
    lines = tuple(f"{name}: {value}" for name, value in table.strings("headers").items())
    for line in lines:
        table.table("headers").checked(line.partition(":")[0], check_header, line)
    return lines


def _endpoints(table: _Table) -> dict[str, str]:
    table.only(set(ENDPOINTS))
    found: dict[str, str] = {}
    for name in table.values:
        path = table.get(name, str, "", f"a path such as {ENDPOINTS[name]!r}")
        if name != "connect" and not _is_path(path):
            table.fail(name, f"expected a path that begins with /, such as {ENDPOINTS[name]!r}, got {path!r}")
        places = len(re.findall(r"\{[^{}]*\}", ENDPOINTS[name]))
        if places and len(re.findall(r"\{[^{}]*\}", path)) != places:
            values = "a value" if places == 1 else f"{places} values"
            table.fail(name, f"expected {values} in braces, such as {ENDPOINTS[name]!r}, got {path!r}")
        found[name] = path
    return found


def _is_path(path: str) -> bool:
    return path.startswith("/") and all(0x20 < ord(character) < 0x7F for character in path)
