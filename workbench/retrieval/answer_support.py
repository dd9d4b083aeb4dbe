"""Compares words: an answer with what was retrieved for it, a question with the one before.

Word overlap is a proxy and named as one wherever it is shown; nothing here understands a text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from workbench.observing import words

SUPPORTED = 0.80
COMMON_SHARE = 0.05
FEWEST_USES = 10

REFUSAL = re.compile(
    r"(could|can|did) ?(not|n[o']?t) (find|locate|answer|do that)|\bno (relevant )?(information|answer)\b"
    r"|(documents?|context|sources?|extracts?|passages?)( I have)? (do|does|did) ?(not|n't) "
    r"(contain|say|mention|cover|state|answer)"
    r"|unable to (find|answer|locate)|\bI (do not|don't) (know|have)|not guess",
    re.IGNORECASE,
)
_COMMON = """
a an and any are as at be been but by can could did do does for from had has have how i if in into is it its me my no not
of on or our out please shall should so than that the their them then there these they this to under up was we what when
where which while who why will with would you your
"""
COMMON_WORDS = frozenset(_COMMON.split())


def is_refusal(answer: str) -> bool:
    """Whether an answer says that nothing was found."""
    return REFUSAL.search(answer) is not None


def is_supported(answer: str, context: str, phrasing: frozenset[str] = frozenset()) -> bool:
    """Whether 80 % of the content words of an answer, and all its numbers, stand in the context.

    Args:
        answer: what the assistant said.
        context: what was retrieved for it.
        phrasing: words that belong to the assistant's way of speaking and are not looked for.
    """
    wanted = set(content_words(answer)) - phrasing
    there = set(words(context))
    numbers = {word for word in wanted if has_digit(word)}
    return bool(wanted) and numbers <= there and len(wanted & there) >= SUPPORTED * len(wanted)


def phrasing_of(answers: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Words of an assistant's phrasing ("source", "as follows"), from pairs of answer and context.

    A word is phrasing when more than 5 % of the answers, ten at least, use it, and the context of most of these lacks it.
    Numbers never are.
    """
    used: Counter[str] = Counter()
    lacking: Counter[str] = Counter()
    for answer, context in answers:
        own = {word for word in content_words(answer) if not has_digit(word)}
        used.update(own)
        lacking.update(own - set(words(context)))
    often = max(FEWEST_USES, COMMON_SHARE * len(answers))
    return frozenset(word for word, count in used.items() if count > often and lacking[word] * 2 > count)


def has_digit(word: str) -> bool:
    """Whether a word holds a digit."""
    return any(letter.isdigit() for letter in word)


def content_words(text: str) -> list[str]:
    """Words of a text that carry meaning: no function words, nothing of one or two letters but numbers."""
    return [word for word in words(text) if word not in COMMON_WORDS and (len(word) > 2 or word.isdigit())]


def is_rephrased(first: str, second: str) -> bool:
    """Whether two questions share half the content words of the shorter, and at least two."""
    ours, theirs = set(content_words(first)), set(content_words(second))
    shared = len(ours & theirs)
    return shared >= 2 and shared * 2 >= min(len(ours), len(theirs))
