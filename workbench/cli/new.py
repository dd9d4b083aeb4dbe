"""`workbench new`: an empty case folder; what belongs into one stands in `workbench.case`."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.cli.command import DEFAULT_WORKSPACE, Command
from workbench.cli.output import show


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="letters, digits, '-', '_' and '.'")
    parser.add_argument("--workspace", type=Path, default=DEFAULT_WORKSPACE, help="default: %(default)s")


def _run(arguments: argparse.Namespace) -> int:
    from workbench.case import PARTS, new_case

    case = new_case(arguments.workspace, arguments.name)
    show(
        f"made {case.root}; put files into {', '.join(f'{part}/' for part in PARTS)}, then run: workbench diagnose {case.root}"
    )
    return 0


NEW = Command("new", "an empty case folder", _add_arguments, _run)
