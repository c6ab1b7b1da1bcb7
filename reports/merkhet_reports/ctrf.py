"""CTRF, the Common Test Report Format (https://ctrf.io): one JSON document, as many dashboards and actions read it.

A check that counts against the exit code is `failed`, one that does not apply or is excused is `skipped`, one that proved
nothing without having to is `other`. Our own outcome stands in `rawStatus`. CTRF calls flaky what passed in the end; what
merkhet saw once and not again did not, so that is a label.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from typing import Any

import msgspec

from merkhet.model import CheckResult, Outcome, RunResults
from merkhet_reports import fuzzed, summary, verdict
from merkhet_reports.escape import printable
from merkhet_reports.verdict import Light

SPECIFICATION = "0.0.0"
_SPACE = uuid.UUID("6d65726b-6865-5074-8000-637472660000")
"""Of our own: what a report is named by, so that the same results make the same document."""
_STATUSES = ("passed", "failed", "skipped", "pending", "other")


def render(run: RunResults, excused: summary.Excused | None = None) -> bytes:
    """Return the document."""
    names = excused or {}
    begin = _milliseconds(run.started)
    tests = [_test(place, result, names) for place, results in verdict.sections(run) for result in results]
    tests += [_found_test(place, one, run) for place, found in fuzzed.sections(run, names) for one in found]
    tests.append(_run_test(run, names))
    statuses = Counter(test["status"] for test in tests)
    counted = {status: statuses[status] for status in _STATUSES}
    document = {
        "reportFormat": "CTRF",
        "specVersion": SPECIFICATION,
        "reportId": str(uuid.uuid5(_SPACE, printable(f"{run.started} {run.target.name} {run.target.address}"))),
        "timestamp": dt.datetime.fromtimestamp(begin / 1000, dt.UTC).isoformat(),
        "generatedBy": printable(f"merkhet {run.merkhet}"),
        "results": {
            "tool": {"name": "merkhet", "version": printable(run.merkhet)},
            "summary": {
                "tests": len(tests),
                **counted,
                "start": begin,
                "stop": begin + round(run.seconds * 1000),
                "duration": round(run.seconds * 1000),
            },
            "tests": tests,
            "environment": {
                "appName": printable(run.target.name),
                "appVersion": printable(run.target.version),
                "osPlatform": printable(run.platform),
                "extra": {"profile": run.profile.value, "address": printable(run.target.address)},
            },
        },
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _milliseconds(started: str) -> int:
    """Return the time in milliseconds since 1970, 0 if it is none."""
    try:
        return round(dt.datetime.fromisoformat(started).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0


def _test(place: str, result: CheckResult, excused: summary.Excused) -> dict[str, Any]:
    told = verdict.of(result, excused)
    labels = {"requirement": printable(result.requirement), "level": result.level.value}
    labels |= {"flaky": "true"} if result.flaky else {}
    labels |= {"killed-server": "true"} if result.killed_server else {}
    test: dict[str, Any] = {
        "name": printable(result.check) or "check",
        "testId": printable(result.check) or "check",
        "status": _status(result, told),
        "rawStatus": result.outcome.value,
        "duration": round(result.seconds * 1000),
        "suite": [place or "merkhet"],
        "tags": [printable(tag) for tag in result.tags],
        "labels": labels,
        "retries": max(0, result.runs - 1),
        "extra": {"title": printable(result.title), **dict(verdict.details(result))},
    }
    if told.message:
        test["message"] = told.message
    if told.light in {Light.FAILED, Light.ERROR}:
        test["trace"] = "\n".join(f"{name}: {value}" for name, value in verdict.details(result))
    return test


def _found_test(place: str, one: fuzzed.Told, run: RunResults) -> dict[str, Any]:
    told = verdict.of_found(one, run)
    details = list(fuzzed.details(one))
    test: dict[str, Any] = {
        "name": one.id or "finding",
        "testId": one.id or "finding",
        "status": told.light.value,
        "rawStatus": one.weight.value,
        "duration": 0,
        "suite": [place],
        "tags": ["fuzz"],
        "labels": {"requirement": printable(one.found.requirement)} if one.found.requirement else {},
        "extra": {"title": one.headline, **dict(details)},
    }
    if told.message:
        test["message"] = told.message
    if told.light is Light.FAILED:
        test["trace"] = "\n".join(f"{name}: {value}" for name, value in details)
    return test


def _status(result: CheckResult, told: verdict.Verdict) -> str:
    if result.outcome is Outcome.INCONCLUSIVE and told.light is Light.SKIPPED and not told.excused:
        return "other"
    return "failed" if told.light is Light.ERROR else told.light.value


def _run_test(run: RunResults, excused: summary.Excused) -> dict[str, Any]:
    """Return the test that stands for the run itself: it fails if the run did, and none of its checks says so."""
    told = verdict.of_run(run, excused)
    test: dict[str, Any] = {
        "name": "run",
        "testId": "merkhet.run",
        "status": "passed" if told.light is Light.PASSED else "failed",
        "rawStatus": printable(run.ended),
        "duration": 0,
        "suite": ["merkhet"],
        "extra": {"problems": [printable(problem) for problem in run.problems]},
    }
    return test | ({"message": told.message} if told.message else {})
