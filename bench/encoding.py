"""Prints how fast passages are encoded beside `SentenceTransformer.encode`, in one run on the same texts and cores.

Usage: python bench/encoding.py [DATA_FOLDER] [--quick]. Figures only: nothing here passes or fails. `--quick` leaves out
the ranking of scifact's passages, which takes minutes.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import ir_measures
import numpy as np
from sentence_transformers import SentenceTransformer

from workbench.case import open_case
from workbench.ingest.load import load_inputs
from workbench.retrieval.encoder import load_encoder, verified_embedded_folder
from workbench.retrieval.openvino_model import runtime
from workbench.retrieval.protocols import Vectors

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NAMES = ("scifact", "mtrag")
PASSAGES = 128
ROUNDS = 5
RANKED = 1_500
"""Passages of scifact that are ranked: those of every relevant document, and others by chance."""
BATCH_SIZE = 32

Encode = Callable[[list[str]], Vectors]

FIRST_VECTOR = "from workbench.retrieval.encoder import load_encoder; load_encoder().encode(['storm damage'])"
FORMERLY = (
    "from workbench.retrieval.encoder import verified_embedded_folder as folder\n"
    "from sentence_transformers import SentenceTransformer\n"
    "SentenceTransformer(str(folder()), device='cpu', local_files_only=True).encode(['storm damage'])"
)


def main(arguments: list[str]) -> None:
    """Speed, agreement, quality and load time."""
    folders = [Path(argument) for argument in arguments if not argument.startswith("--")]
    data = folders[0] if folders else DATA
    torch = SentenceTransformer(str(verified_embedded_folder()), device="cpu", local_files_only=True)

    def theirs(texts: list[str]) -> Vectors:
        return np.asarray(
            torch.encode(texts, batch_size=BATCH_SIZE, normalize_embeddings=True, show_progress_bar=False)
        )

    encoder = load_encoder()
    print(
        f"{encoder.name} through {encoder.backend}, {encoder.fingerprint[64:].strip('-')}, {runtime.threads()} threads"
    )
    for name in NAMES:
        if (data / name).is_dir():
            _speed(name, _passages(data / name), encoder.encode, theirs)
        else:
            print(f"{name}: not there, skipped")
    if (data / "scifact").is_dir() and "--quick" not in arguments:
        _quality(data / "scifact", {"ours": encoder.encode, "SentenceTransformer": theirs})
    _load_times()
    print(f"load average {' '.join(f'{load:.1f}' for load in os.getloadavg())}")


def _passages(root: Path) -> list[str]:
    texts = [passage.text for passage in load_inputs(open_case(root)).passages]
    return random.Random(0).sample(texts, PASSAGES)


def _speed(name: str, texts: list[str], ours: Encode, theirs: Encode) -> None:
    peers = {"ours": ours, "SentenceTransformer": theirs}
    vectors = {peer: encode(texts) for peer, encode in peers.items()}
    rates: dict[str, list[float]] = {peer: [] for peer in peers}
    processor: dict[str, list[float]] = {peer: [] for peer in peers}
    for _ in range(ROUNDS):
        for peer, encode in peers.items():
            started, worked = time.perf_counter(), time.process_time()
            encode(texts)
            rates[peer].append(len(texts) / (time.perf_counter() - started))
            processor[peer].append(1_000 * (time.process_time() - worked) / len(texts))
    words = statistics.mean(len(text.split()) for text in texts)
    print(f"\n{name}: {len(texts)} passages, {words:.0f} words each, {ROUNDS} rounds in turn")
    for peer, measured in rates.items():
        print(
            f"  {peer:<20} {statistics.median(measured):6.1f} passages/s  ({min(measured):.1f} to {max(measured):.1f}),"
            f" {statistics.median(processor[peer]):.1f} ms of processor time each"
        )
    pairs = zip(rates["ours"], rates["SentenceTransformer"], strict=True)
    print(f"  ratio {statistics.median(mine / other for mine, other in pairs):.2f}, median of the rounds")
    print(f"  smallest cosine {float((vectors['ours'] * vectors['SentenceTransformer']).sum(axis=1).min()):.5f}")
    alone = np.vstack([ours([text]) for text in texts[:16]])
    print(
        f"  largest difference of a text's vector alone and among others: {abs(alone - vectors['ours'][:16]).max():.1e}"
    )


def _quality(root: Path, peers: dict[str, Encode]) -> None:
    inputs = load_inputs(open_case(root))
    queries = [query for query in inputs.queries if query.query_id in inputs.qrels]
    relevant = {doc_id for grades in inputs.qrels.values() for doc_id, grade in grades.items() if grade > 0}
    chosen = random.Random(0).sample(inputs.passages, len(inputs.passages))
    chosen = sorted(chosen, key=lambda passage: passage.doc_id not in relevant)[:RANKED]
    qrels = {query_id: dict(grades) for query_id, grades in inputs.qrels.items()}
    print(f"\nscifact, dense, {len(chosen)} of {len(inputs.passages)} passages, {len(queries)} judged questions")
    for peer, encode in peers.items():
        started = time.perf_counter()
        passages = encode([passage.text for passage in chosen])
        seconds = time.perf_counter() - started
        run: dict[str, dict[str, float]] = {}
        for query, scores in zip(queries, encode([query.text for query in queries]) @ passages.T, strict=True):
            best = np.argsort(-scores, kind="stable")[:300][::-1]
            # Worst first: a document ends with the score of its best passage.
            run[query.query_id] = {chosen[place].doc_id: float(scores[place]) for place in best}
        value = ir_measures.calc_aggregate([ir_measures.nDCG @ 10], qrels, run)[ir_measures.nDCG @ 10]
        print(f"  {peer:<20} nDCG@10 {value:.4f}  ({len(passages) / seconds:.1f} passages/s)")


def _load_times() -> None:
    print("\nfrom the start of Python to the first vector")
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "XDG_CACHE_HOME": cache}
        for what, script in (
            ("SentenceTransformer", FORMERLY),
            ("first start", FIRST_VECTOR),
            ("later starts", FIRST_VECTOR),
        ):
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True)
            print(f"  {what:<20} {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
