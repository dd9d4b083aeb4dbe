import re
from dataclasses import replace

import numpy as np
import pytest
from fabricated_case import EMPTY, check, document, evals, got, item, line, log
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluation import eval_set, leakage
from workbench.evaluation import near_questions as near_module
from workbench.evaluation.chunk_overlap import copied
from workbench.evaluation.near_questions import Texts, may_say_the_same, near_questions, nearest, repeated_wordings
from workbench.records import NearQuestions, NearText, Passage, Repository, Source

QUESTION = "what does the policy pay for a hire car after a theft"
LONG = "when the insured has let the house for more than sixty days in one year does cover for malicious damage by a tenant end"


@pytest.fixture
def repository(tmp_path):
    """Writes files below repo/ and gives a case with them and thirty questions, one of them `QUESTION`."""

    def write(**files):
        paths = []
        for name, text in files.items():
            path = f"repo/{name.replace('__', '/').replace('_dot_', '.')}"
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
            paths.append(path)
        items = [item(n, f"entirely different question about subject{n} number {n}") for n in range(29)]
        return replace(
            EMPTY,
            root=str(tmp_path),
            repository=Repository(tuple(paths)),
            evals=evals(item(30, QUESTION), *items),
        )

    return write


def test_e07_is_seen_where_a_question_stands_in_a_prompt(repository):
    inputs = repository(
        prompts__answer_dot_md="You help.\n\nExample:\nQ: What does the policy pay\nfor a hire car, after a theft?\n"
    )
    # 1 of 30: share 0.033 over 0.02, but its interval begins at 0.006, under 0.01.
    check(leakage.leaked_questions, inputs, "unknown", "1 of 30", "too few to tell")
    more = replace(inputs, evals=evals(*(item(n, QUESTION) for n in range(5)), *inputs.evals.items))
    found = check(leakage.leaked_questions, more, "seen", "6 of 35 (17 %)", "repo/prompts/answer.md")
    assert (found.sources[0].path, found.sources[0].locator) == ("repo/prompts/answer.md", "line 4")


def test_thirteen_words_in_a_row_are_enough(repository):
    told = LONG.split()
    inputs = repository(prompts__p1_dot_txt="Remember that " + " ".join(told[4:17]) + " or not")
    found = leakage.leaked_questions(replace(inputs, evals=evals(item(1, LONG))))
    assert found.finding.startswith("1 of 1")
    twelve = repository(prompts__p1_dot_txt="Remember that " + " ".join(told[4:16]) + " or not")
    check(leakage.leaked_questions, replace(twelve, evals=evals(item(1, LONG))), "clean", "0 of 1")


def test_two_words_that_stand_in_any_prompt_are_no_leak(repository):
    inputs = repository(prompts__p1_dot_txt="Name the excess limit of each policy.")
    check(leakage.leaked_questions, replace(inputs, evals=evals(item(1, "excess limit"))), "clean", "0 of 1")


def test_a_question_within_longer_words_is_no_leak(repository):
    inputs = repository(prompts__p1_dot_txt="repay for a hire car after a theftproof")
    check(leakage.leaked_questions, replace(inputs, evals=evals(item(1, "pay for a hire car after a theft"))), "clean")


def test_a_prompt_within_code_is_found_by_what_it_says(repository):
    inputs = repository(app__answer_dot_py=f'MESSAGES = [{{"role": "system", "content": "Be brief. {QUESTION}"}}]')
    assert "1 of 30" in leakage.leaked_questions(inputs).finding


def test_the_eval_set_itself_and_tests_are_no_prompts(repository):
    inputs = repository(
        eval__golden_set_dot_jsonl=QUESTION, tests__test_prompt_dot_py=f"role: user {QUESTION}", README_dot_md=QUESTION
    )
    check(leakage.leaked_questions, inputs, "unknown", "No prompt was found among 3 files")


def test_e07_is_unknown_without_set_repository_or_files(repository):
    check(leakage.leaked_questions, EMPTY, "unknown", "No evaluation set")
    check(leakage.leaked_questions, replace(EMPTY, evals=evals(item(1))), "unknown", "repository was not handed over")
    gone = replace(EMPTY, evals=evals(item(1)), repository=Repository(("repo/prompts/a.md",)))
    check(leakage.leaked_questions, gone, "unknown", "No prompt was found")


