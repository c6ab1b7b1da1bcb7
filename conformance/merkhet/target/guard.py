"""Ends a target even if merkhet itself is killed by what it cannot catch.

Choice: a process that waits for the end of a pipe, and not `PR_SET_PDEATHSIG`. That signal comes when the *thread* that
started the target ends, reaches only the first process of the group, and is there on Linux alone.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from merkhet.target import watch


class Guard:
    """One waiting process. It is started before its target, so that there is no moment in which nobody would end that."""

    def __init__(self) -> None:
        self._process = None if sys.platform == "win32" else _started()

    def watch(self, group: int, folder: Path) -> None:
        """Say which process group is to be killed, and which folder removed, if we end without a word."""
        if self._process is None or self._process.stdin is None:
            return
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{group}\n".encode() + os.fsencode(folder) + b"\n")

    def dismiss(self) -> None:
        """End it before it does anything. Safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _started() -> subprocess.Popen[bytes]:
    # It has a session of its own, so that no signal to our group reaches it, and nothing of ours but the pipe.
    return subprocess.Popen(
        [sys.executable, "-I", "-S", watch.__file__],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,
    )
