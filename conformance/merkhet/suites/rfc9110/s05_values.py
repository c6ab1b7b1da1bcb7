"""RFC 9110, Sections 5.5 and 5.6: whitespace around values, octets in them, empty members, bad whitespace."""

from __future__ import annotations

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Canned,
    Check,
    observed,
)
from merkhet.expect import (
    answered,
    ended,
    silent,
    status,
    status_4xx,
    status_5xx,
)
from merkhet.expect_echo import echoed
from merkhet.suites.rfc9110.s09_shared import (
    FAILS,
    SILENT_SERVER,
    asks_for_the_end,
    one_answer,
    unserved,
)
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import (
    CHUNKED_ECHO_TWIN,
    ECHO_TWIN,
    REFUSED,
    TELLS_NO_CONTENT,
    TELLS_NO_FIELDS,
    chunked_post,
    echo,
)

TEST = b"X-Merkhet"

# --- 5.5: whitespace and octets


def _trimmed(slug: str, words: str, value: bytes, read_as: bytes) -> Check:
    return one_answer(
        f"rfc9110-5.5-space-{slug}",
        "rfc9110-5.5-1",
        f"{words} is no part of the value",
        request(b"GET", TEST + b":" + value, to=b"{echo}"),
        {
            echoed(lines=((TEST, read_as),)): PASS,
            echoed(absent=(TEST,)): WARNING.because("the field did not reach the application"),
            **TELLS_NO_FIELDS,
            echoed(): VIOLATION.because("the value was not read without the whitespace around it"),
            status_4xx: VIOLATION.because("a legal field line was refused"),
            **unserved(),
            answered: WARNING.because("no echo came"),
        },
        good=echo(method="GET", fields=((TEST, read_as),)),
        mutants=(
            Canned("keeps it", echo(method="GET", fields=((TEST, value + b" "),))),
            Canned("refuses it", REFUSED),
            FAILS,
            SILENT_SERVER,
        ),
        twin=ECHO_TWIN,
    )


SPACES = (
    _trimmed("before", "Whitespace before a value", b"  \t v", b"v"),
    _trimmed("behind", "Whitespace behind a value", b" v \t ", b"v"),
    _trimmed("around", "Whitespace around a value", b"\t v \t", b"v"),
    _trimmed("none", "No whitespace at all, which is as good,", b"v", b"v"),
    _trimmed("inside", "Whitespace around two words, but that between them,", b" \ta b\t ", b"a b"),
    _trimmed("only", "Whitespace alone", b" \t ", b""),
)


def _spaced_length(slug: str, line: bytes) -> Check:
    return one_answer(
        f"rfc9110-5.5-space-length-{slug}",
        "rfc9110-5.5-1",
        f"Whitespace around a length is no part of it ({slug})",
        request(b"POST", line, to=b"{echo}", content=b"hello"),
        {
            echoed(body=b"hello"): PASS,
            status_4xx: VIOLATION.because("a legal length was refused"),
            **TELLS_NO_CONTENT,
            answered: VIOLATION.because("the length was not read"),
            **unserved(),
        },
        good=echo(b"hello"),
        mutants=(Canned("refuses it", REFUSED), Canned("reads none", echo(b"")), SILENT_SERVER),
        to="POST",
        twin=ECHO_TWIN,
    )


def _opaque(slug: str, words: str, value: bytes) -> Check:
    return one_answer(
        f"rfc9110-5.5-octets-{slug}",
        "rfc9110-5.5-3",
        f"{words} in a value is passed on as it is",
        request(b"GET", TEST + b": " + value, to=b"{echo}"),
        {
            echoed(lines=((TEST, value),)): PASS,
            **TELLS_NO_FIELDS,
            echoed(): VIOLATION.because("the octets were changed on their way to the application"),
            status(400): VIOLATION.because("refused for octets that are opaque data"),
            status_4xx: VIOLATION.because("refused for octets that are opaque data"),
            **unserved(),
            answered: WARNING.because("no echo came"),
        },
        good=echo(method="GET", fields=((TEST, value),)),
        mutants=(
            Canned("changes them", echo(method="GET", fields=((TEST, value.replace(value[:1], b"?")),))),
            Canned("refuses them", REFUSED),
            FAILS,
            SILENT_SERVER,
        ),
        twin=ECHO_TWIN,
    )


OPAQUE = (
    _opaque("latin", "An octet of Latin-1", b"\xe9t\xe9"),
    _opaque("utf-8", "UTF-8", "ünïcödé ☃".encode()),
    _opaque("all", "Every octet beyond ASCII", bytes(range(0x80, 0x100))),
    _opaque("broken", "Broken UTF-8", b"\xc3\x28 \xff\xfe"),
)