def test_a_prompt_outside_the_case_is_not_read(tmp_path):
    (tmp_path / "secret.md").write_text(QUESTION)
    case = tmp_path / "case"
    (case / "repo/prompts").mkdir(parents=True)
    (case / "repo/prompts/a.md").symlink_to(tmp_path / "secret.md")
    inputs = replace(
        EMPTY, root=str(case), evals=evals(item(1, QUESTION)), repository=Repository(("repo/prompts/a.md",))
    )
    check(leakage.leaked_questions, inputs, "unknown", "No prompt was found")


def rule(number: int) -> str:
    """A sentence of a document: every pair of its words is its own."""
    return " ".join(f"r{number}x{place}" for place in range(12))


def passages(count: int) -> tuple[Passage, ...]:
    return tuple(Passage(f"d{n}#0", f"d{n}", rule(n), 0, len(rule(n))) for n in range(count))


def asked_in_own_words(count: int):
    """Logged questions: two neighbouring words of a rule among six, so one pair of five in common with it."""
    return log(*(line(n, f"tell q{n}a q{n}b about r{n}x1 r{n}x2", retrieved=got(f"d{n}")) for n in range(count)))


def documents(count: int):
    return tuple(document(f"d{n}", rule(n)) for n in range(count))


def test_items_written_from_the_text_share_more_than_people_do():
    written = [item(n, " ".join(rule(n).split()[2:9]), reference_doc_ids=(f"d{n}",)) for n in range(20)]
    own = [item(100 + n, f"say v{n}a v{n}b of r{n}x4 r{n}x5", reference_doc_ids=(f"d{n}",)) for n in range(20)]
    inputs = replace(EMPTY, documents=documents(40), passages=passages(40), log=asked_in_own_words(40))
    mixed = replace(inputs, evals=evals(*written, *own))
    found = copied(mixed)
    # Written: six of six pairs; logged and own: one of five.
    assert (found.copies, found.n, found.queries) == (20, 40, 40)
    assert (found.usual, found.limit) == (pytest.approx(0.2), pytest.approx(0.2))
    assert {one.item_id for one in found.examples} == {f"q{n}" for n in range(20)}
    seen = check(eval_set.duplicates, mixed, "seen", "20 of 40 (50 %)", "share more phrases")
    assert seen.value.value == pytest.approx(0.5)
    check(eval_set.duplicates, replace(inputs, evals=evals(*own)), "clean", "0 of 20 (0 %) questions share more")


def test_a_wrong_search_does_not_make_items_look_copied():
    # The log retrieved other documents; people's questions are held against every passage all the same.
    astray = log(
        *(line(n, "tell me " + " ".join(rule(n).split()[:5]), retrieved=got("d39", text="nothing")) for n in range(30))
    )
    items = [item(n, "tell us " + " ".join(rule(n).split()[:5]), reference_doc_ids=(f"d{n}",)) for n in range(30)]
    inputs = replace(EMPTY, documents=documents(40), passages=passages(40), log=astray, evals=evals(*items))
    assert copied(inputs).copies == 0


def test_without_log_references_or_corpus_the_second_half_of_e08_is_silent():
    items = evals(*(item(n, " ".join(rule(n).split()[2:9]), reference_doc_ids=(f"d{n}",)) for n in range(20)))
    no_log = replace(EMPTY, documents=documents(20), passages=passages(20), evals=items)
    assert "fewer than 30 logged questions" in copied(no_log)
    assert "names a document" in copied(replace(EMPTY, log=asked_in_own_words(40), evals=items))
    check(
        eval_set.duplicates,
        no_log,
        "clean",
        "0 of 20 (0 %) evaluation questions nearly repeat an earlier one, by words alone.",
    )


# ---------------------------------------------------------------- near by vectors

DIMENSIONS = 8


def unit(direction: int, aside: float = 0.0) -> np.ndarray:
    """A unit vector along one axis, turned towards the next so that its cosine with the axis is sqrt(1 - aside**2)."""
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vector[direction], vector[(direction + 1) % DIMENSIONS] = np.sqrt(1 - aside**2), aside
    return vector


def texts(told, vectors, path="p.md"):
    return Texts(told, [Source(path, f"line {n}") for n in range(len(told))], np.array(vectors, dtype=np.float32))


NOTHING = texts([], np.empty((0, DIMENSIONS)))


def near(items, vectors, prompts=NOTHING):
    return near_questions(items, np.array(vectors, dtype=np.float32), prompts, "tiny")


REWORDED = ("Who pays for the hire car after a theft?", "After my car was stolen, is the rental covered?")
OTHERS = [f"a question on subject{n} alone, number {n}" for n in range(29)]


