"""Governance papers: kinds, dates with their basis, people, rows."""

import os
from datetime import UTC, date, datetime

import pytest
from docx import Document as new_docx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.ingest.artefact_dates import STRENGTH, day_in
from workbench.ingest.artefacts import kind_of, read_artefacts
from workbench.records import Commit

ADR = """---
status: accepted
date: 2026-02-06
decision-makers: [Eva Marsh (Head of Claims), Fay Call (Claims, Motor)]
consulted:
  - Dan Kav (Operational Risk)
informed: Internal Audit
---

# 0003 Governance posture

## Context and Problem Statement
"""


def put(root, name, content):
    path = root / "governance" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    os.utime(path, (1_790_000_000, 1_790_000_000))  # 2026-09-21
    return root


def facts(paper):
    return [(str(fact.on), fact.basis, fact.source.locator) for fact in paper.dates]


def test_no_folder_and_an_empty_folder_give_nothing(tmp_path):
    assert read_artefacts(tmp_path) == ()
    (tmp_path / "governance").mkdir()
    assert read_artefacts(tmp_path) == ()


def test_a_madr_record_gives_kind_title_people_and_claimed_date(tmp_path):
    (paper,) = read_artefacts(put(tmp_path, "adr/0003-posture.md", ADR))
    assert (paper.kind, paper.title) == ("adr", "0003 Governance posture")
    assert paper.people["decision-makers"] == ("Eva Marsh (Head of Claims)", "Fay Call (Claims, Motor)")
    assert paper.people["consulted"] == ("Dan Kav (Operational Risk)",)
    assert paper.people["informed"] == ("Internal Audit",)
    assert facts(paper) == [("2026-02-06", "claimed", "front matter 'date'"), ("2026-09-21", "file", "file time")]


def test_the_first_commit_that_added_a_file_of_this_name_is_the_strongest_date(tmp_path):
    def commit(name, day, *files):
        at = datetime(2026, 2, day, 12, tzinfo=UTC)
        return Commit(name, "Ann", at, at, "s", files)

    history = [
        commit("c" * 40, 9, ("M", "docs/governance/adr/0003-posture.md")),
        commit("b" * 40, 8, ("A", "other/0003-posture.md"), ("A", "docs/governance/adr/0003-posture.md")),
        commit("a" * 40, 7, ("A", "other/0003-posture.md")),
    ]
    (paper,) = read_artefacts(put(tmp_path, "adr/0003-posture.md", ADR), history)
    assert facts(paper)[0] == ("2026-02-08", "commit", "commit bbbbbbb")


def test_a_common_name_needs_its_folder_to_agree(tmp_path):
    at = datetime(2026, 2, 7, tzinfo=UTC)
    history = [Commit("a" * 40, "Ann", at, at, "s", (("A", "README.md"),))]
    (paper,) = read_artefacts(put(tmp_path, "README.md", "hello"), history)
    assert [fact.basis for fact in paper.dates] == ["file"]


def test_sign_off_rows_are_events_and_keep_their_columns(tmp_path):
    text = "what,approver,role,decision,date\nPilot,Eva Marsh,Head of Claims,approved,2026-05-26\n"
    text += "Go-live,Dan Kav,Risk,,2026-09-01\n"
    (paper,) = read_artefacts(put(tmp_path, "approvals.csv", text))
    assert paper.kind == "approval"
    assert paper.people["approver"] == ("Eva Marsh (Head of Claims)", "Dan Kav (Risk)")
    assert facts(paper)[0] == ("2026-05-26", "event", "row 1")
    assert [fact.basis for fact in paper.dates].count("event") == 1
    assert paper.rows[1]["what"] == "Go-live"


def test_sign_off_tables_inside_a_text_are_events_too(tmp_path):
    text = "# Release checklist\n\n| Name | Decision | Date |\n|---|---|---|\n| Eva Marsh | approved | 26 May 2026 |\n"
    (paper,) = read_artefacts(put(tmp_path, "release.md", text))
    assert paper.kind == "approval"
    assert facts(paper)[0] == ("2026-05-26", "event", "line 5")
    assert paper.rows == ()


