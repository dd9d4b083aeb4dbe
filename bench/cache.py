"""Prints what a cache replay costs and finds: search for similar questions, one replay, the whole curve, beside GPTCache.

Usage: python bench/cache.py --questions FILE [FILE ...] [--queries 20000] [--part SHARE] [--labelled FILE] [--peer PYTHON]
[--peer-queries 2000] [--embeddings FOLDER], on Linux. Files are JSON lines (or .gz) with "text" or "query"; those of
`--labelled` also hold "group": questions that want the same answer. Where the files hold fewer questions than `--queries`, the
rest are vectors alone: each the mean of a question's and one of its ten nearest, so that they lie together as real ones do.
`--part 0.02` ends the search after that share of the pairs and extrapolates its time: for a million.

GPTCache is no dependency. Install it apart and name that Python: python -m venv FOLDER; FOLDER/bin/pip install gptcache
faiss-cpu; then --peer FOLDER/bin/python. Figures only: nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    # The peer's Python runs this file too and knows nothing of ours.
    from workbench.costs.arrays import Neighbours, Traffic

Vectors = np.ndarray
NEAREST = 10
BLOCK = 16_384
SECONDS_BETWEEN = 30.0
"""Between two questions of a stream."""


def main() -> None:
    """Speed on a stream, then rates on labelled questions."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", nargs="*", type=Path, default=[])
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--part", type=float, default=1.0)
    parser.add_argument("--labelled", type=Path)
    parser.add_argument("--peer", type=Path)
    parser.add_argument("--peer-queries", type=int, default=2_000)
    parser.add_argument("--embeddings", type=Path)
    parser.add_argument("--as-peer", nargs=2, type=Path)
    arguments = parser.parse_args()
    if arguments.as_peer:
        print(json.dumps(gptcache(*arguments.as_peer)))
        return
    if not arguments.questions and not arguments.labelled:
        parser.error("name files of questions with --questions, or of labelled ones with --labelled")
    with tempfile.TemporaryDirectory() as scratch:
        store = arguments.embeddings or Path(scratch) / "embeddings"
        if arguments.questions:
            _stream(arguments, store, Path(scratch))
        if arguments.labelled:
            _labelled(arguments, store, Path(scratch))
    if not arguments.peer:
        print("GPTCache was left out: install it apart and name its Python with --peer (see the top of this file).")


def _stream(arguments: argparse.Namespace, store: Path, scratch: Path) -> None:
    texts = list(dict.fromkeys(row["text"] for path in arguments.questions for row in _rows(path)))[: arguments.queries]
    vectors = _grown(_encoded(texts, store), arguments.queries, scratch / "vectors.npy")
    number = len(vectors)
    print(
        f"{number:,} questions in one scope: {len(texts):,} of files, {number - len(texts):,} made of their vectors; "
        f"load {_load()}",
        flush=True,
    )
    found = _searched(vectors, arguments.part)
    _products_alone(vectors, min(arguments.part, 0.25))
    if found is None:
        return
    traffic = _traffic([f"question {row}" for row in range(number)], [None] * number)
    _played(traffic, found)
    if arguments.peer:
        some = min(arguments.peer_queries, number)
        peer = _peer(arguments.peer, np.asarray(vectors[:some]), [f"{row}" for row in range(some)], scratch)
        each = peer["seconds"] / some
        print(
            f"  GPTCache, its defaults: {peer['seconds']:.1f} s for the first {some:,} questions, one replay at one threshold; "
            f"{each * number:,.0f} s for all at that pace (extrapolated)"
        )


def _searched(vectors: Vectors, part: float) -> Neighbours | None:
    """The neighbours, timed; None where the search was ended early."""
    from workbench.costs.neighbours import find_neighbours

    find_neighbours(vectors[:200], np.zeros(200, np.int32))  # compiled once an installation
    scope, reached = np.zeros(len(vectors), np.int32), 0.0

    class Enough(Exception):
        pass

    def tell(share: float, message: str) -> None:
        nonlocal reached
        reached = share
        if share >= part < 1:
            raise Enough(message)

    before = _peak_from_here()
    begun, found = time.perf_counter(), None
    with suppress(Enough):
        found = find_neighbours(vectors, scope, progress=tell)
    seconds = time.perf_counter() - begun
    print(f"  search {seconds:.1f} s, peak {_peak():,.0f} MB ({before:,.0f} before); load {_load()}", flush=True)
    if found is None:
        print(f"  that was {reached:.1%} of the pairs: {seconds / reached:,.0f} s for all (extrapolated)")
        return None
    print(
        f"  {len(found.index):,} neighbours from {found.floor:.2f}; "
        f"{found.full.mean():.1%} of the questions have more than {found.most}"
    )
    return found


