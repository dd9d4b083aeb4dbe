"""The rows to score: answers of the client's evaluation files or of its query log, with references where they can be joined.

It reads and joins; a row that lacks something stays a row, and each metric says itself what it lacks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.case import derived_folder
from workbench.ingest.evals.answers import AnsweredRun, read_eval_answers
from workbench.ingest.evals.columns import question_id
from workbench.ingest.logs.masking import case_key
from workbench.observing import counted
from workbench.records import AnswerRow, AnswerRows, CaseInputs, EvalItem, Interaction, Origin

CUT_SHARE = 0.1
"""Share of the different contexts of nearly the greatest length from which on the log is said to cut them."""
CUT_FEWEST = 10
CUT_SLACK = 2
"""Characters below the greatest length that count: a cut before a space loses the space as well."""
CUT_SHORTEST = 50
"""A greatest length below this is that of short texts, not of a cut."""


def rows_of(inputs: CaseInputs, origin: Origin | None = None) -> AnswerRows:
    """The answers of a case from one origin.

    Rows of the log get reference and reference documents from the eval item whose source trace they are, else from the only
    item with the same question. Of several runs with answers in the evaluation files the latest is taken, for two versions of a
    system have no common mean.

    Args:
        inputs: the case as read.
        origin: "evals" or "log"; None takes the evaluation files where they hold answers, else the log.
    """
    items = _Items.of(inputs.evals.items)
    runs = _eval_runs(inputs)
    from_log = _log_rows(inputs.log.interactions, items)
    available = {"evals": len(runs[-1].rows) if runs else 0, "log": len(from_log)}
    taken: Origin = origin or ("evals" if available["evals"] else "log")
    if taken == "log":
        return AnswerRows("log", from_log, available, _log_notes(inputs, from_log))
    from_evals = tuple(items.completed(row) for row in runs[-1].rows) if runs else ()
    return AnswerRows("evals", from_evals, available, (*_run_notes(runs), *_common_notes(from_evals)))


@dataclass(frozen=True, slots=True)
class _Items:
    """Eval items by what rows can be joined to them with; a key that several different items share names none."""

    by_id: Mapping[str, EvalItem]
    by_trace: Mapping[str, EvalItem]
    by_question: Mapping[str, EvalItem]

    @classmethod
    def of(cls, items: Sequence[EvalItem]) -> _Items:
        return cls(
            _only([(item.item_id, item) for item in items]),
            _only([(item.source_trace_id, item) for item in items if item.source_trace_id]),
            _only([(question_id(item.question), item) for item in items]),
        )

    def of_interaction(self, interaction: Interaction) -> EvalItem | None:
        return self.by_trace.get(interaction.interaction_id) or self.by_question.get(question_id(interaction.query))

    def completed(self, row: AnswerRow) -> AnswerRow:
        """A row of an evaluation file with what its item says and the file does not."""
        item = self.by_id.get(row.item_id or "") or (
            self.by_question.get(question_id(row.question)) if row.question else None
        )
        if item is None or (row.question and question_id(row.question) != question_id(item.question)):
            return row
        return replace(
            row,
            question=row.question or item.question,
            reference=row.reference or item.reference,
            reference_doc_ids=row.reference_doc_ids or item.reference_doc_ids,
            item_id=item.item_id,
        )


def _only(pairs: Sequence[tuple[str, EvalItem]]) -> Mapping[str, EvalItem]:
    """Key -> item; of items that agree in question and reference the first, none where they do not agree."""
    found: dict[str, EvalItem] = {}
    torn = set()
    for key, item in pairs:
        first = found.setdefault(key, item)
        if (question_id(first.question), first.reference) != (question_id(item.question), item.reference):
            torn.add(key)
    return {key: item for key, item in found.items() if key not in torn}


def _eval_runs(inputs: CaseInputs) -> tuple[AnsweredRun, ...]:
    root = Path(inputs.root)
    if not inputs.root or not (root / "evals").is_dir():
        return ()
    return read_eval_answers(root, key=case_key(derived_folder(root)))


def _log_rows(interactions: Sequence[Interaction], items: _Items) -> tuple[AnswerRow, ...]:
    seen: Counter[str] = Counter()
    rows = []
    for line in interactions:
        if not (line.answer and line.answer.strip()):
            continue
        seen[line.interaction_id] += 1
        repeat = f" ({seen[line.interaction_id]})" if seen[line.interaction_id] > 1 else ""
        rows.append(_log_row(line, f"{line.interaction_id}{repeat}", items.of_interaction(line)))
    return tuple(rows)


def _log_row(line: Interaction, row_id: str, item: EvalItem | None) -> AnswerRow:
    retrieved = line.retrieved or ()
    known_ids = any(each.doc_id for each in retrieved)
    return AnswerRow(
        row_id=row_id,
        question=line.query,
        answer=line.answer,
        contexts=tuple(each.text for each in retrieved if each.text),
        # An id that was not logged keeps its rank.
        context_ids=tuple(each.doc_id or "" for each in retrieved) if known_ids else (),
        reference=item.reference if item else None,
        reference_doc_ids=item.reference_doc_ids if item else (),
        source=line.source,
        at=line.at,
        item_id=item.item_id if item else None,
        feedback=line.feedback,
    )


def _log_notes(inputs: CaseInputs, rows: Sequence[AnswerRow]) -> tuple[str, ...]:
    notes = []
    log = inputs.log
    if log.total > len(log.interactions):
        notes.append(f"The log holds {log.total:,} questions; the rows are those of a random sample of whole sessions.")
    if without := len(log.interactions) - len(rows):
        lack = "carries no answer and is" if without == 1 else "carry no answer and are"
        notes.append(f"{counted(without, 'question')} of the log {lack} left out.")
    joined = sum(row.reference is not None for row in rows)
    if joined:
        notes.append(
            f"{joined:,} of {len(rows):,} rows have a reference answer: of the eval item made from them, or with their question."
        )
    return (*notes, *_common_notes(rows))


def _run_notes(runs: Sequence[AnsweredRun]) -> tuple[str, ...]:
    if len(runs) < 2:
        return ()
    latest = runs[-1]
    day = f" of {latest.at.date()}" if latest.at else ""
    return (f"The evaluation files hold answers of {len(runs)} runs; taken is the latest, '{latest.run_id}'{day}.",)


def _common_notes(rows: Sequence[AnswerRow]) -> tuple[str, ...]:
    notes = []
    bare = sum(not row.contexts for row in rows)
    if rows and bare:
        notes.append(
            f"{bare:,} of {len(rows):,} rows have no text of their contexts: what needs it is not measured for them."
        )
    if cut := cut_at([context for row in rows for context in row.contexts]):
        length, count, total = cut
        notes.append(
            f"Contexts look cut at {length:,} characters: {count:,} of {total:,} different ones end there. "
            "If the log cuts them, the answers were made from longer texts, and faithfulness, context recall and the "
            "support proxy read too low: log the contexts whole."
        )
    return tuple(notes)


def cut_at(contexts: Sequence[str]) -> tuple[int, int, int] | None:
    """(greatest length, different contexts of about it, different contexts) where contexts look cut, else None.

    Texts that end by themselves have different lengths; where a tenth of them, and ten at least, share the greatest one,
    something cut them.

    >>> cut_at([f"{number:03}" * 30 for number in range(12)])
    (90, 12, 12)
    >>> cut_at(["x" * length for length in range(60, 100)]) is None
    True
    """
    lengths = [len(text) for text in set(contexts)]
    longest = max(lengths, default=0)
    exactly, about = lengths.count(longest), sum(length >= longest - CUT_SLACK for length in lengths)
    if longest < CUT_SHORTEST or exactly < CUT_FEWEST or exactly < CUT_SHARE * len(lengths):
        return None
    return longest, about, len(lengths)
