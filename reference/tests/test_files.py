"""A folder served to GET and HEAD: what each path is answered with, and that nothing outside of the folder ever is."""

from __future__ import annotations

import errno
import gzip
import http.client
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from merkhet_reference import Limits, Request, Router, Server, files, listing, paths, push
from merkhet_reference.endpoint import WebSocket
from merkhet_reference.fields import Fields
from merkhet_reference.files import FileServer
from merkhet_reference.http1.connection import Connection
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.message import Handler
from merkhet_reference.outbox import FileSegment, Part

SECRET = b"outside of the root"
OLD_NS = 1_700_000_000 * 10**9


class Answer:
    """A sink that keeps an answer, files read to their end, and takes it apart."""

    persists = True
    content_came = False
    limits = Limits()

    def __init__(self) -> None:
        self.octets = b""

    def put_interim(self, data: bytes) -> None:
        raise NotImplementedError

    def put_answer(self, status: int, data: bytes, *, keeps: bool) -> None:
        assert not self.octets
        self.octets = data

    def put_parts(self, status: int, head: bytes, parts: tuple[Part, ...], *, keeps: bool) -> None:
        self.put_answer(status, head, keeps=keeps)
        for part in parts:
            if isinstance(part, FileSegment):
                while part.count:
                    self.octets += part.read(65536)
                part.close()
            else:
                self.octets += part

    def put_stream(self, status: int, head: bytes, pieces: Iterator[bytes], *, keeps: bool) -> None:
        raise NotImplementedError

    def put_switch(self, *args: object, **more: object) -> WebSocket:
        raise NotImplementedError

    def put_open(self, *args: object, **more: object) -> push.OpenSink:
        raise NotImplementedError

    @property
    def status(self) -> int:
        return int(self.octets.split(b" ")[1])

    @property
    def content(self) -> bytes:
        return self.octets.partition(b"\r\n\r\n")[2]

    def field(self, name: str) -> str | None:
        lines = self.octets.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
        values = [line.partition(b": ")[2].decode() for line in lines if line.lower().startswith(name.encode() + b":")]
        assert len(values) < 2, f"{name} twice"
        return values[0] if values else None


def ask(handler: Handler, path: str, method: str = "GET", fields: Mapping[str, str] | None = None) -> Answer:
    lines = "".join(f"{name}: {value}\r\n" for name, value in (fields or {}).items())
    connection = Connection(Limits())
    connection.receive(f"{method} {path} HTTP/1.1\r\nHost: h\r\n{lines}\r\n".encode("latin-1"))
    head = connection.next_event()
    assert isinstance(head, RequestHead), head
    answer = Answer()
    before = open_descriptors()
    handler(Request(head, b"", Fields(), answer))
    assert open_descriptors() == before, "a descriptor is left open"
    return answer


def everyone(_: Request, folder: list[str]) -> bool:
    return "" not in folder


def nobody(_: Request, folder: list[str]) -> bool:
    return "" in folder


def open_descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_bytes(SECRET)
    root = tmp_path / "root"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "a b.txt").write_bytes(b"plain")
    (root / "a..b.txt").write_bytes(b"two dots")
    (root / ".hidden").write_bytes(b"hidden")
    (root / ".well-known").mkdir()
    (root / ".well-known" / "security.txt").write_bytes(b"contact")
    (root / "page.html").write_bytes(b"<p>" + b"x" * 5000)
    (root / "video.mp4").write_bytes(bytes(range(250)) * 400)
    (root / "sub" / "c.txt").write_bytes(b"ccc")
    (root / "site").mkdir()
    (root / "site" / "index.html").write_bytes(b"the index")
    for path in [root, *root.rglob("*")]:
        os.utime(path, ns=(OLD_NS, OLD_NS))
    return root


def test_a_file_is_sent_with_its_kind_its_length_and_its_validators(root: Path) -> None:
    """Promises 14 and 17."""
    answer = ask(FileServer(root), "/a%20b.txt")
    assert (answer.status, answer.content) == (200, b"plain")
    assert answer.field("content-type") == "text/plain; charset=utf-8"
    assert answer.field("content-length") == "5"
    assert answer.field("accept-ranges") == "bytes"
    assert answer.field("last-modified") == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert re.fullmatch(r'"[0-9a-f]{32}"', answer.field("etag") or "")
    assert answer.field("cache-control") == "no-cache"
    assert answer.field("x-content-type-options") == "nosniff"


