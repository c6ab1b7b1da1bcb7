"""Every client in every conversation: one result for each, in the model that all reports are made from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from merkhet.interop.conversation import Call, Client, Got, NotMineError
from merkhet.interop.scenarios import SCENARIOS, NotOfferedError, Scenario, judged
from merkhet.model import CheckResult, Finding, Level, Outcome, Requirement, Weight
from merkhet.template import Names, needs

DOCUMENT = "interop"


def section_of(scenario: Scenario) -> str:
    """Return the number under which a report has this conversation."""
    return str(SCENARIOS.index(scenario) + 1)


def requirement_of(scenario: Scenario) -> Requirement:
    """Return what a conversation asks for, as a report knows it."""
    section = section_of(scenario)
    return Requirement(
        id=f"{DOCUMENT}-{section}-1",
        document=DOCUMENT,
        section=section,
        level=Level.SHOULD,
        basis="quality",
        role="server",
        text=f"Clients in wide use agree: {scenario.title[0].lower()}{scenario.title[1:]}.",
        on_violation=Weight.WARNING,
        note="A second opinion: the fault may be the client's, and is found by the checks of the specifications.",
    )


def check_id(scenario: Scenario, client: Client) -> str:
    """Return the id of a client's part in a conversation."""
    return f"{DOCUMENT}-{section_of(scenario)}-{scenario.slug}-{client.name}"


def endpoints_of(scenario: Scenario) -> frozenset[str]:
    """Return the endpoints of the contract that a conversation needs."""
    return frozenset[str]().union(*(needs(call.path.encode("ascii")) for call in scenario.calls))


def all_talks(
    names: Names, base: str, clients: Sequence[Client], chosen: Callable[[str], bool] = lambda _: True
) -> Iterator[CheckResult]:
    """Hold every conversation with every client; yield each result. `base` is scheme and authority of the target."""
    for scenario in SCENARIOS:
        for client in clients:
            if chosen(check_id(scenario, client)):
                yield one_talk(scenario, client, names, base)


def one_talk(scenario: Scenario, client: Client, names: Names, base: str) -> CheckResult:
    """Hold one conversation. Nothing that the target or the client does is raised."""
    missing = endpoints_of(scenario) - names.endpoints.keys()
    version = client.version()
    if not version:
        return _result(scenario, client, Outcome.NOT_APPLICABLE, reason=f"{client.name} is not installed")
    if missing:
        return _result(
            scenario, client, Outcome.NOT_APPLICABLE, reason=f"the target offers no {', '.join(sorted(missing))}"
        )
    began = time.monotonic()
    try:
        got = client.talk(base, [_rendered(call, names) for call in scenario.calls])
        wrong = judged(scenario, got)
    except NotMineError as why:
        return _result(scenario, client, Outcome.NOT_APPLICABLE, reason=str(why))
    except NotOfferedError as what:
        return _result(scenario, client, Outcome.NOT_APPLICABLE, reason=f"the target has no {what}")
    except Exception as problem:  # noqa: BLE001 - an error of ours or of a client's own is one result, and not the end
        return _result(scenario, client, Outcome.ERROR, reason=f"{client.name}: {type(problem).__name__}: {problem}")
    told = f"{client.name} {version}: {wrong or _told(got)}"
    return _result(scenario, client, Outcome.WARN if wrong else Outcome.PASS, observed=told, since=began)


def _rendered(call: Call, names: Names) -> Call:
    path = names.render(call.path.encode("ascii"), "interop").decode("latin-1")
    given = (line.partition(":") for line in names.extra_fields.decode("latin-1").split("\r\n") if line)
    return replace(call, path=path, fields={**{name: value.strip() for name, _, value in given}, **call.fields})


def _told(got: Sequence[Got]) -> str:
    statuses = ", ".join(str(one.status) if not one.error else one.error for one in got)
    connections = {one.connection for one in got}
    kept = f" on {len(connections)} connection(s)" if len(got) > 1 and None not in connections else ""
    return f"status {statuses}{kept}"


def _result(
    scenario: Scenario,
    client: Client,
    outcome: Outcome,
    *,
    observed: str = "",
    reason: str = "",
    since: float | None = None,
) -> CheckResult:
    finding = Finding(weight=Weight.WARNING, expected=scenario.title, observed=observed)
    return CheckResult(
        check=check_id(scenario, client),
        requirement=requirement_of(scenario).id,
        title=f"{scenario.title} ({client.name})",
        level=Level.SHOULD,
        outcome=outcome,
        expected=scenario.title,
        observed=observed,
        reason=reason,
        findings=(finding,) if outcome is Outcome.WARN else (),
        tags=("interop",),
        seconds=0.0 if since is None else time.monotonic() - since,
    )


def requirements() -> Mapping[str, Requirement]:
    """Return what every conversation asks for, by id."""
    return {rule.id: rule for rule in map(requirement_of, SCENARIOS)}
