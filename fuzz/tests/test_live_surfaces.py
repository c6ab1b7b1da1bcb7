"""Models of what a right answer is: what is held against an answer, and what is not."""

from __future__ import annotations

import datetime as dt
import re
import zlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from merkhet import catalogue
from merkhet.answer import End, Response
from merkhet.model import Weight
from merkhet.template import Names
from merkhet.wire.judge import judge
from merkhet.wire.request import SentRequest
from merkhet.wire.response import ResponseParser
from merkhet.wire.seen import Seen
from merkhet_fuzz.bases import exchange as bases
from merkhet_fuzz.bases import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.live import exchange, surfaces
from merkhet_fuzz.live.exchange import NOTE, ExchangeSurface
from merkhet_fuzz.live.models import contents, files, negotiation, plain
from merkhet_fuzz.live.models.asked import Asked, FileFacts, Known, pattern
from merkhet_fuzz.live.seam import Dialogue, Place
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.render import render

REQUIREMENT = re.compile(r'"((?:rfc[0-9]+|architecture|whatwg-sse)-[0-9A-Z][0-9A-Za-z.]*-[0-9a-z]+)"')
CONTENT = bytes(range(100))
ETAG = b'"own"'
MODIFIED = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
HEAD = (
    (b"ETag", ETAG),
    (b"Last-Modified", b"Wed, 01 Jan 2020 00:00:00 GMT"),
    (b"Content-Type", b"text/plain"),
    (b"Vary", b"Accept-Encoding"),
)
FACTS = FileFacts(CONTENT, ETAG, MODIFIED, MODIFIED, HEAD, has_ranges=True, evaluates=frozenset({"If-Match"}))
LINES = b"".join(b"%b: %b\r\n" % line for line in HEAD)


def asked(
    endpoint: str, value: bytes, *fields: tuple[bytes, bytes], method: str = "GET", content: bytes = b""
) -> Asked:
    """Return a request beyond doubt."""
    return Asked(
        SentRequest(length=0, method=method, version="1.1", fields=fields), b"/" + value, endpoint, value, content, None
    )


def answered(status: int, lines: bytes = b"", content: bytes = b"", method: str = "GET") -> Response:
    """Return an answer as it is read."""
    parser = ResponseParser(method)
    length = b"" if b"chunked" in lines or status == 304 else b"Content-Length: %d\r\n" % len(content)
    parser.feed(b"HTTP/1.1 %d X\r\n%b%b\r\n%b" % (status, lines, length, content))
    parser.feed_end(End.CLOSED)
    assert parser.response is not None
    return parser.response


def labels(found: list[Suspicion]) -> list[str]:
    """Return the requirement and the detail of what is suspected."""
    return [f"{one.requirement} {one.detail}" for one in found]


def of_file(response: Response, *fields: tuple[bytes, bytes], method: str = "GET") -> list[str]:
    """Return what is held against an answer to a request for a file."""
    return labels(files.judge(asked("files", b"merkhet.txt", *fields, method=method), response, {"merkhet.txt": FACTS}))


PART = LINES + b"Content-Range: bytes 0-9/100\r\n"
RANGE = (b"Range", b"bytes=0-9")


@pytest.mark.parametrize(
    ("response", "fields"),
    [
        (answered(200, LINES, CONTENT), ()),
        (answered(206, PART, CONTENT[:10]), (RANGE,)),
        (answered(200, LINES, CONTENT), ((b"Range", b"lines=0-9"),)),
        (answered(304, LINES), ((b"If-None-Match", b'"a"'), (b"If-None-Match", ETAG))),
        (answered(412), ((b"If-Match", b'"a"'),)),
        (answered(200, LINES, CONTENT), ((b"If-Range", b'"a"'),)),
        (answered(416, b"Content-Range: bytes */100\r\n"), ((b"Range", b"bytes=100-"),)),
        (answered(200, LINES, CONTENT), ((b"If-Modified-Since", b"x 1"), (b"If-Modified-Since", b"x 2"))),
    ],
)
def test_right_answers_about_files(response: Response, fields: tuple[tuple[bytes, bytes], ...]) -> None:
    assert of_file(response, *fields) == []


