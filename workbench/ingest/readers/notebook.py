"""Jupyter notebooks: the words and the code of their cells in order, headings from the Markdown.

Results of cells are left out: they are pictures, tables and logs of one run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.readers.extracted import Extracted
from workbench.ingest.readers.plain import markdown_sections
from workbench.ingest.readers.text import read_text


def read_notebook(path: Path) -> Extracted:
    """A notebook as Markdown with its code in fences; its first heading is its title.

    Raises:
        InputError: not a notebook, damaged, or too large.
    """
    decoded = read_text(path)
    try:
        cells = list(_cells(json.loads(decoded.text)))
    except (ValueError, LookupError, RecursionError, TypeError, AttributeError) as error:
        raise InputError(f"{path.name}: damaged notebook ({type(error).__name__}); save it again") from error
    text = "\n\n".join(f"```\n{source}\n```" if kind == "code" else source for kind, source, _ in cells)
    results = sum(shown for _, _, shown in cells)
    lost = (f"results of cells that are not part of this text: {results}",) if results else ()
    sections = markdown_sections(text)
    title = sections[0].headings[-1] if sections else ""
    return Extracted(title, text, sections=sections, warnings=(*decoded.warnings, *lost))


def _cells(notebook: dict[str, list[dict[str, object]]]) -> Iterator[tuple[str, str, int]]:
    """Kind of each cell, its source without blank ends, and how many results it shows."""
    for cell in notebook["cells"]:
        source = cell.get("source", "")
        outputs = cell.get("outputs")
        text = "".join(map(str, source)) if isinstance(source, list) else str(source)
        if text.strip():
            yield str(cell.get("cell_type")), text.strip(), len(outputs) if isinstance(outputs, list) else 0
