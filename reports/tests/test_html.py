"""The page: what it says first, what it holds, and that a hostile server's bytes are nothing but text in it."""

from __future__ import annotations

import base64
import json
import random
import re
import shutil
import subprocess
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from report_samples import HOSTILE, RESULTS, hostile_run, plain_run, run, transcript

from merkhet import links
from merkhet.model import CheckResult, Outcome, RunResults, TargetInfo, Transcript
from merkhet_reports import html, html_tree, html_wires
from merkhet_reports.escape import printable

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
STATES = list(html_tree.State)
_VOID = {"meta", "link", "input", "br", "img"}


class Page(HTMLParser):
    """Reads a page: its elements, its text, that every element is closed in order, and what is packed for the script."""

    def __init__(self, data: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts = ""
        self._data = ""
        self._open: list[str] = []
        self.feed(data)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            if self.tags[-1][1].get("id") == "wires":
                self._data = data
            else:
                self.scripts += data
        elif not self._open or self._open[-1] != "style":
            self.text += data

    @property
    def packed(self) -> dict[str, Any]:
        """What the script would draw, by check."""
        found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(self._data, validate=True)))
        return found


def test_says_counts_first_then_what_to_fix() -> None:
    text = Page(html.render(plain_run())).text
    places = [
        text.index(words)
        for words in ("9 checks of RFC 9112 on mine: 3 fail", "What to fix first", "rfc9112-6.1-smuggled", "Find")
    ]
    assert places == sorted(places)
    assert not re.search(r"\d ?%|[Gg]rade|[Ss]core", text)


def test_every_check_has_all_that_judges_it() -> None:
    page = Page(html.render(plain_run()))
    ids = [row["id"] for tag, row in page.tags if tag == "details" and row.get("class") == "c"]
    assert ids == [result.check for result in RESULTS]
    assert sum(row.get("class") == "dump" for _, row in page.tags) == 2 * 3  # what was sent and received, of each fail
    for words in (
        "A request without Host is answered 400.",
        "GET / HTTP/1.1\\r\\n",
        "merkhet run --select rfc9112-3.2-served",
        "nc -w 2 127.0.0.1 80",
        "The request was served.",
        "000000  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a  GET / HTTP/1.1..",
    ):
        assert words in page.text


def test_is_one_offline_file() -> None:
    page = Page(html.render(plain_run()))
    outside = [
        (tag, name)
        for tag, attributes in page.tags
        for name in ("src", "href", "action", "data")
        if (attributes.get(name) or "").startswith(("http", "//")) and tag != "a"
    ]
    assert outside == []
    policy = next(row["content"] for tag, row in page.tags if tag == "meta" and "http-equiv" in row)
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_expected_and_unfinished_runs_say_so() -> None:
    page = Page(html.render(plain_run(), {"rfc9112-3.2-served": "known since 1.0"})).text
    assert "As expected: known since 1.0" in page
    page = Page(html.render(run(RESULTS[0], ended="interrupted", problems=("a problem",)))).text
    assert "The run did not come to its end: interrupted." in page
    assert "a problem" in page
    assert "Nothing is open." in page
    assert "Nothing was judged." in Page(html.render(run())).text


def executable(page: Page) -> list[dict[str, str | None]]:
    return [row for tag, row in page.tags if tag == "script" and row.get("type") != "text/plain"]


def test_hostile_texts_and_octets() -> None:
    page = Page(html.render(hostile_run()))
    assert len(executable(page)) == 1
    assert "pwned" not in page.scripts
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert printable(HOSTILE) in page.text
    assert all(line.isprintable() for line in page.text.split("\n"))
    assert "49" not in page.text.replace("rfc9112", "")


def with_wire(result: CheckResult, *transcripts: Transcript) -> CheckResult:
    return msgspec.structs.replace(result, evidence=msgspec.structs.replace(result.evidence, transcripts=transcripts))


