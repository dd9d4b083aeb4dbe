import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from fabricated_retrieval import HashingEncoder

from workbench.errors import CancelledError, MissingPartError
from workbench.retrieval import embeddings
from workbench.retrieval import encoder as encoding
from workbench.retrieval.embeddings import BLOCK, encode_cached
from workbench.retrieval.encoder import EMBEDDED_SHA256, SentenceEncoder, load_encoder

TEXTS = [f"passage number {i}" for i in range(3 * BLOCK)]
ROW = HashingEncoder.dimension * 4


def data_file(store: Path) -> Path:
    (found,) = store.glob("*/vectors.f32")
    return found


def index_file(store: Path) -> Path:
    (found,) = store.glob("*/index.sqlite")
    return found


def matrices(store: Path) -> list[Path]:
    return sorted(store.glob("*/corpora/*.f32"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "embeddings"


@pytest.fixture
def mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "MAPPED_FROM", 2)


def test_vectors_come_back_in_the_order_of_the_texts(store: Path, hashing_encoder: HashingEncoder) -> None:
    texts = ["long text with many words", "short", "long text with many words", "middle one"]
    assert np.array_equal(encode_cached(texts, hashing_encoder, store), HashingEncoder().encode(texts))
    assert hashing_encoder.encoded == 3


def test_a_second_run_encodes_nothing(store: Path, hashing_encoder: HashingEncoder) -> None:
    first = encode_cached(TEXTS, hashing_encoder, store)
    assert hashing_encoder.encoded == len(TEXTS)
    again = encode_cached(TEXTS, hashing_encoder, store)
    assert hashing_encoder.encoded == len(TEXTS)
    assert np.array_equal(first, again)


def test_an_interrupted_run_keeps_what_it_finished(store: Path, hashing_encoder: HashingEncoder) -> None:
    def stop_after_first_block(share: float, message: str) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        encode_cached(TEXTS, hashing_encoder, store, progress=stop_after_first_block)
    assert hashing_encoder.encoded == BLOCK
    encode_cached(TEXTS, hashing_encoder, store)
    assert hashing_encoder.encoded == len(TEXTS)


@pytest.mark.parametrize(
    ("quick", "slow", "done"), [(1e9, 1e9, [64, 192]), (0.0, 1e9, [64, 128, 192]), (0.0, 0.0, [64, 128, 192])]
)
def test_blocks_grow_while_they_are_quick_and_never_shrink_below_the_first(
    store: Path,
    hashing_encoder: HashingEncoder,
    monkeypatch: pytest.MonkeyPatch,
    quick: float,
    slow: float,
    done: list[int],
) -> None:
    monkeypatch.setattr(embeddings, "_QUICK", quick)
    monkeypatch.setattr(embeddings, "_SLOW", slow)
    told: list[tuple[float, str]] = []
    encode_cached(TEXTS, hashing_encoder, store, progress=lambda share, what: told.append((share, what)))
    assert told == [(number / 192, f"encoding passages ({number} of 192)") for number in done]


def test_another_model_does_not_get_the_first_ones_vectors(store: Path, hashing_encoder: HashingEncoder) -> None:
    encode_cached(TEXTS[:3], hashing_encoder, store)
    other = HashingEncoder()
    other.fingerprint = "another"
    encode_cached(TEXTS[:3], other, store)
    assert other.encoded == 3


def test_no_texts_give_an_empty_matrix(store: Path, hashing_encoder: HashingEncoder) -> None:
    assert encode_cached([], hashing_encoder, store).shape == (0, hashing_encoder.dimension)


def test_the_single_file_of_earlier_versions_makes_room(tmp_path: Path, hashing_encoder: HashingEncoder) -> None:
    (tmp_path / "v.sqlite").write_bytes(b"SQLite format 3\0")
    encode_cached(TEXTS[:3], hashing_encoder, tmp_path / "v")
    assert not (tmp_path / "v.sqlite").exists()
    (tmp_path / "w.sqlite").write_bytes(b"SQLite format 3\0")
    assert len(encode_cached(TEXTS[:3], hashing_encoder, tmp_path / "w.sqlite")) == 3


class Wrong(HashingEncoder):
    def __init__(self, vectors: np.ndarray) -> None:
        super().__init__()
        self.vectors = vectors

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return self.vectors


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.zeros((2, 64)), r"gave an array of \(2, 64\), expected \(3, 64\)"),
        (np.full((3, 64), np.nan), "not finite"),
    ],
)
def test_an_encoder_that_breaks_its_promise_is_named(store: Path, vectors: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode_cached(TEXTS[:3], Wrong(vectors), store)


# Damage


def test_an_index_that_is_no_database_is_replaced(store: Path, hashing_encoder: HashingEncoder) -> None:
    first = encode_cached(TEXTS[:3], hashing_encoder, store)
    index_file(store).write_bytes(b"this is no database " * 200)
    assert np.array_equal(encode_cached(TEXTS[:3], hashing_encoder, store), first)
    assert hashing_encoder.encoded == 6


def test_an_index_damaged_in_the_middle_is_replaced(store: Path, hashing_encoder: HashingEncoder) -> None:
    first = encode_cached(TEXTS, hashing_encoder, store)
    content = bytearray(index_file(store).read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    index_file(store).write_bytes(content)
    assert np.array_equal(encode_cached(TEXTS, hashing_encoder, store), first)


@pytest.mark.parametrize("left", [0, ROW - 1, ROW, ROW + 5])
def test_a_file_cut_short_costs_the_rows_it_lost(store: Path, hashing_encoder: HashingEncoder, left: int) -> None:
    first = encode_cached(TEXTS[:3], hashing_encoder, store)
    os.truncate(data_file(store), left)
    assert np.array_equal(encode_cached(TEXTS[:3], hashing_encoder, store), first)
    assert hashing_encoder.encoded == 3 + 3 - left // ROW


def test_a_file_of_vectors_that_is_gone_is_made_again(store: Path, hashing_encoder: HashingEncoder) -> None:
    first = encode_cached(TEXTS[:3], hashing_encoder, store)
    data_file(store).unlink()
    assert np.array_equal(encode_cached(TEXTS[:3], hashing_encoder, store), first)


def test_a_changed_byte_costs_one_vector(store: Path, hashing_encoder: HashingEncoder) -> None:
    first = encode_cached(TEXTS[:3], hashing_encoder, store)
    with data_file(store).open("r+b") as file:
        file.seek(ROW + 7)
        file.write(b"\x55")
    assert np.array_equal(encode_cached(TEXTS[:3], hashing_encoder, store), first)
    assert hashing_encoder.encoded == 4


def test_what_an_unfinished_write_left_behind_is_written_over(store: Path, hashing_encoder: HashingEncoder) -> None:
    encode_cached(TEXTS[:3], hashing_encoder, store)
    with data_file(store).open("ab") as file:
        file.write(b"\x11" * (2 * ROW + 9))
    assert np.array_equal(encode_cached(TEXTS[:9], hashing_encoder, store), HashingEncoder().encode(TEXTS[:9]))
    assert hashing_encoder.encoded == 9


def test_a_store_that_cannot_be_made_is_told_in_one_sentence(tmp_path: Path, hashing_encoder: HashingEncoder) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MissingPartError, match=r"cannot be used .* check the disk"):
        encode_cached(TEXTS[:3], hashing_encoder, tmp_path / "file" / "embeddings")


# Other processes

CHILD = """
import os, signal, sys
from pathlib import Path
from fabricated_retrieval import HashingEncoder
from workbench.retrieval.embeddings import encode_cached
store, first, last, dies = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
real, calls = os.fsync, []
def fsync(descriptor):
    calls.append(descriptor)
    if len(calls) == 2 and dies == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    real(descriptor)
    if len(calls) == 2 and dies == "after":
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = fsync
encode_cached([f"passage number {i}" for i in range(first, last)], HashingEncoder(), store)
"""


def child(store: Path, first: int, last: int, dies: str = "no") -> subprocess.Popen[bytes]:
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    command = [sys.executable, "-c", CHILD, str(store), str(first), str(last), dies]
    return subprocess.Popen(command, env=dict(os.environ, PYTHONPATH=paths), stderr=subprocess.PIPE)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_killed_between_vectors_and_index_leaves_no_wrong_vector(
    store: Path, hashing_encoder: HashingEncoder, moment: str
) -> None:
    killed = child(store, 0, len(TEXTS), moment)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    # The second block is in the file, the index does not name it. Texts of another order now take its place.
    assert data_file(store).stat().st_size > BLOCK * ROW
    texts = [f"another text {i}" for i in range(5)] + TEXTS[::-1]
    assert np.array_equal(encode_cached(texts, hashing_encoder, store), HashingEncoder().encode(texts))
    assert hashing_encoder.encoded == 5 + len(TEXTS) - BLOCK


def test_two_processes_may_fill_one_store_at_once(store: Path, hashing_encoder: HashingEncoder) -> None:
    running = [child(store, 0, 900), child(store, 500, 1400)]
    for process in running:
        assert process.communicate()[1] == b""
        assert process.returncode == 0
    texts = [f"passage number {i}" for i in range(1400)]
    assert np.array_equal(encode_cached(texts, hashing_encoder, store), HashingEncoder().encode(texts))
    assert hashing_encoder.encoded == 0


# Mapped corpora


@pytest.mark.usefixtures("mapped")
def test_a_large_corpus_is_mapped_from_a_file_of_its_own(store: Path, hashing_encoder: HashingEncoder) -> None:
    texts = ["one", "two", "one", "a third text"]
    first = encode_cached(texts, hashing_encoder, store)
    assert isinstance(first.base, np.memmap)
    assert np.array_equal(first, HashingEncoder().encode(texts))
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 1
    # Nothing else is needed to open it again.
    data_file(store).unlink()
    index_file(store).unlink()
    assert np.array_equal(encode_cached(texts, hashing_encoder, store), first)
    assert hashing_encoder.encoded == 3


@pytest.mark.usefixtures("mapped")
def test_the_same_texts_in_another_order_are_another_matrix(store: Path, hashing_encoder: HashingEncoder) -> None:
    encode_cached(TEXTS[:4], hashing_encoder, store)
    assert np.array_equal(encode_cached(TEXTS[3::-1], hashing_encoder, store), HashingEncoder().encode(TEXTS[3::-1]))
    assert hashing_encoder.encoded == 4


@pytest.mark.usefixtures("mapped")
def test_a_matrix_of_another_size_is_made_again(store: Path, hashing_encoder: HashingEncoder) -> None:
    first = encode_cached(TEXTS[:4], hashing_encoder, store).copy()
    (matrix,) = matrices(store)
    os.truncate(matrix, ROW + 3)
    assert np.array_equal(encode_cached(TEXTS[:4], hashing_encoder, store), first)
    assert hashing_encoder.encoded == 4


@pytest.mark.usefixtures("mapped")
@pytest.mark.parametrize("place", [5, -1], ids=["vector", "checksum"])
def test_a_changed_byte_of_a_matrix_has_it_made_again(store: Path, hashing_encoder: HashingEncoder, place: int) -> None:
    whole = np.array(encode_cached(TEXTS, hashing_encoder, store))
    (path,) = matrices(store)
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)
    assert np.array_equal(encode_cached(TEXTS, hashing_encoder, store), whole)
    assert hashing_encoder.encoded == len(TEXTS)


@pytest.mark.usefixtures("mapped")
def test_matrices_of_former_corpora_make_room(store: Path, hashing_encoder: HashingEncoder) -> None:
    for start in range(8):
        encode_cached(TEXTS[start : start + 3], hashing_encoder, store)
    assert len(matrices(store)) == 4
    assert not list(store.glob("*/corpora/*.part"))


# The encoder itself


def test_the_embedded_encoder_is_verified_and_puts_like_texts_together() -> None:
    encoder = load_encoder(None)
    assert encoder.fingerprint.startswith(EMBEDDED_SHA256)
    water, leak, car = encoder.encode(
        ["escape of water from a pipe", "a leaking pipe soaked the floor", "car insurance renewal"]
    )
    assert np.linalg.norm(water) == pytest.approx(1.0, abs=1e-5)
    assert water @ leak > water @ car + 0.2


def test_altered_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "EMBEDDED_SHA256", "0" * 64)
    with pytest.raises(MissingPartError, match="expected 000000000000"):
        SentenceEncoder()


def test_a_folder_without_a_model_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match=r"no \.safetensors weights"):
        SentenceEncoder(str(tmp_path))
