"""h11 as a client: sockets are ours, every octet that comes is read by h11, and what it refuses it says."""

from __future__ import annotations

import gzip
import importlib
import importlib.metadata
import socket
import ssl
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

from merkhet.interop.conversation import PATIENCE_SECONDS, Call, Got, NotMineError

REDIRECTS_MAX = 5
RECEIVE_BYTES = 65536


class H11:
    """A client of h11 alone. It keeps its connection as long as h11 says that it may."""

    name = "h11"

    def version(self) -> str:
        """Return its version, "" if it is not installed."""
        try:
            return importlib.metadata.version("h11")
        except importlib.metadata.PackageNotFoundError:
            return ""

    def talk(self, base: str, calls: Sequence[Call]) -> list[Got]:
        """Make the calls, on one connection while it lasts."""
        with _Talk(base) as talk:
            return [talk.answer(call) for call in calls]


class _Talk:
    """A connection that is opened again when it has to be, and h11's view of it."""

    def __init__(self, base: str) -> None:
        self._h11: Any = importlib.import_module("h11")
        self._base = urlsplit(base)
        self._socket: socket.socket | None = None
        self._state: Any = None
        self._opened = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket is not None:
            self._socket.close()

    def answer(self, call: Call) -> Got:
        """Return the answer to a call, redirects followed if it says so."""
        if call.form is not None:
            raise NotMineError("h11 writes no forms")
        path = call.path
        for _ in range(REDIRECTS_MAX):
            got = self._one(call, path)
            location = got.value("Location")
            if not call.follows or got.status not in {301, 302, 303, 307, 308} or location is None:
                return got
            path = urlsplit(urljoin(self._base.geturl() + path, location)).path
        return Got(error=f"more than {REDIRECTS_MAX} redirects")

    def _one(self, call: Call, path: str) -> Got:
        try:
            self._open()
            return replace(self._ask(call, path), path=path)
        except (self._h11.RemoteProtocolError, OSError, EOFError, zlib.error) as problem:
            self._drop()
            return Got(error=f"{type(problem).__name__}: {problem}"[:300])

    def _open(self) -> None:
        if self._state is not None and self._state.our_state is self._h11.DONE:
            try:
                self._state.start_next_cycle()
            except self._h11.LocalProtocolError:
                self._drop()
        if self._socket is not None:
            return
        host, secure = self._base.hostname or "", self._base.scheme == "https"
        plain = socket.create_connection((host, self._base.port or (443 if secure else 80)), PATIENCE_SECONDS)
        self._socket = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if secure else plain
        self._state = self._h11.Connection(self._h11.CLIENT)
        self._opened += 1

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = self._state = None

    def _send(self, event: Any) -> None:  # noqa: ANN401 - an event of h11
        data = self._state.send(event)
        if data and self._socket is not None:
            self._socket.sendall(data)

    def _ask(self, call: Call, path: str) -> Got:
        fields = {"Host": self._base.netloc, **call.fields}
        if call.content is not None:
            fields |= {"Transfer-Encoding": "chunked"} if call.chunked else {"Content-Length": str(len(call.content))}
            fields |= {"Expect": "100-continue"} if call.expects else {}
        self._send(self._h11.Request(method=call.method, target=path, headers=list(fields.items())))
        early = self._next() if call.expects else None
        waits = early is None or isinstance(early, self._h11.InformationalResponse)
        if call.content and waits:
            self._send(self._h11.Data(data=call.content))
        if waits:
            self._send(self._h11.EndOfMessage())
        return self._read(None if waits else early)

    def _next(self) -> Any:  # noqa: ANN401 - an event of h11
        while (event := self._state.next_event()) is self._h11.NEED_DATA:
            if self._socket is None:
                raise ConnectionError("no connection")
            self._state.receive_data(self._socket.recv(RECEIVE_BYTES))
        return event

    def _read(self, head: Any) -> Got:  # noqa: ANN401 - an event of h11
        content = bytearray()
        while not isinstance(head, self._h11.Response):
            head = self._next()
            if isinstance(head, self._h11.ConnectionClosed):
                raise EOFError("the connection closed without an answer")  # noqa: TRY004 - no type is wrong
        while not isinstance(event := self._next(), self._h11.EndOfMessage):
            content += event.data
        fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers)
        got = Got(status=head.status_code, fields=fields, content=bytes(content), connection=self._opened)
        if (got.value("Content-Encoding") or "").lower() == "gzip" and content:
            return Got(
                status=got.status, fields=fields, content=gzip.decompress(bytes(content)), connection=self._opened
            )
        return got
