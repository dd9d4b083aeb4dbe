"""`workbench doctor`: what works on this machine; the checks stand in `workbench.doctor`."""

from __future__ import annotations

import argparse

from workbench.cli.command import Command
from workbench.cli.output import show


def _add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def _run(_arguments: argparse.Namespace) -> int:
    from workbench.doctor import check_all, table

    checks = check_all()
    show(table(checks))
    return 0 if all(check.ok for check in checks if check.needed) else 1


DOCTOR = Command("doctor", "what works on this machine and what does not", _add_arguments, _run)
