"""JUnit XML: well formed whatever a server said, and red exactly where the exit code is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import FULL_RESULTS, RESULTS, full_run, hostile_run, plain_run, run

from merkhet.model import Outcome, RunResults
from merkhet_reports import junit

FIXED = settings(deadline=None, derandomize=True, database=None)

# XML 1.0, production 2: what a document may hold at all.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# What Jenkins' xUnit plugin refuses a document by.
SCHEMA: Any = xmlschema.XMLSchema10(Path(__file__).with_name("schemas") / "junit-10.xsd")
TEXTS = st.text(alphabet=st.characters(codec=None))


def parsed(data: str) -> ET.Element:
    return ET.fromstring(data)


def case(root: ET.Element, name: str) -> ET.Element:
    return next(item for item in root.iter("testcase") if item.get("name") == name)


def test_counts_add_up() -> None:
    root = parsed(junit.render(plain_run()))
    counted = {key: int(root.get(key, "-1")) for key in ("tests", "failures", "errors")}
    assert counted == {"tests": len(RESULTS) + 1, "failures": 4, "errors": 0}
    assert sum(int(suite.get("skipped", "-1")) for suite in root) == 2
    for suite in root:
        assert int(suite.get("tests", "-1")) == len(suite.findall("testcase"))


def test_each_outcome() -> None:
    root = parsed(junit.render(plain_run()))
    tags = {item.get("name"): [child.tag for child in item] for item in root.iter("testcase")}
    assert tags == {
        "rfc9112-3.2-refused": [],
        "rfc9112-3.2-served": ["failure"],
        "rfc9112-3.2-served-too": ["failure"],
        "rfc9112-6.1-smuggled": ["failure"],
        "rfc9112-6.1-unproven": ["failure"],
        "rfc9112-9.3-near": ["system-out"],
        "rfc9112-9.3-absent": ["skipped"],
        "rfc9112-9.3-open": ["skipped"],
        "rfc9112-9.6-closes": ["system-out"],
        "run": [],
    }
    failure = case(root, "rfc9112-3.2-served").find("failure")
    assert failure is not None
    assert failure.get("message") == "fail: status 200"
    assert "repeat: merkhet run --select rfc9112-3.2-served" in (failure.text or "")
    assert "choice: closes at once" in "".join(case(root, "rfc9112-9.6-closes").itertext())


def test_an_error_is_an_error() -> None:
    broken = msgspec.structs.replace(RESULTS[0], outcome=Outcome.ERROR, reason="merkhet itself failed")
    root = parsed(junit.render(run(broken, exit_code=4)))
    assert root.get("errors") == "2"


def test_what_is_expected_is_skipped() -> None:
    root = parsed(junit.render(plain_run(), {"rfc9112-3.2-served": "known since 1.0"}))
    skipped = case(root, "rfc9112-3.2-served").find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "expected: known since 1.0"


@pytest.mark.parametrize(
    ("ended", "code", "tags"),
    [
        ("complete", 0, ["system-out"]),
        ("complete", 1, ["failure"]),
        ("interrupted", 130, ["error"]),
        ("target died", 3, ["error"]),
    ],
)
def test_the_run_itself(ended: str, code: int, tags: list[str]) -> None:
    """A run that failed though each of its checks is fine, by an unexpected pass say, is red as well."""
    root = parsed(junit.render(run(RESULTS[0], ended=ended, exit_code=code, problems=("a problem",))))
    assert [child.tag for child in case(root, "run")] == tags
    assert "a problem" in "".join(case(root, "run").itertext())


def test_hostile_texts() -> None:
    text = junit.render(hostile_run())
    assert not _ILLEGAL.search(text)
    assert "\\x1b[2J" in text
    assert not [name for name in parsed(text).iter() if name.tag in {"script", "img"}]


def test_every_text_hostile(hostile: RunResults) -> None:
    text = junit.render(hostile, {hostile.results[0].check: hostile.target.name})
    assert not _ILLEGAL.search(text)
    assert {item.tag for item in parsed(text).iter()} <= {
        *("testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out")
    }


def test_one_suite_a_section_whatever_the_order() -> None:
    root = parsed(junit.render(run(RESULTS[5], RESULTS[0], RESULTS[6], RESULTS[1])))
    assert [suite.get("name") for suite in root] == ["rfc9112.3.2", "rfc9112.9.3", "merkhet.run"]


def test_is_valid_by_the_schema_of_jenkins(hostile: RunResults) -> None:
    for document in (junit.render(full_run(), full_run().reasons), junit.render(hostile_run()), junit.render(hostile)):
        SCHEMA.validate(document)


@given(TEXTS)
@FIXED
def test_any_text(text: str) -> None:
    told = msgspec.structs.replace(FULL_RESULTS[1], check=text, title=text, observed=text, findings=(), reason=text)
    document = junit.render(run(told, problems=(text,)), {text: text} if len(text) % 2 else None)
    assert not _ILLEGAL.search(document)
    SCHEMA.validate(document)
    assert parsed(document).tag == "testsuites"
