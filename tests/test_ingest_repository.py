"""The repository: files, history from .git and from git-log.txt, tags."""

from datetime import UTC, datetime, timedelta

import pytest
from dulwich import porcelain
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.ingest import repository
from workbench.ingest.repository import read_repository
from workbench.records import Repository

LOG = """commit 1111111111111111111111111111111111111111
author Ann Oke <ann@example.org>
author-date 2026-02-03T10:00:00+01:00
commit-date 2026-02-04T09:00:00+00:00

    Second: rename and add (#2)

R100\tdocs/old.md\tdocs/new.md
A\t"docs/\\303\\251t\\303\\251.md"

commit 2222222222222222222222222222222222222222
author Bo Lind <bo@example.org>
author-date 2026-02-02T10:00:00+00:00
commit-date 2026-02-02T10:00:00+00:00

    First

A\tdocs/old.md
M\tREADME.md
"""


def case_with(tmp_path, **files):
    for name, text in files.items():
        path = tmp_path / "repo" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def commit(repo, message, seconds, offset=0):
    porcelain.add(repo, paths=[str(path) for path in repo.rglob("*") if path.is_file() and ".git" not in path.parts])
    return porcelain.commit(
        repo, message=message.encode(), author=b"Ann Oke <ann@example.org>", committer=b"Bo Lind <bo@example.org>",
        author_timestamp=seconds, author_timezone=offset, commit_timestamp=seconds + 60, commit_timezone=offset,
    )  # fmt: skip


@pytest.fixture
def git_case(tmp_path):
    repo = tmp_path / "repo"
    (repo / "docs").mkdir(parents=True)
    (repo / "app.py").write_text("x = 1\n")
    porcelain.init(repo)
    commit(repo, "First line\n\nbody", 1_770_000_000, 3600)
    (repo / "docs" / "risk.md").write_text("risk\n")
    (repo / "app.py").write_text("x = 2\n")
    commit(repo, "Second", 1_770_100_000)
    porcelain.tag_create(
        repo, b"v1", annotated=True, message=b"one", author=b"A <a@b.c>", tag_time=1_770_200_000, tag_timezone=0
    )
    porcelain.tag_create(repo, b"light")
    return tmp_path


def test_no_folder_and_an_empty_folder_give_none(tmp_path):
    assert read_repository(tmp_path) is None
    (tmp_path / "repo").mkdir()
    assert read_repository(tmp_path) is None


def test_history_is_read_from_git_oldest_first_with_what_changed(git_case):
    found = read_repository(git_case)
    first, second = found.commits
    assert (first.subject, first.author) == ("First line", "Ann Oke <ann@example.org>")
    assert first.authored == datetime.fromtimestamp(1_770_000_000, UTC)
    assert first.authored.utcoffset() == timedelta(hours=1)
    assert first.committed == datetime.fromtimestamp(1_770_000_060, UTC)
    assert first.files == (("A", "app.py"),)
    assert set(second.files) == {("M", "app.py"), ("A", "docs/risk.md")}
    assert found.files == ("repo/app.py", "repo/docs/risk.md")


def test_tags_carry_their_own_time_or_that_of_their_commit(git_case):
    tags = read_repository(git_case).tags
    assert tags == {
        "v1": datetime.fromtimestamp(1_770_200_000, UTC),
        "light": datetime.fromtimestamp(1_770_100_060, UTC),
    }


def test_hooks_configuration_and_other_object_stores_are_never_used(git_case):
    git = git_case / "repo" / ".git"
    (git / "config").write_text("[core]\n\tfsmonitor = touch /nowhere\n[include]\n\tpath = /nowhere/config\n[broken")
    (git / "objects" / "info").mkdir(exist_ok=True)
    (git / "objects" / "info" / "alternates").write_text("/nowhere/objects\n")
    assert len(read_repository(git_case).commits) == 2


def test_a_store_with_links_is_not_read(git_case, tmp_path_factory):
    (git_case / "repo" / ".git" / "linked").symlink_to(tmp_path_factory.mktemp("outside"))
    assert read_repository(git_case).commits == ()


