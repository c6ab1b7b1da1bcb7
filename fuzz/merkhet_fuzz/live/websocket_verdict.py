"""RFC 6455, Sections 5 to 8, and RFC 7692: what is to be said of a dialogue that is over. Pure functions.

No finding rests on what a server need not do: which code a Close has, whether every Ping of several is answered, in
how many frames a message comes, a limit of size (1009), a length in more octets than it needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from merkhet.answer import End
from merkhet.heard import Close, Message, Pong, shown
from merkhet.model import Weight
from merkhet.wire.client_frames import ClientFrames, masked
from merkhet.wire.judge_websocket import rules
from merkhet.wire.websocket import is_reserved
from merkhet_fuzz.inputs import PLAIN
from merkhet_fuzz.judges.frames import CONTROL, Event, is_text
from merkhet_fuzz.live.websocket_answer import chosen_none
from merkhet_fuzz.live.websocket_answer import judge as judge_answer
from merkhet_fuzz.live.websocket_script import SENTINEL
from merkhet_fuzz.live.websocket_talk import Ending, Talk
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.verdicts import FREE, Decision, Verdict

OBLIGED = frozenset((
    "rfc6455-5.1-2", "rfc6455-5.2-3", "rfc6455-5.2-4", "rfc6455-8.1-1", "rfc7692-6.1-4",
))  # fmt: skip
"""What the text says in so many words to fail the connection for. Of the rest it says only that it must not be."""
FRAME_RULES: Mapping[str, str] = {rule.name: rule.requirement for rule in rules()}
LIMIT_BYTES, LIMIT_FRAMES = 4096, 32
"""Up to here no server has a limit: 1009 for less is no limit but a fault."""


def judge(talk: Talk) -> list[Suspicion]:
    """Return what is wrong about a dialogue, worst first; at most what is one fault's."""
    answer, verdict = talk.answer, talk.verdict
    if answer is None:
        return list(_unanswered(talk, verdict))
    found = list(judge_answer(talk.opening.asked, answer, verdict, is_alone=len(talk.wire.input.edits) == 1))
    if talk.is_handshake and talk.endpoint == "ws-subproto" and answer.switches:
        found += chosen_none(talk.opening.asked, answer, verdict)
    if talk.reader is None or any(one.oracle == "accepted" for one in found):
        return found
    framed = list(_frames(talk))
    if framed:
        return found + framed
    return found + list(_legal(talk) if _is_legal_open(talk) else _trouble(talk))


def _unanswered(talk: Talk, verdict: Verdict) -> Iterator[Suspicion]:
    if talk.opening.garbage:
        if verdict.decision is not Decision.FREE:
            observed = repr(talk.opening.garbage[:60])
            yield Suspicion("handshake", "rfc6455-4.2.2-12", "garbage", "an HTTP response", observed, Weight.BREACH)
    elif verdict.decision is Decision.ACCEPT and not (talk.is_early and talk.end is not End.SILENT):
        requirement = verdict.requirement or "rfc6455-4.2.2-a1"
        observed = "no answer in time" if talk.end is End.SILENT else "the connection ended without an answer"
        weight = Weight.WARNING if talk.opening.asked.offers else None  # of a refused offer the checks say the same
        yield Suspicion("refused", requirement, f"{verdict.unit or 'legal'}-unanswered", "a 101", observed, weight)


def _frames(talk: Talk) -> Iterator[Suspicion]:
    reader = talk.reader
    for fault in reader.faults if reader is not None else ():
        requirement = FRAME_RULES.get(fault.rule)
        if requirement is None or (fault.rule == "frame-close-1010" and 1010 in _asked_codes(talk)):
            continue
        yield Suspicion("frame", requirement, fault.rule, "frames by the rules", fault.text)


def _asked_codes(talk: Talk) -> set[int | None]:
    """Return the codes of the Closes among all that was to be said, also where one stands behind a fault."""
    sent = ClientFrames()
    sent.feed(talk.said.octets)
    return {sent.close_code, Close(talk.reading.close or b"").code}


def _has_finals(talk: Talk) -> bool:
    """Whether a DEFLATE block said that it is the last: who stops there loses what is behind, later messages too."""
    return talk.reading.inflating is not None and talk.reading.inflating.finals > 0


def _data_weight(talk: Talk) -> Weight:
    """Return how much it weighs that a legal message is lost, or is not what it was."""
    is_daring = talk.reading.inflating is not None and talk.reading.inflating.reaches_over
    return Weight.WARNING if talk.is_early or is_daring else Weight.BREACH


