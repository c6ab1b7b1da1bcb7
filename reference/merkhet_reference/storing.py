"""How a file comes into a folder whole or not at all: written beside its place, then put there in one step.

Nothing of HTTP is here. `mutable` decides what may be stored, this module keeps what is stored: the room that there is, one
change of a name at a time, and times by which two states of a file are told apart.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from merkhet_reference.paths import UPLOADING

STALE_SECONDS_MIN = 86400
"""A file of that name to which nobody has written for a day was left behind by a process that was killed."""

COPIED_BYTES = 1024 * 1024
"""Octets copied at a time from the old state of a file to the new one."""

LOCKS = 64
"""So many changes may be finished at the same time, if they are of different files."""

STAMPED_MAX = 4096
"""Of so many files it is remembered that their time was given to nothing else. It matters for a second or two: then a
time that is past is as good as any."""

NEW_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class NoRoomError(Exception):
    """The folder has as many files, or octets, as it may have."""


class Room:
    """Files and octets that a folder has, and those that are on their way into it. Any thread."""

    def __init__(self, files: int, octets: int, *, files_max: int, bytes_max: int) -> None:
        self._lock = threading.Lock()
        self._files = files
        self._bytes = octets
        self._files_max = files_max
        self._bytes_max = bytes_max

    @property
    def used(self) -> tuple[int, int]:
        """Files and octets, those that are on their way among them."""
        with self._lock:
            return self._files, self._bytes

    def take(self, files: int, octets: int) -> None:
        """Count more. Raises NoRoomError, and then counts nothing."""
        with self._lock:
            if (files and self._files + files > self._files_max) or (octets and self._bytes + octets > self._bytes_max):
                raise NoRoomError
            self._files += files
            self._bytes += octets

    def give_back(self, files: int, octets: int) -> None:
        """Count less."""
        with self._lock:
            self._files -= files
            self._bytes -= octets


def measured(root: Path, now: float) -> tuple[int, int]:
    """Return how many files lie below a root, and their octets; remove what killed processes have left half written.

    Links are not followed. A folder that may not be read is passed over: nothing is stored in it either.
    """
    files = octets = 0
    for _, _, names, descriptor in os.fwalk(root):
        for name in names:
            remove_stale(descriptor, name, now)
            one, size = counted(descriptor, name)
            files, octets = files + one, octets + size
    return files, octets


def remove_stale(folder: int, name: str, now: float) -> None:
    """Remove a name from an open folder if it is that of a file which nobody will ever complete."""
    if not name.startswith(UPLOADING):
        return
    with contextlib.suppress(OSError):
        if now - os.lstat(name, dir_fd=folder).st_mtime > STALE_SECONDS_MIN:
            os.unlink(name, dir_fd=folder)


class Stamps:
    """Times for files, no two of them alike, and which of them were given lately. Any thread.

    The system's own times may be some milliseconds coarse, so that two states within them look alike. These do not, so
    that an entity tag made of them is strong at once (RFC 9110, Section 8.8.1).
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._last = 0
        self._given: dict[tuple[int, int], None] = {}  # in their order

    def stamp(self, descriptor: int) -> os.stat_result:
        """Give an open file a time of modification that no other has, and return what the system says of the file then."""
        with self._lock:
            self._last = max(self._clock(), self._last + 1)
            os.utime(descriptor, ns=(self._last, self._last))
            status = os.fstat(descriptor)
            if status.st_mtime_ns == self._last:  # else this file system cannot write such a time
                self._given[status.st_ino, self._last] = None
            if len(self._given) > STAMPED_MAX:
                del self._given[next(iter(self._given))]
            return status

    def knows(self, status: os.stat_result) -> bool:
        """Tell whether a file is in the state that it was stamped in, as far as is remembered."""
        with self._lock:
            return (status.st_ino, status.st_mtime_ns) in self._given


