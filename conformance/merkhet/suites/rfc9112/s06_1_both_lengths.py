"""RFC 9112, Sections 6.1 and 6.3: a request with both Content-Length and Transfer-Encoding.

The content of the short forms holds a request of its own, so that a server which believes the Content-Length answers
twice; the long forms declare more than is sent, so that such a server waits.
"""

from __future__ import annotations

from dataclasses import dataclass

from merkhet.check import (
    DESYNC,
    INCONCLUSIVE,
    PASS,
    VIOLATION,
    Answers,
    Canned,
    Check,
    Send,
    closes,
    observed,
)
from merkhet.expect import (
    answered,
    echoed,
    ended,
    garbage,
    misechoed,
    served,
    silent,
    status,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.s06_framing import (
    HELLO,
    INNER,
    LINGER_SECONDS,
    NOT_ALLOWED,
    OWN_ERROR,
    REQUIRED_LENGTH,
    chunk,
    chunks,
    fenced_close,
)
from merkhet.suites.words import (
    CHUNKED,
    CHUNKED_ECHO_TWIN,
    CHUNKED_TWIN,
    GET,
    NOTHING,
    OK,
    REFUSED,
    SINCE,
    echo,
    post,
    response,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two framing fields of a request, in the order in which they are sent."""

    slug: str
    words: str
    coding: bytes = CHUNKED
    length_first: bool = True

    def fields(self, length: int) -> tuple[bytes, bytes]:
        """Return both field lines, the Content-Length with this value."""
        line = b"Content-Length: %d" % length
        return (line, self.coding) if self.length_first else (self.coding, line)


LENGTH_FIRST = Pair(slug="length-first", words="Content-Length before Transfer-Encoding")
CODING_FIRST = Pair(slug="coding-first", words="Transfer-Encoding before Content-Length", length_first=False)
PLAIN = (LENGTH_FIRST, CODING_FIRST)
PAIRS = (
    *PLAIN,
    Pair(
        slug="upper-case",
        words="Transfer-Encoding: CHUNKED behind Content-Length",
        coding=b"Transfer-Encoding: CHUNKED",
    ),
    Pair(slug="tab", words="Transfer-Encoding with its value behind a tab", coding=b"Transfer-Encoding:\tchunked"),
    Pair(slug="lower-case-name", words="transfer-encoding in lower case", coding=b"transfer-encoding: chunked"),
)

BELIEVED = DESYNC.because("octets of the chunked body were read as a request, as if the Content-Length had ended it")


def _short(pair: Pair) -> Check:
    """Content-Length ends before the first octet of chunk data, which is a request."""
    opening = b"%x\r\n" % len(INNER)
    return Check(
        id=f"rfc9112-6.3-both-lengths-short-{pair.slug}",
        requirement="rfc9112-6.3-a2",
        title=f"A Content-Length shorter than the chunked content is overridden: {pair.words}",
        since=SINCE,
        steps=(
            Send(post(chunks(INNER), *pair.fields(len(opening)), to=b"{root}")),
            Answers(
                {
                    ended: PASS.then(),
                    status(501): PASS,
                    status_5xx: OWN_ERROR,
                    answered: PASS,
                    silent: VIOLATION.because("a complete request got no answer"),
                },
                to="POST",
            ),
            Answers({ended: PASS, silent: PASS, answered: BELIEVED, garbage: BELIEVED}),
        ),
        twin=CHUNKED_TWIN,
        good=(closes(NOT_ALLOWED),),
        mutants=(
            Canned("believes the length", NOT_ALLOWED + response(404)),
            Canned("reads the chunk framing as a request", NOT_ALLOWED + response(400)),
            Canned("never answers", NOTHING),
        ),
        note="Whether the connection then ends is another check's matter; here no second request was sent.",
    )


def _long(pair: Pair) -> Check:
    """Content-Length declares more octets than come."""
    return Check(
        id=f"rfc9112-6.3-both-lengths-long-{pair.slug}",
        requirement="rfc9112-6.3-a2",
        title=f"A Content-Length longer than the chunked body is not waited for: {pair.words}",
        since=SINCE,
        steps=(
            Send(post(HELLO, *pair.fields(len(HELLO) + 30), to=b"{root}")),
            Answers(
                {
                    ended: PASS,
                    status(501): PASS,
                    status_5xx: OWN_ERROR,
                    answered: PASS,
                    silent: VIOLATION.because("the Content-Length was believed: the server waits for more octets"),
                },
                to="POST",
            ),
        ),
        twin=CHUNKED_TWIN,
        good=(closes(NOT_ALLOWED),),
        mutants=(Canned("believes the length and waits", NOTHING),),
    )


def _content(pair: Pair, slug: str, words: str, length: int) -> Check:
    return Check(
        id=f"rfc9112-6.3-both-lengths-{slug}-{pair.slug}-echo",
        requirement="rfc9112-6.3-a2",
        title=f"The content is what chunked decodes to, though the Content-Length is {words}: {pair.words}",
        since=SINCE,
        steps=(
            Send(post(HELLO, *pair.fields(length))),
            Answers(
                {
                    echoed(body=b"hello"): PASS,
                    misechoed(b"hello"): DESYNC.because("the application got other content than chunked decodes to"),
                    status_4xx: PASS.because("rejected, as the rule allows"),
                    status(501): PASS.because("rejected, as the rule allows"),
                    ended: PASS.because("rejected by a close"),
                    status_5xx: OWN_ERROR,
                    silent: VIOLATION.because("a complete request got no answer"),
                },
                to="POST",
            ),
        ),
        twin=CHUNKED_ECHO_TWIN,
        good=(closes(echo(b"hello", close=True)),),
        mutants=(
            Canned("believes the length", echo(HELLO[:length])),
            Canned("takes it for no content", echo()),
            Canned("waits for the length", NOTHING),
        ),
    )


LENGTHS = (("shorter", "shorter than the body", 3), ("longer", "longer than the body", 45), ("zero", "zero", 0))


def _choice(pair: Pair) -> Check:
    return Check(
        id=f"rfc9112-6.1-both-lengths-{pair.slug}",
        requirement="rfc9112-6.1-12",
        title=f"A request with both lengths is rejected or read by its Transfer-Encoding alone: {pair.words}",
        since=SINCE,
        steps=(
            Send(post(HELLO, *pair.fields(len(HELLO)))),
            Answers(
                {
                    echoed(body=b"hello"): observed("read by its Transfer-Encoding alone"),
                    misechoed(b"hello"): DESYNC.because("the application got other content than chunked decodes to"),
                    status(411): REQUIRED_LENGTH,
                    status_4xx: observed("rejected"),
                    status(501): observed("rejected"),
                    ended: observed("rejected by a close"),
                    status_5xx: OWN_ERROR,
                    silent: VIOLATION.because("a complete request got no answer"),
                },
                to="POST",
            ),
        ),
        twin=CHUNKED_ECHO_TWIN,
        good=(closes(echo(b"hello", close=True)),),
        mutants=(Canned("reads it by its Content-Length", echo(HELLO)), Canned("rejects it", REFUSED)),
    )


def _closes(pair: Pair, path: bytes, length: int, slug: str) -> Check:
    """Send a whole request under either reading, and wait for the end."""
    return Check(
        id=f"rfc9112-6.1-both-lengths-{slug}-{pair.slug}-closes{'-echo' if path == b'{echo}' else ''}",
        requirement="rfc9112-6.1-13",
        title=(
            "The connection ends after the response to a request with both lengths"
            f"{', where the content is read' if path == b'{echo}' else ''}, the Content-Length being {slug}: {pair.words}"
        ),
        since=SINCE,
        steps=(
            Send(post(HELLO, *pair.fields(length), to=path)),
            Answers({answered: PASS, ended: PASS.then(), silent: _UNANSWERED}, to="POST"),
            *fenced_close(),
        ),
        twin=CHUNKED_TWIN,
        good=(REFUSED,),
        mutants=(
            Canned("serves it and keeps the connection", NOT_ALLOWED),
            Canned("rejects it and keeps the connection", response(400)),
            Canned("answers twice", NOT_ALLOWED + response(400)),
        ),
        note="The rule holds whether the request is rejected or processed.",
    )


_UNANSWERED = INCONCLUSIVE.because("the request was not answered, so no close after the response is seen")


def _pipelined(pair: Pair, path: bytes) -> Check:
    """A plain GET stands behind the request in the same segment: it must not be answered."""
    place = "-echo" if path == b"{echo}" else ""
    return Check(
        id=f"rfc9112-6.1-both-lengths-pipelined-{pair.slug}{place}",
        requirement="rfc9112-6.1-13",
        title=(
            "The request behind one with both lengths is not answered"
            f"{', where the content is read' if place else ''}: {pair.words}"
        ),
        since=SINCE,
        steps=(
            Send(post(HELLO, *pair.fields(len(HELLO)), to=path) + GET),
            Answers({answered: PASS, ended: PASS.then(), silent: _UNANSWERED}, to="POST"),
            Answers(
                {
                    ended: PASS,
                    silent: VIOLATION.because("the connection stays open"),
                    answered: VIOLATION.because("the connection was used on: the request behind it was answered"),
                    garbage: VIOLATION.because("bytes that are no response followed"),
                },
                patience_seconds=LINGER_SECONDS,
            ),
        ),
        twin=CHUNKED_TWIN,
        good=(REFUSED,),
        mutants=(
            Canned("answers both", NOT_ALLOWED + OK),
            Canned("rejects the first and answers the second", response(400) + OK),
            Canned("keeps the connection", NOT_ALLOWED),
        ),
    )


def _refused_but_read_on() -> Check:
    """The content is a request: a server that rejects the head and reads on answers it."""
    return Check(
        id="rfc9112-6.1-both-lengths-content-after-rejection",
        requirement="rfc9112-6.1-13",
        title="The content of a rejected request with both lengths is not read as a request",
        since=SINCE,
        steps=(
            Send(post(chunk(INNER) + b"0\r\n\r\n", *LENGTH_FIRST.fields(len(chunks(INNER))), to=b"{root}")),
            Answers(
                {status_4xx: PASS, served(): PASS, ended: PASS.then(), status_5xx: PASS, silent: _UNANSWERED}, to="POST"
            ),
            Answers(
                {
                    ended: PASS.then(),
                    silent: PASS,
                    answered: DESYNC.because("a second answer came to one request"),
                    garbage: DESYNC.because("bytes that belong to no answer came"),
                },
                quiet=True,
            ),
            *fenced_close(),
        ),
        twin=CHUNKED_TWIN,
        good=(REFUSED,),
        mutants=(
            Canned("reads the content as a request", response(400) + response(404)),
            Canned("keeps the connection", response(400)),
        ),
    )


CHECKS = (
    *(_choice(pair) for pair in PLAIN),
    *(_short(pair) for pair in PAIRS),
    *(_long(pair) for pair in PAIRS),
    *(_content(pair, *row) for pair in PLAIN for row in LENGTHS),
    *(_closes(pair, path, len(HELLO), "equal") for pair in PLAIN for path in (b"{root}", b"{echo}")),
    *(_closes(pair, b"{root}", 3, "shorter") for pair in PLAIN),
    *(_pipelined(pair, path) for pair in PLAIN for path in (b"{root}", b"{echo}")),
    _refused_but_read_on(),
)
