"""A small fabricated diagnosis and comparison, with hostile text where client text stands.

Of 40 labelled questions dense misses q01 to q10, hybrid misses q07, q08, q11 and q12: 8 recovered, 2 lost, 2 still failing.
"""

import math

import pandas as pd

from workbench.comparison.tables import COLUMNS, StoredComparison, frame
from workbench.diagnosis import load_catalogue
from workbench.records import (
    ArmReport,
    CauseFinding,
    Comparison,
    ComponentBlame,
    CorpusSize,
    Diagnosis,
    Difference,
    Estimate,
    Evidence,
    FailureBreakdown,
    FewLabels,
    Findability,
    HarmStep,
    NextStep,
    PoweredDifference,
    PoweredEstimate,
    Recommendation,
    Seconds,
    Source,
    SubsetScore,
)

HOSTILE = "<script>alert('x')</script> $\\frac{a}{b}$ {{ 7*7 }} & <b>bold</b>"
MEASURES = ("nDCG@10", "recall@10", "success@5", "MRR@10")
VALUES = {
    "dense": (0.534, 0.71, 0.75, 0.498),
    "bm25": (0.561, 0.74, 0.775, 0.53),
    "hybrid": (0.642, 0.83, 0.9, 0.611),
    "hybrid+rerank": (0.688, 0.85, 0.925, 0.667),
}
QUESTIONS = 40


def near(value, n=QUESTIONS, method="bootstrap"):
    return Estimate(value, round(value - 0.08, 4), round(min(1.0, value + 0.07), 4), n, method)


def arm(values):
    measures = {label: near(value) for label, value in zip(MEASURES, values, strict=True)}
    return ArmReport(measures, Seconds(12.5, 0.42), 100)


def comparison(case="Calder & Wharf"):
    return Comparison(
        case=case,
        corpus=CorpusSize(131, 612),
        queries=44,
        judged=QUESTIONS,
        arms={
            **{name: arm(values) for name, values in VALUES.items()},
            "deployed": ArmReport({}, None, 5, "the log keeps no document ids"),
        },
        differences=(
            Difference("dense", "bm25", "nDCG@10", Estimate(0.027, -0.05, 0.1, 40, "bootstrap"), 0.49, 0.49,
                       "undetermined", 260),
            Difference("dense", "hybrid", "nDCG@10", Estimate(0.108, 0.031, 0.181, 40, "bootstrap"), 0.004, 0.012,
                       "better", None),
            Difference("dense", "hybrid", "success@5", Estimate(0.15, 0.02, 0.28, 40, "bootstrap"), 0.02, 0.04,
                       "better", None),
        ),
        failures={
            "dense": FailureBreakdown(Estimate(0.25, 0.14, 0.4, 40, "wilson"), 5, {"C3": 6, "C1": 2, "other": 2}),
            "bm25": FailureBreakdown(Estimate(0.225, 0.12, 0.38, 40, "wilson"), 5, {"C4": 7, "C1": 2}),
            "hybrid": FailureBreakdown(Estimate(0.1, 0.04, 0.23, 40, "wilson"), 5, {"other": 2, "C6": 2}),
            "hybrid+rerank": FailureBreakdown(Estimate(0.075, 0.03, 0.2, 40, "wilson"), 5, {"other": 2, "C7": 1}),
        },
        settings={"chunk": "1,000 characters", "seed": "7"},
        notes=("Labels cover the top 10 of every arm.",),
        unjudged=4,
        harm=(HarmStep("dense", "hybrid", 5, Estimate(0.05, 0.01, 0.17, 40, "wilson"),
                       Estimate(0.2, 0.1, 0.35, 40, "wilson"), 2, 8),),
        blame=ComponentBlame(
            "nDCG@10",
            {"bm25": near(0.09), "rerank": near(0.03)},
            (SubsetScore((), near(0.534)), SubsetScore(("bm25",), near(0.642))),
            {"small": "no arm with +small was asked for"},
        ),
        findability=Findability(
            131, 100, 180, 5,
            {"dense": near(0.8, 100), "hybrid": near(0.95, 100)},
            {"dense": {"title": near(0.9, 90)}, "hybrid": {"title": near(1.0, 90)}},
            near(0.1, 100), near(0.02, 100), ("d1", "d2"), ("d1",),
        ),
        few_labels=FewLabels(
            5, 96, 12, 1,
            {arm: PoweredEstimate(near(0.3, 12), near(0.33, 12)) for arm in ("dense", "hybrid")},
            (PoweredDifference("dense", "hybrid", PoweredEstimate(near(-0.1, 12), near(-0.08, 12))),),
            "agreement of the arms",
        ),
        recommended=Recommendation("hybrid+rerank", "labels", True, "Hybrid with reranker has nDCG@10 0.688."),
    )  # fmt: skip


