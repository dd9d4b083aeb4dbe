"""What goes wrong while an archive is unpacked, turned into the refusal of one member or into an `InputError`.

It opens nothing itself; what is tried is the business of `workbench.ingest.archives.containers`.
"""

from __future__ import annotations

import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.archives.names import printable
from workbench.ingest.archives.unpacking import BoundReachedError, DiskFullError, Unpacking

DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ValueError,
    RuntimeError,
    NotImplementedError,
)
"""What Python's own readers raise for damaged archives, however deep the damage sits."""


@contextmanager
def refusing(unpacking: Unpacking, name: str) -> Iterator[None]:
    """Turns what goes wrong with one member into its refusal, so that the others are still read."""
    try:
        yield
    except DiskFullError:
        raise
    except BoundReachedError as error:
        unpacking.refuse(name, str(error))
    except DAMAGED as error:
        unpacking.refuse(name, f"not unpacked: damaged ({said(error)}); ask for it again")


def size_of(path: Path) -> int:
    """Bytes of an archive.

    Raises:
        InputError: it is not there, or must not be read.
    """
    try:
        return path.stat().st_size
    except OSError as error:
        raise InputError(f"{path.name}: could not be opened ({said(error)}); check that it is there") from error


def said(error: BaseException) -> str:
    """The words of an error, without paths of this machine."""
    # What the system says of a file names its whole path, which is nobody's business.
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return printable(" ".join((words or type(error).__name__).split()))[:120]
