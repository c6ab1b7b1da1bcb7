"""From a path on the wire to a file: one spelling, names, and every way out of the root that there is."""

from __future__ import annotations

import errno
import os
import socket
import stat
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import paths

FIXED = settings(deadline=None, derandomize=True, database=None)
SECRET = b"outside of the root"
PATHS = st.lists(
    st.sampled_from([b"/", b".", b"..", b"a", b"%2e", b"%2E", b"%2F", b"%", b"25", b"%41", b"~", b"%7e", b"%C3", b"%00", b"\\"]),
    max_size=10,
).map(b"".join)  # fmt: skip


def dots_removed(path: bytes) -> bytes:
    """RFC 3986, Section 5.2.4, step by step: slow, and an oracle for what is fast."""
    given_octets, output = path, b""
    while given_octets:
        if given_octets.startswith((b"../", b"./")):
            given_octets = given_octets.partition(b"/")[2]
        elif given_octets.startswith(b"/./") or given_octets == b"/.":
            given_octets = b"/" + given_octets[3:]
        elif given_octets.startswith(b"/../") or given_octets == b"/..":
            given_octets = b"/" + given_octets[4:]
            output = output.rpartition(b"/")[0]
        elif given_octets in {b".", b".."}:
            given_octets = b""
        else:
            end = given_octets.find(b"/", 1)
            end = len(given_octets) if end < 0 else end
            output, given_octets = output + given_octets[:end], given_octets[end:]
    return output


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        # RFC 3986, Sections 5.2.4 and 6.2.2
        (b"/a/b/c/./../../g", b"/a/g"), (b"mid/content=5/../6", b"mid/6"),
        (b"/a/./b/../b/%63/%7bfoo%7d", b"/a/b/c/%7Bfoo%7D"),
        (b"", b""), (b"/", b"/"), (b"/.", b"/"), (b"/..", b"/"), (b"/../..", b"/"), (b"/../a", b"/a"), (b"/a/..", b"/"),
        (b"/a/.", b"/a/"), (b"/a/../", b"/"), (b"/a/b/..", b"/a/"), (b"//a", b"//a"), (b"/a//../b", b"/a/b"),
        (b"/a..b", b"/a..b"), (b"/..a/.b/c.", b"/..a/.b/c."), (b"/...", b"/..."),
        (b".", b""), (b"..", b""), (b"../../a", b"a"), (b"./..//a", b"/a"), (b".a/./b", b".a/b"), (b"a/../../b", b"/b"),
        # encoded dots are dots, and nothing is decoded twice
        (b"/%2e%2e/%2E/a", b"/a"), (b"/a/%2e.", b"/"), (b"/%252e%252e/a", b"/%252e%252e/a"), (b"/%2541", b"/%2541"),
        (b"/%25%34%31", b"/%2541"),
        # reserved stays encoded, upper case; unreserved is decoded
        (b"/a%2fb%3a", b"/a%2Fb%3A"), (b"/%41%7a%30%2d%5f%7e", b"/Az0-_~"), (b"/%c3%a9", b"/%C3%A9"), (b"/%00", b"/%00"),
        # a lone percent sign
        (b"/%", b"/%25"), (b"/%4", b"/%254"), (b"/%zz", b"/%25zz"), (b"/%%34%31", b"/%2541"),
    ],
)  # fmt: skip
def test_one_spelling(path: bytes, expected: bytes) -> None:
    assert paths.normalize_path(path) == expected


@FIXED
@given(st.one_of(PATHS, st.binary(max_size=20)))
def test_dot_segments_are_removed_as_the_steps_say(path: bytes) -> None:
    assert paths.remove_dot_segments(path) == dots_removed(path)


@FIXED
@given(st.one_of(PATHS, st.binary(max_size=20)))
def test_a_second_time_changes_nothing(path: bytes) -> None:
    normal = paths.normalize_path(path)
    assert paths.normalize_path(normal) == normal
    assert b".." not in normal.split(b"/")


