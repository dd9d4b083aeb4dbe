"""A case folder whose stored results are those of `example_results`, so that pages show known values."""

import example_results

from workbench import store
from workbench.case import new_case, open_case
from workbench.session import results_folder


def write_example_case(workspace, slug="calder-wharf", *, results=True):
    """Make the case; the files the example's sources name exist, the analysis never runs."""
    case = new_case(workspace, slug)
    stored = example_results.stored_comparison()
    texts = dict(zip(stored.passages["doc_id"], stored.passages["text"], strict=True))
    for doc_id, path in zip(stored.documents["doc_id"], stored.documents["path"], strict=True):
        (case.root / path).write_text(texts[doc_id], encoding="utf-8")
    lines = [f'{{"line": {number}}}' for number in range(1, 20)]
    (case.root / "logs" / "log one.jsonl").write_text("\n".join(lines), encoding="utf-8")
    case = open_case(case.root)
    if results:
        store.save_comparison(stored, results_folder(case) / "comparison")
        store.write_text(
            results_folder(case) / "diagnosis.json", store.to_json(example_results.diagnosis(), "diagnosis")
        )
    return case
