"""RFC 9112, Sections 6.3 and 7.1: requests that share a segment, take turns, or are followed by a half-close."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    HalfClose,
    On,
    Send,
    Verdict,
    closes,
    observed,
)
from merkhet.expect import Expectation, answered, as_preflight, ended, silent
from merkhet.suites.rfc9112.s02_delivery import CONTENT, CUT_CHUNKED, READ_AS_WHOLE, arrives
from merkhet.suites.rfc9112.sequences import chunked, next_answer
from merkhet.suites.words import CHUNKED_ECHO_TWIN, GET, NOTHING, OK, REFUSED, SINCE, echo

# --- a request and a part of the next in one segment

PARTS: tuple[tuple[str, str, bytes], ...] = (
    ("octet", "one octet", b"G"),
    ("target", "a half of the request line", b"GET {root}"),
    ("cr", "the request line without its LF", b"GET {root} HTTP/1.1\r"),
    ("field", "a half of the Host line", b"GET {root} HTTP/1.1\r\nHo"),
    ("all-but-lf", "all but the last LF", GET.removesuffix(b"\n")),
)


def _and_part(slug: str, words: str, part: bytes) -> Check:
    return Check(
        id=f"rfc9112-6.3-delivery-and-{slug}",
        requirement="rfc9112-6.3-a3",
        title=f"A GET is answered though {words} of the next request came with it, and the rest is not lost",
        since=SINCE,
        steps=(
            Send(GET + part),
            Answers(
                {
                    as_preflight(): PASS,
                    answered: VIOLATION.because("the octets behind the request changed its answer"),
                    ended: VIOLATION.because("the connection ended without an answer to a complete request"),
                    silent: VIOLATION.because("a complete request is not answered before the next one is complete"),
                }
            ),
            Send(GET.removeprefix(part)),
            next_answer(
                ended_is=observed("the connection ends after the first answer"),
                silent_is=VIOLATION.because("the rest of the second request was lost"),
            ),
        ),
        good=(OK + OK,),
        mutants=(
            Canned("waits for the second request", NOTHING),
            Canned("forgets the part", closes(OK + REFUSED.data)),
            Canned("refuses both", REFUSED),
        ),
    )


CONTENT_AND_A_HALF = Check(
    id="rfc9112-7.1-delivery-content-and-half",
    requirement="rfc9112-7.1-2",
    title="A chunked POST is answered though half of the next one came with it, and the rest is not lost",
    since=SINCE,
    steps=(
        Send(CUT_CHUNKED + chunked(b"POST", b"3\r\ns", to=b"{echo}")),
        Answers(arrives(CONTENT), to="POST"),
        Send(b"ec\r\n3\r\nond\r\n0\r\n\r\n"),
        Answers({**arrives(b"second"), ended: observed("the connection ends after the first answer")}, to="POST"),
    ),
    twin=CHUNKED_ECHO_TWIN,
    good=(echo(CONTENT) + echo(b"second"),),
    mutants=(
        Canned("waits for the second request", NOTHING),
        Canned("mixes their content", echo(CONTENT + b"s") + echo(b"econd")),
        Canned("forgets the part", echo(CONTENT) + echo(b"ond")),
    ),
)

INTERLEAVED = Check(
    id="rfc9112-7.1-delivery-interleaved",
    requirement="rfc9112-7.1-2",
    title="Two chunked POSTs whose segments come in turn on two connections keep their content apart",
    since=SINCE,
    steps=(
        On(0),
        Send(chunked(b"POST", b"5\r\nfi", to=b"{echo}")),
        On(1),
        Send(chunked(b"POST", b"6\r\nsec", to=b"{echo}")),
        On(0),
        Send(b"rst\r\n0\r\n"),
        On(1),
        Send(b"ond\r\n0\r\n\r\n"),
        Answers(arrives(b"second"), to="POST"),
        On(0),
        Send(b"\r\n"),
        Answers(arrives(b"first"), to="POST"),
    ),
    twin=CHUNKED_ECHO_TWIN,
    good=(echo(b"fi" + b"rst"), echo(b"second")),
    mutants=(
        Canned("gives one the content of the other", echo(b"second"), echo(b"second")),
        Canned("answers one alone", NOTHING, echo(b"second")),
    ),
)

# --- a half-close behind a whole request

_NOT_WANTED = WARNING.because("the client's half-close cost it the answer: it is no sign that none is wanted").then()


def _half_closed(slug: str, words: str, send: Send, cases: Mapping[Expectation, Verdict], good: bytes) -> Check:
    is_get = send.data is GET
    requirement = "rfc9112-6.3-a3" if is_get else "rfc9112-7.1-2"
    return Check(
        id=f"rfc9112-{'6.3' if is_get else '7.1'}-half-close-{slug}",
        requirement=requirement,
        title=f"{words} is answered though the client has closed its sending side behind it",
        since=SINCE,
        steps=(
            send,
            HalfClose(),
            Answers({**cases, ended: _NOT_WANTED, silent: _NOT_WANTED}, to="GET" if is_get else "POST"),
        ),
        twin=Exchange(request=GET) if is_get else CHUNKED_ECHO_TWIN,
        good=(closes(good),),
        mutants=(
            Canned("drops it", closes(b"")),
            Canned("never answers", NOTHING),
            Canned("refuses it", REFUSED),
        ),
        note="The text tells it apart from a lost interest, but either side may close at any time: a warning.",
    )


HALF_CLOSED = (
    _half_closed("get", "A GET", Send(GET), READ_AS_WHOLE, OK),
    _half_closed("get-bytes", "A GET that came byte by byte", Send(GET, each=1), READ_AS_WHOLE, OK),
    _half_closed("chunked", "A chunked POST", Send(CUT_CHUNKED), arrives(CONTENT), echo(CONTENT)),
)

CHECKS = (*(_and_part(*row) for row in PARTS), CONTENT_AND_A_HALF, INTERLEAVED, *HALF_CLOSED)
