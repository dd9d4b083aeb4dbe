"""The OpenVINO runtime: imported without its telemetry, set up for this processor, asked to compile a graph.

Nothing is converted or run here.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

MOST_STREAMS = 16
"""Streams each hold the activations of a batch; beyond this many, memory bandwidth is the limit."""


@cache
def openvino() -> Any:  # noqa: ANN401 - the library's types are not needed
    """The `openvino` module.

    Raises:
        ImportError: it is not installed, or not for this machine.
    """
    # `import openvino` alone reports the import to an analytics service, unless the reporting package cannot be imported.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def precision() -> str:
    """The fastest precision the processor computes in: "bf16", "f16" or "f32"."""
    capabilities = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    known = {"BF16": "bf16", "FP16": "f16"}
    return next((name for capability, name in known.items() if capability in capabilities), "f32")


def threads() -> int:
    """Cores this process may use, fewer where OMP_NUM_THREADS says so."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(allowed, int(asked)) if asked.isdecimal() and int(asked) else allowed


def compiled(graph: Path, precision: str) -> Any:  # noqa: ANN401
    """The graph ready to run: one thread a stream, for many batches at once."""
    streams = min(threads(), MOST_STREAMS)
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "NUM_STREAMS": streams,
        "INFERENCE_NUM_THREADS": streams,
        # Pinned threads of two processes would share one core while the other idles.
        "ENABLE_CPU_PINNING": False,
    }
    return _core().compile_model(_core().read_model(graph), "CPU", settings)


@cache
def _core() -> Any:  # noqa: ANN401
    return openvino().Core()
