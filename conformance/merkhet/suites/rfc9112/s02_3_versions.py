"""RFC 9112, Section 2.3: HTTP Version."""

from __future__ import annotations

from merkhet.suites.rfc9112.s02_heads import refused_and_closed

VERSIONS: tuple[tuple[str, str, bytes], ...] = (
    ("lower-case", "in lower case", b"http/1.1"),
    ("mixed-case", "in mixed case", b"Http/1.1"),
    ("leading-zero", "with a leading zero", b"HTTP/01.1"),
    ("minor-two-digits", "with two digits behind the point", b"HTTP/1.10"),
    ("minor-long", "whose minor number merely begins with 1", b"HTTP/1.1596"),
    ("major-two-digits", "with two digits before the point", b"HTTP/11.1"),
    ("wraps", "whose major number wraps to 1 in 32 bits", b"HTTP/4294967297.1"),
    ("no-minor", "without a minor number", b"HTTP/1"),
    ("empty-minor", "with nothing behind the point", b"HTTP/1."),
    ("empty-major", "with nothing before the point", b"HTTP/.1"),
    ("three-numbers", "of three numbers", b"HTTP/1.1.1"),
    ("comma", "with a comma for the point", b"HTTP/1,1"),
    ("sign", "with a sign", b"HTTP/+1.1"),
    ("minus", "with a negative number", b"HTTP/1.-1"),
    ("letter", "with a letter for a digit", b"HTTP/1.x"),
    ("hexadecimal", "with a hexadecimal digit", b"HTTP/1.A"),
    ("no-slash", "without its slash", b"HTTP1.1"),
    ("backslash", "with a backslash", b"HTTP\\1.1"),
    ("other-name", "of another protocol", b"HTTPS/1.1"),
    ("short-name", "whose name lacks a letter", b"HTP/1.1"),
    ("long-name", "whose name has a letter too many", b"HTTPP/1.1"),
    ("arabic-indic", "with an Arabic-Indic digit in UTF-8", b"HTTP/1.\xd9\xa1"),
    ("fullwidth", "with a fullwidth digit in UTF-8", b"HTTP/1.\xef\xbc\x91"),
    ("superscript", "with the superscript one of Latin-1", b"HTTP/1.\xb9"),
    ("nul", "followed by NUL", b"HTTP/1.1\x00"),
)
"""Slug, words, and a version that is not "HTTP/" DIGIT "." DIGIT."""

CHECKS = tuple(
    refused_and_closed(
        f"2.3-version-{slug}",
        "rfc9112-2.3-a2",
        f"A version {words} gets 400 and a close",
        b"GET {root} " + version + b"\r\nHost: {host}\r\n\r\n",
        tolerated=(505,),
        note="505 says of a version that it is not one of the server's: as good as 400.",
    )
    for slug, words, version in VERSIONS
)
