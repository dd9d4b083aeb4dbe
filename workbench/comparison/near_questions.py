"""Vectors for the evaluation questions and the lines of the prompts, and from them which say nearly the same.

It only brings the encoder and the pairing together; what near questions are worth is the business of `workbench.evaluation`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workbench.comparison.compare import usual_encoder
from workbench.compute import Progress
from workbench.errors import MissingPartError
from workbench.evaluation.leakage import prompt_lines
from workbench.evaluation.near_questions import MOST_QUESTIONS, Texts, near_questions
from workbench.records import CaseInputs, NearQuestions
from workbench.retrieval.embeddings import encode_cached


def compared_questions(inputs: CaseInputs, store: Path, progress: Progress | None = None) -> NearQuestions:
    """Which evaluation questions of a case say nearly the same as another one or as a line of a prompt.

    Args:
        inputs: what was read from the case.
        store: folder of kept vectors.
        progress: called with the share encoded.

    Returns:
        Nothing found, with the reason, where there is no encoder or its vectors cannot be kept.
    """
    items = inputs.evals.items[:MOST_QUESTIONS]
    if not items:
        return NearQuestions(reason="no evaluation set")
    lines = prompt_lines(inputs)
    texts = [*(item.question for item in items), *(line for line, _ in lines)]
    try:
        encoder = usual_encoder()
    except MissingPartError:
        return NearQuestions(reason="there is no encoder")
    try:
        vectors = np.asarray(encode_cached(texts, encoder, store, what="evaluation questions", progress=progress))
    except MissingPartError:
        return NearQuestions(reason="vectors cannot be kept")
    prompts = Texts([line for line, _ in lines], [source for _, source in lines], vectors[len(items) :])
    return near_questions(items, vectors[: len(items)], prompts, encoder.name)
