"""A TCP proxy that delays every byte by a fixed latency and hands on the first octets of each direction one a send.

It changes when bytes arrive and in which segments, and nothing else: a half-close is handed on as a half-close and a
reset as a reset, each after the same latency. A conformant server and an honest harness come to the same outcomes
through it. It is a latency, not a rate: bytes that are read together leave together, later.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Generator

RESET = struct.pack("ii", 1, 0)
READ_BYTES_MAX = 65536


class DelayProxy:
    """Listen on loopback and hand every connection on to `target`, `delay_seconds` late."""

    def __init__(self, target: tuple[str, int], delay_seconds: float, single_bytes_max: int = 16384) -> None:
        self.target = target
        self.delay_seconds = delay_seconds
        self.single_bytes_max = single_bytes_max
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listener.setblocking(False)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.listener.getsockname()[:2]
        return str(host), int(port)

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            while True:
                client, _ = await loop.sock_accept(self.listener)
                client.setblocking(False)
                group.create_task(self._pair(client))

    async def _pair(self, client: socket.socket) -> None:
        server = socket.socket()
        server.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(server, self.target)
        except OSError:
            _reset(client)
            return
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pumps = [asyncio.create_task(self._pump(client, server)), asyncio.create_task(self._pump(server, client))]
        try:
            await asyncio.gather(*pumps)
        except* ConnectionError:
            # A reset on either side is a reset of the whole connection, for both.
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            _reset(client)
            _reset(server)
        finally:
            client.close()
            server.close()

    async def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        queue: asyncio.Queue[tuple[float, bytes | None]] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(source, queue))
            group.create_task(self._write(sink, queue))

    async def _read(self, source: socket.socket, queue: asyncio.Queue[tuple[float, bytes | None]]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = await loop.sock_recv(source, READ_BYTES_MAX)
            except ConnectionError:
                await asyncio.sleep(self.delay_seconds)
                raise
            queue.put_nowait((loop.time() + self.delay_seconds, data or None))
            if not data:
                return

    async def _write(self, sink: socket.socket, queue: asyncio.Queue[tuple[float, bytes | None]]) -> None:
        loop = asyncio.get_running_loop()
        single = self.single_bytes_max
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if data is None:
                with contextlib.suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
                return
            for index in range(min(single, len(data))):
                await loop.sock_sendall(sink, data[index : index + 1])
            await loop.sock_sendall(sink, data[single:]) if len(data) > single else None
            single = max(0, single - len(data))


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    end.close()


@contextlib.contextmanager
def delayed(target: tuple[str, int], delay_seconds: float) -> Generator[tuple[str, int]]:
    """Run a proxy in a thread of its own; yield its address."""
    proxy = DelayProxy(target, delay_seconds)
    loop = asyncio.new_event_loop()
    serving = loop.create_task(proxy.serve())

    def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(serving)

    thread = threading.Thread(target=run, name="delay-proxy")
    thread.start()
    try:
        yield proxy.address
    finally:
        loop.call_soon_threadsafe(serving.cancel)
        thread.join()
        loop.close()
        proxy.listener.close()
