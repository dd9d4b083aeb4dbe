"""What was masked, by kind, as markup: counts and never values, and what patterns cannot see."""

from __future__ import annotations

from workbench.ingest.redaction import NOT_FOUND
from workbench.numbers import count
from workbench.records import Intake
from workbench.report.intake_text import MASKED_WORDS
from workbench.ui.components import escape, paragraph, section, table

NOTHING = "Nothing was found that looks like a secret or personal data."


def masking_markup(intake: Intake) -> str:
    """Counts of what was masked before storing, and of what was seen in documents and left there."""
    kinds = sorted({*intake.masked, *intake.found})
    rows = [
        [
            escape(MASKED_WORDS.get(kind, (kind, kind))[1]),
            count(intake.masked.get(kind, 0)),
            count(intake.found.get(kind, 0)) if kind in intake.found else "",
        ]
        for kind in kinds
    ]
    counts = table(["Kind", "Masked", "Seen in documents, left there"], rows, numeric=(1, 2))
    body = f'<div class="wb-masked">{counts}</div>' if rows else paragraph(NOTHING)
    note = (
        "Logs and evaluations lose secrets and personal data, documents lose secrets: a supplier list is there for its phone "
        "numbers. mask_documents = true in case.toml masks documents too."
    )
    return section("Secrets and personal data", body, paragraph(NOT_FOUND, muted=True), note=note)
