"""Governance papers under `governance/`: what kind each is, its text and rows, its dates, the people it names.

It reads what papers state; whether governance was built in or added later is judged in `workbench.governance`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from workbench.case import files_below, shown
from workbench.errors import InputError
from workbench.ingest.artefact_dates import (
    FirstCommits,
    claimed_in_front_matter,
    claimed_in_text,
    embedded,
    file_time,
    rows_opened,
    rows_signed,
    strongest_first,
)
from workbench.ingest.readers import READERS, Extracted, decode, read_file
from workbench.ingest.readers import kind_of as readers_kind
from workbench.ingest.repository import history_source, read_repository
from workbench.ingest.tables.rows import Row
from workbench.ingest.tables.text_files import read_rows
from workbench.records import Artefact, Commit, DatedFact, Source

TABLES = {".csv", ".tsv"}
WITH_PROPERTIES = {".docx", ".pdf", ".html", ".htm"}
PLAIN = {".rego", ".yaml", ".yml", ".json", ".toml", ".ini", ".adoc", ".rst", ".eml"}
MAX_PLAIN_BYTES = 16 * 2**20
OPENING = 6_000
"""Characters of a text that its kind is told from."""
IGNORED_NAMES = {".ds_store", "thumbs.db", "desktop.ini", ".gitkeep"}

log = logging.getLogger(__name__)

_LABEL = re.compile(r"^[\s>*_#|-]*([A-Za-z][A-Za-z _-]{3,24}?)[*_\s]*[:|][*_\s|]*(.{2,300})$")


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Any]:
    text = files("workbench.ingest").joinpath("artefact_kinds.yaml").read_text(encoding="utf-8")
    table: Mapping[str, Any] = yaml.safe_load(text)
    return table


def read_artefacts(root: Path, commits: Sequence[Commit] | None = None) -> tuple[Artefact, ...]:
    """Every paper under `<root>/governance/` in path order; no folder, or an empty one, gives ().

    A file that cannot be read is kept with empty text and the kind "other": it was handed over, and that is all that is known.

    Args:
        root: the case folder.
        commits: history in which the papers' first appearance is looked up; None reads that of `<root>/repo/`.
    """
    folder = root / "governance"

    def left_out(path: Path, reason: str) -> None:
        log.warning("%s: %s", shown(path.relative_to(root)), reason)

    found = () if folder.is_symlink() else files_below(folder, left_out)
    paths = [path for path in found if path.name.lower() not in IGNORED_NAMES]
    if not paths:
        return ()
    if commits is None:
        repository = read_repository(root)
        commits = repository.commits if repository else ()
    history = FirstCommits(commits, history_source(root))
    return tuple(_artefact(path, path.relative_to(root).as_posix(), history) for path in paths)


def _artefact(path: Path, name: str, history: FirstCommits) -> Artefact:
    weak = (*history.of(name), file_time(path, name))
    try:
        if path.suffix.lower() in TABLES:
            return _from_table(path, name, weak)
        return _from_text(path, name, _extracted(path), weak)
    except (InputError, OSError) as error:
        fault = f"could not be opened ({error.strerror})" if isinstance(error, OSError) else str(error)
        log.warning("%s: %s", name, fault)
        return Artefact("other", path.stem, "", Source(name), strongest_first(weak), fault=fault)


def _extracted(path: Path) -> Extracted:
    if readers_kind(path) in READERS:
        return read_file(path)
    if path.suffix.lower() in PLAIN and path.stat().st_size <= MAX_PLAIN_BYTES:
        return Extracted("", decode(path.read_bytes(), path.name))
    raise InputError(f"no reader for '{path.suffix}' files; save it as docx, pdf, md or csv")


def _from_table(path: Path, name: str, weak: Sequence[DatedFact]) -> Artefact:
    read = [row for row in read_rows(path, (), _is_heading) if isinstance(row, Row)]
    rows = tuple({str(column): str(cell) for column, cell in row.values.items()} for row in read)
    columns = tuple(rows[0]) if rows else ()
    kind = kind_of(name, path.stem, "", columns)
    text = "\n".join("; ".join(f"{column}: {cell}" for column, cell in row.items() if cell) for row in rows)
    dates = (
        rows_signed([(f"row {place}", row) for place, row in enumerate(rows, 1)], name)
        if kind == "approval"
        else rows_opened(rows, name)
    )
    return Artefact(kind, path.stem, text, Source(name), strongest_first((*dates, *weak)), _people_in_rows(rows), rows)


def _is_heading(cell: str) -> bool:
    return (
        re.search(r"date|owner|risk|decision|status|approver|role|title|opened|\bid$", cell, re.IGNORECASE) is not None
    )


def _from_text(path: Path, name: str, extracted: Extracted, weak: Sequence[DatedFact]) -> Artefact:
    front, body = _front_matter(extracted.text)
    title = extracted.title.strip() or path.stem
    rows = list(_pipe_rows(extracted.text))
    dates = [*claimed_in_front_matter(front, name), *claimed_in_text(body, name), *rows_signed(rows, name), *weak]
    if path.suffix.lower() in WITH_PROPERTIES:
        dates.extend(embedded(extracted.date_of("created"), extracted.date_of("modified"), name))
    people = _joined(_people_in_labels(front, body), _people_in_rows([row for _, row in rows]))
    author = extracted.metadata.get("author", "").strip()
    if author and "author" not in people:
        people["author"] = (author,)
    kind = kind_of(name, title, extracted.text, ())
    return Artefact(kind, title, extracted.text, Source(name), strongest_first(dates), people)


def kind_of(name: str, title: str, text: str, columns: Sequence[str]) -> str:
    """The kind of a paper by its path, then its title, its columns, its opening; "other" when nothing fits."""
    kinds = _table()["kinds"]
    below = name.partition("/")[2] or name
    for spoken in (below, title):
        words = re.sub(r"[\s/_.-]+", " ", spoken).strip().lower()
        for entry in kinds:
            if any(re.search(pattern, words) for pattern in entry.get("name", ())):
                return str(entry["kind"])
    headings = [column.lower() for column in columns]
    for entry in kinds:
        if any(
            all(any(word in heading for heading in headings) for word in needed) for needed in entry.get("columns", ())
        ):
            return str(entry["kind"])
    opening = text[:OPENING].lower()
    for entry in kinds:
        if any(re.search(pattern, opening, re.MULTILINE) for pattern in entry.get("text", ())):
            return str(entry["kind"])
    return "other"


def _front_matter(text: str) -> tuple[dict[str, object], str]:
    """Front matter as YAML where it is valid, else line by line; and the text with it blanked, so that line numbers stay."""
    match = re.match(r"---\n(.*?)\n---(?:\n|\Z)", text, flags=re.DOTALL)
    if not match:
        return {}, text
    body = "\n" * match.group(0).count("\n") + text[match.end() :]
    try:
        front = yaml.safe_load(match.group(1))
    except (yaml.YAMLError, ValueError, RecursionError):
        front = None
    if not isinstance(front, dict):
        lines = (line.partition(":") for line in match.group(1).split("\n"))
        front = {key.strip(): value.strip() for key, colon, value in lines if colon}
    return {str(key).lower(): value for key, value in front.items()}, body


def _pipe_rows(text: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Rows of tables written with `|`, as (line, cells by heading): Markdown's own, and those the Word reader writes."""
    header: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        cells = [cell.strip(" *_`") for cell in line.strip().strip("|").split("|")] if "|" in line else []
        if len(cells) < 2 or (header and len(cells) != len(header)):
            header = cells if len(cells) >= 2 else []
        elif not header:
            header = cells
        elif not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            yield f"line {number}", dict(zip(header, cells, strict=True))


