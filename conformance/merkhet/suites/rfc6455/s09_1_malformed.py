"""RFC 6455, Sections 4.3 and 9.1: offers of extensions that do not fit the grammar, and quoted values."""

from __future__ import annotations

from merkhet.check import BREACH, PASS, VIOLATION, WARNING, Canned, Check
from merkhet.expect_handshake import agreed, agreed_within, declined, misagreed, refused, switched
from merkhet.suites.rfc6455.opening import FAILS, HANGS_UP, REFUSES, SAYS_NOTHING, one, unanswered
from merkhet.suites.websocket_words import SWITCHED, SWITCHED_DEFLATE, handshake, offers, switched_by
from merkhet.suites.words import REFUSED

_NO_ANSWER = (FAILS, HANGS_UP, SAYS_NOTHING)
_BITS = switched_by(offers("permessage-deflate; server_max_window_bits=10"))

# --- 9.1-1: no list by the grammar

_MALFORMED: tuple[tuple[str, str, str], ...] = (
    ("empty", "that is empty", ""),
    ("comma", "that is a comma", ","),
    ("semicolons", "that is two semicolons", ";;"),
    ("equals", "with = in the place of a parameter", "permessage-deflate; ="),
    ("no-parameter", "with nothing behind a semicolon", "permessage-deflate;"),
    ("no-parameter-between", "with nothing between two semicolons", "permessage-deflate;; client_max_window_bits"),
    ("no-value", "with nothing behind =", "permessage-deflate; server_max_window_bits="),
    ("no-name", "with a value and no name", "permessage-deflate; =10"),
    ("two-words", "with two words in the place of a name", "permessage deflate"),
    ("parameter-two-words", "with two words in the place of a parameter", "permessage-deflate; a b"),
    ("no-semicolon", "with no semicolon before a parameter", "permessage-deflate client_max_window_bits"),
    ("parameter-first", "that begins with a parameter", "; client_max_window_bits, permessage-deflate"),
    ("open-quote", "with a quoted value that does not end", 'permessage-deflate; server_max_window_bits="10'),
    ("after-quote", "with a word behind a quoted value", 'permessage-deflate; server_max_window_bits="10"0'),
    ("name-quoted", "with a quoted name", '"permessage-deflate"'),
    ("name-value", "with a value for the extension itself", "permessage-deflate=1"),
    ("two-values", "with two values of a parameter", "permessage-deflate; server_max_window_bits=10=11"),
    ("bracket", "with a bracket in a name", "permessage-deflate(1)"),
)


def _malformed(slug: str, words: str, offer: str) -> Check:
    return one(
        f"9.1-malformed-{slug}",
        "9.1-1",
        f"An offer of extensions {words} is refused, and not taken up",
        handshake("ws-deflate", offers(offer)),
        {
            misagreed: BREACH.because("it took up a malformed offer, and its answer is malformed too"),
            agreed(): VIOLATION.because("it took up a malformed offer"),
            declined: VIOLATION.because("it passed over a malformed offer"),
            switched: BREACH.because("it answered a malformed offer with an extension list that is malformed"),
            refused: PASS,
            **unanswered(),
        },
        good=REFUSED,
        mutants=(
            Canned("takes it up", SWITCHED_DEFLATE),
            Canned("passes over it", SWITCHED),
            Canned("gives a malformed list back", switched_by(offers("permessage-deflate; ="))),
            Canned(
                "gives a parameter without value back",
                switched_by(offers("permessage-deflate; server_max_window_bits")),
            ),
            *_NO_ANSWER,
        ),
    )


_BY_GRAMMAR = tuple(_malformed(*row) for row in _MALFORMED)

# --- 9.1-2 and 4.3-1: quoted values

_NO_TOKENS: tuple[tuple[str, str, str], ...] = (
    ("space", "a space within", '"1 0"'),
    ("empty", "nothing within", '""'),
    ("comma", "a comma within", '"10,11"'),
    ("escaped", "an escaped quote within", r'"1\"0"'),
)


def _no_token(slug: str, words: str, value: str) -> Check:
    return one(
        f"9.1-quoted-{slug}",
        "9.1-2",
        f"A parameter whose quoted value has {words} is refused or declined",
        handshake("ws-deflate", offers(f"permessage-deflate; server_max_window_bits={value}")),
        {
            misagreed: BREACH.because("its answer is malformed"),
            agreed(): VIOLATION.because("it took up a value that is no token"),
            declined: PASS,
            switched: BREACH.because("its answer is a list that is malformed"),
            refused: PASS,
            **unanswered(),
        },
        good=SWITCHED,
        mutants=(
            Canned("takes it up", _BITS),
            Canned("gives it back", switched_by(offers(f"permessage-deflate; server_max_window_bits={value}"))),
            *_NO_ANSWER,
        ),
    )


def _token(slug: str, words: str, value: str) -> Check:
    return one(
        f"4.3-quoted-{slug}",
        "4.3-1",
        f"A parameter with {words} is accepted or declined, and no reason to refuse",
        handshake("ws-deflate", offers(f"permessage-deflate; server_max_window_bits={value}")),
        {
            misagreed: BREACH.because("its answer is malformed"),
            agreed_within(10): PASS,
            agreed(): WARNING.because("it accepted the offer and passed over its parameter"),
            declined: PASS,
            refused: VIOLATION.because("a legal offer was refused"),
            **unanswered(),
        },
        good=_BITS,
        mutants=(
            REFUSES,
            Canned("passes over it", SWITCHED_DEFLATE),
            Canned("gives a wrong value back", switched_by(offers('permessage-deflate; server_max_window_bits="100"'))),
            *_NO_ANSWER,
        ),
    )


_QUOTED = (
    *(_no_token(*row) for row in _NO_TOKENS),
    _token("value", "a quoted value", '"10"'),
    _token("value-escaped", "a quoted value with an escape", r'"1\0"'),
)

CHECKS = (*_BY_GRAMMAR, *_QUOTED)
