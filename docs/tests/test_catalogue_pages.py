"""The pages of the catalogue: one for each address that merkhet gives, found by the search, with no text as markup."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import citations
import msgspec
import pytest

pytest.importorskip("sphinx", reason="the site's extension needs sphinx: tox -e docs")

import catalogue_pages
from catalogue_facts import Facts
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from merkhet import catalogue, links
from merkhet.catalogue import Catalogue

CHECK = "rfc9112-3.2-host-missing"
PASSIVE = "rfc6455-5.4-frames-continuation"
MARKUP = "<script>alert(1)</script> & {{ 7*7 }}"


@pytest.fixture(scope="module")
def facts() -> Facts:
    return Facts()


@pytest.fixture
def small() -> Catalogue:
    """A catalogue of two checks, whose texts would be markup if they could."""
    whole = catalogue.load()
    checks = {name: whole.checks[name] for name in (CHECK, PASSIVE)}
    checks[CHECK] = dataclasses.replace(checks[CHECK], title=MARKUP)
    rules = {check.requirement: whole.requirement_of(check) for check in checks.values()}
    rule = checks[CHECK].requirement
    rules[rule] = msgspec.structs.replace(rules[rule], text=f"Unmistakable. {MARKUP}")
    return Catalogue(requirements=rules, checks=checks)


@pytest.fixture
def pages(small: Catalogue, facts: Facts, monkeypatch: pytest.MonkeyPatch) -> catalogue_pages.Pages:
    made = catalogue_pages.Pages(small, facts)
    monkeypatch.setattr(catalogue_pages, "pages_of_all", lambda: made)
    monkeypatch.setattr(catalogue, "load", lambda: small)
    return made


def test_no_text_is_markup(pages: catalogue_pages.Pages) -> None:
    bodies = {path: context["body"] for path, context, _ in pages.pages()}
    body = bodies[f"checks/{CHECK}"]
    assert body.count("&lt;script&gt;alert(1)&lt;/script&gt; &amp; {{ 7*7 }}") >= 2
    assert not [path for path, body in bodies.items() if "<script" in body]


def test_a_page_tells_what_the_catalogue_and_the_repository_do(pages: catalogue_pages.Pages) -> None:
    bodies = {path: context["body"] for path, context, _ in pages.pages()}
    body = bodies[f"checks/{CHECK}"]
    check = pages.known.checks[CHECK]
    assert f"requirements/{check.requirement}.html" in body
    assert f"dispute.html?check={CHECK}" in body
    for broken in pages.facts.killed_by[CHECK]:
        assert f"mutants/{broken.name}.html" in body
    for name in pages.facts.outcomes[CHECK]:
        assert f"targets/{name}/NOTES.md" in body
    assert f"checks/{CHECK}.html" in bodies[f"requirements/{check.requirement}"]
    assert f"checks/{PASSIVE}.html" in bodies[f"requirements/{pages.known.checks[PASSIVE].requirement}"]


@pytest.mark.parametrize("name", ["coverage", "kills", "modules", "owners", "servers"])
def test_a_table_is_reached_from_where_it_stands(name: str, facts: Facts) -> None:
    table = catalogue_pages.Pages(catalogue.load(), facts).table(name, "../up/")
    assert "<table" in table
    assert "<tr" in table.partition("</thead>")[2]
    assert 'href="../up/' in table or name in {"owners", "modules", "servers"}


def site(folder: Path) -> Sphinx:
    source = folder / "source"
    source.mkdir()
    (source / "conf.py").touch()
    (source / "index.rst").write_text("Site\n====\n\n.. catalogue:: coverage\n", encoding="utf-8")
    (source / "dispute.rst").write_text(":orphan:\n\nDispute\n=======\n", encoding="utf-8")
    templates = citations.ROOT / "docs" / "_templates"
    settings = {"extensions": ["catalogue_pages"], "templates_path": [str(templates)], "html_theme": "basic"}
    return Sphinx(source, source, folder / "html", folder / "trees", "html", settings, status=None, warningiserror=True)


def test_a_site_has_them_all_and_its_search_finds_them(pages: catalogue_pages.Pages, tmp_path: Path) -> None:
    app = site(tmp_path)
    app.build()
    html = Path(app.outdir)
    assert "<table" in (html / "index.html").read_text(encoding="utf-8")
    for path, _, _ in pages.pages():
        assert (html / f"{path}.html").is_file()
    index = (html / "searchindex.js").read_text(encoding="utf-8")
    assert f'"checks/{CHECK}"' in index
    assert '"unmistak"' in index, "the word of a rule, as its stem"


def test_an_address_without_a_page_is_an_error(
    pages: catalogue_pages.Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = SimpleNamespace(format="html")
    app = cast("Sphinx", SimpleNamespace(builder=builder, outdir=tmp_path))
    with pytest.raises(ExtensionError, match="5 of 5 addresses"):
        catalogue_pages.verify(app, None)
    addresses = [links.DISPUTE, *map(links.check_page, pages.known.checks)]
    addresses += map(links.requirement_page, pages.known.requirements)
    for address in addresses:
        page = tmp_path / address.removeprefix(links.DOCUMENTATION + "/")
        page.parent.mkdir(exist_ok=True)
        page.touch()
    catalogue_pages.verify(app, None)
    (tmp_path / f"checks/{CHECK}.html").unlink()
    with pytest.raises(ExtensionError, match="1 of 5 addresses"):
        catalogue_pages.verify(app, None)
    catalogue_pages.verify(app, ValueError("the build failed already"))
    builder.format = "latex"
    catalogue_pages.verify(app, None)
