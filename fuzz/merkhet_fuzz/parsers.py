"""Parsers in process: what one is to the fuzzer, and how each is found by its name.

A parser is a plain function; it needs to import nothing of ours. One of a value takes its octets and returns what it
reads, or raises `ValueError`. One of a stream takes the segments, in the order in which they arrive, and yields each
message that is whole; the last segment is the end of the stream:

    def mine(segments):
        parser = MyParser()
        for segment in segments:
            yield from parser.feed(segment)

    mine.refusals = (MyParserError,)    # what it raises to refuse an input; ValueError where nothing is said

`merkhet fuzz parser MODULE.FUNCTION:KIND` takes it as it is; an entry point of the group `merkhet.parsers` whose name is
NAME:KIND makes it known to `merkhet fuzz parser NAME`.
What the messages of each kind are stands at `merkhet_fuzz.render.Wire`; those of HTTP may have fields behind the content.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from merkhet_fuzz.grammar import VALUES, Kind

GROUP = "merkhet.parsers"
Function = Callable[[Any], Any]


class ParserError(Exception):
    """A parser that cannot be used. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Parser:
    """A parser of one kind. `refusals` are the exceptions by which it refuses; any other is a crash.

    `lacks` are requirements that are no duty of it, such as those on Host for a parser that hands fields on unread.
    `version` is that of the library. `unparse` writes a message again, where there is such a thing.
    """

    name: str
    kind: Kind
    function: Function
    refusals: tuple[type[Exception], ...] = (ValueError,)
    lacks: frozenset[str] = frozenset()
    version: str = ""
    unparse: Callable[[Any], bytes] | None = None

    @property
    def label(self) -> str:
        """NAME:KIND."""
        return f"{self.name}:{self.kind}"

    def messages(self, segments: Sequence[bytes]) -> Iterator[Any]:
        """Return what the parser makes of these segments. Raises what the parser raises."""
        if self.kind in VALUES:
            read = self.function(b"".join(segments))
            return iter(() if read is None else (read,))
        return iter(cast("Iterable[Any]", self.function(segments)))


def made(name: str, kind: Kind, function: Function, version: str = "") -> Parser:
    """Return the parser that a function is, with what it says of itself."""
    refusals = getattr(function, "refusals", None) or (ValueError,)
    lacks = frozenset(cast("Iterable[str]", getattr(function, "lacks", ())))
    return Parser(name, kind, function, tuple(refusals), lacks, version, getattr(function, "unparse", None))


OURS: dict[str, tuple[str, str, tuple[Kind, ...]]] = {
    "h11": ("h11_", "h11", (Kind.HTTP,)),
    "httptools": ("httptools_", "httptools", (Kind.HTTP,)),
    "aiohttp-c": ("aiohttp_", "aiohttp", (Kind.HTTP,)),
    "aiohttp-python": ("aiohttp_", "aiohttp", (Kind.HTTP,)),
    "waitress": ("waitress_", "waitress", (Kind.HTTP,)),
    "gunicorn": ("gunicorn_", "gunicorn", (Kind.HTTP,)),
    "tornado": ("tornado_", "tornado", (Kind.HTTP, Kind.RANGE)),
    "werkzeug": ("werkzeug_", "werkzeug", (Kind.RANGE, Kind.DATE, Kind.MULTIPART)),
    "starlette": ("starlette_", "starlette", (Kind.RANGE,)),
    "websockets": ("websockets_", "websockets", (Kind.FRAMES, Kind.HANDSHAKE)),
    "wsproto": ("wsproto_", "wsproto", (Kind.FRAMES, Kind.HANDSHAKE)),
    "python-multipart": ("python_multipart_", "python-multipart", (Kind.MULTIPART,)),
}
"""By name: the module below `merkhet_fuzz.adapters`, the distribution that it needs, and the kinds that it has."""


def known() -> dict[str, str]:
    """Return every label, NAME:KIND, with the distribution that it needs."""
    labels = {f"{name}:{kind}": package for name, (_, package, kinds) in OURS.items() for kind in kinds}
    for entry in importlib.metadata.entry_points(group=GROUP):
        labels[entry.name] = entry.dist.name if entry.dist is not None else entry.value
    return dict(sorted(labels.items()))


def find(name: str) -> list[Parser]:
    """Return the parsers that NAME, or NAME:KIND, stands for. Raises ParserError."""
    if "." in name:
        return [load(name)]
    labels = [label for label in known() if name in {label, label.partition(":")[0]}]
    if not labels:
        names = sorted({label.partition(":")[0] for label in known()})
        raise ParserError(f"{name}: no such parser; there are {', '.join(names)} (merkhet fuzz parser --list)")
    return [load(label) for label in labels]


def load(label: str) -> Parser:
    """Return the parser of this label. Raises ParserError where its library is not installed."""
    name, _, kind = label.partition(":")
    if kind not in {str(each) for each in Kind}:
        raise ParserError(f"{label}: expected NAME:KIND with a kind of {', '.join(Kind)}")
    if "." in name:
        return _imported(name, Kind(kind))
    entries = [entry for entry in importlib.metadata.entry_points(group=GROUP) if entry.name == label]
    try:
        if entries:
            dist = entries[0].dist
            return made(name, Kind(kind), cast("Function", entries[0].load()), dist.version if dist is not None else "")
        if name not in OURS:
            raise ParserError(f"{label}: no such parser; merkhet fuzz parser --list shows those that there are")
        module, package, _ = OURS[name]
        adapter = importlib.import_module(f"merkhet_fuzz.adapters.{module}")
        parser = cast("Parser", adapter.parser(name, Kind(kind)))
        return replace(parser, version=importlib.metadata.version(package))
    except ImportError as problem:
        package = OURS[name][1] if name in OURS else "what the entry point names"
        raise ParserError(f"{label}: {problem}; is it installed? pip install {package}") from problem


def _imported(name: str, kind: Kind) -> Parser:
    """Return the parser that MODULE.FUNCTION is; the module may be in the folder that the command is run in."""
    module, _, function = name.rpartition(".")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        there = importlib.import_module(module)
        return made(name, kind, cast("Function", getattr(there, function)), str(getattr(there, "__version__", "")))
    except (ImportError, AttributeError) as problem:
        raise ParserError(f"{name}:{kind}: {problem}; expected MODULE.FUNCTION:KIND") from problem
