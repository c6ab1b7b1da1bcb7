"""The page of a folder: what is on it, what is not, and that no name on it is ever more than text."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import os
import socket
import unicodedata
from pathlib import Path
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import listing
from merkhet_reference.listing import Contents, Entry

FIXED = settings(deadline=None, derandomize=True, database=None)
HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'onmouseover='alert(1)", "&amp;", "</a></td><b>",
    "javascript:alert(1)", "data:text/html,x", "//evil.example", "a\nb", "a\r\nSet-Cookie: x", "\0", "\x1b[31m", "\x85",
    "exe.\u202egnp", "\u2066isolated", "a\u200bb", "\ufeff.env", "line\u2028line", "\udcff", "\ud800", "?q=1", "#frag",
    "a b", " a ", "%41", "%2e%2e", "\\evil", "\u05d0\u05d1.txt", "\U000e0041", "a\u0301",
]  # fmt: skip


class Page(html.parser.HTMLParser):
    """What a browser finds in a page: tags in their order, references, and text."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.hrefs: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(content.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.hrefs += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def file(name: str, size: int = 0, modified: int = 0) -> Entry:
    return Entry(name, is_folder=False, size=size, modified=modified)


def folder(name: str) -> Entry:
    return Entry(name, is_folder=True, size=0, modified=0)


def anything(_: Entry) -> bool:
    return True


def names_of(contents: Contents) -> list[str]:
    return [entry.name for entry in contents.entries]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    root = tmp_path / "root"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "b.txt").write_bytes(b"bb")
    (root / "sub" / "c.txt").write_bytes(b"ccc")
    return root


def test_folders_come_first_and_names_are_sorted(root: Path) -> None:
    for name in ("Zoo", "apple", "Apple", "zebra.txt", "A.txt"):
        (root / name).mkdir() if "." not in name else (root / name).touch()
    contents = listing.read_folder(root, [], anything)
    assert names_of(contents) == ["Apple", "apple", "sub", "Zoo", "A.txt", "b.txt", "zebra.txt"]
    assert (contents.left_out, contents.is_whole) == (0, True)


def test_a_row_has_size_and_time(root: Path) -> None:
    os.utime(root / "b.txt", ns=(0, 1_700_000_000_999_999_999))
    entries = {entry.name: entry for entry in listing.read_folder(root, [], anything).entries}
    assert entries["b.txt"] == file("b.txt", 2, 1_700_000_000)
    assert entries["sub"].is_folder
    assert names_of(listing.read_folder(root, ["sub"], anything)) == ["deep", "c.txt"]


def test_links_that_leave_the_root_are_not_shown(root: Path) -> None:
    """Promise 19: nothing outside of the root, be it only a name."""
    for name, target in (
        ("out", "../secret.txt"), ("out-folder", ".."), ("absolute", "/etc"), ("nowhere", "none"), ("circle", "circle"),
        ("in", "b.txt"), ("in-folder", "sub"),
    ):  # fmt: skip
        (root / name).symlink_to(target)
    contents = listing.read_folder(root, [], anything)
    assert names_of(contents) == ["in-folder", "sub", "b.txt", "in"]
    assert contents.entries[3] == file("in", 2, int((root / "b.txt").stat().st_mtime))
    assert contents.entries[0].is_folder


def test_what_is_neither_file_nor_folder_is_not_shown(root: Path) -> None:
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(root / "socket"))
    (root / "to-fifo").symlink_to("fifo")
    assert names_of(listing.read_folder(root, [], anything)) == ["sub", "b.txt"]


def test_what_no_path_can_name_is_not_shown(root: Path) -> None:
    for name in (b"a\nb", b"back\\slash", b"\xff.txt", b"esc\x1b[0m"):
        (root / os.fsdecode(name)).touch()
    (root / "plain\u202ename").touch()
    assert names_of(listing.read_folder(root, [], anything)) == ["sub", "b.txt", "plain\u202ename"]


