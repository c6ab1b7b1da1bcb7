"""Streams: pieces that arrive when they are made, a client that stops reading, and an application that fails halfway."""

from __future__ import annotations

from merkhet.answer import End
from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    On,
    Send,
    Step,
    Stream,
    closes,
    in_turns,
    lacks,
    observed,
    resets,
)
from merkhet.expect import all_of, as_preflight, content, ended, status, status_2xx, status_5xx
from merkhet.expect_kept import arrived, file_content
from merkhet.expect_stream import broken_off, paused, trailer, unmarked
from merkhet.fixtures import FIXTURES
from merkhet.suites.architecture.words import (
    CHUNKED_HEAD,
    CLOSING_HEAD,
    LAST_CHUNK,
    NO_ANSWER_FAULTS,
    NOTHING_MORE,
    PATIENCE_SECONDS,
    cases,
    chunk,
    chunked,
    get,
    piece,
    pieces,
)
from merkhet.suites.words import GET, OK, SINCE, response

TWIN = Exchange(request=get(b"{pieces:1,0,whole}"), answer=content(pieces(1)), good=chunked(1))
STREAM_TWIN = Exchange(request=get(b"{stream:1}"), answer=content(pieces(1)), good=chunked(1))

PAUSE_MS = 600
"""Long beside the wait that shows that nothing comes meanwhile, short in a run."""


def _as_made(  # noqa: PLR0917 - the columns of a table
    slug: str, title: str, request: bytes, good: Stream, late: Stream, early: Stream, version: str = "1.1"
) -> Check:
    """The first piece comes, then nothing for a while, then the rest: in between no more than what is there is read."""
    return Check(
        id=f"architecture-1.1-{slug}",
        requirement="architecture-1.1-1",
        title=title,
        since=SINCE,
        steps=(
            Send(request),
            Answers(
                cases({
                    arrived(piece(0)): PASS,
                    paused: VIOLATION.because("the answer has begun, and what was made at once is kept back")}),
                until=piece(0),
                version=version,
            ),
            Answers(
                cases({
                    arrived(piece(1)): VIOLATION.because("the first piece came only with the next"),
                    paused: PASS}),
                until=piece(1),
                quiet=True,
                version=version,
            ),
            NOTHING_MORE,
            Answers(cases({content(pieces(2)): PASS}), version=version, patience_seconds=PATIENCE_SECONDS),
        ),
        good=(good,),
        mutants=(
            Canned("keeps the first back", late),
            Canned("sends both together", early),
            *NO_ANSWER_FAULTS,
        ),
        twin=TWIN,
        tags=frozenset({"slow"}),
        note="The first piece is made at once, the second a while later; each is handed to the server by itself.",
    )  # fmt: skip


_FIRST, _SECOND = chunk(piece(0)), chunk(piece(1))
AS_MADE = (
    _as_made(
        "chunked", "The first piece of a stream arrives before the second is made",
        get(b"{pieces:2,%d,whole}" % PAUSE_MS),
        in_turns(CHUNKED_HEAD + _FIRST, _SECOND + LAST_CHUNK), in_turns(CHUNKED_HEAD, _FIRST + _SECOND + LAST_CHUNK),
        Stream(chunked(2)),
    ),
    _as_made(
        "http-1.0", "The first piece of a stream for an HTTP/1.0 client arrives before the second is made",
        get(b"{pieces:2,%d,whole}" % PAUSE_MS, version=b"1.0"),
        in_turns(CLOSING_HEAD + piece(0), piece(1), end=End.CLOSED),
        in_turns(CLOSING_HEAD, piece(0) + piece(1), end=End.CLOSED), closes(CLOSING_HEAD + pieces(2)), version="1.0",
    ),
)  # fmt: skip


def _whole(slug: str, title: str, target: bytes, count: int, twin: Exchange) -> Check:
    return Check(
        id=f"architecture-1.2-{slug}",
        requirement="architecture-1.2-1",
        title=title,
        since=SINCE,
        steps=(
            Send(get(target)),
            Answers(
                cases({content(pieces(count)): PASS, status_2xx: VIOLATION.because("pieces are missing, or not in their order")}),
                patience_seconds=PATIENCE_SECONDS,
            ),
        ),
        good=(chunked(count),),
        mutants=(Canned("loses the last piece", chunked(count - 1)), *NO_ANSWER_FAULTS),
        twin=twin,
        tags=frozenset({"slow"}) if b"pieces" in target else frozenset(),
    )  # fmt: skip


WHOLE = (
    _whole("a-few", "A stream of twenty pieces, one every 10 ms, arrives whole", b"{pieces:20,10,whole}", 20, TWIN),
    _whole("many", "A stream of 5000 pieces arrives whole", b"{stream:5000}", 5000, STREAM_TWIN),
    _whole("one", "A stream of one piece arrives whole", b"{stream:1}", 1, STREAM_TWIN),
)


