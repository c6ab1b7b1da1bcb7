"""What keeps the sources readable: short files, short functions, shallow nesting, no private words in public files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "bench",
    "conformance/merkhet",
    "reference/merkhet_reference",
    "fuzz/merkhet_fuzz",
    "reports/merkhet_reports",
)
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BLOCKS = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try, ast.Match)
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
NESTING_MAX = 3

pytestmark = pytest.mark.skipif(not (ROOT / "tox.ini").exists(), reason="needs the source tree")


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, FUNCTIONS))


def nesting(node: ast.AST, depth: int = 0) -> int:
    """Return the deepest nesting of blocks; an elif is on the level of its if, a nested function starts anew."""
    deepest = depth
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, nesting(child, depth + (isinstance(child, BLOCKS) and not is_elif)))
    return deepest


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_is_short_enough_to_read(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= FILE_LINES_MAX
    for function in functions(ast.parse(text)):
        assert function.end_lineno is not None
        assert function.end_lineno - function.lineno < FUNCTION_LINES_MAX, function.name
        assert nesting(function) <= NESTING_MAX, function.name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), "a module begins with a docstring"


def test_nesting_is_measured() -> None:
    shallow = ast.parse("def f():\n if a:\n  pass\n elif b:\n  pass\n elif c:\n  for x in y:\n   pass\n")
    deep = ast.parse("def f():\n if a:\n  for b in c:\n   while d:\n    with e:\n     pass\n")
    assert [nesting(function) for function in functions(shallow)] == [2]
    assert [nesting(function) for function in functions(deep)] == [4]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_suppresses_no_type_error(path: Path) -> None:
    assert not re.search(r"#\s*(type:\s*ignore|pyright:\s*ignore)", path.read_text())
