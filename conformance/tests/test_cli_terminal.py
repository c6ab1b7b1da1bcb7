"""What a person sees in a window of 80 columns, light or dark, and what a log gets."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from test_results import RUN, result

from merkhet.cli import show
from merkhet.cli.progress import ProgressLine
from merkhet.cli.terminal import Telling, say_behind
from merkhet.engine.plan import RunEvent, RunStage
from merkhet.model import Outcome

COLUMNS = 80


def window(*, soft_wrap: bool = False, columns: int = COLUMNS) -> tuple[Console, io.StringIO]:
    seen = io.StringIO()
    console = Console(
        file=seen,
        width=columns,
        force_terminal=True,
        color_system=None,
        soft_wrap=soft_wrap,
        highlight=False,
        markup=False,
    )
    return console, seen


def test_words_go_on_below_where_they_began() -> None:
    console, seen = window()
    say_behind(console, "      rule      ", "word " * 30)
    lines = seen.getvalue().splitlines()
    assert len(lines) == 3
    assert all(len(line) <= COLUMNS for line in lines)
    assert [line[:17] for line in lines] == ["      rule      w", " " * 16 + "w", " " * 16 + "w"]


@pytest.mark.parametrize(("soft_wrap", "columns"), [(True, COLUMNS), (False, 30)])
def test_a_log_gets_one_line_and_so_does_a_window_that_is_too_small(columns: int, *, soft_wrap: bool) -> None:
    console, seen = window(soft_wrap=soft_wrap, columns=columns)
    say_behind(console, "      rule      ", "word " * 30)
    assert len(seen.getvalue().splitlines()) == 1


def test_what_a_server_sent_is_inert_and_no_wider_than_the_window() -> None:
    console, seen = window()
    show.finding(console, result("rfc9112-3.2-a"), RUN.requirements[0])
    told = seen.getvalue()
    assert "\\x1b[31m\\x00" in told
    assert "\x1b" not in told
    assert max(map(len, told.splitlines())) <= COLUMNS


@pytest.mark.parametrize("number", [1, 9999])
def test_the_bar_fits_into_the_window(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    console, seen = window()
    with ProgressLine(console) as progress:
        for outcome in Outcome:
            one = result(f"rfc9112-3.2-{outcome}", outcome)
            progress.event(RunEvent(stage=RunStage.FINISHED, done=number, total=number, result=one))
        progress.event(RunEvent(stage=RunStage.CONFIRMED, done=number, total=number, result=result("rfc9112-3.2-fail")))
    told = seen.getvalue()
    assert f"{number}/{number}" in told
    assert "1 pass  1 fail  1 warn" in told
    assert "1 run again" in told
    assert "…" not in told


def test_quiet_shows_no_progress() -> None:
    console, seen = window()
    with ProgressLine(console, telling=Telling.QUIET) as progress:
        progress.event(RunEvent(stage=RunStage.FINISHED, done=1, total=1, result=result("rfc9112-3.2-a")))
    assert not seen.getvalue()
