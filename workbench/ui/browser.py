"""Finds a Chromium for the browser tests and for screenshots, wherever it comes from.

It starts nothing.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from workbench.errors import MissingPartError

VARIABLE = "WORKBENCH_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str:
    """Path of a Chromium: the one an environment variable names, one on PATH, else the one Playwright installed.

    Raises:
        MissingPartError: there is none, or the variable names none.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if Path(named).is_file():
            return named
        raise MissingPartError(f"{VARIABLE} names '{named}', which is not a file; correct it or unset it.")
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    own = _playwright_chromium()
    if own is not None:
        return own
    raise MissingPartError(
        "No Chromium found; install the system's package 'chromium', run 'playwright install chromium', "
        f"or set {VARIABLE} to the program."
    )


def launch_arguments() -> list[str]:
    """Arguments for starting it: Chromium refuses its sandbox to the superuser, as in most containers."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


def _playwright_chromium() -> str | None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None
