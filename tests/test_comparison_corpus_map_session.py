"""The map of a case: drawn by a job in two pictures, kept beside the results, and what it does where there is little to draw."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fabricated_retrieval import HashingEncoder, WriteCase

from workbench import compute, session, store
from workbench.case import Case, open_case
from workbench.comparison import compare as comparing
from workbench.comparison import corpus_map
from workbench.comparison.corpus_map import StoredMap, draft_of, first_picture, second_picture
from workbench.comparison.tables import StoredComparison
from workbench.errors import CancelledError, CaseError, InputError, MissingPartError
from workbench.ingest.load import load_inputs
from workbench.records import ScoredPassage
from workbench.session import maps

TOPICS = ("hail storm roof tiles", "stolen bicycle lock theft", "flight baggage delay airline")
CORPUS = {
    f"d{number:02}": f"{TOPICS[number % 3]} {TOPICS[number % 3]} case{number} note{number * 7 % 13}"
    for number in range(48)
}
QUERIES = {f"q{i:02}": f"{TOPICS[i % 3]} case{i}" for i in range(24)}
QRELS = {f"q{i:02}": {f"d{i:02}": 1} for i in range(24)}


@pytest.fixture(autouse=True)
def _encoder(monkeypatch: pytest.MonkeyPatch) -> Iterator[HashingEncoder]:
    encoder = HashingEncoder()
    monkeypatch.setattr(comparing, "load_encoder", lambda model: encoder)
    return encoder


@pytest.fixture
def case(write_case: WriteCase) -> Case:
    return open_case(write_case(CORPUS, QUERIES, QRELS))


def compared(case: Case, **settings: object) -> StoredComparison:
    return session.compare(case, probed=0, **settings)


def drafted(case: Case, stored: StoredComparison | None = None, **settings: object) -> corpus_map.Draft:
    passages = load_inputs(case).passages
    return draft_of(stored or compared(case), passages, case.derived / "embeddings", **settings)


def first(case: Case, stored: StoredComparison | None = None, **settings: object) -> StoredMap:
    """The first picture, made without a job."""
    return first_picture(drafted(case, stored, **settings))


def drawn(case: Case, stored: StoredComparison | None = None, **settings: object) -> tuple[StoredMap, StoredMap]:
    """Both pictures."""
    draft = drafted(case, stored, **settings)
    return first_picture(draft), second_picture(draft)


def test_a_comparison_leaves_a_first_picture_and_the_job_puts_the_second_in_its_place(case: Case) -> None:
    compared(case)
    before = session.stored_map(case)
    assert (before.map.method, before.map.final) == ("pca", False)
    session.run_map(str(case.root))
    second = session.stored_map(case)
    assert compute.job_state(case.root, session.MAP).status == "done"
    assert (second.map.method, second.map.final) == ("t-sne", True)
    assert second.passages.drop(columns=["x", "y"]).equals(before.passages.drop(columns=["x", "y"]))
    assert second.map.regions == before.map.regions
    assert not np.allclose(second.passages["x"], before.passages["x"])


def test_the_map_says_what_is_on_it(case: Case) -> None:
    stored = compared(case)
    pictures = drawn(case, stored)
    top = stored.rankings[stored.rankings["rank"] <= 10]
    for picture in pictures:
        told = picture.map
        assert (told.corpus_passages, told.passages, told.queries, told.k, told.k_retrieved) == (48, 48, 24, 5, 10)
        assert told.retrieved == picture.passages["retrieved"].sum() == top["passage_id"].nunique()
        assert set(picture.passages.loc[picture.passages["retrieved"], "passage_id"]) == set(top["passage_id"])
        assert list(picture.queries["query_id"]) == list(stored.queries["query_id"])
        assert np.isfinite(picture.passages[["x", "y"]]).all(axis=None)
        assert np.isfinite(picture.queries[["x", "y"]]).all(axis=None)
        assert picture.passages.groupby("region").size().to_dict() == {r.region: r.passages for r in told.regions}
        assert 0 < told.neighbours_kept.value <= 1
        assert told.neighbours_kept.n == 48


def test_regions_are_the_topics_and_questions_lie_in_theirs(case: Case) -> None:
    made = first(case)
    assert [region.passages for region in made.map.regions] == [16, 16, 16]
    names = {word for region in made.map.regions for word in region.name.split(", ")}
    assert names <= {word for topic in TOPICS for word in topic.split()}
    region = dict(zip(made.passages["doc_id"], made.passages["region"], strict=True))
    for query_id, own in zip(made.queries["query_id"], made.queries["region"], strict=True):
        assert own == region[f"d{query_id[1:]}"]


def test_shares_of_regions_add_up_to_the_failures_of_the_comparison(case: Case) -> None:
    stored = compared(case)
    made = first(case, stored)
    for arm, told in stored.comparison.failures.items():
        shares = [region.missed[arm] for region in made.map.regions]
        assert sum(share.n for share in shares) == told.share.n == 24
        assert sum(round(share.value * share.n) for share in shares) == sum(told.by_code.values())
    assert sum(region.judged for region in made.map.regions) == 24


def test_the_same_comparison_gives_the_same_map(case: Case) -> None:
    stored = compared(case)
    for one, other in zip(drawn(case, stored), drawn(case, stored), strict=True):
        assert one.map == other.map
        assert one.passages.equals(other.passages)
        assert one.queries.equals(other.queries)


def test_nothing_is_encoded_for_a_map(case: Case, _encoder: HashingEncoder) -> None:
    compared(case)
    before = _encoder.encoded
    session.run_map(str(case.root))
    assert session.stored_map(case).map.method == "t-sne"
    assert _encoder.encoded == before


def test_a_map_that_is_there_is_not_drawn_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    compared(case)
    session.run_map(str(case.root))

    def again(*_: object, **__: object) -> None:
        raise AssertionError("the map was drawn again")

    monkeypatch.setattr(maps, "draft_of", again)
    session.run_map(str(case.root))
    assert compute.job_state(case.root, session.MAP).status == "done"


def test_a_stopped_job_leaves_the_first_picture(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    compared(case)
    shutil.rmtree(session.results_folder(case) / session.MAP)
    assert session.stored_map(case) is None
    begin = maps.second_picture

    def cancelled(draft: corpus_map.Draft, progress: compute.Progress) -> StoredMap:
        def tell(share: float, what: str) -> None:
            if what == "drawing the map":
                compute.cancel(case.root, session.MAP)
            progress(share, what)

        return begin(draft, tell)

    monkeypatch.setattr(maps, "second_picture", cancelled)
    session.run_map(str(case.root))
    assert compute.job_state(case.root, session.MAP).status == "cancelled"
    assert session.stored_map(case).map.method == "pca"
    monkeypatch.undo()


def test_a_changed_client_file_or_another_comparison_makes_the_map_anew(case: Case) -> None:
    stored = compared(case)
    key = session.stored_map(case).map.key
    kept = session.results_folder(case)
    renamed = replace(stored.comparison, settings=dict(stored.comparison.settings) | {"encoder": "another"})
    store.save_comparison(replace(stored, comparison=renamed), kept / session.COMPARISON)
    assert session.stored_map(case) is None
    store.save_comparison(stored, kept / session.COMPARISON)
    assert session.stored_map(case).map.key == key
    questions = case.root / "queries.jsonl"
    questions.write_text(questions.read_text() + '\n{"_id": "new", "text": "hail"}\n')
    assert session.stored_map(case) is None


def test_a_comparison_that_is_replaced_while_its_map_is_drawn_keeps_its_own(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared(case)
    begin = maps.second_picture

    def meanwhile(draft: corpus_map.Draft, progress: compute.Progress) -> StoredMap:
        compared(case, arms=("dense", "bm25", "hybrid", "hybrid+rerank", "dense+title"))
        return begin(draft, progress)

    monkeypatch.setattr(maps, "second_picture", meanwhile)
    session.run_map(str(case.root))
    assert session.stored_map(case).map.method == "pca"
    assert "dense+title" in session.stored_map(case).map.regions[0].missed


def test_a_new_map_takes_the_place_of_the_old_one(case: Case) -> None:
    compared(case)
    kept = session.results_folder(case) / session.MAP
    one, second = drawn(case, key="new")
    store.save_map(one, kept)
    assert [path.name for path in kept.iterdir()] == ["new-pca"]
    store.save_map(second, kept)
    assert sorted(path.name for path in kept.iterdir()) == ["new-pca", "new-t-sne"]
    assert store.load_map(kept, "new").map == second.map
    assert store.load_map(kept, "old") is None


def test_a_damaged_map_is_told_and_drawn_again(case: Case) -> None:
    compared(case)
    session.run_map(str(case.root))
    (place,) = (session.results_folder(case) / session.MAP).glob("*-t-sne")
    (place / "passages.parquet").write_bytes(b"no table")
    with pytest.raises(InputError, match="draw it again"):
        store.load_map(place.parent, place.name.removesuffix("-t-sne"))
    assert session.stored_map(case) is None
    session.run_map(str(case.root))
    assert session.stored_map(case).map.method == "t-sne"


def test_a_map_survives_being_stored(case: Case, tmp_path: Path) -> None:
    second = first(case, key="k")
    store.save_map(second, tmp_path / "map")
    read = store.load_map(tmp_path / "map", "k")
    assert read.map == second.map
    for name in ("passages", "queries", "stand_ins"):
        assert getattr(read, name).to_dict("list") == getattr(second, name).to_dict("list")


def test_without_a_comparison_there_is_nothing_to_draw(case: Case) -> None:
    assert session.stored_map(case) is None
    session.run_map(str(case.root))
    state = compute.job_state(case.root, session.MAP)
    assert (state.status, state.fault) == ("failed", "input")
    assert state.error == "case: nothing to draw a map of yet; run the analysis first"


def test_without_an_encoder_the_job_says_what_to_install(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(model: str | None) -> HashingEncoder:
        raise MissingPartError("the embedded encoder is not installed")

    monkeypatch.setattr(comparing, "load_encoder", missing)
    compared(case)
    assert session.stored_map(case) is None
    session.run_map(str(case.root))
    state = compute.job_state(case.root, session.MAP)
    assert (state.status, state.fault, state.error) == ("failed", "input", "the embedded encoder is not installed")


def test_a_read_only_case_keeps_its_map_in_the_cache(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    case.root.chmod(0o555)
    try:
        compared(case)
        session.run_map(str(case.root))
        assert session.stored_map(case).map.method == "t-sne"
        assert not (case.root / ".workbench").exists()
        assert list((tmp_path / "cache").rglob("*-t-sne/map.json"))
    finally:
        case.root.chmod(0o755)


def test_the_job_cuts_passages_as_the_comparison_does(case: Case) -> None:
    stored = compared(case)
    session.run_map(str(case.root))
    assert set(session.stored_map(case).passages["passage_id"]) == {p.passage_id for p in load_inputs(case).passages}
    assert stored.comparison.corpus.passages == 48


@pytest.mark.parametrize("passages", [1, 2, 5])
def test_a_handful_of_passages_stays_a_first_picture_and_says_so(write_case: WriteCase, passages: int) -> None:
    corpus = dict(list(CORPUS.items())[:passages])
    case = open_case(write_case(corpus, {"q": "hail"}, {"q": {"d00": 1}}))
    made, second = drawn(case)
    assert second.map == made.map
    assert (made.map.method, made.map.final, made.map.passages) == ("pca", True, passages)
    few = "1 different passage is too little" if passages == 1 else f"{passages} different passages are too few"
    assert made.map.notes == (f"{few} for t-SNE; the map is a PCA",)
    assert made.map.neighbours_kept.value is None
    assert [region.passages for region in made.map.regions] == [passages]
    assert np.isfinite(made.passages[["x", "y"]]).all(axis=None)
    session.run_map(str(case.root))
    assert session.stored_map(case).map.final


def test_thirty_passages_are_enough_for_t_sne(write_case: WriteCase) -> None:
    case = open_case(write_case(dict(list(CORPUS.items())[:30]), {"q": "hail"}, {"q": {"d00": 1}}))
    _, second = drawn(case)
    assert second.map.method == "t-sne"
    assert np.isfinite(second.passages[["x", "y"]]).all(axis=None)


def test_copies_of_one_text_lie_on_one_place(write_case: WriteCase) -> None:
    corpus = CORPUS | {f"copy{i:02}": CORPUS["d00"] for i in range(40)}
    case = open_case(write_case(corpus, QUERIES, QRELS))
    for picture in drawn(case):
        same = picture.passages[
            picture.passages["doc_id"].str.startswith("copy") | (picture.passages["doc_id"] == "d00")
        ]
        assert len(same) == 41
        assert len(same[["x", "y"]].drop_duplicates()) == same["region"].nunique() == 1
        assert picture.map.neighbours_kept.n == 48  # different passages
        assert sum(region.passages for region in picture.map.regions) == 88


def test_a_corpus_of_copies_alone_is_a_single_place(write_case: WriteCase) -> None:
    case = open_case(
        write_case({f"d{i:02}": "hail storm" for i in range(40)}, {"q": "hail", "r": "theft"}, {"q": {"d00": 1}})
    )
    made, second = drawn(case)
    assert second.map == made.map
    assert made.passages[["x", "y"]].drop_duplicates().to_numpy().tolist() == [[0.0, 0.0]]
    assert made.map.notes == ("1 different passage is too little for t-SNE; the map is a PCA",)
    assert [region.passages for region in made.map.regions] == [40]


def test_questions_nobody_judged_leave_shares_unmeasured(write_case: WriteCase) -> None:
    case = open_case(write_case(CORPUS, QUERIES))
    made = first(case)
    assert sum(region.queries for region in made.map.regions) == 24
    for region in made.map.regions:
        assert region.judged == 0
        for share in region.missed.values():
            assert (share.value, share.n) == (None, 0)
            assert share.reason
        assert region.stands_out == ()


class Documents:
    """A client's retriever that knows documents alone."""

    name = "ours"

    def retrieve_all(self, queries, k):
        return [[ScoredPassage("d00", 1.0)] for _ in queries]


