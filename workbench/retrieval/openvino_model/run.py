"""A model that runs through OpenVINO: texts in, one row of figures a text out, whatever thread or process asks.

It knows neither vectors nor scores; what a row means is its caller's business.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.retrieval.openvino_model import runtime
from workbench.retrieval.openvino_model.kept_models import KeptModel
from workbench.retrieval.openvino_model.tokens import Row, Text, arrays_of, batches_of, rows_of

Outputs = npt.NDArray[np.float32]

BLOCK = 8_192
"""Texts sorted together: enough that batches are even, little enough that 100,000 texts do not lie in memory as tokens."""

REQUESTS_PER_STREAM = 2
"""One runs while the next is being filled."""


class OpenVinoModel:
    """A compiled model with its tokenizer.

    Attributes:
        spec: what is known of the model beside its graph.
    """

    def __init__(self, kept: KeptModel) -> None:
        """Compile the graph."""
        self.spec = kept.spec
        self._kept = kept
        self._tokenizer = _tokenizer(kept.tokenizer, kept.spec.max_tokens)
        self._engine = _Engine.of(kept)

    def outputs(self, texts: Sequence[Text]) -> Outputs:
        """(len(texts), width) float32 in the order given; a text's row is the same bits in whatever company."""
        out = np.empty((len(texts), self.spec.width), dtype=np.float32)
        engine = self._engine_here()
        with engine.lock:
            for start in range(0, len(texts), BLOCK):
                block = rows_of(self._tokenizer, texts[start : start + BLOCK], self.spec.max_tokens)
                self._run(engine, block, out[start : start + BLOCK])
        return out

    def _run(self, engine: _Engine, rows: Sequence[Row], out: Outputs) -> None:
        """Fill `out`, a part of this model's own array, with the rows' outputs."""
        under_way: dict[int, tuple[int, ...]] = {}
        try:
            turns = cycle(range(len(engine.requests)))
            for batch, turn in zip(batches_of(rows, self.spec.max_tokens), turns, strict=False):
                request = engine.requests[turn]
                _collect(request, under_way.pop(turn, ()), out)
                request.start_async(arrays_of(batch, rows, self.spec.inputs, self.spec.pad_id))
                under_way[turn] = batch.places
            for turn in list(under_way):
                _collect(engine.requests[turn], under_way.pop(turn), out)
        finally:
            # After an interruption nothing may still be writing into a request that the next call will fill.
            for turn in under_way:
                engine.requests[turn].wait()

    def _engine_here(self) -> _Engine:
        """The engine of this process: its threads do not come along into a forked one."""
        if self._engine.process != os.getpid():
            self._engine = _Engine.of(self._kept)
        return self._engine


@dataclass(frozen=True, slots=True)
class _Engine:
    """What runs batches in one process, for one caller at a time: every call uses all cores anyway."""

    process: int
    lock: threading.Lock
    requests: tuple[Any, ...]

    @classmethod
    def of(cls, kept: KeptModel) -> _Engine:
        model = runtime.compiled(kept.graph, kept.spec.precision)
        count = REQUESTS_PER_STREAM * int(model.get_property("NUM_STREAMS"))
        return cls(os.getpid(), threading.Lock(), tuple(model.create_infer_request() for _ in range(count)))


def _collect(request: Any, places: tuple[int, ...], out: Outputs) -> None:  # noqa: ANN401
    if places:
        request.wait()
        out[list(places)] = request.get_output_tensor(0).data


def _tokenizer(path: Path, max_tokens: int) -> Any:  # noqa: ANN401
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens, strategy="longest_first")
    return tokenizer
