import bz2
import gzip
import io
import lzma
import random
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.ingest.archives.containers import CONTAINERS, unpack_eml, unpack_zip
from workbench.ingest.archives.mailboxes import unpack_mbox
from workbench.ingest.archives.names import UniqueNames, UnsafeName, safe_parts
from workbench.ingest.archives.tar import unpack_compressed, unpack_tar
from workbench.ingest.archives.unpacking import DiskFullError, Limits, Unpacked
from workbench.ingest.readers import kind_of

SMALL = Limits(members=5, member_bytes=1000, total_bytes=2500, ratio=50, ratio_from=100, keep_free=0)


def write_zip(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def contents(found: Unpacked) -> dict[str, bytes]:
    return {member.name: member.path.read_bytes() for member in found.members}


def reasons(found: Unpacked) -> dict[str, str]:
    return {refused.name: refused.reason for refused in found.refused}


def everything_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_a_zip_is_unpacked_with_its_folders(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"notes.txt": b"one", "claims/2024/b.txt": b"two"})
    found = unpack_zip(path, tmp_path / "out")
    assert contents(found) == {"notes.txt": b"one", "claims/2024/b.txt": b"two"}
    assert found.refused == ()
    assert {member.path for member in found.members} == {
        tmp_path / "out" / "notes.txt",
        tmp_path / "out" / "claims" / "2024" / "b.txt",
    }


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil.txt", "outside"),
        ("a/../../evil.txt", "outside"),
        ("..\\evil.txt", "outside"),
        ("/etc/evil", "absolute"),
        ("\\\\server\\share\\evil", "absolute"),
        ("C:\\evil.txt", "drive letter"),
        ("c:evil.txt", "drive letter"),
        ("aux.txt", "reserves"),
        ("docs/NUL", "reserves"),
        ("... /a.txt", "dots and spaces"),
        ("x" * 300, "too long"),
        ("/".join("abcdefghij" * 10), "too long"),
    ],
)
def test_a_name_that_could_do_harm_is_refused_and_the_rest_is_unpacked(tmp_path: Path, name: str, why: str) -> None:
    path = write_zip(tmp_path / "a.zip", {name: b"evil", "good.txt": b"good"})
    found = unpack_zip(path, tmp_path / "deep" / "out")
    assert contents(found) == {"good.txt": b"good"}
    assert [why in reason for reason in reasons(found).values()] == [True]
    assert everything_below(tmp_path) == {"a.zip", "deep", "deep/out", "deep/out/good.txt"}


def test_a_nul_in_a_name_is_refused() -> None:
    with pytest.raises(UnsafeName, match="NUL"):
        safe_parts("good.txt\x00.exe")


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, mode in (
            ("link", stat.S_IFLNK | 0o777),
            ("device", stat.S_IFCHR | 0o600),
            ("plain", stat.S_IFREG | 0o600),
        ):
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            entry.external_attr = mode << 16
            archive.writestr(entry, "/etc/passwd")
    found = unpack_zip(tmp_path / "a.zip", tmp_path / "out")
    assert contents(found) == {"plain": b"/etc/passwd"}
    assert reasons(found) == {
        "link": "not unpacked: a link, not a file",
        "device": "not unpacked: a device, not a file",
    }


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_alike_but_for_their_case_and_repeated_names_all_survive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, data in (
            ("a.txt", "1"),
            ("A.TXT", "2"),
            ("a.txt", "3"),
            ("dir", "4"),
            ("dir/x", "5"),
            ("dir/y", "6"),
        ):
            archive.writestr(name, data)
    found = unpack_zip(tmp_path / "a.zip", tmp_path / "out")
    assert contents(found) == {
        "a.txt": b"1",
        "A (2).TXT": b"2",
        "a (3).txt": b"3",
        "dir": b"4",
        "dir (2)/x": b"5",
        "dir (2)/y": b"6",
    }


def test_a_file_behind_a_folder_of_its_name_is_renamed() -> None:
    names = UniqueNames()
    assert [names.take(("a", "b")), names.take(("A",)), names.take(("a", "b"))] == ["a/b", "A (2)", "a/b (2)"]


