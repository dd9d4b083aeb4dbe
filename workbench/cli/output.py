"""What the command writes: results to standard output, everything else to standard error, progress to a terminal alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable


def show(text: str) -> None:
    """A result, on standard output."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads, such as `head`, has seen enough; what is left in the buffer must go somewhere at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """A message that is no result, on standard error."""
    sys.stderr.write(f"{text}\n")


def progress() -> Callable[[float, str], None] | None:
    """Progress on one line of a terminal; nothing when the output goes elsewhere."""
    if not sys.stderr.isatty():
        return None

    def tell(share: float, message: str) -> None:
        end = "\n" if share >= 1 else ""
        sys.stderr.write(f"\r\x1b[K{share:4.0%} {message}{end}")
        sys.stderr.flush()

    return tell
