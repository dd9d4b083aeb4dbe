"""Which topics of the real traffic an eval set touches, and how its weight lies over them.

Topics are groups of similar logged questions, found without a neural encoder so that the answer takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from workbench.evaluation import coverage_map
from workbench.evaluation.population_stability import chance_limit, stability_estimate
from workbench.evaluation.telling_words import topic_names
from workbench.intervals import wilson
from workbench.observing import plain
from workbench.records import CaseInputs, Coverage, CoveragePoint, Estimate, EvalItem, TopicCover

Kind = TypeVar("Kind")

MOST_TOPICS = 20
QUERIES_PER_TOPIC = 15
MOST_QUERIES = 4000
LONGEST = 1_000
"""Characters of a question that are compared; what follows is a pasted document."""
FEWEST_QUERIES = 30
"""Different logged questions below which there are no topics to speak of."""
DIMENSIONS = 40
SEED = 0
EDGE = 0.10
NEAR = 0.5
"""An item touches a topic when it is as near to its centre as the nearest 90 % of the topic's own questions, or has a
cosine of 0.5 with it: in a topic of nearly equal questions nobody else comes as near as those."""


@dataclass(frozen=True, slots=True)
class TopicCoverage:
    """How much traffic lies in topics without an eval item.

    Attributes:
        queries: logged questions looked at. uncovered: those in topics without an item.
        topics: groups found. bare_topics: groups without an item.
        example: the question nearest to the centre of the largest bare topic, None where all are touched.
        psi: population stability index of the items against the traffic. psi_limit: its 95 % point under chance alone; None
            without items.
    """

    queries: int
    uncovered: int
    topics: int
    bare_topics: int
    example: str | None
    psi: Estimate
    psi_limit: float | None


@dataclass(frozen=True, slots=True)
class Topics:
    """Logged questions in groups, and the items beside them.

    Attributes:
        sample: logged questions looked at. traffic: (n, dimensions) their vectors. labels: the topic of each.
        centres: one a topic. items: vectors of the items.
        nearest: the topic whose centre each item is nearest to.
        touches: (items, topics), whether an item is near enough to a topic to count as a question about it.
    """

    sample: tuple[str, ...]
    traffic: NDArray[np.float64]
    labels: NDArray[np.int64]
    centres: NDArray[np.float64]
    items: NDArray[np.float64]
    nearest: NDArray[np.int64]
    touches: NDArray[np.bool_]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Logged questions of each topic."""
        return np.bincount(self.labels, minlength=len(self.centres))

    @property
    def touched(self) -> NDArray[np.bool_]:
        """Whether any item touches each topic."""
        return np.asarray(self.touches.any(axis=0), dtype=np.bool_)

    def example(self, topic: int) -> str:
        """The logged question nearest to the centre of a topic."""
        members = np.flatnonzero(self.labels == topic)
        return self.sample[int(members[np.argmax(self.traffic[members] @ self.centres[topic])])]

    def stability(self) -> tuple[Estimate, float | None]:
        """Population stability index of the items against the traffic over the topics, and its limit by chance."""
        found = np.bincount(self.nearest, minlength=len(self.centres))
        if not len(self.nearest):
            return Estimate.not_measured("no evaluation questions"), None
        return (
            stability_estimate(self.sizes, found, np.random.default_rng(SEED)),
            chance_limit(self.sizes, found, np.random.default_rng(SEED)),
        )


def coverage_of_traffic(queries: Sequence[str], questions: Sequence[str]) -> TopicCoverage:
    """Groups logged queries by shared word parts and counts those in groups that no eval question falls into.

    Needs at least two different queries; how groups are found is said in `topics_of`.
    """
    topics = topics_of(queries, questions)
    sizes, bare = topics.sizes, np.flatnonzero(~topics.touched)
    example = topics.example(int(bare[np.argmax(sizes[bare])])) if len(bare) else None
    psi, limit = topics.stability()
    return TopicCoverage(
        len(topics.sample), int(sizes[bare].sum()), len(topics.centres), len(bare), example, psi, limit
    )


def topics_of(queries: Sequence[str], questions: Sequence[str]) -> Topics:
    """Groups of logged queries, and where the eval questions lie among them.

    TF-IDF of runs of three to five characters within words, reduced to 40 dimensions, k-means with a fixed seed and one
    group per 15 queries, at most 20. Long logs are thinned evenly to 4,000 queries. Needs at least two different queries.

    Args:
        queries: the log, in its order.
        questions: those of the eval set, at most 4,000; more are thinned as well.
    """
    from threadpoolctl import threadpool_limits

    sample, asked = _thinned(queries), _thinned(questions)
    # One thread: with more, sums are added in the order in which the threads happen to end.
    with threadpool_limits(limits=1):
        points = _embedded([*sample, *asked])
        traffic, items = points[: len(sample)], points[len(sample) :]
        labels, centres = _groups(traffic)
    return Topics(
        tuple(sample),
        traffic,
        labels,
        centres,
        items,
        _nearest(items, centres),
        _touches(traffic, labels, centres, items),
    )


