from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluation.failures import (
    BURIED,
    CODES,
    FIXES,
    OTHER,
    RULES,
    FailureEvidence,
    FailureRow,
    breakdown,
    code_failures,
    codes_not_tested,
)
from workbench.evaluation.failures.access import AccessLabels, group_names
from workbench.evaluation.failures.answers import AnswerSearch
from workbench.evaluation.failures.facets import facets_of
from workbench.records import Document, Passage, Query, RankedDocument, Run, ScoredPassage, Source

LEGS = {"hybrid": ("dense", "bm25"), "dense": ("dense",)}
STEPS = {"hybrid+rerank": "hybrid"}
TEXT = "is END-H-114 covered"


def run_with(name: str, rank: int | None, *, wanted: str = "d-right", depth: int = 100) -> Run:
    """A run of one question that has the wanted document at a rank and others everywhere else."""
    ids = [wanted if position == rank else f"{name}-{position}" for position in range(1, depth + 30)]
    return Run(name, {"q": tuple(RankedDocument(doc_id, -float(i)) for i, doc_id in enumerate(ids))}, 0, 0, depth)


def evidence_of(ranks: Mapping[str, int | None], **more: object) -> FailureEvidence:
    """One judged question put to arms that have its one relevant document at these ranks."""
    given_ = {
        "runs": {arm: run_with(arm, rank) for arm, rank in ranks.items()},
        "queries": [Query("q", TEXT)],
        "qrels": {"q": {"d-right": 1}},
        "legs": LEGS,
        "steps": STEPS,
    }
    return FailureEvidence(**(given_ | more))


def rows_of(evidence: FailureEvidence, arm: str) -> dict[str, FailureRow]:
    return {row.code: row for row in code_failures(evidence) if row.run == arm}


def first_code(evidence: FailureEvidence, arm: str) -> str | None:
    return next((row.code for row in code_failures(evidence) if row.run == arm and row.first), None)


TERMS = {"exact_terms": {"q": ("end", "114")}}


@pytest.mark.parametrize(
    ("arm", "ranks", "exact", "code"),
    [
        ("dense", {"dense": 5, "bm25": 40}, True, None),
        ("dense", {"dense": None, "bm25": None, "hybrid": None}, True, "C1"),
        ("dense", {"dense": 101, "bm25": 101, "hybrid": 101}, True, "C1"),
        ("dense", {"dense": 100, "bm25": None, "hybrid": None}, True, "C5"),
        ("dense", {"dense": 20, "bm25": 2, "hybrid": 1}, True, "C3"),
        ("dense", {"dense": 6, "bm25": 5}, True, "C3"),
        ("dense", {"dense": 6, "bm25": 6}, True, "C5"),
        ("dense", {"dense": 20, "bm25": 2, "hybrid": 1}, False, OTHER),
        ("bm25", {"dense": 1, "bm25": 30}, True, "C4"),
        ("bm25", {"dense": 5, "bm25": 6}, True, "C4"),
        ("bm25", {"dense": 6, "bm25": 6}, True, "C5"),
        ("dense", {"dense": 12, "bm25": 60}, False, "C5"),
        ("hybrid", {"dense": 12, "bm25": 60, "hybrid": 9}, False, "C5"),
        ("hybrid", {"dense": 12, "bm25": 60, "hybrid": 9, "hybrid+rerank": 5}, False, "C5"),
        ("hybrid", {"dense": 12, "bm25": 60, "hybrid": 9, "hybrid+rerank": 6}, False, BURIED),
        ("hybrid+rerank", {"dense": 12, "bm25": 60, "hybrid": 9, "hybrid+rerank": 6}, False, BURIED),
        ("hybrid", {"dense": 2, "bm25": 90, "hybrid": 7}, False, "C6"),
        ("hybrid", {"dense": 90, "bm25": 2, "hybrid": 7}, True, "C6"),
        ("hybrid", {"dense": 5, "bm25": 6, "hybrid": 6}, False, "C6"),
        ("hybrid+rerank", {"dense": 2, "bm25": 90, "hybrid": 7, "hybrid+rerank": 6}, False, "C6"),
        ("hybrid+rerank", {"dense": 2, "bm25": 3, "hybrid": 2, "hybrid+rerank": 8}, False, "C7"),
        ("hybrid+rerank", {"dense": 6, "bm25": 7, "hybrid": 5, "hybrid+rerank": 6}, False, "C7"),
        ("deployed", {"dense": 9, "bm25": 1, "deployed": None}, True, "C3"),
        ("deployed", {"dense": 1, "bm25": 9, "deployed": None}, True, "C4"),
        ("deployed", {"dense": 1, "bm25": 1, "deployed": None}, True, OTHER),
    ],
)
def test_the_first_rule_that_fits_names_the_failure(arm: str, ranks: dict, exact: bool, code: str | None) -> None:
    assert first_code(evidence_of(ranks, **(TERMS if exact else {})), arm) == code


