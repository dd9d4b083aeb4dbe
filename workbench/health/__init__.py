"""The health of a corpus: copies, versions, boilerplate, dates and owners, languages, empty pages, sizes.

It describes the documents handed over; what was retrieved from them is the business of `workbench.retrieval`.
"""

from workbench.health.health import corpus_health
from workbench.health.observations import findings_sentence, observe_corpus

__all__ = ["corpus_health", "findings_sentence", "observe_corpus"]
