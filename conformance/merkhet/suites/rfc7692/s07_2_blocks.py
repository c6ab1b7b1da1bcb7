"""RFC 7692, Section 7.2.1: DEFLATE blocks of every type, in any number, with BFINAL and without."""

from __future__ import annotations

from merkhet.check import WARNING, Canned, Check, Hears, Send
from merkhet.expect_websocket import (
    Item,
)
from merkhet.heard import Opcode
from merkhet.suites.deflate_words import Back, Dynamic, Fixed, Stored, deflated, flushed, run_of
from merkhet.suites.rfc7692.agreed import (
    CANNOT,
    DEAF,
    HANGS_UP,
    TAKEOVER,
    deflating,
)
from merkhet.suites.websocket_words import (
    SWITCHED_DEFLATE,
    binary,
    fragments,
    must_echo,
    server_binary,
    server_text,
    text,
)
from merkhet.suites.words import SINCE


def _inflated(
    slug: str, requirement: str, title: str, *payloads: bytes, said: tuple[str, ...], note: str = ""
) -> Check:
    """Compressed texts with these payloads, which say this."""
    return Check(
        id=f"rfc7692-7.2.1-{slug}",
        requirement=f"rfc7692-7.2.1-{requirement}",
        title=title,
        since=SINCE,
        steps=(
            *deflating(),
            Send(b"".join(text(payload, rsv=4) for payload in payloads)),
            Hears(must_echo(*said), messages=len(said)),
        ),
        good=(SWITCHED_DEFLATE + b"".join(server_text(one) for one in said),),
        mutants=(
            Canned("stops within it", SWITCHED_DEFLATE + b"".join(server_text(one[:2] + "?") for one in said)),
            DEAF,
            CANNOT,
            HANGS_UP,
        ),
        note=note,
    )


_LONG = "merkhet " * 40
_HELLO = ("Hello",)

# --- several blocks

_SEVERAL = (
    _inflated(
        "blocks-two", "1", "A message of two blocks is inflated", deflated(Fixed(b"Hel"), Fixed(b"lo")), said=_HELLO
    ),
    _inflated(
        "blocks-one-octet-each",
        "1",
        "A message of a block for each octet is inflated",
        deflated(*(Fixed(bytes([octet])) for octet in _LONG.encode())),
        said=(_LONG,),
    ),
    _inflated(
        "blocks-flushed",
        "1",
        "A message with an empty stored block within it is inflated",
        b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
        said=_HELLO,
        note="The octets of the example in Section 7.2.3.5.",
    ),
    _inflated(
        "blocks-empty-first",
        "1",
        "A message whose first blocks are empty is inflated",
        deflated(Stored(), Fixed(), Fixed(b"Hello")),
        said=_HELLO,
    ),
    _inflated(
        "blocks-empty-last",
        "1",
        "A message whose last blocks are empty is inflated",
        deflated(Fixed(b"Hello"), Fixed(), Stored(), Fixed()),
        said=_HELLO,
    ),
    _inflated(
        "blocks-trailing-flush",
        "1",
        "A message with a whole empty block before the one that is cut off is inflated",
        flushed(Fixed(b"Hello")) + b"\x00",
        said=_HELLO,
    ),
    _inflated(
        "blocks-back-over",
        "1",
        "A block may refer to the one before it",
        deflated(Stored(b"Hello "), Fixed(Back(6, 6), b"there")),
        said=("Hello Hello there",),
    ),
    _inflated(
        "blocks-hundred",
        "1",
        "A message of a hundred empty blocks and one with data is inflated",
        deflated(*(Stored(),) * 100, Fixed(b"Hello")),
        said=_HELLO,
    ),
)

# --- of every type

_TYPES = (
    _inflated(
        "type-stored",
        "2",
        "A stored block is inflated",
        b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00",
        said=_HELLO,
        note="The octets of the example in Section 7.2.3.3.",
    ),
    _inflated(
        "type-stored-long",
        "2",
        "A stored block of 320 octets is inflated",
        deflated(Stored(_LONG.encode())),
        said=(_LONG,),
    ),
    _inflated(
        "type-fixed",
        "2",
        "A block in the fixed code is inflated",
        b"\xf2\x48\xcd\xc9\xc9\x07\x00",
        said=_HELLO,
        note="The octets of the example in Section 7.2.3.1.",
    ),
    _inflated(
        "type-fixed-back",
        "2",
        "A block with a reference back is inflated",
        deflated(Fixed(b"merkhet ", Back(258, 8), Back(54, 8))),
        said=(_LONG,),
    ),
    _inflated(
        "type-fixed-overlap",
        "2",
        "A reference back that overlaps itself is inflated",
        deflated(Fixed(*run_of(b"a", 1000))),
        said=("a" * 1000,),
    ),
    _inflated(
        "type-fixed-shortest",
        "2",
        "References of 3 octets are inflated",
        deflated(Fixed(b"abc", *(Back(3, 3),) * 9)),
        said=("abc" * 10,),
    ),
    _inflated(
        "type-dynamic", "2", "A block with a code of its own is inflated", deflated(Dynamic(b"Hello")), said=_HELLO
    ),
    _inflated(
        "type-dynamic-long",
        "2",
        "A block of 320 octets with a code of its own is inflated",
        deflated(Dynamic(_LONG.encode())),
        said=(_LONG,),
    ),
    _inflated(
        "type-dynamic-empty",
        "2",
        "An empty block with a code of its own is inflated",
        deflated(Dynamic(b""), Fixed(b"Hello")),
        said=_HELLO,
    ),
    _inflated(
        "type-all",
        "2",
        "A message of blocks of all types is inflated",
        deflated(Stored(b"Hel"), Dynamic(b"lo"), Fixed(b", ", Back(5, 7)), Stored(b"!")),
        said=("Hello, Hello!",),
    ),
)