def test_what_may_not_be_read_is_not_shown(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def access(name: str, mode: int, *, dir_fd: int) -> bool:
        assert (mode, os.path.samestat(os.fstat(dir_fd), root.stat())) == (os.R_OK, True)
        return name != "b.txt"

    monkeypatch.setattr(os, "access", access)
    assert names_of(listing.read_folder(root, [], anything)) == ["sub"]


def test_what_is_gone_when_it_is_looked_at_is_not_shown(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def access(name: str, mode: int, *, dir_fd: int) -> bool:
        os.unlink(name, dir_fd=dir_fd)
        return True

    monkeypatch.setattr(os, "access", access)
    (root / "sub" / "deep").rmdir()
    assert names_of(listing.read_folder(root, ["sub"], anything)) == []


def test_who_serves_has_the_last_word(root: Path) -> None:
    assert names_of(listing.read_folder(root, [], lambda entry: not entry.is_folder)) == ["b.txt"]


@pytest.mark.parametrize("segments", [["none"], ["b.txt"], ["out"]])
def test_no_folder_no_page(root: Path, segments: list[str]) -> None:
    (root / "out").symlink_to("..")
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208
    with pytest.raises(OSError, match=r"No such|below the root|out of the root"):
        listing.read_folder(root, segments, anything)
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208


def test_the_number_of_rows_is_bounded_and_the_rest_is_counted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "ENTRIES_MAX", 3)
    for number in range(4):
        (root / f"{number}").touch()
    contents = listing.read_folder(root, [], anything)
    assert (names_of(contents), contents.left_out, contents.is_whole) == (["sub", "0", "1"], 3, True)
    assert b"<p>3 entries; 3 more are not shown.</p>" in listing.html_page("/", contents, has_parent=False)


def test_the_number_of_names_that_are_looked_at_is_bounded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "SCANNED_MAX", 2)
    assert listing.read_folder(root, [], anything).is_whole
    (root / "third").touch()
    contents = listing.read_folder(root, [], anything)
    assert (len(contents.entries), contents.left_out, contents.is_whole) == (2, 0, False)


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        (Contents([]), "This folder is empty."),
        (Contents([], is_whole=False), "0 entries; more than 0 others are not shown."),
        (Contents([file("a")]), "1 entry."),
        (Contents([file("a"), file("b")]), "2 entries."),
        (Contents([file("a")], left_out=7, is_whole=False), "1 entry; more than 7 others are not shown."),
    ],
)
def test_the_page_says_how_much_there_is(contents: Contents, told: str) -> None:
    page = listing.html_page("/", contents, has_parent=False)
    assert f"<p>{told}</p>".encode() in page
    assert (b"<table>" in page) is bool(contents.entries)


def test_a_plain_page() -> None:
    contents = Contents([folder("sub"), file("a b.txt", 1536, 1_700_000_000)])
    content = listing.html_page("/files/", contents, has_parent=True)
    assert content.startswith(b'<!DOCTYPE html>\n<html lang="en">')
    assert b'<meta name="viewport"' in content
    page = Page(content)
    assert page.hrefs == ["../", "./sub/", "./a%20b.txt"]
    assert {"/files/", "sub", "a b.txt", "1.5 KiB", "2023-11-14", "22:13"} <= set(page.texts)
    assert b'<time datetime="2023-11-14T22:13:20Z">' in content
    assert b'<data value="1536">' in content
    assert Page(listing.html_page("/", contents, has_parent=False)).hrefs == ["./sub/", "./a%20b.txt"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text(name: str) -> None:
    """Promise 19: no name does anything."""
    inert = Page(listing.html_page("/x/", Contents([file("x")]), has_parent=True))
    page = Page(listing.html_page(f"/{name}/", Contents([file(name)]), has_parent=True))
    assert page.tags == inert.tags
    assert page.attributes == inert.attributes
    assert listing.visible(name) in page.texts, "it is there, as text"
    assert page.hrefs[1].startswith("./")
    assert page.hrefs[1].isascii()
    # Wherever the page lies, the reference is below it.
    assert urljoin("http://h/f/", page.hrefs[1]) == "http://h/f/" + page.hrefs[1][2:]
    assert not set("\"'<>&:?#\\ \n") & set(page.hrefs[1])


@FIXED
@given(st.text(st.characters(), min_size=1, max_size=20), st.booleans())
def test_no_name_at_all_leaves_its_place(name: str, is_folder: bool) -> None:  # noqa: FBT001
    entry = Entry(name, is_folder, 1, 1)
    content = listing.html_page("/", Contents([entry]), has_parent=False)
    page = Page(content)
    assert page.tags.count("a") == 1
    assert page.tags == Page(listing.html_page("/", Contents([entry._replace(name="x")]), has_parent=False)).tags
    reference = urlsplit(urljoin("http://h/f/", page.hrefs[0]))
    assert (reference.netloc, reference.query, reference.fragment) == ("h", "", "")
    path = unquote_to_bytes(reference.path.removeprefix("/f/").removesuffix("/" if is_folder else ""))
    assert path == name.encode("utf-8", "surrogatepass") or name in {".", ".."}
    text = content.decode("utf-8")
    assert not [letter for letter in text if letter != "\n" and unicodedata.category(letter) in listing.UNSEEN]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain~ ", "plain~ "), ("exe.\u202egnp", "exe.[U+202E]gnp"), ("a\nb", "a[U+000A]b"), ("\udcff", "[U+DCFF]"),
        ("\x7f", "[U+007F]"), ("\U000e0041", "[U+E0041]"), ("\u00e9\u05d0", "\u00e9\u05d0"), ("\u2028", "[U+2028]"),
    ],
)  # fmt: skip
def test_what_is_not_seen_is_shown_as_its_number(text: str, seen: str) -> None:
    assert listing.visible(text) == seen


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (10188, "9.9 KiB"),
        (10189, "10 KiB"), (1024 * 1023, "1023 KiB"), (1024 * 1024 - 1, "1.0 MiB"), (5 * 1024**3, "5.0 GiB"),
        (2**63 - 1, "8.0 EiB"), (2**70, "1024 EiB"),
    ],
)  # fmt: skip
def test_sizes_have_a_unit(octets: int, text: str) -> None:
    assert listing.human_size(octets) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (-62135596800, "0001-01-01T00:00:00Z"),
        (-62135596801, None), (253402300799, "9999-12-31T23:59:59Z"), (253402300800, None), (2**63, None),
    ],
)  # fmt: skip
def test_times_that_no_date_can_say_are_left_out(seconds: int, text: str | None) -> None:
    when = listing.moment(seconds)
    assert (None if when is None else listing.iso(when)) == text
    row = listing.html_row(file("a", modified=seconds))
    assert ("<time" in row) is (text is not None)
    assert listing.json_entry(file("a", modified=seconds))["modified"] == text


