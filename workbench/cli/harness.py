"""`workbench harness`: an evaluation harness to leave behind; what is drawn and written stands elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.cli import kinds
from workbench.cli.command import Command
from workbench.cli.output import progress, show


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", type=Path, help="case folder with a query log")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="new folder, or one written before")
    parser.add_argument(
        "--items", type=kinds.several, default=300, metavar="N", help="questions at most (default: 300)"
    )


def _run(arguments: argparse.Namespace) -> int:
    from workbench.report.harness_text import starter_summary
    from workbench.starter import write_harness

    report = write_harness(arguments.case, arguments.out, items=arguments.items, progress=progress())
    show(starter_summary(report))
    show(f"written: {len(report.written)} files in {arguments.out}; begin with {arguments.out}/evaluation/README.md")
    return 0


HARNESS = Command("harness", "an evaluation harness to leave behind: questions, tests, pipeline", _add_arguments, _run)
