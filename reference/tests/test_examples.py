"""Each example that is a program of the tutorial, run as its reader would run it and asked as its first lines say."""

from __future__ import annotations

import ast
import contextlib
import email
import gzip
import re
import sys
from pathlib import Path

import pytest
from example_process import EXAMPLES, Answer, Example, running

import merkhet_reference

TUTORIAL = {
    17: ("Getting Started", ["hello.py"]),
    91: ("Routing", ["router.py"]),
    # 117, "WebSockets", comes with the protocol.
    169: ("Server-Sent Events", ["events.py"]),
    221: ("The Challenge with Large Files", ["file_stream.py"]),
    255: ("Implementing Large File Downloads", ["download.py", "ranges.py"]),
    387: ("Advanced Streaming Implementation", ["file_stream.py"]),
    429: ("Recommended Enhancements", ["attachment.py", "ranges.py", "stream.py"]),
    445: ("Recommended Enhancements", ["attachment.py"]),
    455: ("Real-World Example: Video Streaming Server", ["video.py"]),
}
"""The line of each program in the tutorial, its section, and the examples that do what it does."""

CONTENT = bytes(range(250)) * 4
TEXT = b"The tomb has many rooms, and each is like the one before.\n" * 100

RANGES = [
    ("bytes=0-9", 206, "bytes 0-9/1000", CONTENT[:10]),
    ("bytes=200-", 206, "bytes 200-999/1000", CONTENT[200:]),
    ("bytes=-500", 206, "bytes 500-999/1000", CONTENT[500:]),  # the tutorial sends 0 to 500
    ("bytes=-5000", 206, "bytes 0-999/1000", CONTENT),
    ("bytes=990-5000", 206, "bytes 990-999/1000", CONTENT[990:]),  # the tutorial promises 4011 octets
    ("bytes=9-5", 200, None, CONTENT),  # the tutorial promises -3 octets
    ("bytes=a-b", 200, None, CONTENT),  # the tutorial fails
    ("bytes=-", 200, None, CONTENT),
    ("bytes=1-2-3", 200, None, CONTENT),
    ("lines=0-9", 200, None, CONTENT),
    ("bytes=1000-", 416, "bytes */1000", b""),
    ("bytes=-0", 416, "bytes */1000", b""),
    ("bytes=99999999999999999999999-", 416, "bytes */1000", b""),
]
"""Range, status, Content-Range and content, for CONTENT: what the tutorial's own programs get wrong among it."""


def range_answers(example: Example, path: str) -> list[tuple[str, int, str | None, bytes]]:
    def told(value: str) -> tuple[str, int, str | None, bytes]:
        answer = example.ask(path, fields={"Range": value})
        assert answer.fields["Content-Length"] == str(len(answer.content))
        return value, answer.status, answer.fields["Content-Range"], answer.content

    return [told(value) for value, *_ in RANGES]


def parts(answer: Answer) -> list[tuple[str, bytes]]:
    """Content-Range and content of each part of multipart/byteranges, as another's parser reads them."""
    head = f"Content-Type: {answer.fields['Content-Type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + answer.content)
    assert message.get_content_type() == "multipart/byteranges"
    found: list[tuple[str, bytes]] = []
    for part in message.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            found.append((str(part["Content-Range"]), content))
    return found


def folder_with(tmp_path: Path, name: str, files: dict[str, bytes]) -> Path:
    """Return a working directory in which the folder `name` has these files, and something lies beside the folder."""
    (tmp_path / name).mkdir()
    for file, content in files.items():
        (tmp_path / name / file).write_bytes(content)
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (tmp_path / name / "link.txt").symlink_to(tmp_path / "secret.txt")
    return tmp_path


def test_hello() -> None:
    with running("hello.py") as example:
        answer = example.ask("/")
        assert (answer.status, answer.fields["Content-Type"]) == (200, "text/plain")
        assert answer.content == b"Hello from the other side!\n"
        assert example.ask("/any/thing", "POST", b"x").content == b"Hello from the other side!\n"


