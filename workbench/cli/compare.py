"""`workbench compare`: ways of searching side by side on one case; how they search and are measured stands elsewhere."""

from __future__ import annotations

import argparse

from workbench.cli import kinds
from workbench.cli.command import Command, add_case
from workbench.cli.output import progress, say, show


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_case(parser)
    parser.add_argument(
        "--arms",
        default="dense,bm25,hybrid,hybrid+rerank",
        help="comma separated (default: %(default)s); each may add +title, +small, +weighted, +filter, +rerank, +learned or "
        "+cross-encoder, as in hybrid+title+rerank",
    )
    parser.add_argument(
        "--encoder", metavar="PATH_OR_NAME", help="sentence-transformers model (default: the embedded MiniLM)"
    )
    parser.add_argument(
        "--reranker", metavar="PATH_OR_NAME", help="cross-encoder for +rerank (default: the built-in one)"
    )
    parser.add_argument(
        "--weights",
        type=kinds.weights,
        default=(1.0, 1.0),
        metavar="DENSE,BM25",
        help="of the legs in a fusion (default: 1,1)",
    )
    parser.add_argument(
        "--probe",
        type=int,
        metavar="N",
        help="documents probed for findability, a sample where there are more; 0 for none",
    )
    parser.add_argument(
        "--bm25-engine", choices=("workbench", "bm25s", "rank-bm25"), default="workbench", help="default: %(default)s"
    )


def _run(arguments: argparse.Namespace) -> int:
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
        arguments.case, arms=arms, settings=settings, probed=arguments.probe, out=arguments.out, progress=progress()
    )
    show(comparison_table(result.comparison))
    for note in result.comparison.notes:
        say(f"workbench: {note}")
    kept = "kept for the pages" if set(ARMS) <= set(arms) else "not kept: name a folder with --out, or run all arms"
    show(f"written: {arguments.out}/comparison.json, {arguments.out}/runs/*.trec" if arguments.out else kept)
    return 0


COMPARE = Command("compare", "naive against hybrid retrieval on a case, with intervals", _add_arguments, _run)
