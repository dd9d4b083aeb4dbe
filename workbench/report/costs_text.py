"""What a cache and shorter contexts would save, in words: the sentence to read aloud, and the text of `workbench cache`.

Pages and terminal share these words; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.costs.traffic import SCOPE
from workbench.numbers import count, interval, number, percent, significant
from workbench.records import (
    BreakerLimit,
    CacheCurve,
    CachePoint,
    CacheReport,
    CostDriver,
    Estimate,
    FalseHitMethod,
    Lever,
    PolicyResult,
    Projection,
    Spending,
)

FALSE_HITS: dict[FalseHitMethod, str] = {
    "labelled": "false hits",
    "marked": "false hits among marked pairs",
    "proxy": "hits whose evidence differs (a proxy)",
    "none": "false hits",
}
"""What is counted, by how it is told."""
TOLD_BY: dict[FalseHitMethod, str] = {
    "labelled": "told by the labels of the log",
    "marked": "told by the pairs people marked",
    "proxy": "a proxy: two questions that retrieve different documents hardly want the same answer; not a count of false hits",
    "none": "nothing tells which hits are right: the log holds neither labels nor what was retrieved",
}
LIMITS = {"hour": "all traffic, an hour", "user_hour": "one person, an hour", "user_day": "one person, a day"}


def opening(point: CachePoint, curve: CacheCurve, projection: Projection, spending: Spending) -> str:
    """The sentence to read aloud: what the cache would have answered, how surely, and what that does to the bill."""
    if not point.queries:
        return "The log holds no questions, so there is nothing a cache could have answered."
    asked = f"{count(point.queries)} question{'' if point.queries == 1 else 's'}"
    parts = [f"On {asked} {_cache_words(point)} {share(point.hit_rate)}{_kinds(point)}"]
    parts.append(_safety_words(point, curve))
    saved = _saving_words(projection, spending)
    return " ".join(f"{part}." for part in ("; ".join(filter(None, (*parts, saved))), _claim_words(projection)) if part)


def _claim_words(projection: Projection) -> str:
    """What becomes of the claim about model calls, where that can be told."""
    verdict = next((verdict for claim, verdict in projection.claims.items() if "model calls" in claim), "")
    holds = {"refuted": "does not hold", "confirmed": "holds"}.get(verdict.split(":")[0], "")
    return f"The usual claim of 30 to 50 % fewer model calls {holds} here" if holds else ""


def _cache_words(point: CachePoint) -> str:
    return "a cache would have answered" if point.threshold <= 1 else "a cache of exact repeats would have answered"


def _kinds(point: CachePoint) -> str:
    if point.threshold > 1 or not point.exact_hits + point.semantic_hits:
        return ""
    return f" ({count(point.exact_hits)} exact repeats, {count(point.semantic_hits)} similar questions)"


def _safety_words(point: CachePoint, curve: CacheCurve) -> str:
    if point.threshold > 1 and curve.chosen is None and curve.method != "none":
        unjudged = ", and none of its answers could be judged" if point.exact_hits and not point.judged else ""
        return f"no threshold for similar questions is shown to be safe{unjudged}"
    if not point.exact_hits + point.semantic_hits:
        return ""
    if curve.method == "none":
        return "whether its answers would have been right cannot be told from this log"
    if point.judged == 0:
        return "none of its answers could be judged"
    what = "rest on other evidence, a proxy" if curve.method == "proxy" else "would have gone to the wrong question"
    high = point.false_hit_rate.high
    bound = share(point.false_hit_rate) if high is None else f"at most {percent(high, point.judged)}"
    return f"{bound} of its answers {what} ({count(point.false_hits)} of {count(point.judged)} judged)"


def _saving_words(projection: Projection, spending: Spending) -> str:
    levers = {lever.key: lever for lever in projection.levers}
    both = levers.get("both")
    if both is not None and both.saved.value is not None:
        return f"with shorter contexts as well {share(both.saved)} of the cost would be saved"
    cache = levers.get("cache")
    if cache is not None and cache.saved.value is not None:
        return f"once it has filled it saves {share(cache.saved)} of the cost"
    return "" if spending.basis.known else "what that saves is not measured, for costs are not known"


def share(estimate: Estimate) -> str:
    """A share with its interval: "6.4 % [5.1, 7.9]"."""
    if estimate.value is None:
        return f"not measured ({estimate.reason})" if estimate.reason else "not measured"
    value = number(estimate, share=True)
    return value if estimate.method == "exact" else f"{value} {interval(estimate, share=True)}".strip()


def _brief(words: Callable[[Estimate], str], estimate: Estimate) -> str:
    """What stands in a table: the reason why something is not measured is told once, below it."""
    return words(estimate) if estimate.value is not None else "not measured"


def money(estimate: Estimate, currency: str) -> str:
    """An amount with its interval: "0.0041 GBP [0.0036, 0.0047]"."""
    if estimate.value is None:
        return f"not measured ({estimate.reason})" if estimate.reason else "not measured"
    bounds = (
        "" if estimate.low is None or estimate.high is None else f" [{plain(estimate.low)}, {plain(estimate.high)}]"
    )
    return f"{plain(estimate.value)} {currency}".strip() + bounds


def plain(value: float) -> str:
    """An amount in three significant digits, thousands apart: "1,230", "0.00412"."""
    return significant(value)


def policy_row(policy: PolicyResult) -> list[str]:
    """A policy as cells: name, hits, hit rate, false hits."""
    hits = f"{count(policy.exact_hits)} + {count(policy.semantic_hits)}"
    return [policy.name, hits, _brief(share, policy.hit_rate), _brief(share, policy.false_hit_rate)]


def lever_row(lever: Lever, currency: str) -> list[str]:
    """A lever as cells: name, cost of a question, of a month, saved, calls saved, false hits a month."""

    def in_currency(estimate: Estimate) -> str:
        return money(estimate, currency)

    false = "not measured" if lever.false_hits.value is None else plain(lever.false_hits.value)
    return [
        lever.name,
        _brief(in_currency, lever.per_query),
        _brief(in_currency, lever.per_month),
        _brief(share, lever.saved),
        _brief(share, lever.calls_saved),
        false,
    ]


def limit_row(limit: BreakerLimit, unit: str) -> list[str]:
    """A budget as cells: what for, budget, median, highest, questions cut, periods."""
    return [
        LIMITS[limit.scope],
        f"{plain(limit.budget)} {unit}",
        plain(limit.typical),
        plain(limit.highest),
        count(limit.cut),
        f"{count(limit.periods)} of {count(limit.of_periods)}",
    ]


def scope_words(fields: Sequence[str], missing: Sequence[str]) -> str:
    """Across what an answer is never shared, and what is assumed for want of a field."""
    never = f"An answer is never shared across {_listed([SCOPE[name] for name in fields])}." if fields else ""
    one = f"The log does not hold {_listed([SCOPE[name] for name in missing])}: one is assumed." if missing else ""
    return " ".join(part for part in (never, one) if part)


def times_over(spending: Spending, currency: str) -> str:
    """What a question costs against what was agreed, and where the rest comes from; "" where nothing was agreed."""
    if spending.ceiling is None or spending.times_over.value is None:
        return ""
    ceiling = f"{plain(spending.ceiling)} {currency}".strip()
    if spending.times_over.value <= 1:
        return f"A question costs {percent(spending.times_over.value, 100)} of the {ceiling} that were agreed: it is within them."
    said = f"A question costs {plain(spending.times_over.value)} times the {ceiling} that were agreed."
    if spending.drivers:
        said += f" The largest part to look at: {driver_words(spending.drivers[0])}"
    return said


def warming_words(projection: Projection) -> str:
    """How the hit rate grows as the cache fills, fifth by fifth of the log; "" where there are no fifths."""
    measured = [estimate for estimate in projection.warming if estimate.value is not None]
    if not measured:
        return ""
    shares = ", ".join(number(estimate, share=True) for estimate in measured)
    return f"As the cache fills, fifth by fifth of the log, it answers {shares}."


def driver_words(driver: CostDriver) -> str:
    """What makes questions dear, as a sentence."""
    return driver.said


def cache_summary(report: CacheReport) -> str:
    """The text of `workbench cache`."""
    threshold = "exact repeats only" if report.threshold is None else f"cosine of {report.threshold:.2f} or more"
    currency = report.projection.currency
    lines = [
        f"{count(report.queries)} questions, {count(report.empty)} without text; {threshold}",
        f"answered from the cache: {share(report.hit_rate)}: "
        f"{count(report.exact_hits)} exact repeats, {count(report.semantic_hits)} similar questions",
        f"{FALSE_HITS[report.false_hit_method]}: {share(report.false_hit_rate)}; {TOLD_BY[report.false_hit_method]}",
        report.curve.why,
        warming_words(report.projection),
        scope_words(report.scope, report.scope_missing),
        f"{count(report.cross_scope)} questions were asked before, but only across these boundaries."
        if report.cross_scope
        else "",
        "",
        *_table(["policy", "exact + similar", "hit rate", "false"], [policy_row(policy) for policy in report.policies]),
        "",
        report.spending.basis.said,
        times_over(report.spending, currency),
        *_table(
            ["lever", "a question", "a month", "saved", "calls saved", "false hits a month"],
            [lever_row(lever, currency) for lever in report.projection.levers],
        ),
        *[f"usual claim: {claim}: {verdict}" for claim, verdict in report.projection.claims.items()],
        "",
        report.context.said,
        report.spending.over_time.said,
        *[driver_words(driver) for driver in report.spending.drivers],
        report.breaker.said,
        "",
        *report.projection.not_measured,
        *report.notes,
    ]
    return "\n".join(_without_repeats(lines)).strip()


def _without_repeats(lines: Sequence[str]) -> list[str]:
    """The lines with runs of empty ones made one."""
    return [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    widths = [max(len(line[place]) for line in (head, *rows)) for place in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (head, *rows)
    ]
