"""The interaction table: kept and found again, whole or not at all, sampled by session, read on after any interruption."""

import dataclasses
import fnmatch
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest

from workbench.errors import CancelledError, InputError
from workbench.ingest.logs import blocks as log_blocks
from workbench.ingest.logs import parts as log_parts
from workbench.ingest.logs import reading as logs
from workbench.ingest.logs import table as log_table
from workbench.ingest.logs.convert import FilePlan, read_block
from workbench.ingest.logs.reading import read_logs
from workbench.ingest.logs.schema import interaction_schema
from workbench.ingest.logs.table import interaction_batches, read_interactions
from workbench.ingest.logs.turn import LOCK
from workbench.ingest.logs.workers import in_order, workers

BEGINNING = datetime(2026, 9, 14, 10, tzinfo=UTC)


def row(number, **more):
    at = (BEGINNING + timedelta(seconds=number)).isoformat()
    return {
        "id": f"q{number}",
        "time": at,
        "session": f"s{number // 5}",
        "query": f"Who pays for part {number}?",
        **more,
    }


def put(root, name, rows):
    path = root / "logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in rows))
    return path


@pytest.fixture
def small(monkeypatch):
    """Blocks of a few lines and parts of a few blocks, as a large log has them."""
    monkeypatch.setattr(log_blocks, "BLOCK_BYTES", 2_000)
    monkeypatch.setattr(log_blocks, "BLOCK_RECORDS", 20)
    monkeypatch.setattr(log_parts, "PART_RECORDS", 50)


def parts_written(derived):
    """Names of the parts there are now; a folder that goes while it is read holds none (rglob would raise)."""
    names = (name for _, _, files in os.walk(derived) for name in files)
    return sorted(name for name in names if fnmatch.fnmatchcase(name, "part-*.parquet"))


def test_the_table_holds_every_interaction_in_its_schema(tmp_path):
    put(tmp_path, "a.jsonl", [row(2, feedback="up"), row(1, doc_ids=["a.md"])])
    log = read_logs(tmp_path, derived=tmp_path / "d")
    table = read_interactions(log.table)
    assert table.schema == interaction_schema()
    assert table.column("interaction_id").to_pylist() == ["q1", "q2"]
    assert table.column("feedback").to_pylist() == [None, 1]
    assert table.column("retrieved").to_pylist() == [[{"doc_id": "a.md", "text": None, "score": None}], None]
    assert table.column("source_locator").to_pylist() == ["line 2", "line 1"]
    assert [batch.num_rows for batch in interaction_batches(log.table)] == [2]
    assert read_interactions(log.table, ["query"]).column_names == ["query"]
    assert log.total == 2


def test_a_second_reading_only_opens_what_the_first_kept(tmp_path, monkeypatch):
    put(tmp_path, "a.jsonl", [row(1)])
    first = read_logs(tmp_path, derived=tmp_path / "d")
    monkeypatch.setattr(logs, "build_table", None)
    assert read_logs(tmp_path, derived=tmp_path / "d") == first


def test_a_changed_file_is_read_anew_and_an_unchanged_one_is_not(tmp_path):
    put(tmp_path, "a.jsonl", [row(1)])
    put(tmp_path, "b.jsonl", [row(2)])
    first = read_logs(tmp_path, derived=tmp_path / "d")
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "d").rglob("part-*.parquet")}
    put(tmp_path, "b.jsonl", [row(2), row(3)])
    second = read_logs(tmp_path, derived=tmp_path / "d")
    assert (first.total, second.total) == (2, 3)
    assert first.table != second.table
    now = {path: path.stat().st_mtime_ns for path in (tmp_path / "d").rglob("part-*.parquet")}
    assert len(now.items() & kept.items()) == 1


def test_without_a_folder_for_results_nothing_is_kept(tmp_path):
    put(tmp_path, "a.jsonl", [row(1)])
    log = read_logs(tmp_path)
    assert (log.table, log.total) == (None, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_a_table_that_is_gone_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="read it anew"):
        read_interactions(tmp_path / "gone.parquet")


