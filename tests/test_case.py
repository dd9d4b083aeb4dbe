import os
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.case import files_below, fingerprint, new_case, open_case, shown
from workbench.errors import CaseError


def test_a_new_case_has_a_folder_for_each_part_and_opens(tmp_path: Path) -> None:
    case = new_case(tmp_path, "acme-2026")
    assert {p.name for p in case.root.iterdir()} == {
        "corpus",
        "logs",
        "evals",
        "governance",
        "repo",
        "inbox",
        "case.toml",
    }
    assert (case.slug, case.name) == ("acme-2026", "acme-2026")


@pytest.mark.parametrize("name", ["../outside", "a/b", "..", ".", "", "a..b", "/etc", "a b", "-x", "x" * 65, "a\n"])
def test_names_that_are_not_plain_folder_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CaseError, match="cannot be a case name"):
        new_case(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_case_is_not_overwritten(tmp_path: Path) -> None:
    new_case(tmp_path, "acme")
    with pytest.raises(CaseError, match="exists already"):
        new_case(tmp_path, "acme")


def test_settings_are_read_and_faults_named(tmp_path: Path) -> None:
    case = new_case(tmp_path, "acme")
    settings = case.root / "case.toml"
    settings.write_text('name = "Acme"\nregulated = true\nbuild_start = 2026-01-12\n[prices]\ninput = 0.4\n')
    opened = open_case(case.root)
    assert (opened.name, opened.regulated, opened.key_dates, opened.prices) == (
        "Acme",
        True,
        {"build_start": date(2026, 1, 12)},
        {"input": 0.4},
    )
    for text, fault in [
        ('build_start = "soon"', "build_start must be a date"),
        ("name = ", "not valid TOML"),
        ('[prices]\ninput = "x"', "input is not one"),
        ('regulated = "yes"', "regulated must be true or false"),
    ]:
        settings.write_text(text)
        with pytest.raises(CaseError, match=fault):
            open_case(case.root)


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no such folder"):
        open_case(tmp_path / "nowhere")


@pytest.mark.parametrize("relative", ["../x", "/etc/passwd", "corpus/../../x"])
def test_paths_never_leave_the_case(tmp_path: Path, relative: str) -> None:
    case = new_case(tmp_path, "acme")
    with pytest.raises(CaseError, match="not inside the case folder"):
        case.resolve(relative)


def test_a_link_out_of_the_case_does_not_resolve(tmp_path: Path) -> None:
    case = new_case(tmp_path, "acme")
    (case.root / "corpus" / "link").symlink_to(tmp_path)
    with pytest.raises(CaseError, match="not inside the case folder"):
        case.resolve("corpus/link/x")


@given(st.text(max_size=60))
def test_whatever_resolves_lies_in_the_case(tmp_path_factory: pytest.TempPathFactory, relative: str) -> None:
    case = open_case(tmp_path_factory.getbasetemp())
    with suppress(CaseError):
        assert case.resolve(relative).is_relative_to(case.root)


def test_the_fingerprint_follows_client_files_and_ignores_derived_ones(tmp_path: Path) -> None:
    case = new_case(tmp_path, "acme")
    document = case.root / "corpus" / "a.txt"
    document.write_text("one")
    before = fingerprint(case.root)
    (case.root / ".workbench").mkdir()
    (case.root / ".workbench" / "x").write_text("derived")
    assert fingerprint(case.root) == before
    document.write_text("two")
    os.utime(document, ns=(1, 1))
    assert fingerprint(case.root) != before
    assert fingerprint(case.root, "other settings") != fingerprint(case.root)


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "[prices]\ninput = " + "9" * 5000])
def test_settings_that_cannot_be_held_are_one_sentence(tmp_path: Path, text: str) -> None:
    case = new_case(tmp_path, "acme")
    (case.root / "case.toml").write_text(text)
    with pytest.raises(CaseError, match=r"case\.toml: "):
        open_case(case.root)


def test_a_name_that_is_not_utf8_counts_in_the_fingerprint_and_is_told(tmp_path: Path) -> None:
    case = new_case(tmp_path, "acme")
    before = fingerprint(case.root)
    path = case.root / "corpus" / os.fsdecode(b"Pr\xe4mie.txt")
    path.write_text("x")
    assert fingerprint(case.root) != before
    told: dict[str, str] = {}
    assert list(files_below(case.root, lambda path, reason: told.update({shown(path): reason}))) == [
        case.root / "case.toml"
    ]
    assert told == {f"{case.root}/corpus/Pr\\xe4mie.txt": "its name is not UTF-8 text; rename it and add it again"}


def refuse(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Listing a folder of this name, and reading a file of it, fail as for a person without the right to."""
    scandir, read_text = os.scandir, Path.read_text

    def refusing_scandir(path: object = ".") -> object:
        if Path(os.fsdecode(path)).name == name:  # type: ignore[arg-type]
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)  # type: ignore[call-overload]

    def refusing_read(path: Path, *args: object, **options: object) -> str:
        if path.name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return read_text(path, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "scandir", refusing_scandir)
    monkeypatch.setattr(Path, "read_text", refusing_read)


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.txt").write_text("x")
    refuse(monkeypatch, "closed")
    told: list[tuple[Path, str]] = []
    assert list(files_below(tmp_path, lambda path, reason: told.append((path, reason)))) == [tmp_path / "a.txt"]
    assert told == [(tmp_path / "closed", "could not be opened (Permission denied); check its permissions")]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    told: list[Path] = []
    assert list(files_below(tmp_path / "absent", lambda path, _: told.append(path))) == told == []


def test_settings_that_may_not_be_read_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = new_case(tmp_path, "acme")
    refuse(monkeypatch, "case.toml")
    with pytest.raises(CaseError, match=r"case\.toml: could not be opened \(Permission denied\)"):
        open_case(case.root)


def test_derived_results_of_a_read_only_case_go_to_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    case = new_case(tmp_path, "acme")
    assert case.derived == case.root / ".workbench"
    case.root.chmod(0o555)
    try:
        assert case.derived.parent == tmp_path / "cache" / "pilot-workbench"
    finally:
        case.root.chmod(0o755)