def _aborted(  # noqa: PLR0917 - the columns of a table
    slug: str, title: str, count: int, request: bytes, good: Stream, faults: dict[str, Stream], version: str
) -> Check:
    return Check(
        id=f"architecture-1.3-{slug}",
        requirement="architecture-1.3-1",
        title=title,
        since=SINCE,
        steps=(
            Send(request),
            Answers(
                cases({
                    status(501, 404): lacks("this endpoint"),
                    status_5xx: PASS,
                    all_of(status_2xx, unmarked): WARNING.because(
                        "the connection ended as behind a whole answer, and no client can tell that it is not"
                    ),
                    status_2xx: VIOLATION.because("the answer was ended as if it were whole"),
                    broken_off: PASS,
                    ended: PASS if not count else WARNING.because("nothing of the answer was sent"),
                    paused: WARNING.because("the connection stays open, and the client waits for what never comes")}),
                version=version,
                patience_seconds=PATIENCE_SECONDS,
            ),
        ),
        good=(good,),
        mutants=tuple(Canned(fault, stream) for fault, stream in faults.items()),
        twin=TWIN,
        note="An answer of which nothing has left may be replaced by a 5xx; a later one can only be broken off.",
    )  # fmt: skip


_CUT = CHUNKED_HEAD + _FIRST + _SECOND
ABORTED = (
    _aborted(
        "chunked", "A stream whose application fails behind two pieces is seen to be incomplete", 2,
        get(b"{pieces:2,0,abort}"), closes(_CUT),
        {
            "ends it as if it were whole": Stream(chunked(2)),
            "leaves the client waiting": Stream(_CUT),
            "sends a length that fits": Stream(response(200, pieces(2))),
            "says nothing": Stream(b""),
        },
        "1.1",
    ),
    _aborted(
        "later", "A stream whose application fails a while behind its first piece is seen to be incomplete", 2,
        get(b"{pieces:2,100,abort}"), resets(_CUT), {"ends it as if it were whole": Stream(chunked(2))}, "1.1",
    ),
    _aborted(
        "at-once", "A stream whose application fails before its first piece is no whole answer", 0,
        get(b"{pieces:0,0,abort}"), Stream(response(500, b"failed")),
        {"sends an empty content": Stream(chunked(0)), "leaves the client waiting": Stream(CHUNKED_HEAD)}, "1.1",
    ),
    _aborted(
        "http-1.0", "A stream for an HTTP/1.0 client whose application fails is reset, not closed", 2,
        get(b"{pieces:2,0,abort}", version=b"1.0"), resets(CLOSING_HEAD + pieces(2)),
        {"closes as usual": closes(CLOSING_HEAD + pieces(2)), "leaves the client waiting": Stream(CLOSING_HEAD)}, "1.0",
    ),
)  # fmt: skip

FILES = 6
_LARGE = FIXTURES["large.bin"]
_ONE_FILE = response(200, _LARGE)


def _reads_on() -> Check:
    """Six mebibytes are asked for and lie unread, more than the buffers in between hold, until another was served."""
    steps: list[Step] = [
        Send(get(b"{files:large.bin}") * FILES),
        On(1),
        Send(GET),
        Answers(cases({as_preflight(): PASS})),
    ]
    steps += [On(0)]
    steps += [
        Answers(
            cases(
                {
                    file_content("large.bin"): PASS,
                    status_2xx: VIOLATION.because("the content is not that of the file"),
                    ended: observed("ends the connection between two pipelined requests").then()
                    if number
                    else WARNING.because("no answer came").then(),
                }
            ),
            patience_seconds=PATIENCE_SECONDS,
        )
        for number in range(FILES)
    ]
    return Check(
        id="architecture-1.4-reads-on",
        requirement="architecture-1.4-1",
        title="A client that stops reading, and reads on when another was served, is given all that it asked for",
        since=SINCE,
        steps=tuple(steps),
        good=(_ONE_FILE * FILES, OK),
        mutants=(
            Canned("loses octets of the last file", _ONE_FILE * (FILES - 1) + _ONE_FILE[: -100_000] + b"x" * 100_000),
            Canned("gives up", closes(_ONE_FILE + _ONE_FILE[:5000])),
            Canned("serves nobody else", _ONE_FILE * FILES, b""),
        ),
        tags=frozenset({"bulk", "concurrent"}),
    )  # fmt: skip


_TRAILERS = Check(
    id="architecture-1.5-trailer",
    requirement="architecture-1.5-1",
    title="A stream ends in the trailer field that its application asked for",
    since=SINCE,
    steps=(
        Send(get(b"{pieces:3,0,trailer}", b"TE: trailers", b"Connection: TE")),
        Answers(
            cases(
                {
                    trailer(b"Merkhet-Pieces", b"3"): observed("sends the trailer field"),
                    status(501, 404, 400): lacks("trailer fields in answers"),
                    content(pieces(3)): observed("leaves the trailer field out"),
                }
            )
        ),
    ),
    good=(chunked(3, last=b"0\r\nMerkhet-Pieces: 3\r\n\r\n"),),
    mutants=(
        Canned("leaves it out", chunked(3)),
        Canned("sends another value", chunked(3, last=b"0\r\nMerkhet-Pieces: 2\r\n\r\n")),
        Canned("loses a piece", chunked(2)),
    ),
    twin=TWIN,
)

CHECKS: tuple[Check, ...] = (*AS_MADE, *WHOLE, *ABORTED, _reads_on(), _TRAILERS)
