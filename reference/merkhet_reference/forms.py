"""RFC 7578: what a form comes to. Fields are kept in memory, files go to disk as they come.

A handler that is given its content piece by piece writes `form = yield from receive_form(...)`.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from merkhet_reference import multipart, multipart_head
from merkhet_reference.limits import Limits
from merkhet_reference.multipart import Event, FormError, FormTooLargeError, PartBegin, PartData

FILENAME_BYTES_MAX = 200
"""File systems take 255 octets; the rest is for what the caller puts before or behind."""

SUFFIX_BYTES_MAX = 16
"""What stands behind the last dot of a name that is too long, and is kept: it says what the file is."""

UNNAMED = "unnamed"

PATH_SEPARATOR = re.compile(r"[/\\]")

FORM_CHARSET = "_charset_"
"""The field whose value is the charset of all text that names none (RFC 7578, Section 4.6)."""

# Choice: a list, and not whatever Python decodes: some of its codecs take quadratic time, and some are no charsets. UTF-16
# and UTF-32 are missing, for no form is written in them (HTML, "Multipart form data").
CHARSETS = frozenset(
    b"ascii big5 euc-jp euc-kr gb18030 gb2312 gbk iso-8859-1 iso-8859-2 iso-8859-5 iso-8859-7 iso-8859-9 iso-8859-15 "
    b"koi8-r koi8-u latin1 shift_jis us-ascii utf-8 utf8 windows-1250 windows-1251 windows-1252 windows-1253 windows-1254 "
    b"windows-1257".split()
)


@dataclass(frozen=True, slots=True)
class FormField:
    """A part without a file name. `content_type` is None where the part has none, which means text/plain."""

    name: str
    value: str
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class FormFile:
    """A part with a file name. `path` is where its `length` octets are, under a name that has nothing of the client's.

    `filename` is the client's, made safe by `safe_filename`; two files of one form may have the same.
    """

    name: str
    filename: str
    content_type: str | None
    path: Path
    length: int


@dataclass(frozen=True, slots=True)
class Form:
    """Fields and files, each in the order in which they came. Equal names are kept apart (RFC 7578, Section 5.2)."""

    fields: list[FormField]
    files: list[FormFile]

    def get(self, name: str) -> str | None:
        """Return the value of the first field of this name; None without one."""
        return next((field.value for field in self.fields if field.name == name), None)

    def get_all(self, name: str) -> list[str]:
        """Return the values of all fields of this name, in order."""
        return [field.value for field in self.fields if field.name == name]

    def get_files(self, name: str) -> list[FormFile]:
        """Return all files of this name, in order: an input may have several (RFC 7578, Section 4.3)."""
        return [file for file in self.files if file.name == name]


def receive_form(content_type: bytes, folder: Path, limits: Limits) -> Generator[None, bytes | None, Form]:
    """Return the form, once all its content was sent to this generator piece by piece, and then None.

    `folder` exists; each file goes there under a fresh name, and belongs to the caller once the form is returned. When
    an error is raised, or the generator is closed because the client has gone, all of them are removed. Raises FormError,
    and OSError where a file cannot be written. What the files may take together is the caller's to bound: it is the
    content's own limit.
    """
    boundary = multipart.boundary_of(content_type)
    with contextlib.ExitStack() as cleanup:
        parser, receiver = multipart.MultipartParser(boundary, limits), Receiver(folder, limits, cleanup)
        while (data := (yield)) is not None:
            for event in parser.feed(data):
                receiver.take(event)
            parser.feed(b"")  # a fault behind these events is raised now, and not with a piece that may never come
        parser.end()
        form = receiver.form()
        cleanup.pop_all()
    return form


@dataclass(frozen=True, slots=True)
class OpenField:
    """A field as octets. They are decoded last: the charset of the form may stand behind them."""

    head: PartBegin
    octets: bytearray


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that is being written, or was."""

    head: PartBegin
    path: Path
    stream: BinaryIO


class Receiver:
    """Puts the events of one form where they belong. What `cleanup` holds is undone unless the caller takes it away."""

    __slots__ = ("_cleanup", "_field_bytes", "_files", "_folder", "_limits", "_parts")

    def __init__(self, folder: Path, limits: Limits, cleanup: contextlib.ExitStack) -> None:
        self._folder = folder
        self._limits = limits
        self._cleanup = cleanup
        self._parts: list[OpenField | OpenFile] = []
        self._files: list[FormFile] = []
        self._field_bytes = 0

    def take(self, event: Event) -> None:
        """Take the next event of the parser. Raises FormTooLargeError, and OSError."""
        if isinstance(event, PartBegin):
            # [rfc7578-5.2-3] [rfc7578-5.2-a1]
            self._parts.append(OpenField(event, bytearray()) if event.filename is None else self._open_file(event))
        elif isinstance(event, PartData):
            self._take_data(event.data)
        else:
            self._end_part()

    def form(self) -> Form:
        """Return everything, decoded. Raises FormError."""
        fields = [part for part in self._parts if isinstance(part, OpenField)]
        default = form_charset(fields)
        return Form([decoded_field(field, default) for field in fields], self._files)

    def _take_data(self, data: bytes) -> None:
        part = self._parts[-1]
        if isinstance(part, OpenFile):
            part.stream.write(data)
            return
        # Many fields of a legal size are as much memory as a large one.
        self._field_bytes += len(data)
        if self._field_bytes > self._limits.content_bytes_max:
            raise FormTooLargeError("the fields of the form are larger together than this server takes")
        part.octets.extend(data)

    def _open_file(self, head: PartBegin) -> OpenFile:
        descriptor, name = tempfile.mkstemp(prefix="upload-", dir=self._folder)
        path = Path(name)
        self._cleanup.callback(path.unlink, missing_ok=True)
        return OpenFile(head, path, self._cleanup.enter_context(os.fdopen(descriptor, "wb")))

    def _end_part(self) -> None:
        part = self._parts[-1]
        if isinstance(part, OpenField):
            return
        length = part.stream.tell()
        part.stream.close()
        # Choice: no name and no content is what a browser sends where no file was chosen: that is no file.
        if not part.head.filename and not length:
            part.path.unlink()
            return
        filename = safe_filename(part.head.filename or "")
        self._files.append(
            FormFile(part.head.name, filename, shown(part.head.content_type), part.path, length)
        )  # [rfc7578-4.3-a1]