def test_a_log_read_in_blocks_and_parts_says_the_same_as_one_read_whole(tmp_path, small):
    rng = random.Random(3)
    rows = [
        row(
            number,
            user=rng.choice(["ann@example.org", "u1"]),
            rating=rng.choice([None, 1, 4, 5]),
            **({"policy_version": "p8"} if number > 150 else {}),
        )
        for number in range(300)
    ]
    put(tmp_path, "a.jsonl", rows)
    in_parts = read_logs(tmp_path, derived=tmp_path / "d")
    assert len(parts_written(tmp_path / "d")) > 3
    with pytest.MonkeyPatch.context() as whole:
        whole.setattr(log_blocks, "BLOCK_BYTES", 2**22)
        whole.setattr(log_parts, "PART_RECORDS", 200_000)
        shutil.rmtree(tmp_path / "d" / "logs")
        at_once = read_logs(tmp_path, derived=tmp_path / "d")
    assert len(parts_written(tmp_path / "d")) == 1
    assert dataclasses.replace(in_parts, table="") == dataclasses.replace(at_once, table="")
    assert in_parts.masked == {"email": sum(line["user"] != "u1" for line in rows)}


def test_csv_records_with_lines_inside_cells_survive_the_cuts_between_blocks(tmp_path, small):
    cells = [f'"Who pays,\nand for ""part {number}""?","yes\r\nno"' for number in range(200)]
    path = tmp_path / "logs" / "a.csv"
    path.parent.mkdir()
    path.write_text("query,answer\n" + "\n".join(cells) + "\n", newline="")
    log = read_logs(tmp_path)
    assert [entry.query for entry in log.interactions] == [
        f'Who pays,\nand for "part {number}"?' for number in range(200)
    ]
    assert log.interactions[-1].source.locator == "row 200"
    assert log.faults == ()


def test_further_processes_give_the_same_rows_in_the_same_order(tmp_path, small):
    put(
        tmp_path,
        "a.jsonl",
        [row(number, **({"late": 1, "thumbs": "up"} if number == 90 else {})) for number in range(200)],
    )
    alone = read_logs(tmp_path, derived=tmp_path / "d")
    shutil.rmtree(tmp_path / "d" / "logs")
    with pytest.MonkeyPatch.context() as many:
        many.setattr(logs, "PARALLEL_FROM", 1)
        together = read_logs(tmp_path, derived=tmp_path / "d")
    assert dataclasses.replace(together, table="") == dataclasses.replace(alone, table="")


def test_a_block_whose_process_is_killed_is_read_here(tmp_path):
    file = log_blocks.open_log(put(tmp_path, "a.jsonl", [row(1), row(2)]))
    columns = logs_columns(file)
    plan = FilePlan("logs/a.jsonl", columns, key=b"k" * 32)
    with workers(1) as pool:
        list(in_order(pool, file.blocks(), plan))
        pool._all[0].kill()
        ((_, _, result),) = in_order(pool, file.blocks(), plan)
    assert result.tally == read_block(plan, next(file.blocks())).tally


def logs_columns(file):
    from workbench.ingest.logs.columns import Columns, flatten
    from workbench.ingest.logs.records import rows_of

    return Columns.of([flatten(found.values) for found in rows_of(file)])


def test_cancelling_keeps_finished_parts_and_the_next_reading_goes_on_behind_them(tmp_path, small):
    put(tmp_path, "a.jsonl", [row(number) for number in range(400)])
    expected = read_logs(tmp_path)
    calls = []

    def cancel(share, said):
        calls.append(share)
        if len(calls) == 12:
            raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        read_logs(tmp_path, derived=tmp_path / "d", progress=cancel)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "d").rglob("part-*.parquet")}
    assert before
    log = read_logs(tmp_path, derived=tmp_path / "d")
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "d").rglob("part-*.parquet")}
    assert before.items() <= after.items()
    assert log.interactions == expected.interactions
    assert calls == sorted(calls)


CHILD = """
import sys
from pathlib import Path
from workbench.ingest.logs import blocks as log_blocks, parts as log_parts
from workbench.ingest.logs.reading import read_logs
log_blocks.BLOCK_BYTES, log_parts.PART_RECORDS = 20_000, 400
print("ready", flush=True)
read_logs(Path(sys.argv[1]), derived=Path(sys.argv[1]) / "d")
"""


