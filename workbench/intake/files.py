"""One line per client file of every part but the corpus: what was read from it, or why nothing was.

The corpus reports its files itself, while it reads them; the other parts are told from what their readers gave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from workbench.case import INBOX, KEPT, LABEL_FILES, OWN_FILES, PARTS, files_below, shown
from workbench.ingest.handover.journal import not_unpacked, placings
from workbench.ingest.readers import kind_of
from workbench.ingest.repository import LOG_NAME, TAGS_NAME
from workbench.observing import counted
from workbench.records import Artefact, EvalMaterial, FileStatus, IntakeFile, QueryLog, Repository

IGNORED_NAMES = {".ds_store", "thumbs.db", "desktop.ini", ".gitkeep"}
BY_SYSTEM = "a file of the operating system, not the client's"
OUTSIDE = "lies outside the folders of a case; move it to inbox/ to have it sorted in"
KEPT_ARCHIVE = "kept in the drop folder: not everything in it could be unpacked; the files left out are listed"
WAITING = "waits in the drop folder; the next intake sorts it in"
ABOUT_KINDS = frozenset({"md", "pdf", "docx", "html", "txt"})
ABOUT = "a paper about the evaluation, not an eval set or a run; move it to governance/ if it is a decision or a policy"
NOT_USED = "nothing in it could be used as {part}; correct its columns, or move it to the part it belongs to"


def log_files(root: Path, log: QueryLog) -> Iterator[IntakeFile]:
    """Files below `logs/`: questions read, or the fault that kept them out; members of an archive stand below it."""
    faults = _by_path(log.faults, _listed(root, "logs"))
    for path in _listed(root, "logs"):
        mappings = [entry for entry in log.mappings if entry.path == path or entry.path.startswith(f"{path}/")]
        questions = sum(entry.interactions for entry in mappings)
        kind = mappings[0].format if len(mappings) == 1 else _kind(root, path)
        unread = sum(entry.bad_lines for entry in mappings)
        warnings = [f"{counted(unread, 'line')} could not be read"] if unread else []
        warnings += [entry.text for mapping in mappings for entry in mapping.questions]
        yield _entry(root, path, "logs", kind, questions, faults.get(path, ()), warnings)


def eval_files(root: Path, evals: EvalMaterial) -> Iterator[IntakeFile]:
    """Files below `evals/`: items and runs read, or why the file is neither."""
    records = Counter(item.source.path for item in evals.items) + Counter(run.source.path for run in evals.runs)
    listed = _listed(root, "evals")
    faults = _by_path(evals.unrecognised, listed)
    for path in listed:
        kind = evals.formats.get(path) or _kind(root, path)
        # A run told by several files is one record under the name of the first.
        found = max(records[path], int(path in evals.formats))
        entry = _entry(root, path, "evals", kind, found, faults.get(path, ()), (), evals.masked.get(path, {}))
        yield replace(entry, status="skipped", reason=ABOUT) if not found and kind in ABOUT_KINDS else entry


def governance_files(root: Path, artefacts: Sequence[Artefact]) -> Iterator[IntakeFile]:
    """Files below `governance/`: one paper each, or why it could not be read."""
    papers = {artefact.source.path: artefact for artefact in artefacts}
    for path in _listed(root, "governance"):
        paper = papers.get(path)
        faults = (paper.fault,) if paper and paper.fault else ()
        readable = int(paper is not None and not paper.fault and bool(paper.text.strip()))
        entry = _entry(root, path, "governance", _kind(root, path), readable, faults, ())
        yield entry


def repository_files(root: Path, repository: Repository | None) -> Iterator[IntakeFile]:
    """Files of the repository snapshot; its history is one line, and so is each file that stands in for it."""
    if repository is None:
        return
    for path in repository.files:
        yield IntakeFile(path, _suffix(path), "loaded", part="repo", documents=1, size=_size(root / path))
    history = {LOG_NAME: len(repository.commits), TAGS_NAME: len(repository.tags)}
    for name, records in history.items():
        if (root / "repo" / name).is_file():
            unused: str | None = (
                None if records else "nothing in it could be read as a history; see README for its form"
            )
            state: FileStatus = "loaded" if records else "unreadable"
            size = _size(root / "repo" / name)
            yield IntakeFile(f"repo/{name}", "history", state, unused, documents=records, part="repo", size=size)
    if (root / "repo" / ".git").exists():
        commits = len(repository.commits)
        status: FileStatus = "loaded" if commits else "unreadable"
        reason = None if commits else "no history could be read; add the output of git log --name-status as git-log.txt"
        yield IntakeFile("repo/.git", "git", status, reason, documents=commits, part="repo")


def label_files(root: Path, queries: int, judged: int, faults: Mapping[str, str]) -> Iterator[IntakeFile]:
    """Questions, relevance labels and settings beside the parts.

    Args:
        root: the case folder.
        queries: questions read.
        judged: questions with a relevance judgment.
        faults: file, relative to the case -> why it could not be used.
    """
    paths = [root / name for name in (*LABEL_FILES, *OWN_FILES) if (root / name).is_file() and name[:6] != "corpus"]
    used = {"queries.jsonl": queries, "queries.jsonl.gz": queries}
    qrels = list(files_below(root / "qrels"))
    test = [path for path in qrels if path.name in ("test.tsv", "test.tsv.gz")]
    for path in [*paths, *qrels]:
        relative = path.relative_to(root).as_posix()
        fault = next((reason for name, reason in faults.items() if relative.startswith(name)), None)
        beaten = path in qrels and bool(test) and path not in test
        status: FileStatus = "unreadable" if fault else "skipped" if beaten else "loaded"
        reason = fault or ("qrels/test.tsv is there and wins" if beaten else None)
        records = judged if path in qrels else used.get(relative, 1)
        yield IntakeFile(
            relative, _suffix(relative), status, reason, 0 if reason else records, part="labels", size=_size(path)
        )


def stray_files(root: Path) -> Iterator[IntakeFile]:
    """Files of the case folder that belong to no part: those waiting in the drop folder, and those beside the parts."""
    for path in files_below(root / INBOX):
        if path.name.lower() not in IGNORED_NAMES:
            kept = path.is_relative_to(root / INBOX / KEPT)
            yield _left(root, path, KEPT_ARCHIVE if kept else WAITING, INBOX)
    for placing in not_unpacked(root):
        yield IntakeFile(placing.source, _suffix(placing.source), "skipped", placing.reason, part=INBOX)
    known = {*PARTS, *LABEL_FILES, *OWN_FILES, INBOX, ".workbench"}
    try:
        beside = sorted(entry for entry in root.iterdir() if entry.name not in known and not entry.is_symlink())
    except OSError:
        return
    for entry in beside:
        for path in [entry] if entry.is_file() else files_below(entry):
            yield _left(root, path, OUTSIDE, "none")


def with_reasons(root: Path, files: Sequence[IntakeFile]) -> tuple[IntakeFile, ...]:
    """The files with why each lies in its part, where it came through the drop folder; members share their archive's reason."""
    known = placings(root)
    found = []
    for file in files:
        places = (file.path, *(str(parent) for parent in PurePosixPath(file.path).parents))
        reason = next((known[place].reason for place in places if place in known), None)
        found.append(replace(file, sorted_by=reason) if reason else file)
    return tuple(found)


