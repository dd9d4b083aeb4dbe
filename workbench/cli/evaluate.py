"""`workbench evaluate`: the client's answers scored; which judge is meant, and whether it may be asked, is decided here.

Plan and scores come from `workbench.scoring`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from workbench.cli import kinds
from workbench.cli.command import Command, add_case
from workbench.cli.output import progress, say, show

if TYPE_CHECKING:
    from workbench.case import Case
    from workbench.records import JudgePlan, JudgeSettings


EARLIER_SHOWN = "the pages go on showing the earlier report of a judge"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_case(parser)
    _add_judge(parser)
    parser.add_argument(
        "--limit", type=kinds.count, metavar="N", help="answers at most, drawn at random (default: 1,000)"
    )
    parser.add_argument(
        "--metrics",
        metavar="NAMES",
        help="what is judged, comma separated: faithfulness, answer_relevancy, context_precision, context_recall (default: all)",
    )
    parser.add_argument(
        "--rows", choices=("evals", "log"), help="where answers are taken from (default: evals where they hold any)"
    )
    parser.add_argument("--own", metavar="FILE.py:FUNCTION", help="a metric of your own: takes a row, gives 0 to 1")
    parser.add_argument("--yes", action="store_true", help="judge without asking first")
    parser.add_argument("--no-judge", action="store_true", help="measure only what needs no model")


def _add_judge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--judge-url", metavar="URL", help="address of the model that judges, like http://localhost:11434/v1"
    )
    parser.add_argument("--judge-model", metavar="MODEL", help="its name; for Azure the deployment")
    parser.add_argument(
        "--vendor", choices=("openai", "azure", "anthropic", "bedrock"), help="openai is any OpenAI-compatible address"
    )
    parser.add_argument("--price-in", type=kinds.amount, metavar="PRICE", help="of a million tokens the judge reads")
    parser.add_argument("--price-out", type=kinds.amount, metavar="PRICE", help="of a million tokens the judge writes")
    parser.add_argument("--currency", type=kinds.currency_code, metavar="CODE", help="of the prices, like EUR")


def _run(arguments: argparse.Namespace) -> int:
    from workbench import scoring
    from workbench.answers.own_function import own_function
    from workbench.case import open_case
    from workbench.errors import CancelledError
    from workbench.report.answers_text import answers_summary

    metrics = [name.strip() for name in arguments.metrics.split(",") if name.strip()] if arguments.metrics else None
    case = open_case(arguments.case)
    try:
        report = scoring.evaluate(
            case,
            judge=None if arguments.no_judge else _judge(arguments, case),
            metrics=metrics,
            origin=arguments.rows,
            limit=arguments.limit,
            own=own_function(arguments.own) if arguments.own else None,
            out=arguments.out,
            progress=progress(),
            confirm=_confirm(arguments.yes),
        )
    except CancelledError as stopped:
        say(f"workbench: {stopped}")
        return 0
    show(answers_summary(report))
    if arguments.out:
        show(f"written: {arguments.out}/answers.json")
    show("kept for the pages" if scoring.shows(case, report) else EARLIER_SHOWN)
    return 130 if report.stopped else 0


def _judge(arguments: argparse.Namespace, case: Case) -> JudgeSettings | None:
    """The judge of the command line, what it leaves out from the environment, else from what is kept with the case."""
    from dataclasses import replace

    from workbench.errors import InputError
    from workbench.judging import known_judge
    from workbench.records import JudgeSettings

    entered = {
        "url": arguments.judge_url,
        "model": arguments.judge_model,
        "vendor": arguments.vendor,
        "input_per_million": arguments.price_in,
        "output_per_million": arguments.price_out,
        "currency": arguments.currency,
    }
    stated = {name: value for name, value in entered.items() if value is not None}
    # An address and a model entered together are another judge: nothing of the one that is known stays standing.
    fresh = {"url", "model"} <= stated.keys()
    known = None if fresh else known_judge(case)
    if known is None and not stated:
        return None
    known = _without_strangers(known or JudgeSettings(), stated)
    _check_currency(known, stated)
    judge = replace(known, **stated)
    if not judge.model:
        raise InputError("no model is named to judge; give --judge-model, or --no-judge to measure without one")
    return judge


def _without_strangers(known: JudgeSettings, stated: Mapping[str, object]) -> JudgeSettings:
    """A known judge without what does not hold for another model or vendor: prices, and a vendor's address."""
    from dataclasses import replace

    if stated.get("vendor", known.vendor) != known.vendor:
        known = replace(known, url="", api_version="")
    if any(name in stated and stated[name] != getattr(known, name) for name in ("url", "model", "vendor")):
        known = replace(known, input_per_million=None, output_per_million=None, currency="", as_of=None)
    return known


def _check_currency(known: JudgeSettings, stated: Mapping[str, object]) -> None:
    """Refuse to call a price that is known by the name of another currency."""
    from workbench.errors import InputError

    prices = ("input_per_million", "output_per_million")
    stays = any(getattr(known, price) is not None and price not in stated for price in prices)
    if stays and known.currency and stated.get("currency", known.currency) != known.currency:
        raise InputError(
            f"the prices that are known are in {known.currency}; give --price-in and --price-out in {stated['currency']} as well"
        )


def _confirm(yes: bool) -> Callable[[JudgePlan], bool]:
    """Prints what judging would take, and asks; where nobody can be asked, `--yes` must have been said."""
    from workbench.errors import InputError
    from workbench.report.answers_text import plan_words

    def confirm(plan: JudgePlan) -> bool:
        show(plan_words(plan))
        if yes or not plan.calls:
            return True
        if sys.stdin is None or not sys.stdin.isatty():
            raise InputError("nothing was asked of the judge: add --yes to go ahead with the plan above")
        sys.stderr.write("Go ahead? [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    return confirm


EVALUATE = Command("evaluate", "the client's answers scored, by a model where one is named", _add_arguments, _run)
