"""Every client in every conversation: one result for each, in the model that all reports are made from."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from merkhet.interop.clients import CLIENTS
from merkhet.interop.conversation import Call, Client, Got, NotMineError
from merkhet.interop.scenarios import SCENARIOS, NotOfferedError, Scenario, judged
from merkhet.interop.session import Heard, Session, SocketClient
from merkhet.interop.session_clients import SOCKET_CLIENTS
from merkhet.interop.session_scenarios import SESSIONS, SessionScenario
from merkhet.interop.session_scenarios import judged as session_judged
from merkhet.model import CheckResult, Finding, Level, Outcome, Requirement, Weight
from merkhet.template import Names, needs

DOCUMENT = "interop"
CONVERSATIONS: tuple[Scenario | SessionScenario, ...] = (*SCENARIOS, *SESSIONS)
"""In the order in which a report numbers them."""
CLIENT_NAMES: tuple[str, ...] = tuple(dict.fromkeys((*CLIENTS, *SOCKET_CLIENTS)))
"""A client that speaks HTTP and WebSocket has one name for both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One client's part in one conversation. `hold` returns what is wrong, "" if nothing is, and what the client told."""

    conversation: Scenario | SessionScenario
    client: Client | SocketClient
    endpoints: frozenset[str]
    hold: Callable[[Names, str], tuple[str, str]]

    @property
    def check(self) -> str:
        """Its id."""
        return f"{DOCUMENT}-{section_of(self.conversation)}-{self.conversation.slug}-{self.client.name}"


def section_of(conversation: Scenario | SessionScenario) -> str:
    """Return the number under which a report has this conversation."""
    return str(CONVERSATIONS.index(conversation) + 1)


def requirement_of(conversation: Scenario | SessionScenario) -> Requirement:
    """Return what a conversation asks for, as a report knows it."""
    section = section_of(conversation)
    return Requirement(
        id=f"{DOCUMENT}-{section}-1",
        document=DOCUMENT,
        section=section,
        level=Level.SHOULD,
        basis="quality",
        role="server",
        text=f"Clients in wide use agree: {conversation.title[0].lower()}{conversation.title[1:]}.",
        on_violation=Weight.WARNING,
        note="A second opinion: the fault may be the client's, and is found by the checks of the specifications.",
    )


def requirements() -> Mapping[str, Requirement]:
    """Return what every conversation asks for, by id."""
    return {rule.id: rule for rule in map(requirement_of, CONVERSATIONS)}


def of_calls(scenario: Scenario, client: Client) -> Talk:
    """Return a client's part in a conversation over HTTP."""

    def hold(names: Names, base: str) -> tuple[str, str]:
        got = client.talk(base, [_called(call, names) for call in scenario.calls])
        return judged(scenario, got), _told(got)

    endpoints = frozenset[str]().union(*(needs(call.path.encode("ascii")) for call in scenario.calls))
    return Talk(conversation=scenario, client=client, endpoints=endpoints, hold=hold)


def of_session(scenario: SessionScenario, client: SocketClient) -> Talk:
    """Return a client's part in a session on a WebSocket."""

    def hold(names: Names, base: str) -> tuple[str, str]:
        heard = client.listen(base, _opened(scenario.session, names))
        return session_judged(scenario, heard), _heard(heard)

    endpoints = needs(scenario.session.path.encode("ascii"))
    return Talk(conversation=scenario, client=client, endpoints=endpoints, hold=hold)


def all_talks(clients: Collection[str] = CLIENT_NAMES) -> Iterator[Talk]:
    """Yield the part of every client of these names in every conversation that is its kind."""
    for scenario in SCENARIOS:
        yield from (of_calls(scenario, client) for client in CLIENTS.values() if client.name in clients)
    for session in SESSIONS:
        yield from (of_session(session, client) for client in SOCKET_CLIENTS.values() if client.name in clients)


def versions(clients: Iterable[Client | SocketClient]) -> Mapping[str, str]:
    """Return the version of each client, "" for one that is not installed: some have to be started to tell."""
    return {name: client.version() for name, client in {client.name: client for client in clients}.items()}


def one_talk(talk: Talk, names: Names, base: str, version: str) -> CheckResult:
    """Hold one conversation. Nothing that the target or the client does is raised.

    `base` is scheme and authority, `version` what the client says that it is, "" if it is not installed.
    """
    missing = talk.endpoints - names.endpoints.keys()
    client = talk.client.name
    if not version:
        return _result(talk, Outcome.NOT_APPLICABLE, reason=f"{client} is not installed")
    if missing:
        return _result(talk, Outcome.NOT_APPLICABLE, reason=f"the target offers no {', '.join(sorted(missing))}")
    began = time.monotonic()
    try:
        wrong, told = talk.hold(names, base)
    except NotMineError as why:
        return _result(talk, Outcome.NOT_APPLICABLE, reason=str(why))
    except NotOfferedError as what:
        return _result(talk, Outcome.NOT_APPLICABLE, reason=f"the target has no {what}")
    except Exception as problem:  # noqa: BLE001 - an error of ours or of a client's own is one result, and not the end
        return _result(talk, Outcome.ERROR, reason=f"{client}: {type(problem).__name__}: {problem}")
    observed = f"{client} {version}: {wrong or told}"
    return _result(talk, Outcome.WARN if wrong else Outcome.PASS, observed=observed, since=began)


def _called(call: Call, names: Names) -> Call:
    return replace(call, path=_rendered(call.path, names), fields={**_extra(names), **call.fields})


def _opened(session: Session, names: Names) -> Session:
    return replace(session, path=_rendered(session.path, names), fields={**_extra(names), **session.fields})


def _rendered(path: str, names: Names) -> str:
    return names.render(path.encode("ascii"), "interop").decode("latin-1")


def _extra(names: Names) -> Mapping[str, str]:
    given = (line.partition(":") for line in names.extra_fields.decode("latin-1").split("\r\n") if line)
    return {name: value.strip() for name, _, value in given}


def _told(got: Sequence[Got]) -> str:
    statuses = ", ".join(str(one.status) if not one.error else one.error for one in got)
    connections = {one.connection for one in got}
    kept = f" on {len(connections)} connection(s)" if len(got) > 1 and None not in connections else ""
    return f"status {statuses}{kept}"


def _heard(heard: Heard) -> str:
    agreed = ", ".join(word for word in (heard.protocol, heard.extensions) if word)
    return f"{len(heard.messages)} messages{f' ({agreed})' if agreed else ''}, closed with {heard.code}"


def _result(
    talk: Talk, outcome: Outcome, *, observed: str = "", reason: str = "", since: float | None = None
) -> CheckResult:
    title = talk.conversation.title
    finding = Finding(weight=Weight.WARNING, expected=title, observed=observed)
    return CheckResult(
        check=talk.check,
        requirement=requirement_of(talk.conversation).id,
        title=f"{title} ({talk.client.name})",
        level=Level.SHOULD,
        outcome=outcome,
        expected=title,
        observed=observed,
        reason=reason,
        findings=(finding,) if outcome is Outcome.WARN else (),
        tags=("interop",),
        seconds=0.0 if since is None else time.monotonic() - since,
    )
