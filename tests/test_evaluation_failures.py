import pytest

from workbench.evaluation.failures import Ranks, failure_code


@pytest.mark.parametrize(
    ("arm", "ranks", "exact", "code"),
    [
        ("dense", {"dense": 3, "bm25": 40}, True, None),
        ("dense", {"dense": None, "bm25": None, "hybrid": None}, True, "C1"),
        ("dense", {"dense": 20, "bm25": 2, "hybrid": 1}, True, "C3"),
        ("dense", {"dense": 20, "bm25": 2, "hybrid": 1}, False, "C9"),
        ("bm25", {"dense": 1, "bm25": 30}, True, "C4"),
        ("dense", {"dense": 12, "bm25": 60}, False, "C5"),
        ("hybrid", {"dense": 2, "bm25": 90, "hybrid": 7}, False, "C6"),
        ("hybrid", {"dense": 12, "bm25": 60, "hybrid": 9}, False, "C5"),
        ("hybrid+rerank", {"dense": 2, "bm25": 3, "hybrid": 2, "hybrid+rerank": 8}, False, "C7"),
        ("deployed", {"dense": 9, "bm25": 1, "deployed": None}, True, "C3"),
    ],
)
def test_the_first_rule_that_fits_names_the_failure(arm: str, ranks: dict, exact: bool, code: str | None) -> None:
    assert failure_code(arm, Ranks(ranks), exact_term=exact) == code
