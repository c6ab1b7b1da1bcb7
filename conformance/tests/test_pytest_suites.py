"""`pytest --pyargs merkhet.suites` as its users run it, on servers of a few lines."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cli_process import HOST, SECONDS_MAX, SERVER, declared, environment, running

from merkhet import catalogue, results
from merkhet.cli.run import Request
from merkhet.pytest_plugin import marked, reporting, suite, within
from merkhet_reports import html, junit, markdown

pytest_plugins = ["pytester"]
LOADED = (catalogue.load(), Request, marked, reporting, suite, within, html, junit, markdown)
"""pytester forgets what is imported within a run: what takes long is here before the first."""
OTHERS = ("-p", "no:anyio", "-p", "no:hypothesispytest", "-p", "no:platformdirs")
ALONE = ("-p", "no:xdist", *OTHERS)
"""The plugins of others take longer to load than a run takes."""
SUITES = ("--pyargs", "merkhet.suites")
MISSING = ("--merkhet-select", f"{HOST}*")
UNBROKEN = "rfc9112-3.2.2-absolute-empty-path"
WARNED = "rfc9112-3.2.1-relative-word"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """A server that serves every request, also those without Host."""
    with running("serves-all", tmp_path_factory.mktemp("server")) as (url, _):
        yield url


@pytest.fixture
def closed() -> Generator[str]:
    """A URL where nothing listens, and nobody else can begin to."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def run(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(*ALONE, *SUITES, *words)


# One test for each check


def test_a_test_is_named_by_its_check_and_says_everything(pytester: pytest.Pytester, faulty: str) -> None:
    done = run(pytester, "--merkhet-url", faulty, "--merkhet-select", HOST, "--junitxml", "j.xml")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.assert_outcomes(failed=1)
    rows = [
        "expected *status 400",
        "observed *status 200",
        "why *",
        "rule *section 3.2*",
        f"repeat *--url {faulty}*{HOST}",
    ]
    done.stdout.fnmatch_lines([f"fail  {HOST}  MUST", *(f" *{row}" for row in rows), f" *read *{HOST}.html"])
    done.stdout.fnmatch_lines(["*Captured transcript call*", "*> GET / HTTP/1.1*", "*< HTTP/1.1 200 OK*"])
    done.stdout.fnmatch_lines([f"FAILED merkhet.suites.test_suites::{HOST} - fail: *"])
    assert "Traceback" not in done.stdout.str()
    case = next(ET.parse(pytester.path / "j.xml").getroot().iter("testcase"))
    assert case.get("name") == HOST
    properties = {row.get("name"): row.get("value") for row in case.iter("property")}
    assert properties == {"requirement": "rfc9112-3.2-6a", "level": "MUST", "outcome": "fail"}
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == "fail: status 200; expected status 400"


def test_only_what_is_left_is_judged(pytester: pytest.Pytester, faulty: str) -> None:
    (pytester.path / "conftest.py").write_text(
        f"def pytest_collection_modifyitems(items):\n    items[:] = [item for item in items if item.name != {HOST!r}]\n"
    )
    done = run(pytester, "--merkhet-url", faulty, *MISSING, "-k", "options or post or not (missing-)", "-q")
    kept = results.load(pytester.path / ".merkhet" / "results.json")
    assert {result.check for result in kept.results} == {f"{HOST}-options", f"{HOST}-post"}
    done.assert_outcomes(failed=2, deselected=3)


def test_a_node_id_that_is_shown_can_be_given(pytester: pytest.Pytester, faulty: str) -> None:
    node = f"merkhet.suites.test_suites::{HOST}"
    done = pytester.runpytest_inprocess(*ALONE, "--pyargs", node, "--merkhet-url", faulty)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines([f"FAILED {node} - *"])


def test_a_warning_passes_and_is_told(pytester: pytest.Pytester, faulty: str) -> None:
    words = ("--merkhet-url", faulty, "--merkhet-select", WARNED)
    done = run(pytester, *words)
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["*merkhet: 1 warnings*", f"{WARNED}  warn: status 200; expected *"])
    run(pytester, *words, "--merkhet-fail-on", "warn").assert_outcomes(failed=1)


def test_what_the_target_does_not_offer_is_skipped(pytester: pytest.Pytester, faulty: str) -> None:
    done = run(pytester, "--merkhet-url", faulty, "--merkhet-select", "rfc6455#4.2.1", "-rs")
    assert done.ret == pytest.ExitCode.OK
    assert done.parseoutcomes().keys() == {"skipped"}
    done.stdout.fnmatch_lines(["SKIPPED *: the target offers no ws"])