def _forbidden(slug: str, words: str, octet: bytes) -> Check:
    value = b"a%sb" % octet
    return one_answer(
        f"rfc9110-5.5-forbidden-{slug}",
        "rfc9110-5.5-4",
        f"{words} in a value is refused, or becomes a space",
        request(b"GET", TEST + b": " + value, to=b"{echo}"),
        {
            echoed(lines=((TEST, value),)): VIOLATION.because("the octet reached the application as it is"),
            echoed(lines=((TEST, b"a b"),)): PASS,
            echoed(lines=((TEST, b"a"),)): VIOLATION.because("the value ended at the octet"),
            status_4xx: PASS,
            ended: PASS,
            status_5xx: WARNING.because("an error of the server's own"),
            silent: WARNING.because("a complete request got no answer"),
            echoed(): WARNING.because("the echo does not tell what became of it"),
            answered: WARNING.because("no echo came"),
        },
        good=REFUSED,
        mutants=(
            Canned("passes it on", echo(method="GET", fields=((TEST, value),))),
            Canned("cuts the value", echo(method="GET", fields=((TEST, b"a"),))),
            FAILS,
            SILENT_SERVER,
        ),
        twin=ECHO_TWIN,
    )


def _control(slug: str, words: str, octet: bytes) -> Check:
    value = b"a%sb" % octet
    return one_answer(
        f"rfc9110-5.5-control-{slug}",
        "rfc9110-5.5-5",
        f"{words} in a value is refused, or kept",
        request(b"GET", TEST + b": " + value, to=b"{echo}"),
        {
            echoed(lines=((TEST, value),)): observed("keeps it"),
            echoed(): observed("serves the request, and changes the value or does not tell"),
            status_4xx: observed("refuses it"),
            ended: observed("hangs up"),
            **unserved(),
            answered: observed("answers without an echo"),
        },
        good=REFUSED,
        mutants=(
            Canned("keeps it", echo(method="GET", fields=((TEST, value),))),
            Canned("changes it", echo(method="GET", fields=((TEST, b"ab"),))),
            SILENT_SERVER,
        ),
        twin=ECHO_TWIN,
    )


# --- 5.6.1.2-1: empty members


def _empties(slug: str, value: bytes) -> Check:
    return asks_for_the_end(
        f"rfc9110-5.6.1.2-connection-{slug}",
        "rfc9110-5.6.1.2-1",
        f"Connection: {value.decode()} has one member",
        b"Connection: " + value,
    )


# --- 5.6.3-5: bad whitespace


def _bad_space(slug: str, chunk: bytes) -> Check:
    return one_answer(
        f"rfc9110-5.6.3-bad-space-{slug}",
        "rfc9110-5.6.3-5",
        f"Whitespace around a chunk extension is read and thrown away ({slug})",
        chunked_post(chunk + b"\r\nhello\r\n0\r\n\r\n"),
        {
            echoed(body=b"hello"): PASS,
            status_4xx: WARNING.because("refused: what is bad and to be read all the same"),
            **TELLS_NO_CONTENT,
            echoed(): VIOLATION.because("the content was read wrongly"),
            ended: WARNING.because("the connection ended without an answer"),
            **unserved(),
            answered: WARNING.because("no echo came"),
        },
        good=echo(b"hello"),
        mutants=(Canned("refuses it", REFUSED), Canned("takes it for content", echo(b" ; x = yhello")), SILENT_SERVER),
        to="POST",
        twin=CHUNKED_ECHO_TWIN,
    )


CHECKS = (
    *SPACES,
    _spaced_length("before", b"Content-Length:  \t 5"),
    _spaced_length("behind", b"Content-Length: 5 \t "),
    *OPAQUE,
    _forbidden("nul", "NUL", b"\0"),
    _forbidden("cr", "A bare CR", b"\r"),
    *(_control(f"{octet:02x}", f"The control character {octet:02X}", bytes([octet])) for octet in (0x01, 0x08, 0x0B, 0x1F, 0x7F)),
    _empties("before", b", close"),
    _empties("around", b",, close,"),
    _empties("spaced", b" , , close , "),
    *(_bad_space(slug, chunk) for slug, chunk in (
        ("before", b"5 ; x=y"), ("around", b"5 ; x = y"), ("tabs", b"5\t;\tx\t=\ty"), ("quoted", b'5 ; x = "y"'),
    )),
)  # fmt: skip
