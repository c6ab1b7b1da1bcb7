"""Sec-WebSocket-Extensions: what is offered, and what is no list at all."""

from __future__ import annotations

import time

import pytest

from merkhet_reference.websocket import extensions
from merkhet_reference.websocket.extensions import MalformedError, Offer


@pytest.mark.parametrize(
    ("values", "offers"),
    [
        ([], []),
        ([b"", b" , ,\t", b"foo"], [Offer(b"foo")]),
        ([b"foo"], [Offer(b"foo")]),
        ([b"foo, bar; baz=2"], [Offer(b"foo"), Offer(b"bar", ((b"baz", b"2"),))]),
        ([b"foo", b"bar; baz=2"], [Offer(b"foo"), Offer(b"bar", ((b"baz", b"2"),))]),
        ([b"a;b;c=d;b"], [Offer(b"a", ((b"b", None), (b"c", b"d"), (b"b", None)))]),
        ([b"\ta ; b = c ,, d "], [Offer(b"a", ((b"b", b"c"),)), Offer(b"d")]),
        ([b'a; b="c"'], [Offer(b"a", ((b"b", b"c"),))]),
        ([b'a; b = "\\c1" ; d'], [Offer(b"a", ((b"b", b"c1"), (b"d", None)))]),
        ([b"constructor; __proto__"], [Offer(b"constructor", ((b"__proto__", None),))]),
    ],
)  # fmt: skip
def test_lists(values: list[bytes], offers: list[Offer]) -> None:
    assert extensions.parse(values) == offers


@pytest.mark.parametrize(
    "value",
    [
        b";", b"a;", b"a; ", b"a;;b", b"a;=", b"a; b=", b"a; b=;c", b"a b", b"a; b c", b"a/1", b'a; b="', b'a; b="c d"',
        b'a; b=""', b'a; b="c,d"', b'a; b="c" d', b"a; b=c=d", b"(a)", b'"a"', b"a; b=\xff", b'a; b="\\',
    ],
)  # fmt: skip
def test_what_breaks_the_grammar(value: bytes) -> None:
    with pytest.raises(MalformedError):
        extensions.parse([b"fine", value])


@pytest.mark.parametrize("values", [[b""], [b" , ,\t"], [b"", b","]])
def test_a_list_of_nothing_is_none(values: list[bytes]) -> None:
    with pytest.raises(MalformedError):
        extensions.parse(values)


@pytest.mark.parametrize(
    "value",
    [b'a;b="' + b"\\a" * 30_000, b"a;" * 30_000, b"," * 60_000, b"a," * 30_000, b" " * 60_000, b"a;b=c" * 12_000],
)
def test_long_ones_take_no_longer_than_they_are(value: bytes) -> None:
    before = time.process_time()
    with_error = 0
    try:
        extensions.parse([value])
    except MalformedError:
        with_error = 1
    assert with_error in {0, 1}
    assert time.process_time() - before < 1.0
