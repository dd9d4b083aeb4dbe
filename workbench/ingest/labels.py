"""BEIR-form files: corpus.jsonl, queries.jsonl and qrels, gzipped or not.

Lines are split on newline alone (JSON text may hold U+0085 or U+2028), ids are kept as given, and faults are
reported together rather than one at a time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.ingest.logs.values import sound
from workbench.ingest.readers import parse_date
from workbench.ingest.redaction import mask_secrets
from workbench.ingest.tables.text_files import NOT_JSON, byte_lines, short
from workbench.records import Document, Qrels, Query, Source

SHOWN_FAULTS = 3
"""Faults quoted in an error; the rest is counted."""
MAX_GRADE = 1000
"""Highest grade a judgment may have: gains grow with it, and a number above is an id or a score in the wrong column."""


def find_beside(folder: Path, name: str) -> Path | None:
    """`folder/name` or `folder/name.gz`, whichever is there; None when neither is, or only as a link, or out of reach."""
    with suppress(OSError):
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file() and not path.is_symlink():
                return path
    return None


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number from 1, object) for every line that is not blank.

    Raises:
        InputError: a line is not a JSON object, or the file is damaged or not UTF-8 text.
    """
    for number, raw in byte_lines(path):
        if not raw.strip():
            continue
        try:
            entry = json.loads(raw.decode("utf-8-sig"))
        except NOT_JSON as error:
            raise InputError(
                f"{path.name} line {number}: not JSON ({short(error)}); each line must be one object"
            ) from error
        if not isinstance(entry, dict):
            raise InputError(f"{path.name} line {number}: expected an object, found {type(entry).__name__}")
        yield number, entry


def read_beir_corpus(path: Path, root: Path) -> list[Document]:
    """Documents of a BEIR corpus file; text is the title, a newline and the body, as the benchmark is scored.

    Raises:
        InputError: a line without a usable `_id`, or an id that occurs twice.
    """
    documents: list[Document] = []
    seen: dict[str, int] = {}
    faults: list[str] = []
    relative = path.relative_to(root).as_posix()
    for number, entry in json_lines(path):
        doc_id = _id_of(entry)
        if fault := _id_fault(doc_id):
            faults.append(f"line {number} {fault}")
        elif doc_id in seen:
            faults.append(f"line {number} repeats the id '{doc_id}' of line {seen[doc_id]}")
        else:
            seen[doc_id] = number
            documents.append(_beir_document(doc_id, entry, Source(relative, f"line {number}")))
    _raise_faults(path.name, faults, "give every document its own _id")
    return documents


def read_queries(path: Path) -> list[Query]:
    """Queries of a BEIR queries file, secrets masked.

    Raises:
        InputError: a line without a usable `_id`, or an id that occurs twice.
    """
    queries: dict[str, Query] = {}
    faults: list[str] = []
    for number, entry in json_lines(path):
        query_id = _id_of(entry)
        if fault := _id_fault(query_id):
            faults.append(f"line {number} {fault}")
        elif query_id in queries:
            faults.append(f"line {number} repeats the id '{query_id}'")
        else:
            text, reference = (mask_secrets(_text(entry, key))[0] for key in ("text", "reference_answer"))
            queries[query_id] = Query(query_id, text, reference or None)
    _raise_faults(path.name, faults, "give every query its own _id")
    return list(queries.values())


def read_qrels(folder: Path, queries: Sequence[Query], documents: Sequence[Document]) -> Qrels:
    """Relevance judgments: `test.tsv` where it is there, else every tsv file of the folder.

    A line is query-id, corpus-id, score, or TREC's query-id, 0, corpus-id, score; separated by tabs, else by spaces. A header
    line is allowed. The same judgment twice counts once.

    Raises:
        InputError: ids that are not in the queries or the corpus, a grade that is not a whole number of 0 to 1000, or two
            grades for one pair.
    """
    query_ids = {query.query_id for query in queries}
    doc_ids = {document.doc_id for document in documents}
    qrels: dict[str, dict[str, int]] = {}
    for path in _qrels_files(folder):
        faults: list[str] = []
        for number, columns in _judgments(path, query_ids):
            fault = _qrels_fault(columns, query_ids, doc_ids)
            if fault:
                faults.append(f"line {number}: {fault}")
                continue
            query_id, doc_id, grade = columns[0], columns[1], _grade(columns[2])
            earlier = qrels.setdefault(query_id, {}).setdefault(doc_id, grade)
            if earlier != grade:
                faults.append(f"line {number}: '{query_id}' and '{doc_id}' have grade {grade}, and {earlier} before")
        sizes = f"{len(query_ids)} queries, {len(doc_ids)} documents"
        _raise_faults(f"qrels/{path.name}", faults, f"check the ids and grades against the case ({sizes})")
    return qrels


