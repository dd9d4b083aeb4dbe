"""What a person asks of a case: take its files in, compare, diagnose, and find what was computed before.

It puts the parts in order and keeps their results; every number comes from the parts themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import workbench
from workbench import compute, store
from workbench.case import Case, fingerprint, open_case, waiting
from workbench.case import check_out as check_out
from workbench.comparison import compare as comparing
from workbench.comparison import reasons as explaining
from workbench.comparison.compare import DEFAULT_SETTINGS
from workbench.comparison.corpus_map import StoredMap, draft_of, first_picture, second_picture
from workbench.comparison.grading import GradingDesk, with_grades
from workbench.comparison.near_questions import compared_questions
from workbench.comparison.reasons import Explanation
from workbench.comparison.signals import observe_comparison
from workbench.comparison.tables import StoredComparison
from workbench.compute import Progress, scaled
from workbench.costs.limits import observe as observe_limits
from workbench.diagnosis import diagnose as weigh
from workbench.errors import CaseError, InputError, MissingPartError
from workbench.evaluation.harness import observe as observe_harness
from workbench.evaluation.near_questions import MOST_QUESTIONS
from workbench.governance.operations import observe as observe_operations
from workbench.governance.readiness import observe as observe_governance
from workbench.ingest.corpus.chunking import chunk_all
from workbench.ingest.handover.drop_folder import take_in
from workbench.ingest.load import load_inputs, read_case_corpus, unread_files
from workbench.intake import take_stock
from workbench.records import CaseInputs, Diagnosis, Intake, NearQuestions, Observation
from workbench.retrieval.arms import ARMS, ArmSettings
from workbench.retrieval.encoder import load_encoder
from workbench.retrieval.protocols import Retriever
from workbench.retrieval.symptoms import observe as observe_symptoms

log = logging.getLogger(__name__)
T = TypeVar("T")

ANALYSIS = "analysis"
"""Name of the job that computes everything the pages show."""
INTAKE = "intake"
"""Name of the job that sorts in what was handed over and reads it."""
MAP = "map"
"""Name of the job that draws the map of the corpus, and of the folder it is kept in."""

MOST_FAULTS = 3
"""Unreadable log lines told one by one in a diagnosis."""

INTAKE_FILE = "intake.json"
DIAGNOSIS_FILE = "diagnosis.json"
COMPARISON = "comparison"
NEAR_FILE = "near_questions.json"
EMBEDDINGS = "embeddings"
"""Folder of kept vectors in the derived results."""
RESULTS_VERSION = "6"
"""Part of every key: raise it when stored results of an older release must not be shown."""


def intake(case: Case | Path | str, *, out: Path | None = None, progress: Progress | None = None) -> Intake:
    """Sort in what lies in the drop folder, read every file, keep the result for the pages, write `intake.json` to `out`.

    What was read before and has not changed since is not read again, also after a run that was stopped or killed.

    Raises:
        CaseError: `out` cannot be written to, or a file of the drop folder cannot be moved.
    """
    opened = _opened(case)
    check_out(opened, out)
    placed = take_in(opened.root, progress=scaled(progress, 0.0, 0.1)) if opened.writable else []
    notes = [f"{entry.from_path}: {entry.reason}" for entry in placed if entry.reason]
    # Before anything is read: a file that changes meanwhile must not pass for one that was read.
    kept = results_folder(opened)
    found = take_stock(opened, notes=notes, progress=scaled(progress, 0.1, 1.0))
    for folder in (kept, *([out] if out else [])):
        store.write_text(folder / INTAKE_FILE, store.to_json(found, "intake"))
    return found


def stored_intake(case: Case) -> Intake | None:
    """The intake of the client's files as they are now; None when there is none, or it is damaged."""
    return _stored(case, INTAKE_FILE, Intake)


def start_intake(case: Case) -> None:
    """Have a worker take the client's files in; progress is the job "intake" of the case."""
    compute.submit(case.root, INTAKE, run_intake, str(case.root))


def run_intake(case_root: str) -> None:
    """The job behind `start_intake`: what the worker runs."""
    compute.run_job(Path(case_root), INTAKE, lambda progress: _take_in(case_root, progress))


