"""The cost study of a case: made, kept, found again and written; of one log file; and what awkward logs give."""

import csv
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from fabricated_retrieval import HashingEncoder

from workbench import compute, costing
from workbench.case import open_case
from workbench.cli import main
from workbench.costs.arrays import Traffic
from workbench.costs.marks import keep_mark
from workbench.costs.prices import keep_prices
from workbench.errors import CancelledError, CaseError, InputError
from workbench.records import CacheSettings, Prices
from workbench.session import results_folder

HEAD = [
    "question",
    "answer",
    "timestamp",
    "user_id",
    "team",
    "retrieved_ids",
    "input_tokens",
    "output_tokens",
    "cost_eur",
    "intent",
]


@pytest.fixture(autouse=True)
def _small_encoder(monkeypatch):
    monkeypatch.setattr(costing, "load_encoder", lambda model: HashingEncoder())


def rows(days=10, a_day=6):
    """Every day the same six questions; the last two differ in a word and want different answers."""
    asked = [
        ("Is hail covered by the motor policy?", "a.md", "hail"),
        ("Where do I send the claim form?", "b.md", "form"),
        ("Who pays for the courtesy car?", "c.md", "car"),
        ("What is the excess for theft?", "d.md", "theft"),
        ("Is storm damage to the roof of the house covered in winter?", "e.md", "winter"),
        ("Is storm damage to the roof of the house covered in summer?", "f.md", "summer"),
    ]
    for day in range(days):
        for place, (question, doc_id, intent) in enumerate(asked[:a_day]):
            at = f"2026-03-{day + 1:02d}T{9 + place:02d}:00:00Z"
            yield [
                question,
                f"Answer {intent}.",
                at,
                f"u{place % 3}",
                "home",
                doc_id,
                500 + 100 * place,
                40,
                0.01,
                intent,
            ]


def write_log(path, lines, head=HEAD):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([head, *lines])
    return path


@pytest.fixture
def case(tmp_path):
    write_log(tmp_path / "case" / "logs" / "log.csv", rows())
    return open_case(tmp_path / "case")


def test_a_case_gives_the_report_and_its_events(case, tmp_path):
    report = costing.cache(case, settings=CacheSettings(threshold=1.01), out=tmp_path / "out")
    assert (report.queries, report.exact_hits, report.semantic_hits, report.empty) == (60, 54, 0, 0)
    assert report.hit_rate.value == pytest.approx(0.9)
    assert (report.false_hit_method, report.false_hit_rate.value) == ("labelled", 0.0)
    assert report.scope == ("access_group",)
    assert report.cost.before.value == pytest.approx(0.01)
    assert report.cost.currency == "EUR"
    written = json.loads((tmp_path / "out" / "cache.json").read_text())
    assert written["schema"] == "workbench.cache/1"
    assert {
        "queries",
        "exact_hits",
        "semantic_hits",
        "threshold",
        "hit_rate",
        "false_hit_rate",
        "cost",
        "curve",
    } <= set(written)
    events = pq.read_table(tmp_path / "out" / "cache_events.parquet").to_pylist()
    assert [event["outcome"] for event in events].count("exact hit") == 54
    assert events[6]["served_id"] == events[0]["interaction_id"]
    assert events[0]["served_id"] is None
    assert {event["verdict"] for event in events[6:]} == {"right"}


def test_the_study_is_kept_and_comes_back_as_it_was(case):
    assert costing.stored_costs(case) is None
    costing.run_costs(str(case.root))
    assert compute.job_state(case.root, costing.COSTS).status == "done"
    first, again = costing.stored_costs(case), costing.stored_costs(case)
    assert first is not None
    for name in Traffic.__dataclass_fields__:
        one, other = getattr(first.traffic, name), getattr(again.traffic, name)
        assert (
            np.array_equal(one, other, equal_nan=one.dtype.kind == "f") if isinstance(one, np.ndarray) else one == other
        )
    assert again.traffic.texts[0] == "Is hail covered by the motor policy?"
    assert again.encoder == HashingEncoder().name


def test_a_changed_log_makes_the_study_anew_and_entered_words_do_not(case):
    costing.run_costs(str(case.root))
    keep_mark(case.root, "a", "b", True)
    keep_prices(case.root, Prices(1.0, 2.0, currency="EUR", source="entered"))
    kept = costing.stored_costs(case)
    assert kept is not None
    assert kept.prices.input_per_million == 1.0
    write_log(case.root / "logs" / "more.csv", rows(days=1))
    assert costing.stored_costs(case) is None


