"""Ten seconds of coverage-guided fuzzing of the archive unpacker, in a process of its own."""

import importlib.util
import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ALONE = ("sh", "-c", '"$@"; exit $?', "sh")
"""Runs what follows as the child of a small process: the system counts the memory of whoever starts a process into its peak."""

HARNESS = Path(__file__).parent / "fuzzing" / "fuzz_archives.py"


def seeds() -> dict[str, bytes]:
    """Archives that open the ways: both methods, folders, hostile names, a cut and a streamed one."""
    found: dict[str, bytes] = {}
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", method) as archive:
            for name in ("a.txt", "b/c.txt", "../evil", "C:\\evil", "A.TXT"):
                archive.writestr(name, b"words " * 20)
        found[f"method{method}"] = data.getvalue()
        found[f"cut{method}"] = data.getvalue()[:-90]
    found["empty"] = b"PK\x05\x06" + bytes(18)
    return found


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed here")
def test_ten_seconds_of_fuzzing_find_nothing_but_input_errors(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name, data in seeds().items():
        (corpus / name).write_bytes(data)
    artifacts = f"-artifact_prefix={tmp_path}/"
    limits = ["-max_total_time=10", "-rss_limit_mb=2048", "-max_len=4096", "-timeout=20"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    result = subprocess.run(
        [*ALONE, sys.executable, str(HARNESS), str(corpus), *limits, artifacts],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    runs = re.search(r"Done (\d+) runs", result.stderr)
    assert runs is not None, result.stderr[-4000:]
    assert int(runs[1]) > 500
