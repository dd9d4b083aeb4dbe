"""Opens a model through OpenVINO: from the kept ones, or exported and compared with torch first.

A model that OpenVINO cannot run as well as torch is remembered as such; the caller then runs torch.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from workbench.errors import WorkbenchError
from workbench.retrieval.model_files import ModelFiles
from workbench.retrieval.openvino_model import kept_models, runtime
from workbench.retrieval.openvino_model.export import NotExportableError, Source, export
from workbench.retrieval.openvino_model.kept_models import KeptModel, ModelSpec, Rejected
from workbench.retrieval.openvino_model.run import OpenVinoModel, Outputs

SAFE_PRECISION = "f32"

Kind = Literal["encoder", "reranker"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far outputs may be from torch's.

    Attributes:
        distance: of our outputs from torch's, 0 is equal.
        limit: largest one allowed.
    """

    distance: Callable[[Outputs, Outputs], float]
    limit: float


def open_model(
    kind: Kind, files: ModelFiles, source: Callable[[], Source], tolerance: Tolerance
) -> OpenVinoModel | None:
    """The model, or None where it is to be run by torch; the log then says why.

    Args:
        kind: what it is used for; the same weights may serve both.
        files: the model's.
        source: loads the torch model; called only when nothing is kept.
        tolerance: what the outputs are held to.
    """
    try:
        version, fastest = runtime.openvino().__version__, runtime.precision()
    except ImportError:
        log.info("%s runs through torch: openvino is not installed", files.name)
        return None
    except Exception as error:  # a plugin that is missing or was made for another processor: torch still runs
        log.info("%s runs through torch: openvino does not work here (%s)", files.name, type(error).__name__)
        return None
    reason = ""
    for precision in dict.fromkeys((fastest, SAFE_PRECISION)):
        key = re.sub(r"[^\w.-]", "-", f"{kind}-{files.digest[:24]}-{kept_models.FORMAT}-{precision}-{version}")[:150]
        found = kept_models.find(key) or _exported(key, source, precision, tolerance)
        opened = _opened(found) if isinstance(found, KeptModel) else found
        if isinstance(opened, OpenVinoModel):
            return opened
        reason = opened.reason
    log.info("%s runs through torch, not OpenVINO: %s", files.name, reason)
    return None


def _opened(kept: KeptModel) -> OpenVinoModel | Rejected:
    try:
        return OpenVinoModel(kept)
    except Exception as error:  # too little memory, or another process just replaced the folder: nothing to remember
        return Rejected(f"the kept model cannot be opened ({type(error).__name__})")


def _exported(key: str, source: Callable[[], Source], precision: str, tolerance: Tolerance) -> KeptModel | Rejected:
    try:
        folder = kept_models.workplace()
    except OSError as error:
        return Rejected(f"there is no folder to export into ({error.strerror})")
    try:
        return kept_models.keep(key, folder, _compared(source(), folder, precision, tolerance))
    except (WorkbenchError, KeyboardInterrupt):
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except Exception as error:  # whatever a tracer or a compiler says of a model it does not know: torch still runs it
        shutil.rmtree(folder, ignore_errors=True)
        reason = str(error) if isinstance(error, NotExportableError) else f"export failed ({type(error).__name__})"
        # A full disk or memory says nothing of the model.
        if not isinstance(error, OSError | MemoryError):
            kept_models.keep_rejection(key, reason)
        return Rejected(reason)


def _compared(source: Source, folder: Path, precision: str, tolerance: Tolerance) -> ModelSpec:
    """Export into the folder; what is known of the export, among it how far it is from torch.

    Raises:
        NotExportableError: further than is allowed.
    """
    spec = export(source, folder, precision)
    ours = OpenVinoModel(KeptModel(folder, spec)).outputs(source.samples)
    distance = tolerance.distance(ours, source.expected)
    if not distance <= tolerance.limit:
        raise NotExportableError(
            f"its {precision} outputs are {distance:.4f} from torch's, allowed is {tolerance.limit}"
        )
    return replace(spec, distance=distance)
