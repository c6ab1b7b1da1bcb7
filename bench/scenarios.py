"""What is measured: for each scenario its servers, the ratio that the reference is to reach, and its load."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench import load_websocket, measure, process
from bench.measure import LoadResult, Sample
from bench.peers import FLOOR, REFERENCE
from bench.process import BenchError, Cores, Served

HELLO = b"Hello, World!"
SMALL_BYTES = 100_000
MEDIUM_BYTES = 20_000_000
LARGE_MIB = 1024
SHORT_BYTES, LONG_BYTES = 32, 16384
AT_ONCE = 32
SMALL, MEDIUM, LARGE = "small.bin", "medium.bin", "large.bin"
EVENTS = 100
PAUSE_SECONDS = 0.05
WRK_SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True, slots=True)
class Options:
    """How long, how often and how wide."""

    seconds: float
    warm_seconds: float
    rounds: int
    connections: int
    clients: int
    wrk: str | None
    cores: Cores


@dataclass(frozen=True, slots=True)
class Scenario:
    """One question to several servers. `targets` has the least ratio of the reference to a server that has one.

    `group` is what `--only` names; `mode` is for what the server is started; `path` is what is asked before each round,
    and the answer is held against `range_bytes` of the file of that name, or against hello world.
    """

    name: str
    group: str
    title: str
    counts: str
    how: str
    mode: str
    path: str
    load: Callable[[Served, Options, float], Sample]
    targets: Mapping[str, float]
    others: tuple[str, ...] = ()
    range_bytes: int = 0
    verify: Callable[[Scenario, Served, Path], None] | None = None
    details: tuple[str, ...] = field(default=())

    @property
    def servers(self) -> tuple[str, ...]:
        """Every server that is asked, the reference first."""
        return (REFERENCE, *self.targets, *self.others)


def run_load(
    command: Sequence[str], served: Served, options: Options, seconds: float, *, prepares: bool = False
) -> Sample:
    """Run a load against a server and return both sides of it. Raises BenchError."""
    with process.loading(command, options.cores.load, seconds) as load:
        if prepares:
            load.wait_until_ready()
        before, core_before = measure.cpu_seconds(served.pid), measure.core_seconds(options.cores.server)
        if prepares:
            load.go_on()
        line = load.result()
        cpu, core = measure.cpu_seconds(served.pid) - before, measure.core_seconds(options.cores.server) - core_before
    try:
        result = msgspec.json.decode(line, type=LoadResult)
    except msgspec.MsgspecError as error:
        raise BenchError(f"the load said {line!r}: {error}") from None
    if result.errors or not result.count:
        raise BenchError(f"{result.count} answers and {result.errors} errors")
    return Sample(result, cpu, max(0.0, core - cpu))


def python_load(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"bench.{name}", *arguments]


def hello_load(served: Served, options: Options, seconds: float) -> Sample:
    """Ask for hello world on all connections: with wrk, or without it with a load of ours, which is slower."""
    if options.wrk is None:
        return http_load(served, options, seconds, "/", 0)
    script = ("-s", str(WRK_SCRIPT), f"http://127.0.0.1:{served.port}/")
    command = [options.wrk, "-t", "1", "-c", str(options.connections), "-d", f"{max(1, round(seconds))}s", *script]
    return run_load(command, served, options, seconds)


def http_load(served: Served, options: Options, seconds: float, path: str, range_bytes: int) -> Sample:
    arguments = ["--port", str(served.port), "--path", path, "--seconds", str(seconds)]
    arguments += ["--connections", str(options.connections)]
    if range_bytes:
        arguments += ["--range-bytes", str(range_bytes), "--file-bytes", str(MEDIUM_BYTES)]
    return run_load(python_load("load_http", *arguments), served, options, seconds)


def file_load(served: Served, options: Options, seconds: float) -> Sample:
    return http_load(served, options, seconds, f"/{SMALL}", 0)


def range_load(served: Served, options: Options, seconds: float) -> Sample:
    return http_load(served, options, seconds, f"/{MEDIUM}", SMALL_BYTES)


def download_load(served: Served, options: Options, seconds: float) -> Sample:
    arguments = ("--port", str(served.port), "download", "--path", f"/{LARGE}", "--seconds", str(seconds))
    return run_load(python_load("load_bulk", *arguments), served, options, seconds)


def events_load(pause: float) -> Callable[[Served, Options, float], Sample]:
    """Return the load of a broadcast with so long a pause after each event."""

    def load(served: Served, options: Options, seconds: float) -> Sample:
        arguments = (str(served.port), str(options.clients), str(EVENTS), str(pause))
        return run_load(python_load("load_events", *arguments), served, options, seconds, prepares=True)

    return load


def echo_load(octets: int, at_once: int, *options_of_load: str) -> Callable[[Served, Options, float], Sample]:
    """Return the load of an echo: so many messages of so many octets at once on each connection."""

    def load(served: Served, options: Options, seconds: float) -> Sample:
        arguments = [str(served.port), "echo", "--octets", str(octets), "--at-once", str(at_once), *options_of_load]
        arguments += ["--connections", str(options.connections), "--seconds", str(seconds)]
        return run_load(python_load("load_websocket", *arguments), served, options, seconds)

    return load


def messages_load(pause: float) -> Callable[[Served, Options, float], Sample]:
    """Return the load of a broadcast over WebSockets with so long a pause after each message."""

    def load(served: Served, options: Options, seconds: float) -> Sample:
        arguments = (str(served.port), "broadcast", "--clients", str(options.clients), "--messages", str(EVENTS))
        command = python_load("load_websocket", *arguments, "--pause", str(pause))
        return run_load(command, served, options, seconds, prepares=True)

    return load


def verify_echo(scenario: Scenario, served: Served, _root: Path) -> None:
    """Send two messages and hold what comes back against them. Raises BenchError."""
    deflate = scenario.mode == "websocket-deflate"
    for octets in (SHORT_BYTES, LONG_BYTES):
        try:
            came = load_websocket.echoed(served.port, octets, deflate=deflate)
        except (OSError, ValueError) as error:
            raise BenchError(f"no echo: {error!r}") from None
        if came != load_websocket.document(octets):
            raise BenchError(f"a message of {octets} octets comes back as {len(came)} others")


def verify(scenario: Scenario, served: Served, root: Path) -> None:
    """Ask once and hold the answer against what it must be. Raises BenchError."""
    fields = {"Range": f"bytes=1000-{999 + scenario.range_bytes}"} if scenario.range_bytes else {}
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    try:
        connection.request("GET", scenario.path, headers=fields)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise BenchError(f"no answer: {error!r}") from None
    finally:
        connection.close()
    wanted, status = HELLO, 200
    if scenario.path != "/":
        wanted = (root / scenario.path.lstrip("/")).read_bytes()
    elif not (answer.getheader("Content-Type") or "").startswith("text/plain"):
        raise BenchError(f"hello world as {answer.getheader('Content-Type')}")
    if scenario.range_bytes:
        wanted, status = wanted[1000 : 1000 + scenario.range_bytes], 206
    if (answer.status, content) != (status, wanted):
        raise BenchError(
            f"answers {answer.status} with {len(content)} octets, which are not the {len(wanted)} expected"
        )


SOCKET_PEERS = ("aiohttp", "websockets")
FILE_TARGETS = {"aiohttp": 2.0, "starlette on uvicorn": 2.0, "tornado": 2.0, "whitenoise on cheroot": 2.0}

ALL = (
    Scenario(
        name="hello",
        group="hello",
        title="Hello world",
        counts="requests",
        how="{connections} kept-alive connections, {tool}; the same thirteen octets of content from every server",
        mode="hello",
        path="/",
        load=hello_load,
        targets={
            "waitress": 3.0,
            "cheroot": 1.0,
            "gunicorn gthread": 1.0,
            "hypercorn": 1.0,
            "tornado": 1.0,
            "uvicorn h11": 1.0,
            "uvicorn httptools": 1.0,
            "aiohttp": 1.0,
            "granian": 0.95,
        },
        others=("uvicorn httptools uvloop", "granian uvloop", FLOOR),
        details=("Level with granian is taken as 0.95: closer than that two runs of one server are not alike either.",),
    ),
    Scenario(
        name="file",
        group="files",
        title="Files of 100 kB",
        counts="requests",
        how="{connections} kept-alive connections, bench/load_http.py",
        mode="files",
        path=f"/{SMALL}",
        load=file_load,
        targets=FILE_TARGETS,
        others=("starlette on granian", "nginx"),
    ),
    Scenario(
        name="range",
        group="files",
        title="Ranges of 100 kB out of 20 MB",
        counts="requests",
        how="{connections} kept-alive connections, bench/load_http.py, 64 ranges in turn",
        mode="files",
        path=f"/{MEDIUM}",
        load=range_load,
        targets=FILE_TARGETS,
        others=("starlette on granian", "nginx"),
        range_bytes=SMALL_BYTES,
    ),
    Scenario(
        name="big",
        group="big",
        title="A file of 1 GiB to one client",
        counts="MiB",
        how="the same connection again and again, bench/load_bulk.py, which throws the octets away in the kernel",
        mode="files",
        path=f"/{SMALL}",
        load=download_load,
        targets={"nginx": 1.0},
    ),
    Scenario(
        name="events",
        group="sse",
        title="Event stream, as fast as the server can",
        counts="events",
        how="{clients} clients, 100 events each, bench/load_events.py; from the first event to the last at the last client",
        mode="events",
        path="/",
        load=events_load(0.0),
        targets={"aiohttp": 2.0},
        details=(
            "Events that are sent at once may leave in one piece; in the table that follows they cannot. Processor time",
            "counts from when the broadcast was asked for, which is before its first event: so *busy* may pass 100 %.",
        ),
    ),
    Scenario(
        name="events-paced",
        group="sse",
        title=f"Event stream, an event and then {PAUSE_SECONDS * 1000:.0f} ms of rest",
        counts="events",
        how="{clients} clients, 100 events each, bench/load_events.py; the server waits after each event",
        mode="events",
        path="/",
        load=events_load(PAUSE_SECONDS),
        targets={},
        others=("aiohttp",),
        details=("For information, and more for its processor time than for its rate, which the pause bounds.",),
    ),
    Scenario(
        name="websocket-burst",
        group="websocket",
        title=f"WebSocket: echo of {SHORT_BYTES} octets, {AT_ONCE} messages at once",
        counts="messages",
        how="{connections} connections, bench/load_websocket.py; each sends its messages together, and again when all are back",
        mode="websocket",
        path="/ws",
        load=echo_load(SHORT_BYTES, AT_ONCE),
        targets={"aiohttp": 2.0, "websockets": 3.0},
        verify=verify_echo,
    ),
    Scenario(
        name="websocket-one",
        group="websocket",
        title=f"WebSocket: echo of {SHORT_BYTES} octets, one message after another",
        counts="messages",
        how="{connections} connections, bench/load_websocket.py; each sends its message when the one before is back",
        mode="websocket",
        path="/ws",
        load=echo_load(SHORT_BYTES, 1),
        targets={"websockets": 1.0},
        others=("aiohttp",),
        verify=verify_echo,
        details=(
            "For each message every server asks the system twice, to read it and to send it back, and that alone is half of",
            "what aiohttp needs: with one message at a time nobody can be twice as fast. The load is slower than some servers",
            "here, so processor time says more than the rate.",
        ),
    ),
    Scenario(
        name="websocket-long",
        group="websocket",
        title=f"WebSocket: echo of {LONG_BYTES // 1024} KiB",
        counts="messages",
        how="{connections} connections, bench/load_websocket.py; JSON",
        mode="websocket",
        path="/ws",
        load=echo_load(LONG_BYTES, 1),
        targets={"websockets": 1.0},
        others=("aiohttp",),
        verify=verify_echo,
    ),
    Scenario(
        name="websocket-deflate",
        group="websocket",
        title=f"WebSocket: echo of {LONG_BYTES // 1024} KiB, compressed both ways",
        counts="messages",
        how="{connections} connections, bench/load_websocket.py; JSON, with a window of the server's choice",
        mode="websocket-deflate",
        path="/ws",
        load=echo_load(LONG_BYTES, 1, "--deflate"),
        targets={"websockets": 1.0},
        others=("aiohttp",),
        verify=verify_echo,
    ),
    Scenario(
        name="websocket-broadcast",
        group="websocket",
        title="WebSocket: broadcast, as fast as the server can",
        counts="messages",
        how="{clients} clients, 100 messages each, bench/load_websocket.py; from the first message to the last at the last client",
        mode="websocket",
        path="/ws",
        load=messages_load(0.0),
        targets=dict.fromkeys(SOCKET_PEERS, 1.0),
        verify=verify_echo,
        details=("Messages that are sent at once may leave in one piece; in the table that follows they cannot.",),
    ),
    Scenario(
        name="websocket-broadcast-paced",
        group="websocket",
        title=f"WebSocket: broadcast, a message and then {PAUSE_SECONDS * 1000:.0f} ms of rest",
        counts="messages",
        how="{clients} clients, 100 messages each, bench/load_websocket.py; the server waits after each message",
        mode="websocket",
        path="/ws",
        load=messages_load(PAUSE_SECONDS),
        targets={},
        others=SOCKET_PEERS,
        verify=verify_echo,
        details=("For information, and more for its processor time than for its rate, which the pause bounds.",),
    ),
)
