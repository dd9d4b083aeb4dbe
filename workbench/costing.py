"""The cost study of a case or of a log alone: made, kept, found again; what commands and pages call.

It puts the parts in order as `workbench.session` does for the rest; every number comes from `workbench.costs`.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from workbench import compute, store
from workbench.case import Case, check_out, open_case
from workbench.comparison.tables import StoredComparison
from workbench.compute import Progress, scaled
from workbench.costs.arrays import EVIDENCE, Marks, Traffic
from workbench.costs.context import context_trade_off, no_trade_off
from workbench.costs.cut_texts import cut_passages
from workbench.costs.events import write_events
from workbench.costs.kept import STUDY_VERSION, load_arrays, save_arrays
from workbench.costs.limits import agreed_ceiling
from workbench.costs.lone_log import read_lone_log
from workbench.costs.marks import read_marks
from workbench.costs.neighbours import find_neighbours
from workbench.costs.prices import costs_of, kept_prices, merged, prices_of
from workbench.costs.prompt_tokens import prompt_tokens
from workbench.costs.study import SEED, CostStudy, adaptive_of, report_of
from workbench.costs.traffic import read_traffic
from workbench.errors import CaseError, InputError
from workbench.ingest.load import load_inputs
from workbench.numbers import count
from workbench.records import (
    Assumptions,
    CacheReport,
    CacheSettings,
    ContextTradeOff,
    Document,
    Passage,
    PolicyResult,
    Prices,
    Query,
    QueryLog,
)
from workbench.retrieval.dense import DenseRetriever
from workbench.retrieval.embeddings import encode_cached
from workbench.retrieval.encoder import load_encoder
from workbench.retrieval.protocols import Encoder, Vectors
from workbench.session import COMPARISON, EMBEDDINGS, results_folder, stored_comparison

log = logging.getLogger(__name__)

COSTS = "costs"
"""Name of the job that makes the study, and of the folder it is kept in."""
REST = "study.json"
DEFAULT_SETTINGS = CacheSettings()
DEFAULT_ASSUMPTIONS = Assumptions()


@dataclass(frozen=True, slots=True)
class _Rest:
    """What of a study is no array; `compared` names the comparison its context rests on."""

    version: str
    compared: str | None
    encoder: str
    context: ContextTradeOff
    adaptive: PolicyResult | None
    table: str
    ceiling: float | None


def cache(
    case_or_log: Case | Path | str,
    *,
    settings: CacheSettings = DEFAULT_SETTINGS,
    assumptions: Assumptions = DEFAULT_ASSUMPTIONS,
    prices: Prices | None = None,
    group_column: str | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> CacheReport:
    """What a cache and shorter contexts would save on a case's log, or on one log file; written to `out`.

    A case's study is kept for the page. `out` gets `cache.json` and, a row a question, `cache_events.parquet`.

    Args:
        case_or_log: an opened case, its folder, or a log file.
        settings: how the cache is run.
        assumptions: of the projection.
        prices: entered ones; they win over those of the case, field by field.
        group_column: for a log file, the column whose equal values want the same answer.
        out: where files are written; None writes none.
        progress: called with the share done and what is being done.

    Raises:
        CaseError: no such case, no log in it, or `out` cannot be written to.
        InputError: a log or prices that cannot be read. MissingPartError: no encoder.
    """
    if isinstance(case_or_log, (str, Path)) and Path(case_or_log).is_file():
        return _cache_of_file(Path(case_or_log), settings, assumptions, prices, group_column, out, progress)
    if group_column is not None:
        raise InputError("a column of groups belongs to a log file; for a case, map it: --map FILE:answer_group=COLUMN")
    case = case_or_log if isinstance(case_or_log, Case) else open_case(case_or_log)
    check_out(case, out)
    study = stored_costs(case) or _make(case, progress)
    return _report(study, settings, assumptions, prices, out, read_marks(case.root, study.traffic))


def start_costs(case: Case) -> None:
    """Have a worker make the cost study of a case; progress is the job "costs" of the case."""
    compute.submit(case.root, COSTS, run_costs, str(case.root))


def run_costs(case_root: str) -> None:
    """The job behind `start_costs`: what the worker runs."""
    compute.run_job(Path(case_root), COSTS, lambda progress: _run(case_root, progress))


def stored_costs(case: Case) -> CostStudy | None:
    """The cost study of the client's files as they are now, with the prices entered since; None when there is none.

    Raises:
        InputError: prices that cannot be read.
    """
    folder = results_folder(case) / COSTS
    if not (folder / REST).is_file():
        return None
    try:
        rest = store.from_json((folder / REST).read_text(encoding="utf-8"), _Rest)
        if rest.version != STUDY_VERSION:
            return None
        traffic, neighbours = load_arrays(folder, rest.table)
        rest = _with_newer_context(case, rest, traffic)
    except (InputError, OSError, UnicodeDecodeError) as error:
        log.warning("%s", error)
        return None
    return CostStudy(
        traffic,
        neighbours,
        rest.encoder,
        rest.context,
        rest.adaptive,
        rest.table,
        str(case.root),
        rest.ceiling,
        _prices(case),
    )


def _run(case_root: str, progress: Progress) -> None:
    _make(open_case(case_root), progress)
    progress(1.0, "done")


def _with_newer_context(case: Case, rest: _Rest, traffic: Traffic) -> _Rest:
    """The rest of a study with the context of the comparison that is kept now, where that was made since."""
    compared = store.map_key(results_folder(case) / COMPARISON)
    if compared == rest.compared:
        return rest
    newer = replace(rest, compared=compared, context=_context(traffic, rest.table, stored_comparison(case)))
    store.write_text(results_folder(case) / COSTS / REST, store.to_json(newer, "cost-study"))
    return newer


def _make(case: Case, progress: Progress | None) -> CostStudy:
    """Make the study of a case and keep it."""
    # Before anything is read: a file that changes meanwhile must not pass for one that was read.
    folder = results_folder(case) / COSTS
    inputs = load_inputs(case, progress=scaled(progress, 0.0, 0.1))
    if not inputs.log.total or inputs.log.table is None:
        raise CaseError(f"{case.name}: no query log to replay; put the log of the pilot into logs/")
    ceiling = agreed_ceiling(inputs)
    compared = store.map_key(results_folder(case) / COMPARISON)
    study = _study(
        inputs.log,
        case.derived / EMBEDDINGS,
        documents=inputs.documents,
        passages=inputs.passages,
        compared=stored_comparison(case),
        ceiling=ceiling[0] if ceiling else None,
        prices=_prices(case),
        root=case.root,
        progress=scaled(progress, 0.1, 1.0),
    )
    rest = _Rest(STUDY_VERSION, compared, study.encoder, study.context, study.adaptive, study.table, study.ceiling)
    with store.whole_folder(folder) as scratch:
        save_arrays(study.traffic, study.neighbours, scratch)
        (scratch / REST).write_text(store.to_json(rest, "cost-study"), encoding="utf-8")
    return study


def _study(
    query_log: QueryLog,
    embeddings: Path,
    *,
    documents: Sequence[Document] = (),
    passages: Sequence[Passage] = (),
    compared: StoredComparison | None = None,
    ceiling: float | None = None,
    prices: Prices | None = None,
    root: Path | None = None,
    progress: Progress | None = None,
) -> CostStudy:
    tell = scaled(progress, 0.0, 1.0)
    if query_log.table is None or not query_log.total:
        raise InputError("the log holds no question to replay")
    tell(0.0, "reading the log")
    traffic = read_traffic(query_log.table, field_sources=query_log.field_sources, documents=documents)
    traffic = replace(traffic, notes=(*traffic.notes, *_unread(query_log)))
    encoder = load_encoder(None)
    questions = [traffic.texts[row] for row in traffic.first.tolist()]
    vectors = encode_cached(questions, encoder, embeddings, what="questions", progress=scaled(progress, 0.05, 0.7))
    traffic = _with_evidence(traffic, vectors, encoder, passages, embeddings, scaled(progress, 0.7, 0.75))
    neighbours = find_neighbours(vectors, traffic.scope[traffic.first], progress=scaled(progress, 0.75, 0.9))
    tell(0.9, "trying the adaptive policy")
    marks = read_marks(root, traffic) if root else NO_MARKS
    return CostStudy(
        traffic=traffic,
        neighbours=neighbours,
        encoder=encoder.name,
        context=_context(traffic, query_log.table, compared),
        adaptive=adaptive_of(traffic, neighbours, DEFAULT_SETTINGS, marks),
        table=query_log.table,
        root=str(root) if root else None,
        ceiling=ceiling,
        prices=prices or Prices(),
    )


def _unread(query_log: QueryLog) -> list[str]:
    """What of the log is no question: the reader leaves such lines out, and they count nowhere."""
    lines = sum(mapping.bad_lines for mapping in query_log.mappings)
    if not lines:
        return []
    return [f"{count(lines)} lines of the log hold no question, or cannot be read; they count nowhere."]


NO_MARKS = Marks(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.bool_))


def _with_evidence(
    traffic: Traffic,
    vectors: Vectors,
    encoder: Encoder,
    passages: Sequence[Passage],
    embeddings: Path,
    progress: Progress,
) -> Traffic:
    """The traffic with what dense retrieval finds for each question, where the log does not tell what was retrieved."""
    if not passages or (traffic.evidence >= 0).any() or traffic.nodes == 0:
        return traffic
    progress(0.0, "looking up the evidence of each question")
    texts = [passage.text for passage in passages]
    retriever = DenseRetriever(passages, encode_cached(texts, encoder, embeddings), _Encoded(vectors))
    questions = [Query(str(node), traffic.texts[row]) for node, row in enumerate(traffic.first.tolist())]
    documents = {passage.passage_id: passage.doc_id for passage in passages}
    codes: dict[str, int] = {}
    found = np.full((traffic.nodes, EVIDENCE), -1, dtype=np.int32)
    for node, ranking in enumerate(retriever.retrieve_all(questions, 4 * EVIDENCE)):
        kept = list(dict.fromkeys(documents[passage.passage_id] for passage in ranking))[:EVIDENCE]
        found[node, : len(kept)] = [codes.setdefault(doc_id, len(codes)) for doc_id in kept]
    evidence = np.where(traffic.node[:, None] >= 0, found[traffic.node], np.int32(-1))
    note = f"The log does not say what was retrieved; evidence is what {encoder.name} finds in these documents."
    return replace(traffic, evidence=evidence, notes=(*traffic.notes, note))


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Stands for an encoder of questions that were encoded before."""

    vectors: Vectors

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The vectors of all questions, in their order."""
        assert len(texts) == len(self.vectors)
        return self.vectors


def _context(traffic: Traffic, table: str, compared: StoredComparison | None) -> ContextTradeOff:
    """What fewer passages would save; a second where there is a comparison, so it is kept."""
    cut = cut_passages(table)
    if compared is None:
        return no_trade_off("retrieval has not been compared on this case", prompt_tokens(traffic, cut))
    frames = compared.per_query, compared.rankings, compared.passages, compared.qrels
    return context_trade_off(traffic, *frames, np.random.default_rng(SEED), cut=cut)


def _prices(case: Case) -> Prices:
    """Prices of a case: those kept by the page win over `case.toml`, field by field."""
    return merged(prices_of(case.prices, case.currency), kept_prices(case.root))


def _cache_of_file(
    path: Path,
    settings: CacheSettings,
    assumptions: Assumptions,
    prices: Prices | None,
    group_column: str | None,
    out: Path | None,
    progress: Progress | None,
) -> CacheReport:
    """The report of one log file; whatever is computed on the way goes with the command."""
    scratch = Path(tempfile.mkdtemp(prefix="workbench-cache-"))
    try:
        query_log = read_lone_log(path, group_column=group_column, scratch=scratch)
        study = _study(query_log, scratch / EMBEDDINGS, progress=progress)
        return _report(study, settings, assumptions, prices, out, NO_MARKS)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _report(
    study: CostStudy,
    settings: CacheSettings,
    assumptions: Assumptions,
    prices: Prices | None,
    out: Path | None,
    marks: Marks,
) -> CacheReport:
    prices = merged(study.prices, prices)
    report = report_of(study, settings, prices, assumptions, marks)
    if out:
        with store.whole_folder(out) as scratch:
            (scratch / "cache.json").write_text(store.to_json(report, "cache"), encoding="utf-8")
            costs, _ = costs_of(study.traffic, prices)
            write_events(study, report.settings, marks, costs, scratch / "cache_events.parquet")
    return report