def test_names_in_utf_8_are_read_whether_the_archive_says_so_or_not(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("Kündigung.txt", b"flagged")
        archive.writestr("KXXndigung2.txt", b"not flagged")
        archive.writestr("K?ndigung3.txt", b"dos")
    raw = data.getvalue().replace(b"KXXndigung2", "Kündigung2".encode()).replace(b"K?ndigung3", b"K\x81ndigung3")
    (tmp_path / "a.zip").write_bytes(raw)
    found = unpack_zip(tmp_path / "a.zip", tmp_path / "out")
    assert set(contents(found)) == {"Kündigung.txt", "Kündigung2.txt", "Kündigung3.txt"}


def test_characters_that_cannot_be_shown_become_underscores() -> None:
    assert safe_parts("invoice\u202efdp.exe/a\x07b?.txt") == ("invoice_fdp.exe", "a_b_.txt")


def test_files_of_the_operating_system_are_left_out_as_junk(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"__MACOSX/._a.txt": b"x", "docs/.DS_Store": b"x", "docs/a.txt": b"a"})
    found = unpack_zip(path, tmp_path / "out")
    assert set(contents(found)) == {"docs/a.txt"}
    assert [(refused.name, refused.junk) for refused in found.refused] == [
        ("__MACOSX/._a.txt", True),
        ("docs/.DS_Store", True),
    ]


def with_flag(path: Path, name: str, flag: int) -> None:
    """Set a flag of one member in the local header and in the table of contents."""
    data = bytearray(path.read_bytes())
    for mark, flags_at, name_at in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        at = data.find(mark)
        while at >= 0:
            if data[at + name_at :].startswith(name.encode()):
                data[at + flags_at] |= flag
            at = data.find(mark, at + 1)
    path.write_bytes(data)


def test_a_member_with_a_password_is_refused_by_name(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"secret.txt": b"s", "open.txt": b"o"})
    with_flag(path, "secret.txt", 0x1)
    found = unpack_zip(path, tmp_path / "out")
    assert contents(found) == {"open.txt": b"o"}
    assert reasons(found) == {"secret.txt": "password-protected; ask for a copy without a password"}


def test_methods_whose_readers_hold_everything_in_memory_are_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": b"a"}, zipfile.ZIP_BZIP2)
    found = unpack_zip(path, tmp_path / "out")
    assert found.members == ()
    assert "method 12" in reasons(found)["a.txt"]


def test_a_member_whose_checksum_does_not_fit_leaves_no_file(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"bad.txt": b"A" * 50, "good.txt": b"B" * 50}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"A" * 50, b"A" * 49 + b"C"))
    found = unpack_zip(path, tmp_path / "out")
    assert contents(found) == {"good.txt": b"B" * 50}
    assert "damaged (Bad CRC-32" in reasons(found)["bad.txt"]
    assert everything_below(tmp_path / "out") == {"good.txt"}


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def test_a_member_larger_than_allowed_is_stopped_while_it_is_written(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"large": noise(1001), "fits": noise(1000)})
    found = unpack_zip(path, tmp_path / "out", limits=SMALL)
    assert set(contents(found)) == {"fits"}
    assert everything_below(tmp_path / "out") == {"fits"}


def test_the_bytes_really_written_count_whatever_sizes_the_archive_declares(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"bomb": bytes(900), "good": b"good"})
    # 900 zeros pack into a handful of bytes; the declared size is made a lie.
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 900), struct.pack("<L", 9)))
    found = unpack_zip(path, tmp_path / "out", limits=SMALL)
    assert "bomb" not in contents(found)
    assert contents(found)["good"] == b"good"


def test_a_ratio_above_the_limit_stops_the_member(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"bomb": bytes(990), "good": noise(900)})
    found = unpack_zip(path, tmp_path / "out", limits=SMALL)
    assert set(contents(found)) == {"good"}
    assert "grows to over 50 times" in reasons(found)["bomb"]


def test_everything_together_may_not_be_larger_than_allowed(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {name: noise(900) for name in "abcd"})
    found = unpack_zip(path, tmp_path / "out", limits=SMALL)
    assert set(contents(found)) == {"a", "b"}
    assert set(reasons(found)) == {"c", "d"}


