"""Which target a command is about: a URL, a Unix socket, a command, a target of the target file, or the embedded reference."""

from __future__ import annotations

import difflib
import shlex
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

import click
import msgspec

from merkhet.cli.codes import Code, Failure
from merkhet.cli.selector import targets
from merkhet.engine.plan import RunTarget
from merkhet.engine.spare import Spare
from merkhet.model import Profile, TargetInfo
from merkhet.target.config import ConfigError, TargetConfig, find, load
from merkhet.target.embedded import NAME, OFFERED, embedded
from merkhet.target.process import TargetError, TargetProcess, version_of
from merkhet.target.reach import Access, ReachError, describe, is_loopback, reach
from merkhet.template import Names
from merkhet.wire.dial import Unreachable
from merkhet.wire.sockets import Address, SocketDialer

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """What the command line says of the target."""

    url: str | None = None
    target: str | None = None
    unix: str | None = None
    command: str | None = None
    insecure: bool = False
    sni: str = ""
    base_path: str = ""
    header: tuple[str, ...] = ()

    def words(self, profile: Profile = Profile.DEFAULT, timeout_scale: float = 1.0) -> str:
        """Return `merkhet run` with these options and with those two, the values of field lines masked."""
        words = ["merkhet", "run"]
        named = (("url", self.url), ("target", self.target), ("unix", self.unix), ("command", self.command))
        for name, value in (*named, ("sni", self.sni)):
            words += [f"--{name}", value] if value else []
        words += ["--base-path", self.base_path] if self.base_path else []
        words += ["--insecure"] if self.insecure else []
        for line in self.header:
            words += ["--header", f"{line.partition(':')[0]}: ***"]
        words += ["--profile", profile] if profile is not Profile.DEFAULT else []
        words += ["--timeout-scale", f"{timeout_scale:g}"] if timeout_scale != 1.0 else []
        return shlex.join(words)


def options_of(values: Mapping[str, object]) -> TargetOptions:
    """Return the values of `target_options` as click passes them."""
    return msgspec.convert(values, TargetOptions)


def target_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add the options that name a target and say how to reach it."""
    options = (
        click.option("--url", help="A server that runs, such as http://127.0.0.1:8080."),
        click.option(
            "--target", metavar="NAME", shell_complete=targets, help="A target of merkhet.toml or [tool.merkhet]."
        ),
        click.option("--unix", metavar="PATH", help="A server that listens on this Unix socket."),
        click.option("--command", metavar="WORDS", help="A command that starts a server on {port}; no shell reads it."),
        click.option("--insecure", is_flag=True, help="Accept any certificate."),
        click.option("--sni", default="", metavar="NAME", help="The server name to send in TLS and in Host."),
        click.option("--base-path", default="", metavar="PATH", help="A path before every path of the contract."),
        click.option("--header", multiple=True, metavar="'NAME: VALUE'", help="Send this with every request."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A target that is chosen, and not started yet. `process` is None if it is not ours to start."""

    info: TargetInfo
    access: Access
    process: TargetProcess | None = None
    folder: Path = field(default_factory=Path)

    @property
    def is_embedded(self) -> bool:
        """Whether it is the embedded reference, for want of another."""
        return self.info.kind == "embedded"

    def printed(self) -> str:
        """Return the last that a target of ours has printed; "" of one that is not ours to start."""
        return self.process.output() if self.process is not None else ""

    def describe(self) -> str:
        """Say what is judged."""
        if self.is_embedded:
            return "the embedded reference, since no target is named"
        # A target that nobody gave a name is called by its address.
        where = f" at {self.info.address}" if self.info.kind == "url" and self.info.name != self.info.address else ""
        return self.info.name + where + (f" ({self.info.bare_version})" if self.info.version else "")

    def outside(self) -> str:
        """Return the host if it is not this machine, "" if it is."""
        return "" if is_loopback(self.access) else urlsplit(self.access.url).hostname or ""


def choose(options: TargetOptions, folder: Path) -> Chosen:
    """Return what the options name, seen from a folder. Raises Failure."""
    place = None if options.url is None and options.unix is None else "--url"
    if sum(value is not None for value in (place, options.target, options.command)) > 1:
        raise Failure(
            Code.INVOCATION, "--target names a target by itself, and so does --command: give one, or --url and --unix"
        )
    try:
        chosen = _choose(options, folder)
        reach(chosen.access)
    except (ConfigError, ReachError) as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem
    return chosen


