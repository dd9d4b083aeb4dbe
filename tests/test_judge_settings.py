"""Which model judges: what a person kept comes back as it was, and nothing that came with a case is taken on trust."""

from __future__ import annotations

import json
import os
import string
import tempfile
import threading
from dataclasses import asdict, fields, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.answers.judge import judge_from_environment, keep_judge, kept_judge
from workbench.case import JUDGE
from workbench.errors import InputError
from workbench.records import JudgeSettings

SECRET = "sk-recognisable-0123456789"
FULL = JudgeSettings(
    vendor="azure",
    url="https://resource.openai.azure.com",
    model="Größe: µ/1",
    temperature=None,
    max_tokens=512,
    max_tokens_name="max_completion_tokens",
    timeout=7.5,
    attempts=2,
    concurrency=9,
    input_per_million=2.5,
    output_per_million=10.0,
    currency="EUR",
    as_of=date(2026, 11, 1),
    api_version="2024-10-21",
)
NAMES = st.text(string.ascii_letters + "äß語 -_:/.", min_size=1, max_size=40).filter(str.strip)
PRICES = st.none() | st.floats(0, 1e6)
JUDGES = st.builds(
    JudgeSettings,
    vendor=st.sampled_from(["openai", "azure", "anthropic", "bedrock"]),
    url=st.sampled_from(
        ["https://a.example/v1", "http://localhost:11434/v1/", "http://10.1.2.3", "https://[2001:db8::1]"]
    ),
    model=NAMES,
    temperature=st.none() | st.floats(0, 2),
    max_tokens=st.integers(16, 200_000),
    timeout=st.floats(0.05, 3600),
    attempts=st.integers(1, 10),
    concurrency=st.integers(1, 64),
    input_per_million=PRICES,
    output_per_million=PRICES,
    currency=st.sampled_from(["", "EUR", "USD"]),
    as_of=st.none() | st.dates(),
    api_version=st.sampled_from(["", "2024-10-21"]),
)


def refused(work) -> str:
    """What a person reads: one sentence, without a key."""
    with pytest.raises(InputError) as caught:
        work()
    said = str(caught.value)
    assert "\n" not in said
    assert SECRET not in said
    assert 20 < len(said) < 500
    return said


def test_every_field_comes_back_as_it_was_kept(tmp_path):
    plain = JudgeSettings()
    assert [field.name for field in fields(FULL) if getattr(FULL, field.name) == getattr(plain, field.name)] == []
    keep_judge(tmp_path, FULL)
    assert kept_judge(tmp_path) == FULL
    assert [path.name for path in tmp_path.iterdir()] == [JUDGE]


@settings(max_examples=60)
@given(JUDGES)
def test_any_judge_that_can_be_used_comes_back_as_it_was_kept(judge):
    with tempfile.TemporaryDirectory() as folder:
        keep_judge(Path(folder), FULL)
        keep_judge(Path(folder), judge)
        assert kept_judge(Path(folder)) == judge


def test_a_case_without_a_judge_has_none(tmp_path):
    assert kept_judge(tmp_path) is None
    assert kept_judge(tmp_path / "missing") is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_place_of_the_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / JUDGE)
    assert kept_judge(tmp_path) is None


def test_no_key_is_in_the_file(tmp_path, monkeypatch):
    for name in ("WORKBENCH_JUDGE_KEY", "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"):
        monkeypatch.setenv(name, SECRET)
    keep_judge(tmp_path, FULL)
    content = json.loads((tmp_path / JUDGE).read_text(encoding="utf-8"))
    assert set(content) == {field.name for field in fields(JudgeSettings)}
    assert SECRET not in json.dumps(content)
    for url in (
        f"https://user:{SECRET}@a.example/v1",
        f"https://a.example/v1?key={SECRET}",
        f"https://a.example#{SECRET}",
    ):
        refused(lambda url=url: keep_judge(tmp_path, replace(FULL, url=url)))
    assert kept_judge(tmp_path) == FULL


def test_whoever_reads_while_a_judge_is_kept_finds_one_of_the_two_whole(tmp_path):
    other = JudgeSettings(model="m" * 500, url="http://localhost:1/v1")
    keep_judge(tmp_path, FULL)
    done = threading.Event()

    def write():
        try:
            for _ in range(150):
                keep_judge(tmp_path, other)
                keep_judge(tmp_path, FULL)
        finally:
            done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not done.is_set():
        seen.append(kept_judge(tmp_path))
    writer.join()
    assert len(seen) > 10
    assert all(judge in (FULL, other) for judge in seen)
    assert [path.name for path in tmp_path.iterdir()] == [JUDGE]


