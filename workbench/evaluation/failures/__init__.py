"""Why an arm missed: codes C0 to C12 for each question and arm, with the rule that fired and its ranks.

Rules read ranks, labels and what was retrieved; they do not judge answers and call no model.
"""

from workbench.evaluation.failures.codes import BURIED, CODES, DEPTH, FAILURE_K, FIXES, OTHER, UNJUDGED
from workbench.evaluation.failures.coding import RULES, FailureRow, breakdown, code_failures
from workbench.evaluation.failures.evidence import FailureEvidence
from workbench.evaluation.failures.not_tested import codes_not_tested

__all__ = [
    "BURIED",
    "CODES",
    "DEPTH",
    "FAILURE_K",
    "FIXES",
    "OTHER",
    "RULES",
    "UNJUDGED",
    "FailureEvidence",
    "FailureRow",
    "breakdown",
    "code_failures",
    "codes_not_tested",
]
