"""The soak: minutes of mixed load, and then the server must be what it was before. `python soak.py --minutes 5`.

The server is a process of its own. Each round of load is followed by rest: when every connection has ended there must be as
many descriptors, threads, and objects of the reference as there were after the first round, and in the second half of the
time no more memory than a little. Nothing may have been logged that no handler planned, and an answer must come at once.
Prints a table; the exit status is 0 if all of it was so, 1 if not.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import soak_deeds
import trustme
from soak_client import Peer, Place
from soak_deeds import DEEDS, HELLO, Deed
from soak_sockets import SOCKET_DEEDS

ALL_DEEDS: dict[Deed, int] = {**DEEDS, **SOCKET_DEEDS}

CLIENTS = 12
ROUND_SECONDS = 20.0
REST_SECONDS_MAX = 20.0
LOOK_SECONDS = 0.05
GROWTH_KIB_MAX = 5 * 1024
ANSWER_SECONDS_MAX = 0.5
FAILURES_MAX = 20
SERVER = Path(__file__).with_name("soak_server.py")
EXACT = ("descriptors", "threads", "open", "running", "left_files", "objects")
"""What must be exactly as it was. `objects` are those of the reference's own types; `running` is what handlers have begun."""


class Served:
    """The server's process, and what can be seen of it from outside and asked from inside."""

    def __init__(self, process: subprocess.Popen[str], said: IO[str], asked: IO[str], errors: Path) -> None:
        self.pid = process.pid
        self._said, self._asked = said, asked
        self._errors = errors

    def ask(self, question: str) -> dict[str, Any]:
        """Return the answer to "state" or "end". Raises EOFError if the process has ended."""
        self._asked.write(question + "\n")
        self._asked.flush()
        return self.hear()

    def hear(self) -> dict[str, Any]:
        line = self._said.readline()
        if not line:
            raise EOFError(f"the server has ended: {self._errors.read_text()[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def look(self) -> dict[str, Any]:
        """Return its state, with what the system knows of the process: open descriptors, threads, resident KiB."""
        seen = self.ask("state")
        folder = Path(f"/proc/{self.pid}")
        seen["descriptors"] = sum(1 for _ in (folder / "fd").iterdir())
        seen["threads"] = sum(1 for _ in (folder / "task").iterdir())
        status = dict(line.split(":\t") for line in (folder / "status").read_text().splitlines() if ":\t" in line)
        seen["resident_kib"] = int(status["VmRSS"].split()[0])
        return seen


@contextlib.contextmanager
def serving(patience: float) -> Generator[tuple[Served, Place], None, None]:
    """Run the server in a folder of its own; end it in any case."""
    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as name:
        folder, errors = Path(name), Path(name) / "stderr"
        (folder / "tmp").mkdir()
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
        command = [sys.executable, "-W", "error", str(SERVER), name, str(patience)]
        environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
        with (
            errors.open("wb") as stderr,
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=environment, text=True
            ) as process,
        ):
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                served = Served(process, process.stdout, process.stdin, errors)
                ports = served.hear()
                yield served, Place(**ports, context=trusting(authority))
            finally:
                process.kill()


def trusting(authority: trustme.CA) -> Any:
    import ssl

    return ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())


