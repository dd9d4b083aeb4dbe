"""What works on this machine and what does not: interpreter, encoder, engines, browser, optional parts.

It looks and reports; it installs nothing and asks no network.
"""

from __future__ import annotations

import importlib.util
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from workbench.errors import MissingPartError


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Attributes:
        part: what was looked at.
        ok: whether it can be used.
        finding: version or place, or what is missing and how to get it.
        needed: whether the workbench cannot do its work without it.
    """

    part: str
    ok: bool
    finding: str
    needed: bool = True


def check_all() -> list[Check]:
    """Every check, needed parts first."""
    checks = [
        Check("python", sys.version_info >= (3, 11), f"{platform.python_version()}, 3.11 or newer is needed"),
        _checked("encoder", _encoder),
        _package("bm25 engine", "bm25s"),
        _package("bm25 reference", "rank-bm25"),
        _package("measures", "ir-measures"),
        _package("pdf files", "pypdfium2"),
        _package("spreadsheets", "python-calamine"),
        _package("query logs", "duckdb"),
        _package("secrets", "detect-secrets"),
        _package("national ids", "presidio-analyzer"),
        _package("pages", "voila"),
        _package("notebooks", "jupyterlab"),
        _checked("plotly bundle", _plotly_bundle),
        _package("worker", "distributed"),
    ]
    optional = [
        _checked("browser (for the tests)", _browser, needed=False),
        _optional("openvino (faster encoder)", "openvino", "without it encoding takes several times as long"),
        _checked("reranker", _reranker),
        Check("cross-encoder", False, "none comes with this release; give one with --reranker PATH", needed=False),
        _optional("ragas (scored answers)", "ragas", "not used by this release"),
    ]
    return checks + optional


def table(checks: list[Check]) -> str:
    """The checks as text, one line each."""
    width = max(len(check.part) for check in checks)
    return "\n".join(f"{_word(check):<8} {check.part:<{width}}  {check.finding}" for check in checks)


def _word(check: Check) -> str:
    if check.ok:
        return "ok"
    return "missing" if check.needed else "absent"


def _package(part: str, distribution: str) -> Check:
    try:
        return Check(part, True, f"{distribution} {version(distribution)}")
    except PackageNotFoundError:
        return Check(part, False, f"{distribution} is not installed; run `make setup`")


def _optional(part: str, module: str, use: str) -> Check:
    there = importlib.util.find_spec(module) is not None
    return Check(part, there, f"{'installed' if there else 'not installed'}; {use}", needed=False)


def _checked(part: str, look: Callable[[], str], *, needed: bool = True) -> Check:
    try:
        return Check(part, True, look(), needed)
    except MissingPartError as error:
        return Check(part, False, str(error), needed)


def _encoder() -> str:
    from workbench.retrieval.encoder import EMBEDDED_NAME, verified_embedded_folder

    verified_embedded_folder()
    return f"{EMBEDDED_NAME}, embedded, weights verified (sha256), sentence-transformers {version('sentence-transformers')}"


def _reranker() -> str:
    from workbench.errors import InputError
    from workbench.retrieval.learned.weights import load_weights

    try:
        weights = load_weights()
    except InputError as error:
        raise MissingPartError(str(error)) from error
    return f"learned, built in, trained {weights.about.get('date', 'at an unknown date')}"


def _plotly_bundle() -> str:
    from workbench.ui.handlers import PLOTLY_WIDGET

    if not PLOTLY_WIDGET.is_file():
        raise MissingPartError(f"plotly {version('plotly')} has no {PLOTLY_WIDGET.name}; run `make setup`")
    return f"plotly {version('plotly')}, {PLOTLY_WIDGET.stat().st_size / 1e6:.1f} MB, served once"


def _browser() -> str:
    from workbench.ui.browser import find_chromium

    return str(find_chromium())
