"""A whole case folder read into one value; each part is read on its own, so that a missing one disables only itself.

Which results are still possible with what is there is decided by whoever needs the part.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from workbench.case import Case
from workbench.compute import Progress, scaled
from workbench.ingest.artefacts import read_artefacts
from workbench.ingest.corpus.chunking import chunk_all
from workbench.ingest.corpus.documents import read_corpus
from workbench.ingest.corpus.extraction_store import ExtractionStore
from workbench.ingest.evals.material import read_evals
from workbench.ingest.labels import find_beside, read_qrels, read_queries
from workbench.ingest.logs.masking import case_key
from workbench.ingest.logs.reading import read_logs
from workbench.ingest.repository import read_repository
from workbench.records import CaseInputs, Document, IntakeFile, Qrels

STORE_NAME = "documents.sqlite"
"""File below the derived folder with what was read from each corpus file."""
SECONDS_A_FILE = 120.0
"""After this a file is given up: readers of hostile files can hang, and one file must not stop a session."""


def load_inputs(case: Case, *, progress: Progress | None = None) -> CaseInputs:
    """Read everything a case holds.

    Args:
        case: an opened case.
        progress: called with the share read, 0 to 1, and the file at hand.

    Raises:
        InputError: queries, qrels or a BEIR corpus contradict themselves; other files are accounted for in `intake`.
    """
    documents, intake = read_case_corpus(case, progress=scaled(progress, 0.0, 0.7))
    queries_path = find_beside(case.root, "queries.jsonl")
    queries = read_queries(queries_path) if queries_path else []
    qrels_folder = case.root / "qrels"
    qrels: Qrels = read_qrels(qrels_folder, queries, documents) if qrels_folder.is_dir() else {}
    log = read_logs(case.root, derived=case.derived, progress=scaled(progress, 0.7, 1.0))
    evals = read_evals(case.root, key=case_key(case.derived))
    repository = read_repository(case.root)
    artefacts = read_artefacts(case.root, repository.commits if repository else ())
    present = {
        "corpus": bool(documents),
        "queries": bool(queries),
        "qrels": bool(qrels),
        "logs": bool(log.interactions),
        "evals": bool(evals.items or evals.runs or evals.live),
        "governance": bool(artefacts),
        "repo": repository is not None and bool(repository.files or repository.commits),
    }
    return CaseInputs(
        root=str(case.root),
        name=case.name,
        documents=tuple(documents),
        passages=tuple(chunk_all(documents)),
        queries=tuple(queries),
        qrels=qrels,
        log=log,
        evals=evals,
        artefacts=artefacts,
        repository=repository,
        intake=tuple(intake),
        missing={part: _missing(part, intake) for part, there in present.items() if not there},
        key_dates=case.key_dates,
        regulated=case.regulated,
    )


def read_case_corpus(case: Case, *, progress: Progress | None = None) -> tuple[list[Document], list[IntakeFile]]:
    """Documents of a case and what became of each corpus file; files read before and not changed since are not read again.

    Args:
        case: an opened case.
        progress: called with the share of files read, 0 to 1, and the file at hand.

    Raises:
        InputError: `corpus.jsonl` is there but not in BEIR form.
    """
    with ExtractionStore(case.derived / STORE_NAME) as store:
        documents, files = read_corpus(
            case.root, store=store, mask_personal=case.mask_documents, time_limit=SECONDS_A_FILE, progress=progress
        )
    return documents, [_without_name(file) for file in files]


def _without_name(file: IntakeFile) -> IntakeFile:
    """The file with a reason that does not begin with its name: whoever shows it has said the name already."""
    name = f"{PurePosixPath(file.path).name}: "
    return replace(file, reason=file.reason.removeprefix(name)) if file.reason else file


_MISSING = {
    "corpus": "no documents: put files into corpus/, or a BEIR corpus.jsonl beside case.toml",
    "queries": "no labelled questions: queries.jsonl is not there",
    "qrels": "no relevance labels: qrels/test.tsv is not there",
    "logs": "no query log: put an export of the pilot's log into logs/",
    "evals": "no eval set and no eval runs: put them into evals/",
    "governance": "no governance papers: put decisions, registers, approvals and runbooks into governance/",
    "repo": "no repository snapshot: put one into repo/, with .git or git-log.txt",
}


def _missing(part: str, intake: list[IntakeFile]) -> str:
    unread = [entry for entry in intake if entry.status in {"unreadable", "empty"}]
    if part == "corpus" and unread:
        return f"no documents: none of {len(intake)} corpus files holds readable text; {unread[0].path}: {unread[0].reason}"
    return _MISSING[part]


def unread_files(inputs: CaseInputs) -> list[str]:
    """One sentence when files of the corpus could not be read, naming the first; nothing when all could."""
    unread = [entry for entry in inputs.intake if entry.status in {"unreadable", "empty"}]
    if not unread:
        return []
    named = "; ".join(f"{entry.path}: {entry.reason}" for entry in unread[:3])
    more = f"; and {len(unread) - 3} more" if len(unread) > 3 else ""
    return [f"{len(unread)} of {len(inputs.intake)} corpus files hold no text that could be read: {named}{more}"]
