"""Values of fields: Range (RFC 9110, Section 14.1.1) and dates (Section 5.6.7)."""

from __future__ import annotations

from merkhet_fuzz.bases.words import Builder
from merkhet_fuzz.grammar import Base, Grammar, Kind

NUMBERS = (0, 1, 9, 10, 99, 500, 9999, 2**31, 2**53)
DATES = (
    # (day name, long day name, day, month, year, time of day, seconds since the epoch)
    (b"Sun", b"Sunday", b"06", b"Nov", 1994, (b"08", b"49", b"37"), 784111777),
    (b"Thu", b"Thursday", b"29", b"Feb", 2024, (b"23", b"59", b"59"), 1709251199),
    (b"Sat", b"Saturday", b"01", b"Jan", 2000, (b"00", b"00", b"00"), 946684800),
    (b"Thu", b"Thursday", b"31", b"Dec", 2015, (b"12", b"00", b"01"), 1451563201),
)


def make_range(name: str, seed: int) -> Base:
    """Return a Range value of one spec or of several; the meaning is (first, last), None for what is not said."""
    builder = Builder(Kind.RANGE, name, seed)
    dice = builder.dice
    count = 1 if name == "one" else 2 + (0 if builder.is_simplest else dice.below(3))
    parts: list[tuple[str, Grammar, bytes]] = [("unit", Grammar.TOKEN, b"bytes"), ("equals", Grammar.FIXED, b"=")]
    meaning: list[tuple[int | None, int | None]] = []
    for number in range(1, count + 1):
        if number > 1:
            comma = b"," if builder.is_simplest else dice.pick((b",", b", ", b" ,", b",\t"))
            parts.append((f"comma{number}", Grammar.LIST, comma))
        form = 0 if builder.is_simplest else dice.below(3)
        first = 10 * number if builder.is_simplest else dice.pick(NUMBERS)
        last = first + (4 if builder.is_simplest else dice.pick((0, 1, 99, 10**6)))
        if form < 2:
            parts.append((f"first{number}", Grammar.DIGITS, b"%d" % first))
        parts.append((f"dash{number}", Grammar.FIXED, b"-"))
        if form != 1:
            parts.append((f"last{number}", Grammar.DIGITS, b"%d" % last))
        meaning.append((None if form == 2 else first, None if form == 1 else last))
    builder.unit("range", "range", *parts)
    return builder.base(tuple(meaning))


def make_date(name: str, seed: int) -> Base:
    """Return an HTTP-date in one of the three formats; the meaning is the seconds since the epoch."""
    builder = Builder(Kind.DATE, name, seed)
    short, long, day, month, year, (hour, minute, second), seconds = DATES[
        0 if not seed else builder.dice.below(len(DATES))
    ]
    clock = (
        ("hour", Grammar.DIGITS, hour), ("colon1", Grammar.FIXED, b":"), ("minute", Grammar.DIGITS, minute),
        ("colon2", Grammar.FIXED, b":"), ("second", Grammar.DIGITS, second),
    )  # fmt: skip
    if name == "asctime":
        spaced = b" " + day[1:] if day.startswith(b"0") else day
        parts = [
            ("weekday", Grammar.TOKEN, short), ("space1", Grammar.SPACE, b" "), ("month", Grammar.TOKEN, month),
            ("space2", Grammar.SPACE, b" "),
            ("day", Grammar.DIGITS, spaced), ("space3", Grammar.SPACE, b" "), *clock, ("space4", Grammar.SPACE, b" "),
            ("year", Grammar.DIGITS, b"%d" % year),
        ]  # fmt: skip
    else:
        is_old = name == "rfc850"
        mark = b"-" if is_old else b" "
        parts = [
            ("weekday", Grammar.TOKEN, long if is_old else short), ("comma", Grammar.FIXED, b","),
            ("space1", Grammar.SPACE, b" "), ("day", Grammar.DIGITS, day),
            ("mark1", Grammar.SPACE, mark), ("month", Grammar.TOKEN, month), ("mark2", Grammar.SPACE, mark),
            ("year", Grammar.DIGITS, b"%d" % year if not is_old else b"%02d" % (year % 100)),
            ("space2", Grammar.SPACE, b" "), *clock,
            ("space3", Grammar.SPACE, b" "), ("zone", Grammar.TOKEN, b"GMT"),
        ]  # fmt: skip
    builder.unit("date", "date", *parts)
    return builder.base(seconds)
