"""Dead WebSockets: no check that hears frames passes on them, and what they do is what their names say."""

from __future__ import annotations

import socket

import checks
import pytest

from merkhet import catalogue
from merkhet.catalogue import AnyCheck
from merkhet.check import Check, Passive
from merkhet.engine.plan import RunOptions, RunTarget
from merkhet.engine.runner import run_sync
from merkhet.expect_handshake import accept_of
from merkhet.model import Outcome
from merkhet.selftest.burial import bury_socket
from merkhet.selftest.dead import serve
from merkhet.selftest.dead_sockets import DEAD_SOCKETS, MAY_KEEP, SOCKET_ENDPOINTS, hears
from merkhet.suites.websocket_words import KEY, handshake, ping
from merkhet.template import Names
from merkhet.wire.judge import RULES

WAITS = frozenset({"bulk", "slow", "alone", "own-process"})


def about_sockets() -> list[AnyCheck]:
    """Return every check that hears frames, and every rule on them."""
    known = catalogue.load().checks.values()
    active = [check for check in known if isinstance(check, Check) and hears(check) and not check.tags & WAITS]
    return [*active, *(check for check in known if isinstance(check, Passive) and RULES[check.rule].reads_frames)]


def target(address: tuple[str, int]) -> RunTarget:
    plain = checks.target(address)
    names = Names(host=plain.names.host, scheme="http", endpoints=SOCKET_ENDPOINTS)
    return RunTarget(address=plain.address, names=names)


@pytest.mark.parametrize("name", sorted(DEAD_SOCKETS))
def test_a_dead_socket_earns_nothing(name: str) -> None:
    with serve(DEAD_SOCKETS[name]) as address:
        outcome = run_sync(target(address), about_sockets(), RunOptions(jobs=32, timeout_scale=0.1))
    assert outcome.ended == "complete"
    assert outcome.preflight is not None
    assert outcome.preflight.discriminates, "HTTP is alive there"
    passed = {result.check for result in outcome.results if result.outcome in {Outcome.PASS, Outcome.OBSERVED}}
    known = catalogue.load().checks
    assert [check for check in passed if isinstance(known[check], Check)] == []
    assert name in MAY_KEEP or not passed
    assert any(result.outcome in {Outcome.FAIL, Outcome.INCONCLUSIVE} for result in outcome.results)


def answers(name: str, frames: bytes) -> bytes:
    """Return what a dead socket says behind its 101 to these frames, up to its end or to a short silence."""
    with serve(DEAD_SOCKETS[name]) as address, socket.create_connection(address, timeout=0.2) as client:
        client.sendall(handshake().replace(b"{ws}", b"/ws").replace(b"{host}", b"h") + frames)
        data: bytes = b""
        try:
            while piece := client.recv(65536):
                data = b"".join((data, piece))
        except TimeoutError:
            pass
    head, _, rest = data.partition(b"\r\n\r\n")
    assert b"Sec-WebSocket-Accept: " + accept_of(KEY) in head
    return rest


def test_each_is_dead_in_its_own_way() -> None:
    assert {name: answers(name, ping(b"x")) for name in DEAD_SOCKETS} == {
        "silent socket": b"",
        "socket that echoes octets": ping(b"x"),
        "socket that closes at once": b"\x88\x02\x03\xe8",
        "socket that hangs up": b"",
        "socket that closes at the first frame": b"\x88\x02\x03\xea",
    }


def test_one_is_buried_by_merkhet_itself() -> None:
    check = "rfc6455-5.5.2-ping"
    burial = bury_socket("silent socket", DEAD_SOCKETS["silent socket"], [check])
    assert (burial.code, burial.problems, burial.counts) == (1, (), {Outcome.FAIL: 1})
