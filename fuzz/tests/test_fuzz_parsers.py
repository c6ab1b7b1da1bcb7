"""Campaigns: each oracle finds the parser that is broken for it, nothing is found in a sound one, and inputs stay the same."""

import hashlib
import itertools
import re
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from merkhet_fuzz import http_request, minimise, mutate, oracles, parsers, reading
from merkhet_fuzz.campaign import Campaign, shows_again
from merkhet_fuzz.findings import Finding
from merkhet_fuzz.model import EVERY, Edit, Input, LineError, Piece, from_line, segments, to_line
from merkhet_fuzz.parsers import CLEAN, INCOMPLETE, REFUSED, Message, Parsed, Parser
from merkhet_fuzz.spellings import KIND_OF, SPELLINGS, Due

REFERENCE = parsers.load("http-request.reference")
H11 = parsers.load("http-request.h11")


class Drawn:
    """Choices of Hypothesis, which makes them smaller."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def below(self, bound: int) -> int:
        return self.draw(st.integers(0, bound - 1))


@st.composite
def bases(draw: st.DrawFn) -> tuple[Piece, ...]:
    return http_request.base(Drawn(draw))


def campaign(parser: Parser, *, inputs: int = 3000, seed: int = 1) -> list[Finding]:
    found: list[Finding] = []
    run = Campaign("http-request.under-test", parser, seed, found.append)
    run.run(inputs=inputs)
    return found


def over(change: Callable[[Sequence[bytes], Parsed], Parsed]) -> Parser:
    """The reference's parser with something wrong: `change` is given the segments and what is right."""

    def parser(given: Sequence[bytes]) -> Parsed:
        return change(given, REFERENCE(given))

    return parser


def raising(given: Sequence[bytes], parsed: Parsed) -> Parsed:
    if b"\x85" in b"".join(given):
        raise KeyError("a table that has no such octet")
    return parsed


def lenient_number(given: Sequence[bytes], parsed: Parsed) -> Parsed:
    data = [segment.replace(b"Content-Length: +", b"Content-Length: ") for segment in given]
    return REFERENCE(data)


def refuses_extensions(given: Sequence[bytes], parsed: Parsed) -> Parsed:
    return Parsed([], REFUSED) if b";a=b\r\n" in b"".join(given) else parsed


def loses_last_octet(given: Sequence[bytes], parsed: Parsed) -> Parsed:
    return Parsed([message._replace(content=message.content[:9]) for message in parsed.messages], parsed.end)


def one_too_many(given: Sequence[bytes], parsed: Parsed) -> Parsed:
    if b"/hidden" in b"".join(given) and parsed.messages and parsed.end == CLEAN:
        return Parsed([*parsed.messages, parsed.messages[-1]], parsed.end)
    return parsed


def last_segment_alone(given: Sequence[bytes], parsed: Parsed) -> Parsed:
    return parsed if len(given) < 3 else Parsed(parsed.messages[1:], parsed.end)


def end_by_segments(given: Sequence[bytes], parsed: Parsed) -> Parsed:
    return Parsed(parsed.messages, INCOMPLETE) if len(given) > 1 and parsed.end == REFUSED else parsed


def keeps_cr(given: Sequence[bytes], parsed: Parsed) -> Parsed:
    return _reading_instead(given, b"\rx\r\n", b"~\r\n", b"~", b"\rx")


def keeps_bell(given: Sequence[bytes], parsed: Parsed) -> Parsed:
    """What is handed on for a BEL is left out where it is read again."""
    octets = b"".join(given)
    if b"(bell)" in octets:
        return REFERENCE([octets.replace(b"(bell)", b"")])
    return _reading_instead(given, b"\x07x\r\n", b"~\r\n", b"~", b"(bell)")


def _reading_instead(given: Sequence[bytes], old: bytes, new: bytes, mark: bytes, shown: bytes) -> Parsed:
    """Read other octets than came, and hand on values with something for the mark that stands in them."""
    parsed = REFERENCE([b"".join(given).replace(old, new)] if given else [])
    messages = [
        message._replace(fields=[(name, value.replace(mark, shown)) for name, value in message.fields])
        for message in parsed.messages
    ]
    return Parsed(messages, parsed.end)


def loops(given: Sequence[bytes], parsed: Parsed) -> Parsed:
    while b"5\x0c" in b"".join(given):
        pass
    return parsed


BROKEN = {
    "total": raising, "refuse": lenient_number, "accept": refuses_extensions, "content": loses_last_octet,
    "count": one_too_many, "segments": last_segment_alone, "clean": keeps_cr, "round trip": keeps_bell,
}  # fmt: skip


@pytest.mark.parametrize("oracle", BROKEN)
def test_each_oracle_finds_what_is_broken_for_it(oracle: str) -> None:
    found = campaign(over(BROKEN[oracle]), inputs=6000)
    assert oracle in {finding.oracle for finding in found}
    assert len({finding.name for finding in found}) == len(found)


