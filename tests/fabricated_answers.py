"""A small case with logged answers, for tests that score them: half of the answers hold a sentence that stands in no context."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from workbench.case import Case, open_case

ANSWERS = 8
CONTEXT = "Hail is covered by motor policies."


def answers_case(root: Path, answers: int = ANSWERS) -> Case:
    """Logged answers: the odd ones hold a second sentence that stands in no context, so that their faithfulness is 1/2."""
    path = root / "logs" / "log.csv"
    path.parent.mkdir(parents=True)
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "question", "answer", "contexts", "timestamp"])
        for n in range(answers):
            answer = "Hail is covered." + (" Elephants fly tonight." if n % 2 else "")
            day = f"2026-03-{n % 28 + 1:02}T09:00:00Z"
            writer.writerow([f"r{n}", f"Is hail {n} covered?", answer, json.dumps([CONTEXT]), day])
    (root / "case.toml").write_text('name = "Acme"\n[targets]\nfaithfulness = 0.3\n')
    return open_case(root)
