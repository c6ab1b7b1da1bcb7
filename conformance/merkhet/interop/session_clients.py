"""The clients that speak WebSocket: websockets, aiohttp, ws for Node.js and Chromium. Each is loaded only when it is asked."""

from __future__ import annotations

import asyncio
import base64
import functools
import importlib
import importlib.resources
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from typing import Any, cast

from merkhet.interop.clients import version_of, words
from merkhet.interop.conversation import PATIENCE_SECONDS, NotMineError
from merkhet.interop.session import Heard, Message, Said, Session, SocketClient

RUN_SECONDS_MAX = 3 * PATIENCE_SECONDS
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def socket_url(base: str, path: str) -> str:
    """Return the URL of a WebSocket on the server whose scheme and authority are `base`."""
    return base.replace("http", "ws", 1) + path


class _Told:
    """What a client has heard so far, so that it is told too where the client then fails."""

    def __init__(self) -> None:
        self.protocol = ""
        self.extensions = ""
        self.messages: list[Message] = []

    def heard(self, code: int | None = None, reason: str | None = "", error: str = "") -> Heard:
        return Heard(
            protocol=self.protocol,
            extensions=self.extensions,
            messages=tuple(self.messages),
            code=code,
            reason=reason or "",
            error=error,
        )


class Websockets:
    """websockets, its client for asyncio."""

    name = "websockets"

    def version(self) -> str:
        """Return its version."""
        return version_of("websockets")

    def listen(self, base: str, session: Session) -> Heard:
        """Hold the session."""
        return asyncio.run(self._listen(socket_url(base, session.path), session))

    async def _listen(self, url: str, session: Session) -> Heard:
        client: Any = importlib.import_module("websockets.asyncio.client")
        told = _Told()
        try:
            async with asyncio.timeout(2 * PATIENCE_SECONDS):
                socket = await client.connect(
                    url, subprotocols=session.protocols or None, compression="deflate" if session.compress else None,
                    additional_headers=dict(session.fields), proxy=None, open_timeout=PATIENCE_SECONDS,
                    close_timeout=PATIENCE_SECONDS,
                )  # fmt: skip
                told.protocol = socket.subprotocol or ""
                told.extensions = socket.response.headers.get("Sec-WebSocket-Extensions", "")
                await self._speak(socket, session, told)
        except Exception as problem:  # noqa: BLE001 - whatever it raises is what it says of the server
            return told.heard(error=words(problem))
        return told.heard(socket.close_code, socket.close_reason)

    async def _speak(self, socket: Any, session: Session, told: _Told) -> None:  # noqa: ANN401 - of websockets
        for said in session.says:
            await socket.send(said)
        if session.ping is not None:
            await (await socket.ping(session.ping))
        for _ in range(session.awaits):
            told.messages.append(await socket.recv())
        if session.closes is not None:
            await socket.close(*session.closes)
        await socket.wait_closed()


class AiohttpSocket:
    """aiohttp, which reads frames with its own C or Python."""

    name = "aiohttp"

    def version(self) -> str:
        """Return its version."""
        return version_of("aiohttp")

    def listen(self, base: str, session: Session) -> Heard:
        """Hold the session."""
        if any(isinstance(said, tuple) for said in session.says):
            raise NotMineError("aiohttp sends no fragments")
        return asyncio.run(self._listen(socket_url(base, session.path), session))

    async def _listen(self, url: str, session: Session) -> Heard:
        aiohttp: Any = importlib.import_module("aiohttp")
        told = _Told()
        try:
            async with asyncio.timeout(2 * PATIENCE_SECONDS), aiohttp.ClientSession() as http:
                socket = await http.ws_connect(
                    url, protocols=session.protocols, compress=15 if session.compress else 0, headers=dict(session.fields),
                    autoping=session.ping is None,
                )  # fmt: skip
                told.protocol = socket.protocol or ""
                told.extensions = "permessage-deflate" if socket.compress else ""
                return await self._speak(aiohttp.WSMsgType, socket, session, told)
        except Exception as problem:  # noqa: BLE001 - whatever it raises is what it says of the server
            return told.heard(error=words(problem))

    async def _speak(self, kinds: Any, socket: Any, session: Session, told: _Told) -> Heard:  # noqa: ANN401 - of aiohttp
        for said in session.says:
            await (socket.send_str(said) if isinstance(said, str) else socket.send_bytes(said))
        awaited = session.awaits
        if session.ping is not None:
            await socket.ping(session.ping)
            awaited += 1
        for _ in range(awaited if session.closes is not None else awaited + 1):
            came = await socket.receive(timeout=PATIENCE_SECONDS)
            if came.type in {kinds.TEXT, kinds.BINARY}:
                told.messages.append(came.data)
            elif came.type is not kinds.PONG or came.data != session.ping:
                return told.heard(socket.close_code, came.extra, error=self._unexpected(came, session))
        if session.closes is not None:
            await socket.close(code=session.closes[0], message=session.closes[1].encode())
        return told.heard(socket.close_code)

    def _unexpected(self, came: Any, session: Session) -> str:  # noqa: ANN401 - a message of aiohttp
        if isinstance(came.data, Exception):
            return words(came.data)
        return "" if session.closes is None and came.type.name == "CLOSE" else f"a {came.type.name} came: {came.data!r}"


