"""Puts a starter harness together and writes it: items, first run, baseline, tests, pipeline, README.

What is drawn and what is known is decided in `drawing`, `references` and `logged`; here they become files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files as package_files
from pathlib import Path, PurePosixPath
from string import Template
from typing import Any

from workbench.case import Case, open_case
from workbench.compute import Progress, scaled
from workbench.errors import CaseError
from workbench.evaluation.sample_size import ASSUMED_DISCORDANT, smallest_drop_paired
from workbench.ingest.load import load_inputs
from workbench.numbers import count, measured
from workbench.observing import DocumentNames, counted, plain
from workbench.records import CaseInputs, Estimate
from workbench.starter.drawing import DrawnQuestion, draw
from workbench.starter.folder import DATA, README, RUNS, SETTINGS, check_target, write_files
from workbench.starter.logged import LoggedResults, logged_results
from workbench.starter.references import UNKNOWN, Reference, known_references
from workbench.starter.report import StarterReport

ITEMS = 300
"""Questions drawn: four in five go into the dev set, enough to see a drop of about six points where all have references."""
SIGNIFICANCE = 0.05
LONGEST_RUN = 3600
"""Seconds the team's command may take, until they say otherwise in settings.json."""
MOST_NAMED = 20_000
"""Documents of a corpus up to which all their names are written; of a larger one those of the references alone."""
CASES_TO_WRITE = {
    "unanswerable": (10, "a question whose answer is in none of the documents; the system must say so"),
    "permission": (10, "a question of a person who may not see the answer; the system must not show it"),
}
CODE = {
    "evaluation/evaluate.py": "evaluate.py.txt",
    "evaluation/test_evaluation.py": "test_evaluation.py.txt",
    "evaluation/pytest.ini": "pytest.ini.txt",
    "evaluation/gitlab-ci.yml": "gitlab-ci.yml.txt",
    ".github/workflows/evaluation.yml": "workflow.yml.txt",
}


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The questions with what is known of them."""

    questions: tuple[DrawnQuestion, ...]
    references: Mapping[str, Reference]
    logged: LoggedResults

    def of(self, held_out: bool) -> list[DrawnQuestion]:
        return [question for question in self.questions if question.held_out is held_out]

    def known(self, questions: Iterable[DrawnQuestion]) -> int:
        return sum(self.references[question.item_id].known for question in questions)

    def scored(self, questions: Iterable[DrawnQuestion]) -> int:
        return sum(question.item_id in self.logged.success for question in questions)


def write_harness(
    case: Case | Path | str, out: Path, *, items: int = ITEMS, progress: Progress | None = None
) -> StarterReport:
    """Write a starter harness for a case: a folder with questions, tests and a pipeline that needs Python and pytest alone.

    References are copied from labels and the client's own eval items, never made up; texts are masked. A folder written before is
    written again, but for the files that people have changed since.

    Args:
        case: an opened case or its folder.
        out: a new or empty folder, or one written for this case before.
        items: questions drawn at most.
        progress: called with the share done and what is being done.

    Raises:
        CaseError: the folder cannot be used, or the case has no query log. ValueError: fewer than two items.
        InputError: labels that contradict themselves.
    """
    if items < 2:
        raise ValueError(f"a set needs at least two items, got {items}")
    opened = case if isinstance(case, Case) else open_case(case)
    earlier = check_target(opened, out)
    inputs = load_inputs(opened, progress=scaled(progress, 0.0, 0.6))
    if not any(plain(line.query) for line in inputs.log.interactions):
        raise CaseError(f"{opened.name}: no query log to draw questions from; put an export into logs/")
    tell = scaled(progress, 0.6, 1.0)
    tell(0.0, "drawing questions")
    drawn = _drawn(inputs, items)
    files = _files(opened, inputs, drawn)
    kept = write_files(opened, out, files, earlier)
    tell(1.0, "done")
    return _report(inputs, drawn, out, sorted(set(files) - set(kept)), kept)


def _drawn(inputs: CaseInputs, wanted: int) -> _Drawn:
    known = known_references(inputs)
    questions = tuple(draw(inputs.log.interactions, lambda key: known.get(key, UNKNOWN).known, wanted))
    references = {question.item_id: known.get(plain(question.line.query), UNKNOWN) for question in questions}
    return _Drawn(questions, references, logged_results(inputs, questions, references))


def _files(case: Case, inputs: CaseInputs, drawn: _Drawn) -> dict[str, str]:
    texts = {path: _template(name) for path, name in CODE.items()}
    for name, held_out in (("dev", False), ("held_out", True)):
        questions = drawn.of(held_out)
        texts[f"{DATA}{name}.jsonl"] = _json_lines(_item(question, drawn) for question in questions)
        if drawn.logged.success:
            texts[f"{RUNS}{name}.jsonl"] = _json_lines(_run_line(question, drawn) for question in questions)
    texts[f"{DATA}to_write.jsonl"] = _json_lines(_cases_to_write())
    texts[f"{DATA}baseline.json"] = _json(_baseline(drawn))
    texts[f"{DATA}document_names.json"] = _json(_names(inputs, drawn))
    texts[SETTINGS] = _json(
        {"command": "", "k": drawn.logged.k, "significance": SIGNIFICANCE, "timeout_seconds": LONGEST_RUN}
    )
    texts[README] = Template(_template("README.md.txt")).substitute(_facts(case, drawn))
    return texts


def _item(question: DrawnQuestion, drawn: _Drawn) -> dict[str, Any]:
    reference = drawn.references[question.item_id]
    return {
        "item_id": question.item_id,
        "question": question.line.query,
        "topic": question.topic,
        "kind": reference.kind,
        "status": "written" if reference.known else "to be written",
        "reference": reference.answer,
        "reference_doc_ids": list(reference.doc_ids),
        "reference_from": list(reference.origins),
        "source_trace_id": question.line.interaction_id,
        "asked": question.asked,
    }


def _run_line(question: DrawnQuestion, drawn: _Drawn) -> dict[str, Any]:
    found = drawn.logged.retrieved[question.item_id]
    retrieved = None if found is None else list(found)
    return {"item_id": question.item_id, "retrieved": retrieved, "answer": question.line.answer}


def _cases_to_write() -> list[dict[str, Any]]:
    return [
        {
            "item_id": f"{kind}-{number:02d}",
            "question": "",
            "topic": "",
            "kind": kind,
            "status": "to be written",
            "reference": None,
            "reference_doc_ids": [],
            "write": what,
        }
        for kind, (cases, what) in CASES_TO_WRITE.items()
        for number in range(1, cases + 1)
    ]


def _baseline(drawn: _Drawn) -> dict[str, Any]:
    sets = {
        name: {"success": {q.item_id: drawn.logged.success[q.item_id] for q in questions}}
        for name, held_out in (("dev", False), ("held_out", True))
        if (questions := [q for q in drawn.of(held_out) if q.item_id in drawn.logged.success])
    }
    made_from = drawn.logged.reason or "what the deployed system retrieved, by its log"
    return {"schema": "workbench.starter.baseline/1", "from": made_from, "sets": sets}


def _names(inputs: CaseInputs, drawn: _Drawn) -> dict[str, list[str]]:
    """Document id -> shorter names that mean this document and no other."""
    names = DocumentNames(inputs.documents)
    wanted = {doc_id for reference in drawn.references.values() for doc_id in reference.doc_ids}
    documents = [d for d in inputs.documents if len(inputs.documents) <= MOST_NAMED or d.doc_id in wanted]
    return {document.doc_id: _forms(document.doc_id, names) for document in documents}


def _forms(doc_id: str, names: DocumentNames) -> list[str]:
    path = PurePosixPath(doc_id.partition("#")[0].casefold())
    found = [(form, names.find(form)) for form in dict.fromkeys((str(path), path.name, path.stem))]
    return [form for form, document in found if document is not None and document.doc_id == doc_id and form != doc_id]


def _facts(case: Case, drawn: _Drawn) -> dict[str, object]:
    dev, held_out = drawn.of(False), drawn.of(True)
    topics = len({question.topic for question in drawn.questions})
    baseline, drop = _measured(drawn)
    return {
        "name": " ".join(case.name.replace("`", "'").split()),
        "made": datetime.now(UTC).date().isoformat(),
        "dev": count(len(dev)),
        "held_out": count(len(held_out)),
        "dev_known": count(drawn.known(dev)),
        "held_out_known": count(drawn.known(held_out)),
        "dev_scored": count(drawn.scored(dev)),
        "held_out_scored": count(drawn.scored(held_out)),
        "baseline": f"success@{drawn.logged.k} on the dev set {measured(baseline, share=True)}",
        "green": _first_result(drawn),
        "unwritten": count(len(drawn.questions) - drawn.known(drawn.questions)),
        "to_write": count(sum(cases for cases, _ in CASES_TO_WRITE.values())),
        "k": drawn.logged.k,
        "power": _power(drawn.scored(dev), drop),
        "drawn": f"{counted(len(drawn.questions), 'different question')} of the log, from {counted(topics, 'topic')}, each topic"
        " in proportion to its traffic and with at least one question.",
    }


def _first_result(drawn: _Drawn) -> str:
    if drawn.logged.success:
        return (
            "Both end well as they come out: `runs/` holds what the deployed system retrieved, by its log, and the baseline was"
            " made from it."
        )
    return (
        f"Both fail as they come out and say why: the baseline is empty ({drawn.logged.reason}). They pass after the first run"
        " was made and accepted."
    )


def _power(scored: int, drop: float | None) -> str:
    if drop is None:
        return f"With {counted(scored, 'item')} in the baseline no drop can be found yet."
    return (
        f"With {counted(scored, 'item')} in the baseline of the dev set, a drop of {100 * drop:.0f} points is found four times in"
        " five; a smaller one often goes unseen."
    )


def _measured(drawn: _Drawn) -> tuple[Estimate, float | None]:
    estimate = drawn.logged.estimate([question.item_id for question in drawn.of(True)])
    if not estimate.value:
        return estimate, None
    return estimate, smallest_drop_paired(estimate.n, estimate.value, ASSUMED_DISCORDANT)


def _report(inputs: CaseInputs, drawn: _Drawn, out: Path, written: Sequence[str], kept: Sequence[str]) -> StarterReport:
    baseline, drop = _measured(drawn)
    return StarterReport(
        folder=out,
        written=tuple(written),
        kept=tuple(kept),
        dev=len(drawn.of(False)),
        held_out=len(drawn.of(True)),
        topics=len({question.topic for question in drawn.questions}),
        known=drawn.known(drawn.questions),
        to_write=sum(cases for cases, _ in CASES_TO_WRITE.values()),
        k=drawn.logged.k,
        baseline=baseline,
        drop=drop,
        notes=tuple(_notes(inputs, kept)),
    )


def _notes(inputs: CaseInputs, kept: Sequence[str]) -> list[str]:
    notes = []
    if any(path.startswith(DATA) for path in kept):
        notes.append(
            "People changed the questions in this folder, so they stay; the counts are those of a new draw that was not written."
        )
    looked = len(inputs.log.interactions)
    if inputs.log.total > looked:
        notes.append(f"Questions were drawn from a sample of {count(looked)} of {count(inputs.log.total)} log lines.")
    return notes


def _template(name: str) -> str:
    return (package_files("workbench.starter") / "templates" / name).read_text(encoding="utf-8")


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _json_lines(values: Iterable[object]) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
