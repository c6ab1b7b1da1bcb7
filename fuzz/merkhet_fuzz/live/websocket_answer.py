"""RFC 6455, Section 4.2.2, and RFC 7692, Section 7.1: what is right about the answer to a handshake.

Pure functions from the handshake and the answer to suspicions. What becomes of the handshake is for its verdict to say;
what a 101 says is judged whatever the verdict is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from merkhet.answer import Response
from merkhet.expect_handshake import accept_of
from merkhet.model import Weight
from merkhet.wire.extensions import DEFLATE, Deflate, Extension, extensions_of, read_extensions
from merkhet_fuzz.judges.offers import BITS, CLIENT_BITS, CLIENT_FRESH, KNOWN, SERVER_BITS, SERVER_FRESH, offer_fault
from merkhet_fuzz.live.websocket_opening import Answered, Asked
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.verdicts import Decision, Verdict

REGISTERED = frozenset((DEFLATE, b"bbf-usp-protocol"))
"""The registry of RFC 6455, Section 11.4."""
MOST_BITS = 15
OWN_LIMITS = frozenset((408, 413, 414, 429, 431, 503))
"""A limit of time, of size, or of how many at once is no fault."""
CONTROLS = re.compile(rb"[\0-\x1f\x7f]")


def _wrong(requirement: str, detail: str, expected: str, observed: object, weight: Weight | None = None) -> Suspicion:
    return Suspicion("handshake", requirement, detail, expected, str(observed), weight)


def judge(asked: Asked, answered: Answered, verdict: Verdict, *, is_alone: bool = True) -> Iterator[Suspicion]:
    """Yield what is wrong about the answer to a handshake with this verdict.

    `is_alone`: nothing else of the handshake was edited, so that a refusal is for what the verdict is about.
    """
    if answered.switches:
        if verdict.decision is Decision.REFUSE:
            yield Suspicion(
                "accepted", verdict.requirement, verdict.unit, f"a refusal: {verdict.why}", "a 101", verdict.weight
            )
        yield from _fields(asked, answered.response)
        yield from _subprotocol(asked, answered.response)
        yield from _extensions(asked, answered)
    else:
        yield from _refusal(asked, answered.response, verdict, is_alone=is_alone)


def _refusal(asked: Asked, response: Response, verdict: Verdict, *, is_alone: bool) -> Iterator[Suspicion]:
    status = response.status
    if verdict.decision is Decision.ACCEPT:
        requirement = verdict.requirement or "rfc6455-4.2.2-a1"
        if status in OWN_LIMITS:
            return
        weight = Weight.WARNING if status >= 500 else None
        if asked.offers and not verdict.requirement:
            weight = Weight.WARNING  # a legal offer may be declined, which is not to refuse the WebSocket
        if asked.has_origin and status < 500 and not verdict.requirement:
            if status != 403:
                yield _wrong("rfc6455-10.2-2", "origin", "a 101, or 403 if it is for the Origin", status)
            return
        yield Suspicion("refused", requirement, verdict.unit or "legal", "a 101", f"status {status}", weight)
    elif verdict.decision is Decision.REFUSE and status >= 500 and status not in {501, 505}:
        yield _wrong("rfc6455-10.7-4", "status", "a status that fits a handshake that is wrong", status)
    is_by_version = verdict.requirement == "rfc6455-4.2.1-a7" and verdict.weight is None and is_alone
    if is_by_version and verdict.decision is Decision.REFUSE and 400 <= status < 500:
        versions = b",".join(response.values(b"Sec-WebSocket-Version"))
        if not versions:
            yield _wrong("rfc6455-4.2.2-6", "versions", "the versions that are spoken", "no Sec-WebSocket-Version")
        elif b"13" not in {version.strip(b" \t") for version in versions.split(b",")}:
            yield _wrong("rfc6455-4.4-1", "versions", "13 among the versions that are spoken", versions, Weight.BREACH)


def _fields(asked: Asked, response: Response) -> Iterator[Suspicion]:
    """Items 5.1 to 5.4: Upgrade, Connection and Sec-WebSocket-Accept; and no content."""
    upgrade, accepts = response.values(b"Upgrade"), response.values(b"Sec-WebSocket-Accept")
    if [value.lower() for value in upgrade] != [b"websocket"]:
        yield _wrong("rfc6455-4.2.2-a2", "upgrade", "Upgrade: websocket", upgrade)
    if b"upgrade" not in response.members(b"Connection"):
        yield _wrong("rfc6455-4.2.2-a3", "connection", "Connection: Upgrade", response.values(b"Connection"))
    if len(accepts) > 1:
        yield _wrong("rfc6455-11.3.3-1", "twice", "one Sec-WebSocket-Accept", accepts)
    elif not accepts:
        yield _wrong("rfc6455-4.2.2-a4", "absent", "Sec-WebSocket-Accept", "none")
    elif len(asked.keys) == 1 and not CONTROLS.search(asked.keys[0]):
        fitting = accept_of(asked.keys[0])
        if accepts[0] != fitting and asked.keys[0].isascii() and b"," not in asked.keys[0]:
            yield _wrong("rfc6455-4.2.2-a4", "accept", f"Sec-WebSocket-Accept: {fitting.decode()}", accepts[0])
    if response.values(b"Content-Length") or response.values(b"Transfer-Encoding"):
        yield _wrong("rfc6455-4.2.2-a5", "content", "no content announced", "Content-Length or Transfer-Encoding")


def _subprotocol(asked: Asked, response: Response) -> Iterator[Suspicion]:
    """Item 5.5: at most one, and one that was offered, in its case."""
    chosen = list(response.values(b"Sec-WebSocket-Protocol"))
    if not chosen:
        return
    offered = {name.strip(b" \t") for value in asked.protocols for name in value.split(b",")} - {b""}
    first, *more = chosen
    if more:
        yield _wrong("rfc6455-11.3.4-2", "twice", "one Sec-WebSocket-Protocol", chosen)
    elif not first:
        yield _wrong("rfc6455-4.2.2-a6", "empty-subprotocol", "no empty Sec-WebSocket-Protocol", chosen)
    elif first not in offered:
        requirement = "rfc6455-4.2.2-8" if offered else "rfc6455-4.2.2-9"
        yield _wrong(requirement, "unoffered", f"one of {sorted(offered)}, or none", chosen)


def chosen_none(asked: Asked, answered: Answered, verdict: Verdict) -> Iterator[Suspicion]:
    """Of an endpoint that was told of subprotocols: it chooses one that it knows, or says why it does without."""
    offered = {name.strip(b" \t") for value in asked.protocols for name in value.split(b",")}
    known = sorted(offered & {b"merkhet.one", b"merkhet.two"})
    if known and verdict.decision is Decision.ACCEPT and not answered.response.values(b"Sec-WebSocket-Protocol"):
        yield _wrong("rfc6455-4.2.2-8", "none", f"one of {known}, which it knows", "none", Weight.WARNING)


def _extensions(asked: Asked, answered: Answered) -> Iterator[Suspicion]:
    """Item 5.6, and RFC 7692, Section 7.1: what is agreed to, by what was offered."""
    values = answered.response.values(b"Sec-WebSocket-Extensions")
    if not values:
        return
    named = extensions_of(answered.response)
    if len(values) > 1:
        yield _wrong("rfc6455-11.3.2-2", "twice", "one Sec-WebSocket-Extensions", values)
    if not b"".join(values).strip():
        yield _wrong("rfc6455-4.2.2-a6", "empty-extensions", "no empty Sec-WebSocket-Extensions", values)
    elif named is None:
        yield _wrong("rfc7692-7-a2", "malformed", "a list of extensions by the grammar", values)
    else:
        yield from _named(asked, named, answered.agreed)


def _named(asked: Asked, named: tuple[Extension, ...], agreed: Deflate | None) -> Iterator[Suspicion]:
    offers = read_extensions([value for value in asked.offers if value])
    text = b",".join(asked.offers).lower()
    # Whether names of extensions have case is not said: what differs in that alone is not judged.
    offered = None if offers is None else {offer.name.lower() for offer in offers}
    others = sorted({one.name for one in named if one.name.lower() not in (text if offered is None else offered)})
    if others:
        requirement = "rfc6455-4.2.2-10" if asked.offers else "rfc6455-4.2.2-11"
        yield _wrong(requirement, "unoffered", "extensions that were offered", others)
        return
    unknown = sorted({one.name for one in named} - REGISTERED)
    if unknown:
        yield _wrong("rfc6455-9.1-4", "unregistered", "extensions that are registered", unknown)
    if agreed is None:
        return
    broken = tuple(_answer_faults(named))
    yield from broken
    if offers is not None and not broken:
        yield from _negotiated([one for one in offers if one.name == DEFLATE], agreed)


def _answer_faults(named: tuple[Extension, ...]) -> Iterator[Suspicion]:
    """What may stand in no answer, whatever was offered."""
    answers = [one for one in named if one.name == DEFLATE]
    if len(answers) > 1:
        yield _wrong("rfc7692-7-a2", "name-twice", "permessage-deflate once", len(answers))
    names = [name for name, _ in answers[0].parameters]
    if len(set(names)) < len(names):
        yield _wrong("rfc7692-7-a2", "parameter-twice", "each parameter once", names)
    for name, value in answers[0].parameters:
        if name not in KNOWN:
            yield _wrong("rfc6455-9.1-5", "unknown-parameter", "parameters of permessage-deflate", name)
        elif name in {SERVER_FRESH, CLIENT_FRESH}:
            if value is not None:
                yield _wrong("rfc7692-7-a2", "value", f"{name.decode()} without a value", value)
        elif value is None or not BITS.fullmatch(value):
            requirement = "rfc7692-7.1.2.1-3" if name == SERVER_BITS else "rfc7692-7.1.2.2-4"
            yield _wrong(requirement, "bits", f"{name.decode()} with a number from 8 to 15", value)


def _negotiated(offers: list[Extension], agreed: Deflate) -> Iterator[Suspicion]:
    """The answer fits one of the offers; where there is but one, what it lacks is told."""
    if not offers:
        return
    good = [offer for offer in offers if not offer_fault(offer)]
    if not good:
        yield _wrong(offer_fault(offers[0]), "offer-taken", "an offer that is none declined", "permessage-deflate")
        return
    if agreed.has(CLIENT_BITS.decode()) and not any(offer.has(CLIENT_BITS) for offer in good):
        yield _wrong("rfc7692-7.1.2.2-5", "client-bits", "no client_max_window_bits unasked", agreed.client_bits)
    lacking = [tuple(_lacking(offer, agreed)) for offer in good]
    if all(lacking):
        yield from lacking[0]


def _lacking(offer: Extension, agreed: Deflate) -> Iterator[Suspicion]:
    if offer.has(SERVER_FRESH) and agreed.server_takeover:
        yield _wrong(
            "rfc7692-7.1.1.1-a1", "server-takeover", "server_no_context_takeover sent back", "an answer without it"
        )
    bits = offer.value(SERVER_BITS)
    if bits is not None and (not agreed.has(SERVER_BITS.decode()) or agreed.server_bits > int(bits)):
        observed = f"server_max_window_bits={agreed.server_bits}" if agreed.has(SERVER_BITS.decode()) else "none"
        weight = Weight.WARNING if int(bits) == MOST_BITS else None  # what is left out is the same as 15
        yield _wrong(
            "rfc7692-7.1.2.1-a1", "server-bits", f"server_max_window_bits of {int(bits)} or less", observed, weight
        )
