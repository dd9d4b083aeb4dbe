"""Harness reports made up by hand: an ordinary one, one of hostile texts, one of which nothing could be measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from workbench.records import (
    Coverage,
    CoveragePoint,
    Drift,
    Estimate,
    EvalItem,
    HarnessReport,
    NeededItems,
    Rubric,
    RubricItem,
    RubricSection,
    RunChange,
    RunHistory,
    RunSummary,
    SampleSize,
    Source,
    TellingWord,
    TopicCover,
    WeekOfQuestions,
)

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> $x^2$"
START = datetime(2026, 5, 4, tzinfo=UTC)
NOTHING = Estimate.not_measured("nothing was handed over")


def estimate(value: float, n: int = 40, half: float = 0.1) -> Estimate:
    """A value with an interval of `half` to each side."""
    return Estimate(value, value - half, value + half, n, "made up")


def section(key: str, scores: list[float | None], *, text: str = "references") -> RubricSection:
    """A section whose items have these scores."""
    found = [Source("evals/set.csv", f"row {place}") for place in range(len(scores))]
    items = tuple(
        RubricItem(f"{key}-{place}", f"{text} {place}", score, f"Finding {place} on {text}.", (found[place],))
        for place, score in enumerate(scores)
    )
    low = sum(score or 0.0 for score in scores)
    return RubricSection(key, key.capitalize(), items, low, low + sum(score is None for score in scores))


def rubric(text: str = "references") -> Rubric:
    """Four sections, the weakest first."""
    sections = (
        section("automation", [0.0, 0.0, 0.5, 0.5, 0.0, None], text=text),
        section("production", [0.0, 0.5, 0.5, 1.0, None, None], text=text),
        section("metrics", [1.0, 0.5, 0.5, 0.5, 0.5, 0.5], text=text),
        section("data", [1.0] * 6, text=text),
    )
    return Rubric(sections, 1.0, 2.0, "research project")


def sample_size(items: int = 40) -> SampleSize:
    """What 40 items can show, from the table of the reference."""
    needed = (NeededItems(0.1, 79, 250), NeededItems(0.05, 337, 906), NeededItems(0.01, 7_900, 20_600))
    if not items:
        return SampleSize(0, NOTHING, "assumed", 0.1, "assumed", None, None, needed, None)
    return SampleSize(items, estimate(0.85), "run r3", 0.1, "assumed", 0.19, 0.26, needed, 0.072)


def coverage(name: str = "hail damage", text: str = "Is hail covered?") -> Coverage:
    """Two topics: the first without an item, the second with two; four questions each on the picture."""
    topics = (
        TopicCover(1, name, text, 30, estimate(0.3, 100, 0.05), 0, 0.0, False),
        TopicCover(0, f"theft {name}", text, 70, estimate(0.7, 100, 0.05), 2, 1.0, True),
    )
    queries = [CoveragePoint(float(i), float(t), "query", t, f"{text} {t} {i}") for t in (0, 1) for i in range(4)]
    items = [CoveragePoint(0.5 + i, 0.1, "item", 0, f"item {text} {i}", f"i{i}") for i in range(2)]
    return Coverage(topics, estimate(0.3, 100), estimate(0.31, 100), 0.2, (*queries, *items))


def run(place: int, passed: float, *, name: str | None = None, dated: bool = True) -> RunSummary:
    """The run of one week; the first states an aggregate only."""
    at = START + timedelta(weeks=place) if dated else None
    metrics = {"faithfulness": estimate(passed - 0.05)} if place else {}
    stated = {} if place else {"faithfulness": 0.7}
    return RunSummary(name or f"r{place}", at, 40, estimate(passed), metrics, stated, Source(f"evals/runs/{place}.csv"))


def change(before: str, after: str, value: float, *, metric: str = "passed", shipped: str | None = None) -> RunChange:
    """A change that is real from six points on."""
    verdict = "worse" if value <= -0.06 else "better" if value >= 0.06 else "undetermined"
    lost, won = max(0, round(-40 * value)), max(0, round(40 * value))
    return RunChange(
        metric, before, after, 40, estimate(value, 40, 0.05), won, lost, 0.01, 0.02, verdict,
        tuple(f"i{i}" for i in range(lost)), tuple(f"j{i}" for i in range(won)), shipped,
        Source("repo/CHANGELOG.md", "line 3") if shipped else None,
    )  # fmt: skip


def history(
    *, dated: bool = True, release: str = "v1.3", names: tuple[str, str, str] = ("r0", "r1", "r2")
) -> RunHistory:
    """Three runs: up by eight points, then down by ten, which was released."""
    runs = tuple(
        run(place, passed, name=name, dated=dated)
        for place, (name, passed) in enumerate(zip(names, (0.8, 0.88, 0.78), strict=True))
    )
    changes = (
        change(names[0], names[1], 0.08),
        change(names[1], names[2], -0.10, shipped=release),
        change(names[1], names[2], -0.02, metric="faithfulness"),
    )
    against = (change(names[0], names[2], -0.02),)
    return RunHistory(runs, changes, against, names[0], {release: START + timedelta(weeks=2, days=1)})


def drifts(word: str = "hail") -> tuple[Drift, ...]:
    """The set differs from the traffic; whether the traffic changed could not be measured."""
    words = (TellingWord(word, "logged questions"), TellingWord("coverage", "evaluation questions"))
    return (
        Drift("set_against_traffic", "evaluation questions", "logged questions", 40, 100, estimate(0.8, 140), 0.005, True, words),
        Drift("early_against_late", "earlier questions", "later questions", 0, 0, NOTHING, None, None),
    )  # fmt: skip


def weeks(number: int = 4) -> tuple[WeekOfQuestions, ...]:
    """Two first weeks, which are not measured, then weeks that drift off."""
    first = Estimate.not_measured("one of the first weeks, which later ones are held against")
    return tuple(
        WeekOfQuestions(
            START + timedelta(weeks=place), 50, first if place < 2 else estimate(0.5 + 0.05 * place, 150, 0.04)
        )
        for place in range(number)
    )


def report() -> HarnessReport:
    """An ordinary report."""
    return HarnessReport("Acme", rubric(), sample_size(), coverage(), drifts(), weeks(), history(), ("A note.",))


def empty_report() -> HarnessReport:
    """Nothing was handed over that a harness could be seen in."""
    bare = tuple(replace(section(key, [None] * 6), high=6.0) for key in ("data", "metrics", "automation", "production"))
    nothing = Coverage((), NOTHING, NOTHING, None, reason="no logged questions were handed over")
    return HarnessReport(
        "Empty", Rubric(bare, 0.0, 6.0, "not known"), sample_size(0), nothing, drifts()[1:], (), RunHistory()
    )


def hostile_report() -> HarnessReport:
    """Every text that comes from a client would take a page over if it were markup."""
    names = (f"a{HOSTILE}", f"b{HOSTILE}", f"c{HOSTILE}")
    return HarnessReport(
        HOSTILE,
        rubric(HOSTILE),
        sample_size(),
        coverage(HOSTILE, HOSTILE),
        drifts(HOSTILE),
        weeks(),
        replace(history(release=HOSTILE, names=names), notes=(HOSTILE,)),
        (HOSTILE,),
    )


def items(question: str = "Is hail covered?", reference: str = "Yes, by section 4.") -> dict[str, EvalItem]:
    """The items the changes name, with where they stand."""
    return {
        f"i{i}": EvalItem(f"i{i}", f"{question} {i}", reference, source=Source("evals/set.csv", f"row {i}"))
        for i in range(10)
    }
