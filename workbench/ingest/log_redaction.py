"""Redaction of one reading of the logs: texts are masked as they stand, names so that two different ones stay different.

What is found, and how, is the business of `workbench.ingest.redaction`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from workbench.ingest.log_values import name_of
from workbench.ingest.redaction import mask

CACHED_TEXTS = 20_000
"""Masked texts remembered while reading: the same passages and names come back for many questions."""

_masked = lru_cache(maxsize=CACHED_TEXTS)(lambda text: mask(text)[0])


@dataclass(slots=True)
class LogRedaction:
    """Masks what the lines of a log hold; one value serves all files of a case, so that a name is the same in each."""

    _numbers: dict[str, dict[str, int]] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """Running text with findings masked."""
        return _masked(text)

    def name(self, value: object) -> str | None:
        """An identifier or label; one with findings is masked and numbered in the order of meeting: "[email] 1".

        Without the number, users known by their mail addresses would become one. None for missing values, lists and objects.
        """
        name = name_of(value)
        if name is None or (masked := _masked(name)) == name:
            return name
        numbers = self._numbers.setdefault(masked, {})
        return f"{masked} {numbers.setdefault(name, len(numbers) + 1)}"
