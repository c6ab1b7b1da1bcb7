"""A finding as something to keep: a pytest test, the skeleton of a check, a corpus file."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping

from merkhet.model import FuzzFinding
from merkhet_fuzz.inputs import Input, InputError
from merkhet_fuzz.render import render


def pytest_test(finding: FuzzFinding, _today: dt.date) -> bytes:
    """Return a test that the parser's author can paste: it needs the parser, and nothing of ours.

    What a parser's own call is, and what it raises to refuse, its author knows: the test says where to put it.
    """
    name = re.sub(r"[^a-z0-9]+", "_", finding.id.lower()).strip("_")
    lines = [
        "import pytest",
        "",
        *([f"LEGAL = {finding.legal!r}"] if finding.legal else []),
        f"EDITED = {finding.octets!r}",
        f"SEGMENTS = {finding.segments!r}",
        "REFUSALS = (ValueError,)  # what it raises to refuse: put your own here",
        "",
        "",
        "def parse(segments):",
        f'    """Put the call of {finding.target.partition(":")[0]} here: return the messages that are whole, raise to refuse."""',
        "    raise NotImplementedError",
        "",
        "",
        f"def test_{name}():",
        f'    """{_words(finding)}"""',
        "    segments, at = [], 0",
        "    for length in SEGMENTS:",
        "        segments.append(EDITED[at : at + length])",
        "        at += length",
    ]
    lines += ["    list(parse([LEGAL]))  # the base is legal, and is taken"] if finding.legal else []
    lines += ["    " + line for line in _assertion(finding)]
    return ("\n".join(lines) + "\n").encode()


def _words(finding: FuzzFinding) -> str:
    rule = f"{finding.requirement}: " if finding.requirement else ""
    edits = " and ".join(finding.edits) or "no edit"
    return f"{rule}{finding.expected} ({edits}).".replace("\\", "/").replace('"', "'")


def _assertion(finding: FuzzFinding) -> list[str]:
    if finding.oracle == "accepted":
        return [
            "with pytest.raises(REFUSALS):  # to wait for more is right too, where more may come",
            "    list(parse(segments))",
        ]
    if finding.oracle == "segments" and not finding.legal:
        return [
            "taken, refusals = [], 0",
            "singles = [EDITED[at : at + 1] for at in range(len(EDITED))]",
            "for octets in ([EDITED], segments if len(segments) > 1 else singles):",
            "    taken.append([])",
            "    try:",
            "        taken[-1].extend(parse(octets))",
            "    except REFUSALS:",
            "        refusals += 1",
            "shared = min(map(len, taken))",
            "assert taken[0][:shared] == taken[1][:shared]",
            "assert refusals == 2 or taken[0] == taken[1]  # messages before a fault are handed over or not",
        ]
    if finding.oracle == "segments":
        return ["assert list(parse([EDITED])) == list(parse([EDITED[at : at + 1] for at in range(len(EDITED))]))"]
    if finding.oracle in {"crash", "hang", "died"}:
        return ["try:", "    list(parse(segments))  # ends, and raises nothing else", "except REFUSALS:", "    pass"]
    wanted = _wanted(finding)
    if wanted is None:
        return [f"# wanted: {finding.expected!r}", "assert list(parse(segments))"]
    return [f"assert list(parse(segments)) == {wanted!r}"]


def _wanted(finding: FuzzFinding) -> list[object] | None:
    """Return the messages that have to come out; None where that is not known of these octets."""
    try:
        wire = render(Input.parse(finding.input))
    except InputError:
        return None
    return list(wire.expected) if wire.octets == finding.octets else None


def check_skeleton(finding: FuzzFinding, today: dt.date) -> bytes:
    """Return the skeleton of a check: the twin, the edit, and what is left to be written by who knows the rule."""
    place = finding.requirement or "document-section-ordinal"
    slug = re.sub(r"[^a-z0-9]+", "-", " ".join(finding.edits).lower()).strip("-") or "found"
    section = place.rpartition("-")[0]
    # Behind raw octets goes the plain request that every check has.
    twin = f"    twin=Exchange({finding.legal!r}, served()),\n" if finding.legal else ""
    return f'''\
# Found by merkhet fuzz on {today.isoformat()}: {finding.input}
# On {finding.target} {finding.version}: {finding.observed!r}
Check(
    id="{section}-{slug}",
    requirement="{place}",
    title="",  # one sentence: what a server does that keeps the rule
    since="",
{twin}    steps=(Send({finding.octets!r}), Answers({{status(400): PASS, served(): BREACH}})),
    mutants=(Canned("serves it", b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"),),
)
'''.encode()


def corpus_file(finding: FuzzFinding, _today: dt.date) -> bytes:
    """Return the octets that go over the wire, and nothing else."""
    return finding.octets


FORMS: Mapping[str, Callable[[FuzzFinding, dt.date], bytes]] = {
    "pytest": pytest_test,
    "check": check_skeleton,
    "corpus": corpus_file,
}
