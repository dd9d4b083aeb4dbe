from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.health import versions
from workbench.health.families import families_of
from workbench.health.names import order_of_names, read_name
from workbench.health.shingles import runs_of
from workbench.health.versions import VersionPair, date_of, newer_versions, version_pairs, versions_of
from workbench.records import Document, DocumentDate, Source, VersionFamily

WORDING = " ".join(f"term{number}" for number in range(60))


def document(doc_id: str, text: str = WORDING, *, title: str = "", updated_on: date | None = None) -> Document:
    path = f"corpus/{doc_id.partition('#')[0]}"
    return Document(doc_id, title, text, Source(path), updated_on)


def edition(doc_id: str, limit: int, **facts: date) -> Document:
    return document(doc_id, f"{WORDING} limit {limit} pounds", **facts)


def families(*documents: Document) -> tuple[VersionFamily, ...]:
    return families_of(documents, version_pairs(documents))


@pytest.mark.parametrize(
    ("older", "newer", "told_by"),
    [
        ("PM-W-21 Sec3 Damage.pdf", "PM-W-23_s3_damage_FINAL_v2.docx", "year in the name"),
        ("PM-W-23_s3_damage_FINAL_v2.docx", "PM-W-25 s3 Damage.pdf", "year in the name"),
        ("Travel policy 2021 rev 4.pdf", "Travel policy 2024 rev 1.pdf", "year in the name"),
        ("guide v1.md", "guide v3.md", "edition in the name"),
        ("Storm plan FINAL.docx", "Storm plan FINAL_v2.docx", "edition in the name"),
        ("MB 2026-15 plan.docx", "MB 2026-15 plan_v2.docx", "edition in the name"),
        ("END-T-250_old_2022.txt", "END-T-250.html", "state in the name"),
        ("CF-212a Cash settlement (superseded).docx", "CF-212b Cash settlement.docx", "state in the name"),
        ("list_2024 (superseded).csv", "list 2026-07.csv", "state in the name"),
    ],
)
def test_names_say_which_is_newer_and_by_what(older: str, newer: str, told_by: str):
    left, right = edition(older, 1), edition(newer, 2)
    for pair in ((left, right), (right, left)):
        (family,) = families(*pair)
        assert (family.doc_ids, family.newest, family.told_by) == ((older, newer), newer, told_by)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MB 2026-17.md", "MB 2026-18.md"),  # two papers of one year
        ("MB 2025-11 caps.pdf", "MB 2026-05 caps.pdf"),  # year and number differ: a series, perhaps no version
        ("Section A.pdf", "Section B.pdf"),
        ("END-H-101 old.pdf", "END-H-102.pdf"),  # "old", but another paper
        ("motor guide.md", "motor claims procedure handbook v2.md"),  # v2 of something else
        ("minutes 2026-09-07.txt", "minutes 2026-09-14.txt"),
        ("s1 cover.md", "s2 cover.md"),
    ],
)
def test_names_that_tell_two_papers_apart_make_no_versions(one: str, other: str):
    assert families(edition(one, 1), edition(other, 2)) == ()


def test_a_year_beats_an_edition_because_each_year_starts_with_its_first():
    assert order_of_names(read_name("cover v3 2021"), read_name("cover v1 2023"), 0.5) == (-1, "year in the name")


def test_a_much_shorter_name_needs_more_of_the_text_to_be_shared():
    short, long = read_name("TG-W-22 Section D"), read_name("TG-W-24_D_Public_and_products_liability")
    assert order_of_names(short, long, 0.59) == (0, "")
    assert order_of_names(short, long, 0.60) == (-1, "year in the name")


NAMES = st.lists(
    st.sampled_from(["guide", "motor", "v", "2", "3", "2021", "23", "old", "final", "rev", "17", "copy"]), max_size=6
).map(" ".join)