def _left(root: Path, path: Path, reason: str, part: str) -> IntakeFile:
    relative = shown(path.relative_to(root))
    return IntakeFile(relative, _suffix(relative), "skipped", reason, part=part, size=_size(path))


def _entry(
    root: Path,
    path: str,
    part: str,
    kind: str,
    records: int,
    faults: Sequence[str],
    warnings: Sequence[str],
    masked: Mapping[str, int] | None = None,
) -> IntakeFile:
    """A file by what was read from it: records make it loaded, its faults are warnings then, and reasons otherwise."""
    size = _size(root / path)
    if Path(path).name.lower() in IGNORED_NAMES:
        return IntakeFile(path, kind, "skipped", BY_SYSTEM, part=part, size=size)
    if records:
        said = (*faults, *warnings)
        return IntakeFile(path, kind, "loaded", None, records, warnings=said, part=part, size=size, masked=masked or {})
    if not size:
        return IntakeFile(path, kind, "empty", "no bytes in it; check the export", part=part)
    reason = "; ".join(faults) or NOT_USED.format(part=part)
    return IntakeFile(path, kind, "unreadable", reason, warnings=tuple(warnings), part=part, size=size)


def _by_path(faults: Iterable[str], paths: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Faults by the file they begin with, without its name."""
    found: dict[str, list[str]] = {}
    by_length = sorted(paths, key=len, reverse=True)  # "logs/a.csv.gz" before "logs/a.csv"
    for fault in faults:
        path = next((name for name in by_length if fault.startswith(name)), None)
        if path is not None:
            found.setdefault(path, []).append(fault.removeprefix(path).lstrip(": "))
    return {path: tuple(entries) for path, entries in found.items()}


def _listed(root: Path, part: str) -> list[str]:
    folder = root / part
    return [] if folder.is_symlink() else [path.relative_to(root).as_posix() for path in files_below(folder)]


def _kind(root: Path, path: str) -> str:
    try:
        return kind_of(root / path)
    except OSError:
        return _suffix(path)


def _suffix(path: str) -> str:
    return Path(path).suffix.lower().lstrip(".") or "none"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
