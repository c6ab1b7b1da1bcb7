"""The HTTP clients of Python against the reference: requests, httpx and aiohttp do the same, and each reads it alike."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import aiohttp
import httpx
import pytest
import requests
from client_site import EVENTS, Site, serving, write_noise, write_text

NOISE_BYTES = 300_001
SECONDS = 30
IDENTITY = {"Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as any of the clients gives it: `fields` have lower-case names, `content` is decoded."""

    status: int
    fields: dict[str, str]
    content: bytes

    @classmethod
    def of(cls, status: int, fields: Mapping[str, str], content: bytes) -> Answer:
        return cls(status, {name.lower(): value for name, value in fields.items()}, content)


class Client(Protocol):
    """What is tried with each client. One session each, so that connections are kept."""

    @property
    def incomplete(self) -> type[Exception]:
        """What it raises for an answer that breaks off."""
        ...

    def get(self, url: str, fields: Mapping[str, str]) -> Answer:
        """Get it, redirects followed."""
        ...

    def stream(self, url: str) -> list[bytes]:
        """Get it piece by piece."""
        ...

    def put(self, url: str, content: bytes) -> Answer:
        """Send content that is known whole."""
        ...

    def send(self, url: str, pieces: list[bytes]) -> Answer:
        """Send content of unknown length."""
        ...


class ByRequests:
    incomplete: type[Exception] = requests.exceptions.ChunkedEncodingError

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def get(self, url: str, fields: Mapping[str, str]) -> Answer:
        answer = self._session.get(url, headers=dict(fields), timeout=SECONDS)
        return Answer.of(answer.status_code, answer.headers, answer.content)

    def stream(self, url: str) -> list[bytes]:
        with self._session.get(url, stream=True, timeout=SECONDS) as answer:
            return list(answer.iter_content(4096))

    def put(self, url: str, content: bytes) -> Answer:
        answer = self._session.put(url, data=content, timeout=SECONDS)
        return Answer.of(answer.status_code, answer.headers, answer.content)

    def send(self, url: str, pieces: list[bytes]) -> Answer:
        answer = self._session.put(url, data=iter(pieces), timeout=SECONDS)
        return Answer.of(answer.status_code, answer.headers, answer.content)


class ByHttpx:
    incomplete: type[Exception] = httpx.RemoteProtocolError

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, url: str, fields: Mapping[str, str]) -> Answer:
        answer = self._client.get(url, headers=fields)
        return Answer.of(answer.status_code, answer.headers, answer.content)

    def stream(self, url: str) -> list[bytes]:
        with self._client.stream("GET", url) as answer:
            return list(answer.iter_bytes(4096))

    def put(self, url: str, content: bytes) -> Answer:
        answer = self._client.put(url, content=content)
        return Answer.of(answer.status_code, answer.headers, answer.content)

    def send(self, url: str, pieces: list[bytes]) -> Answer:
        answer = self._client.put(url, content=iter(pieces))
        return Answer.of(answer.status_code, answer.headers, answer.content)


class ByAiohttp:
    """Its session lives in a loop that runs while it is asked."""

    incomplete: type[Exception] = aiohttp.ClientPayloadError

    def __init__(self, session: aiohttp.ClientSession, runner: asyncio.Runner) -> None:
        self._session = session
        self._run = runner.run

    def get(self, url: str, fields: Mapping[str, str]) -> Answer:
        async def got() -> Answer:
            async with self._session.get(url, headers=fields) as answer:
                return Answer.of(answer.status, answer.headers, await answer.read())

        return self._run(got())

    def stream(self, url: str) -> list[bytes]:
        async def streamed() -> list[bytes]:
            async with self._session.get(url) as answer:
                return [piece async for piece in answer.content.iter_chunked(4096)]

        return self._run(streamed())

    def put(self, url: str, content: bytes) -> Answer:
        return self._put(url, content)

    def send(self, url: str, pieces: list[bytes]) -> Answer:
        async def given() -> AsyncIterator[bytes]:
            for piece in pieces:
                yield piece

        return self._put(url, given())

    def _put(self, url: str, content: bytes | AsyncIterator[bytes]) -> Answer:
        async def put() -> Answer:
            async with self._session.put(url, data=content) as answer:
                return Answer.of(answer.status, answer.headers, await answer.read())

        return self._run(put())


