"""The corpus of a case: every file below `corpus/` read or accounted for, one intake line each.

Kinds that hold records (csv, jsonl) give one document a record; every other kind gives one document a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.case import files_below, shown
from workbench.errors import InputError
from workbench.ingest.csv_rows import SURPLUS, rows_of_csv
from workbench.ingest.labels import find_beside, json_lines, read_beir_corpus
from workbench.ingest.log_values import sound
from workbench.ingest.readers import READERS, decode, kind_of, parse_date, read_file
from workbench.ingest.redaction import mask_secrets
from workbench.ingest.rows import Row
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
    Secrets are masked before anything else sees a text, and counted in a warning of the file.

    Args:
        root: the case folder.
        progress: called with the share of files read, 0 to 1, and the file at hand.

    Raises:
        InputError: `corpus.jsonl` is there but not in BEIR form.
    """
    intake: list[IntakeFile] = []

    def left_out(path: Path, reason: str) -> None:
        intake.append(IntakeFile(shown(path.relative_to(root)), _kind(path), "unreadable", reason))

    paths = list(files_below(root / "corpus", left_out))
    beir = find_beside(root, "corpus.jsonl") or find_beside(root / "corpus", "corpus.jsonl")
    if beir is not None:
        documents, warnings = _without_secrets(read_beir_corpus(beir, root))
        entry = _intake(beir.relative_to(root).as_posix(), "beir", documents, warnings)
        return documents, [entry, *(_beaten(path, root) for path in paths if path != beir), *intake]
    documents = []
    for number, path in enumerate(paths):
        if progress:
            progress(number / len(paths), path.name)
        read, entry = _read_one(path, root)
        documents.extend(read)
        intake.append(entry)
    return documents, intake


def _kind(path: Path) -> str:
    return shown(Path(path.suffix.lower().lstrip("."))) if path.suffix.strip(".") else "none"


def _beaten(path: Path, root: Path) -> IntakeFile:
    reason = "a BEIR corpus.jsonl is there and wins; take it away to have this file read"
    return IntakeFile(path.relative_to(root).as_posix(), _kind(path), "skipped", reason)


def _read_one(path: Path, root: Path) -> tuple[list[Document], IntakeFile]:
    relative = path.relative_to(root).as_posix()
    kind = _kind(path)
    if path.name.lower() in IGNORED_NAMES or path.name.startswith("~$"):
        return [], IntakeFile(
            relative, kind, "skipped", "a file of the operating system or an editor's lock, not a document"
        )
    try:
        if kind in RECORD_READERS:
            documents, warnings = RECORD_READERS[kind](path, root)
        elif kind_of(path) in READERS:
            documents, warnings = _whole_file(path, root)
        else:
            reason = f"'{kind}' files are not read yet; save it as pdf, docx, html, txt or csv"
            return [], IntakeFile(relative, kind, "skipped", reason)
    except InputError as error:
        return [], IntakeFile(relative, kind, "unreadable", str(error))
    except OSError as error:
        reason = f"could not be opened ({error.strerror}); check its permissions"
        return [], IntakeFile(relative, kind, "unreadable", reason)
    documents, hidden = _without_secrets(documents)
    return documents, _intake(relative, kind, documents, (*warnings, *hidden))


def _without_secrets(documents: Sequence[Document]) -> tuple[list[Document], tuple[str, ...]]:
    """The documents with secrets masked in title, text and metadata, and a warning that counts them where there were any."""
    found = 0
    masked: list[Document] = []
    for document in documents:
        (title, in_title), (text, in_text) = mask_secrets(document.title), mask_secrets(document.text)
        facts = {key: mask_secrets(value)[0] for key, value in document.metadata.items()}
        # A title is often the beginning of the text too: its secrets are not counted twice.
        found += in_text or in_title
        masked.append(replace(document, title=title, text=text, metadata=facts))
    return masked, (f"{found} secret{' was' if found == 1 else 's were'} masked",) if found else ()


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
    updated_on = read.date_of("modified") or read.date_of("created")
    title = read.title.strip() or path.stem
    document = Document(doc_id, title, read.text, source, updated_on, metadata, read.dates, read.sections)
    return [document], read.warnings


def _csv_records(path: Path, root: Path) -> tuple[list[Document], Sequence[str]]:
    if path.stat().st_size > MAX_TABLE_BYTES:
        raise InputError(
            f"{path.name}: larger than {MAX_TABLE_BYTES // 2**20} MiB; split it, or put it in logs/ if it is a log"
        )
    rows = list(rows_of_csv(decode(path.read_bytes(), path.name), _is_key))
    entries = (
        ({name: _cell(value) for name, value in row.values.items() if name}, row.locator, row.locator.split()[1])
        for row in rows
        if isinstance(row, Row)
    )
    warnings = tuple(f"{row.locator} {row.reason}; left out" for row in rows if not isinstance(row, Row))
    return list(_records(path, root, entries)), warnings


def _is_key(cell: str) -> bool:
    return cell.strip().lower() in {*TITLE_KEYS, *TEXT_KEYS, *ID_KEYS, *DATE_KEYS}


def _jsonl_records(path: Path, root: Path) -> tuple[list[Document], Sequence[str]]:
    lines = list(json_lines(path))
    ids, repeated = _unique_ids([(number, sound(_first(entry, ID_KEYS))) for number, entry in lines])
    entries = (
        ({sound(key): _cell(value) for key, value in entry.items()}, f"line {number}", record_id)
        for (number, entry), record_id in zip(lines, ids, strict=True)
    )
    warnings = (f"ids that repeat an earlier one, with the line added: {repeated}",) if repeated else ()
    return list(_records(path, root, entries)), warnings


def _unique_ids(named: Sequence[tuple[int, str]]) -> tuple[list[str], int]:
    """An id for each (line number, id as stated or ""), no two the same, and how many repeated an earlier one.

    A line that states no id is named by its number, unless another line states that number as its id.
    """
    stated = {name for _, name in named if name}
    met: Counter[str] = Counter()
    ids: list[str] = []
    for number, name in named:
        wanted = name or (f"line {number}" if str(number) in stated else str(number))
        met[wanted] += 1
        ids.append(wanted if met[wanted] == 1 else f"{wanted} (line {number})")
    return ids, sum(count - 1 for count in met.values())


def _records(path: Path, root: Path, entries: Iterator[tuple[dict[str, str], str, str]]) -> Iterator[Document]:
    file_id = path.relative_to(root / "corpus").as_posix()
    relative = path.relative_to(root).as_posix()
    for fields, locator, record_id in entries:
        surplus = fields.pop(SURPLUS, "")
        body = _first(fields, TEXT_KEYS)
        title = _first(fields, TITLE_KEYS)
        text = (f"{title}\n{body}".strip() if body else _as_lines(fields)) + surplus
        if text.strip():
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
    if isinstance(value, list):
        return sound(" ".join(str(part) for part in value))
    return "" if value is None else sound(str(value))


RECORD_READERS: dict[str, Callable[[Path, Path], tuple[list[Document], Sequence[str]]]] = {
    "csv": _csv_records,
    "tsv": _csv_records,
    "jsonl": _jsonl_records,
}
