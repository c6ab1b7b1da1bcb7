"""Real connections: non-blocking sockets through `loop.sock_*`, never a transport.

A transport stops reading at the first error of a write, and so loses an early refusal that a reset follows. Here one task
reads from the first moment to the end, whatever becomes of what is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from merkhet.answer import End
from merkhet.model import Direction
from merkhet.wire.dial import Unreachable
from merkhet.wire.tls import TlsLayer
from merkhet.wire.transcript import Recorder

READ_BYTES = 65536
INBOX_BYTES_MAX = 1024 * 1024
"""Octets that wait for the check to read them; beyond, the peer is not read from."""
CONNECT_SECONDS_MAX = 5.0
CATCH_UP_TURNS = 4
_Place = tuple[Any, ...] | str
_LINGER_NONE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the target listens: a Unix socket's path, or host and port. With `tls` every connection begins with it."""

    host: str = "127.0.0.1"
    port: int = 80
    unix: str = ""
    tls: ssl.SSLContext | None = None
    server_name: str = ""

    def describe(self) -> str:
        """Say it as a person would."""
        return self.unix or (f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}")


class SocketDialer:
    """Opens connections to one address. Names are resolved once; the first address that answers is kept."""

    def __init__(self, address: Address, *, connect_seconds_max: float = CONNECT_SECONDS_MAX) -> None:
        self.address = address
        self._seconds_max = connect_seconds_max
        self._places: list[tuple[int, _Place]] = []

    def now(self) -> float:
        """Return the event loop's time."""
        return asyncio.get_running_loop().time()

    async def dial(self, purpose: str, number: int, began: float) -> SocketWire:
        """Open a connection and, with TLS, complete its handshake. Raises Unreachable."""
        try:
            async with asyncio.timeout(self._seconds_max):
                return await self._dial(Recorder(number, purpose, began))
        except TimeoutError:
            raise Unreachable(f"no connection to {self.address.describe()} in {self._seconds_max:g} s") from None
        except (OSError, ssl.SSLError) as problem:
            words = problem.strerror or str(problem) or type(problem).__name__
            raise Unreachable(f"no connection to {self.address.describe()}: {words}") from problem

    async def _dial(self, recorder: Recorder) -> SocketWire:
        connection = await self._connect()
        try:
            layer = await self._secure(connection)
        except BaseException:
            connection.close()
            raise
        return SocketWire(connection, layer, recorder)

    async def _resolve(self) -> list[tuple[int, _Place]]:
        if not self._places:
            loop = asyncio.get_running_loop()
            if self.address.unix:
                self._places = [(socket.AF_UNIX, self.address.unix)]
            else:
                rows = await loop.getaddrinfo(self.address.host, self.address.port, type=socket.SOCK_STREAM)
                self._places = [(row[0], row[4]) for row in rows]
        return self._places

    async def _connect(self) -> socket.socket:
        problem = OSError("the name has no address")
        for family, place in list(await self._resolve()):
            connection = socket.socket(family, socket.SOCK_STREAM)
            connection.setblocking(False)
            try:
                await asyncio.get_running_loop().sock_connect(connection, place)
            except OSError as error:
                connection.close()
                problem = error
                continue
            except BaseException:
                connection.close()
                raise
            if family != socket.AF_UNIX:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._places = [(family, place)]
            return connection
        raise problem

    async def _secure(self, connection: socket.socket) -> TlsLayer | None:
        if self.address.tls is None:
            return None
        loop = asyncio.get_running_loop()
        layer = TlsLayer(self.address.tls, self.address.server_name or self.address.host)
        done = layer.handshake(None)
        while not done:
            await loop.sock_sendall(connection, layer.outgoing())
            done = layer.handshake(await loop.sock_recv(connection, READ_BYTES))
        await loop.sock_sendall(connection, layer.outgoing())
        return layer


