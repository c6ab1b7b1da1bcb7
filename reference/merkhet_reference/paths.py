"""RFC 3986, Sections 2.1, 2.2, 5.2.4 and 6.2.2, and RFC 9110, Section 17.3: from a path on the wire to a file below a root.

Three steps, and each stands for itself: `normalize_path` gives one spelling to paths that mean the same,
`safe_segments` turns a path into names, or into nothing, and `open_below` opens what the names lead to, if that lies
below the root. Whatever the first two let through, the third opens nothing outside.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import unquote_to_bytes

from merkhet_reference import abnf

PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})?")
MALFORMED_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
UNRESERVED = abnf.whole(rb"[" + abnf.UNRESERVED + rb"]")

LEADING_DOTS = re.compile(rb"\A(?:\.\.?+(?:/|\Z))++")
"""Dot segments that a relative path begins with (RFC 3986, Section 5.2.4, steps A and D)."""

SEGMENT = re.compile(rb"/[^/]*+|[^/]++")
"""One segment with the slash before it; only the first of a relative path has none."""

NO_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f/\\]")
"""What no name of a file has here: controls, and whatever separates segments on some machine."""

INVISIBLE = "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u206a\u206b\u206c\u206d\u206e\u206f\ufeff"
"""What HFS+ skips when it compares names: with one of these before it, ".env" is still .env."""

WELL_KNOWN = ".well-known"

UPLOADING = ".merkhet-upload-"
"""What the name of a file begins with that is not whole yet: nobody is served it, and nobody may choose it."""

SEGMENTS_MAX = 128
"""Names between the root and the file. Each folder on the way is held open, so this bounds the descriptors of a walk."""

LINKS_MAX = 40
"""Symbolic links on the way, as many as Linux follows: two that point at each other must come to an end."""

FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""A FIFO must not keep a worker until somebody writes to it, nor a terminal become ours."""

FOLDER_FLAGS: int = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""With O_PATH, which Linux has, a folder that may be passed through need not be readable."""

LAST_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""A folder that is the end of the way is to be listed, or to have files made in it."""

LINK_ERRORS = frozenset((errno.ELOOP, errno.ENOTDIR, errno.EMLINK))
"""What the systems say of a link that O_NOFOLLOW, or O_DIRECTORY beside it, does not open; of a file on the way, too."""

NO_SUCH_NAME = frozenset((errno.ENAMETOOLONG, errno.EILSEQ))
"""A name that the file system cannot have is one that it does not have."""

NO_FILE = frozenset((errno.ENXIO, errno.EOPNOTSUPP, errno.ENODEV))
"""What the systems say when a socket, or a device without its driver, is opened."""


def normalize_path(path: bytes) -> bytes:
    """Return the one spelling of a percent-encoded path (RFC 3986, Section 6.2.2), still percent-encoded.

    Unreserved characters are decoded, the digits of other sequences are in upper case, dot segments are gone. Nothing
    is decoded twice, so that a second call changes nothing. # Choice: a "%" that begins no sequence is taken for one
    that should have been encoded; the parser of request targets lets none through.
    """
    # [rfc3986-2.1-a2] [rfc3986-2.3-a1] [rfc9110-4.2.3-2]
    return remove_dot_segments(PERCENT.sub(normal_sequence, path))


def normal_sequence(match: re.Match[bytes]) -> bytes:
    """Return one percent sequence, or a lone "%", as it is spelled (RFC 3986, Sections 6.2.2.1 and 6.2.2.2)."""
    if match[1] is None:
        return b"%25"
    octet = bytes((int(match[1], 16),))
    return octet if UNRESERVED.match(octet) else match[0].upper()


def remove_dot_segments(path: bytes) -> bytes:
    """Return a path without "." and ".." (RFC 3986, Section 5.2.4), in time linear to its length. No ".." is left over.

    An empty segment is a segment: "a//.." is "a/".
    """
    kept: list[bytes] = []
    ends_in_folder = False
    for segment in SEGMENT.findall(LEADING_DOTS.sub(b"", path)):
        ends_in_folder = segment in {b"/.", b"/.."}
        if segment == b"/..":
            del kept[-1:]
        elif segment != b"/.":
            kept.append(segment)
    return b"".join(kept) + (b"/" if ends_in_folder else b"")