def test_head_has_the_same_head_and_no_content(root: Path) -> None:
    """Promise 17: HEAD."""
    for path in ("/a%20b.txt", "/video.mp4", "/", "/none"):
        get, head = ask(FileServer(root), path), ask(FileServer(root), path, "HEAD")
        assert head.octets == get.octets.removesuffix(get.content)


def test_a_part_of_a_file(root: Path) -> None:
    """Promise 17: 206 with Content-Range."""
    answer = ask(FileServer(root), "/video.mp4", fields={"Range": "bytes=-500"})
    assert (answer.status, answer.field("content-range")) == (206, "bytes 99500-99999/100000")
    assert answer.content == (bytes(range(250)) * 400)[-500:]
    assert answer.field("content-type") == "video/mp4"


def test_several_parts_of_a_file(root: Path) -> None:
    """Promise 16: multipart/byteranges."""
    answer = ask(FileServer(root), "/video.mp4", fields={"Range": "bytes=0-9,100-109"})
    assert answer.status == 206
    assert (answer.field("content-type") or "").startswith("multipart/byteranges; boundary=")
    assert answer.content.count(b"Content-Range: bytes ") == 2


def test_ranges_that_are_not_there(root: Path) -> None:
    """Promise 15: 416 says how long the file is."""
    answer = ask(FileServer(root), "/video.mp4", fields={"Range": "bytes=100000-"})
    assert (answer.status, answer.field("content-range")) == (416, "bytes */100000")
    assert ask(FileServer(root), "/video.mp4", fields={"Range": "bytes=a-"}).status == 200
    assert ask(FileServer(root), "/video.mp4", "HEAD", {"Range": "bytes=0-1"}).status == 200


def test_conditions(root: Path) -> None:
    """Promise 17: ETag, Last-Modified, If-Range."""
    server = FileServer(root)
    tag = ask(server, "/video.mp4").field("etag") or ""
    assert ask(server, "/video.mp4", fields={"If-None-Match": tag}).status == 304
    assert ask(server, "/video.mp4", fields={"If-Match": '"other"'}).status == 412
    for condition, status in ((tag, 206), ('"other"', 200), ("Tue, 14 Nov 2023 22:13:20 GMT", 206)):
        assert ask(server, "/video.mp4", fields={"Range": "bytes=0-9", "If-Range": condition}).status == status


def test_conditions_do_not_count_where_the_answer_is_no_success(root: Path) -> None:
    fields = {"If-Match": '"none"'}
    server = FileServer(root, access=lambda _, folder: folder != ["sub"])
    statuses = [ask(server, path, fields=fields).status for path in ("/none", "/sub/c.txt", "/site")]
    assert statuses == [404, 403, 301]


def test_gzip_is_for_what_gets_smaller(root: Path) -> None:
    """Promise 23: gzip by type, with Vary, and never on a part."""
    fields = {"Accept-Encoding": "gzip"}
    page = ask(FileServer(root), "/page.html", fields=fields)
    assert (page.field("content-encoding"), page.field("vary")) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(page.content) == (root / "page.html").read_bytes()
    assert ask(FileServer(root), "/video.mp4", fields=fields).field("content-encoding") is None
    part = ask(FileServer(root), "/page.html", fields={**fields, "Range": "bytes=0-1"})
    assert (part.status, part.field("content-encoding"), part.content) == (206, None, b"<p")


@pytest.mark.parametrize(
    ("path", "disposition"),
    [
        ("/a%20b.txt?download", 'attachment; filename="a b.txt"'),
        ("/a%20b.txt?x=1&download=1", 'attachment; filename="a b.txt"'),
        ("/a%20b.txt?downloads", None),
        ("/a%20b.txt?x=download", None),
        ("/a%20b.txt", None),
    ],
)
def test_a_download_is_an_attachment(root: Path, path: str, disposition: str | None) -> None:
    """Promise 21."""
    assert ask(FileServer(root), path).field("content-disposition") == disposition


def test_the_name_of_a_download_is_safe(root: Path) -> None:
    """Promise 21: RFC 6266 and 8187."""
    name = 'n\u00e4me "quoted";.txt'
    (root / name).write_bytes(b"x")
    answer = ask(FileServer(root), "/n%C3%A4me%20%22quoted%22%3B.txt?download")
    assert answer.field("content-disposition") == (
        "attachment; filename=\"name 'quoted';.txt\"; filename*=UTF-8''n%C3%A4me%20%22quoted%22%3B.txt"
    )


