"""What a comparison of arms finds: measures, differences, failures, harm, findability, and the arm it speaks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from workbench.records.corpus import Estimate


@dataclass(frozen=True, slots=True)
class Seconds:
    """Wall-clock seconds of one arm."""

    index: float
    search: float


@dataclass(frozen=True, slots=True)
class ArmReport:
    """How one arm did: measure label -> estimate over judged queries; `reason` when the arm could not run."""

    measures: Mapping[str, Estimate]
    seconds: Seconds | None
    depth: int
    reason: str | None = None


DifferenceVerdict = Literal["better", "worse", "equivalent", "undetermined"]


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate minus baseline on the same queries.

    Attributes:
        p_value: two-sided sign-flip randomisation test.
        p_corrected: Holm-corrected over all differences of the comparison.
        more_queries_needed: further judged queries for 80 % power at the observed spread; None where decided.
    """

    baseline: str
    candidate: str
    measure: str
    difference: Estimate
    p_value: float
    p_corrected: float
    verdict: DifferenceVerdict
    more_queries_needed: int | None


@dataclass(frozen=True, slots=True)
class FailureBreakdown:
    """Share of judged queries with no relevant document in the top k, and why by failure code.

    Attributes:
        by_code: code -> failed queries whose first matching code it is.
        shares: the same as shares of the judged queries.
        also: code -> queries, failed or not, for which its rule fired at all.
        unjudged: queries nobody judged (code C0); never counted as failed.
    """

    share: Estimate
    k: int
    by_code: Mapping[str, int]
    shares: Mapping[str, Estimate] = field(default_factory=dict)
    also: Mapping[str, int] = field(default_factory=dict)
    unjudged: int = 0


@dataclass(frozen=True, slots=True)
class HarmStep:
    """What one step of a pipeline pushed out of the top k and what it brought in.

    Attributes:
        before: arm before the step. after: arm after it.
        harmed: share of judged queries for which a relevant document left the top k and no relevant one is left there.
        helped: share of judged queries that got a relevant document into the top k and had none before.
        documents_out: relevant documents pushed out of the top k over all queries, whatever else is left there.
        documents_in: relevant documents brought in.
    """

    before: str
    after: str
    k: int
    harmed: Estimate
    helped: Estimate
    documents_out: int
    documents_in: int


@dataclass(frozen=True, slots=True)
class SubsetScore:
    """Mean measure of naive dense retrieval with some components added."""

    components: tuple[str, ...]
    value: Estimate


@dataclass(frozen=True, slots=True)
class ComponentBlame:
    """How much of the gain over naive dense retrieval each component brings: its Shapley value over all subsets.

    Attributes:
        gains: component -> mean gain in points of the measure, with an interval over queries; may be negative.
        subsets: every combination that was run.
        not_tested: component -> why it was not run; it has no gain, not a gain of 0.
    """

    measure: str
    gains: Mapping[str, Estimate]
    subsets: tuple[SubsetScore, ...]
    not_tested: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Findability:
    """Whether documents are found by probe queries made from themselves: no labels are needed, and none are replaced.

    Attributes:
        documents: documents of the corpus that hold text. sampled: those probed.
        probes: probe queries run.
        arms: arm -> share of the sampled documents found in the top k, a document counting by the share of its probes.
        by_kind: arm -> kind of probe ("title", "heading", "sentence") -> share of the probes that found their document.
        missed_by_naive: sampled documents no probe finds with naive dense retrieval; missed_by_all: with any arm.
        naive_misses, all_miss: the same as shares of the sampled documents.
        without_probe: doc_id -> why a document that was drawn gave no probe; it is not among those sampled.
    """

    documents: int
    sampled: int
    probes: int
    k: int
    arms: Mapping[str, Estimate]
    by_kind: Mapping[str, Mapping[str, Estimate]]
    naive_misses: Estimate
    all_miss: Estimate
    missed_by_naive: tuple[str, ...] = ()
    missed_by_all: tuple[str, ...] = ()
    without_probe: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PoweredEstimate:
    """An estimate from a few human grades and many predictions, beside the estimate from the grades alone."""

    estimate: Estimate
    human_only: Estimate


@dataclass(frozen=True, slots=True)
class PoweredDifference:
    """Candidate minus baseline in failure share; negative is better for the candidate."""

    baseline: str
    candidate: str
    difference: PoweredEstimate


@dataclass(frozen=True, slots=True)
class FewLabels:
    """What a few grades by an analyst say about each arm.

    Attributes:
        k: a query fails when none of an arm's first k documents has a grade of 2 or 3.
        graded: grades given. queries: graded queries that count; outside: graded queries that were not drawn by the plan
            and do not count.
        arms: arm -> share of queries that fail. differences: pairs of arms.
        predictor: what predicted the rest, in words.
    """

    k: int
    graded: int
    queries: int
    outside: int
    arms: Mapping[str, PoweredEstimate]
    differences: tuple[PoweredDifference, ...]
    predictor: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The arm the evidence speaks for.

    Attributes:
        arm: None where nothing was measured.
        basis: "labels", "few labels", or "none".
        shown: whether the evidence tells it apart from, or makes it equivalent to, every other arm.
        reason: one or two sentences with the numbers.
    """

    arm: str | None
    basis: Literal["labels", "few labels", "none"]
    shown: bool
    reason: str


@dataclass(frozen=True, slots=True)
class CorpusSize:
    """How much was searched."""

    documents: int
    passages: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Arms side by side on one corpus and one set of judged queries.

    Attributes:
        judged: queries with a relevant document, those measures are computed for; without_relevant: those judged that have
            none; unjudged: those nobody judged.
        codes_not_tested: failure code -> why it, or a part of it, could not be looked at.
        harm: what fusion and reranking pushed out of the top k.
        blame: which component brings the gain; None without labels.
        findability: None when it was not asked for.
        few_labels: None when nobody graded anything.
    """

    case: str
    corpus: CorpusSize
    queries: int
    judged: int
    arms: Mapping[str, ArmReport]
    differences: tuple[Difference, ...]
    failures: Mapping[str, FailureBreakdown]
    settings: Mapping[str, str]
    notes: tuple[str, ...] = ()
    unjudged: int = 0
    without_relevant: int = 0
    codes_not_tested: Mapping[str, str] = field(default_factory=dict)
    harm: tuple[HarmStep, ...] = ()
    blame: ComponentBlame | None = None
    findability: Findability | None = None
    few_labels: FewLabels | None = None
    recommended: Recommendation | None = None
