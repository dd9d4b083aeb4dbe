"""The list of features: name, what it measures, which sign its weight may take, whether it needs vectors.

Only listed here; `workbench.retrieval.learned.features` computes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FEATURES_VERSION = 1
"""Raised with every change of what a feature means; weights learned for another version are refused."""

Sign = Literal[1, -1, 0]


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature and what it measures.

    Attributes:
        label: what it measures, with its unit in brackets, as the weights file and the model card have it.
        sign: 1 where more can only help, -1 where more can only hurt, 0 where the data decide.
        needs_vectors: whether it is left out where there is no encoder.
    """

    name: str
    label: str
    sign: Sign = 1
    needs_vectors: bool = False


FEATURES: tuple[Feature, ...] = (
    Feature("fused_rank", "place in the fused ranking (1 is first, falling to 0)"),
    Feature("best_rank", "better of its two places by meaning and by words (log2 of 1 + place)", -1),
    Feature("both_top", "in the first ten by meaning and by words (0 or 1)", 1, True),
    Feature("cosine", "likeness of meaning to the question (cosine)", 1, True),
    Feature("cosine_gap", "likeness of meaning below that of the best candidate (cosine)", 1, True),
    Feature("cosine_z", "likeness of meaning beside the other candidates (standard deviations)", 1, True),
    Feature("bm25_z", "BM25 beside the other candidates (standard deviations)"),
    Feature(
        "words_z", "words of the question found, whatever the length, beside the other candidates (standard deviations)"
    ),
    Feature("coverage", "words of the question found (share, rare words count more)"),
    Feature("rarest_found", "rarest word of the question found (0 or 1)"),
    Feature("heaviest_missed", "weight of the rarest word that is missing (share of the question)", -1),
    Feature("window", "words of the question found within about 30 words (share, rare words count more)"),
    Feature("pairs", "neighbouring words of the question found side by side (share)"),
    Feature("near_pairs", "neighbouring words of the question found close together (share)"),
    Feature("run", "longest part of the question found word for word (share)"),
    Feature("numbers", "numbers of the question found (share)"),
    Feature("identifiers", "codes and reference numbers of the question found (share)"),
    Feature("title", "words of the question in title and headings (share, rare words count more)"),
    Feature("lead", "words of the question at the very beginning (share, rare words count more)"),
    Feature("asked_number", "numbers in the passage where the question asks for one (log of 1 + how many)"),
    Feature("length", "length beside the average passage (natural log of the ratio)", 0),
    Feature("like_top3", "likeness of meaning to the first three of the fusion (cosine)", 1, True),
    Feature(
        "like_top10_z",
        "likeness of meaning to the first ten, beside the other candidates (standard deviations)",
        1,
        True,
    ),
    Feature(
        "words_like_top3_z", "words shared with the first three, beside the other candidates (standard deviations)"
    ),
    Feature("typical_words_z", "words typical of the first five, beside the other candidates (standard deviations)"),
    Feature("neighbours", "how well the five most similar candidates match (standard deviations)"),
)
"""Every feature, in the order of the columns."""
