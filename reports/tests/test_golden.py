"""Every format as it was reviewed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

PLACE = Path(__file__).with_name("golden.py")


def _module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reports_golden", PLACE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


golden = _module()
MADE: dict[str, bytes] = golden.made()


def test_the_files_are_those_that_are_made() -> None:
    assert set(golden.kept()) == set(MADE), "python reports/tests/golden.py --update"


@pytest.mark.parametrize("name", sorted(MADE))
def test_is_as_it_was_reviewed(name: str) -> None:
    kept = (golden.FOLDER / name).read_text(encoding="utf-8")
    assert MADE[name].decode() == kept, "if this is meant: python reports/tests/golden.py --update"


def test_the_command_says_how_it_is_used() -> None:
    told = subprocess.run([sys.executable, str(PLACE)], capture_output=True, encoding="utf-8", check=False)
    assert told.returncode != 0
    assert "--update" in told.stderr
