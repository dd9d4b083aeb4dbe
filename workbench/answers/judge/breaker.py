"""Giving up on an endpoint that gives nothing usable, so that the rest of a run costs neither time nor money.

It knows nothing of requests; a question is a success or a failure.
"""

from __future__ import annotations

IN_A_ROW = 8
"""Questions given up, none answered in between, after which no further one is asked."""


class Breaker:
    """Opens after `IN_A_ROW` failures in a row; a success closes it."""

    def __init__(self) -> None:
        self._failures = 0
        self._why = ""

    @property
    def why(self) -> str | None:
        """Why nothing is asked any more; None while questions are asked."""
        return self._why if self._failures >= IN_A_ROW else None

    def succeeded(self) -> None:
        """A question was answered."""
        self._failures = 0

    def failed(self, reason: str, *, answering: bool) -> None:
        """A question was given up.

        Args:
            reason: of the failure.
            answering: whether the endpoint answers at all, and its replies are of no use.
        """
        self._failures += 1
        said = "the model gives nothing usable" if answering else "the endpoint is not answering"
        self._why = f"{said} ({reason})"