def _choose(options: TargetOptions, folder: Path) -> Chosen:
    if options.url is not None or options.unix is not None:
        config = TargetConfig(
            name=options.url or f"unix:{options.unix}", folder=folder, url=options.url or "http://localhost"
        )
        return _declared(config, options)
    if options.command is not None:
        return _declared(_commanded(options.command, folder), options)
    path = find(folder)
    targets = load(path) if path is not None else {}
    if options.target is not None:
        return _declared(_named(options.target, targets, path), options)
    if len(targets) > 1:
        names = ", ".join(targets)
        raise Failure(Code.INVOCATION, f"{path} has several targets; name one with --target: {names}")
    if targets:
        return _declared(next(iter(targets.values())), options)
    access = Access(headers=options.header, endpoints=OFFERED)
    return Chosen(info=TargetInfo(name=NAME, kind="embedded", address=""), access=access, process=embedded())


def _commanded(words: str, folder: Path) -> TargetConfig:
    try:
        command = tuple(shlex.split(words))
    except ValueError as problem:
        raise Failure(Code.INVOCATION, f"--command {words!r}: cannot be split into words: {problem}") from problem
    if not any("{port}" in word for word in command):
        raise Failure(
            Code.INVOCATION,
            f"--command {words!r}: expected {{port}} in one of its words, since the server must listen where it is told:"
            " './server --port {port}', or 'env PORT={port} ./server'",
        )
    return TargetConfig(name=words, folder=folder, command=command)


def _named(name: str, targets: Mapping[str, TargetConfig], path: Path | None) -> TargetConfig:
    if path is None:
        raise Failure(Code.INVOCATION, f"no target {name!r}: there is no merkhet.toml here or above")
    if name not in targets:
        near = difflib.get_close_matches(name, targets, 3) or list(targets)
        raise Failure(Code.INVOCATION, f"{path} has no target {name!r}; it has {', '.join(near) or 'none'}")
    return targets[name]


def _declared(config: TargetConfig, options: TargetOptions) -> Chosen:
    access = Access(
        url=config.url or "http://127.0.0.1",
        unix=options.unix or config.unix,
        insecure=config.insecure or options.insecure,
        sni=options.sni or config.sni,
        base_path=options.base_path or config.base_path,
        headers=(*config.headers, *options.header),
        endpoints=config.endpoints,
    )
    process = None
    if config.command:
        process = TargetProcess(
            config.command, folder=config.folder, env=config.env, ready_seconds=config.ready_seconds
        )
    info = TargetInfo(
        name=config.name,
        kind="command" if process is not None else "url",
        address="" if process is not None else describe(access),
        version=version_of(config.version, config.folder, config.env),
    )
    return Chosen(info=info, access=access, process=process, folder=config.folder)


@contextmanager
def started(chosen: Chosen, command: str) -> Generator[tuple[TargetInfo, RunTarget]]:
    """Start the target if it is ours to start, and stop it on the way out. Raises Failure if it does not start."""
    process = chosen.process
    if process is None:
        address, names = reach(chosen.access)
        info = _located(chosen.info, names, describe(chosen.access))
        yield info, RunTarget(address=address, names=names, command=command)
        return

    def at(port: int) -> tuple[Address, Names]:
        return reach(replace(chosen.access, url=f"http://127.0.0.1:{port}"))

    try:
        address, names = at(process.start())
        info = _located(chosen.info, names, f"http://{address.describe()}")
        yield (
            info,
            RunTarget(
                address=address,
                names=names,
                command=command,
                restart=lambda: at(process.restart()),
                alive=process.alive,
                group=process.group,
                folder=process.files,
                spare=None if sys.platform == "win32" else lambda: _spare(process, at),
            ),
        )
    except TargetError as problem:
        raise Failure(Code.TARGET, str(problem), problem.output) from problem
    finally:
        process.stop()


def _spare(process: TargetProcess, at: Callable[[int], tuple[Address, Names]]) -> Spare:
    """Start another process of a target. Raises Unreachable."""
    other = process.another()
    try:
        address, names = at(other.start())
    except TargetError as problem:
        raise Unreachable(str(problem)) from problem
    return Spare(dialer=SocketDialer(address), names=names, terminate=other.terminate, stop=other.stop)


def _located(info: TargetInfo, names: Names, address: str) -> TargetInfo:
    """Return what was judged, with where it is and what it offers."""
    return TargetInfo(
        name=info.name, kind=info.kind, address=address, version=info.version, endpoints=dict(names.endpoints)
    )
