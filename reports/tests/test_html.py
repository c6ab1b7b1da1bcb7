"""The page: what it says first, what it holds, and that a hostile server's bytes are nothing but text in it."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from report_samples import HOSTILE, RESULTS, hostile_run, plain_run, run, transcript

from merkhet.model import CheckResult, Outcome, RunResults, TargetInfo, Transcript
from merkhet_reports import html
from merkhet_reports.escape import printable

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_VOID = {"meta", "link", "input", "br", "img"}


class Page(HTMLParser):
    """Reads a page: its elements, its text, and that every element is closed in order."""

    def __init__(self, data: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts = ""
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
            self.scripts += data
        elif not self._open or self._open[-1] != "style":
            self.text += data


def test_says_counts_first_then_what_to_fix() -> None:
    text = Page(html.render(plain_run())).text
    places = [
        text.index(words)
        for words in ("9 checks of RFC 9112 on mine: MUST: 3 fail", "What to fix first", "rfc9112-6.1-smuggled", "Find")
    ]
    assert places == sorted(places)
    assert not re.search(r"\d ?%|[Gg]rade|[Ss]core", text)


def test_every_check_has_all_that_judges_it() -> None:
    page = Page(html.render(plain_run()))
    ids = [attributes["id"] for tag, attributes in page.tags if tag == "details" and "id" in attributes]
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


def test_hostile_texts_and_octets() -> None:
    page = Page(html.render(hostile_run()))
    scripts = [tag for tag, _ in page.tags if tag == "script"]
    assert len(scripts) == 1
    assert "pwned" not in page.scripts
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert printable(HOSTILE) in page.text
    assert all(line.isprintable() for line in page.text.split("\n"))
    assert "49" not in page.text.replace("rfc9112", "")


def with_wire(result: CheckResult, *transcripts: Transcript) -> CheckResult:
    return msgspec.structs.replace(result, evidence=msgspec.structs.replace(result.evidence, transcripts=transcripts))


def test_what_passed_is_cut_and_says_so() -> None:
    big = b"b" * 10_000
    text = Page(html.render(run(with_wire(RESULTS[0], transcript(big), transcript(big))))).text
    shown = html.CLEAN_BYTES_MAX - len(b"GET / HTTP/1.1\r\n\r\n")
    assert text.count("b" * shown) == 1
    assert "b" * (shown + 1) not in text
    assert f"{len(big) - shown} more bytes" in text
    assert f"{len(big)} more bytes" in text
    many = msgspec.structs.replace(transcript(), events=transcript().events * 20)
    assert f"{80 - html.CLEAN_EVENTS_MAX} more events" in Page(html.render(run(with_wire(RESULTS[0], many)))).text


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


def test_untestable_rules_say_why() -> None:
    rule = msgspec.structs.replace(plain_run().requirements[0], id="rfc9112-7-9", untestable="it is about a cache")
    text = Page(html.render(msgspec.structs.replace(plain_run(), requirements=(rule,)))).text
    assert "Rules without a check, and why: 1" in text
    assert "RFC 9112, Section 3.2: it is about a cache" in text


def test_says_what_was_judged() -> None:
    target = TargetInfo(name="merkhet", kind="embedded", address="http://127.0.0.1:1/")
    text = Page(html.render(msgspec.structs.replace(plain_run(), target=target))).text
    assert "Judged: the embedded reference, as no target was named, version unknown, under the default profile." in text
    assert "Judged: mine, version mine 1.0, under the default profile." in Page(html.render(plain_run())).text


def test_every_text_hostile(hostile: RunResults) -> None:
    """Every text of the whole model: names, ids, rules, addresses, tags, digests, commands."""
    page = Page(html.render(hostile, {hostile.results[0].check: HOSTILE}))
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not [tag for tag, _ in page.tags if tag in {"img", "b1"}]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    links = {attributes.get("href") or "" for tag, attributes in page.tags if tag == "a"}
    assert all(link.startswith("#") for link in links)
    assert all(line.isprintable() for line in page.text.split("\n"))


def test_sections_stand_in_the_order_of_their_document() -> None:
    rules = [
        msgspec.structs.replace(plain_run().requirements[0], id=f"r{part}", section=part) for part in ("10", "9.3")
    ]
    results = [msgspec.structs.replace(RESULTS[0], check=f"c{n}", requirement=rules[n % 2].id) for n in range(4)]
    page = html.render(msgspec.structs.replace(run(*results), requirements=tuple(rules)))
    assert re.findall(r"<h3>(.*?)</h3>", page) == ["RFC 9112, Section 9.3", "RFC 9112, Section 10"]


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
    assert len(re.findall(r"<script\b", dom)) == 1
    assert not re.search(r"<img\b", dom)
    assert not [name for _, attributes in Page(dom).tags for name in attributes if name.startswith("on")]
    title = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)
    assert title is not None
    assert title[1].endswith(": conformance report")  # a script that ran would have named the page


def test_every_outcome_has_its_words() -> None:
    page = Page(html.render(plain_run())).text
    assert all(word in page for word in ("pass", "fail", "warn", "observed", "inconclusive", "not applicable"))
    assert {result.outcome for result in RESULTS} >= set(Outcome) - {Outcome.ERROR}
