"""A loaded sentence-transformers model as an OpenVINO graph, through torch's tracer and OpenVINO's own front end.

Only shapes of model it knows: one transformer with mean or CLS pooling, or one with a single score. The rest is refused.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.retrieval.openvino_model import runtime
from workbench.retrieval.openvino_model.kept_models import GRAPH, TOKENIZER, ModelSpec
from workbench.retrieval.openvino_model.run import Outputs
from workbench.retrieval.openvino_model.tokens import Text

POOLINGS = ("mean", "cls")
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
ACTIVATIONS = {"Sigmoid": True, "Identity": False}
MOST_TOKENS = 8_192

SAMPLES: tuple[str, ...] = (
    "Does the home policy cover escape of water?",
    "The excess is £250 for each claim, and £1,000 where the cause is subsidence (section 4.2, form CF-207b).",
    "Störung der Wasserleitung; цена договора; 保険の請求",
    "x",
    "Claims are settled within eight weeks of the day on which the last document was received. " * 40,
)
"""Texts on which an export is compared with torch: short, long beyond any limit, with figures, in other scripts."""


class NotExportableError(Exception):
    """The model is of a shape that is not exported; the message says which."""


@dataclass(frozen=True, slots=True)
class Source:
    """A torch model with what its export needs.

    Attributes:
        module: takes the arrays of `inputs`, gives (n, width).
        tokenizer: a transformers tokenizer.
        inputs: names of the arrays.
        max_tokens: word pieces it reads.
        sigmoid: whether a score is the sigmoid of the output.
        samples: what both are compared on.
        expected: torch's own outputs for them.
    """

    module: Any
    tokenizer: Any
    inputs: tuple[str, ...]
    max_tokens: int
    sigmoid: bool
    samples: Sequence[Text]
    expected: Outputs


def encoder_source(model: Any) -> Source:  # noqa: ANN401
    """What the export of a `SentenceTransformer` needs.

    Raises:
        NotExportableError: its modules are others than transformer, pooling and normalisation.
    """
    names = [type(module).__name__ for module in model]
    if names not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise NotExportableError(f"its modules are {', '.join(names)}")
    if model[1].pooling_mode not in POOLINGS:
        raise NotExportableError(f"it pools by {model[1].pooling_mode}")
    if (model.prompts or {}).get(model.default_prompt_name):
        raise NotExportableError("it puts a prompt before every text")
    model.float()
    tokenizer, inputs, max_tokens = _reading(model)
    expected = model.encode(list(SAMPLES), normalize_embeddings=True, show_progress_bar=False)
    module = _pooled(model[0].auto_model, inputs, by_mean=model[1].pooling_mode == "mean")
    return Source(module, tokenizer, inputs, max_tokens, False, SAMPLES, np.asarray(expected, dtype=np.float32))


def cross_encoder_source(model: Any) -> Source:  # noqa: ANN401
    """What the export of a `CrossEncoder` with one score needs.

    Raises:
        NotExportableError: it is not a transformer with one score, or turns the score into something unknown.
    """
    import torch

    names = [type(module).__name__ for module in model]
    if names != ["Transformer"] or not hasattr(model[0].auto_model, "config"):
        raise NotExportableError(f"its modules are {', '.join(names)}")
    activation = type(model.activation_fn).__name__
    if activation not in ACTIVATIONS:
        raise NotExportableError(f"it turns scores by {activation}")
    if any((model.prompts or {}).values()):
        raise NotExportableError("it puts a prompt before every text")
    model.float()
    tokenizer, inputs, max_tokens = _reading(model)
    samples = [(SAMPLES[0], text) for text in SAMPLES] + [(SAMPLES[1], SAMPLES[1])]
    expected = model.predict(samples, activation_fn=torch.nn.Identity(), show_progress_bar=False)
    column = np.asarray(expected, dtype=np.float32).reshape(-1, 1)
    module = _scoring(model[0].auto_model, inputs)
    return Source(module, tokenizer, inputs, max_tokens, ACTIVATIONS[activation], samples, column)


def export(source: Source, folder: Path, precision: str) -> ModelSpec:
    """Write the graph, its weights and the tokenizer into the folder."""
    import torch

    openvino = runtime.openvino()
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    # Two rows, one of them padded: a trace remembers what it was shown.
    ids = torch.arange(10, 24).reshape(2, 7) % 10 + 1
    mask = torch.ones_like(ids)
    mask[1, 4:] = 0
    example = {"input_ids": ids, "attention_mask": mask, "token_type_ids": torch.zeros_like(ids)}
    with torch.no_grad(), _quiet():
        arrays = tuple(example[name] for name in source.inputs)
        traced = torch.jit.trace(source.module.eval(), arrays)  # type: ignore[no-untyped-call]
        # The front end, not `convert_model`: that one reports every conversion to an analytics service.
        front_end = FrontEndManager().load_by_framework("pytorch")
        decoder = TorchScriptPythonDecoder(traced)
        graph = front_end.convert(front_end.load(decoder))
        openvino.save_model(graph, str(folder / GRAPH), compress_to_fp16=False)
    (folder / TOKENIZER).write_text(source.tokenizer.backend_tokenizer.to_str(), encoding="utf-8")
    pad_id = int(source.tokenizer.pad_token_id or 0)
    return ModelSpec(source.inputs, source.expected.shape[1], source.max_tokens, pad_id, precision, source.sigmoid)


def _reading(model: Any) -> tuple[Any, tuple[str, ...], int]:  # noqa: ANN401
    """(tokenizer, names of the arrays, word pieces read) of a model whose tokenizer can be run without transformers."""
    tokenizer, max_tokens = model.tokenizer, model.max_seq_length
    if (
        not getattr(tokenizer, "is_fast", False)
        or tokenizer.padding_side != "right"
        or tokenizer.truncation_side != "right"
    ):
        raise NotExportableError("its tokenizer is not a fast one that pads and cuts on the right")
    unknown = set(tokenizer.model_input_names) - set(INPUTS)
    if unknown:
        raise NotExportableError(f"it reads {', '.join(sorted(unknown))}")
    if not max_tokens or max_tokens > MOST_TOKENS:
        raise NotExportableError("it does not say how many word pieces it reads")
    return tokenizer, tuple(name for name in INPUTS if name in tokenizer.model_input_names), int(max_tokens)


def _pooled(transformer: Any, inputs: tuple[str, ...], *, by_mean: bool) -> Any:  # noqa: ANN401
    import torch

    class Pooled(torch.nn.Module):
        """One vector a text, not yet of length 1."""

        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, *arrays: torch.Tensor) -> torch.Tensor:
            hidden: torch.Tensor = self.transformer(**dict(zip(inputs, arrays, strict=True))).last_hidden_state
            if not by_mean:
                return hidden[:, 0]
            weights = arrays[inputs.index("attention_mask")].unsqueeze(-1).to(torch.float32)
            return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)

    return Pooled()


def _scoring(transformer: Any, inputs: tuple[str, ...]) -> Any:  # noqa: ANN401
    import torch

    class Scoring(torch.nn.Module):
        """One figure a pair."""

        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, *arrays: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.transformer(**dict(zip(inputs, arrays, strict=True))).logits
            return logits

    return Scoring()


@contextmanager
def _quiet() -> Iterator[None]:
    """Tracing reads every attribute of a model, and each deprecated one speaks up."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(before)
