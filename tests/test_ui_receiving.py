"""Uploads: whole or not at all, never outside the case, never over another file."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.case import Case, new_case
from workbench.errors import CaseError, InputError
from workbench.ui import receiving
from workbench.ui.receiving import STALE_SECONDS, Receiver, safe_parts


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return new_case(tmp_path, "acme")


def upload(case: Case, name: str, content: bytes = b"abc", target: str = "inbox") -> str:
    receiver = Receiver(case, name, target, len(content))
    for start in range(0, len(content), 2):
        receiver.take(content[start : start + 2])
    return receiver.finish()


def scratch_files(case: Case) -> list[Path]:
    return list((case.derived / "uploads").iterdir())


def test_a_whole_file_lies_under_its_name_and_nothing_is_left_behind(case: Case) -> None:
    assert upload(case, "share/2026/report.pdf") == "inbox/share/2026/report.pdf"
    assert (case.root / "inbox/share/2026/report.pdf").read_bytes() == b"abc"
    assert scratch_files(case) == []


def test_a_second_file_of_the_name_gets_a_number_and_overwrites_nothing(case: Case) -> None:
    places = [upload(case, "a.txt", content, "corpus") for content in (b"one", b"two", b"three")]
    assert places == ["corpus/a.txt", "corpus/a (2).txt", "corpus/a (3).txt"]
    assert (case.root / "corpus/a.txt").read_bytes() == b"one"


def test_before_the_end_there_is_no_file_of_the_name(case: Case) -> None:
    receiver = Receiver(case, "a.txt", "corpus", 6)
    receiver.take(b"abc")
    assert list((case.root / "corpus").iterdir()) == []
    receiver.abandon()
    assert scratch_files(case) == []


def test_fewer_or_more_bytes_than_announced_are_refused(case: Case) -> None:
    receiver = Receiver(case, "a.txt", "corpus", 6)
    receiver.take(b"abc")
    with pytest.raises(InputError, match="3 of 6 bytes came"):
        receiver.finish()
    with pytest.raises(InputError, match="more bytes came than were announced"):
        Receiver(case, "a.txt", "corpus", 1).take(b"abc")
    assert list((case.root / "corpus").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../a", "a/../../b", "a\\..\\b", "a\0b", "a/ b", "C:/a", "\u202etxt.exe", "x" * 300]
)
def test_a_name_that_could_lead_elsewhere_is_refused(case: Case, name: str) -> None:
    with pytest.raises(InputError, match="cannot be used as a file name"):
        Receiver(case, name, "inbox", 3)
    assert not (case.derived / "uploads").exists()


@given(st.text(max_size=60))
def test_every_accepted_name_stays_below_its_folder(name: str) -> None:
    try:
        parts = safe_parts(name)
    except InputError:
        return
    base = Path("/case/inbox")
    assert Path(os.path.normpath(base.joinpath(*parts))).is_relative_to(base)
    assert len(base.joinpath(*parts).parts) == len(base.parts) + len(parts)


def test_only_parts_of_a_case_can_be_uploaded_to(case: Case) -> None:
    with pytest.raises(CaseError, match=r"'\.workbench' is no part of a case"):
        Receiver(case, "a.txt", ".workbench", 3)


def test_nothing_is_put_through_a_link(case: Case, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (case.root / "inbox" / "share").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CaseError, match="is a link to somewhere else"):
        upload(case, "share/a.txt")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_read_only_case_takes_nothing(case: Case) -> None:
    case.root.chmod(0o555)
    with pytest.raises(CaseError, match="marked read-only"):
        Receiver(case, "a.txt", "inbox", 3)
    case.root.chmod(0o755)


def test_too_large_and_too_full_are_said_before_anything_is_written(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="larger than 16 GiB; copy it into the drop folder"):
        Receiver(case, "a.txt", "inbox", receiving.MAX_UPLOAD + 1)
    monkeypatch.setattr(receiving, "FREE_BYTES", 2**62)
    with pytest.raises(CaseError, match="make room first"):
        Receiver(case, "a.txt", "inbox", 3)


def test_what_broke_off_long_ago_is_removed_and_what_runs_is_not(case: Case) -> None:
    running = Receiver(case, "a.txt", "inbox", 3)
    old = case.derived / "uploads" / "old.part"
    old.write_bytes(b"x")
    os.utime(old, (0, time.time() - STALE_SECONDS - 60))
    Receiver(case, "b.txt", "inbox", 0).finish()
    assert not old.exists()
    running.take(b"abc")
    assert running.finish() == "inbox/a.txt"
