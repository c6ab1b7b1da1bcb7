"""The expectations of a response that is still under way, each met and unmet."""

from __future__ import annotations

import pytest

from merkhet.answer import Answer, Context, End, FieldLine, Framing, Response
from merkhet.expect_stream import broken_off, paused, trailer, unmarked
from merkhet.expectation import Expectation

CONTEXT = Context(render=lambda data: data, baseline_status=200)


def response(*, complete: bool, framing: Framing = Framing.CHUNKED, trailers: tuple[FieldLine, ...] = ()) -> Response:
    return Response(
        version=b"HTTP/1.1", status=200, reason=b"", fields=(), framing=framing, complete=complete, trailers=trailers
    )


WHOLE = Answer(response=response(complete=True))
UNTIL_CLOSE = Answer(response=response(complete=True, framing=Framing.UNTIL_CLOSE))
WAITING = Answer(response=response(complete=False), end=End.SILENT)
PARTIAL = Answer(response=response(complete=False), partial=True)
CUT = Answer(response=response(complete=False), end=End.CLOSED)
RESET = Answer(response=response(complete=False), end=End.RESET)
NOTHING = Answer(end=End.SILENT)
HUNG_UP = Answer(end=End.CLOSED)
EVERY = (WHOLE, UNTIL_CLOSE, WAITING, PARTIAL, CUT, RESET, NOTHING, HUNG_UP)


@pytest.mark.parametrize(
    ("expectation", "met"),
    [(paused, (WAITING,)), (broken_off, (CUT, RESET)), (unmarked, (UNTIL_CLOSE,))],
)
def test_what_meets_it_and_nothing_else(expectation: Expectation, met: tuple[Answer, ...]) -> None:
    assert [answer for answer in EVERY if expectation.matches(answer, CONTEXT)] == list(met)
    assert "response" in expectation.describe()


@pytest.mark.parametrize(
    ("trailers", "is_met"),
    [
        (((b"X", b"1"),), True),
        (((b"x", b"1"), (b"Y", b"2")), True),
        (((b"X", b"2"),), False),
        (((b"X", b"1"), (b"X", b"1")), False),
        ((), False),
    ],
)
def test_trailer(trailers: tuple[FieldLine, ...], is_met: bool) -> None:  # noqa: FBT001
    expectation = trailer(b"X", b"1")
    assert expectation.matches(Answer(response=response(complete=True, trailers=trailers)), CONTEXT) is is_met
    assert not expectation.matches(
        Answer(response=response(complete=False, trailers=trailers), end=End.CLOSED), CONTEXT
    )
    assert expectation.describe() == "the trailer field X: 1"
