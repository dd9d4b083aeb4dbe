"""Tells messages that ask nothing ("hi", "thanks, that's great", "test") from questions, in nine languages, by whole phrases.

Only a message that is nothing but such phrases counts: "hi, is hail covered" is a question, and so is whatever is not known here.
"""

from __future__ import annotations

import re

LONGEST = 60
"""Characters up to which a message is looked at."""

PHRASES = {
    "en": r"(?:hi|hello|hey)(?: there)?|good (?:morning|afternoon|evening|day)|thanks?(?: you)?|thank you|thx|ty|cheers"
    r"|many thanks|ok(?:ay)?|great|perfect|brilliant|lovely|nice|cool|(?:very|so) much|a lot|very helpful|bye|goodbye"
    r"|that(?:'?s| is| was)(?: (?:very|really|so))? (?:great|good|helpful|perfect|all|it)|see you|how are you|test(?:ing)?",
    "de": r"hallo|guten (?:morgen|tag|abend)|moin|servus|danke(?: (?:schön|sehr))?|vielen dank|super|prima|tschüss"
    r"|auf wiedersehen",
    "fr": r"bonjour|bonsoir|salut|merci(?: (?:beaucoup|bien))?|parfait|super|au revoir|ça va",
    "es": r"hola|buen[oa]s (?:días|tardes|noches)|(?:muchas )?gracias|perfecto|adiós|hasta luego|qué tal",
    "it": r"ciao|buon(?:giorno|asera)|grazie(?: mille)?|perfetto|arrivederci",
    "pt": r"olá|oi|bo(?:m dia|a tarde|a noite)|(?:muito )?obrigad[oa]|perfeito|tchau",
    "nl": r"hoi|goede(?:morgen|middag|navond)|dank (?:je|u)(?: wel)?|dankjewel|bedankt|tot ziens",
    "zh": r"你好|您好|早上好|谢谢|謝謝|再见|再見|测试|測試",
    "ja": r"こんにちは|おはよう(?:ございます)?|こんばんは|ありがとう(?:ございます|ございました)?|さようなら|テスト",
}
"""Language -> what may stand in a message that asks nothing."""

_PHRASE = "|".join(PHRASES.values())
_SMALL_TALK = re.compile(rf"\W*(?:{_PHRASE})(?:\W+(?:{_PHRASE}))*\W*", re.IGNORECASE)


def is_small_talk(message: str) -> bool:
    """Whether a message asks nothing: a greeting, thanks, a farewell or a test, and no other word.

    >>> is_small_talk("Thanks, that's great!"), is_small_talk("Hi, is hail covered?"), is_small_talk("")
    (True, False, False)
    """
    text = message.strip().replace("’", "'")
    return len(text) <= LONGEST and _SMALL_TALK.fullmatch(text) is not None
