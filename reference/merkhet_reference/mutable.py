"""RFC 9110, Sections 9.3.4, 9.3.5, 13.1 and 14.5: a folder on disk whose files may be put and deleted, as well as read.

    router = Router()
    folder = MutableFolder(Path("drop"), prefix="/drop/")
    for method in folder.methods:
        router.add(method, "/drop/**", folder)

A PUT goes to disk as it comes. Until it is whole the old file is served; when its client goes away nothing is left of it.
"""

from __future__ import annotations

import errno
import math
import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path

from merkhet_reference import conditional, files, mime, paths, ranges, storing, validators
from merkhet_reference.fields import FieldLine, Fields
from merkhet_reference.http1.events import BodyKind, RequestHead
from merkhet_reference.message import Admission, Receiver, Request
from merkhet_reference.ranges import ContentRange
from merkhet_reference.validators import Validators

FILES_MAX = 10_000
BYTES_MAX = 1024 * 1024 * 1024

NAME_BYTES_MAX = 255
"""What file systems have room for in a name."""

FULL = frozenset((errno.ENOSPC, errno.EDQUOT))

ALLOW_FOLDER: FieldLine = (b"Allow", b"GET, HEAD, OPTIONS")

KINDS = {b"text": 1, b"image": 2, b"audio": 3, b"video": 3, b"font": 4, b"model": 5}
"""Top-level types between which there is no mistake. An .ogg is either of two."""

CODED_TAG = b'-gzip"'
"""The end of the tag that GET gives to a file with the gzip coding (validators.variant_tag)."""


class Declined(Exception):  # noqa: N818 - an answer, not an error
    """The request is answered with a status and a sentence, and changes nothing."""

    def __init__(self, status: int, text: str, *fields: FieldLine) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text
        self.fields = fields


