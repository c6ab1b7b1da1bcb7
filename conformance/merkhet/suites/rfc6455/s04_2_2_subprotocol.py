"""RFC 6455, Sections 4.2.2 and 11.3.4: the subprotocol that a 101 chooses. `ws-subproto` knows merkhet.one and merkhet.two."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, Verdict, observed
from merkhet.expect import Expectation
from merkhet.expect_handshake import refused, subprotocol, switch, switched
from merkhet.suites.rfc6455.opening import FAILS, HANGS_UP, REFUSES, SAYS_NOTHING, one, unanswered
from merkhet.suites.websocket_words import SWITCHED, handshake, switched_by

_NAME = b"Sec-WebSocket-Protocol: "
_ONE, _TWO = b"merkhet.one", b"merkhet.two"
_KNOWN = frozenset({_ONE, _TWO})
_NO_ANSWER = (REFUSES, FAILS, HANGS_UP, SAYS_NOTHING)
_NOT_OFFERED = VIOLATION.because("it chose what was not offered, or not exactly one of it")


def _chosen(*names: bytes) -> bytes:
    return switched_by(*(_NAME + name for name in names))


def _cases(offered: tuple[bytes, ...]) -> Mapping[Expectation, Verdict]:
    """What may be chosen of these. None at all is a near miss where one of them is known, and right where none is."""
    knows = not _KNOWN.isdisjoint(offered)
    none = WARNING.because("it chose none, though it knows one of them") if knows else PASS
    refusal = (
        WARNING.because("a legal handshake was refused") if knows else observed("refuses who offers none that it knows")
    )
    return {
        **({subprotocol(*offered): PASS} if offered else {}),
        subprotocol(): none,
        switched: _NOT_OFFERED,
        refused: refusal,
        **unanswered(),
    }


def _chooses(slug: str, title: str, *lines: bytes, offered: tuple[bytes, ...], endpoint: str = "ws-subproto") -> Check:
    """A check that what is chosen is one of `offered`. Without a known one among them, it is about what is absent."""
    known = next((name for name in offered if name in _KNOWN), None)
    good = SWITCHED if known is None else _chosen(known)
    return one(
        f"4.2.2-subprotocol-{slug}",
        "4.2.2-9" if known is None else "4.2.2-8",
        title,
        handshake(endpoint, *(_NAME + line for line in lines)),
        _cases(offered),
        good=good,
        mutants=(
            Canned("chooses what was not offered", _chosen(b"merkhet.three")),
            Canned("sends the field empty", _chosen(b"")),
            Canned("chooses two", _chosen(b"merkhet.one, merkhet.two")),
            Canned("chooses by another case", _chosen((known or b"x-merkhet").title())),
            *((Canned("chooses none", SWITCHED),) if known is not None else ()),
            *_NO_ANSWER,
        ),
    )


_MANY = tuple(b"x-merkhet-%d" % number for number in range(30))
_OTHERS = (b"x-merkhet", b"chat")
_CHOICES = (
    _chooses("known", "The one subprotocol offered, which is known, is chosen", _ONE, offered=(_ONE,)),
    _chooses("other-known", "The other subprotocol that is known is chosen where it is offered", _TWO, offered=(_TWO,)),
    _chooses("both", "Of two known subprotocols one is chosen", b"merkhet.one, merkhet.two", offered=(_ONE, _TWO)),
    _chooses(
        "both-reversed",
        "Of two known subprotocols in the other order one is chosen",
        b"merkhet.two, merkhet.one",
        offered=(_TWO, _ONE),
    ),
    _chooses(
        "unknown-first",
        "A known subprotocol behind unknown ones is chosen, or one of those",
        b"x-merkhet, chat, merkhet.two",
        offered=(*_OTHERS, _TWO),
    ),
    _chooses(
        "unknown-last",
        "A known subprotocol before unknown ones is chosen, or one of those",
        b"merkhet.one, x-merkhet, chat",
        offered=(_ONE, *_OTHERS),
    ),
    _chooses(
        "no-space",
        "Subprotocols without spaces between are told apart",
        b"x-merkhet,merkhet.two,chat",
        offered=(b"x-merkhet", _TWO, b"chat"),
    ),
    _chooses(
        "white-space",
        "White space around the name of a subprotocol is no part of it",
        b" x-merkhet \t,\t merkhet.two \t",
        offered=(b"x-merkhet", _TWO),
    ),
    _chooses(
        "many",
        "A known subprotocol behind thirty unknown ones is chosen, or one of those",
        b", ".join((*_MANY, _TWO)),
        offered=(*_MANY, _TWO),
    ),
    _chooses("lines", "Of subprotocols on two lines one is chosen", b"x-merkhet", _TWO, offered=(b"x-merkhet", _TWO)),
    _chooses(
        "lines-and-lists",
        "Of subprotocols on two lines with two each one is chosen",
        b"x-merkhet, chat",
        b"other, merkhet.one",
        offered=(*_OTHERS, b"other", _ONE),
    ),
)
_NONE = (
    _chooses("none", "Without an offer no subprotocol is chosen", offered=()),
    _chooses("none-plain", "Without an offer an endpoint that knows none chooses none", offered=(), endpoint="ws"),
    _chooses("unknown", "An unknown subprotocol is not answered by a known one", b"x-merkhet", offered=(b"x-merkhet",)),
    _chooses(
        "unknown-plain",
        "An endpoint that knows no subprotocol names none but what was offered",
        b"x-merkhet",
        offered=(b"x-merkhet",),
        endpoint="ws",
    ),
    _chooses(
        "unknown-two", "Two unknown subprotocols are not answered by a known one", b"x-merkhet, chat", offered=_OTHERS
    ),
    _chooses(
        "capitals",
        "A subprotocol in capitals is not answered by one in small letters",
        b"MERKHET.ONE",
        offered=(b"MERKHET.ONE",),
    ),
    _chooses(
        "longer",
        "A name that begins like a known subprotocol is not answered by that",
        b"merkhet.one.more",
        offered=(b"merkhet.one.more",),
    ),
    _chooses(
        "shorter",
        "The beginning of a known subprotocol's name is not answered by that",
        b"merkhet",
        offered=(b"merkhet",),
    ),
    _chooses(
        "joined",
        "The names of two known subprotocols in one are not answered by either",
        b"merkhet.one.merkhet.two",
        offered=(b"merkhet.one.merkhet.two",),
    ),
)

# --- a name twice, which a client may not offer

_TWICE = one(
    "4.2.2-subprotocol-twice",
    "4.2.2-8",
    "A subprotocol that is offered twice is chosen once, or not at all",
    handshake("ws-subproto", _NAME + b"merkhet.one, merkhet.one"),
    {
        subprotocol(_ONE): PASS,
        subprotocol(): PASS,
        switched: _NOT_OFFERED,
        refused: observed("refuses who offers a subprotocol twice"),
        **unanswered(),
    },
    good=_chosen(_ONE),
    mutants=(
        Canned("chooses it twice", _chosen(b"merkhet.one, merkhet.one")),
        Canned("has the field twice", _chosen(_ONE, _ONE)),
        *_NO_ANSWER,
    ),
    note="The names in a client's list have to differ, so a server may refuse such a list.",
)

# --- 11.3.4: how often the field appears

_ORDERS = one(
    "11.3.4-lines",
    "11.3.4-1",
    "Offers of subprotocols may be spread over lines",
    handshake("ws-subproto", _NAME + b"x-merkhet", _NAME + b"merkhet.two", _NAME + b"merkhet.one"),
    {
        subprotocol(_ONE): observed("reads every line of Sec-WebSocket-Protocol"),
        subprotocol(_TWO): observed("reads several lines of Sec-WebSocket-Protocol"),
        subprotocol(b"x-merkhet"): observed("chooses the first subprotocol offered"),
        subprotocol(): observed("finds no subprotocol on the second line of Sec-WebSocket-Protocol"),
        switched: VIOLATION.because("it chose what was not offered, or not exactly one of it"),
        refused: WARNING.because("refused for a list on several lines"),
        **unanswered(),
    },
    good=_chosen(_TWO),
    mutants=(Canned("reads the first line alone", SWITCHED), *_NO_ANSWER),
)


def _once(slug: str, words: str, *lines: bytes) -> Check:
    return one(
        f"11.3.4-once-{slug}",
        "11.3.4-2",
        f"Sec-WebSocket-Protocol stands in the 101 once at most where {words}",
        handshake("ws-subproto", *(_NAME + line for line in lines)),
        {
            switch("with one Sec-WebSocket-Protocol at most", lambda it: len(it.values(_NAME[:-2])) <= 1): PASS,
            switched: VIOLATION.because("Sec-WebSocket-Protocol stands there more than once"),
            refused: WARNING.because("a legal handshake was refused"),
            **unanswered(),
        },
        good=_chosen(_ONE),
        mutants=(
            Canned("has one for each", _chosen(_ONE, _TWO)),
            Canned("says it twice", _chosen(_ONE, _ONE)),
            *_NO_ANSWER,
        ),
    )


_ONCE = (
    _once("one", "one was offered", _ONE),
    _once("list", "two were offered", b"merkhet.one, merkhet.two"),
    _once("lines", "two lines offered one each", _ONE, _TWO),
)

CHECKS = (*_CHOICES, *_NONE, _TWICE, _ORDERS, *_ONCE)
