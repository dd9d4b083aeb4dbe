"""The client's answers scored: rows taken, a judge asked where one is set, the report made, kept and found again.

It puts the parts in order; every number comes from `workbench.answers`.
"""

from workbench.scoring.evaluating import EARLIER_SHOWN, evaluate, scoring_plan
from workbench.scoring.job import SCORING, run_scoring, start_scoring
from workbench.scoring.kept import shows, stored_answers, stored_rows

__all__ = [
    "EARLIER_SHOWN",
    "SCORING",
    "evaluate",
    "run_scoring",
    "scoring_plan",
    "shows",
    "start_scoring",
    "stored_answers",
    "stored_rows",
]
