"""The clients: aiohttp, httpx, requests and curl. Each is loaded only when it is asked, and told the same."""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from merkhet.interop.conversation import PATIENCE_SECONDS, Call, Client, Got, NotMineError
from merkhet.interop.sans_io import H11

PIECE_BYTES = 65536


def version_of(distribution: str) -> str:
    """Return the version of an installed distribution, "" if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def pieces_of(content: bytes) -> Iterator[bytes]:
    """Yield a content in pieces, so that a client cannot know its length."""
    for at in range(0, len(content), PIECE_BYTES):
        yield content[at : at + PIECE_BYTES]


def path_of(url: str) -> str:
    """Return path and query of a URL."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def words(problem: BaseException) -> str:
    """Say what a client raised."""
    return f"{type(problem).__name__}: {problem}"[:300]


def _what_is_sent(call: Call) -> tuple[bytes | Iterator[bytes] | None, dict[str, tuple[str, bytes]] | None]:
    """Return content and files of a call as requests and httpx want them."""
    data = pieces_of(call.content) if call.chunked and call.content is not None else call.content
    return data, dict(call.form) if call.form else None


class Requests:
    """requests, which is urllib3 and the standard library's reader of answers."""

    name = "requests"

    def version(self) -> str:
        """Return its version."""
        return version_of("requests")

    def talk(self, base: str, calls: Sequence[Call]) -> list[Got]:
        """Make the calls in one session."""
        requests: Any = importlib.import_module("requests")
        with requests.Session() as session:
            session.trust_env = False
            return [self._one(session, base, call) for call in calls]

    def _one(self, session: Any, base: str, call: Call) -> Got:  # noqa: ANN401 - a session of requests
        if call.expects:
            raise NotMineError("requests does not wait for a 100")
        data, files = _what_is_sent(call)
        try:
            response = session.request(
                call.method, base + call.path, headers=dict(call.fields), data=data, files=files,
                allow_redirects=call.follows, timeout=PATIENCE_SECONDS,
            )  # fmt: skip
        except Exception as problem:  # noqa: BLE001 - whatever it raises is what it says of the answer
            return Got(error=words(problem))
        if response.status_code < 200:
            raise NotMineError("requests takes an interim answer for the final one")
        return Got(
            status=response.status_code,
            fields=tuple(response.headers.items()),
            content=response.content,
            path=path_of(response.url),
        )


class Httpx:
    """httpx, which is httpcore and h11."""

    name = "httpx"

    def version(self) -> str:
        """Return its version."""
        return version_of("httpx")

    def talk(self, base: str, calls: Sequence[Call]) -> list[Got]:
        """Make the calls in one client."""
        httpx: Any = importlib.import_module("httpx")
        with httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False) as client:
            return [self._one(client, base, call) for call in calls]

    def _one(self, client: Any, base: str, call: Call) -> Got:  # noqa: ANN401 - a client of httpx
        if call.expects:
            raise NotMineError("httpx does not wait for a 100")
        data, files = _what_is_sent(call)
        try:
            response = client.request(
                call.method, base + call.path, headers=dict(call.fields), content=data, files=files,
                follow_redirects=call.follows,
            )  # fmt: skip
        except Exception as problem:  # noqa: BLE001 - whatever it raises is what it says of the answer
            return Got(error=words(problem))
        return Got(
            status=response.status_code,
            fields=tuple(response.headers.multi_items()),
            content=response.content,
            path=path_of(str(response.url)),
        )


