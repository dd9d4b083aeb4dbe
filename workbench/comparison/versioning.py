"""Which documents of a comparison have a newer version beside them, and how many versions there are of each.

The rule is that of `workbench.health.versions`; this only bounds what is looked at. Nothing is said about which version
was the right one for a question.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.health.families import families_of
from workbench.health.versions import newer_versions, version_pairs
from workbench.records import CaseInputs, Document, Run

ALL_VERSIONS = 5_000
"""Documents up to which versions are looked for in the whole corpus; above, among those retrieved."""
RETRIEVED = 10
"""First documents of every ranking that are looked at in a larger corpus: as many as pages show."""


@dataclass(frozen=True, slots=True)
class KnownVersions:
    """Versions among the documents looked at.

    Attributes:
        newer: doc_id -> id of its newest version, where there is a newer one.
        counts: doc_id -> how many versions there are of it, itself among them; documents with a single one are left out.
    """

    newer: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


def known_versions(inputs: CaseInputs, runs: Collection[Run]) -> KnownVersions:
    """The versions in the corpus; in a large one among the documents that were retrieved."""
    documents: Sequence[Document] = inputs.documents
    if len(documents) > ALL_VERSIONS:
        tops = (ranking[:RETRIEVED] for run in runs for ranking in run.rankings.values())
        shown = {document.doc_id for top in tops for document in top}
        documents = [document for document in documents if document.doc_id in shown]
    pairs = version_pairs(documents)
    families = families_of(documents, pairs)
    counts = {doc_id: len(family.doc_ids) for family in families for doc_id in family.doc_ids}
    return KnownVersions(newer_versions(documents, pairs), counts)
