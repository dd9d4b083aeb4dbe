"""Who may read a document, as far as its own metadata says.

It reads labels only; whether a system enforces them is the business of the governance signals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.records import Document

GROUP_KEYS = frozenset({
    "acl", "acls", "access", "accessgroups", "accesslist", "accesscontrol", "allowed", "allowedgroups", "allowedroles",
    "allowedusers", "groups", "permissions", "permittedgroups", "readers", "readgroups", "roles", "securitygroups",
})  # fmt: skip
CLASS_KEYS = frozenset({"classification", "confidentiality", "confidentialitylevel", "sensitivity", "sensitivitylabel"})
OPEN = frozenset({"*", "all", "any", "anyone", "everybody", "everyone", "public"})
"""Groups everybody is in."""

USUAL_SHARE = 0.5
"""From this share of documents with a label on, a document without one is an omission and not the rule."""


@dataclass(frozen=True, slots=True)
class AccessLabels:
    """Access labels of a corpus.

    Attributes:
        groups: document -> groups that may read it, in lower case; only documents that name some, and not everybody.
        labelled: documents that carry groups or a classification.
        usual: whether at least half of the documents are labelled.
    """

    groups: Mapping[str, frozenset[str]]
    labelled: frozenset[str]
    usual: bool

    @classmethod
    def of(cls, documents: Sequence[Document]) -> AccessLabels:
        """The labels in the documents' metadata."""
        groups: dict[str, frozenset[str]] = {}
        labelled: set[str] = set()
        for document in documents:
            facts = {re.sub(r"[\W_]", "", key).casefold(): value for key, value in document.metadata.items() if value}
            named = frozenset[str]().union(*(group_names(facts[key]) for key in GROUP_KEYS & facts.keys()))
            if named or CLASS_KEYS & facts.keys():
                labelled.add(document.doc_id)
            if named and not named & OPEN:
                groups[document.doc_id] = named
        return cls(groups, frozenset(labelled), bool(documents) and len(labelled) >= USUAL_SHARE * len(documents))


def group_names(text: str) -> frozenset[str]:
    """Groups named in a metadata value, in lower case, whether it is a list as JSON or Python writes it or plain text.

    >>> sorted(group_names("['HR', 'Legal team']")), sorted(group_names("hr; legal"))
    (['hr', 'legal team'], ['hr', 'legal'])
    """
    names = (name.strip(" '\"\t").casefold() for name in re.split(r"[\[\](){},;|\n]+", text))
    return frozenset(name for name in names if name and name not in {"none", "null"})