@given(NAMES, NAMES, st.floats(0, 1))
def test_the_order_of_two_names_turns_round_with_them(left: str, right: str, likeness: float):
    one, other = read_name(left), read_name(right)
    forward, told_by = order_of_names(one, other, likeness)
    assert order_of_names(other, one, likeness) == (-forward, told_by)
    assert (forward == 0) == (told_by == "")
    assert order_of_names(one, one, likeness) == (0, "")


def test_numbers_of_any_length_in_a_name_do_no_harm():
    assert read_name("scan " + "9" * 5000).numbers == frozenset()
    assert read_name("guide v²").edition is None


def test_a_family_runs_from_the_oldest_to_the_newest_with_the_dates_known():
    found = families(
        edition("cover 2025.md", 3),
        edition("cover 2021.md", 1, updated_on=date(2020, 11, 16)),
        edition("cover 2023.md", 2, updated_on=date(2022, 10, 24)),
        document("other.md", " ".join(f"else{number}" for number in range(60))),
    )
    assert found == (
        VersionFamily(
            ("cover 2021.md", "cover 2023.md", "cover 2025.md"),
            (date(2020, 11, 16), date(2022, 10, 24), None),
            "cover 2025.md",
            "year in the name",
        ),
    )


def test_the_newest_of_a_family_never_has_a_newer_version():
    corpus = [edition(f"cover {year}{state}.md", year) for year in (2019, 2021, 2023) for state in ("", " v2", " old")]
    pairs = version_pairs(corpus)
    newer = newer_versions(corpus, pairs)
    for family in families_of(corpus, pairs):
        assert family.newest not in newer
        assert set(family.doc_ids) - newer.keys() <= {name for name in family.doc_ids if "2023" in name}


def test_every_older_version_is_told_the_newest_one_and_not_the_next():
    corpus = [edition(f"cover {year}.md", year) for year in (2019, 2021, 2023)]
    assert versions_of(corpus).newer == {"cover 2019.md": "cover 2023.md", "cover 2021.md": "cover 2023.md"}


def test_the_newest_is_found_through_versions_in_between():
    # The texts of 2019 and 2023 share nothing; each shares half with that of 2021.
    halves = [" ".join(f"{word}{number}" for number in range(60)) for word in ("old", "new")]
    texts = (halves[0], " ".join(halves), halves[1])
    corpus = [document(f"cover {year}.md", text) for year, text in zip((2019, 2021, 2023), texts, strict=True)]
    assert versions_of(corpus).newer == {"cover 2019.md": "cover 2023.md", "cover 2021.md": "cover 2023.md"}


def test_versions_that_contradict_each_other_are_never_newer_than_themselves():
    corpus = [document(name) for name in "abc"]
    ring = [VersionPair(0, 1, "dates"), VersionPair(1, 2, "dates"), VersionPair(2, 0, "dates")]
    assert all(old != new for old, new in newer_versions(corpus, ring).items())


def test_numbered_papers_that_share_less_than_half_of_their_text_are_no_editions():
    def paper(name: str, shared: int) -> Document:
        own = " ".join(f"{name}{number}" for number in range(104 - shared))
        return document(f"CHANGELOG_{name}.md", f"{' '.join(f'same{number}' for number in range(shared))} {own}")

    # 104 words hold 100 runs of five; of `shared` words shared - 4 runs lie in both papers.
    assert versions_of([paper("V20", 53), paper("V21", 53)]).newer == {}
    assert versions_of([paper("V20", 54), paper("V21", 54)]).newer == {"CHANGELOG_V20.md": "CHANGELOG_V21.md"}


def test_dates_make_versions_of_texts_nearly_equal_under_one_name():
    (family,) = families(
        edition("a/list.csv", 1, updated_on=date(2026, 3, 1)), edition("b/list.csv", 2, updated_on=date(2025, 3, 1))
    )
    assert (family.newest, family.told_by) == ("a/list.csv", "dates")
    same_words = [
        edition(f"{folder}/list.csv", 1, updated_on=date(2025, 3, day)) for day, folder in ((1, "a"), (2, "b"))
    ]
    assert families(*same_words) == ()


