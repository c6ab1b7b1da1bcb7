"""The ceiling: what the reference's architecture costs with nothing else to it. `python -m bench.floor PORT [WORKERS]`

One I/O thread, workers that answer, a queue each way, and one strict regular expression for the head: no limits, no
deadlines, no content, no partial writes, no pipelining. It is measured; it is no server.
"""

from __future__ import annotations

import email.utils
import os
import re
import select
import socket
import sys
import threading
import time
from collections import deque
from queue import SimpleQueue
from typing import NamedTuple

CONTENT = b"Hello, World!"
READ_BYTES = 65536
TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([\x21-\x7e]+) HTTP/(\d)\.(\d)\r\n")
FIELD_LINE = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\r\n\0]*?)[ \t]*\r\n")


class Head(NamedTuple):
    """What a handler would want to know."""

    method: bytes
    target: bytes
    fields: dict[bytes, bytes]


class Client:
    """One connection, and what came of the next head."""

    __slots__ = ("came", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.came = b""


class Floor:
    """The I/O thread's things, and both queues."""

    def __init__(self, port: int) -> None:
        self.tasks: SimpleQueue[tuple[Client, Head]] = SimpleQueue()
        self.answers: deque[tuple[Client, bytes]] = deque()
        self.bell = os.eventfd(0, os.EFD_NONBLOCK)
        self.rung = False
        self.clients: dict[int, Client] = {}
        self.listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.listener.setblocking(False)
        self.poller = select.epoll()
        self.poller.register(self.listener.fileno(), select.EPOLLIN)
        self.poller.register(self.bell, select.EPOLLIN)
        self.date = (0, b"")

    def work(self) -> None:
        """Be a worker: answer one request after another, and ring if the I/O thread may sleep."""
        while True:
            client, _head = self.tasks.get()
            fields = b"Date: %s\r\nContent-Type: text/plain\r\nContent-Length: %d" % (self.date_now(), len(CONTENT))
            self.answers.append((client, b"HTTP/1.1 200 OK\r\n%s\r\n\r\n%s" % (fields, CONTENT)))
            if not self.rung:
                self.rung = True
                os.eventfd_write(self.bell, 1)

    def date_now(self) -> bytes:
        """Return the date, made once a second."""
        second = int(time.time())
        if self.date[0] != second:
            self.date = (second, email.utils.formatdate(second, usegmt=True).encode("ascii"))
        return self.date[1]

    def run(self) -> None:
        """Be the I/O thread."""
        while True:
            for descriptor, _ in self.poller.poll():
                if descriptor == self.listener.fileno():
                    self.accept()
                elif descriptor == self.bell:
                    self.send()
                else:
                    self.read(descriptor)

    def accept(self) -> None:
        """Take every connection that waits."""
        while True:
            try:
                sock, _ = self.listener.accept()
            except BlockingIOError:
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.clients[sock.fileno()] = Client(sock)
            self.poller.register(sock.fileno(), select.EPOLLIN)

    def send(self) -> None:
        """Send the answers that are there."""
        os.eventfd_read(self.bell)
        self.rung = False
        while self.answers:
            client, answer = self.answers.popleft()
            try:
                client.sock.send(answer)
            except OSError:
                continue  # it has gone, and its end is read next

    def read(self, descriptor: int) -> None:
        """Take what came on one connection, and put a whole head before the workers."""
        client = self.clients[descriptor]
        try:
            data = client.sock.recv(READ_BYTES)
        except OSError:
            data = b""
        if not data:
            self.poller.unregister(descriptor)
            client.sock.close()
            del self.clients[descriptor]
            return
        client.came += data
        end = client.came.find(b"\r\n\r\n")
        if end >= 0:
            head = parse(client.came)
            client.came = client.came[end + 4 :]
            if head is not None:
                self.tasks.put((client, head))


def parse(data: bytes) -> Head | None:
    """Return the head at the start of `data`, or None if it is not one."""
    line = REQUEST_LINE.match(data)
    if line is None:
        return None
    fields: dict[bytes, bytes] = {}
    at = line.end()
    while (field := FIELD_LINE.match(data, at)) is not None:
        fields[field[1].lower()] = field[2]
        at = field.end()
    return Head(line[1], line[2], fields) if data.startswith(b"\r\n", at) else None


def main() -> None:
    port = int(sys.argv[1])
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    floor = Floor(port)
    for _ in range(workers):
        threading.Thread(target=floor.work, daemon=True).start()
    floor.run()


if __name__ == "__main__":
    main()
