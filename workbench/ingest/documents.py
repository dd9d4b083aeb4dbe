"""The corpus of a case: every file below `corpus/` read or accounted for, one intake line each.

Kinds that hold records (csv, jsonl) give one document a record; every other kind gives one document a file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.case import files_below
from workbench.errors import InputError
from workbench.ingest.labels import find_beside, json_lines, read_beir_corpus
from workbench.ingest.readers import READERS, decode, parse_date, read_file
from workbench.records import Document, FileStatus, IntakeFile, Source

TITLE_KEYS = ("title", "question", "name", "subject", "heading")
TEXT_KEYS = ("text", "body", "content")
ID_KEYS = ("_id", "id", "doc_id")
DATE_KEYS = ("updated", "updated_on", "last_updated", "modified", "date", "effective_date")
IGNORED_NAMES = {".ds_store", "thumbs.db", "desktop.ini", ".gitkeep"}

EMPTY_REASONS = {
    "beir": "no documents in it; each line must be an object with _id, title and text",
    "pdf": "no text layer; run text recognition on the scan and add it again",
}

MAX_TABLE_BYTES = 256 * 2**20
"""A csv above this belongs into `logs/`, or needs splitting: its rows are held in memory as documents."""


def read_corpus(
    root: Path, *, progress: Callable[[float, str], None] | None = None
) -> tuple[list[Document], list[IntakeFile]]:
    """Documents of a case and what became of each of its files.

    `corpus.jsonl` at the case root (BEIR form) wins over the folder `corpus/`. No corpus at all gives two empty lists.

    Args:
        root: the case folder.
        progress: called with the share of files read, 0 to 1, and the file at hand.

    Raises:
        InputError: `corpus.jsonl` is there but not in BEIR form.
    """
    beir = find_beside(root, "corpus.jsonl") or find_beside(root / "corpus", "corpus.jsonl")
    if beir is not None:
        documents = read_beir_corpus(beir, root)
        return documents, [_intake(beir.relative_to(root).as_posix(), "beir", documents, ())]
    paths = list(files_below(root / "corpus"))
    documents, intake = [], []
    for number, path in enumerate(paths):
        if progress:
            progress(number / len(paths), path.name)
        read, entry = _read_one(path, root)
        documents.extend(read)
        intake.append(entry)
    return documents, intake


def _read_one(path: Path, root: Path) -> tuple[list[Document], IntakeFile]:
    relative = path.relative_to(root).as_posix()
    kind = path.suffix.lower().lstrip(".") or "none"
    if path.name.lower() in IGNORED_NAMES or path.name.startswith("~$"):
        return [], IntakeFile(
            relative, kind, "skipped", "a file of the operating system or an editor's lock, not a document"
        )
    try:
        if kind in RECORD_READERS:
            documents, warnings = RECORD_READERS[kind](path, root)
        elif path.suffix.lower() in READERS:
            documents, warnings = _whole_file(path, root)
        else:
            reason = f"'{kind}' files are not read yet; save it as pdf, docx, html, txt or csv"
            return [], IntakeFile(relative, kind, "skipped", reason)
    except InputError as error:
        return [], IntakeFile(relative, kind, "unreadable", str(error))
    return documents, _intake(relative, kind, documents, warnings)


def _intake(path: str, kind: str, documents: Sequence[Document], warnings: Sequence[str]) -> IntakeFile:
    characters = sum(len(document.text) for document in documents)
    status: FileStatus = "loaded" if characters else "empty"
    reason = None if characters else EMPTY_REASONS.get(kind, "no text in it")
    return IntakeFile(path, kind, status, reason, len(documents), characters, tuple(warnings))


def _whole_file(path: Path, root: Path) -> tuple[list[Document], Sequence[str]]:
    read = read_file(path)
    if not read.text.strip():
        return [], read.warnings
    doc_id = path.relative_to(root / "corpus").as_posix()
    metadata = {"kind": path.suffix.lower().lstrip("."), **read.metadata}
    source = Source(path.relative_to(root).as_posix())
    updated_on = read.modified or read.created
    return [Document(doc_id, read.title.strip() or path.stem, read.text, source, updated_on, metadata)], read.warnings


def _csv_records(path: Path, root: Path) -> tuple[list[Document], Sequence[str]]:
    if path.stat().st_size > MAX_TABLE_BYTES:
        raise InputError(
            f"{path.name}: larger than {MAX_TABLE_BYTES // 2**20} MiB; split it, or put it in logs/ if it is a log"
        )
    text = decode(path.read_bytes(), path.name)
    rows = list(csv.DictReader(io.StringIO(text), dialect=_dialect(text)))
    entries = (
        ({str(key): _cell(value) for key, value in row.items() if key}, f"row {n}", str(n))
        for n, row in enumerate(rows, 1)
    )
    return list(_records(path, root, entries)), ()


def _jsonl_records(path: Path, root: Path) -> tuple[list[Document], Sequence[str]]:
    entries = (
        ({key: _cell(value) for key, value in entry.items()}, f"line {number}", _first(entry, ID_KEYS) or str(number))
        for number, entry in json_lines(path)
    )
    return list(_records(path, root, entries)), ()


def _records(path: Path, root: Path, entries: Iterator[tuple[Mapping[str, str], str, str]]) -> Iterator[Document]:
    file_id = path.relative_to(root / "corpus").as_posix()
    relative = path.relative_to(root).as_posix()
    for fields, locator, record_id in entries:
        body = _first(fields, TEXT_KEYS)
        title = _first(fields, TITLE_KEYS)
        text = f"{title}\n{body}".strip() if body else _as_lines(fields)
        if text:
            updated = parse_date(_first(fields, DATE_KEYS))
            name = title or next((value for value in fields.values() if value), file_id)
            yield Document(
                f"{file_id}#{record_id}", name, text, Source(relative, locator), updated, {"kind": path.suffix[1:]}
            )


def _as_lines(fields: Mapping[str, str]) -> str:
    return "\n".join(f"{key}: {value}" for key, value in fields.items() if value.strip())


def _first(fields: Mapping[str, Any], keys: Sequence[str]) -> str:
    by_name = {key.strip().lower(): value for key, value in fields.items()}
    return next((str(by_name[key]).strip() for key in keys if by_name.get(key)), "")


def _cell(value: object) -> str:
    if isinstance(value, list):  # a row with more cells than the header has
        return " ".join(str(part) for part in value)
    return "" if value is None else str(value)


def _dialect(text: str) -> type[csv.Dialect]:
    try:
        return csv.Sniffer().sniff(text[:8192], delimiters=",;\t|")
    except csv.Error:
        return csv.excel


RECORD_READERS: dict[str, Callable[[Path, Path], tuple[list[Document], Sequence[str]]]] = {
    "csv": _csv_records,
    "tsv": _csv_records,
    "jsonl": _jsonl_records,
}