def safe_segments(path: bytes) -> list[str] | None:
    """Return the decoded segments of an absolute path, or None if one of them is no name, so that there is no such file.

    Each is decoded once, after the path is split: `/%2541.txt` is the file named `%41.txt`. If the path ends in a slash
    the last segment is empty, which names a folder and which `open_below` opens nothing for.

    No names are: those with a malformed percent sequence, with octets that are no UTF-8, with a control, a slash or a
    backslash, and ".", "..", and an empty one that is not the last. # Choice: dot segments are refused, not resolved,
    since a client resolves its own (RFC 3986, Section 5.2.4); `normalize_path` is there for who wants them resolved.
    """
    # [rfc3986-2.2-a1] [rfc3986-2.4-a1] [rfc3986-5.2.4-a1] [rfc3986-7.3-a1]
    if not path.startswith(b"/") or MALFORMED_PERCENT.search(path):
        return None
    names: list[str] = []
    for segment in path[1:].split(b"/"):
        name = decoded_name(segment)
        if name is None:
            return None
        names.append(name)
    return None if "" in names[:-1] else names


def decoded_name(segment: bytes) -> str | None:
    """Return one segment, percent-decoded once, or None if that is no name."""
    # [rfc3986-2.1-a1]
    try:
        name = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if name in {".", ".."} or NO_NAME.search(name) else name


def is_hidden(segments: Sequence[str]) -> bool:
    """Tell whether a name on the way begins with a dot, by which its owner says that it is not for others.

    # Choice: `.well-known` as the first one is public, since that is what it is for (RFC 8615, Section 3).
    """
    private = segments[1:] if segments and segments[0] == WELL_KNOWN else segments
    return any(name.lstrip(INVISIBLE).startswith(".") for name in private)


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A regular file, open for reading, and what the system says of this very file: size, times, identity.

    Length and validators come from `stat`, never from a second look at the path, where another file may be by then.
    Whoever has it closes it, or uses it in a `with`. `fileno` is there for `os.sendfile` and its kind.
    """

    descriptor: int
    stat: os.stat_result

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self.descriptor

    def close(self) -> None:
        """Give the descriptor back, once."""
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_below(root: Path, segments: Sequence[str]) -> OpenedFile:
    """Open the regular file that `segments` lead to from `root`, for reading.

    Raises FileNotFoundError if there is none, be it that a name is too long, too deep, or none at all, or that links
    lead in a circle; IsADirectoryError for a folder; PermissionError for what may not be read, and, with errno EPERM, for
    what is neither file nor folder and for a link that leaves the root. Links that stay below the root are followed,
    absolute ones too. Other errors of the system are OSError. A hard link is the file itself: nothing tells it from one
    that belongs here.

    There is no time between a check and a use, since no path is ever checked. Each name is opened by itself, relative
    to the descriptor of the folder before it, and never through a link: the system refuses that in the same call
    (O_NOFOLLOW). A link is read as text and its names are opened in the same way, ".." by going back to the descriptor
    that we came from, at the root never. So whatever is swapped in meanwhile, every step goes from a folder below the
    root to a name in it. What is opened is judged by its descriptor, which no rename can turn into something else.
    """
    walk = Walk(root, [name_octets(name) for name in segments])
    try:
        if not walk.run(FILE_FLAGS):
            raise is_a_folder()
        return judged(walk.take())
    finally:
        walk.close()


def open_folder_below(root: Path, segments: Sequence[str]) -> int:
    """Open the folder that `segments` lead to from `root`, the root itself without any, and return its descriptor.

    It is for `os.scandir`, and for `dir_fd`; whoever has it closes it. Raises as `open_below` does: FileNotFoundError if
    there is no such folder, be there something else, and PermissionError for one that may not be read, or lies outside.
    """
    walk = Walk(root, [name_octets(name) for name in segments])
    try:
        # What the way ends with may be open for passing through alone, so it is opened once more, by itself.
        return walk.take() if walk.run(LAST_FOLDER_FLAGS) else walk.reopen()
    finally:
        walk.close()


class Walk:
    """The way from a root to a file: the folders that are open, the last one the present, and the names that wait."""

    __slots__ = ("_folders", "_links", "_root", "_waiting")

    def __init__(self, root: Path, names: Sequence[bytes]) -> None:
        self._root = root
        self._links = 0
        self._waiting = list(reversed(names))
        # The root itself may be a link: it is the operator's word.
        self._folders = [os.open(root, FOLDER_FLAGS & ~os.O_NOFOLLOW)]

    def close(self) -> None:
        """Give back the folders."""
        while self._folders:
            os.close(self._folders.pop())

    def take(self) -> int:
        """Return the last descriptor, which is the caller's from here on."""
        return self._folders.pop()

    def reopen(self) -> int:
        """Open the present folder once more, to read it."""
        return os.open(b".", LAST_FOLDER_FLAGS, dir_fd=self._folders[-1])

    def run(self, flags: int) -> bool:
        """Go to the end of the way, and open what is there with `flags`, to be taken. Raises OSError.

        False if there was no last name to be opened: a link to "." or "..", or no name at all. Then the end is a folder
        that is open already, and stays so.
        """
        while self._waiting:
            if len(self._waiting) + len(self._folders) > SEGMENTS_MAX:
                raise no_such_file()
            name = self._waiting.pop()
            if name == b"..":
                self._go_back()
                continue
            descriptor = self._open(name, FOLDER_FLAGS if self._waiting else flags)
            if descriptor is None:
                self._take_link(name)
                continue
            self._folders.append(descriptor)
            if not self._waiting:
                return True
        return False

    def _open(self, name: bytes, flags: int) -> int | None:
        """Open a name in the present folder; None for what may be a link."""
        try:
            return os.open(name, flags, dir_fd=self._folders[-1])
        except OSError as error:
            if error.errno in LINK_ERRORS:
                return None
            if error.errno in NO_SUCH_NAME:
                raise no_such_file() from error
            if error.errno in NO_FILE:
                raise not_regular() from error
            raise

    def _take_link(self, name: bytes) -> None:
        """Put the names of a link's target before those that wait."""
        self._links += 1
        if self._links > LINKS_MAX:
            raise no_such_file()
        try:
            target = os.readlink(name, dir_fd=self._folders[-1])
        except OSError as error:
            if error.errno == errno.EINVAL:  # no link: a file stands where a folder should
                raise no_such_file() from error
            raise
        if target.startswith(b"/"):
            target = below(self._root, target)
            while len(self._folders) > 1:
                self._go_back()
        self._waiting += [part for part in reversed(target.split(b"/")) if part not in {b"", b"."}]

    def _go_back(self) -> None:
        """Go to the folder before this one; from the root there is no way back."""
        if len(self._folders) == 1:
            raise outside()
        os.close(self._folders.pop())