def test_settings_in_the_configuration(pytester: pytest.Pytester, faulty: str) -> None:
    pytester.makeini(
        f"[pytest]\nmerkhet_url = {faulty}\nmerkhet_select =\n    {WARNED}\n    {HOST}\nmerkhet_fail_on = warn\n"
    )
    run(pytester).assert_outcomes(failed=2)
    run(pytester, "--merkhet-select", WARNED, "--merkhet-fail-on", "fail").assert_outcomes(passed=1)


def test_a_command_and_a_target_of_the_target_file(pytester: pytest.Pytester) -> None:
    declared(pytester.path, "good")
    run(pytester, "--merkhet-select", HOST).assert_outcomes(passed=1)
    run(pytester, "--merkhet-select", HOST, "--merkhet-target", "small").assert_outcomes(passed=1)
    command = f"{sys.executable} {SERVER} {{port}} serves-all"
    done = run(pytester, "--merkhet-select", HOST, "--merkhet-command", command)
    done.assert_outcomes(failed=1)


def test_reports(pytester: pytest.Pytester, faulty: str) -> None:
    words = [f"{name}:r.{name}" for name in ("json", "html", "junit", "md")]
    flags = [word for output in words for word in ("--merkhet-output", output)]
    run(pytester, "--merkhet-url", faulty, *MISSING, *flags)
    for name in ("json", "html", "junit", "md"):
        assert HOST in (pytester.path / f"r.{name}").read_text(encoding="utf-8")
    assert results.load(pytester.path / "r.json") == results.load(pytester.path / ".merkhet" / "results.json")


# Expectations


def expecting(pytester: pytest.Pytester, check: str, outcome: str, until: str = "") -> None:
    text = f'[[expect]]\nselector = "{check}"\noutcome = "{outcome}"\nreason = "known, and being mended"\n'
    (pytester.path / "merkhet.expect.toml").write_text(text + (f"until = {until}\n" if until else ""))


def test_as_expected_is_an_expected_failure(pytester: pytest.Pytester, faulty: str) -> None:
    expecting(pytester, HOST, "fail")
    words = ("--merkhet-url", faulty, "--merkhet-select", HOST)
    done = run(pytester, *words, "-rx")
    done.assert_outcomes(xfailed=1)
    assert done.ret == pytest.ExitCode.OK
    done.stdout.fnmatch_lines(["XFAIL *known, and being mended*"])
    run(pytester, *words, "--runxfail").assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("expectation", "told"),
    [
        ((f"{HOST}-empty-line-no-check", "fail"), "matches no check"),
        ((UNBROKEN, "fail"), f"{UNBROKEN} was expected to fail and is pass"),
        ((HOST, "fail", "2020-01-31"), "expired on 2020-01-31"),
        ((HOST, "warn"), "1 failed, 1 passed"),
    ],
)
def test_an_expectation_that_does_not_hold(
    pytester: pytest.Pytester, faulty: str, expectation: tuple[str, ...], told: str
) -> None:
    expecting(pytester, *expectation)
    done = run(pytester, "--merkhet-url", faulty, "--merkhet-select", HOST, "--merkhet-select", UNBROKEN)
    assert done.ret in {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.USAGE_ERROR}
    assert told in done.stdout.str() + done.stderr.str()


# Never silently green


def test_without_a_target(pytester: pytest.Pytester) -> None:
    done = run(pytester)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: merkhet has no server to judge: name one with --merkhet-url *"])


def test_several_targets(pytester: pytest.Pytester) -> None:
    (pytester.path / "merkhet.toml").write_text('[target.a]\nurl = "http://a"\n[target.b]\nurl = "http://b"\n')
    done = run(pytester)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: *several targets; name one with --target: a, b"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--merkhet-select", "rfc9112-3.2-host-misssing"), "nearest: rfc9112-3.2-host-missing"),
        (("--merkhet-expect", "absent.toml"), "absent.toml: "),
        (("--merkhet-output", "pdf:x"), "expected FORMAT:PATH"),
        (("--merkhet-output", "json:-"), "standard output is pytest's"),
        (("--merkhet-timeout-scale", "0"), "expected a factor above 0"),
        (("--merkhet-target", "mine"), "there is no merkhet.toml here or above"),
        (("--merkhet-command", "./server"), "expected {port} in one of its words"),
    ],
)
def test_options_that_cannot_be_meant(pytester: pytest.Pytester, words: tuple[str, ...], told: str) -> None:
    target = () if {"--merkhet-target", "--merkhet-command"} & set(words) else ("--merkhet-url", "http://127.0.0.1:1")
    done = run(pytester, *target, *words)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert told in done.stderr.str()