def _is_legal_open(talk: Talk) -> bool:
    """Whether the answers to what is legal were not what they should be: the trouble was never sent."""
    heard, expected = talk.heard, talk.expected
    said = heard.messages if talk.ending is Ending.LENIENT else heard.messages[: heard.mark_messages or None]
    wanted = [(event.name, event.payload) for event in expected.messages]
    if not heard.mark_messages and not heard.mark_pongs and (wanted or expected.pongs or expected.pings):
        return True
    return said[: len(wanted)] != wanted


def _legal(talk: Talk) -> Iterator[Suspicion]:
    """Echoes of what was legal: in order, complete, octet for octet."""
    heard, wanted = talk.heard, talk.expected.messages
    changed = list(_changed(talk, heard.messages, wanted))
    if changed:
        yield changed[0]
        return
    if len(heard.messages) > len(wanted):
        name, payload = heard.messages[len(wanted)]
        yield Suspicion(
            "echo", "rfc6455-6.2-4", "extra", "one answer to each message", f"{name} {shown(payload)}", Weight.BREACH
        )
        return
    yield from _missing(talk)


def _changed(talk: Talk, messages: list[tuple[str, bytes]], wanted: list[Event]) -> Iterator[Suspicion]:
    for said, event in zip(messages, wanted, strict=False):
        if said == (event.name, event.payload):
            continue
        what = "type" if said[1] == event.payload else "data"
        requirement = "rfc6455-6.1-5" if what == "type" else _data_requirement(talk, event)
        observed = f"{said[0]} {shown(said[1])}"
        weight = _data_weight(talk)
        yield Suspicion("echo", requirement, what, f"{event.name} {shown(event.payload)}", observed, weight)


def _data_requirement(talk: Talk, event: Event) -> str:
    if talk.endpoint == "ws-deflate":
        return "rfc7692-7.2.1-3" if _has_finals(talk) else "rfc7692-6.2-1"
    return "rfc6455-5.4-3" if event.frames > 1 else "rfc6455-6.2-7"


def _missing(talk: Talk) -> Iterator[Suspicion]:
    """Something that is legal was not answered: nothing came in time, or the server ended it."""
    heard, expected = talk.heard, talk.expected
    observed, how = _how_it_ended(talk)
    weight = _data_weight(talk)
    if len(heard.messages) < len(expected.messages):
        event = expected.messages[len(heard.messages)]
        if heard.close is not None and heard.close.code == 1009 and _is_large(expected.messages):
            return
        requirement, what = _lost_requirement(talk, event)
        yield Suspicion("lost", requirement, f"{what}-{how}", f"{event.name} {shown(event.payload)}", observed, weight)
    elif expected.pongs and expected.pongs[-1:] != [data for data in heard.pongs if data in expected.pongs][-1:]:
        requirement = "rfc6455-5.5.3-a1" if len(heard.pongs) >= len(expected.pongs) else "rfc6455-5.5.2-2"
        told = f"{observed}, behind the Pongs {heard.pongs[:4]}" if heard.pongs else observed
        yield Suspicion("pong", requirement, how, f"a Pong {shown(expected.pongs[-1])}", told, weight)
    elif len(heard.pings) < len(expected.pings):
        yield Suspicion("push", "rfc6455-5.5.2-1", how, "the Ping that was ordered", observed, Weight.WARNING)


def _lost_requirement(talk: Talk, event: Event) -> tuple[str, str]:
    if talk.is_early:
        return "rfc6455-4.2.2-a5", "early"
    if talk.endpoint == "ws-deflate":
        return ("rfc7692-7.2.1-3" if _has_finals(talk) else "rfc7692-7.2.1-2"), "compressed"
    if event.frames > 1:
        return "rfc6455-5.4-7", "fragments"
    if event.name == "text" and not event.payload.isascii():
        return "rfc6455-5.6-1", "text"
    return "rfc6455-6.2-1", "message"


def _is_large(messages: list[Event]) -> bool:
    return any(len(event.payload) > LIMIT_BYTES or event.frames > LIMIT_FRAMES for event in messages)


def _how_it_ended(talk: Talk) -> tuple[str, str]:
    close = talk.heard.close
    if close is not None:
        return f"{close.describe()} instead", "closed"
    if talk.end is End.SILENT:
        return "nothing in time", "silent"
    return "the end of the connection", "ended"


