"""The watchdog of a thread that is not the first one, as those of Dask's workers: there no signal arrives."""

from __future__ import annotations

import contextlib
import ctypes
import threading
import time
from collections.abc import Callable, Generator

LOOKS_EACH = 8
"""How often it is looked at in the time that is allowed."""
_here = threading.local()


class _Watch:
    """Raises an exception in a thread that works longer than allowed. Only the processor time of that thread counts."""

    def __init__(self, seconds: float, exception: type[BaseException]) -> None:
        self._seconds = seconds
        self._exception = exception
        self._thread = threading.get_ident()
        self._clock = _clock_of(self._thread)
        self._ends_at: float | None = None
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._dog = threading.Thread(target=self._look, name="merkhet-watchdog", daemon=True)
        self._dog.start()

    def rewind(self) -> None:
        """Allow the whole time anew."""
        with self._lock:
            self._ends_at = self._clock() + self._seconds

    def close(self) -> None:
        """Watch no more."""
        with self._lock:
            self._ends_at = None
        self._is_over.set()
        self._dog.join()

    def _look(self) -> None:
        while not self._is_over.wait(self._seconds / LOOKS_EACH):
            with self._lock:
                if self._ends_at is not None and self._clock() > self._ends_at:
                    self._ends_at = None
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(self._thread), ctypes.py_object(self._exception)
                    )


def _clock_of(thread: int) -> Callable[[], float]:
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.monotonic
    clock = time.pthread_getcpuclockid(thread)
    return lambda: time.clock_gettime(clock)


@contextlib.contextmanager
def watchdog(seconds: float, exception: type[BaseException]) -> Generator[None]:
    """Let this thread raise an exception once it has worked so long since the last `rewind`."""
    _here.watch = watch = _Watch(seconds, exception)
    try:
        yield
    finally:
        _here.watch = None
        watch.close()


def rewind() -> None:
    """Begin to count anew, where this thread is watched."""
    watch: _Watch | None = getattr(_here, "watch", None)
    if watch is not None:
        watch.rewind()
