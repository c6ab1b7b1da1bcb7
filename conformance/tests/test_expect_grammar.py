"""Every expectation of a field's grammar, met and unmet."""

from __future__ import annotations

import pytest

from merkhet.answer import Answer, Context, End, Response
from merkhet.expect import Rests
from merkhet.expect_grammar import challenged, in_grammar, read_challenges, sound_challenges

CONTEXT = Context(render=lambda data: data, baseline_status=200)
ASKS = b"WWW-Authenticate"


def answer(*fields: tuple[bytes, bytes], complete: bool = True) -> Answer:
    whole = Response(version=b"HTTP/1.1", status=401, reason=b"", fields=fields, complete=complete)
    return Answer(response=whole, end=None if complete else End.CLOSED)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (b"Basic", ((b"basic", ()),)),
        (b"Negotiate YII=", ((b"negotiate", ()),)),
        (b"Basic realm=", ((b"basic", ()),)),
        (b"", ()),
        (b" , ,", ()),
        (b'Basic realm="a, b"', ((b"basic", ((b"realm", b'"a, b"'),)),)),
        (b'Basic   realm = "a" ,  charset=UTF-8', ((b"basic", ((b"realm", b'"a"'), (b"charset", b"UTF-8"))),)),
        (
            b'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
            (
                (b"basic", ((b"realm", b'"simple"'),)),
                (b"newauth", ((b"realm", b'"apps"'), (b"type", b"1"), (b"title", b'"Login to \\"apps\\""'))),
            ),
        ),
        (b"A, B, C c=1", ((b"a", ()), (b"b", ()), (b"c", ((b"c", b"1"),)))),
    ],
)
def test_challenges_are_read(value: bytes, read: object) -> None:
    assert read_challenges(value) == read


@pytest.mark.parametrize(
    "value",
    [b'realm="a"', b'Basic realm="a', b"Basic realm=(", b"Basic a b", b"Ba(sic", b'"Basic"', b'Basic realm="a" b="c"'],
)
def test_what_is_no_challenge_is_not_read(value: bytes) -> None:
    assert read_challenges(value) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"Accept-Ranges", b"bytes"),
        (b"Accept-Encoding", b"gzip;q=0.5, *;q=0"),
        (b"Content-Encoding", b"gzip, br"),
        (b"Content-Language", b"de-CH, en"),
        (b"Content-Location", b"/a%20b?c=d"),
        (b"Content-Range", b"bytes 0-1/*"),
        (b"Content-Range", b"bytes */10"),
        (b"Content-Range", b"seconds 1 of 3"),
        (b"Trailer", b"Expires, , X-A"),
        (b"Upgrade", b"websocket, HTTP/3"),
        (b"Via", b"1.1 proxy.example (a proxy), HTTP/1.0 b"),
        (b"Max-Forwards", b"0"),
        (b"Authentication-Info", b'nextnonce="a", qop=auth'),
        (ASKS, b'Basic realm="a"'),
        (b"X-Anything", b"((("),
    ],
)
def test_a_field_in_its_grammar(name: bytes, value: bytes) -> None:
    assert in_grammar.matches(answer((name, value)), CONTEXT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"Accept-Ranges", b"by tes"),
        (b"Accept-Encoding", b"gzip;q=2"),
        (b"Content-Encoding", b"g/zip"),
        (b"Content-Language", b"de_CH"),
        (b"Content-Location", b"/a b"),
        (b"Content-Location", b"/a#b"),
        (b"Content-Range", b"bytes 0-1"),
        (b"Content-Range", b"bytes=0-1/2"),
        (b"Content-Range", b"bytes */*"),
        (b"Trailer", b"a:b"),
        (b"Upgrade", b"websocket/13/1"),
        (b"Via", b"proxy"),
        (b"Max-Forwards", b"-1"),
        (b"Authentication-Info", b"auth"),
        (ASKS, b'realm="a"'),
        (b"Proxy-Authenticate", b"Basic realm=("),
    ],
)
def test_a_field_out_of_its_grammar(name: bytes, value: bytes) -> None:
    assert not in_grammar.matches(answer((name, value)), CONTEXT)


def test_challenged() -> None:
    assert challenged.matches(answer((ASKS, b"Basic")), CONTEXT)
    assert challenged.matches(answer((ASKS, b""), (ASKS, b"Basic")), CONTEXT)
    for unmet in (answer(), answer((ASKS, b"")), answer((ASKS, b"Basic"), (ASKS, b'="')), answer((b"X", b"Basic"))):
        assert not challenged.matches(unmet, CONTEXT)


def test_sound_challenges() -> None:
    assert sound_challenges.matches(answer((ASKS, b'Basic realm="a", Basic realm="b"')), CONTEXT)
    for value in (b"Basic realm=a", b'Basic realm="a", REALM="b"', b'X a=1, b=2, a="1"', b""):
        assert not sound_challenges.matches(answer((ASKS, value)), CONTEXT)


def test_nothing_but_a_whole_response_matches() -> None:
    cut = answer((ASKS, b'Basic realm="a"'), complete=False)
    for other in (cut, Answer(end=End.CLOSED), Answer(end=End.SILENT), Answer(garbage=b"x")):
        for expectation in (in_grammar, challenged, sound_challenges):
            assert not expectation.matches(other, CONTEXT)


def test_they_rest_on_content_and_say_what_they_are() -> None:
    for expectation, words in (
        (in_grammar, "a response each of whose fields is in its grammar"),
        (challenged, "WWW-Authenticate with a challenge"),
        (sound_challenges, "challenges without a repeated parameter and with realms in quotes"),
    ):
        assert expectation.rests_on is Rests.CONTENT
        assert expectation.describe() == words
