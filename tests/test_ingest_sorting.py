import csv
import gzip
import io
import json
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.ingest.handover.placing import Handed, places, target_in
from workbench.ingest.handover.sorting import part_of, repository_roots
from workbench.ingest.handover.table_sorting import Placement


def placed(tmp_path: Path, name: str, text: str | bytes) -> Placement:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return part_of(path, name)


LOG = """question,answer,asked_at,user_id
What is the excess?,It is 350.,2026-03-02T10:00:00Z,u1
And for theft?,It is 500.,2026-03-02T10:01:00Z,u2
"""


def test_a_table_of_questions_with_times_is_a_query_log_and_says_why(tmp_path: Path) -> None:
    found = placed(tmp_path, "export.csv", LOG)
    assert found.part == "logs"
    assert found.reason == "columns question, answer, asked_at, user_id: a query log"


def test_content_wins_over_the_suffix(tmp_path: Path) -> None:
    assert placed(tmp_path, "export.txt", LOG).part == "logs"


def test_a_packed_log_is_looked_into(tmp_path: Path) -> None:
    assert placed(tmp_path, "export.csv.gz", gzip.compress(LOG.encode())).part == "logs"


def test_tables_in_parquet_and_spreadsheets_are_looked_into(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(LOG)))
    pd.DataFrame(rows).to_parquet(tmp_path / "export.parquet")
    assert part_of(tmp_path / "export.parquet", "export.parquet").part == "logs"
    with xlsxwriter.Workbook(tmp_path / "export.xlsx") as book:
        sheet = book.add_worksheet()
        for place, cells in enumerate([list(rows[0]), *(list(row.values()) for row in rows)]):
            sheet.write_row(place, 0, cells)
    assert part_of(tmp_path / "export.xlsx", "export.xlsx").part == "logs"
    with xlsxwriter.Workbook(tmp_path / "prices.xlsx") as book:
        book.add_worksheet().write_row(0, 0, ["Tariff", "Price"])
    assert part_of(tmp_path / "prices.xlsx", "prices.xlsx").part == "corpus"


def test_a_trace_export_is_known_by_its_keys(tmp_path: Path) -> None:
    span = {"traceId": "a", "spanId": "b", "startTimeUnixNano": "1700000000000000000", "name": "chat"}
    found = placed(tmp_path, "spans.jsonl", "\n".join(json.dumps(span) for _ in range(3)))
    assert (found.part, found.reason) == ("logs", "keys of OpenTelemetry GenAI traces: a trace export")


@pytest.mark.parametrize(
    "text",
    [
        "question,expected_answer\nWhat is the excess?,It is 350 pounds\n",
        "user_input,response,retrieved_contexts,reference,faithfulness\nWhat is it?,350,\"['a']\",350,0.9\n",
        "item_id,faithfulness,answer_relevancy\nq1,0.9,0.8\nq2,0.7,0.6\n",
        "run,date,metric,value\nr1,2026-01-02,faithfulness,0.9\nr2,2026-01-03,faithfulness,0.8\n",
    ],
)
def test_eval_sets_and_their_results_are_evals(tmp_path: Path, text: str) -> None:
    assert placed(tmp_path, "data.csv", text).part == "evals"


def test_results_of_evaluation_tools_are_evals(tmp_path: Path) -> None:
    promptfoo = {
        "evalId": "eval-1",
        "results": {"stats": {}, "results": [{"success": True, "score": 1, "vars": {"question": "q"}}]},
    }
    assert placed(tmp_path, "output.json", json.dumps(promptfoo)).part == "evals"


def test_questions_and_answers_alone_are_a_faq_unless_the_name_says_otherwise(tmp_path: Path) -> None:
    text = "question,answer\nWhat is the excess?,It is 350 pounds\nWhere do I call?,Call 0117\n"
    assert placed(tmp_path, "faq.csv", text).part == "corpus"
    assert placed(tmp_path, "chat_logs.csv", text).part == "logs"
    assert placed(tmp_path, "golden set.csv", text).part == "evals"
    assert placed(tmp_path, "faq.csv", text).confidence < 0.5


def test_labels_in_beir_form_are_labels(tmp_path: Path) -> None:
    assert placed(tmp_path, "x/queries.jsonl", '{"_id": "1", "text": "What is it?"}\n').part == "labels"
    assert placed(tmp_path, "x/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t1\n").part == "labels"


def test_governance_papers_are_told_from_what_an_insurer_calls_a_policy(tmp_path: Path) -> None:
    assert (
        placed(tmp_path, "0001-use-a-reranker.md", "# Use a reranker\n\n## Considered Options\n\n* none\n").part
        == "governance"
    )
    assert placed(tmp_path, "DPIA claims assistant.txt", "Data protection impact assessment").part == "governance"
    assert (
        placed(tmp_path, "Acceptable use.md", "# Acceptable use policy\n\nStaff may use the AI assistant.\n").part
        == "governance"
    )
    assert (
        placed(tmp_path, "Home policy wording.md", "# Home insurance policy\n\nWe pay for escape of water.\n").part
        == "corpus"
    )
    assert placed(tmp_path, "risks.csv", "risk,owner,rating\nWrong answers,Ann,high\n").part == "governance"


def test_source_code_and_history_belong_to_the_repository(tmp_path: Path) -> None:
    assert placed(tmp_path, "app/main.py", "print()\n").part == "repo"
    log = "commit fe63ab77997db116164990c9bec00a6245177ae5\nAuthor: A <a@b>\nDate: Mon Feb 2 09:00:00 2026 +0000\n\n    First\n"
    assert placed(tmp_path, "history.txt", log).part == "repo"


