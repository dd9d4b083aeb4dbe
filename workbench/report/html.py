"""The report a client takes away: one HTML file with its styles and pictures inside, no script, no outside address.

It shows a diagnosis and, where there is one, a comparison; it decides and computes nothing.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from workbench import numbers
from workbench.records import Comparison, Diagnosis
from workbench.report import svg, words
from workbench.report.ledgers import ledgers, main_causes, other_causes

_TEMPLATES = Path(__file__).parent / "templates"


def render_report(diagnosis: Diagnosis, comparison: Comparison | None, *, produced_at: datetime, version: str) -> str:
    """The whole report as one HTML document.

    Args:
        diagnosis: what is reported.
        comparison: None where no retrieval was compared; the report then says so.
        produced_at: when, timezone-aware.
        version: of the workbench.
    """
    return _template().render(
        diagnosis=diagnosis,
        comparison=comparison,
        produced_at=produced_at,
        version=version,
        main_causes=main_causes(diagnosis),
        other_causes=other_causes(diagnosis),
        ledgers=ledgers(diagnosis),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(numbers=numbers, words=words, svg=svg, style=_style(), listed=_listed)
    return environment.get_template("report.html.j2")


def _style() -> Markup:
    return Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8"))


def _listed(comparison: Comparison) -> list[str]:
    """Failure codes of any arm, the most frequent first."""
    codes = {code for failures in comparison.failures.values() for code in failures.by_code}
    return sorted(codes, key=lambda code: (-sum(f.by_code.get(code, 0) for f in comparison.failures.values()), code))