@functools.cache
def _script() -> str:
    return (importlib.resources.files("merkhet.interop") / "session.js").read_text(encoding="utf-8")


def _written(said: Said) -> dict[str, list[str]]:
    pieces = said if isinstance(said, tuple) else (said,)
    texts = [piece for piece in pieces if isinstance(piece, str)]
    return {"text": texts} if texts else {"binary": [_base64(piece) for piece in pieces if isinstance(piece, bytes)]}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _asked(base: str, session: Session) -> dict[str, object]:
    """Return the session as `session.js` is asked for it."""
    return {
        "url": socket_url(base, session.path),
        "fields": dict(session.fields),
        "protocols": list(session.protocols),
        "compress": session.compress,
        "says": [_written(said) for said in session.says],
        "ping": None if session.ping is None else _base64(session.ping),
        "awaits": session.awaits,
        "closes": None if session.closes is None else list(session.closes),
        "patience": PATIENCE_SECONDS,
    }


def _read(told: Mapping[str, Any]) -> Heard:
    """Return what `session.js` told."""
    messages = cast("list[dict[str, list[str]]]", told["messages"])
    return Heard(
        protocol=told["protocol"],
        extensions=told["extensions"],
        messages=tuple(one["text"][0] if "text" in one else base64.b64decode(one["binary"][0]) for one in messages),
        code=told["code"],
        reason=told["reason"],
        error=told["error"],
    )


_NODE = """
const { WebSocket } = require('ws');
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk)).on('end', async () => {
  const asked = JSON.parse(Buffer.concat(chunks));
  const options = { headers: asked.fields, perMessageDeflate: asked.compress };
  const heard = await hold(() => new WebSocket(asked.url, asked.protocols, options), asked);
  process.stdout.write(JSON.stringify(heard), () => process.exit(0));
});
"""


class NodeWs:
    """ws for Node.js. Node.js looks for it from the working directory upwards, and where NODE_PATH says."""

    name = "ws"

    def version(self) -> str:
        """Return its version."""
        program = shutil.which("node")
        if program is None:
            return ""
        asked = [program, "-p", "require('ws/package.json').version"]
        told = subprocess.run(asked, capture_output=True, text=True, check=False)
        return told.stdout.strip() if told.returncode == 0 else ""

    def listen(self, base: str, session: Session) -> Heard:
        """Hold the session in a process of its own."""
        run = subprocess.run(
            [shutil.which("node") or "node", "-e", _script() + _NODE], input=json.dumps(_asked(base, session)),
            capture_output=True, text=True, check=False, timeout=RUN_SECONDS_MAX,
        )  # fmt: skip
        if run.returncode != 0:
            raise RuntimeError(f"node: {run.stderr.strip()[-300:]}")
        return _read(json.loads(run.stdout))


class Chromium:
    """Chromium, driven by playwright: the page is one of the server's, so that Origin is the server's too."""

    name = "chromium"

    def version(self) -> str:
        """Return its version. It needs both, the browser and playwright."""
        program = self._program()
        if program is None or not version_of("playwright"):
            return ""
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.split()
        return next((word for word in told if word[0].isdigit()), "")

    def _program(self) -> str | None:
        return next((found for found in map(shutil.which, BROWSERS) if found is not None), None)

    def _flags(self) -> list[str]:
        # A browser has no right to a sandbox as root.
        return ["--no-proxy-server", "--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]

    def listen(self, base: str, session: Session) -> Heard:
        """Hold the session in a browser of its own."""
        if session.fields or session.ping is not None:
            raise NotMineError("a page sets no fields, and sends no pings")
        if any(isinstance(said, tuple) for said in session.says):
            raise NotMineError("a page sends no fragments")
        playwright: Any = importlib.import_module("playwright.sync_api")
        held = f"(asked) => {{ {_script()} return hold(() => new WebSocket(asked.url, asked.protocols), asked); }}"
        with tempfile.TemporaryDirectory(prefix="merkhet-chromium-") as folder, playwright.sync_playwright() as started:
            environment = {**os.environ, "TMPDIR": folder, "HOME": folder}
            browser = started.chromium.launch(executable_path=self._program(), args=self._flags(), env=environment)
            page = browser.new_page()
            try:
                # Choice: a page of the server's own, for a page from elsewhere may not speak to a loopback address.
                page.goto(base + "/")
                return _read(page.evaluate(held, _asked(base, session)))
            except Exception as problem:  # noqa: BLE001 - whatever it raises is what it says of the server
                return Heard(error=words(problem))
            finally:
                browser.close()


SOCKET_CLIENTS: Mapping[str, SocketClient] = {
    client.name: client for client in (Websockets(), AiohttpSocket(), NodeWs(), Chromium())
}
