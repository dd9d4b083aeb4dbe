"""A case folder: opening and creating one, its settings, its fingerprint, the folder for derived results.

Client files are only ever read here; what they hold is the business of `workbench.ingest`.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from workbench.errors import CaseError

Unread = Callable[[Path, str], None]
"""Told of what a walk could not reach or use: the path, and the reason with what to do about it."""
SLUG = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?")
PARTS = ("corpus", "logs", "evals", "governance", "repo")
"""Folders a client fills; the labels are files beside them."""
LABEL_FILES = ("queries.jsonl", "queries.jsonl.gz", "corpus.jsonl", "corpus.jsonl.gz", "qrels", "case.toml")
CORRECTIONS = "log_mapping.json"
"""What a person corrected about the reading of the logs; written by `workbench.ingest.logs.corrections`."""
GRADES = "labels.jsonl"
"""Relevance grades given in the workbench; written by `workbench.ingest.grades`."""
PRICES = "prices.json"
"""Prices entered in the workbench; written by `workbench.costs.prices`."""
JUDGE = "judge.json"
"""Which model judges answers, without its key; written by `workbench.answers.judge.settings`."""
CACHE_PAIRS = "cache_pairs.jsonl"
"""Pairs of questions a person marked; written by `workbench.costs.marks`."""
OWN_FILES = (CORRECTIONS, "answers.jsonl", GRADES, PRICES, JUDGE, CACHE_PAIRS)
"""Files the workbench itself writes for people into a case: what they said and corrected."""
INBOX, KEPT = "inbox", "_kept"
"""The drop folder: whatever lies here is sorted into the parts of the case by its content at the next intake. What of an
archive could not be unpacked stays in its folder `_kept`, to be looked at."""
KEY_DATES = ("build_start", "first_demo", "first_users", "go_live")

_NEW_CASE_TOML = """\
# Everything here is optional; delete what you do not know.
name = "{name}"
# regulated = true
# mask_documents = true     # personal data in documents too; secrets always are
# build_start = 2026-01-12   # first commit or kick-off
# first_demo = 2026-03-02
# first_users = 2026-05-04   # first people outside the build team
# go_live = 2026-09-01       # planned
"""


@dataclass(frozen=True, slots=True)
class Case:
    """An opened case.

    Attributes:
        root: the case folder, absolute.
        slug: the folder's name, used in addresses.
        name: the name people see, from `case.toml`, else the slug.
        regulated: whether the client says it is regulated; None when not said.
        key_dates: those of build_start, first_demo, first_users, go_live that `case.toml` states.
        prices: prices as entered, by name, in `currency` ("" when not said). targets: targets as entered, by metric.
        mask_documents: whether personal data is masked in documents too; they lose secrets alone otherwise, for a supplier
            list is there for its phone numbers.
    """

    root: Path
    slug: str
    name: str
    regulated: bool | None = None
    key_dates: Mapping[str, date] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)
    currency: str = ""
    targets: Mapping[str, float] = field(default_factory=dict)
    mask_documents: bool = False

    @property
    def derived(self) -> Path:
        """Folder for derived results; see `derived_folder`."""
        return derived_folder(self.root)

    @property
    def writable(self) -> bool:
        """Whether files may be put into the case: its folder may be written to, and its owner did not mark it read-only."""
        return _writable(self.root)

    def resolve(self, relative: str) -> Path:
        """Absolute path of a file of this case.

        Raises:
            CaseError: the path leaves the case folder, through `..`, an absolute path or a link.
        """
        try:
            path = (self.root / relative).resolve()
        except (ValueError, OSError) as error:  # a NUL character, a loop of links, a name too long for the system
            raise CaseError(f"{relative!r} is not a usable path ({error})") from error
        if not path.is_relative_to(self.root):
            raise CaseError(f"'{relative}' is not inside the case folder; give a path relative to it, without '..'")
        return path


def open_case(path: Path | str) -> Case:
    """Open a case folder or a plain BEIR directory.

    Raises:
        CaseError: no such folder, or it or its `case.toml` cannot be read.
    """
    root = _case_folder(path)
    settings = _read_settings(root / "case.toml")
    dates = {key: settings[key] for key in KEY_DATES if key in settings}
    wrong = [key for key, value in dates.items() if type(value) is not date]
    if wrong:
        raise CaseError(f"case.toml: {', '.join(wrong)} must be a date like 2026-03-02, without quotes")
    for key in ("regulated", "mask_documents"):
        if not isinstance(settings.get(key), bool | None):
            raise CaseError(f"case.toml: {key} must be true or false, without quotes")
    return Case(
        root=root,
        slug=root.name,
        name=str(settings.get("name") or root.name),
        regulated=settings.get("regulated"),
        key_dates=dates,
        prices=_numbers(settings, "prices"),
        currency=_currency(settings),
        targets=_numbers(settings, "targets"),
        mask_documents=bool(settings.get("mask_documents")),
    )


def _currency(settings: Mapping[str, Any]) -> str:
    currency = settings.get("currency", "")
    if not isinstance(currency, str) or not re.fullmatch(r"[A-Z]{3}|", currency):
        raise CaseError('case.toml: currency must be a code of three capital letters, like "GBP"')
    return currency


def _case_folder(path: Path | str) -> Path:
    try:
        root = Path(path).expanduser().resolve()
        if not root.exists():
            raise CaseError(f"{path}: no such folder; `workbench new NAME` makes an empty case")
        if not root.is_dir():
            raise CaseError(
                f"{path}: is a file, expected a case folder; put it in the folder of a case (see `workbench new NAME`)"
            )
    except OSError as error:
        raise CaseError(f"{path}: could not be opened ({error.strerror}); check its permissions") from error
    return root


def derived_folder(root: Path) -> Path:
    """Folder for a case's derived results, safe to delete: `.workbench` in it, or a cache folder where it is read-only."""
    if _writable(root):
        return root / ".workbench"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return cache / "pilot-workbench" / f"{root.name}-{digest}"


