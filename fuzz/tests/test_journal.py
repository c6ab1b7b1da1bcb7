"""What is found is on disk at once, and comes back whatever ended the campaign."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest
from broken import Refused, chunked

from merkhet.model import FuzzFinding
from merkhet_fuzz import campaign, findings, journal
from merkhet_fuzz.export import FORMS
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.journal import Journal, JournalError

LINE = "chunked.body#0 data-end1.end:any-any"


def found(line: str = LINE, **faults: bool) -> FuzzFinding:
    parser = chunked(**(faults or {"any two": True}))
    made = Input.parse(line)
    (suspicion,) = campaign.replay(parser, made)
    return findings.make(parser.label, suspicion, made, version="1", found_after=3, seed=1)


def test_what_is_added_is_there_before_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / ".merkhet" / "fuzz.jsonl"
    written = Journal(path)
    written.add(found())
    assert journal.read(path) == [found()]
    assert (path.parent / ".gitignore").read_text(encoding="ascii") == "*\n"
    written.close()


def test_the_last_of_a_class_counts_and_stands_where_the_first_did(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    written = Journal(path)
    first = found()
    other = msgspec.structs.replace(first, id="test:chunked/other")
    for finding in (first, other, msgspec.structs.replace(first, others=("x",))):
        written.add(finding)
    written.close()
    assert [(finding.id, finding.others) for finding in journal.read(path)] == [(first.id, ("x",)), (other.id, ())]


def test_a_line_that_is_cut_off_is_left_out_and_the_next_campaign_goes_on_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    whole = msgspec.json.encode(found())
    path.write_bytes(whole + b"\n" + whole[: len(whole) // 2])
    assert journal.read(path) == [found()]
    again = Journal(path)
    again.add(msgspec.structs.replace(found(), id="test:chunked/next"))
    again.close()
    assert [finding.id for finding in journal.read(path)] == [found().id, "test:chunked/next"]


@pytest.mark.parametrize("octets", [b"{}\n", b'{"id": 1}\n', b"[1]}\n"])
def test_a_line_that_is_whole_and_no_finding_is_told(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(octets)
    with pytest.raises(JournalError, match="line 1: no finding"):
        journal.read(path)


def test_a_journal_that_cannot_be_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        journal.read(tmp_path / "none.jsonl")
    with pytest.raises(JournalError, match="cannot be written"):
        Journal(tmp_path)


def test_a_finding_has_the_octets_and_the_legal_ones() -> None:
    finding = found()
    assert finding.octets == b"5\r\nhelloXX5\r\nhello\r\n0\r\n\r\n"
    assert finding.legal == b"5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n"
    assert finding.segments == (len(finding.octets),)
    assert finding.edits == ("data-end1.end:any-any",)
    assert finding.id == "test:chunked/accepted.rfc9112-7.1-a3.chunk-data-end"


TODAY = dt.date(2030, 1, 2)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (LINE, "any two"),
        ("chunked.body#0 chunk1.size:nul-behind", "crashes"),
        ("chunked.body#0 each@1", "segments"),
        ("chunked.body#0 chunk1.size:extension", "no extensions"),
        ("chunked.body#0 data1.octets:twice", "adds"),
        (str(Input.raw("chunked", b"5\0\r\n")), "crashes"),
        (str(Input.raw("chunked", b"1\r\na\r\n0\r\n\r\n")), "segments"),
    ],
)
def test_the_pytest_test_fails_on_the_broken_parser_and_passes_on_the_sound_one(line: str, fault: str) -> None:
    finding = found(line, **{fault: True})
    source = FORMS["pytest"](finding, TODAY).decode()
    name = next(word for word in source.split() if word.startswith("test_")).partition("(")[0]
    for is_broken in (True, False):
        held: dict[str, object] = {}
        exec(compile(source, "found.py", "exec"), held)
        held["REFUSALS"] = (Refused,)
        held["parse"] = chunked(**{fault: is_broken}).messages
        test = held[name]
        assert callable(test)
        if is_broken:
            with pytest.raises(BaseException):  # noqa: B017, PT011 - an assertion, a Failed of pytest, a crash
                test()
        else:
            test()


def test_the_check_is_python_and_has_the_octets() -> None:
    source = FORMS["check"](found(), TODAY).decode()
    compile(source, "check.py", "exec")
    assert "2030-01-02" in source
    assert 'requirement="rfc9112-7.1-a3"' in source
    assert repr(found().octets) in source


def test_the_check_of_raw_octets_has_the_twin_of_every_check() -> None:
    finding = found(str(Input.raw("chunked", b"5\0\r\n")), crashes=True)
    source = FORMS["check"](finding, TODAY).decode()
    compile(source, "check.py", "exec")
    assert "twin" not in source
    assert 'id="document-section-raw-octets"' in source
    assert repr(finding.octets) in source


def test_the_corpus_file_is_the_octets() -> None:
    assert FORMS["corpus"](found(), TODAY) == found().octets
