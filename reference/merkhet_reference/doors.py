"""The listeners: new connections come in here, a bounded number in a turn. Only the I/O thread."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
from collections.abc import Callable, Sequence

from merkhet_reference import deadlines, poller

LOG = logging.getLogger("merkhet_reference")
ACCEPTS_MAX = 64
"""Connections accepted in one turn: a burst of new ones must not keep the open ones waiting."""
OUT_OF_DESCRIPTORS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
ACCEPT_PAUSE_SECONDS = 0.5
"""Before accepting is tried again without descriptors: the listener stays readable, so the loop would spin."""
SERIAL = 0
"""The serial number under which the listeners have their deadline; connections count from 1."""


class Doors:
    """The listeners of one server. `opens` is called with each new socket and the host that it comes from."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        polling: poller.Poller,
        waits: deadlines.Deadlines,
        opens: Callable[[socket.socket, str], None],
    ) -> None:
        self._listeners = {listener.fileno(): listener for listener in listeners}
        self._poller = polling
        self._deadlines = waits
        self._opens = opens

    def watch(self) -> None:
        """Begin to watch the listeners."""
        for descriptor in self._listeners:
            self._poller.watch(descriptor, poller.READ)

    def accept(self, descriptor: int, now: float) -> None:
        """Accept what waits at the listener with this descriptor, which may have been closed meanwhile."""
        listener = self._listeners.get(descriptor)
        if listener is not None:
            self._accept_from(listener, now)

    def _accept_from(self, listener: socket.socket, now: float) -> None:
        for _ in range(ACCEPTS_MAX):
            try:
                sock, address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in OUT_OF_DESCRIPTORS:
                    LOG.warning("a connection could not be accepted: %s", error)
                    self._pause(now)
                return
            self._opens(sock, peer_of(address))

    def _pause(self, now: float) -> None:
        for descriptor in self._listeners:
            self._poller.change(descriptor, 0)
        self._deadlines.set(SERIAL, now + ACCEPT_PAUSE_SECONDS)

    def go_on(self) -> None:
        """Accept again, behind a pause."""
        for descriptor in self._listeners:
            self._poller.change(descriptor, poller.READ)

    def close(self) -> None:
        """Accept no more."""
        for descriptor, listener in self._listeners.items():
            with contextlib.suppress(OSError):
                self._poller.forget(descriptor)
            with contextlib.suppress(OSError):
                listener.close()
        self._listeners.clear()


def peer_of(address: tuple[str, int] | str | bytes) -> str:
    """Return the host that a connection came from; a Unix socket has none to tell."""
    return address[0] if isinstance(address, tuple) else ""