def test_legs_and_steps_are_read_from_the_evidence_and_not_from_names() -> None:
    ranks = {"near": 40, "words": 3, "both": 12, "sorted": 30}
    named = {
        "legs": {"both": ("near", "words")},
        "steps": {"sorted": "both"},
        "dense": frozenset({"near"}),
        "lexical": frozenset({"words"}),
    }
    evidence = evidence_of(ranks, **named, **TERMS)
    assert [first_code(evidence, arm) for arm in ranks] == ["C3", None, "C6", "C6"]


def test_a_leg_that_no_arm_shows_explains_but_gets_no_rows_of_its_own() -> None:
    evidence = evidence_of({"hybrid": 9, "dense": 3, "bm25": 50}, arms=["hybrid"])
    assert {row.run for row in code_failures(evidence)} == {"hybrid"}
    assert first_code(evidence, "hybrid") == "C6"


def test_the_rule_that_fired_is_told_with_its_ranks() -> None:
    rows = rows_of(evidence_of({"dense": 37, "bm25": 2}, **TERMS), "dense")
    assert rows["C3"].rule == "BM25 has it at 2, dense has it at 37, and the question names 'END-H-114'"
    fused = rows_of(evidence_of({"dense": 2, "bm25": None, "hybrid": 7}), "hybrid")
    assert fused["C6"].rule == "dense has it at 2, BM25 does not have it in its first 100; fused: hybrid has it at 7"


def test_an_exact_term_counts_only_where_the_passage_that_was_found_holds_it() -> None:
    found = Passage("p", "d-right", "cover for endorsement 115", 0, 25)
    runs = {"dense": run_with("dense", 20), "bm25": run_with("bm25", 1)}
    ranked = (RankedDocument("d-right", 1.0, "p"), *runs["bm25"].rankings["q"][1:])
    runs["bm25"] = Run("bm25", {"q": ranked}, 0, 0, 100)
    evidence = evidence_of({}, runs=runs, passages=[found], tokens=lambda text: text.lower().split(), **TERMS)
    assert first_code(evidence, "dense") == OTHER


def test_all_rules_that_fire_are_kept_and_one_comes_first() -> None:
    evidence = evidence_of({"dense": 37, "bm25": 2}, newer={"dense-1": "d-right"}, **TERMS)
    rows = [row for row in code_failures(evidence) if row.run == "dense"]
    assert [(row.code, row.first, row.failed) for row in rows] == [("C3", True, True), ("C10", False, True)]


# C0 and C1


def test_a_question_nobody_judged_is_counted_and_never_a_failure() -> None:
    evidence = evidence_of({"dense": None}, qrels={})
    assert [(row.code, row.first, row.failed) for row in code_failures(evidence)] == [("C0", False, False)]
    told = breakdown(evidence, code_failures(evidence), "dense")
    assert (told.unjudged, told.by_code, told.share.value) == (1, {}, None)


def document(doc_id: str, text: str = "", metadata: Mapping[str, str] | None = None) -> Document:
    return Document(doc_id, doc_id, text, Source(f"corpus/{doc_id}"), metadata=metadata or {})