def coverage_report(inputs: CaseInputs) -> Coverage:
    """How the eval set of a case lies over the topics of its traffic, with a picture of at most 2,000 questions.

    Returns:
        `reason` is set, and the rest empty, where there is no log, or fewer than 30 different logged questions. Without an eval
        set all topics are untouched and the index is not measured. A topic counts every item that touches it, and an item may
        touch several: its `items` are 0 just where it is untouched.
    """
    queries = [line.query for line in inputs.log.interactions if line.query.strip()]
    if not enough(queries):
        reason = few_queries(queries)
        return Coverage((), Estimate.not_measured(reason), Estimate.not_measured(reason), None, reason=reason)
    items = _thinned([item for item in inputs.evals.items if item.question.strip()])
    topics = topics_of(queries, [item.question for item in items])
    names = topic_names(topics.sample, topics.labels, len(topics.centres))
    uncovered = int(topics.sizes[~topics.touched].sum())
    psi, limit = topics.stability()
    covers = sorted(
        (_cover(topics, topic, names[topic]) for topic in range(len(names))),
        key=lambda cover: (cover.touched, -cover.queries, cover.topic),
    )
    return Coverage(tuple(covers), wilson(uncovered, len(topics.sample)), psi, limit, _points(topics, items))


def enough(queries: Sequence[str]) -> bool:
    """Whether there are 30 different questions, as far as their words tell."""
    return len({plain(query) for query in queries}) >= FEWEST_QUERIES


def few_queries(queries: Sequence[str]) -> str:
    """Why there are no topics, in words."""
    if not queries:
        return "no logged questions were handed over"
    return f"fewer than {FEWEST_QUERIES} different logged questions to compare the set with"


def _cover(topics: Topics, topic: int, name: str) -> TopicCover:
    queries, items = int(topics.sizes[topic]), int(topics.touches[:, topic].sum())
    of_items = items / len(topics.items) if len(topics.items) else 0.0
    share = wilson(queries, len(topics.sample))
    return TopicCover(topic, name, topics.example(topic), queries, share, items, of_items, items > 0)


def _points(topics: Topics, items: Sequence[EvalItem]) -> tuple[CoveragePoint, ...]:
    queries, asked = coverage_map.chosen(len(topics.sample), len(items), np.random.default_rng(SEED))
    places = coverage_map.places(np.concatenate([topics.traffic[queries], topics.items[asked]])).round(4).tolist()
    logged = [
        CoveragePoint(x, y, "query", int(topics.labels[row]), topics.sample[row])
        for row, (x, y) in zip(queries, places[: len(queries)], strict=True)
    ]
    of_set = [
        CoveragePoint(x, y, "item", int(topics.nearest[row]), items[row].question, items[row].item_id)
        for row, (x, y) in zip(asked, places[len(queries) :], strict=True)
    ]
    return (*logged, *of_set)


def _thinned(queries: Sequence[Kind]) -> list[Kind]:
    step = max(1, -(-len(queries) // MOST_QUERIES))
    return list(queries[::step])


def _embedded(texts: Sequence[str]) -> NDArray[np.float64]:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    weights = _weights([text[:LONGEST] for text in texts])
    dimensions = max(1, min(DIMENSIONS, min(weights.shape) - 1))
    # Where all questions have the same word parts, shares of a variance of 0 are asked for; nobody reads them.
    with np.errstate(divide="ignore", invalid="ignore"):
        reduced = TruncatedSVD(n_components=dimensions, random_state=SEED).fit_transform(weights)
    return np.asarray(normalize(reduced), dtype=np.float64)


def _weights(texts: Sequence[str]) -> Any:  # noqa: ANN401 - a sparse matrix of a library without types
    from sklearn.feature_extraction.text import TfidfVectorizer

    settings = {"analyzer": "char_wb", "ngram_range": (3, 5), "sublinear_tf": True}
    try:
        return TfidfVectorizer(max_df=0.5, **settings).fit_transform(texts)
    except ValueError:
        # The same words in another order: every run of characters stands in more than half of the questions.
        return TfidfVectorizer(**settings).fit_transform(texts)


def _groups(traffic: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    from sklearn.cluster import KMeans

    different = len(np.unique(traffic.round(9), axis=0))
    topics = max(1, min(MOST_TOPICS, len(traffic) // QUERIES_PER_TOPIC, different))
    found = KMeans(n_clusters=topics, n_init=4, random_state=SEED).fit(traffic)
    return np.asarray(found.labels_, dtype=np.int64), np.asarray(found.cluster_centers_, dtype=np.float64)


def _nearest(items: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.int64]:
    # |x - c|^2 without |x|^2, which is the same for all centres.
    distances = (centres**2).sum(axis=1) - 2 * items @ centres.T
    return np.asarray(distances.argmin(axis=1), dtype=np.int64)


def _touches(
    traffic: NDArray[np.float64],
    labels: NDArray[np.int64],
    centres: NDArray[np.float64],
    items: NDArray[np.float64],
) -> NDArray[np.bool_]:
    directions = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    own, others = traffic @ directions.T, items @ directions.T
    edges = [min(NEAR, float(np.quantile(own[labels == topic, topic], EDGE))) for topic in range(len(centres))]
    return np.asarray(others >= np.array(edges), dtype=np.bool_)
