"""Models through OpenVINO: batches, the kept exports, and what must hold whoever runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import save_tiny_encoder

from workbench.retrieval.encoder import SentenceEncoder, embedded_files
from workbench.retrieval.model_files import ModelFiles
from workbench.retrieval.openvino_model import kept_models, runtime
from workbench.retrieval.openvino_model.export import NotExportableError, Source, encoder_source
from workbench.retrieval.openvino_model.kept_models import GRAPH, TOKENIZER, WEIGHTS, KeptModel, ModelSpec, Rejected
from workbench.retrieval.openvino_model.load import Tolerance, open_model
from workbench.retrieval.openvino_model.run import OpenVinoModel
from workbench.retrieval.openvino_model.tokens import (
    BATCH_TOKENS,
    LENGTH_STEP,
    Row,
    arrays_of,
    batches_of,
    readable,
)

SPEC = ModelSpec(("input_ids", "attention_mask"), 384, 256, 0, "f32")
TEXTS = [
    "escape of water",
    "",
    "The excess is £250 for each claim. " * 12,
    "a",
    "eight weeks " * 300,
    "CF-207b",
]


NEVER_ASKED = Tolerance(lambda ours, theirs: 0.0, 0.1)


def unloaded() -> Source:
    raise AssertionError("nothing is to be exported")


def row(length: int) -> Row:
    return Row(np.arange(1, length + 1, dtype=np.int32), np.zeros(length, dtype=np.int32))


@given(st.lists(st.integers(1, 200), max_size=60))
def test_each_row_is_in_one_batch_of_rows_padded_alike(lengths: list[int]) -> None:
    batches = list(batches_of([row(length) for length in lengths], 200))
    assert sorted(place for batch in batches for place in batch.places) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch.places) * batch.length <= BATCH_TOKENS
        for place in batch.places:
            assert lengths[place] <= batch.length < lengths[place] + LENGTH_STEP
    assert [batch.length for batch in batches] == sorted((batch.length for batch in batches), reverse=True)


def test_rows_are_padded_and_masked() -> None:
    (batch,) = batches_of([row(2), row(1)], 3)
    ids, mask = arrays_of(batch, [row(2), row(1)], ("input_ids", "attention_mask"), pad_id=9)
    assert ids.tolist() == [[1, 2, 9], [1, 9, 9]]
    assert mask.tolist() == [[1, 1, 0], [1, 0, 0]]


def test_only_half_surrogate_pairs_are_replaced() -> None:
    assert readable("a\x00é😀") == "a\x00é😀"
    assert readable("a\ud800b") == "a\ufffdb"
    assert readable("\ud83d\ude00") == "😀"


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def exported() -> Path:
    folder = kept_models.workplace()
    for name in (GRAPH, WEIGHTS, TOKENIZER):
        (folder / name).write_text(f"content of {name}")
    return folder


def test_a_kept_model_is_found_again_and_nothing_half_written_stays(cache_folder: Path) -> None:
    kept = kept_models.keep("key", exported(), SPEC)
    assert kept_models.find("key") == kept == KeptModel(kept_models.models_folder() / "key", SPEC)
    assert [path.name for path in kept_models.models_folder().iterdir()] == ["key"]
    assert kept_models.find("another") is None


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, TOKENIZER, kept_models.MANIFEST])
def test_a_changed_byte_is_noticed_and_the_model_replaced(cache_folder: Path, name: str) -> None:
    kept = kept_models.keep("key", exported(), SPEC)
    altered = bytearray((kept.folder / name).read_bytes())
    altered[-3] ^= 1
    (kept.folder / name).write_bytes(altered)
    assert kept_models.find("key") is None
    assert kept_models.keep("key", exported(), SPEC) == kept == kept_models.find("key")


def test_a_manifest_of_anything_else_is_no_model(cache_folder: Path) -> None:
    kept = kept_models.keep("key", exported(), SPEC)
    for text in ("", "[]", "{}", "null", '{"body": 3, "sha256": 4}', "\xff"):
        (kept.folder / kept_models.MANIFEST).write_text(text, encoding="latin-1")
        assert kept_models.find("key") is None


def test_the_process_that_comes_second_uses_the_first_ones_model(cache_folder: Path) -> None:
    late = exported()
    kept = kept_models.keep("key", exported(), SPEC)
    assert kept_models.keep("key", late, SPEC) == kept == kept_models.find("key")
    assert [path.name for path in kept_models.models_folder().iterdir()] == ["key"]


@pytest.mark.parametrize("planted", ["file", "link to a folder", "link to nowhere"])
def test_whatever_lies_under_the_key_makes_way_and_what_it_points_to_is_left_alone(
    cache_folder: Path, tmp_path: Path, planted: str
) -> None:
    target = kept_models.models_folder() / "key"
    target.parent.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "letter.txt").write_text("not ours")
    if planted == "file":
        target.write_text("in the way")
    else:
        target.symlink_to(tmp_path / ("elsewhere" if planted == "link to a folder" else "nowhere"))
    kept = kept_models.keep("key", exported(), SPEC)
    assert kept.folder == target == kept_models.find("key").folder
    assert (tmp_path / "elsewhere" / "letter.txt").read_text() == "not ours"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders have no owners here")
def test_a_model_another_user_left_in_the_folder_is_not_used(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another = kept_models.keep("key", exported(), SPEC).folder.stat().st_uid + 1
    monkeypatch.setattr(os, "getuid", lambda: another)
    assert kept_models.find("key") is None


def test_what_vanishes_or_points_nowhere_while_the_folder_is_cleared_stops_nothing(cache_folder: Path) -> None:
    kept_models.models_folder().mkdir(parents=True)
    (kept_models.models_folder() / f"{kept_models._PARTIAL}gone").symlink_to("nowhere")
    assert kept_models.workplace().parent == kept_models.models_folder()


def test_what_a_killed_export_left_is_cleared_a_day_later(cache_folder: Path) -> None:
    fresh, old = exported(), exported()
    yesterday = time.time() - kept_models.ABANDONED_SECONDS - 60
    os.utime(old, (yesterday, yesterday))
    kept_models.workplace()
    assert fresh.is_dir()
    assert not old.exists()


def test_without_a_folder_to_keep_it_a_model_is_used_from_a_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    _used_from_a_temporary_folder()


def test_a_user_without_a_home_still_gets_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    _used_from_a_temporary_folder()


def _used_from_a_temporary_folder() -> None:
    kept = kept_models.keep("key", exported(), SPEC)
    assert (kept.folder / GRAPH).is_file()
    assert kept_models.find("key") is None
    kept_models.keep_rejection("key", "no")
    assert kept_models.find("key") is None


def test_without_any_folder_to_export_into_torch_runs_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*arguments: object, **options: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.mkdtemp", full)
    with caplog.at_level("INFO"):
        assert open_model("encoder", embedded_files(), unloaded, NEVER_ASKED) is None
    assert "No space left on device" in caplog.text


def test_a_refused_model_is_refused_again_without_loading_it(
    cache_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked = []

    def source() -> Source:
        asked.append(1)
        raise NotExportableError("it pools by max")

    tolerance = Tolerance(lambda ours, theirs: 0.0, 0.1)
    with caplog.at_level("INFO"):
        assert open_model("encoder", embedded_files(), source, tolerance) is None
        tried = len(asked)
        assert open_model("encoder", embedded_files(), source, tolerance) is None
    assert tried == len(asked) == len({runtime.precision(), "f32"})
    assert "it pools by max" in caplog.text
    kept = [kept_models.find(path.name) for path in kept_models.models_folder().iterdir()]
    assert kept == [Rejected("it pools by max")] * tried


def test_a_runtime_that_is_there_but_broken_leaves_the_model_to_torch(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def without_plugin() -> str:
        raise RuntimeError("Device with CPU name is not registered")

    monkeypatch.setattr(runtime, "precision", without_plugin)
    with caplog.at_level("INFO"):
        assert open_model("encoder", embedded_files(), unloaded, NEVER_ASKED) is None
    assert caplog.messages == ["all-MiniLM-L6-v2 runs through torch: openvino does not work here (RuntimeError)"]


def test_a_kept_model_that_does_not_compile_is_left_to_torch_this_once(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def find(key: str) -> KeptModel:
        return KeptModel(Path("gone"), SPEC)

    monkeypatch.setattr(kept_models, "find", find)
    with caplog.at_level("INFO"):
        assert open_model("encoder", embedded_files(), unloaded, NEVER_ASKED) is None
    assert "the kept model cannot be opened" in caplog.text


def test_a_processor_without_a_half_precision_computes_in_full(
    cache_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Plain:
        def get_property(self, device: str, name: str) -> list[str]:
            return ["FP32", "INT8", "BIN"]

    monkeypatch.setattr(runtime, "_core", Plain)
    assert runtime.precision() == "f32"
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_folder))
    monkeypatch.setattr(runtime, "precision", lambda: "f32")
    encoder = SentenceEncoder(str(save_tiny_encoder(tmp_path)))
    assert encoder.backend == "openvino"
    assert encoder.fingerprint.endswith("-openvino-f32")


def test_threads_are_the_cores_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3, 5}, raising=False)
    assert runtime.threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert runtime.threads() == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "lots")
    assert runtime.threads() == 3


@pytest.fixture(scope="module")
def model() -> OpenVinoModel:
    """The embedded encoder, from the user's own cache where it is."""
    fast = SentenceEncoder()._fast
    assert fast is not None
    return fast


