"""The servers that are measured: how each is started, where its version is found, and what it can be asked."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

REFERENCE = "merkhet reference"
FLOOR = "floor"
SERVERS = Path(__file__).with_name("servers")


@dataclass(frozen=True, slots=True)
class Place:
    """What a server is told at its start: its port, the folder that it serves, a folder of its own, and for what it runs."""

    port: int
    root: Path
    work: Path
    mode: str


@dataclass(frozen=True, slots=True)
class Peer:
    """One server. `packages` are the distributions that it needs; `note` says what is not its default."""

    name: str
    command: Callable[[Place], Sequence[str]]
    packages: tuple[str, ...] = ()
    note: str = ""
    environment: Callable[[Place], Mapping[str, str]] = field(default=lambda _: {})

    def missing(self) -> str:
        """Return what is not installed, or "" if all is."""
        if self.name == "nginx":
            return "" if shutil.which("nginx") else "nginx is not on PATH"
        if self.name == REFERENCE:
            return "" if importlib.util.find_spec("merkhet_reference") else "merkhet_reference is not installed"
        absent = [package for package in self.packages if not distribution_version(package)]
        return f"not installed: {', '.join(absent)}" if absent else ""

    def version(self) -> str:
        """Return the versions of what it is made of."""
        if self.name == "nginx":
            said = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=False).stderr
            return said.strip().rpartition("/")[2]
        versions = [f"{package} {distribution_version(package)}" for package in self.packages]
        return ", ".join(versions + ([revision()] if self.name == REFERENCE else []))


def distribution_version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def revision() -> str:
    """Return the commit of this repository, and whether what is here differs from it; "" outside of a clone."""
    command = ["git", "-C", str(SERVERS), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def module(name: str, *arguments: str) -> Callable[[Place], Sequence[str]]:
    """Return the command `python -m NAME ARGUMENT...`, with {port}, {root} and {mode} filled in."""

    def command(place: Place) -> Sequence[str]:
        values = {"port": str(place.port), "root": str(place.root), "mode": place.mode}
        return [sys.executable, "-m", name, *(fill(argument, values) for argument in arguments)]

    return command


def fill(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], text)


def nginx(place: Place) -> Sequence[str]:
    """Write nginx's configuration and return the command."""
    text = (SERVERS / "nginx.conf.jinja").read_text(encoding="utf-8")
    written = jinja2.Template(text, undefined=jinja2.StrictUndefined, trim_blocks=True).render(
        port=place.port, root=place.root, work=place.work, root_user=os.geteuid() == 0
    )
    conf = place.work / f"nginx-{place.port}.conf"
    conf.write_text(written, encoding="utf-8")
    return ["nginx", "-e", "stderr", "-p", str(place.work), "-c", str(conf)]


def bench_root(place: Place) -> Mapping[str, str]:
    return {"BENCH_ROOT": str(place.root)}


WSGI = "bench.servers.wsgi_app:app"
ASGI = "bench.servers.asgi_app:app"
STARLETTE = "bench.servers.starlette_app:app"
BIND = "127.0.0.1:{port}"


def uvicorn(app: str, http: str, loop: str) -> Callable[[Place], Sequence[str]]:
    options = ("--port", "{port}", "--http", http, "--loop", loop, "--no-access-log", "--log-level", "warning")
    return module("uvicorn", app, *options)


def granian(app: str, loop: str) -> Callable[[Place], Sequence[str]]:
    options = ("--port", "{port}", "--interface", "asgi", "--workers", "1", "--loop", loop, "--log-level", "warning")
    return module("granian", app, *options)


def aiohttp(place: Place) -> Sequence[str]:
    if place.mode.startswith("websocket"):
        return module("bench.servers.aiohttp_websocket_app", "{port}", "{mode}")(place)
    return module("bench.servers.aiohttp_app", "{port}", "{root}")(place)


ALL = (
    Peer(
        REFERENCE,
        module("bench.servers.reference_app", "{port}", "{root}", "{mode}"),
        ("merkhet",),
    ),
    Peer(
        FLOOR,
        module("bench.floor", "{port}"),
        note="no server, but the architecture and nothing else: the ceiling",
    ),
    Peer(
        "waitress",
        module("waitress", f"--listen={BIND}", WSGI),
        ("waitress",),
    ),
    Peer(
        "cheroot",
        module("bench.servers.cheroot_app", "{port}", "{root}", "hello"),
        ("cheroot", "whitenoise"),
        note="keep_alive_conn_limit raised from 10",
    ),
    Peer(
        "gunicorn gthread",
        module("gunicorn", "-k", "gthread", "--threads", "8", "-w", "1", "-b", BIND, "--log-level", "warning", WSGI),
        ("gunicorn",),
        note="1 worker, 8 threads",
    ),
    Peer(
        "hypercorn",
        module("hypercorn", "-c", "python:bench.servers.hypercorn_config", "-w", "1", "-b", BIND, ASGI),
        ("hypercorn",),
        note="keep_alive_max_requests raised from 1000",
    ),
    Peer(
        "tornado",
        module("bench.servers.tornado_app", "{port}", "{root}"),
        ("tornado",),
    ),
    Peer(
        "uvicorn h11",
        uvicorn(ASGI, "h11", "asyncio"),
        ("uvicorn", "h11"),
        note="asyncio's loop",
    ),
    Peer(
        "uvicorn httptools",
        uvicorn(ASGI, "httptools", "asyncio"),
        ("uvicorn", "httptools"),
        note="asyncio's loop",
    ),
    Peer(
        "uvicorn httptools uvloop",
        uvicorn(ASGI, "httptools", "uvloop"),
        ("uvicorn", "httptools", "uvloop"),
        note="a loop in C beside the parser in C",
    ),
    Peer(
        "aiohttp",
        aiohttp,
        ("aiohttp",),
    ),
    Peer(
        "websockets",
        module("bench.servers.websockets_app", "{port}", "{mode}"),
        ("websockets",),
        note="asyncio's loop; what unmasks is in C",
    ),
    Peer(
        "granian",
        granian(ASGI, "asyncio"),
        ("granian",),
        note="ASGI, 1 worker, asyncio's loop; its HTTP is in Rust",
    ),
    Peer(
        "granian uvloop",
        granian(ASGI, "uvloop"),
        ("granian", "uvloop"),
        note="ASGI, 1 worker, a loop in C",
    ),
    Peer(
        "starlette on uvicorn",
        uvicorn(STARLETTE, "httptools", "uvloop"),
        ("starlette", "uvicorn", "httptools", "uvloop"),
        note="FileResponse",
        environment=bench_root,
    ),
    Peer(
        "starlette on granian",
        granian(STARLETTE, "uvloop"),
        ("starlette", "granian", "uvloop"),
        note="FileResponse; a whole file is sent by Rust (pathsend)",
        environment=bench_root,
    ),
    Peer(
        "whitenoise on cheroot",
        module("bench.servers.cheroot_app", "{port}", "{root}", "files"),
        ("whitenoise", "cheroot"),
        note="keep_alive_conn_limit raised from 10",
    ),
    Peer(
        "nginx",
        nginx,
        note="1 worker, sendfile on",
    ),
)

BY_NAME: Mapping[str, Peer] = {peer.name: peer for peer in ALL}
