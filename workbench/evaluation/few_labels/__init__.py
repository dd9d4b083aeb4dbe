"""What a few grades by an analyst say about the arms: pool, plan, predictions, and estimates with honest intervals.

Grades are read and kept in `workbench.ingest.grades`; running the arms and showing pages is done elsewhere. The method, with
its sources and its measured coverage, is told in `docs/few_labels.md`.
"""

from workbench.evaluation.few_labels.estimates import few_labels
from workbench.evaluation.few_labels.plan import UNIFORM_PART, Plan, Planned, draw_plan
from workbench.evaluation.few_labels.pool import K, Pool, PoolItem, in_force, pool_of, runs_of
from workbench.evaluation.few_labels.powered import MIN_QUERIES, powered_mean
from workbench.evaluation.few_labels.predictor import Predictor, agreement_predictor, external_predictor
from workbench.evaluation.few_labels.standing import Standing, planned_grade, standing

__all__ = [
    "MIN_QUERIES",
    "UNIFORM_PART",
    "K",
    "Plan",
    "Planned",
    "Pool",
    "PoolItem",
    "Predictor",
    "Standing",
    "agreement_predictor",
    "draw_plan",
    "external_predictor",
    "few_labels",
    "in_force",
    "planned_grade",
    "pool_of",
    "powered_mean",
    "runs_of",
    "standing",
]
