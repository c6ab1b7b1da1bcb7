"""RFC 6455 and RFC 7692: the judge's rules on the frames that a server sends behind a 101.

Each is held against all that a server said on one connection, by what the reader of frames wrote down there. Names that a
`Passive` check may give as its `rule`, with the requirement that each serves:

frame-masked 5.1-4 | frame-rsv 5.2-2 | frame-length-top-bit 5.2-5 | frame-length-minimal 5.2-6a |
frame-control-fragmented 5.4-2 | frame-interleaved 5.4-4 | frame-continuation 5.4-a1 | frame-control-size 5.5-1 |
frame-close-body 5.5.1-2 | frame-data-after-close 5.5.1-5 | frame-text-utf8 5.6-1 | frame-opcode 6.1-3 |
frame-close-1005 7.4.1-3 | frame-close-1006 7.4.1-4 | frame-close-1015 7.4.1-6 | frame-close-1010 7.4.1-a1 |
frame-close-reserved 7.4.2-a1; of RFC 7692: deflate-broken 6.1-1 | deflate-rsv1 6.1-3 | deflate-padding 7.2.1-4 |
deflate-takeover 7.2.1-10 | deflate-window 7.2.1-14
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from merkhet.wire.extensions import Deflate, deflate_of
from merkhet.wire.seen import Rule, Seen, Talk
from merkhet.wire.websocket import FATAL

Holds = Callable[[Talk], bool]


def _any(talk: Talk) -> bool:
    return talk.tally.frames > 0


def _controls(talk: Talk) -> bool:
    return talk.tally.controls > 0


def _data(talk: Talk) -> bool:
    return talk.tally.frames > talk.tally.controls


def _closes(talk: Talk) -> bool:
    return bool(talk.tally.closes)


def _codes(talk: Talk) -> bool:
    return any(code is not None for code in talk.tally.closes)


def _closes_of_its_own(talk: Talk) -> bool:
    """Whether a Close with a code came that repeats no 1010 of the client's: to repeat that is nobody's fault."""
    return _codes(talk) and talk.asked_to_close_with != 1010


def _texts(talk: Talk) -> bool:
    return talk.tally.texts > 0


def _compressed(talk: Talk) -> bool:
    return talk.tally.compressed > 0


def _rule(
    name: str,
    requirement: str,
    expected: str,
    applies: Holds = _any,
    agreed: Callable[[Deflate | None], bool] = lambda _: True,
) -> Rule:
    def concerns(seen: Seen) -> bool:
        talk = seen.talk
        if talk is None:
            return False
        if any(fault.rule == name for fault in talk.faults):
            return True
        # What no client may take may be no frames at all: it keeps no other rule.
        is_read = not any(fault.rule in FATAL for fault in talk.faults)
        return is_read and applies(talk) and agreed(deflate_of(seen.response))

    def broken(seen: Seen) -> str | None:
        faults = seen.talk.faults if seen.talk is not None else ()
        return next((fault.text for fault in faults if fault.rule == name), None)

    return Rule(
        name=name, requirement=requirement, expected=expected, applies=concerns, broken=broken, reads_frames=True
    )


def rules() -> Iterator[Rule]:
    """Yield every rule on frames."""
    yield from _frame_rules()
    yield from _close_rules()
    yield from _deflate_rules()


def _frame_rules() -> Iterator[Rule]:
    yield _rule("frame-masked", "rfc6455-5.1-4", "frames without a mask")
    yield _rule("frame-rsv", "rfc6455-5.2-2", "RSV bits of 0, but for those that an agreed extension gives a meaning")
    yield _rule("frame-length-top-bit", "rfc6455-5.2-5", "a length whose top bit is 0")
    yield _rule("frame-length-minimal", "rfc6455-5.2-6a", "the length in as few octets as it fits in")
    yield _rule("frame-control-fragmented", "rfc6455-5.4-2", "control frames with FIN", _controls)
    yield _rule("frame-interleaved", "rfc6455-5.4-4", "the fragments of one message before those of the next", _data)
    yield _rule("frame-continuation", "rfc6455-5.4-a1", "continuation frames only within a message", _data)
    yield _rule("frame-control-size", "rfc6455-5.5-1", "control frames of at most 125 octets", _controls)
    yield _rule("frame-text-utf8", "rfc6455-5.6-1", "text messages that are UTF-8", _texts)
    yield _rule("frame-opcode", "rfc6455-6.1-3", "opcodes that mean something")


def _close_rules() -> Iterator[Rule]:
    yield _rule(
        "frame-close-body", "rfc6455-5.5.1-2", "a Close without a body, or with a code and a reason in UTF-8", _closes
    )
    yield _rule("frame-data-after-close", "rfc6455-5.5.1-5", "no data frame behind the server's own Close", _closes)
    for code, requirement in ((1005, "7.4.1-3"), (1006, "7.4.1-4"), (1015, "7.4.1-6")):
        yield _rule(f"frame-close-{code}", f"rfc6455-{requirement}", f"no Close with the code {code}", _codes)
    yield Rule(
        name="frame-close-1010",
        requirement="rfc6455-7.4.1-a1",
        expected="no Close with the code 1010 from a server",
        applies=lambda seen: seen.talk is not None and _closes_of_its_own(seen.talk),
        broken=lambda seen: (
            "a Close with the code 1010" if seen.talk is not None and 1010 in seen.talk.tally.closes else None
        ),
        reads_frames=True,
    )
    yield _rule("frame-close-reserved", "rfc6455-7.4.2-a1", "no Close with a reserved code", _codes)


def _deflate_rules() -> Iterator[Rule]:
    def has_deflate(agreed: Deflate | None) -> bool:
        return agreed is not None

    def resets(agreed: Deflate | None) -> bool:
        return agreed is not None and not agreed.server_takeover

    def is_narrow(agreed: Deflate | None) -> bool:
        return agreed is not None and agreed.server_bits < 15

    yield _rule("deflate-broken", "rfc7692-6.1-1", "compressed messages that can be inflated", _compressed)
    yield _rule(
        "deflate-rsv1", "rfc7692-6.1-3", "RSV1 on no control frame and no continuation frame", _any, has_deflate
    )
    yield _rule(
        "deflate-padding",
        "rfc7692-7.2.1-4",
        "blocks with BFINAL filled up with 0 bits",
        lambda talk: talk.tally.finals > 0,
    )
    yield _rule(
        "deflate-takeover",
        "rfc7692-7.2.1-10",
        "messages that do not refer to earlier ones, once that is agreed",
        lambda talk: talk.tally.compressed > 1,
        resets,
    )
    yield _rule(
        "deflate-window",
        "rfc7692-7.2.1-14",
        "no reference back beyond the agreed window",
        lambda talk: talk.tally.measured > 0,
        is_narrow,
    )
