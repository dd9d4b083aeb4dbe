"""A judge at work: many questions at once, stopped, killed, two runs at a time, and what all of it costs."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
from fake_endpoint import serving
from pydantic import BaseModel

from workbench.answers.judge import Judge, JudgeFailed, Key, ReplyCache
from workbench.records import JudgeSettings

pytestmark = pytest.mark.local_network
SECRET = "sk-recognisable-0123456789"
PROMPT = "Reply in JSON about the confidential merger."


class Verdict(BaseModel):
    verdict: int
    reason: str


async def at_once(_seconds):
    return None


def judge_of(url, cache=None, sleep=at_once, **changes):
    settings = JudgeSettings(**{"url": url, "model": "m", "timeout": 5.0, "attempts": 3, **changes})
    return Judge(settings, Key(SECRET, "a test"), cache, sleep=sleep)


@pytest.fixture
def cache(tmp_path):
    return ReplyCache(tmp_path / "judge" / "replies.sqlite")


def kept(cache) -> int:
    """Replies in a cache that is whole."""
    with closing(sqlite3.connect(cache.store)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return connection.execute("SELECT count(*) FROM replies_1").fetchone()[0]


# --- many at once ---------------------------------------------------------------------------------------------------------


def test_never_more_calls_are_in_flight_than_the_settings_allow():
    async def run():
        async with judge_of(endpoint.url, concurrency=3) as judge:
            await asyncio.gather(*(judge.ask(f"Reply in JSON to {number}.", Verdict) for number in range(12)))

    with serving("slow", delay=0.1) as endpoint:
        asyncio.run(run())
    assert (endpoint.calls, endpoint.most_at_once) == (12, 3)


def test_the_same_question_asked_by_many_at_once_is_asked_once(cache):
    async def run():
        async with judge_of(endpoint.url, cache) as judge:
            return await asyncio.gather(*(judge.ask(PROMPT, Verdict) for _ in range(10))), judge.usage

    with serving("slow", delay=0.05) as endpoint:
        said, usage = asyncio.run(run())
    assert len({reply.model_dump_json() for reply in said}) == 1
    assert (endpoint.calls, usage.calls, usage.cached, kept(cache)) == (1, 1, 9, 1)


def test_a_question_looked_up_just_before_its_reply_was_kept_is_not_asked_again(tmp_path):
    class Late(ReplyCache):
        """One look-up finds nothing, and says so only when the reply of another is kept."""

        late, answered = False, threading.Event()

        def get(self, key):
            late, self.late = self.late, False
            found = super().get(key)
            if late:
                self.answered.wait(10)
            return found

    async def run():
        cache = Late(tmp_path / "replies.sqlite")
        async with judge_of(endpoint.url, cache) as judge:
            first = asyncio.create_task(judge.ask(PROMPT, Verdict))
            await asyncio.to_thread(endpoint.wait_for, 1)
            cache.late = True
            second = asyncio.create_task(judge.ask(PROMPT, Verdict))
            await first
            cache.answered.set()
            await second

    with serving("slow", delay=0.2) as endpoint:
        asyncio.run(run())
    assert endpoint.calls == 1


def test_a_damaged_cache_is_set_aside_once_however_many_ask_at_once(cache):
    cache.store.parent.mkdir()
    cache.store.write_bytes(b"no database" * 1000)

    async def run():
        async with judge_of(endpoint.url, cache, concurrency=8) as judge:
            await asyncio.gather(*(judge.ask(f"Reply in JSON to {number}.", Verdict) for number in range(24)))

    with serving() as endpoint:
        asyncio.run(run())
    assert sorted(path.name for path in cache.store.parent.iterdir()) == ["replies.sqlite", "replies.sqlite.damaged-1"]
    assert len(cache.notes) == 1
    assert (endpoint.calls, kept(cache)) == (24, 24)


# --- cancelled ------------------------------------------------------------------------------------------------------------


def test_a_cancelled_question_leaves_nothing_behind_and_the_judge_goes_on(cache):
    async def run():
        async with judge_of(endpoint.url, cache, concurrency=1) as judge:
            asking = [asyncio.create_task(judge.ask(PROMPT, Verdict)) for _ in range(3)]
            asking.append(asyncio.create_task(judge.ask("Reply in JSON to another.", Verdict)))
            await asyncio.to_thread(endpoint.wait_for, 1)
            for task in asking:
                task.cancel()
            ended = await asyncio.gather(*asking, return_exceptions=True)
            assert [type(error) for error in ended] == [asyncio.CancelledError] * 4
            assert kept(cache) == 0
            endpoint.mode = "clean"
            async with asyncio.timeout(5):
                said = await judge.ask(PROMPT, Verdict)
            assert (said.verdict, kept(cache), judge.usage.failures) == (1, 1, 0)

    with serving("slow", delay=2) as endpoint:
        asyncio.run(run())


def test_who_waits_for_the_same_question_asks_it_when_the_first_is_cancelled(cache):
    async def run():
        async with judge_of(endpoint.url, cache, concurrency=1) as judge:
            first = asyncio.create_task(judge.ask(PROMPT, Verdict))
            await asyncio.to_thread(endpoint.wait_for, 1)
            second = asyncio.create_task(judge.ask(PROMPT, Verdict))
            await asyncio.sleep(0.05)
            endpoint.mode = "clean"
            first.cancel()
            async with asyncio.timeout(5):
                return (await second).verdict

    with serving("slow", delay=2) as endpoint:
        assert asyncio.run(run()) == 1
    assert (endpoint.calls, kept(cache)) == (2, 1)


def test_a_question_cancelled_while_it_waits_to_be_asked_again_frees_its_place(cache):
    async def run():
        waiting = asyncio.Event()

        async def for_ever(_seconds):
            waiting.set()
            await asyncio.sleep(60)

        async with judge_of(endpoint.url, cache, for_ever, concurrency=1) as judge:
            task = asyncio.create_task(judge.ask(PROMPT, Verdict))
            await waiting.wait()
            task.cancel()
            endpoint.mode = "clean"
            async with asyncio.timeout(5):
                return (await judge.ask(PROMPT, Verdict)).verdict

    with serving("error_500") as endpoint:
        assert asyncio.run(run()) == 1


def test_a_question_may_be_cancelled_at_any_moment(cache):
    async def run():
        async with judge_of(endpoint.url, cache, concurrency=1) as judge:
            for steps in range(60):
                prompt = f"Reply in JSON to {steps}."
                task = asyncio.create_task(judge.ask(prompt, Verdict))
                for _ in range(steps // 2):
                    await asyncio.sleep(0.0005 if steps % 2 else 0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                async with asyncio.timeout(5):
                    assert (await judge.ask(prompt, Verdict)).verdict == 1

    with serving() as endpoint:
        asyncio.run(run())
    assert (kept(cache), cache.notes) == (60, ())


# --- killed, and twice at once --------------------------------------------------------------------------------------------

ASKING = """
import asyncio, json, sys
from pathlib import Path
from pydantic import BaseModel
from workbench.answers.judge import Judge, ReplyCache
from workbench.records import JudgeSettings

