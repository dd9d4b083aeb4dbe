"""What two columns of a ranking do not show: right documents that are not in them, and why an arm missed, as markup.

Ranks and rules come from the comparison; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.evaluation.failures import UNJUDGED
from workbench.report.words import failure_name
from workbench.retrieval.recipes import arm_name
from workbench.ui.components import arm_label, details, escape, join, table
from workbench.ui.lab.places import Standing
from workbench.ui.lab.queries import Failure


def missing_markup(
    grades: Mapping[str, int],
    titles: Mapping[str, str],
    standings: Sequence[Standing],
    shown: Sequence[str],
    k: int,
) -> str:
    """Right documents that some arm shown does not have in its top k, each with where it stands in every arm.

    Args:
        grades: doc_id -> grade for the question.
        titles: doc_id -> title.
        standings: every arm, in the order of the columns.
        shown: arms that are shown.
        k: places shown.
    """
    looked = [standing for standing in standings if standing.run in shown]
    right = sorted((doc_id for doc_id, grade in grades.items() if grade > 0), key=lambda doc_id: -grades[doc_id])
    missing = [d for d in right if any(each.ranks.get(d, k + 1) > k for each in looked)]
    if not missing:
        return ""
    rows = [
        [f"<bdi>{escape(titles.get(d, d))}</bdi>", escape(grades[d]), *(_where(each, d, k) for each in standings)]
        for d in missing
    ]
    # Headings of the table are plain text: the arms' colours stand in the columns above.
    headings = ["Right document", "Grade", *(arm_name(each.run) for each in standings)]
    title = f"Right documents missing from the top {k} of an arm shown"
    return f'<h4 class="wb-part">{title}</h4>{table(headings, rows, numeric=[1])}'


def failures_markup(failures: Sequence[Failure], shown: Sequence[str], cut: int) -> str:
    """Why each arm missed the question, in words, and what else was noticed about the arms shown."""
    missed = [failure for failure in failures if failure.failed and failure.first]
    noticed = [f for f in failures if not (f.failed and f.first) and f.run in shown and f.code != UNJUDGED]
    parts = []
    if missed:
        title = f"Why no right document is in the top {cut}"
        parts.append(f'<h4 class="wb-part">{title}</h4>{_reasons(missed)}')
    if noticed:
        parts.append(details("Also noticed", _reasons(noticed)))
    return join(parts)


def _reasons(failures: Sequence[Failure]) -> str:
    """One line a reason; arms with the same one share it."""
    arms: dict[tuple[str, str], list[str]] = {}
    for failure in failures:
        arms.setdefault((failure.code, failure.rule), []).append(failure.run)
    lines = [_reason(code, rule, runs) for (code, rule), runs in arms.items()]
    return f'<ul class="wb-list">{join(lines)}</ul>'


def _reason(code: str, rule: str, runs: Sequence[str]) -> str:
    sentence = f"{rule[:1].upper()}{rule[1:]}".rstrip(".")
    return f"<li>{', '.join(map(arm_label, runs))}: {escape(failure_name(code))}. <bdi>{escape(sentence)}.</bdi></li>"


def _where(standing: Standing, doc_id: str, k: int) -> str:
    words = escape(standing.words(doc_id)).replace("rank ", "rank&nbsp;")
    return words if standing.ranks.get(doc_id, k + 1) <= k else f'<b class="wb-missed">{words}</b>'
