"""`merkhet selftest --dead`: `merkhet run` on servers that do nothing right, and on what only looks like one."""

from __future__ import annotations

import socket
import threading

import pytest
from cli_process import HOST

from merkhet.cli import invoke
from merkhet.cli.codes import Code
from merkhet.model import Outcome
from merkhet.selftest import dead
from merkhet.selftest.burial import SECONDS_MAX, bury

NAMED = {
    "black hole",
    "hang-up",
    "always 400",
    "always 200",
    "always 500",
    "garbage",
    "a byte a second",
    "endless body",
}
OK = b"HTTP/1.1 200 OK\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nContent-Length: 2\r\n\r\nok"
REFUSED = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def alive(connection: socket.socket, stop: threading.Event) -> None:
    """Serve what has a Host and refuse the rest: enough to earn a pass."""
    while data := connection.recv(65536):
        legal = data.startswith(b"GET / HTTP/1.1\r\n") and b"\r\nHost: " in data
        connection.sendall(OK if legal else REFUSED)
        if not legal:
            connection.shutdown(socket.SHUT_WR)
            return


def test_every_named_one_is_there() -> None:
    assert dead.DEAD.keys() >= NAMED
    assert dead.KEEPS.keys() <= dead.DEAD.keys()


def test_dead_servers_earn_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("hang-up", "garbage", "endless body", "always 200 and close")
    monkeypatch.setattr(dead, "DEAD", {name: dead.DEAD[name] for name in names})
    assert invoke(["selftest", "--dead", HOST, "-s", "*-responses-status-line"]) == Code.OK
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in told[:3]] == ["hang-up", "garbage", "endless body"]
    assert all("no results; exit code 3; " in line for line in told[:3])
    assert told[3].startswith("always 200 and close: 1 pass, ")
    assert "exit code 1; " in told[3]
    assert told[-1] == "4 dead servers, 0 problems"


def test_one_that_earns_a_pass_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(dead, "DEAD", {"alive": alive})
    assert invoke(["selftest", "--dead", HOST]) == Code.OURS
    told = capsys.readouterr().out
    assert "problem: exit code 0; expected 1 or 3" in told
    assert f"problem: {HOST} is pass" in told


def test_a_passive_pass_must_be_earned_by_name() -> None:
    burial = bury("no such server", dead.DEAD["always 200 and close"], ["*-responses-status-line"])
    assert burial.problems
    assert burial.counts == {Outcome.PASS: 1}
    assert "rfc9112-4-responses-status-line is pass" in burial.problems


def test_one_that_takes_too_long_is_told() -> None:
    burial = bury("black hole", dead.DEAD["black hole"], [HOST], seconds_max=0.2)
    assert burial.code is None
    assert burial.seconds < SECONDS_MAX
    assert "it did not end within 0.2 s" in burial.problems
