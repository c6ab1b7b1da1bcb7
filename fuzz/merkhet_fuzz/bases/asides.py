"""Requests whose fields ask for what an endpoint does not have, streams by the piece, and many fields."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from merkhet_fuzz.grammar import Grammar

if TYPE_CHECKING:
    from merkhet_fuzz.bases.exchange import Exchanges

FIELDS = (
    ("Range", b"bytes=0-0"), ("Range", b"bytes=5000000000-"), ("If-Range", b'"no-such"'), ("If-None-Match", b'"no-such"'),
    ("If-Range", b"Sat, 01 Jan 2000 00:00:00 GMT"), ("Content-Range", b"bytes 0-0/1"), ("If-None-Match", b'W/"no-such"'),
    ("If-Modified-Since", b"Sat, 01 Jan 2000 00:00:00 GMT"),
)  # fmt: skip
"""What is to be ignored where there is nothing that it is about; none of them can be a reason for 304 or 412."""
TARGETS = (
    "{root}", "{root}no-such-place", "{redirect}", "{param:a}", "{status:200}", "{status:404}", "{stream:2}",
    "{files:no-such.txt}", "{files:merkhet.txt}",
)  # fmt: skip
NAMES = ("merkhet.txt", "text.txt", "small.bin")
PIECES = (1, 2, 3, 20)
SLOW = (3, 400)
MANY_FIELDS = 30
FUTURE = b"Fri, 31 Dec 2099 23:59:59 GMT"


def asides(made: Exchanges) -> None:
    """Ask under fields that have no meaning there, or whose condition nothing fails."""
    dice = made.dice
    chosen = [dice.pick(FIELDS) for _ in range(1 + dice.below(2))]
    fields = [(name, value, Grammar.TEXT) for name, value in dict(chosen).items()]
    made.request(dice.pick(("GET", "GET", "HEAD")), dice.pick(TARGETS), fields)


def pieces(made: Exchanges) -> None:
    """Ask for a stream that ends in one way or another; one that fails is the last on its connection."""
    dice = made.dice
    is_last = made.builder.message == made.count - 1
    end = dice.pick(("whole", "trailer", "abort") if is_last else ("whole", "trailer"))
    count, pause = dice.pick(PIECES), 0
    if made.count == 1 and not made.builder.is_simplest and dice.chance(15):
        count, pause = SLOW
        end = "whole"
    fields = [("TE", b"trailers", Grammar.LIST)] if end == "trailer" and dice.chance(80) else []
    made.request("GET", f"{{pieces:{count},{pause},{end}}}", fields)


def crowd(made: Exchanges) -> None:
    """Ask with many fields that nobody knows."""
    dice = made.dice
    count = MANY_FIELDS if dice.chance(50) else 1 + dice.below(MANY_FIELDS)
    fields = [(f"X-Merkhet-{number}", b"%d" % number, Grammar.TEXT) for number in range(count)]
    made.request(dice.pick(("GET", "POST")), "{echo}", fields)


def tag_lines(made: Exchanges) -> None:
    """Ask under a list of tags in two field lines; or under a validator for ranges, without one."""
    dice = made.dice
    name = dice.pick(NAMES)
    own = b"{etag:%b}" % name.encode()
    if dice.chance(50):
        lines = [b'"a"', own] if dice.chance(50) else [own, b'"a", W/"b"']
        fields = [("If-None-Match", line, Grammar.TEXT) for line in lines]
    else:
        fields = [("If-Range", dice.pick((own, b'"no-such"')), Grammar.TEXT)]
    made.request(dice.pick(("GET", "HEAD")), f"{{files:{quote(name)}}}", fields)
