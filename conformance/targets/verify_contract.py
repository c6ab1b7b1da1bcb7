"""Hold targets against docs/contract.md, over raw sockets. Usage: python verify_contract.py [NAME ...]

Without names, every target here. `reference` names the embedded server. A target whose server is not installed is
skipped, and says so. Exit status 0 if every claim holds, 1 if one does not, 2 if nothing could be started.
This holds the *apps* to the contract, with requests that no server disputes; what servers dispute is the harness's work.
"""

from __future__ import annotations

import base64
import http.client
import gzip
import json
import re
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _launch
from _sockets import SOCKET_CLAIMS

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole response: status, fields with lower-cased names, content."""

    status: int
    fields: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Client:
    """Sends bytes to one target and reads the answers."""

    port: int
    endpoints: Mapping[str, str]

    def path(self, endpoint: str, *values: str) -> str:
        """Return an endpoint's path, these values in place of its braces."""
        given = iter(values)
        return re.sub(r"\{[^{}]*\}", lambda _: next(given), self.endpoints[endpoint])

    def head(self, method: str, target: str, *lines: str) -> bytes:
        """Return a request head with these further field lines."""
        return "".join(
            f"{line}\r\n" for line in (f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", *lines, "")
        ).encode("latin-1")

    def ask(self, method: str, target: str, *lines: str, content: bytes = b"") -> Reply:
        """Send one request on a connection of its own."""
        return self.send(self.head(method, target, *lines) + content, method)[0]

    def send(self, data: bytes, *methods: str, half_close: bool = False) -> list[Reply]:
        """Send these bytes and read one answer for each method; fewer if the connection ends."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            reader = connection.makefile("rb")
            return list(_replies(reader, methods))


class _OneReader:
    """What http.client takes for a socket and for its file, so that several responses are read through one buffer."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def makefile(self, *_: object) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def close(self) -> None:
        """Stay open: http.client closes what it has read to the end."""


def _replies(reader: Any, methods: tuple[str, ...]) -> Iterator[Reply]:
    for method in methods:
        shared: Any = _OneReader(reader)
        response = http.client.HTTPResponse(shared, method=method)
        try:
            response.begin()
        except (http.client.HTTPException, ConnectionError):
            return
        length = response.length
        content = b"" if method == "HEAD" else response.read() if response.chunked else reader.read(length)
        yield Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, content)


Problems = Iterator[str]


def root(client: Client) -> Problems:
    """GET 200 with the same content each time; HEAD has its head and no content; the connection persists."""
    path = client.path("root")
    replies = client.send(
        client.head("HEAD", path) + client.head("GET", path) + client.head("GET", path + "?q=1"), "HEAD", "GET", "GET"
    )
    if [reply.status for reply in replies] != [200, 200, 200]:
        yield f"HEAD, GET, GET on one connection gave {[reply.status for reply in replies]}"
        return
    head, first, second = replies
    if not first.content or first.content != second.content:
        yield f"two GETs gave {first.content!r} and {second.content!r}"
    if head.fields.get("content-length") != str(len(first.content)):
        yield f"HEAD says Content-Length {head.fields.get('content-length')}, GET has {len(first.content)} bytes"


def _octets(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)


def echo_document(client: Client) -> Problems:
    """The echo tells method, target, fields and content as they were sent, or null."""
    target = client.path("echo") + "?a=%41&b"
    lines = ("X-First: one", "Content-Length: 5", 'x-second: a  b;"c"')
    reply = client.ask("PUT", target, *lines, content=b"h\x00\xff\r\n")
    if reply.status != 200 or not reply.fields.get("content-type", "").startswith("application/json"):
        yield f"PUT gave {reply.status} {reply.fields.get('content-type')}"
        return
    document = json.loads(reply.content)
    if set(document) != {"method", "target", "fields", "body", "trailers"}:
        yield f"the document's names are {sorted(document)}"
        return
    if document["method"] != "PUT":
        yield f"method is {document['method']!r}"
    if document["target"] is not None and _octets(document["target"]) != target.encode():
        yield f"target is {_octets(document['target'])!r}"
    if _octets(document["body"]) != b"h\x00\xff\r\n":
        yield f"body is {_octets(document['body'])!r}"
    if document["trailers"]:
        yield f"trailers are {document['trailers']!r}"
    if document["fields"] is not None:
        fields = [(base64.b64decode(name).lower(), base64.b64decode(value)) for name, value in document["fields"]]
        yield from (
            f"the field {name!r}: {value!r} is not among {fields}"
            for name, value in ((b"x-first", b"one"), (b"x-second", b'a  b;"c"'), (b"content-length", b"5"))
            if (name, value) not in fields
        )


