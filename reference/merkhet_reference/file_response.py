"""How a file is answered: validators, preconditions, ranges, fields and layout (RFC 9110, Sections 8.8, 13, 14 and 15.3.7).

From an open file and a request head to a plan: a status, field lines, and the parts to send. Of a large file the plan has
segments, which the I/O thread lets the system copy; only a small one is read here, on a worker.
"""

from __future__ import annotations

import mmap
import os
import secrets
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from merkhet_reference import byteranges, coding, conditional, disposition, http_date, mime, ranges, validators
from merkhet_reference.conditional import Outcome
from merkhet_reference.fields import FieldLine, Fields
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.outbox import FileSegment, Part
from merkhet_reference.paths import OpenedFile

READ_BYTES_MAX = 32768
"""Up to here a file is read and leaves with its head in one call; beyond, having it copied by the system costs less."""

NOT_ASKED_AGAIN = frozenset({b"content-language", b"last-modified"})
"""What describes the representation and is left out of a 206 to If-Range (Section 15.3.7). # Choice: not Content-Type and
Content-Encoding, without which a client that does not look back would take the part for something else."""

NO_CACHE = (b"Cache-Control", b"no-cache")
"""# Choice: kept, but asked about each time, unless the application says otherwise: with validators that costs a 304."""


@dataclass(frozen=True, slots=True)
class Presentation:
    """What a file is to be for the client. `content_type` None: by its name. `filename` None: the name that it has.

    `current` is for an application that knows better than the times of the file which state of it this is.
    """

    name: str
    content_type: str | None = None
    attachment: bool = False
    filename: str | None = None
    current: validators.Validators | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """An answer that is decided. `length` is the octets of `parts`; None where no field may say one (304)."""

    status: int
    fields: list[FieldLine]
    length: int | None
    parts: tuple[Part, ...] = ()

    def close(self) -> None:
        """Close the file of a plan whose parts will not be sent."""
        for part in self.parts:
            if isinstance(part, FileSegment):
                part.close()


def name_of(path: os.PathLike[str] | str) -> str:
    """Return the last segment of a path."""
    return os.path.basename(path)  # noqa: PTH119 - for every answer, and a Path costs as much as opening the file


def open_file(path: os.PathLike[str] | str) -> OpenedFile:
    """Open a regular file that the application names. Raises OSError, for a folder or a device as well."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO must not hold up the worker
    try:
        opened = OpenedFile(descriptor, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    if not stat.S_ISREG(opened.stat.st_mode):
        opened.close()
        raise PermissionError(f"not a regular file: {path}")
    return opened


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, when (seconds since the epoch), and the bounds that it is answered within."""

    head: RequestHead
    now: float
    limits: Limits


def plan(asked: Asked, opened: OpenedFile, presentation: Presentation, extra: Sequence[FieldLine]) -> Plan:
    """Return the answer to GET or HEAD for a file: 200, 206, 304, 412 or 416. The file is the plan's from here on."""
    return owning(opened, lambda: _plan(asked, opened, presentation, extra))


def owning(opened: OpenedFile, decide: Callable[[], Plan]) -> Plan:
    """Return what `decide` returns. The file is closed once: here, unless a segment of the plan has it to send."""
    try:
        decided = decide()
    except BaseException:
        opened.close()
        raise
    if not any(isinstance(part, FileSegment) for part in decided.parts):
        opened.close()
    return decided


