"""The pilot's repository under `repo/`: its files, its history and its tags, read without running anything of it.

Objects and references are read from disk; configuration, hooks, filters and alternate object stores are never looked at. Where
there is no `.git`, the output of `git log --name-status` in `git-log.txt` stands in for it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.case import files_below
from workbench.errors import InputError
from workbench.ingest.readers import decode
from workbench.records import Commit, Repository

if TYPE_CHECKING:
    from dulwich.object_store import DiskObjectStore
    from dulwich.objects import Commit as GitCommit

MAX_FILES = 50_000
MAX_COMMITS = 50_000
MAX_LOG_BYTES = 256 * 2**20
LOG_NAME, TAGS_NAME = "git-log.txt", "git-tags.txt"

log = logging.getLogger(__name__)

_CHANGE = re.compile(r"([ACDMRTUX])(\d{0,3})\t(.+)")


def read_repository(root: Path) -> Repository | None:
    """Files, commits (oldest first) and tags of `<root>/repo/`; None when there is no such folder or nothing in it.

    Paths of files are relative to the case folder, paths in commits to the repository. At most 50,000 files are listed. A damaged
    history gives the commits that could be read, and where none could, those of `git-log.txt`.

    Args:
        root: the case folder.
    """
    folder = root / "repo"
    if folder.is_symlink() or not folder.is_dir():
        return None
    try:
        files = tuple(path.relative_to(root).as_posix() for path in islice(_files(folder), MAX_FILES))
        commits, tags = _from_git(folder / ".git")
        commits = commits or _from_log(folder / LOG_NAME)
        tags = tags or _tags_from_file(folder / TAGS_NAME)
    except OSError as error:  # a folder that may be listed and not entered
        log.warning("repo/: could not be read (%s)", error.strerror)
        return None
    if not files and not commits:
        return None
    # Both sources give the newest first; turned round, commits of the same second keep their order.
    ordered = sorted(reversed(commits), key=lambda commit: commit.committed)
    return Repository(files, tuple(ordered), tags)


def history_source(root: Path) -> str:
    """The path, relative to the case folder, that commits were read from: what a locator "commit 1a2b3c4" belongs to."""
    with suppress(OSError):
        if (root / "repo" / ".git" / "objects").is_dir():
            return "repo/.git"
    return f"repo/{LOG_NAME}"


def _files(folder: Path) -> Iterator[Path]:
    ours = {folder / LOG_NAME, folder / TAGS_NAME}
    for path in files_below(folder):
        if ".git" not in path.relative_to(folder).parts and path not in ours:
            yield path


# ---------------------------------------------------------------- from .git


def _from_git(git: Path) -> tuple[list[Commit], dict[str, datetime]]:
    if git.is_symlink() or not (git / "objects").is_dir() or _leaves(git):
        return [], {}
    from dulwich.object_store import DiskObjectStore
    from dulwich.refs import DiskRefsContainer

    store = DiskObjectStore(git / "objects")
    store._alternates = []  # other object stores lie outside the case folder: never opened
    try:
        references: dict[bytes, bytes] = dict(DiskRefsContainer(git).as_dict().items())
        return _history(store, references), _tags(store, references)
    except Exception as error:  # a hostile or damaged store raises whatever its parser meets first
        log.warning("repo/.git: history could not be read (%s)", type(error).__name__)
        return [], {}
    finally:
        store.close()


def _leaves(git: Path) -> bool:
    """Whether anything in `.git` is a link: such a store may reach out of the case folder and is not read."""
    linked = next((path for path in git.rglob("*") if path.is_symlink()), None)
    if linked is not None:
        log.warning("repo/.git: holds links (%s); history is not read", linked.relative_to(git))
    return linked is not None


def _history(store: DiskObjectStore, references: Mapping[bytes, bytes]) -> list[Commit]:
    """All commits that branches, tags and HEAD reach; a missing parent (a shallow copy) ends that line of history."""
    from dulwich.objects import Commit as GitCommit
    from dulwich.objects import Tag

    waiting = list(dict.fromkeys(references.values()))
    seen: set[bytes] = set()
    found: list[Commit] = []
    while waiting and len(found) < MAX_COMMITS:
        object_id = waiting.pop()
        if object_id in seen:
            continue
        seen.add(object_id)
        try:
            entry = store[object_id]  # type: ignore[index]
            if isinstance(entry, Tag):
                waiting.append(entry.object[1])
            elif isinstance(entry, GitCommit):
                waiting.extend(entry.parents)
                found.append(_commit(store, entry))
        except Exception as error:  # one damaged object never hides the others
            log.warning(
                "repo/.git: object %s could not be read (%s)",
                object_id[:7].decode("ascii", "replace"),
                type(error).__name__,
            )
    return found


def _commit(store: DiskObjectStore, entry: GitCommit) -> Commit:
    return Commit(
        commit_id=entry.id.decode("ascii"),
        author=_text(entry.author),
        authored=_moment(entry.author_time, entry.author_timezone),
        committed=_moment(entry.commit_time, entry.commit_timezone),
        subject=_text(entry.message).strip().partition("\n")[0],
        files=_changes(store, entry),
    )


def _changes(store: DiskObjectStore, entry: GitCommit) -> tuple[tuple[str, str], ...]:
    """(status, path) against the first parent, renames as a removal and an addition; () for a merge, as `git log` has it."""
    from dulwich.diff_tree import tree_changes

    if len(entry.parents) > 1:
        return ()
    try:
        before = store[entry.parents[0]].tree if entry.parents else None  # type: ignore[attr-defined]
        changes = list(tree_changes(store, before, entry.tree))
    except (
        Exception
    ) as error:  # a shallow copy lacks the parent, a damaged one holds nonsense: what changed is not known
        log.warning("repo/.git: changes of %s are not known (%s)", entry.id[:7].decode("ascii"), type(error).__name__)
        return ()
    letters = {"add": "A", "delete": "D", "modify": "M"}
    sides = [
        (letters.get(change.type, "M"), change.old if change.type == "delete" else change.new) for change in changes
    ]
    return tuple((letter, _text(side.path)) for letter, side in sides if side is not None and side.path is not None)


def _tags(store: DiskObjectStore, references: Mapping[bytes, bytes]) -> dict[str, datetime]:
    from dulwich.objects import Commit as GitCommit
    from dulwich.objects import Tag

    tags: dict[str, datetime] = {}
    for name, object_id in sorted(references.items()):
        entry = store[object_id] if name.startswith(b"refs/tags/") and object_id in store else None  # type: ignore[index,operator]
        label = _text(name.removeprefix(b"refs/tags/"))
        if isinstance(entry, Tag) and entry.tag_time is not None:
            tags[label] = _moment(entry.tag_time, entry.tag_timezone or 0)
        elif isinstance(entry, GitCommit):
            tags[label] = _moment(entry.commit_time, entry.commit_timezone)
    return tags


def _moment(seconds: int, offset: int) -> datetime:
    zone = timezone(timedelta(seconds=offset)) if abs(offset) < 86_400 else UTC
    return datetime.fromtimestamp(seconds, tz=zone)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


# ---------------------------------------------------------------- from git-log.txt


@dataclass(slots=True)
class _Block:
    """The lines of one commit in the output of `git log`."""

    commit_id: str
    fields: dict[str, str] = field(default_factory=dict)
    subject: str = ""
    files: list[tuple[str, str]] = field(default_factory=list)

    def commit(self) -> Commit | None:
        authored = _iso(self.fields.get("author-date") or self.fields.get("authordate") or self.fields.get("date", ""))
        committed = _iso(self.fields.get("commit-date") or self.fields.get("commitdate", "")) or authored
        if authored is None or committed is None:
            return None
        return Commit(
            self.commit_id, self.fields.get("author", ""), authored, committed, self.subject, tuple(self.files)
        )


def _from_log(path: Path) -> list[Commit]:
    commits: list[Commit] = []
    for block in _blocks(_read_text(path)):
        commit = block.commit()
        if commit is None:
            log.warning("repo/%s: commit %s has no date with a time zone; left out", path.name, block.commit_id[:7])
        elif len(commits) < MAX_COMMITS:
            commits.append(commit)
    return commits


def _blocks(text: str) -> Iterator[_Block]:
    block: _Block | None = None
    for line in text.split("\n"):
        start = re.match(r"commit ([0-9a-f]{7,64})\b", line)
        if start:
            if block:
                yield block
            block = _Block(start[1])
        elif block:
            _take(block, line)
    if block:
        yield block


def _take(block: _Block, line: str) -> None:
    change = _CHANGE.fullmatch(line)
    header = re.match(r"([A-Za-z][A-Za-z-]*):? +(.+)", line)
    if change:
        block.files.extend(_paths(change[1], change[3]))
    elif line.startswith("    "):
        block.subject = block.subject or line.strip()
    elif header and not block.subject:
        block.fields.setdefault(header[1].lower(), header[2].strip())


def _paths(letter: str, rest: str) -> Iterator[tuple[str, str]]:
    """A rename counts as a removal and an addition, a copy as an addition, so that a path's first A is its first day."""
    old, _, new = rest.partition("\t")
    if not new:
        yield letter, _unquoted(old)
        return
    if letter == "R":
        yield "D", _unquoted(old)
    yield "A", _unquoted(new)