def test_a_paraphrase_that_words_miss_is_found_by_vectors():
    items = [item(n, question) for n, question in enumerate(REWORDED)]
    assert repeated_wordings(items) == []
    # Cosine 0.98 is above 0.95; 0.9 is not.
    found = near(items, [unit(0), unit(0, np.sqrt(1 - 0.98**2))])
    assert [(one.question, one.other, one.cosine) for one in found.repeats] == [(1, 0, pytest.approx(0.98, abs=1e-4))]
    assert near(items, [unit(0), unit(0, np.sqrt(1 - 0.9**2))]).repeats == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Does cold raise BAT recruitment?", "Does cold lower BAT recruitment?", False),  # opposites
        ("What is the excess under H-101?", "What is the excess under H-102?", False),  # other numbers
        ("How do I order a card?", "How can I order a card?", True),  # a short word
        ("Why was my transfer declined?", "Why was my transfer declining?", True),  # the same stem
        ("Why was my card refused in the shop?", "My card was not accepted in the shop, why?", True),
    ],
)
def test_near_vectors_are_overruled_by_other_numbers_and_by_one_swapped_long_word(one, other, same):
    assert may_say_the_same(one, other) is same
    found = near([item(1, one), item(2, other)], [unit(0), unit(0)])
    assert len(found.repeats) == int(same)


def test_the_nearest_text_that_may_say_the_same_is_taken_where_the_nearest_may_not():
    asked = texts(["Does cold raise recruitment?"], [unit(0)])
    others = texts(["Does cold lower recruitment?", "Is recruitment raised by the cold?"], [unit(0), unit(0, 0.1)])
    assert [one.other for one in nearest(asked, others)] == [1]


def test_questions_are_held_against_the_other_part_alone():
    items = [
        item(0, REWORDED[0], held_out=False),
        item(1, REWORDED[1], held_out=True),
        item(2, "Is a rental covered once my car has been stolen?", held_out=True),
        item(3, "Can a stolen car be replaced by a rental one?"),
    ]
    found = near(items, [unit(0)] * 4)
    assert [(one.question, one.other) for one in found.tuned] == [(1, 0), (2, 0)]
    assert [one.question for one in found.repeats] == [1, 2, 3]


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_blocks_find_what_the_whole_matrix_shows(seed, cells):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(4, DIMENSIONS))
    vectors = centres[rng.integers(0, 4, 25)] + 0.15 * rng.normal(size=(25, DIMENSIONS))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    told = texts([f"{'abcdefghijklmnopqrstuvwxyz'[n] * 3} of its own" for n in range(25)], vectors)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_module, "CELLS", cells)
        found = {one.question: one.cosine for one in nearest(told, told, before=True)}
    whole = np.tril(vectors @ vectors.T, -1)
    # Products of blocks differ from those of the whole in the last bits.
    clear = {n: float(row.max()) for n, row in enumerate(whole) if abs(row.max() - near_module.NEAR) > 1e-5}
    assert {n for n in clear if n in found} == {n for n, best in clear.items() if best > near_module.NEAR}
    assert all(found[n] == pytest.approx(best, abs=1e-3) for n, best in clear.items() if n in found)


def split_case(held: int, reworded: int):
    """`held` questions held out, the first `reworded` of which say what one of thirty for tuning says, in other words."""
    tune = [item(n, f"tell me of topic{n}x at once", held_out=False) for n in range(30)]
    out = [item(100 + n, f"something on topic{n}x I should know, please", held_out=True) for n in range(held)]
    pairs = tuple(NearText(30 + n, 0.97, tune[n].source, n) for n in range(reworded))
    return replace(EMPTY, evals=evals(*tune, *out)), NearQuestions("tiny", 0.95, 30 + held, tuned=pairs)


def test_e07_is_seen_where_held_out_questions_are_tuned_on_in_other_words():
    inputs, found = split_case(20, 5)
    check(leakage.leaked_questions, inputs, "clean", "0 of 20 (0 %) held-out questions", "by words alone.")
    seen = check(
        leakage.leaked_questions,
        replace(inputs, near=found),
        "seen",
        "5 of 20 (25 %) held-out questions nearly repeat one of the 30 questions for tuning, 5 of them in other words"
        ' (cosine above 0.95 with tiny, as "something on topic0x I should know, please" and "tell me of topic0x at once").',
    )
    # Another question of the set first, then the held-out one that says the same.
    assert [source.locator for source in seen.sources[:3]] == ["line 0", "line 100", "line 1"]