def _plan(asked: Asked, opened: OpenedFile, presentation: Presentation, extra: Sequence[FieldLine]) -> Plan:
    head, now, limits = asked.head, asked.now, asked.limits
    length = opened.stat.st_size
    current = presentation.current or validators.file_validators(opened.stat, now)
    given = Fields(extra)
    content_type = given.get(b"Content-Type") or type_of(presentation)
    # What has a coding already, by the word of the application, is not put into another one.
    zipped = b"Content-Encoding" not in given and wants_gzip(head.fields, content_type, length, limits)
    if zipped and current.entity_tag is not None:
        current = current._replace(entity_tag=validators.variant_tag(current.entity_tag, b"gzip"))
    fields = describing(presentation, content_type, current, extra)
    outcome = conditional.evaluate(head.method, head.fields, current, now)  # [rfc9110-13.2.1-1]
    if outcome is Outcome.NOT_MODIFIED:
        return Plan(304, conditional.not_modified_fields(fields), None)  # [rfc9110-13.1.3-6] [rfc9110-15.4.5-a1]
    if outcome is Outcome.PRECONDITION_FAILED:
        return Plan(412, [], 0)  # [rfc9110-13.1.1-4] [rfc9110-13.1.4-7]
    if zipped:
        return zipped_whole(opened, fields)
    if outcome is Outcome.PROCEED_WITH_RANGE:
        selection = ranges.select_ranges(head.fields.get(b"Range"), length, limits)
        if selection.outcome is ranges.Outcome.UNSATISFIABLE:
            return unsatisfiable(length)
        if selection.ranges:  # [rfc9110-15.3.7-a1]
            # Who sends If-Range has what describes the file, from the answer with its validator.
            if b"If-Range" in head.fields:
                fields = [line for line in fields if line[0].lower() not in NOT_ASKED_AGAIN]  # [rfc9110-15.3.7-3]
            return partial(opened, fields, content_type, selection.ranges)  # [rfc9110-15.3.7-2] [rfc9110-15.3.7-4]
    return Plan(200, fields, length, segments(opened, [ranges.ByteRange(0, length - 1)]))


def plan_ranges(opened: OpenedFile, presentation: Presentation, wanted: Sequence[ranges.ByteRange], now: float) -> Plan:
    """Return 206 with these ranges, 416 with none. Raises ValueError for one that the file does not have."""

    def decide() -> Plan:
        if not wanted:
            return unsatisfiable(opened.stat.st_size)
        content_type = type_of(presentation)
        fields = describing(presentation, content_type, validators.file_validators(opened.stat, now), ())
        return partial(opened, fields, content_type, wanted)

    return owning(opened, decide)


def plan_stream(opened: OpenedFile, presentation: Presentation, start: int, end: int | None) -> Plan:
    """Return the octets from `start` to `end` with nothing but what describes them: 200 if that is all, else 206."""
    length = opened.stat.st_size
    wanted = ranges.ByteRange(start, length - 1 if end is None else end)

    def decide() -> Plan:
        content_type = type_of(presentation)
        fields = [(b"Content-Type", content_type), ACCEPT_RANGES]
        if wanted == (0, length - 1):
            return Plan(200, fields, length, segments(opened, [wanted]))
        return partial(opened, fields, content_type, [wanted])

    return owning(opened, decide)


ACCEPT_RANGES = (b"Accept-Ranges", b"bytes")  # [rfc9110-14.3-a1]


def type_of(presentation: Presentation) -> bytes:
    """Return the value of Content-Type."""
    # [rfc9110-8.3-1] [rfc9110-8.3-a1]
    return mime.with_charset(presentation.content_type or mime.detect_mime_type(presentation.name))


def wants_gzip(fields: Fields, content_type: bytes, length: int, limits: Limits) -> bool:
    """Tell whether the client gets this file compressed: never a range of it (RFC 9110, Section 14.1.2: of which octets?).

    # Choice: compressed anew for each answer. Who serves many keeps `name.gz` beside the file, or a cache in front.
    """
    if b"Range" in fields or not limits.gzip_bytes_min <= length <= limits.gzip_bytes_max:  # [rfc9110-14.1.2-a5]
        return False
    return coding.is_compressible(content_type) and coding.prefers_gzip(fields)


def describing(
    presentation: Presentation, content_type: bytes, current: validators.Validators, extra: Sequence[FieldLine]
) -> list[FieldLine]:
    """Return the fields that the 200 has, and so the 206 (Section 15.3.7): what the file is, which state of it, and how."""
    # [rfc9110-15.3.1-1]
    fields: list[FieldLine] = [(b"Content-Type", content_type)]
    # [rfc9110-8.8.3.1-1]
    if current.entity_tag is not None:
        fields.append((b"ETag", current.entity_tag.encode()))
    if current.last_modified is not None:
        fields.append((b"Last-Modified", http_date.format_http_date(current.last_modified)))  # [rfc9110-8.8.2.1-1]
    fields += [ACCEPT_RANGES, NO_CACHE]
    given = {name.lower() for name, _ in extra}
    fields = [line for line in fields if line[0].lower() not in given]
    fields += extra
    if presentation.attachment or presentation.filename is not None:
        name = presentation.filename or presentation.name
        disposition.set_content_disposition(fields, name, attachment=presentation.attachment)
    if coding.is_compressible(content_type):
        coding.add_vary(fields, b"Accept-Encoding")
    return fields


