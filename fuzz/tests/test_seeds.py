"""What campaigns begin with: the corpus, and what checks send; found, replayed and made small as any other input."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import dying
import pytest
from broken import Refused, chunked

from merkhet.model import FuzzFinding
from merkhet_fuzz import campaign, corpus, mutate, oracles, parsers, seeds
from merkhet_fuzz.campaign import Campaign
from merkhet_fuzz.grammar import VALUES, Kind
from merkhet_fuzz.inputs import Input, InputError, Transport
from merkhet_fuzz.minimise import REPLAYS_MAX, minimise
from merkhet_fuzz.parsers import Parser
from merkhet_fuzz.render import render
from merkhet_fuzz.verdicts import Decision

KINDS = sorted(seeds.TAKEN)
HOST = b"Host: 127.0.0.1:8080\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
OPENING = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"


def test_every_kind_that_a_parser_reads_has_seeds() -> None:
    assert {Kind(label.partition(":")[2]) for label in parsers.known()} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_seeds_of_the_corpus_and_then_of_checks(kind: Kind) -> None:
    made = seeds.of(kind)
    lines, octets = made[: len(corpus.inputs(kind))], made[len(corpus.inputs(kind)) :]
    assert lines
    assert len(octets) > 40
    assert not any(each.is_raw for each in lines)
    assert len(set(made)) == len(made)
    for each in octets:
        assert each.is_raw
        assert Input.parse(str(each)) == each
        wire = render(each)
        assert wire.verdict.decision is Decision.FREE
        assert 0 < len(wire.octets) <= seeds.OCTETS_MAX
        assert wire.segments == [wire.octets]


def test_every_placeholder_is_filled() -> None:
    assert len(seeds.streams()) > 3000
    left = [stream for stream in seeds.streams() if b"{kept:" in stream or b"{host" in stream or b"{root" in stream]
    assert left == []


def test_the_order_is_the_same_in_every_process() -> None:
    source = (
        "import hashlib; from merkhet_fuzz import seeds; from merkhet_fuzz.grammar import Kind\n"
        "print(hashlib.sha256('\\n'.join(str(one) for kind in Kind for one in seeds.of(kind)).encode()).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", source], env=os.environ | {"PYTHONHASHSEED": number}, capture_output=True, check=True
        ).stdout
        for number in ("1", "2")
    }
    assert len(told) == 1


@pytest.mark.parametrize(
    ("kind", "stream", "taken"),
    [
        (Kind.HTTP, GET + GET, [GET + GET]),
        (Kind.HTTP, OPENING + b"\x81\x80abcd", [OPENING]),
        (Kind.HTTP, b"GET / HTTP/1.1\r\nConnection: x, CLOSE\r\n\r\n" + GET, [b"GET / HTTP/1.1\r\nConnection: x, CLOSE\r\n\r\n"]),
        (Kind.HTTP, b"GET / HTTP/1.0\r\n\r\n" + GET, [b"GET / HTTP/1.0\r\n\r\n"]),
        (Kind.HTTP, b"POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\na" + GET, []),
        (Kind.HTTP, b"POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\na", [b"POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\na"]),
        (Kind.HTTP, b"GET / HTTP/1.0\n\n", [b"GET / HTTP/1.0\n\n"]),
        (Kind.FRAMES, OPENING + b"\x81\x80abcd", [b"\x81\x80abcd"]),
        (Kind.FRAMES, OPENING + GET, []),
        (Kind.FRAMES, GET, []),
        (Kind.HANDSHAKE, OPENING + b"\x81\x80abcd", [OPENING]),
        (Kind.HANDSHAKE, GET, []),
        (Kind.HANDSHAKE, GET + OPENING, []),
        (Kind.CHUNKED, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [b"0\r\n\r\n"]),
        (Kind.CHUNKED, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + GET, []),
        (Kind.CHUNKED, b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", []),
        (Kind.CHUNKED, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", []),
        (
            Kind.MULTIPART,
            b'POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary="a b"\r\n\r\n--a b\r\n\r\n1\r\n--a b--\r\n',
            [b"--merkhet-boundary\r\n\r\n1\r\n--merkhet-boundary--\r\n"],
        ),
        (Kind.MULTIPART, b"POST / HTTP/1.1\r\nContent-Type: multipart/form-data\r\n\r\n--a--\r\n", []),
        (Kind.RANGE, b"GET / HTTP/1.1\r\nrange: \tbytes=0-1 \r\nRange: x\r\n\r\n", [b"bytes=0-1", b"x"]),
        (Kind.DATE, b'GET / HTTP/1.1\r\nIf-Range: "a"\r\nIf-Modified-Since: now\r\nX-Date: no\r\n\r\n', [b'"a"', b"now"]),
    ],
)  # fmt: skip
def test_what_is_taken_of_a_connection(kind: Kind, stream: bytes, taken: list[bytes]) -> None:
    assert list(seeds.TAKEN[kind](stream)) == taken


CHOSEN = seeds.of_checks(Kind.CHUNKED)[30]


def touchy(octets: bytes, **faults: bool) -> Parser:
    """A parser that is sound, but for the one input that it raises at."""
    sound = chunked(**faults)

    def parse(segments: Sequence[bytes]) -> Iterator[bytes]:
        if b"".join(segments) == octets:
            raise IndexError(octets)
        yield from sound.function(segments)

    return replace(sound, function=parse)


def test_a_crash_on_what_one_check_sends_is_found_and_comes_again() -> None:
    parser = touchy(render(CHOSEN).octets)
    told: list[FuzzFinding] = []
    made = Campaign(parser, 1, 60.0, 1000, seeds=seeds.of(Kind.CHUNKED), on_finding=told.append)
    made.run()
    (finding,) = made.found.values()
    assert told == [finding]
    assert finding.id == "test:chunked/crash.IndexError.parse"
    assert finding.input == str(CHOSEN)
    assert (finding.edits, finding.legal, finding.octets) == (("raw octets",), b"", render(CHOSEN).octets)
    assert (finding.found_after, made.begun_with, made.inputs) == (0, len(seeds.of(Kind.CHUNKED)), 1000)
    assert [one.label for one in campaign.replay(parser, Input.parse(finding.input))] == ["crash.IndexError.parse"]
    without = Campaign(parser, 1, 60.0, 1000)
    without.run()
    assert without.found == {}


def test_a_legal_input_with_its_edits_takes_the_place_of_raw_octets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "BATCH_INPUTS", 2)
    line = "chunked.body#0 chunk1.size:nul-behind"
    first = (raw(b"1\0\r\n"), raw(b"2\0\r\n"), raw(b"3\0\r\n"), Input.parse(line))
    told: list[FuzzFinding] = []
    made = Campaign(chunked(crashes=True), 1, 60.0, 2, seeds=first, on_finding=told.append)
    made.run()
    (finding,) = made.found.values()
    assert (finding.input, finding.edits) == (line, ("chunk1.size:nul-behind",))
    assert [one.edits for one in told] == [("raw octets",)]
    assert finding.others == (told[0].input,)
    assert made.clearer == {"crash.IndexError.size_of": line}


def test_a_seed_of_the_corpus_has_its_verdict() -> None:
    line = Input.parse("chunked.body#0 chunk1.size:plus")
    made = Campaign(chunked(int=True), 1, 60.0, 1, seeds=(line,))
    made.run()
    (finding,) = made.found.values()
    assert (finding.input, finding.requirement) == (str(line), "rfc9112-7.1-a2")


def test_seeds_come_first_and_move_no_other_input() -> None:
    given: list[bytes] = []

    def parse(segments: Sequence[bytes]) -> Iterator[bytes]:
        given.append(b"".join(segments))
        return iter(())

    parser = Parser("test", Kind.CHUNKED, parse)
    first = seeds.of(Kind.CHUNKED)
    Campaign(parser, 3, 60.0, 50, seeds=tuple(each for each in first if each.is_raw)).run()
    seeded, given[:] = list(given), []
    Campaign(parser, 3, 60.0, 50).run()
    # Each is given whole, and then octet by octet.
    octets = [octets for each in first if each.is_raw for octets in [render(each).octets] * 2]
    assert seeded[: len(octets)] == octets
    assert seeded[len(octets) :] == given
    assert given[0] == b"".join(render(mutate.make(Kind.CHUNKED, 3, 0)).segments)


def test_the_time_ends_seeds_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "BATCH_INPUTS", 10)
    made = Campaign(chunked(), 1, 0.0, seeds=seeds.of(Kind.CHUNKED))
    made.run()
    assert (made.begun_with, made.inputs) == (0, 0)


@pytest.mark.skipif(os.name != "posix", reason="a process is killed")
def test_a_seed_that_ends_every_process_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "BATCH_INPUTS", 8)
    # Each replay starts a process: of few octets there are few.
    deadly = min(seeds.of_checks(Kind.CHUNKED), key=lambda made: len(str(made)))
    monkeypatch.setenv(dying.OCTETS, render(deadly).octets.hex())
    first = (*corpus.inputs(Kind.CHUNKED), *seeds.of_checks(Kind.CHUNKED)[:9], deadly, CHOSEN)
    made = Campaign(parsers.load("dying.parse:chunked"), 5, 600.0, 80, 2, seeds=first)
    made.run()
    died = made.found["died.SIGKILL"]
    assert (died.input, died.found_after) == (str(deadly), 0)
    assert (made.skipped, made.begun_with, made.inputs) == (1, len(first) - 1, 80)
    assert len(made.found) > 1, "what the others show is found all the same"


def raw(octets: bytes, transport: Transport | None = None) -> Input:
    made = Input.raw(Kind.CHUNKED, octets)
    return made if transport is None else replace(made, transport=transport)


def test_raw_octets_are_made_small_in_few_replays() -> None:
    octets = b"a" * 700 + b"\r\nNEED" + b"b" * 290 + b"LE\r\n" + b"c" * 24
    found = raw(octets, Transport(cuts=(5, 900)))
    least, replays = minimise(found, lambda made: b"NEED" in render(made).octets and b"LE" in render(made).octets)
    assert least == raw(b"NEEDLE")
    assert replays <= REPLAYS_MAX
    split, _ = minimise(found, lambda made: len(made.transport.cuts) == 1 and b"NEED" in render(made).octets)
    assert (len(split.transport.cuts), render(split).octets) == (1, b"NEED")


def counts(segments: Sequence[bytes]) -> Iterator[int]:
    """A parser of octets that says one more of a segment that begins with an s, and refuses question marks."""
    for segment in segments:
        yield from segment
        if b"?" in segment:
            raise Refused
        if segment.startswith(b"s") and len(segment) > 1:
            yield 0


@pytest.mark.parametrize(
    ("octets", "transport", "labels"),
    [
        (b"abc", None, []),
        (b"", None, []),
        (b"sab", None, ["segments.messages.raw"]),
        (b"s", None, []),
        (b"a?sab", None, []),
        (b"xsab", Transport(cuts=(1,)), ["segments.messages.raw"]),
        (b"xsab", Transport(cuts=(2,)), []),
    ],
)
def test_raw_octets_are_held_to_mean_the_same_in_any_segments(
    octets: bytes, transport: Transport | None, labels: list[str]
) -> None:
    parser = Parser("test", Kind.CHUNKED, counts, (Refused,))
    assert [one.label for one in campaign.replay(parser, raw(octets, transport))] == labels


def test_what_a_legal_base_shows_is_not_laid_to_raw_octets() -> None:
    octets = b"1\r\na\r\n0\r\n\r\n"
    assert [one.label for one in campaign.replay(chunked(segments=True), raw(octets))] == ["segments.messages.legal"]


@pytest.mark.parametrize("kind", sorted(VALUES))
def test_raw_values_have_no_segments(kind: Kind) -> None:
    def parse(octets: bytes) -> int:
        return 1 // (len(octets) - 3)

    parser = Parser("test", kind, parse)
    assert oracles.observe(parser, render(Input.raw(kind, b"four")), with_segments=True) == []
    (crash,) = oracles.observe(parser, render(Input.raw(kind, b"abc")), with_segments=True)
    assert crash.label == "crash.ZeroDivisionError.parse"


def test_raw_octets_have_one_base() -> None:
    with pytest.raises(InputError):
        render(Input.parse("chunked.raw#1 raw.octets:put=0,61"))
    assert render(Input.parse("websocket-frames.raw#0 raw.octets:put=0,8185616263")).octets == b"\x81\x85abc"


@pytest.mark.parametrize("label", [label for label in parsers.known() if label.startswith("reference:")])
def test_the_reference_takes_what_checks_send(label: str) -> None:
    parser = parsers.load(label)
    lines = [str(each) for each in seeds.of(parser.kind)]
    assert campaign.given(parser, lines, -len(lines)).seen == {}
