"""Makes a map in two pictures: a PCA at once, and t-SNE after it, with the same passages, regions and shares.

It orders the parts; each is computed in a module of its own, and both pictures are kept by `workbench.store`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.comparison.corpus_map.chosen import K_RETRIEVED, MOST_POINTS, Chosen, choose
from workbench.comparison.corpus_map.names import region_names
from workbench.comparison.corpus_map.neighbours import ENOUGH, Neighbourhoods
from workbench.comparison.corpus_map.regions import Grouping, Labels, group, number_of_regions
from workbench.comparison.corpus_map.shares import misses_of, region_misses
from workbench.comparison.corpus_map.tables import StoredMap, beginning, map_frame
from workbench.comparison.corpus_map.tsne import t_sne
from workbench.comparison.corpus_map.vectors import Points, Projection, Space, plane, space_of
from workbench.comparison.tables import StoredComparison
from workbench.compute import Progress, scaled
from workbench.errors import CaseError
from workbench.evaluation.failures import FAILURE_K
from workbench.records import CorpusMap, MapMethod, Passage, Region
from workbench.retrieval.protocols import Vectors

VECTORS_SHARE = 0.5
"""Share of the progress of a draft at which the vectors are there."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything of a map but where its points lie.

    Attributes:
        passages: those of the map. chosen: how they were chosen.
        different: vectors of the passages, each once. copies: for each passage its row in them.
        questions: vectors of the questions.
        projection: principal components of `different`.
        regions: with what is missed in them. grouping: who is in which.
        neighbourhoods: what a picture is held against.
        key: what the map is made of. seed: of every sample.
    """

    stored: StoredComparison
    corpus_passages: int
    passages: tuple[Passage, ...]
    chosen: Chosen
    different: Vectors
    copies: Labels
    questions: Vectors
    projection: Projection
    regions: tuple[Region, ...]
    grouping: Grouping
    neighbourhoods: Neighbourhoods
    key: str
    seed: int

    @property
    def enough(self) -> bool:
        """Whether there are different passages enough for a second picture."""
        return len(self.different) >= ENOUGH


def draft_of(
    stored: StoredComparison,
    passages: Sequence[Passage],
    store: Path,
    *,
    key: str = "",
    seed: int = 0,
    most: int = MOST_POINTS,
    progress: Progress | None = None,
) -> Draft:
    """Choose the passages of a map, group them into regions and count what is missed there.

    Args:
        stored: the comparison.
        passages: the corpus as it is usually cut.
        store: where vectors are kept.
        key: what the map is made of; kept with it.
        seed: of every sample.
        most: passages on the map.
        progress: called with the share done.

    Raises:
        CaseError: there is no passage. MissingPartError: the encoder is not there, or the kept vectors cannot be used.
    """
    if not passages:
        raise CaseError(f"{stored.comparison.case}: no passage to draw a map of; see what was read on the intake page")
    tell = scaled(progress, 0.0, 1.0)
    tell(0.0, "fetching vectors")
    space = space_of(stored, passages, store, scaled(progress, 0.0, VECTORS_SHARE))
    tell(VECTORS_SHARE, "grouping passages")
    rng = np.random.default_rng(seed)
    chosen = choose(stored, passages, _Nearest.of(stored, space), rng, most=most)
    shown = tuple(passages[row] for row in chosen.rows)
    different, copies = _different(space.passages[chosen.rows])
    projection = Projection.of(different)
    grouping = _grouping(stored, projection, different, copies, space.questions, seed)
    regions = _regions(stored, shown, grouping)
    neighbourhoods = Neighbourhoods.of(different, rng)
    tell(1.0, "grouping passages")
    return Draft(
        stored,
        len(passages),
        shown,
        chosen,
        different,
        copies,
        space.questions,
        projection,
        regions,
        grouping,
        neighbourhoods,
        key,
        seed,
    )


def first_picture(draft: Draft) -> StoredMap:
    """The map by its first two principal components: computed at once, good for the outline and little else."""
    notes: tuple[str, ...] = ()
    if not draft.enough:
        few = len(draft.different)
        are = f"{few} different passages are too few" if few > 1 else "1 different passage is too little"
        notes = (f"{are} for t-SNE; the map is a PCA",)
    return _picture(draft, "pca", *_by_pca(draft), notes=notes, final=not draft.enough)


def second_picture(draft: Draft, progress: Progress | None = None) -> StoredMap:
    """The map by t-SNE; the first picture again where there are too few different passages.

    Args:
        draft: the map.
        progress: called every few iterations; what it raises ends the computation.
    """
    if not draft.enough:
        return first_picture(draft)
    start, _ = _by_pca(draft)
    return _picture(draft, "t-sne", *t_sne(draft.different, draft.questions, start, progress))


@dataclass(frozen=True, slots=True)
class _Nearest:
    """Which of some passages is nearest to a question."""

    places: dict[str, int]
    space: Space

    @classmethod
    def of(cls, stored: StoredComparison, space: Space) -> _Nearest:
        return cls({str(query_id): place for place, query_id in enumerate(stored.queries["query_id"])}, space)

    def __call__(self, query_id: str, rows: Sequence[int]) -> int:
        similar = self.space.passages[list(rows)] @ self.space.questions[self.places[query_id]]
        return rows[int(similar.argmax())]


def _different(vectors: Vectors) -> tuple[Vectors, Labels]:
    """Vectors, each once in the order of its first appearance, and for each given one its row among them.

    Copies of a text would fill each other's neighbourhoods, and crowd everything else out of them.
    """
    first: dict[bytes, int] = {}
    copies = np.array([first.setdefault(vector.tobytes(), len(first)) for vector in vectors], dtype=np.int64)
    rows = np.unique(copies, return_index=True)[1]
    return vectors[rows], copies


def _grouping(
    stored: StoredComparison, projection: Projection, different: Vectors, copies: Labels, questions: Vectors, seed: int
) -> Grouping:
    asked = stored.comparison.judged or len(stored.queries)
    regions = number_of_regions(asked, len(different))
    return group(projection.apply(different), copies, projection.apply(questions), regions, seed)


def _regions(stored: StoredComparison, passages: Sequence[Passage], grouping: Grouping) -> tuple[Region, ...]:
    names = region_names(
        [passage.text for passage in passages],
        grouping.passages,
        grouping.regions,
        titles=[passage.title for passage in passages],
        questions=[str(text) for text in stored.queries["text"]],
        asked=grouping.questions,
    )
    ids = [str(query_id) for query_id in stored.queries["query_id"]]
    found = region_misses(misses_of(stored), dict(zip(ids, grouping.questions.tolist(), strict=True)), grouping.regions)
    sizes = np.bincount(grouping.passages, minlength=grouping.regions)
    asked = np.bincount(grouping.questions, minlength=grouping.regions)
    judged = np.bincount(grouping.questions[stored.queries["judged"].to_numpy(bool)], minlength=grouping.regions)
    return tuple(
        Region(
            number,
            names[number],
            int(sizes[number]),
            int(asked[number]),
            told.missed,
            told.stands_out,
            int(judged[number]),
            told.p_values,
        )
        for number, told in enumerate(found)
    )


def _by_pca(draft: Draft) -> tuple[Points, Points]:
    return plane(draft.projection.apply(draft.different)), plane(draft.projection.apply(draft.questions))


def _picture(
    draft: Draft,
    method: MapMethod,
    different: Points,
    questions: Points,
    *,
    notes: tuple[str, ...] = (),
    final: bool = True,
) -> StoredMap:
    points = different[draft.copies]
    comparison = draft.stored.comparison
    k = next((told.k for told in comparison.failures.values()), FAILURE_K)
    found = CorpusMap(
        method,
        k,
        draft.corpus_passages,
        len(draft.passages),
        draft.chosen.retrieved,
        K_RETRIEVED,
        len(questions),
        draft.regions,
        draft.neighbourhoods.kept(different, np.random.default_rng(draft.seed)),
        (*draft.chosen.notes, *notes),
        final,
        draft.key,
    )
    rows = zip(draft.passages, points.tolist(), draft.grouping.passages.tolist(), strict=True)
    asked = zip(draft.stored.queries["query_id"], questions.tolist(), draft.grouping.questions.tolist(), strict=True)
    return StoredMap(
        found,
        map_frame(
            "passages",
            (
                (p.passage_id, p.doc_id, p.title, beginning(p.text), x, y, region, place < draft.chosen.retrieved)
                for place, (p, (x, y), region) in enumerate(rows)
            ),
        ),
        map_frame("queries", ((query_id, x, y, region) for query_id, (x, y), region in asked)),
        map_frame("stand_ins", sorted(draft.chosen.stand_ins.items())),
    )
