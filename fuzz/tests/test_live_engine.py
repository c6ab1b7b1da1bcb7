"""The engine moves octets and tells ends; a campaign confirms alone, lays faults where they are, and goes on."""

from __future__ import annotations

import functools
import socket
from collections.abc import Sequence
from dataclasses import replace

import pytest
from answering import CANARY, ENDPOINTS, error, place, serving, told

from merkhet.answer import End
from merkhet.model import FuzzFinding
from merkhet.template import Names
from merkhet.wire.sockets import Address
from merkhet_fuzz.inputs import Input, InputError
from merkhet_fuzz.live import blame, segments, watch
from merkhet_fuzz.live import campaign as campaigns
from merkhet_fuzz.live.campaign import LiveCampaign
from merkhet_fuzz.live.engine import Engine, UnreachableError
from merkhet_fuzz.live.http import HttpSurface
from merkhet_fuzz.live.prober import Prober, Target
from merkhet_fuzz.live.seam import Dialogue, Place, Timing, Trial
from merkhet_fuzz.oracles import Suspicion

MADE = Input("http-request", "get", 0)
TIMING = Timing(quiet=0.05, patience=0.3, pause=0.001)


class Listening(Dialogue):
    """Sends, and writes down what comes."""

    def __init__(self, *outgoing: bytes, wants: int = 1 << 30, shuts: bool = False) -> None:
        super().__init__(list(outgoing))
        self.shuts = shuts
        self.wants = wants
        self.heard = b""

    def received(self, octets: bytes) -> None:
        self.heard += octets
        self.is_done = len(self.heard) >= self.wants


def tried(address: Address, *dialogues: Listening) -> None:
    trials = [Trial(MADE, None, dialogue, number) for number, dialogue in enumerate(dialogues)]
    done = list(Engine(address, TIMING, 8).run(trials))
    assert sorted(trial.index for trial in done) == list(range(len(dialogues)))


def echoing(peer: socket.socket) -> None:
    while octets := peer.recv(65536):
        peer.sendall(octets)


def test_octets_go_both_ways_on_many_connections() -> None:
    talks = [Listening(b"x" * 100_000, b"%d" % number, shuts=True) for number in range(40)]
    with serving(echoing) as address:
        tried(address, *talks)
    for number, talk in enumerate(talks):
        assert talk.heard == b"x" * 100_000 + b"%d" % number
        assert talk.end is End.CLOSED
        assert talk.heard_after > 0


def test_silence_is_told_when_patience_is_over_and_a_reset_as_one() -> None:
    def resets(peer: socket.socket) -> None:
        peer.recv(100)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    silent, reset = Listening(b"a"), Listening(b"a")
    with serving(lambda peer: peer.recv(100) and peer.recv(100)) as address:
        tried(address, silent)
    with serving(resets) as address:
        tried(address, reset)
    assert (silent.end, reset.end) == (End.SILENT, End.RESET)


def test_who_has_heard_enough_closes() -> None:
    talk = Listening(b"hello", wants=5)
    with serving(echoing) as address:
        tried(address, talk)
    assert talk.heard == b"hello"
    assert talk.end is None


def test_nobody_listens() -> None:
    with serving(echoing) as address:
        gone = address
    with pytest.raises(UnreachableError, match=str(gone.port)):
        tried(gone, Listening(b"a"))


def heads(peer: socket.socket) -> tuple[bytes, list[bytes]]:
    """Read heads until the client waits; return what is left and the heads."""
    octets = b""
    while b"canary" not in octets or not octets.endswith(b"\r\n\r\n"):
        more = peer.recv(65536)
        octets += more
        if not more:
            break
    *whole, rest = octets.split(b"\r\n\r\n")
    return rest, whole


def faulty(peer: socket.socket) -> None:
    """Answer heads alone, and take a request without Host."""
    _, whole = heads(peer)
    for head in whole:
        line = head.split(b"\r\n")[0].split(b" ")
        if len(line) != 3 or line[0] not in {b"GET", b"OPTIONS", b"DELETE", b"HEAD"}:
            peer.sendall(error(400))
            return
        is_last = b"canary" in line[1]
        peer.sendall(told(line[0], line[1], closes=is_last))


def target(address: Address) -> Target:
    names = Names(host=f"127.0.0.1:{address.port}".encode(), scheme="http", endpoints=ENDPOINTS)
    return Target("small", address, Place(names))


class Few(HttpSurface):
    """Makes these inputs and no others."""

    LINES = ("get#0", "get#1 host:drop", "get#1 host:drop", "post#0", "get#0 head-end.end:lf")

    def make(self, seed: int, index: int, names: tuple[str, ...] = ()) -> Input:
        del seed, names
        return Input.parse(f"http-request.{self.LINES[index % len(self.LINES)]}")


def test_an_input_that_shows_alone_is_a_finding_and_is_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(prober: Prober) -> None:
        prober.timing = TIMING

    monkeypatch.setattr(Prober, "measure", measure)
    monkeypatch.setattr(campaigns, "REPLAYS_MAX", 12)
    found: list[FuzzFinding] = []
    with serving(faulty) as address:
        campaign = LiveCampaign(target(address), Few(), 1, 60.0, 10, on_finding=found.append)
        campaign.run()
    assert campaign.inputs == 10
    inputs = {finding.id: finding.input for finding in found}
    assert inputs.keys() == {"small:http-request/accepted.rfc9112-3.2-6a.host", "small:http-request/refused.legal"}
    assert inputs["small:http-request/accepted.rfc9112-3.2-6a.host"] == "http-request.get#0 host:drop"
    assert not campaign.trouble


class Plain(HttpSurface):
    """Makes one legal input, again and again."""

    def make(self, seed: int, index: int, names: tuple[str, ...] = ()) -> Input:
        del seed, index, names
        return MADE