def name_octets(name: str) -> bytes:
    """Return a name as the file system has it, in UTF-8 whatever the locale. Raises FileNotFoundError for what is none.

    This is the door of `open_below`: a slash within a name would let the system walk by itself, past O_NOFOLLOW.
    """
    try:
        octets = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise no_such_file() from error
    if name in {"", ".", ".."} or b"/" in octets or b"\0" in octets:
        raise no_such_file()
    return octets


def below(root: Path, target: bytes) -> bytes:
    """Return what follows the root, by its name or its real one, in a link's absolute target. Raises PermissionError.

    The text alone decides, and it need not be trusted: what is returned is walked from the root's descriptor.
    """
    for top in (root.absolute(), root.resolve()):
        prefix = os.fsencode(top).rstrip(b"/") + b"/"
        if (target + b"/").startswith(prefix):
            return target[len(prefix) :]
    raise outside()


def judged(descriptor: int) -> OpenedFile:
    """Return the file that was opened if it is a regular one; else close it and raise OSError."""
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return OpenedFile(descriptor, status)
    os.close(descriptor)
    raise is_a_folder() if stat.S_ISDIR(status.st_mode) else not_regular()


def no_such_file() -> FileNotFoundError:
    """Return the error of names that lead to nothing; like the others it does not repeat them."""
    return FileNotFoundError(errno.ENOENT, "there is no such file below the root")


def is_a_folder() -> IsADirectoryError:
    """Return the error of names that lead to a folder."""
    return IsADirectoryError(errno.EISDIR, "this is a folder")


def not_regular() -> PermissionError:
    """Return the error of a FIFO, a socket or a device: its octets have no length, or are nobody's to send."""
    return PermissionError(errno.EPERM, "this is no regular file")


def outside() -> PermissionError:
    """Return the error of a link that leaves the root."""
    return PermissionError(errno.EPERM, "a link leads out of the root")
