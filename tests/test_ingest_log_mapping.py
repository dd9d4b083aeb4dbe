"""How a log was understood: guesses and their confidence, units and zones that are asked for, corrections by a person."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.ingest.logs.arrays import PLAIN
from workbench.ingest.logs.corrections import (
    Correction,
    FileCorrections,
    apply_correction,
    parse_correction,
    read_corrections,
    save_column,
    save_currency,
    save_time_zone,
    save_unit,
)
from workbench.ingest.logs.reading import read_logs
from workbench.ingest.redaction import mask


def put(root, name, text):
    path = root / "logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return root


def guesses(log):
    return {guess.field: guess for guess in log.mappings[0].columns}


FINNISH_HEADER = (
    "Nro;Ajankohta;Kuka;Kysymys;Vastaus;Kesto;Asiakirjat\n"
    "7;14.09.2026 10:00;u1;Wer zahlt bei Hochwasser?;Die Versicherung zahlt den Schaden am Haus.;3;hochwasser.pdf\n"
    "8;14.09.2026 10:05;u2;Was ist die Selbstbeteiligung?;Die Selbstbeteiligung ist 500 Euro im Jahr.;4;wohnen.pdf\n"
)


def test_a_guess_states_column_confidence_and_a_masked_example(tmp_path):
    text = "query,mystery,user_id\nWho pays?,17,ann@example.org\n42,18,u2\n"
    log = read_logs(put(tmp_path, "x.csv", text))
    found = guesses(log)
    assert found["query"].column == "query"
    assert found["query"].confidence == 0.5  # the best name there is, and one of two values can be a question
    assert found["query"].values == 2
    assert found["user_id"].example == "[email]"
    assert log.mappings[0].unused == ("mystery",)
    assert (log.mappings[0].lines, log.mappings[0].interactions) == (2, 2)


def test_columns_in_no_known_language_are_told_by_their_values_with_low_confidence(tmp_path):
    log = read_logs(put(tmp_path, "x.csv", FINNISH_HEADER))
    first = log.interactions[0]
    assert first.query == "Wer zahlt bei Hochwasser?"
    assert first.answer == "Die Versicherung zahlt den Schaden am Haus."
    assert [item.doc_id for item in first.retrieved] == ["hochwasser.pdf"]
    found = guesses(log)
    assert {"query", "at", "answer", "retrieved.ids"} <= found.keys()
    assert all(guess.confidence <= 0.5 for guess in found.values())


def test_values_never_take_a_field_from_the_column_named_for_it(tmp_path):
    text = "question,remark\nWho pays for storm?,Is this thing really on?\nWhat is the excess?,Why do I ask this?\n"
    log = read_logs(put(tmp_path, "x.csv", text))
    assert guesses(log)["query"].column == "question"
    assert guesses(log)["query"].confidence > 0.9


def test_a_latency_without_a_unit_is_asked_for_and_left_out(tmp_path):
    log = read_logs(put(tmp_path, "x.csv", "query,latency\nWho?,2.5\nWhat?,230 ms\n"))
    assert [entry.latency_ms for entry in log.interactions] == [None, 230.0]
    (question,) = log.mappings[0].questions
    assert (question.field, question.ask, question.choices) == ("latency_ms", "unit", ("milliseconds", "seconds"))
    assert "latency_ms" in log.logged_fields


def test_local_times_are_asked_for_and_read_once_their_zone_is_stated(tmp_path):
    put(tmp_path, "x.csv", "query,time\nWho?,2026-09-14 10:00\nWhat?,14.09.2026 11:00\n")
    log = read_logs(tmp_path)
    assert [question.ask for question in log.mappings[0].questions] == ["time zone"]
    save_time_zone(tmp_path, "logs/x.csv", "Europe/Berlin")
    log = read_logs(tmp_path)
    assert [entry.at for entry in log.interactions] == [
        datetime(2026, 9, 14, 8, tzinfo=UTC),
        datetime(2026, 9, 14, 9, tzinfo=UTC),
    ]
    assert log.mappings[0].questions == ()
    assert log.mappings[0].units["at"] == "Europe/Berlin (set by a person)"
    assert log.faults == ()


def test_a_cost_without_currency_is_kept_and_the_currency_asked_for(tmp_path):
    put(tmp_path, "a.csv", "query,cost\nWho?,0.25\n")
    log = read_logs(tmp_path)
    assert log.interactions[0].cost == 0.25
    assert [question.ask for question in log.mappings[0].questions] == ["currency"]
    assert log.mappings[0].units["cost"] == "no currency stated"
    save_currency(tmp_path, "logs/a.csv", "EUR")
    assert read_logs(tmp_path).mappings[0].questions == ()


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ((5, 4, 3, 2), [1, 1, None, -1]),  # five stars: a 5 was given
        ((9, 8, 5, 4), [1, 1, None, -1]),  # ten points: one is above 5
        ((4, 3, 2, 1), [None] * 4),  # of 5 or of 10
        ((90, 10, 50, 70), [None] * 4),  # of what?
        (("4/5", "2/5", "3/5", "1/5"), [1, -1, None, -1]),
        (("4/10", "9/10", "2/10", "6/10"), [-1, 1, -1, None]),
    ],
)
def test_marks_are_read_on_their_scale_and_left_out_where_it_cannot_be_told(tmp_path, marks, expected):
    rows = "".join(f"Who {place}?,{mark}\n" for place, mark in enumerate(marks))
    log = read_logs(put(tmp_path, "x.csv", "query,rating\n" + rows))
    assert [entry.feedback for entry in log.interactions] == expected
    asked = [question.field for question in log.mappings[0].questions]
    assert asked == (["feedback"] if expected == [None] * 4 else [])


def test_a_person_states_the_scale_of_marks(tmp_path):
    put(tmp_path, "x.csv", "query,rating\nWho?,4\nWhat?,1\n")
    save_unit(tmp_path, "logs/x.csv", "feedback", "5")
    assert [entry.feedback for entry in read_logs(tmp_path).interactions] == [1, -1]
    save_unit(tmp_path, "logs/x.csv", "feedback", "1 to 10")
    assert [entry.feedback for entry in read_logs(tmp_path).interactions] == [-1, -1]


def test_a_correction_beats_the_guess_and_shows_who_chose(tmp_path):
    put(tmp_path, "x.csv", "query,second,latency\nWho?,Why is that so?,2\n")
    save_column(tmp_path, "logs/x.csv", "query", "second")
    save_column(tmp_path, "logs/x.csv", "latency_ms", "latency")
    save_unit(tmp_path, "logs/x.csv", "latency_ms", "s")
    log = read_logs(tmp_path)
    assert log.interactions[0].query == "Why is that so?"
    assert log.interactions[0].latency_ms == 2000.0
    assert guesses(log)["query"].set_by_user
    assert log.mappings[0].units["latency_ms"] == "seconds (set by a person)"


def test_a_person_can_say_that_no_column_holds_a_field(tmp_path):
    put(tmp_path, "x.csv", "query,answer\nWho?,internal note\n")
    save_column(tmp_path, "logs/x.csv", "answer", None)
    log = read_logs(tmp_path)
    assert log.interactions[0].answer is None
    assert "answer" not in log.logged_fields


def test_corrections_are_checked_before_they_are_kept(tmp_path):
    put(tmp_path, "x.csv", "query\nWho?\n")
    with pytest.raises(InputError, match="no column 'Frage'; it holds query"):
        save_column(tmp_path, "logs/x.csv", "query", "Frage")
    with pytest.raises(InputError, match="no field 'colour'"):
        save_column(tmp_path, "logs/x.csv", "colour", "query")
    with pytest.raises(InputError, match="no log of this case"):
        save_column(tmp_path, "logs/../../etc/passwd", "query", "x")
    with pytest.raises(InputError, match="no time zone"):
        save_time_zone(tmp_path, "logs/x.csv", "Middle/Earth")
    with pytest.raises(InputError, match="no unit of latency_ms"):
        save_unit(tmp_path, "logs/x.csv", "latency_ms", "fortnights")
    with pytest.raises(InputError, match="no currency code"):
        save_currency(tmp_path, "logs/x.csv", "shells")
    assert not (tmp_path / "log_mapping.json").exists()


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"a": 1}', '{"a": {"colour": 1}}', '{"a": {"columns": {"query": 7}}}', '{"a": {"time_zone": "Mars"}}'],
)
def test_a_broken_file_of_corrections_is_an_input_error_and_a_fault_of_the_log(tmp_path, text):
    put(tmp_path, "x.csv", "query\nWho?\n")
    (tmp_path / "log_mapping.json").write_text(text)
    with pytest.raises(InputError, match=r"log_mapping\.json"):
        read_corrections(tmp_path)
    log = read_logs(tmp_path)
    assert len(log.interactions) == 1
    assert log.faults[0].startswith("log_mapping.json")


def test_a_correction_that_names_a_column_the_file_lost_is_a_fault(tmp_path):
    put(tmp_path, "x.csv", "query,old\nWho?,Why?\n")
    save_column(tmp_path, "logs/x.csv", "query", "old")
    put(tmp_path, "x.csv", "query,new\nWho?,Why?\n")
    log = read_logs(tmp_path)
    assert log.interactions[0].query == "Who?"
    assert "no column 'old'" in log.faults[0]


def test_corrections_are_written_as_file_field_and_value():
    assert parse_correction("logs/a.csv:query=Frage") == Correction("logs/a.csv", "query", "column", "Frage")
    assert parse_correction("logs/a.csv:answer=") == Correction("logs/a.csv", "answer", "column", None)
    assert parse_correction("logs/a:b.csv:latency_ms.unit=s") == Correction("logs/a:b.csv", "latency_ms", "unit", "s")
    assert parse_correction("logs/a.csv:at.zone=Europe/Berlin").what == "zone"
    for wrong in ("", "query=Frage", "logs/a.csv:query", ":query=x"):
        with pytest.raises(InputError, match="no correction"):
            parse_correction(wrong)


def test_a_correction_of_the_command_line_is_kept_like_any_other(tmp_path):
    put(tmp_path, "x.csv", "Frage,at,ms\nWho?,2026-09-14 10:00,5\n")
    for text in ("query=Frage", "at.zone=UTC", "latency_ms=ms", "latency_ms.unit=ms", "cost.currency=GBP"):
        apply_correction(tmp_path, f"logs/x.csv:{text}")
    assert read_corrections(tmp_path)["logs/x.csv"] == FileCorrections(
        {"query": "Frage", "latency_ms": "ms"}, {"latency_ms": "milliseconds"}, "UTC", "GBP"
    )
    assert json.loads((tmp_path / "log_mapping.json").read_text())["logs/x.csv"]["time_zone"] == "UTC"
    assert read_logs(tmp_path).interactions[0].latency_ms == 5.0


@given(st.from_regex(PLAIN, fullmatch=True))
def test_nothing_is_ever_masked_in_a_name_that_is_taken_as_it_is(name):
    assert mask(name)[0] == name


# What stands for missing values and is spelled in letters alone must go the long way.
@given(st.sampled_from(["nan", "None", "null", "NA", "undefined"]))
def test_words_for_missing_values_are_not_plain_names(word):
    assert PLAIN.fullmatch(word) is None
