from dataclasses import replace
from datetime import date

import pytest
from fabricated_case import EMPTY, check, document, got, line, lines, log
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.health.versions import versions_of
from workbench.retrieval import symptoms
from workbench.retrieval.answer_support import is_refusal, is_rephrased, is_supported, phrasing_of
from workbench.retrieval.identifiers import holds, identifiers, squeezed
from workbench.retrieval.retrieved_texts import RetrievedTexts, preview_length

WORDING = " ".join(f"clause{n} about matter{n} that the insured must follow" for n in range(30))


def test_every_symptom_is_unknown_on_an_empty_case():
    found = symptoms.observe(EMPTY)
    assert [one.signal for one in found] == list(symptoms.SIGNALS)
    assert {one.status for one in found} == {"unknown"}


def test_area_under_curve_counts_pairs_and_halves_ties():
    # Pairs (3>2), (3>1), (2=2), (2>1): (1 + 1 + 0.5 + 1) / 4.
    assert symptoms.area_under_curve([3, 2], [2, 1]).value == pytest.approx(0.875)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_swapping_the_groups_turns_the_area_round(left, right):
    forward, back = symptoms.area_under_curve(left, right), symptoms.area_under_curve(right, left)
    assert forward.value == pytest.approx(1 - back.value)
    assert 0 <= forward.low <= forward.value <= forward.high <= 1


def scored(liked_scores, disliked_scores):
    liked = [line(n, feedback=1, retrieved=got("d", score=score)) for n, score in enumerate(liked_scores)]
    disliked = [line(100 + n, feedback=-1, retrieved=got("d", score=score)) for n, score in enumerate(disliked_scores)]
    return replace(EMPTY, log=log(*liked, *disliked))


def test_r02_is_seen_when_low_scores_go_with_dislikes():
    high, low = [0.6 + n / 100 for n in range(30)], [0.3 + n / 100 for n in range(30)]
    found = check(symptoms.score_tells, scored(high, low), "seen", "100 % of the time", "30 liked, 30 disliked")
    assert found.sources[0].locator == "line 100"
    check(symptoms.score_tells, scored(high, high), "clean", "50 % of the time")
    check(symptoms.score_tells, scored(high, low[:9]), "unknown", "found 30 and 9")


def test_r02_reads_rising_scores_as_distances():
    def at(number, feedback, first):
        return line(number, feedback=feedback, retrieved=(*got("a", score=first), *got("b", score=first + 0.1)))

    near = [at(n, 1, 0.1 + n / 1000) for n in range(20)]
    far = [at(100 + n, -1, 0.5 + n / 1000) for n in range(20)]
    check(symptoms.score_tells, replace(EMPTY, log=log(*near, *far)), "seen", "100 % of the time")


def test_support_needs_four_fifths_of_the_words_and_every_number():
    context = "The excess for escape of water under the 2021 wording is 250 pounds."
    assert is_supported("Escape of water excess is 250 pounds", context)
    assert not is_supported("Escape of water excess is 500 pounds", context)
    # Content words: subsidence, excess, water, pounds, escape: 4 of 5 are there.
    assert is_supported("subsidence excess water pounds escape", context)
    # 3 of 4 are 75 %.
    assert not is_supported("subsidence excess water pounds", context)


def test_a_refusal_is_no_answer_but_a_declined_cover_is():
    assert is_refusal("I could not find this in the documents.")
    assert not is_refusal("Gradual seepage is not covered under the wording.")


def disliked(answer, count, first=1, doc_id="d", text="the excess is 250 pounds for water damage"):
    return lines(count, first=first, feedback=-1, answer=answer, retrieved=got(doc_id, text=text))


