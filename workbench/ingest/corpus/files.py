"""Everything that comes out of one client file of a corpus, and out of the files inside it where it is an archive or a mail.

Whatever a file holds, it ends as an intake line with a status and a reason; no file ends the run. Which files there are, and in
what order, is the business of `workbench.ingest.corpus.documents`.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from workbench.errors import InputError, WorkbenchError
from workbench.ingest.archives.containers import CONTAINERS
from workbench.ingest.archives.unpacking import DiskFullError, Member, Refused, Unpacked
from workbench.ingest.corpus import entries
from workbench.ingest.corpus.assembling import completed, document_of
from workbench.ingest.corpus.code import no_document, warning_of
from workbench.ingest.corpus.dates import file_date
from workbench.ingest.corpus.extraction_store import ExtractionStore, FileReading, ReadingKey
from workbench.ingest.corpus.isolated import GivenUpError
from workbench.ingest.corpus.masking import mask_documents
from workbench.ingest.corpus.record_files import RECORD_KINDS
from workbench.ingest.corpus.records import read_records
from workbench.ingest.readers import READERS, Extracted, kind_of, read_file
from workbench.records import Document, DocumentDate, IntakeFile, Source

log = logging.getLogger(__name__)

SCRATCH = ".unpacking-"
"""Beginning of the name of a folder that archives are unpacked into."""


Extract = Callable[[Path, str], Extracted]
Tell = Callable[[str], None]
Unpack = Callable[[Path, Path], Unpacked]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file lies and what it is called.

    Attributes:
        path: where it can be opened now.
        client_path: the client's own file it is, or is in, relative to the case folder.
        doc_id: its path below `corpus/`, through the archives it is in.
        written_ns: when the client's own file was last written.
        depth: how many archives it is in. member: its path inside the client's own file; "" for that itself.
    """

    path: Path
    client_path: str
    doc_id: str
    written_ns: int
    depth: int = 0
    member: str = ""

    @property
    def shown(self) -> str:
        """The path people see: a member stands below its archive."""
        return f"{self.client_path}/{self.member}" if self.member else self.client_path

    @property
    def source(self) -> Source:
        """The place in the client's own file."""
        return Source(self.client_path, f"member '{self.member}'" if self.member else "")

    def inside(self, member: Member) -> Place:
        """The place of a member of this file."""
        name = f"{self.member}/{member.name}" if self.member else member.name
        doc_id = f"{self.doc_id}/{member.name}"
        return Place(member.path, self.client_path, doc_id, self.written_ns, self.depth + 1, name)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one file gave by itself; `lasting` when reading it again would give the same."""

    entry: IntakeFile
    documents: tuple[Document, ...] = ()
    members: tuple[Member, ...] = ()
    refused: tuple[Refused, ...] = ()
    lasting: bool = True


@dataclass(slots=True)
class CorpusReader:
    """Reads the files of one corpus, counts what they hold together, and stops where memory would.

    Attributes:
        root: the case folder.
        store: readings of an earlier run. scratch: folder that archives are unpacked below; None is the system's.
        mask_personal: whether personal data is masked, or only counted.
        extract: reads (file, kind), in this process or another.
        tell: told the name of every file before it is read; may raise `CancelledError`.
    """

    root: Path
    store: ExtractionStore | None = None
    scratch: Path | None = None
    mask_personal: bool = False
    extract: Extract = read_file
    tell: Tell = field(default=lambda _: None)
    _characters: int = 0
    _documents: int = 0
    _members: int = 0
    _full: bool = False

    def read(self, path: Path) -> FileReading:
        """Everything that comes out of one client file."""
        relative = path.relative_to(self.root).as_posix()
        self._members = 0
        try:
            written = path.stat().st_mtime_ns
        except OSError as error:
            return FileReading((IntakeFile(relative, "unknown", "unreadable", entries.not_opened(error)),))
        return self._reading(Place(path, relative, path.relative_to(self.root / "corpus").as_posix(), written))[0]

    def _reading(self, place: Place) -> tuple[FileReading, bool]:
        """The reading of a file with all that is inside it, and whether it may be kept."""
        self.tell(PurePosixPath(place.shown).name)
        size = place.path.stat().st_size
        if self._full:
            return FileReading((entries.skipped(place.shown, entries.FULL, size),)), False
        key = ReadingKey(place.shown, size, place.written_ns, "masked" if self.mask_personal else "counted")
        kept = self.store.get(key) if self.store else None
        if kept is not None:
            return self._within_bounds(kept), True
        with self._opened(place) as own:
            alone = FileReading((replace(own.entry, size=size),), own.documents)
            if not (own.members or own.refused):
                self._keep(key, alone, own.lasting)
                return self._within_bounds(alone), own.lasting
            whole, lasting = self._with_members(place, self._within_bounds(alone), own)
        self._keep(key, whole, lasting)
        return whole, lasting

    def _keep(self, key: ReadingKey, reading: FileReading, lasting: bool) -> None:
        if self.store and lasting:
            self.store.put(key, reading)

    def _within_bounds(self, reading: FileReading) -> FileReading:
        """The reading, without its documents where the corpus would grow too large; nothing is read from then on."""
        self._characters += reading.characters
        self._documents += len(reading.documents)
        if self._characters <= entries.MAX_CORPUS_CHARACTERS and self._documents <= entries.MAX_CORPUS_DOCUMENTS:
            return reading
        self._full = True
        return FileReading(tuple(entries.left_out(file) for file in reading.files))

    def _with_members(self, place: Place, alone: FileReading, own: _Outcome) -> tuple[FileReading, bool]:
        readings: list[FileReading] = []
        lasting = own.lasting
        for member in own.members:
            self._members += 1
            inside = place.inside(member)
            if self._members > entries.MAX_MEMBERS:
                readings.append(FileReading((entries.skipped(inside.shown, entries.TOO_MANY),)))
                continue
            reading, same_again = self._reading(inside)
            readings.append(reading)
            lasting = lasting and same_again
        refused = tuple(entries.refused(place.shown, each) for each in own.refused)
        files = [file for reading in readings for file in reading.files]
        entry = entries.around(alone.files[0], [*files, *refused])
        documents = (*alone.documents, *(document for reading in readings for document in reading.documents))
        return FileReading((entry, *files, *refused), documents), lasting and not self._full

    @contextmanager
    def _opened(self, place: Place) -> Iterator[_Outcome]:
        """What a file gives by itself, its members unpacked for as long as the context lasts."""
        own = self._own(place)
        unpack = CONTAINERS.get(own.entry.kind)
        if unpack is None or own.entry.status == "unreadable":
            yield own
        elif place.depth >= entries.MAX_DEPTH:
            too_deep = replace(own.entry, status="skipped", reason=entries.TOO_DEEP)
            yield own if own.documents else replace(own, entry=too_deep)
        else:
            with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=self.scratch, ignore_cleanup_errors=True) as folder:
                yield _unpacked(own, unpack, place, Path(folder) / "members")

    def _own(self, place: Place) -> _Outcome:
        """The documents of the file itself, without what is inside it."""
        name = PurePosixPath(place.shown).name
        if entries.is_ignored(name):
            return _Outcome(entries.skipped(place.shown, entries.IGNORED))
        if reason := no_document(name):
            return _Outcome(entries.skipped(place.shown, reason))
        kind = entries.suffix_of(place.shown)
        try:
            with _typed(name):
                kind = kind_of(place.path)
                if kind not in RECORD_KINDS and kind not in READERS:
                    return _Outcome(entries.unread(place.shown, kind))
                return self._loaded(place, kind)
        except InputError as error:
            entry = IntakeFile(place.shown, kind, "unreadable", str(error))
            return _Outcome(entry, lasting=not isinstance(error, GivenUpError))
        except OSError as error:
            return _Outcome(IntakeFile(place.shown, kind, "unreadable", entries.not_opened(error)), lasting=False)

    def _loaded(self, place: Place, kind: str) -> _Outcome:
        if kind in RECORD_KINDS:
            read, warnings = read_records(place.path, kind, place.doc_id, place.source)
        else:
            extracted = self.extract(place.path, kind)
            read, warnings = [document_of(extracted, kind, place.doc_id, place.source)], extracted.warnings
        shown = [document for document in read if document.text.strip()]
        kept = mask_documents(completed(shown, _written(place)), mask_personal=self.mask_personal)
        entry = IntakeFile(
            place.shown,
            kind,
            "loaded" if kept.documents else "empty",
            None if kept.documents else entries.EMPTY.get(kind, "no text in it"),
            len(kept.documents),
            sum(len(document.text) for document in kept.documents),
            (*warnings, *(warning_of(place.shown) if kept.documents else ())),
            masked=kept.masked,
            found=kept.found,
        )
        return _Outcome(entry, kept.documents)


@contextmanager
def _typed(name: str) -> Iterator[None]:
    """Turns whatever a library raises into an `InputError`: the last border, a fault in one file must not cost the others."""
    try:
        yield
    except (WorkbenchError, OSError):
        raise
    except Exception as error:
        log.exception("%s could not be read", name)
        what = f"could not be read ({type(error).__name__})"
        raise InputError(f"{name}: {what}; save it in another format and add it again") from error


def _unpacked(own: _Outcome, unpack: Unpack, place: Place, into: Path) -> _Outcome:
    """The outcome with the members of the file; where it cannot be unpacked, the reason."""
    try:
        with _typed(PurePosixPath(place.shown).name):
            found = unpack(place.path, into)
    except (InputError, OSError) as error:
        lasting = isinstance(error, InputError) and not isinstance(error, DiskFullError)
        reason = entries.not_opened(error) if isinstance(error, OSError) else str(error)
        return replace(own, entry=entries.not_unpacked(own.entry, reason), lasting=lasting)
    return replace(own, members=found.members, refused=found.refused)


def _written(place: Place) -> tuple[DocumentDate, ...]:
    """When the file was last written; of a member only where its archive says so."""
    written = place.path.stat().st_mtime_ns
    return file_date(written) if not place.member or written <= place.written_ns else ()
