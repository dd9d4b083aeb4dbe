from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import CancelledError
from workbench.health import health as health_module
from workbench.health.health import corpus_health
from workbench.health.observations import findings_sentence, observe_corpus
from workbench.health.pages import empty_pages, paged
from workbench.ingest.corpus.documents import read_corpus
from workbench.records import (
    CorpusHealth,
    Document,
    DocumentDate,
    DocumentSize,
    EmptyPages,
    Estimate,
    Observation,
    Section,
    Source,
)

SAMPLE = Path(__file__).resolve().parents[1] / "sample_corpora" / "insurance_claims"


def document(doc_id: str, text: str = "", **facts: str) -> Document:
    return Document(doc_id, doc_id, text, Source(f"corpus/{doc_id}"), None, facts)


def numbered(n: int, start: int = 0) -> str:
    return " ".join(f"w{number}" for number in range(start, start + n))


def signal(observations: list[Observation], name: str) -> Observation:
    return next(one for one in observations if one.signal == name)


# Four papers: an edition and its successor, a copy, and one of its own; 30, 30, 30 and 8 words.
CORPUS = (
    replace(
        document("cover 2021.md", numbered(29) + " old", author="A. Reed", language="en"), updated_on=date(2021, 1, 1)
    ),
    document("cover 2023.md", numbered(29) + " new", owner="Claims", language="en"),
    document("letter.md", numbered(29) + " new", language="EN "),
    document("note.md", numbered(8, 100), language="de", **{"from": "desk@example.com"}),
)


def test_the_parts_stand_together_with_their_denominators():
    health = corpus_health(CORPUS)
    assert (health.documents, health.characters) == (4, sum(len(one.text) for one in CORPUS))
    # 30 words, the last one changed: 25 of 27 runs are shared.
    (group,) = health.duplicates
    assert (group.doc_ids, group.exact) == (("cover 2021.md", "cover 2023.md", "letter.md"), False)
    assert group.similarity == pytest.approx(25 / 27)
    (family,) = health.versions
    assert (family.doc_ids, family.dates) == (("cover 2021.md", "cover 2023.md"), (date(2021, 1, 1), None))
    assert health.undated == ("cover 2023.md", "letter.md", "note.md")
    assert health.ownerless == ("letter.md",)
    assert health.languages == {"en": 3, "de": 1}
    assert health.shares == {
        "in_duplicates": Estimate.exact(3 / 4, 4),
        "copies": Estimate.exact(1 / 4, 4),
        "outdated": Estimate.exact(1 / 4, 4),
        "boilerplate": Estimate.exact(0.0, 4),
        "undated": Estimate.exact(3 / 4, 4),
        "ownerless": Estimate.exact(1 / 4, 4),
        "other_language": Estimate.exact(1 / 4, 4),
        "with_empty_pages": Estimate.not_measured("no document whose pages can be told apart"),
    }
    assert health.words == {"min": 8, "p25": 8, "median": 30, "p75": 30, "p95": 30, "max": 30}
    assert health.smallest[0] == DocumentSize("note.md", 8)
    assert health.notes == ()


def test_it_can_be_kept_as_json():
    kept = json.loads(json.dumps(asdict(corpus_health(CORPUS)), default=str))
    assert kept["shares"]["outdated"]["n"] == 4
    assert kept["versions"][0]["dates"] == ["2021-01-01", None]


def test_no_documents_measure_nothing():
    health = corpus_health([])
    assert {share.value for share in health.shares.values()} == {None}
    assert {one.status for one in observe_corpus(health, [])} == {"unknown"}
    assert findings_sentence(health) == "No documents were handed over."


def test_the_sentence_names_what_is_there_and_leaves_out_what_is_not():
    assert findings_sentence(corpus_health(CORPUS)) == (
        "Of 4 documents 1 has a newer version beside it, 1 is a copy, 3 are nearly the same as another and 3 carry no date."
    )
    fresh = replace(CORPUS[3], updated_on=date(2026, 1, 1))
    assert findings_sentence(corpus_health([fresh])) == (
        "None of 1 document is outdated, copied, without a date or without text on a page."
    )


def test_observations_carry_numbers_and_places():
    found = observe_corpus(corpus_health(CORPUS), CORPUS)
    assert [one.signal for one in found] == [
        "corpus.duplicates",
        "corpus.versions",
        "corpus.undated",
        "corpus.ownerless",
        "corpus.languages",
        "corpus.empty_pages",
        "corpus.boilerplate",
    ]
    outdated = signal(found, "corpus.versions")
    assert (outdated.status, outdated.n, outdated.value) == ("seen", 4, Estimate.exact(0.25, 4))
    assert outdated.finding == (
        '1 of 4 (25 %) documents have a newer version beside them, for example "cover 2021.md" although "cover 2023.md" is there.'
    )
    assert outdated.sources == (Source("corpus/cover 2021.md"),)
    assert signal(found, "corpus.duplicates").finding.endswith("in 1 group; 1 document is an exact copy.")
    assert signal(found, "corpus.languages").finding == "Documents by language: en 3 and de 1."
    assert signal(found, "corpus.empty_pages").status == "unknown"
    assert signal(found, "corpus.boilerplate").status == "clean"


def test_the_most_repeated_line_is_named_with_documents_that_hold_it():
    corpus = [document(f"{name}.md", f"About {name}\nInternal use only, page {n}") for n, name in enumerate("abcdefg")]
    found = signal(observe_corpus(corpus_health(corpus), corpus), "corpus.boilerplate")
    assert found.status == "seen"
    assert '7 documents: "Internal use only, page 0"' in found.finding
    assert found.sources == tuple(Source(f"corpus/{name}.md") for name in "abcde")