def test_a_risk_register_gives_the_opening_day_of_each_row_and_its_owners(tmp_path):
    text = "id,risk,owner,opened,due\nR1,Wrong answer,Eva Marsh,2026-02-09,2027-01-01\nR2,Leak,Rob Ach,2026-02-11,\n"
    (paper,) = read_artefacts(put(tmp_path, "register.csv", text))
    assert (paper.kind, paper.people["owner"]) == ("risk_register", ("Eva Marsh", "Rob Ach"))
    assert facts(paper)[:2] == [("2026-02-09", "claimed", "row 1"), ("2026-02-11", "claimed", "row 2")]


def test_word_properties_are_embedded_dates_and_the_author_is_named(tmp_path):
    doc = new_docx()
    doc.add_heading("Data protection impact assessment", 0)
    doc.add_paragraph("First issued 20 February 2026. Approved by: nobody yet")
    doc.core_properties.author = "Hanna Ose"
    doc.core_properties.created = datetime(2026, 2, 20)
    doc.core_properties.modified = datetime(2026, 5, 13)
    (tmp_path / "governance").mkdir()
    doc.save(tmp_path / "governance" / "paper.docx")
    (paper,) = read_artefacts(tmp_path)
    assert (paper.kind, paper.people["author"]) == ("impact_assessment", ("Hanna Ose",))
    assert facts(paper)[:3] == [
        ("2026-02-20", "embedded", "document property 'created'"),
        ("2026-05-13", "embedded", "document property 'modified'"),
        ("2026-02-20", "claimed", "line 2"),
    ]


def test_a_broken_paper_is_kept_without_text_and_hides_no_other(tmp_path):
    put(tmp_path, "a-policy.docx", "PK\x03\x04 and no more of a zip")
    put(tmp_path, "b-policy.md", "# Retention policy\n\nOwner: Eva Marsh\nDate: 2 March 2026\n")
    put(tmp_path, "c.xyz", "?")
    broken, policy, unknown = read_artefacts(tmp_path)
    assert (broken.kind, broken.text, unknown.kind) == ("other", "", "other")
    assert (policy.kind, policy.people["owner"]) == ("policy", ("Eva Marsh",))
    assert facts(policy)[0] == ("2026-03-02", "claimed", "line 4")


def test_links_are_not_followed(tmp_path):
    (tmp_path / "outside.md").write_text("secret")
    (tmp_path / "case" / "governance").mkdir(parents=True)
    (tmp_path / "case" / "governance" / "x.md").symlink_to(tmp_path / "outside.md")
    assert read_artefacts(tmp_path / "case") == ()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("governance/adr/0001-model.md", "adr"),
        ("governance/Risk Register v2.csv", "risk_register"),
        ("governance/DPIA_final.docx", "impact_assessment"),
        ("governance/sign-off.pdf", "approval"),
        ("governance/escalation_runbook.md", "runbook"),
        ("governance/model_card.md", "model_card"),
        ("governance/system-card.html", "system_card"),
        ("governance/outcome_charter.md", "charter"),
        ("governance/incident_log.csv", "incident_log"),
        ("governance/log_schema.md", "log_schema"),
        ("governance/policies/retention.md", "policy"),
        ("governance/minutes.txt", "other"),
    ],
)
def test_kinds_are_told_by_name(name, kind):
    assert kind_of(name, "", "", ()) == kind


def test_kinds_are_told_by_columns_and_text_where_names_say_nothing():
    assert kind_of("governance/x.csv", "x", "", ("Item", "Approver", "Decision")) == "approval"
    assert kind_of("governance/x.md", "x", "# A\n\n## Considered Options\n", ()) == "adr"


def test_days_are_found_in_running_text():
    written = ("on 2026-02-20.", "20 February 2026", "20th Feb 2026", "February 20, 2026", "20/02/2026")
    assert [day_in(text) for text in written] == [date(2026, 2, 20)] * 5
    assert day_in("version 2026-13-40") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["x.md", "x.csv", "x.html", "x.docx", "x.pdf", "x.json"]))
def test_arbitrary_bytes_never_raise_and_dates_are_strongest_first(tmp_path, content, name):
    path = tmp_path / "governance" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    (paper,) = read_artefacts(tmp_path, ())
    ranks = [STRENGTH.index(fact.basis) for fact in paper.dates]
    assert ranks == sorted(ranks)
    path.unlink()
