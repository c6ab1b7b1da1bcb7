"""A real browser, without a window, and servers for it that remember what was asked."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from merkhet_reference import Admission, Handler, Receiver, Request, Server
from merkhet_reference.http1.events import RequestHead

if TYPE_CHECKING:
    from playwright.sync_api import Browser

EXAMPLES = Path(__file__).parents[1] / "examples"
MILLISECONDS_MAX = 30_000
SECONDS_MAX = 60
FLAGS = (
    "--no-sandbox",  # which a browser has no right to as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def example(name: str) -> ModuleType:
    """Load an example, to be served within this process."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def a_browser(folder: Path) -> Generator[Browser, None, None]:
    """Start a browser that has nothing of anybody's: profile, cache and downloads are in `folder`, all of them fresh."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (tox -e browser has it)"
    )
    program = next((found for found in map(shutil.which, PROGRAMS) if found is not None), None)
    if program is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    environment = {**os.environ, "TMPDIR": str(folder), "HOME": str(folder)}
    with playwright.sync_playwright() as started:
        browser: Browser = started.chromium.launch(
            executable_path=program, args=list(FLAGS), env=environment, downloads_path=folder
        )
        try:
            yield browser
        finally:
            browser.close()


class Served:
    """A handler that remembers the head of each request before it passes it on. Its `url` has no slash at the end."""

    def __init__(self, handler: Handler) -> None:
        self.heads: list[RequestHead] = []
        self.url = ""
        self._handler = handler
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Receiver | None:
        with self._lock:
            self.heads.append(request.head)
        return self._handler(request)

    def admit(self, head: RequestHead) -> Admission:
        admit: Callable[[RequestHead], Admission] | None = getattr(self._handler, "admit", None)
        return Admission() if admit is None else admit(head)

    def values(self, path: bytes, name: bytes) -> list[bytes | None]:
        """What each request for a path said in a field."""
        with self._lock:
            return [head.fields.get(name) for head in self.heads if head.target.path == path]


@contextlib.contextmanager
def serving(handler: Handler) -> Generator[Served, None, None]:
    """Serve, and yield what remembers."""
    served = Served(handler)
    with Server(served).running() as server:
        served.url = f"http://127.0.0.1:{server.address[1]}"
        yield served


def make_video(path: Path, seconds: int) -> None:
    """Make a real video, red in its first half and blue in its second, with noise so that it is some megabytes large."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("there is no ffmpeg to make a video: apt-get install ffmpeg")
    halves = [f"color=c={color}:s=320x240:r=25:d={seconds / 2}" for color in ("red", "blue")]
    filters = f"{halves[0]}[first];{halves[1]}[second];[first][second]concat,noise=alls=25:allf=t,format=yuv420p"
    command = [
        "ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", filters, "-threads", "1",
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "24", "-g", "25", "-movflags", "+faststart", str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=SECONDS_MAX)
