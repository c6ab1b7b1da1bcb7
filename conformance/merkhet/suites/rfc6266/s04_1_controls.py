"""RFC 6266, Section 4.1: no control character comes into the field with a name (RFC 9110, Section 5.5)."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Check
from merkhet.expect import field, garbage, status_2xx, status_4xx
from merkhet.expect_disposition import Flaw, disposed, flawed
from merkhet.suites.rfc6266.words import Name, judged, quoted, sent

CONTROLS: tuple[Name, ...] = (
    ("crlf", "a CRLF and a field line", "a\r\nX-Merkhet: 1\r\nb.txt"),
    ("crlf-quoted", "a quote, a CRLF and a field line", 'a"\r\nX-Merkhet: 1\r\nb: "b.txt'),
    ("lf", "an LF and a field line", "a\nX-Merkhet: 1\nb.txt"),
    ("cr", "a CR and a field line", "a\rX-Merkhet: 1\rb.txt"),
    ("crlf-last", "a CRLF at its end", "a.txt\r\n"),
    ("crlf-first", "a CRLF at its beginning", "\r\na.txt"),
    ("crlf-twice", "two CRLFs", "a\r\n\r\nb.txt"),
    ("fold", "a CRLF and a space", "a\r\n X-Merkhet: 1.txt"),
    ("nul", "a NUL", "a\0b.txt"),
    ("nul-last", "a NUL at its end", "a.txt\0"),
    ("crlf-beyond", "a CRLF and a letter beyond ASCII", "\u00fc\r\nX-Merkhet: 1\r\nb.txt"),
    ("low-octets", "characters whose low octets are CR and LF", "a\u560d\u560aX-Merkhet: 1\u560d\u560ab.txt"),
    ("next-line", "a next line character and a field line", "a\u0085X-Merkhet: 1\u0085b.txt"),
    ("line-separator", "a line separator and a field line", "a\u2028X-Merkhet: 1\u2028b.txt"),
)


def _control(slug: str, words: str, name: str) -> Check:
    safe = "".join(character if character.isprintable() else "_" for character in name)
    good = sent(quoted(safe))
    return judged(
        "rfc6266-4.1",
        "a5",
        f"control-{slug}",
        f"A name with {words} brings no control into the field",
        name,
        {
            field(b"X-Merkhet"): VIOLATION.because("the name brought a field line of its own"),
            flawed(Flaw.CONTROL): VIOLATION.because("a CR, LF or NUL stands in the field"),
            garbage: VIOLATION.because("what came is no response: the name broke its head"),
            disposed: PASS,
            status_2xx: PASS,
            status_4xx: PASS,
        },
        good,
        {
            "writes a field line": sent(b'attachment; filename="a', b"X-Merkhet: 1"),
            "writes a CR": sent(b'attachment; filename="a\rb.txt"'),
            "writes a NUL": sent(b'attachment; filename="a\0b.txt"'),
        },
        note="Replacing, escaping, dropping and refusing are all right.",
    )


CHECKS = tuple(_control(*row) for row in CONTROLS)
