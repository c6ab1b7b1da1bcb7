"""The report in a real browser: it asks for nothing, keeps its filters, finds its checks, shows the octets, bars nobody.

axe-core is had by `npm ci` in `reports/tests/axe`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from browser_rig import a_browser
from report_samples import FOUND, FULL_RESULTS, HOSTILE_BYTES, full_run, fuzz_run, other_run, run, transcript

from merkhet.model import CheckResult, Evidence, RunResults
from merkhet_reports import compare, compare_html, html, html_wires

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = Path(__file__).with_name("axe") / "node_modules" / "axe-core" / "axe.min.js"
OCTETS = bytes(range(256)) * 3 + b"\\x41\\n\n\\"
FAILED = "rfc9112-3.2-served"
PASSED = "rfc9112-3.2-refused"
FRAMES = (
    "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))"
)
VISIBLE = """id => {
  const summary = document.getElementById(id).querySelector("summary"), box = summary.getBoundingClientRect();
  const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return summary.contains(there) && document.activeElement === summary;
}"""
SHOWN = "() => [...document.querySelectorAll('details.c:not(.z)')].filter(c => !c.hidden).map(c => c.id)"
WIDTHS = "() => [document.documentElement.scrollWidth, innerWidth]"

Show = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Generator[Browser, None, None]:
    with a_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Generator[Show, None, None]:
    """Opens a page; whatever it asks of a network, and any error of its script or policy, fails the test."""
    wrong: list[str] = []

    def opened(text: str, fragment: str = "", **options: Any) -> Page:
        path = tmp_path / "report.html"
        path.write_text(text, encoding="utf-8")
        page = stack.enter_context(contextlib.closing(browser.new_context(**options))).new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request", lambda request: wrong.append(request.url) if not request.url.startswith(path.as_uri()) else None
        )
        page.goto(path.as_uri() + fragment)
        if options.get("java_script_enabled", True):
            page.evaluate(FRAMES)
        return page

    with contextlib.ExitStack() as stack:
        yield opened
    assert [words for words in wrong if words != "data:,"] == []


def long_run() -> RunResults:
    """A run with many passes before the others, so that what is looked for is far down the page."""
    many = [msgspec.structs.replace(FULL_RESULTS[0], check=f"rfc9112-3.2-pass-{number}") for number in range(300)]
    return run(*many, *FULL_RESULTS)


def test_nothing_is_asked_for_and_a_deep_link_is_visible(show: Show) -> None:
    page = show(html.render(long_run()), f"#{FAILED}")
    assert page.evaluate(VISIBLE, FAILED)
    assert page.locator(f"[id='{FAILED}']").get_attribute("open") is not None


def test_a_deep_link_to_what_passed_opens_its_rule(show: Show) -> None:
    page = show(html.render(run(FULL_RESULTS[0], FULL_RESULTS[8])), f"#{PASSED}")
    assert page.evaluate(VISIBLE, PASSED)
    page.locator(f"[id='{PASSED}'] .ev").first.wait_for()
    assert "merkhet run --select" in (page.locator(f"[id='{PASSED}']").text_content() or "")


def test_filters_survive_a_reload_and_a_link_to_a_check_lifts_them(show: Show) -> None:
    page = show(html.render(long_run()))
    page.get_by_label("warn").check()
    page.keyboard.press("Escape")
    warned = page.evaluate(SHOWN)
    assert warned == [result.check for result in FULL_RESULTS if result.outcome == "warn"]
    page.locator("input[name=q]").fill("near")
    assert page.evaluate(SHOWN) == ["rfc9112-9.3-near"]
    page.reload()
    page.evaluate(FRAMES)
    assert page.evaluate(SHOWN) == ["rfc9112-9.3-near"]
    assert page.locator("input[name=q]").input_value() == "near"
    assert page.get_by_label("warn").is_checked()
    page.evaluate("id => { location.hash = id; }", FAILED)
    page.wait_for_function("id => document.activeElement.parentElement.id === id", arg=FAILED)
    assert page.evaluate(VISIBLE, FAILED)
    page.locator("body").press("/")
    assert page.evaluate("() => document.activeElement.name") == "q"


def _with_octets(result: CheckResult) -> CheckResult:
    return msgspec.structs.replace(result, evidence=Evidence(transcripts=(transcript(OCTETS),)))


@pytest.mark.parametrize("number", [0, 1, 5], ids=["packed", "dumped", "by script"])
def test_hex_is_the_octets(show: Show, number: int) -> None:
    result = _with_octets(FULL_RESULTS[number])
    page = show(html.render(run(result)), f"#{result.check}")
    place = page.locator(f"[id='{result.check}'] .ev.rx")
    place.wait_for()
    if number == 1:
        place.locator(".dump summary").click()
        dump = place.locator(".dump pre").inner_text()
    else:
        place.get_by_role("button", name="hex").click()
        dump = place.locator("pre").inner_text()
    rows = [re.match(r"([0-9a-f]{6})  ((?:[0-9a-f]{2} ?)+)", line) for line in dump.splitlines()]
    octets = b"".join(bytes.fromhex(row[2]) for row in rows if row is not None)
    assert octets == OCTETS
    assert [int(row[1], 16) for row in rows if row is not None] == list(range(0, len(OCTETS), 16))


def test_octets_of_a_hostile_server_execute_nothing(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the page nor in what its script draws of what is packed."""
    monkeypatch.setattr(html_wires, "STATIC_CHARACTERS_MAX", 0)
    whole = full_run()
    hostile = [
        msgspec.structs.replace(
            one,
            evidence=Evidence(transcripts=(transcript(HOSTILE_BYTES),), repeat="<img src=x onerror=window.pwned=4>"),
        )
        for one in whole.results
    ]
    page = show(html.render(msgspec.structs.replace(whole, results=tuple(hostile))))
    page.evaluate("() => { for (const e of document.querySelectorAll('details')) e.open = true; }")
    page.locator(".links").nth(len(hostile) - 1).wait_for()
    assert page.evaluate("() => window.pwned === undefined && !document.querySelector('img')")
    assert "<img src=x onerror=window.pwned=1>" in (page.locator("main").text_content() or "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["report", "fuzzing", "servers", "runs"])
def test_axe_finds_nothing(show: Show, scheme: str, name: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not there: npm ci in reports/tests/axe")
    whole = {"report": full_run, "fuzzing": fuzz_run}.get(name)
    text = _compared(name) if whole is None else html.render(whole(), whole().reasons)
    page = show(text, color_scheme=scheme, bypass_csp=True)
    page.evaluate("() => { for (const e of document.querySelectorAll('details')) e.open = true; }")
    page.evaluate(FRAMES)
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run()")
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found["violations"]] == []
    assert len(found["passes"]) > 10


def _compared(name: str) -> str:
    columns = compare.columns([("a.json", full_run()), ("b.json", other_run())])
    return compare_html.render(compare.matrix(columns) if name == "servers" else compare.changes(*columns))


def test_a_narrow_window_has_no_sideways_scroll(show: Show) -> None:
    page = show(html.render(full_run()), viewport={"width": 320, "height": 700})
    page.evaluate("() => { for (const e of document.querySelectorAll('details')) e.open = true; }")
    page.evaluate(FRAMES)
    whole, window = page.evaluate(WIDTHS)
    assert whole <= window


@pytest.mark.parametrize("script", [True, False])
def test_findings_are_read_at_any_width_and_without_a_script(show: Show, script: bool) -> None:  # noqa: FBT001
    page = show(html.render(fuzz_run()), viewport={"width": 320, "height": 700}, java_script_enabled=script)
    finding = page.locator(f"[id='{FOUND[0].id}']")
    finding.locator("summary").first.click()
    assert finding.locator("ins").inner_text() == "\\x00"
    finding.locator(".dump summary").click()
    assert "48 6f 73 00 74" in finding.locator(".dump pre").inner_text()
    matrix = page.get_by_role("region", name="Disagreements by participant")
    assert matrix.get_by_role("row").count() == 3
    assert not page.get_by_role("heading", name="Checks").is_visible()
    if script:
        whole, window = page.evaluate(WIDTHS)
        assert whole <= window


def test_a_link_to_a_finding_opens_it(show: Show) -> None:
    page = show(html.render(full_run()), f"#{FOUND[2].id}")
    page.wait_for_function("id => document.activeElement.parentElement.id === id", arg=FOUND[2].id)
    assert page.evaluate(VISIBLE, FOUND[2].id)


def test_what_has_no_exchange_says_so(show: Show) -> None:
    bare = [msgspec.structs.replace(FULL_RESULTS[number], evidence=Evidence()) for number in (0, 1)]
    page = show(html.render(run(*bare)))
    page.evaluate("() => { for (const e of document.querySelectorAll('details')) e.open = true; }")
    page.get_by_text("The results hold no exchange of this check.").nth(1).wait_for()


def test_reads_without_a_script(show: Show) -> None:
    page = show(html.render(full_run()), java_script_enabled=False)
    text = page.locator("body").text_content() or ""
    assert "What to fix first" in text
    assert page.locator("#filters").is_hidden()
    assert "are not shown: those of what passed" in text
    failed = page.locator(f"[id='{FAILED}']")
    failed.locator("summary").first.click()
    assert failed.locator(".ev.rx pre").first.is_visible()
    failed.locator(".dump summary").first.click()
    assert failed.locator(".dump pre").first.is_visible()


def test_print_opens_what_failed(show: Show) -> None:
    page = show(html.render(full_run()))
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    failed = page.locator("details.c[data-v=fail]")
    assert all(one.get_attribute("open") is not None for one in failed.all())
    assert page.locator("#filters").is_hidden()
    assert page.pdf().startswith(b"%PDF")


def test_print_shows_what_failed_without_a_script(show: Show) -> None:
    page = show(html.render(full_run()), java_script_enabled=False)
    place = page.locator(f"[id='{FAILED}'] .ev.rx pre").first
    assert not place.is_visible()
    page.emulate_media(media="print")
    assert place.is_visible()
