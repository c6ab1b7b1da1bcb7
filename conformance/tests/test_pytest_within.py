"""Servers that are judged within a test: the examples of docs/pytest.md, and what may go wrong with them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli_process import HOST, running

from merkhet import catalogue, results
from merkhet.cli.run import Request
from merkhet.pytest_plugin import marked, reporting, suite, within

pytest_plugins = ["pytester"]
LOADED = (catalogue.load(), Request, marked, reporting, suite, within)
ALONE = ("-p", "no:anyio", "-p", "no:xdist", "-p", "no:hypothesispytest", "-p", "no:platformdirs")
PAGE = Path(__file__).parents[2] / "docs" / "pytest.md"
NEEDS = {"test_aiohttp.py": "aiohttp", "test_asgi.py": "uvicorn"}
HELD = """
import pytest

@pytest.fixture(scope={scope!r})
def merkhet_target():
    return {url!r}

@pytest.mark.merkhet(select=["{check}*"])
def test_conformance(merkhet_target):
    pass
"""


def examples() -> dict[str, str]:
    """Return the examples of the page by their file names."""
    if not PAGE.exists():
        return {}
    blocks = re.findall(r"```python\n# (test_[a-z_]+\.py)[^\n]*\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return dict(blocks)


@pytest.mark.parametrize(("name", "text"), examples().items(), ids=list(examples()))
def test_an_example_of_the_page(pytester: pytest.Pytester, name: str, text: str) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    (pytester.path / name).write_text(text, encoding="utf-8")
    done = pytester.runpytest_subprocess(*ALONE, "-ra", "--merkhet-output", "json:r.json")
    assert done.ret == pytest.ExitCode.OK
    assert done.parseoutcomes()["passed"] >= 1
    runs = [results.load(path) for path in pytester.path.glob("r*.json")]
    assert all(run.ended == "complete" and run.preflight is not None for run in runs)
    assert sum(len(run.results) for run in runs) > 20


def test_the_page_has_examples() -> None:
    if not PAGE.exists():
        pytest.skip("needs the source tree")
    assert {"test_aiohttp.py", "test_wsgi.py", "test_asgi.py"} <= examples().keys()


def test_the_reference_in_a_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        from merkhet_reference import Server


        @pytest.fixture(scope="module")
        def merkhet_target():
            with Server(lambda request: request.respond(200, {"Content-Type": "text/plain"}, b"hello")).running() as server:
                yield server.address


        @pytest.mark.merkhet(select=["rfc9112#3.2"])
        def test_conformance(merkhet_target):
            pass
        """
    )
    done = pytester.runpytest_subprocess(*ALONE)
    assert done.ret == pytest.ExitCode.OK
    assert done.parseoutcomes()["passed"] > 80


# What a marker and a call say


def test_a_marked_test_is_one_for_each_check(pytester: pytest.Pytester) -> None:
    with running("serves-all", pytester.path) as (url, _):
        pytester.makepyfile(HELD.format(scope="module", url=url, check=HOST))
        done = pytester.runpytest_inprocess(*ALONE, "-k", "not post", "--junitxml", "j.xml")
    done.assert_outcomes(failed=5, deselected=1)
    done.stdout.fnmatch_lines([f"fail  {HOST}  MUST", "* expected *status 400", "*Captured transcript call*"])
    done.stdout.fnmatch_lines([f"FAILED *::test_conformance[[]{HOST}]*"])
    assert 'name="requirement" value="rfc9112-3.2-6a"' in (pytester.path / "j.xml").read_text()


def test_targets_of_a_parametrized_fixture_are_judged_apart(pytester: pytest.Pytester) -> None:
    with running("serves-all", pytester.path) as (bad, _), running("good", pytester.path) as (good, _):
        text = HELD.format(scope="module", url="", check=HOST).replace("return ''", "return request.param")
        text = text.replace("merkhet_target():", "merkhet_target(request):")
        text = text.replace("scope='module'", f"scope='module', params=[{bad!r}, {good!r}], ids=['bad', 'good']")
        pytester.makepyfile(text)
        done = pytester.runpytest_inprocess(*ALONE, "--merkhet-output", "json:r.json")
    done.assert_outcomes(failed=6, passed=6)
    found = sorted(pytester.path.glob("r*.json"))
    assert len(found) == 2
    assert {results.load(path).exit_code for path in found} == {0, 1}


def test_a_target_that_is_made_anew_for_each_test(pytester: pytest.Pytester) -> None:
    with running("good", pytester.path) as (url, _), running("good", pytester.path) as (other, _):
        text = HELD.format(scope="function", url=url, check=HOST).replace(f"return {url!r}", "return next(urls)")
        pytester.makepyfile(f"import itertools\nurls = itertools.cycle([{url!r}, {other!r}])\n{text}")
        done = pytester.runpytest_inprocess(*ALONE)
    done.assert_outcomes(passed=3, errors=3)
    done.stdout.fnmatch_lines(["*merkhet_target is made anew for each test*scope='module'*"])


