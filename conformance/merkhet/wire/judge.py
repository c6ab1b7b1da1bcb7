"""The strict response judge: rules that every response of a run is held against, whatever the check was about.

A rule has a name, says to which responses it applies, and what breaks it. Where the request is not legal beyond doubt, a
rule that depends on the request does not apply. `MAY` rules carry `choices` and are never broken: they are observed.

Names that a `Passive` check may give as its `rule`, with the requirement that each serves. Those of RFC 9112 are here; those
of RFC 9110 and RFC 9111 in `judge_values` (the grammar of each field) and `judge_semantics` (what a status asks for), those on
the frames behind a 101 in `judge_websocket`:

message-grammar 2.1-a1 | bare-cr 2.2-3 | space-after-status-line 2.2-8 | version-grammar 2.3-a1 |
version-downgrade 2.3-3 | status-line 4-a1 | status-space 4-4 | field-line 5-a1 | obs-fold 5.2-1 | chunked-once 6.1-2 |
chunked-last 6.1-4 | te-without-content 6.1-6 (observed) | te-in-1xx-204 6.1-7 | te-in-connect 6.1-8 |
te-to-old-client 6.1-11 | length-and-te 6.2-1 | no-content 6.3-a1 | self-delimited 6.3-9 | chunked-grammar 7.1-a4 |
te-unasked 7.4-a1 | close-announced 9.6-1 | close-kept 9.6-6
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from merkhet.answer import End, Framing
from merkhet.wire import judge_semantics, judge_values, judge_websocket
from merkhet.wire.seen import Rule, Seen


def _always(seen: Seen) -> bool:
    return seen.response.status > 0


def _te(seen: Seen) -> tuple[bytes, ...]:
    return seen.response.members(b"Transfer-Encoding")


def _has_te(seen: Seen) -> bool:
    return bool(seen.response.values(b"Transfer-Encoding"))


def _te_words(seen: Seen) -> str | None:
    return f"Transfer-Encoding: {b', '.join(_te(seen))!r}" if _has_te(seen) else None


def _faulty(rule: str) -> Callable[[Seen], str | None]:
    """Return what says the first fault that the parser wrote down under this rule."""

    def broken(seen: Seen) -> str | None:
        return next((fault.text for fault in seen.response.faults if fault.rule == rule), None)

    return broken


def _is_status_line(data: bytes) -> bool:
    return data[:5] == b"HTTP/"[: len(data)]


def _grammar(seen: Seen) -> str | None:
    """A fault of the head, or octets behind a delimited response that begin no response."""
    fault = _faulty("message-grammar")(seen)
    if fault is not None or not seen.plain or not seen.response.complete:
        return fault
    if seen.response.framing in {Framing.LENGTH, Framing.CHUNKED} and not _is_status_line(seen.after):
        return f"octets behind the response that begin no response: {seen.after[:40]!r}"
    return None


def _lacks_content(seen: Seen) -> bool:
    is_head = seen.request is not None and seen.request.method == "HEAD"
    return (
        seen.response.complete
        and (seen.response.status in {204, 304} or 100 <= seen.response.status < 200 or (is_head and seen.is_final))
        and seen.response.framing is not Framing.TUNNEL
    )


def _trailing_content(seen: Seen) -> str | None:
    if _is_status_line(seen.after):
        return None
    return f"octets behind the head of a response without content: {seen.after[:40]!r}"


def _downgraded(seen: Seen) -> str | None:
    if seen.response.version == b"HTTP/1.0" and seen.baseline_version == b"HTTP/1.1":
        return "a status line that says HTTP/1.0 to an HTTP/1.1 request, though the server speaks HTTP/1.1"
    return None


def _asked_in_1_1(seen: Seen) -> bool:
    is_response = seen.response.status > 0
    return is_response and seen.plain and seen.request is not None and seen.request.version == "1.1"


def _unchunked_end(seen: Seen) -> str | None:
    if _te(seen)[-1] != b"chunked" and seen.end is End.SILENT:
        return f"Transfer-Encoding: {b', '.join(_te(seen))!r}, and the connection stays open"
    return None


def _is_end(end: End | None) -> bool:
    return end in {End.CLOSED, End.RESET, End.UNNOTIFIED}


def _closed_unsaid(seen: Seen) -> str | None:
    if _is_end(seen.end) and seen.ended_at_once and not seen.response.says_close:
        return "the connection ended at once after a response without the close option"
    return None


def _keeps_open(seen: Seen) -> str | None:
    return "the connection stays open after the close option" if seen.end is End.SILENT else None


def _rules() -> Iterator[Rule]:
    def syntax(name: str, requirement: str, expected: str, applies: Callable[[Seen], bool] = _always) -> Rule:
        broken = _grammar if name == "message-grammar" else _faulty(name)
        return Rule(name=name, requirement=requirement, expected=expected, applies=applies, broken=broken)

    def any_response(seen: Seen) -> bool:
        garbage = any(fault.rule == "message-grammar" for fault in seen.response.faults)
        return seen.response.status > 0 or (garbage and seen.named_version)

    yield syntax(
        "message-grammar",
        "rfc9112-2.1-a1",
        "start line, field lines and the empty line, each ended by CRLF",
        any_response,
    )
    yield syntax("bare-cr", "rfc9112-2.2-3", "no CR without LF outside the content")
    yield syntax(
        "space-after-status-line", "rfc9112-2.2-8", "no whitespace between the status line and the first field line"
    )
    yield syntax("version-grammar", "rfc9112-2.3-a1", "a status line that begins HTTP/, digit, dot, digit, SP")
    yield syntax("status-line", "rfc9112-4-a1", "version, SP, three digits, SP, reason")
    yield syntax("status-space", "rfc9112-4-4", "a SP after the status code even if no reason follows")
    yield syntax(
        "field-line", "rfc9112-5-a1", "a token, a colon, and a value without control characters in each field line"
    )
    yield syntax("obs-fold", "rfc9112-5.2-1", "no folded field lines")

    def chunked(seen: Seen) -> bool:
        return seen.response.framing is Framing.CHUNKED

    yield syntax("chunked-grammar", "rfc9112-7.1-a4", "chunks, last chunk and trailer section by the grammar", chunked)
    yield Rule(
        name="version-downgrade",
        requirement="rfc9112-2.3-3",
        expected="the version that the server speaks otherwise",
        applies=_asked_in_1_1,
        broken=_downgraded,
    )
    yield from _coding_rules()
    yield from _forbidden_coding_rules()
    yield from _end_rules()


def _coding_rules() -> Iterator[Rule]:
    yield Rule(
        name="chunked-once",
        requirement="rfc9112-6.1-2",
        expected="chunked at most once in Transfer-Encoding",
        applies=_has_te,
        broken=lambda seen: _te_words(seen) if _te(seen).count(b"chunked") > 1 else None,
    )
    yield Rule(
        name="chunked-last",
        requirement="rfc9112-6.1-4",
        expected="chunked as the last coding, or the end of the connection",
        applies=lambda seen: bool(_te(seen)) and seen.response.framing is not Framing.NONE,
        broken=_unchunked_end,
        watches_end=True,
    )
    yield Rule(
        name="te-without-content",
        requirement="rfc9112-6.1-6",
        expected="Transfer-Encoding in responses to HEAD and in 304, or none: both are allowed",
        applies=lambda seen: (
            _lacks_content(seen)
            and (seen.response.status == 304 or seen.request is not None)
            and seen.response.status != 204
            and seen.is_final
        ),
        broken=_te_words,
        choices=("sends no Transfer-Encoding without content", "sends Transfer-Encoding without content"),
    )


def _forbidden_coding_rules() -> Iterator[Rule]:
    yield Rule(
        name="te-in-1xx-204",
        requirement="rfc9112-6.1-7",
        expected="no Transfer-Encoding in 1xx and 204",
        applies=lambda seen: 100 <= seen.response.status < 200 or seen.response.status == 204,
        broken=_te_words,
    )
    yield Rule(
        name="te-in-connect",
        requirement="rfc9112-6.1-8",
        expected="no Transfer-Encoding in a 2xx to CONNECT",
        applies=lambda seen: seen.response.framing is Framing.TUNNEL and 200 <= seen.response.status < 300,
        broken=_te_words,
    )
    yield Rule(
        name="te-to-old-client",
        requirement="rfc9112-6.1-11",
        expected="no Transfer-Encoding in an answer to HTTP/1.0",
        applies=lambda seen: seen.plain and seen.request is not None and seen.request.version == "1.0",
        broken=_te_words,
    )
    yield Rule(
        name="length-and-te",
        requirement="rfc9112-6.2-1",
        expected="never both Content-Length and Transfer-Encoding",
        applies=_always,
        broken=lambda seen: (
            "both Content-Length and Transfer-Encoding"
            if _has_te(seen) and seen.response.values(b"Content-Length")
            else None
        ),
    )
    yield Rule(
        name="te-unasked",
        requirement="rfc9112-7.4-a1",
        expected="no coding but chunked in an answer to a request without TE",
        applies=lambda seen: not seen.asked_te and _always(seen),
        broken=lambda seen: _te_words(seen) if set(_te(seen)) - {b"chunked"} else None,
    )


def _end_rules() -> Iterator[Rule]:
    yield Rule(
        name="no-content",
        requirement="rfc9112-6.3-a1",
        expected="nothing behind the empty line of a response to HEAD, 1xx, 204 or 304 but the next response",
        applies=_lacks_content,
        broken=_trailing_content,
        watches_end=True,
    )
    yield Rule(
        name="self-delimited",
        requirement="rfc9112-6.3-9",
        expected="a response that says where it ends: Content-Length or chunked",
        applies=lambda seen: _asked_in_1_1(seen) and seen.request is not None and seen.request.method == "GET",
        broken=lambda seen: (
            "content that only the end of the connection delimits"
            if seen.response.framing is Framing.UNTIL_CLOSE
            else None
        ),
    )
    yield Rule(
        name="close-announced",
        requirement="rfc9112-9.6-1",
        expected="the close option in the last response before the server closes",
        applies=lambda seen: (
            _asked_in_1_1(seen)
            and seen.response.version == b"HTTP/1.1"
            and seen.response.complete
            and seen.end is not None
        ),
        broken=_closed_unsaid,
        watches_end=True,
    )
    yield Rule(
        name="close-kept",
        requirement="rfc9112-9.6-6",
        expected="the end of the connection after a response with the close option",
        applies=lambda seen: (
            seen.is_final
            and seen.response.framing is not Framing.TUNNEL
            and seen.response.complete
            and seen.response.says_close
            and seen.end is not None
        ),
        broken=_keeps_open,
        watches_end=True,
    )


RULES: Mapping[str, Rule] = {
    rule.name: rule for rule in (*_rules(), *judge_values.rules(), *judge_semantics.rules(), *judge_websocket.rules())
}
"""Every rule by its name."""


def judge(seen: Seen) -> Iterator[tuple[Rule, str | None]]:
    """Yield each rule that applies to this response, with what breaks it, or None if it is kept."""
    sent = {name.lower() for name, _ in seen.response.fields}
    for rule in RULES.values():
        if rule.fields and rule.fields.isdisjoint(sent):
            continue
        if rule.applies(seen):
            yield rule, rule.broken(seen)
