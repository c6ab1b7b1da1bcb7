"""RFC 9110, Sections 5.1 to 5.4: names without case, unknown fields, lines of one name, the end of the head, and size."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    HalfClose,
    On,
    Send,
    Verdict,
    closes,
    lacks,
    observed,
)
from merkhet.expect import (
    Expectation,
    answered,
    as_preflight,
    content,
    cut_short,
    ended,
    silent,
    status,
    status_2xx,
    status_4xx,
    status_5xx,
)
from merkhet.expect_echo import echoed
from merkhet.suites.rfc9110.s09_shared import (
    FAILS,
    HANGS_UP,
    SILENT_SERVER,
    asks_for_the_end,
    one_answer,
    read,
    unanswered,
    unserved,
)
from merkhet.suites.rfc9112.sequences import request, sized
from merkhet.suites.words import (
    CHUNKED_ECHO_TWIN,
    ECHO_TWIN,
    OK,
    REFUSED,
    SINCE,
    TELLS_NO_CONTENT,
    chunked_post,
    echo,
    response,
)

TEST = b"X-Merkhet"

# --- 5.1-2: what is not known is passed over

UNKNOWN: tuple[tuple[str, str, tuple[bytes, ...]], ...] = (
    ("one", "A field that nobody knows", (b"X-Merkhet-Unknown: 1",)),
    ("many", "Thirty fields that nobody knows", tuple(b"X-Merkhet-%d: 1" % number for number in range(30))),
    ("token", "A field whose name has every kind of character", (b"!#$%&'*+-.^_`|~9a: 1",)),
    ("single", "A field whose name is one letter", (b"z: 1",)),
    ("digits", "A field whose name is a number", (b"12345: 1",)),
    ("lookalike", "A field that is almost Content-Length", (b"Content-Lengths: 5",)),
    ("prefixed", "A field that ends as Transfer-Encoding", (b"X-Transfer-Encoding: chunked",)),
)


def _passed_over(slug: str, words: str, lines: tuple[bytes, ...]) -> Check:
    return one_answer(
        f"rfc9110-5.1-unknown-{slug}",
        "rfc9110-5.1-2",
        f"{words} changes nothing",
        request(b"GET", *lines),
        {
            as_preflight(): PASS,
            status_4xx: VIOLATION.because("refused for a field that need not be known"),
            **unserved(),
            answered: VIOLATION.because("answered otherwise than without it"),
        },
        good=OK,
        mutants=(
            Canned("refuses it", REFUSED),
            Canned("answers otherwise", response(404, b"no")),
            FAILS,
            SILENT_SERVER,
        ),
    )


def _trailer_passed_over() -> Check:
    return one_answer(
        "rfc9110-5.1-unknown-trailer",
        "rfc9110-5.1-2",
        "A trailer that nobody knows changes nothing",
        chunked_post(b"5\r\nhello\r\n0\r\nX-Merkhet-Unknown: 1\r\n\r\n"),
        {
            echoed(body=b"hello"): PASS,
            status_4xx: VIOLATION.because("refused for a trailer that need not be known"),
            **unserved(),
            answered: WARNING.because("no echo of the content came"),
        },
        good=echo(b"hello"),
        mutants=(Canned("refuses it", REFUSED), Canned("takes it for content", echo(b"helloX")), FAILS, SILENT_SERVER),
        to="POST",
        twin=CHUNKED_ECHO_TWIN,
    )


# --- 5.1-a1: names have no case

_OTHER_NAME = VIOLATION.because("the field was not known by another case of its name")


def _length(slug: str, name: bytes) -> Check:
    return one_answer(
        f"rfc9110-5.1-case-length-{slug}",
        "rfc9110-5.1-a1",
        f"{name.decode()} is Content-Length",
        request(b"POST", name + b": 5", to=b"{echo}", content=b"hello"),
        {echoed(body=b"hello"): PASS, **TELLS_NO_CONTENT,
         echoed(): _OTHER_NAME, status_4xx: _OTHER_NAME, answered: WARNING, **unserved()},
        good=echo(b"hello"),
        mutants=(Canned("does not know it", echo(b"")), Canned("asks for a length", response(411, b"no")), HANGS_UP,
                 SILENT_SERVER),
        to="POST",
        twin=ECHO_TWIN,
    )  # fmt: skip


def _host(slug: str, name: bytes) -> Check:
    return one_answer(
        f"rfc9110-5.1-case-host-{slug}",
        "rfc9110-5.1-a1",
        f"{name.decode()} is Host",
        b"GET {root} HTTP/1.1\r\n%s: {host}\r\n\r\n" % name,
        {as_preflight(): PASS, status_4xx: _OTHER_NAME, answered: WARNING.because("something else came"), **unserved()},
        good=OK,
        mutants=(Canned("misses it", REFUSED), HANGS_UP, SILENT_SERVER),
    )


def _closing(slug: str, name: bytes) -> Check:
    return asks_for_the_end(
        f"rfc9110-5.1-case-connection-{slug}", "rfc9110-5.1-a1", f"{name.decode()} is Connection", name + b": close"
    )


def _chunked(slug: str, name: bytes) -> Check:
    return one_answer(
        f"rfc9110-5.1-case-coding-{slug}",
        "rfc9110-5.1-a1",
        f"{name.decode()} is Transfer-Encoding",
        request(b"POST", name + b": chunked", to=b"{echo}", content=b"5\r\nhello\r\n0\r\n\r\n"),
        {echoed(body=b"hello"): PASS, **TELLS_NO_CONTENT,
         echoed(): _OTHER_NAME, status_4xx: _OTHER_NAME, answered: WARNING, **unserved()},
        good=echo(b"hello"),
        mutants=(Canned("does not know it", echo(b"")), Canned("asks for a length", response(411, b"no")), HANGS_UP,
                 SILENT_SERVER),
        to="POST",
        twin=CHUNKED_ECHO_TWIN,
    )  # fmt: skip


NAMES = (
    _length("mixed", b"cOnTeNt-LeNgTh"),
    _length("upper", b"CONTENT-LENGTH"),
    _length("lower", b"content-length"),
    _host("mixed", b"hOsT"),
    _host("upper", b"HOST"),
    _closing("upper", b"CONNECTION"),
    _closing("mixed", b"cONNECTION"),
    _chunked("mixed", b"tRaNsFeR-EnCoDiNg"),
    _chunked("upper", b"TRANSFER-ENCODING"),
)

# --- 5.3-1: lines of one name


def _repeated(slug: str, words: str, lines: tuple[bytes, ...], pairs: tuple[bytes, ...], joined: bytes) -> Check:
    apart = tuple((TEST, value) for value in pairs)
    return one_answer(
        f"rfc9110-5.3-lines-{slug}",
        "rfc9110-5.3-1",
        f"{words} of one name stay apart or are joined, and none is lost",
        request(b"GET", *lines, to=b"{echo}"),
        {
            echoed(lines=((TEST, joined),)): observed("joins them by a comma and a space"),
            echoed(lines=((TEST, joined.replace(b", ", b",")),)): observed("joins them by a comma"),
            echoed(lines=apart): observed("keeps them apart"),
            echoed(lines=((TEST, pairs[-1]),)): WARNING.because("only the last of them is left"),
            echoed(lines=((TEST, pairs[0]),)): WARNING.because("only the first of them is left"),
            echoed(): WARNING.because("they are lost, or the echo cannot tell"),
            **unserved(),
            answered: WARNING.because("no echo came"),
        },
        good=echo(method="GET", fields=apart),
        mutants=(
            Canned("joins them", echo(method="GET", fields=((TEST, joined),))),
            Canned("keeps the last", echo(method="GET", fields=((TEST, pairs[-1]),))),
            Canned("loses them", echo(method="GET")),
            FAILS,
        ),
        twin=ECHO_TWIN,
    )


# --- 5.3-4: nothing is done before the head has ended


def _too_early(slug: str, words: str, data: bytes) -> Check:
    path = b"{mutable:merkhet-early-%s-{nonce}}" % slug.encode()
    stored = response(200, b"kept")
    return Check(
        id=f"rfc9110-5.3-early-{slug}",
        requirement="rfc9110-5.3-4",
        title=f"{words} whose head never ends is not performed",
        since=SINCE,
        steps=(
            Send(sized(b"PUT", b"kept", to=path)),
            read({status_2xx: PASS, answered: lacks("a store"), **unanswered()}, to="PUT"),
            On(1),
            Send(data.replace(b"PATH", path)),
            HalfClose(),
            Answers({status_2xx: VIOLATION.because("a success before the head had ended"), answered: PASS, ended: PASS,
                     silent: PASS}, to="PUT"),
            On(2),
            Send(request(b"GET", b"Accept-Encoding: identity", to=path)),
            read(
                {
                    content(b"kept"): PASS,
                    status(404, 410): VIOLATION.because("it was deleted before the head had ended"),
                    status_2xx: VIOLATION.because("it was changed before the head had ended"),
                    **unserved(),
                    answered: WARNING.because("something else came"),
                }
            ),
            Send(request(b"DELETE", to=path), anew=True),
            Answers({answered: PASS, ended: PASS, silent: PASS}, to="DELETE"),
        ),
        good=(response(201, b""), closes(response(400, b"", close=True)), stored + response(204, b"")),
        mutants=(
            Canned("does it at once", response(201, b""), closes(response(200, b"", close=True))),
            Canned("loses it", response(201, b""), closes(b""), response(404, b"no")),
            Canned("changes it", response(201, b""), closes(b""), response(200, b"lost")),
        ),
    )  # fmt: skip


EARLY = (
    _too_early("delete", "A DELETE", b"DELETE PATH HTTP/1.1\r\nHost: {host}\r\n"),
    _too_early("put", "A PUT", b"PUT PATH HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n"),
    _too_early(
        "half-line", "A DELETE in the middle of a field line", b"DELETE PATH HTTP/1.1\r\nHost: {host}\r\nX-Merkh"
    ),
)

# --- 5.4-1: too much of it

_REFUSED_RIGHTLY: Mapping[Expectation, Verdict] = {
    status_4xx: PASS,
    status(503): WARNING.because("refused as if the server were busy"),
    status_5xx: VIOLATION.because("too much of it is enough for an error of the server's own"),
    status_2xx: PASS,
    answered: PASS,
    ended: WARNING.because("the connection ended without a status"),
    cut_short: WARNING.because("the refusal was cut short, as by a reset behind what was not read"),
    silent: WARNING.because("a complete request got no answer"),
}
TOO_MUCH: tuple[tuple[str, str, bytes, frozenset[str]], ...] = (
    ("line-16k", "A field line of 16 KiB", b"X-Merkhet: " + b"a" * 16384, frozenset()),
    ("line-64k", "A field line of 64 KiB", b"X-Merkhet: " + b"a" * 65536, frozenset()),
    ("line-256k", "A field line of 256 KiB", b"X-Merkhet: " + b"a" * 262144, frozenset({"bulk"})),
    ("line-1m", "A field line of 1 MiB", b"X-Merkhet: " + b"a" * 1048576, frozenset({"bulk"})),
    ("name-16k", "A field name of 16 KiB", b"X" * 16384 + b": a", frozenset()),
    ("lines-200", "Two hundred field lines", b"\r\n".join(b"X-Merkhet-%d: a" % number for number in range(200)), frozenset()),
    ("lines-2000", "Two thousand field lines", b"\r\n".join(b"X-M-%d: a" % number for number in range(2000)), frozenset()),
)  # fmt: skip


def _too_much(slug: str, words: str, lines: bytes, tags: frozenset[str]) -> Check:
    return one_answer(
        f"rfc9110-5.4-size-{slug}",
        "rfc9110-5.4-1",
        f"{words}: taken, or refused with a 4xx",
        request(b"GET", lines),
        _REFUSED_RIGHTLY,
        good=closes(response(431, b"no", close=True)),
        mutants=(FAILS, HANGS_UP, SILENT_SERVER),
        tags=tags,
    )


CHECKS = (
    *(_passed_over(*row) for row in UNKNOWN),
    _trailer_passed_over(),
    *NAMES,
    _repeated("two", "Two lines", (b"X-Merkhet: a", b"X-Merkhet: b"), (b"a", b"b"), b"a, b"),
    _repeated("apart", "Two lines with another between them", (b"X-Merkhet: a", b"X-Other: 1", b"X-Merkhet: b"),
              (b"a", b"b"), b"a, b"),
    _repeated("cases", "Two lines whose names differ in case", (b"X-Merkhet: a", b"x-mERKHET: b"), (b"a", b"b"), b"a, b"),
    *EARLY,
    *(_too_much(*row) for row in TOO_MUCH),
)  # fmt: skip