def test_router() -> None:
    with running("router.py") as example:
        assert example.ask("/").content == b"Welcome to the tomb!\n"
        assert example.ask("/treasure/golden-scarab").content == b"You found the golden-scarab!\n"
        assert example.ask("/treasure/K%C3%A4fer%2FGold").text == "You found the Käfer/Gold!\n"
        assert example.ask("/treasure/%FF").content == b"You found the \xff!\n"
        assert example.ask("/treasure/").status == 404
        assert example.ask("/treasure/a/b").status == 404
        refused = example.ask("/treasure/golden-scarab", "POST", b"x")
        assert (refused.status, refused.fields["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_events() -> None:
    with running("events.py", "0.01") as example:
        answer = example.ask("/stream")
        assert (answer.status, answer.fields["Content-Type"]) == (200, "text/event-stream")
        assert answer.text == "".join(f"data: Update #{number}\n\n" for number in range(1, 6))
        # To HEAD there is nobody who hears.
        assert example.ask("/stream", "HEAD").content == b""


def test_events_occupy_no_worker() -> None:
    with running("events.py", "600") as example, contextlib.ExitStack() as connections:
        streams = [connections.enter_context(contextlib.closing(example.connect())) for _ in range(20)]
        for stream in streams:
            stream.request("GET", "/stream")
            assert stream.getresponse().status == 200
        assert example.ask("/").status == 404


def test_stream() -> None:
    with running("stream.py") as example:
        answer = example.ask("/?20")
        assert (answer.fields["Transfer-Encoding"], answer.fields["Content-Length"]) == ("chunked", None)
        assert answer.content == b"".join(b"%d squared is %d\n" % (number, number**2) for number in range(20))
        assert len(example.ask("/").content.splitlines()) == 10
        assert len(example.ask("/?10000").content.splitlines()) == 10_000
        assert example.ask("/?many").status == 400
        assert example.ask("/?10001").status == 400


def test_download(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "downloads", {"a..b.bin": CONTENT, "text.txt": TEXT, "Ägypten ☥.pdf": b"%PDF"})
    with running("download.py", folder=folder) as example:
        path = "/download/a..b.bin"
        answer = example.ask(path)
        assert (answer.status, answer.content) == (200, CONTENT)
        assert answer.fields["Content-Type"] == "application/octet-stream"
        assert answer.fields["Accept-Ranges"] == "bytes"
        assert answer.fields["Cache-Control"] == "public, max-age=3600"
        assert answer.fields["ETag"]
        again = example.ask(path, fields={"If-None-Match": answer.fields["ETag"]})
        assert (again.status, again.content) == (304, b"")
        assert range_answers(example, path) == RANGES
        assert example.ask("/download/%C3%84gypten%20%E2%98%A5.pdf").fields["Content-Type"] == "application/pdf"
        assert example.ask("/download/nothing.txt").status == 404
        assert example.ask("/download/").status == 400


def test_download_asks_range_of_get_alone_and_answers_several(tmp_path: Path) -> None:
    with running("download.py", folder=folder_with(tmp_path, "downloads", {"a.bin": CONTENT})) as example:
        head = example.ask("/download/a.bin", "HEAD", fields={"Range": "bytes=0-9"})
        assert (head.status, head.fields["Content-Length"], head.content) == (200, "1000", b"")
        several = example.ask("/download/a.bin", fields={"Range": "bytes=0-1,5-6"})
        assert several.status == 206
        assert parts(several) == [("bytes 0-1/1000", CONTENT[:2]), ("bytes 5-6/1000", CONTENT[5:7])]


def test_download_compresses_text_and_no_part_of_it(tmp_path: Path) -> None:
    with running("download.py", folder=folder_with(tmp_path, "downloads", {"text.txt": TEXT})) as example:
        zipped = example.ask("/download/text.txt", fields={"Accept-Encoding": "gzip"})
        assert (zipped.fields["Content-Encoding"], zipped.fields["Vary"]) == ("gzip", "Accept-Encoding")
        # The tutorial's program says the length of the file, whatever becomes of it on its way.
        assert zipped.fields["Content-Length"] == str(len(zipped.content))
        assert gzip.decompress(zipped.content) == TEXT
        part = example.ask("/download/text.txt", fields={"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
        assert (part.status, part.fields["Content-Encoding"], part.content) == (206, None, TEXT[:10])


@pytest.mark.parametrize("name", ["download.py", "ranges.py", "file_stream.py"])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    with running(name, folder=folder_with(tmp_path, "downloads", {"here.txt": b"here"})) as example:
        assert example.ask("/download/here.txt").content == b"here"
        for path in (
            "../secret.txt", "..%2fsecret.txt", "%2e%2e%2fsecret.txt", "%252e%252e%252fsecret.txt", "..%5csecret.txt",
            "here.txt%00", "%00", "..", "%2e%2e", ".", "here.txt%2f..%2f..%2fsecret.txt", "/etc/passwd", "%2fetc%2fpasswd",
        ):  # fmt: skip
            answer = example.ask(f"/download/{path}")
            assert (answer.status, b"secret" in answer.content) == (404, False), path


def test_ranges(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "downloads", {"a.bin": CONTENT, "empty": b""})
    with running("ranges.py", folder=folder) as example:
        assert range_answers(example, "/download/a.bin") == RANGES
        several = example.ask("/download/a.bin", fields={"Range": "bytes=100-109, 0-4, 3-9, 5000-"})
        assert parts(several) == [("bytes 100-109/1000", CONTENT[100:110]), ("bytes 0-9/1000", CONTENT[:10])]
        many = ",".join(f"{number}-{number}" for number in range(0, 34, 2))
        assert example.ask("/download/a.bin", fields={"Range": f"bytes={many}"}).status == 200
        head = example.ask("/download/a.bin", "HEAD", fields={"Range": "bytes=0-9"})
        assert (head.status, head.fields["Content-Length"]) == (200, "1000")
        tag = example.ask("/download/a.bin").fields["ETag"]
        assert example.ask("/download/a.bin", fields={"Range": "bytes=0-9", "If-None-Match": tag}).status == 304
        assert example.ask("/download/a.bin", fields={"Range": "bytes=0-9", "If-Range": '"other"'}).status == 200
        assert example.ask("/download/empty", fields={"Range": "bytes=0-"}).status == 416


def test_file_stream(tmp_path: Path) -> None:
    with running("file_stream.py", folder=folder_with(tmp_path, "downloads", {"a.bin": CONTENT})) as example:
        expected = {value: answer for value, *answer in RANGES} | {"bytes=-5000": [200, None, CONTENT]}
        assert {value: answer for value, *answer in range_answers(example, "/download/a.bin")} == expected
        assert example.ask("/download/a.bin", fields={"Range": "bytes=0-1,5-6"}).content == CONTENT
        assert example.ask("/download/a.bin", fields={"Range": "bytes=0-1", "If-Range": '"x"'}).content == CONTENT
        assert "ETag" not in example.ask("/download/a.bin").fields


def memory_kilobytes(example: Example) -> int:
    """The most memory that the example ever had."""
    status = Path(f"/proc/{example.process.pid}/status").read_text(encoding="ascii")
    match = re.search(r"VmHWM:\s*(\d+) kB", status)
    assert match is not None
    return int(match[1])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells how much memory a process had")
@pytest.mark.parametrize("name", ["download.py", "ranges.py", "file_stream.py"])
def test_a_file_is_never_in_memory(name: str, tmp_path: Path) -> None:
    size = 96 * 1024 * 1024
    folder = folder_with(tmp_path, "downloads", {"huge.mp4": b""})
    with (folder / "downloads" / "huge.mp4").open("wb") as file:
        file.truncate(size)
    with running(name, folder=folder) as example, contextlib.closing(example.connect()) as connection:
        before = memory_kilobytes(example)
        connection.request("GET", "/download/huge.mp4", headers={"Range": "bytes=1-"})
        answer = connection.getresponse()
        assert sum(map(len, iter(lambda: answer.read(1024 * 1024), b""))) == size - 1
        assert memory_kilobytes(example) - before < 24 * 1024


def test_attachment() -> None:
    with running("attachment.py") as example:
        answer = example.ask("/source")
        assert answer.content == (EXAMPLES / "attachment.py").read_bytes()
        assert answer.fields["Content-Disposition"] == (
            "attachment; filename=\"Gru_e aus der Gruft.py\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20aus%20der%20Gruft.py"
        )
        part = example.ask("/source", fields={"Range": "bytes=3-"})
        assert (part.status, part.content) == (206, answer.content[3:])
        rulers = example.ask("/rulers.csv")
        assert rulers.fields["Content-Type"].startswith("text/csv")
        assert rulers.fields["Content-Disposition"] == (
            "attachment; filename=\"Konige, _.csv\"; filename*=UTF-8''K%C3%B6nige%2C%20%E7%8E%8B.csv"
        )
        assert rulers.text.splitlines()[0] == "Name,Dynasty"


def test_video(tmp_path: Path) -> None:
    with running("video.py", folder=folder_with(tmp_path, "videos", {"sample.mp4": CONTENT})) as example:
        page = example.ask("/")
        assert page.fields["Content-Type"] == "text/html; charset=utf-8"
        assert 'src="/video/sample"' in page.text
        hostile = example.ask("/videos/%22%3E%3Cscript%3E%C3%A9%FF")
        assert 'src="/video/%22%3E%3Cscript%3E%C3%A9%FF"' in hostile.content.decode("utf-8", "surrogateescape")
        assert b"<h1>&quot;&gt;&lt;script&gt;" in hostile.content
        whole = example.ask("/video/sample")
        assert (whole.status, whole.fields["Content-Type"], whole.content) == (200, "video/mp4", CONTENT)
        assert range_answers(example, "/video/sample") == RANGES
        assert example.ask("/video/other").status == 404
        assert example.ask("/video/..%2fvideos%2fsample").status == 404


@pytest.mark.parametrize("line", TUTORIAL)
def test_each_program_of_the_tutorial_has_an_example(line: int) -> None:
    section, names = TUTORIAL[line]
    for name in names:
        docstring = ast.get_docstring(ast.parse((EXAMPLES / name).read_text(encoding="utf-8")))
        assert docstring is not None
        assert f'"{section}"' in docstring, name


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_each_example_needs_the_standard_library_and_public_names_alone() -> None:
    for path in EXAMPLES.glob("*.py"):
        others = {name for name in imported(path) if name.partition(".")[0] not in sys.stdlib_module_names}
        assert others == {"merkhet_reference"}, path.name


def test_each_public_name_is_there() -> None:
    assert [name for name in merkhet_reference.__all__ if not hasattr(merkhet_reference, name)] == []
    assert len(set(merkhet_reference.__all__)) == len(merkhet_reference.__all__)


def test_each_example_says_how_it_is_run() -> None:
    for path in EXAMPLES.glob("*.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert f"\npython {path.name} 8080" in (docstring or ""), path.name


def test_each_example_is_run_by_a_test() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_examples*.py"))
    missing = [path.name for path in EXAMPLES.glob("*.py") if f'with running("{path.name}"' not in tests]
    assert missing == []
