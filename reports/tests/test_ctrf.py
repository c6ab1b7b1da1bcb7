"""CTRF: valid by the published schema whatever a server said, and red exactly where the exit code is."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import FULL_RESULTS, full_run, hostile_run, plain_run, run

from merkhet.model import RunResults
from merkhet_reports import ctrf

FIXED = settings(deadline=None, derandomize=True, database=None)

# It has no types of its own.
jsonschema: Any = importlib.import_module("jsonschema")
SCHEMA = json.loads((Path(__file__).with_name("schemas") / "ctrf-schema-0.0.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def read(data: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(data)
    VALIDATOR.validate(document)
    return document


def test_each_outcome() -> None:
    document = read(ctrf.render(full_run(), full_run().reasons))
    told = {test["name"]: (test["status"], test["rawStatus"]) for test in document["results"]["tests"]}
    assert told["rfc9112-3.2-refused"] == ("passed", "pass")
    assert told["rfc9112-3.2-served"] == ("failed", "fail")
    assert told["rfc9112-3.2-known"] == ("skipped", "fail")
    assert told["rfc9112-6.1-unproven"] == ("failed", "inconclusive")
    assert told["rfc9112-9.3-near"] == ("passed", "warn")
    assert told["rfc9112-9.3-absent"] == ("skipped", "not-applicable")
    assert told["rfc9112-9.3-open"] == ("other", "inconclusive")
    assert told["rfc9112-9.3-ours"] == ("failed", "error")
    assert told["rfc9112-9.6-closes"] == ("passed", "observed")
    assert told["run"] == ("failed", "complete")


@pytest.mark.parametrize("made", [plain_run, full_run, hostile_run])
def test_counts_add_up(made: Any) -> None:
    results = read(ctrf.render(made()))["results"]
    statuses = Counter(test["status"] for test in results["tests"])
    summary = results["summary"]
    assert summary["tests"] == len(results["tests"])
    assert all(summary[status] == statuses[status] for status in ("passed", "failed", "skipped", "pending", "other"))
    assert summary["stop"] - summary["start"] == summary["duration"] == 1500


def test_what_is_marked_and_why() -> None:
    tests = {test["name"]: test for test in read(ctrf.render(full_run(), full_run().reasons))["results"]["tests"]}
    assert tests["rfc9112-3.2-known"]["message"] == "expected: a known bug, to be mended"
    assert tests["rfc9112-9.3-seen-once"]["labels"]["flaky"] == "true"
    assert tests["rfc9112-9.3-seen-once"]["retries"] == 1
    assert tests["rfc9112-6.1-killer"]["labels"]["killed-server"] == "true"
    assert "flaky" not in tests["rfc9112-3.2-served"]["labels"]
    assert "repeat: merkhet run --select rfc9112-3.2-served" in tests["rfc9112-3.2-served"]["trace"]


def test_the_same_results_make_the_same_document() -> None:
    assert ctrf.render(full_run()) == ctrf.render(full_run())
    other = ctrf.render(full_run(started="2026-11-26T12:00:00Z"))
    assert read(other)["reportId"] != read(ctrf.render(full_run()))["reportId"]


def test_a_time_that_is_none() -> None:
    assert read(ctrf.render(full_run(started="yesterday")))["results"]["summary"]["start"] == 0


def test_every_text_hostile(hostile: RunResults) -> None:
    text = ctrf.render(hostile, {hostile.results[0].check: hostile.target.name})
    read(text)
    assert all(line.isprintable() for line in text.decode().split("\n"))


@given(st.text(alphabet=st.characters(codec=None)))
@FIXED
def test_any_text(text: str) -> None:
    told = msgspec.structs.replace(
        FULL_RESULTS[1], check=text, title=text, observed=text, findings=(), requirement=text, tags=(text,)
    )
    whole = run(told, problems=(text,), merkhet=text, ended=text, started=text)
    test = read(ctrf.render(whole))["results"]["tests"][0]
    assert test["extra"].get("observed", "").isprintable()
