"""RFC 9112, Section 7.1.1: Chunk Extensions."""

from __future__ import annotations

from merkhet.check import INCONCLUSIVE, PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, observed
from merkhet.expect import any_of, cut_short, ended, silent, status, status_2xx, status_4xx, status_5xx
from merkhet.suites.rfc9112.s06_framing import OWN_ERROR, REQUIRED_LENGTH, malformed
from merkhet.suites.rfc9112.s06_legal import legal, legal_echo
from merkhet.suites.words import CHUNKED_ECHO_TWIN, REFUSED, SERVER_ERROR, SINCE, chunked_post, echo

LAST = b"0\r\n\r\n"
MIB = 1024 * 1024

IGNORED: tuple[tuple[str, str, bytes], ...] = (
    ("name", "A name", b"5;merkhet"),
    ("name-and-value", "A name and a value", b"5;merkhet=plumb"),
    ("quoted-value", "A quoted value", b'5;merkhet="plumb line"'),
    ("quoted-semicolon", "A quoted value that holds a semicolon", b'5;merkhet="a;b=c"'),
    ("quoted-pair", "A quoted value that holds an escaped quote", b'5;merkhet="a\\"b"'),
    ("quoted-size", "A quoted value that holds a number", b'5;merkhet="10"'),
    ("quoted-empty", "An empty quoted value", b'5;merkhet=""'),
    ("several", "Three extensions", b'5;a=1;b;c="d"'),
    ("hexadecimal-name", "A name of hexadecimal digits", b"5;abc=def"),
    ("token-octets", "A name of every token octet that is no letter or digit", b"5;!#$%&'*+-.^_`|~"),
)
"""Slug, words for the title, and a size line without its CRLF: extensions that no server knows."""

WHITESPACE: tuple[tuple[str, str, bytes], ...] = (
    ("around-all", "around the semicolon and the equals sign", b"5 ; a = b"),
    ("before-semicolon", "before the semicolon", b"5 ;a=b"),
    ("behind-semicolon", "behind the semicolon", b"5; a=b"),
    ("tab", "that is a tab, before the semicolon", b"5\t;a=b"),
    ("around-equals", "around the equals sign", b'5;a = "b"'),
)

MALFORMED: tuple[tuple[str, str, bytes], ...] = (
    ("lf", "that holds LF", b"5;a\nb"),
    ("lf-value", "whose value holds LF", b"5;a=b\nc"),
    ("semicolon-lf", "that is LF", b"5;\n"),
    ("cr", "that holds CR", b"5;a\rb"),
    ("cr-cr", "behind two CRs", b"5\r\r;abcd"),
    ("nul", "that holds NUL", b"5;a\x00b"),
    ("del", "that holds DEL", b"5;a\x7fb"),
    ("nameless", "without a name", b"5;"),
    ("nameless-value", "with a value and no name", b"5;=b"),
    ("valueless", "with an equals sign and no value", b"5;a="),
    ("two-semicolons", "behind two semicolons", b"5;;a"),
    ("open-quote", "whose quoted value is not ended", b'5;a="b'),
    ("quoted-crlf", "whose quoted value holds CRLF", b'5;a="x\r\ny"'),
    ("quoted-lf", "whose quoted value holds LF", b'5;a="x\ny"'),
    ("behind-quote", "with a word behind its quoted value", b'5;a="b"c'),
    ("name-octet", "whose name holds a parenthesis", b"5;a(b"),
    ("space-in-name", "whose name holds a space", b"5;a b"),
    ("obs-text-name", "whose name holds an octet above 127", b"5;a\xe9b"),
)
"""Slug, words for the title, and a size line without its CRLF that is no chunk-ext."""


