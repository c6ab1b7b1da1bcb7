"""RFC 9110, Section 5: Fields. An ordered list of field lines, looked up by name without regard to case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

FieldLine = tuple[bytes, bytes]


class Fields:
    """The field lines of a head or a trailer section, as received: names with their case, values as octets."""

    __slots__ = ("by_name", "lines")

    def __init__(self, lines: Iterable[FieldLine] = ()) -> None:
        self.lines: list[FieldLine] = list(lines)
        self.by_name: dict[bytes, list[bytes]] = {}
        """The values of each name, in lower case: what is asked of every request is looked up here at once."""
        for name, value in self.lines:
            # RFC 9110, Section 5.1: names are compared without case. bytes.lower changes A to Z alone, so no octet
            # beyond ASCII ever becomes a letter.
            self.by_name.setdefault(name.lower(), []).append(value)

    def __iter__(self) -> Iterator[FieldLine]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, name: bytes) -> bool:
        return name.lower() in self.by_name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fields) and self.lines == other.lines

    def __hash__(self) -> int:
        return hash(tuple(self.lines))

    def __repr__(self) -> str:
        return f"Fields({self.lines!r})"

    def get_all(self, name: bytes) -> list[bytes]:
        """Return the values of every line of this name, in order."""
        # [rfc9110-5.1-a1]
        return self.by_name.get(name.lower(), [])

    def get(self, name: bytes) -> bytes | None:
        """Return the combined value: the lines joined by comma and SP (RFC 9110, Section 5.3); None without a line."""
        values = self.by_name.get(name.lower())
        return None if values is None else b", ".join(values)

    def list_members(self, name: bytes) -> list[bytes]:
        """Return the members of a comma-separated list of tokens, lower-cased (RFC 9110, Section 5.6.1).

        Empty members do not count. Lists with quoted strings in them are not for this method.
        """
        # [rfc9110-5.3-1] [rfc9110-5.6.1.2-1] [rfc9110-5.6.1.2-2]
        members = (member.strip(b" \t") for value in self.get_all(name) for member in value.split(b","))
        return [member.lower() for member in members if member]

    def contains_token(self, name: bytes, token: bytes) -> bool:
        """Tell whether the list has `token` (given in lower case), whatever the case on the wire."""
        # [rfc9110-7.6.1-a1]
        return token in self.list_members(name)
