"""Prints what a map of a corpus costs and how many neighbours it keeps, part by part and beside other ways to draw one.

Usage: python bench/corpus_map.py [--points 20000] [--without-peers] CASE [CASE ...], on Linux. A case is a folder with
questions; it is compared first where no results are kept. The points of the second table are made of the vectors of the
first case: each is a mean of a passage and one of its neighbours, so that they lie together as real texts do. Figures only:
nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from workbench import session, store
from workbench.case import open_case
from workbench.comparison.corpus_map import Draft, draft_of, first_picture, second_picture, tsne
from workbench.comparison.corpus_map.names import region_names
from workbench.comparison.corpus_map.neighbours import Neighbourhoods, nearest, without_self
from workbench.comparison.corpus_map.regions import MOST, group
from workbench.comparison.corpus_map.tsne import APART, TOGETHER, t_sne
from workbench.comparison.corpus_map.vectors import Projection, plane
from workbench.ingest.load import load_inputs

QUESTIONS = 300
ITERATIONS = TOGETHER + APART
Vectors = np.ndarray


def main() -> None:
    """Cases in this process, methods in one each: memory of one must not hide that of another."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*", type=Path)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--child", nargs=2)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(METHODS[arguments.child[0]](np.load(arguments.child[1], mmap_mode="r"))))
        return
    made_of: Vectors | None = None
    for root in arguments.cases:
        draft = _case(root)
        made_of = draft.different if made_of is None else made_of
    if made_of is not None:
        _methods(made_up(made_of, arguments.points), peers=not arguments.without_peers)


def _case(root: Path) -> Draft:
    case = open_case(root)
    inputs = load_inputs(case)
    kept = session.results_folder(case) / session.COMPARISON
    stored = store.load_comparison(kept) or session.compare(case)
    draft_of(
        stored, inputs.passages, case.derived / session.EMBEDDINGS
    )  # libraries and encoder are loaded once a server
    draft, seconds = _timed(lambda: draft_of(stored, inputs.passages, case.derived / session.EMBEDDINGS))
    first, more = _timed(lambda: first_picture(draft))
    second, most = _timed(lambda: second_picture(draft))
    print(
        f"\n{case.slug}: {len(draft.passages):,} of {draft.corpus_passages:,} passages, {len(draft.questions):,} questions, "
        f"{len(draft.regions)} regions; load {_load()}"
    )
    print(f"  first picture  {seconds + more:6.2f} s, neighbours kept {_told(first.map.neighbours_kept)}")
    print(f"  second picture {most:6.2f} s, neighbours kept {_told(second.map.neighbours_kept)}")
    print(f"  peak {_peak():,.0f} MB in all, corpus, encoder and libraries among it")
    _, seconds = _timed(
        lambda: region_names([p.text for p in draft.passages], draft.grouping.passages, len(draft.regions))
    )
    print(f"  of it naming the regions {seconds:.2f} s", flush=True)
    return draft


def _told(estimate: Any) -> str:  # noqa: ANN401
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}], n = {estimate.n:,}"


def made_up(vectors: Vectors, points: int) -> Vectors:
    """Vectors of length 1 that lie together as those given do; the first points are the given ones."""
    rng = np.random.default_rng(0)
    rows, _ = without_self(*nearest(vectors, vectors, 11), np.arange(len(vectors)))
    more = max(0, points - len(vectors))
    one = rng.integers(0, len(vectors), more)
    share = rng.uniform(0.3, 0.7, (more, 1))
    mixed = share * vectors[one] + (1 - share) * vectors[rows[one, rng.integers(0, 10, more)]]
    found = np.concatenate([vectors, mixed])[:points]
    return np.ascontiguousarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def _methods(vectors: Vectors, *, peers: bool) -> None:
    print(f"\n{len(vectors):,} points of {vectors.shape[1]} dimensions, {QUESTIONS} questions; one process each")
    ours: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.npy"
        np.save(path, vectors)
        for name in METHODS:
            if peers or name in OURS:
                figures = _child(name, path)
                ours = figures if name == "t-sne" else ours
                ratio = f", {figures['seconds'] / ours['seconds']:5.2f} times ours" if ours and name not in OURS else ""
                print(
                    f"  {name:<28} {figures['seconds']:7.2f} s{ratio}, processor {figures['processor']:7.2f} s, "
                    f"kept {figures['kept']:.3f}, peak {figures['peak']:,.0f} MB ({figures['before']:,.0f} before); "
                    f"load {_load()}",
                    flush=True,
                )


def _child(name: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", name, str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def _measured(vectors: Vectors, draw: Callable[[Vectors], Vectors]) -> dict[str, float]:
    vectors = np.array(vectors)
    draw(vectors[:200])  # libraries are imported once a server
    before, processor = _peak(), time.process_time()
    points, seconds = _timed(lambda: draw(vectors))
    processor, peak = time.process_time() - processor, _peak()
    rng = np.random.default_rng(0)
    kept = Neighbourhoods.of(vectors, rng).kept(np.asarray(points, dtype=np.float64), rng).value
    return {"seconds": seconds, "processor": processor, "before": before, "peak": peak, "kept": kept}


def _pca(vectors: Vectors) -> Vectors:
    """Everything of a first picture but the names, which need texts."""
    projection = Projection.of(vectors)
    places = projection.apply(vectors)
    group(places, np.arange(len(vectors)), places[:QUESTIONS], MOST, 0)
    Neighbourhoods.of(vectors, np.random.default_rng(0))
    return plane(places)


def _ours(vectors: Vectors) -> Vectors:
    return t_sne(vectors, vectors[:QUESTIONS], plane(Projection.of(vectors).apply(vectors)))[0]


def _fine_grid(vectors: Vectors) -> Vectors:
    """Ours on the grid openTSNE takes by itself."""
    tsne.COARSE = 1
    return _ours(vectors)


def _open_tsne(vectors: Vectors) -> Vectors:
    """As its documentation shows it, on two threads: approximate neighbours, a grid of its own width."""
    from openTSNE import TSNE

    embedding = TSNE(n_jobs=2, random_state=0).fit(Projection.of(vectors).apply(vectors))
    embedding.transform(Projection.of(vectors).apply(vectors[:QUESTIONS]))
    return np.asarray(embedding)


def _scikit_learn(vectors: Vectors) -> Vectors:
    """Cannot place questions into a picture that is there."""
    from sklearn.manifold import TSNE

    return TSNE(max_iter=ITERATIONS, random_state=0, n_jobs=2).fit_transform(Projection.of(vectors).apply(vectors))


OURS = ("pca, regions, neighbours", "t-sne")
METHODS: dict[str, Callable[[Vectors], dict[str, float]]] = {
    "pca, regions, neighbours": lambda vectors: _measured(vectors, _pca),
    "t-sne": lambda vectors: _measured(vectors, _ours),
    "t-sne on a fine grid": lambda vectors: _measured(vectors, _fine_grid),
    "openTSNE by default": lambda vectors: _measured(vectors, _open_tsne),
    "scikit-learn TSNE": lambda vectors: _measured(vectors, _scikit_learn),
}


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begun


def _peak() -> float:
    """Megabytes; the system's own account, for the one of the standard library begins with what the parent process held."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
