"""The corpus of a case: every file below `corpus/` read or accounted for, one intake line each.

Files inside archives and mails have lines of their own. What one file gives is the business of `workbench.ingest.corpus.files`;
here is the order of the files, what wins, and what is kept between runs.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from math import inf
from pathlib import Path

from workbench.case import files_below, shown
from workbench.ingest.corpus.assembling import completed
from workbench.ingest.corpus.code import FOLDERS, apart
from workbench.ingest.corpus.entries import suffix_of
from workbench.ingest.corpus.extraction_store import ExtractionStore
from workbench.ingest.corpus.files import SCRATCH, CorpusReader
from workbench.ingest.corpus.isolated import ReaderProcess
from workbench.ingest.corpus.masking import mask_documents
from workbench.ingest.labels import find_beside, read_beir_corpus
from workbench.ingest.readers import read_file
from workbench.records import Document, IntakeFile

STALE_SECONDS = 6 * 3600
"""Age at which a scratch folder belongs to a run that was killed, where no lock can tell: one in use is touched ever again."""
LOCK = "unpacking.lock"

Progress = Callable[[float, str], None]


def read_corpus(
    root: Path,
    *,
    store: ExtractionStore | None = None,
    mask_personal: bool = False,
    progress: Progress | None = None,
    time_limit: float | None = None,
) -> tuple[list[Document], list[IntakeFile]]:
    """Documents of a case and what became of each of its files, those inside archives and mails among them.

    `corpus.jsonl` at the case root (BEIR form) wins over the folder `corpus/`. No corpus at all gives two empty lists.
    Secrets are masked before anything else sees a text.

    Args:
        root: the case folder.
        store: what earlier runs read; a file not changed since is not read again.
        mask_personal: whether personal data is masked like secrets; else it is only counted.
        progress: called with the share of files read, 0 to 1, and the file at hand; may raise `CancelledError`.
        time_limit: seconds one file may take; where given, files are read in a process of their own, which a file that crashes
            or never ends costs nothing but itself.

    Raises:
        InputError: `corpus.jsonl` is there but not in BEIR form.
    """
    intake: list[IntakeFile] = []

    def left_out(path: Path, reason: str) -> None:
        intake.append(IntakeFile(shown(path.relative_to(root)), suffix_of(shown(path)), "unreadable", reason))

    paths = list(files_below(root / "corpus", left_out))
    beir = find_beside(root, "corpus.jsonl") or find_beside(root / "corpus", "corpus.jsonl")
    if beir is not None:
        documents, entry = _read_beir(beir, root, mask_personal)
        return documents, [entry, *(_beaten(path, root) for path in paths if path != beir), *intake]
    paths, left = apart(paths, root / "corpus")
    documents, files = _read_files(paths, root, store, mask_personal, _Telling(progress, len(paths)), time_limit)
    return documents, [*files, *(_folder(folder, inside, root) for folder, inside in left.items()), *intake]


class _Telling:
    """Progress by file: knows how many are done, and can say the same again while a long file is read."""

    def __init__(self, progress: Progress | None, files: int) -> None:
        self._progress = progress
        self._name = ""
        self._files = files
        self.done = 0

    def __call__(self, name: str) -> None:
        self._name = name
        self.again()

    def again(self) -> None:
        if self._progress:
            self._progress(self.done / self._files, f"{self.done + 1:,} of {self._files:,} files: {self._name}")


def _read_files(
    paths: list[Path],
    root: Path,
    store: ExtractionStore | None,
    mask_personal: bool,
    telling: _Telling,
    time_limit: float | None,
) -> tuple[list[Document], list[IntakeFile]]:
    documents: list[Document] = []
    files: list[IntakeFile] = []
    scratch = store.path.parent if store and store.usable else None
    with ExitStack() as stack:
        stack.enter_context(_scratch(scratch))
        extract = stack.enter_context(ReaderProcess(time_limit, telling.again)) if time_limit else read_file
        reader = CorpusReader(root, store, scratch, mask_personal, extract, telling)
        for telling.done, path in enumerate(paths):
            reading = reader.read(path)
            documents.extend(reading.documents)
            files.extend(reading.files)
    if store:
        store.drop_unused()
    return documents, files


def _read_beir(path: Path, root: Path, mask_personal: bool) -> tuple[list[Document], IntakeFile]:
    kept = mask_documents(completed(read_beir_corpus(path, root), ()), mask_personal=mask_personal)
    characters = sum(len(document.text) for document in kept.documents)
    reason = None if characters else "no documents in it; each line must be an object with _id, title and text"
    entry = IntakeFile(
        path.relative_to(root).as_posix(),
        "beir",
        "loaded" if characters else "empty",
        reason,
        len(kept.documents),
        characters,
        size=path.stat().st_size,
        masked=kept.masked,
        found=kept.found,
    )
    return list(kept.documents), entry


def _beaten(path: Path, root: Path) -> IntakeFile:
    relative = path.relative_to(root).as_posix()
    reason = "a BEIR corpus.jsonl is there and wins; take it away to have this file read"
    return IntakeFile(relative, suffix_of(relative), "skipped", reason, size=path.stat().st_size)


def _folder(folder: Path, inside: list[Path], root: Path) -> IntakeFile:
    """One line for a folder of programs, which may hold thousands of files."""
    size = sum(path.lstat().st_size for path in inside)
    reason = f"{FOLDERS[folder.name]}; its {len(inside):,} files are not read"
    return IntakeFile(folder.relative_to(root).as_posix(), "folder", "skipped", reason, size=size)


@contextmanager
def _scratch(folder: Path | None) -> Iterator[None]:
    """Removes what runs that were killed while they unpacked an archive have left, and keeps later runs from removing ours.

    The system lets go of a lock when its process ends, however it ends: who has the folder alone knows that all is left over.
    """
    if folder is None:
        yield
        return
    with (folder / LOCK).open("a+b") as stream:
        try:
            import fcntl

            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _clear(folder, older_than=-inf)
            except BlockingIOError:
                pass  # another run is at work
            fcntl.flock(stream, fcntl.LOCK_SH)
        except (ImportError, OSError):  # a system, or a disk, without such locks
            _clear(folder, older_than=STALE_SECONDS)
        yield


def _clear(folder: Path, older_than: float) -> None:
    for left in folder.glob(f"{SCRATCH}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime >= older_than:
                shutil.rmtree(left)