def test_r03_is_seen_when_disliked_answers_only_repeat_their_text():
    repeated = disliked("The excess is 250 pounds.", 30)
    invented = disliked("The excess is 900 pounds.", 10, first=50)
    refused = disliked("I could not find an answer.", 99, first=100)
    found = check(
        symptoms.faithful_but_wrong,
        replace(EMPTY, log=log(*repeated, *invented, *refused)),
        "seen",
        "30 of 40 (75 %)",
        "proxy",
    )
    assert found.quality == 1.0
    check(symptoms.faithful_but_wrong, replace(EMPTY, log=log(*invented)), "clean", "0 of 10")
    check(symptoms.faithful_but_wrong, replace(EMPTY, log=log(*refused)), "unknown")


def test_r03_uses_the_whole_document_at_lower_quality_when_the_log_kept_no_text():
    inputs = replace(EMPTY, log=log(*disliked("The excess is 250 pounds.", 30, text=None)))
    check(symptoms.faithful_but_wrong, inputs, "unknown")
    known = replace(inputs, documents=(document("d", "the excess is 250 pounds"),))
    assert check(symptoms.faithful_but_wrong, known, "seen", "30 of 30").quality == 0.7


def edition(doc_id, *, limit="5000", title="", updated_on=None):
    return document(doc_id, f"{WORDING} limit {limit} pounds", title, updated_on)


def test_editions_are_found_by_year_version_and_short_code():
    corpus = [
        edition("home/HO-W-21_s03_contents.pdf"),
        edition("home/HO-W-23 Section 03 Contents FINAL.docx", limit="7500"),
        document("guide v1.md", "alpha beta gamma delta epsilon zeta eta theta"),
        document("guide v2.md", "alpha beta gamma delta epsilon zeta eta iota"),
    ]
    assert versions_of(corpus).newer == {
        "home/HO-W-21_s03_contents.pdf": "home/HO-W-23 Section 03 Contents FINAL.docx",
        "guide v1.md": "guide v2.md",
    }


def test_papers_with_their_own_numbers_are_no_versions_of_each_other():
    bulletins = [edition("MB 2026-17.md"), edition("MB 2026-18.md", limit="9")]
    sections = [edition("HO-W-21_s03_contents.pdf"), edition("HO-W-23_s04_contents.pdf", limit="9")]
    forms = [
        edition("END-H-101.pdf", updated_on=date(2025, 1, 1)),
        edition("END-H-102.pdf", limit="9", updated_on=date(2026, 1, 1)),
    ]
    for pair in (bulletins, sections, forms):
        assert versions_of(pair).newer == {}


def test_names_alone_make_no_version_when_the_texts_differ():
    pair = [document("guide 2021.md", WORDING), document("guide 2023.md", "wholly other words " * 20)]
    assert versions_of(pair).newer == {}


def test_dates_decide_between_texts_that_are_nearly_equal():
    pair = [
        edition("supplier list.csv", updated_on=date(2026, 3, 1)),
        edition("supplier list (copy).csv", limit="9", updated_on=date(2025, 3, 1)),
    ]
    assert versions_of(pair).newer == {"supplier list (copy).csv": "supplier list.csv"}
    assert versions_of([edition("a.md"), edition("b.md")]).copies == {"b.md"}


def test_r04_counts_returned_documents_with_a_newer_version():
    old = [edition(f"cover{n} 2021.md") for n in range(1)]
    corpus = (
        *old,
        edition("cover0 2023.md", limit="9"),
        *(document(f"other{chr(97 + n)}.md", f"{n}") for n in range(4)),
    )
    asked = [line(n, f"query {n}", retrieved=got(one.doc_id)) for n, one in enumerate(corpus)]
    inputs = replace(EMPTY, documents=corpus, log=log(*asked))
    # 1 of 6 returned documents: 0.167 > 0.10, but the Wilson interval begins at 0.030 < 0.05.
    check(symptoms.outdated, inputs, "unknown", "1 of 6 (17 %)", "too few to tell")
    many = [edition(f"{name} {year}.md", limit=str(year)) for name in ("fire",) for year in (2019, 2021, 2023)]
    inputs = replace(
        EMPTY, documents=tuple(many), log=log(*(line(n, retrieved=got(d.doc_id)) for n, d in enumerate(many)))
    )
    found = check(symptoms.outdated, inputs, "seen", "2 of 3 (67 %)", "2 of 3 (67 %) questions")
    assert found.sources[0].path.startswith("corpus/fire")
    fresh = replace(inputs, log=log(line(1, retrieved=got("fire 2023.md"))))
    check(symptoms.outdated, fresh, "clean", "0 of 1")
    check(symptoms.outdated, replace(inputs, documents=()), "unknown", "cannot be found")


