"""The entry point: finds the command that was named, runs it, and turns what ends it into a sentence and an exit code.

Faults of the input end in one sentence on stderr and exit code 2; everything else about them is hidden unless
`--debug` asks for it.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence

from workbench.cli.cache import CACHE
from workbench.cli.command import Command
from workbench.cli.compare import COMPARE
from workbench.cli.diagnose import DIAGNOSE
from workbench.cli.doctor import DOCTOR
from workbench.cli.evaluate import EVALUATE
from workbench.cli.harness import HARNESS
from workbench.cli.intake import INTAKE
from workbench.cli.new import NEW
from workbench.cli.output import say
from workbench.cli.serve import LAB, SERVE
from workbench.errors import WorkbenchError

COMMANDS: tuple[Command, ...] = (INTAKE, COMPARE, DIAGNOSE, CACHE, EVALUATE, HARNESS, SERVE, LAB, NEW, DOCTOR)
"""In the order of the help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 an error of the workbench itself, 2 bad input, 130 Ctrl-C."""
    arguments = _parser().parse_args(argv)
    command: Command = arguments.command
    logging.basicConfig(
        level=logging.DEBUG if arguments.debug else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        return command.run(arguments)
    except (WorkbenchError, ValueError) as error:
        if arguments.debug:
            raise
        say(f"workbench: {error}")
        return 2
    except OSError as error:
        if arguments.debug:
            raise
        say(
            f"workbench: {error.filename or 'a file'}: {error.strerror or error}; check that it is there and can be used"
        )
        return 2
    except KeyboardInterrupt:
        say("workbench: stopped; what was finished is kept")
        return 130


def _parser() -> argparse.ArgumentParser:
    import workbench

    parser = argparse.ArgumentParser(
        prog="workbench", description="Finds out, with evidence, why an AI pilot is stuck."
    )
    parser.add_argument("--version", action="version", version=f"workbench {workbench.__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks and log messages")
    commands = parser.add_subparsers(dest="name_of_command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        added = commands.add_parser(command.name, help=command.summary)
        added.set_defaults(command=command)
        command.add_arguments(added)
    return parser
