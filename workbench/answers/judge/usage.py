"""What judging takes, counted while it goes on.

Tokens are the endpoint's own counts; what it does not count is said, never estimated.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.records import JudgeUsage

if TYPE_CHECKING:
    from workbench.answers.judge.vendors import Reply
    from workbench.records import JudgeSettings

MILLION = 1e6


class UsageCount:
    """The running count of one judge; `now` is what it has come to."""

    def __init__(self, settings: JudgeSettings) -> None:
        self.now = JudgeUsage()
        self._settings = settings

    def request(self, seconds: float, again: bool) -> None:
        """A request came back after some seconds, or is about to be made again."""
        self.now = replace(self.now, seconds=self.now.seconds + seconds, retries=self.now.retries + again)

    def answered(self, reply: Reply) -> None:
        """A request was answered, whether or not the reply can be used: it is paid for."""
        now = replace(self.now, calls=self.now.calls + 1)
        if reply.input_tokens is None or reply.output_tokens is None:
            self.now = replace(now, uncounted=now.uncounted + 1)
            return
        put, made = (now.input_tokens or 0) + reply.input_tokens, (now.output_tokens or 0) + reply.output_tokens
        self.now = replace(now, input_tokens=put, output_tokens=made, cost=cost_of(self._settings, put, made))

    def found(self) -> None:
        """A reply was kept from an earlier run."""
        self.now = replace(self.now, cached=self.now.cached + 1)

    def asked_again(self) -> None:
        """A question is put once more, for its reply could not be read."""
        self.now = replace(self.now, re_asks=self.now.re_asks + 1)

    def gave_up(self) -> None:
        """A question is given up."""
        self.now = replace(self.now, failures=self.now.failures + 1)


def cost_of(settings: JudgeSettings, input_tokens: float, output_tokens: float) -> float | None:
    """What these tokens cost, in the currency of the settings; None unless both prices are known.

    >>> from workbench.records import JudgeSettings
    >>> cost_of(JudgeSettings(input_per_million=3.0, output_per_million=15.0), 1_000_000, 100_000)
    4.5
    """
    if settings.input_per_million is None or settings.output_per_million is None:
        return None
    return (input_tokens * settings.input_per_million + output_tokens * settings.output_per_million) / MILLION