def _trouble(talk: Talk) -> Iterator[Suspicion]:
    """What came of the rest: a Close, a fault, or what may be taken in more than one way."""
    if talk.heard.is_late and talk.wire.input.transport == PLAIN:
        yield Suspicion(
            "pong", "rfc6455-5.5.2-3", "late", "a Pong before the application is ready", "the Pong behind its message"
        )
    asked = (*talk.expected.pongs, *talk.expected.allowed_pongs)
    unasked = [data for data in talk.expected.unasked if data and data not in asked]
    if any(data in unasked for data in talk.heard.pongs):
        yield Suspicion("pong", "rfc6455-5.5.3-2", "unasked", "no Pong for a Pong", "one", Weight.WARNING)
    if talk.ending is Ending.CLOSE:
        yield from _closing(talk)
    elif talk.ending is Ending.ORDERED:
        yield from _ordered(talk)
    elif talk.ending is Ending.FAULT:
        yield from _fault(talk)
    elif talk.ending in {Ending.CUT, Ending.LENIENT}:
        yield from _beyond(talk)


def _beyond(talk: Talk) -> Iterator[Suspicion]:
    """Only what has come, whole, may be answered."""
    more = talk.heard.messages[talk.heard.mark_messages :]
    allowed = talk.expected.allowed
    changed = list(_changed(talk, more, allowed))
    if changed:
        yield changed[0]
    elif len(more) > len(allowed):
        verdict = talk.reading.verdict
        requirement = verdict.requirement if verdict is not None and verdict.requirement else "rfc6455-10.4-1"
        name, payload = more[-1]
        detail = "lenient" if talk.ending is Ending.LENIENT else "cut"
        expected = "nothing but what is there"
        weight = verdict.weight if verdict is not None and verdict.weight else Weight.BREACH
        yield Suspicion("accepted", requirement, detail, expected, f"{name} {shown(payload)}", weight)


def _closing(talk: Talk) -> Iterator[Suspicion]:
    """The client's Close is answered by one, and the connection ends (Section 5.5.1)."""
    heard = talk.heard
    body = talk.reading.close
    is_behind = body is not None and talk.reading.at < len(talk.said.octets)
    is_odd = talk.reading.verdict is FREE
    more = heard.messages[heard.mark_messages :]
    asked = "a Close, and the end of the connection"
    if more:
        is_within = talk.reading.in_message
        said_weight = Weight.BREACH if is_within else Weight.WARNING
        detail = "cut-short" if is_within else "behind"
        yield Suspicion("close", "rfc6455-5.5.1-6", detail, asked, f"{more[0][0]} {shown(more[0][1])}", said_weight)
    elif talk.end is End.SILENT:
        requirement = "rfc6455-5.5.1-6" if heard.close is None else "rfc6455-5.5.1-9"
        detail = "unanswered" if heard.close is None else "open"
        observed = "no Close" if heard.close is None else "a Close, and the connection stays open"
        yield Suspicion("close", requirement, f"{detail}-odd" if is_odd else detail, asked, observed)
    elif heard.close is None and not is_odd and not _has_finals(talk):
        bare = Weight.WARNING if is_behind or talk.reading.in_message else None
        yield Suspicion("close", "rfc6455-5.5.1-6", "bare", asked, "the end of the connection without a Close", bare)
    elif talk.end is End.RESET and not is_behind and heard.close is not None:
        yield Suspicion("close", "rfc6455-7.1.1-1", "reset", asked, "a Close, and a reset")
    elif heard.close is not None and body is not None and not talk.reading.in_message:
        yield from _close_code(body, heard.close, is_odd=is_odd)


def _close_code(body: bytes, answer: Close, *, is_odd: bool) -> Iterator[Suspicion]:
    """Note what a Close was taken for: no text says which code it is answered with, but a code says something."""
    is_error = answer.code in {1002, 1003, 1007}
    if is_error and not is_odd and body[:2] not in {b"\x03\xea", b"\x03\xeb", b"\x03\xef"}:
        asked = f"no error made of {Close(body).describe()}"
        yield Suspicion("close", "rfc6455-5.5.1-6", "taken-for-error", asked, answer.describe(), Weight.NOTE)
    is_repeated = answer.body[:2] == body[:2] and answer.code not in {1002, 1007} and not is_reserved(answer.code or 0)
    if is_repeated and not is_text(body[2:]):
        asked = "no answer as to a Close whose reason is UTF-8"
        yield Suspicion("close", "rfc6455-5.5.1-3", "taken-for-valid", asked, answer.describe(), Weight.NOTE)


