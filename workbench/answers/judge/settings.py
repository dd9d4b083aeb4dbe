"""Which model judges: as the environment says, or as a person kept it with a case.

No key passes through here; see `workbench.answers.judge.keys`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any, get_args

from workbench.answers.judge.addresses import checked_address
from workbench.answers.judge.vendors import base_address
from workbench.case import JUDGE
from workbench.errors import InputError
from workbench.records import JudgeSettings
from workbench.records.answers import Vendor
from workbench.settings_file import read_settings, write_settings

PREFIX = "WORKBENCH_JUDGE_"
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "max_tokens": (16, 200_000),
    "timeout": (0.05, 3600),
    "attempts": (1, 10),
    "concurrency": (1, 64),
    "input_per_million": (0, 1e6),
    "output_per_million": (0, 1e6),
}
_WHOLE = frozenset({"max_tokens", "attempts", "concurrency"})
_MAY_BE_NONE = frozenset({"temperature", "input_per_million", "output_per_million"})
LONGEST_TEXT = 500
"""Characters of a text among the settings: all of them together fit the file they are kept in."""
_TEXTS = ("vendor", "url", "model", "max_tokens_name", "currency", "api_version")


def judge_from_environment(environment: Mapping[str, str] | None = None) -> JudgeSettings | None:
    """The judge that WORKBENCH_JUDGE_MODEL names, with WORKBENCH_JUDGE_URL, _VENDOR and any other field in capitals.

    None without a model. `none` stands for no temperature.

    Raises:
        InputError: a value cannot be used.
    """
    known = os.environ if environment is None else environment
    said = {
        field.name: known[PREFIX + field.name.upper()].strip()
        for field in fields(JudgeSettings)
        if known.get(PREFIX + field.name.upper(), "").strip()
    }
    if "model" not in said:
        if "url" in said:
            raise InputError(f"{PREFIX}MODEL is not set, but {PREFIX}URL is; name the model that judges")
        return None
    return checked_settings(JudgeSettings(**_from_texts(said)), PREFIX + "...", environment)


def _from_texts(said: Mapping[str, str]) -> dict[str, Any]:
    read: dict[str, Any] = dict(said)
    for name in (*_BOUNDS, "as_of"):
        if name not in said:
            continue
        try:
            if said[name].lower() == "none" and name in _MAY_BE_NONE:
                read[name] = None
            elif name == "as_of":
                read[name] = date.fromisoformat(said[name])
            else:
                read[name] = int(said[name]) if name in _WHOLE else float(said[name])
        except ValueError:
            kind = "a day like 2026-11-01" if name == "as_of" else "a number"
            raise InputError(f"{PREFIX}{name.upper()}: expected {kind}; correct it or leave it out") from None
    return read


def kept_judge(root: Path) -> JudgeSettings | None:
    """The judge a person kept with a case; None where there is none.

    Raises:
        InputError: the file is damaged, or names an address that may not be used.
    """
    return read_settings(
        root / JUDGE,
        JudgeSettings,
        lambda content: checked_settings(JudgeSettings(**content), JUDGE),
        again="the judge",
    )


def keep_judge(root: Path, settings: JudgeSettings) -> None:
    """Keep a judge with a case, in one step.

    Raises:
        InputError: settings that cannot be used, or the case cannot be written to.
    """
    write_settings(root / JUDGE, checked_settings(settings, "judge"))


def checked_settings(
    settings: JudgeSettings, place: str, environment: Mapping[str, str] | None = None
) -> JudgeSettings:
    """The settings, when they can be used.

    Raises:
        InputError: a value of the wrong kind or out of bounds, no model, or an address that may not be used.
    """
    if settings.vendor not in get_args(Vendor):
        raise InputError(
            f"{place}: vendor is {repr(settings.vendor)[:60]}, expected one of {', '.join(get_args(Vendor))}"
        )
    for name in _TEXTS:
        text = getattr(settings, name)
        if not isinstance(text, str) or len(text) > LONGEST_TEXT or not text.isprintable():
            raise InputError(f"{place}: {name} is not a short text; enter it again")
    if not settings.model.strip():
        raise InputError(f"{place}: no model is named; enter the name of the model that judges")
    for name in _BOUNDS:
        _check_number(settings, name, place)
    if not re.fullmatch(r"[a-z_]{1,40}", settings.max_tokens_name):
        raise InputError(f"{place}: max_tokens_name is the name of a parameter, like max_completion_tokens")
    if not re.fullmatch(r"[A-Z]{3}|", settings.currency):
        raise InputError(f"{place}: currency is no code of three capital letters, like EUR")
    address = base_address(settings)
    if not address:
        raise InputError(f"{place}: {settings.vendor} needs an address; enter that of your resource or region")
    checked_address(address if not settings.url else settings.url, environment)
    return settings


def _check_number(settings: JudgeSettings, name: str, place: str) -> None:
    value, (low, high) = getattr(settings, name), _BOUNDS[name]
    if value is None and name in _MAY_BE_NONE:
        return
    kinds = int if name in _WHOLE else (int, float)
    if not isinstance(value, kinds) or isinstance(value, bool) or not low <= value <= high:
        raise InputError(f"{place}: {name} is {repr(value)[:60]}, expected a number from {low:g} to {high:g}")
