"""Every expectation, met and unmet."""

from __future__ import annotations

import base64
import json

import pytest

from merkhet import expect
from merkhet.answer import Answer, Context, End, Fault, Framing, Response
from merkhet.expect import Expectation, Rests, read_echo
from merkhet.expectation import told_by

CONTEXT = Context(render=lambda data: data.replace(b"{root}", b"/"), baseline_status=302)


def answer(
    code: int = 200,
    content: bytes = b"ok",
    *,
    fields: tuple[tuple[bytes, bytes], ...] = (),
    version: bytes = b"HTTP/1.1",
    reason: bytes = b"OK",
    framing: Framing = Framing.LENGTH,
    complete: bool = True,
    interim: tuple[int, ...] = (),
) -> Answer:
    def response(status: int) -> Response:
        return Response(
            version=version,
            status=status,
            reason=reason,
            fields=fields,
            content=content,
            framing=framing,
            complete=complete,
        )

    end = None if complete else End.CLOSED
    return Answer(response=response(code), end=end, interim=tuple(response(status) for status in interim))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def echo(**changes: object) -> Answer:
    document: dict[str, object] = {
        "method": "POST",
        "target": b64(b"/"),
        "fields": [[b64(b"X-A"), b64(b"a  b")]],
        "body": b64(b"hello"),
        "trailers": [[b64(b"X-T"), b64(b"1")]],
    }
    return answer(content=json.dumps(document | changes).encode())


CLOSED, RESET, SILENT, UNNOTIFIED = (Answer(end=end) for end in (End.CLOSED, End.RESET, End.SILENT, End.UNNOTIFIED))
GARBAGE = Answer(garbage=b"junk")
OK = answer()
CUT = answer(complete=False)
BAD = answer(400)

CASES: list[tuple[Expectation, list[Answer], list[Answer]]] = [
    (expect.status(200, 204), [OK, answer(204)], [BAD, CUT, CLOSED, GARBAGE]),
    (expect.status_2xx, [OK, answer(299)], [answer(300), answer(199), CUT]),
    (expect.status_3xx, [answer(302)], [OK]),
    (expect.status_4xx, [BAD, answer(499)], [answer(500)]),
    (expect.status_5xx, [answer(503)], [BAD]),
    (expect.served(), [OK, answer(405), answer(302)], [BAD, answer(500), CUT, SILENT, GARBAGE]),
    (expect.as_preflight(), [answer(302)], [OK, CUT]),
    (expect.answered, [OK, BAD], [CUT, CLOSED, GARBAGE]),
    (expect.closed, [CLOSED, UNNOTIFIED], [RESET, SILENT, OK, CUT, GARBAGE]),
    (expect.reset, [RESET], [CLOSED, SILENT]),
    (expect.ended, [CLOSED, RESET, UNNOTIFIED], [SILENT, OK]),
    (expect.notified, [CLOSED], [UNNOTIFIED]),
    (expect.unnotified, [UNNOTIFIED], [CLOSED]),
    (expect.silent, [SILENT], [CLOSED, OK, CUT]),
    (expect.cut_short, [CUT], [OK, CLOSED, GARBAGE]),
    (expect.garbage, [GARBAGE], [OK, CLOSED]),
    (expect.anything, [OK, CLOSED, GARBAGE, CUT, SILENT], []),
    (expect.any_of(expect.status(400), expect.closed), [BAD, CLOSED], [OK, RESET]),
    (expect.all_of(expect.status(200), expect.field(b"A")), [answer(fields=((b"a", b"x"),))], [OK]),
    (expect.without(expect.field(b"A")), [OK], [answer(fields=((b"A", b"x"),)), CLOSED]),
    (expect.interim(100), [answer(interim=(100,))], [OK, answer(interim=(103,))]),
    (
        expect.field(b"Connection", b"close"),
        [answer(fields=((b"connection", b"x, CLOSE"),))],
        [OK, answer(fields=((b"connection", b"closed"),)), CLOSED],
    ),
    (expect.version(b"HTTP/1.0"), [answer(version=b"HTTP/1.0")], [OK]),
    (expect.content(b"at {root}"), [answer(content=b"at /")], [OK, answer(400, b"at /")]),
    (expect.echoed(), [echo()], [OK, CLOSED]),
    (expect.echoed(method="POST"), [echo()], [echo(method="GET"), echo(method=None)]),
    (expect.echoed(target=b"{root}"), [echo()], [echo(target=b64(b"/x"))]),
    (expect.echoed(body=b"hello"), [echo()], [echo(body=b64(b"hell")), echo(body=None)]),
    (expect.echoed(lines=((b"x-a", b"a  b"),)), [echo()], [echo(fields=[]), echo(fields=None)]),
    (expect.echoed(lines=((b"X-A", b"a b"),), folded=True), [echo()], [echo(fields=[[b64(b"X-A"), b64(b"ab")]])]),
    (expect.echoed(absent=(b"X-B",)), [echo()], [echo(fields=[[b64(b"x-b"), ""]]), echo(fields=None)]),
    (expect.echoed(trailer=(b"x-t", b"1")), [echo()], [echo(trailers=None), echo(trailers=[])]),
    (expect.misechoed(b"hello"), [echo(body=b64(b"hell"))], [echo(), echo(body=None), OK, CLOSED]),
    (expect.untold("target"), [echo(target=None)], [echo(), echo(body=None), OK, CLOSED]),
    (expect.untold("body"), [echo(body=None)], [echo(), echo(target=None), OK, CLOSED]),
    (expect.with_reason, [OK], [answer(reason=b""), answer(reason=b" "), CLOSED]),
    (expect.without_reason, [answer(reason=b"")], [OK, CLOSED]),
    (expect.framed(Framing.CHUNKED), [answer(framing=Framing.CHUNKED)], [OK, CLOSED]),
]