# --- with BFINAL

_FINAL_NOTE = "BFINAL ends no message: what follows the block is read on, as in the example of Section 7.2.3.4."
_FINALS = (
    _inflated(
        "final-fixed",
        "3",
        "A message whose block is marked as the last is inflated",
        b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
        said=_HELLO,
        note=_FINAL_NOTE,
    ),
    _inflated(
        "final-stored",
        "3",
        "A message with a stored block that is marked as the last is inflated",
        deflated(Stored(b"Hello", final=True)),
        said=_HELLO,
        note=_FINAL_NOTE,
    ),
    _inflated(
        "final-dynamic",
        "3",
        "A message with a block in its own code that is marked as the last is inflated",
        deflated(Dynamic(b"Hello", final=True)),
        said=_HELLO,
        note=_FINAL_NOTE,
    ),
    _inflated(
        "final-empty",
        "3",
        "A message with an empty block that is marked as the last is inflated",
        deflated(Fixed(b"Hello"), Fixed(final=True)),
        said=_HELLO,
        note=_FINAL_NOTE,
    ),
    _inflated(
        "final-then-message",
        "3",
        "A message behind one with BFINAL is inflated",
        deflated(Fixed(b"Hello", final=True)),
        deflated(Fixed(b"again")),
        said=("Hello", "again"),
        note=_FINAL_NOTE,
    ),
    _inflated(
        "final-each",
        "3",
        "Three messages with BFINAL are inflated",
        *(deflated(Fixed(word, final=True)) for word in (b"one", b"two", b"three")),
        said=("one", "two", "three"),
        note=_FINAL_NOTE,
    ),
    _inflated(
        "final-then-block",
        "3",
        "A block behind one with BFINAL is inflated",
        deflated(Fixed(b"Hello", final=True), Fixed(b" again")),
        said=("Hello again",),
        note=_FINAL_NOTE,
    ),
    _inflated(
        "final-twice",
        "3",
        "A message of two blocks with BFINAL is inflated",
        deflated(Fixed(b"Hello", final=True), Fixed(b" again", final=True)),
        said=("Hello again",),
        note=_FINAL_NOTE,
    ),
    _inflated(
        "final-stored-then-block",
        "3",
        "A block behind a stored one with BFINAL is inflated",
        deflated(Stored(b"Hello", final=True), Dynamic(b" again")),
        said=("Hello again",),
        note=_FINAL_NOTE,
    ),
)
_FINAL_WINDOW = Check(
    id="rfc7692-7.2.1-final-keeps-window",
    requirement="rfc7692-7.2.1-3",
    title="A message may refer to one before it that has BFINAL",
    since=SINCE,
    steps=(
        *deflating(cases=TAKEOVER),
        Send(text(deflated(Fixed(b"Hello", final=True)), rsv=4) + text(deflated(Fixed(Back(5, 5))), rsv=4)),
        Hears(must_echo("Hello", "Hello", lost=WARNING), messages=2),
    ),
    good=(SWITCHED_DEFLATE + server_text("Hello") * 2,),
    mutants=(
        Canned("loses the window", SWITCHED_DEFLATE + server_text("Hello") + server_text()),
        DEAF,
        CANNOT,
        HANGS_UP,
    ),
    note=(
        "The window is that of the last message, however it ended; but data with BFINAL end a stream by RFC 1951, and "
        "one who begins the next with an empty window reads the two together otherwise: a warning."
    ),
)

# --- nothing


def _empty(slug: str, words: str, frames: bytes, item: Item = "") -> Check:
    echo = server_text(b"\x00", rsv=4) if item == "" else server_binary()
    return Check(
        id=f"rfc7692-7.2.1-empty-{slug}",
        requirement="rfc7692-7.2.1-a1",
        title=f"An empty message {words} is inflated to nothing",
        since=SINCE,
        steps=(*deflating(), Send(frames), Hears(must_echo(item), messages=1)),
        good=(SWITCHED_DEFLATE + echo,),
        mutants=(
            Canned("echoes the octet", SWITCHED_DEFLATE + server_text("\x00")),
            DEAF,
            CANNOT,
            HANGS_UP,
        ),
    )


_EMPTY = (
    _empty("zero", "of one octet 0", text(b"\x00", rsv=4)),
    _empty("fixed", "of an empty block in the fixed code", text(deflated(Fixed()), rsv=4)),
    _empty("final", "of an empty block with BFINAL", text(deflated(Fixed(final=True)), rsv=4)),
    _empty("dynamic", "of an empty block with a code of its own", text(deflated(Dynamic(b"")), rsv=4)),
    _empty("binary", "of one octet 0, binary", binary(b"\x00", rsv=4), b""),
    _empty("fragments", "in two fragments, the first of them empty", fragments(Opcode.TEXT, (b"", b"\x00"), rsv=4)),
)
"""A compressed message of no octets at all is left out: the algorithm makes none, and no rule says what one is."""

CHECKS = (*_SEVERAL, *_TYPES, *_FINALS, _FINAL_WINDOW, *_EMPTY)
