"""What outlives us to end a target that we no longer can: started as a script of its own, with nothing imported but `os`.

Its standard input is a pipe that only merkhet holds. The first line names the process group, the second the folder of
fixture files; the end of the pipe is merkhet's own end, whatever brought it.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Wait for the end of the pipe, kill the group, and remove the folder."""
    told = b""
    while data := os.read(0, 4096):
        told += data
    group, _, folder = told.decode("utf-8", "surrogateescape").rstrip("\n").partition("\n")
    if group.isdigit() and sys.platform != "win32":
        end(int(group))
    if folder:
        # Loaded late: it takes longer than the rest together, and hardly ever is it wanted.
        import shutil  # noqa: PLC0415

        shutil.rmtree(folder, ignore_errors=True)


def end(group: int) -> None:
    """Kill a process group, if there still is one."""
    import signal  # noqa: PLC0415 - as above

    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        return


if __name__ == "__main__":
    main()
