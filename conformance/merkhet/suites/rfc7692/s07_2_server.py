"""RFC 7692, Section 7.2: how far back a server refers, and what it sends in fragments and at length."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Canned,
    Check,
    Hears,
    Send,
    Stream,
    Verdict,
    in_turns,
    observed,
)
from merkhet.expect_websocket import (
    as_text,
    both,
    echoes,
    ends_bare,
    misframed,
    sends_close,
    speaks,
    stays_open,
    within_window,
)
from merkhet.expectation import Hearing
from merkhet.heard import Opcode
from merkhet.payload import Repeated
from merkhet.suites.deflate_words import Back, Fixed, Stored, deflated, flushed, run_of
from merkhet.suites.rfc7692.agreed import (
    CANNOT,
    DEAF,
    HANGS_UP,
    NOISE,
    accepts,
    deflating,
    with_,
)
from merkhet.suites.websocket_words import (
    CLOSE_SECONDS,
    MASK,
    SWITCHED_DEFLATE,
    binary,
    fragments,
    frame,
    must_echo,
    server_binary,
    server_close,
    server_fragments,
    server_text,
    text,
)
from merkhet.suites.words import SINCE


def _server_window(bits: int) -> Check:
    """What comes again beyond a window: a server that kept no bound would refer back to it."""
    size = (1 << bits) + 64
    data = NOISE[: min(size, 32768)] * 2
    head = accepts(f"server_max_window_bits={bits}")
    cases: Mapping[Hearing, Verdict] = {
        misframed("deflate-window"): VIOLATION.because("a message refers farther back than the agreed window"),
        both(echoes(data), within_window(bits)): PASS,
        echoes(data): observed("sends a message that it cannot make smaller as it is"),
        misframed(): VIOLATION.because("the message cannot be read by what was agreed on"),
        speaks: VIOLATION.because("something else came back"),
        sends_close(): VIOLATION.because("it closed the WebSocket"),
        ends_bare: VIOLATION.because("the connection ended"),
        stays_open: VIOLATION.because("no echo came"),
    }
    too_far = deflated(Stored(data[: len(data) // 2]), Fixed(Back(64, len(data) // 2)))
    return Check(
        id=f"rfc7692-5-server-window-{bits}",
        requirement="rfc7692-5-13",
        title=f"With server_max_window_bits={bits} agreed on no message refers farther back than {1 << bits} octets",
        since=SINCE,
        steps=(
            *deflating(with_(f"server_max_window_bits={bits}")),
            Send(binary(data)),
            Hears(cases, messages=1, patience_seconds=CLOSE_SECONDS),
        ),
        good=(head + server_binary(deflated(*(Stored(part) for part in _stored(data))), rsv=4),),
        mutants=(
            *((Canned("refers farther back", in_turns(head, server_binary(too_far, rsv=4))),) if bits < 15 else ()),
            Canned("does not compress it as agreed", in_turns(head, server_binary(data, rsv=4))),
            Canned("echoes half of it", head + server_binary(data[: len(data) // 2])),
            Canned("closes the WebSocket", in_turns(head, server_close(1011))),
            Canned("answers nothing", head),
        ),
    )


def _stored(data: bytes) -> tuple[bytes, ...]:
    return tuple(data[at : at + 30000] for at in range(0, len(data), 30000))


_SERVER_WINDOWS = tuple(_server_window(bits) for bits in range(8, 16))

_ALONE = "server_no_context_takeover"


def _each_alone(slug: str, words: str, *items: str) -> Check:
    head = accepts(_ALONE)
    first = server_text(deflated(Fixed(items[0].encode())), rsv=4)
    size = len(items[0])
    return Check(
        id=f"rfc7692-5-alone-{slug}",
        requirement="rfc7692-5-13",
        title=f"With {_ALONE} agreed on {words} are compressed each by itself",
        since=SINCE,
        steps=(
            *deflating(with_(_ALONE)),
            Send(b"".join(text(item) for item in items)),
            Hears(
                {
                    misframed("deflate-takeover"): VIOLATION.because("a message refers to one before it"),
                    **must_echo(*items),
                },
                messages=len(items),
            ),
        ),
        good=(head + b"".join(server_text(deflated(Fixed(item.encode())), rsv=4) for item in items),),
        mutants=(
            Canned(
                "refers to the one before",
                in_turns(head, first + server_text(deflated(Fixed(Back(size, size))), rsv=4) * (len(items) - 1)),
            ),
            Canned("echoes the first alone", head + first),
            Canned("answers nothing", head),
        ),
    )


_ALONE_ONES = (
    _each_alone("two", "two equal texts", *("merkhet knows the stars",) * 2),
    _each_alone(
        "long", "three equal texts of 640 octets", *("merkhet knows the stars, and the time by them; " * 14,) * 3
    ),
)

# --- a server's fragments, and messages that inflate large


def _fragmented(slug: str, words: str, sent: bytes, data: bytes) -> Check:
    half = len(data) // 2
    whole = tuple(flushed(Stored(part)) for part in (data[:half],)), deflated(Stored(data[half:]))
    cut = deflated(Stored(data[:half])), deflated(Stored(data[half:]))
    return Check(
        id=f"rfc7692-7.2.1-fragments-{slug}",
        requirement="rfc7692-7.2.1-5",
        title=f"The echo of {words} can be inflated as a whole, in however many fragments it comes",
        since=SINCE,
        steps=(
            *deflating(),
            Send(sent),
            Hears(
                {
                    misframed("deflate-broken"): VIOLATION.because("its payload as a whole cannot be inflated"),
                    **must_echo(data),
                },
                messages=1,
                patience_seconds=CLOSE_SECONDS,
            ),
        ),
        good=(SWITCHED_DEFLATE + server_fragments(Opcode.BINARY, (*whole[0], whole[1]), rsv=4),),
        mutants=(
            Canned(
                "cuts the end off each fragment",
                in_turns(SWITCHED_DEFLATE, server_fragments(Opcode.BINARY, cut, rsv=4)),
            ),
            Canned("echoes the first fragment", SWITCHED_DEFLATE + server_binary(data[:half])),
            DEAF,
            CANNOT,
        ),
    )


_MIXED = NOISE[:20000] + b"merkhet " * 2500
_FRAGMENTED = (
    _fragmented("long", "40000 octets in one frame", binary(_MIXED), _MIXED),
    _fragmented(
        "fragmented",
        "40000 octets in four fragments",
        fragments(Opcode.BINARY, tuple(_MIXED[at : at + 10000] for at in range(0, 40000, 10000))),
        _MIXED,
    ),
)


@dataclass(frozen=True, slots=True)
class _Inflating:
    """A compressed text of `size` times the letter a, of the client or (`mask` None) of the server."""

    size: int
    mask: bytes | None = MASK

    def describe(self) -> str:
        """Say what the octets are."""
        return f"a text that inflates to {self.size} octets"

    def make(self) -> bytes:
        """Make them."""
        return frame(Opcode.TEXT, _run(self.size), rsv=4, mask=self.mask)


@functools.lru_cache(maxsize=2)
def _run(size: int) -> bytes:
    return deflated(Fixed(*run_of(b"a", size)))


def _large(mebibytes: int) -> Check:
    size = mebibytes * 1024 * 1024
    said = as_text(Repeated(b"a", size))
    dead: Stream = in_turns(SWITCHED_DEFLATE, server_close(1002))
    return Check(
        id=f"rfc7692-6.2-inflates-to-{mebibytes}-mib",
        requirement="rfc7692-6.2-1",
        title=f"A compressed text of {mebibytes} MiB is inflated",
        since=SINCE,
        steps=(
            *deflating(),
            Send(made=_Inflating(size)),
            Hears(
                {
                    echoes(said): PASS,
                    sends_close(1009): observed(f"takes no message that inflates to {mebibytes} MiB"),
                    speaks: VIOLATION.because("something else came back"),
                    sends_close(): VIOLATION.because("it closed the WebSocket"),
                    ends_bare: WARNING.because(
                        "the connection ended, and no Close told that the message was too large"
                    ),
                    stays_open: VIOLATION.because("no echo came"),
                },
                messages=1,
                patience_seconds=10.0,
            ),
        ),
        good=(Stream(SWITCHED_DEFLATE, made=_Inflating(size, mask=None)),),
        mutants=(
            Canned("echoes less", Stream(SWITCHED_DEFLATE, made=_Inflating(size - 258, mask=None))),
            Canned("takes no such message", in_turns(SWITCHED_DEFLATE, server_close(1009))),
            Canned("takes it for an error", dead),
            DEAF,
            HANGS_UP,
        ),
        tags=frozenset({"bulk"}),
        note="A limit is no fault: Section 10.4 of RFC 6455 asks for one, and 1009 says that it was met.",
    )


_LARGE = (_large(1), _large(8))

CHECKS = (*_SERVER_WINDOWS, *_ALONE_ONES, *_FRAGMENTED, *_LARGE)
