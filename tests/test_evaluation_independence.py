"""Who wrote the questions beside who wrote the prompts (E-17)."""

from dataclasses import replace

import pytest
from fabricated_case import EMPTY, check, commit, evals, item
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluation.independence import same_person, written_apart
from workbench.records import Repository, Source

PROMPTS = commit(1, "Ada Builder <ada.builder@example.com>", "prompts/answer.md", "app/main.py")


def case_of(*authors: str | None, commits=(PROMPTS,)):
    items = [item(number, author=author) for number, author in enumerate(authors, 1)]
    return replace(EMPTY, evals=evals(*items), repository=Repository(("repo/app.py",), tuple(commits)))


def test_e17_is_seen_when_the_prompt_authors_wrote_the_questions():
    found = check(written_apart, case_of(*["Ada Builder"] * 10), "seen", "0 of 10", "written by Ada Builder")
    assert found.sources == (Source("evals/set.jsonl", "line 1"), Source("repo/git-log.txt", "commit 0000010"))


def test_e17_is_clean_when_somebody_who_never_wrote_code_wrote_a_tenth():
    found = check(written_apart, case_of(*["Ada Builder"] * 9, "Mo Expert"), "clean", "1 of 10 (10 %)", "Mo Expert")
    assert found.quality == 1.0
    check(written_apart, case_of(*["Ada Builder"] * 19, "Mo Expert"), "seen", "1 of 20")


def test_e17_weighs_less_where_the_others_are_developers_too():
    code = commit(2, "Ben Coder <ben@example.com>", "app/search.py")
    found = check(written_apart, case_of(*["Ben Coder"] * 12, commits=(PROMPTS, code)), "clean", "committed code")
    assert found.quality == 0.5


def test_e17_asks_the_history_where_items_name_nobody():
    by_hand = commit(3, "Mo Expert <mo@example.com>", "eval/golden_set.jsonl")
    found = check(written_apart, case_of(None, None, commits=(PROMPTS, by_hand)), "clean", "Mo Expert")
    assert found.sources[0] == Source("repo/git-log.txt", "commit 0000030")


def test_e17_counts_both_of_two_authors_of_an_item():
    check(written_apart, case_of(*["Ada Builder; Mo Expert"] * 6), "clean", "6 of 12")


@pytest.mark.parametrize(
    ("authors", "commits", "said"),
    [
        (["Mo Expert"], (), "Who wrote the prompts is not known"),
        ([None], (PROMPTS,), "say who wrote them"),
        (["[email] 3f2a9c1b"], (PROMPTS,), "masked or no people"),
        (["gpt-4.1 synthesised"], (PROMPTS,), "masked or no people"),
        (["Mo Expert"], (commit(1, "Ada Builder", "app/prompting_guide.md"),), "is not known"),
    ],
)
def test_e17_is_unknown_where_people_cannot_be_compared(authors, commits, said):
    check(written_apart, case_of(*authors, commits=commits), "unknown", said)


@pytest.mark.parametrize(
    ("name", "author", "same"),
    [
        ("ada builder", "Ada Builder <x@example.com>", True),
        ("Builder, Ada", "Ada Builder", True),
        ("abuilder", "Ada Builder <x@example.com>", True),
        ("ada.builder@example.com", "A. B. <ada.builder@other.example>", True),
        ("Ada Burns", "Ada Builder", False),
        ("", "Ada Builder", False),
    ],
)
def test_names_are_matched_in_their_usual_forms(name, author, same):
    assert same_person(name, author) is same


NAMES = st.tuples(*[st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=8)] * 2).map(" ".join)


@given(NAMES)
def test_everyone_is_the_same_person_as_themselves(name):
    assert same_person(name, name)
    assert same_person(name.upper(), f"{name} <someone@example.com>")
