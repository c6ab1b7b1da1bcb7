"""Each oracle on what a server answered: it sees its fault, and honest answers have none."""

from __future__ import annotations

import pytest
from answering import CANARY, DATE, dialogue, error, labels, place, told

from merkhet.answer import End
from merkhet.template import Names
from merkhet_fuzz.live.seam import Place

HELLO = told(b"POST", content=b"hello")
GET, POST, CHUNKED = "http-request.get#0", "http-request.post#0", "http-request.chunked#0"
HEX = f"{CHUNKED} chunk1.size:hex-zero"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
TWICE = told(b"POST", content=b"hellohello")
HONEST = {
    GET: told() + CANARY,
    POST: HELLO + CANARY,
    f"{GET} cut@20": told() + CANARY,
    HEX: error(400),
    f"{GET} host:drop": error(400),
    f"{GET} host.value:put=0,78": error(400),
    f"{POST} content-length:twice": error(400),
    f"{POST} end@60": error(400),
    "connection.close#0": told(closes=True),
    "connection.stays#0": told() + CANARY,
    "connection.old#0": told(closes=True),
    "connection.old-kept#0": told(closes=True),
    "connection.both#0": error(400),
    "connection.old-chunked#0": error(400),
    "connection.expect-other#0": error(417),
    "connection.absolute#0": told(target=b"http://a.test/echo") + CANARY,
    "connection.asterisk#0": error(404, b"") + CANARY,
    "connection.bare#0": error(411, b"") + CANARY,
    "connection.shut#0": told() + CANARY,
    "connection.endless#1": error(400),
    "connection.hundred#0": told() + told(closes=True),
    "connection.secure#0": error(421),
    "connection.later#0": told() + CANARY,
    "connection.expect-old#0": told(b"POST", content=b"hello", closes=True),
}
FAULTY = {
    "refused.legal": (GET, error(400), End.CLOSED),
    "lost.legal": (GET, told(), End.RESET),
    "surplus.legal": (GET, told() + told() + CANARY, End.CLOSED),
    "changed.content.legal": (POST, told(b"POST", content=b"hell") + CANARY, End.CLOSED),
    "changed.target.legal": (GET, told(target=b"/ech") + CANARY, End.CLOSED),
    "order.rfc9112-9.3.2-2b": (GET, CANARY + told(), End.CLOSED),
    "open.rfc9112-9.6-3": (GET, told() + CANARY, End.SILENT),
    "accepted.rfc9112-7.1-a2.chunk-line": (HEX, TWICE + CANARY, End.CLOSED),
    "kept.rfc9112-9.3-5.chunk-line": (HEX, error(400, b"") + CANARY, End.CLOSED),
    "unanswered.rfc9112-2.2-10": (f"{GET} host:drop", b"", End.CLOSED),
    "status.rfc9112-3.2-6a.host": (f"{GET} host:drop", error(500), End.CLOSED),
    "accepted.rfc9112-6.3-8.end": (f"{POST} end@60", told(b"POST", content=b"hel"), End.CLOSED),
    "answer.rfc9110-6.6.1-2a.date-sent": (GET, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n" + CANARY, End.CLOSED),
    "kept.rfc9112-9.6-7": ("connection.old-kept#0", told(closes=True) + CANARY, End.CLOSED),
    "surplus.rfc9112-9.6-5.close": ("connection.close#0", told() + CANARY, End.CLOSED),
    "open.rfc9112-9.6-5.close": ("connection.close#0", told(), End.SILENT),
    "surplus.rfc9112-9.3-a2.old": ("connection.old#0", told() + CANARY, End.CLOSED),
    "surplus.rfc9112-6.1-13.both": ("connection.both#0", TWICE + CANARY, End.CLOSED),
    "surplus.rfc9112-6.1-14.old-chunked": ("connection.old-chunked#0", TWICE + CANARY, End.CLOSED),
    "refused.rfc9112-3.2.2-6.absolute": ("connection.absolute#0", error(404, b"") + CANARY, End.CLOSED),
    "lost.rfc9110-10.1.1-11.expect": ("connection.expect#0", b"", End.SILENT),
    "accepted.rfc9110-7.4-2.secure": ("connection.secure#0", told(target=b"https://a.test/echo") + CANARY, End.CLOSED),
    "refused.rfc9110-6.2-6.later": ("connection.later#0", error(505), End.CLOSED),
    "told.rfc9110-10.1.1-7.expect-old": ("connection.expect-old#0", CONTINUE + HELLO + CANARY, End.CLOSED),
    "lost.rfc9112-6.3-a3.bare": ("connection.bare#0", b"", End.SILENT),
    "lost.rfc9112-9.5-4.hundred": ("connection.hundred#0", told() + told(), End.CLOSED),
    "accepted.rfc9112-7.1.1-a2.endless": ("connection.endless#1", HELLO + CANARY, End.CLOSED),
}


@pytest.mark.parametrize("line", HONEST)
def test_an_honest_server_is_not_suspected(line: str) -> None:
    assert labels(line, HONEST[line]) == []


@pytest.mark.parametrize("label", FAULTY)
def test_a_faulty_server_is_suspected(label: str) -> None:
    line, answers, end = FAULTY[label]
    assert label in labels(line, answers, end)


def test_a_trailer_field_is_not_told_among_those_of_the_head() -> None:
    line = "http-request.chunked#1"
    talk = dialogue(line)
    method, target, content = talk.expected[0]
    apart = told(method, target, content) + CANARY
    merged = told(method, target, content, fields=(b"X-Trailer1",)) + CANARY
    assert labels(line, apart) == []
    leaked = told(method, target, content) + told(target=b"/echo?canary", fields=(b"x-trailer1",), closes=True)
    assert labels(line, merged) == ["merged.rfc9112-7.1.2-3.trailer"]
    assert labels(line, leaked) == ["merged.rfc9112-7.1.2-3.next-request"]


def test_options_that_are_not_close_end_no_connection_of_a_server_that_goes_on_otherwise() -> None:
    there = place()
    closing = told(closes=True)
    assert labels("connection.stays#0", closing, where=there) == []
    assert labels("connection.hundred#0", told() * 4 + CANARY, where=there) == []
    assert labels("connection.stays#0", closing, where=there) == ["ended.rfc9112-9.3-1.stays"]


def test_content_is_sent_when_it_is_asked_for() -> None:
    talk = dialogue("connection.expect#0")
    (head,) = talk.outgoing
    assert head.endswith(b"\r\n\r\n")
    talk.outgoing.clear()
    talk.received(CONTINUE)
    assert b"".join(talk.outgoing).startswith(b"hello")
    talk.received(HELLO + CANARY)
    talk.ended(End.CLOSED)
    assert talk.suspicions() == []


def test_one_refusal_may_be_about_another_request_than_the_head_before_it() -> None:
    line = "http-request.several#8 m2-last.size:put=3,09"
    assert dialogue(line).answers.methods[0] == "HEAD"
    answer = error(400).replace(b"Content-Length: 0\r\n\r\n", b"Content-Length: 3\r\n\r\nbad")
    assert labels(line, answer) == ["refused.rfc9112-7.1.1-a1.chunk-line"]


def test_get_with_content_may_be_refused() -> None:
    line = next(
        made
        for seed in range(64)
        if (made := f"http-request.post#{seed}")
        and dialogue(made).expected[0][0] == b"GET"
        and dialogue(made).expected[0][2]
    )
    assert labels(line, error(400)) == []


def test_a_host_that_is_not_the_servers_own_may_be_refused() -> None:
    assert labels(f"{GET} host.value:put=0,78", told() + CANARY) == []
    assert labels(f"{GET} host.value:put=0,40", told() + CANARY) == ["accepted.rfc9112-3.2-6c.host"]


def test_who_answers_a_head_has_read_it_without_saying_so() -> None:
    bare = Place(Names(host=b"a.test", scheme="http", endpoints={"root": "/"}))
    page = b"HTTP/1.1 200 OK\r\n" + DATE + b"Content-Length: 0\r\n"
    answers = page + b"\r\n" + page + b"Connection: close\r\n\r\n"
    assert labels(GET, answers, where=bare) == []
    assert labels(f"{GET} host:drop", answers, where=bare) == ["accepted.rfc9112-3.2-6a.host"]
    # It may not have looked at a content that it has no use for.
    assert labels(HEX, answers, where=bare) == []


def test_who_times_out_on_a_client_that_waits_for_leave_has_not_told_it_to_go_on() -> None:
    assert labels("connection.expect#0", error(408)) == ["lost.rfc9110-10.1.1-11.expect"]
    assert labels("connection.expect#0", error(417)) == []


def test_a_client_of_http_1_0_waits_for_nobody() -> None:
    talk = dialogue("connection.expect-old#0")
    (head,) = talk.outgoing
    assert head.endswith(b"\r\n\r\n")
    talk.outgoing.clear()
    talk.quiet()
    assert b"".join(talk.outgoing).startswith(b"hello")


@pytest.mark.parametrize("name", ["absolute-case", "absolute-empty"])
def test_another_spelling_is_compared_with_the_plain_one(name: str) -> None:
    there = place()
    line, refusal = f"connection.{name}#0", error(404, b"") + CANARY
    there.notes["absolute"] = True
    (label,) = labels(line, refusal, where=there)
    assert label.startswith("refused.rfc3986-")
    there.notes["absolute"] = False
    assert labels(line, refusal, where=there) == []


FOLD = "http-request.get#4 x-obs:then-folded-tab"


def test_a_folded_line_is_part_of_the_value_before_it() -> None:
    method, target, content = dialogue(FOLD).expected[0]

    def answers(*fields: tuple[bytes, bytes]) -> bytes:
        return told(method, target, content, lines=fields) + CANARY

    assert labels(FOLD, answers((b"X-Obs", b"a \tfolded: 1"))) == []
    assert labels(FOLD, error(400)) == []
    assert labels(FOLD, told(method, target, content) + CANARY) == ["changed.rfc9112-5.2-2.field"]
    assert labels(FOLD, answers((b"X-Obs", b"a"), (b"folded", b"1"))) == ["changed.rfc9112-5.2-2.field"]


@pytest.mark.parametrize(
    ("line", "status", "label"),
    [
        (f"{GET} host:then-length-plus", 411, "status.rfc9112-6.3-5.then-length-plus"),
        (f"{CHUNKED} transfer-encoding.colon:space-before", 431, "status.rfc9112-5.1-1.transfer-encoding"),
        (f"{GET} host:drop", 411, ""),
        ("connection.star#0", 200, "accepted.rfc9112-3.2.4-a1.star"),
        ("connection.star#0", 404, ""),
        ("connection.long-line#0", 414, "refused.rfc9112-3-4.long-line"),
        ("connection.long-target#0", 414, ""),
        ("connection.long-target#0", 400, "status.rfc9112-3-3.long-target"),
        ("connection.unknown-coding#0", 501, ""),
        ("connection.unknown-coding#0", 400, "status.rfc9112-6.1-9.unknown-coding"),
        ("connection.old-hosts#0", 200, "accepted.rfc9112-3.2-6b.old-hosts"),
        ("connection.long-method#0", 501, ""),
        ("connection.long-method#0", 405, "status.rfc9112-3-2.long-method"),
    ],
)
def test_a_refusal_says_what_is_wrong(line: str, status: int, label: str) -> None:
    found = labels(line, error(status))
    assert [one for one in found if not one.startswith("answer.")] == ([label] if label else [])


def test_what_another_edit_left_is_no_answer_too_many() -> None:
    line = f"{HEX} m2-host.end:twice"
    answers = TWICE + told(target=b"/echo?canary") + error(400)
    assert labels(line, answers) == ["accepted.rfc9112-7.1-a2.chunk-line"]
    assert "surplus.rfc9112-7.1-a2.chunk-line" in labels(HEX, TWICE + told() + CANARY)


def test_a_method_that_a_server_has_not_is_no_misnamed_refusal() -> None:
    bare = Place(Names(host=b"a.test", scheme="http", endpoints={"root": "/"}))
    line = f"{POST} content-length.value:plus"
    assert labels(line, error(501)) == ["status.rfc9112-6.3-5.content-length"]
    assert labels(line, error(501), where=bare) == []
    assert labels(f"{GET} host:then-length-plus", error(501), where=bare) == ["status.rfc9112-6.3-5.then-length-plus"]
