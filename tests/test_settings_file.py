"""Small settings files of a case: bounded, whole or not at all, and every fault a sentence that names the file."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.answers.judge import kept_judge
from workbench.case import JUDGE, PRICES
from workbench.costs.prices import keep_prices, kept_prices
from workbench.errors import InputError
from workbench.records import Prices
from workbench.settings_file import MOST_BYTES, read_settings, write_settings, write_whole


@dataclass(frozen=True, slots=True)
class Lamp:
    colour: str = ""
    watts: float | None = None
    as_of: date | None = None


RED = Lamp("röt", 4.5, date(2026, 11, 1))


def usable(content):
    lamp = Lamp(**content)
    if lamp.watts == 0:
        raise InputError("lamp.json: watts is 0, expected more; give it some")
    if not isinstance(lamp.colour, str):
        raise ValueError("colour is a text")
    return lamp


def read(path):
    return read_settings(path, Lamp, usable, again="the lamp")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lamp.json"


@pytest.mark.parametrize("lamp", [RED, Lamp()])
def test_settings_come_back_as_they_were_kept(path, lamp):
    write_settings(path, lamp)
    assert read(path) == lamp


def test_what_is_kept_is_json_a_person_can_read_and_everybody_may(path):
    write_settings(path, RED)
    assert path.read_text(encoding="utf-8") == '{\n  "colour": "röt",\n  "watts": 4.5,\n  "as_of": "2026-11-01"\n}'
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_where_no_file_is_there_are_no_settings(path):
    assert read(path) is None
    assert read(path.parent / "no-folder" / path.name) is None
    path.mkdir()
    assert read(path) is None


@pytest.mark.parametrize("day", ["", ', "as_of": null', ', "as_of": ""'])
def test_a_day_may_be_left_out(path, day):
    path.write_text('{"colour": "red"' + day + "}")
    assert read(path) == Lamp("red")


def test_a_file_may_be_as_large_as_the_bound_and_no_byte_larger(path):
    text = '{"colour": "red"}'
    path.write_text(text + " " * (MOST_BYTES - len(text)))
    assert read(path) == Lamp("red")
    path.write_text(text + " " * (MOST_BYTES - len(text) + 1))
    with pytest.raises(InputError, match="it is too large"):
        read(path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b"\xff\xfe", "can't decode"),
        (b"[]", "expected an object with as_of, colour, watts"),
        (b"null", "expected an object with as_of, colour, watts"),
        (b'{"size": 3}', "expected an object with as_of, colour, watts"),
        (b"[" * 9_000, "recursion"),
        (b'{"as_of": "soon"}', "soon"),
        (b'{"as_of": 20261101}', "must be str"),
        (b'{"as_of": {}, "size": 1}', "expected an object"),
        (b'{"colour": 3}', "colour is a text"),
    ],
)
def test_a_damaged_file_is_one_sentence_with_what_to_do(path, content, why):
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(path)
    said = str(caught.value)
    assert said.startswith("lamp.json: cannot be read (")
    assert why in said
    assert said.endswith("); correct it or delete it and enter the lamp again")
    assert "\n" not in said


def test_a_sentence_of_whoever_keeps_the_settings_stands_as_it_is(path):
    path.write_text('{"watts": 0}')
    with pytest.raises(InputError, match=r"^lamp\.json: watts is 0, expected more; give it some$"):
        read(path)


def test_a_folder_that_is_not_there_cannot_be_written_to(path):
    with pytest.raises(InputError, match=r"^lamp\.json: cannot be written \(.+\); the case may be read-only$"):
        write_settings(path.parent / "no-folder" / path.name, RED)


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_is_broken_off_leaves_the_old_file_and_nothing_beside_it(path, monkeypatch, fault):
    def broken(*_arguments):
        raise fault

    write_settings(path, RED)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", broken)
        with pytest.raises((InputError, KeyboardInterrupt)):
            write_settings(path, Lamp("blue"))
    assert read(path) == RED
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_any_text_is_written_as_it_is(path, text):
    write_whole(path, text)
    assert path.read_bytes() == text.encode()


@pytest.mark.parametrize(("name", "kept"), [(JUDGE, kept_judge), (PRICES, kept_prices)])
@pytest.mark.parametrize("content", [b"[" * 9_000, b'{"input_per_million": %s}' % (b"9" * 400)], ids=["deep", "vast"])
def test_no_file_of_a_case_gets_past_with_more_than_a_sentence(tmp_path, name, kept, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name.replace(".", r"\.")) as caught:
        kept(tmp_path)
    assert len(str(caught.value)) < 300


def test_a_price_too_large_for_a_float_is_refused_before_it_is_kept(tmp_path):
    with pytest.raises(InputError, match=r"false_hit is 1000.*, expected an amount of 0 or more"):
        keep_prices(tmp_path, Prices(false_hit=10**400))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_the_users_mask_says_who_may_read_what_is_written(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "results.json", "{}")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "results.json").stat().st_mode) == 0o600
