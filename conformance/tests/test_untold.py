"""A server that does not tell its application a part of the request fails no check for it (docs/contract.md)."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator

import pytest

from merkhet import catalogue
from merkhet.check import Check, Stream, as_streams
from merkhet.expect_echo import Part
from merkhet.model import CheckResult, Outcome
from merkhet.selftest.canned import play

ECHO = re.compile(rb'Content-Length: \d+\r\n((?:[^\r\n]+\r\n)*)\r\n(\{"method": .*?, "trailers": \[.*?\]\})', re.DOTALL)
PARTS: tuple[Part, ...] = ("target", "fields", "body", "trailers")


def silenced(stream: Stream, part: Part) -> Stream:
    """Return a stream in which every echo says null of a part."""

    def without(found: re.Match[bytes]) -> bytes:
        text = json.dumps(json.loads(found[2]) | {part: None}).encode()
        return b"Content-Length: %d\r\n%s\r\n%s" % (len(text), found[1], text)

    return dataclasses.replace(
        stream, data=ECHO.sub(without, stream.data), turns=tuple(ECHO.sub(without, turn) for turn in stream.turns)
    )


def played(part: Part) -> Iterator[CheckResult]:
    known = catalogue.load()
    for check in known.checks.values():
        if not isinstance(check, Check):
            continue
        good = as_streams(check.good)
        told = tuple(silenced(stream, part) for stream in good)
        if told != good:
            yield play(check, told, known.requirement_of(check))


@pytest.mark.parametrize("part", PARTS)
def test_null_fails_nothing(part: Part) -> None:
    results = list(played(part))
    assert len(results) > 100
    assert [result.check for result in results if result.outcome is Outcome.FAIL] == []