def test_a_labelled_document_in_the_corpus_is_no_gap_in_the_corpus() -> None:
    rule = rows_of(evidence_of({"dense": None}, documents=[document("d-right")]), "dense")["C1"].rule
    assert rule == (
        "no arm has it in its first 100; 'd-right' is labelled relevant and in the corpus, so this is no gap in the corpus"
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            "within 30 days",
            "gap in the corpus: 'd-right' is labelled relevant and not among the documents read, and no doc",
        ),
        ("the excess is 250", "'d-right' is labelled relevant and not among the documents read"),
        (None, "'d-right' is labelled relevant and not among the documents read"),
    ],
)
def test_a_gap_in_the_corpus_needs_an_answer_that_no_document_holds(answer: str | None, said: str) -> None:
    evidence = evidence_of(
        {"dense": None}, queries=[Query("q", TEXT, answer)], documents=[document("d", "The excess is 250.")]
    )
    assert said in rows_of(evidence, "dense")["C1"].rule
    assert ("gap in the corpus" in rows_of(evidence, "dense")["C1"].rule) == (answer == "within 30 days")


def test_irrelevant_grades_alone_are_a_gap_where_no_document_holds_the_answer_and_no_failure() -> None:
    evidence = evidence_of(
        {"dense": None},
        qrels={"q": {"d": 0}},
        queries=[Query("q", TEXT, "within 30 days")],
        documents=[document("d", "The excess is 250.")],
    )
    assert [(row.code, row.first, row.failed) for row in code_failures(evidence)] == [("C1", False, False)]


def test_a_run_that_keeps_few_results_is_told_as_deep_as_it_goes() -> None:
    evidence = evidence_of({}, runs={"deployed": run_with("deployed", None, depth=8)})
    assert "no arm has it in its first 8;" in rows_of(evidence, "deployed")["C1"].rule


# C2

ANSWER = "the waiting period is ninety days"


def cut_case(first: str, second: str, answer: str = ANSWER) -> FailureEvidence:
    text = f"{first} {second}"
    parts = [
        Passage("p1", "d-right", first, 0, len(first)),
        Passage("p2", "d-right", second, len(first) + 1, len(text)),
    ]
    return evidence_of(
        {"dense": 12, "bm25": 2},
        queries=[Query("q", TEXT, answer)],
        documents=[document("d-right", text)],
        passages=parts,
        **TERMS,
    )


def test_an_answer_that_no_single_passage_holds_is_cut_apart() -> None:
    evidence = cut_case("Note: the waiting period", "is ninety days.")
    rows = rows_of(evidence, "dense")
    assert rows["C2"].first
    assert "d-right" in rows["C2"].rule
    assert not rows["C3"].first


def test_an_answer_that_a_passage_holds_is_not_cut_apart() -> None:
    assert first_code(cut_case("Note.", "The waiting period is ninety days."), "dense") == "C3"


def test_a_long_answer_is_looked_for_by_runs_of_eight_words() -> None:
    told = "Put simply, " + "a b c d e f g h".replace(" ", " x") + " and nothing else that anybody wrote down"
    run = "a b c d e f g h".replace(" ", " x")
    first, second = run.rsplit(" ", 3)[0], run.split(" ", 5)[-1]
    search = AnswerSearch([document("d", run)], [Passage("p", "d", first, 0, 1), Passage("q", "d", second, 0, 1)])
    assert search.whereabouts(told, ["d"], []) == "cut apart"
    assert search.whereabouts(told, ["d"], [Passage("r", "e", run, 0, 1)]) == "in a passage"
    assert (
        search.whereabouts("in words of its own this answer says what no document of them says", ["d"], []) == "unknown"
    )


@pytest.mark.parametrize("answer", ["yes", "No.", "", "12"])
def test_an_answer_too_short_to_tell_is_unknown(answer: str) -> None:
    search = AnswerSearch([document("d", "no")], [Passage("p", "d", "no", 0, 2)])
    assert search.whereabouts(answer, ["d"], []) == "unknown"
    assert not search.absent(answer)


# C8 to C12


def retrieved(texts: Sequence[tuple[str, str]], **more: object) -> FailureEvidence:
    """A found question whose first passages are these, as (document, text)."""
    passages = [Passage(f"p{i}", doc_id, text, 0, len(text)) for i, (doc_id, text) in enumerate(texts)]
    ids = list(dict.fromkeys(doc_id for doc_id, _ in texts))
    run = Run("dense", {"q": tuple(RankedDocument(doc_id, 1.0) for doc_id in ids)}, 0, 0, 100)
    given_ = {
        "runs": {"dense": run},
        "queries": [Query("q", TEXT)],
        "qrels": {"q": {ids[0]: 1}},
        "documents": [document(doc_id) for doc_id in ids],
        "passages": passages,
        "passage_rankings": {"dense": {"q": [ScoredPassage(p.passage_id, 1.0) for p in passages]}},
    }
    return FailureEvidence(**(given_ | more))