@pytest.fixture(params=["requests", "httpx", "aiohttp"])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    if request.param == "requests":
        with requests.Session() as session:
            session.trust_env = False
            yield ByRequests(session)
    elif request.param == "httpx":
        with httpx.Client(timeout=SECONDS, follow_redirects=True, trust_env=False) as plain:
            yield ByHttpx(plain)
    else:
        with asyncio.Runner() as runner:
            opened = runner.run(aiohttp_session())
            yield ByAiohttp(opened, runner)
            runner.run(opened.close())


async def aiohttp_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(SECONDS))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def noise(folder: Path) -> bytes:
    return write_noise(folder / "noise.bin", NOISE_BYTES)


@pytest.fixture
def text(folder: Path) -> bytes:
    return write_text(folder / "text.txt", 2000)


Served = tuple[Site, str]


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    with serving(folder) as site_and_url:
        yield site_and_url


def test_get_on_a_connection_that_is_kept(served: Served, client: Client, noise: bytes) -> None:
    site, url = served
    for _ in range(5):
        answer = client.get(f"{url}/file/noise.bin", {})
        assert (answer.status, answer.content) == (200, noise)
        assert answer.fields["content-length"] == str(NOISE_BYTES)
    assert (len(site.seen), site.connections) == (5, 1)


def test_a_download_piece_by_piece(served: Served, client: Client, noise: bytes) -> None:
    site, url = served
    for path in ("/stream/noise.bin", "/file/noise.bin"):
        pieces = client.stream(url + path)
        assert b"".join(pieces) == noise
        assert len(pieces) > 10
    assert site.connections == 1, "chunks and length both have an end"


def test_an_upload_with_a_length(served: Served, client: Client, noise: bytes) -> None:
    site, url = served
    answer = client.put(f"{url}/upload/whole", noise)
    assert (answer.status, answer.content.decode()) == (201, hashlib.sha256(noise).hexdigest())
    assert site.uploads == {"whole": noise}
    assert site.seen[0].fields["content-length"] == str(NOISE_BYTES)


def test_an_upload_in_chunks(served: Served, client: Client, noise: bytes) -> None:
    site, url = served
    answer = client.send(f"{url}/upload/pieces", [noise[:1], noise[1:100_000], noise[100_000:]])
    assert (answer.status, answer.content.decode()) == (201, hashlib.sha256(noise).hexdigest())
    assert site.uploads == {"pieces": noise}
    assert site.seen[0].fields["transfer-encoding"] == "chunked"
    assert client.get(f"{url}/file/noise.bin", {}).content == noise
    assert site.connections == 1


@pytest.mark.parametrize(
    ("asked", "got"), [("bytes=0-0", (0, 0)), ("bytes=-1000", (299_001, 300_000)), ("bytes=5-250000", (5, 250_000))]
)
def test_a_range(served: Served, client: Client, noise: bytes, asked: str, got: tuple[int, int]) -> None:
    site, url = served
    answer = client.get(f"{url}/file/noise.bin", {"Range": asked})
    assert (answer.status, answer.content) == (206, noise[got[0] : got[1] + 1])
    assert answer.fields["content-range"] == f"bytes {got[0]}-{got[1]}/{NOISE_BYTES}"
    assert site.seen[0].fields["range"] == asked


def test_gzip_and_identity(served: Served, client: Client, text: bytes) -> None:
    site, url = served
    zipped = client.get(f"{url}/file/text.txt", {})
    plain = client.get(f"{url}/file/text.txt", IDENTITY)
    assert (zipped.content, plain.content) == (text, text)
    assert zipped.fields["content-encoding"] == "gzip"
    assert int(zipped.fields["content-length"]) < len(text) // 4
    assert "content-encoding" not in plain.fields
    assert zipped.fields["etag"] != plain.fields["etag"]
    assert zipped.fields["vary"] == plain.fields["vary"] == "Accept-Encoding"
    assert ["gzip" in seen.fields["accept-encoding"] for seen in site.seen] == [True, False]


