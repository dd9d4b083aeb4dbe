"""A judge against an endpoint that behaves, misbehaves and repeats the key: an object, or a reason, and never the key."""

import asyncio
import logging
import sqlite3
import traceback

import pytest
from fake_endpoint import MODES, serving
from pydantic import BaseModel

from workbench.answers.judge import Judge, JudgeFailed, Key, ReplyCache, key_for, try_judge
from workbench.errors import InputError
from workbench.records import JudgeSettings

pytestmark = pytest.mark.local_network
SECRET = "sk-recognisable-0123456789"


class Verdict(BaseModel):
    verdict: int
    reason: str


async def at_once(_seconds):
    return None


def settings_of(endpoint, **changes):
    return JudgeSettings(**{"url": endpoint.url, "model": "m", "timeout": 0.5, "attempts": 3, **changes})


def asked(endpoint, prompts=("Reply in JSON.",), cache=None, sleep=at_once, **changes):
    async def run():
        said = []
        async with Judge(settings_of(endpoint, **changes), Key(SECRET, "a test"), cache, sleep=sleep) as judge:
            for prompt in prompts:
                try:
                    said.append((await judge.ask(prompt, Verdict)).verdict)
                except JudgeFailed as error:
                    said.append(error.reason)
            return said, judge.usage

    return asyncio.run(run())


REASONS = {
    "prose": "no JSON in the reply",
    "empty": "the reply lacks what was asked for",
    "truncated": "reply cut off at 8192 tokens",
    "rate_limited": "HTTP 429 (too many requests) after 3 attempts",
    "error_500": "HTTP 500 after 3 attempts",
    "slow": "timed out after 0.5 s",
    "dripping": "timed out after 0.5 s",
    "redirect": "HTTP 307: the address sends on to another one; enter the final address",
    "garbage": "the endpoint's reply is not JSON; check the address",
    "html": "a web page came instead of a reply; check the address, or sign in to the network",
    "huge": "the reply is larger than 2 MB",
    "nested": "the endpoint's reply is not JSON; check the address",
    "verdict_2": "a verdict other than 0 and 1",
    "verdict_minus_1": "a verdict other than 0 and 1",
    "no_envelope": "the endpoint's reply has another form than this vendor's; check vendor and address",
    "unauthorised": "HTTP 401: the key is missing or was refused",
    "not_found": "HTTP 404: the endpoint does not know this model or address",
    "bad_request": "HTTP 400: the endpoint refuses the request",
    "dropped": "the connection to the endpoint broke after 3 attempts",
}