def _writable(root: Path) -> bool:
    # The mode counts too: a folder its owner marked read-only stays untouched even when the superuser works on it.
    return os.access(root, os.W_OK) and bool(root.stat().st_mode & 0o222)


def new_case(workspace: Path | str, name: str) -> Case:
    """Make an empty case folder `workspace/name` with a folder for each part and the drop folder.

    Raises:
        CaseError: the name is not a plain folder name, or the folder exists already.
    """
    if not SLUG.fullmatch(name) or ".." in name:
        raise CaseError(
            f"'{name}' cannot be a case name; use letters, digits, '-', '_' and '.', at most 64, no '/' and no '..'"
        )
    root = Path(workspace).expanduser().resolve() / name
    if root.exists():
        raise CaseError(f"{root.name}: exists already in this workspace; choose another name or open it")
    for part in (*PARTS, INBOX):
        (root / part).mkdir(parents=True)
    (root / "case.toml").write_text(_NEW_CASE_TOML.format(name=name), encoding="utf-8")
    return open_case(root)


def is_case(root: Path) -> bool:
    """Whether a folder holds anything a case is made of; False for one that cannot be looked into."""
    try:
        return root.is_dir() and any((root / name).exists() for name in (*PARTS, *LABEL_FILES, INBOX))
    except OSError:
        return False


def check_out(case: Case, out: Path | None) -> None:
    """Refuse a folder for results that cannot be written, or that is among the client's files, before any work is done.

    Raises:
        CaseError: says which and why.
    """
    if out is None:
        return
    folder = out.expanduser().resolve()
    if any(folder.is_relative_to(case.root / part) for part in (*PARTS, *LABEL_FILES, INBOX)):
        raise CaseError(
            f"{out}: lies among the client's files, which are never changed; give another folder with --out"
        )
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise CaseError(
            f"{out}: cannot be written ({existing.name or existing} is not a folder that can be written to)"
        )


