"""The event log an OpenAI eval run writes: one line a specification, one an event, and one a final report.

Events of one sample are put together into one row. Sampled answers are left out: only questions, references and scores count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.ingest.evals.parts import Json, json_object
from workbench.ingest.logs.values import number_of


def openai_run(records: Sequence[Json]) -> tuple[Sequence[Json], Json]:
    """(one row a sample, what the log says about the run)."""
    samples: dict[str, dict[str, object]] = {}
    for record in records:
        if "sample_id" in record and "type" in record:
            name = str(record["sample_id"])
            samples[name] = {"item_id": name, **samples.get(name, {}), **_of_event(record)}
    spec = next((json_object(record["spec"]) for record in records if "spec" in record), {})
    report = next((json_object(record["final_report"]) for record in records if "final_report" in record), {})
    return list(samples.values()), {**report, "run_id": spec.get("run_id"), "at": spec.get("created_at")}


def _of_event(record: Json) -> Mapping[str, object]:
    data = json_object(record.get("data"))
    kind = record.get("type")
    if kind == "match":
        return {"passed": data.get("correct"), "reference": data.get("expected")}
    if kind == "sampling":
        return {"question": data.get("prompt")}
    if kind == "metrics":
        return {name: number for name, value in data.items() if (number := number_of(value)) is not None}
    return {}