def judged_queries(queries: Sequence[Query], qrels: Qrels) -> list[Query]:
    """Queries with at least one relevant document: those a measure can be computed for."""
    return [query for query in queries if any(grade > 0 for grade in qrels.get(query.query_id, {}).values())]


def _id_of(entry: Mapping[str, Any]) -> str:
    """The `_id` as text; "" when there is none, or none that can be an id."""
    value = entry.get("_id")
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _id_fault(name: str) -> str | None:
    if not name:
        return "has no '_id'"
    # Ids cannot be repaired without parting them from the labels that use them.
    return None if sound(name) == name else f"has an '_id' with half a character in it ({ascii(name)[:80]})"


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return "" if value is None else sound(str(value))


def _beir_document(doc_id: str, entry: Mapping[str, Any], source: Source) -> Document:
    title, body = _text(entry, "title"), _text(entry, "text")
    metadata = entry.get("metadata") or {}
    facts = {sound(str(key)): _text(metadata, key) for key in metadata} if isinstance(metadata, dict) else {}
    text = f"{title}\n{body}" if title else body
    return Document(doc_id, title or doc_id, text, source, parse_date(facts.get("updated", "")), facts)


def _qrels_files(folder: Path) -> list[Path]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    except OSError as error:
        raise InputError(f"{folder.name}/: could not be read ({error.strerror}); check its permissions") from error
    test = next((path for path in paths if path.name in ("test.tsv", "test.tsv.gz")), None)
    return [test] if test else [path for path in paths if path.suffix == ".tsv"]


def _judgments(path: Path, query_ids: set[str]) -> Iterator[tuple[int, list[str]]]:
    """(line number, columns) of a file's judgments; a first line with an unknown query and no number for a score is a header."""
    first = True
    for number, raw in byte_lines(path):
        line = raw.decode("utf-8-sig", errors="replace").strip("\r\n")
        if not line.strip():
            continue
        columns = _beir_columns([column.strip() for column in line.split("\t")] if "\t" in line else line.split())
        header = first and len(columns) >= 3 and columns[0] not in query_ids and not re.search(r"\d", columns[2])
        first = False
        if not header:
            yield number, columns


def _beir_columns(columns: list[str]) -> list[str]:
    """The columns as BEIR has them, where they are TREC's: query, iteration, document, grade."""
    trec = len(columns) == 4 and columns[1].upper() in {"0", "Q0"} and _grade(columns[3]) >= 0
    return [columns[0], *columns[2:]] if trec else columns


def _grade(score: str) -> int:
    """A grade of 0 to 1000, also from "1.0"; -1 for anything else."""
    match = re.fullmatch(r"(\d{1,4})(?:\.0*)?", score)
    return int(match[1]) if match and int(match[1]) <= MAX_GRADE else -1


def _qrels_fault(columns: Sequence[str], query_ids: set[str], doc_ids: set[str]) -> str | None:
    if len(columns) < 3:
        return f"{len(columns)} columns, expected query-id, corpus-id and score separated by tabs"
    query_id, doc_id, score = columns[:3]
    if query_id not in query_ids:
        return f"query '{query_id}' is not in queries.jsonl"
    if doc_id not in doc_ids:
        return f"document '{doc_id}' is not in the corpus"
    if _grade(score) < 0:
        return f"score '{score[:40]}' is not a whole number of 0 to {MAX_GRADE}"
    return None


def _raise_faults(name: str, faults: Sequence[str], remedy: str) -> None:
    if not faults:
        return
    more = f" and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
    raise InputError(f"{name}: {'; '.join(faults[:SHOWN_FAULTS])}{more}; {remedy}")
