"""RFC 9110, Sections 5.6.7 and 14.1.1: what a Range value and a date mean, read strictly."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta

from merkhet.model import Weight
from merkhet_fuzz.verdicts import ACCEPT, EITHER, FREE, Verdict, accept, refuse

SPEC = re.compile(rb"([0-9]+)-([0-9]*)|-([0-9]+)")
TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
POSITION_MAX = 1 << 62
"""Beyond every file's length: numbers from here on are all the same to a parser."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY = rb"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_CLOCK = rb"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_MONTH = rb"(?P<month>" + b"|".join(MONTHS) + rb")"
DATES = (
    re.compile(_DAY + rb", (?P<day>[0-9]{2}) " + _MONTH + rb" (?P<year>[0-9]{4}) " + _CLOCK + rb" GMT"),
    re.compile(_LONG_DAY + rb", (?P<day>[0-9]{2})-" + _MONTH + rb"-(?P<year>[0-9]{2}) " + _CLOCK + rb" GMT"),
    re.compile(_DAY + rb" " + _MONTH + rb" (?P<day>[0-9]{2}| [0-9]) " + _CLOCK + rb" (?P<year>[0-9]{4})"),
)
SURE_YEARS = range(70, 100), range(27)
"""Years of two digits whose century is not in doubt for as long as this release is used."""


def range_(octets: bytes) -> tuple[Verdict, tuple[object, ...]]:
    """Return the verdict on a Range value and its meaning: (first, last) of each spec, None for what is not said."""
    if re.search(rb"[\r\n\0]", octets):
        return FREE, ()  # no field's value has them: nobody is asked
    unit, mark, written = octets.strip(b" \t").partition(b"=")
    if not mark or not TOKEN.fullmatch(unit):
        return _invalid("a Range has a unit and an equals sign"), ()
    if unit.lower() != b"bytes":
        return refuse("rfc9110-14.2-3", "a Range whose unit is not known is ignored"), ()
    members = written.split(b",")
    specs = [member.strip(b" \t") for member in members]
    read = [SPEC.fullmatch(spec) for spec in specs if spec]
    if not read or any(match is None for match in read):
        return _invalid("one invalid member makes the whole set invalid"), ()
    meaning = [_spec(match) for match in read if match is not None]
    if any(first is not None and last is not None and last < first for first, last in meaning):
        return _invalid("a range ends not before it begins"), ()
    clamped = tuple(tuple(None if number is None else min(number, POSITION_MAX) for number in spec) for spec in meaning)
    if len(read) < len(specs) or members[0][:1].isspace() or members[-1][-1:].isspace() or octets[:1].isspace():
        return EITHER, (clamped,)
    if any(number and number > POSITION_MAX for spec in meaning for number in spec) or (None, 0) in meaning:
        return EITHER, (clamped,)  # satisfiable by no file that there is
    if not _ascends(meaning):
        return EITHER, (clamped,)  # several in no order may be ignored as a sign of an attack (Section 14.2)
    return (ACCEPT if unit == b"bytes" else accept("rfc9110-14.1-a1", "units have no case")), (clamped,)


def _ascends(specs: list[tuple[int | None, int | None]]) -> bool:
    """Tell whether each spec begins behind the end of the one before, which a suffix never does for sure."""
    if len(specs) == 1:
        return True
    return all(first is not None for first, _ in specs) and all(
        last is not None and (first or 0) > last for (_, last), (first, _) in itertools.pairwise(specs)
    )


def _spec(match: re.Match[bytes]) -> tuple[int | None, int | None]:
    first, last, suffix = match.groups()
    if suffix:
        return None, _number(suffix)
    return _number(first), _number(last) if last else None


def _number(digits: bytes) -> int:
    significant = digits.lstrip(b"0") or b"0"
    # Longer ones would cost time, or be refused by Python: their order is not needed beyond this length.
    scale: int = 10 ** max(0, min(len(significant), 400) - 40)
    return int(significant[:40]) * scale


def _invalid(why: str) -> Verdict:
    return refuse("rfc9110-14.1.1-a1", why)._replace(weight=Weight.WARNING)


def date(octets: bytes) -> tuple[Verdict, tuple[object, ...]]:
    """Return the verdict on an HTTP-date, and the seconds since the epoch that it says.

    What is in none of the three formats is free: recipients are asked to be robust.
    """
    for number, pattern in enumerate(DATES):
        match = pattern.fullmatch(octets)
        if match is not None:
            seconds = _seconds(match, is_short=number == 1)
            if seconds is None:
                return FREE, ()
            return accept("rfc9110-5.6.7-1", "the three formats of a date are accepted"), (seconds,)
    return FREE, ()


def _seconds(match: re.Match[bytes], *, is_short: bool) -> int | None:
    year = int(match["year"])
    if is_short:
        if not any(year in years for years in SURE_YEARS):
            return None
        year += 1900 if year >= 70 else 2000
    day, hour, minute, second = (int(match[name]) for name in ("day", "hour", "minute", "second"))
    try:
        moment = datetime(year, MONTHS.index(match["month"]) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    # The name of the day is part of the grammar alone: one that is wrong leaves it open what is meant.
    if match[0][:3] != moment.strftime("%a").encode() or year < 1900:
        return None
    return (moment - EPOCH) // timedelta(seconds=1)
