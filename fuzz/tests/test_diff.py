"""Participants side by side: what counts as read alike, how inputs come to clusters, and what the command leaves behind."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from merkhet import results
from merkhet.cli import invoke
from merkhet.cli.codes import Code
from merkhet.cli.fuzz_known import Known
from merkhet.cli.fuzz_results import Recorder, parser_info
from merkhet.model import Disagreement, Severity, Weight
from merkhet_fuzz import parsers
from merkhet_fuzz.diff import clusters, derived, reading
from merkhet_fuzz.diff.campaign import DiffCampaign
from merkhet_fuzz.diff.participants import ParserParticipant
from merkhet_fuzz.diff.reading import Message, Reading, compare, sides
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.oracles import Run
from merkhet_fuzz.parsers import Parser
from merkhet_fuzz.render import render

REFERENCE = parsers.load("reference:http-request")


def read(*contents: object, stops: bool = False, meant: tuple[object, ...] = ("GET",), ends: bool = False) -> Reading:
    return Reading(tuple(Message(content, meant, ends) for content in contents), stops, "")


# What is alike


@pytest.mark.parametrize(
    ("one", "other", "severity"),
    [
        (read(b"a"), read(b"a"), None),
        (read(), read(stops=True), None),
        (read(b"a"), read(b"b"), Severity.FRAMING),
        (read(b"a"), read(b"a", b"b"), Severity.FRAMING),
        (read(b"a", ends=True), read(b"a", b"b"), None),
        (read(b"a", stops=True), read(b"a", b"b"), Severity.ACCEPTANCE),
        (read(stops=True), read(b"a", stops=True), None),
        (read(b"a"), read(b"a", meant=("POST",)), Severity.MEANING),
        (read(b"a", stops=True), read(b"a", b"b", meant=("POST",)), Severity.MEANING),
        (read(None), read(b"b"), None),
        (read(b"a", meant=(None,)), read(b"a"), None),
    ],
)
def test_compared(one: Reading, other: Reading, severity: Severity | None) -> None:
    assert compare(one, other) is severity
    assert compare(other, one) is severity


def test_of_a_whole_that_is_refused_nobody_counts_the_parts() -> None:
    form = [replace(read(*parts, stops=stops), is_one=True) for parts, stops in (((), False), ((b"a",), True))]
    assert compare(*form) is None
    assert compare(form[0], replace(form[1], stops=False)) is Severity.FRAMING


def test_who_tells_nothing_makes_no_others_alike() -> None:
    assert sides([read(b"a"), read(None), read(b"b"), read(b"b")]) == (0, 0, 1, 1)
    assert sides([read(None), read(b"a"), read(b"b")]) == (0, 0, 1)


def test_fields_are_compared_in_one_form() -> None:
    wire = render(Input.parse("http-request.get#0"))

    def message(*fields: tuple[bytes, bytes]) -> Message:
        return reading.http_message(wire, 0, (b"GET", b"/", b"", fields))

    assert message((b"A", b" b\r\n c "), (b"Content-Length", b"05")) == message((b"a", b"b c"))
    assert message((b"a", b"b")) != message((b"a", b"B"))
    assert message((b"Connection", b"Close")).ends
    assert not message((b"a", b"b")).ends


def test_a_trailer_field_that_comes_out_with_the_next_request_is_seen() -> None:
    wire = render(Input.parse("http-request.chunked#1"))
    first = (b"POST", b"/?", b"", ((b"X-Trailer1", b"a"),))
    own, others = (((b"Host", b"a"),), ((b"x-trailer1", b"a"), (b"Host", b"a")))
    assert not reading.misplaced(wire, Run([first, (b"GET", b"/canary", b"", own)]))
    assert reading.misplaced(wire, Run([first, (b"GET", b"/canary", b"", others)]))


# Clusters


def changed(name: str, change: Callable[[bytes], bytes]) -> ParserParticipant:
    """The reference, for which the octets are changed first."""

    def function(segments: Sequence[bytes]) -> Iterator[Any]:
        return iter(REFERENCE.function([change(b"".join(segments))]))

    return ParserParticipant(replace(REFERENCE, name=name, function=function))


STRICT = changed("strict", lambda octets: octets)
LENIENT = changed("lenient", lambda octets: octets.replace(b"Content-Length: +", b"Content-Length: "))
BLIND = changed("blind", lambda octets: re.sub(rb"Content-Length: \+[0-9]+", b"Content-Length: 0", octets))
UPPER = changed("upper", lambda octets: octets.replace(b"/canary", b"/CANARY"))


PLUS = tuple(
    map(
        Input.parse,
        (
            "http-request.post#3 content-length.value:plus cut@20",
            "http-request.post#0 content-length.value:plus",
            "http-request.get#0",
            "http-request.several#0 m2-content-length.value:plus",
        ),
    )
)


def campaign(*participants: ParserParticipant, inputs: int = 300, **more: Any) -> DiffCampaign:
    made = DiffCampaign(Kind.HTTP, participants, 1, 600.0, inputs, **more)
    made.run()
    return made


def given(inputs: Sequence[Input], *participants: ParserParticipant) -> list[Disagreement]:
    made = DiffCampaign(Kind.HTTP, participants, 1, 600.0)
    made.take(inputs)
    return list(made.found.values())


@pytest.mark.parametrize(
    ("participants", "severity", "at_fault"),
    [
        ((STRICT, LENIENT), Severity.ACCEPTANCE, ("lenient:http-request",)),
        ((LENIENT, BLIND), Severity.FRAMING, ("lenient:http-request", "blind:http-request")),
    ],
)
def test_one_leniency_is_one_cluster(
    participants: tuple[ParserParticipant, ...], severity: Severity, at_fault: tuple[str, ...]
) -> None:
    (found,) = given(PLUS, *participants)
    assert (found.severity, found.at_fault, found.weight) == (severity, at_fault, Weight.BREACH)
    assert found.sides == (0, 1)
    assert re.fullmatch("http-request.post#[0-9]+ content-length.value:plus", found.input)
    assert b"Content-Length: +" in found.octets
    assert found.requirement == "rfc9112-6.3-5"
    assert found.inputs == 3
    assert f"{found.severity}.rfc9112-6.3-5.content-length.ab" in found.id


def test_what_a_legal_input_shows_is_not_laid_to_edits() -> None:
    lines = ("http-request.get#0 host:twice", "http-request.get#0 host.behind:tab", "http-request.post#2 each@1")
    found = given([Input.parse(line) for line in lines], STRICT, UPPER)
    assert [(one.severity, one.input, one.edits) for one in found] == [(Severity.MEANING, "http-request.get#0", ())]
    assert found[0].at_fault == ("upper:http-request",)
    assert found[0].inputs == 2


def test_three_are_told_apart() -> None:
    found = given(PLUS[1:2], STRICT, BLIND, LENIENT)
    assert {(one.severity, one.sides) for one in found} == {(Severity.FRAMING, (0, 1, 2))}


def test_same_seed_same_clusters() -> None:
    participants = [ParserParticipant(REFERENCE), ParserParticipant(parsers.load("h11:http-request"))]
    first, second = (campaign(*participants, inputs=150).found for _ in range(2))
    assert first == second
    assert first


def test_what_the_text_leaves_open_is_counted_and_told_only_if_asked() -> None:
    participants = [ParserParticipant(REFERENCE), ParserParticipant(parsers.load("h11:http-request"))]
    plain, asked = (campaign(*participants, inputs=150, with_taste=asked) for asked in (False, True))
    assert plain.tastes > 0
    assert not [one for one in plain.found.values() if one.severity is Severity.TASTE]
    tastes = [one for one in asked.found.values() if one.severity is Severity.TASTE]
    assert tastes
    assert {(one.weight, one.at_fault) for one in tastes} == {(Weight.NOTE, ())}
    assert [one for one in plain.found if one not in asked.found] == []


def test_all_parsers_of_requests_read_chunked_bodies_too() -> None:
    h11 = ParserParticipant(derived.chunked(parsers.load("h11:http-request")))
    reference = ParserParticipant(parsers.load("reference:chunked"))
    legal = Input.parse("chunked.body#3")
    assert compare(h11.alone(legal), reference.alone(legal)) is None
    assert h11.alone(legal).messages[0].framed == render(legal).expected[0]
    assert h11.label == "h11:chunked"


def test_a_crash_takes_part_as_a_refusal() -> None:
    def broken(_: Sequence[bytes]) -> Iterator[Any]:
        yield from dict[str, list[int]]()["x"]

    crashing = ParserParticipant(Parser("broken", Kind.HTTP, broken))
    told = crashing.alone(Input.parse("http-request.get#0"))
    assert told.stops
    assert told.fault == "crash"
    assert "KeyError" in told.words


def test_the_class_of_an_input_is_what_the_text_says_or_what_is_edited() -> None:
    def label(line: str) -> str:
        return clusters.label(render(Input.parse(line)))

    assert label("http-request.post#0 content-length.value:plus") == "rfc9112-6.3-5.content-length"
    assert label("http-request.get#0") == "legal"
    assert label("http-request.get#0 cut@3") == "cut"


# The command


Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str]:
        code = invoke(["fuzz", "diff", *words])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


TWO = ("--parser", "reference:http-request", "--parser", "h11:http-request")


def test_results_and_pages_are_written(tmp_path: Path, command: Command) -> None:
    code, told = command(*TWO, "--inputs", "200", "-o", "json:out.json", "-o", "html:out.html")
    run = results.load(tmp_path / "out.json")
    assert code == run.exit_code == 1
    assert run.fuzzed == {"reference:http-request": 200, "h11:http-request": 200}
    assert run.differences
    assert {one.requirement for one in run.differences} - {""} <= {rule.id for rule in run.requirements}
    assert "Where they differ" in (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "classes of disagreements: 0 framing" in told
    shown = run.differences[0]
    assert shown.repeat.endswith(f"'{shown.input}'")


def test_one_input_is_shown_side_by_side(command: Command) -> None:
    line = "http-request.get#0 request-line.target:fragment"
    code, told = command(*TWO, line)
    assert code == 1
    assert "h11:http-request: GET /#a; GET /canary  [not as rfc9112-3.2-a1 asks]" in told
    assert "acceptance: " in told
    assert command(*TWO, "http-request.get#0")[0] == 0


def test_what_is_known_fails_nothing(tmp_path: Path, command: Command) -> None:
    text = '[[fuzz]]\nselector = "differ:http-request/*"\nreason = "known"\n'
    (tmp_path / "merkhet.expect.toml").write_text(text, encoding="utf-8")
    code, _ = command(*TWO, "--inputs", "200", "-o", "json:out.json")
    run = results.load(tmp_path / "out.json")
    assert code == 0
    assert {excuse.check for excuse in run.excused} == {one.id for one in run.differences}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--parser", "h11"), "needs two"),
        (("--parser", "h11", "--parser", "h11:http-request"), "once only"),
        (("--parser", "nobody", "--parser", "h11"), "no such parser"),
        (("--parser", "h11", "--url", "http://192.0.2.1/"), "--i-may-test 192.0.2.1"),
        ((*TWO, "what#1"), "expected KIND.NAME#SEED"),
        ((*TWO, "http-request.get#0 nowhere:plus"), "no such place"),
    ],
)
def test_a_wrong_invocation_says_what_to_do(words: tuple[str, ...], said: str, command: Command) -> None:
    code, told = command(*words)
    assert code == 2
    assert said in told


SERVER = f"{sys.executable} -m http.server {{port}} --bind 127.0.0.1 --protocol HTTP/1.1"
OURS = f"{sys.executable} -m merkhet_reference.contract --port {{port}} --files {{files}}"


def test_two_servers_are_told_apart(tmp_path: Path, command: Command) -> None:
    line = "http-request.get#0 host:then-length-plus"
    code, told = command("--command", SERVER, "--command", OURS, "--inputs", "200", "-o", "json:out.json")
    run = results.load(tmp_path / "out.json")
    assert code == run.exit_code == 1
    name = Path(sys.executable).name
    assert set(run.fuzzed) == {
        f"{name}-m-http.server:http-request",
        f"{name}-m-merkhet_reference.contract:http-request",
    }
    assert run.differences
    assert all(one.severity is not Severity.TASTE for one in run.differences)
    assert "classes of disagreements" in told
    code, told = command("--command", SERVER, "--command", OURS, line)
    assert code == 1
    assert f"{name}-m-http.server:http-request: 200" in told
    assert f"{name}-m-merkhet_reference.contract:http-request: 400" in told


def test_a_parser_stands_beside_a_server(command: Command) -> None:
    code, told = command("--command", SERVER, "--parser", "h11", "http-request.get#0 host:drop")
    assert code == 1
    assert "http.server:http-request: 200" in told
    assert "Missing mandatory Host: header" in told


def test_a_server_that_is_not_there_is_told(command: Command) -> None:
    code, told = command("--url", "http://127.0.0.1:9", "--parser", "h11", "--inputs", "10")
    assert code == Code.TARGET
    assert "127.0.0.1:9" in told


def test_an_interruption_keeps_what_was_found(tmp_path: Path) -> None:
    (found,) = given(PLUS, STRICT, LENIENT)
    recorder = Recorder([f"json:{tmp_path / 'out.json'}"], Known(tmp_path), parser_info(["a", "b"]))
    recorder.differences.append(found)
    recorder.fuzzed["a"] = 7
    with pytest.raises(KeyboardInterrupt), recorder.kept():
        raise KeyboardInterrupt
    run = results.load(tmp_path / "out.json")
    assert (run.ended, run.exit_code, run.differences, run.fuzzed) == ("interrupted", 130, (found,), {"a": 7})
    assert isinstance(run.differences[0], Disagreement)