NO_LOG = "(no log: what the assistant returned is not known)"


def test_r04_without_a_log_of_retrieved_documents_looks_at_the_whole_corpus():
    others = [document(f"other{chr(97 + n)}.md", f"{n}") for n in range(24)]
    corpus = (*(edition(f"fire {year}.md", limit=str(year)) for year in range(2019, 2024)), *others)
    inputs = replace(EMPTY, documents=corpus, log=log(line(1)))
    # 4 of 29 documents: 0.138 > 0.10, and the Wilson interval begins at 0.055 > 0.05.
    found = check(symptoms.outdated, inputs, "seen", "4 of 29 (14 %) documents", 'although "fire 2023.md" is there')
    assert found.finding.endswith(f"{NO_LOG}.")
    assert (found.quality, found.n, found.sources[0].path) == (0.5, 29, "corpus/fire 2019.md")
    clean = check(symptoms.outdated, replace(inputs, documents=tuple(others)), "clean", "0 of 24 (0 %) documents")
    assert clean.finding.endswith(f"{NO_LOG}.")
    assert (clean.quality, clean.n) == (0.7, 24)


def test_r04_names_the_newest_version_of_what_was_returned_most_often():
    corpus = tuple(edition(f"fire {year}.md", limit=str(year)) for year in (2019, 2021, 2023))
    inputs = replace(EMPTY, documents=corpus, log=log(*lines(3, retrieved=got("fire 2019.md"))))
    check(symptoms.outdated, inputs, "seen", 'most often "fire 2019.md" although "fire 2023.md" is there')


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("does END-H-114 apply", ("END-H-114",)),
        ("form CF-207b or CF 209a?", ("CF-207b", "CF 209a")),
        ("see MB 2026-17, cl. 4.3(c)", ("MB 2026-17", "4.3(c)")),
        ("claim of £10,000 in 2023 on 2026-03-01", ()),
        ("repair 12.5% over 3 days", ()),
        ("policy PM-W-21 started March 2022", ("PM-W-21",)),
        ("error 40127", ("40127",)),
        ("under 50 pounds and since 2021", ()),
    ],
)
def test_identifiers_are_codes_and_not_amounts_or_dates(query, found):
    assert identifiers(query) == found


def test_an_identifier_is_found_however_it_is_written_and_not_inside_a_longer_number():
    assert holds(squeezed("Use form CF 207 B."), "CF-207b")
    assert not holds(squeezed("END-H-1145"), "END-H-114")
    assert holds(squeezed("END-H-114 applies"), "END-H-114")


def test_r05_counts_questions_whose_code_stands_in_no_retrieved_text():
    corpus = (document("a", "END-H-114 is about pipes"), document("b", "other text"))
    missed = lines(20, "does END-H-114 apply", retrieved=got("b", text="other text"))
    hit = lines(20, "does END-H-114 apply", first=50, retrieved=got("a", text="END H 114 is about pipes"))
    nowhere = lines(20, "my policy is ZZ-999", first=90, retrieved=got("b", text="other text"))
    inputs = replace(EMPTY, documents=corpus, log=log(*missed, *hit, *nowhere))
    check(symptoms.lexical_gap, inputs, "seen", "20 of 40 (50 %)", "for example END-H-114")
    check(symptoms.lexical_gap, replace(inputs, log=log(*hit)), "clean", "0 of 20")
    check(symptoms.lexical_gap, replace(inputs, log=log(*nowhere)), "unknown")
    check(symptoms.lexical_gap, replace(inputs, documents=(), log=log(*nowhere)), "seen", "20 of 20")


