"""What is already known of the right answer to a logged question: labels and the client's own eval items, copied as they are.

Nothing is made up: a question nobody has answered before has no reference here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workbench.evaluation.eval_set import HARD_KINDS
from workbench.ingest.redaction import mask
from workbench.observing import DocumentNames, plain
from workbench.records import CaseInputs, EvalItem

ANSWERABLE = "answerable"
LABELS = "queries.jsonl and qrels"


@dataclass(frozen=True, slots=True)
class Reference:
    """What is known of one question.

    Attributes:
        doc_ids: documents that hold the answer. answer: reference answer, masked.
        kind: "answerable", "unanswerable", "permission" or "adversarial". origins: the files it was copied from.
    """

    doc_ids: tuple[str, ...] = ()
    answer: str | None = None
    kind: str = ANSWERABLE
    origins: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether an answer can be checked against it."""
        return bool(self.doc_ids or self.answer)


UNKNOWN = Reference()


def known_references(inputs: CaseInputs) -> Mapping[str, Reference]:
    """Words of a question (`observing.plain`) -> what is known of it.

    Documents and answer come from the first place that has them: labels, an eval item with the same words, an eval item made
    from that line of the log.
    """
    found: dict[str, Reference] = {}
    for key, reference in (*_labelled(inputs), *_in_eval_set(inputs)):
        found[key] = _joined(found.get(key, UNKNOWN), reference)
    return found


def _joined(first: Reference, second: Reference) -> Reference:
    used = (second.doc_ids and not first.doc_ids) or (second.answer and not first.answer)
    kind = first.kind if first.kind != ANSWERABLE else second.kind
    return Reference(
        first.doc_ids or second.doc_ids,
        first.answer or second.answer,
        # Labels with a relevant document outweigh an item that calls the question unanswerable.
        ANSWERABLE if first.doc_ids else kind,
        tuple(dict.fromkeys((*first.origins, *(second.origins if used or not first.known else ())))),
    )


def _labelled(inputs: CaseInputs) -> Iterator[tuple[str, Reference]]:
    for query in inputs.queries:
        relevant = tuple(doc_id for doc_id, grade in inputs.qrels.get(query.query_id, {}).items() if grade > 0)
        answer = mask(query.reference_answer)[0] if query.reference_answer else None
        if relevant or answer:
            # The log holds masked text; a label with a name in it matches only when it is masked as well.
            yield plain(mask(query.text)[0]), Reference(relevant, answer, origins=(LABELS,))


def _in_eval_set(inputs: CaseInputs) -> Iterator[tuple[str, Reference]]:
    names = DocumentNames(inputs.documents)
    asked = {line.interaction_id: line.query for line in inputs.log.interactions}
    references = [(item, _of_item(item, names)) for item in inputs.evals.items]
    yield from ((plain(item.question), reference) for item, reference in references)
    for item, reference in references:
        if item.source_trace_id in asked:
            yield plain(asked[item.source_trace_id]), reference


def _of_item(item: EvalItem, names: DocumentNames) -> Reference:
    documents = [(names.find(doc_id), doc_id) for doc_id in item.reference_doc_ids]
    ids = tuple(dict.fromkeys(document.doc_id if document else doc_id for document, doc_id in documents))
    hard = (kind for kind in ("unanswerable", "permission", "adversarial") if HARD_KINDS[kind].search(item.kind or ""))
    return Reference(ids, item.reference, next(hard, ANSWERABLE), (item.source.path,))
