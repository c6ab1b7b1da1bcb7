"""The one model: requirements, outcomes, evidence and results, as every part of merkhet and every report sees them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import ClassVar

import msgspec

RESULTS_VERSION = 1


class Level(enum.StrEnum):
    """How strongly a specification asks (RFC 2119, RFC 8174)."""

    MUST = "MUST"
    MUST_NOT = "MUST NOT"
    SHOULD = "SHOULD"
    SHOULD_NOT = "SHOULD NOT"
    MAY = "MAY"

    @property
    def is_absolute(self) -> bool:
        """Whether breaking the rule is non-conformance: MUST and MUST NOT."""
        return self in {Level.MUST, Level.MUST_NOT}


class Outcome(enum.StrEnum):
    """What a check came to. Level and outcome are two axes: a SHOULD may fail a target only as far as its profile says."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    WARN = "warn"
    OBSERVED = "observed"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not-applicable"
    ERROR = "error"


class Weight(enum.StrEnum):
    """How much a finding weighs: a breach fails its check, a warning warns, a note is only recorded."""

    BREACH = "breach"
    WARNING = "warning"
    NOTE = "note"


class Profile(enum.StrEnum):
    """How strictly findings are weighed."""

    DEFAULT = "default"
    STRICT = "strict"
    SECURITY = "security"


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of a specification, in our own words.

    `id` is permanent: <document>-<section>-<ordinal>. `on_violation` is the weight of a violation in the default profile.
    `capability` names what a target must offer before the rule can be seen: "any", an endpoint of the contract, or "tls".
    `untestable` says why no black-box client can see the rule; None where a check exists.
    `note` explains a weight that is milder than the level.
    """

    id: str
    document: str
    section: str
    level: Level
    basis: str
    role: str
    text: str
    capability: str = "any"
    on_violation: Weight = Weight.BREACH
    untestable: str | None = None
    same_as: str | None = None
    note: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One departure that a check saw. `expected` and `observed` are sentences; `rests_on` says what the finding stands on."""

    weight: Weight
    expected: str
    observed: str
    text: str = ""
    desync: bool = False
    received: bool = True


class Direction(enum.StrEnum):
    """Whose bytes an event holds, or what happened to the connection."""

    SENT = "sent"
    RECEIVED = "received"
    OPENED = "opened"
    HALF_CLOSED = "half-closed"
    CLOSED = "closed"
    RESET = "reset"
    ABORTED = "aborted"
    TIMED_OUT = "timed-out"
    SEND_FAILED = "send-failed"


class WireEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened on a connection. `at` is seconds since the check began; `data` is capped, `length` is not."""

    connection: int
    at: float
    direction: Direction
    data: bytes = b""
    length: int = 0


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """All that crossed one connection: first 64 KiB and last 4 KiB of each direction, its whole length, and its SHA-256."""

    HEAD_BYTES_MAX: ClassVar[int] = 65536
    TAIL_BYTES_MAX: ClassVar[int] = 4096

    connection: int
    purpose: str
    sent_length: int
    received_length: int
    sent_sha256: str
    received_sha256: str
    ended: str
    events: tuple[WireEvent, ...] = ()


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything needed to judge the judge: transcripts, one command that repeats the check, and a netcat line if one fits."""

    transcripts: tuple[Transcript, ...] = ()
    repeat: str = ""
    netcat: str = ""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one check came to on one target.

    `since` is the version of the suite that brought the check; `changed` says what versions changed its meaning, and why.
    """

    check: str
    requirement: str
    title: str
    level: Level
    outcome: Outcome
    expected: str = ""
    observed: str = ""
    reason: str = ""
    choice: str = ""
    findings: tuple[Finding, ...] = ()
    tags: tuple[str, ...] = ()
    seconds: float = 0.0
    runs: int = 1
    flaky: bool = False
    killed_server: bool = False
    since: str = ""
    changed: str = ""
    evidence: Evidence = Evidence()


class TargetInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What was judged. `kind` is "embedded", "command", "url", "parser", or "several" where some were held side by side."""

    name: str
    kind: str
    address: str
    version: str = ""
    endpoints: dict[str, str] = {}

    @property
    def bare_version(self) -> str:
        """The version without the name of the target that it may begin with, to be read behind that name."""
        if not self.version.casefold().startswith(self.name.casefold()):
            return self.version
        rest = self.version[len(self.name) :]
        # A name that goes on is another one: h2 is not what "h2o 2.2" begins with.
        return rest.lstrip(" /:") if rest[:1] in {" ", "/", ":"} else self.version


