"""RFC 6455, Sections 4.2.1 and 4.3: the key, the version and the lists of a client's handshake."""

from __future__ import annotations

from merkhet.check import BREACH, PASS, VIOLATION, Canned, Check, Verdict
from merkhet.expect_handshake import refused, subprotocol, switch, switched, switches
from merkhet.suites.rfc6455.opening import (
    FAILS,
    HANGS_UP,
    NEAR,
    SAYS_NOTHING,
    accepts,
    either_way,
    one,
    refuses,
    unanswered,
)
from merkhet.suites.websocket_words import KEY, handshake, switched_by
from merkhet.suites.words import REFUSED

# --- 4.2.1-a6: the key

_ANY_KEY = NEAR.because("it switched for a key that is not 16 octets in base64")
_KEY_NOTE = "The next section lets a server use the key without decoding it, so one that does is not at fault."
_NO_KEYS: tuple[tuple[str, str, bytes | None, Verdict], ...] = (
    ("absent", "without a key", None, BREACH.because("it switched without a key")),
    ("empty", "with an empty key", b"", VIOLATION.because("it switched for an empty key")),
    ("octet", "with a key of one octet", b"AA==", _ANY_KEY),
    ("15", "with a key of 15 octets", b"AQIDBAUGBwgJCgsMDQ4P", _ANY_KEY),
    ("17", "with a key of 17 octets", b"AQIDBAUGBwgJCgsMDQ4PEBE=", _ANY_KEY),
    ("24", "with a key of 24 octets", b"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY", _ANY_KEY),
    ("unpadded", "with a key without its padding", b"dGhlIHNhbXBsZSBub25jZQ", _ANY_KEY),
    ("overpadded", "with a key with too much padding", b"dGhlIHNhbXBsZSBub25jZQ===", _ANY_KEY),
    ("16-characters", "with 16 characters in the place of a key", b"the sample nonce", _ANY_KEY),
    ("alphabet", "with a key of 24 characters that are no base64", b"!!!!!!!!!!!!!!!!!!!!!!==", _ANY_KEY),
    ("url-alphabet", "with a key in the alphabet for URLs", b"_-_-_-_-_-_-_-_-_-_-_w==", _ANY_KEY),
    ("space-within", "with a space within the key", b"dGhlIHNhbXB sZSBub25jZQ==", _ANY_KEY),
    ("quoted", "with a quoted key", b'"' + KEY + b'"', _ANY_KEY),
)
_BY_KEY = tuple(
    refuses(
        f"4.2.1-key-{slug}",
        "4.2.1-a6",
        f"A handshake {words} opens no WebSocket",
        handshake(key=value),
        switching=switching,
        key=value or b"",
        note="" if slug in {"absent", "empty"} else _KEY_NOTE,
    )
    for slug, words, value, switching in _NO_KEYS
)
_ODD_BITS = b"dGhlIHNhbXBsZSBub25jZR=="
_ODD_KEY = one(
    "4.2.1-key-odd-bits",
    "4.2.1-a6",
    "A handshake with a key whose unused last bits are not 0 is answered",
    handshake(key=_ODD_BITS),
    {
        switches(_ODD_BITS): PASS,
        refused: PASS,
        switched: VIOLATION.because("the accept fits another key"),
        **unanswered(),
    },
    good=switched_by(key=_ODD_BITS),
    mutants=(Canned("takes it for the key without them", switched_by(key=KEY)), FAILS, HANGS_UP, SAYS_NOTHING),
    note="RFC 4648 leaves it to who decodes whether these bits are looked at.",
)

# --- 4.2.1-a7: the version

