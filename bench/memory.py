"""Resident memory of the reference, as /proc has it, while much goes through it or many hold on to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench import measure, peers, process
from bench.process import BenchError, Served
from bench.results import MemoryRow
from bench.run import Say, serving
from bench.scenarios import LARGE, LARGE_MIB, MEDIUM, SMALL, Options, python_load

GROWTH_MB = 5.0
IDLE_MB = 120.0
IDLE_CLIENTS = 10_000
IDLE_SOCKETS = 5_000
IDLE_SOCKETS_MB = 100.0
STALLED_CLIENTS = 20
STILL_SECONDS = 1.0
STILL_SECONDS_MAX = 30.0
LOAD_SECONDS = 60.0


def load(served: Served, options: Options, *arguments: str) -> None:
    """Run a load to its end."""
    command = python_load("load_bulk", "--port", str(served.port), *arguments)
    with process.loading(command, options.cores.load, LOAD_SECONDS) as running:
        running.result()


def hold(served: Served, options: Options, *arguments: str) -> None:
    """Run a load until it holds on to what it asked for and the server has come to rest, then let it end."""
    command = python_load("load_bulk", "--port", str(served.port), *arguments)
    with process.loading(command, options.cores.load, LOAD_SECONDS) as running:
        running.wait_until_ready()
        wait_until_still(served)
        running.go_on()
        running.result()


def hold_sockets(served: Served, options: Options) -> None:
    """Have many WebSockets open until the server has come to rest."""
    command = python_load("load_websocket", str(served.port), "idle", "--clients", str(IDLE_SOCKETS))
    with process.loading(command, options.cores.load, LOAD_SECONDS) as running:
        running.wait_until_ready()
        wait_until_still(served)
        running.go_on()
        running.result()


def wait_until_still(served: Served) -> None:
    """Wait until the server has used no processor time for a while. Raises BenchError if that does not come."""
    until = time.monotonic() + STILL_SECONDS_MAX
    while time.monotonic() < until:
        before = measure.cpu_seconds(served.pid)
        time.sleep(STILL_SECONDS)
        if measure.cpu_seconds(served.pid) == before:
            return
    raise BenchError(f"the server did not come to rest within {STILL_SECONDS_MAX:.0f} s")


def warm_up(served: Served, options: Options) -> None:
    """Have the server do everything once in small, so that what it keeps for good is there before the measure."""
    load(served, options, "download", "--path", f"/{SMALL}")
    load(served, options, "upload", "--path", "/", "--mib", "1")
    hold(served, options, "idle", "--clients", "20")


Deed = tuple[str, float, bool, Callable[[Served, Options], None]]
DEEDS: tuple[Deed, ...] = (
    (
        f"a download of {LARGE_MIB // 1024} GiB",
        GROWTH_MB,
        True,
        lambda served, options: load(served, options, "download", "--path", f"/{LARGE}"),
    ),
    (
        f"an upload of {LARGE_MIB // 1024} GiB, taken piece by piece",
        GROWTH_MB,
        True,
        lambda served, options: load(served, options, "upload", "--path", "/", "--mib", str(LARGE_MIB)),
    ),
    (
        f"{STALLED_CLIENTS} clients that ask for a file of 20 MB and never read",
        GROWTH_MB,
        True,
        lambda served, options: hold(
            served, options, "stall", "--path", f"/{MEDIUM}", "--clients", str(STALLED_CLIENTS)
        ),
    ),
    (
        f"{STALLED_CLIENTS} clients that ask for a stream of 20 MB and never read",
        GROWTH_MB,
        True,
        lambda served, options: hold(served, options, "stall", "--path", "/stream", "--clients", str(STALLED_CLIENTS)),
    ),
    (
        f"{IDLE_CLIENTS:,} idle kept-alive connections",
        IDLE_MB,
        False,
        lambda served, options: hold(served, options, "idle", "--clients", str(IDLE_CLIENTS)),
    ),
    (
        f"{IDLE_SOCKETS:,} idle WebSockets, with compression agreed",
        IDLE_SOCKETS_MB,
        False,
        hold_sockets,
    ),
)


def measure_deed(deed: Deed, root: Path, work: Path, options: Options) -> MemoryRow:
    """Do one thing to a server of its own, and see how much it held at most. Raises BenchError."""
    title, target, is_growth, do = deed
    with serving(peers.BY_NAME[peers.REFERENCE], "memory", root, work, options) as served:
        warm_up(served, options)
        measure.reset_peak(served.pid)
        before = measure.status_kib(served.pid, "VmRSS")
        do(served, options)
        return MemoryRow(title, before, measure.status_kib(served.pid, "VmHWM"), target, is_growth)


def run(root: Path, work: Path, options: Options, say: Say) -> tuple[list[MemoryRow], list[str]]:
    """Do each of them. Returns what came out, and a line for each that failed."""
    rows: list[MemoryRow] = []
    failures: list[str] = []
    for deed in DEEDS:
        try:
            row = measure_deed(deed, root, work, options)
        except (BenchError, OSError) as error:
            failures.append(f"{deed[0]}: {error}")
            say(f"memory  {deed[0]} FAILED: {error}")
            continue
        rows.append(row)
        kind = "more" if row.is_growth else "at most"
        say(f"memory  {row.title}: {row.figure_mb:.1f} MB {kind} (target {row.target_mb:.0f}): {row.met}")
    return rows, failures
