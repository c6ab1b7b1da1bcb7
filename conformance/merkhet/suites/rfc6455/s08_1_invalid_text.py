"""RFC 6455, Section 8.1: text that is not UTF-8 fails the connection; binary data with the same octets do not."""

from __future__ import annotations

from merkhet.answer import End
from merkhet.check import PASS, VIOLATION, Canned, Check, Hears, Send, closes, in_turns, observed
from merkhet.expect_websocket import as_text, ends_bare, goes_on, sends_close, stays_silent
from merkhet.heard import Opcode
from merkhet.suites.frame_words import comes_back, fails_on, says_canned
from merkhet.suites.websocket_words import (
    OPEN,
    SERVER_ALIVE,
    SWITCHED,
    alive,
    binary,
    continuation,
    fails,
    fragments,
    frame,
    ping,
    server_close,
    text,
)
from merkhet.suites.words import SINCE

_BAD = (
    ("lone-80", "a continuation octet that continues nothing", b"\x80"),
    ("lone-bf", "the last continuation octet, which continues nothing", b"\xbf"),
    ("one-too-many", "a character of two octets with a third", b"\xc3\xa9\xa9"),
    ("overlong-2-slash", "a slash in two octets", b"\xc0\xaf"),
    ("overlong-2-nul", "U+0000 in two octets", b"\xc0\x80"),
    ("overlong-2-last", "U+007F in two octets", b"\xc1\xbf"),
    ("overlong-3-slash", "a slash in three octets", b"\xe0\x80\xaf"),
    ("overlong-3-last", "U+07FF in three octets", b"\xe0\x9f\xbf"),
    ("overlong-4-slash", "a slash in four octets", b"\xf0\x80\x80\xaf"),
    ("overlong-4-last", "U+FFFF in four octets", b"\xf0\x8f\xbf\xbf"),
    ("surrogate-first", "the first surrogate", b"\xed\xa0\x80"),
    ("surrogate-last", "the last surrogate", b"\xed\xbf\xbf"),
    ("surrogate-pair", "a pair of surrogates", b"\xed\xa0\xbd\xed\xb8\x80"),
    ("above-10ffff", "U+110000", b"\xf4\x90\x80\x80"),
    ("lead-f5", "the lead F5", b"\xf5\x80\x80\x80"),
    ("five", "a form of five octets", b"\xf8\x88\x80\x80\x80"),
    ("six", "a form of six octets", b"\xfc\x84\x80\x80\x80\x80"),
    ("fe", "the octet FE", b"\xfe"),
    ("ff", "the octet FF", b"\xff"),
    ("latin-1", "a word in ISO 8859-1", b"caf\xe9!"),
    ("cut-2-by-letter", "a letter within a character of two octets", b"\xc3a"),
    ("cut-3-by-letter", "a letter within a character of three octets", b"\xe2\x82a"),
    ("cut-4-by-letter", "a letter within a character of four octets", b"\xf0\x9f\x98a"),
    ("lead-by-lead", "two leads in a row", b"\xe2\xe2\x82\xac"),
)
_CUT_OFF = (
    ("cut-off-2", "the first octet of a character of two", b"\xc3"),
    ("cut-off-3-1", "the first octet of a character of three", b"\xe2"),
    ("cut-off-3-2", "two octets of a character of three", b"\xe2\x82"),
    ("cut-off-4-1", "the first octet of a character of four", b"\xf0"),
    ("cut-off-4-2", "two octets of a character of four", b"\xf0\x9f"),
    ("cut-off-4-3", "three octets of a character of four", b"\xf0\x9f\x98"),
)

_READ_LATE = PASS.because("failed when the text was read, and answered a Ping before")
_NOTE = (
    "The rule is for who is about to read octets as UTF-8. A server that does so only when its application asks for the text "
    "answers a Ping behind it before, as it should: it fails the connection as soon as it knows."
)


def _bad(slug: str, title: str, sent: bytes, data: bytes, each: int = 0) -> Check:
    """Text that is not UTF-8. Who echoes it all the same sends such text itself."""
    return fails_on(
        f"8.1-{slug}",
        "8.1-1",
        title,
        sent,
        1007,
        taken=says_canned(as_text(data)),
        each=each,
        late=_READ_LATE,
        note=_NOTE,
        mutants=(
            Canned("mends it", OPEN + says_canned(data.decode(errors="replace"))),
            Canned("drops it", OPEN + says_canned(data.decode(errors="ignore"))),
        ),
    )


_ALONE = tuple(
    _bad(slug, f"A text that is {words} fails the connection", text(octets), octets)
    for slug, words, octets in (*_BAD, *_CUT_OFF)
)
_START = tuple(
    _bad(f"{slug}-first", f"A text that begins with {words} fails the connection", text(octets + b"z"), octets + b"z")
    for slug, words, octets in _BAD
)
_FRONT, _BACK = "a\u00e9\u20ac\U0001f600".encode(), "\U0001f600\u20ac\u00e9z".encode()
_MIDDLE = tuple(
    _bad(
        f"{slug}-between",
        f"A text with {words} in the middle, behind characters of every length, fails the connection",
        text(_FRONT + octets + _BACK),
        _FRONT + octets + _BACK,
    )
    for slug, words, octets in _BAD
)
_END = tuple(
    _bad(f"{slug}-last", f"A text that ends with {words} fails the connection", text(b"a" + octets), b"a" + octets)
    for slug, words, octets in (*_BAD, *_CUT_OFF)
)
_ACROSS = tuple(
    _bad(
        f"{slug}-across",
        f"A text with {words} of which one octet is in the next fragment fails the connection",
        fragments(Opcode.TEXT, (b"a" + octets[:-1], octets[-1:] + b"z")),
        b"a" + octets + b"z",
    )
    for slug, words, octets in _BAD
    if len(octets) > 1
)
_CUT_OFF_FRAGMENTS = tuple(
    _bad(
        f"{slug}-fragments",
        f"A text in fragments of which the last ends with {words} fails the connection",
        fragments(Opcode.TEXT, ("a", octets)),
        b"a" + octets,
    )
    for slug, words, octets in _CUT_OFF
)

