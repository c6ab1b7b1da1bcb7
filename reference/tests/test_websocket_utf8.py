"""Text is found to be no UTF-8 at the very octet that makes it so."""

from __future__ import annotations

import pytest

from merkhet_reference.websocket import utf8
from merkhet_reference.websocket.close import Violation

# Unicode, table 3-7: what each octet of a character may be, by its first one.
TAIL = range(0x80, 0xC0)
FORMS: list[tuple[range, ...]] = [
    (range(0x80),),
    (range(0xC2, 0xE0), TAIL),
    (range(0xE0, 0xE1), range(0xA0, 0xC0), TAIL),
    (range(0xE1, 0xED), TAIL, TAIL),
    (range(0xED, 0xEE), range(0x80, 0xA0), TAIL),
    (range(0xEE, 0xF0), TAIL, TAIL),
    (range(0xF0, 0xF1), range(0x90, 0xC0), TAIL, TAIL),
    (range(0xF1, 0xF4), TAIL, TAIL, TAIL),
    (range(0xF4, 0xF5), range(0x80, 0x90), TAIL, TAIL),
]
EDGES = sorted(
    {edge + by for form in FORMS for part in form for edge in (part[0], part[-1]) for by in (-1, 0, 1)}
    & set(range(256))
)


def may_begin(data: bytes) -> bool:
    """Whether some character begins with these octets."""
    return any(len(data) <= len(form) and all(map(range.__contains__, form, data)) for form in FORMS)


def is_whole(data: bytes) -> bool:
    return any(len(data) == len(form) and all(map(range.__contains__, form, data)) for form in FORMS)


def refuses(beginning: bytes) -> bool:
    """Whether the last of these octets is refused, where those before it are not."""
    check = utf8.Utf8Check()
    for octet in beginning[:-1]:
        check.feed(bytes((octet,)))
    try:
        check.feed(beginning[-1:])
    except Violation:
        return True
    return False


def test_every_beginning_of_a_character() -> None:
    beginnings = [b""]
    seen = {True: 0, False: 0}
    while beginnings:
        longer = [beginning + bytes((octet,)) for beginning in beginnings for octet in EDGES]
        for beginning in longer:
            assert refuses(beginning) is not may_begin(beginning), beginning
            seen[may_begin(beginning)] += 1
        beginnings = [beginning for beginning in longer if may_begin(beginning) and not is_whole(beginning)]
    assert min(seen.values()) > 100


@pytest.mark.parametrize("data", [b"\xc3", b"\xe2\x82", b"\xf0\x9f\x92"])
def test_a_character_is_whole_at_the_end_alone(data: bytes) -> None:
    check = utf8.Utf8Check()
    check.feed(data)
    with pytest.raises(Violation) as caught:
        check.feed(b"", final=True)
    assert caught.value.code == 1007


def test_a_character_may_be_cut_anywhere() -> None:
    data = "\u00fc\u20ac\U0001f4a9".encode()
    for cut in range(len(data)):
        check = utf8.Utf8Check()
        check.feed(data[:cut])
        check.feed(data[cut:], final=True)


def test_text_that_comes_whole() -> None:
    assert utf8.decode("\u20ac\x00\ufeff".encode()) == "\u20ac\x00\ufeff"
    with pytest.raises(Violation) as caught:
        utf8.decode(b"ok\xed\xa0\x80")
    assert caught.value.code == 1007
