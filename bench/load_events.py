"""A thousand clients of one event stream: `python -m bench.load_events PORT CLIENTS EVENTS PAUSE`.

One process, one poller. All clients connect and hear the head; then one more connection asks for the broadcast, and the
time runs from the first event at any client to the last event at the last client.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from typing import NamedTuple

import click

from bench import process
from bench.load_socket import READ_BYTES, WAIT_SECONDS, ask, connect, read_head

MARK = b"\ndata: "


class Listener:
    """One client: the events that came, and the last octets, in which a mark may have begun."""

    __slots__ = ("count", "sock", "tail")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.count = 0
        self.tail = b""

    def read(self) -> int:
        """Take what is there and return how many events it brought. Raises ConnectionError at the end of the stream."""
        data = self.sock.recv(READ_BYTES)
        if not data:
            raise ConnectionError(f"a stream ended after {self.count} events")
        data = self.tail + data
        came = data.count(MARK)
        self.count += came
        self.tail = data[1 - len(MARK) :]
        return came


def listen(port: int, clients: int) -> dict[int, Listener]:
    """Open every stream."""
    listeners: dict[int, Listener] = {}
    for _ in range(clients):
        sock = connect(port)
        ask(sock, "GET /events HTTP/1.1\r\nAccept: text/event-stream")
        read_head(sock)
        sock.setblocking(False)
        listeners[sock.fileno()] = Listener(sock)
    return listeners


class Heard(NamedTuple):
    """All events that came, and when the first and the last did."""

    events: int
    first: float
    last: float


def hear(listeners: dict[int, Listener], poller: select.epoll, events: int) -> Heard:
    """Read until every client has every event. Raises ConnectionError, TimeoutError, ValueError."""
    first = 0.0
    count, wanted = 0, events * len(listeners)
    while count < wanted:
        ready = poller.poll(WAIT_SECONDS)
        if not ready:
            raise TimeoutError(f"{count} of {wanted} events came, then nothing")
        if not count:
            first = time.perf_counter()
        count += sum(listeners[descriptor].read() for descriptor, _ in ready)
    if any(listener.count != events for listener in listeners.values()):
        raise ValueError("a client had some event twice, and another one not at all")
    return Heard(count, first, time.perf_counter())


@click.command()
@click.argument("port", type=int)
@click.argument("clients", type=int)
@click.argument("events", type=int)
@click.argument("pause", type=float)
def main(port: int, clients: int, events: int, pause: float) -> None:
    """Open the streams, say that they are, and once told so have the events sent and count them."""
    listeners = listen(port, clients)
    poller = select.epoll()
    for descriptor in listeners:
        poller.register(descriptor, select.EPOLLIN)
    process.say_ready()
    asked = time.perf_counter()
    # Its answer is not waited for: the first events may well come before it.
    with contextlib.closing(connect(port)) as starter:
        ask(starter, f"GET /start?count={events}&pause={pause} HTTP/1.1")
        heard = hear(listeners, poller, events)
    process.say_result(count=heard.events, seconds=heard.last - heard.first, asked_seconds=heard.last - asked)


if __name__ == "__main__":
    main()