class MutableFolder(files.FileServer):
    """A handler for GET, HEAD, PUT and DELETE on the files below `root`. Workers share it.

    `root` and its folders are there already; a PUT makes no folder. `partial` allows PUT with Content-Range. `durable`: a
    PUT is answered when the disk has it. `content_bytes_max` is in place of the server's limit. `files_max` and
    `bytes_max` bound what is below `root`, with what is on its way: beyond, the answer is 507. The other arguments are
    those of FileServer. Preconditions hold among the requests of one process: others that write to the folder are seen,
    but not waited for.
    """

    methods = ("DELETE", "GET", "HEAD", "PUT")

    def __init__(
        self,
        root: Path,
        *,
        prefix: str = "/",
        listing: bool = True,
        hidden: bool = False,
        access: files.Access | None = None,
        cache_control: str | None = None,
        index: str = "index.html",
        partial: bool = False,
        durable: bool = True,
        content_bytes_max: int | None = None,
        files_max: int = FILES_MAX,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        super().__init__(
            root, prefix=prefix, listing=listing, hidden=hidden, access=access, cache_control=cache_control, index=index
        )
        self._partial = partial
        # Choice: on by default. Renaming alone promises the old file or the new one, but after a power failure only if
        # the new one's octets were on the disk before its name was.
        self._durable = durable
        self._content_bytes_max = content_bytes_max
        self._stamps = storing.Stamps()
        self._locks = storing.Locks()
        # Choice: measured once. What others put into the folder while this runs is not counted before the next start.
        self.room = storing.Room(*storing.measured(root, time.time()), files_max=files_max, bytes_max=bytes_max)

    def admit(self, head: RequestHead) -> Admission:
        """Return what is taken of a request's content: that of PUT by pieces, so that a refusal invites none."""
        if head.method == b"PUT":
            return Admission(streams=True, content_bytes_max=self._content_bytes_max)
        return Admission(streams=head.expects_continue and head.method not in {b"GET", b"HEAD", b"DELETE"})

    def __call__(self, request: Request) -> Receiver | None:
        """Answer a request; the content of PUT is taken by what is returned."""
        if request.method == "PUT":
            return self._put(request)
        if request.method == "DELETE":
            self._delete(request)
            return None
        return super().__call__(request)

    def respond_file(
        self, request: Request, opened: paths.OpenedFile, name: str, current: Validators | None = None
    ) -> None:
        """Answer with an open file, and the validators that PUT gave it."""
        super().respond_file(request, opened, name, current or self.validators_of(opened.stat, time.time()))

    def validators_of(self, status: os.stat_result, now: float) -> Validators:
        """Return the validators of a file: strong at once if this folder gave it its time, which no other state has."""
        if self._stamps.knows(status):
            return Validators(validators.file_tag(status, math.inf), validators.file_last_modified(status, now))
        return validators.file_validators(status, now)

    # PUT

    def _put(self, request: Request) -> Receiver:
        """Take the content of PUT. What is wrong with the head is answered before the first `yield`, which invites it."""
        try:
            yield from self._take(request)
        except Declined as declined:
            files.answer(request, declined.status, declined.text, declined.fields)
        except storing.NoRoomError:
            files.answer(request, 507, "There is no room left in this folder.")
        except OSError as error:
            files.answer(request, *explained(error))

    def _take(self, request: Request) -> Receiver:
        names = self._writable(request)
        span = self._span(request.head)
        parent = self._open_parent(names, Declined(409, "The folder that it would lie in is not there."))
        with storing.Upload(parent, names[-1], self.room) as upload:
            current = self._current(names)
            try:
                upload.reserve(0 if current is not None else 1, announced_length(request.head))
                check_span(span, current)
                # Last of all, since they count only where the request would else succeed (RFC 9110, Section 13.2.1).
                self._check_preconditions(request.head, current)
            finally:
                close(current)
            upload.begin()
            while (piece := (yield)) is not None:
                if span is not None and upload.length + len(piece) > span.length:
                    raise wrong_length()
                upload.write(piece, 0 if span is None else span.first or 0)
            if span is not None and upload.length != span.length:
                raise wrong_length()
            self._finish(request, names, upload, span)

    def _writable(self, request: Request) -> list[str]:
        """Return the names that a PUT is for, if a file may have them. Raises Declined."""
        names = self.segments(request.path)
        if names is None:
            raise Declined(403, "No file can have this name here.")
        if not self.may(request, names[:-1]):
            raise Declined(403, "This may not be written.")
        if not names or not names[-1]:
            raise a_folder()
        if len(names[-1].encode("utf-8")) > NAME_BYTES_MAX:
            raise Declined(414, "This name is too long for a file.")
        check_content_type(names[-1], request.fields)
        return names

    def _span(self, head: RequestHead) -> ContentRange | None:
        """Return what Content-Range says, None without one (Sections 14.4 and 14.5). Raises Declined."""
        value = head.fields.get(b"Content-Range")
        if value is None:
            return None
        if not self._partial:
            # To take it for the whole would leave the file cut down to a piece.
            raise Declined(400, "A file is put as a whole here, without Content-Range.")  # [rfc9110-14.5-1]
        span = ranges.parse_content_range(value)
        if span is None or span.first is None:
            raise Declined(400, "Content-Range names no range of octets.")
        if head.framing.kind is not BodyKind.CHUNKED and head.framing.length != span.length:
            raise wrong_length()
        return span

    def _open_parent(self, names: Sequence[str], absent: Declined) -> int:
        """Open the folder that a file is to lie in. Raises `absent` where there is none, and OSError."""
        try:
            return paths.open_folder_below(self.root, names[:-1])
        except OSError as error:
            if files.is_absent(error):
                raise absent from error
            raise

    def _current(self, names: Sequence[str]) -> paths.OpenedFile | None:
        """Open what a path now leads to; None for nothing. Raises Declined for what is no file, and OSError."""
        try:
            return paths.open_below(self.root, names)
        except FileNotFoundError:
            return None
        except IsADirectoryError as error:
            raise a_folder() from error
        except PermissionError as error:
            if files.is_absent(error):
                raise Declined(409, "What has this name is no file of this folder.") from error
            raise

    def _check_preconditions(self, head: RequestHead, current: paths.OpenedFile | None) -> None:
        now = time.time()
        state = None if current is None else self.validators_of(current.stat, now)
        outcome = conditional.evaluate(head.method, without_codings(head.fields), state, now)
        if outcome is conditional.Outcome.PRECONDITION_FAILED:
            raise Declined(412, "The file is not in the state that the request names.")

    def _finish(self, request: Request, names: list[str], upload: storing.Upload, span: ContentRange | None) -> None:
        """Put what has come in its place, if what was true before is true still, and answer."""
        # [rfc9110-9.3.4-1] [rfc9110-9.3.4-2] [rfc9110-9.3.4-6]
        with self._locks.of(upload.folder, names[-1]):
            current = self._current(names)
            try:
                # Others may have changed the file since the content was invited: nobody's change is lost unseen.
                check_span(span, current)
                self._check_preconditions(request.head, current)
                if span is not None and current is not None:
                    fill(upload, span, current)
                mode = None if current is None else stat.S_IMODE(current.stat.st_mode) & 0o777
                status = upload.place(self._stamps, mode, durable=self._durable)
            finally:
                close(current)
        fields: list[FieldLine] = []
        # A validator says that the file is what was sent, octet by octet (Section 9.3.4): after a part of it, it is not.
        if span is None or span.length == status.st_size:
            tag = self.validators_of(status, time.time()).entity_tag
            fields += [] if tag is None else [(b"ETag", tag.encode())]
        if current is None:
            fields.append((b"Location", self.url(names)))
        request.respond(201 if current is None else 204, fields)

    # DELETE

    def _delete(self, request: Request) -> None:
        try:
            self._remove(request)
        except Declined as declined:
            files.answer(request, declined.status, declined.text, declined.fields)
        except OSError as error:
            files.answer(request, *explained(error))

    def _remove(self, request: Request) -> None:
        # [rfc9110-9.3.5-1]
        names = self.segments(request.path)
        if names is None:
            raise Declined(404, files.NOT_FOUND)
        if not self.may(request, names[:-1]):
            raise Declined(403, "This may not be deleted.")
        if not names or not names[-1]:
            raise a_folder()
        folder = self._open_parent(names, Declined(404, files.NOT_FOUND))
        try:
            with self._locks.of(folder, names[-1]):
                current = self._current(names)
                close(current)
                if current is None:
                    raise Declined(404, files.NOT_FOUND)
                self._check_preconditions(request.head, current)
                storing.remove(folder, names[-1], self.room)
        finally:
            os.close(folder)
        request.respond(204)


def announced_length(head: RequestHead) -> int:
    """Return the octets of content that are known to come."""
    return head.framing.length if head.framing.kind is BodyKind.LENGTH else 0


def check_content_type(name: str, fields: Fields) -> None:
    """Raise Declined for content of which it is known that a file of this name would be served as something else.

    The type that is served is that of the name, so Section 9.3.4 asks for a look at what is put. # Choice: only types
    that are surely at odds are refused, as an image in place of a page: for many names there are several types in use.
    A coding would be served without its name, so nothing comes with one.
    """
    # [rfc9110-9.3.4-4]
    if any(coding != b"identity" for coding in fields.list_members(b"Content-Encoding")):
        raise Declined(415, "A file is put without a content coding.", (b"Accept-Encoding", b"identity"))
    sent = (fields.get(b"Content-Type") or b"").partition(b";")[0].strip(b" \t").lower()
    own = mime.detect_mime_type(name)
    kinds = {KINDS.get(kind.partition(b"/")[0]) for kind in (sent, own.encode("ascii"))} - {None}
    # text/plain is what browsers call any string.
    if len(kinds) > 1 and sent != b"text/plain":
        raise Declined(415, f"A file of this name is {own}.")


def check_span(span: ContentRange | None, current: paths.OpenedFile | None) -> None:
    """Raise Declined for a range that does not fit the file as it is: it begins past the end, or expects a shorter one.

    # Choice: 409 and not 416, which is the answer to Range; what is in the way is the state of the file. A range may
    begin right at the end, so that a file can be put piece by piece; a gap would have octets that nobody sent.
    """
    if span is None:
        return
    length = 0 if current is None else current.stat.st_size
    if (span.first or 0) > length:
        raise Declined(409, f"The file has {length} octets, and the range begins later.")
    if span.complete_length is not None and length > span.complete_length:
        raise Declined(409, f"The file has {length} octets, more than Content-Range says of all.")


def fill(upload: storing.Upload, span: ContentRange, current: paths.OpenedFile) -> None:
    """Add to a part what the file has before and behind it. Raises NoRoomError and OSError.

    # Choice: each part costs a copy of the file, since only a whole new file can be put in the old one's place at once.
    """
    first, length = span.first or 0, current.stat.st_size
    behind = first + span.length
    upload.reserve(0, max(behind, length))
    upload.copy(current.descriptor, 0, first)
    upload.copy(current.descriptor, behind, length)


def without_codings(fields: Fields) -> Fields:
    """Return fields in which the tag of a coded file stands for the file.

    A client that was sent a file compressed has that tag, and it means the file that it wants to change.
    """
    names = {b"if-match", b"if-none-match"}
    return Fields((name, value.replace(CODED_TAG, b'"') if name.lower() in names else value) for name, value in fields)


def close(current: paths.OpenedFile | None) -> None:
    """Close a file, if there is one."""
    if current is not None:
        current.close()


def a_folder() -> Declined:
    """Return the answer to a change of a folder: 405, with what can be done instead."""
    # [rfc9110-15.5.10-1]
    return Declined(405, "This is a folder. Only files are put and deleted.", ALLOW_FOLDER)


def wrong_length() -> Declined:
    """Return the answer to content that is not as long as its Content-Range says."""
    return Declined(400, "The content is not as long as Content-Range says.")


def explained(error: OSError) -> tuple[int, str]:
    """Return the status and the sentence for what the system says of a change. Raises what is no answer to a client."""
    if error.errno in FULL:
        return 507, "The disk is full."
    if error.errno == errno.EFBIG:
        return 413, "No file can be as large as this."
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return 403, "This may not be changed."
    if isinstance(error, (FileNotFoundError, IsADirectoryError)):
        return 409, "The folder has changed meanwhile."
    return files.explained(error)
