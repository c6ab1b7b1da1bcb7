"""The smallest input that shows the same: fewer edits, a plainer way to travel, a shorter base; the class is pinned."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from merkhet_fuzz.bases import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import PLAIN, Edit, Input, InputError, Transport
from merkhet_fuzz.render import render

REPLAYS_MAX = 200
LATER = re.compile(r"^m[0-9]+-")
Shows = Callable[[Input], bool]
"""Replays an input, and tells whether it shows the same class of finding."""


def minimise(found: Input, shows: Shows, replays_max: int = REPLAYS_MAX) -> tuple[Input, int]:
    """Return the smallest input that still shows the finding, and how many replays it took.

    What is taken away is whole edits, parts of the way to travel, and the base for a shorter one in which the same places
    are; octets are only taken from what an edit itself puts in. Of raw octets, runs of any length are taken away.
    """
    replays = 0

    def try_(made: Input) -> bool:
        nonlocal replays
        if replays >= replays_max or made == best:
            return False
        try:
            render(made)
        except InputError:
            return False  # the place is not in that base
        replays += 1
        return shows(made)

    best = found
    best = next((made for made in _one_edit(found) if try_(made)), found)
    steps = (_plainer_transport,) if found.is_raw else STEPS
    is_better = True
    while is_better and replays < replays_max:
        is_better = False
        for step in steps:
            smaller = next((made for made in step(best) if try_(made)), None)
            if smaller is not None:
                best, is_better = smaller, True
                break
    if best.is_raw:
        best = _fewest_octets(best, try_)
    return best, replays


def _fewest_octets(found: Input, try_: Shows) -> Input:
    """Leave runs of octets out, from halves down to single ones, of what still shows it each time."""
    best, octets = found, render(found).octets
    size = len(octets) // 2
    while size:
        at = 0
        while at < len(octets):
            fewer = octets[:at] + octets[at + size :]
            made = replace(Input.raw(found.kind, fewer), transport=found.transport)
            if try_(made):
                best, octets = made, fewer
            else:
                at += size
        size //= 2
    return best


def _one_edit(made: Input) -> Iterator[Input]:
    """Yield each edit alone, on the shortest base that has its place: what most findings come to in the end."""
    if made.is_raw or (not made.edits and made.transport == PLAIN and not made.seed):
        return
    shortest = sorted(_names(made), key=lambda name: len(library.base(made.kind, name, 0).octets))
    for alone in _in_the_first(made):
        places = (library.base(made.kind, name, 0) for name in shortest)
        base = next((base for base in places if alone.place in base.places or alone.place in base.roles), None)
        if base is not None:
            yield replace(made, name=base.name, seed=0, edits=(alone,), transport=PLAIN)


def _names(made: Input) -> tuple[str, ...]:
    """Return the bases that may stand for an input's own: connections are about what their name says."""
    return (made.name,) if made.kind == Kind.CONNECTION else library.names(Kind(made.kind))


def _in_the_first(made: Input) -> tuple[Edit, ...]:
    """Return the edits as they are in the first message: that which matters may as well be that one."""
    return tuple(edit._replace(place=LATER.sub("", edit.place)) for edit in made.edits)


def _fewer_edits(made: Input) -> Iterator[Input]:
    if len(made.edits) > 2:
        yield from (replace(made, edits=(edit,)) for edit in made.edits)
    for at in range(len(made.edits)):
        yield replace(made, edits=made.edits[:at] + made.edits[at + 1 :])


def _plainer_transport(made: Input) -> Iterator[Input]:
    transport = made.transport
    if transport == PLAIN:
        return
    yield replace(made, transport=PLAIN)
    if transport.cuts or transport.pauses:
        for cut in transport.cuts if len(transport.cuts) > 1 else ():
            yield replace(made, transport=replace(transport, cuts=(cut,)))
        yield replace(made, transport=replace(transport, pauses=()))
    if transport.each > 1:
        yield replace(made, transport=replace(transport, each=1))


def _shorter_base(made: Input) -> Iterator[Input]:
    now = len(library.base(made.kind, made.name, made.seed).octets)
    others = sorted(
        (size, seed, name)
        for name in _names(made)
        for seed in range(12)
        if (size := len(library.base(made.kind, name, seed).octets)) < now
    )
    if made.seed:
        yield from _moved(replace(made, seed=0))
    edits = _in_the_first(made)
    if edits != made.edits:
        yield replace(made, edits=edits)
        for _, seed, name in others:
            yield from _moved(replace(made, name=name, seed=seed, edits=edits))
    for _, seed, name in others:
        yield from _moved(replace(made, name=name, seed=seed))


def _moved(made: Input) -> Iterator[Input]:
    """Offsets of segments mean another place in another base: there, each octet of it is tried."""
    transport = made.transport
    if transport.end < 0 and not transport.cuts:
        yield made
        return
    whole = len(library.base(made.kind, made.name, made.seed).octets)
    for at in range(whole - 1, 0, -1):
        if transport.end >= 0:
            yield replace(made, transport=Transport(end=at))
        else:
            yield replace(made, transport=Transport(cuts=(at,)))


def _smaller_edits(made: Input) -> Iterator[Input]:
    for at, edit in enumerate(made.edits):
        for smaller in _smaller(edit):
            yield replace(made, edits=(*made.edits[:at], smaller, *made.edits[at + 1 :]))


def _smaller(edit: Edit) -> Iterator[Edit]:
    offset, _, more = edit.argument.partition(",")
    if edit.what == "take" and int(more) > 1:
        yield edit._replace(argument=f"{offset},1")
    if edit.what in {"put", "over"} and len(more) > 2:
        yield from (edit._replace(argument=f"{offset},{more[at : at + 2]}") for at in range(0, len(more), 2))
        yield from (
            edit._replace(argument=f"{offset},{less}")
            for less in (more[: len(more) // 4 * 2], more[2:], more[:-2])
            if less
        )


STEPS = (_fewer_edits, _plainer_transport, _shorter_base, _smaller_edits)