def test_a_text_gives_the_same_bits_in_whatever_company(model: OpenVinoModel) -> None:
    together = model.outputs(TEXTS)
    assert np.array_equal(together[::-1], model.outputs(TEXTS[::-1]))
    assert all(np.array_equal(model.outputs([text])[0], row) for text, row in zip(TEXTS, together, strict=True))


def test_an_interrupted_call_leaves_the_next_one_right(model: OpenVinoModel, monkeypatch: pytest.MonkeyPatch) -> None:
    before = model.outputs(TEXTS)
    started: list[int] = []

    def interrupt_at_third(*arguments: object) -> list[np.ndarray]:
        started.append(1)
        if len(started) == 3:
            raise KeyboardInterrupt
        return arrays_of(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("workbench.retrieval.openvino_model.run.arrays_of", interrupt_at_third)
    with pytest.raises(KeyboardInterrupt):
        model.outputs(TEXTS)
    monkeypatch.undo()
    assert np.array_equal(model.outputs(TEXTS), before)


def test_threads_that_encode_at_once_get_their_own_vectors(model: OpenVinoModel) -> None:
    found: dict[int, np.ndarray] = {}

    def encode(number: int) -> None:
        found[number] = model.outputs(TEXTS[number:])

    workers = [threading.Thread(target=encode, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    whole = model.outputs(TEXTS)
    assert all(np.array_equal(found[number], whole[number:]) for number in range(4))


WATCHED = """
import os, socket, sys
asked = []
for name in ("getaddrinfo", "create_connection"):
    setattr(socket, name, lambda *arguments, **options: asked.append(arguments))
socket.socket.connect = lambda *arguments: asked.append(arguments)
from workbench.retrieval.encoder import SentenceEncoder
encoder = SentenceEncoder()
vectors = encoder.encode(["storm damage", "a"])
assert encoder.backend == "openvino", encoder.backend
assert not asked, asked
assert "openvino" in sys.modules and not sys.modules.get("openvino_telemetry")
"""
FORKED = """
assert "torch" not in sys.modules, "a kept model needs no torch"
assert "transformers" not in sys.modules
child = os.fork()
if child == 0:
    os._exit(0 if (encoder.encode(["storm damage", "a"]) == vectors).all() else 3)
assert os.waitpid(child, 0)[1] == 0
assert (encoder.encode(["storm damage", "a"]) == vectors).all()
"""


def _run(script: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def watched_environment(tmp_path: Path) -> dict[str, str]:
    """Where a telemetry package that leaves a mark when it is imported stands first."""
    package = tmp_path / "site" / "openvino_telemetry"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"open({str(tmp_path / 'reported')!r}, 'w').close()\nclass Telemetry: ...\n")
    paths = [str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "TOKENIZERS_PARALLELISM": "false",
    }


def test_no_telemetry_is_imported_and_no_socket_opened_and_torch_is_needed_once(
    tmp_path: Path, watched_environment: dict[str, str]
) -> None:
    _run(WATCHED, watched_environment)
    assert not (tmp_path / "reported").exists()
    _run(WATCHED + (FORKED if hasattr(os, "fork") else ""), watched_environment)
    assert not (tmp_path / "reported").exists()


def test_the_mark_of_telemetry_would_be_seen(tmp_path: Path, watched_environment: dict[str, str]) -> None:
    _run("import openvino_telemetry", watched_environment)
    assert (tmp_path / "reported").exists()


def test_an_export_that_differs_from_torch_is_not_used(
    cache_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentence_transformers import SentenceTransformer

    monkeypatch.setattr(runtime, "precision", lambda: "f32")
    folder = save_tiny_encoder(tmp_path)
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    files = ModelFiles(folder, "tiny", "0" * 64)
    for distance in (0.02, float("nan")):
        tolerance = Tolerance(lambda ours, theirs, far=distance: far, 0.01)
        assert open_model("encoder", files, lambda: encoder_source(model), tolerance) is None
        kept = [kept_models.find(path.name) for path in kept_models.models_folder().iterdir()]
        assert all(isinstance(found, Rejected) and "from torch's, allowed is 0.01" in found.reason for found in kept)
        shutil.rmtree(kept_models.models_folder())
