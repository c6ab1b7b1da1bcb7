"""Probes of the endpoints about event streams."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping

from merkhet.answer import Response
from merkhet.target.probe import Missed, Probe, Prober, must_be, must_be_a, request
from merkhet.wire.event_stream import Event, Read, read

_RESUMED = range(1, 6)


def _numbered(numbers: Iterable[int]) -> list[Event]:
    return [Event(f"event {number}", last_id=str(number)) for number in numbers]


def _stream(response: Response) -> Read:
    """Return the stream that a response holds. Raises Missed."""
    must_be(response, 200)
    must_be_a(response, "text/event-stream")
    return read(response.content)


def _must_be(events: list[Event], expected: list[Event]) -> None:
    if events != expected:
        raise Missed(f"the events are {events!r:.200}, expected {expected!r:.200}")


async def _sse(prober: Prober) -> None:
    for count in (0, 3):
        _must_be(_stream(await prober.get(f"{{sse:{count},1}}")).events, _numbered(range(1, count + 1)))


async def _sse_echo(prober: Prober) -> None:
    # Plain values: what is made of line ends and the like is for the checks to judge.
    fields = "data=one%20two&event=merkhet&id=a%20b&retry=1000&then=three"
    told = _stream(await prober.get(f"{{sse-echo:{fields}}}"))
    _must_be(told.events, [Event("one two", "merkhet", "a b"), Event("three", last_id="a b")])
    if told.retries != ["1000"]:
        raise Missed(f"retry {told.retries!r:.60}, expected 1000")


async def _sse_resume(prober: Prober) -> None:
    _must_be(_stream(await prober.get("{sse-resume}")).events, _numbered(_RESUMED))
    for seen in (3, 5):
        told = _stream(await prober.get("{sse-resume}", f"Last-Event-ID: {seen}"))
        _must_be(told.events, _numbered(number for number in _RESUMED if number > seen))


async def _sse_push(prober: Prober) -> None:
    pushed = f"merkhet {secrets.token_hex(4)}"
    async with prober.scout.connection() as connection:
        await prober.send(connection, request("GET", "{sse-push}"))
        opened = await prober.read(connection, until=b":")
        if not opened.partial:
            raise Missed(f"{opened.describe()}, expected a stream with a comment at once")
        must_be(await prober.ask("POST", "{sse-push}", content=pushed.encode("ascii")), 204)
        heard = await prober.read(connection, until=pushed.encode("ascii"))
    if heard.response is None:
        raise Missed(heard.describe())
    told = _stream(heard.response)
    # The line ends behind it may be still on their way.
    if pushed not in [event.data for event in told.events] + [line[5:].strip() for line in told.unfinished]:
        raise Missed("what was pushed did not come to the stream that was open")


EVENT_PROBES: Mapping[str, Probe] = {"sse": _sse, "sse-echo": _sse_echo, "sse-resume": _sse_resume}
PUSH_PROBES: Mapping[str, Probe] = {"sse-push": _sse_push}
