"""Finds the files of a model named by folder or hub name, and the digest they are known by.

Nothing is loaded here, and only the hub's own client ever asks the network, for a name a person gave.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import MissingPartError

HUB_SECONDS = 2.0
"""Wait for the hub's first answer; without a network its client would try for minutes."""

DESCRIBED_BY = (".json", ".txt", ".model")
"""Endings of the files that, beside the weights, decide what a model gives."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where a model lies.

    Attributes:
        folder: local folder.
        name: model name as people know it.
        digest: of weights and configuration.
    """

    folder: Path
    name: str
    digest: str


def find_model(model: str, what: str, *, ask_hub: bool = True) -> ModelFiles:
    """The files of a model.

    Args:
        model: folder or hub name.
        what: "encoder" or "reranker", for the message.
        ask_hub: whether a model that is not on this machine is fetched from the hub.

    Raises:
        MissingPartError: there is no such model, or no weights in a safe format.
    """
    local = _local_folder(model)
    folder, name = (local, local.name) if local else (_hub_folder(model, what, ask_hub=ask_hub), model)
    if not any(folder.glob("*.safetensors")):
        raise MissingPartError(
            f"{what} '{name}' could not be loaded: no .safetensors weights in its folder; save the model in that format"
        )
    try:
        return ModelFiles(folder, name, folder_digest(folder))
    except OSError as error:
        raise MissingPartError(
            f"{what} '{name}' could not be loaded: its files cannot be read ({error.strerror}); check their permissions"
        ) from error


def folder_digest(folder: Path) -> str:
    """Digest of a model's weights, configuration and vocabulary, whatever the folder is called."""
    files = [path for path in folder.rglob("*") if path.suffix in (*DESCRIBED_BY, ".safetensors") and path.is_file()]
    lines = sorted(f"{path.relative_to(folder).as_posix()} {sha256_of(path)}" for path in files)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _local_folder(model: str) -> Path | None:
    """The folder of that name; None where there is none, or no folder can be called so."""
    try:
        folder = Path(model).expanduser()
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):
        return None


def _hub_folder(model: str, what: str, *, ask_hub: bool) -> Path:
    try:
        from huggingface_hub import HfApi, constants, snapshot_download
    except ImportError as error:
        raise MissingPartError("sentence-transformers is not installed; run `make setup`") from error
    try:
        kept = Path(snapshot_download(model, local_files_only=True))
    except (OSError, ValueError):
        kept = None
    if kept and any(kept.glob("*.safetensors")):
        return kept
    if not ask_hub or constants.HF_HUB_OFFLINE:
        raise _not_there(model, what)
    try:
        HfApi().model_info(model, timeout=HUB_SECONDS)
        return Path(snapshot_download(model, allow_patterns=["*.safetensors", *(f"*{end}" for end in DESCRIBED_BY)]))
    except Exception as error:  # the hub's client has dozens of exceptions, its transport as many again
        raise _not_there(model, what) from error


def _not_there(model: str, what: str) -> MissingPartError:
    return MissingPartError(
        f"{what} '{model}' could not be loaded: it is no folder, is not in the local hub cache and could not be fetched; "
        "give a folder that holds the model"
    )