def test_a_retriever_of_documents_alone_has_them_on_the_map(case: Case) -> None:
    stored = compared(case, retrievers={"ours": Documents()})
    assert set(stored.rankings.loc[stored.rankings["run"] == "ours", "passage_id"]) == {""}
    made = first(case, stored, most=1)
    alone = replace(stored, rankings=stored.rankings[stored.rankings["run"] == "ours"])
    only = first(case, alone, most=1)
    assert only.passages[["doc_id", "retrieved"]].to_numpy().tolist() == [["d00", True]]
    assert made.map.passages == 1
    assert "ours" in made.map.regions[0].missed


def test_other_cuts_of_the_corpus_are_shown_by_the_usual_passages(case: Case) -> None:
    stored = compared(case, arms=("dense", "dense+small", "dense+small+title"))
    small = set(stored.rankings["passage_id"][stored.rankings["passage_id"].str.contains("::s")])
    assert small
    made = first(case, stored)
    shown = dict(zip(made.stand_ins["retrieved"], made.stand_ins["passage_id"], strict=True))
    assert shown
    assert all(shown[passage_id].split("::")[0] == passage_id.split("::")[0] for passage_id in shown)
    top = stored.rankings[(stored.rankings["rank"] <= 10) & stored.rankings["passage_id"].str.contains("::s")]
    assert set(shown) == set(top["passage_id"])


def test_questions_that_retrieve_nothing_are_still_on_the_map(case: Case) -> None:
    stored = compared(case)
    empty = replace(stored, rankings=stored.rankings[:0])
    made = first(case, empty)
    assert (made.map.retrieved, made.map.passages, made.map.queries) == (0, 48, 24)
    assert not made.passages["retrieved"].any()


def test_no_passage_is_refused_with_a_sentence(case: Case) -> None:
    with pytest.raises(CaseError, match="no passage to draw a map of"):
        draft_of(compared(case), [], case.derived / "embeddings")


def test_progress_only_rises_and_a_stop_is_heard_before_the_vectors(case: Case) -> None:
    stored = compared(case)
    told: list[float] = []
    passages = load_inputs(case).passages
    draft_of(stored, passages, case.derived / "embeddings", progress=lambda share, what: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0

    def stop(share: float, what: str) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        draft_of(stored, passages, case.derived / "embeddings", progress=stop)