def test_a_case_that_cannot_be_written_to_says_so_and_keeps_what_it_had(tmp_path):
    assert "cannot be written" in refused(lambda: keep_judge(tmp_path / "missing", FULL))
    (tmp_path / JUDGE).mkdir()
    assert "cannot be written" in refused(lambda: keep_judge(tmp_path, FULL))
    assert [path.name for path in tmp_path.iterdir()] == [JUDGE]


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_case_says_so(tmp_path):
    tmp_path.chmod(0o555)
    try:
        assert "read-only" in refused(lambda: keep_judge(tmp_path, FULL))
    finally:
        tmp_path.chmod(0o755)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"[]",
        b"null",
        b'"m"',
        b"{}",
        b'{"model": "m"}' + b" " * 10_000,
        b"[" * 9_000,
        b'{"a":' * 1_900,
        b'{"model": "m", "key": "' + SECRET.encode() + b'"}',
        b'{"model": "m", "temperature": NaN}',
        b'{"model": "m", "timeout": 1e999}',
        b'{"model": "m", "max_tokens": ' + b"9" * 5_000 + b"}",
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(tmp_path, content):
    (tmp_path / JUDGE).write_bytes(content)
    assert refused(lambda: kept_judge(tmp_path)).startswith(JUDGE)


@pytest.mark.parametrize(
    "said",
    [
        {"vendor": "OpenAI"},
        {"vendor": ["openai"]},
        {"vendor": "azure"},  # needs an address
        {"url": None},
        {"url": ["https://a.example"]},
        {"model": 5},
        {"model": "  "},
        {"model": "m\nAuthorization: x"},
        {"model": "m" * 2_001},
        {"model": "\ud800"},
        {"temperature": "0"},
        {"temperature": 2.5},
        {"max_tokens": 4096.0},
        {"max_tokens": None},
        {"max_tokens_name": "messages; drop"},
        {"max_tokens_name": "A"},
        {"timeout": 0},
        {"timeout": True},
        {"attempts": 11},
        {"concurrency": {}},
        {"input_per_million": -1},
        {"output_per_million": "free"},
        {"currency": "euro"},
        {"as_of": 20261101},
        {"as_of": "soon"},
        {"as_of": ["2026-11-01"]},
        {"api_version": 2024},
    ],
)
def test_a_field_of_the_wrong_kind_is_refused_in_a_sentence(tmp_path, said):
    (tmp_path / JUDGE).write_text(json.dumps({"model": "m", **said}))
    assert refused(lambda: kept_judge(tmp_path)).startswith(("judge.json", "address of the judge"))


@pytest.mark.parametrize("value", [10**400, -(10**400), "x" * 9_000], ids=["vast", "vast below zero", "long"])
def test_a_value_out_of_all_bounds_is_refused_in_a_sentence(tmp_path, value):
    (tmp_path / JUDGE).write_text(json.dumps({"model": "m", "timeout": value}))
    refused(lambda: kept_judge(tmp_path))
    refused(lambda: judge_from_environment(environment(model="m", attempts=str(value))))


HOSTILE = (
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//a.example/v1",
    "https://",
    "https://:443",
    "http://judge.example/v1",  # unencrypted over the internet
    "http://169.254.169.254/latest",  # where clouds hand out credentials
    "http://[::ffff:169.254.169.254]/latest",
    "http://[::ffff:a9fe:a9fe]/latest",
    "http://0.0.0.0:80",
    "http://0xa9fea9fe/",
    "http://2852039166/",
    "https://localhost@judge.example/v1",
    "https://judge.example\\@localhost/v1",
    f"https://user:{SECRET}@judge.example/v1",
    f"https://judge.example/v1?key={SECRET}",
    "https://judge.example/v1\r\nX: y",
    "https://judge.example/ v1",
    "https://jüdge.example/v1",
    "https://[::1",
    "https://judge.example:99999/v1",
    "https://judge.example:port/v1",
)


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused_wherever_it_comes_from(tmp_path, url, monkeypatch):
    monkeypatch.delenv("WORKBENCH_JUDGE_ALLOW_HTTP", raising=False)
    (tmp_path / JUDGE).write_text(json.dumps({"model": "m", "url": url}))
    refused(lambda: kept_judge(tmp_path))
    refused(lambda: judge_from_environment({"WORKBENCH_JUDGE_MODEL": "m", "WORKBENCH_JUDGE_URL": url}))
    (tmp_path / JUDGE).unlink()
    refused(lambda: keep_judge(tmp_path, JudgeSettings(model="m", url=url)))
    assert list(tmp_path.iterdir()) == []


