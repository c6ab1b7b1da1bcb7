"""docs/contract.md names every endpoint that merkhet knows, and its schemas take what is a right answer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from merkhet.fixtures import FIXTURES
from merkhet.template import ENDPOINTS

DOCUMENT = Path(__file__).parents[2] / "docs" / "contract.md"

pytestmark = pytest.mark.skipif(not DOCUMENT.exists(), reason="needs the source tree")


def text() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def blocks(heading: str) -> list[Any]:
    """Return what the JSON blocks below a heading hold."""
    section = text().partition(f"\n### {heading}\n")[2].partition("\n### ")[0]
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", section, re.DOTALL)]


def test_the_table_is_what_merkhet_knows() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| `([^`]+)` \|", text(), re.MULTILINE))
    assert rows == ENDPOINTS


def test_every_endpoint_is_described() -> None:
    headings = re.findall(r"^### (.+)$", text(), re.MULTILINE)
    described = {name for heading in headings for name in heading.split(", ")}
    assert set(ENDPOINTS) - described == set()


def test_every_fixture_file_is_named() -> None:
    assert [name for name in FIXTURES if f"`{name}`" not in text()] == []


@pytest.mark.parametrize("name", ["echo", "form"])
def test_an_example_is_valid_by_its_schema(name: str) -> None:
    example, schema = blocks(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(example, schema, jsonschema.Draft202012Validator)
    for member in schema["required"]:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**example, member: 5}, schema, jsonschema.Draft202012Validator)
        rest = {key: value for key, value in example.items() if key != member}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(rest, schema, jsonschema.Draft202012Validator)


def test_the_form_is_as_long_as_it_says() -> None:
    section = text().partition("\n### form\n")[2]
    head, _, content = section.partition("```http\n")[2].partition("```")[0].partition("\n\n")
    length = re.search(r"Content-Length: (\d+)", head)
    assert length is not None
    # The line end behind the last delimiter is the block's own.
    assert int(length[1]) == len(content.removesuffix("\n").replace("\n", "\r\n"))
