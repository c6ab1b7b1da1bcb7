"""Twenty runs in a row on the reference, and every one comes to the same outcomes: `python conformance/tests/stability.py`.

Sixteen run on an idle machine, four while other processes keep every core busy. Then once through a proxy that delays
every byte by 100 ms and breaks the first 16 KiB of each direction into single bytes, once with one job, and once each
over TLS, IPv6 and a Unix socket. Exits 1 and names each check that ever came out differently.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from delay_proxy import delayed
from proving_ground import certificates

from merkhet import fixtures
from merkhet.target import embedded

Outcomes = dict[str, tuple[str, str]]
TLS_ONLY = "rfc9112-9.8-"
DELAY_SECONDS = 0.1


def spin() -> None:
    while True:
        pass


@contextlib.contextmanager
def busy_cores() -> Generator[None]:
    spinners = [multiprocessing.Process(target=spin, daemon=True) for _ in range(os.cpu_count() or 2)]
    for process in spinners:
        process.start()
    try:
        yield
    finally:
        for process in spinners:
            process.kill()
            process.join()


@contextlib.contextmanager
def reference(*options: str) -> Generator[str]:
    """Start the contract server with these options; yield the address that it says."""
    command = [sys.executable, "-m", "merkhet_reference.contract", *embedded.TIMEOUTS, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait()


def target_file(url: str) -> str:
    """Return a target file for a reference that runs already, with every endpoint that the embedded one offers."""
    endpoints = "".join(f"{name} = {json.dumps(path)}\n" for name, path in embedded.OFFERED.items())
    unix = url.removeprefix("unix:")
    where = f"url = {json.dumps(url)}" if unix == url else f'url = "http://localhost"\nunix = {json.dumps(unix)}'
    return f"[target.reference]\n{where}\ninsecure = true\n[target.reference.endpoint]\n{endpoints}"


def run(*options: str, url: str = "") -> tuple[Outcomes, float, int]:
    """Run merkhet once; return the outcome and choice of each check, the seconds it took, and its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "results.json")
        if url:
            Path(folder, "merkhet.toml").write_text(target_file(url))
        begun = time.perf_counter()
        command = [sys.executable, "-m", "merkhet", "run", "-o", f"json:{path}", *options]
        process = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
        seconds = time.perf_counter() - begun
        if not path.exists():
            sys.exit(f"{' '.join(command)} wrote no results (exit {process.returncode}):\n{process.stderr}")
        results = json.loads(path.read_bytes())["results"]
    outcomes = {result["check"]: (result["outcome"], result["choice"]) for result in results}
    return outcomes, seconds, process.returncode


class Comparison:
    """The first run's outcomes, and every later difference from them."""

    def __init__(self) -> None:
        self.first: Outcomes | None = None
        self.differences = 0

    def add(self, name: str, *options: str, url: str = "", ignore: str = "\0") -> None:
        outcomes, seconds, code = run(*options, url=url)
        if self.first is None:
            self.first = outcomes
        rows = [
            f"    {check}: {self.first.get(check)} before, {outcomes.get(check)} now"
            for check in sorted(self.first.keys() | outcomes.keys())
            if self.first.get(check) != outcomes.get(check) and not check.startswith(ignore)
        ]
        counts: dict[str, int] = {}
        for outcome, _ in outcomes.values():
            counts[outcome] = counts.get(outcome, 0) + 1
        print(f"{name:32} {seconds:6.2f} s  exit {code}  {len(rows)} differences  {counts}", flush=True)
        print("\n".join(rows), end="\n" if rows else "", flush=True)
        self.differences += len(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=int, default=16, help="runs on an idle machine")
    parser.add_argument("--busy", type=int, default=4, help="runs while every core is kept busy")
    parser.add_argument("--no-transports", action="store_true", help="leave out proxy, one job, TLS, IPv6 and Unix")
    arguments = parser.parse_args()
    comparison = Comparison()
    for number in range(arguments.idle):
        comparison.add(f"idle {number + 1}")
    with busy_cores():
        for number in range(arguments.busy):
            comparison.add(f"busy {number + 1}")
    if not arguments.no_transports:
        transports(comparison)
    print(f"{comparison.differences} differences")
    return 1 if comparison.differences else 0


def transports(comparison: Comparison) -> None:
    comparison.add("one job", "-j", "1")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        files = fixtures.fresh()
        stack.callback(fixtures.remove, files)
        served = ("--files", str(files))
        with reference("--port", "0", *served) as url:
            host, _, port = url.rstrip("/").rpartition("//")[2].rpartition(":")
            with delayed((host, int(port)), DELAY_SECONDS) as (proxy_host, proxy_port):
                comparison.add("through the delaying proxy", url=f"http://{proxy_host}:{proxy_port}/")
        with reference("--port", "0", "--host", "::1", *served) as url:
            comparison.add("IPv6", url=url)
        path = Path(folder, "socket")
        with reference("--unix", str(path), *served):
            comparison.add("Unix socket", url=f"unix:{path}")
        certificate, key = certificates(Path(folder))
        with reference("--port", "0", "--tls-cert", certificate, "--tls-key", key, *served) as url:
            comparison.add("TLS", url=url, ignore=TLS_ONLY)


if __name__ == "__main__":
    sys.exit(main())