# --- the environment ------------------------------------------------------------------------------------------------------


def environment(**said):
    return {f"WORKBENCH_JUDGE_{name.upper()}": value for name, value in said.items()}


def test_every_field_can_be_said_in_the_environment():
    said = {name: "none" if value is None else str(value) for name, value in asdict(FULL).items()}
    assert judge_from_environment(environment(**said)) == FULL
    padded = {name: f"  {value}\n" for name, value in said.items()}
    assert judge_from_environment(environment(**padded)) == FULL


def test_what_the_environment_leaves_out_or_blank_stays_as_it_is():
    blank = dict.fromkeys((field.name for field in fields(JudgeSettings)), "  ")
    assert judge_from_environment(environment(**{**blank, "model": "m"})) == JudgeSettings(model="m")
    assert judge_from_environment(environment(model="m")) == JudgeSettings(model="m")


def test_without_a_model_the_environment_names_no_judge():
    assert judge_from_environment({}) is None
    assert judge_from_environment(environment(key=SECRET, vendor="anthropic", timeout="soon")) is None
    assert judge_from_environment(environment(url=" ", model=" ")) is None
    for model in ({}, {"model": " "}):
        assert "WORKBENCH_JUDGE_MODEL is not set" in refused(
            lambda model=model: judge_from_environment(environment(url="http://localhost:1/v1", **model))
        )


def test_none_stands_for_no_temperature_and_no_price():
    found = judge_from_environment(environment(model="m", temperature="None", input_per_million="none"))
    assert (found.temperature, found.input_per_million) == (None, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", "warm"),
        ("temperature", "nan"),
        ("temperature", "-0.1"),
        ("max_tokens", "4096.5"),
        ("max_tokens", "none"),
        ("max_tokens", "1e3"),
        ("max_tokens", "9" * 5_000),
        ("timeout", "inf"),
        ("timeout", "1e999"),
        ("timeout", "none"),
        ("attempts", "0"),
        ("concurrency", "65"),
        ("output_per_million", "2,50"),
        ("as_of", "none"),
        ("as_of", "01.11.2026"),
        ("vendor", "ollama"),
        ("vendor", "bedrock"),  # needs an address
        ("currency", "eur"),
        ("max_tokens_name", "max tokens"),
    ],
)
def test_a_value_of_the_environment_that_cannot_be_used_is_refused_in_a_sentence(name, value):
    assert "WORKBENCH_JUDGE_" in refused(lambda: judge_from_environment(environment(model="m", **{name: value})))


def test_plain_http_over_the_internet_needs_a_word_in_the_same_environment(monkeypatch):
    said = environment(model="m", url="http://judge.example/v1")
    monkeypatch.setenv("WORKBENCH_JUDGE_ALLOW_HTTP", "1")
    refused(lambda: judge_from_environment(said))
    monkeypatch.delenv("WORKBENCH_JUDGE_ALLOW_HTTP")
    assert judge_from_environment({**said, "WORKBENCH_JUDGE_ALLOW_HTTP": "1"}).url == "http://judge.example/v1"


def test_settings_that_can_be_kept_can_be_read_again(tmp_path):
    longest = JudgeSettings(
        url="https://a.example/" + "v" * 482, model="\u8a9e" * 500, max_tokens_name="m" * 40, api_version="\u8a9e" * 500
    )
    keep_judge(tmp_path, longest)
    assert kept_judge(tmp_path) == longest
    assert "short text" in refused(lambda: keep_judge(tmp_path, replace(longest, model="\u8a9e" * 501)))


def test_a_host_that_is_neither_name_nor_number_is_refused_before_anything_is_asked(tmp_path):
    assert "host" in refused(lambda: keep_judge(tmp_path, replace(FULL, url="https://1.2.3.999/v1")))