def test_a_different_end_in_segments_is_a_finding_of_less_weight() -> None:
    found = [finding for finding in campaign(over(end_by_segments)) if finding.oracle == "segments"]
    assert {(finding.detail, finding.level) for finding in found} == {("end", "should")}


def test_a_parser_that_does_not_come_to_an_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("merkhet_fuzz.campaign.WORK_SECONDS", 0.02)
    line = "http-request method=GET sp=%20 target=/ sp=%20 version=HTTP/1.1 eol=%0D%0A end=%0D%0A body=5%0C"
    made = iter([(from_line(line), reading.octets(from_line(line)))])

    def inputs(seed: int) -> Iterator[tuple[Input, bytes]]:
        return made

    monkeypatch.setattr(mutate, "inputs", inputs)
    (finding,) = campaign(over(loops), inputs=1)
    assert (finding.oracle, finding.detail) == ("work", "too much")
    assert shows_again(over(loops), finding)
    assert not shows_again(REFERENCE, finding)


def test_nothing_is_found_in_the_reference() -> None:
    assert campaign(REFERENCE, inputs=8000, seed=5) == []


def test_a_finding_is_small_and_shows_the_same_again() -> None:
    (finding,) = campaign(over(lenient_number))
    assert finding.octets == b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: +2\r\n\r\nab"
    assert (finding.name, finding.clause, finding.level) == ("refuse: length.plus", "rfc9112#6.3", "must")
    small = from_line(finding.input)
    assert reading.octets(small) == finding.octets
    (fault,) = oracles.judge(over(lenient_number), small)
    assert fault.pin == (finding.oracle, finding.detail)


def test_what_does_not_repeat_is_counted_and_not_told() -> None:
    calls = itertools.count()

    def parser(given: Sequence[bytes]) -> Parsed:
        if next(calls) == 100:
            raise KeyError("once")
        return REFERENCE(given)

    found: list[Finding] = []
    summary = Campaign("http-request.under-test", parser, 1, found.append).run(inputs=200)
    assert (summary.unrepeated, found) == (1, [])


def test_an_interruption_keeps_what_was_found() -> None:
    found: list[Finding] = []

    def parser(given: Sequence[bytes]) -> Parsed:
        if found:
            raise KeyboardInterrupt
        return lenient_number(given, Parsed([], CLEAN))

    summary = Campaign("http-request.under-test", parser, 1, found.append).run(inputs=10**6)
    assert summary.interrupted
    assert len(found) == 1


@settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(bases(), st.sampled_from([(), EVERY, (1, 7, 40)]))
def test_every_base_is_legal(pieces: tuple[Piece, ...], cuts: tuple[int, ...]) -> None:
    legal = Input(mutate.KIND, pieces, cuts=cuts)
    assert oracles.judge(REFERENCE, legal) == []
    assert oracles.judge(H11, legal) == []


@settings(deadline=None, derandomize=True, max_examples=60)
@given(bases(), st.integers(0, 400))
def test_a_stop_cuts_off_what_stands_behind_it(pieces: tuple[Piece, ...], stop: int) -> None:
    assert oracles.judge(REFERENCE, Input(mutate.KIND, pieces, stop=stop)) == []


def some(count: int = 400, seed: int = 3) -> Iterator[tuple[Input, bytes]]:
    return itertools.islice(mutate.inputs(seed), count)


def test_a_line_is_read_as_the_input_that_it_says() -> None:
    for made, octets in some():
        line = to_line(made)
        assert line.isascii()
        assert "\n" not in line
        assert from_line(line) == made
        assert reading.octets(from_line(line)) == octets


def test_a_seed_makes_the_same_octets_on_every_python() -> None:
    digest = hashlib.sha256()
    for made, octets in some(2000, seed=42):
        digest.update(to_line(made).encode() + b"\n" + octets + b"\n")
    assert digest.hexdigest() == "b7dc5baf99be61d1596bb297f3e0a9b6c9daddf81033ae36f029944547d6660e"


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("http-request method=GET edit:length.plus@4", "1 pieces"),
        ("http-request method=%G1", "%"),
        ("http-request method=GET raw", "'raw'"),
        ("http-request method=GET edit:raw@0", "raw has octets"),
        ("http-request method=GET stop@,", "'stop@,'"),
    ],
)
def test_a_line_that_says_nothing_is_told_which_word_is_wrong(line: str, word: str) -> None:
    with pytest.raises(LineError, match=word):
        from_line(line)


def test_an_edit_of_another_kind_is_told() -> None:
    with pytest.raises(LineError, match=r"length.plus@0 is not known as an edit of method"):
        reading.check(from_line("http-request method=GET edit:length.plus@0"))


