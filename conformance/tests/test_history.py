"""The history of the checks: exact as it is shipped, and strict from the first release on, shown with invented ones."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import checks
import history as tool
import msgspec
import pytest
from history import Difference, Now, State, difference, entered, only, settled

from merkhet import catalogue, history
from merkhet.check import PASS, VIOLATION, Answers, Check, Send, Verdict, observed
from merkhet.expect import Expectation, anything, served, silent
from merkhet.history import Entry, History, HistoryError, Kind, Known
from merkhet.history_digest import meaning, word_digest
from merkhet.model import Weight

RULE = checks.requirement("6.1")


def digest(check: Check) -> str:
    return meaning(check, RULE).digest


def asking(*cases: tuple[Expectation, Verdict], data: bytes = checks.GET) -> Check:
    return checks.check(Send(data), Answers(dict(cases)))


# What is shipped


def test_every_change_is_written_down() -> None:
    """If this fails: python conformance/tests/history.py says what to do."""
    there = tool.look()
    found = difference(history.load(), tool.read(), there, history.suite_version())
    assert not found.problems()
    assert not tool.stale(there)


def test_the_index_is_the_catalogue() -> None:
    known, index = catalogue.load(), history.index()
    assert index.checks.keys() == known.checks.keys()
    assert index.requirements == len(known.requirements)
    assert all(index.checks[check.id].since == check.since for check in known.checks.values())


def test_what_is_withdrawn_is_gone_and_was_there() -> None:
    past = history.load()
    assert not past.withdrawn().keys() & catalogue.load().checks.keys()
    assert all(entry.since and entry.reason for entry in past.withdrawn().values())


# A digest is of what is asked, and of what each answer means


BASE = asking((served(), PASS), (anything, VIOLATION))


@pytest.mark.parametrize(
    "other",
    [
        asking((served(), PASS), (anything, VIOLATION), data=checks.GET + b" "),
        asking((served(), PASS), (anything, observed("it"))),
        asking((anything, VIOLATION), (served(), PASS)),
        asking((silent, PASS), (anything, VIOLATION)),
        asking((served(), PASS.then(Send(b"more"))), (anything, VIOLATION)),
        dataclasses.replace(BASE, twin=dataclasses.replace(BASE.twin, request=checks.GET + checks.GET)),
        dataclasses.replace(BASE, tags=frozenset({"tls"})),
    ],
)
def test_another_meaning(other: Check) -> None:
    assert digest(other) != digest(BASE)


@pytest.mark.parametrize(
    "same",
    [
        dataclasses.replace(BASE, title="Another title", note="a note", since="9.9", mutants=(), good=()),
        dataclasses.replace(BASE, tags=frozenset({"slow"})),
        asking((served(), PASS), (anything, VIOLATION.because("in other words"))),
    ],
)
def test_the_same_meaning(same: Check) -> None:
    assert digest(same) == digest(BASE)


def test_the_weight_is_part_of_the_meaning_and_the_words_of_the_rule_are_not() -> None:
    milder = msgspec.structs.replace(RULE, on_violation=Weight.WARNING)
    worded = msgspec.structs.replace(RULE, text="Another wording.")
    assert meaning(BASE, milder).digest != meaning(BASE, RULE).digest == meaning(BASE, worded).digest


def test_a_choice_is_told_by_its_words() -> None:
    assert digest(asking((anything, observed("one")))) != digest(asking((anything, observed("another"))))


def test_a_check_names_its_words() -> None:
    assert {"merkhet.check:Send", "merkhet.check:Answers", "merkhet.expect:_Served"} <= meaning(BASE, RULE).words
    assert re.fullmatch("[0-9a-f]{10}", word_digest("merkhet.expect:_Served"))


def test_what_has_no_digest() -> None:
    odd = dataclasses.replace(BASE)
    object.__setattr__(odd, "steps", (object(),))
    with pytest.raises(TypeError, match="has no digest"):
        meaning(odd, RULE)


# Releases that were invented


ONE = History(released=("0.1",))
WORD = "merkhet.expect:_Served"


def state(**digests: str) -> dict[str, Known]:
    return {name: Known(since="0.1", digest=value) for name, value in digests.items()}


def now(known: Mapping[str, Known], word: str = "w") -> Now:
    return Now(checks=known, words={WORD: word}, written_in=dict.fromkeys(known, frozenset({WORD})))


def compared(known: Mapping[str, Known], past: History = ONE, suite: str = "0.2", word: str = "w") -> Difference:
    written = State(checks=state(a="1", b="2"), words={WORD: "w"})
    return difference(past, written, now(known, word), suite)


def test_before_the_first_release_everything_may_change_but_is_written_down() -> None:
    found = compared(state(a="9", c="3"), History(), "0.1")
    assert (found.changed, found.withdrawn, found.wrong) == ({}, {}, [])
    assert sorted(found.free) == ["a: its meaning is another", "b: it is gone", "c: new"]
    assert not compared(state(a="1", b="2"), History(), "0.1").problems()


def test_a_released_check_that_changed_needs_a_reason() -> None:
    found = compared(state(a="9", b="2"))
    assert found.problems() == ["a: its meaning is another: give a --reason, or --same"]
    written = State(checks=state(a="1", b="2"), words={})
    later = entered(ONE, written, found, "0.2", "A 501 is legal.")
    assert later.entry == (Entry(version="0.2", kind=Kind.CHANGED, reason="A 501 is legal.", checks=("a",)),)
    assert [entry.version for entry in later.changes("a")] == ["0.2"]
    assert not later.changes("b")


def test_a_word_that_changed_concerns_every_released_check_written_in_it() -> None:
    assert compared(state(a="1", b="2"), word="another").changed == {
        "a": f"a: its meaning is another by {WORD}",
        "b": f"b: its meaning is another by {WORD}",
    }


def test_a_released_check_that_went_is_withdrawn_for_ever() -> None:
    found = compared(state(a="1"))
    assert found.problems() == ["b: it is gone: give a --reason, or --same"]
    written = State(checks=state(a="1", b="2"), words={})
    later = entered(ONE, written, found, "0.2", "It asked too much.", instead=("a",))
    gone = later.withdrawn()["b"]
    assert (gone.version, gone.since, gone.instead) == ("0.2", "0.1", ("a",))
    again = compared({**state(a="1"), "b": Known(since="0.3", digest="2")}, later, "0.3")
    assert again.wrong == ["b: this id was withdrawn in 0.2, and is never used again"]


@pytest.mark.parametrize(
    ("known", "suite", "told"),
    [
        ({"c": Known(since="0.1", digest="3")}, "0.2", "c: it is new, and says since 0.1; expected 0.2"),
        ({"c": Known(since="0.3", digest="3")}, "0.2", "c: it is new, and says since 0.3; expected 0.2"),
        ({"a": Known(since="0.2", digest="1")}, "0.2", "a: since is 0.2, and was 0.1"),
        ({"a": Known(since="0.1", digest="9")}, "0.1", "0.1 is released: raise the version"),
    ],
)
def test_what_may_not_be(known: Mapping[str, Known], suite: str, told: str) -> None:
    assert told in "\n".join(compared({**state(a="1", b="2"), **known}, suite=suite).wrong)


def test_a_new_check_of_the_version_that_is_made_may_change_until_it_is_released() -> None:
    found = compared({**state(a="1", b="2"), "c": Known(since="0.2", digest="3")})
    assert found.free == ["c: new"]


def test_reasons_are_given_one_after_the_other() -> None:
    written = State(checks=state(a="1", b="2"), words={WORD: "w"})
    there = now(state(a="8", b="9"), "another")
    found = difference(ONE, written, there, "0.2")
    first = only(found, ["a"])
    assert set(first.changed) == {"a"}
    left = Difference(changed={"b": found.changed["b"]})
    kept = settled(written, there, left)
    assert {name: known.digest for name, known in kept.checks.items()} == {"a": "8", "b": "2"}
    assert kept.words == {WORD: "w"}, "as long as a check is unsettled by it, the word is"
    past = entered(ONE, written, first, "0.2", "one reason")
    past = entered(past, written, only(found, ["b"]), "0.2", "one reason")
    assert [entry.checks for entry in past.entry] == [("a", "b")]


def test_the_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    past = History(
        released=("0.1", "0.2"),
        entry=(
            Entry(version="0.2", kind=Kind.CHANGED, reason='It said "no".', checks=("a", "b")),
            Entry(version="0.2", kind=Kind.WITHDRAWN, reason="r", checks=("c",), since="0.1", instead=("a",)),
        ),
    )
    path = tmp_path / "history.toml"
    path.write_text(tool.entries_text(past), encoding="utf-8")
    assert history.load(path) == past
    assert past.changed_after("0.1").keys() == {"a", "b"}
    assert not past.changed_after("0.2")


@pytest.mark.parametrize("text", ["released = 1", "[[entry]]", "releasd = []", "\0"])
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "history.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(HistoryError, match=r"history\.toml: "):
        history.load(path)


def test_versions() -> None:
    assert history.suite_version("0.12.1.dev0") == "0.12"
    assert history.is_later("0.10", "0.9")
    assert not history.is_later("0.9", "0.9")
    for bad in ("", "1", "0.1.2", "zero"):
        with pytest.raises(HistoryError):
            history.is_later(bad, "0.1")


# The command, on files of its own


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ENTRIES", "CHECKS", "WORDS"):
        monkeypatch.setattr(history, name, tmp_path / name)
    monkeypatch.setattr(history, "load", lambda: History(released=("0.1",)))
    monkeypatch.setattr(history, "suite_version", lambda: "0.2")
    monkeypatch.setattr(tool, "read", lambda: State(checks=state(a="1", b="2"), words={WORD: "w"}))
    return tmp_path


def test_the_command(files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(tool, "look", lambda: now(state(a="9")))
    assert tool.main([]) == 1
    assert "a: its meaning is another: give a --reason" in capsys.readouterr().out
    assert tool.main(["--release"]) == 1
    assert tool.main(["--update", "--same"]) == 1
    assert "what is gone does not mean the same" in capsys.readouterr().out
    assert not (files / "ENTRIES").exists()
    assert tool.main(["--update", "--reason", "Why.", "--only", "a"]) == 1
    assert "b: it is gone: give a --reason" in capsys.readouterr().out
    assert [entry.checks for entry in written(files).entry] == [("a",)]
    assert "\nb 0.1 2\n" in (files / "CHECKS").read_text(encoding="ascii")
    assert tool.main(["--update", "--reason", "Why."]) == 0
    assert "\nb " not in (files / "CHECKS").read_text(encoding="ascii")


def test_a_release(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "look", lambda: now(state(a="1", b="2")))
    assert tool.main(["--release"]) == 1, "the files are not there"
    assert tool.main(["--update"]) == 0
    assert tool.main(["--release"]) == 0
    assert written(files).released == ("0.1", "0.2")


def written(files: Path) -> History:
    return msgspec.convert(tomllib.loads((files / "ENTRIES").read_text(encoding="utf-8")), History)
