"""Every client in every conversation, with a right server and with each wrong one: canned octets over real sockets."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import socket
import threading
from collections.abc import Generator
from pathlib import Path

import checks
import pytest
from cli_process import merkhet

from merkhet.interop import scenarios, talks
from merkhet.interop.clients import CLIENTS, Curl
from merkhet.interop.conversation import Call, Client, Got
from merkhet.interop.scenarios import SCENARIOS, NotOfferedError, Scenario, judged
from merkhet.model import Outcome
from merkhet.selftest.canned import NAMES

INSTALLED = [client for client in CLIENTS.values() if client.version()]
each_client = pytest.mark.parametrize("client", INSTALLED, ids=lambda client: client.name)
each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.slug)
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


@contextlib.contextmanager
def canned(answers: tuple[bytes, ...]) -> Generator[str]:
    """Answer request after request, on whatever connection it comes; close where the answer says so. Yields the base."""
    left = itertools.chain(answers, itertools.repeat(b""))
    lock = threading.Lock()

    def handler(connection: socket.socket) -> None:
        with connection.makefile("rb") as reader:
            while head := b"".join(iter(reader.readline, b"\r\n")) if reader.peek(1) else b"":
                with lock:
                    answer = next(left)
                if answer.startswith(INTERIM) and b"100-continue" in head.lower():
                    connection.sendall(INTERIM)
                skip_content(head, reader)
                connection.sendall(answer.removeprefix(INTERIM))
                if not answer or b"connection: close" in answer.lower():
                    return

    with checks.serving(handler) as (host, port):
        yield f"http://{host}:{port}"


def skip_content(head: bytes, reader: socket.SocketIO | object) -> None:
    read = getattr(reader, "read")  # noqa: B009 - a buffered reader
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    if length:
        read(int(length[1]))
    elif b"transfer-encoding: chunked" in head.lower():
        while size := int(getattr(reader, "readline")(), 16):  # noqa: B009
            read(size + 2)
        read(2)


def outcome(scenario: Scenario, client: Client, answers: tuple[bytes, ...]) -> tuple[Outcome, str]:
    with canned(answers) as base:
        result = talks.one_talk(talks.of_calls(scenario, client), NAMES, base, client.version())
    return result.outcome, result.reason or result.observed


@each_scenario
@each_client
def test_a_right_server_is_understood(scenario: Scenario, client: Client) -> None:
    found, told = outcome(scenario, client, scenario.good)
    assert found in {Outcome.PASS, Outcome.NOT_APPLICABLE}, told
    if found is Outcome.NOT_APPLICABLE:
        assert told in {
            "requests does not wait for a 100",
            "httpx does not wait for a 100",
            "h11 writes no forms",
            "requests takes an interim answer for the final one",
        }


@each_scenario
@each_client
def test_every_wrong_server_is_noticed(scenario: Scenario, client: Client) -> None:
    if outcome(scenario, client, scenario.good)[0] is Outcome.NOT_APPLICABLE:
        pytest.skip("not this client's")
    assert scenario.wrong
    for fault, answers in scenario.wrong.items():
        found, told = outcome(scenario, client, answers)
        assert found is Outcome.WARN, f"{fault}: {found} {told}"


@each_scenario
def test_an_error_of_the_client_is_told(scenario: Scenario) -> None:
    broken = Got(error="it broke")
    whole = [Got(status=200)] * (len(scenario.calls) - 1)
    complaint = judged(scenario, [*whole, broken])
    assert ("it broke" in complaint) is (scenario.slug != "cut")


def test_what_the_target_does_not_have_is_no_fault() -> None:
    resume = next(scenario for scenario in SCENARIOS if scenario.slug == "resume")
    with pytest.raises(NotOfferedError, match="ranges"):
        judged(resume, [Got(status=200, content=scenarios.LARGE)] * 2)
    post = next(scenario for scenario in SCENARIOS if scenario.slug == "post-chunked")
    with pytest.raises(NotOfferedError, match="status 411"):
        judged(post, [Got(status=411)])


class Missing(Curl):
    name = "none"

    def version(self) -> str:
        return ""


def test_a_client_that_is_not_installed_is_told() -> None:
    result = talks.one_talk(talks.of_calls(SCENARIOS[0], Missing()), NAMES, "http://127.0.0.1:1", Missing().version())
    assert (result.outcome, result.reason) == (Outcome.NOT_APPLICABLE, "none is not installed")


class Failing(Curl):
    def talk(self, base: str, calls: object) -> list[Got]:
        raise RuntimeError("a fault of ours")


def test_a_fault_of_ours_is_an_error_and_not_the_end() -> None:
    result = talks.one_talk(talks.of_calls(SCENARIOS[0], Failing()), NAMES, "http://127.0.0.1:1", "8")
    assert (result.outcome, result.reason) == (Outcome.ERROR, "curl: RuntimeError: a fault of ours")


@each_client
def test_a_server_that_is_not_there_is_told(client: Client) -> None:
    got = client.talk("http://127.0.0.1:1", [Call(path="/")])
    assert got[0].error


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename=\"a b.txt\"; filename*=UTF-8''caf%C3%A9.txt", "caf\xe9.txt"),
        ("attachment; filename=a.txt", "a.txt"),
        ('attachment; filename=""', None),
        ("attachment", None),
    ],
)
def test_the_name_of_a_download(disposition: str, name: str | None) -> None:
    got = Got(status=200, content=b"download\n", fields=(("content-disposition", disposition),))
    download = next(scenario for scenario in SCENARIOS if scenario.slug == "download")
    complaint = judged(download, [got])
    assert complaint == ("" if name == "caf\xe9.txt" else f"the file would be saved as {name!r}")


def test_the_reference_is_understood_by_every_client(tmp_path: Path) -> None:
    done = merkhet("interop", "-o", f"json:{tmp_path / 'out.json'}", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    told = json.loads((tmp_path / "out.json").read_bytes())
    assert [result["check"] for result in told["results"]] == [talk.check for talk in talks.all_talks()]
    assert {result["outcome"] for result in told["results"]} <= {"pass", "not-applicable"}
    assert {result["requirement"] for result in told["results"]} == {rule["id"] for rule in told["requirements"]}


@pytest.mark.parametrize("words", [("-s", "nothing"), ("--insecure",), ("--client", "netscape")])
def test_what_cannot_be_asked_for(words: tuple[str, ...], tmp_path: Path) -> None:
    assert merkhet("interop", *words, cwd=tmp_path).returncode == 2
