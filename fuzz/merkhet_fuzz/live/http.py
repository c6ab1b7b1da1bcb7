"""Requests on a connection (RFC 9112), to the endpoint that says what it read, or to the root where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from merkhet.answer import End
from merkhet.expect_echo import Echo
from merkhet.model import Weight
from merkhet.wire.request import read_requests
from merkhet_fuzz.grammar import Base, Grammar, Kind, Piece
from merkhet_fuzz.judges.http import FOLDED
from merkhet_fuzz.live.answers import Judges
from merkhet_fuzz.live.seam import AnsweredDialogue, Dialogue, Place, Surface
from merkhet_fuzz.oracles import FORBIDDEN, Suspicion
from merkhet_fuzz.render import Wire
from merkhet_fuzz.verdicts import Decision, Excuse

REFUSALS = frozenset({400, 500, 502, 505})
"""How a server says that it does not understand a request. All other errors may be about what was asked for."""
OWN_LIMITS = frozenset({413, 414, 431, 503})
"""A limit is no fault: VERDICTS has these for contents, targets and fields that are too large, and for too many at once."""
GRAMMAR_OF_CHUNKS = frozenset(("rfc9112-7.1-a2", "rfc9112-7.1-a3", "rfc9112-7.1-3", "rfc9112-7.1.1-a3"))
NO_CONTENT = frozenset((b"GET", b"HEAD", b"DELETE"))
"""Methods whose requests may be refused for having content (RFC 9110, Sections 9.3.1, 9.3.2 and 9.3.5)."""
FRAMED_TWICE = "rfc9112-6.3-a2"
CLOSES: Mapping[str, str] = {
    **dict.fromkeys(GRAMMAR_OF_CHUNKS, "rfc9112-9.3-5"),
    **{requirement: requirement for requirement in ("rfc9112-6.3-3", "rfc9112-6.3-5", "rfc9112-2.2-10")},
}
"""Behind what refusals the connection ends, as nobody knows where the next request begins, and by which requirement."""
ANSWERED = frozenset((
    "rfc9112-6.3-3", "rfc9112-6.3-5", "rfc9112-3.2-6a", "rfc9112-3.2-6b", "rfc9112-3.2-6c", "rfc9112-5.1-1", "rfc9112-2.2-10",
    "rfc9112-3.2-1",
))  # fmt: skip
"""What is answered by 400, and not by the end of the connection alone."""
WHOLE = ANSWERED - {"rfc9112-2.2-10", "rfc9112-3.2-1"}
"""Those that are no fault of a line's shape: nobody can be waiting for the rest of the head."""
OWN_FAULTS = frozenset({500, 502})
MISNAMED: Mapping[str, frozenset[int]] = {
    "rfc9112-6.3-5": OWN_FAULTS | {411, 431, 501},
    "rfc9112-6.3-3": OWN_FAULTS | {411, 431, 501},
    "rfc9112-5.1-1": OWN_FAULTS | {431, 501},
}
"""Statuses that refuse where 400 is asked for; by requirement, where others than the server's own faults are among them."""
Message = tuple[bytes, bytes, bytes]


class HttpSurface(Surface):
    """Inputs of kind http-request."""

    kind = Kind.HTTP

    def __init__(self) -> None:
        self.judges = Judges()

    def placed(self, base: Base, place: Place) -> Base:
        """Ask for what every target has, and by the host that it knows."""
        path = place.path("echo" if place.has("echo") else "root")
        return replace(base, pieces=tuple(_placed(piece, path, place.names.host) for piece in base.pieces))

    def dialogue(self, wire: Wire, place: Place) -> Dialogue:
        """Return the dialogue: send everything, and read the answers."""
        return HttpDialogue(wire, self.judges, tells=place.has("echo"))


def trailers_of(base: Base) -> dict[int, dict[bytes, int]]:
    """Return by message the names that stand in a trailer section, its own or an earlier one, and not in its head.

    Beside each name is the message that has it in its trailer section.
    """
    known = base.notes.get("trailers")
    if isinstance(known, dict):
        return cast("dict[int, dict[bytes, int]]", known)
    seen: dict[bytes, int] = {}
    heads: dict[int, set[bytes]] = {}
    behind: dict[int, dict[bytes, int]] = {}
    for piece in base.pieces:
        if piece.name.endswith(".name") and base.roles[piece.unit] == "trailer":
            seen[piece.octets.lower()] = piece.message
        elif piece.name.endswith(".name"):
            heads.setdefault(piece.message, set()).add(piece.octets.lower())
        behind[piece.message] = dict(seen)
    made = {
        number: {name: at for name, at in names.items() if name not in heads.get(number, ())}
        for number, names in behind.items()
        if names
    }
    base.notes["trailers"] = made
    return made


