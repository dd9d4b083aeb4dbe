"""A passage as people read it, with the words of the question marked in it, stems included.

It decides only what is marked; ranking and grading are elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from workbench.ui.components import badge, escape, join

if TYPE_CHECKING:
    from Stemmer import Stemmer

# Scripts that put no spaces between words: pairs of signs stand for words. Hiragana is mostly grammar, and never marked.
_HAN, _HANGUL, _HIRAGANA = (
    "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f",
    "\uac00-\ud7af",
    "\u3041-\u309f",
)
_PAIRED = re.compile(f"[{_HAN}{_HANGUL}]")
_WORD = re.compile(rf"[{_HAN}]+|[{_HANGUL}]+|[^\W{_HAN}{_HANGUL}{_HIRAGANA}]+")
ENGLISH = "en"
# Languages the ingest names that Snowball has a stemmer for; every other text is read with the English one.
STEMMERS: Mapping[str, str] = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "nl": "dutch", ENGLISH: "english", "fi": "finnish", "fr": "french",
    "de": "german", "el": "greek", "hi": "hindi", "hu": "hungarian", "ga": "irish", "it": "italian", "no": "norwegian",
    "nb": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "es": "spanish", "sv": "swedish",
    "ta": "tamil", "tr": "turkish",
}  # fmt: skip
# Words so frequent that marking them hides the ones that matter.
_UNMARKED_TEXT: Mapping[str, str] = {
    ENGLISH: """a an and are as at be by can do does did for from has have how i if in is it its me my of on or our shall
should that the their them there these they this to us was we were what when where which who whose why will with you your""",
    "de": """aber als am an auch auf aus bei bin bis da das dass dem den der des die dies diese dieser du ein eine einem
einen einer eines er es für gibt hat haben ich ihr im in ist kann man mein mit muss nach nicht oder sie sind so über um und
unser uns von vor wann war warum was welche welcher wenn wer wie wir wird wo zu zum zur""",
    "fr": """a au aux avec ce ces cette dans de des du elle en est et être eux il ils je la le les leur lui ma mais me mon
ne nous on ou où par pas pour qu que quel quelle quelles quels qui sa se ses si son sont sur un une vos votre vous y""",
    "es": """a al como con cual cuando cuál cuándo cómo de del donde dónde el ella en es esta este hay la las le lo los me
mi no o para pero por que quién qué se si sin son su sus un una y""",
    "it": """a ai al alla che chi come con cosa da dal dalla dei del della delle di dove e è gli ha ho i il in io la le lo
ma mi nel nella non o per perché qual quale quali quando se si sono su sul tra un una""",
    "nl": """aan als bij dat de der des deze die dit door een en er het hoe ik in is je kan met mijn naar niet of om onze op
te uit van voor waar wanneer wat we welke wie wij worden zijn""",
    "zh": "什么 什麼 如何 怎么 怎麼 是否 多少 可以 我们 我們 哪些 这个 這個 为什 為什 时候 時候",
    "pt": """a ao aos as com como da das de do dos e é em entre eu foi há isso mais mas me na não nas no nos o onde os ou
para por quais qual quando que quem se sem seu sua são um uma""",
}
UNMARKED: Mapping[str, frozenset[str]] = {code: frozenset(words.split()) for code, words in _UNMARKED_TEXT.items()}


def highlight(text: str, query: str, language: str = ENGLISH) -> str:
    """Text as markup with every word marked whose stem occurs in the query; frequent short words are not.

    Args:
        text: a passage, or a part of one.
        query: the question.
        language: ISO 639-1 code of the text; where there is no stemmer for it, words are cut as English ones are.
    """
    pieces, end = [], 0
    for start, stop in marked_spans(text, query, language):
        pieces += [escape(text[end:start]), f"<mark>{escape(text[start:stop])}</mark>"]
        end = stop
    return join([*pieces, escape(text[end:])])


def marked_spans(text: str, query: str, language: str = ENGLISH) -> list[tuple[int, int]]:
    """Where the words of a question stand in a text, stems included; pairs of signs that touch are one place.

    >>> marked_spans("全损后保险金的支付", "保险金", "zh")
    [(3, 6)]
    """
    stems = query_stems(query, language)
    spans: list[tuple[int, int]] = []
    for start, stop, found in _words(text, language):
        if found not in stems:
            continue
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((start, stop))
    return spans


@lru_cache(maxsize=256)
def query_stems(query: str, language: str = ENGLISH) -> frozenset[str]:
    """Stems of the words of a question that are worth marking in a text of this language."""
    unmarked = UNMARKED.get(language, UNMARKED[ENGLISH])
    return frozenset(
        found for start, stop, found in _words(query, language) if query[start:stop].casefold() not in unmarked
    )


def text_stems(text: str, language: str = ENGLISH) -> frozenset[str]:
    """Stems of all words of a text."""
    return frozenset(found for _, _, found in _words(text, language))


def _words(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and stem of each word; of a run of signs that are no words by themselves, of each pair."""
    for match in _WORD.finditer(text):
        start, stop = match.span()
        if not _PAIRED.match(text, start):
            yield start, stop, stem(match.group(), language)
        else:
            for at in range(start, max(stop - 1, start + 1)):
                yield at, min(at + 2, stop), text[at : min(at + 2, stop)]


def passage(
    title: str,
    text: str,
    *,
    query: str = "",
    section: str = "",
    date: str = "",
    version: str = "",
    badges: Sequence[str] = (),
    link: str = "",
) -> str:
    """A passage: title, section, date and version, text with the question's words marked.

    Args:
        title: document title.
        section: heading above the passage; "" leaves it out, as in all of these.
        date: date of the document, as written.
        version: version of the document, as written.
        text: the passage itself.
        query: the question whose words are marked.
        badges: markup from `components.badge`.
        link: markup from `components.source_link`.
    """
    marks = [*(badge(word, "muted") for word in (date, version) if word), *badges]
    where = f'<span class="wb-passage-section">{escape(section)}</span>' if section else ""
    return (
        f'<article class="wb-passage"><header><b>{escape(title)}</b>{where}{join(marks)}{link}</header>'
        f"<p>{highlight(text, query)}</p></article>"
    )


@lru_cache(maxsize=50_000)
def stem(word: str, language: str = ENGLISH) -> str:
    """Stem of a word, case folded: what two words must share to count as the same in a text."""
    return str(_stemmer(STEMMERS.get(language, STEMMERS[ENGLISH])).stemWord(word.casefold()))


@cache
def _stemmer(algorithm: str) -> Stemmer:
    from Stemmer import Stemmer

    return Stemmer(algorithm)