def octets_of(packed: list[Any]) -> list[tuple[str, int]]:
    """The text and the cut of each event with octets."""
    return [(event[4], event[5]) for _, _, events in packed[2] for event in events if event[1] != "x"]


def test_what_passed_is_cut_and_says_so() -> None:
    big = b"b" * 10_000
    page = Page(html.render(run(with_wire(RESULTS[0], transcript(big), transcript(big)))))
    assert "bbbb" not in page.text
    repeat, netcat, _ = packed = page.packed[RESULTS[0].check]
    shown = html_wires.CLEAN_BYTES_MAX - len(b"GET / HTTP/1.1\r\n\r\n")
    sent = "GET / HTTP/1.1\\r\\n\n\\r\\n"
    assert octets_of(packed) == [(sent, 0), ("b" * shown, len(big) - shown), ("", len(sent) - 5), ("", len(big))]
    assert repeat == f"merkhet run --select {RESULTS[0].check}"
    assert netcat.startswith("printf ")
    many = msgspec.structs.replace(transcript(), events=transcript().events * 20)
    page = Page(html.render(run(with_wire(RESULTS[0], many))))
    assert page.packed[RESULTS[0].check][2][0][1] == 80 - html_wires.CLEAN_EVENTS_MAX


def test_the_gravest_stand_in_the_page_and_the_rest_is_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_wires, "STATIC_CHARACTERS_MAX", 5000)
    warned, failed = RESULTS[5], RESULTS[1]
    big = b"b" * (html_wires.PACKED_BYTES_MAX + 1000)
    page = Page(html.render(run(with_wire(warned, transcript(big)), failed)))
    assert list(page.packed) == [warned.check]
    [(_, none), (text, cut)] = octets_of(page.packed[warned.check])
    assert (none, len(text) + cut) == (0, len(big))
    assert 1000 <= cut < 1100
    assert "the exchanges of 1 check are not shown" in page.text


def test_a_huge_exchange_drives_out_no_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_wires, "STATIC_CHARACTERS_MAX", 20_000)
    huge = msgspec.structs.replace(with_wire(RESULTS[1], transcript(b"b" * 60_000)), killed_server=True)
    small = [msgspec.structs.replace(with_wire(RESULTS[1], transcript()), check=f"c-{n}") for n in range(5)]
    found = html_wires.exchanges((huge, *small), 1_000_000)
    assert list(found.packed) == [huge.check]
    assert set(found.static) == {result.check for result in small}


def test_what_is_packed_is_shortened_until_it_fits() -> None:
    noise = random.Random(1)
    some = [
        msgspec.structs.replace(with_wire(RESULTS[0], transcript(noise.randbytes(5000))), check=f"c-{n}")
        for n in range(100)
    ]
    wide, narrow = html_wires.exchanges(some, 1_000_000), html_wires.exchanges(some, 100_000)
    assert len(narrow.block) <= 100_000 < len(wide.block)
    cuts = [cut for found in (wide, narrow) for _, cut in octets_of(found.packed["c-0"])]
    assert cuts[1] < cuts[3] < 5000


def test_a_page_stays_below_its_limit_if_everything_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "PAGE_BYTES_MAX", 1_500_000)
    noise = random.Random(2)
    some = [
        msgspec.structs.replace(with_wire(RESULTS[1], transcript(noise.randbytes(8000))), check=f"c-{n}")
        for n in range(200)
    ]
    assert len(html.render(run(*some)).encode()) <= 1_500_000


def test_bytes_that_were_not_kept_are_not_said_to_be_in_the_results() -> None:
    whole = transcript(b"b" * 100)
    received = next(n for n, event in enumerate(whole.events) if event.data == b"b" * 100)
    last = msgspec.structs.replace(whole.events[received], length=107)
    events = (*whole.events[:received], last, *whole.events[received + 1 :])
    text = Page(html.render(run(with_wire(RESULTS[1], msgspec.structs.replace(whole, events=events))))).text
    assert "7 more bytes were not kept" in text
    assert "are in the results" not in text


