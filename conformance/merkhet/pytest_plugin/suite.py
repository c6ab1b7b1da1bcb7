"""`pytest --pyargs merkhet.suites`: one test for each check, named by its id."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import pytest

from merkhet import catalogue
from merkhet.catalogue import AnyCheck
from merkhet.cli.codes import Failure
from merkhet.cli.run import Request
from merkhet.pytest_plugin.judging import SUITES_KEY
from merkhet.pytest_plugin.session import PLACE, Place, UnusableError, judging
from merkhet.pytest_plugin.settings import named, outputs_of, request_of, selected
from merkhet.selectors import tags_of


class SuiteFile(pytest.File):
    """Collects every check that the selectors take. What `-k`, `-m` and the like leave is judged, once."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the tests. Raises UnusableError where no server is named, or the options cannot be meant."""
        try:
            judgements = judging(self.config).judgements
            outputs_of(self.config)
            checks = selected(list(catalogue.load().checks.values()), judgements.terms)
            if not self.config.option.collectonly:
                # Whatever is wrong with it is told before anything runs.
                self.request  # noqa: B018
        except Failure as failure:
            raise UnusableError(str(failure)) from failure
        self.add_marker("merkhet")
        for check in checks:
            yield CheckItem.of(self, check)

    @cached_property
    def request(self) -> Request:
        """What the one judgement of all these tests is made with. Raises Failure."""
        config = self.config
        options, chosen = named(config)
        return request_of(
            config, judging(config).judgements.terms, options, chosen, (config.invocation_params.dir, config.rootpath)
        )


class CheckItem(pytest.Item):
    """The test of one check."""

    @classmethod
    def of(cls, parent: SuiteFile, check: AnyCheck) -> CheckItem:
        """Return the test of a check; `-k` knows its tags and its requirement too."""
        item: CheckItem = cast("Any", cls).from_parent(parent, name=check.id)
        item.extra_keyword_matches.update(tags_of(check), (check.requirement,))
        item.stash[PLACE] = Place(SUITES_KEY, check.id, lambda _: parent.request)
        return item

    def runtest(self) -> None:
        """Nothing to do: the checks ran together, and the hooks of the session say what this one came to."""

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the test is, which is one file for all, and its name."""
        return self.path, None, self.name