def unlabelled_comparison():
    reason = "no question has a labelled document"
    missing = {label: Estimate.not_measured(reason) for label in MEASURES}
    return Comparison(
        case="Unlabelled",
        corpus=CorpusSize(131, 612),
        queries=44,
        judged=0,
        arms={name: ArmReport(missing, Seconds(12.5, 0.42), 100) for name in VALUES},
        differences=(),
        failures={name: FailureBreakdown(Estimate.not_measured(reason), 5, {}) for name in VALUES},
        settings={},
    )


def evidence(signal, decibans, finding, *, observed="seen", source=None):
    return Evidence(signal, f"Title of {signal}", "cluster", observed, finding, decibans, 0.7, 40, source,
                    (source,) if source else ())  # fmt: skip


def diagnosis():
    return Diagnosis(
        case="Calder & Wharf",
        primary="retrieval",
        verdict="likely",
        sentence="The pilot is likely stuck because of wrong retrieval: 25 % of questions miss the right document.",
        causes=(
            CauseFinding("retrieval", 0.873, 0.71, 0.95, 0.82, 0.33, "likely", (
                evidence("R-05", 6.34, f"Handlers ask for {HOSTILE}", source=Source("logs/log one.jsonl", "line 14")),
                evidence("R-07", 3.1, "Hybrid finds 20 more.", source=Source("corpus/CM 5.pdf", "page 2")),
                evidence("R-09", -2.0, "The index is fresh.", observed="clean"),
                evidence("R-11", 0.0, "No click data in the log.", observed="unknown"),
            )),
            CauseFinding("evaluation", 0.12, 0.05, 0.24, 0.66, 0.33, "unlikely",
                         (evidence("E-01", -8.2, "The gate runs on every merge.", observed="clean"),)),
            CauseFinding("governance", 0.08, 0.02, 0.2, 0.71, 0.33, "unlikely", ()),
            CauseFinding("outcome", 0.1, 0.02, 0.31, 0.2, 0.2, "not_enough_evidence", ()),
            CauseFinding("cost", 0.05, 0.01, 0.2, 0.4, 0.1, "unlikely", ()),
            CauseFinding("operations", 0.15, 0.04, 0.33, 0.31, 0.1, "open", ()),
        ),
        next_steps=(
            NextStep("question", "Who decides that the pilot goes live?", 2, 0.21, ("O-01",)),
            NextStep("computation", "Label 30 questions.", 25, 0.1, ("R-05",)),
        ),
        would_change=("Governance would lead if the approval was signed after go-live.",),
        not_measured=("Click data: the log has no feedback column.",),
        top_cause_stability=0.94,
        signals_version=load_catalogue().version,
    )  # fmt: skip


QUERIES = [f"q{i:02}" for i in range(1, 45)]
MISSED = {
    "dense": {**dict.fromkeys(QUERIES[:6], "C3"), **dict.fromkeys(QUERIES[6:8], "C1"), **dict.fromkeys(QUERIES[8:10], "other")},
    "bm25": {**dict.fromkeys(QUERIES[10:17], "C4"), **dict.fromkeys(QUERIES[6:8], "C1")},
    "hybrid": {**dict.fromkeys(QUERIES[6:8], "C1"), **dict.fromkeys(QUERIES[10:12], "C6")},
    "hybrid+rerank": {**dict.fromkeys(QUERIES[6:8], "C1"), "q12": "C7"},
}  # fmt: skip


