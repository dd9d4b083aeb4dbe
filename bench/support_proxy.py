"""Prints how well formulas of the support proxy order answers by people's marks of faithfulness, and what the proxy cannot see.

Usage: python bench/support_proxy.py --answers FILE [--encoder PATH_OR_NAME]. FILE is
`human_evaluated_answers.jsonl(.gz)` of MT-RAG (IBM/mt-rag-benchmark): JSON lines with task_id, answer, contexts
[{text}] and annotations.faithfulness, one mark of 1 to 4 a person.

An answer counts as unfaithful where the mean of its marks is below 3 (people saw a plain fault), and in a second
table below 4 (anyone saw any). Abstentions are left out: they have no support. AUROC: chance that an unfaithful
answer lies below a faithful one, 0.5 is chance. Formulas have nothing to fit but their choice: the last line chooses
the formula on four fifths of the tasks and measures it on the fifth, all answers of a task in one fold, ten times.
Intervals: bootstrap over tasks, percentiles of 2,000 resamples. Figures only: nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np

from workbench.answers.abstention import is_abstention
from workbench.answers.support import Measured, measured, support
from workbench.records import AnswerRow
from workbench.retrieval.encoder import load_encoder

Values = np.ndarray
RESAMPLES, FOLDS, REPEATS = 2_000, 5, 10
SEED = 20261123
LIMIT = 3.0
"""Mean mark below which an answer counts as unfaithful."""


@dataclass(frozen=True)
class Answer:
    """An answer with the mean of people's marks, 1 to 4, and its sentences measured."""

    task: str
    row: AnswerRow
    mark: float
    found: Sequence[Measured] = ()


def _cosine(part: Measured) -> float:
    return max(0.0, part.cosine or 0.0)


SENTENCE: Mapping[str, Callable[[Measured], float]] = {
    "cosine": _cosine,
    "bigrams": lambda part: part.bigrams,
    "words": lambda part: part.words,
    "cosine and bigrams": lambda part: (_cosine(part) + part.bigrams) / 2,
    "cosine and words": lambda part: (_cosine(part) + part.words) / 2,
    "bigrams and words": lambda part: (part.bigrams + part.words) / 2,
    "all three": lambda part: (_cosine(part) + part.bigrams + part.words) / 3,
}
ROW: Mapping[str, Callable[[Sequence[float]], float]] = {"mean": mean, "min": min}


def main() -> None:
    """Tables of AUROC, the choice checked on tasks it was not made on, and planted faults."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--answers", type=Path, required=True)
    parser.add_argument("--encoder")
    arguments = parser.parse_args()
    encoder = load_encoder(arguments.encoder)
    everything = read(arguments.answers)
    answers = with_sentences([each for each in everything if not is_abstention(each.row.answer or "")], encoder.encode)
    tasks = len({each.task for each in answers})
    left_out = len(everything) - len(answers)
    print(f"{len(everything)} answers, {left_out} abstentions left out, {tasks} tasks; encoder {encoder.name}")
    for limit in (LIMIT, 4.0):
        _table(answers, limit)
    _planted(answers, encoder.encode)


def read(path: Path) -> list[Answer]:
    """The answers of a file that carry marks."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    records = [json.loads(line) for line in raw.decode("utf-8").split("\n") if line.strip()]
    return [
        Answer(
            record["task_id"],
            AnswerRow(
                f"{record['task_id']} {record['model_id']}",
                record["question"],
                record["answer"],
                tuple(context["text"] for context in record["contexts"]),
            ),
            mean(float(mark["value"]) for mark in record["annotations"]["faithfulness"].values()),
        )
        for record in records
    ]


def with_sentences(answers: Sequence[Answer], encode: Callable[[Sequence[str]], Values]) -> list[Answer]:
    """The answers with their sentences measured; those without a sentence are left out."""
    found = measured([each.row for each in answers], encode)
    return [
        Answer(each.task, each.row, each.mark, parts) for each, (_, parts) in zip(answers, found, strict=True) if parts
    ]


def auroc(scores: Values, faithful: Values) -> float:
    """Chance that a faithful answer scores above an unfaithful one, ties half."""
    from scipy.stats import rankdata

    good, bad = int(faithful.sum()), int((~faithful).sum())
    if not good or not bad:
        return float("nan")
    return float((rankdata(scores)[faithful].sum() - good * (good + 1) / 2) / (good * bad))


def _scores(answers: Sequence[Answer]) -> dict[str, Values]:
    return {
        f"{row} of {sentence}": np.array(
            [ROW[row]([SENTENCE[sentence](part) for part in each.found]) for each in answers]
        )
        for sentence in SENTENCE
        for row in ROW
    }


