"""The examples beyond the tutorial's own programs, run as their reader would run them."""

from __future__ import annotations

import contextlib
import http.client
from pathlib import Path

from example_process import Example, running

BOUNDARY = "a-boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def multipart(*parts: tuple[str, bytes]) -> bytes:
    """Content of a form: the parameters of each part's Content-Disposition, and its octets."""
    octets = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    )
    return octets + f"--{BOUNDARY}--\r\n".encode()


def file_part(name: str, content: bytes) -> tuple[str, bytes]:
    return f'name="file"; filename="{name}"', content


def test_notes() -> None:
    with running("notes.py") as example:
        assert example.ask("/notes/today").status == 404
        assert example.ask("/notes/today", "PUT", b"buy bread").status == 201
        assert example.ask("/notes/today", "PUT", b"buy bread, twice").status == 204
        assert example.ask("/notes/today").content == b"buy bread, twice"
        assert example.ask("/notes").content == b"today\n"
        refused = example.ask("/notes/today", "POST", b"x")
        assert (refused.status, refused.fields["Allow"]) == (405, "GET, HEAD, OPTIONS, PUT")


def test_upload(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    folder.mkdir()
    with running("upload.py", folder=tmp_path) as example:
        assert 'enctype="multipart/form-data"' in example.ask("/").text
        noise = bytes(range(256)) * 80_000  # more than is ever collected in memory
        content = multipart(('name="comment"', b"<b>hello</b>"), file_part("Ägypten ☥.bin", noise))
        answer = example.ask("/", "POST", content, {"Content-Type": FORM})
        assert answer.status == 200
        assert "<p>&lt;b&gt;hello&lt;/b&gt;</p>" in answer.text
        assert f"<li>Ägypten ☥.bin: {len(noise)} octets</li>" in answer.text
        assert {path.name for path in folder.iterdir()} == {"Ägypten ☥.bin"}
        assert (folder / "Ägypten ☥.bin").read_bytes() == noise


def test_upload_lets_no_name_replace_a_file_or_leave_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    folder.mkdir()
    with running("upload.py", folder=tmp_path) as example:
        for name, content in (("a.txt", b"one"), ("a.txt", b"two"), ("../../a.txt", b"three"), ("<i>.txt", b"four")):
            answer = example.ask("/", "POST", multipart(file_part(name, content)), {"Content-Type": FORM})
            assert (answer.status, b"<i>" in answer.content) == (200, False)
        stored = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert stored == {"a.txt": b"one", "1-a.txt": b"two", "2-a.txt": b"three", "<i>.txt": b"four"}
    assert [path.name for path in tmp_path.iterdir()] == ["uploads"]


def test_upload_leaves_nothing_of_what_it_refuses(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    folder.mkdir()
    with running("upload.py", folder=tmp_path) as example:
        cut = multipart(file_part("a.txt", b"one"), file_part("b.txt", b"two"))[:-20]
        assert example.ask("/", "POST", cut, {"Content-Type": FORM}).status == 400
        assert example.ask("/", "POST", b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}).status == 400
        assert example.ask("/", "POST", b"a=b").status == 400
        long = multipart(('name="comment"', bytes(2_000_000)))
        assert example.ask("/", "POST", long, {"Content-Type": FORM}).status == 413
        # Who asks first learns it before anything is sent.
        head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (1024**3 + 1)
        assert example.send(head).startswith(b"HTTP/1.1 413 ")
        assert list(folder.iterdir()) == []


class Hearer:
    """A client of an event stream, which reads one event after the other."""

    def __init__(self, connection: http.client.HTTPConnection, last_event_id: str | None = None) -> None:
        fields = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
        connection.request("GET", "/events", headers=fields)
        self._answer = connection.getresponse()
        self.ids: list[str] = []

    def next(self) -> str:
        """Return the data of the next event; raise AssertionError at the end of the stream."""
        event: dict[str, str] = {}
        while line := self._answer.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            event[name] = value
        assert event
        self.ids.append(event["id"])
        return event["data"]


def say(example: Example, text: str) -> None:
    assert example.ask("/messages", "POST", text.encode()).status == 204


def test_chat() -> None:
    with running("chat.py") as example, contextlib.ExitStack() as connections:

        def hear(last_event_id: str | None = None) -> Hearer:
            return Hearer(connections.enter_context(contextlib.closing(example.connect())), last_event_id)

        assert b"EventSource" in example.ask("/").content
        one, other = hear(), hear()
        say(example, "first")
        say(example, "zweite Nachricht ☥")
        assert [one.next(), one.next()] == [other.next(), other.next()] == ["first", "zweite Nachricht ☥"]
        assert one.ids == other.ids
        # Who comes back is sent what it missed; who is new, or comes from an earlier run, all that is remembered.
        back, new, stranger = hear(one.ids[0]), hear(), hear("earlier-1")
        say(example, "third")
        assert [back.next(), back.next()] == ["zweite Nachricht ☥", "third"]
        assert [new.next(), new.next(), new.next()] == ["first", "zweite Nachricht ☥", "third"]
        assert [stranger.next() for _ in range(3)] == ["first", "zweite Nachricht ☥", "third"]
        assert one.next() == "third"


def test_chat_refuses_what_is_no_message_and_forgets_old_ones() -> None:
    with running("chat.py") as example, contextlib.closing(example.connect()) as connection:
        assert example.ask("/messages", "POST", b"\xff").status == 400
        assert example.ask("/messages", "POST", b"x" * 1001).status == 413
        for number in range(102):
            say(example, str(number))
        hearer = Hearer(connection)
        assert [hearer.next() for _ in range(100)] == [str(number) for number in range(2, 102)]


def test_not_found() -> None:
    with running("not_found.py") as example:
        assert example.ask("/").status == 200
        answer = example.ask("/no%3Cscript%3E/where?")
        assert (answer.status, answer.fields["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert "There is no <code>/no&lt;script&gt;/where</code>" in answer.text
        assert example.ask("/%FF").text.count("\ufffd") == 1
        refused = example.ask("/", "DELETE")
        assert (refused.status, refused.fields["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_redirect() -> None:
    with running("redirect.py") as example:
        answer = example.ask("/tomb/golden-scarab?room=3")
        assert (answer.status, answer.fields["Location"]) == (308, "/treasure/golden-scarab?room=3")
        for name in ("%2F%2Felsewhere.example", "%5C%5Celsewhere.example", "a%0D%0AX:%20y", "%FF"):
            assert example.ask(f"/tomb/{name}").fields["Location"] == f"/treasure/{name.replace(':', '%3A')}"
        assert example.ask(answer.fields["Location"]).content == b"You found the golden-scarab!\n"
        form = example.ask("/finds", "POST", b"name=cat")
        assert (form.status, form.fields["Location"]) == (303, "/thanks")
        assert example.ask("/thanks").content == b"Thank you for telling.\n"
