"""The benchmark in small: it runs, it ends its servers, and it claims nothing that its samples do not carry."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import fuzzing, measure, memory, peers, process, report, results, run, scenarios
from bench.__main__ import write_files
from bench.measure import LoadResult, Sample
from bench.peers import REFERENCE, Peer
from bench.process import BenchError, Cores
from bench.results import FuzzRow, MemoryRow, Met, Results, Row, ScenarioResult
from bench.scenarios import Options

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="epoll, affinity and /proc")

OPTIONS = Options(
    seconds=0.1, warm_seconds=0.0, rounds=1, connections=4, clients=10, wrk=None, cores=Cores.choose()
)  # fmt: skip


def sample(rate: float, others: float = 0.0) -> Sample:
    return Sample(LoadResult(count=int(rate * 2), seconds=2.0), cpu_seconds=2.0, others_seconds=others * 2)


def samples(*rates: float, others: float = 0.0) -> list[Sample]:
    return [sample(rate, others) for rate in rates]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    root, work = tmp_path / "root", tmp_path / "work"
    root.mkdir()
    work.mkdir()
    write_files(root, large=False)
    return root, work


# The whole of it


def test_hello_is_measured_and_written_down(tmp_path: Path) -> None:
    options = ["--only", "hello", "--peers", "merkhet reference,floor", "--rounds", "1", "--seconds", "0.2"]
    options += ["--warm-seconds", "0.1", "--load", "python", "--output", str(tmp_path)]
    command = [sys.executable, "-m", "bench", *options]
    path = os.pathsep.join(filter(None, (str(process.ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = report.read(tmp_path)
    assert [(row.server, row.failure) for row in found.scenarios[0].rows] == [(REFERENCE, ""), ("floor", "")]
    for row in found.scenarios[0].rows:
        assert row.samples[0].load.count > 20
        assert row.samples[0].cpu_seconds > 0
    page = (tmp_path / report.RESULTS_MARKDOWN).read_text(encoding="utf-8")
    assert "| merkhet reference |" in page
    assert "not claimed: " in page
    assert "wrk: hello world was asked for by bench/load_http.py instead" in page


@pytest.mark.parametrize("scenario", [each for each in scenarios.ALL if each.name in {"file", "range", "events"}])
def test_reference_goes_through_a_round(scenario: scenarios.Scenario, folders: tuple[Path, Path]) -> None:
    found = run.one_round(scenario, peers.BY_NAME[REFERENCE], *folders, OPTIONS)
    assert found.load.count > 0
    if scenario.name == "events":
        assert found.load.count == OPTIONS.clients * scenarios.EVENTS
    else:
        assert found.load.octets == found.load.count * scenarios.SMALL_BYTES


@pytest.mark.parametrize("scenario", [each for each in scenarios.ALL if each.group == "websocket"])
def test_reference_goes_through_a_round_of_websockets(scenario: scenarios.Scenario, folders: tuple[Path, Path]) -> None:
    found = run.one_round(scenario, peers.BY_NAME[REFERENCE], *folders, OPTIONS)
    if "broadcast" in scenario.name:
        assert found.load.count == OPTIONS.clients * scenarios.EVENTS
    else:
        assert found.load.octets // found.load.count in {scenarios.SHORT_BYTES, scenarios.LONG_BYTES}


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not there")
def test_wrk_says_what_is_understood(folders: tuple[Path, Path]) -> None:
    with run.serving(peers.BY_NAME["floor"], "hello", *folders, OPTIONS) as served:
        options = Options(1.0, 0.0, 1, 4, 10, shutil.which("wrk"), OPTIONS.cores)
        found = scenarios.hello_load(served, options, 1.0)
    assert found.load.count > 20
    assert found.load.p99_ms is not None
    assert found.load.errors == 0


def test_download_counts_what_it_takes(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenarios, "LARGE", scenarios.MEDIUM)
    with run.serving(peers.BY_NAME[REFERENCE], "files", *folders, OPTIONS) as served:
        found = scenarios.download_load(served, OPTIONS, 0.0)
    assert found.load.octets == scenarios.MEDIUM_BYTES


def test_memory_is_measured(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "STILL_SECONDS", 0.1)
    deed = next(deed for deed in memory.DEEDS if "stream" in deed[0])
    found = memory.measure_deed(deed, *folders, OPTIONS)
    assert found.before_kib > 1000
    assert found.peak_kib >= found.before_kib - 1000
    assert found.is_growth


# Servers and loads


def broken(code: str) -> Peer:
    return Peer("broken", lambda place: [sys.executable, "-c", code, str(place.port)])


def test_server_that_fails_is_told_and_the_others_go_on(folders: tuple[Path, Path]) -> None:
    scenario = next(each for each in scenarios.ALL if each.name == "hello")
    chosen = [broken("raise SystemExit('no licence')"), peers.BY_NAME["floor"]]
    said: list[str] = []
    found = run.run_scenario(scenario, chosen, folders, OPTIONS, said.append)
    assert "no licence" in found.rows[0].failure
    assert found.rows[0].samples == []
    assert len(found.rows[1].samples) == 1
    assert "FAILED" in said[0]


WRONG = """
import http.server, sys
class Wrong(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"Hello, Mummy!")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Wrong).serve_forever()
"""


def test_wrong_answer_is_not_measured(folders: tuple[Path, Path]) -> None:
    scenario = next(each for each in scenarios.ALL if each.name == "hello")
    with pytest.raises(BenchError, match="13 octets, which are not"):
        run.one_round(scenario, broken(WRONG), *folders, OPTIONS)


def test_server_and_all_that_it_started_are_ended(folders: tuple[Path, Path]) -> None:
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n" + WRONG
    with (
        contextlib.suppress(RuntimeError),
        run.serving(broken(code), "hello", *folders, OPTIONS) as served,
    ):
        assert len(list(measure.session_stats(served.pid))) == 2
        raise RuntimeError
    assert not measure.is_alive(served.pid)


def test_load_that_fails_says_why() -> None:
    command = [sys.executable, "-m", "bench.load_http", "--port", str(process.free_port())]
    with process.loading(command, OPTIONS.cores.load, 1.0) as load, pytest.raises(BenchError, match="refused"):
        load.result()


def test_servers_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_package: str) -> str:
        return ""

    monkeypatch.setattr(peers, "distribution_version", absent)
    there, skipped = run.choose(scenarios.ALL[0], ["waitress"])
    assert [peer.name for peer in there] == [REFERENCE]
    assert skipped == ["waitress: not installed: waitress"]


def test_every_server_of_a_scenario_is_known() -> None:
    assert {name for scenario in scenarios.ALL for name in scenario.servers} == set(peers.BY_NAME)


# What is claimed

STEADY = samples(100, 101, 99)


@pytest.mark.parametrize(
    ("ours", "theirs", "met", "why"),
    [
        (samples(300, 310, 305), STEADY, Met.YES, ""),
        (samples(200, 205, 210), STEADY, Met.NO, ""),
        (samples(300, 400, 700), STEADY, Met.UNCLEAR, f"{REFERENCE} spreads by 50%"),
        (samples(300, 310, 305), samples(100, 160, 100), Met.UNCLEAR, "other spreads by 30%"),
        (samples(300, 310), STEADY, Met.UNCLEAR, "fewer than 3 rounds"),
        (samples(300, 310, 305), samples(100, 100), Met.UNCLEAR, "fewer than 3 rounds"),
        (samples(300, 310, 305), samples(100, 101, 99, others=0.2), Met.UNCLEAR, "others had 20% of the processor of other"),
    ],
)  # fmt: skip
def test_ratio_is_claimed_only_if_the_rounds_agree(
    ours: list[Sample], theirs: list[Sample], met: Met, why: str
) -> None:
    line = results.line_of(Row("other", 3.0, theirs), Row(REFERENCE, None, ours), 0.1, apart=True)
    assert (line.met, line.why, line.ratio is None) == (met, why, bool(why))


def test_nothing_is_claimed_on_one_core() -> None:
    line = results.line_of(Row("other", 3.0, STEADY), Row(REFERENCE, None, samples(300, 310, 305)), 0.1, apart=False)
    assert (line.met, line.why) == (Met.UNCLEAR, "server and load share a core")


def test_nothing_is_claimed_beside_a_reference_that_failed() -> None:
    failed = Row(REFERENCE, None, samples(300), "it ended with 1")
    line = results.line_of(Row("other", 3.0, STEADY), failed, 0.1, apart=True)
    assert (line.met, line.why, line.rate) == (Met.UNCLEAR, "the reference failed", 100.0)


def test_ratio_is_that_of_each_round() -> None:
    found = measure.ratios(samples(300, 150, 303), samples(100, 50, 101))
    assert (found.least, found.median, found.most) == (3.0, 3.0, 3.0)


def test_server_without_target_has_a_ratio_and_no_verdict() -> None:
    line = results.line_of(Row("other", None, STEADY), Row(REFERENCE, None, samples(200, 200, 200)), 0.1, apart=True)
    assert (line.met, round(line.ratio or 0, 1)) == (Met.NONE, 2.0)


@pytest.mark.parametrize(
    ("row", "figure", "met"),
    [
        (MemoryRow("download", 20_000, 24_000, 5.0, is_growth=True), 4.096, Met.YES),
        (MemoryRow("download", 20_000, 26_000, 5.0, is_growth=True), 6.144, Met.NO),
        (MemoryRow("idle", 20_000, 100_000, 120.0, is_growth=False), 102.4, Met.YES),
        (MemoryRow("idle", 20_000, 120_000, 120.0, is_growth=False), 122.88, Met.NO),
    ],
)
def test_memory_is_growth_or_peak(row: MemoryRow, figure: float, met: Met) -> None:
    assert (row.figure_mb, row.met) == (figure, met)


def lines_of(page: str, start: str) -> Iterator[str]:
    return (line for line in page.splitlines() if line.startswith(start))


def test_page_has_a_cell_for_each_column() -> None:
    rows = [
        Row(REFERENCE, None, samples(300, 310, 305)),
        Row("waitress", 3.0, STEADY),
        Row("tornado", 1.0, [], "no answer: refused"),
    ]
    found = Results(
        date="today", machine={"system": "Linux"}, versions={REFERENCE: "1"}, notes={}, options={"rounds": "3"},
        spread_max=0.1, cores_apart=True, skipped=["nginx: nginx is not on PATH"],
        scenarios=[ScenarioResult("hello", "Hello world", "requests", "64 connections", [], rows)],
        memory=[MemoryRow("idle", 20_000, 100_000, 120.0, is_growth=False)], memory_failures=["download: no room"],
        fuzz=[FuzzRow("in process", "inputs/s", [9000.0, 11000.0, 12000.0], 10_000)], fuzz_failures=["live: gone"],
    )  # fmt: skip
    page = report.render(found, "plot.svg")
    (head,) = lines_of(page, "| server | requests/s")
    (waitress,) = lines_of(page, "| waitress |")
    (tornado,) = lines_of(page, "| tornado |")
    assert waitress.count("|") == tornado.count("|") == head.count("|")
    assert waitress.endswith("| 3.07 x (3.00 to 3.08) | 3.07 x | 3.00 x | yes |")
    assert "failed: no answer: refused" in tornado
    assert "- nginx: nginx is not on PATH" in page
    assert "Failed: download: no room" in page
    assert "| idle | 20.5 MB | 102 MB | 102 MB in all | 120 MB | yes |" in page
    assert "| in process | 11,000 inputs/s | 9,000 to 12,000 | 10,000 | yes |" in page
    assert "Failed: live: gone" in page
    assert results.summary(found) == {Met.YES: 3, Met.NO: 0, Met.UNCLEAR: 1}


def test_fuzzers_are_measured_by_their_processor_time() -> None:
    found = fuzzing.one(OPTIONS, "parser", "h11:http-request", "--seconds", "0.1")
    assert found.count >= 1000
    assert found.seconds > 0
    assert 0 < fuzzing.one(OPTIONS, "minimise").count <= fuzzing.REPLAYS_MAX


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (FuzzRow("fast", "inputs/s", [9.0, 11.0, 12.0], 10), Met.YES), (FuzzRow("slow", "inputs/s", [9.0], 10), Met.NO),
        (FuzzRow("few", "replays", [9.0], 10, is_most=True), Met.YES),
    ],
)  # fmt: skip
def test_a_rate_is_a_least_and_replays_are_a_most(row: FuzzRow, met: Met) -> None:
    assert row.met == met
