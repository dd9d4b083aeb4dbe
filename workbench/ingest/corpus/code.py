"""Files of programs that lie among the documents: what is searched with a word of warning, and what is no document at all.

Told by names alone. Source code stays searchable, for a pilot may answer from it; what a machine wrote or what runs it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

FOLDERS: Mapping[str, str] = {
    ".git": "the history of a repository; put the repository into repo/ to have it looked at",
    ".hg": "the history of a repository, of a kind that is not read",
    ".svn": "the history of a repository, of a kind that is not read",
    "node_modules": "packages of other people that a program uses",
    "__pycache__": "compiled by a program",
    ".venv": "packages of other people that a program uses",
    "site-packages": "packages of other people that a program uses",
}
"""Folder that no client wrote a document into -> what it is."""
CODE_SUFFIXES = frozenset({
    ".py", ".pyi", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".go", ".rs", ".java", ".kt", ".scala", ".cs", ".rb", ".php", ".c",
    ".h", ".cpp", ".hpp", ".sql", ".tf", ".sh", ".ps1", ".bat", ".bicep", ".vb", ".css", ".scss", ".rego",
})  # fmt: skip
SETTINGS_SUFFIXES = frozenset({".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties"})
LOCKS = frozenset({
    "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "poetry.lock", "uv.lock", "pipfile.lock", "cargo.lock", "composer.lock",
    "gemfile.lock", "go.sum",
})  # fmt: skip
MACHINE_MADE = (".min.js", ".min.css", ".js.map", ".css.map")
CONTROL = frozenset(
    {".gitignore", ".gitattributes", ".dockerignore", ".editorconfig", ".npmrc", "makefile", "dockerfile"}
)

CODE = "source code, searched as text; move it to repo/ if the pilot does not answer from it"
SETTINGS = "settings of a program, searched as text; move it to repo/ if the pilot does not answer from it"


def warning_of(name: str) -> tuple[str, ...]:
    """What should be known of a file that is searched although it may be no document."""
    suffix = PurePosixPath(name).suffix.lower()
    return (CODE,) if suffix in CODE_SUFFIXES else (SETTINGS,) if suffix in SETTINGS_SUFFIXES else ()


def no_document(name: str) -> str:
    """Why a file is not searched although it is text; "" for any other."""
    name = name.lower()
    if name == ".env" or name.startswith(".env."):
        return "settings that usually hold passwords; take it away, or put it into repo/ without them"
    if name in LOCKS:
        return "a list of packages that a machine wrote; put it into repo/ to have it looked at"
    if name.endswith(MACHINE_MADE):
        return "written by a machine for a machine"
    return "controls a tool of programmers; put it into repo/ to have it looked at" if name in CONTROL else ""


def folder_of(path: Path, below: Path) -> Path | None:
    """The outermost folder around a file that holds no documents; None where there is none."""
    parts = path.relative_to(below).parts[:-1]
    found = next((number for number, part in enumerate(parts) if part in FOLDERS), None)
    return None if found is None else below.joinpath(*parts[: found + 1])


def apart(paths: Iterable[Path], below: Path) -> tuple[list[Path], dict[Path, list[Path]]]:
    """Paths of files that may be documents, and the others by the folder around them."""
    kept: list[Path] = []
    left: dict[Path, list[Path]] = {}
    for path in paths:
        folder = folder_of(path, below)
        if folder is None:
            kept.append(path)
        else:
            left.setdefault(folder, []).append(path)
    return kept, left
