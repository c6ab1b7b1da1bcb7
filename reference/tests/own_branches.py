"""Hold every branch of each module to be covered by its own test file alone: `python own_branches.py`.

A module that only another module's tests reach is a module whose meaning nobody wrote down. Exits 1 and prints the
lines and branches that are missed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "merkhet_reference"
MODULES = (
    "errors", "limits", "abnf", "fields", "router",
    "ranges", "byteranges", "coding", "disposition", "mime", "paths",
    "http_date", "validators", "conditional",
    "multipart_head", "multipart", "forms",
    "event_stream", "metrics", "access_log",
    "file_response", "streaming", "push", "message", "observer",
    "listing", "files", "storing", "mutable", "operation", "command_line",
    "deadlines", "outbox", "line", "outgoing", "channel", "endpoint", "outlet", "session",
    "websocket_channel", "switchboard",
    "http1/events", "http1/inbox", "http1/request", "http1/framing", "http1/chunked", "http1/response", "http1/connection",
    "websocket/close", "websocket/utf8", "websocket/frames", "websocket/events", "websocket/assembly",
    "websocket/extensions", "websocket/deflate", "websocket/handshake", "websocket/connection", "websocket/sending",
)  # fmt: skip
MORE_TESTS = {
    "channel": ("channel_times", "channel_uploads"),
    "outgoing": ("outgoing_records", "channel_uploads"),
}
"""Where the tests of one module are more than one file of them."""
TESTED_BY = {"line": ("outgoing", "outgoing_records", "channel", "channel_times", "websocket_channel")}
"""Where a module is half of others, and its tests are theirs."""


def coverage(module: str, folder: Path) -> subprocess.CompletedProcess[str]:
    names = TESTED_BY.get(module, (module.replace("/", "_"), *MORE_TESTS.get(module, ())))
    # The sources beside this file are measured, whatever is installed.
    environment = {
        **os.environ,
        "COVERAGE_FILE": str(folder / module.replace("/", "_")),
        "PYTHONPATH": str(PACKAGE.parent),
    }
    command = [sys.executable, "-m", "coverage", "run", "--branch", f"--include={PACKAGE / module}.py", "-m", "pytest"]
    tested = subprocess.run(
        [*command, "-q", "-p", "no:cacheprovider", *(str(TESTS / f"test_{name}.py") for name in names)],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    if tested.returncode:
        return tested
    report = [sys.executable, "-m", "coverage", "report", "--fail-under=100", "--show-missing"]
    return subprocess.run(report, capture_output=True, text=True, env=environment, check=False)


def main() -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        reports = pool.map(partial(coverage, folder=Path(folder)), MODULES)
        for module, report in zip(MODULES, reports, strict=True):
            print(f"{module:20} {'every branch' if report.returncode == 0 else 'MISSED'}", flush=True)
            if report.returncode:
                print(report.stdout + report.stderr, flush=True)
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
