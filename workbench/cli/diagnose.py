"""`workbench diagnose`: which cause blocks the pilot; how that is found out stands elsewhere."""

from __future__ import annotations

import argparse

from workbench.cli.command import Command, add_case
from workbench.cli.output import progress, show


def _run(arguments: argparse.Namespace) -> int:
    from workbench import session
    from workbench.report.text import diagnosis_summary

    diagnosis = session.diagnose(arguments.case, out=arguments.out, progress=progress())
    show(diagnosis_summary(diagnosis))
    show(
        f"written: {arguments.out}/diagnosis.json, {arguments.out}/report.html"
        if arguments.out
        else "kept for the pages"
    )
    return 0


DIAGNOSE = Command("diagnose", "which cause blocks the pilot, with evidence", add_case, _run)
