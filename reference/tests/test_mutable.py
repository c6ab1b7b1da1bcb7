"""A folder whose files are put and deleted: whole or not at all, in the state that was meant, and within its bounds."""

from __future__ import annotations

import errno
import gzip
import http.client
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from merkhet_reference import Limits, Request, Router, Server, listing, paths, push, storing
from merkhet_reference.endpoint import WebSocket
from merkhet_reference.fields import Fields
from merkhet_reference.http1.connection import Connection
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.message import Admission, Receiver
from merkhet_reference.mutable import MutableFolder
from merkhet_reference.outbox import FileSegment, Part

OLD_NS = 1_700_000_000 * 10**9


class Answer:
    """A sink that keeps an answer and takes it apart. `invited`: content was asked for."""

    persists = True
    content_came = False
    limits = Limits()

    def __init__(self) -> None:
        self.octets = b""
        self.invited = False
        self.receiver: Receiver | None = None

    def put_interim(self, data: bytes) -> None:
        raise NotImplementedError

    def put_answer(self, status: int, data: bytes, *, keeps: bool) -> None:
        assert not self.octets
        self.octets = data

    def put_parts(self, status: int, head: bytes, parts: tuple[Part, ...], *, keeps: bool) -> None:
        self.octets = head
        for part in parts:
            assert not isinstance(part, FileSegment), "the files of these tests are small"
            self.octets += part

    def put_stream(self, status: int, head: bytes, pieces: Iterator[bytes], *, keeps: bool) -> None:
        raise NotImplementedError

    def put_switch(self, *args: object, **more: object) -> WebSocket:
        raise NotImplementedError

    def put_open(self, *args: object, **more: object) -> push.OpenSink:
        raise NotImplementedError

    @property
    def status(self) -> int:
        return int(self.octets.split(b" ")[1]) if self.octets else 0

    @property
    def content(self) -> bytes:
        return self.octets.partition(b"\r\n\r\n")[2]

    def field(self, name: str) -> str | None:
        lines = self.octets.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
        values = [line.partition(b": ")[2].decode() for line in lines if line.lower().startswith(name.encode() + b":")]
        return values[0] if values else None


def head_for(path: str, method: str, fields: Mapping[str, str]) -> RequestHead:
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    connection = Connection(Limits(), lambda _: 2**62)
    connection.receive(f"{method} {path} HTTP/1.1\r\nHost: h\r\n{lines}\r\n".encode("latin-1"))
    head = connection.next_event()
    assert isinstance(head, RequestHead), head
    return head


def begin(folder: MutableFolder, path: str, method: str = "PUT", fields: Mapping[str, str] | None = None) -> Answer:
    """Call the handler and let it look at the head; `fields` say how the content is framed."""
    answer = Answer()
    answer.receiver = folder(Request(head_for(path, method, fields or {}), b"", Fields(), answer))
    if answer.receiver is not None:
        answer.invited = next(answer.receiver, "ended") is None
    return answer


def put(
    folder: MutableFolder, path: str, content: bytes | Sequence[bytes] = b"", fields: Mapping[str, str] | None = None
) -> Answer:
    """PUT octets with their length, or pieces, of which the sum is not known before."""
    pieces = [content] if isinstance(content, bytes) else content
    framing = {"Content-Length": f"{len(content)}"} if isinstance(content, bytes) else {"Transfer-Encoding": "chunked"}
    answer = begin(folder, path, "PUT", {**framing, **(fields or {})})
    assert answer.receiver is not None
    try:
        for piece in [*filter(None, pieces), None] if answer.invited else ():
            answer.receiver.send(piece)
    except StopIteration:
        pass
    assert answer.octets
    return answer


def get(folder: MutableFolder, path: str, fields: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
    return begin(folder, path, method, fields)


def delete(folder: MutableFolder, path: str, fields: Mapping[str, str] | None = None) -> Answer:
    return begin(folder, path, "DELETE", fields)


@pytest.fixture(autouse=True)
def no_descriptor_is_left() -> Iterator[None]:
    before = len(list(Path("/dev/fd").iterdir()))
    yield
    assert len(list(Path("/dev/fd").iterdir())) == before


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "old.txt").write_bytes(b"0123456789")
    os.utime(root / "old.txt", ns=(OLD_NS, OLD_NS))
    return root