class Aiohttp:
    """aiohttp, which reads answers with llhttp or with its own Python."""

    name = "aiohttp"

    def version(self) -> str:
        """Return its version."""
        return version_of("aiohttp")

    def talk(self, base: str, calls: Sequence[Call]) -> list[Got]:
        """Make the calls in one session."""
        return asyncio.run(self._talk(base, calls))

    async def _talk(self, base: str, calls: Sequence[Call]) -> list[Got]:
        aiohttp: Any = importlib.import_module("aiohttp")
        timeout = aiohttp.ClientTimeout(total=2 * PATIENCE_SECONDS, sock_read=PATIENCE_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            return [await self._one(aiohttp, session, base, call) for call in calls]

    async def _one(self, aiohttp: Any, session: Any, base: str, call: Call) -> Got:  # noqa: ANN401 - of aiohttp
        data: Any = call.content
        if call.form:
            data = aiohttp.FormData()
            for name, (file, content) in call.form.items():
                data.add_field(name, content, filename=file, content_type="application/octet-stream")
        elif call.chunked and call.content is not None:
            data = _later(call.content)
        encoded = importlib.import_module("yarl").URL(base + call.path, encoded=True)
        try:
            async with session.request(
                call.method, encoded, headers=dict(call.fields), data=data, allow_redirects=call.follows,
                expect100=call.expects,
            ) as response:  # fmt: skip
                content = await response.read()
        except Exception as problem:  # noqa: BLE001 - whatever it raises is what it says of the answer
            return Got(error=words(problem))
        return Got(
            status=response.status,
            fields=tuple(response.headers.items()),
            content=content,
            path=response.url.raw_path_qs,
        )


async def _later(content: bytes) -> AsyncIterator[bytes]:
    for piece in pieces_of(content):
        yield piece


_WRITE_OUT = "%{http_code} %{num_connects} %{url_effective}\n"


class Curl:
    """The program curl. All calls of a conversation are one command, so that it may keep its connection."""

    name = "curl"

    def version(self) -> str:
        """Return its version."""
        program = shutil.which("curl")
        if program is None:
            return ""
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
        return told.split()[1] if len(told.split()) > 1 else ""

    def talk(self, base: str, calls: Sequence[Call]) -> list[Got]:
        """Make the calls in one command."""
        with tempfile.TemporaryDirectory(prefix="merkhet-curl-") as name:
            folder = Path(name)
            command = [shutil.which("curl") or "curl"]
            for number, call in enumerate(calls):
                command += ["--next"] if number else []
                command += [*self._options(folder, number, call), base + call.path]
            run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
            lines = [line.split(" ", 2) for line in run.stdout.splitlines()]
            return self._all(folder, calls, lines, run)

    def _options(self, folder: Path, number: int, call: Call) -> list[str]:
        # Choice: -q and --noproxy, so that neither a user's own settings nor a proxy speaks to the server.
        options = ["-q"] if not number else []
        options += ["-sS", "--noproxy", "*", "--path-as-is", "--http1.1", "--max-time", f"{2 * PATIENCE_SECONDS:g}"]
        options += ["-o", str(folder / f"{number}.body"), "-D", str(folder / f"{number}.head"), "-w", _WRITE_OUT]
        options += ["--compressed"] if "Accept-Encoding" in call.fields else []
        options += ["-L"] if call.follows else []
        options += (
            ["-I"] if call.method == "HEAD" else ["-X", call.method] if call.method not in {"GET", "POST"} else []
        )
        fields = dict(call.fields)
        if call.content is not None:
            (folder / f"{number}.sent").write_bytes(call.content)
            options += ["--data-binary", f"@{folder / f'{number}.sent'}"]
            fields.setdefault("Content-Type", "application/octet-stream")
            fields |= {"Transfer-Encoding": "chunked"} if call.chunked else {}
            fields["Expect"] = "100-continue" if call.expects else ""
        for name, (file, content) in (call.form or {}).items():
            (folder / f"{number}.{name}").write_bytes(content)
            options += ["-F", f"{name}=@{folder / f'{number}.{name}'};filename={file};type=application/octet-stream"]
        for name, value in fields.items():
            options += ["-H", f"{name}: {value}" if value else f"{name}:"]
        return options

    def _all(
        self, folder: Path, calls: Sequence[Call], lines: list[list[str]], run: subprocess.CompletedProcess[str]
    ) -> list[Got]:
        got: list[Got] = []
        opened = 0
        for number in range(len(calls)):
            line = lines[number] if number < len(lines) else ["000", "0", ""]
            opened += int(line[1])
            failed = run.returncode != 0 and number == len(calls) - 1
            if failed or line[0] == "000":
                got.append(Got(error=f"curl: ({run.returncode}) {run.stderr.strip()}"[:300]))
                continue
            body = folder / f"{number}.body"
            head = (folder / f"{number}.head").read_bytes().decode("latin-1")
            last = head.rstrip("\r\n").split("\r\n\r\n")[-1]
            fields = (field.partition(":") for field in last.split("\r\n")[1:])
            got.append(
                Got(
                    status=int(line[0]),
                    fields=tuple((name, value.strip()) for name, _, value in fields),
                    content=body.read_bytes() if body.exists() and calls[number].method != "HEAD" else b"",
                    path=path_of(line[2]),
                    connection=opened,
                )
            )
        return got


CLIENTS: Mapping[str, Client] = {client.name: client for client in (H11(), Aiohttp(), Httpx(), Requests(), Curl())}
