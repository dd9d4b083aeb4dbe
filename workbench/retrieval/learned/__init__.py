"""The built-in reranker: a small additive model over features that mean the same on every corpus.

It needs no network and no model but the encoder; `bench/train_reranker.py` learns its weights, `docs/reranker.md` is its card.
"""

from workbench.retrieval.learned.catalogue import FEATURES
from workbench.retrieval.learned.features import Candidate, FeatureExtractor
from workbench.retrieval.learned.reranker import FeatureReason, LearnedReranker, Reranked

__all__ = ["FEATURES", "Candidate", "FeatureExtractor", "FeatureReason", "LearnedReranker", "Reranked"]
