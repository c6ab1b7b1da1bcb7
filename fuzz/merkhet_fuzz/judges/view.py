"""What a judge may look at beside the octets of a unit: the rest of the edited input, and the base that it was."""

from __future__ import annotations

from merkhet_fuzz.edits import Edited, octets_of_unit
from merkhet_fuzz.grammar import Base, Piece


class BaseView:
    """What the base has at a unit."""

    def __init__(self, base: Base) -> None:
        self._base = base

    def octets_of_unit(self, unit: str) -> bytes:
        """Return the octets of a unit before it was edited."""
        return octets_of_unit(self._base, self._base.pieces, unit)


class View:
    """An edited input as judges see it."""

    def __init__(self, edited: Edited) -> None:
        self._edited = edited
        self.base = BaseView(edited.base)

    def _piece(self, name: str) -> Piece:
        return self._edited.base.pieces[self._edited.base.places[name]]

    def role(self, unit: str) -> str:
        """Return what the unit is."""
        return self._edited.base.roles[unit]

    def message(self, unit: str) -> int:
        """Return which message of the connection the unit is in, from 0."""
        base = self._edited.base
        return base.pieces[base.units[unit]].message

    def words_of(self, unit: str) -> list[bytes]:
        """Return method, target and version of the base."""
        return [self._piece(f"{unit}.{part}").octets for part in ("method", "target", "version")]

    def name_of(self, unit: str) -> bytes:
        """Return the name of the base's field, in small letters."""
        return self.written_name_of(unit).lower()

    def written_name_of(self, unit: str) -> bytes:
        """Return the name of the base's field as it is written."""
        return self._piece(f"{unit}.name").octets

    def value_of(self, unit: str) -> bytes:
        """Return the value of the base's field."""
        return self._piece(f"{unit}.value").octets

    def is_opaque(self, unit: str) -> bool:
        """Tell whether no recipient knows the field: its name begins with x-."""
        return self.name_of(unit).startswith(b"x-")

    def is_trailer(self, unit: str) -> bool:
        """Tell whether the unit stands behind a last chunk."""
        return self.role(unit) in {"trailer", "body-end"}

    def _roles(self, unit: str) -> set[str]:
        message = self.message(unit)
        base = self._edited.base
        return {base.roles[piece.unit] for piece in base.pieces if piece.message == message}

    def has_transfer_encoding(self, unit: str) -> bool:
        """Tell whether the base's message is in the chunked transfer coding."""
        return "transfer-encoding" in self._roles(unit)

    def has_content_length(self, unit: str) -> bool:
        """Tell whether the base's message has a Content-Length."""
        return "content-length" in self._roles(unit)

    def is_behind_coding(self, unit: str) -> bool:
        """Tell whether the unit is the Transfer-Encoding line of its message, or stands behind it."""
        message = self.message(unit)
        seen = False
        for piece in self._edited.base.pieces:
            if piece.message == message:
                seen = seen or self._edited.base.roles[piece.unit] == "transfer-encoding"
                if piece.unit == unit:
                    return seen
        return False

    def content_octets(self, unit: str) -> int:
        """Return how many octets of content the unit's message has, as edited."""
        message = self.message(unit)
        roles = self._edited.base.roles
        return sum(
            len(piece.octets)
            for piece in self._edited.pieces
            if piece.message == message and roles[piece.unit] == "content"
        )

    def octets_behind_head(self, unit: str) -> int:
        """Return how many octets come behind the head of the unit's message, to the end of the stream."""
        message = self.message(unit)
        roles = self._edited.base.roles
        is_behind, count = False, 0
        for piece in self._edited.pieces:
            count += len(piece.octets) if is_behind else 0
            is_behind = is_behind or (piece.message == message and roles[piece.unit] == "head-end")
        return count

    def octets_behind(self, unit: str) -> bytes:
        """Return what comes behind the unit, to the end of the stream."""
        found, behind = False, list[bytes]()
        for piece in self._edited.pieces:
            if piece.unit == unit:
                found = True
            elif found:
                behind.append(piece.octets)
        return b"".join(behind)

    def data_of_chunk(self, unit: str) -> int:
        """Return how many octets the chunk has whose line the unit is; 0 for the last chunk."""
        _, mark, number = unit.rpartition("chunk")
        if not mark:
            return 0
        name = unit.replace(f"chunk{number}", f"data{number}")
        return sum(len(piece.octets) for piece in self._edited.pieces if piece.unit == name)
