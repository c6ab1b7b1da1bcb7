"""The vocabulary of a check, and the catalogue that holds every check to it."""

from __future__ import annotations

import dataclasses
from types import ModuleType

import checks
import pytest

from merkhet import catalogue
from merkhet.answer import End
from merkhet.catalogue import CatalogueError
from merkhet.check import (
    PASS,
    VIOLATION,
    Answers,
    Canned,
    Exchange,
    HalfClose,
    Kind,
    Passive,
    Send,
    Stream,
    as_streams,
    closes,
    in_turns,
    observed,
    resets,
    walk,
)
from merkhet.expect import served, status
from merkhet.wire.judge import RULES


def test_verdicts() -> None:
    assert VIOLATION.because("why") == dataclasses.replace(VIOLATION, text="why")
    assert VIOLATION.following is None
    assert PASS.then().following == ()
    assert PASS.then(HalfClose()).following == (HalfClose(),)
    assert observed("a choice").kind is Kind.OBSERVED


def test_streams() -> None:
    assert as_streams((b"a", closes(b"b"))) == (Stream(b"a", End.SILENT), Stream(b"b", End.CLOSED))
    assert resets(b"c").end is End.RESET
    assert in_turns(b"a", b"b") == Stream(b"ab", End.SILENT, (b"a", b"b"))
    assert Canned("fault", b"a", closes(b"b")).streams == as_streams((b"a", closes(b"b")))


def test_walk_goes_into_what_follows_a_verdict() -> None:
    inner = Send(b"{echo}")
    steps = (Send(b"a"), Answers({served(): PASS.then(inner), status(400): PASS}))
    assert list(walk(steps)) == [*steps, inner]


def test_what_a_check_needs() -> None:
    check = checks.check(Send(b"{echo}"), Answers({served(): PASS.then(Send(b"{status:204}"))}))
    assert check.needs == {"echo", "status"}
    assert dataclasses.replace(check, twin=Exchange(request=b"{files:a}")).needs == {"echo", "status", "files"}
    assert dataclasses.replace(check, tags=frozenset({"tls", "slow"})).needs == {"echo", "status", "tls"}
    assert dataclasses.replace(check, tags=frozenset({"own-files"})).needs == {"echo", "status", "own-files"}
    passive = Passive(
        id="a", requirement="b", title="c", since="0.1", rule="d", good=(), mutants=(), probe=b"{sleep:1}"
    )
    assert passive.needs == {"sleep"}


def test_checks_can_be_compared_and_kept_in_sets() -> None:
    assert checks.check() == checks.check()
    assert len({checks.check(), checks.check()}) == 1


def test_the_catalogue_is_whole() -> None:
    loaded = catalogue.load()
    assert loaded.checks
    for name, check in loaded.checks.items():
        requirement = loaded.requirement_of(check)
        assert name == check.id
        assert name.startswith(f"{requirement.document}-")
        assert requirement.untestable is None, f"{name} tests what nobody can see"
        assert not isinstance(check, Passive) or check.rule in RULES


def declare(monkeypatch: pytest.MonkeyPatch, **names: object) -> None:
    module = ModuleType("suite")
    vars(module).update(names)
    monkeypatch.setattr(catalogue, "_modules", lambda: iter([module]))


def test_two_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, REQUIREMENTS=(checks.requirement(),), CHECKS=(checks.check(), checks.check()))
    with pytest.raises(CatalogueError, match="two things are named"):
        catalogue.load.__wrapped__()


def test_a_check_of_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, CHECKS=(checks.check(),))
    with pytest.raises(CatalogueError, match="no suite declares"):
        catalogue.load.__wrapped__()


def test_checks_are_in_the_order_of_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    them = [
        dataclasses.replace(checks.check(), id=f"rfc9112-{section}-x")
        for section in ("D", "9.1", "C.1", "10", "9.1.2", "C", "2.10", "2.9", "C.1.2")
    ]
    declare(monkeypatch, REQUIREMENTS=(checks.requirement(),), CHECKS=them)
    order = [check.split("-")[1] for check in catalogue.load.__wrapped__().checks]
    assert order == ["2.9", "2.10", "9.1", "9.1.2", "10", "C", "C.1", "C.1.2", "D"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rfc9112-6.1-one", ("rfc9112", "6.1", "one")),
        ("rfc9112-10-1-2.3-x", ("rfc9112", "10", "1-2.3-x")),
        ("whatwg-sse-9.2.5-a1", ("whatwg-sse", "9.2.5", "a1")),
        ("whatwg-sse-9.2.5-d-9.1-x", ("whatwg-sse", "9.2.5", "d-9.1-x")),
        ("rfc6266-C.1-1", ("rfc6266", "C.1", "1")),
        ("rfc6266-D-a1", ("rfc6266", "D", "a1")),
    ],
)
def test_what_an_id_says(name: str, expected: tuple[str, str, str]) -> None:
    place = catalogue.place_of(name)
    assert place == catalogue.Place(*expected)


@pytest.mark.parametrize(
    "name", ["", "a", "rfc9112", "rfc9112-6.1", "rfc9112-6.1-", "rfc9112-d-x", "-6.1-x", "rfc9112-6.-x"]
)
def test_what_is_no_id(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert catalogue.place_of(name) is None
    declare(monkeypatch, REQUIREMENTS=(checks.requirement(),), CHECKS=(dataclasses.replace(checks.check(), id=name),))
    with pytest.raises(CatalogueError, match="is no id"):
        catalogue.load.__wrapped__()
