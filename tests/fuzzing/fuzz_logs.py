"""Coverage-guided fuzzing of the log reader: run by tests/test_fuzzing_logs.py, or by hand with a corpus folder.

`python tests/fuzzing/fuzz_logs.py CORPUS -max_total_time=60 -rss_limit_mb=2048`
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["workbench.ingest"]):
    from workbench.errors import InputError
    from workbench.ingest.logs.corrections import FileCorrections
    from workbench.ingest.logs.files import Found, read_file
    from workbench.ingest.logs.mapping import field_sources, file_mapping
    from workbench.ingest.logs.masking import LogRedaction
    from workbench.ingest.logs.parts import PartState
    from workbench.ingest.logs.workers import Workers

FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-logs-"))
KEY = b"k" * 32
POOL = Workers(0)


def test_one_input(data: bytes) -> None:
    """Whatever the bytes: faults, never another error; every record counted; nothing left beside the parts."""
    path, parts = FOLDER / "a", FOLDER / "parts"
    path.write_bytes(data)
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir()
    with contextlib.suppress(InputError):
        found = Found("logs/a", path, len(data))
        *_, (_, state) = read_file(found, parts, PartState(), FileCorrections(), KEY, POOL)
        mapping = file_mapping("logs/a", state, FileCorrections(), LogRedaction(KEY))
        field_sources(state, FileCorrections(), LogRedaction(KEY))
        if mapping.interactions > 0 and not state.parts:
            raise RuntimeError("interactions counted and not kept")
        if PartState.of(parts) != state:
            raise RuntimeError("the state kept is not the state reached")
    left = {entry.name for entry in parts.iterdir() if entry.name.startswith(".")}
    if left:
        raise RuntimeError(f"left behind: {left}")


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    try:
        atheris.Fuzz()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
