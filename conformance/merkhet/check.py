"""What a check is: data. The bytes to send, what each possible answer means, and proof that it can fail.

A check is a sequence of steps from a closed vocabulary, so that it can be listed, explained, printed with its bytes,
fuzzed, and compared between releases. Nothing here reads or writes a socket: `merkhet.engine` does.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from merkhet import template
from merkhet.answer import End
from merkhet.expect import Expectation, served
from merkhet.expectation import Hearing
from merkhet.payload import Made


class Kind(enum.StrEnum):
    """What an answer means for its check."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    VIOLATION = "violation"
    BREACH = "breach"
    WARNING = "warning"
    OBSERVED = "observed"
    DESYNC = "desync"
    INCONCLUSIVE = "inconclusive"
    LACKING = "lacking"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The meaning of one answer, and optionally which steps follow it in place of the check's remaining ones.

    PASS: as required. VIOLATION: the check's requirement is broken; the requirement's `on_violation` and the profile set
    the weight. BREACH: broken in every profile. WARNING: a near miss in every profile. OBSERVED: one of several legal
    choices, named by `text`. DESYNC: proof that client and server disagree where a message ends: a breach in every
    profile. INCONCLUSIVE: this answer decides nothing. LACKING: the target does not have what the check is about, as it
    may: the check does not apply.
    """

    kind: Kind
    text: str = ""
    following: tuple[Step, ...] | None = None

    def because(self, text: str) -> Verdict:
        """Return this verdict with words of its own for the report."""
        return replace(self, text=text)

    def then(self, *steps: Step) -> Verdict:
        """Return this verdict, after which these steps follow in place of the remaining ones (none: the check ends)."""
        return replace(self, following=steps)


PASS = Verdict(Kind.PASS)
VIOLATION = Verdict(Kind.VIOLATION)
BREACH = Verdict(Kind.BREACH)
WARNING = Verdict(Kind.WARNING)
DESYNC = Verdict(Kind.DESYNC)
INCONCLUSIVE = Verdict(Kind.INCONCLUSIVE)


def observed(choice: str) -> Verdict:
    """A legal choice, recorded and never judged."""
    return Verdict(Kind.OBSERVED, choice)


def lacks(what: str) -> Verdict:
    """The target does without `what`, as it may: the check does not apply to it."""
    return Verdict(Kind.LACKING, what)


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes on the current connection, placeholders replaced.

    `cuts` are offsets in the *template's rendered bytes* at which a new segment begins (negative ones count from the
    end); `each` is the segment size in bytes, 0 for one segment. `gap_seconds` is the least time between segments; 0 is the
    engine's own small gap, long enough for a peer that is not overloaded to read one segment before the next. With `anew`,
    they go out on a fresh connection in the place of one that has ended, or of which the last answer said that it ends: as
    a server may do at any time, behind a request that it refuses above all. Some end it there and have not said so: behind
    a 4xx or 5xx, the end is waited for as long as that gap. What is `made` goes out behind `data`, as it is: octets too many
    to keep.
    """

    data: bytes = b""
    cuts: tuple[int, ...] = ()
    each: int = 0
    gap_seconds: float = 0.0
    anew: bool = False
    made: Made | None = None


@dataclass(frozen=True, slots=True)
class HalfClose:
    """Say that no more will be sent (FIN; under TLS close_notify), and go on reading."""


@dataclass(frozen=True, slots=True)
class Abort:
    """Drop the connection at once: a reset; under TLS a FIN without close_notify."""


@dataclass(frozen=True, slots=True)
class On:
    """Make connection number `connection` of this check the current one, opening it if it is new. The first is 0."""

    connection: int


@dataclass(frozen=True, slots=True)
class Answers:
    """Read what comes next on the current connection; the first case that matches decides.

    What no case matches is `inconclusive`: a check says what every answer it can judge means. `to` is the method of the
    request that is answered and `version` its minor version: they decide how the response is framed and which of the
    judge's rules apply. `patience_seconds` replaces the run's deadline where fairness allows more.
    With `quiet`, silence is the expectation: the wait is short and declared, max(4 round trips, 100 ms).
    With `keep`, a whole final response is remembered under that name: later steps may send what it said, as in
    `{kept:NAME/ETag}` (see `merkhet.kept`), and later cases may compare with it.
    With `until`, placeholders replaced, reading stops as soon as the decoded content has these octets, whatever has come
    with them, and the next `Answers` on the connection reads on in the same response.
    """

    cases: Mapping[Expectation, Verdict]
    to: str = "GET"
    version: str = "1.1"
    patience_seconds: float | None = None
    quiet: bool = False
    keep: str = ""
    until: bytes = b""

    def __hash__(self) -> int:
        return hash((tuple(self.cases.items()), self.to, self.version, self.patience_seconds, self.keep, self.until))


@dataclass(frozen=True, slots=True)
class Hears:
    """Read the frames of a WebSocket on the current connection; the first case that matches decides, as with `Answers`.

    An `Answers` before it has read the 101. Reading stops when so many whole `messages`, `pongs` and `pings` have come, and
    takes no more than these; with none of them asked for, it goes on to the server's Close. Behind a Close that comes at any
    time it goes on to the end of the connection, for as long as a close may linger, as who ends that is part of the verdict;
    with `until_close` it stops at the Close itself. It stops at the end, at a fault of the frames that no client may
    overlook, and at the deadline, which octets do not reset; `patience_seconds` replaces that.
    With `quiet`, silence is the expectation: the wait is short and declared, max(4 round trips, 100 ms).

    A Ping is answered as a client must answer it, and so is a Close, if the check has not sent one and the server does not
    end the connection by itself.
    """

    cases: Mapping[Hearing, Verdict]
    messages: int = 0
    pongs: int = 0
    pings: int = 0
    until_close: bool = False
    patience_seconds: float | None = None
    quiet: bool = False

    def __hash__(self) -> int:
        counts = (self.messages, self.pongs, self.pings, self.until_close)
        return hash((tuple(self.cases.items()), counts, self.patience_seconds, self.quiet))