def echo_chunked(client: Client) -> Problems:
    """Chunked content is decoded; a trailer stands apart or nowhere, never among the fields."""
    content = b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n"
    reply = client.ask("POST", client.path("echo"), "Transfer-Encoding: chunked", "Trailer: X-Trailer", content=content)
    if reply.status != 200:
        yield f"POST gave {reply.status}"
        return
    document = json.loads(reply.content)
    if _octets(document["body"]) != b"abcde":
        yield f"body is {_octets(document['body'])!r}"
    seen = {base64.b64decode(name).lower() for name, _ in document["fields"] or ()}
    if b"x-trailer" in seen:
        yield "the trailer was merged into the fields"
    expected: tuple[object, ...] = (
        [],
        None,
        [[base64.b64encode(b"X-Trailer").decode(), base64.b64encode(b"t").decode()]],
    )
    if document["trailers"] not in expected:
        yield f"trailers are {document['trailers']!r}"


def echo_methods(client: Client) -> Problems:
    """Any method is echoed; HEAD has no content."""
    for method in ("GET", "DELETE", "PATCH", "OPTIONS"):
        reply = client.ask(method, client.path("echo"))
        if reply.status != 200 or json.loads(reply.content)["method"] != method:
            yield f"{method} gave {reply.status} {reply.content[:80]!r}"
    replies = client.send(
        client.head("HEAD", client.path("echo")) + client.head("GET", client.path("root")), "HEAD", "GET"
    )
    if [reply.status for reply in replies] != [200, 200]:
        yield f"HEAD and a GET behind it gave {[reply.status for reply in replies]}"


def echo_broken(client: Client) -> Problems:
    """A content that breaks off, or whose chunks are none, is never answered 2xx."""
    path = client.path("echo")
    broken = {
        "a short content, half-closed": client.head("POST", path, "Content-Length: 10") + b"12345",
        "a chunk cut short, half-closed": client.head("POST", path, "Transfer-Encoding: chunked") + b"5\r\nab",
        "chunks without the last": client.head("POST", path, "Transfer-Encoding: chunked") + b"2\r\nab\r\n",
        "a chunk size of zz": client.head("POST", path, "Transfer-Encoding: chunked") + b"zz\r\nab\r\n0\r\n\r\n",
    }
    for words, data in broken.items():
        replies = client.send(data, "POST", half_close=True)
        if replies and replies[0].status < 300:
            yield f"{words}: {replies[0].status}"


def statuses(client: Client) -> Problems:
    """The status asked for; no content where the status has none."""
    for code in (200, 204, 304, 404, 500, 503):
        reply = client.ask("GET", client.path("status", str(code)))
        if reply.status != code:
            yield f"{code} gave {reply.status}"
        if code in {204, 304} and reply.content:
            yield f"{code} has content"


def sleep(client: Client) -> Problems:
    """The milliseconds as text, not before they are over."""
    start = time.monotonic()
    reply = client.ask("GET", client.path("sleep", "60"))
    if (reply.status, reply.content) != (200, b"60") or time.monotonic() - start < 0.06:
        yield f"gave {reply.status} {reply.content!r} after {time.monotonic() - start:.3f} s"


