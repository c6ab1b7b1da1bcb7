"""curl against a folder that takes files: whole, by pieces, under a condition, and taken away again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from client_site import needs, run, write_noise

from merkhet_reference import Server
from merkhet_reference.mutable import MutableFolder

pytestmark = needs("curl")

Curl = Callable[..., str]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def url(root: Path) -> Iterator[str]:
    folder = MutableFolder(root, partial=True, durable=False)
    with Server(folder, admit=folder.admit).running() as server:
        yield f"http://127.0.0.1:{server.address[1]}"


@pytest.fixture
def curl(tmp_path: Path) -> Curl:
    """Run curl in an empty folder and return the status."""
    (tmp_path / "client").mkdir()

    def run_curl(*arguments: str) -> str:
        always = (
            "-q",
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--output",
            "answer",
            "--write-out",
            "%{http_code}",
        )
        return run("curl", *always, *arguments, folder=tmp_path / "client").decode()

    return run_curl


def test_a_file_is_put_replaced_and_taken_away(url: str, curl: Curl, root: Path, tmp_path: Path) -> None:
    first = write_noise(tmp_path / "first", 300_001)
    assert curl("-T", str(tmp_path / "first"), f"{url}/kept.bin") == "201"
    assert (root / "kept.bin").read_bytes() == first
    second = write_noise(tmp_path / "second", 1_000)
    assert curl("-T", str(tmp_path / "second"), f"{url}/kept.bin") == "204"
    assert (root / "kept.bin").read_bytes() == second
    assert curl("-X", "DELETE", f"{url}/kept.bin") == "204"
    assert list(root.iterdir()) == []


def test_what_has_changed_meanwhile_is_not_overwritten(url: str, curl: Curl, root: Path, tmp_path: Path) -> None:
    write_noise(tmp_path / "mine", 1_000)
    curl("-T", str(tmp_path / "mine"), f"{url}/kept.bin")
    assert curl("--etag-save", "tag", f"{url}/kept.bin") == "200"
    tag = (tmp_path / "client" / "tag").read_text().strip()
    theirs = write_noise(tmp_path / "theirs", 2_000)
    assert curl("-T", str(tmp_path / "theirs"), "-H", f"If-Match: {tag}", f"{url}/kept.bin") == "204"
    assert curl("-T", str(tmp_path / "mine"), "-H", f"If-Match: {tag}", f"{url}/kept.bin") == "412"
    assert curl("-T", str(tmp_path / "mine"), "-H", "If-None-Match: *", f"{url}/kept.bin") == "412"
    assert (root / "kept.bin").read_bytes() == theirs


def test_a_file_is_put_by_pieces(url: str, curl: Curl, root: Path, tmp_path: Path) -> None:
    whole = write_noise(tmp_path / "whole", 100_000)
    (tmp_path / "begun").write_bytes(whole[:60_000] + b"-" * 40_000)
    assert curl("-T", str(tmp_path / "begun"), f"{url}/kept.bin") == "201"
    (tmp_path / "rest").write_bytes(whole[60_000:])
    assert (
        curl("-T", str(tmp_path / "rest"), "-H", "Content-Range: bytes 60000-99999/100000", f"{url}/kept.bin") == "204"
    )
    assert (root / "kept.bin").read_bytes() == whole


def test_nothing_is_put_outside(url: str, curl: Curl, root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    assert curl("-T", str(tmp_path / "file"), "--path-as-is", f"{url}/../stolen") == "403"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["client", "file", "root"]
    assert list(root.iterdir()) == []
