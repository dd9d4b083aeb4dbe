"""`workbench intake`: what could be read of everything handed over, file by file; what is read, and how, stands elsewhere."""

from __future__ import annotations

import argparse

from workbench.cli.command import Command, add_case
from workbench.cli.output import progress, show


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_case(parser)
    parser.add_argument("--json", action="store_true", help="print intake.json instead of the summary")
    parser.add_argument("--files", action="store_true", help="list every file, not only those that need a look")
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="FILE:FIELD=COLUMN",
        help="correct the reading of a log: logs/a.csv:query=Frage, logs/a.csv:latency_ms.unit=s, "
        "logs/a.csv:at.zone=Europe/Berlin; kept in the case, may be repeated",
    )


def _run(arguments: argparse.Namespace) -> int:
    from workbench import session, store
    from workbench.case import open_case
    from workbench.ingest.logs.corrections import apply_correction
    from workbench.report.intake_text import intake_summary

    case = open_case(arguments.case)
    for correction in arguments.map:
        apply_correction(case.root, correction)
    found = session.intake(case, out=arguments.out, progress=progress())
    if arguments.json:
        show(store.to_json(found, "intake"))
        return 0
    show(intake_summary(found, every_file=arguments.files))
    show(f"written: {arguments.out}/intake.json" if arguments.out else "kept for the pages")
    return 0


INTAKE = Command("intake", "what could be read of everything handed over, file by file", _add_arguments, _run)