@pytest.mark.parametrize(
    ("documents", "crowded"),
    [
        ("aaabc", False),
        ("aaaab", True),
        ("aabbc", False),
        ("aabbb", True),
        ("ab", False),
        ("aa", True),
        ("abcdeeee", False),
    ],
)
def test_half_of_the_places_must_repeat_an_earlier_one(documents: str, crowded: bool) -> None:
    assert ("C8" in rows_of(retrieved([(d, d) for d in documents]), "dense")) == crowded


def test_nearly_the_same_words_in_another_document_crowd_too() -> None:
    evidence = retrieved([(d, d) for d in "abcd"], similar=lambda a, b: 0.95 if {a, b} <= {"p0", "p1", "p2"} else 0.949)
    rule = rows_of(evidence, "dense")["C8"].rule
    assert rule == (
        "2 of the first 4 passages repeat an earlier one: 0 from the same document, 2 of nearly the same words in another"
    )
    assert "C8" not in rows_of(retrieved([(d, d) for d in "abcd"], similar=lambda a, b: None), "dense")


def hub_case(questions: int, with_hub: int, grades: Mapping[str, int]) -> FailureEvidence:
    """`with_hub` of the questions retrieve the passage of document "h" first; the first of them is judged."""
    passages = [Passage("hub", "h", "", 0, 0), *(Passage(f"p{i}", f"d{i}", "", 0, 0) for i in range(500))]
    queries = [Query(f"q{i}", "") for i in range(questions)]
    tops = {
        f"q{i}": [ScoredPassage("hub", 1.0)] * (i < with_hub) + [ScoredPassage(f"p{i}", 0.5)] for i in range(questions)
    }
    run = Run("dense", {q: (RankedDocument("d0", 1.0),) for q in tops}, 0, 0, 100)
    return FailureEvidence({"dense": run}, queries, {"q0": grades}, passages=passages, passage_rankings={"dense": tops})


@pytest.mark.parametrize(
    ("questions", "with_hub", "grades", "fires"),
    [
        (100, 6, {"d0": 1}, True),
        (100, 5, {"d0": 1}, False),  # 5 % is not over 5 %
        (40, 4, {"d0": 1}, False),  # 10 %, but four questions
        (100, 6, {"d0": 1, "h": 1}, False),
    ],
)
def test_a_hub_is_there_for_many_questions_and_not_relevant(questions, with_hub, grades, fires) -> None:
    rows = [row for row in code_failures(hub_case(questions, with_hub, grades)) if row.code == "C9"]
    assert [(row.query_id, row.failed) for row in rows] == ([("q0", False)] if fires else [])


@pytest.mark.parametrize(("rank", "first"), [(6, "C9"), (7, BURIED), (None, "C1")])
def test_a_hub_names_a_failure_only_where_it_is_in_the_way(rank: int | None, first: str) -> None:
    base = hub_case(100, 6, {"d-right": 1})
    ranked = list(run_with("dense", rank).rankings["q"])
    ranked[2] = RankedDocument("h", 0.0, "hub")
    runs = {"dense": Run("dense", {"q0": tuple(ranked)}, 0, 0, 100)}
    # A reranker that lifts nothing keeps C5 away.
    runs["reranked"] = Run("reranked", {"q0": ()}, 0, 0, 100)
    evidence = FailureEvidence(**_fields(base) | {"runs": runs, "steps": {"reranked": "dense"}})
    rows = [row for row in code_failures(evidence) if row.run == "dense" and row.query_id == "q0"]
    assert [row.code for row in rows if row.first] == [first]
    assert "C9" in {row.code for row in rows}


def test_a_newer_version_makes_a_retrieved_document_out_of_date_unless_the_old_one_is_relevant() -> None:
    texts = [("right", ""), ("old", ""), ("new", "")]
    rows = rows_of(retrieved(texts, newer={"old": "new"}), "dense")
    assert rows["C10"].rule == "'old' at 2 has a newer version in the corpus, 'new', which is retrieved too, at 3"
    assert (rows["C10"].first, rows["C10"].failed) == (False, False)
    assert "C10" not in rows_of(retrieved(texts, newer={"right": "new"}), "dense")


