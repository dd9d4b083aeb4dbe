"""One file under `evals/` as rows, whatever its form: JSON, JSON lines, YAML, csv, a spreadsheet, Parquet; text may be gzip.

The form is told by content. What the rows mean is the business of `workbench.ingest.evals.files` and
`workbench.ingest.evals.tables`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import yaml

from workbench.errors import InputError
from workbench.ingest.evals.columns import eval_formats
from workbench.ingest.evals.files import Results, tool_results, tool_rows
from workbench.ingest.logs.columns import normalised
from workbench.ingest.tables.rows import BadRow, Row
from workbench.ingest.tables.tabular import parquet_records, sheet_records
from workbench.ingest.tables.text_files import form_of, head_of, open_text, read_json, read_rows, rows_in

OWN_METRICS = "metrics.toml"
"""Settings of the client's own metrics, read by whoever scores answers; here it is only told from an unreadable file."""
MAX_YAML = 8 * 2**20
MAX_YAML_NODES = 2_000_000
MAX_YAML_DEPTH = 40
MAX_ROWS = 1_000_000
"""Rows of one file: an eval set is read into memory as a whole."""
NOT_DATA = frozenset(
    {".md", ".markdown", ".pdf", ".docx", ".html", ".htm", ".py", ".ipynb", ".zip", ".png", ".toml", ".sh"}
)
_PACKED_SHEET, _OLD_SHEET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class EvalFile:
    """The rows of one file with their places.

    Attributes:
        header: what the file says about the run as a whole.
        form: "json", "json lines", "yaml", "csv", "spreadsheet" or "parquet".
        tool: name of the tool's format where the file's frame shows it; "" where only its columns could.
    """

    name: str
    rows: Sequence[Row | BadRow]
    form: str
    header: Mapping[str, object]
    tool: str = ""


def read_eval_file(path: Path, name: str) -> EvalFile:
    """The rows of a file.

    Args:
        path: the file.
        name: its path relative to the case folder.

    Raises:
        InputError: the file cannot be read, or is of a kind that holds no items and no scores.
    """
    if path.suffix.lower() in NOT_DATA:
        raise InputError(
            f"'{path.suffix}' files hold no items or scores that can be read; export them as csv or JSON lines"
        )
    if path.suffix.lower() in (".yaml", ".yml"):
        return _of_value(name, "yaml", _yaml(path))
    head = head_of(path)
    if head.startswith(b"PAR1"):
        records = (record for _, record in parquet_records(path))
        return _of_rows(
            name, "parquet", (Row(f"row {number}", record) for number, record in enumerate(records, start=1))
        )
    if head.startswith((_PACKED_SHEET, _OLD_SHEET)):
        return _of_rows(name, "spreadsheet", (row for _, row in sheet_records(path)))
    form = form_of(path)
    if form == "json":
        return _of_value(name, "json", read_json(path))
    return _of_rows(
        name, "json lines" if form == "jsonl" else "csv", read_rows(path, eval_formats()["envelopes"], known)
    )


def known(cell: str) -> bool:
    """Whether a column name is one of an eval set or a result."""
    table = eval_formats()
    name = normalised(cell)
    return name in table["metrics"] or any(
        name in aliases for part in ("item", "run") for aliases in table[part].values()
    )


def _of_rows(name: str, form: str, rows: Iterable[Row | BadRow]) -> EvalFile:
    found = list(islice(rows, MAX_ROWS + 1))
    if len(found) > MAX_ROWS:
        raise InputError(f"more than {MAX_ROWS:,} rows; keep the rows of the eval set alone, or split the file")
    records = [row.values for row in found if isinstance(row, Row)]
    return _of_tool(name, form, results) if (results := tool_rows(records)) else EvalFile(name, found, form, {})


def _of_value(name: str, form: str, value: object) -> EvalFile:
    envelopes = eval_formats()["envelopes"]
    if results := tool_results(value):
        return _of_tool(name, form, results)
    if form == "yaml" and isinstance(value, dict) and not any(isinstance(value.get(key), list) for key in envelopes):
        raise InputError("settings, not items or scores")
    read = _of_rows(name, form, rows_in(value, envelopes))
    if read.tool or not isinstance(value, dict) or len(read.rows) < 2:
        return read
    return EvalFile(name, read.rows, form, {str(key): part for key, part in value.items()})


def _of_tool(name: str, form: str, results: Results) -> EvalFile:
    rows = [Row(f"record {number}", row) for number, row in enumerate(results.rows, start=1)]
    return EvalFile(name, rows, form, results.header, results.tool)


def _yaml(path: Path) -> object:
    with open_text(path) as stream:
        text = stream.read(MAX_YAML + 1)
    if len(text) > MAX_YAML:
        raise InputError(f"more than {MAX_YAML // 2**20} MiB of YAML; export it as JSON lines")
    try:
        return _spelled_out(yaml.safe_load(text), count())
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"not valid YAML ({str(error).splitlines()[0][:80]})") from error


def _spelled_out(value: object, nodes: Iterator[int], depth: int = MAX_YAML_DEPTH) -> object:
    """The value as JSON would have it: keys are text, aliases are copies; a few aliases of aliases can stand for billions."""
    if next(nodes) > MAX_YAML_NODES or depth == 0:
        raise InputError("YAML that is too deep, or whose aliases stand for too much; export it as JSON lines")
    if isinstance(value, dict):
        return {str(key): _spelled_out(part, nodes, depth - 1) for key, part in value.items()}
    return [_spelled_out(part, nodes, depth - 1) for part in value] if isinstance(value, list) else value