@pytest.mark.parametrize("mode", MODES)
def test_every_endpoint_ends_in_a_verdict_or_a_reason_and_the_key_stays_hidden(mode, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "workbench", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    cache = ReplyCache(tmp_path / "replies.sqlite")

    async def run():
        async with Judge(settings_of(endpoint), Key(SECRET, "a test"), cache, sleep=at_once) as judge:
            try:
                return (await judge.ask("Reply in JSON.", Verdict)), "", repr(judge)
            except JudgeFailed as error:
                assert error.__cause__ is None
                assert error.__context__ is None
                # Every frame of ours with its variables; the first is this test, whose endpoint keeps what it was sent.
                frames = traceback.StackSummary.extract(
                    traceback.walk_tb(error.__traceback__.tb_next), capture_locals=True
                )
                shown = str(error) + "".join(frames.format())
                return error.reason, shown, repr(judge)

    with serving(mode) as endpoint:
        said, shown, named = asyncio.run(run())
        assert any(SECRET in request.headers["authorization"] for request in endpoint.requests)
    assert (said == REASONS[mode]) if mode in REASONS else (said.verdict == 1)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert SECRET not in caplog.text + shown + named + repr(said)
    assert SECRET.encode() not in kept


@pytest.mark.parametrize("vendor", ["openai", "azure", "anthropic", "bedrock"])
@pytest.mark.parametrize("mode", ["clean", "fenced", "text_only", "truncated_once"])
def test_every_vendor_is_asked_in_its_own_dialect(vendor, mode):
    with serving(mode) as endpoint:
        url = endpoint.url if vendor == "openai" else endpoint.root
        said, usage = asked(endpoint, url=url, vendor=vendor, model="a/model:1")
        header = {"azure": "api-key", "anthropic": "x-api-key"}.get(vendor, "authorization")
        assert SECRET in endpoint.requests[0].headers[header]
    assert said == [1]
    assert usage.input_tokens


def test_azure_by_its_older_address():
    with serving() as endpoint:
        assert asked(endpoint, url=endpoint.root, vendor="azure", api_version="2024-10-21")[0] == [1]
        assert endpoint.requests[0].path == "/openai/deployments/m/chat/completions?api-version=2024-10-21"


def test_the_wait_the_endpoint_asks_for_is_kept_up_to_a_minute():
    waits = []

    async def remember(seconds):
        waits.append(seconds)

    with serving("rate_limited", failing=2, retry_after="7") as endpoint:
        said, usage = asked(endpoint, sleep=remember)
    assert (said, waits, usage.retries) == ([1], [7.0, 7.0], 2)
    waits.clear()
    with serving("rate_limited", failing=1, retry_after="Fri, 01 Jan 2100 00:00:00 GMT") as endpoint:
        asked(endpoint, sleep=remember)
    assert waits == [60.0]


def test_a_run_that_was_killed_asks_only_what_is_missing(tmp_path):
    prompts = [f"Reply in JSON to {number}." for number in range(5)]
    cache = ReplyCache(tmp_path / "replies.sqlite")
    with serving() as endpoint:
        asked(endpoint, prompts[:2], cache)
        said, usage = asked(endpoint, prompts, cache)
        assert (said, usage.calls, usage.cached, endpoint.calls) == ([1] * 5, 3, 2, 5)
        assert asked(endpoint, prompts, cache, model="another")[1].calls == 5


def test_a_damaged_cache_is_set_aside_with_a_note(tmp_path):
    store = tmp_path / "replies.sqlite"
    store.write_bytes(b"no database" * 1000)
    cache = ReplyCache(store)
    with serving() as endpoint:
        assert asked(endpoint, cache=cache)[0] == [1]
    assert "replies.sqlite.damaged-1" in cache.notes[0]
    with sqlite3.connect(store) as connection:
        assert connection.execute("SELECT count(*) FROM replies_1").fetchone() == (1,)
    connection.close()


def test_after_eight_failures_in_a_row_the_rest_is_not_asked():
    with serving("error_500") as endpoint:
        said, usage = asked(endpoint, [f"JSON {number}" for number in range(12)], attempts=1)
        assert endpoint.calls == 8
    assert said == ["HTTP 500"] * 8 + ["the endpoint is not answering (HTTP 500)"] * 4
    assert usage.failures == 12


def test_a_key_is_not_sent_to_hosts_it_is_not_meant_for(monkeypatch):
    monkeypatch.setattr("keyring.get_password", lambda service, user: None)
    own, other = JudgeSettings(model="m"), JudgeSettings(model="m", url="https://gateway.example/v1")
    assert key_for(own, {"OPENAI_API_KEY": SECRET}).reveal() == SECRET
    assert key_for(other, {"OPENAI_API_KEY": SECRET}) is None
    assert key_for(other, {"WORKBENCH_JUDGE_KEY": SECRET, "WORKBENCH_JUDGE_URL": "https://ours.example/v1"}) is None
    assert key_for(other, {"WORKBENCH_JUDGE_KEY": SECRET}) is None  # a case may have named this host, its owner has not
    assert key_for(other, {"WORKBENCH_JUDGE_KEY": SECRET, "WORKBENCH_JUDGE_URL": other.url}) is not None
    assert key_for(JudgeSettings(model="m"), {"WORKBENCH_JUDGE_KEY": SECRET}) is not None


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "http://a.example/v1", "https://u:p@a.example", "https://a.example?k=1"]
)
def test_addresses_that_would_give_something_away_are_refused(url, monkeypatch):
    monkeypatch.delenv("WORKBENCH_JUDGE_ALLOW_HTTP", raising=False)
    with pytest.raises(InputError, match="address of the judge"):
        Judge(JudgeSettings(url=url, model="m"), None, None)


def test_trying_a_judge_says_in_a_sentence_whether_it_works():
    with serving() as endpoint:
        key = Key(SECRET, "a test")
        assert asyncio.run(try_judge(settings_of(endpoint), key)).startswith("m answers and can be read")
        endpoint.mode = "unauthorised"
        said = asyncio.run(try_judge(settings_of(endpoint), key))
    assert said == "It does not work: HTTP 401: the key is missing or was refused."
