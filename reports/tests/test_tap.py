"""TAP 14: read back by a parser of others, with the same counts as JUnit's, and no line that a server wrote."""

from __future__ import annotations

import importlib
import io
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import FULL_RESULTS, RESULTS, full_run, hostile_run, plain_run, run

from merkhet.model import Outcome, RunResults
from merkhet_reports import junit, tap
from merkhet_reports.escape import printable

FIXED = settings(deadline=None, derandomize=True, database=None)

# It has no types of its own.
_parser: Any = importlib.import_module("tap.parser")
TEXTS = st.text(alphabet=st.one_of(st.sampled_from("#\\ \n\r-'\":{}[]"), st.characters(codec=None)))


def points(text: str) -> list[Any]:
    lines = list(_parser.Parser().parse_text(text))
    assert {line.category for line in lines} <= {"version", "plan", "test", "diagnostic"}, "every line is understood"
    tests = [line for line in lines if line.category == "test"]
    plan = next(line for line in lines if line.category == "plan")
    assert [test.number for test in tests] == list(range(1, plan.expected_tests + 1))
    return tests


def test_each_outcome() -> None:
    whole = full_run(fuzz=(), differences=())
    told = {point.description.split(":")[0]: point for point in points(tap.render(whole, whole.reasons))}
    red = {name for name, point in told.items() if not point.ok and not point.todo}
    assert red == {
        *("- rfc9112-3.2-served", "- rfc9112-3.2-served-too", "- rfc9112-6.1-smuggled", "- rfc9112-6.1-unproven"),
        *("- rfc9112-6.1-killer", "- rfc9112-9.3-ours", "- rfc9112-6.1-hostile", "- the run ended"),
    }
    assert {name for name, point in told.items() if point.skip} == {"- rfc9112-9.3-absent", "- rfc9112-9.3-open"}
    assert {name for name, point in told.items() if point.todo} == {"- rfc9112-3.2-known"}
    assert told["- rfc9112-3.2-refused"].yaml_block is None
    assert told["- rfc9112-9.6-closes"].yaml_block["choice"] == "closes at once"
    assert told["- rfc9112-9.3-seen-once"].yaml_block["remarks"] == "seen once, not again: flaky; run 2 times"
    assert told["- the run ended"].yaml_block["problems"] == ["one problem, and <b>no</b> markup"]


@pytest.mark.parametrize("made", [plain_run, full_run, hostile_run])
def test_is_red_where_junit_is(made: Any) -> None:
    whole = made()
    root = ET.fromstring(junit.render(whole, whole.reasons))
    failures = sum(int(root.get(key, "0")) for key in ("failures", "errors"))
    told = points(tap.render(whole, whole.reasons))
    assert sum(not point.ok and not point.todo for point in told) == failures


def test_every_text_hostile(hostile: RunResults) -> None:
    text = tap.render(hostile, {hostile.results[0].check: hostile.target.name})
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(points(text)) == len(hostile.results) + len(hostile.fuzz) + len(hostile.differences) + 1


@given(TEXTS)
@FIXED
def test_any_text(text: str) -> None:
    told = msgspec.structs.replace(
        FULL_RESULTS[1], check=f"c{text}", title=text, observed=text, findings=(), reason=text
    )
    document = tap.render(run(told, problems=(text,)))
    assert document.isascii() or all(line.isprintable() for line in document.split("\n"))
    point = points(document)[0]
    assert not point.ok
    assert not point.skip
    assert not point.todo
    assert point.yaml_block.get("observed", "") == printable(text)


@given(TEXTS)
@FIXED
def test_a_title_is_no_directive(text: str) -> None:
    told = msgspec.structs.replace(RESULTS[0], title=f"{text} # SKIP {text} # TODO", outcome=Outcome.PASS)
    point = points(tap.render(run(told)))[0]
    assert (point.ok, point.skip, point.todo) == (True, False, False)


def test_a_subtest_cannot_be_begun(capsys: pytest.CaptureFixture[str]) -> None:
    whole = run(RESULTS[0])
    named = msgspec.structs.replace(whole, merkhet="", target=msgspec.structs.replace(whole.target, name="x"))
    assert "# Subtest" not in tap.render(msgspec.structs.replace(named, requirements=()))
    assert io.StringIO(tap.render(named)).readline() == "TAP version 14\n"
