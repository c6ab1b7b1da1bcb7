"""What GitHub's runner is told, read as the runner reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_V2 = re.compile(r"\s*::([a-z-]+)(?: ([^:]*))?::(.*)\Z", re.DOTALL)
_V1 = re.compile(r"##\[([a-z-]+)([^\]]*)\](.*)\Z", re.DOTALL)


@dataclass
class Runner:
    """Obeys lines as actions/runner does: leading space does not matter, and the older form counts anywhere in a line."""

    obeyed: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    token: str = ""

    def read(self, lines: Iterable[str]) -> Runner:
        for line in lines:
            self._line(line)
        return self

    def _line(self, line: str) -> None:
        match = _V2.match(line) or _V1.search(line)
        if match is None:
            return
        name, properties, data = match[1], match[2] or "", match[3]
        if self.token:
            self.token = "" if name == self.token else self.token
        elif name == "stop-commands":
            self.token = data
        else:
            pairs = (pair.partition("=") for pair in properties.split(",") if pair)
            self.obeyed.append((name, {key: _unescaped(value) for key, _, value in pairs}, _unescaped(data)))


def _unescaped(text: str) -> str:
    for code, octet in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, octet)
    return text
