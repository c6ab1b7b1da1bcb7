"""An input is a base and a list of named edits: it is printed on one line, and read back from it."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class InputError(ValueError):
    """A line that is no input. The message says what was expected."""


class Printer(Protocol):
    """What shows values for Hypothesis and IPython."""

    def text(self, text: str, /) -> None:
        """Show this."""


class Edit(NamedTuple):
    """One change: `what` is done to the piece or unit `place`. `argument` is what the change needs beside its name."""

    place: str
    what: str
    argument: str = ""

    def __str__(self) -> str:
        return f"{self.place}:{self.what}" + (f"={self.argument}" if self.argument else "")


@dataclass(frozen=True, slots=True)
class Transport:
    """How the octets travel; nothing of it changes what they mean, but an end that comes too soon.

    `cuts` are the offsets at which a segment begins; with `each` every segment has so many octets. `end` is the offset at
    which the stream ends, -1 for its own end. `half_closes`: the client says at the end that it sends no more.
    `pauses` are the numbers of the segments, from 1, that come late.
    """

    cuts: tuple[int, ...] = ()
    each: int = 0
    end: int = -1
    half_closes: bool = True
    pauses: tuple[int, ...] = ()

    def words(self) -> list[str]:
        """Return what is said of it in an input's one-line form: nothing for one segment."""
        words = [f"cut@{','.join(map(str, self.cuts))}"] if self.cuts else []
        words += [f"each@{self.each}"] if self.each else []
        words += [f"end@{self.end}"] if self.end >= 0 else []
        words += [f"pause@{','.join(map(str, self.pauses))}"] if self.pauses else []
        return words if self.half_closes else [*words, "open"]

    def segments(self, octets: bytes) -> list[bytes]:
        """Return the octets as they are sent, each segment with at least one."""
        if self.end >= 0:
            octets = octets[: self.end]
        if self.each:
            return [octets[at : at + self.each] for at in range(0, len(octets), self.each)]
        edges = [0, *(cut for cut in self.cuts if 0 < cut < len(octets)), len(octets)]
        return [octets[start:stop] for start, stop in itertools.pairwise(edges) if start < stop]


PLAIN = Transport()
RAW = "raw"
"""The name of the base that is empty: an input of it is the octets that are put there."""
RAW_OCTETS = "raw.octets"
_LABEL = re.compile(r"(?P<kind>[a-z-]+)\.(?P<name>[a-z0-9-]+)#(?P<seed>[0-9]{1,19})")
_EDIT = re.compile(r"(?P<place>[a-z0-9/.-]+):(?P<what>[a-z0-9-]+)(?:=(?P<argument>[0-9a-f,+-]*))?")
_TRANSPORT = re.compile(r"(?P<what>cut|each|end|pause)@(?P<numbers>[0-9]+(?:,[0-9]+)*)")


@dataclass(frozen=True, slots=True, repr=False)
class Input:
    """A base, by kind, name and seed, what is changed in it, and how it travels. `str` and `parse` are each other's inverse."""

    kind: str
    name: str
    seed: int
    edits: tuple[Edit, ...] = ()
    transport: Transport = field(default=PLAIN)

    def __str__(self) -> str:
        return " ".join((f"{self.kind}.{self.name}#{self.seed}", *map(str, self.edits), *self.transport.words()))

    def __repr__(self) -> str:
        return f"Input.parse({str(self)!r})"

    def _repr_pretty_(self, printer: Printer, _is_cycle: bool) -> None:  # noqa: FBT001 - what Hypothesis and IPython call
        printer.text(repr(self))

    @property
    def is_raw(self) -> bool:
        """Whether it is octets with no legal input behind them, of which nobody says what is right."""
        return self.name == RAW

    @classmethod
    def raw(cls, kind: str, octets: bytes) -> Input:
        """Return the input that these octets are: `KIND.raw#0 raw.octets:put=0,HEX`."""
        return cls(kind, RAW, 0, (Edit(RAW_OCTETS, "put", f"0,{octets.hex()}"),))

    @classmethod
    def parse(cls, line: str) -> Input:
        """Return the input that a line says. Raises InputError."""
        label, *words = line.split() or [""]
        match = _LABEL.fullmatch(label)
        if match is None:
            raise InputError(f"{label!r}: expected KIND.NAME#SEED, such as http-request.chunked#7")
        edits: list[Edit] = []
        transport: dict[str, tuple[int, ...]] = {}
        half_closes = True
        for word in words:
            if word == "open":
                half_closes = False
            elif (said := _TRANSPORT.fullmatch(word)) is not None:
                transport[said["what"]] = tuple(map(int, said["numbers"].split(",")))
            elif (edit := _EDIT.fullmatch(word)) is not None:
                edits.append(Edit(edit["place"], edit["what"], edit["argument"] or ""))
            else:
                raise InputError(f"{word!r}: expected PLACE:EDIT, or cut@, each@, end@ or pause@ with numbers, or open")
        return cls(
            match["kind"],
            match["name"],
            int(match["seed"]),
            tuple(edits),
            Transport(
                transport.get("cut", ()),
                transport.get("each", (0,))[0],
                transport.get("end", (-1,))[0],
                half_closes,
                transport.get("pause", ()),
            ),
        )
