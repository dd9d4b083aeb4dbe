"""The map of a case's corpus: a first picture kept with every comparison, a better one drawn when asked.

Positions are computed elsewhere.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

from workbench import compute, store
from workbench.case import Case, open_case
from workbench.comparison.corpus_map import StoredMap, draft_of, first_picture, second_picture
from workbench.comparison.tables import StoredComparison
from workbench.compute import Progress, scaled
from workbench.errors import CaseError, InputError, MissingPartError
from workbench.ingest.corpus.chunking import chunk_all
from workbench.ingest.load import read_case_corpus
from workbench.records import CaseInputs
from workbench.session.places import COMPARISON, EMBEDDINGS, results_folder

log = logging.getLogger(__name__)

MAP = "map"
"""Name of the job that draws the map of the corpus, and of the folder it is kept in."""
MAP_READ, MAP_FIRST = 0.15, 0.25
"""Shares of the progress of a map at which the corpus is read, and at which the first picture is kept."""


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


def keep_first_map(case: Case, found: StoredComparison, inputs: CaseInputs, kept: Path) -> None:
    """Keep the first picture of the map while vectors and texts are at hand: 0.2 s for 600 passages.

    Without an encoder there is none, and the comparison stands without it.
    """
    key = store.map_key(kept / COMPARISON)
    with suppress(MissingPartError):
        draft = draft_of(found, inputs.passages, case.derived / EMBEDDINGS, key=key or "")
        store.save_map(first_picture(draft), kept / MAP)


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
