"""`python -m bench`: measure the reference beside other servers, and write RESULTS.md, results.json and a plot."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import click

from bench import fuzzing, machine, memory, peers, report, run, scenarios
from bench.process import ROOT, Cores
from bench.results import Results
from bench.scenarios import Options, Scenario

GROUPS = ("hello", "files", "big", "sse", "websocket", "memory", "fuzz")
PARTIAL = ROOT / "build" / "bench"
MIB = 1024 * 1024


def words(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    """Return the words of a list with commas."""
    return tuple(word.strip() for word in value.split(",") if word.strip())


def write_files(folder: Path, *, large: bool) -> None:
    """Write what is served, and leave it in the page cache with nothing still to be written to disk."""
    sizes = {scenarios.SMALL: scenarios.SMALL_BYTES, scenarios.MEDIUM: scenarios.MEDIUM_BYTES}
    if large:
        sizes[scenarios.LARGE] = scenarios.LARGE_MIB * MIB
    block = os.urandom(MIB)
    for name, octets in sizes.items():
        with (folder / name).open("wb") as file:
            for first in range(0, octets, MIB):
                file.write(block[: octets - first])
            file.flush()
            os.fsync(file.fileno())
    folder.chmod(0o755)


def chosen_scenarios(
    only: Sequence[str], wanted: Sequence[str]
) -> tuple[list[tuple[Scenario, list[peers.Peer]]], list[str]]:
    """Return what is to be measured, and a line for each server that cannot be."""
    chosen: list[tuple[Scenario, list[peers.Peer]]] = []
    skipped: list[str] = []
    for scenario in scenarios.ALL:
        if scenario.group in only:
            there, absent = run.choose(scenario, wanted)
            chosen.append((scenario, there))
            skipped += (line for line in absent if line not in skipped)
    return chosen, skipped


def empty_results(options: Options, spread_max: float, used: Sequence[peers.Peer], skipped: list[str]) -> Results:
    cores = options.cores
    return Results(
        date=dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        machine=machine.facts(cores.server, cores.load),
        versions={peer.name: peer.version() for peer in used},
        notes={peer.name: peer.note for peer in used},
        options={
            "rounds": str(options.rounds),
            "seconds a round": f"{options.seconds:g}, after {options.warm_seconds:g} to warm up",
        },
        spread_max=spread_max,
        cores_apart=cores.are_apart,
        skipped=skipped,
        scenarios=[],
        memory=[],
        memory_failures=[],
    )


def leave(number: int, _frame: FrameType | None) -> None:
    """End as an exception does, so that servers are ended too."""
    sys.exit(128 + number)


@click.command(context_settings={"show_default": True})
@click.option("--only", default=",".join(GROUPS), callback=words, help="What to measure.")
@click.option("--rounds", type=click.IntRange(1), default=5, help="Of each scenario, all servers in turn in each.")
@click.option("--seconds", type=float, default=4.0, help="Of one server in one round.")
@click.option("--warm-seconds", type=float, default=1.0, help="Thrown away before that.")
@click.option(
    "--peers", "wanted", default="", callback=words, help="Servers beside the reference; all of them if empty."
)
@click.option("--connections", type=click.IntRange(1), default=64, help="Of hello, file and range.")
@click.option("--clients", type=click.IntRange(1), default=1000, help="Of an event stream.")
@click.option("--spread-max", type=float, default=0.10, help="A server that spreads more has no ratio.")
@click.option("--load", type=click.Choice(["wrk", "python"]), default="wrk", help="For hello.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="[default: bench, or build/bench if not all is measured]"
)
@click.option(
    "--from",
    "again",
    type=click.Path(path_type=Path, exists=True),
    help="Measure nothing: write anew what is in this folder.",
)
def main(
    *, only: tuple[str, ...], rounds: int, seconds: float, warm_seconds: float, wanted: tuple[str, ...], connections: int,
    clients: int, spread_max: float, load: str, output: Path | None, again: Path | None,
) -> None:  # fmt: skip
    """Measure the reference server beside others: server on one processor, load on another, all servers in turn."""
    if again is not None:
        click.echo(report.write(report.read(again), output or again) or f"written: {output or again}")
        return
    unknown = (set(only) - set(GROUPS)) | (set(wanted) - set(peers.BY_NAME))
    if unknown:
        raise click.UsageError(f"unknown: {', '.join(sorted(unknown))}; peers are: {', '.join(peers.BY_NAME)}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    wrk = shutil.which("wrk") if load == "wrk" else None
    options = Options(seconds, warm_seconds, rounds, connections, clients, wrk, Cores.choose())
    whole = set(only) == set(GROUPS) and not wanted
    folder = output or (ROOT / "bench" if whole else PARTIAL)
    measure(only, wanted, options, spread_max, folder)


def measure(only: Sequence[str], wanted: Sequence[str], options: Options, spread_max: float, folder: Path) -> None:
    """Measure, and write after each scenario what is known by then."""
    chosen, skipped = chosen_scenarios(only, wanted)
    if options.wrk is None and "hello" in only:
        skipped.append("wrk: hello world was asked for by bench/load_http.py instead")
    for line in skipped:
        click.echo(f"skipped  {line}")
    used = {peer.name: peer for _, there in chosen for peer in there} or {
        peers.REFERENCE: peers.BY_NAME[peers.REFERENCE]
    }
    results = empty_results(options, spread_max, list(used.values()), skipped)
    problem = ""
    with tempfile.TemporaryDirectory(prefix="merkhet-bench-") as place:
        root, work = Path(place, "root"), Path(place, "work")
        root.mkdir()
        work.mkdir()
        Path(place).chmod(0o755)
        write_files(root, large=bool({"big", "memory"} & set(only)))
        for scenario, there in chosen:
            results.scenarios.append(run.run_scenario(scenario, there, (root, work), options, click.echo))
            problem = report.write(results, folder)
        if "memory" in only:
            results.memory, results.memory_failures = memory.run(root, work, options, click.echo)
            problem = report.write(results, folder)
        if "fuzz" in only:
            results.fuzz, results.fuzz_failures = fuzzing.run(options, click.echo)
            problem = report.write(results, folder)
    if problem:
        click.echo(problem)
    click.echo(f"written: {folder / report.RESULTS_MARKDOWN}, {report.RESULTS_JSON}, and the plot if there is one")


if __name__ == "__main__":
    main()
