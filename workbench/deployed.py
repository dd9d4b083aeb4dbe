"""The deployed system as an arm: what its log says it retrieved for the judged questions.

It reads the log's ids as they are; whether they are any good is measured like every other arm.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.records import CaseInputs, Query, RankedDocument, Run

DEPLOYED = "deployed"


def deployed_run(inputs: CaseInputs, queries: Sequence[Query]) -> Run | None:
    """What the deployed system retrieved, as its log says, for those of the questions it was asked.

    A question is found in the log by its words, case and white space aside; the latest time it was asked counts.
    None when no question of the log both matches and names documents of the corpus.
    """
    known = {document.doc_id for document in inputs.documents}
    asked = {
        normalised(interaction.query): interaction for interaction in inputs.log.interactions if interaction.retrieved
    }
    rankings: dict[str, tuple[RankedDocument, ...]] = {}
    for query in queries:
        interaction = asked.get(normalised(query.text))
        if interaction is None or interaction.retrieved is None:
            continue
        ids = dict.fromkeys(item.doc_id for item in interaction.retrieved if item.doc_id in known)
        if ids:
            rankings[query.query_id] = tuple(RankedDocument(str(d), float(-rank)) for rank, d in enumerate(ids))
    if not rankings:
        return None
    depth = max(len(i.retrieved) for i in inputs.log.interactions if i.retrieved)
    return Run(DEPLOYED, rankings, 0.0, 0.0, depth)


def normalised(text: str) -> str:
    """A question's words in lower case, single spaces between them."""
    return re.sub(r"\s+", " ", text).strip().casefold()