def _products_alone(vectors: Vectors, part: float) -> None:
    """What a search without a bound cannot do without: each pair's dot product once, in single precision, nothing kept."""
    number, done = len(vectors), 0
    begun = time.perf_counter()
    room = np.empty(1_024 * BLOCK, np.float32)
    for start in range(0, number, 1_024):
        rows = np.ascontiguousarray(vectors[start : start + 1_024])
        for left in range(start, number, BLOCK):
            columns = vectors[left : left + BLOCK]
            np.matmul(rows, columns.T, out=room[: len(rows) * len(columns)].reshape(len(rows), -1))
        done += len(rows) * (number - start)
        if done >= part * number * number / 2:
            break
    seconds = time.perf_counter() - begun
    whole = seconds * (number * (number + 1_024) / 2) / done
    print(f"  dot products of all pairs alone, nothing looked at: {whole:.1f} s (extrapolated from {seconds:.1f} s)")


def _played(traffic: Traffic, found: Neighbours) -> None:
    from workbench.costs.curve import THRESHOLDS, cache_curve
    from workbench.costs.replay import replay
    from workbench.records import CacheSettings

    settings = CacheSettings(threshold=0.8)
    for _ in range(2):  # the first compiles
        played, one = _timed(lambda: replay(traffic, found, settings))
        before = _peak_from_here()
        curve, whole = _timed(lambda: cache_curve(traffic, found, settings))
    print(f"  one replay at 0.80 {one * 1e3:.0f} ms: {played.hits.mean():.1%} hits, {played.unresolved:,} unresolved")
    print(
        f"  curve of {len(THRESHOLDS)} thresholds {whole:.2f} s, {whole / one:.1f} replays, peak {_peak():,.0f} MB "
        f"({before:,.0f} before), method {curve.method}; load {_load()}"
    )


def _labelled(arguments: argparse.Namespace, store: Path, scratch: Path) -> None:
    from workbench.costs.adaptive import adaptive
    from workbench.costs.curve import cache_curve, point_at
    from workbench.costs.neighbours import find_neighbours
    from workbench.costs.policies import policies
    from workbench.costs.safety import Judge
    from workbench.records import CacheSettings

    rows = _rows(arguments.labelled)
    traffic = _traffic([row["text"] for row in rows], [row["group"] for row in rows])
    vectors = _encoded([traffic.texts[row] for row in traffic.first.tolist()], store)
    settings, marks = CacheSettings(), _no_marks()
    scope = np.zeros(traffic.nodes, np.int32)
    for _ in range(2):  # the first compiles
        begun = time.perf_counter()
        found = find_neighbours(vectors, scope)
        curve = cache_curve(traffic, found, settings, marks)
        seconds = time.perf_counter() - begun
    learnt, more = _timed(lambda: adaptive(traffic, found, Judge(traffic, marks), settings))
    print(f"{arguments.labelled.name}: {len(traffic):,} questions, {traffic.nodes:,} texts; judged by {curve.method}")
    print(f"  search and curve {seconds:.2f} s, adaptive policy {more:.2f} s; load {_load()}")
    for policy in policies(traffic, found, settings, curve, marks, adaptive=learnt):
        print(f"  {policy.name:<34} hits {_told(policy.hit_rate)}, false among hits {_told(policy.false_hit_rate)}")
    for point in curve.points[::5]:
        print(
            f"    from {point.threshold:.2f}: hits {_told(point.hit_rate)}, false among hits {_told(point.false_hit_rate)}, "
            f"unresolved {point.unresolved:,}"
        )
    print(f"  {curve.why}")
    if arguments.peer:
        peer = _peer(arguments.peer, vectors[traffic.node], [row["group"] for row in rows], scratch)
        print(
            f"  GPTCache {peer['version']}, its defaults (0.8 of a squared distance up to 4: a cosine of 0.6; "
            f"1,000 answers, LRU): hits {peer['hits'] / len(rows):.4f}, "
            f"false among hits {peer['false'] / max(1, peer['hits']):.4f}, "
            f"{peer['seconds']:.1f} s, {peer['seconds'] / seconds:.0f} times search and curve; load {_load()}"
        )
        like = CacheSettings(threshold=0.6, capacity=1_000)
        point = point_at(traffic, find_neighbours(vectors, scope, floor=0.6, most=256), like, marks)
        print(
            f"  the replay with the same cosine and capacity: hits {_told(point.hit_rate)}, "
            f"false among hits {_told(point.false_hit_rate)}, unresolved {point.unresolved:,}"
        )


def _told(estimate: Any) -> str:  # noqa: ANN401
    if estimate.value is None:
        return "not measured"
    return f"{estimate.value:.4f} [{estimate.low:.4f}, {estimate.high:.4f}]"


def _peer(python: Path, vectors: Vectors, groups: Sequence[str], scratch: Path) -> dict[str, Any]:
    # A folder of its own: it takes up what an earlier run left in the one it is in.
    scratch = Path(tempfile.mkdtemp(dir=scratch))
    np.save(scratch / "peer.npy", vectors)
    (scratch / "groups.json").write_text(json.dumps(list(groups)), encoding="utf-8")
    command = [os.path.abspath(python), os.path.abspath(__file__), "--as-peer", "peer.npy", "groups.json"]  # noqa: PTH100
    result = subprocess.run(command, cwd=scratch, check=True, capture_output=True, text=True)
    return json.loads(result.stdout.splitlines()[-1])


