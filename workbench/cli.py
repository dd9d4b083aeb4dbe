"""The `workbench` command: reads arguments, calls the function of the same name, prints what was written.

Faults of the input end in one sentence on stderr and exit code 2; everything else about them is hidden unless
`--debug` asks for it.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from math import inf, nan
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.records import JudgePlan, JudgeSettings

DEFAULT_WORKSPACE = Path("cases")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 2 bad input, 1 an error of the workbench itself."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(
        level=logging.DEBUG if arguments.debug else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        return COMMANDS[arguments.command](arguments)
    except (WorkbenchError, ValueError) as error:
        if arguments.debug:
            raise
        _say(f"workbench: {error}")
        return 2
    except OSError as error:
        if arguments.debug:
            raise
        _say(
            f"workbench: {error.filename or 'a file'}: {error.strerror or error}; check that it is there and can be used"
        )
        return 2
    except KeyboardInterrupt:
        _say("workbench: stopped; what was finished is kept")
        return 130


def _intake(arguments: argparse.Namespace) -> int:
    from workbench import session, store
    from workbench.case import open_case
    from workbench.ingest.logs.corrections import apply_correction
    from workbench.report.intake_text import intake_summary

    case = open_case(arguments.case)
    for correction in arguments.map:
        apply_correction(case.root, correction)
    found = session.intake(case, out=arguments.out, progress=_progress())
    if arguments.json:
        _print(store.to_json(found, "intake"))
        return 0
    _print(intake_summary(found, every_file=arguments.files))
    _print(f"written: {arguments.out}/intake.json" if arguments.out else "kept for the pages")
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from workbench import session
    from workbench.report.text import comparison_table
    from workbench.retrieval.arms import ARMS, ArmSettings

    settings = ArmSettings(
        encoder=arguments.encoder,
        reranker=arguments.reranker,
        bm25_engine=arguments.bm25_engine,
        weights=arguments.weights,
    )
    arms = list(dict.fromkeys(arm.strip() for arm in arguments.arms.split(",") if arm.strip()))
    result = session.compare(
        arguments.case, arms=arms, settings=settings, probed=arguments.probe, out=arguments.out, progress=_progress()
    )
    _print(comparison_table(result.comparison))
    for note in result.comparison.notes:
        _say(f"workbench: {note}")
    kept = "kept for the pages" if set(ARMS) <= set(arms) else "not kept: name a folder with --out, or run all arms"
    _print(f"written: {arguments.out}/comparison.json, {arguments.out}/runs/*.trec" if arguments.out else kept)
    return 0


def _diagnose(arguments: argparse.Namespace) -> int:
    from workbench import session
    from workbench.report.text import diagnosis_summary

    diagnosis = session.diagnose(arguments.case, out=arguments.out, progress=_progress())
    _print(diagnosis_summary(diagnosis))
    _print(
        f"written: {arguments.out}/diagnosis.json, {arguments.out}/report.html"
        if arguments.out
        else "kept for the pages"
    )
    return 0


def _cache(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from workbench import costing
    from workbench.records import Assumptions, CacheSettings, Prices
    from workbench.report.costs_text import cache_summary

    prices = Prices(
        input_per_million=arguments.price_in,
        output_per_million=arguments.price_out,
        embedding_per_million=arguments.price_embedding,
        rerank_per_thousand=arguments.price_rerank,
        false_hit=arguments.false_hit,
        currency=arguments.currency or "",
        as_of=arguments.priced_on or datetime.now(UTC).date(),
        source="command line",
    )
    entered = arguments.price_in, arguments.price_out, arguments.price_embedding, arguments.price_rerank
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
        prices=prices if any(price is not None for price in (*entered, arguments.false_hit)) else None,
        group_column=arguments.groups,
        out=arguments.out,
        progress=_progress(),
    )
    _print(cache_summary(report))
    if arguments.out:
        _print(f"written: {arguments.out}/cache.json, {arguments.out}/cache_events.parquet")
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from workbench import scoring
    from workbench.answers.own_function import own_function
    from workbench.errors import CancelledError
    from workbench.report.answers_text import answers_summary

    metrics = [name.strip() for name in arguments.metrics.split(",") if name.strip()] if arguments.metrics else None
    try:
        report = scoring.evaluate(
            arguments.case,
            judge=None if arguments.no_judge else _judge(arguments),
            metrics=metrics,
            origin=arguments.rows,
            limit=arguments.limit,
            own=own_function(arguments.own) if arguments.own else None,
            out=arguments.out,
            progress=_progress(),
            confirm=_confirm(arguments.yes),
        )
    except CancelledError as stopped:
        _say(f"workbench: {stopped}")
        return 0
    _print(answers_summary(report))
    _print(f"written: {arguments.out}/answers.json" if arguments.out else "kept for the pages")
    return 130 if report.stopped else 0


def _judge(arguments: argparse.Namespace) -> JudgeSettings | None:
    """The judge of the command line, what it leaves out from the environment, else from what is kept with the case."""
    from dataclasses import replace

    from workbench.answers.judge import judge_from_environment, kept_judge
    from workbench.case import open_case
    from workbench.errors import InputError
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
    # An address belongs to its vendor and its model: one of them entered anew leaves nothing of another judge standing.
    fresh = {"url", "model"} <= stated.keys()
    known = None if fresh else judge_from_environment() or kept_judge(open_case(arguments.case).root)
    if known is None and not stated:
        return None
    judge = replace(known or JudgeSettings(), **stated)
    if not judge.model:
        raise InputError("no model is named to judge; give --judge-model, or --no-judge to measure without one")
    return judge


def _confirm(yes: bool) -> Callable[[JudgePlan], bool]:
    """Prints what judging would take, and asks; where nobody can be asked, `--yes` must have been said."""
    from workbench.errors import InputError
    from workbench.report.answers_text import plan_words

    def confirm(plan: JudgePlan) -> bool:
        _print(plan_words(plan))
        if yes or not plan.calls:
            return True
        if not sys.stdin.isatty():
            raise InputError("nothing was asked of the judge: add --yes to go ahead with the plan above")
        sys.stderr.write("Go ahead? [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    return confirm


def _harness(arguments: argparse.Namespace) -> int:
    from workbench.report.harness_text import starter_summary
    from workbench.starter import write_harness

    report = write_harness(arguments.case, arguments.out, items=arguments.items, progress=_progress())
    _print(starter_summary(report))
    _print(f"written: {len(report.written)} files in {arguments.out}; begin with {arguments.out}/evaluation/README.md")
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    from workbench import compute, session
    from workbench.ui.server import serve

    folders = _workspaces(arguments)
    with compute.local_scheduler(session.warm_up):
        return serve(folders, port=arguments.port, open_browser=not arguments.no_browser, token=arguments.token)


def _lab(arguments: argparse.Namespace) -> int:
    from workbench import compute, session
    from workbench.ui.jupyterlab import open_lab

    folders = _workspaces(arguments)
    with compute.local_scheduler(session.warm_up):
        return open_lab(folders, port=arguments.port, open_browser=not arguments.no_browser)


def _new(arguments: argparse.Namespace) -> int:
    from workbench.case import PARTS, new_case

    case = new_case(arguments.workspace, arguments.name)
    _print(
        f"made {case.root}; put files into {', '.join(f'{part}/' for part in PARTS)}, then run: workbench diagnose {case.root}"
    )
    return 0


def _doctor(_arguments: argparse.Namespace) -> int:
    from workbench.doctor import check_all, table

    checks = check_all()
    _print(table(checks))
    return 0 if all(check.ok for check in checks if check.needed) else 1


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "cache": _cache,
    "compare": _compare,
    "diagnose": _diagnose,
    "doctor": _doctor,
    "evaluate": _evaluate,
    "harness": _harness,
    "intake": _intake,
    "lab": _lab,
    "new": _new,
    "serve": _serve,
}


def _parser() -> argparse.ArgumentParser:
    import workbench

    parser = argparse.ArgumentParser(
        prog="workbench", description="Finds out, with evidence, why an AI pilot is stuck."
    )
    parser.add_argument("--version", action="version", version=f"workbench {workbench.__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks and log messages")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    intake = commands.add_parser("intake", help="what could be read of everything handed over, file by file")
    _case_arguments(intake)
    intake.add_argument("--json", action="store_true", help="print intake.json instead of the summary")
    intake.add_argument("--files", action="store_true", help="list every file, not only those that need a look")
    intake.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="FILE:FIELD=COLUMN",
        help="correct the reading of a log: logs/a.csv:query=Frage, logs/a.csv:latency_ms.unit=s, "
        "logs/a.csv:at.zone=Europe/Berlin; kept in the case, may be repeated",
    )

    compare = commands.add_parser("compare", help="naive against hybrid retrieval on a case, with intervals")
    _case_arguments(compare)
    compare.add_argument(
        "--arms",
        default="dense,bm25,hybrid,hybrid+rerank",
        help="comma separated (default: %(default)s); each may add +title, +small, +weighted, +filter, +rerank, +learned or "
        "+cross-encoder, as in hybrid+title+rerank",
    )
    compare.add_argument(
        "--encoder", metavar="PATH_OR_NAME", help="sentence-transformers model (default: the embedded MiniLM)"
    )
    compare.add_argument(
        "--reranker", metavar="PATH_OR_NAME", help="cross-encoder for +rerank (default: the built-in one)"
    )
    compare.add_argument(
        "--weights",
        type=_weights,
        default=(1.0, 1.0),
        metavar="DENSE,BM25",
        help="of the legs in a fusion (default: 1,1)",
    )
    compare.add_argument(
        "--probe",
        type=int,
        metavar="N",
        help="documents probed for findability, a sample where there are more; 0 for none",
    )
    compare.add_argument(
        "--bm25-engine", choices=("workbench", "bm25s", "rank-bm25"), default="workbench", help="default: %(default)s"
    )

    diagnose = commands.add_parser("diagnose", help="which cause blocks the pilot, with evidence")
    _case_arguments(diagnose)

    _cache_arguments(
        commands.add_parser("cache", help="what a semantic cache and shorter contexts would save on a log")
    )

    _evaluate_arguments(
        commands.add_parser("evaluate", help="the client's answers scored, by a model where one is named")
    )
    _harness_arguments(
        commands.add_parser("harness", help="an evaluation harness to leave behind: questions, tests, pipeline")
    )

    serve = commands.add_parser("serve", help="the notebooks as pages in the browser")
    _server_arguments(serve, port=8866)
    serve.add_argument("--token", help="access token (default: a new one at each start)")

    lab = commands.add_parser("lab", help="the notebooks in JupyterLab")
    _server_arguments(lab, port=8888)

    new = commands.add_parser("new", help="an empty case folder")
    new.add_argument("name", help="letters, digits, '-', '_' and '.'")
    new.add_argument("--workspace", type=Path, default=DEFAULT_WORKSPACE, help="default: %(default)s")

    commands.add_parser("doctor", help="what works on this machine and what does not")
    return parser


def _cache_arguments(cache: argparse.ArgumentParser) -> None:
    cache.add_argument("source", type=Path, metavar="CASE_OR_LOG", help="case folder, or one log file")
    cache.add_argument("--out", type=Path, metavar="DIR", help="folder for the results")
    cache.add_argument(
        "--threshold", type=_positive, help="least cosine of a hit (default: the one the budget of false hits allows)"
    )
    cache.add_argument("--budget", type=_percent, default=1.0, help="highest per cent of false hits (default: 1)")
    cache.add_argument("--ttl", type=_positive, metavar="HOURS", help="how long an answer may be served")
    cache.add_argument("--capacity", type=_count, metavar="N", help="answers kept at most")
    cache.add_argument("--eviction", choices=("lru", "lfu"), default="lru", help="default: %(default)s")
    cache.add_argument("--groups", metavar="COLUMN", help="of a log file: equal values want the same answer")
    cache.add_argument("--price-in", type=_amount, metavar="PRICE", help="of a million prompt tokens")
    cache.add_argument("--price-out", type=_amount, metavar="PRICE", help="of a million answer tokens")
    cache.add_argument("--price-embedding", type=_amount, metavar="PRICE", help="of a million embedded tokens")
    cache.add_argument("--price-rerank", type=_amount, metavar="PRICE", help="of a thousand reranked questions")
    cache.add_argument("--false-hit", type=_amount, metavar="COST", help="what one false hit costs")
    cache.add_argument("--currency", type=_currency_code, metavar="CODE", help="of the prices, like EUR")
    cache.add_argument(
        "--priced-on", type=date.fromisoformat, metavar="DATE", help="day of the prices (default: today)"
    )
    cache.add_argument("--per-month", type=_positive, metavar="N", help="questions a month (default: as in the log)")
    cache.add_argument("--growth", type=_growth, default=0.0, metavar="PERCENT", help="of traffic a month (default: 0)")


def _evaluate_arguments(evaluate: argparse.ArgumentParser) -> None:
    _case_arguments(evaluate)
    evaluate.add_argument(
        "--judge-url", metavar="URL", help="address of the model that judges, like http://localhost:11434/v1"
    )
    evaluate.add_argument("--judge-model", metavar="MODEL", help="its name; for Azure the deployment")
    evaluate.add_argument(
        "--vendor", choices=("openai", "azure", "anthropic", "bedrock"), help="openai is any OpenAI-compatible address"
    )
    evaluate.add_argument("--price-in", type=_amount, metavar="PRICE", help="of a million tokens the judge reads")
    evaluate.add_argument("--price-out", type=_amount, metavar="PRICE", help="of a million tokens the judge writes")
    evaluate.add_argument("--currency", type=_currency_code, metavar="CODE", help="of the prices, like EUR")
    evaluate.add_argument("--limit", type=_count, metavar="N", help="answers at most, drawn at random (default: 1,000)")
    evaluate.add_argument(
        "--metrics",
        metavar="NAMES",
        help="what is judged, comma separated: faithfulness, answer_relevancy, context_precision, context_recall (default: all)",
    )
    evaluate.add_argument(
        "--rows", choices=("evals", "log"), help="where answers are taken from (default: evals where they hold any)"
    )
    evaluate.add_argument("--own", metavar="FILE.py:FUNCTION", help="a metric of your own: takes a row, gives 0 to 1")
    evaluate.add_argument("--yes", action="store_true", help="judge without asking first")
    evaluate.add_argument("--no-judge", action="store_true", help="measure only what needs no model")


def _harness_arguments(harness: argparse.ArgumentParser) -> None:
    harness.add_argument("case", type=Path, help="case folder with a query log")
    harness.add_argument("--out", type=Path, metavar="DIR", required=True, help="new folder, or one written before")
    harness.add_argument("--items", type=_several, default=300, metavar="N", help="questions at most (default: 300)")


def _server_arguments(parser: argparse.ArgumentParser, *, port: int) -> None:
    parser.add_argument(
        "--workspace", type=Path, default=DEFAULT_WORKSPACE, help="folder of cases (default: %(default)s)"
    )
    parser.add_argument(
        "--also", type=Path, action="append", default=[], help="further folder of cases, may be repeated"
    )
    parser.add_argument("--port", type=int, default=port, help="default: %(default)s")
    parser.add_argument("--no-browser", action="store_true", help="print the address, open nothing")


def _workspaces(arguments: argparse.Namespace) -> list[Path]:
    arguments.workspace.mkdir(parents=True, exist_ok=True)
    return [arguments.workspace.resolve(), *(folder.resolve() for folder in arguments.also)]


def _weights(text: str) -> tuple[float, float]:
    """Two weights, 0 or more and not both 0."""
    parts = [part.strip() for part in text.split(",")]
    try:
        dense, sparse = (float(part) for part in parts)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not two numbers; give the weights as 0.7,0.3") from None
    if not (dense >= 0 and sparse >= 0 and 0 < dense + sparse < inf):
        raise argparse.ArgumentTypeError(f"'{text}': weights are 0 or more and not both 0; give them as 0.7,0.3")
    return dense, sparse


def _number(text: str, kind: str, low: float, high: float = inf) -> float:
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not low <= value <= high or value == inf:
        raise argparse.ArgumentTypeError(f"'{text}' is not {kind}")
    return value


def _amount(text: str) -> float:
    return _number(text, "an amount of 0 or more", 0.0)


def _positive(text: str) -> float:
    return _number(text, "a number above 0", 1e-12)


def _percent(text: str) -> float:
    return _number(text, "a per cent figure above 0 and up to 100", 1e-9, 100.0)


def _growth(text: str) -> float:
    return _number(text, "a per cent figure from -99 to 1000", -99.0, 1000.0)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def _several(text: str) -> int:
    if _count(text) < 2:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 1")
    return _count(text)


def _currency_code(text: str) -> str:
    if not (len(text) == 3 and text.isascii() and text.isalpha()):
        raise argparse.ArgumentTypeError(f"'{text}' is not a currency code of three letters, like EUR")
    return text.upper()


def _case_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", type=Path, help="case folder, or a BEIR directory")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the results")


def _progress() -> Callable[[float, str], None] | None:
    """Progress on one line of a terminal; nothing when the output goes elsewhere."""
    if not sys.stderr.isatty():
        return None

    def tell(share: float, message: str) -> None:
        end = "\n" if share >= 1 else ""
        sys.stderr.write(f"\r\x1b[K{share:4.0%} {message}{end}")
        sys.stderr.flush()

    return tell


def _print(text: str) -> None:
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads, such as `head`, has seen enough; what is left in the buffer must go somewhere at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
