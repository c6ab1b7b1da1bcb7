"""The map of the reference leads everywhere, and its diagrams are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import diagrams

import merkhet_reference

PACKAGE = Path(merkhet_reference.__file__).parent
TEXT = diagrams.README.read_text("utf-8")
NOT_ON_THE_MAP = {"__init__.py", "__main__.py", "http1/__init__.py", "websocket/__init__.py"}


def test_diagrams_are_made_from_the_tables_as_they_are() -> None:
    assert {match["name"] for match in diagrams.MARK.finditer(TEXT)} == set(diagrams.DIAGRAMS)
    assert diagrams.renewed(TEXT) == TEXT, "run: python reference/tests/diagrams.py"


def test_every_module_is_on_the_map() -> None:
    modules = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py")}
    named = set(re.findall(r"`([a-z0-9_/]+\.py)`", TEXT))
    assert modules - NOT_ON_THE_MAP - named == set()


def test_every_module_and_example_that_is_named_exists() -> None:
    examples = {path.name for path in diagrams.README.parent.glob("examples/*.py")}
    modules = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py")}
    named = set(re.findall(r"`([a-z0-9_/]+\.py)`", TEXT))
    assert named - modules - examples - {"reference/tests/diagrams.py"} == set()


def test_every_example_is_named() -> None:
    for path in diagrams.README.parent.glob("examples/*.py"):
        assert f"`{path.name}`" in TEXT, path.name


PROMISES = (diagrams.README.parent / "PROMISES.md").read_text("utf-8")
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)
LATER = {9}


def test_each_promise_names_tests_that_are_there() -> None:
    rows = {int(number): named for number, _, named in ROW.findall(PROMISES)}
    assert rows.keys() | LATER == set(range(1, 26))
    tests = diagrams.README.parent / "tests"
    for name in re.findall(r"`([a-z0-9_./]+\.py)(?:::([a-z0-9_]+))?`", PROMISES):
        text = (tests / name[0]).read_text("utf-8")
        assert f"def {name[1]}(" in text or not name[1], name
