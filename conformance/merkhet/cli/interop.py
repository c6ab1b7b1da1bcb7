"""`merkhet interop`: real clients hold conversations with a server, and say what they make of its answers."""

from __future__ import annotations

import datetime as dt
import fnmatch
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec
from rich.console import Console

from merkhet import __version__
from merkhet.cli import outputs, show
from merkhet.cli.choose import Chosen, choose, options_of, started, target_options
from merkhet.cli.codes import Code, Failure
from merkhet.cli.keep import blank_results
from merkhet.cli.signals import terminated_as_interrupted
from merkhet.cli.terminal import Telling, console, say
from merkhet.interop import talks
from merkhet.model import CheckResult, Outcome, Profile, RunResults, TargetInfo


@click.command()
@target_options
@click.option("--client", multiple=True, type=click.Choice(list(talks.CLIENT_NAMES)), help="Only this client.")
@click.option("-s", "--select", multiple=True, metavar="GLOB", help="Only conversations with such ids.")
@click.option(
    "-o", "--output", multiple=True, metavar="FORMAT:PATH", type=outputs.Outputs(), help="As for merkhet run."
)
@click.option("--fail-on", type=click.Choice(["warn", "never"]), default="warn", show_default=True)
@click.option("-v", "--verbose", is_flag=True, help="Tell each result as it comes.")
def interop(
    client: tuple[str, ...],
    select: tuple[str, ...],
    output: tuple[str, ...],
    fail_on: str,
    verbose: bool,  # noqa: FBT001
    **target: object,
) -> Code:
    """Have real clients talk to a server: second opinions, none of which shares code with merkhet.

    h11, aiohttp, httpx, requests and curl; and on a WebSocket websockets, aiohttp, Node's ws (from the working directory or
    NODE_PATH) and Chromium (with playwright): as far as they are installed (pip install 'merkhet[interop]'). Exit code 0:
    they all understand it. 1: one does not. 2, 3, 4, 130: as for merkhet run.
    """
    options = options_of(target)
    if options.unix or options.insecure or options.sni:
        raise Failure(Code.INVOCATION, "these clients are given a URL alone: no --unix, --insecure or --sni")
    chosen = choose(options, Path.cwd())
    wanted = [
        talk
        for talk in talks.all_talks(client or talks.CLIENT_NAMES)
        if not select or any(fnmatch.fnmatchcase(talk.check, glob) for glob in select)
    ]
    if not wanted:
        raise Failure(Code.INVOCATION, f"no conversation matches {', '.join(select)}")
    parsed = outputs.parse(output)
    where = console(sys.stderr if outputs.takes_stdout(parsed) else sys.stdout)
    versions = talks.versions(talk.client for talk in wanted)
    present = ", ".join(f"{name} {version}" for name, version in versions.items() if version) or "no client"
    say(where, f"merkhet {__version__}: {present} talk to {chosen.describe()}: {len(wanted)} conversations")
    for name in (name for name, version in versions.items() if not version):
        say(where, f"note: {name} is not installed, and its conversations are left out")
    with terminated_as_interrupted():
        results = _all(chosen, options.words(), wanted, versions, where if verbose else None)
    code = _code(results, fail_on)
    failures = outputs.write(parsed, results, {})
    show.summary(where, results, {}, telling=Telling.VERBOSE if verbose else Telling.NORMAL)
    for failure in failures:
        say(console(sys.stderr), f"merkhet: {failure}", "bold red")
    return Code.OURS if failures else code


def _all(
    chosen: Chosen, command: str, wanted: list[talks.Talk], versions: Mapping[str, str], told: Console | None
) -> RunResults:
    began, then = dt.datetime.now(dt.UTC), time.monotonic()
    found: list[CheckResult] = []
    with started(chosen, command) as (info, target):
        names = target.names
        base = f"{names.scheme}://{names.host.decode('latin-1')}"
        for talk in wanted:
            result = talks.one_talk(talk, names, base, versions[talk.client.name])
            found.append(result)
            if told is not None:
                say(told, f"{result.outcome}  {result.check}: {result.reason or result.observed}")
    return _results(info, began, time.monotonic() - then, tuple(found))


def _results(info: TargetInfo, began: dt.datetime, seconds: float, found: tuple[CheckResult, ...]) -> RunResults:
    rules = talks.requirements()
    used = dict.fromkeys(result.requirement for result in found)
    blank = blank_results(info, began, Profile.DEFAULT, tuple(rules[name] for name in used))
    return msgspec.structs.replace(blank, seconds=round(seconds, 3), results=found)


def _code(results: RunResults, fail_on: str) -> Code:
    outcomes = {result.outcome for result in results.results}
    if Outcome.ERROR in outcomes:
        return Code.OURS
    if outcomes <= {Outcome.NOT_APPLICABLE}:
        return Code.INVOCATION
    return Code.SERVER if Outcome.WARN in outcomes and fail_on == "warn" else Code.OK