def _placed(piece: Piece, path: bytes, host: bytes) -> Piece:
    if piece.grammar is Grammar.TARGET:
        mark = b"&" if b"?" in path else b"?"
        query = piece.octets.removeprefix(b"/")
        return piece._replace(octets=path + (mark + query.replace(b"?", b"&") if query else b""))
    is_host = piece.name.endswith("host.value")
    return piece._replace(octets=host) if is_host else piece


class HttpDialogue(AnsweredDialogue):
    """One input, and what is answered. `tells`: the answers say what was read."""

    def __init__(self, wire: Wire, judges: Judges, *, tells: bool) -> None:
        methods = [piece.octets.decode() for piece in wire.base.pieces if piece.name.endswith("request-line.method")]
        super().__init__(list(wire.segments), methods)
        self.wire = wire
        self._judges = judges
        self._tells = tells
        self.expected = cast("tuple[Message, ...]", wire.expected)
        self._is_cut = 0 <= wire.input.transport.end < len(wire.octets)

    @property
    def _count(self) -> int:
        return len(self.answers.finals)

    @property
    def _is_sure(self) -> bool:
        """Whether all of it has to be answered."""
        return self.wire.verdict.decision is Decision.ACCEPT

    @property
    def _is_answered(self) -> bool:
        return self.answers.is_between and self._count >= len(self.expected)

    def received(self, octets: bytes) -> None:
        """Read on. Where it matters not how the connection ends, the last answer that there can be is enough."""
        super().received(octets)
        if self._is_answered and not self._is_sure and self.answers.finals[-1].says_close:
            self.is_done = True

    def quiet(self) -> None:
        """Nothing came for a while: what has to be answered is waited for, and for all else the end is said."""
        has_to_answer = self._is_sure and not self._is_answered
        if self._is_answered and not self._is_sure:
            self.is_done = True
        elif not has_to_answer and not self.shuts and self.wire.input.transport.half_closes:
            self.shuts = True
        elif not has_to_answer and self._count:
            self.is_done = True

    def suspicions(self) -> list[Suspicion]:
        """Return what is wrong with the answers."""
        found = self._verdict() or self._behind_close()
        requests = read_requests(self.wire.octets) if self._is_sure else ()
        judged = self._judges.suspicions(self.answers, requests, staged=False)
        if (found or not self._is_sure) and "HEAD" in self.answers.methods:
            # One refusal for all that came may be about another request than the HEAD: it has content then.
            judged = [suspicion for suspicion in judged if suspicion.detail != "no-content"]
        return found + judged

    def _behind_close(self) -> list[Suspicion]:
        """Return that an answer came behind one that said that it was the last (RFC 9112, Section 9.6)."""
        if not any(final.says_close for final in self.answers.finals[:-1]):
            return []
        return [Suspicion("kept", "rfc9112-9.6-7", "", "no answer behind one with the close option", self.told())]

    def sameness(self) -> tuple[object, ...] | None:
        """Return the statuses, of which all errors are as good, and what was read of the requests."""
        told = [self.answers.echo(number) if self._tells else None for number in range(self._count)]
        read = [echo and (echo.method, echo.target, echo.body) for echo in told]
        return tuple((min(final.status, 400), one) for final, one in zip(self.answers.finals, read, strict=True))

    def _verdict(self) -> list[Suspicion]:
        verdict, finals = self.wire.verdict, self.answers.finals
        if verdict.decision is Decision.FREE:
            return []
        if self._count <= len(self.expected) and (out_of_order := self._out_of_order()):
            return [out_of_order]
        if verdict.decision is Decision.REFUSE:
            return self._refused()
        if self._count > len(self.expected):
            return [self._surplus()]
        for number in range(self._count):
            # A server knows its own names, and may refuse any other that the grammar has.
            if self._is_refusal(number) and verdict.decision is Decision.ACCEPT and verdict.unit != "host":
                return [self._suspicion("refused", f"no refusal: {verdict.why or 'a legal input'}")]
            if finals[number].status >= 400:
                return []
            if changed := self._changed(number):
                return [changed]
        if verdict.decision is Decision.ACCEPT and (merged := self._merged()):
            return [merged]
        if verdict.decision is Decision.EITHER:
            return self._framed_twice()
        return self._lost() or self._open()

    def _merged(self) -> Suspicion | None:
        """Return that a field of a trailer section was told among those of a head (RFC 9112, Section 7.1.2)."""
        for number, names in trailers_of(self.wire.base).items():
            echo = self.answers.echo(number) if self._tells and number < self._count else None
            told = () if echo is None else (echo.fields or ())
            merged = names.keys() & {name.lower() for name, _ in told}
            if merged:
                name = min(merged)
                where = "trailer" if names[name] == number else "next-request"
                wanted = "trailer fields apart from those of any head"
                came = f"{name!r}, a trailer of request {names[name] + 1}, among the fields of request {number + 1}"
                return Suspicion("merged", "rfc9112-7.1.2-3", where, wanted, came)
        return None

    def _surplus(self) -> Suspicion:
        return self._suspicion("surplus", f"{len(self.expected)} answers", Weight.BREACH)

    def _is_refusal(self, number: int) -> bool:
        """Tell whether an answer says that a request is not understood. GET and its like may be refused with content."""
        method, _, content = self.expected[number]
        return self.answers.finals[number].status in REFUSALS and not (content and method in NO_CONTENT)

    def _out_of_order(self) -> Suspicion | None:
        """Return that an answer is to another message than the one whose turn it is (RFC 9112, Section 9.3.2)."""
        for number in range(min(self._count, len(self.expected))):
            echo = self.answers.echo(number) if self._tells else None
            if echo is None or echo.target is None:
                continue
            read = ((echo.method or "").encode("utf-8", "surrogateescape"), echo.target, echo.body)
            if read != self.expected[number] and read in self.expected:
                turn = self.expected.index(read) + 1
                wanted, came = f"the answer to request {number + 1}", f"the answer to request {turn}: {self.told()}"
                return Suspicion("order", "rfc9112-9.3.2-2b", "", wanted, came)
        return None

    def _framed_twice(self) -> list[Suspicion]:
        """Return that the connection was used on behind a content with both kinds of framing."""
        at = self.wire.verdict.message
        if self.wire.verdict.requirement != FRAMED_TWICE or self._count <= at + 1:
            return []
        if self.answers.finals[at].status >= 400 or self.answers.finals[at + 1].status >= 400:
            return []
        return [Suspicion("kept", "rfc9112-6.1-13", "", "the end of the connection behind the answer", self.told())]

    def _open(self) -> list[Suspicion]:
        """Return that the connection stays open, though all is answered and the last request said that it was the last."""
        if self.end is not End.SILENT or self._count != len(self.expected) or self._is_cut:
            return []
        return [Suspicion("open", "rfc9112-9.6-3", "", "the end of the connection behind the last answer", self.told())]

    def _lost(self) -> list[Suspicion]:
        """Return that an answer is missing, if nothing says why it would."""
        if self._count >= len(self.expected):
            return []
        if self._count and (self.answers.finals[-1].says_close or self.answers.finals[-1].version == b"HTTP/1.0"):
            return []
        return [self._suspicion("lost", f"{len(self.expected)} answers: {self.wire.verdict.why or 'a legal input'}")]

    def _refused(self) -> list[Suspicion]:
        """What has to be refused was not, if its own answer is a good one; messages before it are as good as others."""
        verdict, finals = self.wire.verdict, self.answers.finals
        for number in range(min(verdict.message, self._count)):
            if finals[number].status < 400 and (changed := self._changed(number)):
                return [changed]
        if self._count > len(self.expected) and not self._is_cut and not self._is_rest_refused:
            return [self._suspicion("surplus", f"at most {len(self.expected)} answers", Weight.BREACH)]
        at = verdict.message
        if self._count > at and finals[at].status in REFUSALS | self._wrong_statuses:
            return self._kept(at) or self._misnamed(at)
        if self._count == at:
            return self._unanswered()
        if self._count <= at or finals[at].status >= 400 or not (self._tells or self._is_head(at)):
            return []
        return (
            [] if self._is_replaced(at) else [self._suspicion("accepted", f"a refusal: {verdict.why}", verdict.weight)]
        )

    @property
    def _is_rest_refused(self) -> bool:
        """Whether the answers too many are refusals, and another edit may have left what they refuse."""
        rest = self.answers.finals[len(self.expected) :]
        return len(self.wire.input.edits) > 1 and all(final.status >= 400 for final in rest)

    def _is_head(self, message: int) -> bool:
        """Tell whether a message is a head alone: who answers it has read it all, whether or not it says so."""
        roles = self.wire.base.roles
        return [roles[piece.unit] for piece in self.wire.base.pieces if piece.message == message][-1] == "head-end"

    @property
    def _wrong_statuses(self) -> frozenset[int]:
        wrong = MISNAMED.get(self.wire.verdict.requirement, OWN_FAULTS)
        # Where nothing tells what was read, other methods than GET may have no answer but 501.
        is_taken = self._tells or self.expected[self.wire.verdict.message][0] == b"GET"
        return wrong if is_taken else OWN_FAULTS

    def _misnamed(self, at: int) -> list[Suspicion]:
        """Return that a fault of the request was told as another one, or as one of the server's own."""
        requirement, status = self.wire.verdict.requirement, self.answers.finals[at].status
        if requirement not in ANSWERED or status not in self._wrong_statuses:
            return []
        wanted = f"a 400: {self.wire.verdict.why}"
        return [Suspicion("status", requirement, self.wire.verdict.unit, wanted, self.told(), Weight.WARNING)]

    def _unanswered(self) -> list[Suspicion]:
        """Return that the connection ended where a 400 is asked for, or that nothing came behind a whole head."""
        requirement, answers = self.wire.verdict.requirement, self.answers
        if requirement not in ANSWERED or self._is_cut or answers.garbage or not answers.is_between:
            return []
        if any(final.says_close or final.status >= 400 for final in answers.finals):
            return []  # the one refusal may be the answer to all that came
        is_ended = answers.end in {End.CLOSED, End.RESET} and not self.shuts
        is_silent = answers.end is End.SILENT and requirement in WHOLE and b"\r\n\r\n" in self.wire.octets
        if not is_ended and not is_silent:
            return []
        wanted = f"a 400: {self.wire.verdict.why} ({requirement})"
        return [Suspicion("unanswered", "rfc9112-2.2-10", "", wanted, self.told(), Weight.WARNING)]

    def _kept(self, at: int) -> list[Suspicion]:
        """Return that the connection was used on behind a refusal after which nobody knows where a request begins."""
        requirement = CLOSES.get(self.wire.verdict.requirement)
        if requirement is None or self._is_cut or self._count <= at + 1 or self.answers.finals[at + 1].status >= 400:
            return []
        unit = self.wire.verdict.unit
        return [Suspicion("kept", requirement, unit, "the end of the connection behind the refusal", self.told())]

    def _is_replaced(self, number: int) -> bool:
        """Tell whether what must not be there was made harmless, or nobody can say."""
        if self.wire.verdict.excuse is not Excuse.REPLACED:
            return False
        echo = self.answers.echo(number)
        if echo is None or echo.fields is None or echo.target is None:
            return True
        return not any(octet in part for octet in FORBIDDEN for line in (*echo.fields, (echo.target,)) for part in line)

    def _changed(self, number: int) -> Suspicion | None:
        """Return that a message was read as another one."""
        echo = self.answers.echo(number) if self._tells else None
        if echo is None or number >= len(self.expected):
            return None
        method, target, content = self.expected[number]
        parts = (
            ("method", method, None if echo.method is None else echo.method.encode("utf-8", "surrogateescape")),
            ("target", target, echo.target),
            ("content", content, echo.body),
        )
        for name, wanted, read in parts:
            if read is not None and read != wanted:
                verdict = self.wire.verdict
                return Suspicion(
                    "changed",
                    verdict.requirement,
                    f"{name}.{verdict.unit or 'legal'}",
                    f"the {name} {wanted[:80]!r} of message {number + 1}",
                    f"it was read as {read[:80]!r}",
                    Weight.BREACH if verdict.decision is Decision.ACCEPT else None,
                )
        return self._unfolded(echo) if number == self.wire.verdict.message else None

    def _unfolded(self, echo: Echo) -> Suspicion | None:
        """Return that a folded line is not in the value before it (RFC 9112, Section 5.2)."""
        if self.wire.verdict.requirement != FOLDED or echo.fields is None:
            return None
        place = next(edit.place for edit in self.wire.input.edits if edit.what.startswith("then-folded"))
        name = self.wire.base.octets_of(f"{place}.name")
        if any(b"folded" in value for value in echo.values(name)):
            return None
        came = f"{name!r} with {echo.values(name)!r}"
        return Suspicion("changed", FOLDED, "field", "the folded line in the value before it", came)

    def _suspicion(self, oracle: str, expected: str, weight: Weight | None = None) -> Suspicion:
        verdict = self.wire.verdict
        return Suspicion(oracle, verdict.requirement, verdict.unit or "legal", expected, self.told(), weight)
