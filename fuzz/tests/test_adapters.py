"""Parsers by their names: how each is found, what each adapter makes of legal octets, and of what broke old releases."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from merkhet_fuzz import campaign, corpus, parsers
from merkhet_fuzz.bases import library
from merkhet_fuzz.corpus import Entry
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.parsers import OURS, Parser, ParserError
from merkhet_fuzz.render import render

LABELS = [f"{name}:{kind}" for name, (_, _, kinds) in OURS.items() for kind in kinds]
REFERENCE = [label for label in parsers.known() if label.startswith("reference:")]
# What each of them is known not to take, or to take otherwise: each held against the text by hand.
KNOWN = {
    "python-multipart:multipart": {"refused.legal"},
    "tornado:http-request": {"refused.legal"},
    "werkzeug:multipart": {"segments.messages.legal"},
}


def installed(label: str) -> Parser:
    try:
        return parsers.load(label)
    except ParserError as problem:
        pytest.skip(str(problem))


@pytest.mark.parametrize("label", [*LABELS, *REFERENCE])
def test_legal_inputs_are_taken(label: str) -> None:
    parser = installed(label)
    seen: set[str] = set()
    for name in library.names(parser.kind):
        # A frame may be long, and octet by octet it takes some parsers a second.
        for seed in (0, 1) if parser.kind is Kind.FRAMES else (0, 1, 2, 7, 9):
            seen |= {each.label for each in campaign.replay(parser, Input(parser.kind, name, seed))}
    assert seen <= KNOWN.get(label, set())


@pytest.mark.parametrize("label", REFERENCE)
def test_the_reference_is_sound(label: str) -> None:
    assert campaign.batch(parsers.load(label), 3, 0, 400).seen == {}


def test_a_name_stands_for_all_its_kinds_and_a_label_for_one() -> None:
    assert [parser.label for parser in parsers.find("reference")] == REFERENCE
    assert [parser.label for parser in parsers.find("reference:date")] == ["reference:date"]
    assert parsers.find("reference:date")[0].version


@pytest.mark.parametrize("label", ["nobody", "reference:nothing", "nobody:date", "reference"])
def test_what_is_no_parser_is_told(label: str) -> None:
    with pytest.raises(ParserError):
        (parsers.load if ":" in label or label == "reference" else parsers.find)(label)


def test_a_library_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OURS, "absent", ("absent_", "some-package", (Kind.DATE,)))
    with pytest.raises(ParserError, match="pip install some-package"):
        parsers.load("absent:date")


def test_a_plain_function_is_a_parser() -> None:
    def mine(segments: Sequence[bytes]) -> Iterator[bytes]:
        yield b"".join(segments)

    made = parsers.made("mine", Kind.CHUNKED, mine)
    assert list(made.messages([b"a", b"b"])) == [b"ab"]
    assert made.refusals == (ValueError,)
    value = parsers.made("mine", Kind.DATE, lambda octets: None if octets == b"?" else len(octets))
    assert (list(value.messages([b"?"])), list(value.messages([b"ab"]))) == ([], [2])


ENTRIES = corpus.installed()


def test_the_corpus_is_sound() -> None:
    lines = [entry.line for entry in ENTRIES]
    assert len(lines) == len(set(lines)) > 60
    assert sorted(str(each) for kind in Kind for each in corpus.inputs(kind)) == sorted(lines)
    table = tomllib.loads((Path(__file__).parents[1] / "rediscovery.toml").read_text(encoding="utf-8"))
    assert table["release"]
    for entry in ENTRIES:
        wire = render(Input.parse(entry.line))
        assert wire.verdict.decision.name.lower() == entry.decision, entry
        assert wire.verdict.requirement == entry.requirement, entry


@pytest.mark.parametrize("label", REFERENCE)
def test_the_reference_takes_the_corpus_as_it_should(label: str) -> None:
    parser = parsers.load(label)
    chosen = [entry for entry in ENTRIES if entry.line.startswith(f"{parser.kind}.")]
    wrong = {entry.line: campaign.replay(parser, Input.parse(entry.line)) for entry in chosen}
    assert not any(wrong.values()), wrong


@pytest.mark.parametrize("label", LABELS)
def test_each_adapter_answers_the_whole_corpus(label: str) -> None:
    """Total: each entry is taken, refused, or a finding that is known by its class; none of them hangs or crashes it."""
    parser = installed(label)
    for entry in ENTRIES:
        if entry.line.startswith(f"{parser.kind}.") and label not in entry.crashes:
            oracles = {each.oracle for each in campaign.replay(parser, Input.parse(entry.line))}
            assert not oracles & {"crash", "hang"}, entry


def test_an_entry_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[[input]]\nline = "nothing"\nabout = "a"\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.toml"):
        corpus.entries(tmp_path)
    assert Entry(line="a", about="b", decision="free").crashes == ()