def test_seeds_are_sent_first_and_what_they_show_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(prober: Prober) -> None:
        prober.timing = TIMING

    monkeypatch.setattr(Prober, "measure", measure)
    monkeypatch.setattr(campaigns, "REPLAYS_MAX", 12)
    lines = ("get#0 host:drop", "get#0", "nothing#0", "get#0 no-such.place:plus", "raw#0 raw.octets:put=0,61")
    first = [Input.parse(f"http-request.{line}") for line in lines]
    tried: list[int] = []
    trial = Prober.trial

    def noted(prober: Prober, made: Input, index: int = 0) -> Trial:
        tried.append(index)
        return trial(prober, made, index)

    with serving(faulty) as address:
        campaign = LiveCampaign(target(address), Plain(), 1, 60.0, 3, first=7, seeds=first)
        monkeypatch.setattr(Prober, "trial", noted)
        campaign.run()
    (finding,) = campaign.found.values()
    assert finding.id == "small:http-request/accepted.rfc9112-3.2-6a.host"
    assert (finding.input, finding.found_after) == ("http-request.get#0 host:drop", 0)
    assert (campaign.begun_with, campaign.inputs) == (2, 3)
    assert [index for index in tried if index] == [-2, -1, 7, 8, 9]


def test_raw_octets_are_not_for_servers() -> None:
    prober = Prober(target(Address(host="127.0.0.1", port=1)), HttpSurface())
    with pytest.raises(InputError, match="--parser"):
        prober.trial(Input.parse("http-request.raw#0 raw.octets:put=0,61"))


def test_the_same_seed_sends_the_same_octets() -> None:
    def sent(seed: int) -> list[bytes]:
        surface, there = HttpSurface(), target(Address(host="127.0.0.1", port=1))
        prober = Prober(there, surface)
        made = [surface.make(seed, index, surface.names(there.place)) for index in range(200)]
        return [b"|".join(prober.trial(one).dialogue.outgoing) for one in made]

    assert sent(3) == sent(3)
    assert sent(3) != sent(4)


def test_answers_that_depend_on_segments_are_seen() -> None:
    def trial(line: str, answers: bytes, end: End = End.CLOSED) -> Trial:
        prober = Prober(Target("x", Address(host="127.0.0.1", port=1), place()), HttpSurface())
        made = prober.trial(Input.parse(line))
        made.dialogue.received(answers)
        made.dialogue.ended(end)
        return made

    good, bad = told() + told(target=b"/echo?canary", closes=True), error(400)
    entire = trial("http-request.get#0", good)
    assert segments.whole(Input.parse("http-request.get#0")) is None
    assert segments.whole(Input.parse("http-request.get#0 cut@9")) == Input.parse("http-request.get#0")
    assert segments.apart(trial("http-request.get#0 cut@9", good), entire) == []
    (seen,) = segments.apart(trial("http-request.get#0 cut@9", bad), entire)
    assert seen.label == "segments.answers.legal"
    assert segments.apart(trial("http-request.get#0 cut@9", b"", End.RESET), entire) == []
    (lost,) = segments.apart(trial("http-request.get#0 each@9", bad), trial("http-request.get#0", told() + bad))
    assert lost.label == "segments.before-a-refusal"


def test_blame_finds_the_one_input_that_hurts_alone() -> None:
    inputs = [replace(MADE, seed=seed) for seed in range(100)]
    assert blame.blamed(inputs, lambda some: inputs[37] in some) == inputs[37]
    assert blame.blamed(inputs, lambda some: {inputs[1], inputs[99]} <= set(some)) is None
    assert blame.blamed([], lambda _: True) is None


def test_who_was_never_answered_is_blamed_first() -> None:
    inputs = [Input.parse(f"http-request.get#{seed}") for seed in range(8)]
    tried: list[list[Input]] = []

    def hurts(some: Sequence[Input]) -> bool:
        tried.append(list(some))
        return inputs[5] in some

    assert blame.blamed(inputs, hurts, likely=[inputs[1], inputs[5]]) == inputs[5]
    assert tried == [[inputs[1]], [inputs[5]]]


def _usage(usage: watch.Usage, _group: int) -> watch.Usage:
    return usage


def test_usage_is_read_of_a_group_and_what_has_grown_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def idle(_group: int) -> bool:
        return False

    monkeypatch.setattr(watch, "is_busy", idle)
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.0)
    before = watch.Usage(1.0, 10, 1 << 20)
    now = [watch.Usage(2.0, 10, 1 << 20), watch.Usage(2.0, 100, 1 << 20), watch.Usage(2.0, 10, 1 << 30)]
    told_: list[str] = []
    for one in now:
        monkeypatch.setattr(watch, "usage", functools.partial(_usage, one))
        told_.append(watch.wrong(1, before))
    assert told_ == ["", "descriptors", "memory"]


def test_a_suspicion_has_words_for_each_harm() -> None:
    for wrong, (wanted, came) in watch.WORDS.items():
        assert Suspicion(wrong, "", "", wanted, came).label == wrong


@pytest.mark.parametrize("count", [1, 2, 3])
def test_shares_are_all_inputs_and_none_twice(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    surface = HttpSurface()

    def recorded(_seed: int, index: int, _names: tuple[str, ...] = ()) -> Input:
        made.append(index)
        return Input.parse("http-request.get#0")

    monkeypatch.setattr(surface, "make", recorded)

    def answer(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(told() + CANARY)

    with serving(answer) as address:
        for share in range(count):
            campaign = LiveCampaign(
                Target("toy", address, place()), surface, 1, 60.0, (13 - share + count - 1) // count
            )
            campaign.first, campaign.step = share, count
            campaign.run()
    assert sorted(made) == list(range(13))
