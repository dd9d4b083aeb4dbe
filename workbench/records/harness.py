"""What is known of a client's evaluation harness: rubric, size, coverage of the traffic, drift, and its runs compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from workbench.records.comparison import DifferenceVerdict
from workbench.records.corpus import Estimate, Source


@dataclass(frozen=True, slots=True)
class RubricItem:
    """One thing a harness should have.

    Attributes:
        key: short and stable: "references", "gate".
        text: what is asked for, in a few words.
        score: 0 not there, 0.5 done by hand and documented, 1 automated; None where it could not be looked at.
        finding: one sentence with what was found, or what was missing to look.
        signals: ids of the observations it rests on; empty where it rests on files of its own.
    """

    key: str
    text: str
    score: float | None
    finding: str
    sources: tuple[Source, ...] = ()
    signals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RubricSection:
    """Six items of one subject.

    Attributes:
        key: data, metrics, automation or production.
        low: points if everything unknown were missing. high: points if everything unknown were there; both 0 to 6.
    """

    key: str
    title: str
    items: tuple[RubricItem, ...]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rubric:
    """How mature a harness is; it is as good as its weakest section.

    Attributes:
        sections: the weakest first.
        low: lowest `low` of all sections. high: lowest `high`. Both 0 to 6.
        band: words for `low` to `high`: "research project", "first pass to reasonable".
    """

    sections: tuple[RubricSection, ...]
    low: float
    high: float
    band: str


@dataclass(frozen=True, slots=True)
class NeededItems:
    """Items it takes to see a drop with 80 % power at 5 %.

    Attributes:
        drop: of the pass rate, 0 to 1.
        paired: items when both versions answer the same ones. separate: items in each of two samples of different ones.
    """

    drop: float
    paired: int
    separate: int


@dataclass(frozen=True, slots=True)
class SampleSize:
    """What an eval set of this size can and cannot show.

    Attributes:
        items: items that can be scored (with a reference); 0 where there is no set.
        rate: pass rate the figures are for, with its interval. rate_from: where it comes from ("run 2026-10-07_v1.4", "assumed").
        discordant: share of items on which two versions disagree. discordant_from: where it comes from.
        paired_drop: smallest drop seen when both versions answer the same items; None where no drop can be seen.
        separate_drop: the same with two samples.
        needed: items needed for drops of 10, 5, 3 and 1 points.
        topic_share: share of the traffic a topic must have for the set to hold at least one item of it with 95 % chance, were
            items drawn at random; None without items.
    """

    items: int
    rate: Estimate
    rate_from: str
    discordant: float
    discordant_from: str
    paired_drop: float | None
    separate_drop: float | None
    needed: tuple[NeededItems, ...]
    topic_share: float | None


@dataclass(frozen=True, slots=True)
class TopicCover:
    """One group of similar logged questions, and how many evaluation questions fall into it.

    Attributes:
        name: its most telling words. example: the logged question nearest to its centre.
        queries: logged questions in it. share: of all that were looked at. items: evaluation questions in it.
        item_share: share of the evaluation questions.
    """

    topic: int
    name: str
    example: str
    queries: int
    share: Estimate
    items: int
    item_share: float
    touched: bool


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """A logged question or an evaluation item on the map of coverage; `kind` tells which, `text` is masked client text."""

    x: float
    y: float
    kind: Literal["query", "item"]
    topic: int
    text: str
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How an eval set lies over the traffic.

    Attributes:
        topics: the largest uncovered first, then by traffic. uncovered: share of the traffic in topics without an item.
        psi: population stability index of items against traffic over the topics, with `psi_limit`, the 95 % point of what chance
            alone gives for this many items.
        points: a sample for the picture, seeded. reason: why nothing could be said; then the rest is empty.
    """

    topics: tuple[TopicCover, ...]
    uncovered: Estimate
    psi: Estimate
    psi_limit: float | None
    points: tuple[CoveragePoint, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TellingWord:
    """A word or sign by which two sets of questions differ; `towards` names the set it is commoner in."""

    word: str
    towards: str


@dataclass(frozen=True, slots=True)
class Drift:
    """Whether two sets of questions can be told apart.

    Attributes:
        key: "set_against_traffic", "early_against_late".
        reference, current: names of the two sets in words. reference_n, current_n: how many of each.
        auc: how well a classifier tells them apart on questions it has not seen: 0.5 not at all, 1 always.
        p_value: of "they cannot be told apart", by permutation; None where not measured.
        drifted: whether they differ; None where not measured.
        words: what they differ by, most telling first.
    """

    key: str
    reference: str
    current: str
    reference_n: int
    current_n: int
    auc: Estimate
    p_value: float | None
    drifted: bool | None
    words: tuple[TellingWord, ...] = ()


@dataclass(frozen=True, slots=True)
class WeekOfQuestions:
    """How far the questions of one week are from those of the first weeks; `auc` as in `Drift`."""

    starts: datetime
    n: int
    auc: Estimate


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run of the client's harness.

    Attributes:
        run_id, at, source: as in `EvalRun`.
        items: items with a score or a verdict.
        passed: share of items that passed; not measured where the run states no verdicts.
        metrics: name -> mean over items; bare aggregates are not in it but in `stated`.
    """

    run_id: str
    at: datetime | None
    items: int
    passed: Estimate
    metrics: Mapping[str, Estimate]
    stated: Mapping[str, float]
    source: Source


@dataclass(frozen=True, slots=True)
class RunChange:
    """One run against an earlier one, on the items both scored.

    Attributes:
        metric: name of a metric, or "passed".
        difference: later minus earlier, paired by item.
        items: items both have. better, worse: items that rose or fell (passed: that began or ceased to pass).
        p_value: McNemar's exact test for "passed" and metrics of zeros and ones, else randomisation of signs.
        p_corrected: after Holm over all changes of the same pair of runs.
        flipped: ids of the items that got worse, worst first. recovered: those that got better.
        shipped: name of the first release after the later run and before the next one, where the change is a drop;
            None where there is none or releases are not known.
        shipped_source: where that release stands.
    """

    metric: str
    before: str
    after: str
    items: int
    difference: Estimate
    better: int
    worse: int
    p_value: float
    p_corrected: float
    verdict: DifferenceVerdict
    flipped: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    shipped: str | None = None
    shipped_source: Source | None = None


@dataclass(frozen=True, slots=True)
class RunHistory:
    """The client's runs in time, each beside the one before it and beside the pinned baseline.

    Attributes:
        runs: oldest first; runs without a date come last in the order of their files.
        changes: consecutive runs. against_baseline: the newest run against the baseline, empty where none is pinned.
        baseline: id of the pinned run. releases: name -> time.
    """

    runs: tuple[RunSummary, ...] = ()
    changes: tuple[RunChange, ...] = ()
    against_baseline: tuple[RunChange, ...] = ()
    baseline: str | None = None
    releases: Mapping[str, datetime] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HarnessReport:
    """Everything the page says of a client's harness."""

    case: str
    rubric: Rubric
    sample_size: SampleSize
    coverage: Coverage
    drift: tuple[Drift, ...]
    weeks: tuple[WeekOfQuestions, ...]
    history: RunHistory
    notes: tuple[str, ...] = ()
