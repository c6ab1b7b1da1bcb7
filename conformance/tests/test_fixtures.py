"""The fixture files: the same octets everywhere, old, whole at every moment."""

from __future__ import annotations

import hashlib
import stat
import time
from pathlib import Path

import pytest

from merkhet import fixtures
from merkhet.fixtures import AGE_SECONDS, FIXTURES, LARGE_BYTES


def read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_octets_are_part_of_the_contract() -> None:
    whole = b"".join(name.encode() + b"\0" + data + b"\0" for name, data in sorted(FIXTURES.items()))
    assert hashlib.sha256(whole).hexdigest() == "26dd4ab7846f0847fd18599928679d9bc6fe2e74d6ce8a47f04bed46529e05a5"


def test_what_the_suites_rely_on() -> None:
    assert FIXTURES["empty.txt"] == b""
    assert len(FIXTURES["one.bin"]) == 1
    assert len(FIXTURES["small.bin"]) == 1000
    assert len(FIXTURES["large.bin"]) == LARGE_BYTES
    assert FIXTURES["A.txt"] != FIXTURES["%41.txt"]
    assert all(name.count("/") <= 1 for name in FIXTURES)


def test_written_files_are_whole_and_old(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    fixtures.write(folder)
    assert read(folder) == FIXTURES
    for name in FIXTURES:
        found = (folder / name).stat()
        assert abs(time.time() - AGE_SECONDS - found.st_mtime) < 60
        assert stat.S_IMODE(found.st_mode) == 0o644
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "folder").stat().st_mode) == 0o755


def test_a_folder_that_is_there_keeps_its_mode_and_its_other_files(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    folder.chmod(0o750)
    (folder / "mine.txt").write_bytes(b"mine")
    (folder / "changing.txt").write_bytes(b"of another run")
    fixtures.write(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    assert read(folder) == {**FIXTURES, "mine.txt": b"mine"}


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    fixtures.write(tmp_path)
    with (tmp_path / "changing.txt").open("rb") as reader:
        fixtures.write_one(tmp_path, "changing.txt", b"after\n", 1_000_000_000.0)
        assert reader.read() == FIXTURES["changing.txt"]
    assert (tmp_path / "changing.txt").read_bytes() == b"after\n"
    assert (tmp_path / "changing.txt").stat().st_mtime == 1_000_000_000.0
    assert not list(tmp_path.rglob(".draft-*"))


def test_a_fresh_folder_can_be_read_by_a_server_of_another_user() -> None:
    folder = fixtures.fresh()
    try:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755
        assert read(folder) == FIXTURES
    finally:
        fixtures.remove(folder)
    assert not folder.exists()
    fixtures.remove(folder)


def test_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        fixtures.write(tmp_path / "file")
    with pytest.raises(OSError, match="missing"):
        fixtures.write(tmp_path / "missing" / "files")