@pytest.mark.parametrize(
    ("response", "fields", "label"),
    [
        (answered(206, PART, CONTENT[1:11]), (RANGE,), "rfc9110-15.3.7.1-1 octets"),
        (answered(206, PART.replace(b"0-9/100", b"0-9/*"), CONTENT[:10]), (RANGE,), "rfc9110-14.4-4 no-length"),
        (answered(206, PART.replace(b"Last-", b"X-"), CONTENT[:10]), (RANGE,), "rfc9110-15.3.7-4 last-modified"),
        (answered(206, PART.replace(b"ETag", b"X-T"), CONTENT[:10]), (RANGE,), "rfc9110-15.3.7-2 etag"),
        (answered(416), ((b"Range", b"lines=0-9"),), "rfc9110-14.2-3 unit-refused"),
        (answered(304, LINES.replace(b"Vary", b"X-V")), ((b"If-None-Match", ETAG),), "rfc9110-15.4.5-1 vary"),
        (
            answered(200, LINES, CONTENT),
            ((b"If-None-Match", b'"a"'), (b"If-None-Match", ETAG)),
            "rfc9110-13.1.2-4a 304",
        ),
        (answered(412), ((b"If-Range", b'"a"'),), "rfc9110-13.2.2-1 412-unasked"),
        (answered(200, LINES.replace(b"ETag", b"X-T"), CONTENT), (), "rfc9110-8.8.3.1-1 etag"),
        (answered(200, LINES.replace(b"Content-", b"X-"), CONTENT), (), "rfc9110-8.3-1 content-type"),
    ],
)
def test_wrong_answers_about_files(response: Response, fields: tuple[tuple[bytes, bytes], ...], label: str) -> None:
    assert of_file(response, *fields) == [label]


def test_head_has_no_ranges_and_two_dates_are_none() -> None:
    part = answered(206, PART, CONTENT[:10], method="HEAD")
    assert of_file(part, RANGE, method="HEAD") == ["rfc9110-14.2-2 head"]
    date = (b"If-Modified-Since", b"Wed, 01 Jan 2020 00:00:00 GMT")
    request = asked("files", b"merkhet.txt", date, date)
    found = files.judge(request, answered(304, LINES), {"merkhet.txt": FACTS})
    assert [(one.requirement, one.weight) for one in found] == [("rfc9110-13.1.3-2b", Weight.WARNING)]


def test_fields_without_meaning_change_nothing() -> None:
    if_range = (b"If-Range", b'"a"')
    for response in (answered(200), answered(404), answered(405), answered(416)):
        assert plain.is_untouched(asked("param", b"a", if_range, RANGE), response) == []
    found = plain.is_untouched(asked("param", b"a", if_range, RANGE), answered(412))
    assert labels(found) == ["rfc9110-13.1.5-3 412-unasked"]
    assert labels(plain.is_untouched(asked("status", b"404", RANGE), answered(416))) == [
        "rfc9110-14.2-a1 416-elsewhere"
    ]
    assert plain.is_untouched(asked("status", b"416", RANGE), answered(416)) == []
    place = (b"Content-Range", b"bytes 0-0/1")
    assert labels(plain.is_untouched(asked("param", b"a", place), answered(400))) == ["rfc9110-14.4-3 content-range"]


def test_a_stream_that_fails_has_no_end() -> None:
    chunked = b"Transfer-Encoding: chunked\r\n"
    whole = answered(200, chunked, b"8\r\npiece 0\n\r\n0\r\n\r\n")
    assert plain.pieces(asked("pieces", b"1,0,whole"), whole) == []
    assert labels(plain.pieces(asked("pieces", b"2,0,trailer"), whole)) == ["architecture-1.2-1 pieces"]
    assert labels(plain.pieces(asked("pieces", b"1,0,abort"), whole)) == ["architecture-1.3-1 abort"]


def test_a_store_gives_two_contents_two_tags() -> None:
    store = contents.Store()
    tag = b'ETag: "1"\r\n'

    def put(content: bytes, *fields: tuple[bytes, bytes], status: int = 204) -> list[str]:
        request = asked("mutable", b"a", *fields, method="PUT", content=content)
        return labels(store.judge(request, answered(status)))

    def got(content: bytes) -> list[str]:
        return labels(store.judge(asked("mutable", b"a"), answered(200, tag, content)))

    assert put(b"one", status=201) == []
    assert got(b"one") == []
    assert put(b"two") == []
    assert got(b"one") == [" stored-other"]
    assert got(b"two") == ["rfc9110-8.8.3-1 stored-tag"]
    part = (b"Content-Range", b"bytes 0-1/5")
    assert put(b"ab", part) == []
    assert got(b"abo") == []
    assert got(b"ab") == ["rfc9110-14.5-1 partial-put"]
    assert put(b"two") == []
    future = (b"If-Modified-Since", b"Fri, 31 Dec 2099 23:59:59 GMT")
    assert put(b"three", future, status=412) == ["rfc9110-13.1.3-2c since"]
    assert put(b"three", (b"If-Match", b'"no-such"')) == ["rfc9110-13.1.1-3 condition"]


