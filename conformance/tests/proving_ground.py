"""Where mutants are tried: a child process with the reference in it, faulty if asked, and merkhet's engine beside it.

A child is forked for each mutant: what a faulty server leaves behind (a dead thread, a loop without end) dies with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import multiprocessing
import os
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any, Protocol
from unittest import mock

import mutation

from merkhet import catalogue, fixtures
from merkhet.catalogue import AnyCheck
from merkhet.check import Passive
from merkhet.engine.plan import JOBS, RunOptions, RunTarget
from merkhet.engine.preflight import Found, Scout
from merkhet.engine.runner import run_sync
from merkhet.engine.spare import Spare
from merkhet.target.embedded import OFFERED
from merkhet.template import ENDPOINTS, Names
from merkhet.wire.sockets import Address, SocketDialer

Outcomes = dict[str, tuple[str, str]]
"""For each check its outcome and, if it is observed, its choice."""

CHILD_SECONDS_MAX = 120.0
TIMEOUT_SCALE = 0.5
NOT_ON_THE_REFERENCE = ENDPOINTS.keys() - OFFERED.keys()
"""Endpoints of the contract that the reference has no use for."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One child's work: the checks to run, on the reference as it is or with a mutant applied, plain or over TLS.

    `found` is what preflight found on the reference as it is: a mutant is judged by that, so that one which breaks every
    answer is noticed by the checks and not only by preflight.
    """

    checks: tuple[str, ...]
    mutant: str | None = None
    tls: bool = False
    found: Found | None = None


@dataclass(slots=True)
class Tried:
    """What a trial came to. A child that had to be killed gives no outcomes: a fault that proves nothing."""

    trial: Trial
    outcomes: Outcomes = field(default_factory=dict[str, tuple[str, str]])
    found: Found | None = None
    seconds: float = 0.0
    trouble: str = ""


def try_all(trials: Sequence[Trial], jobs: int) -> Iterator[Tried]:
    """Run every trial, `jobs` of them side by side; yield what each came to, in the order of the trials."""
    forking()  # once, before threads could do it side by side
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(try_one, trials)


def try_one(trial: Trial) -> Tried:
    """Fork a child for the trial and wait for it."""
    began = time.perf_counter()
    tried = Tried(trial)
    try:
        tried.outcomes, tried.found, tried.trouble = in_child(_child, (trial,), CHILD_SECONDS_MAX)
    except ChildError as problem:
        tried.trouble = str(problem)
    tried.seconds = time.perf_counter() - began
    return tried


class ChildError(Exception):
    """A child that handed nothing over. The message says why."""


def in_child(work: Callable[..., None], arguments: tuple[object, ...], seconds_max: float) -> Any:
    """Fork a child that does this work, with a connection behind its arguments; return what it sends there. Raises ChildError."""
    context = forking()
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=work, args=(*arguments, sender), daemon=True)
    child.start()
    sender.close()
    try:
        if receiver.poll(seconds_max):
            return receiver.recv()
        raise ChildError(f"no result within {seconds_max:g} s")
    except EOFError:
        raise ChildError("the child died") from None
    finally:
        child.kill()
        child.join()


@functools.cache
def forking() -> ForkServerContext:
    """Return the server that children are forked from, with all that they need imported; it is started once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["preloaded"])
    # Up to Python 3.12 it looks for what it is to import on its own path, finds nothing, and says nothing.
    here = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    with mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(here)):
        forkserver.ensure_running()
    return context


def _child(trial: Trial, sender: Connection) -> None:
    import logging

    logging.disable(logging.CRITICAL)
    try:
        with contextlib.ExitStack() as stack:
            if trial.mutant is not None:
                stack.enter_context(mutation.load()[trial.mutant].applied())
            sender.send(_run(trial))
    except Exception as error:  # noqa: BLE001 - whatever a faulty server does is said, and the next one tried
        sender.send(({}, None, f"{type(error).__name__}: {error}"))
    finally:
        sender.close()
        os._exit(0)  # whatever threads a faulty server has left


def _run(trial: Trial) -> tuple[Outcomes, Found, str]:
    from merkhet_reference import tls

    known = catalogue.load().checks
    checks: list[AnyCheck] = [known[name] for name in trial.checks]
    with contextlib.ExitStack() as stack:
        folder, drop, keys = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(3))
        fixtures.write(folder)
        context = tls.server_context(*certificates(keys)) if trial.tls else None
        return _judge(trial, checks, functools.partial(started, folder, drop, context), folder)


def started(folder: Path, drop: Path, context: ssl.SSLContext | None = None, *, is_patient: bool = False) -> Served:
    """Return the reference of this process, faulty if a mutant is applied, serving the contract; over TLS with a context.

    It waits for clients as it does by default if it is patient, and else for a moment, so that timeouts can be checked.
    """
    from merkhet_reference import contract, limits, server

    brief = limits.Limits(idle_seconds_max=2.5, head_seconds_max=3.0, content_seconds_max=3.0)
    bounds = limits.Limits() if is_patient else brief
    made = server.Server(contract.application(folder, drop), limits=bounds, ssl_context=context)
    made.listen(0)
    made.start()
    return made


class Served(Protocol):
    """The reference, as far as it is seen here."""

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        ...

    def shutdown(self) -> bool:
        """End it gracefully."""
        ...


def _judge(
    trial: Trial, checks: Sequence[AnyCheck], start: Callable[[], Served], folder: Path
) -> tuple[Outcomes, Found, str]:
    client = None
    if trial.tls:
        client = ssl.create_default_context()
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE

    def located(served: Served) -> tuple[Address, Names]:
        host, port = served.address
        return Address(host=host, port=port, tls=client), Names(
            host=f"localhost:{port}".encode(),  # a name has letters, and an address has none
            scheme="https" if trial.tls else "http",
            endpoints=OFFERED,
        )

    def spare() -> Spare:
        served = start()
        address, names = located(served)
        ending = threading.Thread(target=served.shutdown, daemon=True)
        return Spare(dialer=SocketDialer(address), names=names, terminate=ending.start, stop=lambda: None)

    address, names = located(start())
    target = RunTarget(address=address, names=names, folder=folder, spare=spare)
    # A fault that a TLS connection leaves to the next one is seen only where the next one is the same check's.
    options = RunOptions(timeout_scale=TIMEOUT_SCALE, jobs=1 if trial.tls else JOBS)
    scout = Scout(SocketDialer(target.address), names, TIMEOUT_SCALE)
    found = trial.found or asyncio.run(scout.look(options.jobs))
    outcome = run_sync(target, checks, dataclasses.replace(options, found=found))
    told = {result.check: (result.outcome.value, result.choice) for result in outcome.results}
    return told, found, "; ".join(outcome.problems)


def certificates(folder: Path) -> tuple[str, str]:
    """Write a certificate for loopback and its key; return their paths."""
    import trustme

    certificate = trustme.CA().issue_cert("localhost", "127.0.0.1", "::1")
    certificate.cert_chain_pems[0].write_to_path(str(folder / "certificate.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    return str(folder / "certificate.pem"), str(folder / "key.pem")


def needs_tls(check: AnyCheck) -> bool:
    """Tell whether a check is about TLS and says nothing without it."""
    return "tls" in check.tags


def is_passive(check: AnyCheck) -> bool:
    """Tell whether a check judges the responses that others provoke."""
    return isinstance(check, Passive)
