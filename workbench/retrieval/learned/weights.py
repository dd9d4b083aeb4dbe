"""Weights of the learned reranker as a readable file: what a feature is worth, what it was learned from, and its checks.

Loading refuses a damaged file and weights of other features than the code computes; learning is `bench/train_reranker.py`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import InputError
from workbench.retrieval.learned.catalogue import FEATURES, FEATURES_VERSION
from workbench.retrieval.learned.features import Matrix
from workbench.retrieval.learned.fingerprint import example_features
from workbench.retrieval.learned.matching import Floats

SHIPPED = Path(__file__).with_name("weights.json")

MAX_BYTES = 1_000_000
DRIFT = 1e-4
"""Largest difference of a feature of the example that rounding explains."""

_RETRAIN = "train again with bench/train_reranker.py or take the weights that came with this version"


@dataclass(frozen=True, slots=True, eq=False)
class AdditiveWeights:
    """score = sum over features of `weight * (value - centre) / scale`.

    Attributes:
        weight, centre, scale: (features,) in the order of `FEATURES`; a feature that is not used weighs 0.
    """

    weight: Floats
    centre: Floats
    scale: Floats

    def contributions(self, features: Matrix) -> Matrix:
        """(candidates, features) what each feature adds to the score; a row sums to the score."""
        return (features - self.centre) / self.scale * self.weight


@dataclass(frozen=True, slots=True)
class RerankerWeights:
    """The two models of the file.

    Attributes:
        with_vectors: used where there is an encoder. words_alone: used where there is none.
        about: everything else the file says: training data, date, settings.
    """

    with_vectors: AdditiveWeights
    words_alone: AdditiveWeights
    about: Mapping[str, Any]


_PARTS = {"with_vectors": True, "words_alone": False}


def load_weights(path: Path | None = None) -> RerankerWeights:
    """The weights of a file; None is the one that came with the package.

    Raises:
        InputError: the file is missing, damaged, or was learned for other features.
    """
    source = SHIPPED if path is None else path
    content = _read(source)
    if content.get("sha256") != checksum(content):
        raise InputError(f"{source.name}: the checksum does not match the content, so the file was changed; {_RETRAIN}")
    if content.get("features_version") != FEATURES_VERSION:
        found = content.get("features_version")
        raise InputError(f"{source.name}: made for features version {found}, expected {FEATURES_VERSION}; {_RETRAIN}")
    models = {part: _model(source.name, part, content.get(part)) for part in _PARTS}
    for part, with_vectors in _PARTS.items():
        _refuse_drift(source.name, part, content[part], example_features(with_vectors=with_vectors))
    about = {key: value for key, value in content.items() if key not in _PARTS}
    return RerankerWeights(models["with_vectors"], models["words_alone"], about)


def weights_document(about: Mapping[str, Any], models: Mapping[str, AdditiveWeights]) -> dict[str, Any]:
    """What a weights file holds, checks included.

    Args:
        about: training data, date and settings.
        models: "with_vectors" and "words_alone".
    """
    content: dict[str, Any] = dict(about) | {"features_version": FEATURES_VERSION}
    for part, with_vectors in _PARTS.items():
        model, example = models[part], example_features(with_vectors=with_vectors)
        content[part] = [
            {
                "feature": feature.name,
                "label": feature.label,
                "weight": round(float(model.weight[i]), 6),
                "centre": round(float(model.centre[i]), 6),
                "scale": round(float(model.scale[i]), 6),
                "example": [round(float(value), 6) for value in example[:, i]],
            }
            for i, feature in enumerate(FEATURES)
        ]
    return content | {"sha256": checksum(content)}


def checksum(content: Mapping[str, Any]) -> str:
    """SHA-256 of everything in a weights file but the checksum itself, whatever the order of keys and the spacing."""
    rest = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                f"{path.name}: larger than {MAX_BYTES:,} bytes, so no file of reranker weights; {_RETRAIN}"
            )
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path.name}: the reranker's weights cannot be read ({error.strerror}); {_RETRAIN}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name}: the reranker's weights are not JSON ({error}); {_RETRAIN}") from error
    if not isinstance(content, dict):
        raise InputError(
            f"{path.name}: expected an object with the reranker's weights, found a list or value; {_RETRAIN}"
        )
    return content


def _model(file: str, part: str, rows: object) -> AdditiveWeights:
    names = [row.get("feature") if isinstance(row, dict) else None for row in rows] if isinstance(rows, list) else []
    expected = [feature.name for feature in FEATURES]
    if not isinstance(rows, list) or names != expected:
        odd = sorted({str(name) for name in names} ^ set(expected))
        raise InputError(
            f"{file}: '{part}' has other features than this version ({', '.join(odd) or 'order'}); {_RETRAIN}"
        )
    columns = {key: _numbers(file, part, rows, key) for key in ("weight", "centre", "scale")}
    if (columns["scale"] <= 0).any():
        raise InputError(f"{file}: '{part}' has a scale that is not above 0; {_RETRAIN}")
    return AdditiveWeights(**columns)


def _numbers(file: str, part: str, rows: Sequence[Mapping[str, Any]], key: str) -> Floats:
    values = [row.get(key) for row in rows]
    for row, value in zip(rows, values, strict=True):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise InputError(f"{file}: '{part}', feature '{row['feature']}': {key} is no finite number; {_RETRAIN}")
    return np.array(values, dtype=np.float64)


def _refuse_drift(file: str, part: str, rows: Sequence[Mapping[str, Any]], example: Matrix) -> None:
    for column, row in enumerate(rows):
        kept = row.get("example")
        computed = example[:, column]
        if (
            not isinstance(kept, list)
            or len(kept) != len(computed)
            or not np.allclose(kept, computed, rtol=0, atol=DRIFT)
        ):
            shown = [round(float(value), 4) for value in computed]
            raise InputError(
                f"{file}: '{part}', feature '{row['feature']}' was {kept} on the built-in example when the weights were learned, "
                f"now {shown}; {_RETRAIN}"
            )