def test_what_is_suspected_names_requirements_of_the_catalogue() -> None:
    known = {requirement.id for requirement in catalogue.load().requirements.values()}
    live = Path(plain.__file__).parent.parent
    named = {found for path in live.rglob("*.py") for found in REQUIREMENT.findall(path.read_text("utf-8"))}
    assert named
    assert named <= known


def test_a_304_keeps_what_the_coded_text_says_of_its_choice() -> None:
    coded = {b"gzip": HEAD}
    gzip = (b"Accept-Encoding", b"gzip")
    assert negotiation.kept(asked("gzip", b"", gzip), answered(304, LINES), coded) == []
    assert negotiation.kept(asked("gzip", b""), answered(304), coded) == []
    found = negotiation.kept(asked("gzip", b"", gzip), answered(304, LINES.replace(b"Vary", b"X-V")), coded)
    assert labels(found) == ["rfc9110-15.4.5-1 vary"]


def test_a_coding_in_capital_letters_is_the_same_one() -> None:
    coded = {b"gzip": ((b"Content-Encoding", b"gzip"),)}
    capital, plain_text = asked("gzip", b"", (b"Accept-Encoding", b"GZIP")), answered(200, content=b"a")
    assert negotiation.cased(capital, answered(200, b"Content-Encoding: gzip\r\n"), coded) == []
    assert negotiation.cased(capital, plain_text, {b"gzip": ()}) == [], "who never codes may go on so"
    assert negotiation.cased(asked("gzip", b"", (b"Accept-Encoding", b"BR")), plain_text, coded) == []
    assert labels(negotiation.cased(capital, plain_text, coded)) == ["rfc9110-8.4.1-a1 coding-case"]


def test_what_is_called_gzip_is_gzip() -> None:
    files_there, gzip = {"text.txt": b"text"}, asked("gzip", b"", (b"Accept-Encoding", b"gzip, x-own"))
    for content, coding, wanted in (
        (zlib.compress(b"text", wbits=31), b"gzip", []),
        (zlib.compress(b"text"), b"gzip", ["rfc9110-8.4-1 coding-content"]),
        (zlib.compress(b"text"), b"x-own", []),
    ):
        response = answered(200, b"Content-Encoding: " + coding + b"\r\n", content)
        assert labels(negotiation.coding(gzip, response, files_there, {})) == wanted


@pytest.mark.parametrize(
    ("field", "is_right"),
    [
        (rb'Content-Disposition: attachment; filename="a\\b.txt"', True),
        (rb'Content-Disposition: attachment; filename="a\"b.txt"', True),
        (rb'Content-Disposition: attachment; filename="a\b.txt"', False),
        (rb"Server: a (b\\c)", True),
        (rb"Server: a (b\c)", False),
    ],
)
def test_a_backslash_is_escaped_and_then_stands_for_nothing_else(field: bytes, is_right: bool) -> None:  # noqa: FBT001
    seen = Seen(
        response=answered(200, b"Date: Wed, 01 Jan 2020 00:00:00 GMT\r\n" + field + b"\r\n", b"a"), request=None
    )
    broken = [rule.name for rule, fault in judge(seen) if fault is not None and "escape" in rule.name]
    assert (broken == []) is is_right


def test_a_member_with_two_weights_is_judged_by_nobody() -> None:
    assert negotiation.weights((b"gzip;q=0.5, identity",)) == {b"gzip": 0.5, b"identity": 1.0}
    assert negotiation.weights((b"*/*;q=0.1", b"*/*")) is None


@pytest.mark.parametrize("name", bases.NAMES)
def test_bases_are_the_same_each_time_and_stand_on_one_line(name: str) -> None:
    for seed in range(40):
        made = Input(Kind.EXCHANGE, name, seed)
        assert Input.parse(str(made)) == made
        base = bases.make(name, seed)
        assert base.pieces == bases.make(name, seed).pieces
        octets = render(made, library.base(Kind.EXCHANGE, name, seed)).octets
        # One Host and one request line for each meaning: nothing of a base is lost on its way.
        assert octets.count(b"\r\nHost: {host}\r\n") == len(base.meaning)


