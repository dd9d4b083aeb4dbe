"""The `workbench` command: a module a command, which reads its arguments, calls the function of the same name, prints what came.

Nothing is computed here, and nothing heavy is loaded before the command that needs it runs.
"""

from workbench.cli.entry import main

__all__ = ["main"]