def test_entries_that_overlap_are_counted_each_time_they_are_written(tmp_path: Path) -> None:
    """Five entries of the table of contents that all point at the same kilobyte, as in a flat zip bomb."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("x", noise(900))
    raw = data.getvalue()
    start = raw.index(b"PK\x01\x02")
    end = raw.index(b"PK\x05\x06")
    entry = raw[start:end]
    tail = bytearray(raw[end:])
    struct.pack_into("<HHL", tail, 8, 5, 5, len(entry) * 5)
    (tmp_path / "a.zip").write_bytes(raw[:start] + entry * 5 + bytes(tail))
    found = unpack_zip(tmp_path / "a.zip", tmp_path / "out", limits=SMALL)
    assert sum(map(len, contents(found).values())) <= SMALL.total_bytes
    assert len(found.members) + len(found.refused) == 5


def test_members_above_the_number_allowed_are_counted_in_one_line(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {f"{number}.txt": b"x" for number in range(9)})
    found = unpack_zip(path, tmp_path / "out", limits=SMALL)
    assert len(found.members) == 5
    assert set(reasons(found)) == {"4 further files"}


def test_a_full_disk_is_told_apart_from_a_bad_archive(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": b"a"})
    with pytest.raises(DiskFullError, match=r"a\.zip: not unpacked: .* make room"):
        unpack_zip(path, tmp_path / "out", limits=Limits(keep_free=2**60))


def test_a_table_of_contents_made_to_fill_memory_is_not_read(tmp_path: Path) -> None:
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 1, 1, 17 * 2**20, 0, 0)
    (tmp_path / "a.zip").write_bytes(bytes(17 * 2**20) + end)
    with pytest.raises(InputError, match="table of contents is 17 MiB"):
        unpack_zip(tmp_path / "a.zip", tmp_path / "out")


@pytest.mark.parametrize("streamed", [False, True])
def test_of_a_zip_cut_short_what_stands_before_the_cut_is_kept(tmp_path: Path, streamed: bool) -> None:
    whole = io.BytesIO()

    class Unseekable(io.RawIOBase):
        """A pipe: zipfile then writes sizes and checksums behind the data."""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:
            return whole.write(data)

    with zipfile.ZipFile(Unseekable() if streamed else whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("one.txt", "two.txt", "three.txt"):
            archive.writestr(name, noise(5000) + name.encode())
    (tmp_path / "a.zip").write_bytes(whole.getvalue()[:13_000])
    found = unpack_zip(tmp_path / "a.zip", tmp_path / "out")
    assert contents(found) == {name: noise(5000) + name.encode() for name in ("one.txt", "two.txt")}
    assert set(reasons(found)) == {"three.txt", "a.zip"}
    assert "damaged zip" in reasons(found)["a.zip"]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip at all", b"PK\x05\x06" + bytes(17)])
def test_a_zip_of_which_nothing_can_be_read_is_one_sentence_with_a_remedy(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(InputError, match=r"a\.zip: damaged zip .* ask for it again"):
        unpack_zip(tmp_path / "a.zip", tmp_path / "out")


def test_an_archive_is_only_unpacked_into_an_empty_folder(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": b"a"})
    with pytest.raises(ValueError, match="empty folder"):
        unpack_zip(path, tmp_path)


def test_gzip_gives_its_one_file_under_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(b"question,answer\n"))
    assert contents(unpack_compressed(tmp_path / "log.csv.gz", tmp_path / "out", "gzip")) == {
        "log.csv": b"question,answer\n"
    }


def test_a_damaged_gzip_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(noise(5000))[:3000])
    with pytest.raises(InputError, match=r"log\.csv\.gz: gzip file not unpacked: damaged"):
        unpack_compressed(tmp_path / "log.csv.gz", tmp_path / "out", "gzip")
    assert everything_below(tmp_path / "out") == set()


def test_a_gzip_bomb_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(999_999)))
    with pytest.raises(InputError, match="times its"):
        unpack_compressed(
            tmp_path / "a.gz", tmp_path / "out", "gzip", limits=Limits(ratio=50, ratio_from=100, keep_free=0)
        )


def test_attachments_of_a_mail_are_written_without_folders(tmp_path: Path) -> None:
    mail, inner = EmailMessage(), EmailMessage()
    inner["Subject"] = "The earlier one"
    inner.set_content("before")
    mail["Subject"] = "Files"
    mail.set_content("see attached")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../../terms.pdf")
    mail.add_attachment(b"a,b", maintype="text", subtype="csv", filename="Tarif für 2024.csv")
    mail.add_attachment(inner)
    (tmp_path / "a.eml").write_bytes(mail.as_bytes())
    found = unpack_eml(tmp_path / "a.eml", tmp_path / "out")
    assert set(contents(found)) == {".._.._terms.pdf", "Tarif für 2024.csv", "The earlier one.eml"}
    assert contents(found)["Tarif für 2024.csv"] == b"a,b"
    assert b"before" in contents(found)["The earlier one.eml"]


def test_memory_stays_small_whatever_an_archive_unpacks_to(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.bin", "w", force_zip64=True) as stream,
    ):
        for number in range(60):
            stream.write(noise(2**18) + bytes(2**22 + number))
    script = (
        "import resource, sys; from pathlib import Path; from workbench.ingest.archives.containers import unpack_zip;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "found = unpack_zip(Path(sys.argv[1]), Path(sys.argv[2]));"
        "print(found.members[0].path.stat().st_size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a.zip"), str(tmp_path / "out")]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    size, growth_kib = map(int, result.stdout.split())
    assert size > 250 * 2**20
    assert growth_kib < 32 * 2**10


def test_containers_are_those_that_kind_of_knows() -> None:
    assert set(CONTAINERS) == {"bzip2", "eml", "gzip", "mbox", "msg", "tar", "xz", "zip"}


def a_zip(names: list[str], method: int) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for number, name in enumerate(names):
            entry = zipfile.ZipInfo("placeholder")
            entry.filename = entry.orig_filename = name
            entry.compress_type = method
            archive.writestr(entry, noise(number * 7) + bytes(number * 11))
    return data.getvalue()


HOSTILE = [
    "../a",
    "/a",
    "a/../b",
    "C:/a",
    "a\\..\\..\\b",
    "con",
    "a/",
    "a",
    "A",
    "a/b",
    ".",
    "..",
    "~",
    "a//b",
    " .. /x",
]
names = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "../a",
                "/a",
                "a/../b",
                "C:/a",
                "a\\..\\..\\b",
                "con",
                "a/",
                "a",
                "A",
                "a/b",
                ".",
                "..",
                "~",
                "a//b",
                " .. /x",
            ]
        ),
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    ),
    max_size=6,
)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=names,
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    keep=st.floats(0, 1),
)
def test_no_archive_however_hostile_writes_outside_or_raises_anything_but_input_errors(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    method: int,
    changes: list[tuple[float, int]],
    keep: float,
) -> None:
    data = bytearray(a_zip(names, method))
    for where, value in changes:
        data[int(where * len(data))] = value
    folder = tmp_path_factory.mktemp("zip")
    (folder / "a.zip").write_bytes(data[: max(1, int(len(data) * keep))])
    try:
        found = unpack_zip(folder / "a.zip", folder / "inner" / "out", limits=SMALL)
    except InputError:
        found = Unpacked((), ())
    written = [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]
    assert set(written) == {folder / "a.zip", *(member.path for member in found.members)}
    assert all(
        path.resolve().is_relative_to(folder / "inner" / "out")
        for path in written
        if path.name != "a.zip" or path.parent != folder
    )
    assert len({member.name.casefold() for member in found.members}) == len(found.members)
    assert all(member.name.isprintable() for member in found.members)


# ---------------------------------------------------------------- tar, mailboxes, compressed files


def tar_of(*entries: tuple[str, bytes | None, bytes], mode: str = "w") -> bytes:
    """A tar of (name, data or None, type)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data, kind in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size, entry.linkname = kind, len(data or b""), "/etc/passwd"
            archive.addfile(entry, io.BytesIO(data or b""))
    return stream.getvalue()


