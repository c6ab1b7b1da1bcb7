"""merkhet in pytest: `pytest --pyargs merkhet.suites --merkhet-url URL`, a marker and a fixture (docs/pytest.md).

pytest loads this module in every run of whoever has merkhet installed, so it imports nothing but pytest. What judges is
loaded with the first test that asks for it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import pytest

if TYPE_CHECKING:
    from merkhet.model import RunResults

NODE = "merkhet.suites.test_suites"
SUITES = Path(__file__).parents[1] / "suites" / "test_suites.py"
MARKER = (
    "merkhet(select, profile, expect, timeout_scale, fail_on, endpoints, headers, insecure):"
    " judge what the fixture merkhet_target gives, one test for each check."
)
SHARED = pytest.StashKey[Path]()
"""The folder in which the workers of pytest-xdist share what one of them judged."""
_TEXT: dict[str, Any] = {"default": None}
_LIST: dict[str, Any] = {"action": "append", "default": []}
OPTIONS: Mapping[str, tuple[dict[str, Any], str]] = {
    "url": ({**_TEXT, "metavar": "URL"}, "The server to judge, such as http://127.0.0.1:8080."),
    "target": ({**_TEXT, "metavar": "NAME"}, "A target of merkhet.toml to judge."),
    "command": ({**_TEXT, "metavar": "WORDS"}, "A command that starts the server to judge on {port}."),
    "select": ({**_LIST, "metavar": "SELECTOR"}, "Which checks: id glob, rfc9112, rfc9112#6.1, @tag; - excludes."),
    "profile": ({**_TEXT, "choices": ["default", "strict", "security"]}, "How strictly findings are weighed."),
    "expect": ({**_TEXT, "metavar": "PATH"}, "Expected failures. Default: merkhet.expect.toml."),
    "timeout-scale": ({**_TEXT, "type": float, "metavar": "FACTOR"}, "Wait so much longer."),
    "fail-on": ({**_TEXT, "choices": ["fail", "warn"]}, "From which outcome on a test fails."),
    "output": ({**_LIST, "metavar": "FORMAT:PATH"}, "Write a report, as merkhet run -o does."),
    "i-may-test": ({**_LIST, "metavar": "HOST"}, "Send much to this host, which is not this machine."),
}
"""Each is `--merkhet-NAME` on the command line, and `merkhet_NAME` in the configuration of pytest."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and settings of the same names."""
    group = parser.getgroup("merkhet", "merkhet: conformance of an HTTP server")
    for name, (values, words) in OPTIONS.items():
        field = f"merkhet_{name.replace('-', '_')}"
        group.addoption(f"--merkhet-{name}", dest=field, help=words, **values)
        kind: Literal["linelist", "string"] = "linelist" if "action" in values else "string"
        parser.addini(field, words, type=kind)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a test for each check where merkhet.suites is named."""
    if module_path.name != SUITES.name or not module_path.samefile(SUITES):
        return None
    from merkhet.pytest_plugin.session import judging
    from merkhet.pytest_plugin.suite import SuiteFile

    judging(parent.config)
    # Its tests are named as --pyargs wants them, wherever merkhet is installed.
    collector: pytest.Collector = cast("Any", SuiteFile).from_parent(parent, path=module_path, nodeid=NODE)
    return collector


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test for each check of a function that is marked."""
    marker = metafunc.definition.get_closest_marker("merkhet")
    if marker is not None:
        from merkhet.pytest_plugin.marked import expand

        expand(metafunc, marker)


class Merkhet:
    """Judges servers within a test: the fixture `merkhet`."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request

    def judge(
        self,
        target: object,
        *,
        select: Sequence[str] = (),
        profile: str | None = None,
        expect: str | Path | None = None,
        timeout_scale: float | None = None,
        fail_on: str | None = None,
        endpoints: Mapping[str, str] | None = None,
        headers: Sequence[str] = (),
        insecure: bool = False,
    ) -> RunResults:
        """Judge a server that runs; return the results. Raises NotAsRequired, an AssertionError that says what is wrong.

        `target` is a URL, a port of this machine, (host, port), a socket that listens, or the path of a Unix socket. The
        server must be able to answer while this waits: it runs in another thread or process, else see `judge_async`.
        `endpoints` maps names of the contract to paths, as in merkhet.toml. What is not given is as the options say.
        """
        from merkhet.pytest_plugin.within import judge

        asked = {
            "select": select,
            "profile": profile,
            "expect": expect,
            "timeout_scale": timeout_scale,
            "fail_on": fail_on,
            "endpoints": endpoints or {},
            "headers": headers,
            "insecure": insecure,
        }
        return judge(self._request, target, asked)

    async def judge_async(self, target: object, **asked: Any) -> RunResults:
        """Judge a server that runs on this event loop, from another thread: otherwise as `judge`."""
        import asyncio

        return await asyncio.to_thread(self.judge, target, **asked)


@pytest.fixture
def merkhet(request: pytest.FixtureRequest) -> Merkhet:
    """Judge a server within a test: `merkhet.judge(url, select=["rfc9112"])`."""
    return Merkhet(request)


@pytest.fixture(scope="session")
def merkhet_target(pytestconfig: pytest.Config) -> object:
    """Return the server that a marked test judges: override it. Without that, what the options of merkhet name."""
    from merkhet.pytest_plugin.marked import named_target

    return named_target(pytestconfig)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give every worker of pytest-xdist the folder in which they share what one of them judged."""
    config: pytest.Config = node.config
    if SHARED not in config.stash:
        from merkhet.pytest_plugin.telling import Telling

        config.stash[SHARED] = folder = Path(tempfile.mkdtemp(prefix="merkhet-"))
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        config.pluginmanager.register(Telling(config, folder), "merkhet-telling")
    node.workerinput["merkhet_folder"] = str(config.stash[SHARED])
