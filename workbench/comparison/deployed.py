"""The deployed system as an arm: what its log says it retrieved for the judged questions.

It takes the log at its word: what was retrieved keeps its place, known to the corpus or not, and nothing is filled in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

from workbench.observing import DocumentNames
from workbench.records import CaseInputs, Interaction, Query, RankedDocument, Run

DEPLOYED = "deployed"


def deployed_run(inputs: CaseInputs, queries: Sequence[Query]) -> Run | None:
    """What the deployed system retrieved, as its log says, for those of the questions it was asked.

    A question is found in the log by its words, case and white space aside; the latest time it was asked counts. A
    logged id that names no document keeps its place as a wrong one; a question for which the log shows an empty list
    counts as missed. The depth is what half of the questions reach, so that one deep line does not stretch the rest.
    None when no question matches, or no logged id at all names a document of the corpus.
    """
    asked = {normalised(i.query): i for i in inputs.log.interactions if i.retrieved is not None}
    matched = [(query, asked[normalised(query.text)]) for query in queries if normalised(query.text) in asked]
    names = DocumentNames(inputs.documents)
    known = {document.doc_id for document in inputs.documents}
    rankings = {query.query_id: _ranking(interaction, names) for query, interaction in matched}
    if not any(document.doc_id in known for ranking in rankings.values() for document in ranking):
        return None
    lengths = [len(interaction.retrieved) for _, interaction in matched if interaction.retrieved]
    return Run(DEPLOYED, rankings, 0.0, 0.0, int(median(lengths)))


def normalised(text: str) -> str:
    """A question's words in lower case, single spaces between them."""
    return re.sub(r"\s+", " ", text).strip().casefold()


def _ranking(interaction: Interaction, names: DocumentNames) -> tuple[RankedDocument, ...]:
    """Documents in the order logged, each once; several chunks of one document take one place, as in every other arm."""
    ids: dict[str, None] = {}
    for position, item in enumerate(interaction.retrieved or ()):
        document = names.find(item.doc_id)
        ids[document.doc_id if document else item.doc_id or f"unnamed result {position + 1}"] = None
    return tuple(RankedDocument(doc_id, float(-rank)) for rank, doc_id in enumerate(ids))
