"""Eval sets and eval runs of a case, told by content and read from the files of every common tool.

What the scores are worth is the business of `workbench.evaluation`.
"""

from workbench.ingest.evals.material import read_evals

__all__ = ["read_evals"]
