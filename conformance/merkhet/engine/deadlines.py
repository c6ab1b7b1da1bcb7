"""How long the engine waits: from the target's own round trip, within fixed bounds."""

from __future__ import annotations

from dataclasses import dataclass

ANSWER_SECONDS_MIN = 0.5
ANSWER_SECONDS_MAX = 5.0
CLOSE_SECONDS = 7.0
"""A close may linger: nginx goes on reading for 5 s before it says FIN."""
ROUND_TRIPS = 20
QUIET_ROUND_TRIPS = 4
QUIET_SECONDS_MIN = 0.1
SEND_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Every wait of a run, in seconds. `scale` is the user's own factor, for slow networks and busy machines.

    A first run is not `patient`: where a step asks for more than an answer's own time it waits no longer than for any
    answer, and what was silent then is run again, patiently, before it is reported.
    """

    round_trip_seconds: float
    scale: float = 1.0
    patient: bool = True

    @property
    def answer_seconds(self) -> float:
        """How long one answer may take, whatever comes meanwhile: 20 round trips, at least 0.5 and at most 5 s."""
        wanted = ROUND_TRIPS * self.round_trip_seconds
        return min(max(wanted, ANSWER_SECONDS_MIN), ANSWER_SECONDS_MAX) * self.scale

    @property
    def quiet_seconds(self) -> float:
        """How long silence is waited for where it is what is expected."""
        return max(QUIET_ROUND_TRIPS * self.round_trip_seconds, QUIET_SECONDS_MIN) * self.scale

    @property
    def close_seconds(self) -> float:
        """How long a close after the close option may linger."""
        return CLOSE_SECONDS * self.scale if self.patient else self.answer_seconds

    @property
    def send_seconds(self) -> float:
        """How long a peer may take to read what one step sends, beyond the gaps that the step asks for."""
        return SEND_SECONDS * self.scale

    def patience(self, seconds: float | None, *, quiet: bool = False) -> float:
        """Return the wait of one step that asks for this many seconds, or for none of its own."""
        if quiet:
            return self.quiet_seconds
        if seconds is None or not self.patient:
            return self.answer_seconds
        return max(seconds * self.scale, self.answer_seconds)

    def is_cut(self, seconds: float | None) -> bool:
        """Whether a step that asks for this many seconds got fewer."""
        return not self.patient and seconds is not None and seconds * self.scale > self.answer_seconds