def test_a_marked_test_without_its_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import pytest\n\n@pytest.mark.merkhet\ndef test_it():\n    pass\n")
    done = pytester.runpytest_inprocess(*ALONE)
    assert done.ret == pytest.ExitCode.INTERRUPTED
    done.stdout.fnmatch_lines(["*needs the fixture merkhet_target: def test_it(merkhet_target)*"])


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("merkhet('rfc9112')", "takes names alone"),
        ("merkhet(selct=['rfc9112'])", "unknown 'selct'"),
        ("merkhet(select=['rfc9113'])", "matches no check"),
        ("merkhet(profile='lax')", "profile"),
    ],
)
def test_a_marker_that_cannot_be_meant(pytester: pytest.Pytester, marker: str, told: str) -> None:
    pytester.makepyfile(f"import pytest\n\n@pytest.mark.{marker}\ndef test_it(merkhet_target):\n    pass\n")
    done = pytester.runpytest_inprocess(*ALONE)
    assert done.ret == pytest.ExitCode.INTERRUPTED
    assert told in done.stdout.str()


def test_without_an_override_the_options_name_the_target(pytester: pytest.Pytester) -> None:
    text = f"import pytest\n\n@pytest.mark.merkhet(select=['{HOST}'])\ndef test_it(merkhet_target):\n    pass\n"
    pytester.makepyfile(text)
    with running("good", pytester.path) as (url, _):
        pytester.runpytest_inprocess(*ALONE, "--merkhet-url", url).assert_outcomes(passed=1)
    done = pytester.runpytest_inprocess(*ALONE)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*override the fixture merkhet_target, or name a server: *"])


def test_a_call_says_what_is_wrong(pytester: pytest.Pytester) -> None:
    with running("serves-all", pytester.path) as (url, _):
        text = f"def test_it(merkhet):\n    merkhet.judge({int(url.rpartition(':')[2])}, select=['{HOST}*'])\n"
        pytester.makepyfile(text)
        done = pytester.runpytest_inprocess(*ALONE)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines([f"*6 of 6 checks are not as required on {url}*", f"*fail  {HOST}  MUST", "* repeat *"])


def test_a_bad_server_may_be_what_a_test_wants(pytester: pytest.Pytester) -> None:
    with running("serves-all", pytester.path) as (url, _):
        pytester.makepyfile(
            f"""
            import pytest

            def test_it(merkhet):
                with pytest.raises(AssertionError) as caught:
                    merkhet.judge({url!r}, select=["{HOST}"])
                assert caught.value.results.exit_code == 1
                assert merkhet.judge(("127.0.0.1", {url.rpartition(":")[2]}), select=["rfc9112-3.2.1-relative-word"]).results
                with pytest.raises(AssertionError):
                    merkhet.judge({url!r}, select=["rfc9112-3.2.1-relative-word"], fail_on="warn")
            """
        )
        pytester.runpytest_inprocess(*ALONE).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("merkhet.judge('ftp://x')", "expected a URL such as"),
        ("merkhet.judge(object())", "expected a URL such as"),
        ("merkhet.judge(1, select=['rfc9113'])", "matches no check"),
        ("merkhet.judge(1, select=['rfc9112#3.2'])", "could not be reached"),
        ("asyncio.run(inside(merkhet))", "await merkhet.judge_async"),
    ],
)
def test_a_call_that_cannot_be_met(pytester: pytest.Pytester, call: str, told: str) -> None:
    pytester.makepyfile(
        f"""
        import asyncio

        async def inside(merkhet):
            merkhet.judge(1)

        def test_it(merkhet):
            {call}
        """
    )
    done = pytester.runpytest_inprocess(*ALONE)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines([f"E *NotJudged: *{told}*"])


def test_workers_share_what_one_of_them_judged(pytester: pytest.Pytester) -> None:
    server = Path(__file__).with_name("counting_server.py")
    pytester.makepyfile(
        f"""
        import subprocess, sys

        import pytest
        from merkhet.target.process import TargetProcess

        @pytest.fixture(scope="session")
        def merkhet_target():
            process = TargetProcess([sys.executable, {str(server)!r}, "{{port}}", {str(pytester.path / "starts")!r}])
            yield process.start()
            process.stop()

        @pytest.mark.merkhet(select=["{HOST}*"])
        def test_conformance(merkhet_target):
            pass
        """
    )
    words = ("-p", "no:anyio", "-p", "no:hypothesispytest", "-n", "2", "--merkhet-output", "json:r.json")
    pytester.runpytest_subprocess(*words).assert_outcomes(failed=6)
    assert (pytester.path / "starts").read_text().count("judged") == 1
    assert len(results.load(pytester.path / "r.json").results) == 6
