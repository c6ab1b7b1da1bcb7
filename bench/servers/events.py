"""What is broadcast, the same for every server."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs


@dataclass(frozen=True, slots=True)
class Plan:
    """How many events, and how long to wait after each of them."""

    count: int
    pause_seconds: float

    @classmethod
    def from_query(cls, query: str) -> Plan:
        """Read `count=N&pause=SECONDS`."""
        values = parse_qs(query)
        return cls(int(values["count"][0]), float(values["pause"][0]))

    def text(self, number: int) -> str:
        """Return the data of one event: some sixty octets, as a price or a position would be."""
        return f'{{"number": {number}, "name": "merkhet", "price": {100 + number / 4:.2f}}}'
