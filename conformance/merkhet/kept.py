"""What a check remembers of one answer and sends again: `{kept:NAME/FIELD}`, or changed by a filter behind a bar.

| filter | makes |
|---|---|
| `weak`, `strong` | an entity tag with `W/` before it, or without |
| `other` | an entity tag that the target never made |
| `+N`, `-N` | an HTTP date N seconds later or earlier |
| `rfc850`, `asctime` | the same date in one of the obsolete formats |
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping

from merkhet.answer import Response

_IMF = "%a, %d %b %Y %H:%M:%S GMT"
_TAG = re.compile(rb'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_SHIFT = re.compile(r"[+-][0-9]+")


class Lacking(Exception):  # noqa: N818 - the target is not at fault
    """A kept answer has not what a check was to send again: the check does not apply to this target."""


def value_of(kept: Mapping[str, Response], argument: str) -> bytes:
    """Return what `NAME/FIELD` or `NAME/FIELD|FILTER` stands for.

    Raises Lacking if no answer was kept under that name, if it has no such field, or one that no filter can be applied to.
    """
    place, _, filter_name = argument.partition("|")
    name, _, field = place.partition("/")
    response = kept.get(name)
    values = response.values(field.encode("ascii")) if response is not None else ()
    if not values:
        raise Lacking(f"no {field} in the answer to build on")
    return filtered(values[0], filter_name)


def filtered(value: bytes, name: str) -> bytes:
    """Return the value as the filter makes it. Raises Lacking for a value that it cannot be applied to."""
    if not name:
        return value
    if name in _TAG_FILTERS:
        if not _TAG.fullmatch(value):
            raise Lacking(f"{value!r} is no entity tag")
        return _TAG_FILTERS[name](value)
    moment = parse_date(value)
    if not _SHIFT.fullmatch(name):
        return format_date(moment, _DATE_FORMATS[name])
    try:
        return format_date(moment + dt.timedelta(seconds=int(name)), _IMF)
    except OverflowError:
        raise Lacking(f"{value!r} is at the end of the calendar") from None


def _strong(tag: bytes) -> bytes:
    return tag.removeprefix(b"W/")


_TAG_FILTERS: Mapping[str, Callable[[bytes], bytes]] = {
    "strong": _strong,
    "weak": lambda tag: b"W/" + _strong(tag),
    "other": lambda tag: b'"merkhet-' + re.sub(rb"[^0-9A-Za-z]", b"", _strong(tag)) + b'"',
}
_DATE_FORMATS = {"rfc850": "%A, %d-%b-%y %H:%M:%S GMT", "asctime": "%a %b %e %H:%M:%S %Y"}


def parse_date(value: bytes) -> dt.datetime:
    """Return the moment that an IMF-fixdate names. Raises Lacking for anything else."""
    try:
        moment = dt.datetime.strptime(value.decode("ascii"), _IMF).replace(tzinfo=dt.UTC)
    except (UnicodeDecodeError, ValueError):
        moment = None
    # The library's parser is lenient with spaces, digits and the name of the day.
    if moment is None or format_date(moment, _IMF) != value:
        raise Lacking(f"{value!r} is no date in the preferred format")
    return moment


def format_date(moment: dt.datetime, form: str) -> bytes:
    """Return a moment in one of the three formats; the day is padded with a space where %e stands."""
    return moment.strftime(form.replace("%e", f"{moment.day:2d}")).encode("ascii")


def filters() -> frozenset[str]:
    """Return the names of all filters but the shifts."""
    return frozenset({*_TAG_FILTERS, *_DATE_FORMATS})
