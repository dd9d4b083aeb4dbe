from dataclasses import replace

import pytest
from fabricated_case import EMPTY, check, document, evals, got, item, line, log

from workbench.evaluation import eval_set, leakage
from workbench.evaluation.chunk_overlap import copied
from workbench.records import Passage, Repository

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
    check(eval_set.duplicates, no_log, "clean", "0 of 20 (0 %) evaluation questions nearly repeat an earlier one.")
