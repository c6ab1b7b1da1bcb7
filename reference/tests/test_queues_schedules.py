"""The queues' promise that nothing is slept over, tried in every order of their threads' steps, up to a few changes.

The methods of a queue, as they stand in its source, become generators that stop before each look at what is shared and
before each change of it. So one thread can play all threads, and every order of their steps can be had again. How often a
thread is stopped in the middle while it could go on is bounded, since faults of this kind need it once or twice.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import pytest

from merkhet_reference import queues

Ready = Callable[[], bool]
V = TypeVar("V")
Steps = Generator[Ready | None, None, V]
"""A thread in the making: it yields None where another one may go on in its place, or what it has to wait for."""

CHANGES_MAX = 2


def idle() -> bool:
    """What who waits for time to pass yields: that passes only where nobody else can go on."""
    return False


class Bed:
    """A lock; who finds it locked waits in `lie_down`. Held by `with` it is never found locked: that is one step here."""

    def __init__(self) -> None:
        self.is_free = True

    def __enter__(self) -> None:
        assert self.is_free

    def __exit__(self, *_: object) -> None:
        assert self.is_free

    def release(self) -> None:
        self.is_free = True


def lie_down(bed: Bed) -> Steps[None]:
    while not bed.is_free:
        yield lambda: bed.is_free
    bed.is_free = False


class Stops(ast.NodeTransformer):
    """Puts a stop before each touch of an attribute of `self`, and makes each call of one of `methods` a part of its caller."""

    def __init__(self, methods: Sequence[str]) -> None:
        self._methods = methods

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        is_shared = isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr not in self._methods
        if not is_shared or not isinstance(node.ctx, ast.Load):
            return self.generic_visit(node)
        stop_and_look = ast.Tuple([ast.Yield(), node], ast.Load())
        return ast.Subscript(stop_and_look, ast.Constant(1), ast.Load())

    def visit_Assign(self, node: ast.Assign) -> Any:
        node.value = self.visit(node.value)
        if isinstance(node.targets[0], ast.Attribute):
            return [ast.Expr(ast.Yield()), node]
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        called = self.generic_visit(node)
        assert isinstance(called, ast.Call)
        if not isinstance(called.func, ast.Attribute):
            return called
        if called.func.attr == "acquire":
            return ast.YieldFrom(ast.Call(ast.Name("lie_down", ast.Load()), [called.func.value], []))
        return ast.YieldFrom(called) if called.func.attr in self._methods else called


def in_steps(queue: type[Any], methods: Sequence[str], change: tuple[str, str] = ("", "")) -> Callable[..., Any]:
    """Return a class like `queue` whose `methods` are generators; `change` is made to its source before."""
    source = textwrap.dedent(inspect.getsource(queue))
    assert change[0] in source, "the source has another text by now"
    tree = ast.parse(source.replace(*change, 1))
    defined = tree.body[0]
    assert isinstance(defined, ast.ClassDef)
    for method in defined.body:
        if isinstance(method, ast.FunctionDef) and method.name in methods:
            method.body = [Stops(methods).visit(statement) for statement in method.body]
            method.body.append(ast.If(ast.Constant(value=False), [ast.Expr(ast.Yield())], []))
    flat = ast.parse(ast.unparse(ast.fix_missing_locations(tree)))
    names: dict[str, Any] = {**vars(queues), "Generic": Generic, "T": TypeVar("T"), "lie_down": lie_down}
    names["threading"] = Threading
    exec(compile(flat, queue.__name__, "exec", 0, dont_inherit=True), names)
    made: Callable[..., Any] = names[queue.__name__]
    return made


class Threading:
    """What the queues take of the module of that name."""

    Lock = Bed


@dataclass
class Schedule:
    """One order: which thread made each step, which could have, and how often one was stopped before it."""

    chosen: list[int] = field(default_factory=list[int])
    options: list[list[int]] = field(default_factory=list[list[int]])
    changes: list[int] = field(default_factory=list[int])
    current: list[int] = field(default_factory=list[int])


def play(threads: Sequence[Steps[None]], begun: Sequence[int]) -> tuple[Schedule, int]:
    """Play one order to its end: as `begun`, then without change. Return it, and how many threads never ended."""
    waits: dict[int, Ready | None] = dict.fromkeys(range(len(threads)))
    done = Schedule()
    current, changes = -1, 0
    while options := (
        [number for number, ready in waits.items() if ready is None or ready()]
        or [number for number, ready in waits.items() if ready is idle]
    ):
        step = len(done.chosen)
        choice = begun[step] if step < len(begun) else current if current in options else options[0]
        done.options.append(options)
        done.changes.append(changes)
        done.current.append(current)
        done.chosen.append(choice)
        changes += choice != current and current in options
        current = choice
        try:
            waits[choice] = next(threads[choice])
        except StopIteration:
            del waits[choice]
    return done, len(waits)


def orders(make: Callable[[], Sequence[Steps[None]]]) -> Iterator[int]:
    """Play every order with at most so many changes; yield for each how many threads never ended."""
    waiting: list[list[int]] = [[]]
    while waiting:
        begun = waiting.pop()
        done, stuck = play(make(), begun)
        yield stuck
        for step in range(len(begun), len(done.chosen)):
            for other in done.options[step]:
                is_change = done.current[step] in done.options[step] and other != done.current[step]
                if other != done.chosen[step] and done.changes[step] + is_change <= CHANGES_MAX:
                    waiting.append([*done.chosen[:step], other])


# Tasks

TASK_METHODS = ("put", "spur", "take", "dismiss", "_call", "_sleep")
WORKERS = 2


class Tasks(Protocol):
    """A task queue in steps."""

    def put(self, task: int, /) -> Steps[None]: ...
    def spur(self) -> Steps[bool]: ...
    def take(self) -> Steps[int | None]: ...
    def dismiss(self) -> Steps[None]: ...


Scene = Callable[[Tasks], list[Steps[None]]]


class Replies(Protocol):
    """A reply queue in steps."""

    def put(self, reply: int, /) -> Steps[None]: ...
    def may_sleep(self) -> Steps[bool]: ...
    def awake(self) -> Steps[None]: ...
    def take_all(self) -> Steps[list[int]]: ...


def takes(queue: Tasks, taken: list[int], count: int) -> Steps[None]:
    """A worker; one that takes a single task is blocked by it."""
    for _ in range(count):
        task = yield from queue.take()
        assert task is not None
        taken.append(task)


def takes_until_dismissed(queue: Tasks, taken: list[int]) -> Steps[None]:
    task = yield from queue.take()
    while task is not None:
        taken.append(task)
        task = yield from queue.take()


def puts(queue: Tasks | Replies, count: int) -> Steps[None]:
    for number in range(count):
        yield from queue.put(number)


def a_burst(queue: Tasks) -> list[Steps[None]]:
    """Nobody is blocked, and nobody spurs: whoever is awake takes what there is before it sleeps."""
    taken: list[int] = []

    def loop() -> Steps[None]:
        yield from puts(queue, 3)
        yield lambda: len(taken) == 3
        for _ in range(WORKERS):
            yield from queue.dismiss()

    return [loop(), *(takes_until_dismissed(queue, taken) for _ in range(WORKERS))]


def blocked_workers(queue: Tasks) -> list[Steps[None]]:
    """Each task keeps the worker that has it: for the others the loop must call one."""
    taken: list[int] = []

    def loop() -> Steps[None]:
        yield from puts(queue, 3)
        for _ in range(10):
            yield from queue.spur()
            yield idle

    return [loop(), takes(queue, taken, 1), takes(queue, taken, 1), takes(queue, taken, 1)]


def an_end(queue: Tasks) -> list[Steps[None]]:
    """Dismissed while it is busy, by another thread than the one that puts."""

    def ends() -> Steps[None]:
        for _ in range(WORKERS):
            yield from queue.dismiss()

    return [puts(queue, 1), ends(), *(takes_until_dismissed(queue, []) for _ in range(WORKERS))]


SCENES: tuple[Scene, ...] = (a_burst, blocked_workers, an_end)


@pytest.mark.parametrize("scene", SCENES)
def test_no_task_is_left_lying_in_any_order(scene: Scene) -> None:
    make = in_steps(queues.TaskQueue, TASK_METHODS)
    count = 0
    for stuck in orders(lambda: scene(make(10, WORKERS))):
        count += 1
        assert stuck == 0, f"order {count}"
    assert count > 1000


PUTS = "        self._items.append(task)\n"
CALLS = "            self._call()\n"
PUTS_A_TASK = PUTS + "        if len(self._items) == 1 and self._sleepers and not self._on_its_way:\n" + CALLS

BROKEN_TASKS = {
    "sleeps without a look": ("        if self._items:\n            try:", "        if False:\n            try:"),
    "never calls one more": (
        "            self._call()\n        self._oldest = oldest",
        "            pass\n        self._oldest = oldest",
    ),
    "is on its way for ever": ("releases it\n        self._on_its_way = False\n", "releases it\n"),
    "calls before it puts": (
        PUTS_A_TASK,
        "        if not self._items and self._sleepers and not self._on_its_way:\n            self._call()\n" + PUTS,
    ),
    "looks whether it is the first before it puts": (
        PUTS_A_TASK,
        "        first = not self._items\n"
        + PUTS
        + "        if first and self._sleepers and not self._on_its_way:\n"
        + CALLS,
    ),
    "says too late that one is on its way": (
        "    self._on_its_way = True\n        sleeper.release()",
        "    sleeper.release()\n        self._on_its_way = True",
    ),
}


@pytest.mark.parametrize("change", BROKEN_TASKS.values(), ids=list(BROKEN_TASKS))
def test_a_task_queue_that_breaks_its_promise_is_caught(change: tuple[str, str]) -> None:
    make = in_steps(queues.TaskQueue, TASK_METHODS, change)

    def fails(scene: Scene) -> bool:
        return any(orders(lambda: scene(make(10, WORKERS))))

    assert any(map(fails, SCENES))


# Replies


class Bell:
    def __init__(self) -> None:
        self.is_rung = False

    def ring(self) -> None:
        self.is_rung = True


REPLY_METHODS = ("put", "may_sleep", "awake", "take_all")


def one_reader(make: Callable[..., Replies]) -> list[Steps[None]]:
    bell = Bell()
    queue = make(bell)

    def reads() -> Steps[None]:
        taken: list[int] = []
        while len(taken) < 4:
            if (yield from queue.may_sleep()):
                yield lambda: bell.is_rung
            yield from queue.awake()
            bell.is_rung = False
            yield None
            taken += yield from queue.take_all()

    return [reads(), puts(queue, 2), puts(queue, 2)]


def test_no_reply_is_slept_over_in_any_order() -> None:
    make = in_steps(queues.ReplyQueue, REPLY_METHODS)
    assert set(orders(lambda: one_reader(make))) == {0}


BROKEN_REPLIES = {
    "looks before it says that it sleeps": (
        (
            "        self._asleep = True\n        if self._items or any(self._lanes):\n"
            "            self._asleep = False\n            return False\n"
        ),
        "        if self._items or any(self._lanes):\n            return False\n        self._asleep = True\n",
    ),
    "rings before it puts": (
        "        self._items.append(reply)\n        if self._asleep:\n            self._asleep = False\n            self.ring()\n",
        "        if self._asleep:\n            self._asleep = False\n            self.ring()\n        self._items.append(reply)\n",
    ),
}


@pytest.mark.parametrize("change", BROKEN_REPLIES.values(), ids=list(BROKEN_REPLIES))
def test_a_reply_queue_that_breaks_its_promise_is_caught(change: tuple[str, str]) -> None:
    make = in_steps(queues.ReplyQueue, REPLY_METHODS, change)
    assert any(orders(lambda: one_reader(make)))