def test_a_long_path_takes_no_time() -> None:
    assert paths.normalize_path(b"/a" * 100000 + b"/.." * 99999) == b"/a/"
    assert paths.normalize_path(b"../" * 100000 + b".") == b""


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        (b"/", [""]), (b"/a", ["a"]), (b"/a/b.txt", ["a", "b.txt"]), (b"/a/", ["a", ""]),
        (b"/a..b.txt", ["a..b.txt"]), (b"/..a", ["..a"]), (b"/a..", ["a.."]), (b"/...", ["..."]), (b"/.a", [".a"]),
        (b"/%2541.txt", ["%41.txt"]), (b"/%252e%252e/a", ["%2e%2e", "a"]), (b"/%252F", ["%2F"]),
        (b"/%25c0%25ae", ["%c0%ae"]),
        (b"/a%20b", ["a b"]), (b"/a+b", ["a+b"]), (b"/%3F%23", ["?#"]), (b"/a:b@c;d=e,f!$&'()*+", ["a:b@c;d=e,f!$&'()*+"]),
        (b"/%C3%A9", ["\u00e9"]), (b"/%f0%9f%98%80", ["\U0001f600"]), (b"/\xc3\xa9", ["\u00e9"]), (b"/..;/a", ["..;", "a"]),
    ],
)  # fmt: skip
def test_names(path: bytes, segments: list[str]) -> None:
    assert paths.safe_segments(path) == segments


@pytest.mark.parametrize(
    "path",
    [
        # no absolute path
        b"", b"a", b"*", b"../a",
        # dot segments, in any spelling
        b"/.", b"/..", b"/../a", b"/a/../b", b"/a/./b", b"/a/..", b"/../", b"/%2e%2e/a", b"/%2E%2e", b"/.%2e/a", b"/%2e./a",
        b"/%2e", b"/a/%2e/b",
        # encoded slashes and backslashes
        b"/a%2fb", b"/..%2f..%2fetc/passwd", b"/%2Fetc%2Fpasswd", b"/%2e%2e%2fa", b"/a\\b", b"/a%5cb", b"/..%5C..%5Ca",
        b"/..\\a",
        # empty segments
        b"//", b"//etc/passwd", b"/a//b", b"/a//", b"///",
        # controls
        b"/a%00.txt", b"/%00", b"/a%0d%0ab", b"/a\0", b"/a\tb", b"/%1f", b"/%7f", b"/%C2%80", b"/%C2%9F",
        # malformed percent sequences
        b"/%", b"/%4", b"/%zz", b"/a%", b"/%u002e%u002e", b"/%%32%65", b"/% 1",
        # no UTF-8: overlong dots and slashes, surrogates, beyond Unicode, a lone octet, a cut sequence
        b"/%c0%ae%c0%ae/a", b"/%c0%af", b"/%e0%80%ae", b"/%e0%80%af", b"/%f0%80%80%af", b"/%c1%9c", b"/%ed%a0%80",
        b"/%f4%90%80%80", b"/%ff", b"/\xff", b"/%e2%82", b"/a/%c3/%a9",
    ],
)  # fmt: skip
def test_no_names(path: bytes) -> None:
    assert paths.safe_segments(path) is None