def everything(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


# PUT and DELETE


def test_a_new_file_is_201_and_is_there(root: Path) -> None:
    """Promise 10: uploads. RFC 9110, Section 9.3.4."""
    folder = MutableFolder(root, durable=False)
    answer = put(folder, "/sub/n%C3%A4me.txt", b"hello")
    assert (answer.status, answer.field("location")) == (201, "/sub/n%C3%A4me.txt")
    assert (root / "sub" / "n\u00e4me.txt").read_bytes() == b"hello"
    read = get(folder, "/sub/n%C3%A4me.txt")
    assert (read.status, read.content) == (200, b"hello")
    assert everything(root) == ["old.txt", "sub", "sub/n\u00e4me.txt"]


def test_a_file_that_is_replaced_is_204(root: Path) -> None:
    folder = MutableFolder(root)
    (root / "old.txt").chmod(0o640)
    answer = put(folder, "/old.txt", b"new")
    assert (answer.status, answer.field("location"), answer.content) == (204, None, b"")
    assert (root / "old.txt").read_bytes() == b"new"
    assert stat.S_IMODE((root / "old.txt").stat().st_mode) == 0o640
    assert everything(root) == ["old.txt", "sub"]


@pytest.mark.parametrize("pieces", [[], [b"a"], [b"ab", b"", b"c" * 100_000]])
def test_content_of_unknown_length_comes_in_pieces(root: Path, pieces: list[bytes]) -> None:
    folder = MutableFolder(root)
    assert put(folder, "/x.bin", pieces).status == 201
    assert (root / "x.bin").read_bytes() == b"".join(pieces)


def test_the_old_file_is_served_until_the_new_one_is_whole(root: Path) -> None:
    folder = MutableFolder(root)
    answer = begin(folder, "/old.txt", "PUT", {"Content-Length": "6"})
    assert answer.receiver is not None
    answer.receiver.send(b"new")
    assert get(folder, "/old.txt").content == b"0123456789"
    assert b"1 entry" not in get(folder, "/").content
    answer.receiver.send(b"est")
    with pytest.raises(StopIteration):
        answer.receiver.send(None)
    assert get(folder, "/old.txt").content == b"newest"


@pytest.mark.parametrize("path", ["/old.txt", "/new.txt"])
def test_an_interrupted_put_leaves_everything_as_it_was(root: Path, path: str) -> None:
    folder = MutableFolder(root)
    before = (everything(root), folder.room.used)
    for pieces in (0, 1, 2):
        answer = begin(folder, path, "PUT", {"Content-Length": "600"})
        assert answer.receiver is not None
        for _ in range(pieces):
            answer.receiver.send(b"part")
        answer.receiver.close()
        assert answer.octets == b""
        assert (everything(root), folder.room.used) == before
    assert (root / "old.txt").read_bytes() == b"0123456789"


def test_a_file_is_deleted(root: Path) -> None:
    """RFC 9110, Section 9.3.5."""
    folder = MutableFolder(root)
    assert delete(folder, "/old.txt").status == 204
    assert (everything(root), folder.room.used) == (["sub"], (0, 0))
    assert (delete(folder, "/old.txt").status, get(folder, "/old.txt").status) == (404, 404)
    assert put(folder, "/old.txt", b"x").status == 201


@pytest.mark.parametrize("path", ["/none", "/none/x", "/old.txt/x", "/.hidden", "/..%2fold.txt", "/sub/../old.txt"])
def test_what_is_not_there_is_not_deleted(root: Path, path: str) -> None:
    (root / ".hidden").touch()
    before = everything(root)
    assert delete(MutableFolder(root), path, {"If-Match": '"x"'}).status == 404
    assert everything(root) == before


@pytest.mark.parametrize("path", ["/", "/sub", "/sub/", "/none/"])
def test_folders_are_neither_put_nor_deleted(root: Path, path: str) -> None:
    folder = MutableFolder(root)
    for answer in (put(folder, path, b"x"), delete(folder, path)):
        assert (answer.status, answer.field("allow"), answer.invited) == (405, "GET, HEAD, OPTIONS", False)
    assert everything(root) == ["old.txt", "sub"]


def test_the_root_without_its_slash_is_a_folder(root: Path) -> None:
    folder = MutableFolder(root, prefix="/drop/")
    assert (put(folder, "/drop", b"x").status, delete(folder, "/drop").status) == (405, 405)
    answer = put(folder, "/drop/x", b"x")
    assert (answer.status, answer.field("location")) == (201, "/drop/x")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/.hidden", 403), ("/sub/.git", 403), ("/..%2fx", 403), ("/%2e%2e/x", 403), ("/a%00", 403), ("/a%5cb", 403), ("/%ff", 403),
        ("//x", 403), ("/.well-known/x", 409), ("/none/x", 409), ("/old.txt/x", 409), ("/out/x", 409), ("/out.txt", 409),
        ("/fifo", 409), ("/" + "x" * 256, 414), ("/" + "%C3%A4" * 128, 414), (f"/{paths.UPLOADING}x", 403),
    ],
)  # fmt: skip
def test_names_are_as_safe_as_when_they_are_read(root: Path, path: str, status: int) -> None:
    """Promise 19."""
    (root / "out").symlink_to("..")
    (root / "out.txt").symlink_to("../outside.txt")
    (root.parent / "outside.txt").write_bytes(b"outside")
    os.mkfifo(root / "fifo")
    before = everything(root.parent)
    answer = put(MutableFolder(root), path, b"x")
    assert (answer.status, answer.invited) == (status, False)
    assert everything(root.parent) == before
    assert (root.parent / "outside.txt").read_bytes() == b"outside"


