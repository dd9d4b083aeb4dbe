"""What the deployed system retrieved, out of the many ways logs write it: ids, objects, pairs, parallel lists.

A part that the log does not tell stays None; nothing is looked up in the corpus here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest

from workbench.ingest.logs.columns import flatten, names_of
from workbench.ingest.logs.formats import log_formats
from workbench.ingest.logs.masking import LogRedaction
from workbench.ingest.logs.values import as_structure, is_passage, list_of, number_of, text_of, texts_of
from workbench.records import RetrievedItem

_ONE_SCORE = re.compile(r"\s*[01],\d+\s*")


def retrieved_of(
    lists: Mapping[str, object], distances: bool, redaction: LogRedaction
) -> tuple[RetrievedItem, ...] | None:
    """What one line says was retrieved, best first as logged; None when it says nothing, () when it says nothing was found.

    Args:
        lists: raw values by list name ("retrieved.items", ".ids", ".texts", ".scores").
        distances: scores are distances, where lower is better: they are negated, so that higher is better in every log.
        redaction: applied to every text and id.
    """
    sign = -1.0 if distances else 1.0
    items = lists.get("retrieved.items")
    if items is not None:
        read = [_item(part, redaction) for part in list_of(items)]
        scores = _column(lists.get("retrieved.scores"), _scores)
        return tuple(_with_score(item, score, sign) for item, score in _padded(read, scores))
    ids, texts = (
        _column(lists.get(name), split) for name, split in (("retrieved.ids", list_of), ("retrieved.texts", texts_of))
    )
    if ids is None and texts is None:
        return None
    scores = _column(lists.get("retrieved.scores"), _scores) or []
    rows = zip_longest(ids or [], texts or [], scores[: max(len(ids or []), len(texts or []))])
    return tuple(_row(doc, text, score, sign, redaction) for doc, text, score in rows)


def _column(value: object, split: Callable[[object], list[object]]) -> list[object] | None:
    return None if value is None else split(value)


def _scores(value: object) -> list[object]:
    """Scores as `list_of` parts them; "0,85" is one, with a decimal comma."""
    return [value] if isinstance(value, str) and _ONE_SCORE.fullmatch(value) else list_of(value)


def _padded(items: Sequence[RetrievedItem], scores: Sequence[object] | None) -> list[tuple[RetrievedItem, object]]:
    return [(item, scores[place] if scores and place < len(scores) else None) for place, item in enumerate(items)]


def _with_score(item: RetrievedItem, score: object, sign: float) -> RetrievedItem:
    number = number_of(score)
    if item.score is not None or number is None:
        return item
    return RetrievedItem(item.doc_id, item.text, sign * number)


def _row(doc: object, text: object, score: object, sign: float, redaction: LogRedaction) -> RetrievedItem:
    number = number_of(score)
    item = _item(doc, redaction) if isinstance(doc, dict) else RetrievedItem(doc_id=redaction.name(doc))
    if isinstance(text, dict):
        item = RetrievedItem(item.doc_id or _item(text, redaction).doc_id, _item(text, redaction).text, item.score)
    elif spoken := text_of(text):
        item = RetrievedItem(item.doc_id, redaction.text(spoken), item.score)
    return item if number is None else RetrievedItem(item.doc_id, item.text, sign * number)


def _item(part: object, redaction: LogRedaction) -> RetrievedItem:
    """One element of a list: an object, an (id, score) pair, a passage or an id."""
    part = as_structure(part)
    if isinstance(part, dict):
        return _item_of_object(part, redaction)
    if isinstance(part, list | tuple) and len(part) == 2 and number_of(part[1]) is not None:
        inner = _item(part[0], redaction)
        return RetrievedItem(inner.doc_id, inner.text, number_of(part[1]))
    if isinstance(part, str) and is_passage(part):
        return RetrievedItem(text=redaction.text(part))
    return RetrievedItem(doc_id=redaction.name(part))


def _item_of_object(part: Mapping[str, object], redaction: LogRedaction) -> RetrievedItem:
    flat = {
        path: value
        for path, value in flatten({str(key): value for key, value in part.items()}).items()
        if value is not None
    }
    by_name = {name: (path, value) for path, value in reversed(flat.items()) for name in _names(path)}
    aliases = log_formats()["item"]
    named = [(alias, redaction.name(by_name[alias][1])) for alias in aliases["doc_id"] if alias in by_name]
    known = [name for _, name in named if name]
    # A bare number or hash under "id" is the store's own key; the file behind it says more, where there is one.
    doc_id = next((name for name in known if not _opaque(name)), known[0] if known else None)
    text = next((found for alias in aliases["text"] if (found := text_of(by_name.get(alias, ("", None))[1]))), None)
    score = next(((by_name[alias][0], by_name[alias][1]) for alias in aliases["score"] if alias in by_name), ("", None))
    number = number_of(score[1])
    if number is not None and "distance" in score[0].lower():
        number = -number
    return RetrievedItem(doc_id, redaction.text(text) if text else None, number)


def _names(path: str) -> tuple[str, ...]:
    return (*names_of(path), *names_of(path.rpartition(".")[2]))


def _opaque(name: str) -> bool:
    compact = name.replace("-", "")
    return compact.isdecimal() or (
        len(compact) >= 16 and all(character in "0123456789abcdefABCDEF" for character in compact)
    )
