"""Every oracle of the fuzzer's has words in the reports: its name is looked up where a suspicion is made."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import merkhet_fuzz
from merkhet_fuzz import adapters, campaign, growth
from merkhet_fuzz.live import campaign as live_campaign
from merkhet_fuzz.live import connection, watch
from merkhet_reports import fuzzed

MAKERS = frozenset(("Suspicion", "_suspicion"))
PASSED_ON = frozenset(("oracle", "wrong"))
"""Names in the place of an oracle that hold what another place has said: those are looked at below."""
WEIGHED_ALONE = "differ"
"""Made to be weighed, and never told."""


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(merkhet_fuzz.__path__, "merkhet_fuzz."):
        if not found.name.startswith(adapters.__name__):  # these need parsers that may not be installed
            yield importlib.import_module(found.name)


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def named(module: ModuleType, node: ast.expr) -> Iterator[str]:
    """Yield the names that an oracle is given by; nothing for a parameter that is passed on."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from named(module, node.body)
        yield from named(module, node.orelse)
    elif ast.unparse(node) not in PASSED_ON:
        value: object = module
        for part in ast.unparse(node).split("."):
            value = getattr(value, part)
        yield str(value)


def emitted(module: ModuleType) -> Iterator[str]:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in MAKERS:
            yield from named(module, node.args[0])
        if (
            isinstance(node, ast.Assign)
            and ast.unparse(node.targets[0]) == "oracle"
            and not isinstance(node.value, ast.Call | ast.Attribute | ast.Subscript)
        ):
            yield from named(module, node.value)


def test_every_oracle_has_words() -> None:
    seen = {name for module in modules() for name in emitted(module)}
    seen |= {*watch.WORDS, *(rule[0] for rule in connection.JUDGED.values())}
    assert {campaign.DIED, growth.ORACLE, live_campaign.DIES, "lost", "handshake", "merged"} <= seen
    assert seen - set(fuzzed.ORACLES) == {WEIGHED_ALONE}
    assert not set(fuzzed.ORACLES) - seen, "words for what nothing can emit"
