"""RFC 9112, Section 7.1: Chunked Transfer Coding: what stands between and behind the chunks."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Answers, Canned, Check, HalfClose, Send, observed
from merkhet.expect import ended, silent, status_2xx, status_4xx, status_5xx
from merkhet.suites.rfc9112.s06_framing import OWN_ERROR, malformed, malformed_echo
from merkhet.suites.words import CHUNKED_ECHO_TWIN, REFUSED, SINCE, chunked_post, echo

LAST = b"0\r\n\r\n"
_SIZE_LF = (
    "A recipient may take a lone LF for a line end in the start line and field lines only; to wait for CRLF is legal."
)

TERMINATORS: tuple[tuple[str, str, bytes], ...] = (
    ("two-other-octets", "Two octets that are not CRLF behind chunk data are refused", b"5\r\nhelloXX" + LAST),
    (
        "two-octets-and-chunk",
        "Octets that are not CRLF behind chunk data are refused, whatever chunk they hide",
        b"5\r\nAAAAAXX2\r\n45\r\n" + LAST,
    ),
    ("octet-and-lf", "Another octet in the place of CR behind chunk data is refused", b"5\r\nhelloX\n" + LAST),
    ("cr-and-octet", "Another octet in the place of LF behind chunk data is refused", b"5\r\nhello\rX" + LAST),
    ("reversed", "LF and CR in the wrong order behind chunk data are refused", b"5\r\nhello\n\r" + LAST),
    ("two-cr", "Two CRs behind chunk data are refused", b"5\r\nhello\r\r" + LAST),
    ("cr-cr-lf", "One more CR before the CRLF behind chunk data is refused", b"5\r\nhello\r\r\n" + LAST),
    ("spaces", "Spaces in the place of CRLF behind chunk data are refused", b"5\r\nhello  " + LAST),
    ("missing", "A size right behind chunk data is refused", b"5\r\nhello" + LAST),
    ("data-too-long", "More octets than the size says before CRLF are refused", b"5\r\nhelloXX\r\n" + LAST),
    (
        "data-much-too-long",
        "Many more octets than the size says before CRLF are refused",
        b"5\r\nhello, world\r\n" + LAST,
    ),
    ("data-too-short", "Fewer octets than the size says before CRLF are refused", b"7\r\nhello\r\n" + LAST),
    ("extra-crlf", "One more CRLF behind chunk data is refused", b"5\r\nhello\r\n\r\n" + LAST),
    ("extra-crlf-first", "A CRLF before the first size is refused", b"\r\n5\r\nhello\r\n" + LAST),
    ("space-before-crlf", "A space before the CRLF behind chunk data is refused", b"5\r\nhello \r\n" + LAST),
)
"""Slug, title, and a body in which one place does not hold CRLF. Seven of `hello CRLF`, as `data-too-short`
declares, are chunk data: a size stands where CRLF should."""

LINE_FEEDS: tuple[tuple[str, str, bytes], ...] = (
    ("size-lf", "A chunk size that ends in LF alone is refused or waited for", b"5\nhello\r\n" + LAST),
    ("data-lf", "Chunk data that ends in LF alone is refused or waited for", b"5\r\nhello\n" + LAST),
    ("last-lf", "A last chunk that ends in LF alone is refused or waited for", b"5\r\nhello\r\n0\n\r\n"),
    ("all-lf", "A chunked body in which every line ends in LF alone is refused or waited for", b"5\nhello\n0\n\n"),
    (
        "size-digit-lf",
        "A size of sixteen that ends in LF alone does not lose a digit",
        b"10\nhellohellohello1\r\n" + LAST,
    ),
    ("size-cr", "A chunk size that ends in CR alone is refused or waited for", b"5\rhello\r\n" + LAST),
)

SPLIT: tuple[tuple[str, str, bytes, tuple[int, ...]], ...] = (
    (
        "split-octet-and-lf",
        "Another octet in the place of CR is refused where a segment ends behind it",
        b"5\r\nhelloX\n" + LAST,
        (-6,),
    ),
    (
        "split-cr-and-octet",
        "Another octet in the place of LF is refused where a segment ends before it",
        b"5\r\nhello\rX" + LAST,
        (-6,),
    ),
)


def _ends_early(slug: str, title: str, body: bytes) -> Check:
    return Check(
        id=f"rfc9112-7.1-{slug}",
        requirement="rfc9112-8-a1",
        title=title,
        since=SINCE,
        steps=(
            Send(chunked_post(body)),
            HalfClose(),
            Answers(
                {
                    status_2xx: VIOLATION.because("an incomplete body was given to the application as whole"),
                    status_4xx: PASS,
                    ended: PASS,
                    status_5xx: OWN_ERROR,
                    silent: observed("the connection is not ended in time, though the client has sent all it will"),
                },
                to="POST",
            ),
        ),
        twin=CHUNKED_ECHO_TWIN,
        good=(REFUSED,),
        mutants=(Canned("takes the part for the whole", echo(b"hello")),),
        note="The contract of an echo is that a read error is never answered 200.",
    )


ENDS_EARLY: tuple[tuple[str, str, bytes], ...] = (
    ("end-before-final-crlf", "A chunked body without its final CRLF is incomplete", b"5\r\nhello\r\n0\r\n"),
    (
        "end-inside-final-crlf",
        "A chunked body that ends between its final CR and LF is incomplete",
        b"5\r\nhello\r\n0\r\n\r",
    ),
    (
        "end-inside-last-chunk",
        "A chunked body that ends behind the zero of its last chunk is incomplete",
        b"5\r\nhello\r\n0",
    ),
    ("end-before-last-chunk", "A chunked body that ends before its last chunk is incomplete", b"5\r\nhello\r\n"),
    ("end-before-data-crlf", "A chunked body that ends before the CRLF behind chunk data is incomplete", b"5\r\nhello"),
    ("end-inside-data", "A chunked body that ends within chunk data is incomplete", b"5\r\nhel"),
    (
        "end-inside-trailer",
        "A chunked body that ends within a trailer field is incomplete",
        b"5\r\nhello\r\n0\r\nX-Trailer: 1",
    ),
    (
        "end-behind-trailer",
        "A chunked body that ends behind a trailer field is incomplete",
        b"5\r\nhello\r\n0\r\nX-Trailer: 1\r\n",
    ),
)

CHECKS = (
    *(
        check
        for slug, title, body in TERMINATORS
        for check in malformed(f"7.1-chunk-{slug}", "rfc9112-7.1-a3", title, body)
    ),
    *(
        check
        for slug, title, body in LINE_FEEDS
        for check in malformed(f"7.1-chunk-{slug}", "rfc9112-7.1-a3", title, body, note=_SIZE_LF)
    ),
    *(
        malformed_echo(f"7.1-chunk-{slug}-echo", "rfc9112-7.1-a3", title, body, cuts=cuts)
        for slug, title, body, cuts in SPLIT
    ),
    *(_ends_early(*row) for row in ENDS_EARLY),
)
