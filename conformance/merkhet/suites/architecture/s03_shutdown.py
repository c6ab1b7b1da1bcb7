"""A graceful end: what is under way when the server is asked to end. Only where merkhet starts the server itself."""

from __future__ import annotations

from merkhet.answer import End
from merkhet.check import (
    PASS,
    PLAIN_GET,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    Fresh,
    On,
    Send,
    Stream,
    Terminate,
    closes,
    in_turns,
)
from merkhet.expect import answered, as_preflight, content, cut_short, ended, silent
from merkhet.expect_kept import arrived
from merkhet.suites.architecture.s01_streams import TWIN as PIECES_TWIN
from merkhet.suites.architecture.s02_threads import TWIN as SLEEP_TWIN
from merkhet.suites.architecture.words import (
    CHUNKED_HEAD,
    LAST_CHUNK,
    PATIENCE_SECONDS,
    cases,
    chunk,
    get,
    piece,
    pieces,
)
from merkhet.suites.words import GET, HANG_UP, OK, SERVER_ERROR, SINCE, response

_TAGS = frozenset({"slow", "own-process"})
_NOTE = "The process is asked by SIGTERM, which is what a supervisor sends; what a server takes for another sign is not seen."

_SLEEP = Check(
    id="architecture-3.1-in-flight",
    requirement="architecture-3.1-1",
    title="An answer that is being made when the server is asked to end is sent",
    since=SINCE,
    steps=(
        Fresh(),
        Send(get(b"{sleep:400}")),
        On(1),
        Send(GET),
        Answers(cases({as_preflight(): PASS})),
        Terminate(),
        On(0),
        Answers(
            cases({
                content(b"400"): PASS,
                ended: VIOLATION.because("the connection was ended without the answer"),
                cut_short: VIOLATION.because("the answer was cut"),
            }),
            patience_seconds=PATIENCE_SECONDS,
        ),
    ),
    good=(closes(response(200, b"400", close=True)), OK),
    mutants=(
        Canned("ends at once", HANG_UP),
        Canned("never answers", b""),
        Canned("answers with an error", SERVER_ERROR),
    ),
    twin=SLEEP_TWIN,
    tags=_TAGS,
    note=_NOTE,
)  # fmt: skip

_BEGUN = CHUNKED_HEAD + chunk(piece(0))
_REST = chunk(piece(1)) + chunk(piece(2)) + LAST_CHUNK
_STREAM = Check(
    id="architecture-3.2-stream",
    requirement="architecture-3.2-1",
    title="A stream that has begun when the server is asked to end is sent to its end",
    since=SINCE,
    steps=(
        Fresh(),
        Send(get(b"{pieces:3,150,whole}")),
        Answers(cases({arrived(piece(0)): PASS}), until=piece(0)),
        Terminate(),
        Answers(
            cases({content(pieces(3)): PASS, cut_short: VIOLATION.because("the stream was cut")}),
            patience_seconds=PATIENCE_SECONDS,
        ),
    ),
    good=(closes(_BEGUN + _REST),),
    mutants=(
        Canned("cuts it", closes(_BEGUN)),
        Canned("ends it as if it were whole", closes(_BEGUN + LAST_CHUNK)),
        Canned("leaves it without an end", Stream(_BEGUN)),
    ),
    twin=PIECES_TWIN,
    tags=_TAGS,
    note=_NOTE,
)

IDLE_SECONDS = 2.0
"""Time enough to end what is idle, and less than after which a server ends it in any case."""

_IDLE = Check(
    id="architecture-3.3-idle",
    requirement="architecture-3.3-1",
    title="A kept connection on which nothing is under way ends when the server is asked to end",
    since=SINCE,
    steps=(
        Fresh(),
        Send(GET),
        Answers(cases({as_preflight(): PASS, ended: WARNING})),
        Terminate(),
        Answers(
            {
                ended: PASS,
                silent: VIOLATION.because("the connection is kept, and so the server lives on"),
                answered: WARNING.because("an answer that nobody asked for"),
            },
            patience_seconds=IDLE_SECONDS,
        ),
    ),
    good=(in_turns(OK, end=End.CLOSED),),
    mutants=(
        Canned("keeps the connection", OK),
        Canned("answers once more", OK + OK),
    ),
    twin=Exchange(request=PLAIN_GET.request),
    tags=_TAGS,
    note=_NOTE,
)

CHECKS: tuple[Check, ...] = (_SLEEP, _STREAM, _IDLE)
