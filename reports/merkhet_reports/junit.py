"""JUnit XML, as CI systems read it: what the exit code counts as a failure is a failure here, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from merkhet.model import CheckResult, Outcome, RunResults
from merkhet_reports import summary
from merkhet_reports.escape import printable

_CLEAN = frozenset({0, 1})


def render(run: RunResults, excused: summary.Excused | None = None) -> str:
    """Return the document. Characters that XML 1.0 has no place for are escapes in the text."""
    names = excused or {}
    root = ET.Element("testsuites", name="merkhet")
    rules = {rule.id: rule for rule in run.requirements}
    sections: dict[tuple[str, str], list[CheckResult]] = {}
    for result in run.results:
        rule = rules.get(result.requirement)
        key = (rule.document, rule.section) if rule is not None else (result.requirement, "")
        sections.setdefault(key, []).append(result)
    for key in sorted(sections, key=lambda key: summary.place_order(*key)):
        name = printable(".".join(key).rstrip("."))
        _suite(root, name, [_case(name, result, names) for result in sections[key]])
    _suite(root, "merkhet.run", [_run_case(run, names)])
    for counted in ("tests", "failures", "errors", "skipped"):
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
    properties = ET.SubElement(case, "properties")
    for name, value in _properties(result):
        ET.SubElement(properties, "property", name=name, value=printable(value))
    tag, kind = _verdict(result, excused)
    details = "\n".join(_details(result))
    if tag:
        message = f"expected: {excused[result.check]}" if result.check in excused else _headline(result)
        element = ET.SubElement(case, tag, message=printable(message))
        if tag != "skipped":
            element.set("type", kind)
            element.text = details
    elif result.outcome is not Outcome.PASS:
        ET.SubElement(case, "system-out").text = details
    return case


def _verdict(result: CheckResult, excused: summary.Excused) -> tuple[str, str]:
    """Return the element that says how the case came out, empty for a case that passed, and its type."""
    if result.check in excused or result.outcome is Outcome.NOT_APPLICABLE:
        return "skipped", ""
    if result.outcome is Outcome.ERROR:
        return "error", "error"
    if result.outcome is Outcome.FAIL:
        return "failure", "fail"
    if result.outcome is Outcome.INCONCLUSIVE:
        return ("failure", "inconclusive") if result.level.is_absolute else ("skipped", "")
    return "", ""


def _headline(result: CheckResult) -> str:
    told = summary.observed(result) if result.outcome is Outcome.FAIL else result.reason
    return f"{summary.WORDS[result.outcome]}: {told or result.reason or result.title}"


def _properties(result: CheckResult) -> Iterator[tuple[str, str]]:
    yield "requirement", result.requirement
    yield "level", result.level.value
    yield "outcome", result.outcome.value
    if result.choice:
        yield "choice", result.choice
    if result.flaky:
        yield "flaky", "true"


def _details(result: CheckResult) -> Iterator[str]:
    yield printable(result.title)
    for name, value in (
        ("expected", summary.expected(result)),
        ("observed", summary.observed(result)),
        ("reason", printable(result.reason)),
        ("choice", printable(result.choice)),
        ("repeat", printable(result.evidence.repeat)),
        ("netcat", printable(result.evidence.netcat)),
    ):
        if value:
            yield f"{name}: {value}"


def _run_case(run: RunResults, excused: summary.Excused) -> ET.Element:
    """Return the case of the run itself: it fails if the run did, and none of its checks says so."""
    case = ET.Element("testcase", classname="merkhet", name="run", time="0.000")
    problems = "\n".join(printable(problem) for problem in run.problems)
    told = any(_verdict(result, excused)[0] in {"failure", "error"} for result in run.results)
    if run.exit_code not in _CLEAN or run.ended != "complete":
        element = ET.SubElement(case, "error", message=f"the run ended: {printable(run.ended)}", type="run")
        element.text = problems
    elif run.exit_code and not told:
        ET.SubElement(case, "failure", message="the run failed", type="run").text = problems
    elif problems:
        ET.SubElement(case, "system-out").text = problems
    return case