def test_killed_at_any_moment_and_started_again_it_gives_what_an_undisturbed_reading_gives(tmp_path):
    rows = [row(number, user="ann@example.org" if number % 7 == 0 else "u1") for number in range(6000)]
    rows.append({"id": "q3", "feedback": "down"})
    put(tmp_path, "a.jsonl", rows[:3000])
    put(tmp_path, "b.jsonl", rows[3000:])
    with (tmp_path / "logs" / "b.jsonl").open("a") as stream:
        stream.write("{broken\n")
    undisturbed = tmp_path / "undisturbed"
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", CHILD, str(tmp_path)], check=True, timeout=120)
    whole = time.monotonic() - began
    (tmp_path / "d").rename(undisturbed)
    expected = read_logs(tmp_path, derived=undisturbed)
    (tmp_path / "d").mkdir()
    shutil.copy(undisturbed / "redaction.key", tmp_path / "d")  # another key would name people otherwise
    rng = random.Random(os.getpid())
    begun = set()
    for attempt in range(8):
        with subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            if attempt % 2:
                wait_for_a_part(tmp_path / "d", child, len(parts_written(tmp_path / "d")))
                time.sleep(rng.random() * 0.02)
            else:
                time.sleep(rng.random() * whole / 2)
            child.send_signal(signal.SIGKILL)
        begun.add(len(parts_written(tmp_path / "d")))
        for part in (tmp_path / "d").rglob("part-*.parquet"):
            assert pq.read_metadata(part).num_rows > 0
    assert max(begun) > 0, "every child was killed before it had written anything"
    log = read_logs(tmp_path, derived=tmp_path / "d")
    assert dataclasses.replace(log, table="") == dataclasses.replace(expected, table="")
    assert read_interactions(log.table) == read_interactions(expected.table)
    assert log.interactions[3].feedback == -1
    hidden = [entry.name for entry in (tmp_path / "d" / "logs").iterdir() if entry.name.startswith(".")]
    assert hidden == [LOCK]


def wait_for_a_part(derived, child, before):
    """Until the child has written another part, or is done."""
    while child.poll() is None and len(parts_written(derived)) <= before:
        time.sleep(0.002)


def test_half_a_state_or_a_missing_part_means_reading_anew(tmp_path, small):
    put(tmp_path, "a.jsonl", [row(number) for number in range(200)])
    derived = tmp_path / "d"
    expected = read_logs(tmp_path, derived=derived)
    shutil.rmtree(next(path.parent for path in derived.rglob("interactions.parquet")))
    (state,) = derived.rglob("state.json")
    state.write_text(state.read_text()[:100])
    assert read_logs(tmp_path, derived=derived) == expected
    shutil.rmtree(next(path.parent for path in derived.rglob("interactions.parquet")))
    next(derived.rglob("part-00001.parquet")).unlink()
    assert read_logs(tmp_path, derived=derived) == expected


def test_of_a_large_log_whole_sessions_are_drawn_and_the_fault_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "KEPT_INTERACTIONS", 100)
    monkeypatch.setattr(log_table, "KEPT_INTERACTIONS", 100)
    put(tmp_path, "a.jsonl", [row(number) for number in range(1000)])
    log = read_logs(tmp_path, derived=tmp_path / "d")
    assert log.total == 1000
    assert 50 <= len(log.interactions) <= 150
    assert set(Counter(entry.session_id for entry in log.interactions).values()) == {5}
    assert [entry.at for entry in log.interactions] == sorted(entry.at for entry in log.interactions)
    assert f"sample of {len(log.interactions)} of 1,000 interactions" in log.faults[-1]
    assert read_interactions(log.table).num_rows == 1000
    assert read_logs(tmp_path, derived=tmp_path / "d") == log
    shutil.rmtree(tmp_path / "d")
    assert read_logs(tmp_path).interactions == log.interactions


def test_a_log_that_is_one_session_is_drawn_line_by_line(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "KEPT_INTERACTIONS", 100)
    monkeypatch.setattr(log_table, "KEPT_INTERACTIONS", 100)
    put(tmp_path, "a.jsonl", [{**row(number), "session": "default"} for number in range(1000)])
    assert 50 <= len(read_logs(tmp_path).interactions) <= 150


def test_a_folder_that_cannot_be_written_is_an_input_error(tmp_path):
    put(tmp_path, "a.jsonl", [row(1)])
    (tmp_path / "d").write_text("a file")
    with pytest.raises(InputError, match="could not be kept"):
        read_logs(tmp_path, derived=tmp_path / "d")


def test_feedback_for_many_questions_of_one_id_reaches_all_and_the_last_counts(tmp_path):
    put(tmp_path, "a.jsonl", [row(1), row(1, query="Why?"), {"id": "q1", "feedback": 1}, {"id": "q1", "feedback": -1}])
    assert [entry.feedback for entry in read_logs(tmp_path).interactions] == [-1, -1]


def test_nothing_of_the_log_is_only_an_empty_table(tmp_path):
    path = tmp_path / "logs" / "a.csv"
    path.parent.mkdir()
    path.write_text("alpha,beta\n1,2\n")
    log = read_logs(tmp_path, derived=tmp_path / "d")
    assert log.interactions == ()
    assert read_interactions(log.table).num_rows == 0