def _ordered(talk: Talk) -> Iterator[Suspicion]:
    """A Close that the server was told to send has the code and the reason that it was told (Section 7.1.2)."""
    heard = talk.heard
    wanted = Close(talk.expected.closes or b"")
    if ("text", b"no") in heard.messages[heard.mark_messages :]:
        return
    observed, how = _how_it_ended(talk)
    if heard.close is None:
        yield Suspicion("push", "rfc6455-7.1.2-1", how, wanted.describe(), observed)
    elif heard.close != wanted:
        detail = "code" if heard.close.code != wanted.code else "reason"
        yield Suspicion("push", "rfc6455-7.1.2-1", detail, wanted.describe(), heard.close.describe())
    elif talk.end is End.SILENT:
        observed = "a Close each way, and the connection stays open"
        yield Suspicion("push", "rfc6455-5.5.1-9", "open", "the end of the connection", observed)


def _fault(talk: Talk) -> Iterator[Suspicion]:
    """The connection fails: nothing of the fault nor of what stands behind it is processed (Section 7.1.7)."""
    verdict, heard = talk.reading.verdict or FREE, talk.heard
    requirement, asked = verdict.requirement, f"the end of the connection: {verdict.why}"
    is_obliged = requirement in OBLIGED
    messages = heard.messages[heard.mark_messages :]
    pongs = [data for data in heard.pongs[heard.mark_pongs :] if data not in talk.expected.allowed_pongs]
    weight = verdict.weight
    if messages and _has_finals(talk):
        return  # what is behind a last block is lost on it, the fault too: see rfc7692-7.2.1-3
    if messages:
        name, payload = messages[0]
        yield Suspicion("accepted", requirement, "message", asked, f"{name} {shown(payload)}", weight or Weight.BREACH)
    elif pongs and (pongs[0] != SENTINEL or talk.end is End.SILENT) and _is_of_the_fault(talk, pongs[0]):
        yield Suspicion("accepted", requirement, "pong", asked, f"a Pong {shown(pongs[0])}", Weight.BREACH)
    elif pongs and talk.end is End.SILENT:
        went_on = Weight.BREACH if is_obliged else Weight.WARNING
        yield Suspicion("accepted", requirement, "went-on", asked, "it answered a Ping behind it", weight or went_on)
    elif pongs:
        yield Suspicion("accepted", requirement, "late", asked, "a Ping behind it was answered first", Weight.WARNING)
    elif talk.end is End.SILENT:
        yield from _stays_open(talk, verdict, asked)
    elif heard.close is not None and heard.close.code == 1011 and 1011 not in _asked_codes(talk):
        asked = "a Close that says that the fault is the client's"
        yield Suspicion("fault", "rfc6455-10.7-3", "code", asked, heard.close.describe(), Weight.NOTE)
    elif heard.close is None and talk.end is End.CLOSED and is_obliged and talk.reading.is_whole:
        yield Suspicion("fault", "rfc6455-7.1.7-3", "bare", "a Close before the end", "the end without a Close")
    elif any(isinstance(event, Message | Pong) for event in heard.behind_close):
        yield Suspicion("fault", "rfc6455-7.1.7-5", "behind", asked, "it went on behind its own Close", Weight.WARNING)


def _stays_open(talk: Talk, verdict: Verdict, asked: str) -> Iterator[Suspicion]:
    if talk.heard.close is not None:
        observed = "a Close, and the connection stays open"
        yield Suspicion("fault", "rfc6455-7.1.7-2a", "open", asked, observed, verdict.weight)
    elif talk.reading.is_whole:
        weight = None if verdict.requirement in OBLIGED else Weight.WARNING
        yield Suspicion("fault", verdict.requirement, "silent", asked, "the connection stays open", weight)


def _is_of_the_fault(talk: Talk, pong: bytes) -> bool:
    """Whether a Pong answers the very frame that breaks the rule."""
    octets, at = talk.said.octets, talk.expected.split
    if len(octets) < at + 6 or not octets[at] & CONTROL or octets[at + 1] & 0x7F > 125:
        return False
    is_masked = octets[at + 1] & 0x80
    start = at + (6 if is_masked else 2)
    payload = octets[start : start + (octets[at + 1] & 0x7F)]
    return pong == (masked(payload, octets[start - 4 : start]) if is_masked else payload)