def _table(answers: Sequence[Answer], limit: float) -> None:
    scores = _scores(answers)
    scores["length of the answer, shorter first (no proxy: for comparison)"] = np.array(
        [-len(each.row.answer or "") for each in answers], dtype=float
    )
    faithful = np.array([each.mark >= limit for each in answers])
    tasks = np.unique([each.task for each in answers], return_inverse=True)[1]
    print(f"\nunfaithful: mean mark below {limit:g}: {int((~faithful).sum())} of {len(answers)} answers")
    for name, values in sorted(scores.items(), key=lambda pair: -auroc(pair[1], faithful)):
        low, high = _interval(values, faithful, tasks)
        print(f"{name:66} {auroc(values, faithful):.3f} [{low:.3f}, {high:.3f}]")
    candidates = {name: values for name, values in scores.items() if "of " in name and "length" not in name}
    chosen, held_out = _chosen_elsewhere(candidates, faithful, tasks)
    picks = ", ".join(f"{name} {count}" for name, count in sorted(chosen.items(), key=lambda pair: -pair[1]))
    print(f"formula chosen on other tasks, mean of {REPEATS * FOLDS} folds: {held_out:.3f} (chosen: {picks})")


def _interval(values: Values, faithful: Values, tasks: Values) -> tuple[float, float]:
    rng = np.random.default_rng(SEED)
    members = [np.flatnonzero(tasks == task) for task in range(tasks.max() + 1)]
    drawn = []
    for _ in range(RESAMPLES):
        rows = np.concatenate([members[task] for task in rng.integers(0, len(members), len(members))])
        drawn.append(auroc(values[rows], faithful[rows]))
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def _chosen_elsewhere(scores: Mapping[str, Values], faithful: Values, tasks: Values) -> tuple[Mapping[str, int], float]:
    rng = np.random.default_rng(SEED)
    chosen: dict[str, int] = {}
    held_out = []
    for _ in range(REPEATS):
        folds = rng.permutation(tasks.max() + 1) % FOLDS
        for fold in range(FOLDS):
            test = folds[tasks] == fold
            best = max(scores, key=lambda name: auroc(scores[name][~test], faithful[~test]))
            chosen[best] = chosen.get(best, 0) + 1
            held_out.append(auroc(scores[best][test], faithful[test]))
    return chosen, float(np.nanmean(held_out))


def _negated(sentence: str) -> str | None:
    planted = re.sub(r"\b(is|are|can|will|was|were|may|must|should|has|have)\b(?! not)", r"\1 not", sentence, count=1)
    return planted if planted != sentence else None


def _renumbered(sentence: str) -> str | None:
    planted = re.sub(r"\d+", lambda match: str(int(match[0]) + 7), sentence, count=1)
    return planted if planted != sentence else None


def _swapped(sentence: str) -> str | None:
    """Two capitalised names of the sentence change places."""
    names = [match for match in re.finditer(r"(?<=[a-z,] )[A-Z][A-Za-z]{2,}", sentence)]
    first, last = (names[0], names[-1]) if len(names) > 1 else (None, None)
    if first is None or last is None or first[0] == last[0]:
        return None
    between = sentence[first.end() : last.start()]
    return f"{sentence[: first.start()]}{last[0]}{between}{first[0]}{sentence[last.end() :]}"


FAULTS: Mapping[str, Callable[[str], str | None]] = {
    "a negation": _negated,
    "another number": _renumbered,
    "two names swapped": _swapped,
}
"""Name -> a sentence with the fault planted, None where it has no place for it."""


def _planted(answers: Sequence[Answer], encode: Callable[[Sequence[str]], Values]) -> None:
    """Where a sentence copied from a context stands among real answers once a fault is planted in it.

    A made-up answer is one sentence of a context, word for word, so that it is faithful for certain; and the same with the
    fault. A proxy that saw the fault would put it below real faithful answers. For comparison: a sentence of the
    contexts of another task.
    """
    rng = np.random.default_rng(SEED)
    by_task = {each.task: each.row.contexts for each in answers}
    copied = [(contexts, sentence) for contexts in by_task.values() for sentence in _copied(contexts, rng)]
    real = np.array([each.support for each in support([each.row for each in answers if each.mark >= LIMIT], encode)])
    print("\nmade-up answers of one sentence; 'below': chance that it lies below a real answer people found faithful")
    _line("copied from a context", _supports(copied, encode), real)
    for name, fault in FAULTS.items():
        faulty = [(contexts, planted) for contexts, text in copied if (planted := fault(text))]
        _line(f"the same with {name}", _supports(faulty, encode), real)
    half = len(copied) // 2
    foreign = [(copied[place - half][0], text) for place, (_, text) in enumerate(copied)]
    _line("copied from other contexts", _supports(foreign, encode), real)


def _copied(contexts: Sequence[str], rng: np.random.Generator) -> list[str]:
    found = [text for context in contexts for text in re.findall(r"(?<=\. )[A-Z][^.!?\n]{60,200}\.", context)]
    return [found[place] for place in rng.permutation(len(found))[:3]]


def _supports(pairs: Sequence[tuple[Sequence[str], str]], encode: Callable[[Sequence[str]], Values]) -> Values:
    rows = [AnswerRow(f"{place:06}", "", text, tuple(contexts)) for place, (contexts, text) in enumerate(pairs)]
    found = {each.row_id: each.support for each in support(rows, encode)}
    return np.array([found[row.row_id] for row in rows if row.row_id in found])


def _line(name: str, faulty: Values, real: Values) -> None:
    told = auroc(np.concatenate([real, faulty]), np.arange(len(real) + len(faulty)) < len(real))
    print(f"{name:40} n {len(faulty):4}  mean support {faulty.mean():.3f}  below {told:5.1%}")


if __name__ == "__main__":
    main()
