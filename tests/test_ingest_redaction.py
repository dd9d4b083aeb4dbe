"""Redaction: what is masked, what must survive, and that it is stable."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.ingest.redaction import KINDS, is_card, is_iban, mask, mask_secrets

DOMAIN_TEXTS = [
    "END-H-114 and CF-207b under MB 2026-17, cl. 4.3(c)",
    "claim CWM-2026-0004512, policy PM-W-25, reserve 1,500.00, excess 250/350/500",
    "HO/2026/01234567 and 20260914-00123",
    "on 2026-09-14T10:22:05 and 14/09/2026 10:22",
    "1 000 000 000 and 10 000 000.00",
    "550e8400-e29b-41d4-a716-446655440000",
    "The token: see intranet. Password reset: ask IT. Bearer responsibilities are theirs",
    "APEXINSURANCE and AP20261234567 stay",
    "secret key: ask IT. Task-based work, risk-ant-2026 and sk-learn, MB 2026-17",
    "see https://intranet.example/claims:2026 and write to @claims",
    "version 2021, 2023 and 2025 of the 0117 area",
]


@pytest.mark.parametrize("text", DOMAIN_TEXTS)
def test_domain_identifiers_dates_and_amounts_survive(text):
    assert mask(text) == (text, {})


@pytest.mark.parametrize(
    ("text", "masked", "kind"),
    [
        ("write to ann.oke+x@mail.example.org today", "write to [email] today", "email"),
        ("card 4111 1111 1111 1111.", "card [card].", "card"),
        ("card 378282246310005", "card [card]", "card"),
        ("pay GB29 NWBK 6016 1331 9268 19 NOW", "pay [iban] NOW", "iban"),
        ("pay DE89370400440532013000", "pay [iban]", "iban"),
        ("ring 0117 496 0400", "ring [phone]", "phone"),
        ("ring +44 (0)20 7946 0958", "ring [phone]", "phone"),
        ("ring 07700900123", "ring [phone]", "phone"),
        ("postgres://app:hunter2@db/claims", "postgres://app:[secret]@db/claims", "secret"),
        ("Authorization: Bearer abc123def456ghi789", "Authorization: Bearer [secret]", "secret"),
        ("password = S3cret!pw", "password = [secret]", "secret"),
        ("DB_PASSWORD=abc123!x", "DB_PASSWORD=[secret]", "secret"),
        ("export MYSQL_PWD=foo123!", "export MYSQL_PWD=[secret]", "secret"),
        ("secret_key=abc123def456", "secret_key=[secret]", "secret"),
        (
            "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AWS_SECRET_ACCESS_KEY=[secret]",
            "secret",
        ),
        ('{"dbPassword": "abc123!x"}', '{"dbPassword": "[secret]"}', "secret"),
        ("t sk-proj-Ab12_cd34-Ef56gh78", "t [secret]", "secret"),
        ("t sk-ant-api03-Ab12_cd34-Ef56gh78", "t [secret]", "secret"),
        ("t sk-" + "a1B2" * 9, "t [secret]", "secret"),
        ("postgres://u:p@ss@host/db", "postgres://u:[secret]@host/db", "secret"),
        ("key AKIAIOSFODNN7EXAMPLE", "key [secret]", "secret"),
        ("t ghp_" + "a1B2" * 9, "t [secret]", "secret"),
        ("t eyJhbGciOiJI.eyJzdWIiOiIx.abc-DEF", "t [secret]", "secret"),
    ],
)
def test_each_kind_is_replaced_by_its_name_and_counted(text, masked, kind):
    assert mask(text) == (masked, {kind: 1})


def test_a_private_key_is_masked_to_its_end():
    text = "x -----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY----- y"
    assert mask(text)[0] == "x [secret] y"


def test_secrets_alone_are_masked_where_only_they_are_meant():
    text = "ann@example.org, 0117 496 0400, 4111 1111 1111 1111, DB_PASSWORD=abc123!x"
    assert mask_secrets(text) == (text.replace("abc123!x", "[secret]"), 1)


@given(st.text())
def test_masking_secrets_twice_changes_nothing_more(text):
    once, _ = mask_secrets(text)
    assert mask_secrets(once) == (once, 0)


def test_counts_add_up_over_kinds():
    _, counts = mask("a@b.example, c@d.example, 0117 496 0400")
    assert counts == {"email": 2, "phone": 1}


def test_a_card_needs_its_luhn_digit_and_a_known_prefix():
    # 4111111111111111: doubled digits 8+2*7 = 22, others 8: 30, divisible by 10
    assert is_card("4111111111111111")
    assert not is_card("4111111111111112")
    assert not is_card("9111111111111119")


def test_an_iban_needs_its_check_digits_and_the_length_of_its_country():
    assert is_iban("GB29NWBK60161331926819")
    assert not is_iban("GB28NWBK60161331926819")
    assert not is_iban("GB29NWBK6016133192681")


@given(st.text())
def test_masking_twice_changes_nothing_more(text):
    once, _ = mask(text)
    assert mask(once) == (once, {})


@given(st.text(), st.sampled_from(["a.b@c.example", "4111 1111 1111 1111", "GB29NWBK60161331926819"]))
def test_an_identifier_never_survives_between_other_words(text, identifier):
    masked, counts = mask(f"{text} | {identifier} | {text}")
    assert identifier not in masked
    assert set(counts) <= set(KINDS)


def test_ten_thousand_questions_are_masked_in_seconds():
    texts = [f"What is the escape of water excess under HO-W-25 for END-H-{n}?" for n in range(10_000)]
    start = time.perf_counter()
    for text in texts:
        mask(text)
    assert time.perf_counter() - start < 5  # 0.05 s on a laptop; the margin is for a busy machine


@pytest.mark.parametrize(
    "part", ["eyJ", "eyJ-", "sk-", "sk-a", "password=a", "://a:@", "secret_key ", "-----BEGIN PRIVATE KEY-----", "a@b."]
)
def test_hostile_text_takes_no_quadratic_time(part):
    start = time.perf_counter()
    mask(part * 50_000 + " t3blbkfj")
    assert time.perf_counter() - start < 5  # 0.1 s on a laptop; quadratic patterns take minutes