def gptcache(vectors_at: Path, groups_at: Path) -> dict[str, Any]:
    """Ask GPTCache each question in turn, and give it the group as the answer where it has none; run by the peer's Python."""
    from importlib.metadata import version

    from gptcache import Cache
    from gptcache.adapter.api import get, put
    from gptcache.manager import CacheBase, VectorBase, get_data_manager
    from gptcache.processor.pre import get_prompt
    from gptcache.similarity_evaluation.distance import SearchDistanceEvaluation

    vectors, groups = np.load(vectors_at), json.loads(groups_at.read_text(encoding="utf-8"))
    cache = Cache()
    cache.init(
        pre_embedding_func=get_prompt,
        embedding_func=lambda prompt, **_: vectors[int(prompt)],
        data_manager=get_data_manager(CacheBase("sqlite"), VectorBase("faiss", dimension=vectors.shape[1])),
        similarity_evaluation=SearchDistanceEvaluation(),
    )
    hits = false = 0
    begun = time.perf_counter()
    for row, group in enumerate(groups):
        answer = get(str(row), cache_obj=cache)
        if answer is None:
            put(str(row), f"{group}", cache_obj=cache)
        else:
            hits += 1
            false += answer != f"{group}"
    return {
        "seconds": time.perf_counter() - begun,
        "hits": hits,
        "false": false,
        "version": version("gptcache"),
    }


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [{"text": row.get("text") or row.get("query") or "", "group": row.get("group", "")} for row in rows]


def _encoded(texts: Sequence[str], store: Path) -> Vectors:
    from workbench.retrieval.embeddings import encode_cached
    from workbench.retrieval.encoder import load_encoder

    return np.asarray(encode_cached(texts, load_encoder(None), store, what="questions"))


def _grown(vectors: Vectors, number: int, path: Path) -> Vectors:
    """The vectors in a drawn order, with made ones up to the number; mapped from a file, as those of a log are."""
    from workbench.costs.neighbours import find_neighbours

    found = find_neighbours(vectors, np.zeros(len(vectors), np.int32), most=NEAREST, floor=0.3)
    rng = np.random.default_rng(0)
    grown = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(number, vectors.shape[1]))
    places = rng.permutation(number)
    grown[places[: len(vectors)]] = vectors
    some = np.flatnonzero(np.diff(found.indptr))
    for start in range(len(vectors), number, BLOCK):
        at = places[start : start + BLOCK]
        one = rng.choice(some, len(at))
        other = found.index[found.indptr[one] + rng.integers(0, np.diff(found.indptr)[one])]
        share = rng.uniform(0.3, 0.7, (len(at), 1)).astype(np.float32)
        mixed = share * vectors[one] + (1 - share) * vectors[other]
        grown[at] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    grown.flush()
    return np.load(path, mmap_mode="r")


def _traffic(texts: Sequence[str], groups: Sequence[str | None]) -> Traffic:
    """A log of one scope in which every question was answered and nothing ever changes."""
    from workbench.costs.arrays import EVIDENCE, Traffic
    from workbench.costs.traffic import normalised

    rows = len(texts)
    codes: dict[str, int] = {}
    node = np.array([codes.setdefault(normalised(text), len(codes)) for text in texts], np.int32)
    names: dict[str, int] = {}
    group = [-1 if name is None else names.setdefault(name, len(names)) for name in groups]
    unknown, at = np.full(rows, np.nan), 1.7e9 + SECONDS_BETWEEN * np.arange(rows)
    none = np.full(rows, -1, np.int32)
    return Traffic(
        texts=tuple(texts),
        at=at,
        timed=True,
        day=(at // 86_400).astype(np.int32),
        node=node,
        nodes=len(codes),
        first=np.unique(node, return_index=True)[1].astype(np.int32),
        text=node,
        scope=np.zeros(rows, np.int32),
        answered=np.ones(rows, np.bool_),
        expires=np.full(rows, np.inf),
        evidence=np.full((rows, EVIDENCE), -1, np.int32),
        group=np.array(group, np.int32),
        user=none,
        session=none,
        tokens_in=unknown,
        tokens_out=unknown,
        cost=unknown,
        calls=unknown,
        context_characters=unknown,
        context_items=unknown,
        scope_fields=(),
        scope_missing=(),
    )


def _no_marks() -> Any:  # noqa: ANN401
    from workbench.costs.arrays import Marks

    return Marks(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.bool_))


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begun


def _peak_from_here() -> float:
    """Forget the peak so far: megabytes in use."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _peak()


def _peak() -> float:
    """Megabytes by the system's own account; pages of a mapped file that are in memory count."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
