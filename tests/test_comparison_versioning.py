"""Versions as a comparison keeps them: which documents have a newer one, and how many there are."""

from datetime import date

import pytest

from workbench.comparison import versioning
from workbench.comparison.tables import tables
from workbench.comparison.versioning import KnownVersions, known_versions
from workbench.records import CaseInputs, Document, Passage, RankedDocument, Run, Source

TEXT = " ".join(f"clause{i} of the wording says what is covered" for i in range(40))


def document(name, text=TEXT, **facts):
    return Document(name, name.removesuffix(".txt"), text, Source(f"corpus/{name}"), **facts)


@pytest.fixture
def documents():
    return (
        document("Policy 2021.txt"),
        document("Policy 2023.txt", f"{TEXT} and one more line"),
        document("Policy 2025.txt", f"{TEXT} and two lines more here"),
        document("Storage.txt", "storage charges are paid by the day outside London"),
    )


def inputs(documents, passages=()):
    return CaseInputs(root="case", name="case", documents=tuple(documents), passages=tuple(passages))


def test_every_older_version_names_the_newest_and_all_know_how_many_there_are(documents):
    found = known_versions(inputs(documents), [])
    assert found.newer == {"Policy 2021.txt": "Policy 2025.txt", "Policy 2023.txt": "Policy 2025.txt"}
    assert found.counts == dict.fromkeys(["Policy 2021.txt", "Policy 2023.txt", "Policy 2025.txt"], 3)


def test_in_a_large_corpus_only_what_pages_show_is_looked_at(documents, monkeypatch):
    monkeypatch.setattr(versioning, "ALL_VERSIONS", 3)
    shown = [RankedDocument("Policy 2021.txt", 2.0), RankedDocument("Policy 2023.txt", 1.0)]
    run = Run("dense", {"q": tuple(shown)}, 0.0, 0.0, 100)
    assert known_versions(inputs(documents), [run]).newer == {"Policy 2021.txt": "Policy 2023.txt"}
    assert known_versions(inputs(documents), []) == KnownVersions()


def test_documents_are_kept_with_version_and_language_and_passages_with_their_section():
    one = document("a.txt", metadata={"language": "de"}, updated_on=date(2026, 1, 31))
    other = document("b.txt", metadata={"language": "unknown"})
    passages = [
        Passage("a.txt::0", "a.txt", "text", 0, 4, headings=("Cover", "Excess"), locator="page 3"),
        Passage("a.txt::1", "a.txt", "text", 4, 8),
    ]
    kept = tables(
        inputs([one, other], passages),
        [],
        set(),
        {},
        passages,
        KnownVersions({"a.txt": "b.txt"}, {"a.txt": 2, "b.txt": 2}),
    )
    columns = ["doc_id", "updated_on", "newer", "versions", "language"]
    assert kept["documents"][columns].to_numpy().tolist() == [
        ["a.txt", "2026-01-31", "b.txt", 2, "de"],
        ["b.txt", "", "", 2, ""],
    ]
    assert kept["passages"]["section"].tolist() == ["Cover › Excess, page 3", ""]