@pytest.mark.parametrize(
    ("newer", "first"),
    [
        ({"dense-1": "d-right"}, "C10"),  # the newer version is the one that is missed
        ({"dense-1": "new"}, "C10"),  # without it the relevant one, at 6, would stand at 5
        ({"dense-7": "new"}, BURIED),  # below the cut
    ],
)
def test_an_outdated_document_names_a_failure_only_where_it_is_in_the_way(newer: dict, first: str) -> None:
    # A reranker that lifts nothing keeps C5 away.
    evidence = evidence_of({"dense": 6, "bm25": 9, "hybrid": 9, "hybrid+rerank": 9}, newer=newer)
    assert first_code(evidence, "dense") == first
    far = evidence_of({"dense": 7, "bm25": 9, "hybrid": 9, "hybrid+rerank": 9}, newer={"dense-1": "new"})
    rows = rows_of(far, "dense")
    assert (rows["C10"].first, rows["C10"].failed, rows[BURIED].first) == (False, True, True)


def test_questions_with_several_parts_are_told_by_words_of_their_own() -> None:
    parts = facets_of("What is the waiting period and which form must the dentist sign?", str.split)
    assert [part for part, _ in parts] == ["What is the waiting period", "which form must the dentist sign?"]
    assert facets_of("Where are the terms and conditions?", str.split) == ()
    assert facets_of("", str.split) == ()


@pytest.mark.parametrize(
    ("texts", "fires"),
    [
        ([("a", "waiting period months"), ("b", "unrelated")], True),
        ([("a", "waiting period months"), ("b", "dentist")], False),  # one word of the second part is there
        ([("a", "nothing"), ("b", "unrelated")], False),
    ],
)
def test_a_question_is_partly_covered_when_one_part_is_and_another_is_not_touched(texts, fires) -> None:
    evidence = retrieved(
        texts,
        queries=[Query("q", "waiting period and dentist form")],
        qrels={"q": {"a": 1, "elsewhere": 1}},
        tokens=str.split,
    )
    assert ("C11" in rows_of(evidence, "dense")) == fires
    assert "C11" not in rows_of(FailureEvidence(**_fields(evidence) | {"qrels": {"q": {"a": 1}}}), "dense")


def _fields(evidence: FailureEvidence) -> dict[str, object]:
    return {name: getattr(evidence, name) for name in FailureEvidence.__dataclass_fields__}


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("['HR', 'Legal team']", {"hr", "legal team"}),
        ('["hr"]', {"hr"}),
        ("hr; legal", {"hr", "legal"}),
        ("*", {"*"}),
        ("None", set()),
        ("", set()),
    ],
)
def test_groups_are_read_from_lists_as_they_are_written(written: str, names: set[str]) -> None:
    assert group_names(written) == names


def test_access_fires_for_an_asker_outside_the_groups_of_a_document() -> None:
    documents = [document("a", metadata={"allowed_groups": "['hr']"}), document("b", metadata={"ACL": "public"})]
    told = retrieved([("a", ""), ("b", "")], documents=documents, asker_groups={"q": frozenset({"claims"})})
    assert rows_of(told, "dense")["C12"].rule == "'a' at 1 is for hr; the asker is in claims"
    allowed = retrieved([("a", ""), ("b", "")], documents=documents, asker_groups={"q": frozenset({"hr"})})
    assert "C12" not in rows_of(allowed, "dense")
    assert "C12" not in codes_not_tested(told)


def test_a_document_without_a_label_stands_out_only_where_most_have_one() -> None:
    labelled = {"Classification": "internal"}
    documents = [document("a"), document("b", metadata=labelled), document("c", metadata=labelled)]
    rows = rows_of(retrieved([("a", ""), ("b", "")], documents=documents), "dense")
    assert rows["C12"].rule == "'a' at 1 does not say who may read it, as most documents do"
    few = retrieved([("a", ""), ("b", "")], documents=[documents[0], document("c"), document("d"), documents[1]])
    assert "C12" not in rows_of(few, "dense")
    assert "too few documents" in codes_not_tested(few)["C12"]
    assert not AccessLabels.of([]).usual


