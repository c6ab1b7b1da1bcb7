"""Where a run was made: the machine, its processor and kernel, and the Python."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
MEM_INFO = Path("/proc/meminfo")
TOPOLOGY = "/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list"


def value_of(path: Path, name: str) -> str:
    """Return what stands behind the first `name:` in a file of such lines."""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"


def processor(number: int) -> str:
    """Return the name of a logical processor, and with which others it shares its execution units, if the kernel knows."""
    try:
        siblings = Path(TOPOLOGY.format(core=number)).read_text(encoding="ascii").strip()
    except OSError:
        siblings = str(number)
    return f"processor {number}" if siblings == str(number) else f"processor {number}, one of {siblings} in a core"


def facts(server: int, load: int) -> dict[str, str]:
    """Return a line of a table for each thing that figures depend on."""
    memory = value_of(MEM_INFO, "MemTotal").removesuffix(" kB")
    return {
        "processor": f"{value_of(CPU_INFO, 'model name')}, {os.cpu_count()} logical",
        "server on": processor(server),
        "load on": processor(load),
        "memory": f"{int(memory) / 1024 / 1024:.0f} GiB" if memory.isdigit() else memory,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()} ({sys.platform})",
    }
