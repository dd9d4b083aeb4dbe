"""Every notebook: thin, without stored outputs, and running from top to bottom on a case with results and on none."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from fabricated_retrieval import WriteCase
from nbclient import NotebookClient

from workbench import session
from workbench.case import open_case

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
MOST_LINES = 12
CELL_SECONDS = 120


def test_the_notebooks_of_this_release_are_there() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "00_start",
        "01_intake",
        "02_diagnosis",
        "03_retrieval_lab",
        "04_evaluation",
        "06_costs",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_thin_and_stores_no_output(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    assert sum(len(cell.source.splitlines()) for cell in cells) <= MOST_LINES


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("workspace") / "acme"
    (root / "qrels").mkdir(parents=True)
    (root / "corpus.jsonl").write_text(
        '{"_id": "d1", "text": "storm <script>alert(1)</script> cover"}\n{"_id": "d2", "text": "theft"}\n'
    )
    (root / "queries.jsonl").write_text('{"_id": "q1", "text": "storm cover"}\n')
    (root / "qrels" / "test.tsv").write_text("q1\td1\t1\n")
    session.diagnose(open_case(root))
    return root.parent


@pytest.mark.local_network
@pytest.mark.parametrize("state", ["computed", "nothing computed", "no case"])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(
    path: Path, state: str, computed: Path, write_case: WriteCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspaces = {"computed": computed, "no case": tmp_path / "empty"}
    workspace = workspaces.get(state) or write_case({"d1": "storm"}).parent
    workspace.mkdir(exist_ok=True)
    monkeypatch.setenv("WORKBENCH_CASES", str(workspace))
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=CELL_SECONDS, kernel_name="python3", resources=resources).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in shown)
    assert "<script>alert" not in str(shown)
