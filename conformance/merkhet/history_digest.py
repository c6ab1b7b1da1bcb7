"""A digest of what a check asks and of what each answer means: the same on every run and under every Python.

It covers the steps with their octets, the cases in their order with the kind of each verdict, the twin, what a target must
offer, and how much a violation weighs. What only tells of it (title, note, the words of a finding) or only proves it (the
canned servers) is left out: it may be put better at any time.

Checks are written in words: the classes of the steps and expectations, and the functions that these hold. A check's digest
has the name of each of its words, and each word has a digest of its own, of its source: if that changes, a person says
whether the meaning did. What the words themselves call (the reading of a response, say) is held by their unit tests.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import functools
import hashlib
import inspect
import re
import sys
import types
from collections.abc import Mapping
from typing import TypeGuard, cast

from merkhet.catalogue import AnyCheck
from merkhet.check import Check, Kind, Verdict
from merkhet.model import Requirement
from merkhet.wire.judge import RULES

DIGEST_OCTETS = 5
"""Enough, as a digest is only ever compared with the earlier one of the same check: one change in a million million is missed."""
_TELLING = frozenset({Kind.OBSERVED, Kind.LACKING})
"""Verdicts whose words are the outcome itself, and no explanation of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Meaning:
    """The digest of one check, in hexadecimal, and the words that it is written in, each as module:name."""

    digest: str
    words: frozenset[str]


def meaning(check: AnyCheck, requirement: Requirement) -> Meaning:
    """Return the meaning of a check that tests this requirement. Raises TypeError for what no check can be made of."""
    parts: list[object] = [requirement.id, requirement.level, requirement.on_violation, sorted(check.needs)]
    if isinstance(check, Check):
        twin = check.twin
        parts += [check.steps, twin.request, twin.answer, twin.to, twin.version]
    else:
        parts += [RULES[check.rule], check.probe, check.frames, check.to, check.version]
    value = _of(parts)
    return Meaning(value.octets[:DIGEST_OCTETS].hex(), value.words)


def word_digest(name: str) -> str:
    """Return the digest of the source of a word, blanks aside."""
    module, _, inner = name.partition(":")
    source = next(
        ast.get_source_segment(_source(module), node) or ""
        for node in _tree(module).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == inner
    )
    return hashlib.sha256("".join(source.split()).encode()).digest()[:DIGEST_OCTETS].hex()


@dataclasses.dataclass(frozen=True, slots=True)
class _Value:
    octets: bytes
    words: frozenset[str]


def _value(name: str, *parts: _Value | bytes, word: str = "") -> _Value:
    """Put parts together under a name, so that no two different things come to the same octets."""
    octets = [part if isinstance(part, bytes) else part.octets for part in parts]
    framed = b"".join(b"%d:%s" % (len(item), item) for item in (name.encode(), *octets))
    words = frozenset[str]().union(*(part.words for part in parts if isinstance(part, _Value)))
    return _Value(hashlib.sha256(framed).digest(), words | {word} if word else words)


def _of(thing: object) -> _Value:
    """Return the value of whatever a check is made of."""
    if isinstance(thing, enum.Enum):
        return _value(type(thing).__name__, thing.name.encode())
    if isinstance(thing, bytes):
        return _value("bytes", thing)
    if thing is None or isinstance(thing, str | int | float):
        return _value(type(thing).__name__, str(thing).encode())
    if isinstance(thing, re.Pattern):
        pattern = cast("re.Pattern[str] | re.Pattern[bytes]", thing)
        return _value("pattern", _of(pattern.pattern), _of(int(pattern.flags)))
    if _is_sequence(thing):
        return _value("sequence", *map(_of, thing))
    if _is_set(thing):
        return _value("set", *sorted(map(_of, thing), key=lambda item: item.octets))
    if _is_mapping(thing):
        return _value("mapping", *(_value("pair", _of(key), _of(value)) for key, value in thing.items()))
    if isinstance(thing, types.FunctionType):
        return _function(thing)
    if isinstance(thing, Verdict):
        return _value(
            "verdict", _of(thing.kind), _of(thing.text if thing.kind in _TELLING else ""), _of(thing.following)
        )
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return _record(thing)
    raise TypeError(f"{thing!r} has no digest: a check is made of dataclasses, functions and plain values")


def _is_sequence(thing: object) -> TypeGuard[tuple[object, ...] | list[object]]:
    return isinstance(thing, tuple | list)


def _is_set(thing: object) -> TypeGuard[frozenset[object] | set[object]]:
    return isinstance(thing, frozenset | set)


def _is_mapping(thing: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(thing, Mapping)


def _record(thing: object) -> _Value:
    """Return the value of a dataclass. A field with its default is left out: a new option changes nothing of an old check."""
    kind = type(thing)
    values: list[_Value] = []
    for field in dataclasses.fields(cast("type", kind)):
        value = getattr(thing, field.name)
        if not (
            field.default is not dataclasses.MISSING and type(value) is type(field.default) and value == field.default
        ):
            values.append(_value(field.name, _of(value)))
    return _value(kind.__qualname__, *values, word=f"{kind.__module__}:{kind.__qualname__.partition('.')[0]}")


def _function(thing: types.FunctionType) -> _Value:
    """Return the value of a function: its word with what it closes over, or its own source if it is a lambda of no word."""
    cells = zip(thing.__code__.co_freevars, thing.__closure__ or (), strict=True)
    held = [_of((name, cell.cell_contents)) for name, cell in sorted(cells, key=lambda pair: pair[0])]
    held += [_of(thing.__defaults__), _of(thing.__kwdefaults__)]
    # Whether a comprehension stands between the two is told by Python 3.11 alone.
    outer = thing.__qualname__.partition(".")[0]
    if outer.startswith("<"):
        lines = _lambdas(thing.__module__).get(thing.__code__.co_firstlineno, ())
        return _value("lambda", *held, *(line.encode() for line in lines))
    return _value(f"{outer} {thing.__name__}", *held, word=f"{thing.__module__}:{outer}")


@functools.cache
def _source(module: str) -> str:
    return inspect.getsource(sys.modules[module])


@functools.cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_source(module))


@functools.cache
def _lambdas(module: str) -> dict[int, tuple[str, ...]]:
    """Return the source, blanks aside, of the lambdas that begin on each line of a module."""
    found: dict[int, tuple[str, ...]] = {}
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Lambda):
            text = "".join((ast.get_source_segment(_source(module), node) or "").split())
            found[node.lineno] = (*found.get(node.lineno, ()), text)
    return found