@pytest.mark.parametrize(
    "path", ["/none", "/none/", "/sub/none.txt", "/none/c.txt", "/a%20b.txt/", "/a%20b.txt/x", "/A%20B.TXT"]
)
def test_what_is_not_there_is_404(root: Path, path: str) -> None:
    """Promise 15."""
    answer = ask(FileServer(root), path)
    assert (answer.status, answer.content) == (404, b"There is nothing of this name here.\n")
    assert answer.field("content-type") == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/sub/../../secret.txt", "/%2e%2e/secret.txt", "/.%2e/secret.txt", "/%2e%2e%2fsecret.txt",
        "/..%2fsecret.txt", "/..%5csecret.txt", "/%252e%252e/secret.txt", "/sub/..", "/sub/../a%20b.txt", "/./a%20b.txt",
        "//secret.txt", "/sub//c.txt", "/%2fetc%2fpasswd", "/sub%2fc.txt", "/a%00b", "/a%20b.txt%00", "/%ff",
        "/%c0%ae%c0%ae/secret.txt",
        "/out.txt", "/out/secret.txt", "/out/", "/out", "/absolute", "/fifo", "/a%0ab", "/%E2%80%AE%5C",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_root(root: Path, path: str) -> None:
    """Promise 19: encoded, double-encoded, NUL, backslash, links."""
    (root / "out.txt").symlink_to("../secret.txt")
    (root / "out").symlink_to("..")
    (root / "absolute").symlink_to(root.parent / "secret.txt")
    os.mkfifo(root / "fifo")
    answer = ask(FileServer(root, hidden=True), path)
    assert answer.status == 404
    assert SECRET not in answer.content


def test_two_dots_in_a_name_are_a_name(root: Path) -> None:
    """Promise 19: `a..b.txt` is legal."""
    assert ask(FileServer(root), "/a..b.txt").content == b"two dots"


@pytest.mark.parametrize("path", ["/.hidden", "/.well-known/.hidden", "/.git/config", "/sub/.well-known/x"])
def test_hidden_names_are_404_unless_they_are_asked_for(root: Path, path: str) -> None:
    for name in (".git/config", "sub/.well-known/x", ".well-known/.hidden"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b"hidden")
    assert ask(FileServer(root), path).status == 404
    assert ask(FileServer(root, hidden=True), path).content == b"hidden"


def test_what_is_well_known_is_not_hidden(root: Path) -> None:
    assert ask(FileServer(root), "/.well-known/security.txt").content == b"contact"


def test_a_file_that_is_not_whole_yet_is_served_to_nobody(root: Path) -> None:
    name = paths.UPLOADING + "0123"
    (root / name).write_bytes(b"half")
    server = FileServer(root, hidden=True)
    assert ask(server, f"/{name}").status == 404
    assert name.encode() not in ask(server, "/").content


