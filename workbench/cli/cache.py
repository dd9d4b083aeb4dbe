"""`workbench cache`: what a semantic cache and shorter contexts would save on a log; the study itself stands elsewhere."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli import kinds
from workbench.cli.command import Command
from workbench.cli.output import progress, show

if TYPE_CHECKING:
    from workbench.records import Prices


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, metavar="CASE_OR_LOG", help="case folder, or one log file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the results")
    parser.add_argument(
        "--threshold",
        type=kinds.positive,
        help="least cosine of a hit (default: the one the budget of false hits allows)",
    )
    parser.add_argument("--budget", type=kinds.percent, default=1.0, help="highest per cent of false hits (default: 1)")
    parser.add_argument("--ttl", type=kinds.positive, metavar="HOURS", help="how long an answer may be served")
    parser.add_argument("--capacity", type=kinds.count, metavar="N", help="answers kept at most")
    parser.add_argument("--eviction", choices=("lru", "lfu"), default="lru", help="default: %(default)s")
    parser.add_argument("--groups", metavar="COLUMN", help="of a log file: equal values want the same answer")
    _add_prices(parser)
    parser.add_argument(
        "--per-month", type=kinds.positive, metavar="N", help="questions a month (default: as in the log)"
    )
    parser.add_argument(
        "--growth", type=kinds.growth, default=0.0, metavar="PERCENT", help="of traffic a month (default: 0)"
    )


def _add_prices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--price-in", type=kinds.amount, metavar="PRICE", help="of a million prompt tokens")
    parser.add_argument("--price-out", type=kinds.amount, metavar="PRICE", help="of a million answer tokens")
    parser.add_argument("--price-embedding", type=kinds.amount, metavar="PRICE", help="of a million embedded tokens")
    parser.add_argument("--price-rerank", type=kinds.amount, metavar="PRICE", help="of a thousand reranked questions")
    parser.add_argument("--false-hit", type=kinds.amount, metavar="COST", help="what one false hit costs")
    parser.add_argument("--currency", type=kinds.currency_code, metavar="CODE", help="of the prices, like EUR")
    parser.add_argument(
        "--priced-on", type=date.fromisoformat, metavar="DATE", help="day of the prices (default: today)"
    )


def _run(arguments: argparse.Namespace) -> int:
    from workbench import costing
    from workbench.records import Assumptions, CacheSettings
    from workbench.report.costs_text import cache_summary

    report = costing.cache(
        arguments.source,
        settings=CacheSettings(
            threshold=arguments.threshold,
            ttl=None if arguments.ttl is None else 3600 * arguments.ttl,
            capacity=arguments.capacity,
            eviction=arguments.eviction,
            budget=arguments.budget / 100,
        ),
        assumptions=Assumptions(queries_per_month=arguments.per_month, growth=arguments.growth / 100),
        prices=_prices(arguments),
        group_column=arguments.groups,
        out=arguments.out,
        progress=progress(),
    )
    show(cache_summary(report))
    if arguments.out:
        show(f"written: {arguments.out}/cache.json, {arguments.out}/cache_events.parquet")
    return 0


def _prices(arguments: argparse.Namespace) -> Prices | None:
    """The prices of the command line; None where it names none."""
    from datetime import UTC, datetime

    from workbench.records import Prices

    entered = {
        "input_per_million": arguments.price_in,
        "output_per_million": arguments.price_out,
        "embedding_per_million": arguments.price_embedding,
        "rerank_per_thousand": arguments.price_rerank,
        "false_hit": arguments.false_hit,
    }
    if all(price is None for price in entered.values()):
        return None
    return Prices(
        **entered,
        currency=arguments.currency or "",
        as_of=arguments.priced_on or datetime.now(UTC).date(),
        source="command line",
    )


CACHE = Command("cache", "what a semantic cache and shorter contexts would save on a log", _add_arguments, _run)