def test_a_date_is_taken_from_what_the_document_carries_or_claims_and_never_from_the_file():
    on = [date(2026, month, 1) for month in (1, 2, 3)]
    dates = (DocumentDate(on[0], "embedded", "created"), DocumentDate(on[1], "claimed", "effective"))
    file = DocumentDate(on[2], "file", "modified")
    assert date_of(replace(document("a"), dates=(*dates, file))) == on[1]
    assert date_of(replace(document("a"), dates=(file,))) is None
    assert date_of(replace(document("a"), dates=dates, updated_on=on[0])) == on[0]


def test_records_of_two_lists_are_versions_only_where_they_are_about_the_same_thing():
    old = [
        replace(edition(f"list 2024.csv#{row}", row), title=f"Garage {name}")
        for row, name in ((2, "Vale"), (3, "Tarn"))
    ]
    new = replace(edition("list 2026.csv#9", 9), title="Garage Tarn")
    assert versions_of([*old, new]).newer == {"list 2024.csv#3": "list 2026.csv#9"}


def test_text_shared_by_more_than_25_documents_makes_no_versions():
    footer = [document(f"paper {'abcdefghijklmnopqrstuvwxyz'[n]}.md", WORDING) for n in range(26)]
    pair = [document("fire 2021.md", f"{WORDING} one two"), document("fire 2023.md", f"{WORDING} three four")]
    assert versions_of(pair).newer == {"fire 2021.md": "fire 2023.md"}
    assert versions_of([*pair, *footer]).newer == {}


def test_a_big_corpus_is_sampled_and_finds_the_same_editions(monkeypatch: pytest.MonkeyPatch):
    corpus = []
    for name in ("fire", "flood", "storm", "theft"):
        text = " ".join(f"{name}{number}" for number in range(600))
        corpus += [document(f"{name} {year}.md", f"{text} limit {year}") for year in (2021, 2023)]
    every = versions_of(corpus)
    assert len(every.newer) == 4
    monkeypatch.setattr(versions, "MOST_CHARACTERS", sum(len(one.text) for one in corpus) // 10)
    assert versions.sampling_step(corpus) >= 10
    assert versions_of(corpus) == every


def test_what_a_lucky_sample_finds_is_checked_on_all_runs(monkeypatch: pytest.MonkeyPatch):
    shared = " ".join(f"same{number}" for number in range(40))
    own = [" ".join(f"own{start + number}" for number in range(400)) for start in (0, 1000)]
    pair = [document(f"guide {year}.md", f"{shared} {text}") for year, text in zip((2021, 2023), own, strict=True)]
    common = np.intersect1d(*(runs_of(one.text) for one in pair))
    # As if every sampled run were one of the 36 that both texts hold.
    monkeypatch.setattr(versions, "sampling_step", lambda documents: 7)
    monkeypatch.setattr(versions, "runs_of", lambda text, step=1: common if step == 7 else runs_of(text, step))
    assert version_pairs(pair) == []
    monkeypatch.setattr(versions, "SAME_TEXT", 0.05)
    assert len(version_pairs(pair)) == 1


@given(st.permutations(range(6)))
def test_the_order_of_the_documents_changes_no_family(order: list[int]):
    corpus = [edition(f"{name} {year}.md", year) for name in ("fire", "flood") for year in (2021, 2023, 2025)]
    found = {family.doc_ids for family in families(*(corpus[position] for position in order))}
    assert found == {family.doc_ids for family in families(*corpus)}


def test_copies_are_told_by_words_alone():
    corpus = [document("a.md", "One two."), document("b.md", "one TWO"), document("c.md", ""), document("d.md", "--")]
    assert versions_of(corpus).copies == {"b.md"}
