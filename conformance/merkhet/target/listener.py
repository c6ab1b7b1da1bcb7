"""Whose listener answers on a port: asked so that a stranger's server is never judged in place of the one we started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTEN = "0A"


def belongs_to(port: int, session: int) -> bool:
    """Whether a process of this session listens on the port. Where the system does not tell, it is taken to."""
    wanted = {f"socket:[{inode}]" for inode in _listeners(port)}
    if not wanted:
        return True
    for process in _members(session):
        try:
            names = list((process / "fd").iterdir())
            held = {os.readlink(name) for name in names if name.is_symlink()}  # noqa: PTH115 - the target is no path
        except PermissionError:
            return True
        except OSError:
            continue
        if wanted & held:
            return True
    return False


def _listeners(port: int) -> Iterator[str]:
    """Yield the inode of every listening socket on the port, as Linux tells it."""
    for table in _TABLES:
        try:
            rows = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            columns = row.split()
            if columns[3] == _LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                yield columns[9]


def _members(session: int) -> Iterator[Path]:
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            member = os.getsid(int(process.name)) == session
        except OSError:
            continue
        if member:
            yield process
