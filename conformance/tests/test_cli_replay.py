"""`merkhet replay`: what was sent is sent again, what comes is shown beside what came, and the verdict is made anew."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from cli_process import HOST, declared, kept, merkhet, running

from merkhet import results
from merkhet.cli import invoke
from merkhet.cli.codes import Code
from merkhet.cli.replay_show import deeds, paired
from merkhet.model import Direction, WireEvent


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def event(direction: Direction, data: bytes = b"", at: float = 0.0) -> WireEvent:
    return WireEvent(connection=0, at=at, direction=direction, data=data, length=len(data))


def test_a_fault_is_seen_again_and_one_that_is_mended_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    declared(Path(), "serves-all")
    assert invoke(["run", "-s", HOST]) == Code.SERVER
    before = Path(".merkhet/last.jsonl").read_bytes()
    capsys.readouterr()
    assert invoke(["replay", HOST]) == Code.SERVER
    out = capsys.readouterr().out
    assert "verdict then: fail, now: fail" in out
    assert "GET / HTTP/1.1\\r\\n" in out
    assert "connection 0 (check)" in out
    assert "exit code 1" in out
    declared(Path(), "good")
    assert invoke(["replay", HOST]) == Code.OK
    out = capsys.readouterr().out
    assert "verdict then: fail, now: pass" in out
    assert "HTTP/1.1 200 OK\\r\\n" in out, "what came then"
    assert "HTTP/1.1 400 Bad Request\\r\\n" in out, "what comes now"
    assert Path(".merkhet/last.jsonl").read_bytes() == before, "the last run stays as it is"


def test_another_target_and_another_file(capsys: pytest.CaptureFixture[str]) -> None:
    declared(Path(), "good")
    assert invoke(["run", "-s", HOST, "-o", "json:r.json"]) == Code.OK
    (Path(".merkhet") / "last.jsonl").unlink()
    with running("serves-all", Path()) as (url, _):
        assert invoke(["replay", HOST, "--results", "r.json", "--url", url]) == Code.SERVER
    assert "verdict then: pass, now: fail" in capsys.readouterr().out


def test_a_target_that_dies_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    declared(Path(), "good")
    assert invoke(["run", "-s", HOST]) == Code.OK
    declared(Path(), "dies-of-it")
    capsys.readouterr()
    assert invoke(["replay", HOST]) == Code.SERVER
    out = capsys.readouterr().out
    assert "the target answers no more after these bytes" in out
    assert "verdict then: pass, now: fail" in out
    assert "[killed the server]" in out


def test_hostile_bytes_are_escaped() -> None:
    declared(Path(), "hostile")
    merkhet("run", "-s", HOST, cwd=Path())
    done = merkhet("replay", HOST, cwd=Path())
    assert "received" in done.stdout
    assert "\\x1b[31m" in done.stdout
    for text in (done.stdout, done.stderr):
        assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([HOST, "--results", "absent.json"], Code.INVOCATION, "absent.json: no such file"),
        (["rfc9112-3.2-host-mising"], Code.INVOCATION, f"has no result of rfc9112-3.2-host-mising; nearest: {HOST}"),
        ([HOST, "--results", "bare.json"], Code.INVOCATION, f"keeps no bytes of {HOST}, which is pass there"),
        (["gone"], Code.INVOCATION, "this merkhet has no check gone: its bytes were sent, nothing was judged"),
        ([HOST, "--url", "http://127.0.0.1:1"], Code.TARGET, "no connection to 127.0.0.1:1"),
        ([HOST, "--url", "http://192.0.2.1"], Code.INVOCATION, "--i-may-test 192.0.2.1"),
    ],
)
def test_what_cannot_be_replayed(capsys: pytest.CaptureFixture[str], words: list[str], code: Code, told: str) -> None:
    declared(Path(), "good")
    assert invoke(["run", "-s", HOST]) == Code.OK
    whole = kept(Path())
    one = msgspec.structs.replace(whole.results[0], tags=("bulk",))
    results.save(
        Path("more.json"), msgspec.structs.replace(whole, results=(one, msgspec.structs.replace(one, check="gone")))
    )
    results.save(
        Path("bare.json"),
        msgspec.structs.replace(whole, results=(msgspec.structs.replace(one, evidence=type(one.evidence)()),)),
    )
    named = words if "--results" in words else [*words, "--results", "more.json"]
    assert invoke(["replay", *named]) == code
    told_err = capsys.readouterr().err
    assert told in told_err
    assert "Traceback" not in told_err


def test_deeds_of_a_kind_are_one() -> None:
    events = [
        event(Direction.OPENED),
        event(Direction.SENT, b"a", 1),
        event(Direction.SENT, b"b", 2),
        event(Direction.CLOSED),
    ]
    assert [(deed.direction, deed.data, deed.segments, deed.at) for deed in deeds(events)] == [
        (Direction.SENT, b"ab", 2, 1),
        (Direction.CLOSED, b"", 1, 0.0),
    ]


def test_what_happened_stands_beside_what_happens() -> None:
    sent, received, closed = (
        deeds([event(kind, b"x")])[0] for kind in (Direction.SENT, Direction.RECEIVED, Direction.CLOSED)
    )
    assert paired([sent, received, closed], [sent, closed]) == [(sent, sent), (received, None), (closed, closed)]
    assert paired([sent], []) == [(sent, None)]
    assert paired([sent, closed], [sent, received]) == [(sent, sent), (closed, received)]