def test_spellings_have_one_name_each_and_a_clause() -> None:
    assert len(KIND_OF) == sum(len(each) for each in SPELLINGS.values())
    for spelling in itertools.chain.from_iterable(SPELLINGS.values()):
        assert re.fullmatch(r"rfc911[02]#[0-9]+(\.[0-9]+)*", spelling.clause), spelling.name


WHOLE = from_line(
    "http-request method=POST sp=%20 target=/ sp=%20 version=HTTP/1.1 eol=%0D%0A host-line=Host:%20h%0D%0A name=A colon=: ows=%20"
    " value=b ows= eol=%0D%0A framing-name=Content-Length colon=: ows=%20 length=2 ows= eol=%0D%0A end=%0D%0A body=ab"
    " method=POST sp=%20 target=/ sp=%20 version=HTTP/1.1 eol=%0D%0A host-line=Host:%20h%0D%0A framing-name=Transfer-Encoding"
    " colon=: ows=%20 coding=chunked ows= eol=%0D%0A end=%0D%0A chunk-size=a chunk-ext= chunk-eol=%0D%0A chunk-data=0123456789"
    " chunk-end=%0D%0A last-chunk=0 chunk-ext= chunk-eol=%0D%0A trailer=T:%20u%0D%0A end=%0D%0A"
)


@pytest.mark.parametrize("kind", SPELLINGS)
def test_the_reference_gives_every_spelling_its_due(kind: str) -> None:
    """Not of both: what is refused changes the octets, and what is accepted is legal, by a reader that is not ours."""
    places = [at for at, piece in enumerate(WHOLE.pieces) if piece.kind == kind]
    assert places
    for spelling, at in itertools.product(SPELLINGS[kind], places):
        one = WHOLE._replace(edits=(Edit(spelling.name, at),), mend=True)
        assert oracles.judge(REFERENCE, one) == [], spelling.name
        assert oracles.judge(REFERENCE, one._replace(cuts=EVERY)) == [], spelling.name


def test_segments_are_the_octets_and_none_is_empty() -> None:
    assert segments(b"", EVERY) == []
    assert segments(b"abc", EVERY) == [b"a", b"b", b"c"]
    assert segments(b"abc", (0, 1, 1, 3, 9)) == [b"a", b"bc"]


def test_two_spellings_that_heal_one_another_are_no_refusal() -> None:
    pieces = (Piece("method", b"GET"), Piece("chunk-size", b"2"), Piece("chunk-eol", b"\r\n"))
    alone = Input(mutate.KIND, pieces, (Edit("chunk-size.cr-behind", 1),))
    assert reading.demand(alone).due is Due.REFUSE
    assert reading.demand(alone._replace(edits=(*alone.edits, Edit("chunk-eol.lf", 2)))).due is Due.FREE


def test_mending_makes_lengths_agree() -> None:
    body = from_line("http-request method=GET length=5 end=%0D%0A body=hello edit:body.grow@3 mend")
    assert reading.octets(body) == b"GET6\r\nhellox"
    assert reading.octets(body._replace(mend=False)) == b"GET5\r\nhellox"


def test_a_smaller_input_loses_pieces_and_the_edits_on_them() -> None:
    line = (
        "http-request method=GET name=A colon=: ows= value=b ows= eol=%0D%0A end=%0D%0A edit:value.nul@4 edit:end.lf@7"
    )
    smaller = minimise.without(from_line(line), range(1, 7))
    assert to_line(smaller) == "http-request method=GET end=%0D%0A edit:end.lf@1"


@settings(deadline=None, derandomize=True, max_examples=60)
@given(bases())
def test_a_smaller_base_is_legal(pieces: tuple[Piece, ...]) -> None:
    for smaller in minimise.smaller_ones(Input(mutate.KIND, pieces)):
        assert oracles.judge(REFERENCE, smaller) == []


def takes_a_space_in_host(given: Sequence[bytes], parsed: Parsed) -> Parsed:
    return REFERENCE([segment.replace(b"Host: a b", b"Host: ab") for segment in given])


def test_a_finding_keeps_no_content_that_it_does_not_need() -> None:
    (finding,) = campaign(over(takes_a_space_in_host))
    assert finding.octets == b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"


def test_plain_tuples_are_taken_for_what_a_parser_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsers, "OWN", {"http-request.plain": "merkhet_reference.parsers:http_request"})
    parsed = parsers.load("http-request.plain")([b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"])
    assert parsed == Parsed([Message(b"GET", b"/", [(b"Host", b"h")], b"", True)], CLEAN)
    with pytest.raises(parsers.ParserError, match="there is no parser"):
        parsers.load("http-request.none")


def of_another_shape(given: Sequence[bytes]) -> object:
    return (b"", "well")


def test_what_is_no_result_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("merkhet_reference.parsers.http_request", of_another_shape)
    with pytest.raises(TypeError, match="a parser returns"):
        parsers.load("http-request.reference")([b"GET"])
