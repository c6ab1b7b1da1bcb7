"""The same octets in other segments: the answers have to be the same (RFC 9112, Section 2.2, reads octets and no segments)."""

from __future__ import annotations

from dataclasses import replace

from merkhet.answer import End
from merkhet.model import Weight
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.live.seam import Trial
from merkhet_fuzz.oracles import Suspicion


def whole(made: Input) -> Input | None:
    """Return the input in one segment; None for one that is in one already."""
    transport = made.transport
    if not transport.cuts and not transport.each:
        return None
    return replace(made, transport=replace(transport, cuts=(), each=0, pauses=()))


def apart(tried: Trial, other: Trial) -> list[Suspicion]:
    """Return that answers depend on the segments. What a reset may have taken away is not missed."""
    split, entire = tried.dialogue, other.dialogue
    unit = "" if tried.wire is None else tried.wire.verdict.unit
    here, there = split.sameness(), entire.sameness()
    if here is None or there is None or here == there:
        return []
    if End.RESET in {split.end, entire.end}:
        return []
    observed = f"in these segments: {split.told()}; in one: {entire.told()}"
    wanted = "the same answers in any segments"
    if _is_lost_before_refusal(here, there) or _is_lost_before_refusal(there, here):
        return [Suspicion("segments", "", "before-a-refusal", wanted, observed, Weight.WARNING)]
    return [Suspicion("segments", "", f"answers.{unit or 'legal'}", wanted, observed, Weight.BREACH)]


def _is_lost_before_refusal(more: tuple[object, ...], less: tuple[object, ...]) -> bool:
    """Tell whether only the answers before a refusal are missing: no text says that they must be sent."""
    return len(more) > len(less) > 0 and more[-len(less) :] == less
