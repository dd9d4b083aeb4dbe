"""Questions for an eval set, drawn from the log: every topic in proportion to its traffic, at least one of each.

The draw rests on hashes of the questions and has no seed: the same log gives the same set, and more of the log a similar one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from workbench.evaluation.coverage import enough, topics_of
from workbench.evaluation.telling_words import topic_names
from workbench.observing import plain
from workbench.records import Interaction

LONGEST = 2_000
"""Characters of a question; what is longer is a pasted document."""
HELD_OUT_EVERY = 5
"""One item in five is held out; `belongs_to` of the written harness holds the same rule."""
ALL = "all questions"


@dataclass(frozen=True, slots=True)
class DrawnQuestion:
    """A logged question that was drawn.

    Attributes:
        item_id: made from its words, so that the same question has the same id in every harness.
        line: the latest time it was asked, with what was retrieved where any line tells.
        topic: words of its topic. asked: how often it stands in the log.
    """

    item_id: str
    line: Interaction
    topic: str
    asked: int

    @property
    def held_out(self) -> bool:
        """Whether it belongs to the held-out set."""
        return is_held_out(self.item_id)


def item_id_of(question: str) -> str:
    """An id made from the words of a question; case, spacing and punctuation do not change it."""
    return f"q-{hashlib.sha256(plain(question).encode()).hexdigest()[:12]}"


def is_held_out(item_id: str) -> bool:
    """Whether an item is held out: fixed for ever by the sha256 of its id."""
    return int(hashlib.sha256(item_id.encode()).hexdigest()[:8], 16) % HELD_OUT_EVERY == 0


def draw(interactions: Sequence[Interaction], known: Callable[[str], bool], wanted: int) -> list[DrawnQuestion]:
    """At most `wanted` different questions, topic by topic; within a topic those come first of which the answer is known.

    Args:
        interactions: the log.
        known: whether the words of a question (`observing.plain`) have a reference.
        wanted: questions at most.
    """
    lines = [line for line in interactions if plain(line.query) and len(line.query) <= LONGEST]
    topics = _topics([line.query for line in lines])
    latest, asked = _latest(lines), Counter(plain(line.query) for line in lines)
    pools: dict[str, list[str]] = {}
    for key in sorted(topics, key=lambda key: (not known(key), item_id_of(key))):
        pools.setdefault(topics[key], []).append(key)
    traffic = Counter({topic: sum(asked[key] for key in pool) for topic, pool in pools.items()})
    seats = shared_out(traffic, {topic: len(pool) for topic, pool in pools.items()}, wanted)
    return [
        DrawnQuestion(item_id_of(key), latest[key], topic, asked[key])
        for topic in sorted(pools)
        for key in pools[topic][: seats[topic]]
    ]


def shared_out(weights: Counter[str], available: dict[str, int], wanted: int) -> dict[str, int]:
    """How many of `wanted` seats each topic gets: one each while there are enough, the rest by Webster's method.

    >>> shared_out(Counter({"a": 80, "b": 19, "c": 1}), {"a": 50, "b": 3, "c": 1}, 10)
    {'a': 7, 'b': 2, 'c': 1}
    """
    order = sorted(weights, key=lambda topic: (-weights[topic], topic))
    seats = {topic: int(place < wanted) for place, topic in enumerate(order)}
    while sum(seats.values()) < min(wanted, sum(available.values())):
        open_topics = [topic for topic in order if seats[topic] < available[topic]]
        seats[max(open_topics, key=lambda topic: weights[topic] / (2 * seats[topic] + 1))] += 1
    return seats


def _topics(queries: Sequence[str]) -> dict[str, str]:
    """Words of a question -> words of its topic; one topic where there are too few different questions to group."""
    if not enough(queries):
        return {plain(query): ALL for query in queries}
    found = topics_of(queries, [])
    names = topic_names(found.sample, found.labels, len(found.centres))
    return {
        plain(query): f"{label + 1}: {names[label]}"
        for query, label in zip(found.sample, found.labels.tolist(), strict=True)
    }


def _latest(lines: Iterable[Interaction]) -> dict[str, Interaction]:
    """The last line of each question, one that names what was retrieved before one that does not."""
    latest: dict[str, Interaction] = {}
    for line in lines:
        key = plain(line.query)
        earlier = latest.get(key)
        if earlier is None or line.retrieved is not None or earlier.retrieved is None:
            latest[key] = line
    return latest
