"""Tells answers that decline ("I could not find this") from answers that claim something, in nine languages, by phrases.

Only short answers that open with such a phrase count: whoever answers first and then names a gap has claimed something.
"""

from __future__ import annotations

import re

from workbench.answers.sentences import sentences

WORDS = 40
"""Words up to which an answer can be nothing but an abstention; a longer one nearly always claims something as well."""
UNSPACED = 80
"""The same in characters, for scripts without spaces."""
LOOKED_AT = 2
"""Sentences at the beginning in which the phrase must stand: an apology may come first."""
_APOLOGY = re.compile(
    r"\W*(?:(?:I['’]?m|I am|we are|so|very|hello|hi|thanks|thank you|for your question)\W+)*"
    r"(?:sorry|unfortunately|apolog\w+|regrettably|hello|hi|thank you[^.]{0,30}|leider"
    r"|entschuldigung|tut mir leid|es tut mir leid"
    r"|désolée?|malheureusement|lo siento|lamentablemente|mi dispiace|purtroppo|desculpe"
    r"|infelizmente|lamento|helaas|sorry|het spijt me"
    r"|抱歉|对不起|對不起|很抱歉|申し訳\w*|すみません)[^\w]*(?:for (?:the|that|any) \w+|about that|i am|that|but|,|\s)*\W*",
    re.IGNORECASE,
)
"""What may stand before the sentence, or the part of it, that declines."""

PHRASES = {
    "en": (
        r"(?:could|can|was|were|am|are|do|did|does|is)(?:\s?not|n['’]?t) (?:able to |be )?"
        r"(?:find|found|locate|located|answer|answered|determine|provide|have (?:an?y? |enough |the "
        r"|sufficient )*(?:information|answer|context|details)|know|see (?:any|an))",
        r"\b(?:no|not enough|insufficient|without) (?:relevant |specific |such |further )*(?:information"
        r"|answer|details|documents?|context|passages?)\b",
        r"(?:documents?|contexts?|sources?|extracts?|passages?|texts?|information)\b[^.]{0,40}"
        r"(?:do|does|did)(?:\s?not|n['’]?t) (?:\w+ )?(?:contain|say|mention|cover|state|answer|provide"
        r"|include|specify|have)",
        r"unable to (?:find|answer|locate|determine|provide|help)",
        r"\bI (?:do not|don['’]t) (?:know|have)",
        r"(?:can['’]?t|cannot|unable to) (?:help|assist|do) (?:you )?(?:with )?(?:that|this)",
        r"is(?: not|n['’]?t) (?:mentioned|specified|stated|(?:covered )?(?:in|by) the (?:documents?|context|sources?))",
    ),
    "de": (
        r"(?:konnte|kann|können|konnten)\b[^.]{0,60}\b(?:nicht|keine[nr]?|nichts)\b[^.]{0,60}(?:finden"
        r"|beantworten|sagen|entnehmen|helfen)",
        r"(?:keine|nicht genügend|nicht genug|unzureichende) (?:\w+ )?(?:informationen?|angaben?|antwort|hinweise?)",
        r"(?:weiß|weiss) (?:ich )?(?:es |das )?nicht|nicht (?:enthalten|erwähnt|aufgeführt|angegeben)",
    ),
    "fr": (
        r"(?:je )?n['’]?(?:e |ai |y a )?[^.]{0,30}(?:pas|aucune?) (?:\w+ ){0,3}(?:trouvé?|trouver"
        r"|répondre|d['’]informations?|information|réponse|mentionn\w+)",
        r"je ne sais pas|ne (?:contiennent|contient|mentionnent|mentionne|précisent|précise) (?:pas|aucune)",
    ),
    "es": (
        r"no (?:pude|puedo|he podido|se ha|he|encontré|encuentro|tengo|hay"
        r"|dispongo)\b[^.]{0,40}(?:encontr\w+|información|respuesta|responder|respond\w+|datos)",
        r"no (?:lo )?sé\b|no (?:contienen?|mencionan?|especifican?|se menciona|se especifica)",
    ),
    "it": (
        r"non (?:ho|riesco|posso|è stato possibile|sono riuscit[oa]|ci sono"
        r"|dispongo)\b[^.]{0,40}(?:trova\w+|risponde\w+|informazioni|risposta)",
        r"non (?:lo )?so\b|non (?:contengono|contiene|menziona(?:no)?|specifica(?:no)?)",
    ),
    "pt": (
        r"não (?:consegui|posso|consigo|foi possível|encontrei|tenho|há)\b[^.]{0,40}(?:encontr\w+"
        r"|responder|informaç\w+|resposta)|não encontrei",
        r"não sei\b|não (?:contêm|contém|mencionam?|especificam?)",
    ),
    "nl": (
        r"(?:kon|kan|kunnen|konden)\b[^.]{0,60}\b(?:niet|geen)\b[^.]{0,60}(?:vinden|beantwoorden|zeggen)",
        r"geen (?:\w+ )?(?:informatie|antwoord)|weet (?:ik )?(?:het |dat )?niet",
    ),
    "zh": (
        r"(?:未|没有|沒有|无法|無法|找不到|不能)[^。]{0,12}(?:找到|回答|信息|資訊|资料|資料|答案|提到|提及)|不知道",
    ),
    "ja": (r"見つかりません|見つけられません|わかりません|分かりません|回答できません|記載(?:されてい|があり)ません",),
}
"""Language -> patterns of a sentence that declines."""

_DECLINES = re.compile(
    "|".join(f"(?:{pattern})" for patterns in PHRASES.values() for pattern in patterns), re.IGNORECASE
)
_CONTRAST = re.compile(
    r"\b(?:but|however|though|although|aber|jedoch|allerdings|mais|cependant|pero|sin embargo|ma|però|mas|maar)\b",
    re.IGNORECASE,
)


def is_abstention(answer: str) -> bool:
    """Whether an answer declines and claims nothing: short, with a phrase of declining in one of its first two sentences.

    An answer whose declining sentence goes on with "but" or "however" claims something. So does one whose first sentence
    claims something before another declines.

    >>> is_abstention("Sorry. I could not find this in the documents.")
    True
    >>> is_abstention("The excess is 250. The documents do not say when it was raised.")
    False
    """
    text = answer[: 40 * WORDS]
    if len(text.split()) > WORDS or (len(text.split()) < 5 and len(text) > UNSPACED and not text.isascii()):
        return False
    for sentence in sentences(text)[:LOOKED_AT]:
        match = _DECLINES.search(sentence.text)
        if match:
            before, after = sentence.text[: match.start()], text[sentence.start + match.start() :]
            claimed = _CONTRAST.search(before) and not _APOLOGY.match(before[:200])
            return not (claimed or ";" in before or _CONTRAST.search(after))
        if not _APOLOGY.fullmatch(sentence.text[:200]):
            return False
    return False