def test_listing_needs_no_target(pytester: pytest.Pytester) -> None:
    done = run(pytester, "--co", "-q", *MISSING)
    assert done.ret == pytest.ExitCode.OK
    done.stdout.fnmatch_lines([f"merkhet.suites.test_suites::{HOST}", "6 tests collected*"])


def test_without_the_plugin_nothing_is_green(pytester: pytest.Pytester) -> None:
    done = run(pytester, "-p", "no:merkhet")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["*load it with -p merkhet*"])


def test_a_target_that_is_not_there(pytester: pytest.Pytester, closed: str) -> None:
    done = run(pytester, "--merkhet-url", closed, *MISSING)
    done.assert_outcomes(errors=1, skipped=5)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(
        [
            f"{closed}* could not be reached: 6 of 6 checks were not run",
            f"ERROR merkhet.suites.test_suites::{HOST} - {closed[:12]}*",
        ]
    )
    assert results.load(pytester.path / ".merkhet" / "results.json").ended == "target unreachable"


def test_a_target_that_does_not_start(pytester: pytest.Pytester) -> None:
    declared(pytester.path, "dies-at-once")
    done = run(pytester, *MISSING)
    done.assert_outcomes(errors=1, skipped=5)
    done.stdout.fnmatch_lines(["small could not be reached: 6 of 6 checks were not run", "*no \\x1b[[]31mlicence"])


def test_a_target_that_dies_and_is_not_ours(pytester: pytest.Pytester) -> None:
    with running("dies-of-it", pytester.path) as (url, _):
        done = run(pytester, "--merkhet-url", url, *MISSING)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = done.parseoutcomes()
    assert found["errors"] == 1
    assert f"{url} went away" in done.stdout.str()


def test_a_check_that_kills_the_target(pytester: pytest.Pytester) -> None:
    declared(pytester.path, "dies-of-it")
    done = run(pytester, "--merkhet-select", HOST)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines([f"fail  {HOST}  MUST*[[]killed the server]"])


