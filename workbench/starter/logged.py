"""What the deployed system did with the drawn questions, as its log tells: the first run and the first baseline.

It takes the log at its word, as the deployed arm of a comparison does; where the log names no documents there is no baseline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from workbench.intervals import wilson
from workbench.observing import DocumentNames
from workbench.records import CaseInputs, Estimate, Interaction
from workbench.starter.drawing import DrawnQuestion
from workbench.starter.references import Reference

K = 5
"""Depth of success@k; a log that keeps fewer results is scored at the depth it has."""


@dataclass(frozen=True, slots=True)
class LoggedResults:
    """The deployed system on the drawn questions.

    Attributes:
        retrieved: item id -> documents, best first, each once; None where the log does not tell.
        success: item id -> 1 where one of the first k holds the answer, 0 where none does; questions with known documents alone.
        reason: why there are no scores, "" where there are some.
    """

    retrieved: Mapping[str, tuple[str, ...] | None]
    success: Mapping[str, int]
    k: int
    reason: str = ""

    def estimate(self, held_out: Sequence[str]) -> Estimate:
        """Success@k on the items that are not held out."""
        values = [value for item_id, value in self.success.items() if item_id not in set(held_out)]
        return wilson(sum(values), len(values)) if values else Estimate.not_measured(self.reason or "nothing scored")


def logged_results(
    inputs: CaseInputs, drawn: Sequence[DrawnQuestion], references: Mapping[str, Reference]
) -> LoggedResults:
    """Results of the drawn questions.

    Args:
        inputs: the case.
        drawn: the questions.
        references: item id -> what is known of the answer.
    """
    names = DocumentNames(inputs.documents)
    retrieved = {question.item_id: _documents(question.line, names) for question in drawn}
    lists = [found for found in retrieved.values() if found]
    if not lists:
        return LoggedResults(retrieved, {}, K, "the log does not name what was retrieved")
    if not any(names.find(doc_id) for found in lists for doc_id in found):
        return LoggedResults(retrieved, {}, K, "no retrieved id of the log names a document of the corpus")
    k = min(K, int(median(len(found) for found in lists)))
    success = {
        item_id: int(bool(set(found[:k]) & set(references[item_id].doc_ids)))
        for item_id, found in retrieved.items()
        if found is not None and references[item_id].doc_ids
    }
    return LoggedResults(retrieved, success, k, "" if success else "no logged question has known documents")


def _documents(line: Interaction, names: DocumentNames) -> tuple[str, ...] | None:
    if line.retrieved is None:
        return None
    ids: dict[str, None] = {}
    for position, item in enumerate(line.retrieved):
        document = names.find(item.doc_id)
        # A result without an id keeps its place as a wrong one.
        ids[document.doc_id if document else item.doc_id or f"unnamed result {position + 1}"] = None
    return tuple(ids)
