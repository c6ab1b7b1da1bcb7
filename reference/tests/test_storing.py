"""A file comes into a folder whole or not at all, there is room for it, and its time is its own."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from merkhet_reference import storing
from merkhet_reference.paths import UPLOADING
from merkhet_reference.storing import Locks, NoRoomError, Room, Stamps, Upload


def opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(autouse=True)
def no_descriptor_is_left() -> Iterator[None]:
    before = len(list(Path("/dev/fd").iterdir()))
    yield
    assert len(list(Path("/dev/fd").iterdir())) == before


def room(files: int = 0, octets: int = 0) -> Room:
    return Room(files, octets, files_max=10, bytes_max=100)


def test_room_is_taken_whole_or_not_at_all() -> None:
    there = room(9, 90)
    for files, octets in ((2, 0), (0, 11), (1, 11), (2, 1)):
        with pytest.raises(NoRoomError):
            there.take(files, octets)
    assert there.used == (9, 90)
    there.take(1, 10)
    assert there.used == (10, 100)
    there.give_back(1, 50)
    assert there.used == (9, 50)


def test_a_folder_that_is_too_full_already_takes_nothing_and_hinders_nothing_else() -> None:
    there = room(11, 50)
    there.take(0, 50)
    with pytest.raises(NoRoomError):
        there.take(1, 0)
    there = room(5, 101)
    there.take(1, 0)
    assert there.used == (6, 101)


def test_what_is_there_is_measured(tmp_path: Path) -> None:
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "a").write_bytes(b"aaa")
    (tmp_path / "sub" / "deep" / "b").write_bytes(b"bb")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "to-sub").symlink_to("sub")
    os.mkfifo(tmp_path / "fifo")
    assert storing.measured(tmp_path, 0.0) == (2, 5)


def test_what_a_killed_process_left_is_removed_after_a_day(tmp_path: Path) -> None:
    for name, seconds in ((UPLOADING + "old", 0), (UPLOADING + "new", 50_000), ("old", 0)):
        (tmp_path / name).write_bytes(b"xx")
        os.utime(tmp_path / name, (seconds, seconds))
    assert storing.measured(tmp_path, 100_000.0) == (2, 4)
    assert names(tmp_path) == [UPLOADING + "new", "old"]


def test_what_is_gone_while_it_is_measured_counts_for_nothing(tmp_path: Path) -> None:
    folder = opened(tmp_path)
    storing.remove_stale(folder, UPLOADING + "none", 1e9)
    assert storing.counted(folder, "none") == (0, 0)
    os.close(folder)


def test_no_two_times_are_alike_and_the_last_ones_are_known(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch()
    clock = iter([5 * 10**18 // 3, 5 * 10**18 // 3, 1])
    stamps = Stamps(lambda: next(clock))
    descriptor = os.open(path, os.O_WRONLY)
    states = [stamps.stamp(descriptor) for _ in range(3)]
    os.close(descriptor)
    first = 5 * 10**18 // 3
    assert [state.st_mtime_ns for state in states] == [first, first + 1, first + 2], "nor when the clock goes back"
    assert all(stamps.knows(state) for state in states)
    assert not Stamps().knows(states[2])
    os.utime(path, ns=(first + 9, first + 9))
    assert not stamps.knows(path.stat())


def test_only_so_many_times_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "STAMPED_MAX", 2)
    (tmp_path / "a").touch()
    stamps = Stamps()
    descriptor = os.open(tmp_path / "a", os.O_WRONLY)
    states = [stamps.stamp(descriptor) for _ in range(3)]
    os.close(descriptor)
    assert [stamps.knows(state) for state in states] == [False, True, True]


def test_a_time_that_the_file_system_cannot_write_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").touch()
    utime = os.utime

    def in_seconds(descriptor: int, *, ns: tuple[int, int]) -> None:
        utime(descriptor, (ns[0] // 10**9, ns[1] // 10**9))

    monkeypatch.setattr(os, "utime", in_seconds)
    stamps = Stamps(lambda: 1_700_000_000_123_456_789)
    descriptor = os.open(tmp_path / "a", os.O_WRONLY)
    assert not stamps.knows(stamps.stamp(descriptor))
    os.close(descriptor)


def test_a_name_has_one_lock_by_every_path_to_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to("sub")
    direct, linked = opened(tmp_path / "sub"), opened(tmp_path / "link")
    locks = Locks()
    assert locks.of(direct, "a") is locks.of(linked, "a")
    assert len({id(locks.of(direct, f"{number}")) for number in range(100)}) > 1
    os.close(direct)
    os.close(linked)


def stored(
    folder: Path, there: Room, content: bytes, mode: int | None = None, *, durable: bool = False
) -> os.stat_result:
    with Upload(opened(folder), "a", there) as upload:
        upload.reserve(1, len(content))
        upload.begin()
        upload.write(content)
        return upload.place(Stamps(), mode, durable=durable)


def test_a_file_is_put_in_its_place(tmp_path: Path) -> None:
    there = room()
    status = stored(tmp_path, there, b"abc")
    assert (tmp_path / "a").read_bytes() == b"abc"
    assert os.path.samestat(status, (tmp_path / "a").stat())
    assert (names(tmp_path), there.used) == (["a"], (1, 3))
    stored(tmp_path, there, b"defgh")
    assert (tmp_path / "a").read_bytes() == b"defgh"
    assert (names(tmp_path), there.used) == (["a"], (1, 5))


def test_until_then_nobody_sees_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    there = room(1, 3)
    with Upload(opened(tmp_path), "a", there) as upload:
        upload.begin()
        upload.write(b"new content")
        assert (tmp_path / "a").read_bytes() == b"old"
        assert [name.startswith(UPLOADING) for name in names(tmp_path)] == [True, False]
        assert there.used == (1, 14)
    assert (names(tmp_path), there.used) == (["a"], (1, 3))


def test_an_upload_that_never_began_leaves_nothing(tmp_path: Path) -> None:
    there = room()
    with Upload(opened(tmp_path), "a", there) as upload:
        assert os.path.samestat(os.fstat(upload.folder), tmp_path.stat())
        upload.reserve(1, 50)
        assert there.used == (1, 50)
        upload.reserve(1, 20)
        assert there.used == (1, 50)
    assert (names(tmp_path), there.used) == ([], (0, 0))


def test_what_has_no_room_is_not_written(tmp_path: Path) -> None:
    there = room()
    with Upload(opened(tmp_path), "a", there) as upload:
        upload.begin()
        upload.write(b"x" * 100)
        with pytest.raises(NoRoomError):
            upload.write(b"y")
        assert upload.length == 100
    assert (names(tmp_path), there.used) == ([], (0, 0))


def test_octets_that_the_system_takes_in_parts_are_all_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pwrite = os.pwrite

    def two_at_a_time(descriptor: int, data: memoryview, offset: int) -> int:
        return pwrite(descriptor, data[:2], offset)

    monkeypatch.setattr(os, "pwrite", two_at_a_time)
    stored(tmp_path, room(), b"abcdefg")
    assert (tmp_path / "a").read_bytes() == b"abcdefg"


def test_a_file_that_nobody_may_make_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    folder = opened(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(FileNotFoundError), Upload(folder, "a", room()) as upload:
        upload.begin()


def test_permissions_are_handed_on(tmp_path: Path) -> None:
    stored(tmp_path, room(), b"x", 0o640)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@pytest.mark.parametrize(("durable", "calls"), [(True, ["fsync", "replace", "fsync"]), (False, ["replace"])])
def test_what_is_durable_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, durable: bool, calls: list[str]
) -> None:
    made: list[str] = []
    replace = os.replace

    def note(source: str, target: str, **folders: int) -> None:
        made.append("replace")
        replace(source, target, **folders)

    def sync(_: int) -> None:
        made.append("fsync")

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", note)
    stored(tmp_path, room(), b"x", durable=durable)
    assert made == calls


def test_what_cannot_be_put_in_its_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    there = room()
    with pytest.raises(IsADirectoryError):
        stored(tmp_path, there, b"x")
    assert (names(tmp_path), there.used) == (["a"], (0, 0))


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "a").symlink_to("other")
    there = room(1, 5)
    stored(tmp_path, there, b"mine")
    assert ((tmp_path / "other").read_bytes(), (tmp_path / "a").is_symlink()) == (b"other", False)
    assert there.used == (2, 9)


def test_the_room_is_right_whatever_happens_to_the_name_meanwhile(tmp_path: Path) -> None:
    there = room()
    with Upload(opened(tmp_path), "a", there) as slow:
        slow.reserve(1, 0)
        slow.begin()
        slow.write(b"slow")
        stored(tmp_path, there, b"quick")
        assert there.used == (2, 9)
        slow.place(Stamps(), None, durable=False)
    assert there.used == (1, 4)
    folder = opened(tmp_path)
    with Upload(opened(tmp_path), "a", there) as again:
        again.begin()
        storing.remove(folder, "a", there)
        assert there.used == (0, 0)
        again.place(Stamps(), None, durable=False)
    os.close(folder)
    assert there.used == (1, 0)


def test_parts_of_the_old_file_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "COPIED_BYTES", 3)
    (tmp_path / "a").write_bytes(b"0123456789")
    source = os.open(tmp_path / "a", os.O_RDONLY)
    with Upload(opened(tmp_path), "a", room(1, 10)) as upload:
        upload.begin()
        upload.write(b"ab", 4)
        upload.write(b"c", 4)
        upload.copy(source, 0, 4)
        upload.copy(source, 7, 10)
        upload.copy(source, 10, 10)
        upload.place(Stamps(), None, durable=False)
    assert (tmp_path / "a").read_bytes() == b"0123abc789"
    with Upload(opened(tmp_path), "a", room()) as upload:
        upload.begin()
        with pytest.raises(OSError, match="shorter") as caught:
            upload.copy(source, 8, 11)
    assert caught.value.errno == errno.EIO
    os.close(source)


def test_a_name_is_removed_and_counts_no_more(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("a")
    there = room(1, 3)
    folder = opened(tmp_path)
    storing.remove(folder, "link", there)
    assert (names(tmp_path), there.used) == (["a"], (1, 3))
    storing.remove(folder, "a", there)
    assert (names(tmp_path), there.used) == ([], (0, 0))
    with pytest.raises(FileNotFoundError):
        storing.remove(folder, "a", there)
    os.close(folder)
    assert there.used == (0, 0)
