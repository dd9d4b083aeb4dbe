"""What a retrieval gave, out of the shapes retrievers, rerankers, vector stores and knowledge bases log.

Every thing is a plain {"doc_id", "text", "score"}; a part that is not told stays None, and nothing is looked up in a corpus.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice, zip_longest

from workbench.ingest.logs.values import is_passage, number_of, sound
from workbench.ingest.traces.formats import table, words_of
from workbench.ingest.traces.keys import filled, named, parsed, paths_of

MAX_DOCUMENTS = 1000
MAX_TEXT = 200_000
MAX_DEPTH = 6
Item = dict[str, object]
_Ranked = tuple[int, int, str, object]
"""Rank of the alias, place in the document, path, value."""
_NODE = re.compile(
    r"\A\s*Node ID:\s*(?P<id>\S+)\s*\n\s*Text:\s*(?P<text>.*?)\s*\n\s*Score:\s*(?P<score>[-+.\deE]+|None)\s*\Z",
    re.DOTALL,
)
"""How LlamaIndex writes a retrieved node as text."""


def documents_in(value: object, *, loose: bool = False) -> list[Item] | None:
    """The retrieved things in a value, best first as logged; [] where a retrieval gave nothing, None where there is no such list.

    >>> documents_in([{"page_content": "Tea is hot.", "metadata": {"source": "tea.md"}}])
    [{'doc_id': 'tea.md', 'text': 'Tea is hot.', 'score': None}]
    >>> documents_in([])
    []
    >>> documents_in("Tea is hot.") is None
    True

    Args:
        value: as logged.
        loose: whether a single passage, or a list of names, is taken for what was retrieved: true of a retriever's output.
    """
    return _documents(value, loose, MAX_DEPTH)


def _documents(value: object, loose: bool, depth: int) -> list[Item] | None:
    value = parsed(value)
    if isinstance(value, str):
        return [_text(value)] if loose and is_passage(value) else None
    if isinstance(value, list | tuple):
        return _listed(value, loose, depth)
    if not isinstance(value, Mapping) or not depth:
        return None
    parallel = _parallel(value)
    if parallel is not None:
        return parallel
    for key in table()["document_lists"]:
        inner = parsed(value.get(key))
        if isinstance(inner, list | tuple | Mapping):
            found = _documents(inner, loose, depth - 1)
            if found is not None:
                return found
    item = _item(value)
    return [item] if item["text"] and (item["doc_id"] or item["score"] is not None) and "role" not in value else None


def _listed(items: Sequence[object], loose: bool, depth: int) -> list[Item] | None:
    if not items:
        return []
    inner = parsed(items[0])
    is_pair = isinstance(inner, list) and len(inner) == 2 and number_of(inner[1]) is not None
    if isinstance(inner, list) and not is_pair and depth and (len(items) == 1 or number_of(items[1]) is None):
        return _documents(inner, loose, depth - 1)
    found = [_any_item(item, loose) for item in items[:MAX_DOCUMENTS]]
    read = [item for item in found if item is not None]
    return read or None


def _any_item(item: object, loose: bool) -> Item | None:
    item = parsed(item)
    if isinstance(item, list | tuple) and len(item) == 2 and number_of(item[1]) is not None:
        inner = _any_item(item[0], loose)
        return {**inner, "score": number_of(item[1])} if inner else None
    if isinstance(item, Mapping):
        if "role" in item or "tool_calls" in item:
            return None
        read = _item(item)
        return read if read["doc_id"] or read["text"] else None
    if not isinstance(item, str) or not filled(item):
        return None
    node = _NODE.match(item[:MAX_TEXT])
    if node:
        return {"doc_id": node["id"], "text": node["text"], "score": number_of(node["score"])}
    if is_passage(item):
        return _text(item)
    return {"doc_id": named(item), "text": None, "score": None} if loose else None


def _text(passage: str) -> Item:
    return {"doc_id": None, "text": sound(passage)[:MAX_TEXT], "score": None}


def _parallel(value: Mapping[object, object]) -> list[Item] | None:
    """Parallel lists, as vector stores answer: ids, documents, distances or scores."""
    columns = {name: _column(value.get(name)) for name in ("ids", "documents", "distances", "scores", "texts")}
    ids = columns["ids"]
    if ids is None or all(columns[name] is None for name in ("documents", "distances", "scores", "texts")):
        return None
    texts = columns["documents"] or columns["texts"] or []
    far = columns["distances"]
    scores = (
        [None if (n := number_of(each)) is None else -n for each in far]
        if far
        else [number_of(each) for each in columns["scores"] or []]
    )
    rows = zip_longest(ids[:MAX_DOCUMENTS], texts[: len(ids)], scores[: len(ids)])
    return [
        {"doc_id": named(doc), "text": text if isinstance(text, str) else None, "score": score}
        for doc, text, score in rows
    ]


def _column(value: object) -> list[object] | None:
    value = parsed(value)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    return value if isinstance(value, list) else None


@lru_cache(maxsize=1)
def _aliases() -> Mapping[str, Mapping[str, int]]:
    return {part: {alias: rank for rank, alias in enumerate(names)} for part, names in table()["document"].items()}


def _item(document: Mapping[object, object]) -> Item:
    ranked: dict[str, list[_Ranked]] = {part: [] for part in _aliases()}
    leaves = paths_of({str(key): value for key, value in document.items()}, 4)
    for place, (path, value) in enumerate(islice(leaves, 500)):
        for part, ranks in _aliases().items():
            rank = _rank(path, ranks)
            if rank is not None and filled(value):
                ranked[part].append((rank, place, path, value))
    if not ranked["text"] and len(ranked["doc_id"]) > 1:
        # Beside an id, "document" is what the document says.
        texts = [entry for entry in ranked["doc_id"] if _names(entry[2])[1] in ("document", "doc")]
        ranked["text"], ranked["doc_id"] = texts, [entry for entry in ranked["doc_id"] if entry not in texts]
    return {"doc_id": _doc_id(ranked["doc_id"]), "text": _best_text(ranked["text"]), "score": _score(ranked)}


@lru_cache(maxsize=8192)
def _names(path: str) -> tuple[str, str]:
    return words_of(path), words_of(path.rpartition(".")[2])


def _rank(path: str, ranks: Mapping[str, int]) -> int | None:
    whole, last = _names(path)
    return ranks.get(whole, ranks.get(last))


def _doc_id(found: Sequence[_Ranked]) -> str | None:
    """The best name: a bare number or hash, the store's own key, only where no other is there."""
    names = [
        name
        for *_, value in sorted(found, key=lambda entry: entry[:2])
        if (name := named(value)) and "\n" not in name and not is_passage(name)
    ]
    return next((name for name in names if not _opaque(name)), names[0] if names else None)


def _best_text(found: Sequence[_Ranked]) -> str | None:
    texts = [value for *_, value in sorted(found, key=lambda entry: entry[:2]) if isinstance(value, str)]
    return sound(texts[0])[:MAX_TEXT] if texts else None


def _score(ranked: Mapping[str, Sequence[_Ranked]]) -> float | None:
    for part, sign in (("score", 1.0), ("distance", -1.0)):
        for *_, value in sorted(ranked[part], key=lambda entry: entry[:2]):
            number = number_of(value)
            if number is not None:
                return sign * number
    return None


def _opaque(name: str) -> bool:
    compact = name.replace("-", "")
    return compact.isdecimal() or (len(compact) >= 16 and re.fullmatch("[0-9a-fA-F]+", compact) is not None)


def completed(base: Sequence[Item], others: Sequence[Item]) -> list[Item]:
    """The base with ids, texts and scores it lacks taken from a list of the same length."""
    if len(base) != len(others):
        return list(base)
    pairs = zip(base, others, strict=True)
    return [{key: value if value is not None else other[key] for key, value in item.items()} for item, other in pairs]
