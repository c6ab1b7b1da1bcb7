"""Every target folder is complete and portable, and its app keeps docs/contract.md where its server is installed."""

from __future__ import annotations

import fnmatch
import json
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import sources

TARGETS = Path(__file__).parents[1] / "targets"
FOLDERS = sorted(path.parent for path in TARGETS.glob("*/merkhet.toml"))
PORTABLE_PROGRAMS = {"python", "node", "nginx", "apache2", "lighttpd", "caddy"}
PINNED = re.compile(r"[a-z0-9._-]+==[0-9][0-9a-z.]*")

pytestmark = pytest.mark.skipif(not TARGETS.exists(), reason="needs the source tree")


def load_verifier() -> ModuleType:
    return sources.module("verify_contract", TARGETS / "verify_contract.py")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_target_file_names_no_machine(folder: Path) -> None:
    tables = tomllib.loads((folder / "merkhet.toml").read_text())["target"]
    assert list(tables) == [folder.name]
    command, version = tables[folder.name]["command"], tables[folder.name]["version"]
    assert command[0] in PORTABLE_PROGRAMS
    assert version[0] in PORTABLE_PROGRAMS
    assert any("{port}" in word for word in command)
    assert not [word for word in command if word.startswith(("/", "~"))]
    assert tables[folder.name]["endpoint"]["root"] == "/"
    assert all(path.startswith("/") for path in tables[folder.name]["endpoint"].values())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_target_folder_is_complete(folder: Path) -> None:
    assert (folder / "NOTES.md").read_text().startswith(f"# {folder.name}\n")
    requirements = folder / "requirements.txt"
    if requirements.exists():
        assert all(PINNED.fullmatch(line) for line in requirements.read_text().split())


def test_there_are_targets() -> None:
    assert len(FOLDERS) >= 13


@pytest.mark.parametrize("name", [*(folder.name for folder in FOLDERS), "reference"])
def test_the_app_keeps_the_contract(name: str) -> None:
    verifier = load_verifier()
    missing: str = verifier.absence(name)
    if missing:
        pytest.skip(f"the server of target {name} is not installed: {missing}")
    problems: list[str] = verifier.problems(name)
    assert problems == []


def test_the_verifier_sees_a_wrong_app() -> None:
    """An echo that answers a broken content, and a status that is not the one asked for, are both named."""
    verifier = load_verifier()
    replies = {"status": verifier.Reply(200, {}, b""), "echo": verifier.Reply(200, {}, b"{}")}

    class Wrong:
        def path(self, endpoint: str, value: str = "") -> str:
            return endpoint

        def head(self, *_: str) -> bytes:
            return b""

        def ask(self, method: str, target: str, *_: str, content: bytes = b"") -> object:
            return replies[target.partition("?")[0]]

        def send(self, data: bytes, *methods: str, half_close: bool = False) -> list[object]:
            return [replies["echo"]]

    assert list(verifier.statuses(Wrong())) == [
        "204 gave 200",
        "304 gave 200",
        "404 gave 200",
        "500 gave 200",
        "503 gave 200",
    ]
    assert len(list(verifier.echo_broken(Wrong()))) == 4
    assert list(verifier.echo_document(Wrong())) == ["PUT gave 200 None"]


PUBLISHED = sorted((TARGETS.parents[1] / "reports" / "published").glob("*.json"))


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_every_published_fail_is_adjudicated(path: Path) -> None:
    """A row of the server's notes names the check, itself or by a glob; each row was needed."""
    results = json.loads(path.read_bytes())["results"]
    failed = [row["check"] for row in results if row["outcome"] == "fail"]
    notes = TARGETS / path.stem / "NOTES.md"
    # What fuzzing found names a check where that says the same, of a warning too.
    text = notes.read_text().partition("## Found by fuzzing")[0] if notes.exists() else ""
    globs = re.findall(
        r"`((?:rfc[0-9]|whatwg-)[^`]*)`", "\n".join(line for line in text.splitlines() if line.startswith("| `"))
    )
    assert [check for check in failed if not any(fnmatch.fnmatchcase(check, glob) for glob in globs)] == []
    assert [glob for glob in globs if not fnmatch.filter(failed, glob)] == []
