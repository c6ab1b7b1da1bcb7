"""How fast the fuzzers are, for each processor that they have: inputs by processor time, and replays of a minimised input."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bench import process
from bench.measure import LoadResult
from bench.process import BenchError
from bench.results import FuzzRow
from bench.run import Say
from bench.scenarios import Options, python_load

LOAD_SECONDS = 120.0
REPLAYS_MAX = 200
RATES: tuple[tuple[str, str, float, Sequence[str]], ...] = (
    ("in process, on h11", "inputs", 10_000, ("parser", "h11:http-request")),
    ("live, a fresh connection each", "inputs", 2_000, ("live", "http-request")),
    ("live, requests one behind the other", "requests", 8_000, ("live", "pipelined")),
    ("live, handshakes of WebSockets", "inputs", 1_000, ("live", "websocket-handshake")),
    ("live, WebSockets", "frames", 10_000, ("live", "websocket-frames")),
)
"""What is done, what is counted, how many of these a second are wanted, and the load that does it."""


def one(options: Options, *arguments: str) -> LoadResult:
    """Let a load do its work once. Raises BenchError."""
    with process.loading(python_load("load_fuzz", *arguments), options.cores.load, LOAD_SECONDS) as load:
        line = load.result()
    try:
        return msgspec.json.decode(line, type=LoadResult)
    except msgspec.MsgspecError as error:
        raise BenchError(f"the load said {line!r}: {error}") from None


def run(options: Options, say: Say) -> tuple[list[FuzzRow], list[str]]:
    """Measure each. Returns what came out, and a line for each that failed."""
    rows: list[FuzzRow] = []
    failures: list[str] = []
    for title, counts, target, arguments in RATES:
        try:
            results = [one(options, *arguments, "--seconds", str(options.seconds)) for _ in range(options.rounds)]
        except BenchError as error:
            failures.append(f"{title}: {error}")
            continue
        rows.append(FuzzRow(title, f"{counts}/s", [each.count / each.seconds for each in results], target))
    try:
        replays = one(options, "minimise").count
        rows.append(FuzzRow("a finding of 1 kB made small", "replays", [replays], REPLAYS_MAX, is_most=True))
    except BenchError as error:
        failures.append(f"minimise: {error}")
    for row in rows:
        say(f"fuzz  {row.title}: {row.figure:,.0f} {row.counts} (target {row.target:,.0f}): {row.met}")
    for failure in failures:
        say(f"fuzz  FAILED: {failure}")
    return rows, failures
