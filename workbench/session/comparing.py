"""Searches compared on a case, what was compared before, and what people graded of it.

Measures and arms are decided elsewhere.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from workbench import store
from workbench.case import Case, check_out
from workbench.comparison import compare as comparing
from workbench.comparison import reasons as explaining
from workbench.comparison.compare import DEFAULT_SETTINGS
from workbench.comparison.grading import GradingDesk, with_grades
from workbench.comparison.reasons import Explanation
from workbench.comparison.tables import StoredComparison
from workbench.compute import Progress, scaled
from workbench.errors import CaseError, InputError
from workbench.ingest.load import load_inputs
from workbench.records import CaseInputs
from workbench.retrieval.arms import ARMS, ArmSettings
from workbench.retrieval.protocols import Retriever
from workbench.session.maps import keep_first_map
from workbench.session.places import COMPARISON, EMBEDDINGS, opened_case, results_folder

log = logging.getLogger(__name__)


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
    opened = opened_case(case)
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
        keep_comparison(opened, found, inputs, kept)
    result = with_grades(found, opened.root)
    if out:
        store.write_comparison(result, out)
    return result


def keep_comparison(case: Case, found: StoredComparison, inputs: CaseInputs, kept: Path) -> None:
    """Keep a comparison for the pages, and the first picture of its map.

    Args:
        case: whose files were compared.
        found: what came of it.
        inputs: what was read of the case.
        kept: the results folder as it was before anything was read.
    """
    store.save_comparison(found, kept / COMPARISON)
    keep_first_map(case, found, inputs, kept)


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
    opened = opened_case(case)
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
    opened = opened_case(case)
    return explaining.explain(load_inputs(opened), opened.derived / EMBEDDINGS, question, doc_id)


def by_default(result: StoredComparison) -> bool:
    """Whether a comparison holds all arms and was run with the default encoder and engine; the reranker may be another."""
    default = comparing.described(DEFAULT_SETTINGS) | {"reranker": result.comparison.settings.get("reranker", "")}
    return set(ARMS) <= set(result.comparison.arms) and result.comparison.settings == default
