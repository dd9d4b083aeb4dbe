"""HTML and XML: the text without its tags."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.ingest.readers.extracted import Extracted, embedded
from workbench.ingest.readers.text import bounded_text, parse_date

if TYPE_CHECKING:
    from bs4 import BeautifulSoup


def read_html(path: Path) -> Extracted:
    """HTML: visible text with one line per block; scripts, styles and navigation are left out."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(bounded_text(path), "html.parser")
    heading = soup.title or soup.h1
    title = heading.get_text(" ", strip=True) if heading else ""
    modified = _html_date(soup)
    for tag in soup(["script", "style", "template", "noscript", "nav", "title"]):
        tag.decompose()
    lines = (re.sub(r"\s+", " ", line).strip() for line in soup.get_text("\n").split("\n"))
    return Extracted(title, "\n".join(line for line in lines if line), dates=embedded(None, modified))


def _html_date(soup: BeautifulSoup) -> date | None:
    names = {"date", "dcterms.modified", "last-modified", "article:modified_time"}
    for tag in soup.find_all("meta"):
        if str(tag.get("name") or tag.get("property") or "").lower() in names:
            return parse_date(str(tag.get("content", "")))
    return None
