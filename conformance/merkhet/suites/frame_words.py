"""What the suites of frames, fragments and text share: a check that messages come back, and one that a connection fails.

Both are whole checks, with their canned servers: a suite gives them the octets, and what must become of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from merkhet.check import WARNING, Canned, Check, Hears, Send, Step, Verdict, closes
from merkhet.expect_websocket import Item, said_of
from merkhet.expectation import Hearing
from merkhet.heard import Opcode
from merkhet.payload import made
from merkhet.suites.websocket_words import (
    FOUND_LATE,
    OPEN,
    SWITCHED,
    WENT_ON,
    alive,
    fails,
    must_echo,
    opened,
    ping,
    server_close,
    server_frame,
    server_pong,
)
from merkhet.suites.words import SINCE

UNCLOSED = WARNING.because("it ended without the Close frame that should come first")
"""A bare end where Section 7.1.7 or 10.7 asks for a Close frame before it."""


def says_canned(*items: Item) -> bytes:
    """Return the frames in which a canned server says these messages, each in one."""
    return b"".join(server_frame(opcode, data) for opcode, data in map(_bare, items))


def _bare(item: Item) -> tuple[Opcode, bytes]:
    said = said_of(item)
    return said.opcode, made(said.data)


def _other_data(*items: Item) -> bytes:
    """Return the frames of a server that has the last octet of each message wrong, and one where there was none."""
    told = [_bare(item) for item in items]
    return b"".join(server_frame(opcode, data[:-1] + b"?" if data[-1:] != b"?" else b"!") for opcode, data in told)


def _other_type(*items: Item) -> bytes:
    """Return the frames of a server that calls text binary, and binary text."""
    told = [_bare(item) for item in items]
    return b"".join(
        server_frame(Opcode.BINARY if opcode is Opcode.TEXT else Opcode.TEXT, data) for opcode, data in told
    )


def comes_back(
    place: str,
    requirement: str,
    title: str,
    sent: bytes | Send | Sequence[Step],
    *items: Item,
    cases: Mapping[Hearing, Verdict] | None = None,
    mutants: Sequence[Canned] = (),
    note: str = "",
) -> Check:
    """Return the check that these messages, and no other, come back for what is `sent`.

    `place` is the id behind "rfc6455-", and so is `requirement`. `cases` replaces the table of verdicts; `mutants` are
    servers with faults of this check's own, beside those that every such check has.
    """
    steps = (Send(sent),) if isinstance(sent, bytes) else (sent,) if isinstance(sent, Send) else tuple(sent)
    return Check(
        id=f"rfc6455-{place}",
        requirement=f"rfc6455-{requirement}",
        title=title,
        since=SINCE,
        steps=(*opened(), *steps, Hears(cases or must_echo(*items), messages=len(items))),
        good=(SWITCHED + says_canned(*items),),
        mutants=(
            Canned("echoes nothing", SWITCHED),
            Canned("echoes other data", SWITCHED + _other_data(*items)),
            Canned("echoes another type", SWITCHED + _other_type(*items)),
            Canned("closes the WebSocket", closes(SWITCHED + server_close(1002))),
            Canned("hangs up", closes(SWITCHED)),
            *mutants,
        ),
        note=note,
    )


def fails_on(
    place: str,
    requirement: str,
    title: str,
    bad: bytes,
    *codes: int,
    taken: bytes = b"",
    each: int = 0,
    bare: Verdict = UNCLOSED,
    late: Verdict = FOUND_LATE,
    goes: Verdict = WENT_ON,
    first: Mapping[Hearing, Verdict] | None = None,
    mutants: Sequence[Canned] = (),
    note: str = "",
) -> Check:
    """Return the check that a server fails the connection on these octets, and takes nothing that comes behind.

    They go out with a Ping behind them, in segments of `each` octets (0: in one). `taken` is what a canned server answers that
    takes them for valid, before its Pong. The rest is as in `fails`; `mutants` are more of them.
    """
    closed = OPEN + server_close(codes[0] if codes else None)
    answered = OPEN + taken + server_pong(b"behind")
    return Check(
        id=f"rfc6455-{place}",
        requirement=f"rfc6455-{requirement}",
        title=title,
        since=SINCE,
        steps=(
            *alive(),
            Send(bad + ping(b"behind"), each=each),
            fails(*codes, bare=bare, late=late, goes=goes, first=first),
        ),
        good=(closes(closed),),
        mutants=(
            Canned("takes it for valid", answered),
            Canned("answers first, and then fails", closes(answered + server_close(codes[0] if codes else None))),
            Canned("keeps the connection after its Close", closed),
            *((Canned("closes without a Close frame", closes(OPEN)),) if bare is UNCLOSED else ()),
            Canned("does nothing", OPEN),
            *mutants,
        ),
        note=note,
    )