def test_a_redirect(served: Served, client: Client, noise: bytes) -> None:
    site, url = served
    assert client.get(f"{url}/moved/noise.bin", {}).content == noise
    assert [seen.target for seen in site.seen] == ["/moved/noise.bin", "/file/noise.bin"]
    assert site.connections == 1


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_what_is_known_is_not_sent_again(served: Served, client: Client, text: bytes, coding: str) -> None:
    site, url = served
    fields = {"Accept-Encoding": coding}
    first = client.get(f"{url}/file/text.txt", fields)
    assert first.content == text
    again = client.get(f"{url}/file/text.txt", {**fields, "If-None-Match": first.fields["etag"]})
    assert (again.status, again.content, again.fields["etag"]) == (304, b"", first.fields["etag"])
    changed = client.get(f"{url}/file/text.txt", {**fields, "If-None-Match": '"another"'})
    assert (changed.status, changed.content) == (200, text)
    assert site.connections == 1, "a 304 has no content, and each client knows where it ends"


def test_if_range(served: Served, client: Client, noise: bytes) -> None:
    _, url = served
    known = client.get(f"{url}/file/noise.bin", {})
    fields = {"Range": "bytes=100-", "If-Range": known.fields["etag"]}
    rest = client.get(f"{url}/file/noise.bin", fields)
    whole = client.get(f"{url}/file/noise.bin", {**fields, "If-Range": '"another"'})
    assert (rest.status, known.content[:100] + rest.content) == (206, noise)
    assert (whole.status, whole.content) == (200, noise)


def test_a_broken_answer_is_seen_to_be_one(served: Served, client: Client, noise: bytes) -> None:
    _, url = served
    with pytest.raises(client.incomplete):
        client.stream(f"{url}/broken/noise.bin")
    assert client.get(f"{url}/broken/noise.bin", {}).content == noise


# Events

FIELDS = {"Accept": "text/event-stream", "Last-Event-ID": "1"}
Read = tuple[str, list[tuple[str, str, str]]]
"""The type of the content, and of each event its type, data, and id."""


class EventParser:
    """The client's side of WHATWG HTML, Section 9.2.6, for lines that end in LF."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, str]] = []
        self._type, self._id = "", ""
        self._data: list[str] = []

    def take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if self._data:
                self.events.append((self._type or "message", "\n".join(self._data), self._id))
            self._type, self._data = "", []
        elif name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id":
            self._id = value


def read_by_httpx(url: str) -> Read:
    parser = EventParser()
    with (
        httpx.Client(timeout=SECONDS, trust_env=False) as client,
        client.stream("GET", url, headers=FIELDS) as answer,
    ):
        for line in answer.iter_lines():
            parser.take(line)
        return answer.headers["content-type"], parser.events


def read_by_async_httpx(url: str) -> Read:
    async def read() -> Read:
        parser = EventParser()
        async with (
            httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client,
            client.stream("GET", url, headers=FIELDS) as answer,
        ):
            async for line in answer.aiter_lines():
                parser.take(line)
            return answer.headers["content-type"], parser.events

    return asyncio.run(read())


def read_by_aiohttp(url: str) -> Read:
    async def read() -> Read:
        parser = EventParser()
        async with await aiohttp_session() as session, session.get(url, headers=FIELDS) as answer:
            async for line in answer.content:
                parser.take(line.decode().rstrip("\n"))
            return answer.content_type, parser.events

    return asyncio.run(read())


@pytest.mark.parametrize("read", [read_by_httpx, read_by_async_httpx, read_by_aiohttp])
def test_an_event_stream(served: Served, read: Callable[[str], Read]) -> None:
    site, url = served
    kind, events = read(f"{url}/events")
    assert kind == "text/event-stream"
    assert events == [(event.event or "message", event.data, event.id) for event in EVENTS[1:]]
    assert site.seen[0].fields["last-event-id"] == "1"


def test_aiohttp_asks_many_things_at_once(served: Served, noise: bytes) -> None:
    site, url = served

    async def ask(session: aiohttp.ClientSession) -> bytes:
        async with session.get(f"{url}/file/noise.bin") as answer:
            return await answer.read()

    async def ask_all() -> list[bytes]:
        async with await aiohttp_session() as session:
            asked: list[Awaitable[bytes]] = [ask(session) for _ in range(50)]
            return list(await asyncio.gather(*asked))

    assert asyncio.run(ask_all()) == [noise] * 50
    assert len(site.seen) == 50
