"""Plain text and Markdown."""

from __future__ import annotations

import re
from pathlib import Path

from workbench.ingest.readers.extracted import Extracted, embedded
from workbench.ingest.readers.text import bounded_text, parse_date


def read_plain(path: Path) -> Extracted:
    """Plain text: no title, the text as it stands."""
    return Extracted("", bounded_text(path))


def read_markdown(path: Path) -> Extracted:
    """Markdown: front matter gives title and dates where there is one, else the first heading gives the title."""
    text = bounded_text(path)
    front = _front_matter(text)
    heading = re.search(r"^#[ \t]+(\S.*)$", text, flags=re.MULTILINE)
    title = front.pop("title", "") or (heading.group(1).rstrip().rstrip("#").rstrip() if heading else "")
    day = parse_date(front.get("updated", "") or front.get("date", ""))
    return Extracted(title, text, front, dates=embedded(None, day))


def _front_matter(text: str) -> dict[str, str]:
    match = re.match(r"---\n(.*?)\n---\n", text, flags=re.DOTALL)
    if not match:
        return {}
    pairs = (line.partition(":") for line in match.group(1).split("\n"))
    return {key.strip().lower(): value.strip().strip("\"'") for key, colon, value in pairs if colon and key.strip()}
