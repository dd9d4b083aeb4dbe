"""Score the golden set and fail when a gate level is missed.

Exit code 0: all levels met. 1: a level missed or a significant drop. 2: the run itself is not usable.
"""

import argparse
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy import stats

HERE = Path(__file__).resolve().parent
METRICS = ("context_recall", "context_precision", "faithfulness", "answer_relevancy", "refusal_correctness")
log = logging.getLogger("eval")

Scores = Mapping[str, Mapping[str, float]]  # item id -> metric -> score


def mean_with_interval(values: Sequence[float], seed: int = 20260302) -> tuple[float, float, float]:
    """Mean and 95% bootstrap interval."""
    data = np.asarray(values, dtype=float)
    rng = np.random.default_rng(seed)
    means = rng.choice(data, size=(2000, data.size)).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(data.mean()), float(low), float(high)


def values_of(scores: Scores, metric: str) -> dict[str, float]:
    """Scores of one metric by item; items for which it does not apply are left out."""
    return {item: row[metric] for item, row in scores.items() if metric in row}


def missed_levels(scores: Scores, levels: Mapping[str, Any]) -> list[str]:
    """A sentence for each level that the run does not reach."""
    missed = []
    for metric in METRICS:
        if metric not in levels:
            continue
        values = list(values_of(scores, metric).values())
        if not values:
            missed.append(f"{metric}: not scored, level {levels[metric]:.2f}")
            continue
        mean, low, high = mean_with_interval(values)
        skipped = len(scores) - len(values)
        log.info("%s %.3f (%.3f-%.3f, n=%d, not applicable %d)", metric, mean, low, high, len(values), skipped)
        if mean < levels[metric]:
            missed.append(f"{metric}: {mean:.3f} below {levels[metric]:.2f} (n={len(values)})")
    return missed


def significant_drops(scores: Scores, baseline: Scores, metrics: Sequence[str], alpha: float) -> list[str]:
    """A sentence for each metric that fell against the baseline on the same items."""
    drops = []
    for metric in metrics:
        new, old = values_of(scores, metric), values_of(baseline, metric)
        pairs = np.array([(new[item], old[item]) for item in sorted(new.keys() & old.keys())])
        if len(pairs) < 30:
            continue
        difference = pairs[:, 0] - pairs[:, 1]
        if not difference.any() or difference.mean() >= 0:
            continue
        p_value = float(stats.wilcoxon(difference, alternative="less").pvalue)
        if p_value < alpha:
            drops.append(f"{metric}: {difference.mean():+.3f} on {len(pairs)} shared items (p={p_value:.3f})")
    return drops


def read_scores(path: Path) -> dict[str, dict[str, float]]:
    """Per-item scores as `evalstore score` writes them."""
    rows = json.loads(path.read_text(encoding="utf-8"))["items"]
    return {row["id"]: row["scores"] for row in rows}


def check_size(scores: Scores, lock: Mapping[str, Any]) -> None:
    """Refuse a run that did not score the locked golden set."""
    if len(scores) != lock["items"]:
        log.error("run scored %d items, %s has %d", len(scores), lock["version"], lock["items"])
        sys.exit(2)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scope", choices=("merge", "go_live"), required=True)
    parser.add_argument("--scores", type=Path, default=HERE / "out" / "scores.json")
    parser.add_argument("--baseline", type=Path, default=HERE / "out" / "baseline.json")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    thresholds = yaml.safe_load((HERE / "thresholds.yaml").read_text(encoding="utf-8"))
    lock = yaml.safe_load((HERE / "golden.lock.yaml").read_text(encoding="utf-8"))
    levels = thresholds[options.scope]
    scores = read_scores(options.scores)
    check_size(scores, lock)

    faults = missed_levels(scores, levels)
    if levels.get("no_drop"):
        faults += significant_drops(
            scores, read_scores(options.baseline), levels["no_drop"], thresholds["significance"]
        )
    for fault in faults:
        log.error("gate %s: %s", options.scope, fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
