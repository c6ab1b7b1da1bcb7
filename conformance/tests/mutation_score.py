"""How many of the reference's mutants the fuzzers find, with no check to help them: each within a bounded time, by a fixed seed.

    python conformance/tests/mutation_score.py -o score.json    every mutant; writes what came of each
    python conformance/tests/mutation_score.py --only M         one mutant, and what was found
    python conformance/tests/mutation_score.py --about rfc6455- those that break a requirement of this document
    python conformance/tests/mutation_score.py --all            those of `missed_by_fuzzing.toml` too
    python conformance/tests/mutation_score.py --from score.json --write fuzz/MUTATION_SCORE.md    the page of a former run

That file has the mutants that are known to be missed, each with its reason: they count as missed.

Parsers in process come first, then the server over the wire. On the reference as it is nothing may be found in the same
time: that is tried too, as the mutant "none".
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import re
import statistics
import sys
import tempfile
import time
import tomllib
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import msgspec
import mutation
import proving_ground

from merkhet import fixtures
from merkhet.model import FuzzFinding
from merkhet.target.embedded import OFFERED
from merkhet.template import Names
from merkhet.wire.sockets import Address
from merkhet_fuzz import parsers
from merkhet_fuzz.campaign import Campaign
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.live import surfaces
from merkhet_fuzz.live.campaign import LiveCampaign
from merkhet_fuzz.live.prober import Target
from merkhet_fuzz.live.seam import Place

SEED = 1
NONE = "none"
KINDS: dict[str, tuple[Kind, ...]] = {
    "rfc9112": (Kind.HTTP, Kind.CHUNKED),
    "rfc3986": (Kind.HTTP,),
    "rfc9110": (Kind.RANGE, Kind.DATE, Kind.HTTP),
    "rfc6455": (Kind.FRAMES, Kind.HANDSHAKE),
    "rfc7692": (Kind.FRAMES, Kind.HANDSHAKE),
    "rfc2046": (Kind.MULTIPART,),
    "rfc7578": (Kind.MULTIPART,),
}
"""Which parsers of the reference are asked first, by the document that a mutant breaks."""
IN_PROCESS_SECONDS = 3.0
TURN_SECONDS = 1.0
"""How long one surface is tried before the next, at first; each turn is twice as long as the one before."""
GRACE_SECONDS = 30.0
MISSED = Path(__file__).parent / "missed_by_fuzzing.toml"
FIRST: dict[str, tuple[Kind, ...]] = {
    **dict.fromkeys(("rfc6455", "rfc7692"), (Kind.HANDSHAKE, Kind.FRAMES, Kind.DEFLATE)),
    **dict.fromkeys(("rfc9112", "rfc3986"), (Kind.HTTP, Kind.CONNECTION)),
}
"""Which surfaces are tried first, by the document; the endpoints of the contract are, where nothing is said."""


class Score(msgspec.Struct, frozen=True):
    """What came of one mutant. `finding` is the id of the first finding, "" for none."""

    mutant: str
    breaks: str
    finding: str = ""
    input: str = ""
    seconds: float = 0.0
    trouble: str = ""


class FoundError(Exception):
    """Ends a campaign at its first finding."""

    def __init__(self, finding: FuzzFinding) -> None:
        super().__init__(finding.id)
        self.finding = finding


def stop(finding: FuzzFinding) -> None:
    """End the campaign."""
    raise FoundError(finding)


def in_process(document: str, seconds: float) -> None:
    """Fuzz the parsers of the reference, as it is in this process. Raises FoundError."""
    kinds = KINDS.get(document, ())
    for kind in kinds:
        parser = parsers.load(f"reference:{kind}")
        Campaign(parser, SEED, seconds / len(kinds), on_finding=stop).run()


def live(target: Target, document: str, until: float) -> None:
    """Fuzz the server by every surface in turn, going on where each was. Raises FoundError, UnreachableError."""
    first = FIRST.get(document, (Kind.EXCHANGE,))
    ordered = sorted(surfaces.fitting(target.place), key=lambda surface: surface.kind not in first)
    campaigns = [LiveCampaign(target, surface, SEED, TURN_SECONDS) for surface in ordered]
    turn = 0
    while time.monotonic() < until:
        for campaign in campaigns:
            campaign.on_finding = stop
            campaign.seconds = min(TURN_SECONDS * 2**turn, max(0.5, until - time.monotonic()))
            campaign.first = campaign.next_number
            campaign.run()
            if campaign.trouble:
                raise RuntimeError(campaign.trouble)
        turn += 1


@contextlib.contextmanager
def served() -> Generator[Target]:
    """Serve the contract by the reference as it is in this process."""
    with contextlib.ExitStack() as stack:
        folder, drop = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
        fixtures.write(folder)

        def started() -> tuple[Address, Place]:
            host, port = proving_ground.started(folder, drop, is_patient=True).address
            names = Names(host=f"localhost:{port}".encode(), scheme="http", endpoints=OFFERED)
            return Address(host=host, port=port), Place(names, fixtures.FIXTURES)

        # A fault may end the thread that all connections are served by: then another server takes its place.
        yield Target("reference", *started(), restart=started)


def try_in_child(score: Score, seconds: float, sender: Connection) -> None:
    """Apply the mutant in this process, which is made for it, and look for it."""
    import logging

    logging.disable(logging.CRITICAL)
    begun = time.monotonic()
    finding: FuzzFinding | None = None
    trouble = ""
    try:
        with contextlib.ExitStack() as stack:
            if score.mutant != NONE:
                stack.enter_context(mutation.load()[score.mutant].applied())
            document = document_of(score)
            in_process(document, min(IN_PROCESS_SECONDS, seconds / 4))
            live(stack.enter_context(served()), document, begun + seconds)
    except FoundError as found:
        finding = found.finding
    except Exception as problem:  # noqa: BLE001 - whatever a faulty server does is said
        trouble = f"{type(problem).__name__}: {problem}"
    made = msgspec.structs.replace(
        score,
        finding=finding.id if finding else "",
        input=finding.input if finding else "",
        seconds=round(time.monotonic() - begun, 1),
        trouble=trouble[:300],
    )
    sender.send(made)
    sender.close()
    os._exit(0)


def try_one(score: Score, seconds: float) -> Score:
    """Fork a child for a mutant, and wait for it."""
    try:
        made = proving_ground.in_child(try_in_child, (score, seconds), seconds + GRACE_SECONDS)
        return msgspec.convert(made, Score)
    except proving_ground.ChildError as problem:
        return msgspec.structs.replace(score, trouble=str(problem))


def missed() -> dict[str, str]:
    """Return the mutants that are known to be missed, and why."""
    return msgspec.convert(tomllib.loads(MISSED.read_text(encoding="utf-8"))["missed"], dict[str, str])


def chosen(only: Sequence[str], about: str) -> list[Score]:
    """Return what there is to be tried: the reference as it is, and the mutants."""
    mutants = mutation.load()
    names = list(only) or [name for name, mutant in mutants.items() if mutant.breaks.startswith(about)]
    clean = (
        [] if only else [Score(NONE, f"{document}-") for document in KINDS if document.startswith(about.rstrip("-"))]
    )
    return clean + [Score(name, mutants[name].breaks) for name in names]


def main() -> int:
    """Try the mutants; return 1 if the reference as it is shows anything."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", action="append", default=[], metavar="MUTANT")
    options.add_argument("--about", default="", metavar="DOCUMENT")
    options.add_argument("--seconds", type=float, default=60.0, help="for each mutant")
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--all", action="store_true", help="try those that are known to be missed too")
    options.add_argument("-o", "--output", type=Path, default=None)
    options.add_argument(
        "--from", dest="again", type=Path, default=None, help="try nothing: take what was written there"
    )
    options.add_argument("--write", type=Path, default=None, help="write what it came to, as a page of Markdown")
    given = options.parse_args()
    known = {} if given.all or given.only else missed()
    every = chosen(given.only, given.about)
    asked = [score for score in every if score.mutant not in known]
    if given.again is not None:
        scores = msgspec.json.decode(given.again.read_bytes(), type=list[Score])
    else:
        scores = tried(asked, given.seconds, given.jobs, given.output)
    if given.write is not None:
        given.write.write_text(page(every, scores, known, given.seconds), encoding="utf-8")
    return told(every, scores, known, given.seconds)


