"""Fields of a log that say who may read an answer, which questions want the same one, and how often a model was called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.errors import InputError
from workbench.ingest.logs.aliases import field_of
from workbench.ingest.logs.corrections import apply_correction
from workbench.ingest.logs.reading import read_logs
from workbench.intake.log_counts import logged_counts
from workbench.records import Interaction, QueryLog
from workbench.report.intake_text import FIELD_WORDS

FIELDS = ("tenant", "access_group", "answer_group", "model_calls")


def read(tmp_path: Path, *rows: dict[str, object]) -> QueryLog:
    (tmp_path / "logs").mkdir(exist_ok=True)
    lines = [{"query": f"Who pays for part {number}?", **row} for number, row in enumerate(rows)]
    (tmp_path / "logs" / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return read_logs(tmp_path)


def held(log: QueryLog, name: str) -> list[object]:
    return [getattr(entry, name) for entry in log.interactions]


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("tenant_id", "tenant"),
        ("metadata.tenant", "tenant"),
        ("Organisation", "tenant"),
        ("Mandant", "tenant"),
        ("team", "access_group"),
        ("user.department", "access_group"),
        ("acl", "access_group"),
        ("user_groups", "access_group"),
        ("Abteilung", "access_group"),
        ("dział", "access_group"),
        ("answer_group", "answer_group"),
        ("intent", "answer_group"),
        ("faq_id", "answer_group"),
        ("intención", "answer_group"),
        ("llm_calls", "model_calls"),
        ("attempts", "model_calls"),
        ("retry_count", "model_calls"),
        ("Wiederholungen", "model_calls"),
    ],
)
def test_columns_are_known_by_their_names(column, field):
    found = field_of(column)
    assert found is not None
    assert found[0] == field


@pytest.mark.parametrize(
    "column", ["group", "groups", "steps", "iterations", "attempt", "category", "topic", "account_id"]
)
def test_names_that_may_mean_something_else_are_left_alone(column):
    found = field_of(column)
    assert found is None or found[0] not in FIELDS


def test_a_log_without_them_holds_none_of_them(tmp_path):
    log = read(tmp_path, {"group": "hail"}, {"group": "phone"})
    assert not log.logged_fields & set(FIELDS)
    assert {getattr(entry, name) for entry in log.interactions for name in FIELDS} == {None}


def test_labels_and_counts_are_read_as_logged(tmp_path):
    log = read(
        tmp_path,
        {"tenant_id": 7, "team": "Motor Leeds", "intent": "hail", "llm_calls": 3},
        {"tenant_id": None, "team": "", "intent": "n/a", "llm_calls": "0"},
    )
    assert held(log, "tenant") == ["7", None]
    assert held(log, "access_group") == ["Motor Leeds", None]
    assert held(log, "answer_group") == ["hail", None]
    assert held(log, "model_calls") == [3, 0]
    assert logged_counts(log)[0]["access_group"] == 1


def test_a_list_of_groups_is_sorted_and_joined_whatever_its_order(tmp_path):
    log = read(tmp_path, {"acl": ["motor", "all"]}, {"acl": '["all", "motor", "all"]'}, {"acl": "motor"}, {"acl": []})
    assert held(log, "access_group") == ["all, motor", "all, motor", "motor", None]


def test_who_speaks_in_a_chat_is_no_access_group(tmp_path):
    log = read(tmp_path, {"role": "user"}, {"role": "assistant"})
    assert "access_group" not in log.logged_fields
    assert held(read(tmp_path, {"role": "handler"}, {"role": "manager"}), "access_group") == ["handler", "manager"]


def test_retries_are_the_calls_after_the_first(tmp_path):
    log = read(tmp_path, {"retries": 0}, {"retries": 2}, {"retries": None}, {"retries": 1.5}, {"retries": -1})
    assert held(log, "model_calls") == [1, 3, None, None, None]


def test_numbers_too_large_for_calls_are_none(tmp_path):
    log = read(tmp_path, {"attempts": 250_000}, {"attempts": 1_700_000})
    assert "model_calls" not in log.logged_fields


def test_a_mail_address_in_a_group_is_masked_and_names_stay_readable(tmp_path):
    log = read(
        tmp_path,
        {"tenant": "north", "team": ["Motor Leeds", "anna.berg@client.org"], "intent": "hail cover"},
        {"tenant": "post@north.org", "team": ["anna.berg@client.org"], "intent": "hail cover"},
    )
    assert log.interactions[0].tenant == "north"
    assert str(log.interactions[1].tenant).startswith("[email] ")
    groups = str(log.interactions[0].access_group).split(", ")
    assert groups[0] == "Motor Leeds"
    assert groups[1:] == [log.interactions[1].access_group]
    assert groups[1].startswith("[email] ")
    assert held(log, "answer_group") == ["hail cover"] * 2


def test_a_person_can_say_which_column_holds_them(tmp_path):
    read(tmp_path, {"group": "hail", "stufe": 2}, {"group": "phone", "stufe": 1})
    apply_correction(tmp_path, "logs/a.jsonl:answer_group=group")
    apply_correction(tmp_path, "logs/a.jsonl:model_calls=stufe")
    log = read_logs(tmp_path)
    assert held(log, "answer_group") == ["hail", "phone"]
    assert held(log, "model_calls") == [2, 1]
    assert log.field_sources["logs/a.jsonl"]["answer_group"] == "group"
    with pytest.raises(InputError, match="no column 'colour'"):
        apply_correction(tmp_path, "logs/a.jsonl:tenant=colour")


def test_every_field_has_words_for_the_page():
    assert set(Interaction.__dataclass_fields__) - {"source"} <= set(FIELD_WORDS)