def zipped_whole(opened: OpenedFile, fields: list[FieldLine]) -> Plan:
    """Return 200 with the file in gzip."""
    # [rfc9110-8.4-1] [rfc9110-8.4-2]
    content = coding.gzip_content(read_whole(opened.descriptor, ranges.ByteRange(0, opened.stat.st_size - 1)))
    return Plan(200, [*fields, (b"Content-Encoding", b"gzip")], len(content), (content,))


def unsatisfiable(complete_length: int) -> Plan:
    """Return 416, and how long the file is (Section 15.5.17)."""
    return Plan(416, [(b"Content-Range", ranges.unsatisfied_content_range(complete_length))], 0)  # [rfc9110-15.5.17-1]


def partial(
    opened: OpenedFile, fields: list[FieldLine], content_type: bytes, wanted: Sequence[ranges.ByteRange]
) -> Plan:
    """Return 206 with one range, or with several as multipart/byteranges (Section 15.3.7)."""
    complete_length = opened.stat.st_size
    if len(wanted) == 1:  # [rfc9110-15.3.7.2-6]
        only = wanted[0]
        line = (b"Content-Range", ranges.content_range(only, complete_length))
        return Plan(206, [*fields, line], only.length, segments(opened, wanted))  # [rfc9110-15.3.7.1-1]
    boundary = byteranges.make_boundary(secrets.token_bytes(byteranges.BOUNDARY_RANDOM_BYTES))
    layout = byteranges.layout(wanted, complete_length, content_type, boundary)
    fields = [line for line in fields if line[0].lower() != b"content-type"]
    fields.append((b"Content-Type", layout.content_type))
    return Plan(206, fields, layout.content_length, segments(opened, layout.pieces))  # [rfc9110-15.3.7.2-2]


def segments(opened: OpenedFile, pieces: Sequence[byteranges.Piece]) -> tuple[Part, ...]:
    """Return the parts that these pieces are, ready to send. Of file segments, if any, the last closes the file."""
    total = sum(piece.length for piece in pieces if isinstance(piece, ranges.ByteRange))
    if total <= READ_BYTES_MAX:
        read = (piece if isinstance(piece, bytes) else read_whole(opened.descriptor, piece) for piece in pieces)
        return (b"".join(read),)
    parts: list[Part] = []
    for piece in pieces:
        parts += [piece] if isinstance(piece, bytes) else split_at_page(opened.descriptor, piece)
    sent = [part for part in parts if isinstance(part, FileSegment)]
    if sent:
        sent[-1].owns = True
    return tuple(parts)


def split_at_page(descriptor: int, piece: ranges.ByteRange) -> list[Part]:
    """Return a range as the octets up to where a page of memory begins, and a segment from there on.

    The system gives the pages of a file to the connection as they are. A range that begins in the middle of one costs it
    three times as much as one that begins with a page, and these octets leave with the head that is sent anyway.
    """
    before = min(-piece.start % mmap.PAGESIZE, piece.length)
    parts: list[Part] = []
    if before:
        parts.append(read_whole(descriptor, ranges.ByteRange(piece.start, piece.start + before - 1)))
    if before < piece.length:
        parts.append(FileSegment(descriptor, piece.start + before, piece.length - before, owns=False))
    return parts


def read_whole(descriptor: int, piece: ranges.ByteRange) -> bytes:
    """Return the octets of a range. Raises OSError if the file has become shorter."""
    data = os.pread(descriptor, piece.length, piece.start) if piece.length else b""
    if len(data) != piece.length:
        raise OSError("a file became shorter while it was read")
    return data
