"""Badges: for each specification, and for all together, one SVG and the JSON that a shields.io endpoint badge asks for.

They say how many checks fail and how many warn, as in "RFC 9112 | 0 fail, 3 warn", and give no grade and no percentage.
What was expected is not among the fails, and told by itself. A badge of a run that did not come to its end says so.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from merkhet.model import CheckResult, Outcome, RunResults
from merkhet_reports import summary
from merkhet_reports.escape import printable, shorten

TOTAL = "total"
"""The name of the files about all specifications together."""
TEXT_MAX = 80
HEIGHT = 20
_GREY, _GREEN, _AMBER, _PURPLE, _RED = "#3f3b33", "#0b6b3a", "#7a5200", "#6b2f8a", "#b3201f"
"""Each dark enough for white text, 7 to 1 and better."""
_LETTERS = {
    "fill": "#fff",
    "text-anchor": "middle",
    "font-family": "Verdana,DejaVu Sans,Geneva,sans-serif",
    "font-size": "11",
}
_NARROW = frozenset("fijlrtI.,:;|!'()[] 1-")
_WIDE = frozenset("mwMW%@")


@dataclass(frozen=True, slots=True)
class Badge:
    """One badge: what it is about, what it says, the colour of what it says."""

    label: str
    message: str
    colour: str


def render(run: RunResults, excused: summary.Excused | None = None) -> dict[str, str]:
    """Return the files of a folder of badges: NAME.svg and NAME.json for each specification, and total."""
    names = excused or {}
    files: dict[str, str] = {}
    rules = {rule.id: rule.document for rule in run.requirements}
    documents: dict[str, list[CheckResult]] = {}
    for result in run.results:
        documents.setdefault(rules.get(result.requirement, "unknown"), []).append(result)
    for document in sorted(documents):
        badge = _badge(summary.document(document), documents[document], names, run.ended)
        files |= _files(_free(document, files), badge)
    return files | _files(TOTAL, _badge("merkhet", run.results, names, run.ended))


def _free(document: str, files: Iterable[str]) -> str:
    """Return a name for a file that is no other's. It cannot lead out of the folder, whatever a document is called."""
    slug = re.sub(r"[^a-z0-9]+", "-", document.lower()[:TEXT_MAX]).strip("-") or "unnamed"
    taken = {TOTAL, *(name.rpartition(".")[0] for name in files)}
    candidates = [slug, *(f"{slug}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in candidates if name not in taken)


def _files(name: str, badge: Badge) -> dict[str, str]:
    return {f"{name}.svg": svg(badge), f"{name}.json": endpoint(badge)}


def _badge(label: str, results: Iterable[CheckResult], excused: summary.Excused, ended: str) -> Badge:
    every = list(results)
    counted = Counter(_kind(result, excused) for result in every)
    words = ", ".join(_words(counted)) if every else "nothing was judged"
    if ended != "complete":
        words += f"; run {_cut(ended)}".rstrip()
    return Badge(_cut(label) or "unnamed", words, _colour(counted, unfinished=ended != "complete" or not every))


def _kind(result: CheckResult, excused: summary.Excused) -> str:
    if result.check in excused and result.outcome is not Outcome.ERROR:
        return "expected"
    if result.outcome is Outcome.INCONCLUSIVE and not result.level.is_absolute:
        return ""
    return summary.WORDS[result.outcome]


def _words(counted: Counter[str]) -> Iterator[str]:
    if set(counted) <= {"not applicable"}:
        yield "not applicable"
        return
    for name in ("fail", "warn", "inconclusive", "error", "expected"):
        if counted[name] or name in {"fail", "warn"}:
            yield f"{counted[name]} {name}"


def _colour(counted: Counter[str], *, unfinished: bool) -> str:
    if counted["fail"] or counted["error"]:
        return _RED
    if counted["inconclusive"] or unfinished:
        return _PURPLE
    if set(counted) <= {"not applicable"}:
        return _GREY
    return _AMBER if counted["warn"] else _GREEN


def _cut(text: str) -> str:
    return shorten(printable(text), TEXT_MAX)


def endpoint(badge: Badge) -> str:
    """Return what https://shields.io/endpoint reads."""
    document = {
        "schemaVersion": 1,
        "label": badge.label,
        "message": badge.message,
        "color": badge.colour,
        "labelColor": _GREY,
    }
    return json.dumps(document, indent=1) + "\n"


def svg(badge: Badge) -> str:
    """Return the badge as a picture that asks for nothing from elsewhere, and says in its title what it shows."""
    left, right = _width(badge.label), _width(badge.message)
    size = {"width": str(left + right), "height": str(HEIGHT)}
    told = f"{badge.label}: {badge.message}"
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size, "role": "img", "aria-label": told})
    ET.SubElement(root, "title").text = told
    ET.SubElement(root, "rect", {**size, "rx": "3", "fill": badge.colour})
    ET.SubElement(root, "path", d=f"M3 0h{left - 3}v{HEIGHT}h-{left - 3}a3 3 0 0 1-3-3v-14a3 3 0 0 1 3-3z", fill=_GREY)
    group = ET.SubElement(root, "g", _LETTERS)
    for text, begin, width in ((badge.label, 0, left), (badge.message, left, right)):
        place = {"x": f"{begin + width / 2:g}", "y": "14", "textLength": str(width - 12)}
        ET.SubElement(group, "text", {**place, "lengthAdjust": "spacingAndGlyphs"}).text = text
    ET.indent(root)
    picture: str = ET.tostring(root, encoding="unicode")
    return picture + "\n"


def _width(text: str) -> int:
    """Return the pixels that a text takes with room beside it; `textLength` makes every font keep to it."""
    return 12 + round(sum(4.6 if letter in _NARROW else 10.0 if letter in _WIDE else 7.0 for letter in text))
