"""Every check, one test each: `pytest --pyargs merkhet.suites --merkhet-url http://127.0.0.1:8080` (docs/pytest.md).

The plugin of merkhet makes the tests; what stands here is found only where it is not loaded.
"""

from __future__ import annotations


def test_the_plugin_of_merkhet_is_loaded() -> None:
    """Fail: a run that judges nothing must not be green."""
    raise RuntimeError("no check is run without the pytest plugin of merkhet: load it with -p merkhet")