def test_the_twin_is_named_for_what_it_is() -> None:
    twin = msgspec.structs.replace(transcript(), purpose="twin")
    text = Page(html.render(run(with_wire(RESULTS[1], transcript(), twin)))).text
    assert "(the legal twin: the nearest request that must be served)" in text


@pytest.mark.parametrize("result", RESULTS[1:6], ids=lambda result: result.outcome.value)
def test_what_did_not_pass_is_whole(result: CheckResult) -> None:
    big = b"b" * 10_000
    text = Page(html.render(run(with_wire(result, transcript(big))))).text
    assert big.decode() in text
    assert "more bytes" not in text


def test_a_page_of_a_thousand_passes_is_small() -> None:
    """The bytes that a page spends on a check that passed, however much crossed the wire."""
    some = [
        msgspec.structs.replace(with_wire(RESULTS[0], transcript(b"b" * 60_000)), check=f"c-{n}") for n in range(50)
    ]
    assert len(html.render(run(*some))) - len(html.render(run())) < 50 * 5000


def test_every_rule_is_there_tested_or_not() -> None:
    rules = {
        "no client can see it: it is about a cache": {"untestable": "it is about a cache"},
        "the same is said elsewhere: see rfc9110-1-1": {"same_as": "rfc9110-1-1"},
        "no check of it was in this run": {},
    }
    more = [
        msgspec.structs.replace(plain_run().requirements[0], id=f"rfc9112-7-{n}", section="7", **row)
        for n, row in enumerate(rules.values())
    ]
    whole = msgspec.structs.replace(plain_run(), requirements=(*plain_run().requirements, *more))
    page = Page(html.render(whole)).text
    assert all(f"Not tested: {words}" in page for words in rules)
    (document,) = html_tree.documents(whole, {})
    assert sum(document.states.values()) == len(document.rules) == 7
    assert [document.states[state] for state in STATES] == [4, 0, 1, 1, 1]
    assert "Section 7 Transfer Codings" in page


def test_a_rule_that_sums_up_others_names_none() -> None:
    rule = msgspec.structs.replace(plain_run().requirements[0], id="rfc9112-7-9", same_as="umbrella")
    page = Page(html.render(msgspec.structs.replace(plain_run(), requirements=(rule,)))).text
    assert "Not tested: it sums up other rules, which are tested one by one" in page
    assert "umbrella" not in page


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_rule_of_which_nothing_was_learnt_is_not_tested(outcome: Outcome) -> None:
    """One that does not apply to a target has checks in the run, and still nobody knows whether it is kept."""
    told = outcome in {Outcome.PASS, Outcome.FAIL, Outcome.WARN, Outcome.OBSERVED}
    silent = msgspec.structs.replace(RESULTS[0], check="silent", outcome=Outcome.NOT_APPLICABLE)
    row = msgspec.structs.replace(RESULTS[0], outcome=outcome)
    (document,) = html_tree.documents(run(silent, row), {})
    state = next(rule.state for rule in document.rules if rule.rows)
    assert state is (html_tree.State.TESTED if told else html_tree.State.UNTOLD)


def test_results_that_name_tested_rules_alone_are_not_taken_for_whole_coverage() -> None:
    words = "they do not tell whether there are any"
    rule = plain_run().requirements[0]
    judged = run(msgspec.structs.replace(RESULTS[0], requirement=rule.id))
    assert words in Page(html.render(msgspec.structs.replace(judged, requirements=(rule,)))).text
    more = msgspec.structs.replace(rule, id="rfc9112-7-9", untestable="it is about a cache")
    assert words not in Page(html.render(msgspec.structs.replace(judged, requirements=(rule, more)))).text


def test_an_empty_run_has_no_empty_tables() -> None:
    page = Page(html.render(msgspec.structs.replace(run(ended="target unreachable"), requirements=())))
    assert not [tag for tag, _ in page.tags if tag == "table"]
    assert "The run did not come to its end: target unreachable." in page.text


