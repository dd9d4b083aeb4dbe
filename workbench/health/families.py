"""Documents of which several versions are there, each family from the oldest to the newest.

Which document is newer than which is decided in `versions`; this only puts the pairs together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from workbench.health.groups import Groups
from workbench.health.versions import VersionPair, date_of
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
    found = [_family(documents, members) for members in of_family.values()]
    return tuple(sorted(found, key=lambda family: -len(family.doc_ids)))


def _family(documents: Sequence[Document], pairs: Sequence[VersionPair]) -> VersionFamily:
    older: dict[int, set[int]] = defaultdict(set)
    for pair in pairs:
        older[pair.newer].add(pair.older)
    members = {position for pair in pairs for position in (pair.older, pair.newer)}
    dates = {member: date_of(documents[member]) for member in members}
    order = sorted(members, key=lambda member: (_ancestors(member, older), dates[member] or date.min, member))
    told_by = Counter(pair.told_by for pair in pairs).most_common(1)[0][0]
    names = tuple(documents[member].doc_id for member in order)
    return VersionFamily(names, tuple(dates[member] for member in order), names[-1], told_by)


def _ancestors(member: int, older: Mapping[int, set[int]]) -> int:
    """How many versions are older, directly or through others: more for every newer one."""
    met: set[int] = set()
    waiting = [member]
    while waiting:
        fresh = older.get(waiting.pop(), set()) - met
        met |= fresh
        waiting += fresh
    return len(met - {member})
