"""Inputs guided by coverage, with atheris: `python -m merkhet_fuzz.guided NAME:KIND [-runs=N] [CORPUS...]`.

It sees into C extensions, which nothing else here does. What libFuzzer mutates and keeps is an input on one line, as
`merkhet fuzz replay` takes it: so a guided input still has a verdict, and every oracle looks at it. Some become raw octets,
which have none, and which are mutated as libFuzzer does; they are held to never crash, and to mean the same in any segments.

    --once FILE...       take these inputs and end: no atheris is needed for that
    --known GLOB         go on at findings of this class, such as 'accepted.*'
    --seeds FOLDER       write inputs to begin with, and end

Needs `merkhet[atheris]`, which there is for Linux and macOS. `fuzz/oss-fuzz` in the repository has this laid out for OSS-Fuzz.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from merkhet_fuzz import corpus, mutate, oracles, parsers, seeds
from merkhet_fuzz.bases import library
from merkhet_fuzz.dice import Dice
from merkhet_fuzz.grammar import VALUES, Kind
from merkhet_fuzz.inputs import PLAIN, Input, InputError
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.parsers import Parser
from merkhet_fuzz.render import render

SEEDS = 200
EDITS_MAX = 4
RAW_PERCENT = 10
"""How often an input becomes the octets that it is."""
NO_ATHERIS = "atheris is not installed: pip install 'merkhet[atheris]'; without it there is --once FILE"
Mutate = Callable[[bytes, int], bytes]


class FindingError(Exception):
    """What was found; raised, since that is how libFuzzer is told. The message has the class and the line that repeats it."""


def line_of(data: bytes, kind: Kind) -> Input | None:
    """Return the input that these octets are the line of; None for raw octets."""
    try:
        made = Input.parse(data.decode("ascii"))
        if made.kind != kind:
            return None
        render(made)
    except (UnicodeDecodeError, InputError):
        return None
    return made


def input_of(data: bytes, kind: Kind) -> Input:
    """Return the input that these octets are the line of, or the raw one that they are themselves."""
    return line_of(data, kind) or Input.raw(kind, data)


def suspicions(parser: Parser, data: bytes) -> list[Suspicion]:
    """Return what is wrong with how a parser takes this: a line, or raw octets."""
    oracles.rewind()
    return oracles.observe(parser, render(input_of(data, parser.kind)), with_segments=True)


def target(parser: Parser, known: Sequence[str] = ()) -> Callable[[bytes], None]:
    """Return the function that libFuzzer calls. It raises FindingError."""

    def test_one_input(data: bytes) -> None:
        for suspicion in suspicions(parser, data):
            if any(fnmatchcase(suspicion.label, glob) for glob in known):
                continue
            again = f"merkhet fuzz replay --parser {parser.label} '{input_of(data, parser.kind)}'"
            told = f"expected {suspicion.expected}; {suspicion.observed}"
            raise FindingError(f"{parser.label}/{suspicion.label}: {told}\nagain: {again}")

    return test_one_input


def mutator(kind: Kind, octets: Mutate) -> Callable[[bytes, int, int], bytes]:
    """Return the custom mutator: of a line it makes another, and leaves raw octets to `octets`."""

    def mutated(data: bytes, size_max: int, seed: int) -> bytes:
        dice = Dice(seed)
        made = line_of(data, kind)
        if made is not None and made.is_raw:
            return octets(render(made).octets, size_max)
        if made is None:
            # The first input of all is empty: it begins with lines.
            return octets(data, size_max) if len(data) > 1 else str(mutate.make(kind, seed, 0)).encode()[:size_max]
        if dice.chance(RAW_PERCENT):
            return render(made).octets[:size_max]
        line = str(changed(made, dice)).encode()
        return line if len(line) <= size_max else data

    return mutated


def changed(made: Input, dice: Dice) -> Input:
    """Return the input with one edit more or less, another way to travel, or another base."""
    base = library.base(made.kind, made.name, made.seed)
    roll = dice.below(100)
    if roll < 60 and len(made.edits) < EDITS_MAX:
        places = {edit.place for edit in made.edits}
        return replace(made, edits=(*made.edits, *(one for one in mutate.edit(base, dice) if one.place not in places)))
    if roll < 80 and made.edits:
        at = dice.below(len(made.edits))
        return replace(made, edits=made.edits[:at] + made.edits[at + 1 :])
    if roll < 90 and base.kind not in VALUES:
        return replace(made, transport=mutate.transport(base, dice))
    return Input(base.kind, made.name, dice.below(library.SEEDS), (), PLAIN)


def write_seeds(kind: Kind, folder: Path) -> None:
    """Write inputs to begin with, a file each, named as libFuzzer names them.

    Lines of the corpus and of a campaign, and the octets that checks send as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = (*corpus.inputs(kind), *(mutate.make(kind, 1, index) for index in range(SEEDS)))
    files = [*(str(line).encode() for line in lines), *(render(made).octets for made in seeds.of_checks(kind))]
    for octets in files:
        (folder / hashlib.sha1(octets, usedforsecurity=False).hexdigest()).write_bytes(octets)


def main(arguments: Sequence[str], label: str = "") -> int:
    """Fuzz the parser of this label, or of the one that is named first, until something is found."""
    reader = argparse.ArgumentParser(prog="merkhet_fuzz.guided", description=(__doc__ or "").splitlines()[0])
    if not label:
        reader.add_argument("label", metavar="NAME:KIND")
    reader.add_argument("--once", nargs="+", type=Path, metavar="FILE", help="take these inputs and end")
    reader.add_argument("--known", action="append", default=[], metavar="GLOB", help="go on at findings of this class")
    reader.add_argument("--seeds", type=Path, metavar="FOLDER", help="write inputs to begin with, and end")
    chosen, rest = reader.parse_known_args(arguments)
    label = label or chosen.label
    if chosen.seeds is not None:
        write_seeds(Kind(label.partition(":")[2]), chosen.seeds)
        return 0
    if chosen.once is not None:
        return _once(parsers.load(label), chosen.once, chosen.known)
    return _guided(label, rest, chosen.known)


def _once(parser: Parser, files: Sequence[Path], known: Sequence[str]) -> int:
    tried, found = target(parser, known), 0
    with oracles.watchdog():
        for path in files:
            try:
                tried(path.read_bytes())
            except FindingError as finding:
                found += 1
                sys.stdout.write(f"{path}: {finding}\n")
    sys.stdout.write(f"{parser.label}: {len(files)} inputs, {found} with findings\n")
    return 1 if found else 0


def _guided(label: str, rest: Sequence[str], known: Sequence[str]) -> int:
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError:
        sys.stderr.write(f"{NO_ATHERIS}\n")
        return 2
    with atheris.instrument_imports():
        # The parser and its library are imported here, and nothing of the fuzzer any more.
        parser = parsers.load(label)

    def octets(data: bytes, size_max: int) -> bytes:
        made: bytes = atheris.Mutate(data, size_max)  # there is another one once it fuzzes
        return made

    atheris.Setup([sys.argv[0], *rest], target(parser, known), custom_mutator=mutator(parser.kind, octets))
    with oracles.watchdog():
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
