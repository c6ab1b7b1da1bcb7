"""What a browser makes of the reference: it plays and seeks, hears events again, keeps names, and sends files."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser_rig import MILLISECONDS_MAX, Served, a_browser, example, make_video, serving

from merkhet_reference import EventStream, FileServer, Handler

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

NAME = "Ägypten, das „Land“ ☥ 王 #1 100%.bin"
NOISE = bytes(range(256)) * 2000
VIDEO_SECONDS = 60

HOSTILE_NAMES = (
    "<img src=x onerror=alert(1)>.txt", "\" onclick=\"alert(1)", "'><script>alert(1)<", "javascript:alert(1)",
    "&lt;b&gt; &amp.txt", "a?b#c%2e%2e.txt", "a..b.txt", "%2e%2e%2fb.txt", "a;b=c d+e.txt", "a\u202etxt.exe", "ü\u0308 é.txt",
)  # fmt: skip
"""Names that are markup, references, schemes or dots to whoever does not encode them."""

Serve = Callable[[Handler], Served]

PLAY = """async () => {
  const video = document.querySelector("video");
  if (video.readyState < 1) await new Promise((done) => { video.onloadedmetadata = done; });
  video.muted = true;
  await video.play();
  while (video.currentTime === 0) await new Promise((done) => { video.ontimeupdate = done; });
  return [video.duration, video.videoWidth, video.videoHeight];
}"""

SEEK = """async (seconds) => {
  const video = document.querySelector("video");
  const done = new Promise((done) => { video.onseeked = done; });
  video.currentTime = seconds;
  await done;
}"""

PIXEL = """() => {
  const video = document.querySelector("video");
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.drawImage(video, 0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
}"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Generator[Browser, None, None]:
    with a_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def serve() -> Generator[Serve, None, None]:
    with contextlib.ExitStack() as servers:
        yield lambda handler: servers.enter_context(serving(handler))


@pytest.fixture
def open_page(browser: Browser, serve: Serve) -> Generator[Callable[[], Page], None, None]:
    """Opens pages with cookies, cache and storage of their own; whatever goes wrong in one of them fails the test.

    It asks for `serve` so that a browser has ended its connections before the server waits for them to end.
    """
    faults: list[str] = []
    with contextlib.ExitStack() as contexts:

        def new_page() -> Page:
            context = contexts.enter_context(browser.new_context())
            context.set_default_timeout(MILLISECONDS_MAX)
            opened = context.new_page()
            opened.on("pageerror", lambda error: faults.append(str(error)))
            opened.on("dialog", lambda dialog: faults.append(dialog.message))
            return opened

        yield new_page
    assert faults == []


@pytest.fixture
def page(open_page: Callable[[], Page]) -> Page:
    return open_page()


def picture(page: Page) -> str:
    """What the video shows now."""
    red, _, blue, _ = page.evaluate(PIXEL)
    return "red" if red > blue + 50 else "blue" if blue > red + 50 else "neither"


def spans(responses: list[Response], length: int) -> list[tuple[int, int]]:
    """The positions that each 206 says it has; those of another length, or with another Content-Length, have none."""
    found: list[tuple[int, int]] = []
    for response in responses:
        match = re.fullmatch(rf"bytes (\d+)-(\d+)/{length}", response.headers["content-range"])
        assert match is not None
        first, last = int(match[1]), int(match[2])
        assert int(response.headers["content-length"]) == last - first + 1
        found.append((first, last))
    return found


def test_a_video_plays_and_is_sought(page: Page, serve: Serve, tmp_path: Path) -> None:
    make_video(tmp_path / "sample.mp4", VIDEO_SECONDS)
    length = (tmp_path / "sample.mp4").stat().st_size
    partial: list[Response] = []
    page.on("response", lambda response: partial.append(response) if response.status == 206 else None)
    served = serve(example("video").application(tmp_path))
    page.goto(served.url)
    assert page.evaluate(PLAY) == [VIDEO_SECONDS, 320, 240]
    assert picture(page) == "red"
    before = len(partial)
    page.evaluate(SEEK, VIDEO_SECONDS * 0.75)
    assert page.evaluate("document.querySelector('video').currentTime") >= VIDEO_SECONDS * 0.75
    assert picture(page) == "blue"
    # A browser may go on with what it had begun to read before; what it seeks is asked for beside that.
    sought = [first for first, last in spans(partial[before:], length) if last == length - 1]
    near = [first for first in sought if length * 0.7 < first < length * 0.8]
    assert near
    assert f"bytes={near[0]}-".encode() in served.values(b"/video/sample", b"Range")


def wait_for_texts(page: Page, count: int) -> list[str]:
    """Return the messages that the page shows, once there are so many of them."""
    page.wait_for_function("(count) => document.querySelectorAll('#messages li').length >= count", arg=count)
    return page.locator("#messages li").all_text_contents()


def say(page: Page, text: str) -> None:
    page.get_by_label("Message").fill(text)
    with page.expect_response("**/messages"):
        page.get_by_role("button", name="Send").click()


def cut(stream: EventStream) -> None:
    """Break a stream off, as a network does."""
    stream.writer.cut()


@pytest.mark.parametrize("end", [EventStream.close, cut], ids=["ended", "cut"])
def test_events_are_neither_lost_nor_doubled(
    open_page: Callable[[], Page], serve: Serve, end: Callable[[EventStream], None]
) -> None:
    module = example("chat")
    chat = module.Chat()
    served = serve(module.application(chat))
    page, other = open_page(), open_page()
    page.goto(served.url)
    other.goto(served.url)
    say(page, "one")
    say(other, "zwei ☥ <b>")
    expected = ["one", "zwei ☥ <b>"]
    assert wait_for_texts(page, 2) == wait_for_texts(other, 2) == expected
    other.close()
    for number in range(3):
        # What is said right after the end is missed; what is said once that has come is heard as ever.
        for stream in chat.hearers:
            end(stream)
        for text in (f"missed {number}", f"heard {number}"):
            say(page, text)
            expected.append(text)
            assert wait_for_texts(page, len(expected)) == expected
    came_back = served.values(b"/events", b"Last-Event-ID")[2:]
    run = (came_back[0] or b"").rpartition(b"-")[0]
    assert came_back == [run + b"-2", run + b"-4", run + b"-6"]


def test_pages_hear_each_other_over_websockets(open_page: Callable[[], Page], serve: Serve) -> None:
    module = example("room")
    room = module.Room()
    served = serve(module.application(room))
    page, other = open_page(), open_page()
    for each, text in ((page, "1 here"), (other, "2 here")):
        each.goto(served.url)
        each.get_by_text(text, exact=True).first.wait_for()
    long = "Ägypten ☥ " * 50
    for speaking, text in ((page, "one"), (other, long.strip())):
        speaking.get_by_role("textbox").fill(text)
        speaking.get_by_role("button", name="Send").click()
        for each in (page, other):
            each.get_by_text(text, exact=True).wait_for()
    assert all(websocket.is_compressed for websocket in room.here), "Chromium offers permessage-deflate"
    room.here.close(4000, "the room is closed")
    for each in (page, other):
        each.get_by_text("closed: 4000 the room is closed").wait_for()
    page.get_by_text("connected", exact=True).wait_for()
    other.close()
    page.get_by_text("1 here", exact=True).nth(1).wait_for()


def test_a_download_keeps_its_name_and_octets(page: Page, serve: Serve) -> None:
    url = serve(example("attachment").application()).url
    for path, name in (("/source", "Grüße aus der Gruft.py"), ("/rulers.csv", "Könige, 王.csv")):
        with page.expect_download() as waiting:
            page.evaluate("(url) => { location.href = url; }", url + path)
        assert waiting.value.suggested_filename == name
        assert Path(waiting.value.path()).read_bytes() == page.request.get(url + path).body()


def test_a_form_sends_files(page: Page, serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "to").mkdir()
    (tmp_path / "from" / NAME).write_bytes(NOISE)
    (tmp_path / "from" / "empty.txt").write_bytes(b"")
    page.goto(serve(example("upload").application(tmp_path / "to")).url)
    page.get_by_label("Comment").fill("<script>alert(1)</script> ☥")
    page.get_by_label("Files").set_input_files([tmp_path / "from" / NAME, tmp_path / "from" / "empty.txt"])
    page.get_by_role("button", name="Send").click()
    page.get_by_text("empty.txt: 0 octets").wait_for()
    assert page.get_by_text(f"{NAME}: {len(NOISE)} octets").count() == 1
    assert page.get_by_text("<script>alert(1)</script> ☥").count() == 1
    assert {path.name: path.read_bytes() for path in (tmp_path / "to").iterdir()} == {NAME: NOISE, "empty.txt": b""}


def test_every_link_of_a_folder_leads_to_its_file(page: Page, serve: Serve, tmp_path: Path) -> None:
    for name in HOSTILE_NAMES:
        (tmp_path / name).write_text(f"I am {name}", encoding="utf-8")
    page.goto(serve(FileServer(tmp_path)).url)
    # Where the browser itself would go. No script on this page may fetch it, nor is there any.
    references = page.evaluate("[...document.querySelectorAll('tbody a')].map((link) => link.href)")
    answers = [page.request.get(reference) for reference in references]
    told = sorted((answer.status, answer.text()) for answer in answers)
    assert told == sorted((200, f"I am {name}") for name in HOSTILE_NAMES)


def test_a_file_is_saved_from_a_folder(page: Page, serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "Häuser").mkdir()
    (tmp_path / "Häuser" / NAME).write_bytes(NOISE)
    page.goto(serve(FileServer(tmp_path)).url)
    page.get_by_role("link", name="Häuser").click()
    page.wait_for_url("**/H%C3%A4user/")
    with page.expect_download() as waiting:
        page.get_by_role("link", name=NAME).click()
    assert waiting.value.suggested_filename == NAME
    assert Path(waiting.value.path()).read_bytes() == NOISE
    with page.expect_download() as waiting:
        page.evaluate("() => { location.href = document.querySelector('tbody a').href + '?download'; }")
    assert waiting.value.suggested_filename == NAME


@pytest.mark.parametrize("width", [320, 1280])
def test_a_page_of_a_folder_fits_and_follows_the_theme(page: Page, serve: Serve, tmp_path: Path, width: int) -> None:
    (tmp_path / ("a-very-long-name-" * 12 + ".txt")).write_bytes(NOISE)
    (tmp_path / "short.txt").write_bytes(b"x")
    os.utime(tmp_path / "short.txt", (0, 0))
    colors: set[str] = set()
    page.set_viewport_size({"width": width, "height": 640})
    page.goto(serve(FileServer(tmp_path)).url)
    page.emulate_media(color_scheme="light")
    colors.add(page.evaluate("getComputedStyle(document.body).color"))
    page.emulate_media(color_scheme="dark")
    colors.add(page.evaluate("getComputedStyle(document.body).color"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert len(colors) == 2
