"""RFC 6266, Appendix C.1: RFC 2047 Encoding has no place in the field."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Check
from merkhet.expect_disposition import disposed, quoted_encoded_word, with_encoded_word
from merkhet.suites.rfc6266.words import BEYOND, PLAIN, both, judged, sent

_WORDS = (
    ("in base64", b'attachment; filename="=?UTF-8?B?w6k=?="'),
    ("in Q", b'attachment; filename="=?utf-8?q?=C3=A9?=.txt"'),
)
_NAMES = (PLAIN[0], *BEYOND[:9])


def _in_quotes(slug: str, words: str, name: str) -> Check:
    return judged(
        "rfc6266-C.1",
        "1",
        f"quoted-{slug}",
        f"There is no encoded-word in a quoted-string for {words}",
        name,
        {quoted_encoded_word: VIOLATION.because("an encoded-word stands in a quoted-string"), disposed: PASS},
        sent(both(name)),
        {f"encodes it {how}": sent(value) for how, value in _WORDS},
    )


def _anywhere(slug: str, words: str, name: str) -> Check:
    return judged(
        "rfc6266-C.1",
        "2",
        f"anywhere-{slug}",
        f"There is no encoded-word anywhere in the field for {words}",
        name,
        {with_encoded_word: VIOLATION.because("an encoded-word stands in a parameter"), disposed: PASS},
        sent(both(name)),
        {
            **{f"encodes it {how}": sent(value) for how, value in _WORDS},
            "does so without quotes": sent(b"attachment; filename==?UTF-8?B?w6k=?="),
        },
    )


CHECKS = (*(_in_quotes(*row) for row in _NAMES), *(_anywhere(*row) for row in _NAMES))
