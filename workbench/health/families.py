"""Documents of which several versions are there, each family from the oldest to the newest.

Which document is newer than which is decided in `versions`; this only puts the pairs together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from workbench.health.groups import Groups
from workbench.health.versions import VersionPair, date_of, version_order
from workbench.records import Document, VersionFamily


def families_of(documents: Sequence[Document], pairs: Sequence[VersionPair]) -> tuple[VersionFamily, ...]:
    """Families of versions, the largest first.

    Within one the order follows the pairs, then dates, then the corpus. `told_by` is what orders most of its pairs.
    """
    groups = Groups(len(documents))
    for pair in pairs:
        groups.join(pair.older, pair.newer)
    of_family: dict[int, list[VersionPair]] = defaultdict(list)
    for pair in pairs:
        of_family[groups.root(pair.older)].append(pair)
    age = version_order(documents, pairs)
    found = [_family(documents, members, age) for members in of_family.values()]
    return tuple(sorted(found, key=lambda family: -len(family.doc_ids)))


def _family(
    documents: Sequence[Document], pairs: Sequence[VersionPair], age: Mapping[int, tuple[int, date, int]]
) -> VersionFamily:
    order = sorted({position for pair in pairs for position in (pair.older, pair.newer)}, key=lambda one: age[one])
    told_by = Counter(pair.told_by for pair in pairs).most_common(1)[0][0]
    names = tuple(documents[member].doc_id for member in order)
    return VersionFamily(names, tuple(date_of(documents[member]) for member in order), names[-1], told_by)