HOSTILE = (
    ("share/a.txt", b"one", tarfile.REGTYPE),
    ("share", None, tarfile.DIRTYPE),
    ("../evil.txt", b"no", tarfile.REGTYPE),
    ("/etc/evil.txt", b"no", tarfile.REGTYPE),
    ("share/link", None, tarfile.SYMTYPE),
    ("share/hard", None, tarfile.LNKTYPE),
    ("share/tty", None, tarfile.CHRTYPE),
    ("share/b.txt", b"two", tarfile.REGTYPE),
)


@pytest.mark.parametrize(("mode", "kind"), [("w", "tar"), ("w:gz", "gzip"), ("w:bz2", "bzip2"), ("w:xz", "xz")])
def test_files_alone_come_out_of_a_tar_archive(tmp_path: Path, mode: str, kind: str) -> None:
    (tmp_path / "share.bin").write_bytes(tar_of(*HOSTILE, mode=mode))
    assert kind_of(tmp_path / "share.bin") == kind
    found = CONTAINERS[kind](tmp_path / "share.bin", tmp_path / "out")
    assert contents(found) == {"share/a.txt": b"one", "share/b.txt": b"two"}
    assert {name: reason.partition(": ")[2] for name, reason in reasons(found).items()} == {
        "../evil.txt": "its name points outside the archive ('..')",
        "/etc/evil.txt": "its name is an absolute path",
        "share/link": "a link, not a file",
        "share/hard": "a link, not a file",
        "share/tty": "a device, not a file",
    }
    assert everything_below(tmp_path / "out") == {"share", "share/a.txt", "share/b.txt"}