class Locks:
    """One thread at a time for each name in a folder, be there several paths to it."""

    def __init__(self) -> None:
        self._locks = [threading.Lock() for _ in range(LOCKS)]

    def of(self, folder: int, name: str) -> threading.Lock:
        """Return the lock of a name in an open folder. Others may share it, so nobody holds two."""
        status = os.fstat(folder)
        return self._locks[hash((status.st_dev, status.st_ino, name)) % LOCKS]


class Upload:
    """A file in the making: in the folder where it will be, under a name that nobody is served.

    Used in a `with`: unless it was put in its place, nothing of it is left afterwards. `length` is the octets written.
    """

    __slots__ = ("_descriptor", "_files", "_folder", "_name", "_octets", "_room", "_temporary", "length")

    def __init__(self, folder: int, name: str, room: Room) -> None:
        """`folder` is an open descriptor, and becomes the upload's. Nothing is made before `begin`."""
        self._folder = folder
        self._name = name
        self._room = room
        self._files = self._octets = self.length = 0
        self._descriptor = -1
        self._temporary = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._room.give_back(self._files, self._octets)
        if self._temporary:
            with contextlib.suppress(OSError):
                os.unlink(self._temporary, dir_fd=self._folder)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        os.close(self._folder)

    def begin(self) -> None:
        """Make the file, empty. Raises OSError."""
        name = UPLOADING + secrets.token_hex(16)
        self._descriptor = os.open(name, NEW_FILE_FLAGS, 0o666, dir_fd=self._folder)
        self._temporary = name

    @property
    def folder(self) -> int:
        """The descriptor of the folder."""
        return self._folder

    def reserve(self, files: int, octets: int) -> None:
        """Make sure that there is room for so much altogether. Raises NoRoomError."""
        more_files, more_octets = max(0, files - self._files), max(0, octets - self._octets)
        self._room.take(more_files, more_octets)
        self._files += more_files
        self._octets += more_octets

    def write(self, data: bytes, offset: int = 0) -> None:
        """Write octets behind those before; the first of all stands at `offset`. Raises NoRoomError and OSError."""
        self.reserve(0, self.length + len(data))
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, offset + self.length)
            self.length += written
            view = view[written:]

    def copy(self, source: int, start: int, stop: int) -> None:
        """Copy the octets from `start` to before `stop` of an open file to the same place. Raises OSError if it ends.

        # Choice: copied through this process, a piece at a time. `copy_file_range` would share blocks on some file
        systems, and fail in a way of its own on others.
        """
        while start < stop:
            data = os.pread(source, min(COPIED_BYTES, stop - start), start)
            if not data:
                raise OSError(errno.EIO, "a file became shorter while it was read")
            start += os.pwrite(self._descriptor, data, start)

    def place(self, stamps: Stamps, mode: int | None, *, durable: bool) -> os.stat_result:
        """Put the file in its place, in one step, whatever is there; return what the system says of it. Raises OSError.

        It gets the permissions `mode`, if there is one. `durable`: the disk has it before its name has it, and then the
        name as well.
        """
        if mode is not None:
            os.fchmod(self._descriptor, mode)
        before = counted(self._folder, self._name)
        status = stamps.stamp(self._descriptor)
        if durable:
            os.fsync(self._descriptor)
        os.replace(self._temporary, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self._temporary = ""
        # The file counts from now on, in the place of what was there and of what was reserved for it.
        self._room.give_back(self._files + before[0] - 1, self._octets + before[1] - status.st_size)
        self._files = self._octets = 0
        if durable:
            os.fsync(self._folder)
        return status


def remove(folder: int, name: str, room: Room) -> None:
    """Remove a name from an open folder. Raises OSError."""
    before = counted(folder, name)
    os.unlink(name, dir_fd=folder)
    room.give_back(*before)


def counted(folder: int, name: str) -> tuple[int, int]:
    """Return what a name in an open folder counts for: one file and its octets, or nothing where no file is."""
    try:
        status = os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return 0, 0
    return (1, status.st_size) if stat.S_ISREG(status.st_mode) else (0, 0)
