"""A server of the whole contract in a few lines, one answer of which can be another: for the tests of discovery."""

from __future__ import annotations

import base64
import email.parser
import email.policy
import gzip
import json
import queue
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, Event, TextMessage
from wsproto.extensions import PerMessageDeflate

from merkhet.fixtures import FIXTURES

STREAM = "Content-Type: text/event-stream"


@dataclass(frozen=True)
class Reply:
    """A whole answer, or with `new` a change to the contract's."""

    data: bytes
    new: bytes | None = None


@dataclass
class Request:
    method: str
    path: str
    fields: str
    content: bytes

    def value(self, name: str) -> str:
        """Return the value of a field, or nothing."""
        match = re.search(rf"^{name}: (.*?)\r?$", self.fields, re.MULTILINE | re.IGNORECASE)
        return match[1] if match else ""


def answer(status: int, content: bytes = b"", *lines: str) -> Reply:
    length = [] if status == 204 else [f"Content-Length: {len(content)}"]
    return Reply("\r\n".join([f"HTTP/1.1 {status} X", *lines, *length, "", ""]).encode() + content)


def read(connection: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, content = data.partition(b"\r\n\r\n")
    line, _, fields = head.decode("latin-1").partition("\r\n")
    method, path, _ = line.split(" ")
    request = Request(method, path, fields, content)
    while len(request.content) < int(request.value("Content-Length") or 0):
        request.content += connection.recv(65536)
    return request


def edited(good: Reply, edit: Reply) -> bytes:
    """Return an answer with its content changed, and its length with it."""
    head, _, content = good.data.partition(b"\r\n\r\n")
    content = content.replace(edit.data, edit.new or b"")
    head = re.sub(rb"Content-Length: [0-9]+", b"Content-Length: %d" % len(content), head)
    return head + b"\r\n\r\n" + content


def changed(data: bytes, edit: Reply | None) -> bytes:
    return data if edit is None else data.replace(edit.data, edit.new or b"")


def spoken(path: str, event: object) -> list[Event]:
    """Return what a WebSocket of the contract says to a message."""
    if isinstance(event, BytesMessage):
        return [BytesMessage(data=event.data)]
    if not isinstance(event, TextMessage):
        return []
    if path == "/ws-serial":
        return [TextMessage(data=event.data.split(" ")[0])]
    if path == "/ws-push":
        _, count, size = event.data.split(" ")
        return [TextMessage(data=str(number).ljust(int(size))) for number in range(int(count))]
    return [TextMessage(data=event.data)]


def numbered(first: int, last: int) -> bytes:
    return b"".join(b"id: %d\ndata: event %d\n\n" % (number, number) for number in range(first, last + 1))


@dataclass
class ContractServer:
    """Handles connections. `override` sees each request first, may change it, and may answer it."""

    override: Callable[[Request], Reply | None] = lambda _: None
    stored: dict[str, bytes] = field(default_factory=dict[str, bytes])
    listeners: list[queue.Queue[bytes]] = field(default_factory=list[queue.Queue[bytes]])

    def __call__(self, connection: socket.socket) -> None:
        request = read(connection)
        if request is None:
            return
        other = self.override(request)
        if other is not None and other.new is None:
            connection.sendall(other.data)
        elif (request.method, request.path) == ("GET", "/sse-push"):
            self.listen(connection)
        elif request.path.startswith("/ws"):
            self.talk(connection, request, other)
        else:
            good = self.answer(request)
            connection.sendall(good.data if other is None else edited(good, other))

    def listen(self, connection: socket.socket) -> None:
        mine: queue.Queue[bytes] = queue.Queue()
        self.listeners.append(mine)
        connection.sendall(f"HTTP/1.1 200 X\r\n{STREAM}\r\n\r\n: listening\n\n".encode())
        connection.settimeout(0.01)
        while True:
            try:
                connection.sendall(b"data: " + mine.get(timeout=0.05) + b"\n\n")
            except queue.Empty:
                try:
                    if not connection.recv(1):
                        return
                except TimeoutError:
                    pass

    def talk(self, connection: socket.socket, request: Request, edit: Reply | None) -> None:
        """Serve a WebSocket with wsproto, and change its 101 or what it says if it is to be changed."""
        server = WSConnection(ConnectionType.SERVER)
        lines = [line.partition(": ")[::2] for line in request.fields.split("\r\n") if line]
        server.initiate_upgrade_connection([(n.encode(), v.encode()) for n, v in lines], request.path)
        names = request.value("Sec-WebSocket-Protocol").split(", ")
        is_deflate = request.path == "/ws-deflate"
        connection.sendall(
            changed(
                server.send(
                    AcceptConnection(
                        subprotocol="merkhet.two" if "merkhet.two" in names else None,
                        extensions=[PerMessageDeflate()] if is_deflate else [],
                    )
                ),
                edit,
            )
        )
        while data := connection.recv(65536):
            server.receive_data(data)
            for event in server.events():
                for said in spoken(request.path, event):
                    connection.sendall(changed(server.send(said), edit))

    def answer(self, request: Request) -> Reply:
        """Answer as the contract says."""
        path, _, query = request.path.partition("?")
        name, _, value = path.lstrip("/").partition("/")
        if request.method == "CONNECT":
            return Reply(b"HTTP/1.1 200 X\r\n\r\n")
        simple = {
            "": b"root\n",
            "sleep": value.encode(),
            "stream": b"".join(b"piece %d\n" % number for number in range(3)),
            "param": unquote(value).encode(),
        }
        if name in simple:
            return answer(200, simple[name])
        endpoint = getattr(self, name.replace("-", "_"), None)
        return endpoint(request, value, query) if endpoint else answer(404)

    def pieces(self, request: Request, value: str, query: str) -> Reply:
        return answer(200, b"".join(b"piece %d\n" % number for number in range(2)))

    def echo(self, request: Request, value: str, query: str) -> Reply:
        target = base64.b64encode(request.path.encode()).decode()
        told = {"method": request.method, "target": target, "body": "", "fields": None, "trailers": None}
        return answer(200, json.dumps(told).encode(), "Content-Type: application/json")

    def status(self, request: Request, value: str, query: str) -> Reply:
        return answer(int(value))

    def redirect(self, request: Request, value: str, query: str) -> Reply:
        return answer(302, b"", "Location: http://h/")

    def files(self, request: Request, value: str, query: str) -> Reply:
        data = FIXTURES.get(unquote(value))
        return answer(404) if data is None else answer(200, data)

    def text(self, request: Request, value: str, query: str) -> Reply:
        kind, data = "Content-Type: Text/Plain; charset=utf-8", FIXTURES["text.txt"]
        if request.value("Accept-Encoding") == "gzip":
            return answer(200, gzip.compress(data), kind, "Content-Encoding: gzip")
        return answer(200, data, kind)

    def conneg(self, request: Request, value: str, query: str) -> Reply:
        if request.value("Accept") == "text/html":
            return answer(200, b"<p>merkhet</p>\n", "Content-Type: text/html")
        return answer(200, b'{"name":"merkhet"}', "Content-Type: application/json")

    def download(self, request: Request, value: str, query: str) -> Reply:
        name = unquote(value)
        shown = f'filename="{name}"' if name.isascii() else f"filename=x; filename*=utf-8''{quote(name)}"
        return answer(200, b"download\n", f"Content-Disposition: Attachment; {shown}")

    def private(self, request: Request, value: str, query: str) -> Reply:
        if request.value("Authorization") == "Basic bWVya2hldDptZXJraGV0":
            return answer(200, b"private\n")
        return answer(401, b"", 'WWW-Authenticate: basic charset="UTF-8", realm="merkhet"')

    def trace(self, request: Request, value: str, query: str) -> Reply:
        lines = [line for line in request.fields.split("\r\n") if not line.startswith("Cookie")]
        content = "\r\n".join([f"{request.method} {request.path} HTTP/1.1", *lines, "", ""])
        return answer(200, content.encode(), "Content-Type: message/http")

    def events(self, request: Request, value: str, query: str) -> Reply:
        return answer(200, numbered(1, int(dict(parse_qsl(query))["n"])), STREAM)

    def sse_echo(self, request: Request, value: str, query: str) -> Reply:
        said = dict(parse_qsl(query))
        data = "".join(f"data: {line}\n" for line in said["data"].split("\n"))
        content = f"id: {said['id']}\nevent: {said['event']}\nretry: {said['retry']}\n{data}\n"
        return answer(200, f"{content}data: {said['then']}\n\n".encode(), STREAM)

    def sse_resume(self, request: Request, value: str, query: str) -> Reply:
        return answer(200, numbered(int(request.value("Last-Event-ID") or 0) + 1, 5), STREAM)

    def sse_push(self, request: Request, value: str, query: str) -> Reply:
        for listener in self.listeners:
            listener.put(request.content)
        return answer(204)

    def mutable(self, request: Request, value: str, query: str) -> Reply:
        there = value in self.stored
        if request.method == "PUT":
            self.stored[value] = request.content
            return answer(204 if there else 201)
        if request.method == "DELETE" and there:
            del self.stored[value]
            return answer(204)
        return answer(200, self.stored[value]) if there else answer(404)

    def form(self, request: Request, value: str, query: str) -> Reply:
        kind = request.value("Content-Type")
        if kind == "application/x-www-form-urlencoded":
            pairs = parse_qsl(request.content.decode(), keep_blank_values=True)
            return self.reported([list(pair) for pair in pairs], [])
        if not kind.startswith("multipart/form-data"):
            return answer(415)
        if "boundary=" not in kind:
            return answer(400)
        whole = f"Content-Type: {kind}\r\n\r\n".encode() + request.content
        parts = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(whole).iter_parts()
        fields: list[list[str]] = []
        files: list[list[str]] = []
        for part in parts:
            name, content = str(part.get_param("name", header="Content-Disposition")), part.get_payload(decode=True)
            assert isinstance(content, bytes)
            if part.get_filename():
                files.append(
                    [name, str(part.get_filename()), part.get_content_type(), base64.b64encode(content).decode()]
                )
            else:
                fields.append([name, content.decode()])
        return self.reported(fields, files)

    def reported(self, fields: list[list[str]], files: list[list[str]]) -> Reply:
        return answer(200, json.dumps({"fields": fields, "files": files}).encode(), "Content-Type: application/json")
