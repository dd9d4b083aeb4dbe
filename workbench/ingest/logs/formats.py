"""The packaged table `log_formats.yaml`: aliases, signatures and words, read once.

It is data to be corrected as new exports turn up; no code depends on a particular entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml


@lru_cache(maxsize=1)
def log_formats() -> Mapping[str, Any]:
    """The table as it stands in the file."""
    text = files("workbench.ingest.logs").joinpath("log_formats.yaml").read_text(encoding="utf-8")
    table: Mapping[str, Any] = yaml.safe_load(text)
    return table
