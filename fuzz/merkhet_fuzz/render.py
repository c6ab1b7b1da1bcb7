"""What goes over the wire for an input, and what has to come of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from merkhet_fuzz.bases import connection, library
from merkhet_fuzz.bases.websocket import on_the_wire
from merkhet_fuzz.edits import LENGTHENING, Edited, apply
from merkhet_fuzz.grammar import Base, Kind, Piece
from merkhet_fuzz.inputs import Input, Printer
from merkhet_fuzz.judges import chunked, deflate, frames, handshake, http, multipart, strict, values
from merkhet_fuzz.judges.view import View
from merkhet_fuzz.verdicts import ACCEPT, FREE, Decision, Verdict, combine, refuse

Judge = Callable[[bytes, View, str], Verdict]
Expected = tuple[object, ...]
HTTP_JUDGES: Mapping[str, Judge] = {
    "request-line": http.request_line, "field": http.field, "trailer": http.field, "host": http.field,
    "content-length": http.field, "transfer-encoding": http.field, "head-end": http.head_end, "body-end": http.head_end,
    "chunk-line": chunked.line, "chunk-data-end": chunked.data_end,
}  # fmt: skip
MULTIPART_JUDGES: Mapping[str, Judge] = {
    "delimiter": multipart.delimiter, "part-content": multipart.content, "free": multipart.outside,
}  # fmt: skip
CONTENT = frozenset(("content", "chunk-data", "part-content"))
STRUCTURED = frozenset((Kind.HTTP, Kind.CHUNKED, Kind.CONNECTION))
FRAMED = frozenset((Kind.FRAMES, Kind.DEFLATE))
NAME = re.compile(rb'name="([^"\\]*)"')


class Wire(NamedTuple):
    """An input as it is sent. `segments` are the octets as they arrive, the last of them at the end of the stream.

    `verdict` says what is right, `expected` what comes out where it is accepted: a message for each of the base's.
    For HTTP a message is (method, target, content), for a chunked body its content, for a form (name, content), for
    frames ("text" | "binary" | "ping", payload), for a Range its specs, for a date its seconds, for a handshake True.
    """

    input: Input
    octets: bytes
    segments: list[bytes]
    verdict: Verdict
    expected: Expected
    base: Base

    def __repr__(self) -> str:
        return f"render({self.input!r})"

    def _repr_pretty_(self, printer: Printer, _is_cycle: bool) -> None:  # noqa: FBT001 - as in Input
        printer.text(repr(self))

    @property
    def at_most(self) -> int:
        """The number of messages that may come out at most; -1 where nothing is said."""
        decision = self.verdict.decision
        if decision is Decision.FREE:
            return -1
        return self.verdict.message if decision is Decision.REFUSE else len(self.expected)


def render(made: Input, placed: Base | None = None) -> Wire:
    """Return what an input is on the wire. Raises InputError for a base or an edit that there is not.

    `placed` is the input's base as it is sent to one target, with its host and its paths.
    """
    base = placed or library.base(made.kind, made.name, made.seed)
    edited = apply(base, made.edits)
    is_framed = base.kind in FRAMED and not made.is_raw
    octets = on_the_wire(edited.pieces) if is_framed else b"".join([piece.octets for piece in edited.pieces])
    segments = made.transport.segments(octets)
    if made.is_raw:
        return Wire(made, octets, segments, FREE, (), base)
    for edit in made.edits:
        if edit.what in LENGTHENING:
            return Wire(made, octets, segments, FREE, (), base)
    end = made.transport.end
    if 0 <= end < len(octets):
        verdict, expected = _cut_off(edited, octets, end)
    else:
        verdict, expected = judge(edited, octets)
    return Wire(made, octets, segments, verdict, expected, base)


def judge(edited: Edited, octets: bytes) -> tuple[Verdict, Expected]:
    """Return the verdict on a whole input, and what is expected of it."""
    kind = edited.base.kind
    if kind is Kind.EXCHANGE:
        return FREE, ()  # the models of what is right look at the octets themselves
    if kind in FRAMED:
        return frames.read(octets, deflate.ClientMessages() if kind is Kind.DEFLATE else None)
    if kind is Kind.RANGE:
        return values.range_(octets)
    if kind is Kind.DATE:
        return values.date(octets)
    if kind is Kind.CONNECTION and edited.units and edited.base.name not in connection.EDITED:
        return FREE, ()  # of what is sent in HTTP/1.0, for one, other things hold
    verdict = combine([_unit(edited, unit) for unit in edited.units]) if edited.units else _legal(edited.base)
    is_refused = verdict.decision is Decision.REFUSE
    if is_refused and len(edited.units) > 1 and kind in STRUCTURED and strict.messages(kind, octets) > verdict.message:
        verdict = FREE
    return verdict, meaning(edited)


def _legal(base: Base) -> Verdict:
    """Return the verdict on a base as it is: what the text asks for where it is a rare one."""
    return handshake.ABSOLUTE if base.kind is Kind.HANDSHAKE and base.name == "absolute" else ACCEPT


def _unit(edited: Edited, unit: str) -> Verdict:
    kind, base = edited.base.kind, edited.base
    role = base.roles[unit]
    view = View(edited)
    at = view.message(unit)
    what = edited.unit_edits.get(unit)
    if what is not None:
        if kind is Kind.MULTIPART:
            return FREE
        if any(name in edited.changed for name in base.places if name.partition(".")[0] == unit):
            return FREE  # a unit that is edited in two ways at once
        if role == "chunk-data-end":
            return chunked.data_end(edited.octets_of(unit), view, unit).at(at, role)
        structure = handshake.structure if kind is Kind.HANDSHAKE else http.structure
        return structure(what, view, unit).at(at, role if what in {"drop", "twice"} else what)
    octets = edited.octets_of(unit)
    if kind is Kind.HANDSHAKE and role != "head-end":
        chosen: Judge | None = handshake.request_line if role == "request-line" else handshake.field
    else:
        chosen = (MULTIPART_JUDGES if kind is Kind.MULTIPART else HTTP_JUDGES).get(role)
    if chosen is None:
        return ACCEPT if role in CONTENT else FREE
    return chosen(octets, view, unit).at(at, role)


class Plain(NamedTuple):
    """What of a base's meaning no edit of its content changes, and where its content is."""

    contents: tuple[tuple[int, int], ...]
    """Place and message of each piece of content."""
    heads: tuple[tuple[bytes, ...], ...]
    whole: Expected
    names: frozenset[str]
    """The pieces of content."""