@pytest.mark.parametrize(("expectation", "met", "unmet"), CASES, ids=lambda case: type(case).__name__)
def test_expectation(expectation: Expectation, met: list[Answer], unmet: list[Answer]) -> None:
    for case in met:
        assert expectation.matches(case, CONTEXT), case.describe()
    for case in unmet:
        assert not expectation.matches(case, CONTEXT), case.describe()
    assert expectation.describe()
    assert isinstance(expectation.rests_on, Rests)


def test_every_kind_of_expectation_is_shown() -> None:
    shown = {type(expectation) for expectation, _, _ in CASES}
    kinds = {
        kind
        for kind in vars(expect).values()
        if isinstance(kind, type) and kind.__name__.startswith("_") and hasattr(kind, "matches")
    }
    assert {kind.__name__ for kind in kinds - shown} == set()


@pytest.mark.parametrize(
    ("expectation", "words"),
    [
        (expect.status_4xx, "status 4xx"),
        (expect.status(400, 501), "status 400 or 501"),
        (expect.any_of(expect.status(400), expect.silent), "status 400, or no byte in time, the connection still open"),
        (expect.field(b"Connection", b"close"), "Connection: close in the response"),
        (expect.echoed(body=b"x" * 50), f"a 2xx echo with the content {b'x' * 40!r}... (50 bytes)"),
    ],
)
def test_words(expectation: Expectation, words: str) -> None:
    assert expectation.describe() == words


LINES = ((b"x-a", b"1"), (b"X-A", b"2"), (b"x-b", b"3"))
ROWS = [[b64(name), b64(value)] for name, value in LINES]


@pytest.mark.parametrize(
    ("expectation", "seen", "words"),
    [
        (expect.echoed(), echo(), ""),
        (expect.echoed(method="GET", body=b"x"), echo(), "an echo with the method 'POST' and the content b'hello'"),
        (expect.echoed(method="GET"), echo(method=[1]), "an echo with the method untold"),
        (
            expect.echoed(method="GET"),
            echo(method="\x1b" * 50),
            "an echo with the method " + ascii("\x1b" * 40) + "...",
        ),
        (expect.echoed(target=b"/"), echo(target=b64(b"/\x1b\xff")), r"an echo with the target b'/\x1b\xff'"),
        (expect.echoed(target=b"/"), echo(target=None), "an echo with the target untold"),
        (expect.echoed(lines=((b"X-A", b"9"),)), echo(fields=ROWS), "an echo with the field X-A as b'1' and b'2'"),
        (expect.echoed(lines=((b"X-C", b"9"),)), echo(fields=ROWS), "an echo with no field X-C"),
        (expect.echoed(absent=(b"X-B",)), echo(fields=ROWS), "an echo with the field X-B as b'3'"),
        (expect.echoed(absent=(b"X-B",)), echo(fields=None), "an echo with the fields untold"),
        (
            expect.echoed(absent=(b"X-A",)),
            echo(fields=ROWS * 3),
            "an echo with the field X-A as b'1' and b'2' and b'1' and b'2' and 2 more",
        ),
        (expect.echoed(trailer=(b"x-t", b"1")), echo(trailers=ROWS), "an echo with no trailer x-t"),
        (expect.misechoed(b"x"), echo(body=b64(b"y" * 50)), f"an echo with the content {b'y' * 40!r}... (50 bytes)"),
    ],
)
def test_what_an_echo_tells(expectation: Expectation, seen: Answer, words: str) -> None:
    assert told_by((expect.silent, expectation), seen) == words
    assert told_by((expectation,), OK) == ""
    assert told_by((expectation,), CLOSED) == ""


def test_what_a_combination_rests_on() -> None:
    assert expect.any_of(expect.ended, expect.status(400)).rests_on is Rests.STATUS
    assert expect.all_of(expect.status(200), expect.field(b"A")).rests_on is Rests.CONTENT
    assert expect.without(expect.field(b"A")).rests_on is Rests.CONTENT


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"{", b'{"body": "%%%"}', b'{"body": 5}', b'{"fields": [["a"]]}', b'{"fields": 3}']
)
def test_what_is_no_echo(content: bytes) -> None:
    response = answer(content=content).response
    assert response is not None
    assert read_echo(response) is None


def test_hostile_bytes_appear_only_as_escapes() -> None:
    assert Answer(garbage=b"\x1b[2J\n").describe() == r"bytes that are no HTTP response: b'\x1b[2J\n'"
    assert answer(interim=(100,)).describe() == "100, then status 200"
    assert CUT.describe() == "status 200, cut short (closed)"
    assert Answer().describe() == "nothing"


def test_lists_of_a_response() -> None:
    response = answer(fields=((b"A", b"x, ,Y"), (b"a", b"z"), (b"Connection", b"Close"))).response
    assert response is not None
    assert response.members(b"a") == (b"x", b"y", b"z")
    assert response.values(b"A") == (b"x, ,Y", b"z")
    assert response.says_close
    assert Fault("r", "t") == Fault("r", "t")