def test_a_status_that_was_asked_for_is_nobodys_claim() -> None:
    """Not even where an edit to another request leaves open what is asked."""
    place = Place(Names(host=b"localhost:1", scheme="http", endpoints={"root": "/", "status": "/status/{code}"}))
    place.notes[NOTE] = Known(patterns={"status": pattern("/status/{code}")})
    surface = ExchangeSurface()
    seed = next(
        seed
        for seed in range(1, 500)
        if b"{status:301}" in b"".join(_targets("plain", seed)) and len(_targets("plain", seed)) == 1
    )
    for edits in ("", " request-line.space1:tab"):
        made = Input.parse(f"exchange.plain#{seed}{edits}")
        base = library.base(made.kind, made.name, made.seed)
        pieces = tuple(
            piece._replace(octets=piece.octets.replace(b"{status:301}", b"/status/301")) for piece in base.pieces
        )
        dialogue = surface.dialogue(render(made, replace(base, pieces=pieces)), place)
        dialogue.received(b"HTTP/1.1 301 X\r\nDate: Wed, 01 Jan 2020 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n")
        dialogue.ended(End.CLOSED)
        assert not [one for one in dialogue.suspicions() if "location" in one.label]


def two_asides(method: str, edit: str) -> Dialogue:
    """Begin a dialogue of two requests, the first with this method, and one edit."""
    place = Place(Names(host=b"localhost:1", scheme="http", endpoints={"root": "/", "stream": "/stream/{n}"}))
    place.notes[NOTE] = Known(patterns={"stream": pattern("/stream/{n}")})
    seed = next(
        seed
        for seed in range(1, 500)
        for base in [bases.make("asides", seed)]
        if len(base.meaning) == 2 and base.octets_of("request-line.method") == method.encode()
    )
    made = Input.parse(f"exchange.asides#{seed} {edit}")
    return ExchangeSurface().dialogue(render(made, library.base(made.kind, made.name, made.seed)), place)


def test_where_the_answer_to_a_head_ends_is_not_guessed() -> None:
    dialogue = two_asides("HEAD", "m2-request-line.space2:tab")
    head = b"HTTP/1.1 200 OK\r\nDate: Wed, 01 Jan 2020 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n"
    dialogue.received(head + b"HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n")
    dialogue.ended(End.CLOSED)
    assert dialogue.suspicions() == []


@pytest.mark.parametrize(("content_at", "found"), [(0.1, []), (0.9, ["answer.architecture-1.1-1.gathered"])])
def test_a_stream_that_comes_when_all_of_it_is_made_was_gathered(
    content_at: float, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/pieces?n={n}&ms={ms}&end={end}"
    place = Place(Names(host=b"localhost:1", scheme="http", endpoints={"root": "/", "pieces": path}))
    place.notes[NOTE] = Known(patterns={"pieces": pattern(path)})
    surface = ExchangeSurface()
    monkeypatch.setattr(exchange, "time", SimpleNamespace(monotonic=iter((0.05, content_at, 1.0, 1.0)).__next__))
    seed = next(seed for seed in range(1, 2000) if b"{pieces:3,400,whole}" in _targets("pieces", seed))
    base = library.base(Kind.EXCHANGE, "pieces", seed)
    filled = tuple(
        piece._replace(octets=piece.octets.replace(b"{pieces:3,400,whole}", b"/pieces?n=3&ms=400&end=whole"))
        for piece in base.pieces
    )
    made = Input.parse(f"exchange.pieces#{seed}")
    dialogue = surface.dialogue(render(made, replace(base, pieces=filled)), place)
    dialogue.received(b"HTTP/1.1 200 OK\r\nDate: Wed, 01 Jan 2020 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n")
    dialogue.received(b"1\r\na\r\n")
    dialogue.received(b"1\r\na\r\n1\r\na\r\n0\r\n\r\n")
    dialogue.ended(End.CLOSED)
    assert [one.label for one in dialogue.suspicions() if one.detail == "gathered"] == found


def _targets(name: str, seed: int) -> list[bytes]:
    return [piece.octets for piece in bases.make(name, seed).pieces if piece.name.endswith("request-line.target")]


@pytest.mark.parametrize(
    ("value", "spans", "is_right"),
    [
        (b"bytes=0-99, 500-509, 0-9", [(0, 99), (500, 509), (0, 9)], True),  # nothing was merged
        (b"bytes=0-99, 500-509, 0-9", [(0, 99), (500, 509)], True),
        (b"bytes=0-99, 500-509, 0-9", [(500, 509), (0, 99)], True),  # merged where the last of them stood
        (b"bytes=0-99, 500-509", [(500, 509), (0, 99)], False),
    ],
)
def test_parts_are_in_the_order_that_was_asked_for(
    value: bytes,
    spans: list[tuple[int, int]],
    is_right: bool,  # noqa: FBT001
) -> None:
    content = bytes(600)
    facts = replace(FACTS, content=content)
    parts = b"".join(
        b"--b\r\nContent-Type: text/plain\r\nContent-Range: bytes %d-%d/600\r\n\r\n%b\r\n"
        % (first, last, content[first : last + 1])
        for first, last in spans
    )
    kind = LINES.replace(b"text/plain", b"multipart/byteranges; boundary=b")
    response = answered(206, kind, parts + b"--b--\r\n")
    request = asked("files", b"merkhet.txt", (b"Range", value))
    found = labels(files.judge(request, response, {"merkhet.txt": facts}))
    assert found == ([] if is_right else ["rfc9110-15.3.7.2-9 order"])


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"attachment; filename=\"a.txt\"; filename*=UTF-8''%c3%bc.txt", []),
        (b"attachment; filename*=UTF-8''%c3%bc.txt", ["rfc6266-D-a6 alone"]),
        (b"attachment; filename*=UTF-8''%c3%bc.txt; filename=\"a.txt\"", ["rfc6266-D-a7 first"]),
    ],
)
def test_who_reads_no_extended_name_finds_a_plain_one_before_it(value: bytes, found: list[str]) -> None:
    response = answered(200, b"Content-Disposition: " + value + b"\r\n")
    assert labels(plain.download(asked("download", b"%C3%BC.txt"), response)) == found


