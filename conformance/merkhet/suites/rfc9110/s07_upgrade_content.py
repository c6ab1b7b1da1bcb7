"""RFC 9110, Section 7.8: a request with content that asks for another protocol: that begins behind the content."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    DESYNC,
    PASS,
    WARNING,
    Answers,
    Canned,
    Check,
    Hears,
    Send,
    Verdict,
    closes,
    in_turns,
)
from merkhet.expect import Expectation, ended, silent
from merkhet.expect_handshake import refused, refused_5xx, switches
from merkhet.expect_websocket import echoes, ends_bare, goes_on, hearing, sends_close, stays_open
from merkhet.expectation import Hearing
from merkhet.heard import Message
from merkhet.suites.websocket_words import SWITCHED, WS_TWIN, handshake, server_close, server_text, text
from merkhet.suites.words import HANG_UP, NOTHING, SERVER_ERROR, SINCE

_CONTENT = text("content")
"""What would be a frame, if it were not content."""
_SIZE = len(_CONTENT)

_ANSWERED: Mapping[Expectation, Verdict] = {
    switches(): PASS,
    refused_5xx: WARNING.because("an error of the server's own").then(),
    refused: PASS.then(),
    ended: WARNING.because("the connection ended without an answer").then(),
    silent: WARNING.because("a complete request got no answer").then(),
}
_FRAMES: Mapping[Hearing, Verdict] = {
    hearing(
        "the content of the request as a message",
        lambda heard: any(isinstance(event, Message) and event.data == b"content" for event in heard.events),
    ): DESYNC.because("it read the content of the request as frames"),
    echoes("frame"): PASS,
    goes_on: WARNING.because("something else came back"),
    sends_close(): WARNING.because("it closed the WebSocket behind the content"),
    ends_bare: WARNING.because("the connection ended behind the content"),
    stays_open: WARNING.because("the frame behind the content was not answered"),
}


def _with_content(slug: str, words: str, *lines: bytes, content: bytes = _CONTENT) -> Check:
    return Check(
        id=f"rfc9110-7.8-content-{slug}",
        requirement="rfc9110-7.8-9",
        title=f"The content of a request that switches, {words}, is not read as the new protocol",
        since=SINCE,
        steps=(
            Send(handshake("ws", *lines, behind=content)),
            Answers(_ANSWERED),
            Send(text("frame")),
            Hears(_FRAMES, messages=1),
        ),
        good=(in_turns(SWITCHED, server_text("frame")),),
        mutants=(
            Canned("reads it as frames", in_turns(SWITCHED + server_text("content"), server_text("frame"))),
            Canned("loses what is behind it", SWITCHED),
            Canned("closes behind it", closes(SWITCHED + server_close(1002))),
            Canned("hangs up behind it", closes(SWITCHED)),
            Canned("fails", SERVER_ERROR),
            Canned("hangs up", HANG_UP),
            Canned("says nothing", NOTHING),
        ),
        twin=WS_TWIN,
        note="A server may refuse such a request; one that switches has to find the end of its content first.",
    )


CHECKS = (
    _with_content("length", "framed by Content-Length", b"Content-Length: %d" % _SIZE),
    _with_content(
        "chunked",
        "framed by chunks",
        b"Transfer-Encoding: chunked",
        content=b"%x\r\n%s\r\n0\r\n\r\n" % (_SIZE, _CONTENT),
    ),
)
