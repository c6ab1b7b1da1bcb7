"""Small checks, requirements and a server of a few lines, for the tests of the engine."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Generator, Iterator

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, Step, Stream, Verdict, closes
from merkhet.engine.conclude import Conclusion, conclude
from merkhet.engine.deadlines import Deadlines
from merkhet.engine.execute import Baseline, Run, Setting, execute
from merkhet.engine.plan import RunTarget
from merkhet.expect import Expectation, ended, served, silent, status
from merkhet.model import Level, Profile, Requirement, Weight
from merkhet.template import ENDPOINTS, Names
from merkhet.wire.canned import CannedDialer, run_now
from merkhet.wire.sockets import Address

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
REFUSED = closes(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
GET = b"GET {root} HTTP/1.1\r\nHost: {host}\r\n\r\n"
NO_HOST = b"GET {root} HTTP/1.1\r\n\r\n"
NAMES = Names(host=b"h", scheme="http", endpoints=ENDPOINTS)

CASES: dict[Expectation, Verdict] = {
    status(400): PASS,
    ended: WARNING.because("the connection ended without the 400"),
    served(): VIOLATION.because("the request was served"),
    silent: WARNING.because("no answer"),
}


def requirement(section: str = "3.2", level: Level = Level.MUST, weight: Weight = Weight.BREACH) -> Requirement:
    return Requirement(
        id="rfc9112-0-1",
        document="rfc9112",
        section=section,
        level=level,
        basis="bcp14",
        role="server",
        text="A rule.",
        on_violation=weight,
    )


def check(
    *steps: Step,
    name: str = "refused",
    good: tuple[Stream | bytes, ...] = (REFUSED,),
    tags: frozenset[str] = frozenset(),
) -> Check:
    return Check(
        id=f"rfc9112-0-{name}",
        requirement="rfc9112-0-1",
        title="A request without Host is refused",
        since="0.1",
        steps=steps or (Send(NO_HOST), Answers(CASES)),
        good=good,
        mutants=(Canned("serves it", OK),),
        tags=tags,
    )


def setting(*, round_trip_seconds: float = 0.001, baseline: Baseline | None = None) -> Setting:
    return Setting(
        names=NAMES,
        baseline=baseline or Baseline(status=200),
        deadlines=Deadlines(round_trip_seconds),
        nonce="n",
    )


def play(
    check: Check,
    *streams: Stream,
    under: Setting | None = None,
    rule: Requirement | None = None,
    profile: Profile = Profile.DEFAULT,
) -> tuple[Run, Conclusion]:
    """Run a check against a server in memory; return what happened, and what it comes to."""
    here = under or setting()
    run = run_now(execute(check, CannedDialer(streams, check.twin, here.render), here))
    return run, conclude(run, rule or requirement(), profile, here.baseline)


Handler = Callable[[socket.socket], None]


@contextlib.contextmanager
def serving(handler: Handler) -> Generator[tuple[str, int], None, None]:
    """Serve each connection of a loopback listener with `handler`, in a thread of its own; yield host and port."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            handler(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield listener.getsockname()[:2]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def heads(connection: socket.socket) -> Iterator[bytes]:
    """Yield each request head that comes on a connection, its empty line included."""
    data: bytes = b""
    while piece := connection.recv(65536):
        data = b"".join((data, piece))
        while b"\r\n\r\n" in data:
            head, _, data = data.partition(b"\r\n\r\n")
            yield head + b"\r\n\r\n"


def mute(connection: socket.socket) -> None:
    """Read everything and say nothing."""
    for _ in heads(connection):
        pass


def small_server(connection: socket.socket) -> None:
    """Answer 200 to what has a Host, and 400 to what has none or is no request; then close."""
    for head in heads(connection):
        if b"HTTP/1.1\r\n" in head and b"Host:" in head:
            connection.sendall(OK)
        else:
            connection.sendall(REFUSED.data)
            return


def target(address: tuple[str, int]) -> RunTarget:
    host, port = address
    names = Names(host=f"{host}:{port}".encode(), scheme="http", endpoints={"root": "/"})
    return RunTarget(address=Address(host=host, port=port), names=names)
