"""The folder a starter harness is written to: empty, or one that an earlier run wrote; what people changed in it is kept.

A list of what was written, with checksums, lies in the folder and makes it the workbench's own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.case import Case, check_out
from workbench.errors import CaseError
from workbench.settings_file import write_whole

MANIFEST = "evaluation/harness.json"
SCHEMA = "workbench.starter/1"
LONGEST_MANIFEST = 1_000_000
DATA = "evaluation/evals/"
"""Files that only make sense together: where one was changed, all of them are kept, and the run with them."""
RUNS = "evaluation/runs/"
SETTINGS = "evaluation/settings.json"
README = "evaluation/README.md"

Checksums = Mapping[str, Sequence[str]]
"""Path -> checksums of what the workbench wrote there: one, or two while it is being written anew."""


def check_target(case: Case, out: Path) -> Checksums:
    """Checksums of what an earlier run wrote to this folder; empty for a new one.

    Raises:
        CaseError: the folder lies among the client's files, cannot be written to, or holds anything else.
    """
    check_out(case, out)
    folder = out.expanduser()
    if folder.resolve().is_relative_to(case.derived.resolve()) or folder.resolve() == case.root:
        raise CaseError(f"{out}: belongs to the case itself; give another folder with --out")
    try:
        if not folder.exists() or not any(folder.iterdir()):
            return {}
    except OSError as error:
        raise CaseError(f"{out}: could not be opened ({error.strerror}); check its permissions") from error
    manifest = _manifest(folder)
    if manifest is None:
        raise CaseError(f"{out}: is not empty and holds no harness of the workbench; give a new or an empty folder")
    if manifest["case"] != case.slug:
        raise CaseError(
            f"{out}: holds the harness of the case '{manifest['case']}'; give each case a folder of its own"
        )
    return {path: sums for path, sums in manifest["files"].items() if isinstance(sums, list)}


def write_files(case: Case, out: Path, files: Mapping[str, str], earlier: Checksums) -> tuple[str, ...]:
    """Write the files, each in one step; returns those that were left alone because somebody changed them.

    Args:
        case: whose harness it is.
        out: the folder.
        files: path in it -> content.
        earlier: what `check_target` found there.
    """
    folder = out.expanduser().resolve()
    kept = _changed(folder, files, earlier)
    sums = {path: [_checksum(text.encode())] for path, text in files.items()}
    # First, so that a run that was killed on the way leaves a folder that can be written again.
    meanwhile = {path: [*earlier.get(path, ()), *total] for path, total in sums.items()} if earlier else {}
    _write(folder, MANIFEST, _manifest_text(case, meanwhile))
    for path in sorted(set(files) - kept):
        _write(folder, path, files[path])
    _write(folder, MANIFEST, _manifest_text(case, {**sums, **{path: list(earlier.get(path, ())) for path in kept}}))
    return tuple(sorted(kept))


def _changed(folder: Path, files: Mapping[str, str], earlier: Checksums) -> set[str]:
    """Files that are not as they were written. Without a list nothing was finished, and nobody can have worked on it."""
    if not earlier:
        return set()
    there = {path for path in files if (folder / path).is_file()}
    changed = {path for path in there if _checksum((folder / path).read_bytes()) not in earlier.get(path, ())}
    if any(path.startswith(DATA) or path == SETTINGS for path in changed):
        changed |= {path for path in there if path.startswith((DATA, RUNS)) or path == README}
    return changed


def _manifest(folder: Path) -> dict[str, Any] | None:
    path = folder / MANIFEST
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LONGEST_MANIFEST:
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    usable = isinstance(found, dict) and found.get("schema") == SCHEMA and isinstance(found.get("files"), dict)
    return found if usable and isinstance(found.get("case"), str) else None


def _manifest_text(case: Case, sums: Checksums) -> str:
    return json.dumps({"schema": SCHEMA, "case": case.slug, "files": dict(sorted(sums.items()))}, indent=1) + "\n"


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(folder: Path, path: str, text: str) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.parent.resolve().is_relative_to(folder):
        raise CaseError(f"{path}: a link leads out of the folder; remove it and run the command again")
    write_whole(file, text)