def test_a_folder_that_is_read_alone_is_not_written(root: Path) -> None:
    """Promise 23: the hook is asked with the method."""
    folder = MutableFolder(root, access=lambda request, names: request.method == "GET" or names == ["sub"])
    assert (put(folder, "/x", b"x").status, delete(folder, "/old.txt").status) == (403, 403)
    assert (get(folder, "/old.txt").status, put(folder, "/sub/x", b"x").status) == (200, 201)


def test_hidden_names_are_put_where_they_are_served(root: Path) -> None:
    folder = MutableFolder(root, hidden=True)
    assert put(folder, "/.env", b"x").status == 201
    assert put(folder, f"/{paths.UPLOADING}x", b"x").status == 403


def test_other_methods(root: Path) -> None:
    folder = MutableFolder(root)
    answer = begin(folder, "/old.txt", "POST")
    assert (answer.status, answer.field("allow")) == (405, "DELETE, GET, HEAD, OPTIONS, PUT")
    assert begin(folder, "/old.txt", "OPTIONS").field("allow") == "DELETE, GET, HEAD, OPTIONS, PUT"


def test_what_is_said_of_content_before_it_comes(root: Path) -> None:
    """Promise 18: an upload is bounded, and it is never held in memory."""
    folder = MutableFolder(root, content_bytes_max=7)
    assert folder.admit(head_for("/x", "PUT", {})) == Admission(streams=True, content_bytes_max=7)
    expects = {"Expect": "100-continue", "Content-Length": "1"}
    for method, streams in (("GET", False), ("HEAD", False), ("DELETE", False), ("POST", True)):
        assert folder.admit(head_for("/x", method, expects)) == Admission(streams=streams)
        assert folder.admit(head_for("/x", method, {})) == Admission()


@pytest.mark.parametrize(("durable", "synced"), [(True, 2), (False, 0)])
def test_what_is_answered_is_on_the_disk_unless_that_is_not_asked_for(
    root: Path, monkeypatch: pytest.MonkeyPatch, *, durable: bool, synced: int
) -> None:
    made: list[int] = []
    monkeypatch.setattr(os, "fsync", made.append)
    put(MutableFolder(root, durable=durable), "/a.txt", b"x")
    assert len(made) == synced


# Validators and preconditions


def test_the_tag_of_a_put_is_that_of_the_next_get_and_strong(root: Path) -> None:
    """RFC 9110, Section 9.3.4: it says that the file is what was sent."""
    folder = MutableFolder(root)
    for content in (b"one", b"two", b"two"):
        tag = put(folder, "/a.txt", content).field("etag")
        assert tag is not None
        assert tag.startswith('"')
        read = get(folder, "/a.txt")
        assert (read.field("etag"), read.content) == (tag, content)
        assert get(folder, "/a.txt", {"If-None-Match": tag}).status == 304
        assert get(folder, "/a.txt", {"Range": "bytes=0-0", "If-Range": tag}).status == 206
        assert get(folder, "/a.txt", method="HEAD").field("etag") == tag
    modified = get(folder, "/a.txt").field("last-modified")
    assert get(folder, "/a.txt", {"Range": "bytes=0-0", "If-Range": modified or ""}).status == 200, (
        "it may change again"
    )