def test_the_policy_lets_the_style_alone_be_used() -> None:
    policy = dict(listing.HTML_FIELDS)[b"Content-Security-Policy"].decode()
    style = listing.html_page("/", Contents([]), has_parent=False).partition(b"<style>")[2].partition(b"</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    for fields in (listing.HTML_FIELDS, listing.JSON_FIELDS):
        assert dict(fields)[b"X-Content-Type-Options"] == b"nosniff"
        assert dict(fields)[b"Vary"] == b"Accept"


def test_the_page_has_no_script_and_loads_nothing() -> None:
    page = Page(listing.html_page("/", Contents([file("a")]), has_parent=True))
    assert not {"script", "img", "link", "iframe", "object", "form"} & set(page.tags)
    assert not {name for name in page.attributes if name.startswith("on") or name in {"src", "style"}}


def test_the_same_for_programs() -> None:
    contents = Contents([folder("s\u00fcb"), file("a b", 3, 0)], left_out=2, is_whole=False)
    content = listing.json_page("/p/", contents)
    assert content.isascii()
    assert json.loads(content) == {
        "path": "/p/",
        "entries": [
            {
                "name": "s\u00fcb",
                "href": "./s%C3%BCb/",
                "kind": "folder",
                "size": None,
                "modified": "1970-01-01T00:00:00Z",
            },
            {"name": "a b", "href": "./a%20b", "kind": "file", "size": 3, "modified": "1970-01-01T00:00:00Z"},
        ],
        "left_out": 2,
        "whole": False,
    }


@pytest.mark.parametrize(
    ("accept", "json_is_preferred"),
    [
        ([], False), ([b""], False), ([b"*/*"], False), ([b"text/html"], False), ([b"application/*"], False),
        ([b"application/json"], True), ([b"Application/JSON"], True), ([b"application/json, text/plain, */*"], True),
        ([b"text/html", b"application/json"], False), ([b"application/json, text/html;q=0.9"], True),
        ([b"application/json;q=0.5, text/html"], False), ([b"application/json;q=0"], False),
        ([b"text/html;q=0;level=1, application/json"], True), ([b"application/json;v=1; Q=0.1, */*"], False),
        ([b"application/json;q=nonsense"], False), ([b"application/json;q=0.5, text/*;q=0.6"], False),
        ([b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], False),
    ],
)  # fmt: skip
def test_who_names_json_gets_it(accept: list[bytes], *, json_is_preferred: bool) -> None:
    assert listing.prefers_json(accept) is json_is_preferred