def tried(asked: Sequence[Score], seconds: float, jobs: int, output: Path | None) -> list[Score]:
    """Try the mutants, and say what comes of each; written down each time, where that is asked for."""
    scores: list[Score] = []
    proving_ground.forking()
    with ThreadPoolExecutor(jobs) as pool:
        for score in pool.map(functools.partial(try_one, seconds=seconds), asked):
            scores.append(score)
            print(
                f"{score.mutant:44} {score.seconds:5.1f} s  {score.finding or '-'} {score.input} {score.trouble}",
                flush=True,
            )
            if output:
                output.write_bytes(msgspec.json.format(msgspec.json.encode(scores), indent=1) + b"\n")
    return scores


def page(every: Sequence[Score], scores: Sequence[Score], known: Mapping[str, str], seconds: float) -> str:
    """Return what it came to, by document, and what is missed, as Markdown."""
    found = {score.mutant: score for score in in_time(scores, seconds)}
    cried = sum(map(is_cry, scores))
    mutants = [score for score in every if score.mutant != NONE]
    lines = [
        "# Mutants of the reference that the fuzzers find",
        "",
        "Written by `python conformance/tests/mutation_score.py --write`: seed 1, no check to help, in process and over the wire",
        f"within {seconds:g} s each. Of {len(mutants)} mutants {len(found)} are found; on the reference as it is",
        f"there are {cried} findings.",
        "",
        "| document | mutants | found | median seconds | slowest |",
        "|---|--:|--:|--:|--:|",
    ]
    for document in sorted({document_of(score) for score in mutants}):
        of_it = [score.mutant for score in mutants if document_of(score) == document]
        times = sorted(found[name].seconds for name in of_it if name in found)
        figures = f"{statistics.median(times):.1f} | {times[-1]:.1f}" if times else "| "
        lines.append(f"| {document} | {len(of_it)} | {len(times)} | {figures} |")
    lines += ["", "Those that are missed:", "", "| mutant | why |", "|---|---|"]
    missing = sorted(score.mutant for score in mutants if score.mutant not in found)
    lines += [f"| `{name}` | {known.get(name, 'not found in time')} |" for name in missing]
    return "\n".join(lines) + "\n"