def test_a_tar_archive_that_ends_early_gives_what_stands_before(tmp_path: Path) -> None:
    whole = tar_of(("a.txt", b"one", tarfile.REGTYPE), ("b.bin", noise(5000), tarfile.REGTYPE))
    (tmp_path / "a.tar").write_bytes(whole[:3000])
    found = unpack_tar(tmp_path / "a.tar", tmp_path / "out")
    assert contents(found) == {"a.txt": b"one"}
    assert any("damaged" in reason for reason in reasons(found).values())


def test_a_tar_archive_that_grows_too_large_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "a.tgz").write_bytes(tar_of(("zeros", bytes(900_000), tarfile.REGTYPE), mode="w:gz"))
    bounds = Limits(ratio=50, ratio_from=100, keep_free=0)
    found = unpack_compressed(tmp_path / "a.tgz", tmp_path / "out", "gzip", limits=bounds)
    assert contents(found) == {}
    assert "times its" in reasons(found)["zeros"]


def test_a_header_that_would_fill_memory_is_not_read(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 2**33
    (tmp_path / "a.tar").write_bytes(entry.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
    with pytest.raises(InputError, match=r"a\.tar: damaged tar \(a header of"):
        unpack_tar(tmp_path / "a.tar", tmp_path / "out")


def test_a_tar_archive_of_too_many_files_is_unpacked_as_far_as_allowed(tmp_path: Path) -> None:
    files = ((f"{number}.txt", b"x", tarfile.REGTYPE) for number in range(9))
    (tmp_path / "a.tar").write_bytes(tar_of(*files))
    found = unpack_tar(tmp_path / "a.tar", tmp_path / "out", limits=SMALL)
    assert len(found.members) == 5
    assert reasons(found)["further files"] == "not unpacked: the archive holds more than 5 files; split it"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=600), st.integers(0, 3000))
def test_any_damage_to_a_tar_archive_ends_in_a_typed_error(tmp_path: Path, junk: bytes, at: int) -> None:
    whole = bytearray(tar_of(*HOSTILE))
    whole[at : at + len(junk)] = junk
    (tmp_path / "a.tar").write_bytes(whole)
    with tempfile.TemporaryDirectory() as folder:
        try:
            unpack_tar(tmp_path / "a.tar", Path(folder) / "out")
        except InputError as error:
            assert str(error).startswith("a.tar: ")


def test_a_single_file_compressed_by_xz_or_bzip2_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.txt.xz").write_bytes(lzma.compress(b"one"))
    (tmp_path / "b.txt.bz2").write_bytes(bz2.compress(b"two"))
    assert contents(CONTAINERS["xz"](tmp_path / "a.txt.xz", tmp_path / "x")) == {"a.txt": b"one"}
    assert contents(CONTAINERS["bzip2"](tmp_path / "b.txt.bz2", tmp_path / "y")) == {"b.txt": b"two"}


MAILBOX = b"""From ann@example.com Mon Mar  3 10:00:00 2025
Subject: First

One.
>From here it leaked.

From the start nothing was said.

From bob@example.com Tue Mar  4 10:00:00 2025
Subject: Second

Two.
"""


def test_a_mailbox_gives_one_file_a_mail(tmp_path: Path) -> None:
    (tmp_path / "Inbox").write_bytes(MAILBOX)
    assert kind_of(tmp_path / "Inbox") == "mbox"
    assert contents(CONTAINERS["mbox"](tmp_path / "Inbox", tmp_path / "out")) == {
        "mail 1.eml": b"Subject: First\n\nOne.\nFrom here it leaked.\n\nFrom the start nothing was said.\n\n",
        "mail 2.eml": b"Subject: Second\n\nTwo.\n",
    }


def test_a_mail_larger_than_allowed_does_not_cost_those_behind_it(tmp_path: Path) -> None:
    large = MAILBOX.replace(b"One.\n", b"One.\n" * 300)
    (tmp_path / "a.mbox").write_bytes(large)
    found = unpack_mbox(tmp_path / "a.mbox", tmp_path / "out", limits=SMALL)
    assert set(contents(found)) == {"mail 2.eml"}
    assert "larger than" in reasons(found)["mail 1.eml"]


@pytest.mark.parametrize("encoding", ["cp437", "cp1252", "utf-8"])
def test_names_of_old_archives_are_read_in_the_encoding_they_have(tmp_path: Path, encoding: str) -> None:
    path = write_zip(tmp_path / "a.zip", {"Sch__den.txt" if encoding == "utf-8" else "Sch_den.txt": b"x"})
    stored = b"Sch__den.txt" if encoding == "utf-8" else b"Sch_den.txt"
    path.write_bytes(path.read_bytes().replace(stored, "Schäden.txt".encode(encoding)))
    assert set(contents(unpack_zip(path, tmp_path / "out"))) == {"Schäden.txt"}