def test_conditions_are_asked_of_what_has_validators() -> None:
    bare = FileFacts(CONTENT)
    request = asked("files", b"merkhet.txt", (b"If-Match", b'"no-such"'))
    assert labels(files.judge(request, answered(200, content=CONTENT), {"merkhet.txt": FACTS})) == [
        "rfc9110-13.1.1-2 412"
    ]
    assert labels(files.judge(request, answered(200, content=CONTENT), {"merkhet.txt": bare})) == []
    for has_validators, found in ((True, ["rfc9110-13.1.1-3 condition"]), (False, [])):
        store = contents.Store(has_validators=has_validators)
        store.judge(asked("mutable", b"a", method="PUT", content=b"1"), answered(201, method="PUT"))
        put = asked("mutable", b"a", (b"If-Match", b'"no-such"'), method="PUT", content=b"2")
        assert labels(store.judge(put, answered(204, method="PUT"))) == found


def test_who_answers_as_http_0_9_did_has_no_head_to_judge() -> None:
    dialogue = two_asides("GET", "m2-request-line.space2:crlf")
    head = b"HTTP/1.1 204 X\r\nDate: Wed, 01 Jan 2020 00:00:00 GMT\r\n\r\n"
    dialogue.received(head + b"what is there")
    dialogue.ended(End.CLOSED)
    assert dialogue.suspicions() == []


def test_a_query_is_in_no_value() -> None:
    patterns = {"files": pattern("/files/{path}"), "sse": pattern("/events?n={n}&ms={ms}")}
    known = Known(patterns=patterns)
    assert known.endpoint(b"/files/a.txt") == ("files", b"a.txt")
    assert known.endpoint(b"/files/a.txt?a?b/") == ("", b"")
    assert known.endpoint(b"/events?n=2&ms=0") == ("sse", b"2,0")


def test_a_target_without_endpoints_of_the_contract_is_asked_for_none() -> None:
    place = Place(Names(host=b"localhost:1", scheme="http", endpoints={"root": "/", "ws": "/ws"}))
    kinds = {surface.kind for surface in surfaces.fitting(place)}
    assert Kind.EXCHANGE not in kinds
    assert {Kind.HTTP, Kind.CONNECTION, Kind.HANDSHAKE, Kind.FRAMES} <= kinds


def test_a_suffix_of_nothing_can_be_satisfied_and_not_be_told() -> None:
    empty = replace(FACTS, content=b"")

    def of(value: bytes, response: Response) -> list[str]:
        request = asked("files", b"merkhet.txt", (b"Range", value))
        return labels(files.judge(request, response, {"merkhet.txt": empty}))

    assert of(b"bytes=-5", answered(206, LINES)) == []
    assert of(b"bytes=7-, -5", answered(206, LINES)) == []
    assert of(b"bytes=7-", answered(206, LINES)) == ["rfc9110-14.1.2-a4 unsatisfiable"]