def test_a_result_of_no_known_rule_is_shown() -> None:
    page = Page(html.render(run(msgspec.structs.replace(RESULTS[1], requirement="nobody-1-1"))))
    assert RESULTS[1].check in page.text
    assert "nobody-1-1" in page.text


def test_says_since_when_a_check_judges_and_how_it_changed() -> None:
    row = msgspec.structs.replace(RESULTS[0], since="0.1", changed="0.2: a bare close is no refusal")
    text = Page(html.render(run(row))).text
    assert "judged since version 0.1; its meaning changed: 0.2: a bare close is no refusal" in text


def test_links_to_the_page_of_a_check_and_to_its_dispute() -> None:
    page = Page(html.render(plain_run()))
    targets = {attributes.get("href") for tag, attributes in page.tags if tag == "a"}
    failed = RESULTS[1]
    assert {links.check_page(failed.check), links.dispute(failed.check)} <= targets
    assert links.requirement_page(failed.requirement) in targets


def test_says_what_was_judged() -> None:
    target = TargetInfo(name="merkhet", kind="embedded", address="http://127.0.0.1:1/")
    text = Page(html.render(msgspec.structs.replace(plain_run(), target=target))).text
    assert "Judged: the embedded reference, as no target was named, version unknown, under the default profile." in text
    assert "Judged: mine, version 1.0, under the default profile." in Page(html.render(plain_run())).text


def test_every_text_hostile(hostile: RunResults) -> None:
    """Every text of the whole model: names, ids, rules, addresses, tags, digests, commands."""
    page = Page(html.render(hostile, {hostile.results[0].check: HOSTILE}))
    assert len(executable(page)) == 1
    assert not [tag for tag, _ in page.tags if tag in {"img", "b1"}]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    targets = {attributes.get("href") or "" for tag, attributes in page.tags if tag == "a"}
    assert all(re.fullmatch(rf"#.*|{links.DOCUMENTATION}/[-\w./?=%~]*", link, re.DOTALL) for link in targets)
    assert all(line.isprintable() for line in page.text.split("\n"))


def test_sections_stand_in_the_order_of_their_document() -> None:
    rules = [
        msgspec.structs.replace(plain_run().requirements[0], id=f"r{part}", section=part) for part in ("10", "9.3")
    ]
    results = [msgspec.structs.replace(RESULTS[0], check=f"c{n}", requirement=rules[n % 2].id) for n in range(4)]
    page = html.render(msgspec.structs.replace(run(*results), requirements=tuple(rules)))
    assert re.findall(r"<h4 id=\"(.*?)\"", page) == ["rfc9112-9.3", "rfc9112-10"]


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize("name", ["hostile", "hostile_server"])
def test_a_browser_executes_nothing_of_a_servers(tmp_path: Path, name: str, request: pytest.FixtureRequest) -> None:
    """The page in a real browser: its script runs (it shows the filters), the server's bytes do not."""
    path = tmp_path / "page.html"
    path.write_text(html.render(request.getfixturevalue(name)), encoding="utf-8")
    options = "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
    done = subprocess.run(
        [
            str(CHROMIUM),
            *options.split(),
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=1000",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        timeout=60,
        check=False,
    )
    dom = done.stdout.decode("utf-8")
    assert f"{len(RESULTS)} of {len(RESULTS)} shown" in dom
    assert len(executable(Page(dom))) == 1
    assert not re.search(r"<img\b", dom)
    assert not [name for _, attributes in Page(dom).tags for name in attributes if name.startswith("on")]
    title = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)
    assert title is not None
    assert title[1].endswith(": conformance report")  # a script that ran would have named the page


def test_every_outcome_has_its_words() -> None:
    page = Page(html.render(plain_run())).text
    assert all(word in page for word in ("pass", "fail", "warn", "observed", "inconclusive", "not applicable"))
    assert {result.outcome for result in RESULTS} >= set(Outcome) - {Outcome.ERROR}