@dataclass(frozen=True, slots=True)
class Write:
    """Replace one of the fixture files that the harness itself wrote: new content, last changed `age_seconds` ago.

    Only where the target reads the harness's own folder; a check with this step needs the tag "own-files".
    """

    name: str
    content: bytes
    age_seconds: float


@dataclass(frozen=True, slots=True)
class Fresh:
    """From here on, connections go to another process of the target, which merkhet starts for this check alone.

    It is the first step of a check that ends the server; such a check needs the tag "own-process". Its twin goes to the
    process that the rest of the run talks to.
    """


@dataclass(frozen=True, slots=True)
class Terminate:
    """Ask the process of `Fresh` to end, as its supervisor would: SIGTERM to it, and not to what it has started."""


Reading = Answers | Hears
Step = Send | HalfClose | Abort | On | Reading | Write | Fresh | Terminate


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request on a connection of its own, and the answer that shows it was read. `good` is such an answer's bytes."""

    request: bytes
    answer: Expectation = field(default_factory=served)
    to: str = "GET"
    version: str = "1.1"
    good: bytes = b"HTTP/1.1 200 OK\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nContent-Length: 2\r\n\r\nok"


PLAIN_GET = Exchange(request=b"GET {root} HTTP/1.1\r\nHost: {host}\r\n\r\n")


@dataclass(frozen=True, slots=True)
class Stream:
    """All the bytes that a canned server sends on one connection, placeholders replaced, and how it ends it.

    They are there as soon as the check reads. With `turns`, turn number k of them comes only after the k-th `Send` on
    the connection, and the end after the last turn: see `in_turns`. What is `made` comes last, as it is.
    """

    data: bytes
    end: End = End.SILENT
    turns: tuple[bytes, ...] = ()
    made: Made | None = None


def closes(data: bytes) -> Stream:
    """These bytes, then a FIN (under TLS after close_notify)."""
    return Stream(data, End.CLOSED)


def resets(data: bytes) -> Stream:
    """These bytes, then a reset."""
    return Stream(data, End.RESET)


def in_turns(*turns: bytes, end: End = End.SILENT) -> Stream:
    """Each of these after one more `Send` on the connection: for checks that look between two of them."""
    return Stream(b"".join(turns), end, turns)


@dataclass(frozen=True, slots=True, init=False)
class Canned:
    """A server with one fault: what it sends on each connection of the check, in the order in which they are opened.

    A connection without a stream of its own gets the check's good one. Bare bytes leave the connection open.
    """

    fault: str
    streams: tuple[Stream, ...]

    def __init__(self, fault: str, *streams: Stream | bytes) -> None:
        object.__setattr__(self, "fault", fault)
        object.__setattr__(self, "streams", as_streams(streams))


def as_streams(items: tuple[Stream | bytes, ...]) -> tuple[Stream, ...]:
    """Return each item as a stream; bare bytes leave the connection open."""
    return tuple(item if isinstance(item, Stream) else Stream(item) for item in items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One test of one requirement.

    `twin` is the nearest legal request: it goes out *after* the steps on a fresh connection, and a verdict that rests on
    a refusal or an absence counts only if it is served. `good` is what a conformant canned server sends on each
    connection, `mutants` are servers with a fault that the check must notice. `note` tells why a verdict is as it is,
    where honest servers differ.
    """

    id: str
    requirement: str
    title: str
    since: str
    steps: tuple[Step, ...]
    good: tuple[Stream | bytes, ...]
    mutants: tuple[Canned, ...]
    twin: Exchange = PLAIN_GET
    tags: frozenset[str] = frozenset()
    note: str = ""

    @property
    def needs(self) -> frozenset[str]:
        """The endpoints of the contract that this check sends to; "tls", "own-files" and "own-process" if it is about these."""
        sent = b"".join(step.data for step in walk(self.steps) if isinstance(step, Send)) + self.twin.request
        return template.needs(sent) | (self.tags & {"tls", "own-files", "own-process"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Passive:
    """A rule of the strict response judge, held against every response of the run: one outcome, with its witnesses.

    `rule` names the judge's rule. `probe` is sent once by the check itself, so that there is a response to judge when it
    runs alone; `good` and `mutants` are answers to the probe. Where it asks for a WebSocket, `frames` go out behind the 101:
    each but the last is to be answered by a message before the next.
    """

    id: str
    requirement: str
    title: str
    since: str
    rule: str
    good: tuple[Stream | bytes, ...]
    mutants: tuple[Canned, ...]
    probe: bytes = PLAIN_GET.request
    frames: tuple[bytes, ...] = ()
    to: str = "GET"
    version: str = "1.1"
    tags: frozenset[str] = frozenset()
    note: str = ""

    @property
    def needs(self) -> frozenset[str]:
        """The endpoints of the contract that the probe is sent to."""
        return template.needs(self.probe)


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Yield every step, those that follow a verdict included."""
    for step in steps:
        yield step
        if isinstance(step, Answers | Hears):
            for verdict in step.cases.values():
                yield from walk(verdict.following or ())
