"""Which topics of the real traffic an eval set touches.

Topics are groups of similar logged questions, found without a neural encoder so that the answer takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_TOPICS = 20
QUERIES_PER_TOPIC = 15
MOST_QUERIES = 4000
DIMENSIONS = 40
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
    """

    queries: int
    uncovered: int
    topics: int
    bare_topics: int
    example: str | None


def coverage_of_traffic(queries: Sequence[str], questions: Sequence[str]) -> TopicCoverage:
    """Groups logged queries by shared word parts and counts those in groups that no eval question falls into.

    TF-IDF of runs of three to five characters within words, reduced to 40 dimensions, k-means with a fixed seed and one
    group per 15 queries, at most 20. Long logs are thinned evenly to 4,000 queries. Needs at least two different queries.
    """
    sample = _thinned(queries)
    points = _embedded([*sample, *questions])
    traffic, items = points[: len(sample)], points[len(sample) :]
    labels, centres = _groups(traffic)
    touched = _touched(traffic, labels, centres, items)
    bare = [topic for topic in range(len(centres)) if topic not in touched]
    sizes = np.bincount(labels, minlength=len(centres))
    example = _middle(traffic, labels, centres, max(bare, key=lambda topic: int(sizes[topic]))) if bare else None
    uncovered = int(sum(sizes[topic] for topic in bare))
    return TopicCoverage(len(sample), uncovered, len(centres), len(bare), None if example is None else sample[example])


def _thinned(queries: Sequence[str]) -> list[str]:
    step = max(1, -(-len(queries) // MOST_QUERIES))
    return list(queries[::step])


def _embedded(texts: Sequence[str]) -> NDArray[np.float64]:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    weights = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), max_df=0.5, sublinear_tf=True).fit_transform(
        texts
    )
    dimensions = min(DIMENSIONS, min(weights.shape) - 1)
    reduced = TruncatedSVD(n_components=dimensions, random_state=0).fit_transform(weights)
    return np.asarray(normalize(reduced), dtype=np.float64)


def _groups(traffic: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    from sklearn.cluster import KMeans

    different = len(np.unique(traffic.round(9), axis=0))
    topics = max(1, min(MOST_TOPICS, len(traffic) // QUERIES_PER_TOPIC, different))
    found = KMeans(n_clusters=topics, n_init=4, random_state=0).fit(traffic)
    return np.asarray(found.labels_, dtype=np.int64), np.asarray(found.cluster_centers_, dtype=np.float64)


def _touched(
    traffic: NDArray[np.float64],
    labels: NDArray[np.int64],
    centres: NDArray[np.float64],
    items: NDArray[np.float64],
) -> set[int]:
    directions = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    own, others = traffic @ directions.T, items @ directions.T
    edges = [min(NEAR, float(np.quantile(own[labels == topic, topic], EDGE))) for topic in range(len(centres))]
    return {topic for topic, edge in enumerate(edges) if bool((others[:, topic] >= edge).any())}


def _middle(traffic: NDArray[np.float64], labels: NDArray[np.int64], centres: NDArray[np.float64], topic: int) -> int:
    members = np.flatnonzero(labels == topic)
    return int(members[np.argmax(traffic[members] @ centres[topic])])
