"""The pilot workbench: finds out, with evidence, why an AI pilot is stuck before production.

Importing this package loads nothing heavy; the functions below bring in what they need when they are called.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "open_case": "workbench.case",
    "new_case": "workbench.case",
    "cache": "workbench.costing",
    "evaluate": "workbench.scoring",
    "compare": "workbench.session",
    "diagnose": "workbench.session",
    "explain": "workbench.session",
    "grade": "workbench.session",
    "retriever_faults": "workbench.retrieval.contract",
    "Estimate": "workbench.records",
    "Comparison": "workbench.records",
    "Diagnosis": "workbench.records",
    "WorkbenchError": "workbench.errors",
}
__all__ = [
    "Comparison",
    "Diagnosis",
    "Estimate",
    "WorkbenchError",
    "cache",
    "compare",
    "diagnose",
    "evaluate",
    "explain",
    "grade",
    "new_case",
    "open_case",
    "retriever_faults",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    """Load a public name from its module on first use."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
