"""The data the diagnosis rests on, read from `signals.yaml`: signals, weights, causes and what to hand over.

Only reads and checks; how weights add up is in `weights`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench.errors import WorkbenchError
from workbench.records import CAUSES, Cause

FILE_NAME = "signals.yaml"

Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
Factor = Annotated[float, Field(gt=0)]
LikelihoodRatios = tuple[Annotated[float, Field(ge=1)], Annotated[float, Field(gt=0, le=1)]]
"""(LR+, LR-): seen never speaks against a cause, clean never for it."""

EvidenceKind = Literal["computed", "dated_paper", "undated_paper", "spoken"]


class _Entry(BaseModel):
    """An entry of the file: unknown keys are faults, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Settings(_Entry):
    """The constants of the model; `signals.yaml` says what each is."""

    redundancy: Annotated[float, Field(ge=0)]
    cap: Annotated[float, Field(gt=1)]
    log_noise: Annotated[float, Field(ge=0)]
    draws: Annotated[int, Field(ge=1)]
    prior_spread: tuple[Factor, Factor]
    min_coverage: Share


class CauseEntry(_Entry):
    """A cause in plain words.

    Attributes:
        main: one of the three causes a case is judged by.
        label: heading. name: noun phrase that completes "what blocks this pilot is".
        weeks_lost: expected delay if it stays as it is; what an error about it costs.
    """

    cause: Cause
    main: bool
    label: Text
    name: Text
    prior: Share
    weeks_lost: Factor


class HandOver(_Entry):
    """What settles unknown signals: something to ask, fetch or compute; `chance` is that of getting it."""

    id: Text
    kind: Literal["question", "file", "computation"]
    text: Text
    minutes: Annotated[int, Field(ge=1)]
    chance: Annotated[float, Field(gt=0, le=1)]


class Signal(_Entry):
    """One thing files can show.

    Attributes:
        title: what it means when seen, short enough to project.
        cluster: signals that tend to appear together share one and are discounted together.
        lr: cause -> (LR+, LR-).
        best_evidence: the best kind of evidence this signal can have.
        basis: where the weight comes from.
        computed: this version looks for it in the files.
        makes_moot: signals nobody needs to look at once this one is seen.
    """

    id: Annotated[str, Field(pattern=r"^[A-Z]-\d\d$")]
    title: Text
    cluster: Text
    lr: Annotated[dict[Cause, LikelihoodRatios], Field(min_length=1)]
    read_from: Text
    best_evidence: EvidenceKind
    basis: Text
    hand_over: Text
    computed: bool
    makes_moot: tuple[str, ...] = ()


class Catalogue(_Entry):
    """Everything in `signals.yaml`; signals keep the order of the file, causes that of `CAUSES`."""

    version: Text
    settings: Settings
    quality: dict[EvidenceKind, Annotated[float, Field(gt=0, le=1)]]
    causes: tuple[CauseEntry, ...]
    hand_overs: tuple[HandOver, ...]
    signals: tuple[Signal, ...]

    def signal(self, signal_id: str) -> Signal:
        """The signal of that id; KeyError when there is none."""
        return {signal.id: signal for signal in self.signals}[signal_id]

    def cause(self, cause: Cause) -> CauseEntry:
        """The entry of that cause."""
        return self.causes[CAUSES.index(cause)]

    def hand_over(self, hand_over_id: str) -> HandOver:
        """The hand-over of that id; KeyError when there is none."""
        return {entry.id: entry for entry in self.hand_overs}[hand_over_id]

    @property
    def main_causes(self) -> tuple[Cause, ...]:
        """The causes a case is judged by."""
        return tuple(entry.cause for entry in self.causes if entry.main)


@cache
def load_catalogue() -> Catalogue:
    """The catalogue that ships with the workbench, read once."""
    return parse_catalogue(files("workbench.diagnosis").joinpath(FILE_NAME).read_text(encoding="utf-8"))


