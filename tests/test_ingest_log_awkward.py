"""Logs as clients really send them: other languages, decimal commas, dates in either order, ids in two files, running text."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime, time

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from workbench.ingest.logs.blocks import open_log
from workbench.ingest.logs.corrections import apply_correction
from workbench.ingest.logs.durations import duration_of, unit_of_name
from workbench.ingest.logs.numbers import number_of
from workbench.ingest.logs.reading import read_logs
from workbench.ingest.logs.records import rows_of
from workbench.ingest.logs.times import written_both_ways

NINE = datetime(2026, 9, 14, 9, tzinfo=UTC)


def put(root, name, content):
    path = root / "logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (
            "Frage;Antwort;Zeitstempel;Nutzer;Sitzung;Modell;Dauer_ms;Kosten_EUR;Bewertung;Quellen",
            "Wer zahlt?;Wir.;{};gut;{}",
        ),
        (
            "Question;Réponse;Horodatage;Utilisateur;Session;Modèle;Durée (ms);Coût (EUR);Évaluation;Sources",
            "Qui?;Nous.;{};oui;{}",
        ),
        (
            "Pregunta;Respuesta;Fecha y hora;Usuario;Sesión;Modelo;Duración_ms;Coste_EUR;Valoración;Fuentes",
            "¿Quién?;Él.;{};sí;{}",
        ),
        (
            "Domanda;Risposta;Data e ora;Utente;Sessione;Modello;Durata_ms;Costo_EUR;Valutazione;Fonti",
            "Chi paga?;Noi.;{};sì;{}",
        ),
        (
            "Vraag;Antwoord;Tijdstip;Gebruiker;Sessie;Model;Duur_ms;Kosten_EUR;Beoordeling;Bronnen",
            "Wie?;Wij.;{};goed;{}",
        ),
        (
            "Pytanie;Odpowiedź;Data i godzina;Użytkownik;Sesja;Model;Czas_ms;Koszt_EUR;Ocena;Źródła",
            "Kto płaci?;My.;{};tak;{}",
        ),
    ],
    ids=["German", "French", "Spanish", "Italian", "Dutch", "Polish"],
)
def test_columns_named_in_other_languages_are_known_with_high_confidence(tmp_path, header, line):
    said = line.format("2026-09-14T09:00:00Z;u1;s1;gpt-4o;1200;0,01", "a.pdf|b.pdf")
    log = read_logs(put(tmp_path, "a.csv", f"{header}\n{said}\n"))
    (found,) = log.interactions
    assert (found.at, found.user_id, found.session_id, found.model) == (NINE, "u1", "s1", "gpt-4o")
    assert (found.latency_ms, found.cost, found.feedback) == (1200.0, 0.01, 1)
    assert [item.doc_id for item in found.retrieved] == ["a.pdf", "b.pdf"]
    assert found.query
    assert found.answer
    assert all(guess.confidence >= 0.7 for guess in log.mappings[0].columns)
    assert log.mappings[0].units["latency_ms"] == "milliseconds (name)"


def test_a_decimal_comma_is_told_by_the_numbers_and_then_a_point_parts_thousands(tmp_path):
    text = "question;tokens_in;latency_ms;cost_eur\nWho?;1.234;1.250;0,0085\nWhat?;12;980,5;0,02\n"
    log = read_logs(put(tmp_path, "a.csv", text))
    assert [entry.tokens_in for entry in log.interactions] == [1234, 12]
    assert [entry.latency_ms for entry in log.interactions] == [1250.0, 980.5]
    assert [entry.cost for entry in log.interactions] == [0.0085, 0.02]
    assert log.mappings[0].units["numbers"] == "decimal comma (values)"


def test_thousands_parted_by_commas_are_thousands(tmp_path):
    text = 'question,tokens_in,latency_ms\nWho?,"1,234","1,250"\nWhat?,"2,345",980\n'
    log = read_logs(put(tmp_path, "a.csv", text))
    assert [entry.tokens_in for entry in log.interactions] == [1234, 2345]
    assert [entry.latency_ms for entry in log.interactions] == [1250.0, 980.0]


def test_scores_with_decimal_commas_are_read_whether_there_are_two_or_one(tmp_path):
    text = "question;retrieved_ids;scores\nWho?;a.pdf|b.pdf;0,85|0,71\nWhat?;a.pdf;0,9\n"
    log = read_logs(put(tmp_path, "a.csv", text))
    assert [[item.score for item in entry.retrieved] for entry in log.interactions] == [[0.85, 0.71], [0.9]]


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1.234.567", ".", 1_234_567.0),
        ("1 234,5", ".", 1234.5),
        ("1'234.50", ".", 1234.5),
        ("1.234", ",", 1234.0),
        ("1.234", ".", 1.234),
        ("0,934", ".", 0.934),
        ("€ 0,02", ".", 0.02),
        ("1.234.5", ".", None),
        ("14.09.2026", ".", None),
    ],
)
def test_numbers_are_read_as_they_are_grouped(text, decimal, number):
    assert number_of(text, decimal) == number


@given(st.floats(0, 1e12, allow_nan=False).map(lambda value: round(value, 4)))
def test_a_number_written_in_groups_reads_as_itself_in_both_conventions(value):
    english = f"{value:,.4f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert number_of(english, ".") == number_of(german, ",") == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1.2s", 1200), ("850 ms", 850), ("2 sec", 2000), ("1m 3s", 63_000), ("1,2 s", 1200), ("1.5 seconds", 1500),
        ("00:00:01.500", 1500), ("2min", 120_000), ("PT1.5S", 1500), ("1h 2m", 3_720_000), ("1 s 20 ms", 1020),
    ],
)  # fmt: skip
def test_a_duration_that_states_its_unit_is_read_in_it(text, milliseconds):
    amount, factor = duration_of(text)
    assert amount * factor == pytest.approx(milliseconds)


def test_latencies_with_units_in_the_values_need_no_unit_in_the_name(tmp_path):
    log = read_logs(put(tmp_path, "a.csv", "question,latency\nWho?,1.2s\nWhat?,850ms\nWhy?,1m 3s\n"))
    assert [entry.latency_ms for entry in log.interactions] == [1200.0, 850.0, 63_000.0]
    assert (log.mappings[0].questions, log.mappings[0].units["latency_ms"]) == ((), "stated by the values")


def test_units_are_told_by_names_in_other_languages():
    names = (
        "Dauer in Sekunden",
        "Dauer (Sek.)",
        "durée_ms",
        "Antwortzeit in Millisekunden",
        "durata (secondi)",
        "answers",
    )
    assert [unit_of_name(name) for name in names] == [
        "seconds",
        "seconds",
        "milliseconds",
        "milliseconds",
        "seconds",
        None,
    ]


def test_one_day_above_12_tells_the_order_of_all_dates_of_a_file(tmp_path):
    put(tmp_path, "a.csv", "question,timestamp\nWho?,03/09/2026 09:00\nWhat?,14/09/2026 09:00\n")
    apply_correction(tmp_path, "logs/a.csv:at.zone=Europe/Berlin")
    log = read_logs(tmp_path)
    assert [entry.at for entry in log.interactions] == [
        datetime(2026, 9, 3, 7, tzinfo=UTC),
        datetime(2026, 9, 14, 7, tzinfo=UTC),
    ]
    assert log.mappings[0].units["at"] == "Europe/Berlin (set by a person), day first (values)"


def test_the_date_that_tells_the_order_may_stand_in_another_block(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.ingest.logs.blocks.BLOCK_BYTES", 64)
    rows = "".join(f"Who pays for part {number}?,9/3/2026 9:00 PM Z\n" for number in range(50))
    log = read_logs(put(tmp_path, "a.csv", f"question,timestamp\n{rows}What?,9/14/2026 9:00 AM Z\n"))
    assert {entry.at for entry in log.interactions} == {datetime(2026, 9, 3, 21, tzinfo=UTC), NINE}


def test_dates_that_can_be_read_both_ways_are_asked_for_and_left_out_until_answered(tmp_path):
    put(tmp_path, "a.csv", "question,timestamp\nWho?,03/09/2026 09:00\nWhat?,04/10/2026 09:00\n")
    apply_correction(tmp_path, "logs/a.csv:at.zone=UTC")
    log = read_logs(tmp_path)
    assert [entry.at for entry in log.interactions] == [None, None]
    (question,) = log.mappings[0].questions
    assert (question.field, question.ask, question.choices) == ("at", "unit", ("day first", "month first"))
    assert any("2 of 2 dates in 'timestamp'" in fault for fault in log.faults)
    apply_correction(tmp_path, "logs/a.csv:at.unit=month first")
    answered = read_logs(tmp_path)
    assert [entry.at.date() for entry in answered.interactions] == [date(2026, 3, 9), date(2026, 4, 10)]
    assert answered.mappings[0].questions == ()


def test_zone_and_order_are_both_asked_for_where_neither_is_known(tmp_path):
    log = read_logs(put(tmp_path, "a.csv", "question,timestamp\nWho?,03/09/2026 09:00\n"))
    assert {(question.field, question.ask) for question in log.mappings[0].questions} == {
        ("at", "time zone"),
        ("at", "unit"),
    }


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)))
def test_a_date_reads_as_itself_in_the_order_it_was_written(moment):
    moment = moment.replace(microsecond=0)
    assert written_both_ways(f"{moment:%d/%m/%Y %H:%M:%S}")[0] == moment.isoformat()
    assert written_both_ways(f"{moment:%m/%d/%Y %I:%M:%S %p}")[1] == moment.isoformat()
    assert written_both_ways(f"{moment:%d %b %Y %H:%M:%S}") == (moment.isoformat(), moment.isoformat())


def test_serial_days_of_a_spreadsheet_are_times_without_a_zone(tmp_path):
    (tmp_path / "logs").mkdir()
    with xlsxwriter.Workbook(tmp_path / "logs" / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Question", "Asked at"])
        sheet.write_row(1, 0, ["Who pays?", 46279.375])  # 2026-09-14 09:00
    apply_correction(tmp_path, "logs/a.xlsx:at.zone=UTC")
    assert [entry.at for entry in read_logs(tmp_path).interactions] == [NINE]


def test_a_date_and_a_time_of_day_in_two_columns_are_one_time(tmp_path):
    put(tmp_path, "a.csv", "Frage;Datum;Uhrzeit\nWer zahlt?;14.09.2026;11:00\n")
    apply_correction(tmp_path, "logs/a.csv:at.zone=Europe/Berlin")
    log = read_logs(tmp_path)
    assert [entry.at for entry in log.interactions] == [NINE]
    assert log.field_sources["logs/a.csv"]["at"] == "Datum with Uhrzeit"
    assert log.mappings[0].unused == ()


def test_a_date_cell_and_a_time_cell_of_a_spreadsheet_are_one_time(tmp_path):
    (tmp_path / "logs").mkdir()
    with xlsxwriter.Workbook(tmp_path / "logs" / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Question", "Date", "Time"])
        sheet.write_string(1, 0, "Who pays?")
        sheet.write_datetime(1, 1, date(2026, 9, 14), book.add_format({"num_format": "dd/mm/yyyy"}))
        sheet.write_datetime(1, 2, time(9), book.add_format({"num_format": "hh:mm"}))
    apply_correction(tmp_path, "logs/a.xlsx:at.zone=UTC")
    assert [entry.at for entry in read_logs(tmp_path).interactions] == [NINE]


def test_one_id_in_two_files_is_one_interaction_with_the_fields_of_both(tmp_path):
    put(
        tmp_path,
        "a.jsonl",
        lines({"id": "r1", "question": "Who pays?", "answer": "We.", "timestamp": "2026-09-14T09:00:00Z"}),
    )
    put(tmp_path, "b.csv", "id,question,latency_ms,model,retrieved_ids\nr1,who  pays?,1200,gpt-4o,a.pdf\n")
    log = read_logs(tmp_path)
    (found,) = log.interactions
    assert (found.answer, found.at, found.latency_ms, found.model) == ("We.", NINE, 1200.0, "gpt-4o")
    assert [item.doc_id for item in found.retrieved] == ["a.pdf"]
    assert log.total == 1
    assert any("repeated lines of one id" in fault and ": 1;" in fault for fault in log.faults)


def test_a_trace_id_in_two_files_is_one_interaction_though_one_question_carries_its_prompt(tmp_path):
    trace = "0af7651916cd43dd8448eb211c80319c"
    put(
        tmp_path,
        "a.jsonl",
        lines({"trace_id": trace, "question": "Answer from the context. Question: Who pays?", "tokens_in": 7}),
    )
    put(tmp_path, "b.jsonl", lines({"trace_id": trace, "question": "Who pays?", "user_id": "u1"}))
    (found,) = read_logs(tmp_path).interactions
    assert (found.query, found.tokens_in, found.user_id) == ("Who pays?", 7, "u1")


def test_files_that_both_count_from_one_stay_apart(tmp_path):
    put(
        tmp_path,
        "may.csv",
        "id,question,timestamp\n1,Who pays?,2026-05-14T09:00:00Z\n2,What is it?,2026-05-14T09:00:00Z\n",
    )
    put(
        tmp_path,
        "june.csv",
        "id,question,timestamp\n1,Is it wet?,2026-06-14T09:00:00Z\n2,What is it?,2026-06-14T09:00:00Z\n",
    )
    assert len(read_logs(tmp_path).interactions) == 4


def test_a_line_exported_twice_counts_once_and_a_question_asked_twice_counts_twice(tmp_path):
    def line(minute, answer):
        return {"id": "r1", "question": "Who?", "answer": answer, "timestamp": f"2026-09-14T09:0{minute}:00Z"}

    log = read_logs(put(tmp_path, "a.jsonl", lines(line(0, "We."), line(0, "We."), line(1, "We."), line(1, "They."))))
    assert [(entry.at.minute, entry.answer) for entry in log.interactions] == [(0, "We."), (1, "We."), (1, "They.")]


def test_lines_without_an_id_are_never_taken_for_one(tmp_path):
    log = read_logs(put(tmp_path, "a.csv", "question,answer\nWho?,We.\nWho?,We.\n"))
    assert (len(log.interactions), log.faults) == (2, ())


@pytest.mark.parametrize("copies", [2, 6])
def test_one_export_under_several_names_is_counted_once(tmp_path, copies):
    for number in range(copies):
        put(tmp_path, f"{number}.csv", "id,question\nr1,Who pays?\nr2,What is it?\n")
    assert sorted(entry.interaction_id for entry in read_logs(tmp_path).interactions) == ["r1", "r2"]


def test_feedback_reaches_an_interaction_that_two_files_tell(tmp_path):
    put(tmp_path, "a.jsonl", lines({"id": "r1", "question": "Who pays?"}))
    put(tmp_path, "b.jsonl", lines({"id": "r1", "question": "Who pays?", "model": "m"}))
    put(tmp_path, "c.jsonl", lines({"id": "r1", "feedback": "down"}))
    (found,) = read_logs(tmp_path).interactions
    assert (found.model, found.feedback) == ("m", -1)


def test_a_column_of_questions_alone_keeps_their_commas(tmp_path):
    log = read_logs(put(tmp_path, "a.csv", "question\nWho pays?\nWhat is it, and why?\n"))
    assert ([entry.query for entry in log.interactions], log.faults) == (["Who pays?", "What is it, and why?"], ())


def test_a_list_of_questions_without_a_header_keeps_their_commas(tmp_path):
    asked = ["Who pays for storm, and when?", "What is the excess?", "How, and where, do I claim?"]
    log = read_logs(put(tmp_path, "a.txt", "\n".join(asked)))
    assert [entry.query for entry in log.interactions] == asked


def test_documents_beside_a_log_in_an_archive_are_named_as_such(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("share/log.csv", "question,answer\nWho pays?,We do.\n")
        archive.writestr("share/policy.txt", "Some wording about flood.\n\nIt covers flood.\n")
        archive.writestr("share/doc.pdf", b"%PDF-1.4 nothing")
    log = read_logs(put(tmp_path, "a.zip", packed.getvalue()))
    assert [entry.query for entry in log.interactions] == ["Who pays?"]
    assert sorted(log.faults) == [
        "logs/a.zip/share/doc.pdf: a PDF document, no records; move it to corpus/ if the pilot reads it",
        "logs/a.zip/share/policy.txt: running text, no log; move it to corpus/ if it is a document the pilot reads",
    ]


def test_a_header_without_a_line_is_told_from_an_empty_file(tmp_path):
    put(tmp_path, "a.csv", "question,answer\n")
    put(tmp_path, "b.csv", "")
    assert read_logs(tmp_path).faults == (
        "logs/a.csv: a line of column names and no line below it; check the export",
        "logs/b.csv: empty; check the export",
    )


@pytest.mark.parametrize(
    ("values", "liked"),
    [
        (("★★★★★", "★☆☆☆☆", "⭐⭐⭐"), [1, -1, None]),
        (("95%", "20%", "50%"), [1, -1, None]),
        (("4,5", "1,0", "5,0"), [1, -1, 1]),
        (("very satisfied", "dissatisfied", "neutral"), [1, -1, None]),
        (("9 of 10", "2 of 10", "5 of 10"), [1, -1, None]),
        (("sí", "no", "sí"), [1, -1, 1]),
    ],
)
def test_feedback_is_read_on_the_scale_it_states(tmp_path, values, liked):
    text = "question;rating\n" + "".join(f"Who {number}?;{value}\n" for number, value in enumerate(values))
    assert [entry.feedback for entry in read_logs(put(tmp_path, "a.csv", text)).interactions] == liked


def test_every_question_about_a_file_begins_with_its_path(tmp_path):
    text = "question,latency,cost,timestamp,rating\nWho?,3,0.5,03/09/2026 09:00,4\n"
    asked = read_logs(put(tmp_path, "a.csv", text)).mappings[0].questions
    assert {question.ask for question in asked} == {"unit", "time zone", "currency"}
    assert len(asked) == 5
    assert all(question.text.startswith("logs/a.csv: ") for question in asked)


def test_the_unit_of_a_trace_says_where_it_comes_from(tmp_path):
    span = {
        "id": "o1", "traceId": "t1", "type": "GENERATION", "name": "llm", "model": "m", "level": "DEFAULT",
        "startTime": "2026-09-14T09:00:00.000Z", "endTime": "2026-09-14T09:00:01.100Z", "parentObservationId": None,
        "input": [{"role": "user", "content": "Who pays?"}], "output": {"role": "assistant", "content": "We do."},
    }  # fmt: skip
    log = read_logs(put(tmp_path, "a.jsonl", lines(span)))
    assert log.interactions[0].latency_ms == 1100.0
    assert log.mappings[0].units["latency_ms"] == "milliseconds (computed from two times)"
    assert "review_seconds" not in log.mappings[0].units


CELLS = st.text(st.sampled_from('ab "",\n'), max_size=6)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=40), st.integers(8, 64), st.booleans())
def test_small_blocks_of_a_csv_hold_the_rows_that_one_large_block_holds(tmp_path_factory, rows, size, stray):
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["question", "note"])
    writer.writerows([(f"q{number}{first}", second) for number, (first, second) in enumerate(rows)])
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_text(written.getvalue() + ('pipe 5",x\n' if stray else ""), newline="")
    whole = [row.values for row in rows_of(open_log(path))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.ingest.logs.blocks.BLOCK_BYTES", size)
        assert [row.values for row in rows_of(open_log(path))] == whole


def test_masking_in_a_worker_imports_neither_torch_nor_transformers():
    code = (
        "import io, sys\n"
        "from workbench.ingest.logs import workers\n"
        "sys.stdin = io.TextIOWrapper(io.BytesIO())\n"
        "workers.serve()\n"
        "from workbench.ingest.redaction import mask\n"
        "sys.stderr.write(mask('my NHS number is 943 476 5919')[0])\n"
        "sys.stderr.write(str([sys.modules.get(name) for name in ('torch', 'transformers')]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stderr == "my NHS number is [national id][None, None]"
