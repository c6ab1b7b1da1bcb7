"""Results as they are found: cut off anywhere, of a newer version, of something else. What is whole is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import FULL_RESULTS, RESULTS, run

from merkhet.model import Excuse, Outcome, RunResults
from merkhet.reading import read, whole_members
from merkhet.results import JOURNAL, Journal, ResultsError, encode, load

FIXED = settings(deadline=None, derandomize=True, database=None)

# What can be in a file: a lone surrogate cannot.
RUN = run(
    *RESULTS,
    *(one for one in FULL_RESULTS if one.outcome is Outcome.ERROR),
    excused=(Excuse(check="rfc9112-3.2-served", reason="known", issue="#7", until="2999-01-31"),),
    target_output="the last that it printed \N{SNOWMAN}",
)
WHOLE = encode(RUN)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "results.json"


def journal(path: Path, *, ended: bool) -> bytes:
    kept = Journal(path)
    kept.run(msgspec.structs.replace(RUN, excused=()))
    for one in RUN.results:
        kept.result(one)
    if ended:
        kept.run(RUN)
    kept.close()
    return path.read_bytes()


def test_whole_files(file: Path) -> None:
    file.write_bytes(WHOLE)
    found = read(file)
    assert (found.run, found.lacking) == (RUN, "")
    assert found.run.reasons == {"rfc9112-3.2-served": "known"}
    journal(file, ended=True)
    assert (read(file).run, read(file).lacking) == (RUN, "")


@given(length=st.integers(0, len(WHOLE) - 2))
@FIXED
def test_a_document_that_is_cut_anywhere(length: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Either it says so, and every result it gives is one of the run's, or it says that nothing is there."""
    file = tmp_path_factory.getbasetemp() / "cut.json"
    file.write_bytes(WHOLE[:length])
    with pytest.raises(ResultsError, match="no results of merkhet: "):
        load(file)
    if length <= WHOLE.rindex(b"}", 0, WHOLE.index(b'"preflight"')):
        with pytest.raises(ResultsError, match="merkhet run -o json:"):
            read(file)
        return
    found = read(file)
    assert f"cut off after {length} bytes; " in found.lacking
    count = len(found.run.results)
    assert found.run.results == RUN.results[:count]
    ends = [place for place in range(length) if WHOLE[:place].endswith(b"\n  }")]
    assert count <= len(ends)
    if WHOLE[:length].rstrip().endswith(b'"second_runs"'):
        assert count == len(RUN.results)
    assert found.run.target == RUN.target


def test_what_is_missing_is_counted(file: Path) -> None:
    place = WHOLE.index(b'"check": "rfc9112-6.1-smuggled"')
    file.write_bytes(WHOLE[:place])
    found = read(file)
    assert [one.check for one in found.run.results] == [one.check for one in RESULTS[:3]]
    assert found.lacking == f"the file is cut off after {place} bytes; 3 results are whole"
    assert found.run.ended == "interrupted"


def test_a_document_that_is_cut_within_a_character(file: Path) -> None:
    file.write_bytes(WHOLE[: WHOLE.index("\N{SNOWMAN}".encode()) + 1])
    assert len(read(file).run.results) == len(RUN.results)


@pytest.mark.parametrize(
    ("cut", "results", "told"),
    [
        (1, len(RUN.results), "its last line is cut off after"),
        (0, len(RUN.results), "the record that ends a run is missing: the run goes on, or was killed"),
    ],
)
def test_a_journal_that_stops(file: Path, cut: int, results: int, told: str) -> None:
    data = journal(file, ended=bool(cut))
    file.write_bytes(data[: len(data) - cut])
    found = read(file)
    assert told in found.lacking
    assert f"{results} results are whole" in found.lacking
    assert found.run.results == RUN.results
    assert found.run.ended == "interrupted"


def test_a_journal_with_damaged_lines(file: Path) -> None:
    lines = journal(file, ended=True).split(b"\n")
    for number in (2, 3, 5, 6):
        lines[number] = b"\x00" + lines[number]
    file.write_bytes(b"\n".join(lines))
    found = read(file)
    assert found.lacking.startswith("line 3 cannot be read; line 4 cannot be read; line 6 cannot be read; 1 more lines")
    assert len(found.run.results) == len(RUN.results) - 4


def test_a_newer_version_is_told_before_anything_else(file: Path) -> None:
    """A newer outcome would else be what is wrong with it."""
    document = json.loads(WHOLE)
    document["version"] = 99
    document["results"][0]["outcome"] = "splendid"
    whole = json.dumps(document).encode()
    record = json.dumps({"record": "run", "run": document}, separators=(",", ":")).encode() + b"\n"
    for data in (whole, whole[:-5], record):
        file.write_bytes(data)
        with pytest.raises(ResultsError, match=r"version 99, and this merkhet reads up to 1: .* upgrade"):
            read(file)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"{}", "no results of merkhet"),
        (b"[]", "no results of merkhet"),
        (b'{"version": 1,', "before it says what was judged"),
        (b'{"tests": [1, 2', "no results of merkhet"),
        (b"\xff\xfe{", "no results of merkhet"),
        (b"[" * 100_000, "no results of merkhet"),
        (b'{"version": 1, "results": ' + b"[" * 100_000, "no results of merkhet"),
        (b"<testsuites/>", "no results of merkhet"),
        (b'{"record":"run","run":{', "no results of merkhet"),
        (b'{"record":"other"}\n', "no results of merkhet"),
    ],
)
def test_what_is_no_results(file: Path, data: bytes, told: str) -> None:
    file.write_bytes(data)
    with pytest.raises(ResultsError, match=told) as caught:
        read(file)
    assert "merkhet run -o json:results.json" in str(caught.value)


def test_files_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ResultsError, match="there is no last run here; make some with"):
        read(JOURNAL)
    with pytest.raises(ResultsError, match="no such file"):
        read(tmp_path / "absent")
    with pytest.raises(ResultsError, match="cannot be read: Is a directory"):
        read(tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a\\"{}[],: \u20ac') | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='ab"{'), inner, max_size=4),
    max_leaves=12,
)


@given(document=st.dictionaries(st.text(alphabet='abc"\\['), JSON, max_size=5), data=st.data())
@FIXED
def test_members_that_are_whole_are_those_of_the_document(document: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(document)
    cut = data.draw(st.integers(0, len(text) - 1))
    for name, value in whole_members(text[:cut]).items():
        whole = document[name]
        if value != whole:
            assert value.__class__ is list, name
            assert value == whole[: len(value)]


def test_old_results_have_no_excuses(file: Path) -> None:
    document = json.loads(WHOLE)
    del document["excused"]
    file.write_bytes(json.dumps(document).encode())
    assert read(file).run == msgspec.structs.replace(RUN, excused=())
    assert isinstance(read(file).run, RunResults)


@pytest.mark.parametrize("text", ['{"a": 12', '{"a": 1.5e', '{"a": 1.', '{"a": -'])
def test_a_number_that_is_cut_off_is_no_number(text: str) -> None:
    assert whole_members(text) == {}
    assert whole_members(text.replace('"a": ', '"a": [7, ')) == {"a": [7]}