def test_r06_counts_different_questions_that_get_the_same_three_documents():
    hub = [line(n, f"question {n}", retrieved=got("hub", f"d{n}")) for n in range(40)]
    rest = [line(100 + n, f"other {n}", retrieved=got(f"e{n}")) for n in range(40)]
    # hub is in 40 of 80 different questions; the two next documents come from the same questions.
    check(symptoms.hubs, replace(EMPTY, log=log(*hub, *rest)), "seen", "40 of 80 (50 %)", "hub")
    # No hub: the three most returned are in 3 of 40 questions.
    check(symptoms.hubs, replace(EMPTY, log=log(*rest)), "clean", "3 of 40")
    check(symptoms.hubs, replace(EMPTY, log=log(*hub[:5])), "unknown", "Only 6 different")


def session(number, *queries):
    return [line(number * 10 + n, query, session_id=f"s{number}") for n, query in enumerate(queries)]


def test_r07_counts_sessions_in_which_a_question_is_put_again():
    again = [one for n in range(20) for one in session(n, "excess for burst pipe", "what excess when a pipe burst")]
    once = [one for n in range(20, 40) for one in session(n, "excess for burst pipe", "form for windscreen")]
    found = check(symptoms.rephrasing, replace(EMPTY, log=log(*again, *once)), "seen", "20 of 40 (50 %)", "burst")
    assert found.value.n == 40
    check(symptoms.rephrasing, replace(EMPTY, log=log(*once)), "clean", "0 of 20")
    check(symptoms.rephrasing, replace(EMPTY, log=log(*lines(3))), "unknown")


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_rephrasing_does_not_depend_on_the_order_of_the_two_questions(first, second):
    assert is_rephrased(first, second) == is_rephrased(second, first)


def test_rows_of_one_table_are_no_versions_of_each_other():
    rows = [edition(f"suppliers.csv#{n}", title=f"Supplier {n}", limit=str(n)) for n in (16, 17)]
    together = [replace(row, source=replace(row.source, path="corpus/suppliers.csv")) for row in rows]
    assert versions_of(together).newer == {}


def test_a_preview_is_told_by_many_texts_of_the_same_longest_length():
    cut = [line(n, retrieved=got("d", text=f"{n:02} " + "x" * 37)) for n in range(12)]
    short = [line(50 + n, retrieved=got("d", text=f"short {n}" + "y" * n)) for n in range(30)]
    assert preview_length([*cut, *short[:20]]) == 40
    assert preview_length(short) is None
    assert preview_length(cut[:9]) is None


def test_the_document_stands_in_for_a_text_the_log_cut():
    cut = [line(n, retrieved=got("d", text=f"{n:02} " + "x" * 37)) for n in range(12)]
    whole = line(50, retrieved=got("d", text="all of it"))
    texts = RetrievedTexts(replace(EMPTY, documents=(document("d", "the whole text", "Title"),), log=log(*cut, whole)))
    assert texts.of(cut[0]) == "d\nTitle\nthe whole text"
    assert texts.of(whole) == "d\nTitle\nall of it"
    assert texts.of(line(60, retrieved=got("unknown"))) == ""


def test_words_of_the_assistants_phrasing_are_not_looked_for():
    pairs = [(f"Position as follows: item{chr(97 + n)}", f"item{chr(97 + n)}") for n in range(20)]
    assert phrasing_of(pairs) == {"position", "follows"}
    assert is_supported(*pairs[0], phrasing_of(pairs))
    assert not is_supported(*pairs[0])
    assert phrasing_of(pairs[:10]) == frozenset()