def test_each_state_has_a_tag_of_its_own(root: Path) -> None:
    folder = MutableFolder(root, durable=False)
    tags = {put(folder, "/a.txt", b"same size").field("etag") for _ in range(100)}
    assert len(tags) == 100


def test_a_file_that_others_have_just_written_has_a_weak_tag(root: Path) -> None:
    folder = MutableFolder(root)
    put(folder, "/a.txt", b"ours")
    (root / "a.txt").write_bytes(b"hers")
    assert (get(folder, "/a.txt").field("etag") or "").startswith('W/"')


def test_where_the_time_cannot_be_written_the_tag_is_weak(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def knows(*_: object) -> bool:
        return False

    monkeypatch.setattr(storing.Stamps, "knows", knows)
    assert (put(MutableFolder(root), "/a.txt", b"x").field("etag") or "").startswith('W/"')


def test_a_put_that_would_overwrite_what_it_does_not_know_is_412(root: Path) -> None:
    """RFC 9110, Section 13.1.1: the lost update."""
    folder = MutableFolder(root)
    mine = put(folder, "/a.txt", b"mine").field("etag") or ""
    hers = put(folder, "/a.txt", b"hers", {"If-Match": mine}).field("etag") or ""
    answer = put(folder, "/a.txt", b"mine again", {"If-Match": mine})
    assert (answer.status, answer.invited, get(folder, "/a.txt").content) == (412, False, b"hers")
    assert delete(folder, "/a.txt", {"If-Match": mine}).status == 412
    assert put(folder, "/a.txt", b"both", {"If-Match": f'"x", {hers}'}).status == 204
    assert put(folder, "/a.txt", b"weak", {"If-Match": f"W/{hers}"}).status == 412


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/new.txt", {"If-None-Match": "*"}, 201),
        ("/old.txt", {"If-None-Match": "*"}, 412),
        ("/new.txt", {"If-Match": "*"}, 412),
        ("/old.txt", {"If-Match": "*"}, 204),
        ("/new.txt", {"If-Match": '"x"'}, 412),
        ("/old.txt", {"If-Unmodified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}, 204),
        ("/old.txt", {"If-Unmodified-Since": "Tue, 14 Nov 2023 22:13:19 GMT"}, 412),
        ("/old.txt", {"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}, 204),
        # where it would not succeed without them, they do not count (Section 13.2.1)
        ("/sub", {"If-None-Match": "*"}, 405),
        ("/none/x", {"If-Match": "*"}, 409),
        ("/.hidden", {"If-Match": "*"}, 403),
        ("/new.txt", {"If-Match": "*", "Content-Range": "bytes 0-0/1"}, 400),
    ],
)
def test_preconditions_are_looked_at_before_content_is_invited(
    root: Path, path: str, fields: dict[str, str], status: int
) -> None:
    answer = put(MutableFolder(root), path, b"x", fields)
    assert (answer.status, answer.invited) == (status, status < 300)
    assert (root / "old.txt").read_bytes() == (b"x" if (path, status) == ("/old.txt", 204) else b"0123456789")


def put_by_another(folder: MutableFolder, _: Path) -> None:
    assert put(folder, "/old.txt", b"hers").status == 204


def deleted_by_another(folder: MutableFolder, _: Path) -> None:
    assert delete(folder, "/old.txt").status == 204


def written_by_another_program(_: MutableFolder, root: Path) -> None:
    (root / "old.txt").write_bytes(b"not by this server")


@pytest.mark.parametrize("change", [put_by_another, deleted_by_another, written_by_another_program])
def test_and_again_when_it_has_come(root: Path, change: Callable[[MutableFolder, Path], object]) -> None:
    folder = MutableFolder(root)
    tag = get(folder, "/old.txt").field("etag") or ""
    answer = begin(folder, "/old.txt", "PUT", {"Content-Length": "4", "If-Match": tag})
    assert answer.receiver is not None
    answer.receiver.send(b"mine")
    change(folder, root)
    changed = (everything(root)[1:], get(folder, "/old.txt").content)
    with pytest.raises(StopIteration):
        answer.receiver.send(None)
    assert answer.status == 412
    assert (everything(root), get(folder, "/old.txt").content) == changed


def test_of_many_that_make_the_same_file_one_makes_it(root: Path) -> None:
    """RFC 9110, Section 13.1.2: If-None-Match: * against the lost update, with threads."""
    folder = MutableFolder(root, durable=False)
    together = threading.Barrier(8)
    statuses: list[int] = []

    def make(number: int) -> None:
        answer = begin(folder, "/race.txt", "PUT", {"Content-Length": "1", "If-None-Match": "*"})
        assert answer.receiver is not None
        answer.receiver.send(b"%d" % number)
        together.wait(10)
        assert next(answer.receiver, "ended") == "ended"
        statuses.append(answer.status)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(statuses) == [201] + [412] * 7
    assert folder.room.used == (2, 11)


def test_the_tag_of_a_compressed_answer_stands_for_the_file(root: Path) -> None:
    folder = MutableFolder(root)
    put(folder, "/page.html", b"<p>" * 1000)
    coded = get(folder, "/page.html", {"Accept-Encoding": "gzip"})
    assert gzip.decompress(coded.content) == b"<p>" * 1000
    tag = coded.field("etag") or ""
    assert tag.endswith('-gzip"')
    assert put(folder, "/page.html", b"x", {"If-None-Match": tag}).status == 412
    assert put(folder, "/page.html", b"x", {"If-Match": tag}).status == 204
    assert put(folder, "/page.html", b"x", {"If-Match": tag}).status == 412


# What is put


@pytest.mark.parametrize(
    ("name", "fields", "status"),
    [
        ("a.html", {}, 201), ("a.html", {"Content-Type": "text/html; charset=utf-8"}, 201),
        ("a.html", {"Content-Type": "image/jpeg"}, 415), ("a.jpg", {"Content-Type": "text/html"}, 415),
        ("a.jpg", {"Content-Type": "text/plain"}, 201), ("a.jpg", {"Content-Type": "application/octet-stream"}, 201),
        ("a.ogg", {"Content-Type": "Video/OGG"}, 201), ("a.mp4", {"Content-Type": "text/vtt"}, 415),
        ("a.json", {"Content-Type": "text/json"}, 201), ("a.unknown", {"Content-Type": "image/png"}, 201),
        ("a.html", {"Content-Type": "nonsense"}, 201), ("a.html", {"Content-Type": "application/x-www-form-urlencoded"}, 201),
        ("a.html", {"Content-Encoding": "gzip"}, 415), ("a.html", {"Content-Encoding": "identity"}, 201),
    ],
)  # fmt: skip
def test_what_would_be_served_as_something_else_is_not_taken(
    root: Path, name: str, fields: dict[str, str], status: int
) -> None:
    """RFC 9110, Section 9.3.4: consistent with its name, or refused with the reason."""
    answer = put(MutableFolder(root), f"/{name}", b"x", fields)
    assert answer.status == status
    assert answer.field("accept-encoding") == ("identity" if status == 415 and "Content-Encoding" in fields else None)


def test_fields_of_a_put_do_not_become_those_of_the_file(root: Path) -> None:
    folder = MutableFolder(root)
    put(folder, "/a.txt", b"x", {"X-Foo": "bar", "Content-Language": "de"})
    assert b"bar" not in get(folder, "/a.txt").octets


# Partial PUT


def test_content_range_is_400_where_it_is_not_allowed(root: Path) -> None:
    """Promise 10, RFC 9110, Section 14.5."""
    for path in ("/old.txt", "/new.txt"):
        answer = put(MutableFolder(root), path, b"abc", {"Content-Range": "bytes 0-2/3"})
        assert (answer.status, answer.invited) == (400, False)
    assert everything(root) == ["old.txt", "sub"]


@pytest.mark.parametrize(
    ("span", "content", "expected"),
    [
        ("bytes 0-2/10", b"abc", b"abc3456789"), ("bytes 3-5/10", b"abc", b"012abc6789"), ("bytes 7-9/10", b"abc", b"0123456abc"),
        ("bytes 8-10/11", b"abc", b"01234567abc"), ("bytes 10-12/13", b"abc", b"0123456789abc"),
        ("bytes 3-5/*", b"abc", b"012abc6789"),
        ("bytes 0-9/10", b"abcdefghij", b"abcdefghij"), ("bytes 0-11/12", b"abcdefghijkl", b"abcdefghijkl"),
        ("bytes 10-12/1000", b"abc", b"0123456789abc"), ("BYTES 0-0/10", b"a", b"a123456789"),
    ],
)  # fmt: skip
def test_a_part_of_a_file_is_replaced(root: Path, span: str, content: bytes, expected: bytes) -> None:
    """Promise 10: PUT with Content-Range, where the application allows it."""
    for form in (content, [content[:1], content[1:]]):
        (root / "old.txt").write_bytes(b"0123456789")
        folder = MutableFolder(root, partial=True)
        answer = put(folder, "/old.txt", form, {"Content-Range": span})
        assert answer.status == 204
        assert (root / "old.txt").read_bytes() == expected
        # Section 9.3.4: a validator only if the file is now what was sent.
        assert (answer.field("etag") is not None) is (content == expected)
        assert folder.room.used == (1, len(expected))
    assert everything(root) == ["old.txt", "sub"]


@pytest.mark.parametrize(
    ("span", "content", "status"),
    [
        ("bytes 0-2/10", b"ab", 400), ("bytes 0-2/10", b"abcd", 400), ("bytes 0-2/10", [b"ab"], 400),
        ("bytes 0-2/10", [b"ab", b"cd"], 400),
        ("bytes */10", b"abc", 400), ("bytes 2-0/10", b"abc", 400), ("bytes 0-2/2", b"abc", 400), ("items 0-2/10", b"abc", 400),
        ("bytes 0-2", b"abc", 400), ("bytes=0-2/10", b"abc", 400), ("bytes 0-2/10, bytes 3-5/10", b"abc", 400), ("", b"abc", 400),
        ("bytes 99999999999999999999-99999999999999999999/*", b"a", 400), ("bytes +0-2/10", b"abc", 400),
        ("bytes 0-2/10", b"", 400),
        ("bytes 11-13/14", b"abc", 409), ("bytes 0-2/9", b"abc", 409),
        ("bytes 9000000000000000000-9000000000000000002/*", b"abc", 409),
    ],
)  # fmt: skip
def test_a_part_that_does_not_fit_changes_nothing(
    root: Path, span: str, content: bytes | list[bytes], status: int
) -> None:
    folder = MutableFolder(root, partial=True)
    answer = put(folder, "/old.txt", content, {"Content-Range": span})
    assert answer.status == status
    assert answer.invited is isinstance(content, list)
    assert (root / "old.txt").read_bytes() == b"0123456789"
    assert (everything(root), folder.room.used) == (["old.txt", "sub"], (1, 10))


def test_content_that_is_longer_than_its_part_is_not_read_to_its_end(root: Path) -> None:
    folder = MutableFolder(root, partial=True)
    answer = begin(folder, "/old.txt", "PUT", {"Transfer-Encoding": "chunked", "Content-Range": "bytes 0-2/10"})
    assert answer.receiver is not None
    answer.receiver.send(b"abc")
    with pytest.raises(StopIteration):
        answer.receiver.send(b"d")
    assert (answer.status, (root / "old.txt").read_bytes()) == (400, b"0123456789")


def test_a_file_comes_about_part_by_part(root: Path) -> None:
    """Promises 9 and 10: an upload that goes on where it ended."""
    folder = MutableFolder(root, partial=True)
    assert put(folder, "/new.bin", b"bc", {"Content-Range": "bytes 1-2/6"}).status == 409, "a gap"
    statuses = [
        put(folder, "/new.bin", part, {"Content-Range": f"bytes {at}-{at + len(part) - 1}/6"}).status
        for at, part in ((0, b"ab"), (2, b"cd"), (4, b"ef"))
    ]
    assert (statuses, (root / "new.bin").read_bytes()) == ([201, 204, 204], b"abcdef")


def test_parts_that_come_at_the_same_time_are_all_there(root: Path) -> None:
    folder = MutableFolder(root, partial=True)
    begun = [
        begin(folder, "/old.txt", "PUT", {"Content-Length": "2", "Content-Range": f"bytes {at}-{at + 1}/10"})
        for at in (0, 4, 8)
    ]
    for answer, part in zip(begun, (b"ab", b"cd", b"ef"), strict=True):
        assert answer.receiver is not None
        answer.receiver.send(part)
    for answer in begun:
        assert answer.receiver is not None
        assert next(answer.receiver, "ended") == "ended"
    assert (root / "old.txt").read_bytes() == b"ab23cd67ef"


def test_a_part_is_held_against_the_file_again_when_it_has_come(root: Path) -> None:
    folder = MutableFolder(root, partial=True)
    answer = begin(folder, "/old.txt", "PUT", {"Content-Length": "1", "Content-Range": "bytes 9-9/10"})
    assert answer.receiver is not None
    answer.receiver.send(b"x")
    put(folder, "/old.txt", b"short")
    assert next(answer.receiver, "ended") == "ended"
    assert (answer.status, (root / "old.txt").read_bytes()) == (409, b"short")


# Bounds


def test_files_are_bounded(root: Path) -> None:
    folder = MutableFolder(root, files_max=2)
    assert put(folder, "/a", b"x").status == 201
    answer = put(folder, "/b", b"x")
    assert (answer.status, answer.invited) == (507, False)
    assert put(folder, "/a", b"y").status == 204, "one that is there may be replaced"
    assert delete(folder, "/a").status == 204
    assert put(folder, "/b", b"x").status == 201


def test_octets_are_bounded(root: Path) -> None:
    folder = MutableFolder(root, bytes_max=20)
    answer = put(folder, "/a", b"x" * 11)
    assert (answer.status, answer.invited) == (507, False)
    answer = put(folder, "/a", [b"x" * 10, b"y"])
    assert (answer.status, answer.invited) == (507, True), "where nobody knew before"
    assert (everything(root), folder.room.used) == (["old.txt", "sub"], (1, 10))
    assert put(folder, "/a", b"x" * 10).status == 201
    assert put(folder, "/a", b"x").status == 507, "while both are there both count"


def test_a_part_that_makes_the_file_too_large_changes_nothing(root: Path) -> None:
    folder = MutableFolder(root, partial=True, bytes_max=15)
    assert put(folder, "/old.txt", b"x", {"Content-Range": "bytes 10-10/11"}).status == 507
    assert (root / "old.txt").read_bytes() == b"0123456789"


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (errno.ENOSPC, 507), (errno.EDQUOT, 507), (errno.EFBIG, 413), (errno.EACCES, 403), (errno.EPERM, 403), (errno.EROFS, 403),
        (errno.ENOENT, 409), (errno.EISDIR, 409), (errno.EMFILE, 503),
    ],
)  # fmt: skip
def test_what_the_system_refuses_is_said(root: Path, monkeypatch: pytest.MonkeyPatch, number: int, status: int) -> None:
    """Promise 23: meaningful errors."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    folder = MutableFolder(root)
    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(os, "unlink", refuse)
    assert delete(folder, "/old.txt").status == status
    monkeypatch.undo()
    monkeypatch.setattr(os, "replace", refuse)
    answer = put(folder, "/old.txt", b"x")
    assert (answer.status, answer.content.count(b"\n")) == (status, 1)
    assert (everything(root), folder.room.used) == (["old.txt", "sub"], (1, 10))


@pytest.mark.parametrize("opener", ["open_below", "open_folder_below"])
def test_where_nobody_may_read_nobody_may_write(root: Path, monkeypatch: pytest.MonkeyPatch, opener: str) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "no")

    folder = MutableFolder(root)
    monkeypatch.setattr(paths, opener, refuse)
    assert (put(folder, "/old.txt", b"x").status, delete(folder, "/old.txt").status) == (403, 403)


def test_a_broken_disk_is_nobodys_answer(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EIO, "broken")

    folder = MutableFolder(root)
    monkeypatch.setattr(os, "pwrite", refuse)
    with pytest.raises(OSError, match="broken"):
        put(folder, "/a", b"x")
    assert (everything(root), folder.room.used) == (["old.txt", "sub"], (1, 10))


def test_pages_show_what_was_put(root: Path) -> None:
    folder = MutableFolder(root)
    put(folder, "/sub/a.txt", b"x")
    assert b"./a.txt" in get(folder, "/sub/").content
    assert (
        get(folder, "/").field("content-security-policy")
        == dict(listing.HTML_FIELDS)[b"Content-Security-Policy"].decode()
    )
    assert get(MutableFolder(root, listing=False), "/sub/").status == 404


# Over a connection


@pytest.fixture
def server(root: Path) -> Iterator[Server]:
    folder = MutableFolder(root, prefix="/drop/", content_bytes_max=50_000_000)
    router = Router()
    for method in folder.methods:
        router.add(method, "/drop/**", folder)
    with Server(router).running() as running:
        yield running


def test_a_large_upload_goes_to_disk(server: Server, root: Path) -> None:
    """Promises 9 and 18: larger than anything that is held in memory."""
    content = os.urandom(20_000_000)
    connection = http.client.HTTPConnection(*server.address, timeout=20)
    connection.request("PUT", "/drop/large.bin", content)
    answer = connection.getresponse()
    answer.read()
    assert (answer.status, answer.getheader("Location")) == (201, "/drop/large.bin")
    assert (root / "large.bin").read_bytes() == content
    connection.request("GET", "/drop/large.bin", headers={"If-None-Match": answer.getheader("ETag") or ""})
    assert connection.getresponse().status == 304
    connection.close()


@pytest.mark.parametrize(
    ("path", "field", "first"),
    [
        (b"/drop/new.txt", b"X: 1", b"100"), (b"/drop/old.txt", b"If-None-Match: *", b"412"), (b"/drop/sub", b"X: 1", b"405"),
        (b"/drop/.env", b"X: 1", b"403"), (b"/elsewhere", b"X: 1", b"404"),
        (b"/drop/new.txt", b"Content-Range: bytes 0-4/5", b"400"),
    ],
)  # fmt: skip
def test_content_is_invited_only_if_it_would_be_taken(
    server: Server, root: Path, path: bytes, field: bytes, first: bytes
) -> None:
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(
            b"PUT %s HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n%s\r\n\r\n" % (path, field)
        )
        assert client.recv(65536).split(b" ")[1] == first
        if first == b"100":
            client.sendall(b"hello")
            assert client.recv(65536).startswith(b"HTTP/1.1 201 ")
            assert (root / "new.txt").read_bytes() == b"hello"


class Watched:
    """Tells when an upload has something on disk, and when it is over."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written, self.left = threading.Event(), threading.Event()
        write, leave = storing.Upload.write, storing.Upload.__exit__

        def noted_write(upload: storing.Upload, data: bytes, offset: int = 0) -> None:
            write(upload, data, offset)
            self.written.set()

        def noted_leave(upload: storing.Upload, *error: object) -> None:
            leave(upload, *error)
            self.left.set()

        monkeypatch.setattr(storing.Upload, "write", noted_write)
        monkeypatch.setattr(storing.Upload, "__exit__", noted_leave)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


def test_a_client_that_goes_away_leaves_nothing(server: Server, root: Path, watched: Watched) -> None:
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(b"PUT /drop/old.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\nonly this")
        assert watched.written.wait(10)
        assert len(everything(root)) == 3
    assert watched.left.wait(10)
    assert everything(root) == ["old.txt", "sub"]
    assert (root / "old.txt").read_bytes() == b"0123456789"


def test_a_server_that_ends_leaves_nothing_half_written(server: Server, root: Path, watched: Watched) -> None:
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(b"PUT /drop/old.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\nonly this")
        assert watched.written.wait(10)
        server.shutdown(1.0)
        assert watched.left.is_set()
        assert everything(root) == ["old.txt", "sub"]


@pytest.mark.parametrize("rest", [b"zz\r\n", b"5\r\nhelloX"])
def test_content_that_is_none_leaves_nothing(server: Server, root: Path, watched: Watched, rest: bytes) -> None:
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(b"PUT /drop/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        assert watched.written.wait(10)
        client.sendall(rest)
        assert client.recv(65536).startswith(b"HTTP/1.1 400 ")
        assert watched.left.wait(10)
    assert everything(root) == ["old.txt", "sub"]


def test_content_beyond_the_limit_is_413_and_leaves_nothing(server: Server, root: Path) -> None:
    """Promise 18: 413 is for uploads."""
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(b"PUT /drop/a HTTP/1.1\r\nHost: h\r\nContent-Length: 50000001\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 413 ")
    assert everything(root) == ["old.txt", "sub"]
