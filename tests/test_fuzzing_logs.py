"""Ten seconds of coverage-guided fuzzing of the log reader, in a process of its own."""

import gzip
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ALONE = ("sh", "-c", '"$@"; exit $?', "sh")
"""Runs what follows as the child of a small process: the system counts the memory of whoever starts a process into its peak."""

HARNESS = Path(__file__).parent / "fuzzing" / "fuzz_logs.py"


def seeds() -> dict[str, bytes]:
    """A log of each form, with what opens the ways: lists, objects in cells, chats, feedback, traces, broken lines."""
    line = (
        '{"query": "Who pays?", "time": "2026-09-14T10:00:00Z", "docs": [{"id": "a.pdf", "score": 0.4}], "rating": 5}'
    )
    chat = '{"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "You."}]}'
    table = 'id;question;doc_ids;scores;latency;meta\n1;"Who; pays?";"[""a.pdf""]";0.5|0.1;2 s;"{""user_id"": 7}"\n'
    span = '{"context.trace_id": "t", "context.span_id": "a", "attributes.openinference.span.kind": "LLM", '
    return {
        "lines": f"{line}\n{{broken\n{line}\n{chat}\n".encode(),
        "array": f"[{line},\n {chat}, 7]".encode(),
        "wrapped": f'{{"n": 1, "rows": [{line}, {line}]}}'.encode(),
        "csv": table.encode(),
        "wide": table.encode("utf-16"),
        "packed": gzip.compress(f"{line}\n".encode()),
        "trace": f'{span}"attributes.input.value": "Who?", "start_time": "2026-09-14T10:00:00Z"}}\n'.encode() * 2,
        "headerless": b"2026-09-14,Who pays for it?,ann@example.org\n2026-09-15,What is it?,bob@example.org\n",
    }


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed here")
def test_ten_seconds_of_fuzzing_find_nothing_but_faults(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name, data in seeds().items():
        (corpus / name).write_bytes(data)
    limits = ["-max_total_time=10", "-rss_limit_mb=2048", "-max_len=4096", "-timeout=20"]
    result = subprocess.run(
        [*ALONE, sys.executable, str(HARNESS), str(corpus), *limits, f"-artifact_prefix={tmp_path}/"],
        capture_output=True,
        text=True,
        timeout=180,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=False,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    runs = re.search(r"Done (\d+) runs", result.stderr)
    assert runs is not None, result.stderr[-4000:]
    assert int(runs[1]) > 50