def form_charset(fields: list[OpenField]) -> str:
    """Return the charset of the text that names none (RFC 7578, Sections 4.6 and 5.1.2). Raises FormError.

    # Choice: of several the first counts; an empty one, which a script leaves empty where a browser would fill it, says
    nothing.
    """
    labels = (field.octets for field in fields if field.head.name == FORM_CHARSET)
    label = bytes(next(labels, b"")).strip()  # [rfc7578-4.6-a1]
    return known_charset(label) if label else "utf-8"  # [rfc7578-5.1.2-1]


def decoded_field(field: OpenField, default: str) -> FormField:
    """Return the field with its value as text (RFC 7578, Section 4.5). Raises FormError.

    # Choice: octets that are no text in their charset are refused and not replaced: a part may hold any octets that a file
    can, and who sends them without a file name would never learn that they were lost. A nested multipart/mixed, the older
    way to send several files (Section 4.3), is such a part as well: Appendix A knows nobody who sends it.
    """
    try:
        value = field.octets.decode(part_charset(field.head.content_type, default))
    except UnicodeDecodeError:
        raise FormError("a field is no text in its charset, and a file has a file name") from None  # [rfc7578-4.3-2]
    return FormField(field.head.name, value, shown(field.head.content_type))


def part_charset(content_type: bytes | None, default: str) -> str:
    """Return the charset that a part names; `default` is for text/plain alone, all else is UTF-8. Raises FormError."""
    if content_type is None:
        return default
    match = multipart_head.MEDIA_TYPE.match(content_type)
    if match is None:
        return "utf-8"
    label = multipart_head.parameters(match[2]).get(b"charset")  # [rfc7578-4.5-1]
    if label is not None:
        return known_charset(multipart_head.unquoted(label))
    return default if match[1].lower() == b"text/plain" else "utf-8"  # [rfc7578-4.4-1]


def known_charset(label: bytes) -> str:
    """Return the name of a charset that is decoded here; case does not count. Raises FormError."""
    if label.lower() not in CHARSETS:
        raise FormError("the form is in a charset that is not known here")
    return label.lower().decode()


def shown(content_type: bytes | None) -> str | None:
    """Return a field value as text, octet by octet: beyond ASCII it has no meaning (RFC 9110, Section 5.5)."""
    return None if content_type is None else content_type.decode("latin-1")


def safe_filename(name: str) -> str:
    """Return a file name to show, or to make a path of (RFC 2183, Section 2.3): never empty, `.` or `..`, never a path.

    It is the last segment, whatever system wrote it, without control and other invisible characters, without dots and
    spaces at either end, and of 200 octets at most. It may still be the name of another file: that is the caller's to see.
    """
    segment = PATH_SEPARATOR.split(name)[-1]  # [rfc7578-4.2-a1]
    visible = "".join(character for character in segment if character.isprintable()).strip(" .")
    return shortened(visible) or UNNAMED


def shortened(name: str) -> str:
    """Return the name, within its bound of octets in UTF-8; what says the file's type is kept if it is short."""
    if len(name.encode()) <= FILENAME_BYTES_MAX:
        return name
    stem, dot, suffix = name.rpartition(".")
    if len(suffix.encode()) > SUFFIX_BYTES_MAX:
        stem, dot, suffix = name, "", ""
    room = FILENAME_BYTES_MAX - len((dot + suffix).encode())
    return (stem.encode()[:room].decode(errors="ignore") + dot + suffix).strip(" .")


def parse_urlencoded(content: bytes, limits: Limits) -> list[tuple[str, str]]:
    """Return the pairs of application/x-www-form-urlencoded (URL Standard, Section 5.1), in order.

    Octets that are not UTF-8 are replaced, and a percent sign that escapes nothing stays. Raises FormTooLargeError for
    more pairs than a form may have parts.
    """
    if content.count(b"&") >= limits.multipart_parts_max:
        raise FormTooLargeError("the form has more pairs than this server takes")
    pairs = (pair.partition(b"=") for pair in content.split(b"&") if pair)
    return [(urldecoded(name), urldecoded(value)) for name, _, value in pairs]


def urldecoded(octets: bytes) -> str:
    """Return the text of a name or a value: plus is a space, a percent sign begins an octet."""
    return unquote_to_bytes(octets.replace(b"+", b" ")).decode(errors="replace")
