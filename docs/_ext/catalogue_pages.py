"""The pages of the catalogue: one a check, one a requirement, one a mutant, one a document, at the addresses of `merkhet.links`.

They are made from the catalogue while the site is built, and never written down: a page cannot say what the check does not.
"""

from __future__ import annotations

import functools
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
from catalogue_facts import REPOSITORY, Facts
from docutils import nodes
from docutils.utils import new_document
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from merkhet import catalogue, history, links, selectors
from merkhet.catalogue import AnyCheck, Catalogue
from merkhet.check import Passive
from merkhet.cli import explain, list_
from merkhet.model import Requirement
from merkhet_reports import summary

Page = tuple[str, dict[str, Any], str]
LAYOUT = "catalogue_layout.html"
MISSING_SHOWN_MAX = 10


class Pages:
    """Makes the pages of one catalogue. Each is a pair of the name below the site's root and what the layout is given."""

    def __init__(self, known: Catalogue, facts: Facts) -> None:
        self.known = known
        self.facts = facts
        self.checks_of: dict[str, list[AnyCheck]] = defaultdict(list)
        for check in known.checks.values():
            self.checks_of[check.requirement].append(check)
        self.rules_of: dict[str, list[Requirement]] = defaultdict(list)
        for rule in sorted(known.requirements.values(), key=_order):
            self.rules_of[rule.document].append(rule)
        folder = Path(__file__).resolve().parents[1] / "_templates" / "catalogue"
        self.templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        shared: dict[str, Any] = {"facts": facts, "pages": self, "repository": REPOSITORY, "known": known}
        self.templates.globals.update(shared)
        self.templates.filters.update(document=summary.document, link=summary.link, place=_place)

    def pages(self) -> Iterator[Page]:
        """Yield every page as sphinx's `html-collect-pages` takes it."""
        for document in self.rules_of:
            yield self._page(
                f"documents/{document}", f"{summary.document(document)}: its rules", "document", name=document
            )
        for rule in self.known.requirements.values():
            yield self._page(f"requirements/{rule.id}", rule.id, "requirement", found_by=rule.text, rule=rule)
        for check in self.known.checks.values():
            yield self._check(check)
        for name, entry in history.load().withdrawn().items():
            yield self._page(f"checks/{name}", name, "withdrawn", name=name, entry=entry)
        for broken in self.facts.mutants.values():
            yield self._page(f"mutants/{broken.name}", broken.name, "mutant", found_by=broken.fault, broken=broken)

    def table(self, name: str, root: str) -> str:
        """Return a table of the catalogue as HTML, for a page from which the root of the site is reached by `root`."""
        return self.templates.get_template(f"{name}.html").render(root=root)

    def coverage(self, document: str) -> list_.Row:
        """Return the counts of a document as `merkhet list --coverage` has them."""
        return list_.coverage_of(document, self.rules_of[document], tuple(self.known.checks.values()))

    def _check(self, check: AnyCheck) -> Page:
        rule = self.known.requirement_of(check)
        return self._page(
            f"checks/{check.id}",
            f"{check.title}: {check.id}",
            "check",
            found_by=rule.text,
            check=check,
            rule=rule,
            passive=isinstance(check, Passive),
            tags=sorted(selectors.tags_of(check)),
            conversation=textwrap.dedent("\n".join(explain.conversation(check))),
            changes=history.load().changes(check.id),
            outcomes=self.facts.outcomes.get(check.id, {}),
            killed=self.facts.killed_by.get(check.id, ()),
        )

    def _page(self, path: str, title: str, template: str, /, found_by: str = "", **facts: object) -> Page:
        """Make a page. `found_by` are the words by which the search finds it beside its title and the end of its path."""
        body = self.templates.get_template(f"{template}.html").render(root="../", **facts)
        return path, {"title": title, "body": body, "found_by": found_by}, LAYOUT


class CatalogueTable(SphinxDirective):
    """A table made from the catalogue: `coverage`, `kills`, `modules`, `owners` or `servers`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table as a piece of HTML."""
        root = "../" * self.env.docname.count("/")
        return [nodes.raw("", pages_of_all().table(self.arguments[0], root), format="html")]


def _place(rule: Requirement) -> str:
    return summary.place(rule.document, rule.section)


def _order(rule: Requirement) -> tuple[tuple[str, list[tuple[bool, int, str]]], str]:
    return summary.place_order(rule.document, rule.section), rule.id


@functools.cache
def pages_of_all() -> Pages:
    """Return the pages of the catalogue, made once."""
    return Pages(catalogue.load(), Facts())


def _collect(app: Sphinx) -> Iterator[Page]:  # noqa: ARG001 - sphinx gives it
    yield from pages_of_all().pages()


def _index(app: Sphinx, problem: Exception | None) -> None:
    """Let the site's search find each page by its id, title and rule; with all of their words the index would be huge.

    sphinx writes its index without what is no document, so ours is written over it.
    """
    builder = app.builder
    if problem is not None or not isinstance(builder, StandaloneHTMLBuilder) or builder.indexer is None:
        return
    for path, context, _ in pages_of_all().pages():
        found = new_document(path)
        found += nodes.paragraph("", f"{path.rpartition('/')[2]} {context['found_by']}")
        builder.indexer.feed(path, f"{path}.html", context["title"], found)
    with (Path(app.outdir) / builder.searchindex_filename).open("w", encoding="utf-8") as file:
        builder.indexer.dump(file, builder.indexer_format)


def verify(app: Sphinx, problem: Exception | None) -> None:
    """Hold every address that merkhet gives to its users against the pages. Raises ExtensionError if one is missing."""
    if problem is not None or app.builder.format != "html":
        return
    known = catalogue.load()
    addresses = [links.DISPUTE]
    addresses += [links.check_page(name) for name in (*known.checks, *history.load().withdrawn())]
    addresses += [links.requirement_page(name) for name in known.requirements]
    missing = [address for address in addresses if not _is_built(app, address)]
    if missing:
        some = ", ".join(missing[:MISSING_SHOWN_MAX])
        raise ExtensionError(
            f"{len(missing)} of {len(addresses)} addresses of merkhet.links have no page, such as {some}"
        )


def _is_built(app: Sphinx, address: str) -> bool:
    return (Path(app.outdir) / address.removeprefix(links.DOCUMENTATION + "/")).is_file()


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell sphinx what is here."""
    app.add_directive("catalogue", CatalogueTable)
    app.connect("html-collect-pages", _collect)
    app.connect("build-finished", _index)
    app.connect("build-finished", verify)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
