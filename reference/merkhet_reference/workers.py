"""The workers: a bounded pool of threads that run handlers, which may block, and pull the pieces of streams."""

from __future__ import annotations

import threading
import time

from merkhet_reference import queues
from merkhet_reference.tasks import Task


class Pool:
    """The threads. Started by the server, ended by `dismiss` after the tasks that were put before."""

    def __init__(self, tasks: queues.TaskQueue[Task], count: int) -> None:
        self._tasks = tasks
        self._threads = [
            threading.Thread(target=self._work, name=f"merkhet-worker-{number}", daemon=True) for number in range(count)
        ]

    def start(self) -> None:
        """Start every thread."""
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> bool:
        """Let the threads end; return whether all did within `seconds`. A handler that never returns keeps its thread."""
        for _ in self._threads:
            self._tasks.dismiss()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while (task := self._tasks.take()) is not None:
            task.run()
            del task  # what it has, as the content of a request, must not wait in memory for the next one
