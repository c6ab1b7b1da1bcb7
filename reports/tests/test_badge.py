"""Badges: what they say, that they say it to everyone, and that nothing in them is markup or leads elsewhere."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import EXCUSED, FULL_RESULTS, RESULTS, RULES, full_run, hostile_run, run

from merkhet.model import Outcome, RunResults
from merkhet_reports import badge

FIXED = settings(deadline=None, derandomize=True, database=None)

SVG = "{http://www.w3.org/2000/svg}"
TAGS = {f"{SVG}{name}" for name in ("svg", "title", "rect", "path", "g", "text")}


def message(files: dict[str, str], name: str = "total") -> str:
    document = json.loads(files[f"{name}.json"])
    assert set(document) == {"schemaVersion", "label", "message", "color", "labelColor"}
    assert document["schemaVersion"] == 1
    root = ET.fromstring(files[f"{name}.svg"])
    told = f"{document['label']}: {document['message']}"
    assert {root.get("role"), root.findtext(f"{SVG}title"), root.get("aria-label")} == {"img", told}
    assert [text.text for text in root.iter(f"{SVG}text")] == [document["label"], document["message"]]
    assert {item.tag for item in root.iter()} <= TAGS
    assert not [name for item in root.iter() for name in item.attrib if name.startswith("on") or "href" in name]
    return str(document["message"])


def test_what_they_say() -> None:
    files = badge.render(full_run(), full_run().reasons)
    assert set(files) == {"rfc9112.svg", "rfc9112.json", "total.svg", "total.json"}
    assert message(files) == message(files, "rfc9112") == "5 fail, 2 warn, 1 inconclusive, 1 error, 1 expected"
    assert json.loads(files["rfc9112.json"])["label"] == "RFC 9112"


@pytest.mark.parametrize(
    ("results", "more", "said"),
    [
        ((RESULTS[0],), {}, "0 fail, 0 warn"),
        ((RESULTS[0], RESULTS[7]), {}, "0 fail, 0 warn"),
        ((RESULTS[6],), {}, "not applicable"),
        ((), {}, "nothing was judged"),
        ((RESULTS[5],), {"ended": "interrupted"}, "0 fail, 1 warn; run interrupted"),
    ],
)
def test_runs(results: tuple[object, ...], more: dict[str, object], said: str) -> None:
    whole = msgspec.structs.replace(run(**more), results=results)
    assert message(badge.render(whole)) == said


def test_colours_have_contrast_and_differ() -> None:
    colours = {
        json.loads(badge.render(run(one))["total.json"])["color"]
        for one in (RESULTS[0], RESULTS[1], RESULTS[4], RESULTS[5], RESULTS[6])
    }
    assert len(colours) == 5
    for colour in colours:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        luminance = sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
        assert 1.05 / (luminance + 0.05) >= 6.5, colour


def test_no_grade_and_no_percentage() -> None:
    assert not [name for name, text in badge.render(full_run()).items() if re.search(r"\d ?%|[Gg]rade|[Ss]core", text)]


def test_a_document_cannot_lead_out_of_the_folder() -> None:
    names = ["../../x", "/etc/passwd", "total", "", "..", "A\u0000b", "a-b"]
    rules = tuple(msgspec.structs.replace(RULES[0], id=f"r{n}", document=name) for n, name in enumerate(names))
    results = tuple(msgspec.structs.replace(RESULTS[0], requirement=rule.id) for rule in rules)
    files = badge.render(run(*results, requirements=rules))
    assert len(files) == 2 * (len(names) + 1)
    assert all(re.fullmatch(r"[a-z0-9-]+\.(svg|json)", name) for name in files)
    for name in {file.partition(".")[0] for file in files}:
        message(files, name)


def test_every_text_hostile(hostile: RunResults) -> None:
    for whole in (hostile, hostile_run()):
        files = badge.render(whole, {EXCUSED[0].check: "x"})
        for name in {file.rpartition(".")[0] for file in files}:
            message(files, name)


@given(st.text(alphabet=st.characters(codec=None)))
@FIXED
def test_any_text(text: str) -> None:
    rule = msgspec.structs.replace(RULES[0], document=text)
    one = msgspec.structs.replace(FULL_RESULTS[0], outcome=Outcome.WARN)
    files = badge.render(run(one, requirements=(rule,), ended=text))
    assert len(files) == 4
    for name in {file.partition(".")[0] for file in files}:
        assert message(files, name).isprintable()
