"""Which descriptors are ready: epoll where there is one, poll elsewhere, spoken to alike."""

from __future__ import annotations

import select

READ = select.POLLIN
WRITE = select.POLLOUT
GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL  # reported unasked: both directions are over
EPOLL = hasattr(select, "epoll")


class Poller:
    """A level-triggered poller. Only the I/O thread.

    # Choice: not the `selectors` module. It hides the difference between "readable" and "gone", cannot watch a
    # descriptor for neither (a channel that is held back), and costs a tuple and two dictionary look-ups an event.
    """

    __slots__ = ("_epoll", "_poll")

    def __init__(self, *, epoll: bool = EPOLL) -> None:
        self._epoll = select.epoll() if epoll else None
        self._poll = None if epoll else select.poll()

    def watch(self, descriptor: int, interest: int) -> None:
        """Begin to watch; `interest` is READ, WRITE, both or 0 (only GONE is told)."""
        (self._epoll or self._poll_object()).register(descriptor, interest)

    def change(self, descriptor: int, interest: int) -> None:
        """Change what is watched for."""
        (self._epoll or self._poll_object()).modify(descriptor, interest)

    def forget(self, descriptor: int) -> None:
        """Stop watching; must come before the descriptor is closed, since its number is reused."""
        (self._epoll or self._poll_object()).unregister(descriptor)

    def wait(self, seconds: float | None) -> list[tuple[int, int]]:
        """Return (descriptor, READ | WRITE | GONE) for what is ready, after at most `seconds` (None: no end)."""
        if self._epoll is not None:
            return self._epoll.poll(seconds)
        return self._poll_object().poll(None if seconds is None else seconds * 1000)

    def close(self) -> None:
        """Give the epoll descriptor back."""
        if self._epoll is not None:
            self._epoll.close()

    def _poll_object(self) -> select.poll:
        if self._poll is None:
            raise RuntimeError("this poller was made with epoll")
        return self._poll