def compare(
    case: Case | Path | str,
    *,
    arms: Sequence[str] = ARMS,
    settings: ArmSettings = DEFAULT_SETTINGS,
    retrievers: Mapping[str, Retriever] | None = None,
    probed: int | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> StoredComparison:
    """Run the arms on a case and write `comparison.json` and TREC runs to `out`.

    A run of the four main arms, whatever is run beside them, is kept for the pages; one of some is not, for it would hide the
    others there.

    Args:
        case: an opened case or its folder.
        arms: names of arms, variants too ("hybrid+title"); `workbench.retrieval.recipes` says how they are written.
        settings: models, engines and weights.
        retrievers: a client's own, by the name of their arm.
        probed: documents probed for findability; 0 for none, None for the usual number.
        out: where files are written; None writes none.
        progress: called with the share done and what is being done.

    Raises:
        CaseError: nothing to search or nothing to ask, or `out` cannot be written to.
        InputError: labels that contradict themselves, or a client's retriever that breaks its promises.
        MissingPartError: no arm could run. ValueError: an unknown arm.
    """
    opened = _opened(case)
    check_out(opened, out)
    kept = results_folder(opened)
    inputs = load_inputs(opened, progress=scaled(progress, 0.0, 0.1))
    found = comparing.compare(
        inputs,
        opened.derived / EMBEDDINGS,
        arms=arms,
        settings=settings,
        retrievers=retrievers,
        probed=probed,
        progress=scaled(progress, 0.1, 1.0),
    )
    if set(ARMS) <= set(arms):
        store.save_comparison(found, kept / COMPARISON)
        _keep_first_map(opened, found, inputs, kept)
    result = with_grades(found, opened.root)
    if out:
        store.write_comparison(result, out)
    return result


def diagnose(case: Case | Path | str, *, out: Path | None = None, progress: Progress | None = None) -> Diagnosis:
    """Weigh everything a case shows, keep the result for the pages, and write `diagnosis.json` and `report.html` to `out`.

    The comparison is taken from an earlier run of all arms with the default encoder and engine when the client's files
    have not changed since; where it cannot be made (no corpus, no questions, no encoder) its signals are unknown.

    Raises:
        CaseError: `out` cannot be written to. InputError: labels that contradict themselves.
    """
    opened = _opened(case)
    check_out(opened, out)
    kept = results_folder(opened)
    inputs = load_inputs(opened, progress=scaled(progress, 0.0, 0.1))
    result = stored_comparison(opened)
    if result is None or not _by_default(result):
        try:
            found = comparing.compare(inputs, opened.derived / EMBEDDINGS, progress=scaled(progress, 0.1, 0.8))
            store.save_comparison(found, kept / COMPARISON)
            _keep_first_map(opened, found, inputs, kept)
            result = with_grades(found, opened.root)
        except (CaseError, MissingPartError):
            result = None
    tell = scaled(progress, 0.8, 1.0)
    tell(0.0, "looking for signs of each cause")
    diagnosis = weigh(observe(with_near_questions(opened, inputs), result), case=opened.name)
    diagnosis = replace(
        diagnosis,
        not_measured=(
            *_left_waiting(opened),
            *unread_files(inputs),
            *inputs.log.faults[:MOST_FAULTS],
            *diagnosis.not_measured,
        ),
    )
    for folder in (kept, *([out] if out else [])):
        _write_diagnosis(diagnosis, result, folder)
    tell(1.0, "done")
    return diagnosis


def observe(inputs: CaseInputs, result: StoredComparison | None) -> list[Observation]:
    """Observations of every analysis on one case."""
    found = [
        *observe_harness(inputs),
        *observe_governance(inputs),
        *observe_symptoms(inputs),
        *observe_limits(inputs),
        *observe_operations(inputs),
    ]
    return [*found, *observe_comparison(result.comparison if result else None)]


def with_near_questions(case: Case, inputs: CaseInputs, progress: Progress | None = None) -> CaseInputs:
    """The inputs with what is known of near evaluation questions: kept from an earlier time, else worked out and kept.

    What could not be worked out is not kept, so that it is tried again once there is an encoder.
    """
    near = _stored(case, NEAR_FILE, NearQuestions)
    if near is None or near.questions != min(len(inputs.evals.items), MOST_QUESTIONS):
        # Before anything is encoded: a file that changes meanwhile must not pass for one that was read.
        kept = results_folder(case)
        near = compared_questions(inputs, case.derived / EMBEDDINGS, progress)
        if not near.reason:
            store.write_text(kept / NEAR_FILE, store.to_json(near, "near-questions"))
    return replace(inputs, near=near)


def stored_comparison(case: Case) -> StoredComparison | None:
    """The comparison of the client's files as they are now, with what was graded since.

    None when there is none, or it is damaged.
    """
    try:
        kept = store.load_comparison(results_folder(case) / COMPARISON)
        return with_grades(kept, case.root) if kept else None
    except InputError as error:
        log.warning("%s", error)
        return None


def grade(case: Case | Path | str, query_id: str, doc_id: str, value: int | None, *, by: str = "") -> StoredComparison:
    """Keep one relevance grade, 0 to 3, and return the comparison with it; None withdraws an earlier grade.

    What is to be graded, and in which order, is said by `workbench.comparison.grading.labelling_of`.

    Raises:
        CaseError: nothing was compared yet, or the case is read-only.
        InputError: not a grade, no document that is to be graded for this question, or a file of grades that cannot be read.
    """
    opened = _opened(case)
    try:
        found = store.load_comparison(results_folder(opened) / COMPARISON)
    except InputError as error:
        log.warning("%s", error)
        found = None
    if found is None:
        raise CaseError(f"{opened.name}: nothing to grade yet; run `workbench compare` first")
    desk = GradingDesk(found, opened.root)
    desk.keep(query_id, doc_id, value, by=by)
    return replace(found, comparison=desk.comparison())


def explain(case: Case | Path | str, question: str, doc_id: str) -> Explanation:
    """Why the built-in reranker puts a document where it stands for a question.

    Args:
        case: an opened case or its folder.
        question: id of a question of the case, or any text.
        doc_id: a document of the case.

    Raises:
        CaseError: no such case. InputError: no such document, or an empty question. MissingPartError: no encoder.
    """
    opened = _opened(case)
    return explaining.explain(load_inputs(opened), opened.derived / EMBEDDINGS, question, doc_id)


def stored_diagnosis(case: Case) -> Diagnosis | None:
    """The diagnosis of the client's files as they are now; None when there is none, or it is damaged."""
    return _stored(case, DIAGNOSIS_FILE, Diagnosis)


def results_folder(case: Case) -> Path:
    """Where results for the client's files as they are now belong."""
    return case.derived / "results" / fingerprint(case.root, RESULTS_VERSION)


def start_analysis(case: Case) -> None:
    """Have a worker compute everything the pages show; progress is the job "analysis" of the case."""
    compute.submit(case.root, ANALYSIS, run_analysis, str(case.root))


def run_analysis(case_root: str) -> None:
    """The job behind `start_analysis`: what the worker runs."""
    compute.run_job(Path(case_root), ANALYSIS, lambda progress: _analyse(case_root, progress))


def start_map(case: Case) -> None:
    """Have a worker draw the map of the corpus; progress is the job "map" of the case."""
    compute.submit(case.root, MAP, run_map, str(case.root))


def run_map(case_root: str) -> None:
    """The job behind `start_map`: what the worker runs. Its first picture is there long before it ends."""
    compute.run_job(Path(case_root), MAP, lambda progress: _draw_map(case_root, progress))


def stored_map(case: Case) -> StoredMap | None:
    """The map of the corpus for the comparison that is kept: the best picture drawn so far.

    Its `map.final` tells whether a better one is to come. None when there is none, or it is damaged, or belongs to an earlier
    comparison.
    """
    kept = results_folder(case)
    key = store.map_key(kept / COMPARISON)
    try:
        return store.load_map(kept / MAP, key) if key else None
    except InputError as error:
        log.warning("%s", error)
        return None


def warm_up() -> None:
    """Load the encoder, so that the first analysis does not wait for it; without one there is nothing to warm."""
    try:
        load_encoder(None)
    except MissingPartError:
        return


def _keep_first_map(case: Case, found: StoredComparison, inputs: CaseInputs, kept: Path) -> None:
    """Keep the first picture of the map while vectors and texts are at hand: 0.2 s for 600 passages.

    Without an encoder there is none, and the comparison stands without it.
    """
    key = store.map_key(kept / COMPARISON)
    with suppress(MissingPartError):
        draft = draft_of(found, inputs.passages, case.derived / EMBEDDINGS, key=key or "")
        store.save_map(first_picture(draft), kept / MAP)


MAP_READ, MAP_FIRST = 0.15, 0.25
"""Shares of the progress of a map at which the corpus is read, and at which the first picture is kept."""


def _draw_map(case_root: str, progress: Progress) -> None:
    """Keep the first picture, then the second; nothing is done where the second is kept already."""
    case = open_case(case_root)
    kept = results_folder(case)
    # Before anything is read: a comparison that is replaced meanwhile must not pass for the one that was drawn.
    key = store.map_key(kept / COMPARISON)
    stored = store.load_comparison(kept / COMPARISON)
    if key is None or stored is None:
        raise CaseError(f"{case.name}: nothing to draw a map of yet; run the analysis first")
    drawn = stored_map(case)
    if drawn and drawn.map.final:
        return
    documents, _ = read_case_corpus(case, progress=scaled(progress, 0.0, MAP_READ))
    draft = draft_of(
        stored,
        chunk_all(documents),
        case.derived / EMBEDDINGS,
        key=key,
        progress=scaled(progress, MAP_READ, MAP_FIRST),
    )
    _keep_map(first_picture(draft), kept)
    if draft.enough:
        _keep_map(second_picture(draft, scaled(progress, MAP_FIRST, 1.0)), kept)


def _keep_map(picture: StoredMap, kept: Path) -> None:
    """Keep a picture, unless the comparison it was drawn of was replaced meanwhile: that one's first picture is there."""
    if store.map_key(kept / COMPARISON) == picture.map.key:
        store.save_map(picture, kept / MAP)


def _take_in(case_root: str, progress: Progress) -> None:
    intake(case_root, progress=progress)


def _stored(case: Case, name: str, kind: type[T]) -> T | None:
    path = results_folder(case) / name
    try:
        return store.from_json(path.read_text(encoding="utf-8"), kind) if path.is_file() else None
    except (InputError, UnicodeDecodeError) as error:
        log.warning("%s", error)
        return None


def _analyse(case_root: str, progress: Progress) -> None:
    case = open_case(case_root)
    if stored_intake(case) is None or waiting(case.root):
        intake(case, progress=scaled(progress, 0.0, 0.2))
    diagnose(case, progress=scaled(progress, 0.2, 1.0))


def _left_waiting(case: Case) -> list[str]:
    number = waiting(case.root)
    if not number:
        return []
    wait, were = ("file waits", "was") if number == 1 else ("files wait", "were")
    return [f"{number} {wait} in the drop folder and {were} not looked at; take the files in first"]


def _by_default(result: StoredComparison) -> bool:
    """Whether a comparison holds all arms and was run with the default encoder and engine; the reranker may be another."""
    default = comparing.described(DEFAULT_SETTINGS) | {"reranker": result.comparison.settings.get("reranker", "")}
    return set(ARMS) <= set(result.comparison.arms) and result.comparison.settings == default


def _write_diagnosis(diagnosis: Diagnosis, result: StoredComparison | None, folder: Path) -> None:
    from workbench.report.html import render_report

    report = render_report(
        diagnosis,
        result.comparison if result else None,
        produced_at=datetime.now(UTC),
        version=workbench.__version__,
    )
    with store.whole_folder(folder) as scratch:
        (scratch / "report.html").write_text(report, encoding="utf-8")
        (scratch / DIAGNOSIS_FILE).write_text(store.to_json(diagnosis, "diagnosis"), encoding="utf-8")


def _opened(case: Case | Path | str) -> Case:
    return case if isinstance(case, Case) else open_case(case)
