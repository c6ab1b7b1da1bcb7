"""A run: rounds of all servers in turn, and their samples."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from bench import peers, process, scenarios
from bench.measure import Sample
from bench.peers import Peer, Place
from bench.process import BenchError, Served
from bench.results import Row, ScenarioResult
from bench.scenarios import Options, Scenario

START_TRIES = 3
Say = Callable[[str], None]


@contextlib.contextmanager
def serving(peer: Peer, mode: str, root: Path, work: Path, options: Options) -> Generator[Served, None, None]:
    """Start a server on a free port, and end it at the end of the block. Raises BenchError."""

    def start(tries: int) -> Served:
        port = process.free_port()
        place = Place(port=port, root=root, work=work, mode=mode)
        log = work / f"{peer.name.replace(' ', '-')}.log"
        command, environment = peer.command(place), peer.environment(place)
        try:
            return stack.enter_context(process.running(command, port, options.cores.server, log, environment))
        except BenchError:
            if tries == 1:
                raise
        return start(tries - 1)  # somebody else may have taken the port in between

    with contextlib.ExitStack() as stack:
        yield start(START_TRIES)


def one_round(scenario: Scenario, peer: Peer, root: Path, work: Path, options: Options) -> Sample:
    """Start a server, ask it whether it answers right, warm it up, and measure it. Raises BenchError."""
    with serving(peer, scenario.mode, root, work, options) as served:
        (scenario.verify or scenarios.verify)(scenario, served, root)
        if options.warm_seconds:
            scenario.load(served, options, options.warm_seconds)
        return scenario.load(served, options, options.seconds)


def run_scenario(
    scenario: Scenario, chosen: Sequence[Peer], folders: tuple[Path, Path], options: Options, say: Say
) -> ScenarioResult:
    """Measure each server once, then each once more, and so on: what slows the machine for a while slows all of them."""
    samples: dict[str, list[Sample]] = {peer.name: [] for peer in chosen}
    failures: dict[str, str] = {}
    for number in range(1, options.rounds + 1):
        for peer in chosen:
            if peer.name in failures:
                continue
            try:
                sample = one_round(scenario, peer, *folders, options)
            except BenchError as error:
                failures[peer.name] = str(error)
                say(f"{scenario.name} {number}/{options.rounds}  {peer.name:26} FAILED: {error}")
                continue
            samples[peer.name].append(sample)
            figures = f"{sample.rate:11,.0f} {scenario.counts}/s {sample.cpu_us:9.1f} us CPU each"
            say(f"{scenario.name} {number}/{options.rounds}  {peer.name:26}{figures}, core {sample.busy:.0%} busy")
    rows = [
        Row(name, scenario.targets.get(name), samples[name], failures.get(name, ""))
        for name in (peer.name for peer in chosen)
    ]
    tool = "wrk" if options.wrk else "bench/load_http.py, since wrk is not there"
    how = scenario.how.format(connections=options.connections, clients=f"{options.clients:,}", tool=tool)
    return ScenarioResult(scenario.name, scenario.title, scenario.counts, how, list(scenario.details), rows)


def choose(scenario: Scenario, wanted: Sequence[str]) -> tuple[list[Peer], list[str]]:
    """Return the servers of a scenario that are wanted and there, and a line for each that is wanted and not there.

    The reference is always among them: it is what all others are beside.
    """
    there: list[Peer] = []
    skipped: list[str] = []
    for name in scenario.servers:
        if wanted and name != peers.REFERENCE and name not in wanted:
            continue
        peer = peers.BY_NAME[name]
        missing = peer.missing()
        if missing:
            skipped.append(f"{name}: {missing}")
        else:
            there.append(peer)
    return there, skipped