class Preflight(msgspec.Struct, frozen=True, kw_only=True):
    """What the target is like before any check: its plain answer, whether it tells garbage from a request, its round trip."""

    status: int
    server: str = ""
    discriminates: bool = True
    one_at_a_time: bool = False
    round_trip_seconds: float = 0.0


class Excuse(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome that came out as `merkhet.expect.toml` expects: of which check, and why. `until` is a date or empty.

    `check` may be the id of a finding of the fuzzer, too.
    """

    check: str
    reason: str
    issue: str = ""
    until: str = ""


class FuzzFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that fuzzing found: the smallest input that shows it, and what it breaks.

    `id` is the class, the same for the same bug: what it was found on, the oracle, the requirement, the place. `input` says
    base, edits and transport on one line; `merkhet fuzz replay` takes it. `octets` are what was sent, `segments` the length of
    each piece that they were sent in, `legal` the base that the edits were done to. `requirement` is "" where no text but
    the contract of every parser is broken: that it never crashes, ends in time, and takes octets alike in any segments.
    `others` are inputs that show the same with another edit; `found_after` is how many inputs it took. `repeat` is a command.
    """

    id: str
    target: str
    version: str = ""
    oracle: str
    requirement: str = ""
    weight: Weight = Weight.BREACH
    input: str
    edits: tuple[str, ...] = ()
    transport: str = ""
    octets: bytes = b""
    segments: tuple[int, ...] = ()
    legal: bytes = b""
    expected: str = ""
    observed: str = ""
    others: tuple[str, ...] = ()
    found_after: int = 0
    seed: int = 0
    repeat: str = ""


class Severity(enum.StrEnum):
    """What a disagreement is about, the gravest first: those about framing let one request be read as two."""

    FRAMING = "framing"
    MEANING = "meaning"
    ACCEPTANCE = "acceptance"
    TASTE = "taste"


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """A class of inputs that servers or parsers read differently, with the smallest input that shows it.

    `readings` says of each of `participants` what it made of the input, and `sides` has a number for each: those with the same
    number read the same. `decided` is what the text asks for, "" where it leaves that open; `at_fault` names who does
    not do so. `taste` is what the text leaves to everyone. `inputs` counts the inputs that fell into the class; the other
    members are those of FuzzFinding.
    """

    id: str
    severity: Severity
    kind: str
    weight: Weight = Weight.NOTE
    participants: tuple[str, ...]
    sides: tuple[int, ...]
    readings: tuple[str, ...]
    requirement: str = ""
    decided: str = ""
    at_fault: tuple[str, ...] = ()
    input: str
    edits: tuple[str, ...] = ()
    transport: str = ""
    octets: bytes = b""
    segments: tuple[int, ...] = ()
    legal: bytes = b""
    others: tuple[str, ...] = ()
    inputs: int = 1
    found_after: int = 0
    seed: int = 0
    repeat: str = ""


class RunResults(msgspec.Struct, frozen=True, kw_only=True):
    """One whole run: what `results.json` holds and every report is made from.

    `excused` has the outcomes that were expected when the run was judged: a report made later shows the same as the run did,
    whatever has become of the expectations since. They stand before the results: a file that is cut off still has them.
    `unreached` has the checks that were open in the run before, and that this one was to take and has not judged: they are
    open still.
    `fuzz` and `differences` are what fuzzing found, `fuzzed` how many inputs each of what was fuzzed was given.
    """

    version: int = RESULTS_VERSION
    merkhet: str
    python: str
    platform: str
    profile: Profile
    started: str
    seconds: float
    target: TargetInfo
    preflight: Preflight | None
    excused: tuple[Excuse, ...] = ()
    unreached: tuple[str, ...] = ()
    requirements: tuple[Requirement, ...]
    results: tuple[CheckResult, ...]
    second_runs: int = 0
    exit_code: int = 0
    ended: str = "complete"
    problems: tuple[str, ...] = ()
    target_output: str = ""
    fuzz: tuple[FuzzFinding, ...] = ()
    differences: tuple[Disagreement, ...] = ()
    fuzzed: dict[str, int] = {}

    @property
    def reasons(self) -> Mapping[str, str]:
        """The reason of each check that came out as expected."""
        return {excuse.check: excuse.reason for excuse in self.excused}