def right_rank(run, position):
    """Rank of the right document of the question at this position; None where the arm does not reach it."""
    code = MISSED[run].get(QUERIES[position])
    if code == "C1":
        return None
    return 8 if code else 1 + position % 3


def ranking(run, position, depth=10):
    fillers = (f"d{(position * 7 + step) % 60 + 100}" for step in range(depth))
    rank = right_rank(run, position) if position < QUESTIONS else None
    return [f"d{position + 1}" if place == rank else next(fillers) for place in range(1, depth + 1)]


def scores(rank):
    gain = 0.0 if rank is None else 1 / math.log2(rank + 1)
    return {"nDCG@10": gain, "recall@10": float(rank is not None), "success@5": float(bool(rank) and rank <= 5),
            "MRR@10": 1 / rank if rank else 0.0}  # fmt: skip


def query_text(position):
    return HOSTILE if position == 1 else f"Which form is needed for claim CF-{position + 200}b?"


def stored_comparison():
    doc_ids = [f"d{i}" for i in (*range(1, QUESTIONS + 1), *range(100, 160))]
    titles = {doc_id: f"Bulletin MB 2026-{doc_id[1:]}" for doc_id in doc_ids} | {"d1": HOSTILE}
    return StoredComparison(
        comparison=comparison(),
        per_query=pd.DataFrame(
            [(run, QUERIES[i], m, v) for run in MISSED for i in range(QUESTIONS)
             for m, v in scores(right_rank(run, i)).items()],
            columns=["run", "query_id", "measure", "value"],
        ),
        rankings=pd.DataFrame(
            [(run, query_id, rank, doc_id, f"{doc_id}-p1", 1 / rank) for run in MISSED
             for i, query_id in enumerate(QUERIES) for rank, doc_id in enumerate(ranking(run, i), start=1)],
            columns=["run", "query_id", "rank", "doc_id", "passage_id", "score"],
        ),
        passages=pd.DataFrame(
            [(f"{d}-p1", d, f"{titles[d]}. Use the claim forms that the handler needs.", 0, 60,
              HOSTILE if d == "d1" else "") for d in doc_ids],
            columns=list(COLUMNS["passages"]),
        ),
        documents=pd.DataFrame(
            [(d, titles[d], f"corpus/{d}.txt", "", "2026-01-31" if d == "d1" else "",
              "d1" if d == "d100" else "", 2 if d in ("d1", "d100") else 1, "en") for d in doc_ids],
            columns=list(COLUMNS["documents"]),
        ),
        queries=pd.DataFrame(
            [(query_id, query_text(i), i < QUESTIONS) for i, query_id in enumerate(QUERIES)],
            columns=["query_id", "text", "judged"],
        ),
        qrels=pd.DataFrame(
            [(QUERIES[i], f"d{i + 1}", 1) for i in range(QUESTIONS)] + [("q01", "d100", 0)],
            columns=["query_id", "doc_id", "grade"],
        ),
        failures=pd.DataFrame(
            [(run, query_id, code, f"rule of {code}", True, True) for run, missed in MISSED.items()
             for query_id, code in missed.items()] + [("hybrid", "q02", "C10", "a newer version", False, False)],
            columns=list(COLUMNS["failures"]),
        ),
        harm=frame("harm", [("dense", "hybrid", "q11", "d11", 1, 9, "out")]),
        inspection=frame("inspection", [("q03", 1, "dense scores hardly differ"), ("q01", 2, "nothing else")]),
        probes=frame("probes", [("d1", "title", HOSTILE, "dense", 0), ("d2", "title", "bulletin two", "dense", 1)]),
        reasons=frame("reasons", [("q01", "d1", "coverage", f"words of the question found: {HOSTILE}", 0.5, 1.25)]),
    )  # fmt: skip
