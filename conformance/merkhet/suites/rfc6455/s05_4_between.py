"""RFC 6455, Section 5.4: what comes between the fragments of a message, as it may and as it may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from merkhet.check import BREACH, PASS, VIOLATION, WARNING, Canned, Check, Hears, Send, Step, Verdict, closes, observed
from merkhet.expect_websocket import (
    both,
    echoes,
    either,
    ends_bare,
    in_order,
    pongs,
    says,
    sends_close,
    speaks,
    stays_open,
    stays_silent,
    then_closes,
)
from merkhet.expectation import Hearing
from merkhet.heard import Opcode, Pong
from merkhet.suites.frame_words import fails_on, says_canned
from merkhet.suites.websocket_words import (
    OPEN,
    SWITCHED,
    binary,
    continuation,
    fragments,
    opened,
    ping,
    pong,
    server_close,
    server_pong,
    server_text,
    text,
)
from merkhet.suites.words import SINCE

_WORD = "merkhet"
_HUNGUP = (Canned("closes the WebSocket", closes(SWITCHED + server_close(1002))), Canned("hangs up", closes(SWITCHED)))


def _among(words: str, payloads: Sequence[bytes]) -> Mapping[Hearing, Verdict]:
    """The message whole, and every Ping answered; which comes first is free."""
    return {
        both(echoes(words), pongs(*payloads)): PASS,
        sends_close(): VIOLATION.because("it closed the WebSocket"),
        ends_bare: VIOLATION.because("the connection ended"),
        echoes(words): VIOLATION.because("not every Ping was answered as it came"),
        speaks: VIOLATION.because("the message was changed"),
        stays_open: VIOLATION.because("a Ping or the message was not answered"),
    }


def _control(slug: str, title: str, sent: Send, *payloads: bytes) -> Check:
    answers = b"".join(server_pong(data) for data in payloads)
    echo = server_text(_WORD)
    return Check(
        id=f"rfc6455-5.4-{slug}",
        requirement="rfc6455-5.4-5",
        title=title,
        since=SINCE,
        steps=(*opened(), sent, Hears(_among(_WORD, payloads), messages=1, pongs=len(payloads))),
        good=(SWITCHED + answers + echo,),
        mutants=(
            Canned("drops the fragments before it", SWITCHED + answers + server_text("khet")),
            *((Canned("answers the message alone", SWITCHED + echo),) if payloads else ()),
            Canned("takes its data for the message's", SWITCHED + answers + server_text("mer-khet")),
            Canned("answers nothing of the message", SWITCHED + answers),
            *_HUNGUP,
        ),
    )


_SEVEN = tuple(_WORD)
_EVERYWHERE = tuple(b"%d" % number for number in range(len(_WORD) - 1))
_CONTROLS = (
    ("ping", "A Ping", ("mer", "khet"), (ping(b"-"),), (b"-",)),
    ("ping-empty", "A Ping without data", ("mer", "khet"), (ping(),), (b"",)),
    ("ping-longest", "A Ping of 125 octets", ("mer", "khet"), (ping(b"x" * 125),), (b"x" * 125,)),
    ("ping-not-utf8", "A Ping with octets that are not UTF-8", ("mer", "khet"), (ping(b"\xff\xfe"),), (b"\xff\xfe",)),
    ("pong", "A Pong", ("mer", "khet"), (pong(b"-"),), ()),
    ("pings", "Three Pings", ("mer", "khet"), (ping(b"1") + ping(b"2") + ping(b"3"),), (b"1", b"2", b"3")),
    ("ping-pong", "A Pong and a Ping", ("mer", "khet"), (pong(b"1") + ping(b"2"),), (b"2",)),
    ("everywhere", "A Ping between any two fragments", _SEVEN, tuple(map(ping, _EVERYWHERE)), _EVERYWHERE),
    ("behind-empty", "A Ping behind an empty first fragment", ("", _WORD), (ping(b"-"),), (b"-",)),
    ("before-empty", "A Ping before an empty last fragment", (_WORD, ""), (ping(b"-"),), (b"-",)),
)
_HANDLED = tuple(
    _control(
        f"between-{slug}{way}",
        f"{words} within a message{' that comes octet by octet' if each else ''} is handled, and the message stays whole",
        Send(fragments(Opcode.TEXT, parts, between=between), each=each),
        *payloads,
    )
    for slug, words, parts, between, payloads in _CONTROLS
    for way, each in (("", 0), ("-byte-by-byte", 1))
)

_CHOICE = Check(
    id="rfc6455-5.4-between-when-answered",
    requirement="rfc6455-5.4-1",
    title="When a Ping within a message is answered",
    since=SINCE,
    steps=(
        *opened(),
        Send(fragments(Opcode.TEXT, ("mer", "khet"), between=(ping(b"-"),))),
        Hears(
            {
                in_order(Pong(b"-"), _WORD): observed("answers a Ping within a message before the message"),
                in_order(_WORD, Pong(b"-")): observed("answers a Ping within a message behind the message"),
                sends_close(): BREACH.because("it closed the WebSocket"),
                ends_bare: BREACH.because("the connection ended"),
                speaks: BREACH.because("the Ping was not answered, or the message was changed"),
                stays_open: BREACH.because("the message was not answered"),
            },
            messages=1,
            pongs=1,
        ),
    ),
    good=(SWITCHED + server_pong(b"-") + server_text(_WORD),),
    mutants=(
        Canned("answers the message first", SWITCHED + server_text(_WORD) + server_pong(b"-")),
        Canned("answers the message alone", SWITCHED + server_text(_WORD)),
        Canned("answers the Ping alone", SWITCHED + server_pong(b"-")),
        *_HUNGUP,
    ),
)

# --- messages within messages

_NOTE = (
    "The rule binds the sender. Of a receiver only Section 10.7 asks that it look: to join what does not belong together is the "
    "fault; to drop part of it and go on is a near miss."
)
_GOES = WARNING.because("it passed over the fault and went on")
_WAITS = WARNING.because("it neither failed the connection nor answered a Ping behind the fault")


def _mixed(slug: str, words: str, bad: bytes, taken: bytes, *near: bytes | str) -> Check:
    """Interleaved messages. `near` are those that are no mixture: that the others were dropped is a near miss."""
    dropped: dict[Hearing, Verdict] = {
        either(says(item), then_closes(says(item))): WARNING.because(
            "it dropped one of the two messages, and took the other"
        )
        for item in near
    }
    return fails_on(
        f"5.4-interleaved-{slug}",
        "5.4-4",
        f"{words} is not taken for a message",
        bad,
        1002,
        taken=taken,
        goes=_GOES,
        first={**dropped, stays_silent: _WAITS},
        mutants=(Canned("drops the one, and echoes the other", OPEN + says_canned(*near[:1])),),
        note=_NOTE,
    )


_INTERLEAVED = (
    _mixed(
        "text-in-text",
        "A text message within the fragments of another",
        text("one", fin=False) + text("two") + continuation("three"),
        says_canned("onetwothree"),
        "two",
        "onethree",
    ),
    _mixed(
        "binary-in-text",
        "A binary message within the fragments of a text message",
        text("one", fin=False) + binary(b"two") + continuation("three"),
        says_canned("onetwothree"),
        b"two",
        "onethree",
    ),
    _mixed(
        "text-in-binary",
        "A text message within the fragments of a binary message",
        binary(b"one", fin=False) + text("two") + continuation("three"),
        says_canned(b"onetwothree"),
        "two",
        b"onethree",
    ),
    _mixed(
        "fragments-in-fragments",
        "A message in fragments that begins within another",
        text("one", fin=False) + text("two", fin=False) + continuation("three"),
        says_canned("onetwothree"),
        "twothree",
        "onethree",
    ),
    _mixed(
        "text-as-last",
        "A text frame in the place of a last fragment",
        text("one", fin=False) + text("two"),
        says_canned("onetwo"),
        "two",
    ),
    _mixed(
        "same-opcode",
        "A message whose every fragment has the opcode of the first",
        text("one", fin=False) + text("two", fin=False) + text("three"),
        says_canned("onetwothree"),
        "three",
    ),
    _mixed(
        "empty-in-text",
        "An empty text message within the fragments of another",
        text("one", fin=False) + text("") + continuation("three"),
        says_canned("", "onethree"),
        "",
        "onethree",
    ),
    _mixed(
        "behind-ping",
        "A text message behind a Pong within the fragments of another",
        text("one", fin=False) + pong(b"-") + text("two") + continuation("three"),
        says_canned("two", "onethree"),
        "two",
        "onethree",
    ),
)

# --- continuations of nothing


def _orphan(slug: str, words: str, bad: bytes, taken: bytes, *, each: int = 0) -> Check:
    return fails_on(
        f"5.4-orphan-{slug}",
        "5.4-a1",
        f"{words} is not taken for a message",
        bad,
        1002,
        taken=taken,
        each=each,
        goes=_GOES,
        first={stays_silent: _WAITS},
        mutants=(Canned("passes over it", OPEN + server_pong(b"behind")),),
        note="That it is an error follows from Section 5.4; that a receiver must look, from Section 10.7 alone.",
    )


_ORPHANS = (
    _orphan("last", "A last fragment without a first", continuation("orphan"), says_canned("orphan")),
    _orphan("empty", "An empty last fragment without a first", continuation(), says_canned("")),
    _orphan(
        "middle",
        "A middle and a last fragment without a first",
        continuation("or", fin=False) + continuation("phan"),
        says_canned("orphan"),
    ),
    _orphan(
        "before-text",
        "A middle fragment without a first, and a text frame behind it,",
        continuation("or", fin=False) + text("phan"),
        says_canned("orphan"),
    ),
    _orphan(
        "byte-by-byte",
        "A last fragment without a first that comes octet by octet",
        continuation("orphan"),
        says_canned("orphan"),
        each=1,
    ),
)


def _orphan_behind(slug: str, words: str, before: bytes, echo: str, *bad: bytes) -> Check:
    """A continuation behind a whole message, whose echo is heard first."""
    begin: tuple[Step, ...] = (*opened(), Send(before), Hears({echoes(echo): PASS}, messages=1))
    model = _orphan(slug, words, b"".join(bad), says_canned("orphan"))
    behind = model.steps[-2:]
    answered = SWITCHED + says_canned(echo)
    return Check(
        id=model.id,
        requirement=model.requirement,
        title=model.title,
        since=SINCE,
        steps=(*begin, *behind),
        good=(closes(answered + server_close(1002)),),
        mutants=(
            Canned("takes it for a message", answered + says_canned("orphan") + server_pong(b"behind")),
            Canned("takes it for more of the one before", answered + says_canned(echo + "orphan")),
            Canned("passes over it", answered + server_pong(b"behind")),
            Canned("closes without a Close frame", closes(answered)),
            Canned("does nothing", answered),
        ),
        note=model.note,
    )


_ORPHANS_BEHIND = (
    _orphan_behind(
        "behind-message", "A last fragment behind a whole message", text("one"), "one", continuation("orphan")
    ),
    _orphan_behind(
        "behind-fragments",
        "A last fragment behind the last of a message",
        fragments(Opcode.TEXT, ("o", "ne")),
        "one",
        continuation("orphan"),
    ),
    _orphan_behind(
        "behind-ping",
        "A last fragment behind a Pong, where no message has begun,",
        text("one"),
        "one",
        pong(b"-"),
        continuation("orphan"),
    ),
)

CHECKS = (*_HANDLED, _CHOICE, *_INTERLEAVED, *_ORPHANS, *_ORPHANS_BEHIND)