_UNCLEAR = NEAR.because("it switched for what only looks like 13")
_NO_VERSIONS: tuple[tuple[str, str, bytes | None, Verdict | None], ...] = (
    ("absent", "without a version", None, None),
    ("empty", "with an empty version", b"", None),
    ("word", "with the version abc", b"abc", None),
    ("longer", "with the version 131", b"131", None),
    ("suffix", "with the version 113", b"113", None),
    ("negative", "with the version -13", b"-13", None),
    ("one", "with the version 1", b"1", None),
    ("three", "with the version 3", b"3", None),
    ("256", "with the version 256", b"256", None),
    ("269", "with the version 269, which is 13 in an octet", b"269", None),
    ("hexadecimal", "with the version 0xd", b"0xd", _UNCLEAR),
    ("parameter", "with a parameter behind the version", b"13;q=1", None),
    ("leading-zero", "with the version 013", b"013", _UNCLEAR),
    ("plus", "with the version +13", b"+13", _UNCLEAR),
    ("fraction", "with the version 13.0", b"13.0", _UNCLEAR),
    ("quoted", "with a quoted version", b'"13"', _UNCLEAR),
    ("space-within", "with the version 1 3", b"1 3", _UNCLEAR),
)
_BY_VERSION = (
    *(
        refuses(
            f"4.2.1-version-{slug}",
            "4.2.1-a7",
            f"A handshake {words} opens no WebSocket",
            handshake(version=value),
            switching=switching,
        )
        for slug, words, value, switching in _NO_VERSIONS
    ),
    accepts(
        "4.2.1-version-white-space",
        "4.2.1-a7",
        "A handshake with white space around the version opens a WebSocket",
        handshake(version=b"  13 \t"),
    ),
    *(
        either_way(
            f"4.2.1-version-{slug}",
            "4.2.1-a7",
            f"A handshake with Sec-WebSocket-Version: {value.decode()} is answered",
            handshake(version=value),
            f"the versions {value.decode()}",
            note="A client names one version; a server that picks its own from a list has understood what was meant.",
        )
        for slug, value in (("list-first", b"13, 8"), ("list-last", b"8, 13"))
    ),
)

# --- 4.2.1-1: the list of subprotocols

_BAD_LISTS: tuple[tuple[str, str, bytes], ...] = (
    ("empty", "that is empty", b""),
    ("comma", "that is a comma", b","),
    ("space-within", "with a space within a name", b"mer khet"),
    ("slash", "with a slash in a name", b"merkhet/one"),
    ("quoted", "with a quoted name", b'"merkhet.one"'),
    ("parameter", "with a parameter behind a name", b"merkhet.one;q=1"),
    ("not-ascii", "with octets beyond ASCII", b"merkhet.\xc3\xa9"),
)
_MAY_NOT_LOOK = (
    "A server parses at least a part of the handshake: one that knows no subprotocol need not read their list."
)


def _names_bad(slug: str, words: str, value: bytes) -> Check:
    named = switch(
        "that names a subprotocol", lambda it: any(one.strip() for one in it.values(b"Sec-WebSocket-Protocol"))
    )
    return one(
        f"4.2.1-subprotocols-{slug}",
        "4.2.1-1",
        f"A list of subprotocols {words} is refused, and nothing of it is chosen",
        handshake("ws", b"Sec-WebSocket-Protocol: " + value),
        {
            subprotocol(b"merkhet.one"): NEAR.because("it chose a subprotocol from a malformed list"),
            named: VIOLATION.because("it chose what is no subprotocol"),
            switched: NEAR.because("it passed over a malformed list of subprotocols"),
            refused: PASS,
            **unanswered(),
        },
        good=REFUSED,
        mutants=(
            Canned("chooses it", switched_by(b"Sec-WebSocket-Protocol: " + (value if value.strip(b",") else b"x"))),
            Canned("passes over it", switched_by()),
            FAILS,
            HANGS_UP,
            SAYS_NOTHING,
        ),
        note=_MAY_NOT_LOOK,
    )


_BY_LIST = tuple(_names_bad(*row) for row in _BAD_LISTS)

CHECKS = (*_BY_KEY, _ODD_KEY, *_BY_VERSION, *_BY_LIST)
