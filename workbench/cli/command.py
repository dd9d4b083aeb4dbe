"""What a command is, and the arguments several of them share.

Types of arguments stand in `workbench.cli.kinds`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DEFAULT_WORKSPACE = Path("cases")


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        summary: its line in the help of `workbench`.
        add_arguments: adds its arguments to a parser.
        run: does it; returns the exit code.
    """

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def add_case(parser: argparse.ArgumentParser) -> None:
    """The arguments of a command on one case."""
    parser.add_argument("case", type=Path, help="case folder, or a BEIR directory")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the results")
