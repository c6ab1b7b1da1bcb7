"""RFC 7692, Section 7.2: the window of the client, how far it reaches and how long it is kept."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    PASS,
    Answers,
    Canned,
    Check,
    Hears,
    Send,
    Step,
    Verdict,
    in_turns,
    lacks,
)
from merkhet.expect import Expectation
from merkhet.expect_handshake import agreed, declined
from merkhet.heard import Opcode
from merkhet.suites.deflate_words import Back, Fixed, Stored, deflated, flushed
from merkhet.suites.rfc7692.agreed import (
    CANNOT,
    DEAF,
    HANGS_UP,
    NOISE,
    PLAIN,
    TAKEOVER,
    accepts,
    deflating,
    with_,
)
from merkhet.suites.websocket_words import (
    CLOSE_SECONDS,
    SWITCHED_DEFLATE,
    binary,
    fragments,
    handshake,
    must_echo,
    offers,
    server_binary,
    server_close,
    server_text,
    text,
)
from merkhet.suites.words import SINCE

# --- the client's window between messages


def _kept(
    slug: str,
    requirement: str,
    title: str,
    *frames: bytes,
    said: tuple[str | bytes, ...],
    offer: str = PLAIN,
    note: str = "",
) -> Check:
    """Messages that refer to those before them. Where the server asks for messages without that, there is nothing to see."""
    answers = b"".join(server_text(one) if isinstance(one, str) else server_binary(one) for one in said)
    return Check(
        id=f"rfc7692-7.2.2-{slug}",
        requirement=f"rfc7692-7.2.2-{requirement}",
        title=title,
        since=SINCE,
        steps=(
            *deflating(offer, TAKEOVER),
            Send(b"".join(frames)),
            Hears(must_echo(*said), messages=len(said), patience_seconds=CLOSE_SECONDS),
        ),
        good=(SWITCHED_DEFLATE + answers,),
        mutants=(
            Canned("forgets what was before", SWITCHED_DEFLATE + server_text("?") * len(said)),
            DEAF,
            CANNOT,
            HANGS_UP,
        ),
        note=note,
    )


def _text(*items: bytes | Back) -> bytes:
    return text(deflated(Fixed(*items)), rsv=4)


_HELLO = _text(b"Hello")
_AGAIN = _text(Back(5, 5))
_KEPT = (
    _kept(
        "kept",
        "4",
        "A message may refer to the one before it",
        _HELLO,
        text(b"\xf2\x00\x11\x00\x00", rsv=4),
        said=("Hello", "Hello"),
        note="The octets of the example in Section 7.2.3.2.",
    ),
    _kept(
        "kept-two-back",
        "4",
        "A message may refer to the one before the last",
        _HELLO,
        _text(b"merkhet"),
        _text(Back(5, 12)),
        said=("Hello", "merkhet", "Hello"),
    ),
    _kept(
        "kept-ten",
        "4",
        "Each of ten messages may refer to the one before it",
        _HELLO,
        *(_AGAIN,) * 9,
        said=("Hello",) * 10,
    ),
    _kept(
        "kept-of-binary",
        "4",
        "A text may refer to a binary message before it",
        binary(deflated(Fixed(b"Hello")), rsv=4),
        _AGAIN,
        said=(b"Hello", "Hello"),
    ),
    _kept(
        "kept-of-fragments",
        "4",
        "A message may refer to one before it that was fragmented",
        fragments(Opcode.TEXT, (flushed(Fixed(b"Hel")), deflated(Fixed(b"lo"))), rsv=4),
        _AGAIN,
        said=("Hello", "Hello"),
    ),
    _kept(
        "kept-in-fragments",
        "4",
        "A fragmented message may refer to the one before it",
        _HELLO,
        fragments(Opcode.TEXT, (flushed(Fixed(Back(3, 5))), deflated(Fixed(Back(3, 5)))), rsv=4),
        said=("Hello", "HelloH"),
    ),
    _kept(
        "kept-over-empty",
        "4",
        "A message may refer to one before an empty one",
        _HELLO,
        text(b"\x00", rsv=4),
        _AGAIN,
        said=("Hello", "", "Hello"),
    ),
    _kept(
        "kept-of-stored",
        "4",
        "A message may refer to one before it that was stored",
        text(deflated(Stored(b"Hello")), rsv=4),
        _AGAIN,
        said=("Hello", "Hello"),
    ),
    _kept(
        "kept-across",
        "4",
        "A reference may begin in the message before and end in this one",
        _HELLO,
        _text(b"!", Back(12, 6)),
        said=("Hello", "!Hello!Hello!"),
    ),
    _kept(
        "kept-far",
        "4",
        "A message may refer to one 32768 octets before it",
        binary(deflated(Stored(NOISE[:32768])), rsv=4),
        binary(deflated(Fixed(Back(200, 32768))), rsv=4),
        said=(NOISE[:32768], NOISE[:200]),
    ),
    _kept(
        "hint-not-taken",
        "5",
        "A message may refer to the one before it where client_no_context_takeover was offered and not taken",
        _HELLO,
        _AGAIN,
        said=("Hello", "Hello"),
        offer=with_("client_no_context_takeover"),
    ),
    _kept(
        "hint-not-taken-both",
        "5",
        "A message may refer to the one before it where both were offered and the server's alone was taken",
        _HELLO,
        _AGAIN,
        said=("Hello", "Hello"),
        offer=with_("client_no_context_takeover", "server_no_context_takeover"),
    ),
    _kept(
        "hint-not-taken-bits",
        "5",
        "A message may refer to the one before it where the client's hints were not taken",
        _HELLO,
        _AGAIN,
        said=("Hello", "Hello"),
        offer=with_("client_no_context_takeover", "client_max_window_bits=15"),
    ),
)

# --- how far the client's window reaches


def _back(bits: int) -> tuple[bytes, bytes]:
    """A payload that refers as far back as a window of so many bits lets it, and what it says."""
    size = 1 << bits
    return deflated(Stored(NOISE[:size]), Fixed(Back(100, size))), NOISE[:size] + NOISE[:100]


def _far(distance: int) -> Check:
    said = NOISE[:distance] + NOISE[:100]
    payload = deflated(Stored(NOISE[:distance]), Fixed(Back(100, distance)))
    return Check(
        id=f"rfc7692-7.2.2-distance-{distance}",
        requirement="rfc7692-7.2.2-9",
        title=f"A reference {distance} octets back is followed where no window was agreed on",
        since=SINCE,
        steps=(
            *deflating(),
            Send(binary(payload, rsv=4)),
            Hears(must_echo(said), messages=1, patience_seconds=CLOSE_SECONDS),
        ),
        good=(SWITCHED_DEFLATE + server_binary(said),),
        mutants=(Canned("cuts it off", SWITCHED_DEFLATE + server_binary(said[:distance])), DEAF, CANNOT, HANGS_UP),
    )


_FAR = tuple(_far(distance) for distance in (256, 257, 512, 1024, 4096, 16384, 32506, 32767, 32768))


def _as_agreed(bits: int) -> tuple[Step, ...]:
    payload, said = _back(bits)
    return (
        Send(binary(payload, rsv=4)),
        Hears(must_echo(said), messages=1, patience_seconds=CLOSE_SECONDS),
    )


_BY_BITS = {bits: _as_agreed(bits) for bits in range(8, 16)}


def _client_window(slug: str, parameter: str) -> Check:
    """Whatever window the server answers with: a reference as far back as that."""
    cases: Mapping[Expectation, Verdict] = {
        **{
            agreed(f"client_max_window_bits={bits}"): PASS.then(*steps) for bits, steps in _BY_BITS.items() if bits < 15
        },
        agreed(): PASS,
        declined: lacks("an acceptance of this offer"),
    }
    said = {bits: server_binary(_back(bits)[1]) for bits in (8, 15)}
    narrow = accepts("client_max_window_bits=8")
    return Check(
        id=f"rfc7692-5-client-window-{slug}",
        requirement="rfc7692-5-6",
        title=f"A reference as far back as the window agreed on for {parameter} is followed",
        since=SINCE,
        steps=(Send(handshake("ws-deflate", offers(with_(parameter)))), Answers(cases), *_BY_BITS[15]),
        good=(SWITCHED_DEFLATE + said[15],),
        mutants=(
            Canned("agrees to a window that it does not keep", in_turns(narrow, server_close(1007))),
            Canned("agrees to a window and loses what is in it", narrow + server_binary(NOISE[:256])),
            Canned("keeps no window of 15 bits", in_turns(SWITCHED_DEFLATE, server_close(1007))),
            DEAF,
            HANGS_UP,
        ),
    )


_CLIENT_WINDOWS = (
    _client_window("any", "client_max_window_bits"),
    *(_client_window(str(bits), f"client_max_window_bits={bits}") for bits in range(8, 16)),
)

CHECKS = (*_KEPT, *_FAR, *_CLIENT_WINDOWS)
