"""One commit of a client's repository in words, for the source viewer.

The repository is read in place and never changed; its working files are not touched.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dulwich.objects import Commit
    from dulwich.repo import Repo

MAX_FILES = 200


def repository_above(path: Path, root: Path) -> Path | None:
    """The nearest folder with a `.git` from `path` upwards, not above `root`; None where there is none."""
    for folder in (path, *path.parents):
        if not folder.is_relative_to(root):
            return None
        # A `.git` file or link may point anywhere on this machine; a folder of the client's does not.
        if (folder / ".git").is_dir() and not (folder / ".git").is_symlink():
            return folder
    return None


def commit_lines(repository: Path, prefix: str) -> list[tuple[str, str]]:
    """Label and text of each line about the commit whose id starts with `prefix` (hexadecimal); empty when unknown."""
    from dulwich.errors import NotGitRepository
    from dulwich.objects import Commit
    from dulwich.repo import Repo

    try:
        with Repo(str(repository)) as repo:
            found = (repo.object_store[sha] for sha in repo.object_store.iter_prefix(prefix.encode()))
            commit = next((candidate for candidate in found if isinstance(candidate, Commit)), None)
            return _described(repo, commit) if commit is not None else []
    except NotGitRepository:
        return []


def _described(repo: Repo, commit: Commit) -> list[tuple[str, str]]:
    message = commit.message.decode("utf-8", errors="replace").strip().split("\n")
    return [
        ("commit", commit.id.decode()),
        ("author", commit.author.decode("utf-8", errors="replace")),
        ("authored", _moment(commit.author_time, commit.author_timezone)),
        ("committed", _moment(commit.commit_time, commit.commit_timezone)),
        *(("message" if number == 0 else "", line) for number, line in enumerate(message)),
        *(("file", name) for name in _changed(repo, commit)),
    ]


def _changed(repo: Repo, commit: Commit) -> list[str]:
    parent = next((repo.object_store[sha] for sha in commit.parents[:1] if sha in repo.object_store), None)
    before = parent.tree if isinstance(parent, type(commit)) else None
    changes = repo.object_store.tree_changes(before, commit.tree)
    names = ((new or old or b"").decode("utf-8", errors="replace") for (old, new), _, _ in changes)
    return list(islice(names, MAX_FILES))


def _moment(seconds: int, offset: int) -> str:
    return datetime.fromtimestamp(seconds, timezone(timedelta(seconds=offset))).strftime("%Y-%m-%d %H:%M:%S %z")