def test_folders_named_like_parts_are_honoured_whatever_lies_in_them(tmp_path: Path) -> None:
    assert placed(tmp_path, "governance/export.csv", LOG) == Placement(
        "governance", 1.0, "handed over in a folder named governance"
    )
    assert placed(tmp_path, "Logs/a.txt", "x").part == "logs"
    assert placed(tmp_path, "qrels/a.txt", "x").part == "labels"


def test_everything_else_is_a_document_and_nothing_is_an_error(tmp_path: Path) -> None:
    assert placed(tmp_path, "a.pdf", b"%PDF-1.4 broken").part == "corpus"
    assert placed(tmp_path, "b.bin", bytes(range(256))).part == "corpus"
    assert placed(tmp_path, "c.json", "{" * 5000).part == "corpus"
    assert part_of(tmp_path / "absent.pdf", "absent.pdf") == Placement(
        "corpus", 0.2, "could not be looked into; taken for a document"
    )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from([".csv", ".json", ".jsonl", ".txt", ".md", ".gz", ".tsv", ""]),
    text=st.one_of(
        st.binary(max_size=200),
        st.text(st.sampled_from('{}[]",:;\n\tquestionanswer01_- '), max_size=200).map(str.encode),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.sampled_from(["question", "score", "2026-01-01", "x" * 50]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["question", "answer", "score", "results", "run_id", "metric", "_id", "at"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=20,
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_every_file_has_a_place_whatever_it_holds(tmp_path: Path, suffix: str, text: bytes) -> None:
    found = placed(tmp_path, f"a{suffix}", text)
    assert found.part in ("corpus", "logs", "evals", "governance", "repo", "labels")
    assert 0 < found.confidence <= 1
    assert found.reason


def test_a_repository_is_known_by_its_git_folder_or_by_two_of_its_files() -> None:
    assert repository_roots(["pilot/.git/HEAD", "pilot/docs/a.md", "a.md"]) == ("pilot",)
    assert repository_roots(
        ["pilot/pyproject.toml", "pilot/Dockerfile", "pilot/web/package.json", "pilot/web/Dockerfile"]
    ) == ("pilot",)
    assert repository_roots(["share/Dockerfile", "share/a.pdf"]) == ()
    assert repository_roots(["corpus/x/.git/HEAD"]) == ()
    assert repository_roots(["Dockerfile", "Makefile", "evals/golden.csv"]) == ("",)
    assert repository_roots(["Dockerfile", "Makefile", "corpus/a.pdf", "logs/a.csv"]) == ()


def group(tmp_path: Path, files: dict[str, str], stem: str = "") -> dict[str, str]:
    handed = []
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        handed.append(Handed(name, path))
    return {place.file.name: place.target for place in places(handed, stem)}


def test_a_repository_stays_together_and_its_history_is_where_it_is_looked_for(tmp_path: Path) -> None:
    found = group(
        tmp_path,
        {"pilot/.git/HEAD": "ref", "pilot/docs/policy.md": "# x", "pilot/evals/golden.csv": LOG},
        "pilot-snapshot",
    )
    assert found == {
        "pilot/.git/HEAD": "repo/.git/HEAD",
        "pilot/docs/policy.md": "repo/docs/policy.md",
        "pilot/evals/golden.csv": "repo/evals/golden.csv",
    }


def test_documents_of_an_archive_go_into_a_folder_of_its_name(tmp_path: Path) -> None:
    assert group(tmp_path, {"a.txt": "x", "b/c.txt": "y"}, "share") == {
        "a.txt": "corpus/share/a.txt",
        "b/c.txt": "corpus/share/b/c.txt",
    }
    assert group(tmp_path, {"share/a.txt": "x", "share/b.txt": "y"}, "share") == {
        "share/a.txt": "corpus/share/a.txt",
        "share/b.txt": "corpus/share/b.txt",
    }


def test_a_whole_case_in_one_folder_is_spread_over_its_parts(tmp_path: Path) -> None:
    found = group(
        tmp_path,
        {
            "acme/corpus/a/b.txt": "x",
            "acme/logs/l.csv": LOG,
            "acme/queries.jsonl": '{"_id": "1", "text": "q"}\n',
            "acme/qrels/test.tsv": "query-id\tcorpus-id\tscore\n",
            "acme/notes.txt": "x",
        },
        "handover",
    )
    assert list(found.values()) == [
        "corpus/a/b.txt",
        "logs/l.csv",
        "queries.jsonl",
        "qrels/test.tsv",
        "outside/notes.txt",
    ]


def test_loose_files_beside_a_dockerfile_are_no_repository(tmp_path: Path) -> None:
    found = group(tmp_path, {"Dockerfile": "FROM x", "package.json": "{}", "terms.txt": "x"})
    assert found["terms.txt"] == "corpus/terms.txt"


def test_a_file_moved_by_hand_keeps_its_folders() -> None:
    assert target_in("logs", "corpus/share/chat.csv") == "logs/share/chat.csv"
    assert target_in("corpus", "qrels/test.tsv") == "corpus/test.tsv"
    assert target_in("labels", "corpus/x/queries.jsonl") == "queries.jsonl"
    assert target_in("evals", "queries.jsonl") == "evals/queries.jsonl"


def test_questions_people_asked_about_the_pilot_are_governance(tmp_path: Path) -> None:
    table = (
        "id,question,asked_by,answered_by\n1,Where are answers stored?,Robert,Hannah\n2,Who may see them?,Ann,Hannah\n"
    )
    assert placed(tmp_path, "questions.csv", table).part == "governance"


def test_a_file_beside_one_folder_of_a_part_is_still_a_document(tmp_path: Path) -> None:
    files = {"acme/governance/raci.txt": "r", "acme/terms.txt": "t"}
    assert list(group(tmp_path, files, "acme").values()) == ["governance/raci.txt", "corpus/terms.txt"]