def test_what_a_server_says_is_inert(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    declared(pytester.path, "hostile")
    done = run(pytester, "--merkhet-select", HOST, "-rA")
    text = done.stdout.str()
    assert "\\x1b[31m\\x00\\xff\\r" in text
    assert not set(text) & {chr(number) for number in range(0x20) if chr(number) != "\n"}


# Several processes, and signals


class Counting:
    """How often a server was looked at before it was judged: its preflight sends one line that is no request."""

    def __init__(self, folder: Path) -> None:
        self.command = f"{sys.executable} {Path(__file__).with_name('counting_server.py')} {{port}} {folder / 'starts'}"
        self._file = folder / "starts"

    def judged(self) -> int:
        return self._file.read_text().count("judged")


@pytest.mark.parametrize("mode", ["load", "loadgroup", "each"])
def test_workers_judge_once(pytester: pytest.Pytester, mode: str) -> None:
    counting = Counting(pytester.path)
    words = ("-n", "2", "--dist", mode, "--merkhet-command", counting.command, "--merkhet-output", "json:r.json")
    done = pytester.runpytest_subprocess(*OTHERS, *SUITES, *MISSING, *words, "--junitxml", "j.xml")
    done.assert_outcomes(failed=12 if mode == "each" else 6)
    assert counting.judged() == 1
    assert {row.check for row in results.load(pytester.path / "r.json").results} == set(selected())
    done.stdout.fnmatch_lines([f"FAILED merkhet.suites.test_suites::{HOST} - fail: *"])
    failures = [case.find("failure") for case in ET.parse(pytester.path / "j.xml").getroot().iter("testcase")]
    assert {row.get("message") for row in failures if row is not None} == {"fail: status 200; expected status 400"}


DIES_ONCE = """
import os
from pathlib import Path

from merkhet.cli.keep import Keeper

kept = Keeper.result


def result(self, one):
    kept(self, one)
    try:
        (Path(__file__).parent / "died").touch(exist_ok=False)
    except FileExistsError:
        return
    os._exit(9)


Keeper.result = result
"""
"""A conftest.py with which the first worker that judges dies at its first result, while it holds the lock."""


def test_a_worker_that_dies_is_replaced_and_another_judges(pytester: pytest.Pytester, faulty: str) -> None:
    pytester.makeconftest(DIES_ONCE)
    words = ("-n", "2", "--merkhet-url", faulty, "--merkhet-output", "json:r.json", "-p", "conftest")
    done = pytester.runpytest_subprocess(*OTHERS, *SUITES, *MISSING, *words)
    assert (pytester.path / "died").exists()
    done.stdout.fnmatch_lines(["replacing crashed worker gw*"])
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    # The test in whose process it died failed by that, and the five others by what was judged in the end.
    assert done.parseoutcomes()["failed"] == 6
    run = results.load(pytester.path / "r.json")
    assert (run.ended, {row.check for row in run.results}) == ("complete", set(selected()))
    told = [line.rpartition(" - ")[2] for line in done.stdout.lines if line.startswith("FAILED")]
    assert sorted(words.startswith("worker ") for words in told) == [False] * 5 + [True]  # the window cuts the rest off
    assert (done.stdout.str().count("crashed while running"), done.stdout.str().count("observed  status 200")) == (1, 5)


@pytest.mark.parametrize("workers", [("-p", "no:xdist"), ("-n", "2")])
def test_a_job_has_one_summary(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, faulty: str, workers: tuple[str, ...]
) -> None:
    page = pytester.path / "summary.md"
    page.write_text("# before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    done = pytester.runpytest_subprocess(*OTHERS, *SUITES, *MISSING, *workers, "--merkhet-url", faulty)
    done.assert_outcomes(failed=6)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# before\n")
    assert text.count("6 checks of RFC 9112 on ") == 1
    assert HOST in text


def test_a_summary_that_cannot_be_written_is_told(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, faulty: str
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pytester.path / "no" / "folder"))
    done = run(pytester, "--merkhet-url", faulty, "--merkhet-select", UNBROKEN)
    assert "cannot be written" in done.stdout.str() + done.stderr.str()


def selected() -> list[str]:
    return [check for check in catalogue.load().checks if check.startswith(HOST)]


def test_workers_without_a_target(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_subprocess(*OTHERS, *SUITES, *MISSING, "-n", "2")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: merkhet has no server to judge: *"])


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_an_interruption_tells_what_is_known(pytester: pytest.Pytester, faulty: str, workers: tuple[str, ...]) -> None:
    # Held connections that a server never ends: some of these take seconds, the others are over at once.
    words = (
        *SUITES,
        *workers,
        "--merkhet-url",
        faulty,
        "--merkhet-select",
        "rfc9112#9",
        *MISSING,
        "--merkhet-output",
        "json:r.json",
    )
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", *OTHERS, *words],
        cwd=pytester.path,
        env=environment({"TMPDIR": str(pytester.path)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    ) as session:
        try:
            wait_for_results(pytester.path)
            session.send_signal(signal.SIGINT)
            out, _ = session.communicate(timeout=SECONDS_MAX)
        finally:
            session.kill()
    assert session.returncode == pytest.ExitCode.INTERRUPTED, out
    run = results.load(pytester.path / "r.json")
    assert run.ended == "interrupted"
    assert any(row.check == HOST for row in run.results)
    assert f"{HOST}" in out
    assert "(interrupted)" in out


def wait_for_results(folder: Path) -> None:
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        journals = [*folder.glob(".merkhet/last.jsonl"), *folder.glob("merkhet-*/*/last.jsonl")]
        if any(f'"check":"{HOST}"' in journal.read_text(encoding="utf-8") for journal in journals):
            return
        time.sleep(0.005)
    raise AssertionError("it has no result yet")


# What it costs who does not use it


def test_a_run_that_does_not_use_it_loads_nothing_of_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            ours = {name for name in sys.modules if name.startswith("merkhet")}
            assert ours == {"merkhet", "merkhet.pytest_plugin"}
            assert not {"asyncio", "click", "jinja2", "msgspec", "rich", "tomlkit"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess(*ALONE).assert_outcomes(passed=1)


def test_its_settings_are_documented_by_pytest(pytester: pytest.Pytester) -> None:
    pytester.runpytest_inprocess(*ALONE, "--help").stdout.fnmatch_lines(
        ["*--merkhet-url=URL*", "*merkhet_url (string):*"]
    )
    pytester.runpytest_inprocess(*ALONE, "--markers").stdout.fnmatch_lines(["@pytest.mark.merkhet(select*"])