def in_time(scores: Sequence[Score], seconds: float) -> list[Score]:
    """Return the mutants that were found. What was told after the time is not found in it."""
    return [score for score in scores if score.mutant != NONE and score.finding and score.seconds <= seconds]


def is_cry(score: Score) -> bool:
    """Tell whether this is a finding on the reference as it is."""
    return score.mutant == NONE and bool(score.finding)


def document_of(score: Score) -> str:
    """Return the document that a mutant breaks."""
    return re.split("-(?=[0-9A-Z]|$)", score.breaks, maxsplit=1)[0]


def told(every: Sequence[Score], scores: Sequence[Score], known: Mapping[str, str], seconds: float) -> int:
    """Say what it all came to; return 1 if the reference as it is shows anything."""
    cried = list(filter(is_cry, scores))
    found = in_time(scores, seconds)
    found_late = [score.mutant for score in scores if score.mutant != NONE and score.finding and score not in found]
    count = sum(score.mutant != NONE for score in every)
    print(
        f"{len(found)} of {count} mutants found in {seconds:g} s each; {len(cried)} findings on the reference as it is"
    )
    print(f"found later: {', '.join(found_late) or 'none'}")
    for score in every:
        if score.mutant in known:
            print(f"known to be missed: {score.mutant}: {known[score.mutant]}")
    return int(bool(cried))


if __name__ == "__main__":
    sys.exit(main())
