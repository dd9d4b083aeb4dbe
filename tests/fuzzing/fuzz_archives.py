"""Coverage-guided fuzzing of the archive unpacker: run by tests/test_fuzzing_archives.py, or by hand with a corpus folder.

`python tests/fuzzing/fuzz_archives.py CORPUS -max_total_time=60 -rss_limit_mb=2048`
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["workbench.ingest", "zipfile"]):
    import zipfile  # noqa: F401

    from workbench.errors import InputError
    from workbench.ingest.archives.containers import unpack_zip
    from workbench.ingest.archives.unpacking import Limits

LIMITS = Limits(members=50, member_bytes=2**20, total_bytes=2**22, keep_free=0)
FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-archives-"))


def test_one_input(data: bytes) -> None:
    """Whatever the bytes: only an `InputError`, and nothing outside the folder or beside the members told of."""
    path, into = FOLDER / "a.zip", FOLDER / "inner" / "out"
    path.write_bytes(data)
    members = set()
    with contextlib.suppress(InputError):
        members = {member.path for member in unpack_zip(path, into, limits=LIMITS).members}
    found = {entry for entry in FOLDER.rglob("*") if entry.is_symlink() or not entry.is_dir()}
    shutil.rmtree(FOLDER / "inner", ignore_errors=True)
    if found != {path, *members}:
        raise RuntimeError(f"written and not told of: {sorted(found - {path, *members})}")
    outside = [member for member in members if not member.is_relative_to(into) or ".." in member.parts]
    if outside:
        raise RuntimeError(f"written outside: {outside}")


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    try:
        atheris.Fuzz()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