# --- other deliveries

_OVERLONG = b"\xc0\xaf"
_ELSEWHERE = (
    _bad(
        "byte-by-byte",
        "A text with an overlong slash that comes octet by octet fails the connection",
        text(b"a" + _OVERLONG + b"z"),
        b"a" + _OVERLONG + b"z",
        each=1,
    ),
    _bad(
        "surrogate-byte-by-byte",
        "A text with a surrogate in fragments of one octet that come octet by octet fails the connection",
        fragments(Opcode.TEXT, (b"a", b"\xed", b"\xa0", b"\x80", b"z")),
        b"a\xed\xa0\x80z",
        each=1,
    ),
    *(
        _bad(
            f"{slug}-of-three",
            f"A text in three fragments, the {words} of which has an overlong slash, fails the connection",
            fragments(Opcode.TEXT, tuple(b"ab" + (_OVERLONG if number == place else b"") for number in range(3))),
            b"".join(b"ab" + (_OVERLONG if number == place else b"") for number in range(3)),
        )
        for place, (slug, words) in enumerate((("first", "first"), ("second", "second"), ("third", "last")))
    ),
    _bad(
        "behind-ping",
        "A text whose character is not completed behind a Ping that would complete it fails the connection",
        text(b"\xe2\x82", fin=False) + ping(b"\xac") + continuation(b"a"),
        b"\xe2\x82a",
    ),
    _bad(
        "completed-by-next",
        "A text that ends within a character fails the connection though the next message would complete it",
        text(b"\xe2\x82") + text(b"\xac"),
        b"\xe2\x82",
    ),
    _bad(
        "empty-last",
        "A text that ends within a character, and then with an empty fragment, fails the connection",
        fragments(Opcode.TEXT, (b"a\xf0\x9f", b"")),
        b"a\xf0\x9f",
    ),
    _bad(
        "long",
        "A text of 65,536 octets of which the last is not UTF-8 fails the connection",
        text(b"a" * 65535 + b"\xff"),
        b"a" * 65535 + b"\xff",
    ),
)

# --- the same octets as binary data

_BINARY = tuple(
    comes_back(
        f"6.2-binary-{slug}",
        "6.2-3",
        f"Binary data that are {words}, in one frame and in two, come back as they were",
        binary(octets) + fragments(Opcode.BINARY, (octets[:-1], octets[-1:])),
        octets,
        octets,
        mutants=(Canned("fails on them", closes(SWITCHED + server_close(1007))),),
    )
    for slug, words, octets in (*_BAD, *_CUT_OFF)
)

# --- how soon


def _when(slug: str, title: str, sent: bytes, rest: bytes, data: bytes) -> Check:
    """What is known to be no UTF-8 before the message is whole: to fail at once, or to wait, are both right."""
    began = SWITCHED, SERVER_ALIVE
    return Check(
        id=f"rfc6455-8.1-when-{slug}",
        requirement="rfc6455-8.1-1",
        title=title,
        since=SINCE,
        steps=(
            *alive(),
            Send(sent),
            Hears(
                {
                    goes_on: VIOLATION.because("it answered a message that has not ended"),
                    sends_close(): observed("fails as soon as the octets cannot be UTF-8").then(),
                    ends_bare: observed("hangs up as soon as the octets cannot be UTF-8").then(),
                    stays_silent: observed("waits for the end of what cannot be UTF-8"),
                },
                quiet=True,
            ),
            Send(rest + ping(b"behind")),
            fails(1007, late=_READ_LATE),
        ),
        good=(in_turns(*began, server_close(1007), end=End.CLOSED),),
        mutants=(
            Canned("waits for the end", in_turns(*began, b"", server_close(1007), end=End.CLOSED)),
            Canned("echoes it in the end", in_turns(*began, b"", says_canned(as_text(data)))),
            Canned("does nothing", in_turns(*began, b"")),
            Canned("echoes what has come", in_turns(*began, says_canned("a"))),
        ),
        note="When invalid text is found is nowhere said; that it is found, here and in every check beside, is.",
    )


_HALF = frame(Opcode.TEXT, b"a\xffbc")
_WHEN = (
    _when(
        "first-fragment",
        "How soon a server fails on a first fragment that is not UTF-8",
        text(b"a\xff", fin=False),
        continuation(b"bc"),
        b"a\xffbc",
    ),
    _when(
        "within-frame",
        "How soon a server fails on the first octets of a frame that are not UTF-8",
        _HALF[:-2],
        _HALF[-2:],
        b"a\xffbc",
    ),
    _when(
        "across-fragments",
        "How soon a server fails on a second fragment that does not complete the character of the first",
        text(b"a\xe2\x82", fin=False) + continuation(b"a", fin=False),
        continuation(b"bc"),
        b"a\xe2\x82abc",
    ),
    _when(
        "impossible-second-octet",
        "How soon a server fails on a second octet that no third makes a character",
        text(b"a\xed\xa0", fin=False),
        continuation(b"\x80bc"),
        b"a\xed\xa0\x80bc",
    ),
)

CHECKS = (*_ALONE, *_START, *_MIDDLE, *_END, *_ACROSS, *_CUT_OFF_FRAGMENTS, *_ELSEWHERE, *_BINARY, *_WHEN)
