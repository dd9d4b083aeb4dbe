"""Disjoint groups of numbered things, joined pair by pair.

It knows nothing of documents; duplicates and versions are both put together with it.
"""

from __future__ import annotations


class Groups:
    """Groups of the numbers below `size`, each alone at first (union-find with path halving).

    >>> groups = Groups(3)
    >>> groups.join(2, 1)
    >>> [groups.root(member) for member in range(3)]
    [0, 1, 1]
    """

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, member: int) -> int:
        """The smallest number in the group of `member`."""
        while self._parent[member] != member:
            self._parent[member] = self._parent[self._parent[member]]
            member = self._parent[member]
        return member

    def join(self, left: int, right: int) -> None:
        """Make one group of two."""
        first, second = sorted((self.root(left), self.root(right)))
        self._parent[second] = first
