"""Which language a text is written in, as an ISO 639-1 code, by the letters it is made of.

It looks at three short samples, not at the whole text, and says "unknown" rather than guess: forms, code and tables of numbers
have no language.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNKNOWN = "unknown"
SAMPLE = 100
"""Characters of each of the three samples: 300 characters take 0.08 ms, and more do not change the answer."""
MIN_LETTERS = 40
MIN_PROBABILITY = 0.6
"""Below either, the language is "unknown": lists of codes and figures reach 0.1, one plain sentence 0.8 and more."""


def language_of(text: str) -> str:
    """ISO 639-1 code of the language most of the text is in; "unknown" for texts too short or too mixed to tell.

    >>> language_of("The policy holder must report every claim within thirty days of the event.")
    'en'
    >>> language_of("CF-207b | 1,500")
    'unknown'
    """
    sample = _sample(text)
    if sum(map(str.isalpha, sample)) < MIN_LETTERS:
        return UNKNOWN
    code, probability = _identifier().classify(sample)
    return str(code) if probability >= MIN_PROBABILITY else UNKNOWN


def _sample(text: str) -> str:
    """Beginning, middle and end of a long text: a cover page or a disclaimer may be in another language than the rest."""
    if len(text) <= 3 * SAMPLE:
        return text
    middle = len(text) // 2
    return f"{text[:SAMPLE]}\n{text[middle : middle + SAMPLE]}\n{text[-SAMPLE:]}"


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    """The model that comes with the package, restricted to languages that have a two-letter code; loaded in half a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in identifier.labels if len(code) == 2])
    return identifier
