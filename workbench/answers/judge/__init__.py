"""A model that judges answers, behind an address a person entered.

Which metrics are made of its answers stands in `workbench.answers`; without an address nothing here is used.
"""

from workbench.answers.judge.cache import ReplyCache
from workbench.answers.judge.failures import JudgeFailed
from workbench.answers.judge.judge import Judge, try_judge
from workbench.answers.judge.keys import Key, key_for
from workbench.answers.judge.settings import judge_from_environment, keep_judge, kept_judge
from workbench.answers.judge.usage import cost_of

__all__ = [
    "Judge",
    "JudgeFailed",
    "Key",
    "ReplyCache",
    "cost_of",
    "judge_from_environment",
    "keep_judge",
    "kept_judge",
    "key_for",
    "try_judge",
]