def stream(client: Client) -> Problems:
    """Numbered pieces, without a Content-Length."""
    reply = client.ask("GET", client.path("stream", "3"))
    if (reply.status, reply.content) != (200, b"piece 0\npiece 1\npiece 2\n"):
        yield f"gave {reply.status} {reply.content!r}"
    if "content-length" in reply.fields:
        yield "has a Content-Length"


def redirect(client: Client) -> Problems:
    """302 to the root."""
    reply = client.ask("GET", client.path("redirect"))
    wanted = {client.path("root"), f"http://127.0.0.1:{client.port}{client.path('root')}"}
    if reply.status != 302 or reply.fields.get("location") not in wanted:
        yield f"gave {reply.status} to {reply.fields.get('location')}"


def param(client: Client) -> Problems:
    """The value, percent-decoded once."""
    for value, wanted in (("plain", b"plain"), ("a%20b%C3%A9", b"a b\xc3\xa9"), ("%2541", b"%41"), ("a+b", b"a+b")):
        reply = client.ask("GET", client.path("param", value))
        if (reply.status, reply.content) != (200, wanted):
            yield f"{value} gave {reply.status} {reply.content!r}"


def mutable(client: Client) -> Problems:
    """Stored, replaced, read and removed."""
    path = client.path("mutable", "verify-contract")
    steps = (("GET", b"", 404), ("PUT", b"one", 201), ("GET", b"one", 200), ("PUT", b"two", 204), ("GET", b"two", 200))
    for method, content, wanted in (*steps, ("DELETE", b"", 204), ("GET", b"", 404), ("DELETE", b"", 404)):
        sent = content if method == "PUT" else b""
        reply = client.ask(method, path, f"Content-Length: {len(sent)}", content=sent)
        if reply.status != wanted or (reply.status == 200 and reply.content != content):
            yield f"{method} gave {reply.status} {reply.content[:40]!r}, not {wanted}"


def files(client: Client) -> Problems:
    """The fixture files, whole, with their length; nothing from outside the folder."""
    for name, data in _launch.FIXTURES.items():
        reply = client.ask("GET", client.path("files", quote(name)))
        if (reply.status, reply.content, reply.fields.get("content-length")) != (200, data, str(len(data))):
            yield f"{name!r} gave {reply.status}, {len(reply.content)} bytes"
    head = client.ask("HEAD", client.path("files", "merkhet.txt"))
    if head.status != 200 or head.fields.get("content-length") != str(len(_launch.FIXTURES["merkhet.txt"])):
        yield f"HEAD gave {head.status} {head.fields.get('content-length')}"
    if client.ask("GET", client.path("files", "none.txt")).status != 404:
        yield "a missing file is not 404"
    for name in ("../../../../../../../../etc/passwd", "..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd"):
        reply = client.ask("GET", client.path("files", name))
        if reply.status < 300 or b"root:" in reply.content:
            yield f"{name} gave {reply.status}"


def _kind(reply: Reply) -> str:
    return reply.fields.get("content-type", "").partition(";")[0].strip().lower()


def zipped(client: Client) -> Problems:
    """The file text.txt: as it is for identity, in gzip for who prefers that."""
    wanted = _launch.FIXTURES["text.txt"]
    plain = client.ask("GET", client.path("gzip"), "Accept-Encoding: identity")
    if (plain.status, plain.content, _kind(plain)) != (200, wanted, "text/plain"):
        yield f"identity gave {plain.status}, {len(plain.content)} bytes of {_kind(plain)}"
    coded = client.ask("GET", client.path("gzip"), "Accept-Encoding: gzip")
    if coded.fields.get("content-encoding") != "gzip" or gzip.decompress(coded.content) != wanted:
        yield f"gzip gave {coded.status} in {coded.fields.get('content-encoding')}"