@dataclass
class Load:
    """Clients that do one deed after the other, chosen by lot. The lots are the same for the same seed."""

    place: Place
    seed: int
    pause_seconds: float
    done: collections.Counter[str] = field(default_factory=collections.Counter[str])
    failures: list[str] = field(default_factory=list[str])

    def run(self, seconds: float, number: int) -> None:
        """Load the server for so long; a deed that has begun is done to its end."""
        ended = threading.Event()
        threads = [
            threading.Thread(target=self._be_client, args=(random.Random(f"{self.seed} {number} {client}"), ended))
            for client in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        ended.wait(seconds)
        ended.set()
        for thread in threads:
            thread.join()

    def _be_client(self, rng: random.Random, ended: threading.Event) -> None:
        deeds, weights = list(ALL_DEEDS), list(ALL_DEEDS.values())

        def pause() -> None:
            ended.wait(self.pause_seconds * rng.random())

        while not ended.is_set():
            (deed,) = rng.choices(deeds, weights)
            self.do(deed, rng, pause)

    def do(self, deed: Deed, rng: random.Random, pause: soak_deeds.Pause) -> None:
        """Do one thing, and note what went wrong."""
        try:
            deed(self.place, rng, pause)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            if len(self.failures) < FAILURES_MAX:
                where = traceback.extract_tb(error.__traceback__)[-1]
                self.failures.append(f"{deed.__name__}, line {where.lineno}: {error!r}")
        self.done[deed.__name__] += 1


def rest(served: Served, like: dict[str, Any] | None) -> dict[str, Any]:
    """Wait until the server is as it was, or for a first time until nothing is open; return what there is then."""
    until = time.monotonic() + REST_SECONDS_MAX
    waiting = threading.Event()
    while True:
        seen = served.look()
        if is_at_rest(seen, like) or time.monotonic() > until:
            return seen
        waiting.wait(LOOK_SECONDS)


def is_at_rest(seen: dict[str, Any], like: dict[str, Any] | None) -> bool:
    if like is not None:
        return not differences(like, seen)
    return not (seen["open"] or seen["running"] or seen["left_files"] or seen["objects"].get("Channel"))


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Say what of EXACT is not as it was."""
    return [f"{key}: {before[key]} before, {after[key]} after" for key in EXACT if before[key] != after[key]]


def answers_at_once(place: Place, seconds_max: float) -> list[str]:
    """Say which server does not answer, or not soon."""
    slow: list[str] = []
    servers = (("plain", place.plain, None), ("secure", place.secure, place.context), ("small", place.small, None))
    for name, port, context in servers:
        began = time.monotonic()
        peer = Peer(port, context)
        status = peer.ask(HELLO).status
        peer.close()
        seconds = time.monotonic() - began
        if status != 200 or seconds > seconds_max:
            slow.append(f"the {name} server answers {status} after {seconds:.3f} s")
    return slow


def soak(
    seconds: float,
    seed: int,
    *,
    pause_seconds: float = 0.002,
    growth_kib_max: int = GROWTH_KIB_MAX,
    answer_seconds_max: float = ANSWER_SECONDS_MAX,
    patience: float = 1.0,
) -> list[str]:
    """Load a server, print what is seen of it, and return what was not as it must be."""
    wrong: list[str] = []
    rounds = max(2, round(seconds / ROUND_SECONDS))
    with serving(patience) as (served, place):
        load = Load(place, seed, pause_seconds)
        before: dict[str, Any] | None = None
        settled_kib = 0
        after: dict[str, Any] = {}
        for number in range(rounds):
            load.run(seconds / rounds, number)
            wrong += answers_at_once(place, answer_seconds_max)
            after = rest(served, before)
            print_row(number, load, after)
            before = before or after
            if number == rounds // 2:
                # What the system's allocator keeps for the threads grows at first, whatever is given back to it.
                settled_kib = after["resident_kib"]
        assert before is not None
        wrong += differences(before, after)
        growth = after["resident_kib"] - settled_kib
        if growth > growth_kib_max:
            wrong.append(f"memory grew by {growth} KiB")
        end = served.ask("end")
        if not end["ended"]:
            wrong.append("it did not end in order")
        wrong += end["errors"] + load.failures
    print_deeds(load)
    return wrong


COLUMNS = (
    "round",
    "deeds",
    "connections",
    "refused",
    "whole",
    "broken off",
    "descriptors",
    "threads",
    "objects",
    "blocks",
    "MiB",
)


def print_row(number: int, load: Load, seen: dict[str, Any]) -> None:
    if not number:
        print("  ".join(f"{name:>11}" for name in COLUMNS))
    row = (
        number, load.done.total(), seen["came"], seen["refused"], seen["whole"], seen["not_whole"], seen["descriptors"],
        seen["threads"], sum(seen["objects"].values()), seen["blocks"], f"{seen['resident_kib'] / 1024:.1f}",
    )  # fmt: skip
    print("  ".join(f"{value:>11}" for value in row), flush=True)


def print_deeds(load: Load) -> None:
    print()
    for deed in ALL_DEEDS:
        print(f"{deed.__name__:>20} {load.done[deed.__name__]:>8}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Load the reference for some time and see that nothing is left of it.")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=20260101)
    arguments = parser.parse_args()
    wrong = soak(arguments.minutes * 60, arguments.seed)
    for what in wrong:
        print(f"WRONG: {what}")
    print("\nas it was" if not wrong else f"\n{len(wrong)} things are wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
