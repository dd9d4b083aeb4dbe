"""A replay as a table: a row a question, with the question whose answer would have been served.

It names questions by their place in the log and their id, and holds no text: texts are in the log.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workbench.costs.arrays import Floats, Marks
from workbench.costs.replay import replay
from workbench.costs.safety import Judge
from workbench.costs.study import CostStudy
from workbench.ingest.logs.interactions import read_interactions
from workbench.records import CacheSettings

VERDICTS = {1: "right", 0: "false", -1: "not judged"}


def write_events(study: CostStudy, settings: CacheSettings, marks: Marks, costs: Floats, path: Path) -> None:
    """Write the replay of a log with one setting as Parquet.

    Columns: `interaction_id`, `at` (null without times), `outcome` ("called", "exact hit", "semantic hit"), `served_id` (the
    question whose answer would have been served), `cosine`, `verdict` ("right", "false", "not judged"; null without a hit),
    `cost` (null where not known), `scope`, `node` (questions of one node are repeats of each other).

    Args:
        study: the log and its neighbours.
        settings: with a threshold.
        marks: pairs a person marked.
        costs: cost a row, NaN where not known.
        path: of the file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    traffic = study.traffic
    played = replay(traffic, study.neighbours, settings)
    judged = Judge(traffic, marks).judge(played)
    logged = read_interactions(study.table, ["interaction_id", "at"])
    ids = logged.column("interaction_id").combine_chunks()
    hits = played.hits
    outcome = np.where(played.exact, "exact hit", np.where(hits, "semantic hit", "called"))
    verdict = np.array([VERDICTS[value] for value in (-1, 0, 1)])[judged.astype(np.int64) + 1]
    table = pa.table(
        {
            "interaction_id": ids,
            "at": logged.column("at"),
            "outcome": pa.array(outcome.tolist(), pa.string()),
            "served_id": ids.take(pa.array(np.maximum(played.server, 0), mask=~hits)),
            "cosine": pa.array(played.cosine, mask=~hits),
            "verdict": pa.array(verdict.tolist(), pa.string(), mask=~hits),
            "cost": pa.array(costs, mask=np.isnan(costs)),
            "scope": pa.array(traffic.scope),
            "node": pa.array(traffic.node, mask=traffic.node < 0),
        }
    )
    pq.write_table(table, path)