@pytest.mark.parametrize("name", ["study.json", "arrays.npz", "traffic.json"])
def test_a_damaged_study_counts_as_none(case, name):
    costing.run_costs(str(case.root))
    (results_folder(case) / costing.COSTS / name).write_bytes(b"PK\x03\x04 broken")
    assert costing.stored_costs(case) is None
    assert costing.cache(case).queries == 60


def test_one_log_file_is_replayed_by_itself_and_groups_come_from_a_column(tmp_path):
    path = write_log(tmp_path / "stream.csv", [[f"question {n // 2}", n // 4] for n in range(8)], ["text", "label"])
    report = costing.cache(path, settings=CacheSettings(threshold=1.01), group_column="label")
    assert (report.exact_hits, report.false_hit_method, report.false_hit_rate.value) == (4, "labelled", 0.0)
    assert report.projection.levers[0].per_month.value is None
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["stream.csv"]


def test_groups_of_a_case_are_mapped_not_named(case):
    with pytest.raises(InputError, match="--map FILE:answer_group=COLUMN"):
        costing.cache(case, group_column="intent")


def test_a_case_without_a_log_says_what_to_hand_over(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CaseError, match="no query log to replay"):
        costing.cache(tmp_path / "empty")


def test_a_stopped_study_leaves_nothing_behind(case):
    def stop(_share, _message):
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        costing.cache(case, progress=stop)
    assert not (results_folder(case) / costing.COSTS).exists()


AWKWARD = {
    "one question": [["Is hail covered?", "Yes."]],
    "all the same": [["Is hail covered?", "Yes."]] * 50,
    "four in ten empty": [["" if n % 5 < 2 else f"question {n}", "x"] for n in range(50)],
    "marks alone": [["?!", "x"]] * 3 + [[f"question {n}", "x"] for n in range(20)],
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_logs_give_numbers_with_reasons_and_no_fault(tmp_path, name, capsys):
    path = write_log(tmp_path / "log.csv", AWKWARD[name], ["question", "answer"])
    assert main(["cache", str(path), "--out", str(tmp_path / "out")]) == 0
    report = json.loads((tmp_path / "out" / "cache.json").read_text())
    said = capsys.readouterr().out
    assert "order" in " ".join(report["notes"]), "a log without times is taken in the order of its lines, and says so"
    assert report["projection"]["levers"][0]["per_query"]["value"] is None
    if name == "all the same":
        assert report["exact_hits"] == 49
    if name == "one question":
        assert (report["queries"], report["exact_hits"]) == (1, 0)
    if name == "four in ten empty":
        assert "20 lines of the log hold no question" in said
        assert report["queries"] == 30
    if name == "marks alone":
        assert (report["queries"], report["empty"]) == (23, 3)


def test_without_costs_entered_prices_make_them(tmp_path, capsys):
    lines = [[f"q{n}", "a", 1000, 100] for n in range(20)]
    path = write_log(tmp_path / "log.csv", lines, ["question", "answer", "input_tokens", "output_tokens"])
    assert (
        main(
            [
                "cache",
                str(path),
                "--price-in",
                "3",
                "--price-out",
                "15",
                "--currency",
                "eur",
                "--out",
                str(tmp_path / "o"),
            ]
        )
        == 0
    )
    report = json.loads((tmp_path / "o" / "cache.json").read_text())
    assert report["cost"]["before"]["value"] == pytest.approx(0.0045)
    assert report["cost"]["currency"] == "EUR"
    assert "command line, of 20" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", [["--budget", "0"], ["--threshold", "x"], ["--ttl", "-1"], ["--capacity", "1.5"], ["--price-in", "nan"],
              ["--currency", "€"], ["--growth", "-100"], ["--priced-on", "soon"], ["--eviction", "fifo"]]
)  # fmt: skip
def test_wrong_options_are_refused(case, wrong):
    with pytest.raises(SystemExit):
        main(["cache", str(case.root), *wrong])


def test_a_path_that_is_nothing_is_named(tmp_path, capsys):
    assert main(["cache", str(tmp_path / "nowhere.csv")]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_what_is_stored_holds_no_pickle(case):
    costing.run_costs(str(case.root))
    with np.load(results_folder(case) / costing.COSTS / "arrays.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype.kind in "ifbu" for name in arrays.files)
