"""What a person asks of a case: take its files in, compare, diagnose, and find what was computed before.

It puts the parts in order and keeps their results; every number comes from the parts themselves.
"""

from workbench.session.comparing import compare, explain, grade, stored_comparison
from workbench.session.diagnosing import (
    ANALYSIS,
    NEAR_FILE,
    diagnose,
    observe,
    run_analysis,
    start_analysis,
    stored_diagnosis,
    warm_up,
    with_near_questions,
)
from workbench.session.maps import MAP, run_map, start_map, stored_map
from workbench.session.places import (
    COMPARISON,
    DIAGNOSIS_FILE,
    EMBEDDINGS,
    INTAKE_FILE,
    RESULTS_VERSION,
    results_folder,
)
from workbench.session.taking_in import INTAKE, intake, run_intake, start_intake, stored_intake

__all__ = [
    "ANALYSIS",
    "COMPARISON",
    "DIAGNOSIS_FILE",
    "EMBEDDINGS",
    "INTAKE",
    "INTAKE_FILE",
    "MAP",
    "NEAR_FILE",
    "RESULTS_VERSION",
    "compare",
    "diagnose",
    "explain",
    "grade",
    "intake",
    "observe",
    "results_folder",
    "run_analysis",
    "run_intake",
    "run_map",
    "start_analysis",
    "start_intake",
    "start_map",
    "stored_comparison",
    "stored_diagnosis",
    "stored_intake",
    "stored_map",
    "warm_up",
    "with_near_questions",
]