def test_one_damaged_object_never_hides_the_other_commits(git_case):
    before = read_repository(git_case).commits
    name = before[0].commit_id
    damaged = git_case / "repo" / ".git" / "objects" / name[:2] / name[2:]
    damaged.chmod(0o644)
    damaged.write_bytes(b"not zlib")
    found = read_repository(git_case)
    assert [entry.commit_id for entry in found.commits] == [before[1].commit_id]


def test_a_git_log_stands_in_where_there_is_no_git(tmp_path):
    found = read_repository(case_with(tmp_path, **{"git-log.txt": LOG, "src__app.py": "x"}))
    first, second = found.commits
    assert (first.author, first.subject, first.files) == (
        "Bo Lind <bo@example.org>",
        "First",
        (("A", "docs/old.md"), ("M", "README.md")),
    )
    assert second.authored == datetime(2026, 2, 3, 9, tzinfo=UTC)
    assert second.committed == datetime(2026, 2, 4, 9, tzinfo=UTC)
    assert second.files == (("D", "docs/old.md"), ("A", "docs/new.md"), ("A", "docs/été.md"))
    assert found.files == ("repo/src/app.py",)


def test_a_plain_git_log_is_tolerated(tmp_path):
    text = (
        "commit 3333333 (HEAD -> main, tag: v1)\nMerge: a1 b2\nAuthor: Ann Oke <ann@example.org>\n"
        "Date:   2026-02-03T10:00:00+01:00\n\n"
        "    Add the register\n    \n    Date: not a header\n\nA\trisk.csv\n"
    )
    (entry,) = read_repository(case_with(tmp_path, **{"git-log.txt": text})).commits
    assert (entry.commit_id, entry.author, entry.subject) == (
        "3333333",
        "Ann Oke <ann@example.org>",
        "Add the register",
    )
    assert (entry.committed, entry.files) == (datetime(2026, 2, 3, 9, tzinfo=UTC), (("A", "risk.csv"),))


def test_commits_without_a_time_zone_are_left_out(tmp_path):
    text = LOG.replace("2026-02-02T10:00:00+00:00", "2026-02-02T10:00:00")
    assert [entry.commit_id[0] for entry in read_repository(case_with(tmp_path, **{"git-log.txt": text})).commits] == [
        "1"
    ]


def test_commits_of_the_same_second_keep_their_order(tmp_path):
    block = "commit {name}\nAuthor: A <a@b.c>\nDate: 2026-02-03T10:00:00+01:00\n\n    {name}\n\n"
    text = "".join(block.format(name=name * 8) for name in "321")
    assert [entry.subject[0] for entry in read_repository(case_with(tmp_path, **{"git-log.txt": text})).commits] == [
        "1",
        "2",
        "3",
    ]


def test_tags_are_read_from_their_file(tmp_path):
    tags = "v1\tabc\t2026-04-14T09:00:00+01:00\nbroken line\nv2\tdef\tsoon\n"
    found = read_repository(case_with(tmp_path, **{"git-log.txt": LOG, "git-tags.txt": tags}))
    assert found.tags == {"v1": datetime(2026, 4, 14, 8, tzinfo=UTC)}


def test_links_are_not_listed_and_files_are_bounded(tmp_path, monkeypatch):
    root = case_with(tmp_path, a="1", b="2", c="3")
    (root / "repo" / "link").symlink_to("/")
    assert read_repository(root).files == ("repo/a", "repo/b", "repo/c")
    monkeypatch.setattr(repository, "MAX_FILES", 2)
    assert read_repository(root).files == ("repo/a", "repo/b")


def test_a_linked_repository_folder_is_not_followed(tmp_path):
    outside = case_with(tmp_path / "outside", a="1")
    case = tmp_path / "case"
    case.mkdir()
    (case / "repo").symlink_to(outside / "repo")
    assert read_repository(case) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_in_log_tags_and_references_never_raise(tmp_path, content):
    repo = tmp_path / "repo"
    (repo / ".git" / "objects").mkdir(parents=True, exist_ok=True)
    for name in ("git-log.txt", "git-tags.txt", ".git/HEAD", ".git/packed-refs"):
        (repo / name).write_bytes(content)
    assert isinstance(read_repository(tmp_path), Repository | None)