def _long(slug: str, title: str, length: int, *, tags: frozenset[str] = frozenset()) -> Check:
    accepted = VIOLATION.because("an extension of 16 MiB was read to its end") if length >= 16 * MIB else _KEPT
    return Check(
        id=f"rfc9112-7.1.1-{slug}",
        requirement="rfc9112-7.1.1-a2",
        title=title,
        since=SINCE,
        steps=(
            Send(chunked_post(b"5;" + b"a" * length + b"\r\nhello\r\n" + LAST)),
            Answers(
                {
                    status(411): REQUIRED_LENGTH,
                    status_4xx: PASS if length >= 16 * MIB else observed("refused"),
                    any_of(ended, cut_short): PASS if length >= 16 * MIB else observed("refused by a close"),
                    status_2xx: accepted,
                    status_5xx: OWN_ERROR,
                    silent: (INCONCLUSIVE if length >= MIB else WARNING).because("no answer came in time"),
                },
                to="POST",
                patience_seconds=10.0 if length >= MIB else None,
            ),
        ),
        twin=CHUNKED_ECHO_TWIN,
        good=(REFUSED,),
        mutants=(Canned("reads it to its end", echo(b"hello")), Canned("fails", SERVER_ERROR)),
        tags=tags,
        note="The text advises a limit and leaves its size open; only an extension of 16 MiB is judged, smaller ones are recorded.",
    )


_KEPT = observed("taken")

CHECKS = (
    *(
        legal_echo(
            f"7.1.1-extension-{slug}-echo",
            "rfc9112-7.1.1-1",
            f"{words} in a chunk extension is ignored",
            chunked_post(line + b"\r\nhello\r\n" + LAST),
            b"hello",
        )
        for slug, words, line in IGNORED
    ),
    *(
        legal(
            f"7.1.1-extension-{slug}",
            "rfc9112-7.1.1-1",
            f"{words} in a chunk extension does not touch the request behind it",
            chunked_post(line + b"\r\nhello\r\n" + LAST, to=b"{root}"),
        )
        for slug, words, line in IGNORED
        if slug in {"name-and-value", "quoted-semicolon", "several"}
    ),
    legal_echo(
        "7.1.1-extension-on-last-chunk-echo",
        "rfc9112-7.1.1-1",
        "An extension of the last chunk is ignored",
        chunked_post(b"5\r\nhello\r\n0;merkhet=plumb\r\n\r\n"),
        b"hello",
    ),
    legal_echo(
        "7.1.1-extension-on-every-chunk-echo",
        "rfc9112-7.1.1-1",
        "Extensions of every chunk are ignored",
        chunked_post(b'5;a\r\nhello\r\n2;b=1\r\n, \r\n5;c="2"\r\nworld\r\n0;d\r\n\r\n'),
        b"hello, world",
    ),
    *(
        legal_echo(
            f"7.1.1-whitespace-{slug}-echo",
            "rfc9112-7.1.1-a1",
            f"Whitespace {words} of a chunk extension is passed over",
            chunked_post(line + b"\r\nhello\r\n" + LAST),
            b"hello",
            note="The grammar has this whitespace as bad and asks recipients to parse it; most released servers refuse it.",
        )
        for slug, words, line in WHITESPACE
    ),
    *(
        legal(
            f"7.1.1-whitespace-{slug}",
            "rfc9112-7.1.1-a1",
            f"Whitespace {words} of a chunk extension does not touch the request behind it",
            chunked_post(line + b"\r\nhello\r\n" + LAST, to=b"{root}"),
            note="The grammar has this whitespace as bad and asks recipients to parse it; most released servers refuse it.",
        )
        for slug, words, line in WHITESPACE
        if slug == "around-all"
    ),
    *(
        check
        for slug, words, line in MALFORMED
        for check in malformed(
            f"7.1.1-malformed-{slug}",
            "rfc9112-7.1.1-a3",
            f"A chunk extension {words} is refused",
            line + b"\r\nhello\r\n" + LAST,
        )
    ),
    _long("extension-of-16-mib", "A chunk extension of 16 MiB is refused", 16 * MIB, tags=frozenset({"bulk"})),
    _long("extension-of-64-kib", "A chunk extension of 64 KiB is taken or refused", 64 * 1024),
    _long("extension-of-1-kib", "A chunk extension of 1 KiB is taken or refused", 1024),
)
