"""`merkhet.judge(server)` within a test: one test for all checks, on a server that the test itself runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from merkhet.cli.choose import Chosen, TargetOptions, choose
from merkhet.cli.codes import Code, Failure
from merkhet.model import RunResults
from merkhet.pytest_plugin.session import judging
from merkhet.pytest_plugin.settings import Terms, changed, request_of
from merkhet.pytest_plugin.verdicts import Kind

SHOWN_MAX = 10
_TARGETS = (
    "a URL such as http://127.0.0.1:8080, a port, (host, port), a socket that listens, or the path of a Unix socket"
)


class NotAsRequired(AssertionError):  # noqa: N818 - what the server is, and what a test says of it
    """A server that is not as required. `results` are those of the whole run."""

    def __init__(self, message: str, results: RunResults) -> None:
        super().__init__(message)
        self.results = results


class NotJudged(Exception):  # noqa: N818 - what came of it, said as one
    """A server that could not be judged: it is not there, it went away, or what was asked for cannot be meant."""


def options_at(target: object, terms: Terms) -> TargetOptions:
    """Return how to reach what a fixture or a test names. Raises Failure."""
    common = TargetOptions(insecure=terms.insecure, header=terms.headers)
    if isinstance(target, socket.socket):
        target = target.getsockname()
        target = Path(os.fsdecode(target)) if isinstance(target, str | bytes) else target
    if isinstance(target, tuple):
        host, port, *_ = cast("tuple[object, ...]", (*target, 0))
        return replace(common, url=f"http://{_authority(str(host))}:{port}")
    if isinstance(target, int) and not isinstance(target, bool):
        return replace(common, url=f"http://127.0.0.1:{target}")
    if isinstance(target, os.PathLike):
        return replace(common, unix=os.fspath(cast("os.PathLike[str]", target)))
    # A URL may be an object of the test's own client library.
    words = str(target)
    if words.startswith(("http://", "https://")):
        return replace(common, url=words)
    raise Failure(Code.INVOCATION, f"expected {_TARGETS}, got {target!r}")


def _authority(host: str) -> str:
    """Return a host to connect to: who listens everywhere is asked on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host


def chosen_at(target: object, terms: Terms) -> tuple[TargetOptions, Chosen]:
    """Return a server that runs as one that can be judged. Raises Failure."""
    options = options_at(target, terms)
    chosen = choose(options, Path.cwd())
    return options, replace(chosen, access=replace(chosen.access, endpoints=dict(terms.endpoints)))


def judge(request: pytest.FixtureRequest, target: object, asked: Mapping[str, object]) -> RunResults:
    """Judge a server, and return the results. Raises NotAsRequired or NotJudged."""
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        raise NotJudged(
            "this would stop the event loop, and the server with it: await merkhet.judge_async(...) instead"
        )
    config, node = request.config, cast("pytest.Item", request.node)
    try:
        judgements = judging(config).judgements
        terms = changed(judgements.terms, asked, config)
        options, chosen = chosen_at(target, terms)
        wanted = request_of(config, terms, options, chosen, (node.path.parent, config.rootpath))
    except Failure as failure:
        raise NotJudged(str(failure)) from failure
    judged = judgements.judged_now(node.nodeid, wanted)
    verdicts = [judged.verdict(check) for check in judged.checks]
    if judged.is_interrupted:
        raise KeyboardInterrupt
    errors = [verdict.text for verdict in verdicts if verdict.kind is Kind.ERROR]
    if errors:
        raise NotJudged("\n".join(errors[:SHOWN_MAX]))
    failed = [verdict.text for verdict in verdicts if verdict.kind is Kind.FAILED]
    if failed:
        about = f"{len(failed)} of {len(judged.checks)} checks are not as required on {chosen.describe()}"
        more = [f"and {len(failed) - SHOWN_MAX} more"] if len(failed) > SHOWN_MAX else []
        raise NotAsRequired("\n".join([about, *failed[:SHOWN_MAX], *more]), judged.results)
    return judged.results