def conneg(client: Client) -> Problems:
    """HTML or JSON, by Accept."""
    page = client.ask("GET", client.path("conneg"), "Accept: text/html;q=0.9, application/json;q=0.1")
    if (page.status, _kind(page), page.content.strip()) != (200, "text/html", b"<p>merkhet</p>"):
        yield f"HTML gave {page.status} {_kind(page)} {page.content!r}"
    told = client.ask("GET", client.path("conneg"), "Accept: application/json")
    if (told.status, _kind(told)) != (200, "application/json") or json.loads(told.content) != {"name": "merkhet"}:
        yield f"JSON gave {told.status} {_kind(told)} {told.content!r}"
    neither = client.ask("GET", client.path("conneg"), "Accept: image/png")
    if neither.status not in {200, 406}:
        yield f"neither gave {neither.status}"


def form(client: Client) -> Problems:
    """Fields and files in the order of the form; 415 for what is another type."""
    path, length = client.path("form"), "Content-Length: {}"
    pairs = b"b=1&a=%C3%A9+x&b="
    kind = "Content-Type: application/x-www-form-urlencoded"
    yield from _reported(
        client.ask("POST", path, kind, length.format(len(pairs)), content=pairs),
        {"fields": [["b", "1"], ["a", "\u00e9 x"], ["b", ""]], "files": []},
    )
    parts = (
        b'--B\r\nContent-Disposition: form-data; name="b"\r\n\r\none\r\n'
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="g.bin"\r\nContent-Type: image/png\r\n\r\n\x00\xff\r\n'
        b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\ntwo\r\n'
        b'--B\r\nContent-Disposition: form-data; name="b"\r\n\r\nthree\r\n--B--\r\n'
    )
    yield from _reported(
        client.ask(
            "POST", path, "Content-Type: multipart/form-data; boundary=B", length.format(len(parts)), content=parts
        ),
        {"fields": [["b", "one"], ["a", "two"], ["b", "three"]], "files": [["f", "g.bin", "image/png", "AP8="]]},
    )
    other = client.ask("POST", path, "Content-Type: text/plain", length.format(len(pairs)), content=pairs)
    if other.status != 415:
        yield f"text/plain gave {other.status}"


def _reported(reply: Reply, wanted: Mapping[str, object]) -> Problems:
    if reply.status != 200 or _kind(reply) != "application/json":
        yield f"gave {reply.status} {_kind(reply)}"
    elif json.loads(reply.content) != wanted:
        yield f"reported {reply.content!r}"


def download(client: Client) -> Problems:
    """An attachment under the name that the path ends with."""
    for name in ("plain.txt", "a b \u00e9.txt"):
        reply = client.ask("GET", client.path("download", quote(name)))
        told = reply.fields.get("content-disposition", "")
        extended = re.search(r"filename\*=utf-8''([^;]+)", told, re.IGNORECASE)
        simple = re.search(r'filename="?([^";]+)', told)
        found = unquote(extended[1]) if extended else simple[1] if simple else None
        if (reply.status, reply.content) != (200, b"download\n"):
            yield f"{name!r} gave {reply.status} {reply.content[:40]!r}"
        if not told.lower().startswith("attachment") or found != name:
            yield f"{name!r} is to be saved as {told!r}"


def auth(client: Client) -> Problems:
    """401 with a challenge, until the credentials are right."""
    wrong, right = (base64.b64encode(text).decode() for text in (b"merkhet:no", b"merkhet:merkhet"))
    for lines in ((), (f"Authorization: Basic {wrong}",), ("Authorization: Basic !",), ("Authorization: merkhet",)):
        reply = client.ask("GET", client.path("auth"), *lines)
        challenge = reply.fields.get("www-authenticate", "").lower()
        if reply.status != 401 or not challenge.startswith("basic ") or not re.search('realm="?merkhet', challenge):
            yield f"{lines} gave {reply.status} {challenge!r}"
    reply = client.ask("GET", client.path("auth"), f"Authorization: Basic {right}")
    if (reply.status, reply.content) != (200, b"private\n"):
        yield f"the credentials gave {reply.status} {reply.content!r}"