def test_a_date_of_the_file_alone_leaves_a_document_undated():
    file_only = replace(document("a"), dates=(DocumentDate(date(2026, 1, 1), "file", "modified"),))
    sent = replace(document("b"), dates=(DocumentDate(date(2026, 1, 1), "embedded", "sent"),))
    assert corpus_health([file_only, sent]).undated == ("a",)


def test_blank_owners_and_unknown_languages_count_as_none():
    health = corpus_health([document("a", author="  "), document("b", language=" "), document("c", language="fr")])
    assert health.ownerless == ("a", "b", "c")
    assert health.languages == {"unknown": 2, "fr": 1}
    assert health.shares["other_language"] == Estimate.exact(0.0, 1)


def test_empty_pages_are_told_by_sections_by_page_breaks_or_by_the_reader():
    sections = (Section(0, (), "page 1"), Section(2, ("Scope",), "page 1"), Section(9, (), "page 4"))
    by_section = replace(document("s.pdf", "x", pages="4"), sections=sections)
    by_break = document("b.pdf", "one\f \ftwo\f", pages="4")
    by_reader = document("r.pdf", "one", pages="9", empty_pages="2, 3, 9")
    full = document("f.pdf", "one\ftwo", pages="2")
    apart = document("u.docx", "one", pages="7")  # nothing says where its pages are
    broken = [document("x", pages="many"), document("y", pages="9" * 4000), document("z", pages="-1")]
    corpus = [full, by_break, by_section, by_reader, apart, *broken]
    assert empty_pages(corpus) == (EmptyPages("r.pdf", 3, 9), EmptyPages("b.pdf", 2, 4), EmptyPages("s.pdf", 2, 4))
    assert paged(corpus) == 4
    found = signal(observe_corpus(corpus_health(corpus), corpus), "corpus.empty_pages")
    assert found.finding == "3 of 4 (75 %) documents with pages have some without text, 7 pages in all."
    assert found.sources[0] == Source("corpus/r.pdf")


def test_what_is_sampled_or_empty_is_noted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health_module, "MOST_UNSAMPLED", 50)
    monkeypatch.setattr(health_module, "sampling_step", lambda documents: 3)
    notes = corpus_health([document("a", "x" * 51), document("b", "--")]).notes
    assert [note.split(" ")[:4] for note in notes] == [
        ["1", "document", "without", "a"],
        ["1", "text", "above", "50"],
        ["Versions", "were", "looked", "for"],
    ]


def test_progress_runs_from_nothing_to_all_and_never_back():
    seen: list[float] = []
    corpus_health(
        [document(f"d{n}", numbered(20, n)) for n in range(450)], progress=lambda share, _: seen.append(share)
    )
    assert (seen[0], seen[-1]) == (0.0, 1.0)
    assert seen == sorted(seen)
    assert len(seen) > 20


@pytest.mark.parametrize("after", [0, 1, 3, 6])
def test_it_can_be_cancelled_anywhere(after: int):
    calls = iter(range(100))

    def progress(share: float, message: str) -> None:
        if next(calls) == after:
            raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        corpus_health(CORPUS, progress=progress)


@given(
    st.lists(
        st.tuples(st.text(max_size=60), st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3)),
        max_size=6,
    )
)
def test_whatever_the_texts_are_shares_lie_between_none_and_all(texts: list[tuple[str, dict[str, str]]]):
    corpus = [replace(document(f"d{number}", text), metadata=facts) for number, (text, facts) in enumerate(texts)]
    health = corpus_health(corpus)
    assert all(share.value is None or 0.0 <= share.value <= 1.0 for share in health.shares.values())
    assert sum(health.languages.values()) == len(corpus)
    assert findings_sentence(health).endswith(".")
    assert len(observe_corpus(health, corpus)) == 7


def test_the_sample_case_shows_what_was_planted_in_it():
    documents, _ = read_corpus(SAMPLE)
    health: CorpusHealth = corpus_health(documents)
    families = {family.doc_ids for family in health.versions}
    assert ("endorsements/tradeguard/END-T-250_old_2022.txt", "endorsements/tradeguard/END-T-250.html") in families
    named = [doc_id for family in families for doc_id in family]
    # Motor 2021/2023/2025 in eight sections, one of them with two more copies; home in twelve, one without 2023 and one with a
    # second issue; TradeGuard 2022/2024 in seven.
    assert sum("policies/motor" in doc_id for doc_id in named) == 25
    assert sum("policies/home" in doc_id for doc_id in named) == 36
    assert sum("policies/tradeguard" in doc_id for doc_id in named) == 14
    assert not any("misc/" in doc_id and "supplier" not in doc_id for doc_id in named)
    assert {group.doc_ids for group in health.duplicates if group.exact} == {
        (
            "bulletins/property/AA caps 2026 - for Rhona.pdf",
            "bulletins/property/PB 2026-05 Temporary accommodation nightly caps.pdf",
        ),
        ("forms/CF-207b (copy).docx", "forms/CF-207b Escape of water questionnaire with plumbers declaration.docx"),
        (
            "policies/motor/PM-W-23_s3_damage_FINAL_v2 (copy).docx",
            "policies/motor/PM-W-23_s3_damage_FINAL_v2.docx",
        ),
    }
