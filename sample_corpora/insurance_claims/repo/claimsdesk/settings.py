"""Settings from config.yaml, checked once at start-up."""

import re
from pathlib import Path
from typing import Any

import yaml

DATED_MODEL = re.compile(r"\d{4}-\d{2}-\d{2}$")


def load_settings(path: Path | None = None) -> dict[str, Any]:
    """Read config.yaml and refuse what the ADRs rule out."""
    source = path or Path(__file__).with_name("config.yaml")
    settings: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    faults = list(find_faults(settings))
    if faults:
        raise ValueError(f"{source.name}: " + "; ".join(faults))
    return settings


def find_faults(settings: dict[str, Any]) -> list[str]:
    """One sentence for each setting that breaks an ADR."""
    faults = []
    if not DATED_MODEL.search(settings["model"]["id"]):
        faults.append("model.id must carry a date (ADR 0001)")
    if settings["policy"]["mode"] != "enforce":
        faults.append("policy.mode must be enforce (ADR 0003)")
    if not settings["policy"]["fail_closed"]:
        faults.append("policy.fail_closed must be true (ADR 0003)")
    if settings["cache"]["enabled"]:
        faults.append("cache.enabled must be false in the pilot (ADR 0006)")
    return faults