def trace(client: Client) -> Problems:
    """The request, without what is nobody's business."""
    sensitive = ("Cookie: secret=1", "Authorization: Basic secret", "Proxy-Authorization: Basic secret")
    reply = client.ask("TRACE", client.path("trace"), "X-First: one", *sensitive)
    if (reply.status, _kind(reply)) != (200, "message/http"):
        yield f"gave {reply.status} {_kind(reply)}"
    lines = reply.content.decode("latin-1").split("\r\n")
    if lines[0] != f"TRACE {client.path('trace')} HTTP/1.1":
        yield f"the first line is {lines[0]!r}"
    if "x-first: one" not in [line.lower() for line in lines]:
        yield f"the fields are {lines[1:]}"
    if b"secret" in reply.content:
        yield "fields with secrets are reflected"


def _events(content: bytes) -> list[tuple[str, str, str]]:
    """Return id, type and data of each event; comments and empty blocks left out."""
    found: list[tuple[str, str, str]] = []
    last = ""
    text = content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    for block in text.split("\n\n")[:-1]:
        lines = [line.partition(":") for line in block.split("\n")]
        fields = [(name, value.removeprefix(" ")) for name, _, value in lines if name]
        last = next((value for name, value in reversed(fields) if name == "id"), last)
        data = [value for name, value in fields if name == "data"]
        kind = next((value for name, value in reversed(fields) if name == "event"), "message")
        if data:
            found.append((last, kind, "\n".join(data)))
    return found


def _numbered(first: int, last: int) -> list[tuple[str, str, str]]:
    return [(str(number), "message", f"event {number}") for number in range(first, last + 1)]


def _streamed(reply: Reply, wanted: list[tuple[str, str, str]]) -> Problems:
    if (reply.status, _kind(reply)) != (200, "text/event-stream"):
        yield f"gave {reply.status} {_kind(reply)}"
    elif _events(reply.content) != wanted:
        yield f"gave {_events(reply.content)}, not {wanted}"


def sse(client: Client) -> Problems:
    """As many events as were asked for, not before their time."""
    yield from _streamed(client.ask("GET", client.path("sse", "0", "0")), [])
    start = time.monotonic()
    yield from _streamed(client.ask("GET", client.path("sse", "3", "40")), _numbered(1, 3))
    if not 0.08 <= time.monotonic() - start < 1:
        yield f"three events took {time.monotonic() - start:.3f} s"


def sse_echo(client: Client) -> Problems:
    """One event of the query, and a second one."""
    query = "data=a%20%C3%A9&event=kind&id=a%26b&retry=5&then=b"
    reply = client.ask("GET", client.path("sse-echo", query))
    yield from _streamed(reply, [("a&b", "kind", "a \u00e9"), ("a&b", "message", "b")])
    if not re.search(rb"^retry: ?5\r?$", reply.content, re.MULTILINE):
        yield "has no retry"