def _plain(base: Base) -> Plain:
    found = base.notes.get("plain")
    if isinstance(found, Plain):
        return found
    contents = tuple((at, piece.message) for at, piece in enumerate(base.pieces) if base.roles[piece.unit] in CONTENT)
    if base.kind is Kind.MULTIPART:
        found_names = [NAME.search(piece.octets) for piece in base.pieces]
        heads: tuple[tuple[bytes, ...], ...] = tuple((match[1],) for match in found_names if match is not None)
    else:
        lines = [base.pieces[at : at + 3] for unit, at in base.units.items() if base.roles[unit] == "request-line"]
        heads = tuple((line[0].octets, line[2].octets) for line in lines)
    plain = Plain(
        contents,
        heads,
        _meaning(base, contents, heads, base.pieces),
        frozenset(base.pieces[at].name for at, _ in contents),
    )
    base.notes["plain"] = plain
    return plain


def meaning(edited: Edited) -> Expected:
    """Return what the messages are, were all edits legal."""
    plain = _plain(edited.base)
    if edited.changed.isdisjoint(plain.names):
        return plain.whole
    return _meaning(edited.base, plain.contents, plain.heads, edited.flat)


def _meaning(
    base: Base, places: tuple[tuple[int, int], ...], heads: tuple[tuple[bytes, ...], ...], pieces: Sequence[Piece]
) -> Expected:
    if base.kind is Kind.HANDSHAKE:
        return (True,)
    contents = [b""] * (base.pieces[-1].message + 1)
    for at, message in places:
        contents[message] += pieces[at].octets
    if base.kind is Kind.CHUNKED:
        return (contents[0],)
    return tuple((*head, content) for head, content in zip(heads, contents, strict=False))


def _cut_off(edited: Edited, octets: bytes, end: int) -> tuple[Verdict, Expected]:
    """The stream ends too soon: the message in which it ends is not whole (RFC 9112, Section 8)."""
    base = edited.base
    if base.kind in FRAMED:
        return frames.read(octets[:end], deflate.ClientMessages() if base.kind is Kind.DEFLATE else None)
    if base.kind not in STRUCTURED and base.kind is not Kind.MULTIPART:
        return FREE, ()
    edges = [0, *accumulate(len(piece.octets) for piece in edited.pieces)]
    before = [piece for piece, edge in zip(edited.pieces, edges[1:], strict=True) if edge <= end]
    touched = {piece.unit for piece, edge in zip(edited.pieces, edges, strict=False) if edge < end} & set(edited.units)
    touched |= edited.unit_edits.keys()
    verdicts = [_unit(edited, unit) for unit in edited.units if unit in touched]
    if any(verdict.decision is not Decision.ACCEPT for verdict in verdicts):
        return FREE, ()
    if base.kind is Kind.MULTIPART:
        if any("delimiter" in base.roles[unit] for unit in edited.units):
            return FREE, ()
        ended = sum(piece.name.endswith(".boundary") for piece in before)
        whole = max(0, ended - 1)
        if any(piece.name == "close.last-dashes" for piece in before):
            return FREE, ()
        why, requirement = "a form ends with its closing delimiter", "rfc2046-5.1.1-a5"
    else:
        # All of a message's pieces have to be there, the empty ones behind its last octet too.
        unfinished = [piece.message for piece, edge in zip(edited.pieces, edges[1:], strict=True) if edge > end]
        whole = unfinished[0]
        has_head = any(piece.message == whole and base.roles[piece.unit] == "head-end" for piece in before)
        requirement = _incomplete(base, whole) if has_head or base.kind is Kind.CHUNKED else "rfc9112-2.2-10"
        why = "a message that is cut off is not whole"
    return refuse(requirement, why).at(whole, "end"), meaning(edited)


def _incomplete(base: Base, message: int) -> str:
    roles = {base.roles[piece.unit] for piece in base.pieces if piece.message == message}
    if "chunk-line" in roles:
        return "rfc9112-8-a1"
    return "rfc9112-6.3-8" if "content" in roles else "rfc9112-2.2-10"
