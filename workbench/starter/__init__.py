"""A harness to leave behind: questions drawn from the log, a baseline, tests that fail on a drop, a pipeline that runs them.

It writes one folder that needs Python and pytest alone; it asks no system and writes no reference of its own.
"""

from workbench.starter.report import StarterReport
from workbench.starter.writing import write_harness

__all__ = ["StarterReport", "write_harness"]