def parse_catalogue(text: str) -> Catalogue:
    """The catalogue written in `text`.

    Raises:
        WorkbenchError: it is no YAML, or it holds faults; the message lists every one of them.
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise WorkbenchError(f"{FILE_NAME}: not readable as YAML: {error}") from error
    if not isinstance(raw, dict):
        raise WorkbenchError(f"{FILE_NAME}: found {type(raw).__name__}, expected a mapping with key 'signals'.")
    faults: list[str] = []
    catalogue = _validated(raw, faults)
    faults += _cross_faults(raw)
    if catalogue is None or faults:
        raise WorkbenchError(f"{FILE_NAME}: {len(faults)} faults: " + "; ".join(faults))
    in_order = sorted(catalogue.causes, key=lambda entry: CAUSES.index(entry.cause))
    return catalogue.model_copy(update={"causes": tuple(in_order)})


def _validated(raw: dict[str, Any], faults: list[str]) -> Catalogue | None:
    """`raw` as a catalogue, or None with its faults appended."""
    try:
        return Catalogue.model_validate(raw)
    except ValidationError as error:
        faults += [f"{_place(raw, fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        return None


def _place(raw: Any, location: tuple[int | str, ...]) -> str:  # noqa: ANN401
    """A path a person can find: list positions are replaced by the id that stands there."""
    words, here = [], raw
    for step in location:
        here = _step(here, step)
        words.append(_name(here, step))
    return " / ".join(words)


def _step(here: Any, step: int | str) -> Any:  # noqa: ANN401
    try:
        return here[step]
    except (KeyError, IndexError, TypeError):
        return None


def _name(here: Any, step: int | str) -> str:  # noqa: ANN401
    if isinstance(step, int) and isinstance(here, dict):
        return str(here.get("id") or here.get("cause") or f"entry {step + 1}")
    return str(step)


def _cross_faults(raw: dict[str, Any]) -> Iterator[str]:
    """Faults between entries; works on the raw data so that they are told together with the faults within them."""
    signals, hand_overs, causes = (_entries(raw, key) for key in ("signals", "hand_overs", "causes"))
    signal_ids, hand_over_ids = [s.get("id") for s in signals], [h.get("id") for h in hand_overs]
    cause_ids = [c.get("cause") for c in causes]
    for kind, ids in (("signals", signal_ids), ("hand_overs", hand_over_ids), ("causes", cause_ids)):
        yield from (f"{kind} / {name}: appears {times} times" for name, times in _repeated(ids))
    yield from (f"causes / {cause}: is missing" for cause in CAUSES if cause not in cause_ids)
    if not any(c.get("main") for c in causes):
        yield "causes: none is marked main"
    yield from _dangling(signals, signal_ids, hand_over_ids, raw.get("quality"))
    used = [s.get("hand_over") for s in signals]
    yield from (f"hand_overs / {name}: no signal needs it" for name in hand_over_ids if name not in used)


def _dangling(
    signals: list[dict[str, Any]], signal_ids: list[Any], hand_over_ids: list[Any], quality: object
) -> Iterator[str]:
    """References from a signal to something that is not in the file."""
    scale = list(quality) if isinstance(quality, dict) else []
    for signal in signals:
        where = f"signals / {signal.get('id')}"
        if signal.get("hand_over") not in hand_over_ids:
            yield f"{where}: hand_over '{signal.get('hand_over')}' is not among hand_overs"
        if signal.get("best_evidence") not in scale:
            yield f"{where}: best_evidence '{signal.get('best_evidence')}' is not in quality"
        moot = signal.get("makes_moot", [])
        others = [name for name in signal_ids if name != signal.get("id")]
        unknown = [other for other in moot if other not in others] if isinstance(moot, list) else []
        yield from (f"{where}: makes_moot names '{other}', which is no other signal" for other in unknown)


def _entries(raw: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = raw.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _repeated(ids: Iterable[Any]) -> list[tuple[Any, int]]:
    return [(name, times) for name, times in Counter(map(str, ids)).items() if times > 1]