class SocketWire:
    """One connection. A task reads it from the start to its end, so that sending never keeps an answer from being read."""

    def __init__(self, connection: socket.socket, layer: TlsLayer | None, recorder: Recorder) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = connection
        self._layer = layer
        self._recorder = recorder
        self._inbox: deque[bytes] = deque()
        self._inbox_bytes = 0
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._end: End | None = None
        self._ended_at: float | None = None
        self._received_at = self._loop.time()
        self._send_error: OSError | None = None
        self._sending: asyncio.Task[None] | None = None
        self._sendable = asyncio.Lock()
        recorder.note(Direction.OPENED, self._received_at)
        self._reading = asyncio.create_task(self._read())

    @property
    def recorder(self) -> Recorder:
        """The transcript."""
        return self._recorder

    @property
    def received_at(self) -> float:
        """When the last octets came."""
        return self._received_at

    @property
    def ended_at(self) -> float | None:
        """When the peer's side ended."""
        return self._ended_at

    async def _read(self) -> None:
        """Read to the end."""
        while self._end is None:
            await self._room.wait()
            try:
                data = await self._loop.sock_recv(self._socket, READ_BYTES)
            except OSError:
                self._finish(End.RESET)
                return
            plain, end = self._decode(data)
            self._deliver(plain)
            if self._layer is not None and (answer := self._layer.outgoing()):
                await self._transmit(answer)
            if end is not None:
                self._finish(end)

    def _decode(self, data: bytes) -> tuple[bytes, End | None]:
        if self._layer is not None:
            return self._layer.decrypt(data)
        if data:
            return data, None
        # A send that met a reset takes the error with it: reading then sees a plain end of the stream.
        return b"", End.RESET if isinstance(self._send_error, ConnectionResetError) else End.CLOSED

    def _deliver(self, plain: bytes) -> None:
        if not plain:
            return
        self._received_at = self._loop.time()
        self._recorder.data(Direction.RECEIVED, plain, self._received_at)
        self._inbox.append(plain)
        self._inbox_bytes += len(plain)
        if self._inbox_bytes > INBOX_BYTES_MAX:
            self._room.clear()
        self._changed.set()

    def _finish(self, end: End) -> None:
        self._end = end
        self._ended_at = self._loop.time()
        self._recorder.note(Direction.RESET if end is End.RESET else Direction.CLOSED, self._ended_at)
        self._changed.set()

    async def receive(self, until: float) -> bytes | End:
        """Return octets as they come, the end once they are used up, or SILENT at `until`."""
        while not self._inbox:
            if self._end is not None:
                return self._end
            self._changed.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._changed.wait()
            except TimeoutError:
                await _catch_up()
                if self._inbox or self._end is not None:
                    continue
                self._recorder.note(Direction.TIMED_OUT, self._loop.time())
                return End.SILENT
        data = self._inbox.popleft()
        self._inbox_bytes -= len(data)
        if self._inbox_bytes <= INBOX_BYTES_MAX:
            self._room.set()
        return data

    async def send(self, segments: Sequence[bytes], *, gap_seconds: float, until: float) -> None:
        """Send the segments in a task of its own, after whatever is still being sent; wait for it up to `until`."""
        before = self._sending
        self._sending = asyncio.create_task(self._send_all(segments, gap_seconds, before))
        await asyncio.wait([self._sending], timeout=max(0.0, until - self._loop.time()))

    async def _send_all(self, segments: Sequence[bytes], gap_seconds: float, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        for number, segment in enumerate(segments):
            if number:
                await asyncio.sleep(gap_seconds)
            if self._send_error is not None:
                return
            self._recorder.data(Direction.SENT, segment, self._loop.time())
            try:
                data = self._layer.encrypt(segment) if self._layer is not None else segment
            except ssl.SSLError:
                self._note_send_error(ConnectionResetError())
                return
            await self._transmit(data)

    async def _transmit(self, data: bytes) -> None:
        async with self._sendable:
            if self._send_error is not None:
                return
            try:
                await self._loop.sock_sendall(self._socket, data)
            except OSError as problem:
                self._note_send_error(problem)

    def _note_send_error(self, problem: OSError) -> None:
        self._send_error = problem
        self._recorder.note(Direction.SEND_FAILED, self._loop.time())

    async def half_close(self) -> None:
        """Say that no more will be sent: FIN, under TLS after close_notify. Waits until what is being sent has left."""
        if self._sending is not None:
            await asyncio.wait([self._sending], timeout=CONNECT_SECONDS_MAX)
        if self._layer is not None:
            await self._transmit(self._layer.close_notify())
        self._recorder.note(Direction.HALF_CLOSED, self._loop.time())
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    async def abort(self) -> None:
        """Drop the connection: a reset, under TLS a FIN without close_notify."""
        self._recorder.note(Direction.ABORTED, self._loop.time())
        if self._layer is None and self._socket.family != socket.AF_UNIX:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        tasks = [task for task in (self._reading, self._sending) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._socket.close()
        if self._end is None:
            self._end = End.CLOSED


async def _catch_up() -> None:
    """Let the reading tasks take what lies in their sockets already.

    On a busy machine it may be the harness that was late and not the peer: a timer and an answer are then ripe in the
    same turn of the event loop, and the timer must not win.
    """
    for _ in range(CATCH_UP_TURNS):
        await asyncio.sleep(0)