@lru_cache(maxsize=1)
def _functions() -> Mapping[str, str]:
    return {alias: function for function, aliases in _table()["people"].items() for alias in aliases}


def _function_of(label: str) -> str | None:
    return _functions().get(re.sub(r"[\s_-]+", "-", label.strip().lower()))


def _people_in_labels(front: Mapping[str, object], body: str) -> dict[str, tuple[str, ...]]:
    labelled = [(label, value) for label, value in front.items()]
    matches = (_LABEL.match(line) for line in body.split("\n"))
    labelled += [(match[1], match[2]) for match in matches if match]
    found: dict[str, tuple[str, ...]] = {}
    for label, value in labelled:
        if function := _function_of(label):
            found = _joined(found, {function: tuple(_names(value))})
    return found


def _people_in_rows(rows: Sequence[Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    """People in columns headed by a function; in sign-off tables an approver's role is added behind the name."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        cells = {re.sub(r"[\s_-]+", "-", column.strip().lower()): cell.strip() for column, cell in row.items()}
        for heading, cell in cells.items():
            function = _functions().get(heading)
            role = cells.get("role") or cells.get("team") if function == "approver" and "decision" in cells else None
            for person in _names(cell) if function and function not in ("consulted", "informed") else ():
                found.setdefault(str(function), {})[f"{person} ({role})" if role and "(" not in person else person] = (
                    None
                )
    return {function: tuple(names) for function, names in found.items()}


def _names(value: object) -> Iterator[str]:
    """Names out of a list or a text: split at commas and sentence ends outside brackets, without dates, labels and markup."""
    # YAML splits "[Ann Oke (Claims, Motor)]" at the comma inside the bracket: put together first, then split with care.
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value).strip("[] ")
    for part in re.split(r"[;,](?![^(\[]*[)\]])|(?<=[a-z)]{2})\.\s", text):
        name = re.sub(r"\s+", " ", re.sub(r"[*_`|\"']", "", part)).strip(" .")
        if re.search(r"[^\W\d]", name) and not re.search(r"\d{4}|:", name) and len(name) <= 80:
            yield name


def _joined(one: Mapping[str, tuple[str, ...]], other: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {
        function: tuple(dict.fromkeys((*one.get(function, ()), *other.get(function, ()))))
        for function in {**one, **other}
    }
