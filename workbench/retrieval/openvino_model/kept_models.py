"""Exported models kept in the user's cache folder, so that torch is needed once a model and not once a start.

A folder appears whole or not at all and is checked against its checksums before use; it holds a graph, numbers and JSON.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbench.retrieval.model_files import sha256_of

GRAPH, WEIGHTS, TOKENIZER, MANIFEST = "model.xml", "model.bin", "tokenizer.json", "manifest.json"
FORMAT = 1
"""Raised when the same model would be exported differently."""

ABANDONED_SECONDS = 24 * 3600
_PARTIAL = ".partial-"


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What running a model takes beside its graph.

    Attributes:
        inputs: names of the arrays the graph takes, in its order.
        width: figures in a row of output.
        max_tokens: word pieces read of a text.
        pad_id: id that fills rows up.
        precision: "bf16", "f16" or "f32".
        sigmoid: whether a score is the sigmoid of the output.
        distance: from torch on the built-in texts, 0 is equal.
    """

    inputs: tuple[str, ...]
    width: int
    max_tokens: int
    pad_id: int
    precision: str
    sigmoid: bool = False
    distance: float = 0.0


@dataclass(frozen=True, slots=True)
class KeptModel:
    """An exported model on disk.

    Attributes:
        folder: where it lies.
        spec: what running it takes.
    """

    folder: Path
    spec: ModelSpec

    @property
    def graph(self) -> Path:
        """The graph; its weights lie beside it."""
        return self.folder / GRAPH

    @property
    def tokenizer(self) -> Path:
        """The tokenizer, in the form of the `tokenizers` package."""
        return self.folder / TOKENIZER


@dataclass(frozen=True, slots=True)
class Rejected:
    """A model that was tried and is not run through OpenVINO, with the reason."""

    reason: str


def models_folder() -> Path:
    """Folder of the kept models, safe to delete.

    Raises:
        OSError: the user has no home folder.
    """
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pilot-workbench" / "models"
    except RuntimeError as error:
        raise OSError("no home folder") from error


def find(key: str) -> KeptModel | Rejected | None:
    """What is kept under the key; None where nothing is, another user put it there, or a byte is not as it was written."""
    try:
        folder = models_folder() / key
        if hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid():
            return None
        known = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        body = known["body"]
        if known["sha256"] != _digest_of(body):
            return None
        if reason := body["rejected"]:
            return Rejected(str(reason))
        if any(sha256_of(folder / name) != digest for name, digest in body["files"].items()):
            return None
        spec = body["spec"]
        return KeptModel(folder, ModelSpec(**{**spec, "inputs": tuple(spec["inputs"])}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def workplace() -> Path:
    """A new folder to export into: where models are kept if it can be written, so that keeping is a rename."""
    try:
        models_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        _clear_abandoned()
        return Path(tempfile.mkdtemp(dir=models_folder(), prefix=_PARTIAL))
    except OSError:
        return Path(tempfile.mkdtemp(prefix="pilot-workbench-"))


def keep(key: str, exported: Path, spec: ModelSpec) -> KeptModel:
    """The exported model under its key; where that cannot be, it is used from where it is and goes when the process ends."""
    files = {name: sha256_of(exported / name) for name in (GRAPH, WEIGHTS, TOKENIZER)}
    _place(key, exported, {"rejected": "", "files": files, "spec": asdict(spec)})
    # Another process may have been quicker; one of the two is used then, and the other goes.
    kept = find(key)
    if isinstance(kept, KeptModel):
        shutil.rmtree(exported, ignore_errors=True)
        return kept
    atexit.register(_discard_own, exported, os.getpid())
    return KeptModel(exported, spec)


def keep_rejection(key: str, reason: str) -> None:
    """Remember that the model is not run through OpenVINO; where that cannot be, it is found out again next time."""
    with suppress(OSError):
        folder = workplace()
        _place(key, folder, {"rejected": reason})
        shutil.rmtree(folder, ignore_errors=True)


def _place(key: str, folder: Path, body: dict[str, Any]) -> None:
    """Move the folder to its key, unless something good lies there or nothing can be written."""
    with suppress(OSError):
        target = models_folder() / key
        (folder / MANIFEST).write_text(json.dumps({"sha256": _digest_of(body), "body": body}), encoding="utf-8")
        if find(key) is None:
            # A damaged one stands in the way, or a file or link that is none of ours; what a link points to stays.
            if target.is_symlink() or target.is_file():
                target.unlink()
            shutil.rmtree(target, ignore_errors=True)
        folder.rename(target)


def _clear_abandoned() -> None:
    """Remove what killed exports left behind; another process may be clearing or finishing at the same time."""
    for folder in models_folder().glob(f"{_PARTIAL}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _discard_own(folder: Path, process: int) -> None:
    # A forked child ends before its parent, which still uses the folder.
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def _digest_of(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
