"""RFC 9112, Sections 5.1 and 6.3: field names that only look like Content-Length or Transfer-Encoding.

A request with neither of the two has no content. A server that sees one of them in another name reads the next request
as content.
"""

from __future__ import annotations

from merkhet.suites.rfc9112.s02_heads import hides_no_framing
from merkhet.suites.rfc9112.sequences import request

_LENGTH = b"Content-Length"
_CODING = b"Transfer-Encoding"

LOOKALIKES: tuple[tuple[str, str, bytes], ...] = (
    ("length-next-line", "Content-Length with the NEXT LINE octet of Latin-1 behind it", _LENGTH + b"\x85: 1000"),
    ("length-no-break-space", "Content-Length with a no-break space of Latin-1 behind it", _LENGTH + b"\xa0: 1000"),
    ("length-no-break-utf8", "Content-Length with a no-break space in UTF-8 behind it", _LENGTH + b"\xc2\xa0: 1000"),
    ("length-first-no-break", "Content-Length behind a no-break space of Latin-1", b"\xa0" + _LENGTH + b": 1000"),
    ("length-nul", "Content-Length with NUL behind it", _LENGTH + b"\x00: 1000"),
    ("length-nul-and-text", "Content-Length with NUL and text behind it", _LENGTH + b"\x00X: 1000"),
    ("length-vertical-tab", "Content-Length with a vertical tab behind it", _LENGTH + b"\x0b: 1000"),
    ("length-form-feed", "Content-Length with a form feed behind it", _LENGTH + b"\x0c: 1000"),
    ("length-space-inside", "Content-Length with a space for its hyphen", b"Content Length: 1000"),
    ("length-quoted", "Content-Length in quotation marks", b'"Content-Length": 1000'),
    (
        "length-longer",
        "a name of 256 octets more that begins with Content-Length",
        _LENGTH + b"0" + b"a" * 255 + b": 1000",
    ),
    ("length-behind-colon", "Content-Length behind a colon", b":" + _LENGTH + b": 1000"),
    ("coding-next-line", "Transfer-Encoding with the NEXT LINE octet of Latin-1 behind it", _CODING + b"\x85: chunked"),
    (
        "coding-no-break-space",
        "Transfer-Encoding with a no-break space of Latin-1 behind it",
        _CODING + b"\xa0: chunked",
    ),
    ("coding-nul", "Transfer-Encoding with NUL behind it", _CODING + b"\x00: chunked"),
    ("coding-vertical-tab", "Transfer-Encoding with a vertical tab behind it", _CODING + b"\x0b: chunked"),
    ("coding-long-s", "Transfer-Encoding with the long s of Unicode", "Tran\u017ffer-Encoding: chunked".encode()),
    ("coding-space-inside", "Transfer-Encoding with a space for its hyphen", b"Transfer Encoding: chunked"),
    (
        "coding-longer",
        "a name of 256 octets more that begins with Transfer-Encoding",
        _CODING + b"0" * 256 + b": chunked",
    ),
)

CHECKS = tuple(
    hides_no_framing(
        f"6.3-lookalike-{slug}",
        "rfc9112-6.3-a3",
        f"A GET with {words} has no content",
        request(b"GET", line),
        note="Refusing the name is as good: what is judged is where the request ends.",
    )
    for slug, words, line in LOOKALIKES
)
