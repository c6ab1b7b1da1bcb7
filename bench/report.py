"""RESULTS.md, results.json and the plot, from the results of a run."""

from __future__ import annotations

import importlib
from pathlib import Path

import jinja2
import msgspec

from bench.results import Met, Results, summary, table

TEMPLATES = Path(__file__).with_name("templates")
RESULTS_JSON = "results.json"
RESULTS_MARKDOWN = "RESULTS.md"
PLOT = "RESULTS.svg"


def number(value: float | None) -> str:
    """Return three figures or more, with thousands apart; nothing for what is not known."""
    if value is None:
        return ""
    decimals = next((places for least, places in ((100, 0), (10, 1)) if abs(value) >= least), 2)
    return f"{value:,.{decimals}f}"


def render(results: Results, plot: str) -> str:
    """Return RESULTS.md. `plot` is the name of the picture beside it, or "" if there is none."""
    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = number
    template = environment.get_template("RESULTS.md.jinja")
    tables = [(scenario, table(scenario, results)) for scenario in results.scenarios]
    return template.render(results=results, tables=tables, plot=plot, counts=summary(results), Met=Met)


def write(results: Results, folder: Path) -> str:
    """Write everything into a folder; return why there is no plot, or ""."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = msgspec.json.format(msgspec.json.encode(results), indent=1)
    (folder / RESULTS_JSON).write_bytes(raw + b"\n")
    problem = draw(results, folder / PLOT)
    (folder / RESULTS_MARKDOWN).write_text(render(results, "" if problem else PLOT), encoding="utf-8")
    return problem


def draw(results: Results, path: Path) -> str:
    """Draw the plot; return why there is none, or ""."""
    try:
        plot = importlib.import_module("bench.plot")
    except ImportError as error:
        return f"no plot: {error}"
    plot.draw(results, path)
    return ""


def read(folder: Path) -> Results:
    """Return the results that a run left."""
    return msgspec.json.decode((folder / RESULTS_JSON).read_bytes(), type=Results)
