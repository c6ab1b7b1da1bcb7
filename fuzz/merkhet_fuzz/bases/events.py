"""Requests for event streams (docs/contract.md: sse, sse-echo, sse-resume)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from merkhet_fuzz.dice import Dice
from merkhet_fuzz.grammar import Grammar

DATA = (
    "one", "one\ntwo", "", " leading", "trailing ", "a\r\nb", "a\rb", "\n", "\n\n", "x:y", ": no comment", "data: x",
    "\ufeffbom", "caf\u00e9",
    "\u20ac\U0001f600", "a\n\nb", "\n leading", "id: 7", "event: x\nretry: 1", "a\u2028b", "a\x0bb\x0cc\x85d", "x" * 9000,
)  # fmt: skip
IDS = ("7", "", "a b", " 7", "\u20ac", "7\n8", "7\r8", "a\0b", ":", "7 ")
KINDS = ("merkhet", "message", "a b", " x", "\u20ac", "a\nb", "a\rb", "data")
COMMENTS = ("a comment", "", "two\nlines", " x", "data: no", "a\rb")
RETRIES = ("1000", "0", "1.5", "-1", "x", "007")
LAST_IDS = (b"0", b"1", b"3", b"4", b"5", b"6", b"x", b"", b"3 ", b"-1", b"03")


def request(dice: Dice) -> tuple[str, Sequence[tuple[str, bytes, Grammar]]]:
    """Return a target and the fields beside it."""
    roll = dice.below(10)
    if roll < 2:
        return f"{{sse:{dice.pick((0, 1, 2, 9))},0}}", ()
    if roll < 4:
        return "{sse-resume}", [("Last-Event-ID", dice.pick(LAST_IDS), Grammar.TEXT)] if dice.chance(80) else ()
    fields: list[tuple[str, str]] = []
    for name, options, percent in (("data", DATA, 90), ("event", KINDS, 40), ("id", IDS, 40), ("retry", RETRIES, 25),
                                   ("comment", COMMENTS, 25), ("then", DATA, 40)):  # fmt: skip
        if dice.chance(percent):
            fields.append((name, dice.pick(options)))
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields)
    return f"{{sse-echo:{query}}}", [("Accept", b"text/event-stream", Grammar.LIST)] if dice.chance(50) else ()
