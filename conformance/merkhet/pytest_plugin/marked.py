"""`@pytest.mark.merkhet`: a test for each check, on the server that the fixture `merkhet_target` gives."""

from __future__ import annotations

from typing import Any

import pytest

from merkhet import catalogue
from merkhet.cli.codes import Code, Failure
from merkhet.cli.run import Request
from merkhet.pytest_plugin.session import PLACE, Place, judging
from merkhet.pytest_plugin.settings import Terms, changed, named, request_of, selected
from merkhet.pytest_plugin.within import chosen_at

CHECK = "merkhet_check"
TARGET = "merkhet_target"


class NamedTarget:
    """Stands for the server that the options of merkhet name."""


def named_target(config: pytest.Config) -> NamedTarget:
    """Return what stands for the server that the options name; fail the test if they name none."""
    try:
        named(config)
    except Failure as failure:
        pytest.fail(f"override the fixture {TARGET}, or name a server: {failure}", pytrace=False)
    return NamedTarget()


def expand(metafunc: pytest.Metafunc, marker: pytest.Mark) -> None:
    """Make a test for each check that the marker selects."""
    if TARGET not in metafunc.fixturenames:
        name = metafunc.function.__name__
        pytest.fail(f"{name}: @pytest.mark.merkhet needs the fixture {TARGET}: def {name}({TARGET})", pytrace=False)
    try:
        terms = terms_of_marker(metafunc.config, marker)
        checks = selected(list(catalogue.load().checks.values()), terms)
    except Failure as failure:
        pytest.fail(str(failure), pytrace=False)
    metafunc.fixturenames.append(CHECK)
    metafunc.parametrize(CHECK, [pytest.param(check.id, id=check.id) for check in checks])


def terms_of_marker(config: pytest.Config, marker: pytest.Mark) -> Terms:
    """Return the terms that a marker asks for. Raises Failure."""
    if marker.args:
        raise Failure(Code.INVOCATION, "@pytest.mark.merkhet takes names alone, such as select=['rfc9112']")
    return changed(judging(config).judgements.terms, marker.kwargs, config)


def placed(item: pytest.Item) -> None:
    """Note of a test that a marker made which check it is about."""
    params: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    check = params.get(CHECK)
    if isinstance(check, str):
        # Other parameters, such as those of the target's fixture, tell judgements apart.
        item.stash[PLACE] = Place(item.nodeid.replace(check, "*", 1), check, _request, _address)


def _target(item: pytest.Item) -> object:
    funcargs: dict[str, object] = getattr(item, "funcargs", {})
    return funcargs[TARGET]


def _address(item: pytest.Item) -> str:
    target = _target(item)
    return "" if isinstance(target, NamedTarget) else chosen_at(target, Terms())[1].info.address


def _request(item: pytest.Item) -> Request:
    marker = item.get_closest_marker("merkhet")
    if marker is None:
        raise TypeError("only a marked test has a check")
    terms = terms_of_marker(item.config, marker)
    target = _target(item)
    options, chosen = named(item.config) if isinstance(target, NamedTarget) else chosen_at(target, terms)
    return request_of(item.config, terms, options, chosen, (item.path.parent, item.config.rootpath))