def test_a_file_that_may_not_be_read_is_403(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 23: an error says what is wrong."""
    assert failing(root, monkeypatch, errno.EACCES, PermissionError) == (403, b"This may not be read.\n")


def test_without_descriptors_the_client_is_told_to_come_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, content = failing(root, monkeypatch, errno.EMFILE, OSError)
    assert status == 503
    assert b"Try again" in content


def test_an_error_of_the_disk_is_nobodys_answer(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="broken"):
        failing(root, monkeypatch, errno.EIO, OSError)


def failing(
    root: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: Callable[[int, str], OSError]
) -> tuple[int, bytes]:
    def open_below(*_: object) -> paths.OpenedFile:
        raise error(number, "broken")

    monkeypatch.setattr(paths, "open_below", open_below)
    answer = ask(FileServer(root), "/a%20b.txt")
    return answer.status, answer.content


# Folders


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/sub", "/sub/"), ("/sub/deep", "/sub/deep/"), ("/site", "/site/"), ("/sub?download&x=%2F", "/sub/?download&x=%2F"),
        ("/%73ub", "/sub/"), ("/sub?", "/sub/?"), ("/evil.example", "/evil.example/"), ("/n%C3%A4me", "/n%C3%A4me/"),
        ("/java:x", "/java%3Ax/"), ("/a%22b", "/a%22b/"), ("/%25", "/%25/"), ("http://h/sub", "/sub/"),
    ],
)  # fmt: skip
def test_a_folder_without_its_slash_is_a_redirect(root: Path, path: str, location: str) -> None:
    for name in ("evil.example", "n\u00e4me", "java:x", 'a"b', "%"):
        (root / name).mkdir()
    answer = ask(FileServer(root), path)
    assert (answer.status, answer.field("location")) == (301, location)
    assert answer.field("cache-control") == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "//evil.example/",
        "///sub",
        "/%2fevil.example",
        "/\\evil.example".replace("\\", "%5c"),
        "//sub/..",
    ],
)
def test_no_redirect_leads_to_another_host(root: Path, path: str) -> None:
    (root / "evil.example").mkdir()
    for prefix in ("/", "/sub/"):
        location = ask(FileServer(root, prefix=prefix), path).field("location")
        assert location is None or urlsplit(urljoin("http://h/", location)).netloc == "h"


def test_a_folder_with_an_index_is_its_index(root: Path) -> None:
    answer = ask(FileServer(root), "/site/")
    assert (answer.content, answer.field("content-type")) == (b"the index", "text/html; charset=utf-8")
    assert ask(FileServer(root), "/site/index.html").content == b"the index"
    assert ask(FileServer(root, index="c.txt"), "/sub/").content == b"ccc"
    assert ask(FileServer(root, index="c.txt"), "/site/").field("content-type") == "text/html; charset=utf-8"


def test_a_folder_without_an_index_is_a_page(root: Path) -> None:
    (root / "out").symlink_to("../secret.txt")
    answer = ask(FileServer(root), "/")
    assert answer.status == 200
    assert answer.field("content-security-policy") == dict(listing.HTML_FIELDS)[b"Content-Security-Policy"].decode()
    assert (answer.field("vary"), answer.field("cache-control")) == ("Accept", "no-cache")
    hrefs = re.findall(rb'href="([^"]*)"', answer.content)
    assert hrefs == [
        b"./.well-known/", b"./site/", b"./sub/", b"./a%20b.txt", b"./a..b.txt", b"./page.html", b"./video.mp4",
    ]  # fmt: skip
    assert b'<a href="../">' in ask(FileServer(root), "/sub/").content


def test_each_reference_of_a_page_is_served(root: Path) -> None:
    server = FileServer(root, prefix="/files/")
    for name in ("100%.txt", "a&b.txt", "q?.txt", "#.txt", "\u202etxt", "\u00e9.txt"):
        (root / name).write_bytes(b"odd")
    (root / "in").symlink_to("sub")
    for href in re.findall(rb'href="\./([^"]*)"', ask(server, "/files/").content):
        assert ask(server, "/files/" + href.decode()).status == 200


def test_a_page_for_programs(root: Path) -> None:
    answer = ask(FileServer(root, prefix="/files/"), "/files/sub/", fields={"Accept": "application/json"})
    assert (answer.field("content-type"), answer.field("vary")) == ("application/json", "Accept")
    document = json.loads(answer.content)
    assert (document["path"], [entry["name"] for entry in document["entries"]]) == ("/files/sub/", ["deep", "c.txt"])


def test_without_pages_a_folder_is_404_unless_it_has_an_index(root: Path) -> None:
    server = FileServer(root, listing=False)
    assert [ask(server, path).status for path in ("/", "/sub", "/sub/", "/none/", "/site", "/site/")] == [
        404, 404, 404, 404, 301, 200,
    ]  # fmt: skip


def test_an_index_that_is_a_folder_is_none(root: Path) -> None:
    (root / "sub" / "index.html").mkdir()
    assert b"Parent folder" in ask(FileServer(root), "/sub/").content
    assert ask(FileServer(root, listing=False), "/sub/").status == 404


# Prefix, methods, access, caches


@pytest.mark.parametrize(
    ("prefix", "path", "status"),
    [
        ("/files/", "/files/a%20b.txt", 200), ("/files", "/files/a%20b.txt", 200), ("/files/", "/f%69les/a%20b.txt", 200),
        ("/files/", "/a%20b.txt", 404), ("/files/", "/filesa%20b.txt", 404), ("/files/", "/other/a%20b.txt", 404),
        ("/files/", "/files/", 200), ("/files/", "/files", 301), ("/a/b/", "/a/b/a%20b.txt", 200), ("/a/b/", "/a", 404),
        ("/files/", "/files/../files/a%20b.txt", 404),
    ],
)  # fmt: skip
def test_the_prefix_is_cut_off(root: Path, prefix: str, path: str, status: int) -> None:
    answer = ask(FileServer(root, prefix=prefix), path)
    assert answer.status == status
    assert answer.field("location") == ("/files/" if status == 301 else None)


def test_below_a_router(root: Path) -> None:
    router = Router()
    router.get("/files/**", FileServer(root, prefix="/files/"))
    assert ask(router, "/files/sub/c.txt").content == b"ccc"
    assert ask(router, "/files/sub%2fc.txt").status == 404, "an encoded slash separates nothing"
    assert ask(router, "/files/sub").field("location") == "/files/sub/"
    assert ask(router, "/files/a%20b.txt", "PUT").status == 405


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_405(root: Path, method: str) -> None:
    for path in ("/a%20b.txt", "/none"):
        answer = ask(FileServer(root), path, method)
        assert (answer.status, answer.field("allow")) == (405, "GET, HEAD, OPTIONS")


def test_options_says_what_there_is_and_an_unknown_method_is_501(root: Path) -> None:
    answer = ask(FileServer(root), "/a%20b.txt", "OPTIONS")
    assert (answer.status, answer.field("allow")) == (200, "GET, HEAD, OPTIONS")
    assert ask(FileServer(root), "/a%20b.txt", "BREW").status == 501


def test_access_is_asked_of_each_folder(root: Path) -> None:
    """Promise 23: no unauthorised access, by a hook per folder."""
    asked: list[tuple[str, list[str]]] = []

    def access(request: Request, folder: list[str]) -> bool:
        asked.append((request.path.decode(), folder))
        return folder[:1] != ["sub"] or request.fields.get(b"Authorization") == b"Basic eDp5"

    server = FileServer(root, access=access)
    for path in ("/sub/c.txt", "/sub/", "/sub", "/sub/deep", "/sub/deep/", "/sub/none", "/sub/none/x"):
        answer = ask(server, path)
        assert (answer.status, answer.content) == (403, b"This may not be read.\n"), path
        assert ask(server, path, fields={"Authorization": "Basic eDp5"}).status != 403
    assert ("/sub/c.txt", ["sub"]) in asked
    asked.clear()
    assert ask(server, "/a%20b.txt").status == 200
    assert asked == [("/a%20b.txt", [])]


def test_a_folder_that_may_not_be_entered_is_not_shown(root: Path) -> None:
    server = FileServer(root, access=lambda _, folder: folder != ["sub"])
    assert b"./sub/" not in ask(server, "/").content
    assert b"./site/" in ask(server, "/").content


def test_a_file_is_not_looked_for_before_access_is_asked(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(*_: object) -> None:
        raise AssertionError("the disk was looked at")

    monkeypatch.setattr(paths, "Walk", walk)
    assert ask(FileServer(root, access=nobody), "/sub/c.txt").status == 403


@pytest.mark.parametrize(
    ("given", "guarded", "expected"),
    [(None, False, "no-cache"), (None, True, "private, no-cache"), ("max-age=60", True, "max-age=60")],
)
def test_what_caches_are_told(root: Path, given: str | None, guarded: bool, expected: str) -> None:  # noqa: FBT001
    """Promise 23: cache headers; what not everyone may have is not for a cache that is shared."""
    server = FileServer(root, cache_control=given, access=everyone if guarded else None)
    for path in ("/a%20b.txt", "/", "/sub"):
        assert ask(server, path).field("cache-control") == expected


def test_what_cannot_be_served_is_said_at_the_start(root: Path) -> None:
    for path in (root / "none", root / "a b.txt"):
        with pytest.raises(NotADirectoryError):
            FileServer(path)
    with pytest.raises(ValueError, match="slash"):
        FileServer(root, prefix="files")


# Over a connection


def test_large_files_stream_through_a_real_server(root: Path) -> None:
    """Promises 18, 20 and 23: of any size, as it is on disk, and in parts that make up the whole."""
    content = os.urandom(3_000_001)
    (root / "large.bin").write_bytes(content)
    with Server(FileServer(root)).running() as server:
        connection = http.client.HTTPConnection(*server.address, timeout=10)
        connection.request("GET", "/large.bin")
        assert connection.getresponse().read() == content
        parts = b""
        for span in ("0-999999", "1000000-1999999", "2000000-"):
            connection.request("GET", "/large.bin", headers={"Range": f"bytes={span}"})
            answer = connection.getresponse()
            assert answer.status == 206
            parts += answer.read()
        assert parts == content
        connection.request("GET", "/sub/")
        assert b"c.txt" in connection.getresponse().read()
        connection.close()


def test_explained_is_complete() -> None:
    assert files.explained(PermissionError(errno.EPERM, "x")) == (404, files.NOT_FOUND)
