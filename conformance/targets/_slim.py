"""What is published of a run: every outcome, and of what failed as much of the exchanges as shows the finding.

A server's results are kept for as long as there are versions of it, so they are to be small. The whole of a run is one
command away.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import structs

from merkhet.model import CheckResult, Direction, Evidence, Outcome, RunResults, Transcript, WireEvent

IN_ORDER = frozenset({Outcome.PASS, Outcome.OBSERVED, Outcome.NOT_APPLICABLE})
EVENT_BYTES_MAX = 512
EVENTS_MAX = 24
"""More events than these lose their middle: of its octets the count is left."""
JUDGED_MAX = 2
"""So many connections that were judged are kept, the last ones: what is found ends a check."""
TWIN = "twin"
CANARY = "canary"
_OCTETS = (Direction.SENT, Direction.RECEIVED)


def slim(run: RunResults) -> RunResults:
    """Return a run with the evidence of what failed alone, cut to what shows the finding: what was judged, and its twin.

    What is in order has no words either: `merkhet explain` has them.
    """
    return structs.replace(run, results=tuple(_slim(result) for result in run.results), target_output="")


def merged(before: RunResults, again: RunResults) -> RunResults:
    """Return a run with the results of checks that were repeated, such as on a quieter machine, in the place of its own.

    Raises ValueError if that was another server, another merkhet or another profile, or has a check that the run has not.
    """
    for name, one, other in (
        ("target", (before.target.name, before.target.version), (again.target.name, again.target.version)),
        ("merkhet", before.merkhet, again.merkhet),
        ("profile", before.profile, again.profile),
    ):
        if one != other:
            raise ValueError(f"{name}: the published run has {one}, the repeated checks {other}: judge it whole")
    found = {result.check: result for result in again.results}
    missing = found.keys() - {result.check for result in before.results}
    if missing:
        raise ValueError(f"the published run has no {min(missing)}: judge it whole")
    return structs.replace(before, results=tuple(found.get(result.check, result) for result in before.results))


def encode(run: RunResults) -> bytes:
    """Return a run as its published file holds it: as `results.json`, without what is so by default."""
    document = {"version": run.version, **_bare_struct(run)}
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _bare_struct(value: msgspec.Struct) -> dict[str, object]:
    told = ((field, getattr(value, field.name)) for field in structs.fields(value))
    return {field.encode_name: _bare(one) for field, one in told if one != field.default}


def _bare(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        return _bare_struct(value)
    if isinstance(value, tuple):
        return [_bare(one) for one in value]
    return value


def _slim(result: CheckResult) -> CheckResult:
    result = structs.replace(result, seconds=round(result.seconds, 3))
    if result.outcome in IN_ORDER:
        return structs.replace(result, expected="", evidence=Evidence())
    if result.outcome is not Outcome.FAIL:
        return structs.replace(result, evidence=Evidence())
    kept = tuple(_cut(transcript) for transcript in _telling(result.evidence.transcripts))
    return structs.replace(result, evidence=structs.replace(result.evidence, transcripts=kept))


def _telling(transcripts: Sequence[Transcript]) -> list[Transcript]:
    """Return the last connections that were judged, and the twin behind them.

    A rule that is judged on every response has the exchanges of several checks one behind another: the first is kept.
    """
    first: list[Transcript] = []
    for transcript in transcripts:
        is_next = first and first[-1].purpose in {TWIN, CANARY} and transcript.purpose not in {TWIN, CANARY}
        if is_next:
            break
        first.append(transcript)
    judged = [one for one in first if one.purpose not in {TWIN, CANARY}]
    return judged[-JUDGED_MAX:] + [one for one in first if one.purpose == TWIN]


def _cut(transcript: Transcript) -> Transcript:
    events = tuple(structs.replace(event, data=event.data[:EVENT_BYTES_MAX]) for event in transcript.events)
    if len(events) > EVENTS_MAX:
        half = EVENTS_MAX // 2
        events = (*events[:half], *_summed(events[half:-half]), *events[-half:])
    return structs.replace(transcript, events=events)


def _summed(events: Sequence[WireEvent]) -> list[WireEvent]:
    """Return one event a direction for many: when the first was, how many octets there were in all, and none of them."""
    summed: list[WireEvent] = []
    for direction in _OCTETS:
        same = [event for event in events if event.direction is direction]
        if same:
            length = sum(event.length for event in same)
            summed.append(structs.replace(same[0], data=b"", length=length))
    return sorted(summed, key=lambda event: event.at)