def test_what_could_not_be_looked_at_is_listed() -> None:
    assert codes_not_tested(evidence_of({"deployed": 3})) == {
        "C1": "gaps in the corpus are not told apart: no question has a reference answer",
        "C2": "the texts of documents and passages are not known",
        "C3": "no arm searches by words alone",
        "C4": "no arm is dense retrieval alone",
        "C6": "no arm fuses legs",
        "C7": "no arm reranks",
        "C8": "deployed: which passages it retrieved is not known; "
        "passages of different documents were not compared: no vectors",
        "C9": "deployed: which passages it retrieved is not known",
        "C10": "versions of documents were not looked for",
        "C11": "questions were not taken apart",
        "C12": "no document says who may read it",
    }
    half = codes_not_tested(evidence_of({"hybrid": 3, "dense": 1, "hybrid+rerank": 2}))
    assert half["C6"] == "hybrid, hybrid+rerank: not all of its legs were run"
    assert "C7" not in half


# Breakdown

RANKS = st.one_of(st.none(), st.integers(1, 130))


@given(
    st.lists(st.fixed_dictionaries({arm: RANKS for arm in ("dense", "bm25", "hybrid", "hybrid+rerank")}), max_size=6),
    st.booleans(),
    st.booleans(),
)
def test_each_failed_question_has_one_first_code_and_no_other_has_any(cases, exact, stale) -> None:
    runs = {
        arm: Run(arm, {f"q{i}": run_with(arm, case[arm]).rankings["q"] for i, case in enumerate(cases)}, 0, 0, 100)
        for arm in ("dense", "bm25", "hybrid", "hybrid+rerank")
    }
    ids = [f"q{i}" for i in range(len(cases))]
    evidence = FailureEvidence(
        runs,
        [Query(q, TEXT) for q in [*ids, "unjudged"]],
        {q: {"d-right": 1} for q in ids},
        legs=LEGS,
        steps=STEPS,
        exact_terms={q: ("114",) for q in ids} if exact else {},
        newer={"dense-1": "d-right"} if stale else {},
    )
    rows = code_failures(evidence)
    for arm in runs:
        told = breakdown(evidence, rows, arm)
        failed = {q for q, case in zip(ids, cases, strict=True) if case[arm] is None or case[arm] > 5}
        assert {row.query_id for row in rows if row.run == arm and row.failed} == failed
        assert sorted(row.query_id for row in rows if row.run == arm and row.first) == sorted(failed)
        assert sum(told.by_code.values()) == len(failed)
        assert all(told.also[code] >= count for code, count in told.by_code.items())
        assert told.unjudged == 1
        if cases:
            assert told.share.value == pytest.approx(len(failed) / len(cases))
            assert sum(share.value for share in told.shares.values()) == pytest.approx(told.share.value)


def test_a_run_that_keeps_fewer_than_k_is_not_said_to_fail() -> None:
    evidence = evidence_of({}, runs={"deployed": run_with("deployed", None, depth=3)})
    told = breakdown(evidence, code_failures(evidence), "deployed")
    assert told.share.value is None
    assert told.share.reason == "the log keeps 3 results a question, too few to look at 5"
    assert told.by_code == {}


def test_an_arm_judged_on_its_own_questions_is_not_coded_on_others() -> None:
    runs = {"deployed": run_with("deployed", 3), "dense": run_with("dense", 3)}
    evidence = evidence_of(
        {},
        runs=runs,
        queries=[Query("q", ""), Query("r", "")],
        qrels={"q": {"d-right": 1}, "r": {"d-right": 1}},
        asked_only=frozenset({"deployed"}),
    )
    rows = code_failures(evidence)
    assert breakdown(evidence, rows, "deployed").share.n == 1
    assert (breakdown(evidence, rows, "dense").share.n, breakdown(evidence, rows, "dense").share.value) == (2, 0.5)


def test_every_code_has_words_and_a_remedy() -> None:
    assert CODES.keys() == FIXES.keys() == {"C0", *RULES, BURIED, OTHER}
    assert list(RULES) == [f"C{number}" for number in range(1, 13)]
    assert all(":" in meaning for meaning in CODES.values())
