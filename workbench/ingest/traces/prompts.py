"""The question inside a prompt: among retrieved texts, between instructions, at the end of a transcript.

The patterns are data in `trace_formats.yaml`; only the two ends of a long prompt are searched.
"""

from __future__ import annotations

import re
from functools import lru_cache

from workbench.ingest.traces.formats import table

LONG_PROMPT = 400
"""Characters from which a text with marks of stuffed-in sources is taken for a prompt even where its question cannot be told."""
LOOKED_AT = 4000
"""Characters at either end of a prompt in which its question is looked for."""
_TRANSCRIPT = re.compile(r"\n\nHuman:\s*((?:(?!\n\nHuman:).)*?)\s*\n\nAssistant:", re.DOTALL)


@lru_cache(maxsize=1)
def _stuffed_prompts() -> tuple[re.Pattern[str], tuple[re.Pattern[str], ...]]:
    return re.compile(table()["stuffing_marks"]), tuple(map(re.compile, table()["stuffed_prompts"]))


def unstuffed(text: str) -> tuple[str, bool]:
    r"""(the question, whether the text is a prompt with retrieved texts stuffed into it).

    >>> unstuffed("Context: Tea is at four.\nQuestion: When is tea?\nAnswer:")
    ('When is tea?', True)
    >>> unstuffed("When is tea?")
    ('When is tea?', False)
    """
    marks, patterns = _stuffed_prompts()
    ends = text if len(text) <= 2 * LOOKED_AT else f"{text[:LOOKED_AT]}\n{text[-LOOKED_AT:]}"
    if not marks.search(ends):
        return text, False
    match = next((found for pattern in patterns if (found := pattern.search(ends))), None)
    if match and match["question"].strip() != text.strip():
        return match["question"].strip(), True
    return text, len(text) > LONG_PROMPT


def last_of_transcript(text: str) -> str:
    """What the human said last in a transcript ("Human: ... Assistant:"); any other text as it is."""
    said = _TRANSCRIPT.findall(f"\n\n{text}") if "\n\nAssistant:" in text else []
    return str(said[-1]) if said else text