def client_files(root: Path) -> Iterable[Path]:
    """Every client file of a case in path order; links and derived results are left out."""
    for name in sorted((*PARTS, *LABEL_FILES, *OWN_FILES)):
        entry = root / name
        if entry.is_symlink():
            continue
        if entry.is_file():
            yield entry
        elif entry.is_dir():
            yield from _regular_files(entry, _ignore)


def waiting(root: Path) -> int:
    """Files in the drop folder that the next intake will sort in; archives it could not unpack whole are kept there."""
    return sum(not path.is_relative_to(root / INBOX / KEPT) for path in files_below(root / INBOX))


def files_below(folder: Path, unread: Unread | None = None) -> Iterable[Path]:
    """Every regular file below a folder in path order; links are never followed.

    Left out, and told to `unread`: folders that cannot be listed, links, devices, and files whose name is not UTF-8, for which
    no result could be stored or shown.

    Args:
        folder: where to begin; a folder that is not there gives nothing.
        unread: told of everything left out.
    """
    tell = unread or _ignore
    for path in _regular_files(folder, tell):
        if shown(path) == str(path):
            yield path
        else:
            tell(path, "its name is not UTF-8 text; rename it and add it again")


def shown(path: Path) -> str:
    """A path as text that can be printed and stored: bytes that are not UTF-8 are written as their hexadecimal number."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def _regular_files(folder: Path, unread: Unread) -> Iterator[Path]:
    def refused(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            unread(Path(error.filename), f"could not be opened ({error.strerror}); check its permissions")

    for parent, folders, names in os.walk(folder, onerror=refused, followlinks=False):
        folders.sort()
        linked = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in sorted([*names, *linked]):
            path = Path(parent) / name
            try:
                mode = path.lstat().st_mode
            except OSError as error:
                refused(error)
                continue
            if stat.S_ISREG(mode):
                yield path
            else:
                what = "a link, which is not followed" if stat.S_ISLNK(mode) else "a device or a pipe, not a file"
                unread(path, f"{what}; add the file itself")


def _ignore(path: Path, reason: str) -> None:
    """For those who need no account of what is left out."""


def fingerprint(root: Path, *settings: str) -> str:
    """Short digest of all client files (path, size, time of change) and of the settings given.

    Grades, prices, marked pairs and the judge given in the workbench are left out: they are read anew whenever a result is
    shown, and change nothing that was run.
    Contents are not read: a case may hold gigabytes. Touching a file without changing it costs a recomputation, nothing more.
    """
    digest = hashlib.sha256()
    said = {root / name for name in (GRADES, PRICES, JUDGE, CACHE_PAIRS)}
    for path in client_files(root):
        if path in said:
            continue
        facts = path.stat()
        digest.update(os.fsencode(path.relative_to(root)) + f"\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    for setting in settings:
        digest.update(f"\0{setting}".encode())
    return digest.hexdigest()[:20]


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except OSError as error:
        raise CaseError(f"case.toml: could not be opened ({error.strerror}); check its permissions") from error
    except (ValueError, RecursionError) as error:  # also not UTF-8, a number of thousands of digits, arrays without end
        raise CaseError(f"case.toml: not valid TOML ({error}); correct that line or delete the file") from error


def _numbers(settings: Mapping[str, Any], table: str) -> dict[str, float]:
    entries = settings.get(table, {})
    if not isinstance(entries, dict):
        raise CaseError(f"case.toml: [{table}] must be a table of numbers")
    wrong = [key for key, value in entries.items() if isinstance(value, bool) or not isinstance(value, int | float)]
    if wrong:
        raise CaseError(f"case.toml: [{table}] must hold numbers, but {', '.join(wrong)} is not one")
    return {key: float(value) for key, value in entries.items()}
