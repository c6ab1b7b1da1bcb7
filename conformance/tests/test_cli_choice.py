"""`merkhet run`: which checks it takes, when it stops, how much it tells; completion, and what is loaded for what."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import click
import pytest
from cli_process import HOST, declared, environment, kept

from merkhet import catalogue, history, results, selectors
from merkhet.check import Check
from merkhet.cli import cli, invoke
from merkhet.cli.choose import TargetOptions, choose
from merkhet.cli.codes import Code, Failure
from merkhet.cli.narrow import Taken, as_of
from merkhet.cli.options import Color, color, color_of_one_command
from merkhet.cli.outputs import Outputs
from merkhet.cli.selector import completed
from merkhet.cli.show import waited_for
from merkhet.cli.terminal import console
from merkhet.cli.verbs import VERBS
from merkhet.history import Entry, History, Kind
from merkhet.model import Direction, Outcome, Transcript, WireEvent

KNOWN = catalogue.load()
GONE = "rfc9112-3.2-gone"
TWICE = "rfc9112-3.2-host-twice-same"
SHOULD = "rfc9112-3.2-target-space"


def a_history(*entries: Entry) -> History:
    return History(released=("0.1", "0.2"), entry=entries)


CHANGED = Entry(version="0.2", kind=Kind.CHANGED, reason="A 421 is legal.", checks=(HOST,))
WITHDRAWN = Entry(
    version="0.2", kind=Kind.WITHDRAWN, reason="It asked too much.", checks=(GONE,), since="0.1", instead=(HOST,)
)


@pytest.fixture
def past(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "load", lambda: a_history(CHANGED, WITHDRAWN))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def expecting(folder: Path, selector: str) -> None:
    text = f'[[expect]]\nselector = "{selector}"\noutcome = "fail"\nreason = "a known bug"\n'
    (folder / "merkhet.expect.toml").write_text(text, encoding="utf-8")


def test_a_target_without_a_name_is_called_by_its_address_once(here: Path) -> None:
    assert choose(TargetOptions(url="http://127.0.0.1:1"), here).describe() == "http://127.0.0.1:1"
    assert choose(TargetOptions(unix="/s"), here).describe() == "unix:/s"
    (here / "merkhet.toml").write_text('[target.mine]\nurl = "http://127.0.0.1:1"\n', encoding="utf-8")
    assert choose(TargetOptions(), here).describe() == "mine at http://127.0.0.1:1"


# --lf, -x, --maxfail


def test_last_failed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    declared(here, "serves-all")
    assert invoke(["run", "--lf"]) == Code.INVOCATION, "there was no run"
    assert invoke(["run", "-s", f"{HOST}*"]) == Code.SERVER
    was_open = {result.check for result in kept(here).results if result.outcome is Outcome.FAIL}
    capsys.readouterr()
    assert invoke(["run", "--lf"]) == Code.SERVER
    assert f"note: {len(was_open)} checks that were open in the last run" in capsys.readouterr().out
    assert {result.check for result in kept(here).results} == was_open
    declared(here, "good")
    assert invoke(["run", "--lf", "-q"]) == Code.OK
    assert invoke(["run", "--lf", "-s", HOST]) == Code.OK
    assert "note: no chosen check was open in the last run: all run" in capsys.readouterr().out


def test_what_a_stopped_run_did_not_reach_is_open_still(here: Path) -> None:
    declared(here, "serves-all")
    assert invoke(["run", "-j", "1", "-s", f"{HOST}*"]) == Code.SERVER
    was_open = {result.check for result in kept(here).results if result.outcome is Outcome.FAIL}
    assert len(was_open) > 2
    assert kept(here).unreached == ()
    for options in (["--lf", "-x"], ["-x", "-s", f"{HOST}*"], ["--lf", "--maxfail", "1"]):
        assert invoke(["run", "-j", "1", *options]) == Code.SERVER
        (judged,) = {result.check for result in kept(here).results if result.outcome is Outcome.FAIL}
        assert set(kept(here).unreached) == was_open - {judged}
    assert invoke(["run", "--lf"]) == Code.SERVER
    assert {result.check for result in kept(here).results} == was_open
    declared(here, "good")
    assert invoke(["run", "--lf"]) == Code.OK
    assert kept(here).unreached == ()


def test_what_was_open_on_another_target_is_not_remembered(here: Path) -> None:
    declared(here, "serves-all")
    assert invoke(["run", "-s", f"{HOST}*"]) == Code.SERVER
    (here / "merkhet.toml").unlink()
    assert invoke(["run", "-x", "-s", TWICE]) == Code.OK, "on the embedded reference"
    assert kept(here).unreached == ()


def test_what_is_expected_is_not_open(here: Path) -> None:
    declared(here, "serves-all")
    expecting(here, HOST)
    assert invoke(["run", "-x", "-j", "1", "-s", HOST, "-s", TWICE]) == Code.SERVER
    assert [result.check for result in kept(here).results] == [HOST, TWICE], "the first is expected, and no end"
    assert invoke(["run", "--lf"]) == Code.SERVER
    assert [result.check for result in kept(here).results] == [TWICE]


def test_exitfirst(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    declared(here, "serves-all")
    assert invoke(["run", "-x", "-j", "1", "-s", f"{HOST}*", "-o", "json:r.json"]) == Code.SERVER
    run = results.load(here / "r.json")
    assert (run.ended, len(run.results)) == ("stopped", 1)
    told = capsys.readouterr().out
    assert "note: stopped at 1 that did not come out as required" in told
    assert told.splitlines()[-1].startswith("stopped, not as required, 1 checks ")
    assert invoke(["run", "--maxfail", "2", "-j", "1", "-s", f"{HOST}*"]) == Code.SERVER
    assert len(kept(here).results) == 2


# --suite


def check(since: str) -> Check:
    found = KNOWN.checks[HOST]
    assert isinstance(found, Check)
    return dataclasses.replace(found, since=since)


def test_an_older_suite(past: None) -> None:
    taken = as_of(Taken(checks=[check("0.1"), check("0.2")]), "0.1")
    assert [one.since for one in taken.checks] == ["0.1"]
    assert taken.excused == {HOST: "changed in 0.2, after 0.1: A 421 is legal."}
    assert taken.notes == (
        "1 checks came after suite 0.1, and are left out",
        f"1 checks changed after suite 0.1: what they come to does not count ({HOST})",
        f"1 checks of suite 0.1 were withdrawn since, and cannot be run ({GONE})",
    )
    taken = as_of(Taken(checks=[check("0.1"), check("0.2")]), "0.2")
    assert (len(taken.checks), taken.excused, taken.notes) == (2, {}, ())


@pytest.mark.parametrize(
    ("since", "version", "told"), [("0.1", "9.9", "knows the suites 0.1, 0.2"), ("0.2", "0.1", "came later")]
)
def test_no_such_suite(past: None, since: str, version: str, told: str) -> None:
    with pytest.raises(Failure, match=told):
        as_of(Taken(checks=[check(since)]), version)


def test_a_changed_check_turns_no_build_red(past: None, here: Path) -> None:
    declared(here, "serves-all")
    assert invoke(["run", "-s", HOST]) == Code.SERVER
    assert kept(here).results[0].changed == "0.2: A 421 is legal."
    assert kept(here).results[0].since == "0.1"
    assert invoke(["run", "-s", HOST, "--suite", "0.1"]) == Code.OK
    declared(here, "good")
    expecting(here, HOST)
    assert invoke(["run", "-s", HOST]) == Code.SERVER, "it passes, and was expected to fail"
    assert invoke(["run", "-s", HOST, "--suite", "0.1"]) == Code.OK


# Withdrawn checks


def test_a_withdrawn_check_is_explained(past: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["explain", GONE]) == Code.OK
    told = capsys.readouterr().out
    assert f"{GONE}\n  withdrawn in 0.2: It asked too much.\n  since: 0.1\n  instead: {HOST}\n" in told
    assert f"/checks/{GONE}.html" in told
    assert invoke(["explain", HOST]) == Code.OK
    told = capsys.readouterr().out
    assert "  since 0.1\n  0.2 changed it: A 421 is legal.\n" in told
    assert f"/checks/{HOST}.html" in told
    assert f"/dispute.html?check={HOST}" in told


def test_a_withdrawn_check_is_named_where_it_is_selected(past: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["list", GONE]) == Code.INVOCATION
    assert f"{GONE} was withdrawn in 0.2: It asked too much. (instead: {HOST})" in capsys.readouterr().err
    assert invoke(["list", GONE, HOST, "--format", "ids"]) == Code.OK
    told = capsys.readouterr()
    assert told.out == f"{HOST}\n"
    assert "was withdrawn in 0.2" in told.err
    assert invoke(["list", HOST, "-s", f"-{GONE}", "--format", "ids"]) == Code.OK


def test_an_expectation_of_a_withdrawn_check_is_a_note(
    past: None, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declared(here, "good")
    expecting(here, GONE)
    assert invoke(["run", "-s", HOST]) == Code.OK
    assert f"the expectation '{GONE}': {GONE} was withdrawn in 0.2" in capsys.readouterr().out


def test_near_rules_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["explain", "rfc9112-6.1-1x"]) == Code.INVOCATION
    assert "nearest rule: rfc9112-6.1-1" in capsys.readouterr().err


# What is told


def test_quiet(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    declared(here, "serves-all")
    assert invoke(["run", "-q", "-s", HOST, "-s", SHOULD]) == Code.SERVER
    told = capsys.readouterr()
    first, *findings, last = told.out.splitlines()
    assert first.startswith("merkhet ")
    assert findings == [f"fail  {HOST}  MUST"]
    assert last.startswith("not as required")
    assert not told.err
    assert invoke(["run", "-q", "--fail-on", "warn", "-s", SHOULD]) == Code.SERVER
    assert f"warn  {SHOULD}" in capsys.readouterr().out
    assert invoke(["run", "-q", "-v"]) == Code.INVOCATION


def test_durations(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    declared(here, "good")
    assert invoke(["run", "--durations", "2", "-s", f"{HOST}*"]) == Code.OK
    lines = capsys.readouterr().out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("the slowest 2 of "))
    assert all(f" s  {HOST}" in line for line in lines[start + 1 : start + 3])
    assert not lines[start + 3]


def transcript(*events: tuple[float, Direction]) -> Transcript:
    return Transcript(
        connection=0,
        purpose="check",
        sent_length=0,
        received_length=0,
        sent_sha256="",
        received_sha256="",
        ended="",
        events=tuple(WireEvent(connection=0, at=at, direction=direction) for at, direction in events),
    )


@pytest.mark.parametrize(
    ("direction", "told"),
    [
        (Direction.RECEIVED, "2.00 s of it until octets came"),
        (Direction.CLOSED, "2.00 s of it until the server closed the connection"),
        (Direction.TIMED_OUT, "2.00 s of it for what did not come"),
    ],
)
def test_what_was_waited_for(direction: Direction, told: str) -> None:
    short = transcript((0.0, Direction.SENT), (0.5, Direction.RECEIVED))
    assert waited_for((short, transcript((1.0, Direction.SENT), (3.0, direction)))) == told
    assert not waited_for((transcript((0.0, Direction.SENT), (0.001, direction)),))
    assert not waited_for(())


# Colours


@pytest.mark.parametrize(
    ("words", "env", "is_colored"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1", "CI": "true"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colors(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    env: dict[str, str],
    *,
    is_colored: bool,
) -> None:
    declared(here, "serves-all")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert invoke(["run", *words, "-s", HOST]) == Code.SERVER
    told = capsys.readouterr()
    assert ("\x1b[" in told.out) is is_colored
    assert "\x1b[?25" not in told.out + told.err, "no cursor is moved where there is no terminal"


def test_a_choice_of_colors_ends_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert invoke(["explain", "--color", "always", HOST]) == Code.OK
    assert color() is Color.AUTO
    with color_of_one_command():
        assert console(sys.stdout).color_system is None


# What is loaded for what


def test_the_help_is_that_of_the_verbs() -> None:
    context = click.Context(cli)
    assert set(cli.list_commands(context)) == set(VERBS)
    for name, verb in VERBS.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert (command.help or "").strip()
        assert verb.help.endswith(".")
    assert cli.get_command(context, "rnu") is None


def test_a_mistyped_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["rnu"]) == Code.INVOCATION
    assert "No such command 'rnu'. Did you mean run?" in capsys.readouterr().err
    assert invoke(["zzzz"]) == Code.INVOCATION


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["completion", "bash"]])
def test_what_needs_no_suite_loads_none(words: list[str]) -> None:
    code = (
        "import sys\nfrom merkhet.cli import invoke\n"
        f"assert invoke({words!r}) == 0\n"
        "bad = [name for name in sys.modules if name.startswith(('merkhet.suites', 'merkhet.engine', 'rich', 'asyncio'))]\n"
        "assert not bad, bad\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr


def test_the_version_has_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["--version"]) == Code.OK
    told = capsys.readouterr().out
    assert (
        f"suite {history.suite_version()}: {len(KNOWN.checks)} checks of {len(KNOWN.requirements)} requirements" in told
    )


# Completion


def test_a_selector_is_completed_a_piece_at_a_time() -> None:
    assert "rfc9112" in completed("")
    assert HOST not in completed("")
    assert completed("rfc9112") == ["rfc9112", "rfc9112#", "rfc9112-"]
    assert HOST in completed("rfc9112-3.2-host-m")
    assert "rfc9112#6.1" in completed("rfc9112#6")
    assert completed("@slo") == ["@slow"]
    assert completed("nothing") == []


def test_every_completed_selector_matches() -> None:
    checks = list(KNOWN.checks.values())
    for word in ("", "@", *(f"{document}#" for document in completed(""))):
        for selector in completed(word):
            assert selectors.matching(checks, selector)


@pytest.mark.parametrize(
    ("line", "seen", "found"),
    [
        ("merkhet ru", "ru", "plain,run"),
        ("merkhet run -s @slo", "@slo", "plain,@slow"),
        ("merkhet run -s @slo", "slo", "plain,slow"),
        (
            "merkhet explain rfc9112-3.2-host-missing-p",
            "rfc9112-3.2-host-missing-p",
            "plain,rfc9112-3.2-host-missing-post",
        ),
        ("merkhet run --target sm", "sm", "plain,small"),
        ("merkhet run -o ht", "ht", "nospace,html:"),
        ("merkhet run -o html:merk", "merk", "plain,merkhet.toml"),
        ("merkhet report -o badge:sub", "sub", "nospace,sub/"),
        ("merkhet report -o json:sub/ins", "sub/ins", "plain,sub/inside.json"),
        ("merkhet compare -o m", "m", "nospace,md:"),
        ("merkhet interop -o junit:merkhet.t", "junit:merkhet.t", "plain,junit:merkhet.toml"),
        ("merkhet baseline update rfc911", "rfc911", "plain,rfc9110"),
        ("merkhet completion z", "z", "plain,zsh"),
    ],
)
def test_bash_completes(tmp_path: Path, line: str, seen: str, found: str) -> None:
    declared(tmp_path, "good")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "inside.json").touch()
    code = (
        "import sys\nfrom merkhet.cli import main\ntry:\n    main()\nfinally:\n"
        "    assert not [name for name in sys.modules if name.startswith('merkhet.suites.')]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment({"_MERKHET_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": seen}),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert found in done.stdout.splitlines(), done.stderr


def test_an_output_is_completed_to_what_is_there(here: Path) -> None:
    (here / ".hidden").touch()
    (here / "seen").touch()

    def found(word: str, *formats: str) -> list[str]:
        kind = Outputs(formats) if formats else Outputs()
        return [str(item.value) for item in kind.shell_complete(click.Context(cli), click.Option(["-o"]), word)]

    assert found("", "a", "b") == ["a:", "b:"]
    assert "json:" in found("j")
    assert found("json:") == ["json:seen"]
    assert found("json:.") == ["json:.hidden"]
    assert found(f"json:{here}/se") == [f"json:{here}/seen"]
    assert found("json:nowhere/") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["completion", shell]) == Code.OK
    assert f"_MERKHET_COMPLETE={shell}_complete" in capsys.readouterr().out
