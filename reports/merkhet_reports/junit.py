"""JUnit XML, as CI systems read it: what the exit code counts as a failure is a failure here, and nothing else.

It keeps to the schema by which Jenkins' xUnit plugin refuses documents: a case has no properties of its own there, so what
a check is about stands in the text of its failure or of its output.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from merkhet.model import CheckResult, Outcome, RunResults
from merkhet_reports import fuzzed, summary, verdict
from merkhet_reports.escape import printable
from merkhet_reports.verdict import Light

_TAGS = {Light.FAILED: "failure", Light.ERROR: "error", Light.SKIPPED: "skipped"}


def render(run: RunResults, excused: summary.Excused | None = None) -> str:
    """Return the document. Characters that XML 1.0 has no place for are escapes in the text."""
    names = excused or {}
    root = ET.Element("testsuites", name="merkhet")
    for name, results in verdict.sections(run):
        _suite(root, name, [_case(name, result, names) for result in results])
    for name, found in fuzzed.sections(run, names):
        _suite(root, name, [_found_case(name, one, run) for one in found])
    _suite(root, "merkhet.run", [_run_case(run, names)])
    for counted in ("tests", "failures", "errors"):
        root.set(counted, str(sum(int(suite.get(counted, "0")) for suite in root)))
    root.set("time", f"{run.seconds:.3f}")
    ET.indent(root)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(root: ET.Element, name: str, cases: list[ET.Element]) -> None:
    suite = ET.SubElement(root, "testsuite", name=name, tests=str(len(cases)))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
    suite.extend(cases)


def _case(place: str, result: CheckResult, excused: summary.Excused) -> ET.Element:
    case = ET.Element("testcase", classname=place, name=printable(result.check), time=f"{result.seconds:.3f}")
    told = verdict.of(result, excused)
    details = "\n".join(_details(result))
    if told.light is Light.SKIPPED:
        ET.SubElement(case, "skipped", message=told.message)
    elif told.light is not Light.PASSED:
        element = ET.SubElement(case, _TAGS[told.light], message=told.message, type=result.outcome.value)
        element.text = details
    if told.excused or (told.light is Light.PASSED and result.outcome is not Outcome.PASS):
        ET.SubElement(case, "system-out").text = details
    return case


def _details(result: CheckResult) -> Iterator[str]:
    yield printable(result.title)
    yield f"{result.outcome.value}, {result.level.value}, {printable(result.requirement)}"
    yield from (f"{name}: {value}" for name, value in verdict.details(result))


def _found_case(place: str, one: fuzzed.Told, run: RunResults) -> ET.Element:
    case = ET.Element("testcase", classname=place, name=one.id, time="0.000")
    told = verdict.of_found(one, run)
    details = "\n".join([one.headline, *(f"{name}: {value}" for name, value in fuzzed.details(one))])
    if told.light is Light.SKIPPED:
        ET.SubElement(case, "skipped", message=told.message)
    elif told.light is Light.FAILED:
        ET.SubElement(case, "failure", message=told.message, type=one.weight.value).text = details
    if told.light is not Light.FAILED:
        ET.SubElement(case, "system-out").text = details
    return case


def _run_case(run: RunResults, excused: summary.Excused) -> ET.Element:
    """Return the case of the run itself."""
    case = ET.Element("testcase", classname="merkhet", name="run", time="0.000")
    problems = "\n".join(printable(problem) for problem in run.problems)
    told = verdict.of_run(run, excused)
    if told.light in _TAGS:
        ET.SubElement(case, _TAGS[told.light], message=told.message, type="run").text = problems
    elif problems:
        ET.SubElement(case, "system-out").text = problems
    return case
