"""Every rule of the judge: kept, broken, and where it does not apply."""

from __future__ import annotations

import pytest

from merkhet import catalogue
from merkhet.answer import End, Fault, Response
from merkhet.wire.judge import RULES, judge
from merkhet.wire.request import mentions_te, names_a_version, read_requests
from merkhet.wire.response import ResponseParser
from merkhet.wire.seen import Seen

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\nHost: h\r\n\r\n"
CONNECT = b"CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nContent-Length: 2\r\n\r\nok"
CLOSE = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
GZIP = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


def see(data: bytes, sent: bytes = GET, end: End | None = None, *, at_once: bool = False) -> Seen:
    """Return what the judge sees of the first response of these bytes."""
    requests = read_requests(sent)
    parser = ResponseParser(requests[0].method if requests else "GET")
    parser.feed(data)
    parser.feed_end(end or End.SILENT)
    assert parser.response is not None
    return Seen(
        response=parser.response,
        request=requests[0] if requests else None,
        asked_te=mentions_te(sent),
        after=parser.rest[:64],
        end=end,
        ended_at_once=at_once,
    )


def verdicts(seen: Seen) -> dict[str, str | None]:
    return {rule.name: fault for rule, fault in judge(seen)}


CASES: dict[str, tuple[Seen, Seen, Seen | None]] = {
    "message-grammar": (see(OK), see(OK + b"junk"), None),
    "bare-cr": (see(OK), see(OK.replace(b"OK\r\n", b"O\rK\r\n")), None),
    "space-after-status-line": (see(OK), see(OK.replace(b"Date", b" Date")), None),
    "version-grammar": (see(OK), see(OK.replace(b"HTTP", b"http")), None),
    "version-downgrade": (see(OK), see(OK.replace(b"1.1", b"1.0")), see(OK, OLD)),
    "status-line": (see(OK), see(OK.replace(b" 200", b"  200")), None),
    "status-space": (see(OK), see(OK.replace(b" OK", b"")), None),
    "field-line": (see(OK), see(OK.replace(b"Length:", b"Length :")), None),
    "obs-fold": (see(OK), see(OK.replace(b"\r\n\r\nok", b"\r\n x\r\n\r\nok")), None),
    "chunked-once": (see(CHUNKED), see(CHUNKED.replace(b"chunked", b"chunked, chunked")), see(OK)),
    "chunked-last": (see(CHUNKED), see(GZIP, end=End.SILENT), see(OK)),
    "te-in-1xx-204": (see(EMPTY), see(EMPTY.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")), see(OK)),
    "te-in-connect": (see(OK, CONNECT), see(CHUNKED, CONNECT), see(OK)),
    "te-to-old-client": (see(OK, OLD), see(CHUNKED, OLD), see(CHUNKED)),
    "length-and-te": (see(OK), see(CHUNKED.replace(b"\r\n\r\n0", b"\r\nContent-Length: 5\r\n\r\n0")), None),
    "no-content": (see(OK[:-2], HEAD), see(OK, HEAD), see(OK)),
    "self-delimited": (see(OK), see(b"HTTP/1.1 200 OK\r\n\r\nx", end=End.CLOSED), see(OK[:-2], HEAD)),
    "chunked-grammar": (see(CHUNKED), see(CHUNKED.replace(b"0\r\n\r\n", b"0 \r\n\r\n")), see(OK)),
    "te-unasked": (see(CHUNKED), see(GZIP), see(GZIP, GET.replace(b"\r\n\r\n", b"\r\nTE: gzip\r\n\r\n"))),
    "close-announced": (
        see(CLOSE, end=End.CLOSED, at_once=True),
        see(OK, end=End.CLOSED, at_once=True),
        see(OK, OLD, end=End.CLOSED, at_once=True),
    ),
    "close-kept": (see(CLOSE, end=End.CLOSED), see(CLOSE, end=End.SILENT), see(OK, end=End.SILENT)),
}


@pytest.mark.parametrize("name", CASES)
def test_rule(name: str) -> None:
    kept, broken, elsewhere = CASES[name]
    assert verdicts(kept).get(name, "does not apply") is None
    assert verdicts(broken)[name]
    if elsewhere is not None:
        assert name not in verdicts(elsewhere)


def test_every_rule_has_a_case_and_a_requirement() -> None:
    observed = {name for name, rule in RULES.items() if rule.choices is not None}
    assert observed == {"te-without-content"}
    # What the fields and the status of a response ask for is broken by the canned servers of its own check.
    framing = {name for name, rule in RULES.items() if rule.requirement.startswith("rfc9112-")}
    assert set(CASES) | observed == framing
    requirements = catalogue.load().requirements
    assert all(rule.requirement in requirements for rule in RULES.values())


def test_a_plain_response_breaks_nothing() -> None:
    assert [name for name, fault in verdicts(see(OK, end=End.SILENT)).items() if fault] == []


def test_transfer_encoding_without_content_is_a_choice() -> None:
    head = CHUNKED.removesuffix(b"0\r\n\r\n")
    assert verdicts(see(OK[:-2], HEAD))["te-without-content"] is None
    assert verdicts(see(head, HEAD))["te-without-content"]
    assert "te-without-content" not in verdicts(see(OK))


def test_an_idle_close_is_not_an_unannounced_one() -> None:
    assert verdicts(see(OK, end=End.CLOSED, at_once=False))["close-announced"] is None


def test_without_a_legal_request_only_the_response_itself_is_judged() -> None:
    names = set(verdicts(see(b"HTTP/1.0 400 Bad\r\n\r\nx", b"nonsense\r\n\r\n", End.CLOSED, at_once=True)))
    assert not names & {"version-downgrade", "self-delimited", "close-announced", "te-to-old-client", "no-content"}
    assert "status-line" in names


def test_the_next_response_is_no_content() -> None:
    assert verdicts(see(OK[:-2] + OK, HEAD))["no-content"] is None
    assert verdicts(see(OK + OK))["message-grammar"] is None


@pytest.mark.parametrize(
    ("sent", "methods"),
    [
        (GET + HEAD, ["GET", "HEAD"]),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok" + GET, ["POST", "GET"]),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nok", []),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []),
        (b"GET / HTTP/1.1\r\n\r\n", []),
        (b"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", []),
        (b"GET / HTTP/1.1\r\nHost : h\r\n\r\n", []),
        (b"get / HTTP/1.1\r\nHost: h\r\n\r\n", []),
        (GET + b"nonsense\r\n\r\n", ["GET"]),
        (GET[:-2], []),
    ],
)
def test_only_what_is_legal_beyond_doubt_is_read_as_a_request(sent: bytes, methods: list[str]) -> None:
    assert [request.method for request in read_requests(sent)] == methods


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        (GET, True),
        (b"\r\n" + GET, True),
        (b"GET  /  HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (b"GET /\r\n", False),
        (b"GET /\r\nHost: a\r\n\r\n", False),
        (GET + b"GET /\r\n", False),
        (b"!! no request line !!\r\n\r\n", False),
    ],
)
def test_content_alone_is_no_fault_where_no_version_was_named(sent: bytes, *, named: bool) -> None:
    assert names_a_version(sent) is named
    garbage = Response(
        version=b"", status=0, reason=b"", fields=(), complete=False, faults=(Fault("message-grammar", "no response"),)
    )
    assert ("message-grammar" in verdicts(Seen(response=garbage, named_version=named))) is named
