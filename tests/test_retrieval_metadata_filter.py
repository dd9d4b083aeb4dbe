"""Filters read from questions: what is recognised, what is left alone, and which documents a filter leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.records import Document, DocumentDate, Source
from workbench.retrieval.metadata_filter import Condition, Filter, MetadataFilter


def document(
    doc_id: str, text: str = "Some words.", title: str = "", on: date | None = None, **metadata: str
) -> Document:
    return Document(doc_id, title or doc_id, text, Source(f"corpus/{doc_id}"), updated_on=on, metadata=metadata)


def products() -> list[Document]:
    return [
        document("a", "The excess of this cover is 100.", product="Home Plus"),
        document("b", "The limit of Home Plus is 500.", product="Home Plus"),
        document("c", "The limit is 900.", product="TradeGuard"),
        document("d", "TradeGuard has an excess of 50. It is dearer than Home Plus.", product="TradeGuard"),
        document("e", "What we pay for."),
    ]


def years() -> list[Document]:
    return [
        document("reports/losses 2022.pdf", "Losses of the year."),
        document("reports/summary 2022.pdf", "A summary."),
        document("reports/losses.pdf", "Losses of the year.", on=date(2023, 5, 1)),
        document("reports/other.pdf", "Losses since 2022 fell.", on=date(2023, 6, 1)),
        document("reports/undated.pdf", "Losses of some year."),
    ]


def test_a_product_in_a_question_leaves_its_documents_those_without_one_and_those_that_name_it() -> None:
    learned = MetadataFilter.of(products())
    assert learned.fields == {"product": ("Home Plus", "TradeGuard")}
    assert learned.allowed_documents("what is the excess of home plus?") == {"a", "b", "d", "e"}
    assert learned.allowed_documents("TradeGuard excess") == {"c", "d", "e"}


def test_a_year_in_a_question_leaves_documents_dated_named_or_speaking_of_it_and_those_without_any_year() -> None:
    learned = MetadataFilter.of(years())
    assert learned.fields == {"year": ("2022", "2023")}
    assert learned.matches("losses in 2022") == Filter((Condition("year", "2022"),))
    assert learned.allowed_documents("losses in 2022") == {
        "reports/losses 2022.pdf",
        "reports/summary 2022.pdf",
        "reports/other.pdf",
        "reports/undated.pdf",
    }


@pytest.mark.parametrize(
    "question",
    [
        "losses before 2022",
        "losses since 2022",
        "losses in 2022 and 2023",
        "what happened on 3 March 2022",
        "losses of £2022",
        "2022 pounds of damage",
        "what does bulletin MB 2022-17 say",
        "letter of 2022-05-01",
        "losses not 2022",
        "losses 2022 vs 2021",
        "compare the losses to those of 2022",
        "policy no. 12022",
        "losses in 1999",
        "losses of the year",
        "",
    ],
)
def test_bounds_dates_amounts_codes_negations_and_comparisons_are_no_year(question: str) -> None:
    learned = MetadataFilter.of(years())
    assert learned.matches(question) is None
    assert learned.allowed_documents(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "is it not home plus?",
        "everything except Home Plus",
        "Home Plus or TradeGuard?",
        "home plusses",
        "a home and a plus",
    ],
)
def test_a_product_that_is_negated_one_of_two_or_only_alike_is_no_filter(question: str) -> None:
    assert MetadataFilter.of(products()).matches(question) is None


def test_the_longer_of_two_names_is_meant() -> None:
    corpus = [document(f"h{n}", product="Home") for n in (1, 2)] + [
        document(f"p{n}", product="Home Plus") for n in (1, 2)
    ]
    learned = MetadataFilter.of(corpus)
    assert learned.allowed_documents("limit of Home Plus") == {"p1", "p2"}
    assert learned.allowed_documents("limit of Home") == {"h1", "h2"}


def test_a_word_that_documents_of_all_kinds_say_is_no_value() -> None:
    corpus = [document(f"h{n}", "Your home.", product="Home") for n in range(2)]
    corpus += [document(f"m{n}", "Drive home safely.", product="Motor") for n in range(5)]
    assert MetadataFilter.of(corpus).fields == {"product": ("Motor",)}


def test_short_values_count_only_as_they_are_written() -> None:
    corpus = [document(f"i{n}", team="IT") for n in range(2)] + [document(f"p{n}", team="Pensions") for n in range(2)]
    learned = MetadataFilter.of(corpus)
    assert learned.matches("how is it paid") is None
    assert learned.matches("IT holidays") is None  # "it" is a stop word, so the value is none at all
    corpus = [document(f"i{n}", team="HMO") for n in range(2)] + [document(f"p{n}", team="Pensions") for n in range(2)]
    learned = MetadataFilter.of(corpus)
    assert learned.matches("HMO holidays") == Filter((Condition("team", "HMO"),))
    assert learned.matches("hmo holidays") is None


def test_a_value_of_two_fields_is_ambiguous() -> None:
    corpus = [document(f"motor/{n}.txt", product="Motor") for n in range(2)]
    corpus += [document(f"home/{n}.txt", product="Home") for n in range(2)]
    learned = MetadataFilter.of(corpus)
    assert set(learned.fields) == {"folder", "product"}
    assert learned.matches("motor excess") is None


def test_folders_are_a_field_but_not_those_named_after_a_kind_of_paper() -> None:
    corpus = [document(f"policies/motor/{n}.txt") for n in range(2)] + [
        document(f"forms/landlord/{n}.txt") for n in range(2)
    ]
    assert MetadataFilter.of(corpus).fields == {"folder": ("landlord", "motor")}


def test_two_conditions_must_both_hold_and_a_filter_that_leaves_nothing_is_not_applied() -> None:
    corpus = [document(f"a{n}", on=date(2022, 1, 1), product="Alpha") for n in range(2)]
    corpus += [document(f"b{n}", on=date(2023, 1, 1), product="Beta") for n in range(2)]
    learned = MetadataFilter.of(corpus)
    assert learned.allowed_documents("Alpha in 2022") == {"a0", "a1"}
    assert learned.matches("Alpha in 2022") == Filter((Condition("year", "2022"), Condition("product", "Alpha")))
    assert learned.matches("Alpha in 2023") is not None
    assert learned.allowed_documents("Alpha in 2023") is None


@pytest.mark.parametrize(
    "metadata",
    [
        {"author": "Alpha"},
        {"kind": "alpha"},
        {"product": "Alpha " * 10},
        {"product": "12"},
        {"product": "claim form"},
    ],
)
def test_authors_kinds_long_values_numbers_and_words_of_the_office_are_no_fields(metadata: Mapping[str, str]) -> None:
    other = {name: "Beta" for name in metadata if name in {"author", "kind"}}
    corpus = [document(f"a{n}", **metadata) for n in range(2)] + [document(f"b{n}", **other) for n in range(2)]
    assert MetadataFilter.of(corpus).matches(f"{next(iter(metadata.values()))} excess") is None


def test_a_field_that_few_documents_have_or_whose_values_are_all_different_is_left_alone() -> None:
    rare = [document("a", product="Alpha"), document("b", product="Alpha"), *(document(f"c{n}") for n in range(3))]
    assert MetadataFilter.of(rare).fields == {}
    own = [document(f"d{n}", product=f"Product {n}x") for n in range(10)]
    assert MetadataFilter.of(own).fields == {}


def test_the_spelling_of_a_value_does_not_matter() -> None:
    corpus = [document("a", product="Home-Plus"), document("b", product="home plus"), document("c", product="Motor")]
    learned = MetadataFilter.of([*corpus, document("d", product="Motor")])
    assert learned.allowed_documents("HOME PLUS limit") == {"a", "b"}


def test_two_digits_of_a_name_and_years_between_two_named_ones_keep_a_document() -> None:
    corpus = [
        document("w/HO-W-21.pdf", "Wording.", on=date(2020, 11, 1)),
        document("w/range.pdf", "From 2020 to 2023.", on=date(2019, 1, 1)),
        document("w/far.pdf", "Since 1998 and 2024.", on=date(2019, 1, 1)),
        document("w/one 2021.pdf", "One."),
        document("w/two 2021.pdf", "Two."),
    ]
    left = MetadataFilter.of(corpus).allowed_documents("excess in 2021")
    assert left == {"w/HO-W-21.pdf", "w/range.pdf", "w/one 2021.pdf", "w/two 2021.pdf"}


def test_the_time_of_the_file_itself_is_no_year() -> None:
    copied = (DocumentDate(date(2022, 1, 1), "file", "modified"),)
    corpus = [Document(f"d{n}", "", "Text.", Source("x"), dates=copied) for n in range(3)]
    assert MetadataFilter.of([*corpus, document("e.txt", on=date(2023, 1, 1))]).fields == {}


def test_no_documents_and_documents_without_facts_give_no_filter() -> None:
    assert MetadataFilter.of([]).allowed_documents("Alpha in 2022") is None
    assert MetadataFilter.of([document("a"), document("b")]).fields == {}


hostile = st.text(alphabet=st.sampled_from("aAbB 20129.-_/'\n£#é水"), max_size=40)


@given(
    st.lists(st.tuples(hostile, hostile, st.dictionaries(hostile, hostile, max_size=3)), max_size=6),
    st.lists(hostile, min_size=1, max_size=3),
)
def test_a_filter_never_leaves_nothing_and_never_invents_a_document(
    contents: list[tuple[str, str, dict[str, str]]], questions: list[str]
) -> None:
    corpus = [
        Document(f"{n}/{title}", title, text, Source("x"), metadata=metadata)
        for n, (title, text, metadata) in enumerate(contents)
    ]
    learned = MetadataFilter.of(corpus)
    for question in questions + [text for _, text, _ in contents]:
        left = learned.allowed_documents(question)
        assert left is None or (left and left < {one.doc_id for one in corpus})
