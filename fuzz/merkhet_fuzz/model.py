"""An input: a legal base of typed pieces, edits that are named, and how the octets come. One line says it all.

    http-request method=GET sp=%20 ... edit:length.plus@9 mend stop@40 cuts@3,17

Pieces, then edits, then transport. Octets are written as in a URI: what is no visible ASCII, and "%", is %XX. The line
does not depend on the generator that made it, so that it means the same when generators have changed.
"""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple


class LineError(ValueError):
    """A line that says no input; the message tells which word is wrong."""


class Piece(NamedTuple):
    """Some octets of a legal base and the grammar type that they are of."""

    kind: str
    data: bytes


class Edit(NamedTuple):
    """A named spelling put in the place of one piece. `data` is set for the edit `raw` alone: the octets themselves."""

    name: str
    place: int
    data: bytes | None = None


class Input(NamedTuple):
    """What is given to a parser of a kind.

    `mend`: lengths are made to agree with edited content. `stop`: octets before the stream ends, None for all. `cuts`:
    offsets at which the stream is divided into segments; EVERY divides it everywhere.
    """

    kind: str
    pieces: tuple[Piece, ...]
    edits: tuple[Edit, ...] = ()
    mend: bool = False
    stop: int | None = None
    cuts: tuple[int, ...] = ()


EVERY = (-1,)
"""The cuts of a stream that comes octet by octet."""

RAW = "raw"
WORD = re.compile(r"([a-z-]+)=(\S*)|edit:([a-z0-9.-]+)@([0-9]+)(?:=(\S*))?|(mend)|(stop|cuts)@([0-9,]+|every)")
ESCAPE = re.compile(rb"[^!-$&-~]")
ESCAPED = re.compile(r"%([0-9A-F]{2})|%|[^!-~]")


def segments(octets: bytes, cuts: tuple[int, ...]) -> list[bytes]:
    """Divide octets at these offsets; no segment is empty."""
    if not octets:
        return []
    if cuts == EVERY:
        return [octets[at : at + 1] for at in range(len(octets))]
    places = sorted({0, len(octets), *(cut for cut in cuts if 0 < cut < len(octets))})
    return [octets[begin:end] for begin, end in itertools.pairwise(places)]


def to_line(given: Input) -> str:
    """Return the one line that says this input."""
    words = [given.kind, *(f"{piece.kind}={_escaped(piece.data)}" for piece in given.pieces)]
    words += [
        f"edit:{name}@{index}" + ("" if data is None else f"={_escaped(data)}") for name, index, data in given.edits
    ]
    if given.mend:
        words.append("mend")
    if given.stop is not None:
        words.append(f"stop@{given.stop}")
    if given.cuts:
        words.append("cuts@every" if given.cuts == EVERY else f"cuts@{','.join(map(str, given.cuts))}")
    return " ".join(words)


def from_line(line: str) -> Input:
    """Return the input that a line says. Raises LineError."""
    kind, *words = line.split() or [""]
    pieces: list[Piece] = []
    edits: list[Edit] = []
    mend = False
    stop: int | None = None
    cuts: tuple[int, ...] = ()
    for word in words:
        match = WORD.fullmatch(word)
        if match is None:
            raise LineError(f"{word!r} is neither a piece, nor an edit, nor one of mend, stop@ and cuts@")
        piece, octets, edit, index, raw, has_mend, transport, offsets = match.groups()
        if piece:
            pieces.append(Piece(piece, _octets(octets)))
        elif edit:
            edits.append(Edit(edit, int(index), None if raw is None else _octets(raw)))
        elif has_mend:
            mend = True
        elif transport == "stop":
            stop = _offsets(word, offsets)[0]
        else:
            cuts = EVERY if offsets == "every" else _offsets(word, offsets)
    _check(edits, len(pieces))
    return Input(kind, tuple(pieces), tuple(edits), mend, stop, cuts)


def _check(edits: list[Edit], count: int) -> None:
    for edit in edits:
        if edit.place >= count:
            raise LineError(f"edit:{edit.name}@{edit.place}: there are {count} pieces, counted from 0")
        if (edit.data is None) == (edit.name == RAW):
            raise LineError(f"edit:{edit.name}@{edit.place}: raw has octets behind =, and no other edit has")


def _offsets(word: str, text: str) -> tuple[int, ...]:
    if not all(part.isdigit() for part in text.split(",")):
        raise LineError(f"{word!r} has no offset where one must be")
    return tuple(int(part) for part in text.split(","))


def _escaped(octets: bytes) -> str:
    return ESCAPE.sub(lambda match: b"%%%02X" % match[0][0], octets).decode("ascii")


def _octets(text: str) -> bytes:
    def octet(match: re.Match[str]) -> str:
        if match[1] is None:
            raise LineError(f"{match[0]!r} stands where an octet is written as % and two digits of 0-9A-F")
        return chr(int(match[1], 16))

    return ESCAPED.sub(octet, text).encode("latin-1")