def test_e07_says_why_words_alone_were_compared():
    inputs, _ = split_case(20, 0)
    without = replace(inputs, near=NearQuestions(reason="there is no encoder"))
    check(leakage.leaked_questions, without, "clean", "for tuning, by words alone (there is no encoder).")
    both = replace(inputs, near=NearQuestions("tiny", 0.95, 50))
    check(leakage.leaked_questions, both, "clean", "for tuning, by words and by meaning.")


def test_a_wording_of_the_tuning_part_is_found_without_vectors():
    tune = [item(n, f"what does policy{n}x pay for a hire car", held_out=False) for n in range(10)]
    out = [item(100 + n, f"What does policy{n}x pay for a hire car?", held_out=True) for n in range(10)]
    check(
        leakage.leaked_questions,
        replace(EMPTY, evals=evals(*tune, *out)),
        "seen",
        "10 of 10 (100 %) held-out questions",
    )


def test_a_set_without_a_held_out_part_is_not_split():
    unmarked = replace(EMPTY, evals=evals(*(item(n, QUESTION) for n in range(3))))
    marked = replace(EMPTY, evals=evals(*(item(n, QUESTION, held_out=True) for n in range(3))))
    for inputs in (unmarked, marked):
        found = check(leakage.leaked_questions, inputs, "unknown", "repository was not handed over")
        assert "held-out" not in found.finding


def test_e07_counts_a_line_of_a_prompt_that_says_the_same_in_other_words(repository):
    inputs = repository(prompts__p1_dot_md='Examples:\n\nQ: "After a theft, who pays for the rental car?"\nA: We do.\n')
    ((line_text, place),) = leakage.prompt_lines(inputs)
    assert (line_text, place.locator) == ("After a theft, who pays for the rental car?", "line 3")
    found = near_questions(
        inputs.evals.items,
        np.array([unit(0), *([unit(3)] * 29)], dtype=np.float32),
        texts([line_text], [unit(0, 0.1)], path="repo/prompts/p1.md"),
        "tiny",
    )
    assert [one.question for one in found.prompted] == [0]
    more = replace(
        inputs, near=replace(found, prompted=tuple(replace(found.prompted[0], question=n) for n in range(6)))
    )
    check(
        leakage.leaked_questions,
        more,
        "seen",
        "6 of 30 (20 %)",
        "6 of them in other words (cosine above 0.95 with tiny)",
    )


def test_a_long_question_is_quoted_in_part():
    inputs, found = split_case(20, 5)
    long = replace(inputs.evals.items[30], question="why " * 100)
    items = (*inputs.evals.items[:30], long, *inputs.evals.items[31:])
    told = leakage.leaked_questions(replace(inputs, evals=evals(*items), near=found)).finding
    assert f'as "{("why " * 100)[:79]}…"' in told


def test_e08_counts_rewordings_beside_repeated_wordings():
    items = [item(n, question) for n, question in enumerate((*OTHERS, *REWORDED))]
    inputs = replace(EMPTY, evals=evals(*items, item(50, OTHERS[0].upper())))
    check(eval_set.duplicates, inputs, "clean", "1 of 32 (3 %)", "by words alone")
    pairs = tuple(NearText(n, 0.96, items[0].source, 0) for n in (*range(1, 6), 30, 31))
    found = check(
        eval_set.duplicates,
        replace(inputs, near=NearQuestions("tiny", 0.95, 32, repeats=pairs)),
        "seen",
        "7 of 32 (22 %)",
    )
    # Question 31 repeats a wording and is near by vectors: counted once, among the wordings.
    assert "6 of them in other words" in found.finding


@given(st.lists(st.text("ab c1", min_size=1, max_size=14), max_size=25))
def test_repeated_wordings_are_those_a_comparison_of_all_pairs_finds(questions):
    def told(text):
        plain = " ".join(re.findall(r"[^\W_]+", text))
        runs = {plain[start : start + 4] for start in range(max(1, len(plain) - 3))}
        return runs, {word for word in plain.split() if "1" in word}

    sides = [told(question) for question in questions]
    expected = [
        place
        for place, (runs, numbers) in enumerate(sides)
        if any(numbers == other and len(runs & seen) >= 0.8 * len(runs | seen) for seen, other in sides[:place])
    ]
    assert repeated_wordings([item(n, question) for n, question in enumerate(questions)]) == expected
