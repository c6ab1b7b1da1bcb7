"""What the options and the configuration of pytest ask of merkhet, and what one judgement is made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from merkhet import catalogue
from merkhet.catalogue import AnyCheck
from merkhet.cli import expected, narrow, outputs, withdrawn
from merkhet.cli.choose import Chosen, TargetOptions, choose
from merkhet.cli.codes import Code, Failure
from merkhet.cli.narrow import Taken
from merkhet.cli.run import Request
from merkhet.engine.plan import RunOptions
from merkhet.model import Profile

NO_TARGET = (
    "merkhet has no server to judge: name one with --merkhet-url http://127.0.0.1:8080, with --merkhet-target NAME for one of"
    " merkhet.toml, or with --merkhet-command './server --port {port}' (or merkhet_url and so on in pytest's configuration)"
)
_PLACES = ("merkhet_url", "merkhet_target", "merkhet_command")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How one server is judged: by which checks, and how strictly. Raised problems are Failures."""

    select: tuple[str, ...] = ()
    profile: Profile = Profile.DEFAULT
    expect: Path | None = None
    timeout_scale: float = 1.0
    fail_on: str = "fail"
    endpoints: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: tuple[str, ...] = ()
    insecure: bool = False


def value_of(config: pytest.Config, name: str) -> Any:
    """Return what the command line says, else what the configuration does, else None."""
    given = config.getoption(name)
    return given if given not in (None, []) else config.getini(name) or None


def terms_of(config: pytest.Config) -> Terms:
    """Return what is asked for beside the target. Raises Failure."""
    given = {
        name: value_of(config, f"merkhet_{name}")
        for name in ("select", "profile", "expect", "timeout_scale", "fail_on")
    }
    return _converted(Terms(), {name: value for name, value in given.items() if value is not None}, config)


def changed(terms: Terms, asked: Mapping[str, object], config: pytest.Config) -> Terms:
    """Return these terms as a marker or a call changes them; its selectors are its own. Raises Failure."""
    given = {name: value for name, value in asked.items() if value is not None}
    return _converted(replace(terms, select=()), given, config)


def _converted(terms: Terms, given: Mapping[str, object], config: pytest.Config) -> Terms:
    there = {name: getattr(terms, name) for name in Terms.__dataclass_fields__}
    unknown = sorted(given.keys() - there.keys())
    if unknown:
        raise Failure(Code.INVOCATION, f"merkhet: unknown {unknown[0]!r}; expected one of {', '.join(there)}")
    values = {**there, **given}
    if isinstance(values["select"], str):
        values["select"] = [values["select"]]
    if values["expect"] is not None:
        values["expect"] = str(config.invocation_params.dir / cast("Path", values["expect"]))
    try:
        converted = msgspec.convert(values, Terms, strict=False, dec_hook=_decoded, from_attributes=True)
    except msgspec.ValidationError as problem:
        raise Failure(Code.INVOCATION, f"merkhet: {problem}") from problem
    if not 0 < converted.timeout_scale <= 1000:
        raise Failure(
            Code.INVOCATION, f"merkhet: timeout_scale: expected a factor above 0, got {converted.timeout_scale}"
        )
    if converted.fail_on not in {"fail", "warn"}:
        raise Failure(Code.INVOCATION, f"merkhet: fail_on: expected 'fail' or 'warn', got {converted.fail_on!r}")
    return converted


def _decoded(kind: type, value: object) -> object:
    return kind(value)


def outputs_of(config: pytest.Config) -> list[outputs.Output]:
    """Return the reports that are asked for. Raises Failure."""
    found = outputs.parse(value_of(config, "merkhet_output") or ())
    if outputs.takes_stdout(found):
        raise Failure(Code.INVOCATION, "--merkhet-output: standard output is pytest's; name a file")
    folder = config.invocation_params.dir
    return [outputs.Output(output.format, str(folder / output.path)) for output in found]


def named(config: pytest.Config) -> tuple[TargetOptions, Chosen]:
    """Return the target that the options name, or the only one of merkhet.toml. Raises Failure if there is none."""
    on_the_line = {name: config.getoption(name) for name in _PLACES}
    if not any(on_the_line.values()):
        on_the_line = {name: config.getini(name) or None for name in _PLACES}
    url, target, command = (on_the_line[name] for name in _PLACES)
    options = TargetOptions(url=url, target=target, command=command)
    chosen = choose(options, config.invocation_params.dir)
    if chosen.is_embedded:
        raise Failure(Code.INVOCATION, NO_TARGET)
    return options, chosen


def request_of(
    config: pytest.Config, terms: Terms, options: TargetOptions, chosen: Chosen, folders: Sequence[Path]
) -> Request:
    """Put together what one judgement is made with. Raises Failure."""
    every = list(catalogue.load().checks.values())
    hosts = tuple(value_of(config, "merkhet_i_may_test") or ())
    taken = narrow.bearable(Taken(checks=selected(every, terms)), chosen.outside(), hosts)
    path = terms.expect or expected.find((chosen.folder, *folders))
    return Request(
        chosen=chosen,
        taken=taken,
        options=RunOptions(profile=terms.profile, timeout_scale=terms.timeout_scale),
        command=options.words(terms.profile, terms.timeout_scale),
        outputs=[],
        expected=expected.load(path, every) if path is not None and not config.getoption("runxfail") else [],
        fail_on_warn=terms.fail_on == "warn",
    )


def selected(every: Sequence[AnyCheck], terms: Terms) -> list[AnyCheck]:
    """Return the checks that the selectors take. Raises Failure."""
    return withdrawn.select(every, terms.select)[0]
