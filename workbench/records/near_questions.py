"""Which evaluation questions mean nearly the same as another text, as vectors show it.

Questions are named by their place in the set, for ids may repeat; nothing here says whether that is a fault.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.records.corpus import Source


@dataclass(frozen=True, slots=True)
class NearText:
    """A question and the text nearest to it.

    Attributes:
        question: place of the question among the items of the set, from 0.
        cosine: of the two vectors.
        source: where the other text stands.
        other: place of the other text, where it is a question of the set.
    """

    question: int
    cosine: float
    source: Source
    other: int | None = None


@dataclass(frozen=True, slots=True)
class NearQuestions:
    """Questions of an eval set with a near text, at most one each and kind.

    Attributes:
        encoder: what made the vectors. limit: cosine from which on a text is near.
        questions: how many of the set were looked at.
        repeats: questions and the nearest one before them in the set.
        tuned: held-out questions and the nearest one that is not held out.
        prompted: questions and the nearest line of a prompt.
        reason: why nothing was looked at; "" where it was.
    """

    encoder: str = ""
    limit: float = 0.0
    questions: int = 0
    repeats: tuple[NearText, ...] = ()
    tuned: tuple[NearText, ...] = ()
    prompted: tuple[NearText, ...] = ()
    reason: str = ""