def sse_push(client: Client) -> Problems:
    """A comment at once, then what was pushed."""
    path, data = client.path("sse-push"), secrets.token_hex(8).encode()
    with socket.create_connection(("127.0.0.1", client.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(client.head("GET", path))
        got = b""
        while not re.search(rb"\r\n\r\n.*:.*\n", got, re.DOTALL):
            piece = connection.recv(65536)
            if not piece:
                yield f"the stream ended after {got!r}"
                return
            got += piece
        reply = client.ask("POST", path, f"Content-Length: {len(data)}", content=data)
        if reply.status != 204:
            yield f"POST gave {reply.status}"
            return
        while data not in got:
            piece = connection.recv(65536)
            if not piece:
                yield "the stream ended without what was pushed"
                return
            got += piece


def sse_resume(client: Client) -> Problems:
    """The events behind the one that was seen last."""
    path = client.path("sse-resume")
    yield from _streamed(client.ask("GET", path), _numbered(1, 5))
    yield from _streamed(client.ask("GET", path, "Last-Event-ID: 2"), _numbered(3, 5))
    yield from _streamed(client.ask("GET", path, "Last-Event-ID: 5"), [])
    yield from _streamed(client.ask("GET", path, "Last-Event-ID: none"), _numbered(1, 5))


CLAIMS: tuple[tuple[str, Callable[[Client], Problems]], ...] = (
    ("root", root),
    ("echo", echo_document),
    ("echo", echo_chunked),
    ("echo", echo_methods),
    ("echo", echo_broken),
    ("status", statuses),
    ("sleep", sleep),
    ("stream", stream),
    ("redirect", redirect),
    ("param", param),
    ("mutable", mutable),
    ("files", files),
    ("gzip", zipped),
    ("conneg", conneg),
    ("form", form),
    ("download", download),
    ("auth", auth),
    ("trace", trace),
    ("sse", sse),
    ("sse-echo", sse_echo),
    ("sse-push", sse_push),
    ("sse-resume", sse_resume),
    *SOCKET_CLAIMS,
)


DEPARTURES = {
    "apache": {
        "trace: fields with secrets are reflected": "the server's TRACE reflects every field, and no directive leaves some out: "
        "its own departure from the SHOULD of RFC 9110, Section 9.3.8"
    },
    "lighttpd": {
        "auth: ('Authorization: Basic !',) gave 400 ''": "credentials that are no base64 are malformed to the server: it answers "
        "400 before it asks for others, as it may (RFC 9110, Section 15.5.1)"
    },
    "tornado": {
        "echo_chunked: POST gave 400": "the server takes no trailer section: its own departure from RFC 9112, Section 7.1.2",
        'form: reported b\'{"fields": [["b", "1"], ["b", ""], ["a", "\\\\u00e9 x"]], "files": []}\'': "pairs come to the application "
        "in a dictionary, the values of one name together",
    },
    "uvicorn-httptools": {
        "echo_chunked: the trailer was merged into the fields": "the server appends trailers to the list of fields that the "
        "application already holds (NOTES.md): its own departure from RFC 9112, Section 7.1.2, and the echo's duty to show"
    },
    "websockets": {
        "root: HEAD, GET, GET on one connection gave []": "the server reads no other request than a GET, and closes behind each "
        "that opens no WebSocket",
    },
    "werkzeug": {
        "root: HEAD, GET, GET on one connection gave [200]": "the server closes behind every answer",
        "echo_methods: HEAD and a GET behind it gave [200]": "the server closes behind every answer",
        "echo_chunked: POST gave 400": "the server reads no trailer section: its own departure from RFC 9112, Section 7.1.2",
    },
}
"""What a server makes impossible for any app, and why. An entry that no longer holds is a problem too."""


def problems(name: str) -> list[str]:
    """Start the target of this name and return every claim of the contract that it breaks, known departures apart."""
    found = _broken_claims(name)
    known = DEPARTURES.get(name, {})
    return [problem for problem in found if problem not in known] + [
        f"no longer true: {departure}" for departure in known if departure not in found
    ]


def _broken_claims(name: str) -> list[str]:
    target = _launch.load(name)
    found: list[str] = []
    with _launch.running(target) as port:
        client = Client(port, target.endpoints)
        for endpoint, claim in CLAIMS:
            if endpoint not in target.endpoints:
                continue
            try:
                found += [f"{claim.__name__}: {problem}" for problem in claim(client)]
            except (OSError, ValueError, IndexError, http.client.HTTPException) as error:
                found.append(f"{claim.__name__}: {type(error).__name__}: {error}")
    return found


def absence(name: str) -> str:
    """Return why this target cannot be started here, or ""."""
    return _launch.absence(_launch.load(name))


def main(arguments: list[str]) -> int:
    """Verify the named targets, or all; print what was found."""
    tried, failed = 0, 0
    for name in arguments or _launch.names():
        missing = absence(name)
        if missing:
            print(f"{name}: skipped: {missing}")
            continue
        found = problems(name)
        tried += 1
        failed += bool(found)
        print(f"{name}: {'keeps the contract' if not found else ''}", *found, sep="\n    " if found else "")
    return 2 if not tried else 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