class Verdict(BaseModel):
    verdict: int
    reason: str

async def run(url, store, count):
    cache = ReplyCache(Path(store))
    async with Judge(JudgeSettings(url=url, model="m", attempts=1, concurrency=3), None, cache) as judge:
        said = await asyncio.gather(*(judge.ask(f"Reply in JSON to {number}.", Verdict) for number in range(int(count))))
    return [len(said), judge.usage.cached, judge.usage.calls, cache.notes]

print(json.dumps(asyncio.run(run(*sys.argv[1:]))))
"""
KEEPING = """
import sys
from pathlib import Path
from workbench.answers.judge.cache import KeptReply, ReplyCache

cache = ReplyCache(Path(sys.argv[1]))
for number in range(100_000):
    cache.put(number.to_bytes(32, "big"), KeptReply("{}" + " " * (number % 9000), 1, 1))
"""


def started(program, *arguments):
    texts = [str(argument) for argument in arguments]
    return subprocess.Popen([sys.executable, "-c", program, *texts], stdout=subprocess.PIPE, text=True)


def test_a_run_that_is_killed_and_run_again_asks_only_for_replies_that_were_not_kept(cache):
    with serving("slow", delay=0.02) as endpoint:
        with started(ASKING, endpoint.url, cache.store, 40) as child:
            endpoint.wait_for(12)
            child.send_signal(signal.SIGKILL)
        assert child.returncode == -signal.SIGKILL
        before, asked = kept(cache), endpoint.calls
        assert 12 - 3 <= before <= asked < 40
        with started(ASKING, endpoint.url, cache.store, 40) as child:
            assert json.loads(child.stdout.read()) == [40, before, 40 - before, []]
        assert endpoint.calls - asked == 40 - before
    assert kept(cache) == 40


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_cache_whose_writer_is_killed_is_whole(cache, seed):
    with started(KEEPING, cache.store) as child:
        while not cache.store.exists():
            time.sleep(0.01)
        time.sleep(random.Random(seed).uniform(0.1, 0.3))
        child.kill()
    first = cache.get((0).to_bytes(32, "big"))
    assert first is not None and first.text == "{}"
    assert kept(cache) > 0
    assert cache.notes == ()


def test_two_processes_may_use_one_cache_at_once(cache):
    with serving("slow", delay=0.005) as endpoint:
        with (
            started(ASKING, endpoint.url, cache.store, 60) as one,
            started(ASKING, endpoint.url, cache.store, 60) as other,
        ):
            ended = [json.loads(child.stdout.read()) for child in (one, other)]
        assert (one.returncode, other.returncode) == (0, 0)
    assert [(said, cached + calls, notes) for said, cached, calls, notes in ended] == [(60, 60, []), (60, 60, [])]
    assert 60 <= endpoint.calls <= 120
    assert kept(cache) == 60


# --- what it costs --------------------------------------------------------------------------------------------------------

QUESTION = "Reply in JSON."  # 3 words, which the endpoint counts as tokens
AGAIN = 3 + 18  # with "An earlier reply could not be used: no JSON in the reply. Reply with the JSON object alone."
PRICED = {"input_per_million": 2.0, "output_per_million": 10.0}


def taken(mode, options=None, prompts=(QUESTION,), cache=None, **changes):
    async def run():
        async with judge_of(endpoint.url, cache, **changes) as judge:
            for prompt in prompts:
                try:
                    await judge.ask(prompt, Verdict)
                except JudgeFailed:
                    continue
            return judge.usage

    with serving(mode, **(options or {})) as endpoint:
        return asyncio.run(run())


def test_tokens_are_counted_and_priced():
    # {"verdict": 1, "reason": "an example", "ok": 1} has 7 words.
    usage = taken("clean", prompts=[QUESTION, QUESTION + " Now."], **PRICED)
    assert (usage.calls, usage.input_tokens, usage.output_tokens, usage.uncounted) == (2, 3 + 4, 7 + 7, 0)
    assert usage.cost == pytest.approx((7 * 2 + 14 * 10) / 1e6)


def test_replies_of_an_earlier_run_cost_nothing(cache):
    async def run():
        async with judge_of(endpoint.url, cache, **PRICED) as judge:
            await judge.ask(QUESTION, Verdict)
            return judge.usage

    with serving() as endpoint:
        assert asyncio.run(run()).cost == pytest.approx((3 * 2 + 7 * 10) / 1e6)
        usage = asyncio.run(run())
    assert (usage.calls, usage.cached, usage.input_tokens, usage.cost) == (0, 1, None, None)


def test_a_reply_that_cannot_be_read_is_paid_for_with_every_re_ask():
    # "I would say that the answer is fine." has 8 words, and is said three times.
    usage = taken("prose", **PRICED)
    assert (usage.calls, usage.re_asks, usage.failures) == (3, 2, 1)
    assert (usage.input_tokens, usage.output_tokens) == (3 + AGAIN + AGAIN, 8 * 3)
    assert usage.cost == pytest.approx((45 * 2 + 24 * 10) / 1e6)


def test_a_reply_that_was_cut_off_is_paid_for_beside_the_whole_one():
    # The first half of its 46 signs, {"verdict": 1, "reason", has 3 words.
    usage = taken("truncated_once", **PRICED)
    assert (usage.calls, usage.re_asks, usage.failures) == (2, 1, 0)
    assert (usage.input_tokens, usage.output_tokens) == (3 + 3, 3 + 7)
    assert usage.cost == pytest.approx((6 * 2 + 10 * 10) / 1e6)


def test_requests_that_were_refused_count_as_retries_and_cost_nothing():
    usage = taken("rate_limited", {"failing": 2}, **PRICED)
    assert (usage.calls, usage.retries, usage.input_tokens, usage.output_tokens) == (1, 2, 3, 7)
    assert usage.cost == pytest.approx((3 * 2 + 7 * 10) / 1e6)
    usage = taken("text_only", **PRICED)  # a JSON schema and a JSON object are refused
    assert (usage.calls, usage.retries, usage.input_tokens) == (1, 2, 3)


def test_an_endpoint_that_counts_no_tokens_has_no_cost_and_the_calls_are_told():
    usage = taken("no_usage", prompts=[QUESTION, QUESTION + " Now."], **PRICED)
    assert (usage.calls, usage.uncounted, usage.input_tokens, usage.output_tokens, usage.cost) == (
        2,
        2,
        None,
        None,
        None,
    )


@pytest.mark.parametrize("price", [{}, {"input_per_million": 2.0}, {"output_per_million": 10.0}])
def test_without_both_prices_tokens_are_counted_and_cost_is_not_known(price):
    usage = taken("clean", **price)
    assert (usage.input_tokens, usage.output_tokens, usage.cost) == (3, 7, None)
