"""The plot of a run, as SVG: a panel for each scenario, and one for memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from bench.peers import FLOOR, REFERENCE
from bench.results import Line, MemoryRow, Met, Results, table

OURS, THEIRS, CEILING, OVER = "#0b6e4f", "#9aa5b1", "#d9c58b", "#b23a48"
COLUMNS = 2
WIDTH_INCHES = 13.0
ROW_INCHES = 0.3
PANEL_INCHES = 1.1


def draw_rates(axes: Axes, title: str, counts: str, lines: Sequence[Line]) -> None:
    """Draw the medians as bars, the least and most as whiskers, and behind them the processor time of each."""
    lines = sorted((line for line in lines if not line.failure), key=lambda line: line.rate)
    names = [line.server for line in lines]
    colours = [OURS if name == REFERENCE else CEILING if name == FLOOR else THEIRS for name in names]
    rates = [line.rate for line in lines]
    whiskers = [[line.rate - line.least for line in lines], [line.most - line.rate for line in lines]]
    axes.barh(names, rates, xerr=whiskers, color=colours, ecolor="#333333", capsize=2, error_kw={"linewidth": 0.8})
    for place, line in enumerate(lines):
        cpu = f"{line.cpu_us:,.0f} µs CPU" if line.cpu_us >= 10 else f"{line.cpu_us:.1f} µs CPU"
        axes.annotate(cpu, (line.most, place), xytext=(6, 0), textcoords="offset points", va="center", fontsize=7)
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel(f"{counts} a second; beside each bar the server's processor time for one", fontsize=8)
    axes.set_xlim(0, max((line.most for line in lines), default=1.0) * 1.25)
    tidy(axes)


def draw_memory(axes: Axes, rows: Sequence[MemoryRow]) -> None:
    """Draw each figure as a share of what it may be at most."""
    rows = list(reversed(rows))
    shares = [100 * max(row.figure_mb, 0.0) / row.target_mb for row in rows]
    colours = [OURS if row.met is Met.YES else OVER for row in rows]
    axes.barh([row.title for row in rows], shares, color=colours)
    for place, (row, share) in enumerate(zip(rows, shares, strict=True)):
        text = f"{row.figure_mb:.1f} of {row.target_mb:.0f} MB"
        axes.annotate(text, (share, place), xytext=(6, 0), textcoords="offset points", va="center", fontsize=7)
    axes.axvline(100, color="#333333", linewidth=0.8, linestyle="--")
    axes.set_title("Memory", fontsize=10, loc="left")
    axes.set_xlabel("percent of the most that is allowed", fontsize=8)
    axes.set_xlim(0, max([100.0, *shares]) * 1.25)
    tidy(axes)


def tidy(axes: Axes) -> None:
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def draw(results: Results, path: Path) -> None:
    """Write the plot. The same results give the same octets."""
    tables = [(scenario, table(scenario, results)) for scenario in results.scenarios]
    sizes = [len(lines) for _, lines in tables] + ([len(results.memory)] if results.memory else [])
    if not sizes:
        return
    rows = -(-len(sizes) // COLUMNS)
    heights = [max(sizes[row * COLUMNS : (row + 1) * COLUMNS]) * ROW_INCHES + PANEL_INCHES for row in range(rows)]
    with mpl.rc_context({"svg.hashsalt": "merkhet", "svg.fonttype": "none"}):
        figure, grid = plt.subplots(
            rows,
            COLUMNS,
            squeeze=False,
            figsize=(WIDTH_INCHES, sum(heights)),
            height_ratios=heights,
            layout="constrained",
        )
        panels = list(grid.flat)
        for axes, (scenario, lines) in zip(panels, tables, strict=False):
            draw_rates(axes, scenario.title, scenario.counts, lines)
        if results.memory:
            draw_memory(panels[len(tables)], results.memory)
        for axes in panels[len(sizes) :]:
            axes.set_visible(False)
        figure.savefig(path, format="svg", metadata={"Date": None})
        plt.close(figure)
