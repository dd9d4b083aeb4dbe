"""Probe queries on corpora small enough to see which title, heading and sentence must be chosen."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.ingest.corpus.chunking import chunk_all
from workbench.records import Document, Section, Source
from workbench.retrieval.probes import KEPT_WORDS, ProbeSet, probes_of
from workbench.retrieval.telling import LONGEST_PROBE, is_fit, says_something, sentences, words_of

STORM = "The storm tore many slates from the chapel roof. It was a cold day and people came to see it all."
LEAK = "Water ran from a burst pipe behind the kitchen wall. It was a cold day and people came to look on."


def document(doc_id: str, text: str, title: str | None = None, headings: Sequence[str] = ()) -> Document:
    sections = tuple(Section(0, (heading,)) for heading in headings)
    return Document(doc_id, title or doc_id, text, Source(f"corpus/{doc_id}"), sections=sections)


def probed(*documents: Document, sample: int = 300, seed: int = 0) -> ProbeSet:
    return probes_of(documents, chunk_all(documents), sample=sample, seed=seed)


def texts(found: ProbeSet) -> dict[str, str]:
    return {probe.probe_id: probe.text for probe in found.probes}


def test_a_document_is_probed_by_title_heading_and_the_words_of_its_most_telling_sentence() -> None:
    found = probed(
        document("a", STORM, "Damage to chapels", ["Slates after storms"]),
        document("b", LEAK, "Escape of water"),
    )
    assert texts(found) == {
        "title::a": "Damage to chapels",
        "heading::a": "Slates after storms",
        "sentence::a": "storm tore many slates from chapel roof",
        "title::b": "Escape of water",
        "sentence::b": "Water ran burst pipe behind kitchen wall",
    }
    assert (found.documents, found.drawn, found.without_probe) == (2, 2, ())
    assert [query.query_id for query in found.queries()] == list(texts(found))


def test_a_sentence_is_never_asked_for_word_by_word_when_it_is_longer_than_the_probe() -> None:
    found = texts(probed(document("a", STORM), document("b", LEAK)))["sentence::a"]
    assert len(found.split()) <= KEPT_WORDS
    assert found not in STORM


def test_words_a_document_returns_to_tell_more_than_rare_words_it_says_once() -> None:
    about_roofs = (
        "Qwertz Asdfgh Yxcvbn tried once upon another morning hour. Slates on the chapel roof were torn off by wind. "
        "Slates, roof, chapel: slates of the roof of the chapel."
    )
    assert "slates" in texts(probed(document("a", about_roofs), document("b", LEAK)))["sentence::a"].casefold()


@pytest.mark.parametrize(
    "title", ["scan0001", "Document1", "untitled", "Microsoft Word - Document1.docx", "162428-0-349", "", "the of and"]
)
def test_titles_that_say_nothing_are_left_out_and_counted(title: str) -> None:
    found = probes_of([document("a", STORM, title)], chunk_all([document("a", STORM, title)]), seed=0)
    assert "title::a" not in texts(found)
    assert found.left_out["title says nothing"] == 1


def test_a_title_of_two_documents_is_left_out_unless_they_are_copies() -> None:
    shared = probed(document("a", STORM, "Monthly claims report"), document("b", LEAK, "Monthly Claims Report"))
    assert not [probe for probe in shared.probes if probe.kind == "title"]
    assert shared.left_out["title shared by several documents"] == 2
    copied = probed(
        document("a", STORM, "Monthly claims report"), document("b", STORM.upper(), "Monthly claims report")
    )
    assert {probe.doc_id for probe in copied.probes if probe.kind == "title"} == {"a", "b"}
    assert copied.copies == {"a": frozenset("ab"), "b": frozenset("ab")}


def test_reports_of_two_years_have_two_titles() -> None:
    found = probed(document("a", STORM, "Claims report 2023"), document("b", LEAK, "Claims report 2024"))
    assert {"title::a", "title::b"} <= texts(found).keys()


def test_headings_of_several_documents_and_those_around_pages_are_left_out() -> None:
    found = probed(
        document("a", STORM, "One title here", ["1. General exclusions apply", "Header and footer"]),
        document("b", LEAK, "Other title there", ["2. General exclusions apply"]),
    )
    assert not [probe for probe in found.probes if probe.kind == "heading"]
    assert found.left_out["no heading that stands in it alone"] == 2


def test_a_heading_that_repeats_the_title_is_no_second_probe() -> None:
    found = probed(document("a", STORM, "Damage to chapels", ["Damage to chapels"]))
    assert "heading::a" not in texts(found)


def test_boilerplate_is_never_asked_for() -> None:
    notice = "This confidential paper remains property of Calder Mutual underwriting syndicate.\n"
    found = texts(probed(document("a", notice + STORM), document("b", notice + LEAK)))
    assert "Calder" not in found["sentence::a"] + found["sentence::b"]
    alone = texts(probed(document("a", notice + "Nothing else."), document("b", notice + "Nothing more.")))
    assert alone == {}


def test_copies_do_not_make_their_own_sentences_boilerplate() -> None:
    found = probed(document("a", STORM), document("b", STORM), document("c", LEAK))
    assert texts(found)["sentence::a"] == texts(found)["sentence::b"]


@pytest.mark.parametrize(
    "row",
    [
        "P012 | Penrudden Construction | building | Midlands | East | 4 days",
        "10 20 30 40 50 60 70 80 90 100 110",
        "Smith Jones Brown Taylor Wilson Evans Thomas Roberts",
        "Contents .......... 12 and then some more words here",
        "one two three four five",
        " ".join(["word"] * 31),
    ],
)
def test_rows_lists_and_fragments_are_no_sentences(row: str) -> None:
    assert not is_fit(row, words_of(row))


def test_wrapped_lines_are_one_sentence_and_labels_of_a_record_are_cut_off() -> None:
    text = "The roof was torn\noff by a storm.\nanswer: Within five days.\n\nNext"
    assert list(sentences(text)) == ["The roof was torn\noff by a storm.", "Within five days.", "Next"]


def test_a_script_without_spaces_is_asked_for_by_its_sentence() -> None:
    text = "水漏れの原因は台所の壁の裏にある古い配管でした。次の文はもっと短いものです。"
    found = texts(probed(document("a", text, "水漏れの報告書"), document("b", LEAK)))
    assert found["title::a"] == "水漏れの報告書"
    assert found["sentence::a"] in text


def test_a_sample_is_uniform_in_size_kept_in_corpus_order_and_the_same_for_the_same_seed() -> None:
    corpus = [document(f"d{number:02}", f"{STORM} Case number{number} concerns item{number}.") for number in range(40)]
    found = probed(*corpus, sample=10, seed=3)
    assert (found.documents, found.drawn) == (40, 10)
    doc_ids = list(dict.fromkeys(probe.doc_id for probe in found.probes))
    assert doc_ids == sorted(doc_ids)
    assert found == probed(*corpus, sample=10, seed=3)
    assert found != probed(*corpus, sample=10, seed=4)


def test_documents_without_text_are_not_drawn_and_those_without_a_probe_are_named() -> None:
    found = probed(document("empty", ""), document("short", "Yes."), document("a", STORM))
    assert (found.documents, found.drawn, found.without_probe) == (2, 2, ("short",))
    assert found.left_out["no sentence fit to ask for"] == 1


def test_no_documents_or_a_sample_of_none_give_no_probes() -> None:
    assert probed() == ProbeSet((), 0, 0)
    assert probed(document("a", STORM), sample=0).probes == ()
    with pytest.raises(ValueError, match="sample must be 0 or more"):
        probed(document("a", STORM), sample=-1)


def test_a_title_of_any_length_is_cut_between_words() -> None:
    found = texts(probed(document("a", STORM, "very long title " * 5_000)))["title::a"]
    assert len(found) <= LONGEST_PROBE
    assert found.endswith(("very", "long", "title"))


hostile = st.text(alphabet=st.sampled_from("abcdefgh ABC.?!\n\f\t|;:0123456789äß水漏れ。\u200b'-_"), max_size=400)


@given(st.lists(st.tuples(hostile, hostile, hostile), max_size=6), st.integers(0, 5), st.integers(0, 3))
def test_probes_of_any_text_are_bounded_and_belong_to_a_document_that_was_drawn(
    contents: list[tuple[str, str, str]], sample: int, seed: int
) -> None:
    corpus = [document(f"d{n}", text, title, [heading]) for n, (title, heading, text) in enumerate(contents)]
    found = probed(*corpus, sample=sample, seed=seed)
    assert found == probed(*corpus, sample=sample, seed=seed)
    assert all(0 < len(probe.text) <= LONGEST_PROBE for probe in found.probes)
    assert {probe.doc_id for probe in found.probes} <= {one.doc_id for one in corpus}
    assert len({probe.probe_id for probe in found.probes}) == len(found.probes)
    with_probe = len({probe.doc_id for probe in found.probes})
    assert with_probe + len(found.without_probe) == found.drawn == min(sample, found.documents)


@given(hostile)
def test_a_name_of_two_plain_words_says_something(noise: str) -> None:
    assert says_something(f"{noise} chimney insurance")
