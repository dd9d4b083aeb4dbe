"""The features of one fixed example: weights keep what they were at training time, and are refused when that changes.

The example is made of every kind of match a feature looks for; it teaches nothing and is not part of any training data.
"""

from __future__ import annotations

import numpy as np

from workbench.records import Passage
from workbench.retrieval.learned.features import Candidate, FeatureExtractor, Matrix
from workbench.retrieval.tokens import TokenizedCorpus

_QUESTION = "How many water damage claims under clause 4.3(c) were rejected in 2023?"
_QUESTION_VECTOR = (0.6, 0.8, 0.0)
_PASSAGES = (
    (("Water claims", ("Decisions",)), "In 2023 the team rejected 41 water damage claims under clause 4.3(c).", (0.6, 0.6, 0.5)),
    (("Claims manual", ()), "Damage by water is covered. Claims are paid within 30 days.", (0.0, 1.0, 0.0)),
    (("Motor", ("Hail",)), "Hail broke the windscreen of a parked car.", (0.0, 0.0, 1.0)),
    (("Claims manual", ()), "Claims manual. Clause 4.3 lists what is rejected.", (1.0, 0.0, 0.0)),
)  # fmt: skip
_RANKS = ((1, 2, 1), (2, 1, 3), (4, None, 4), (3, 3, None))


def example_features(*, with_vectors: bool) -> Matrix:
    """(4, features) of the example, with its vectors or without."""
    passages = [
        Passage(f"d{number}::0", f"d{number}", text, 0, len(text), title, headings)
        for number, ((title, headings), text, _) in enumerate(_PASSAGES)
    ]
    vectors = np.array([vector for _, _, vector in _PASSAGES], dtype=np.float32)
    tokens = TokenizedCorpus.of([passage.text for passage in passages])
    candidates = [
        Candidate(passages[row], fused, dense if with_vectors else None, sparse, row)
        for row, (fused, dense, sparse) in enumerate(_RANKS)
    ]
    extractor = FeatureExtractor(passages, tokens, vectors if with_vectors else None)
    return extractor.matrix(_QUESTION, np.array(_QUESTION_VECTOR) if with_vectors else None, candidates)
