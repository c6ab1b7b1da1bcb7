"""The examples of what an operator sees, run as their reader would run them."""

from __future__ import annotations

import json
import re

from example_process import running


def test_access_log() -> None:
    with running("access_log.py") as example:
        content = example.ask("/a?b", fields={"User-Agent": "a \\ b", "Referer": "http://c.example/"}).content
        octets = len(example.send(b"HEAD /\x1b HTTP/1.1\r\nHost: x\r\n\r\n"))
    first, second = example.output.decode("ascii").splitlines()
    match = re.fullmatch(
        r'127\.0\.0\.1 - - \[[^]]+\] "GET /a\?b HTTP/1\.1" 200 (\d+) "http://c\.example/" "a \\x5c b"', first
    )
    assert match is not None
    assert int(match[1]) > len(content)
    assert second.endswith(f'] "-" 400 {octets} "-" "-"')


def test_metrics() -> None:
    with running("metrics.py") as example:
        for _ in range(3):
            example.ask("/")
        example.ask("/nothing")
        answer = example.ask("/metrics")
        assert answer.fields["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = answer.text.splitlines()
        assert 'merkhet_requests_total{method="GET",status="2xx"} 3' in lines
        assert 'merkhet_requests_total{method="GET",status="4xx"} 1' in lines
        assert 'merkhet_downloads_total{outcome="complete"} 3' in lines
        numbers = json.loads(example.ask("/metrics.json").content)
        assert numbers['merkhet_requests_total{method="GET",status="2xx"}'] == 4
        assert numbers["merkhet_connections_open"] >= 1
