"""What a model wrote around its object does not matter; what is in the object does; and nothing it writes breaks the reader."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from workbench.answers.judge.reading import Unreadable, objects, read_reply


class Part(BaseModel):
    statement: str
    verdict: int


class Judged(BaseModel):
    reason: str
    attributed: int
    parts: list[Part]
    more: dict[str, float] = {}


class Loose(BaseModel):
    verdict: int
    more: Any = None


AWKWARD = st.sampled_from(
    [
        "{",
        "}",
        '{"verdict": 2}',
        "```",
        "```json",
        "\\",
        '"',
        "</think>",
        "<think>",
        "<Reasoning>",
        "a\u2028b",
        "\x00",
        "[[{",
    ]
)
TEXTS = st.text(max_size=30) | AWKWARD | st.lists(st.text(max_size=5) | AWKWARD, max_size=5).map("".join)
VERDICTS = st.integers(0, 1)
REPLIES = st.builds(
    Judged,
    reason=TEXTS,
    attributed=VERDICTS,
    parts=st.lists(st.builds(Part, statement=TEXTS, verdict=VERDICTS), max_size=3),
    more=st.dictionaries(TEXTS, st.floats(allow_nan=False, allow_infinity=False), max_size=2),
)
PROSE = st.text(max_size=40).map(lambda text: text.replace("<", "(")) | st.sampled_from(
    [
        "Here it is: {as asked}",
        "{",
        "}}",
        "{{not JSON}}",
        '{"a": {"b": ',
        "```\n",
        '{"another": "object"}',
        "I say: [1, 2]",
    ]
)
TAGS = st.sampled_from(["think", "thinking", "reasoning", "Think", "REASONING"])
DRAFT = '{"reason": "a draft", "attributed": 0, "parts": []}'
THOUGHTS = PROSE | st.sampled_from([DRAFT, f"first {DRAFT}, no", '{"attributed": 0'])
AFTER = PROSE.filter(lambda text: not text.lstrip().startswith("}"))  # which might end an object begun before
WAYS = ("plain", "pretty", "escaped")


def written(reply: Judged, way: str) -> str:
    value = reply.model_dump()
    return json.dumps(value, indent=2 if way == "pretty" else None, ensure_ascii=way == "escaped")


@settings(max_examples=300)
@given(
    reply=REPLIES, way=st.sampled_from(WAYS), before=PROSE, after=AFTER, fence=st.sampled_from(["", "```", "```json"])
)
def test_an_object_in_fences_and_prose_is_read_back_equal(reply, way, before, after, fence):
    closing = "\n```\n" if fence else "\n"
    assert read_reply(f"{before}\n{fence}\n{written(reply, way)}{closing}{after}", Judged) == reply


@settings(max_examples=300)
@given(reply=REPLIES, way=st.sampled_from(WAYS), tag=TAGS, thoughts=THOUGHTS, swallowed=st.booleans(), between=PROSE)
@example(Judged(reason="</think>", attributed=1, parts=[]), "plain", "think", "", False, "")
@example(Judged(reason="", attributed=1, parts=[]), "plain", "think", "{ " * 500, True, "")
def test_an_object_after_reasoning_is_read_back_equal(reply, way, tag, thoughts, swallowed, between):
    opening = "" if swallowed else f"<{tag}>"
    assert read_reply(f"{opening}{thoughts}</{tag}>{between}\n{written(reply, way)}", Judged) == reply


@given(reply=REPLIES, tag=TAGS)
def test_reasoning_that_never_ends_holds_no_object(reply, tag):
    with pytest.raises(Unreadable, match="no JSON in the reply"):
        read_reply(f"<{tag}>I would say {DRAFT}", Judged)


@given(first=REPLIES, last=REPLIES, between=PROSE)
def test_of_two_objects_the_last_counts(first, last, between):
    assert read_reply(f"{written(first, 'plain')} {between}\n{written(last, 'pretty')}", Judged) == last


@given(reply=REPLIES, cut=st.data())
def test_an_object_that_was_cut_off_is_never_read(reply, cut):
    text = written(reply, "escaped").replace("<", "\\u003c")
    # A whole object of another form may stand in what is left, but never one of this.
    with pytest.raises(Unreadable):
        read_reply(text[: cut.draw(st.integers(0, len(text) - 1))], Judged)


@given(
    value=st.integers().filter(lambda number: number not in (0, 1)), field=st.sampled_from(["attributed", "verdict"])
)
def test_a_verdict_other_than_0_and_1_is_refused_wherever_it_stands(value, field):
    reply = {"reason": "", "attributed": 1, "parts": [{"statement": "", "verdict": 1}]}
    (reply if field == "attributed" else reply["parts"][0])[field] = value
    with pytest.raises(Unreadable, match="a verdict other than 0 and 1"):
        read_reply(json.dumps(reply), Judged)


PIECES = [
    "{",
    "}",
    "[",
    "]",
    '"',
    ":",
    ",",
    "\\",
    "\\ud800",
    "\ud800",
    "1e999",
    "NaN",
    "-",
    "null",
    "true",
    "9" * 5_000,
]
TOKENS = ['"verdict"', '"more"', '{"verdict": 1', "<think>", "</think>", "</reasoning>", "```", " ", "\n", "\x00", "é"]
JSON_LIKE = st.lists(st.sampled_from(PIECES + TOKENS), max_size=40).map("".join)


@settings(max_examples=500)
@given(text=st.text() | JSON_LIKE | st.recursive(st.none(), lambda inner: st.lists(inner)).map(json.dumps))
@example('{"verdict": 1, "more": ' + "[" * 900 + "]" * 900 + "}")
@example('{"verdict": 1, "more": ' + '{"a":' * 300 + "1" + "}" * 300 + "}")
@example('{"verdict": 1, "more": ' + "[" * 100_000 + "]" * 100_000 + "}")
@example('{"verdict": ' + "9" * 5_000 + "}")
def test_whatever_is_written_an_object_or_unreadable_comes_of_it(text):
    for schema in (Judged, Loose):
        try:
            assert isinstance(read_reply(text, schema), schema)
        except Unreadable as error:
            assert 0 < len(str(error)) < 60
    assert all(isinstance(found, dict) for found in objects(text))


SIZE = 2_000_000  # what a reply may be at most
START = '{"a":'


@pytest.mark.parametrize(
    "text",
    [
        "{" * SIZE,
        START * (SIZE // 5),
        (START + "[") * (SIZE // 6),
        START * 200 + "[" + "1," * (SIZE // 2),
        START * 200 + "[" + "{}," * (SIZE // 3),
        START * 200 + '["' + 'x","' * (SIZE // 4),
        START * 200 + '"' + "x" * SIZE,
        START * 200 + "[" + "1," * (SIZE // 4) + "[" * (SIZE // 2),
        '{"a":1}' * (SIZE // 7),
        "<think>" * (SIZE // 7),
        "<think></think>" * (SIZE // 15),
        "</think>" * (SIZE // 8),
        ("{" * 201 + "</think>") * (SIZE // 209),
        "<reasoning></think>" * (SIZE // 19),
        "<" * SIZE,
    ],
    ids=range(15),
)
def test_megabytes_of_nonsense_end_quickly(text):
    start = time.process_time()
    with pytest.raises(Unreadable):
        read_reply(text, Judged)
    assert time.process_time() - start < 1.5


def test_a_whole_reply_of_two_megabytes_is_read():
    reply = Judged(reason="x" * (SIZE - 1000), attributed=1, parts=[])
    assert read_reply(f"{{ so: \n{written(reply, 'plain')}", Judged) == reply
