"""One offline page: a sentence with counts, what to fix first, then the specifications with every check and its octets.

It reads without JavaScript, and nothing that a server sent is more than text in it.
"""

from __future__ import annotations

import functools

import jinja2

from merkhet import links
from merkhet.model import Outcome, RunResults
from merkhet_reports import fuzzed, html_fuzz, html_pictures, html_tree, html_wires, summary
from merkhet_reports.escape import printable, seconds, shorten
from merkhet_reports.page import asset, digest, environment, place, style

PAGE_BYTES_MAX = 5_000_000
"""A page is kept below, by shortening exchanges; one that is larger without any is not cut further."""


def render(run: RunResults, excused: summary.Excused | None = None) -> str:
    """Return the page."""
    reasons = excused or {}
    # A run that only fuzzed has rules so that its findings can name them: nobody was to check them.
    documents = html_tree.documents(run, reasons) if run.results or not run.fuzzed else []
    bare = _page(run, reasons, documents, html_wires.Exchanges())
    room = PAGE_BYTES_MAX - len(bare.encode())
    return _page(run, reasons, documents, html_wires.exchanges(run.results, room))


def _page(
    run: RunResults, reasons: summary.Excused, documents: list[html_tree.Document], found: html_wires.Exchanges
) -> str:
    script, look = asset("report.js"), style("report.css")
    page: str = _template().render(
        run=run,
        title=f"{printable(run.target.name)}: conformance report",
        sentence=fuzzed.lead(run),
        counts=summary.count(run.results),
        outcomes=summary.OUTCOMES,
        words=summary.WORDS,
        marks=summary.MARKS,
        groups=summary.to_fix(run, reasons),
        rules={rule.id: rule for rule in run.requirements},
        documents=documents,
        fuzzing=html_fuzz.fuzzing(run, reasons),
        states=tuple(html_tree.State),
        untested=any(not rule.rows for document in documents for rule in document.rules),
        parts=html_tree.parts(documents),
        times=html_pictures.times(run.results),
        slowest=list(html_pictures.slowest(run.results)),
        wires=found.static,
        packed=found.packed,
        block=found.block,
        totals={outcome: sum(result.outcome is outcome for result in run.results) for outcome in Outcome},
        output=printable(run.target_output.replace("\r\n", "\n"), lines=True),
        documentation=links.DOCUMENTATION,
        css=look,
        style_hash=digest(look),
        script=script,
        script_hash=digest(script),
    )
    return page


@functools.cache
def _template() -> jinja2.Template:
    return environment(
        {
            "plain": printable,
            "short": shorten,
            "seconds": seconds,
            "link": summary.link,
            "place": place,
            "observed": summary.observed,
            "expected": summary.expected,
            "pieces": html_pictures.pieces,
            "check_page": links.check_page,
            "requirement_page": links.requirement_page,
            "dispute": links.dispute,
        },
        lines=True,
    ).get_template("report.html.j2")