def _unquoted(path: str) -> str:
    """A path as git prints it: quoted, with octal bytes, when it is not plain ASCII."""
    if not (path.startswith('"') and path.endswith('"')):
        return path
    octal = re.sub(
        rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8) & 0xFF]), path[1:-1].encode("utf-8", "replace")
    )
    return re.sub(r'\\(["\\])', r"\1", _text(octal))


def _tags_from_file(path: Path) -> dict[str, datetime]:
    rows = (line.split("\t") for line in _read_text(path).split("\n"))
    found = ((cells[0].strip(), _iso(cells[-1])) for cells in rows if len(cells) >= 2)
    return {name: moment for name, moment in found if name and moment}


def _read_text(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return ""
    try:
        if path.stat().st_size > MAX_LOG_BYTES:
            raise InputError(f"more than {MAX_LOG_BYTES // 2**20} MiB")
        return decode(path.read_bytes(), path.name)
    except (InputError, OSError) as error:
        log.warning("repo/%s: could not be read (%s)", path.name, error)
        return ""


def _iso(text: str) -> datetime | None:
    """A date of git: ISO with an offset; `Mon Feb 2 09:00:00 2026 +0000`, git's own default, too."""
    for parse in (datetime.fromisoformat, lambda raw: datetime.strptime(raw, "%a %b %d %H:%M:%S %Y %z")):
        try:
            moment = parse(
                re.sub(r" ([+-]\d{4})$", r"\1", text.strip()) if parse is datetime.fromisoformat else text.strip()
            )
        except ValueError:
            continue
        return moment if moment.tzinfo else None
    return None
