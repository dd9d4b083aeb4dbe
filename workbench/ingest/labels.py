"""BEIR-form files: corpus.jsonl, queries.jsonl and qrels, gzipped or not.

Lines are split on newline alone (JSON text may hold U+0085 or U+2028), ids are kept as given, and faults are
reported together rather than one at a time.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.ingest.readers import parse_date
from workbench.records import Document, Qrels, Query, Source

SHOWN_FAULTS = 3
"""Faults quoted in an error; the rest is counted."""


def find_beside(folder: Path, name: str) -> Path | None:
    """`folder/name` or `folder/name.gz`, whichever is there; None when neither is, or only as a link."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file() and not path.is_symlink():
            return path
    return None


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number from 1, object) for every line that is not blank.

    Raises:
        InputError: a line is not a JSON object, or the file is not UTF-8 text.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as stream:
        for number, raw in enumerate(stream, start=1):
            if not raw.strip():
                continue
            try:
                entry = json.loads(raw.decode("utf-8-sig"))
            except (UnicodeDecodeError, json.JSONDecodeError) as error:
                raise InputError(
                    f"{path.name} line {number}: not JSON ({error}); each line must be one object"
                ) from error
            if not isinstance(entry, dict):
                raise InputError(f"{path.name} line {number}: expected an object, found {type(entry).__name__}")
            yield number, entry


def read_beir_corpus(path: Path, root: Path) -> list[Document]:
    """Documents of a BEIR corpus file; text is the title, a newline and the body, as the benchmark is scored.

    Raises:
        InputError: a line without `_id`, or an id that occurs twice.
    """
    documents: list[Document] = []
    seen: dict[str, int] = {}
    faults: list[str] = []
    relative = path.relative_to(root).as_posix()
    for number, entry in json_lines(path):
        doc_id = str(entry.get("_id", ""))
        if not doc_id:
            faults.append(f"line {number} has no '_id'")
        elif doc_id in seen:
            faults.append(f"line {number} repeats the id '{doc_id}' of line {seen[doc_id]}")
        else:
            seen[doc_id] = number
            documents.append(_beir_document(doc_id, entry, Source(relative, f"line {number}")))
    _raise_faults(path.name, faults, "give every document its own _id")
    return documents


def read_queries(path: Path) -> list[Query]:
    """Queries of a BEIR queries file.

    Raises:
        InputError: a line without `_id`, or an id that occurs twice.
    """
    queries: dict[str, Query] = {}
    faults: list[str] = []
    for number, entry in json_lines(path):
        query_id = str(entry.get("_id", ""))
        if not query_id:
            faults.append(f"line {number} has no '_id'")
        elif query_id in queries:
            faults.append(f"line {number} repeats the id '{query_id}'")
        else:
            reference = entry.get("reference_answer")
            queries[query_id] = Query(query_id, str(entry.get("text", "")), str(reference) if reference else None)
    _raise_faults(path.name, faults, "give every query its own _id")
    return list(queries.values())


def read_qrels(folder: Path, queries: Sequence[Query], documents: Sequence[Document]) -> Qrels:
    """Relevance judgments: `test.tsv` where it is there, else every tsv file of the folder.

    A line is query-id, corpus-id, score, tab separated; a header line is allowed.

    Raises:
        InputError: ids that are not in the queries or the corpus, a grade that is not a whole number of 0 or more.
    """
    test = find_beside(folder, "test.tsv")
    paths = [test] if test else sorted(path for path in folder.glob("*.tsv") if not path.is_symlink())
    query_ids = {query.query_id for query in queries}
    doc_ids = {document.doc_id for document in documents}
    qrels: dict[str, dict[str, int]] = {}
    for path in paths:
        faults: list[str] = []
        for number, columns in _tsv_rows(path):
            fault = _qrels_fault(columns, query_ids, doc_ids)
            if fault:
                faults.append(f"line {number}: {fault}")
            else:
                qrels.setdefault(columns[0], {})[columns[1]] = int(columns[2])
        sizes = f"{len(query_ids)} queries, {len(doc_ids)} documents"
        _raise_faults(f"qrels/{path.name}", faults, f"check the ids against the case ({sizes})")
    return qrels


def judged_queries(queries: Sequence[Query], qrels: Qrels) -> list[Query]:
    """Queries with at least one relevant document: those a measure can be computed for."""
    return [query for query in queries if any(grade > 0 for grade in qrels.get(query.query_id, {}).values())]


def _beir_document(doc_id: str, entry: Mapping[str, Any], source: Source) -> Document:
    title, body = str(entry.get("title") or ""), str(entry.get("text") or "")
    metadata = entry.get("metadata") or {}
    facts = {str(key): str(value) for key, value in metadata.items()} if isinstance(metadata, dict) else {}
    text = f"{title}\n{body}" if title else body
    return Document(doc_id, title or doc_id, text, source, parse_date(facts.get("updated", "")), facts)


def _tsv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as stream:
        for number, raw in enumerate(stream, start=1):
            columns = raw.decode("utf-8-sig", errors="replace").rstrip("\r\n").split("\t")
            header = number == 1 and columns[0].strip().lower() in {"query-id", "query_id", "qid"}
            if not header and any(column.strip() for column in columns):
                yield number, [column.strip() for column in columns]


def _qrels_fault(columns: Sequence[str], query_ids: set[str], doc_ids: set[str]) -> str | None:
    if len(columns) < 3:
        return f"{len(columns)} columns, expected query-id, corpus-id and score separated by tabs"
    query_id, doc_id, grade = columns[:3]
    if query_id not in query_ids:
        return f"query '{query_id}' is not in queries.jsonl"
    if doc_id not in doc_ids:
        return f"document '{doc_id}' is not in the corpus"
    if not grade.isdecimal():
        return f"score '{grade}' is not a whole number of 0 or more"
    return None


def _raise_faults(name: str, faults: Sequence[str], remedy: str) -> None:
    if not faults:
        return
    more = f" and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
    raise InputError(f"{name}: {'; '.join(faults[:SHOWN_FAULTS])}{more}; {remedy}")
