"""Unpacks what holds other files, zip archives and the attachments of mails among them, into an empty folder.

Nothing of an archive is believed: names, sizes, counts and links are checked as they come. Archives inside archives are written
as they are; whether to go on into them is the caller's business.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.archives.faults import DAMAGED, refusing, said, size_of
from workbench.ingest.archives.mailboxes import unpack_mbox
from workbench.ingest.archives.names import decoded_name
from workbench.ingest.archives.tar import OPENERS, holds_tar, unpack_compressed, unpack_tar
from workbench.ingest.archives.unpacking import LIMITS, Limits, Refused, Unpacked, Unpacking, blocks_of
from workbench.ingest.archives.zip_entries import directory_size, entries_in_file
from workbench.ingest.readers.mail import Attachment, eml_attachments
from workbench.ingest.readers.outlook import msg_attachments

MAX_DIRECTORY = 16 * 2**20
"""Bytes of a zip's table of contents, which is read in one piece: what 50,000 names of 200 characters and more take."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those whose reader never holds more than a block; the others give one block back as gigabytes."""


def unpack_zip(path: Path, into: Path, *, limits: Limits = LIMITS) -> Unpacked:
    """Unpack a zip archive; of a damaged one what stands before the damage.

    Args:
        path: the archive.
        into: an empty folder, or one to be made.
        limits: how far it goes.

    Raises:
        InputError: nothing of it can be read.
        DiskFullError: the disk has no room for it.
    """
    unpacking = Unpacking(into, path.name, size_of(path), limits)
    try:
        with path.open("rb") as stream:
            size = directory_size(stream)
        if size > MAX_DIRECTORY:
            raise InputError(
                f"{path.name}: its table of contents is {size // 2**20} MiB large, expected less than {MAX_DIRECTORY // 2**20}; "
                "split the archive"
            )
        archive = zipfile.ZipFile(path)
    except DAMAGED as error:
        return _salvaged(path, unpacking, error)
    with archive:
        _unpack_entries(archive, unpacking, limits)
    return unpacking.result()


def _unpack_entries(archive: zipfile.ZipFile, unpacking: Unpacking, limits: Limits) -> None:
    entries = [entry for entry in archive.infolist() if not entry.orig_filename.endswith("/")]
    unpacking.expect(sum(entry.file_size for entry in entries))
    for number, entry in enumerate(entries):
        if unpacking.over and number >= limits.members:
            unpacking.refuse(f"{len(entries) - number:,} further files", unpacking.over)
            return
        parts = unpacking.parts_of(_name(entry))
        if parts is None:
            continue
        if reason := _refusal(entry):
            unpacking.refuse(_name(entry), reason)
            continue
        with refusing(unpacking, _name(entry)), archive.open(entry) as stream:
            unpacking.write(parts, blocks_of(stream), entry.compress_size, _changed(entry))


def _name(entry: zipfile.ZipInfo) -> str:
    """The name as stored: UTF-8 where it says so, or where its bytes are nothing else; else the page of Windows, or of DOS."""
    if entry.flag_bits & 0x800:
        return entry.orig_filename
    try:
        raw = entry.orig_filename.encode("cp437")
        return decoded_name(raw)
    except UnicodeError:
        return entry.orig_filename


def _refusal(entry: zipfile.ZipInfo) -> str:
    """Why an entry is not unpacked whatever it holds; "" where nothing speaks against it."""
    if entry.flag_bits & 0x1:
        return "password-protected; ask for a copy without a password"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return f"not unpacked: a {'link' if kind == stat.S_IFLNK else 'device'}, not a file"
    if entry.compress_type not in METHODS:
        return f"not unpacked: packed by method {entry.compress_type}, which is rare; zip it again with the usual one (deflate)"
    return ""


def _changed(entry: zipfile.ZipInfo) -> float | None:
    try:
        return datetime(*entry.date_time).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _salvaged(path: Path, unpacking: Unpacking, damage: Exception) -> Unpacked:
    """What can be read of a zip without its table of contents, entry after entry from the beginning."""
    try:
        with path.open("rb") as stream:
            for entry in entries_in_file(stream):
                parts = unpacking.parts_of(entry.name)
                if parts is not None:
                    with refusing(unpacking, entry.name):
                        unpacking.write(parts, entry.blocks(), size_of(path))
    except OSError as error:
        raise InputError(f"{path.name}: could not be read ({said(error)}); check its permissions") from error
    found = unpacking.result()
    if not found.members:
        raise InputError(f"{path.name}: damaged zip ({said(damage)}); ask for it again") from damage
    lost = Refused(path.name, f"damaged zip ({said(damage)}): what stood behind the damage is lost; ask for it again")
    return Unpacked(found.members, (*found.refused, lost))


def unpack_eml(path: Path, into: Path, *, limits: Limits = LIMITS) -> Unpacked:
    """Write the attachments of a mail; attached mails are written as eml files.

    Raises:
        InputError: not readable as a mail.
        DiskFullError: the disk has no room for them.
    """
    return _attached(eml_attachments(path), path, into, limits)


def unpack_msg(path: Path, into: Path, *, limits: Limits = LIMITS) -> Unpacked:
    """Write the attachments of an Outlook message; messages attached to it are refused by name.

    Raises:
        InputError: not readable as an Outlook message.
        DiskFullError: the disk has no room for them.
    """
    return _attached(msg_attachments(path), path, into, limits)


def _attached(attachments: Iterable[Attachment], path: Path, into: Path, limits: Limits) -> Unpacked:
    unpacking = Unpacking(into, path.name, size_of(path), limits)
    for attachment in attachments:
        # A slash in an attachment's name is part of the name: a mail has no folders.
        name = attachment.name.replace("/", "_").replace("\\", "_")
        if attachment.data is None:
            unpacking.refuse(name, attachment.reason)
            continue
        parts = unpacking.parts_of(name)
        if parts is not None:
            with refusing(unpacking, name):
                unpacking.write(parts, [attachment.data], size_of(path))
    return unpacking.result()


CONTAINERS: Mapping[str, Callable[[Path, Path], Unpacked]] = {
    "bzip2": partial(unpack_compressed, kind="bzip2"),
    "eml": unpack_eml,
    "gzip": partial(unpack_compressed, kind="gzip"),
    "mbox": unpack_mbox,
    "msg": unpack_msg,
    "tar": unpack_tar,
    "xz": partial(unpack_compressed, kind="xz"),
    "zip": unpack_zip,
}
"""Kind of file -> what unpacks (file, empty folder). Raises `InputError` where nothing can be read."""


def is_archive(path: Path, kind: str) -> bool:
    """Whether a file of this kind holds files, and is neither a mailbox nor a single file made smaller."""
    return kind in ("tar", "zip") or (kind in OPENERS and holds_tar(path, kind))