@FIXED
@given(st.one_of(PATHS, st.binary(max_size=20)).map(lambda path: b"/" + path))
def test_what_comes_out_are_names(path: bytes) -> None:
    segments = paths.safe_segments(path)
    if segments is not None:
        assert len(segments) == path.count(b"/")
        for segment in segments:
            assert segment not in {".", ".."}
            assert not set(segment) & set("/\\\0\r\n\x7f")
            assert segment.encode() == unquote_to_bytes(path[1:].split(b"/")[segments.index(segment)])


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        ([], False), ([""], False), (["a"], False), (["a.b", "c.", ""], False), (["a..b"], False),
        ([".env"], True), (["a", ".git", "config"], True), (["..a"], True), (["a", ".b"], True),
        ([".well-known", "acme-challenge"], False), ([".well-known"], False), ([".well-known", ".a"], True),
        (["a", ".well-known"], True), ([".well-known2"], True),
        (["\u200c.env"], True), (["\ufeff\u200d.env"], True), (["\u200c"], False),
    ],
)  # fmt: skip
def test_dot_files_are_hidden(segments: list[str], *, expected: bool) -> None:
    assert paths.is_hidden(segments) is expected


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a file, a folder and a file in it, and beside the root what must never be read."""
    (tmp_path / "secret.txt").write_bytes(SECRET)
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "secret.txt").write_bytes(SECRET)
    (tmp_path / "root2").mkdir()
    (tmp_path / "root2" / "secret.txt").write_bytes(SECRET)
    root = tmp_path / "root"
    (root / "folder" / "deep").mkdir(parents=True)
    (root / "a.txt").write_bytes(b"a")
    (root / "folder" / "b.txt").write_bytes(b"bb")
    (root / "folder" / "deep" / "c.txt").write_bytes(b"ccc")
    return root


def content(root: Path, *segments: str) -> bytes:
    with paths.open_below(root, segments) as file:
        return os.read(file.fileno(), 100)


def refusal(root: Path, *segments: str) -> type[OSError]:
    """The class of the error; nothing must stay open after it."""
    before = open_descriptors()
    with pytest.raises(OSError, match=r".") as caught:
        paths.open_below(root, segments)
    assert open_descriptors() == before
    return caught.type


def open_descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def link(root: Path, name: str, target: str | Path) -> None:
    (root / name).symlink_to(target)


def test_a_file_and_what_is_known_of_it(root: Path) -> None:
    before = open_descriptors()
    file = paths.open_below(root, ["folder", "b.txt"])
    assert file.stat.st_size == 2
    assert os.path.samestat(file.stat, (root / "folder" / "b.txt").stat())
    assert os.get_inheritable(file.fileno()) is False
    assert open_descriptors() == before + 1
    # Another file under this name is another file.
    (root / "folder" / "b.txt").unlink()
    (root / "folder" / "b.txt").write_bytes(b"other")
    assert os.read(file.fileno(), 10) == b"bb"
    file.close()
    assert open_descriptors() == before


@pytest.mark.parametrize(
    "name", ["a..b.txt", "..a", "%41.txt", "a b", "\u00e9.txt", "a\nb", "-rf", "...", "a\\b", "~", "x" * 255]
)
def test_every_name_of_a_file_is_opened(root: Path, name: str) -> None:
    (root / name).write_bytes(name.encode())
    assert content(root, name) == name.encode()[:100]


def test_a_name_that_is_no_utf_8_is_opened_where_the_file_system_has_it(root: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(root) + b"/\xff")).write_bytes(b"octet")
    except OSError:
        pytest.skip("names are UTF-8 here")
    assert content(root, "\udcff") == b"octet"


@pytest.mark.parametrize(
    ("segments", "error"),
    [
        (["none"], FileNotFoundError), (["none", "a.txt"], FileNotFoundError), (["a.txt", "b"], FileNotFoundError),
        (["A.TXT.none"], FileNotFoundError), (["x" * 256], FileNotFoundError), (["x" * 70000], FileNotFoundError),
        (["x" * 256, "a"], FileNotFoundError), (["a"] * 10000, FileNotFoundError),
        (["a.txt", ""], FileNotFoundError), ([""], FileNotFoundError), (["folder", ""], FileNotFoundError),
        (["folder"], IsADirectoryError), (["folder", "deep"], IsADirectoryError), ([], IsADirectoryError),
        # what `safe_segments` lets through never
        (["."], FileNotFoundError), ([".."], FileNotFoundError), (["..", "secret.txt"], FileNotFoundError),
        (["folder", "..", "a.txt"], FileNotFoundError), (["../secret.txt"], FileNotFoundError),
        (["folder/b.txt"], FileNotFoundError), (["/etc/passwd"], FileNotFoundError), (["a.txt\0"], FileNotFoundError),
        (["\0"], FileNotFoundError), (["\ud800"], FileNotFoundError), (["", "a.txt"], FileNotFoundError),
    ],
)  # fmt: skip
def test_nothing_is_opened(root: Path, segments: list[str], error: type[OSError]) -> None:
    assert refusal(root, *segments) is error


def test_no_root_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none", "a") is FileNotFoundError


def test_a_root_may_be_a_link(root: Path, tmp_path: Path) -> None:
    link(tmp_path, "alias", root)
    link(root, "through-the-real-name", root / "a.txt")
    link(root, "through-the-alias", tmp_path / "alias" / "a.txt")
    assert content(tmp_path / "alias", "folder", "b.txt") == b"bb"
    assert content(tmp_path / "alias", "through-the-real-name") == b"a"
    assert content(tmp_path / "alias", "through-the-alias") == b"a"


@pytest.mark.parametrize(
    ("where", "target", "segments", "expected"),
    [
        ("link", "a.txt", ["link"], b"a"), ("link", "./folder//./b.txt", ["link"], b"bb"),
        ("link", "folder", ["link", "b.txt"], b"bb"), ("link", "folder/deep", ["link", "c.txt"], b"ccc"),
        ("link", ".", ["link", "a.txt"], b"a"), ("link", ".", ["link", "link", "folder", "b.txt"], b"bb"),
        ("folder/link", "../a.txt", ["folder", "link"], b"a"),
        ("folder/deep/link", "..", ["folder", "deep", "link", "b.txt"], b"bb"),
        ("folder/deep/link", "../../folder/b.txt", ["folder", "deep", "link"], b"bb"),
        ("folder/link", "deep/../../a.txt", ["folder", "link"], b"a"),
        ("link", "ROOT/folder/b.txt", ["link"], b"bb"), ("folder/link", "ROOT", ["folder", "link", "a.txt"], b"a"),
        ("folder/deep/link", "ROOT/folder/../a.txt", ["folder", "deep", "link"], b"a"),
    ],
)  # fmt: skip
def test_links_that_stay_inside_are_followed(
    root: Path, where: str, target: str, segments: list[str], expected: bytes
) -> None:
    link(root, where, target.replace("ROOT", str(root)))
    assert content(root, *segments) == expected


@pytest.mark.parametrize(
    ("where", "target", "segments"),
    [
        ("link", "../secret.txt", ["link"]), ("link", "..", ["link", "secret.txt"]), ("link", "..", ["link"]),
        ("link", "../beside", ["link", "secret.txt"]), ("link", "PARENT/secret.txt", ["link"]),
        ("link", "PARENT/beside", ["link", "secret.txt"]), ("link", "/", ["link", "etc", "passwd"]),
        ("link", "/etc/passwd", ["link"]), ("link", "/etc", ["link", "passwd"]), ("link", "/dev/fd", ["link", "0"]),
        ("link", "/proc/self/root", ["link", "etc", "passwd"]),
        ("folder/link", "../../secret.txt", ["folder", "link"]), ("folder/link", "deep/../../../secret.txt", ["folder", "link"]),
        ("folder/link", "./.././../beside", ["folder", "link", "secret.txt"]),
        # a way that only begins like the root, one that leaves it again, one that comes back
        ("link", "ROOT2/secret.txt", ["link"]), ("link", "ROOT/../secret.txt", ["link"]),
        ("link", "ROOT/folder/../../secret.txt", ["link"]), ("link", "../root/a.txt", ["link"]),
    ],
)  # fmt: skip
def test_links_that_leave_the_root_are_refused(root: Path, where: str, target: str, segments: list[str]) -> None:
    link(root, where, target.replace("ROOT", str(root)).replace("PARENT", str(root.parent)))
    assert refusal(root, *segments) is PermissionError


def test_a_link_is_not_left_by_its_text_but_by_its_folders(root: Path) -> None:
    # `here/..` is the folder that holds `deep`, not the one that holds the link.
    link(root, "here", "folder/deep")
    link(root, "link", "here/../b.txt")
    assert content(root, "link") == b"bb"


def test_a_link_to_a_link_out_is_refused(root: Path) -> None:
    link(root, "out", "..")
    link(root, "link", "out/secret.txt")
    link(root / "folder", "link", "../link")
    assert refusal(root, "link") is refusal(root, "folder", "link") is PermissionError


def test_links_that_lead_nowhere(root: Path) -> None:
    link(root, "self", "self")
    link(root, "ping", "pong")
    link(root, "pong", "ping")
    link(root, "deeper", "deeper/deeper")
    link(root, "dangling", "none")
    link(root, "into-a-file", "a.txt/b")
    for name in ("self", "ping", "deeper", "dangling", "into-a-file"):
        assert refusal(root, name) is refusal(root, name, "a.txt") is FileNotFoundError
    link(root, "here", ".")
    assert refusal(root, "here") is IsADirectoryError


def test_the_number_of_links_is_bounded(root: Path) -> None:
    link(root, "link0", "a.txt")
    for number in range(1, paths.LINKS_MAX + 1):
        link(root, f"link{number}", f"link{number - 1}")
    assert content(root, f"link{paths.LINKS_MAX - 1}") == b"a"
    assert refusal(root, f"link{paths.LINKS_MAX}") is FileNotFoundError


def test_the_depth_is_bounded(root: Path) -> None:
    deepest = root
    for _ in range(paths.SEGMENTS_MAX - 1):
        deepest = deepest / "d"
        deepest.mkdir()
    (deepest / "file").write_bytes(b"deep")
    assert refusal(root, *["d"] * (paths.SEGMENTS_MAX - 1), "file") is FileNotFoundError
    assert content(root / "d", *["d"] * (paths.SEGMENTS_MAX - 2), "file") == b"deep"


def test_a_fifo_does_not_block(root: Path) -> None:
    os.mkfifo(root / "fifo")
    link(root, "link", "fifo")
    assert refusal(root, "fifo") is refusal(root, "link") is PermissionError
    assert refusal(root, "fifo", "a") is FileNotFoundError


def test_a_socket_is_no_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)  # a socket's address is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert refusal(root, "socket") is PermissionError


def test_a_device_is_no_file() -> None:
    assert refusal(Path("/dev"), "null") is PermissionError


def test_what_may_not_be_read_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "a.txt").chmod(0)
    if os.geteuid() == 0:  # whom no mode stops
        stub_open(monkeypatch, b"a.txt", lambda: (_ for _ in ()).throw(PermissionError(errno.EACCES, "no")))
    assert refusal(root, "a.txt") is PermissionError


def test_a_folder_that_may_be_passed_through_need_not_be_readable(root: Path) -> None:
    if os.geteuid() == 0 or not hasattr(os, "O_PATH"):
        pytest.skip("nobody is kept out, or a folder cannot be opened without being read")
    (root / "folder").chmod(stat.S_IXUSR)
    try:
        assert content(root, "folder", "b.txt") == b"bb"
    finally:
        (root / "folder").chmod(stat.S_IRWXU)


def stub_open(monkeypatch: pytest.MonkeyPatch, name: bytes, before: Callable[[], object]) -> None:
    """Let something happen right before a name is opened, once, as an attacker would wish to time it."""
    system_open = os.open
    waiting = [before]

    def stub(path: str | bytes | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == name and waiting:
            waiting.pop()()
        return system_open(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", stub)


def test_a_link_that_is_swapped_in_for_a_file_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def swap() -> None:
        (root / "a.txt").unlink()
        link(root, "a.txt", "../secret.txt")

    stub_open(monkeypatch, b"a.txt", swap)
    assert refusal(root, "a.txt") is PermissionError


def test_a_link_that_is_swapped_in_for_a_folder_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def swap() -> None:
        (root / "folder").rename(root / "moved")
        link(root, "folder", "../beside")

    stub_open(monkeypatch, b"folder", swap)
    assert refusal(root, "folder", "secret.txt") is PermissionError


def test_a_link_that_is_swapped_in_behind_us_is_not_taken(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def swap() -> None:
        (root / "folder").rename(root / "moved")
        link(root, "folder", "../beside")

    stub_open(monkeypatch, b"b.txt", swap)
    assert content(root, "folder", "b.txt") == b"bb"


def test_a_folder_that_is_moved_out_is_no_way_out(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The system's ".." of a folder that was moved is where it is now; ours is where we came from.
    link(root / "folder" / "deep", "link", "../../a.txt")

    def swap() -> None:
        (root / "folder" / "deep").rename(root.parent / "beside" / "deep")
        (root.parent / "a.txt").write_bytes(SECRET)

    stub_open(monkeypatch, b"link", swap)
    assert content(root, "folder", "deep", "link") == b"a"


def test_a_link_that_is_gone_when_it_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link(root, "link", "a.txt")
    system_readlink = os.readlink

    def stub(path: bytes, *, dir_fd: int) -> bytes:
        (root / "link").unlink()
        return system_readlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "readlink", stub)
    assert refusal(root, "link") is FileNotFoundError


def test_another_error_of_the_system_stays_what_it_is(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub_open(monkeypatch, b"a.txt", lambda: (_ for _ in ()).throw(OSError(errno.EIO, "broken disk")))
    with pytest.raises(OSError, match="broken disk"):
        paths.open_below(root, ["a.txt"])


def names_in(root: Path, *segments: str) -> set[str]:
    descriptor = paths.open_folder_below(root, segments)
    try:
        with os.scandir(descriptor) as found:
            return {entry.name for entry in found}
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    "segments", [[], ["folder"], ["to-folder"], ["to-folder", "up", "folder"], ["folder", "up", "to-folder"]]
)
def test_folders_are_opened_to_be_read(root: Path, segments: list[str]) -> None:
    link(root, "to-folder", root / "folder")
    link(root, "folder/up", "..")
    before = open_descriptors()
    expected = {path.name for path in (root / "folder" if segments else root).iterdir()}
    assert names_in(root, *segments) == expected
    assert open_descriptors() == before


def test_a_link_to_the_folder_that_it_is_in_is_that_folder(root: Path) -> None:
    link(root, "here", ".")
    link(root, "folder/up", "..")
    assert names_in(root, "here") == names_in(root)
    assert names_in(root, "folder", "up") == names_in(root)
    with pytest.raises(IsADirectoryError):
        paths.open_below(root, ["here"])


@pytest.mark.parametrize(
    ("segments", "error"),
    [
        (["none"], FileNotFoundError),
        (["a.txt"], FileNotFoundError),
        (["to-file"], FileNotFoundError),
        (["a.txt", "folder"], FileNotFoundError),
        ([".."], FileNotFoundError),
        (["folder", ""], FileNotFoundError),
        (["out"], PermissionError),
        (["out-too"], PermissionError),
    ],
)
def test_no_other_folder_is_opened(root: Path, segments: list[str], error: type[OSError]) -> None:
    link(root, "out", root.parent)
    link(root, "out-too", "../..")
    link(root, "to-file", "a.txt")
    before = open_descriptors()
    with pytest.raises(error):
        paths.open_folder_below(root, segments)
    assert open_descriptors() == before


def test_the_error_does_not_repeat_the_name(root: Path) -> None:
    for segments in (["a.txt\0", "x"], ["folder"], ["x" * 256]):
        with pytest.raises(OSError, match=r"file|folder") as caught:
            paths.open_below(root, segments)
        assert caught.value.filename is None
        assert not any(segment in str(caught.value) for segment in segments if segment != "folder")


TARGETS = (
    ".",
    "..",
    "f",
    "l",
    "d",
    "d/f",
    "d/l",
    "../f",
    "../d",
    "../../f",
    "../r/f",
    "ROOT",
    "ROOT/d",
    "ROOT/../f",
    "ROOT/d/..",
    "/",
    "m",
)
"""Where links go in the trees below: each of f, l, d, m and r is a file, a link or a folder there, or nothing."""


@settings(FIXED, max_examples=150)
@given(
    st.lists(st.sampled_from(TARGETS), min_size=4, max_size=4),
    st.lists(st.sampled_from(["d", "f", "l", "m", "r", "", "..", "."]), max_size=5),
)
def test_what_is_opened_lies_below_the_root(targets: Sequence[str], segments: list[str]) -> None:
    """The system's own resolution is the oracle: what it finds outside is never opened, and nothing else ever is."""
    with tempfile.TemporaryDirectory() as made:
        outer = Path(made).resolve()
        root = outer / "r"
        (root / "d" / "d").mkdir(parents=True)
        for folder in (outer, root, root / "d", root / "d" / "d"):
            (folder / "f").write_bytes(b"f")
        for where, target in zip(("l", "m", "d/l", "d/d/l"), targets, strict=True):
            link(root, where, target.replace("ROOT", str(root)))
        real = Path(os.path.realpath(root.joinpath(*segments)))
        inside = real.is_relative_to(root) and real.is_file()
        try:
            with paths.open_below(root, segments) as file:
                assert inside
                assert os.path.samestat(file.stat, real.stat())
        except PermissionError:
            # A way that leaves the root may come back to it; it is refused at the point where it leaves.
            assert not inside or any(
                target in {"..", "../../f", "../r/f", "ROOT/../f", "/", "../d", "../f"} for target in targets
            )
        except (FileNotFoundError, IsADirectoryError):
            assert not inside or {"", ".", ".."} & set(segments)
