"""What is said of a file of the corpus that gave no documents, or holds other files: its status, the reason, what to do about it.

Words and limits only; the files are read by `workbench.ingest.corpus.files`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from workbench.ingest.archives.containers import CONTAINERS
from workbench.ingest.archives.unpacking import Refused
from workbench.ingest.readers import READERS
from workbench.records import FileStatus, IntakeFile

MAX_CORPUS_CHARACTERS = 500_000_000
MAX_CORPUS_DOCUMENTS = 1_000_000
"""Text and documents of a whole corpus, some 150,000 pages: documents and passages are held in memory, two bytes a character."""
MAX_DEPTH = 3
"""Archives inside archives that are opened: a mail with a zip of mails is real, more is a trap."""
MAX_MEMBERS = 50_000
"""Files inside one client file, on all levels together."""
IGNORED_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".gitkeep"})
IGNORED = "a file of the operating system or an editor's lock, not a document"
FULL = (
    f"not read: the corpus holds more than {MAX_CORPUS_CHARACTERS:,} characters or {MAX_CORPUS_DOCUMENTS:,} documents before it; "
    "split the case, or take away what the pilot does not use"
)
TOO_DEEP = f"not opened: it lies in {MAX_DEPTH} archives inside each other; unpack them and add what is needed"
TOO_MANY = f"not read: the file around it holds more than {MAX_MEMBERS:,} files; split it"
EMPTY: Mapping[str, str] = {
    "empty": "nothing in it; check the export",
    "pdf": "no text layer; run text recognition (OCR) on it and add it again",
    "pptx": "no text on its slides; if they are pictures, run text recognition (OCR) on them or add the text",
    "docx": "no text in it; if its pages are pictures, run text recognition (OCR) on them or add the text",
    "svg": "a drawing without text in it; if its letters are drawn, run text recognition (OCR) on it and add the result",
    "eml": "no text in the mail itself",
    "msg": "no text in the mail itself",
}
NOT_READ: Mapping[str, str] = {
    "image": "a picture: its text cannot be read; run text recognition (OCR) on it and add the result",
    "media": "sound or video; add a transcript if what is said matters",
    "sqlite": "a database; export the tables that matter as csv",
    "parquet": "a table in Parquet form; export it as csv, or put it in logs/ if it is a log",
    "archive": "an archive of a kind that is not opened; unpack it and add the files, or zip them",
    "outlook": "an Outlook data file; save the folders that matter as msg or eml files, or as a mailbox (mbox), and add those",
    "database": "a database; export the tables that matter as csv",
    "drawing": "a drawing; export it as pdf with its text and add that",
    "postscript": "print data in PostScript; convert it to pdf and add that",
    "other document": "a document that only its own program reads; save it as pdf, docx or html and add that",
    "shortcut": "only points to a file elsewhere; add the file itself",
    "program": "a program, not a document",
    "key": "a certificate or a key, not a document; take it away if it is secret",
    "binary": "not text in any known form; if it is a document, save it as pdf, docx or txt and add it again",
}
NO_READER = "'{kind}' files are not read; save it as pdf, docx, html, txt or csv and add it again"
ENCRYPTED = "encrypted; ask for a copy without a password"


def is_ignored(name: str) -> bool:
    """Whether a file is none of the client's: left by an operating system, or the lock of an editor."""
    return name.lower() in IGNORED_NAMES or name.startswith("~$")


def skipped(path: str, reason: str, size: int = 0) -> IntakeFile:
    """The entry of a file that was not looked into."""
    return IntakeFile(path, suffix_of(path), "skipped", reason, size=size)


def unread(path: str, kind: str) -> IntakeFile:
    """The entry of a file that no reader reads: an archive, or something that is no document."""
    if kind in CONTAINERS:
        return IntakeFile(path, kind, "empty", "an archive without files")
    if kind == "empty":
        return IntakeFile(path, kind, "empty", EMPTY[kind])
    if kind == "encrypted":
        return IntakeFile(path, kind, "unreadable", f"{PurePosixPath(path).name}: {ENCRYPTED}")
    return IntakeFile(path, kind, "skipped", NOT_READ.get(kind, NO_READER.format(kind=kind)))


def not_unpacked(entry: IntakeFile, reason: str) -> IntakeFile:
    """The entry of an archive that cannot be unpacked; a mail that was read loses its attachments alone."""
    if entry.documents:
        return replace(entry, warnings=(*entry.warnings, f"what is inside it could not be read: {reason}"))
    return replace(entry, status="unreadable", reason=reason)


def around(entry: IntakeFile, inside: Sequence[IntakeFile]) -> IntakeFile:
    """The entry of an archive or mail, once it is known what became of the files inside."""
    if entry.documents:
        return entry
    loaded = sum(file.status == "loaded" for file in inside)
    what = f"{loaded} of {len(inside)} files in it could be read; each is listed"
    reason = f"{entry.reason}; {what}" if entry.kind in READERS and entry.reason else what
    return replace(entry, status="loaded" if loaded else _worst(inside), reason=reason)


def _worst(inside: Sequence[IntakeFile]) -> FileStatus:
    """What is said of an archive nothing came out of: that it is empty only where nothing in it holds anything."""
    met = {file.status for file in inside}
    worst: Sequence[FileStatus] = ("unreadable", "skipped", "empty")
    return next((status for status in worst if status in met), "empty")


def refused(around: str, member: Refused) -> IntakeFile:
    """The entry of a member that was not unpacked."""
    status: FileStatus = "skipped" if member.junk else "unreadable"
    return IntakeFile(f"{around}/{member.name}", suffix_of(member.name), status, member.reason)


def left_out(file: IntakeFile) -> IntakeFile:
    """The entry of a file for whose documents there is no room."""
    return replace(file, status="skipped", reason=FULL, documents=0, characters=0) if file.status == "loaded" else file


def suffix_of(path: str) -> str:
    """The suffix of a file whose content was not looked at; "unknown" without one."""
    return PurePosixPath(path).suffix.lower().lstrip(".") or "unknown"


def not_opened(error: OSError) -> str:
    """Why a file could not be opened, in words."""
    return f"could not be opened ({error.strerror}); check its permissions"
