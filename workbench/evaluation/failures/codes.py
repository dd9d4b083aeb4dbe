"""Failure codes in words: what each means and what to do about it, in the order in which the first that fits names a failure.

C0 to C12 are the taxonomy of the workbench, the last two name what it leaves over. The rules stand in the modules beside it.
"""

from __future__ import annotations

DEPTH = 100
"""Ranks looked at; beyond it a document counts as not reached. The usual depth of TREC runs."""

FAILURE_K = 5
"""A question fails when no relevant document is among the first five: what a prompt usually holds."""

UNJUDGED = "C0"
BURIED = "buried"
OTHER = "other"

CODES: dict[str, str] = {
    "C0": "not judged: nothing is graded for the question; never counted as a failure",
    "C1": "not reached: no search has a right document in its first 100",
    "C2": "answer cut apart: its words stand in a document, but in no single passage",
    "C3": "exact term missed: keyword search (BM25) finds it by a number, code or rare word, this search does not",
    "C4": "paraphrase missed: dense search finds it by meaning, the words differ",
    "C5": "ranked too low: this search reaches it, but not among the first; reranking, where one ran, lifts it there",
    "C6": "lost in fusion: one of the searches put together has it among the first, the fused ranking does not",
    "C7": "lost in reranking: it was among the first before reranking, and is not after",
    "C8": "crowded out by repeats: at least half of what is retrieved repeats the rest",
    "C9": "catch-all passage in its place: a passage that comes up for many questions stands there and is not right here",
    "C10": "out of date: a newer version of a retrieved document is in the corpus",
    "C11": "partly covered: the question has several parts, and what is retrieved covers only some",
    "C12": "access unclear: the asker may not read a retrieved document, or it does not say who may",
    "buried": "too low in every search: searches have it in their first 100, none among the first, reranked or not",
    "other": "another search finds it: it is among the first there, and none of the reasons above explains the miss",
}
"""Code -> meaning; what stands before the colon is its short name."""

FIXES: dict[str, str] = {
    "C0": "grade its top results",
    "C1": "ask the owner of the content whether the document is there and readable; then look at encoder and filters",
    "C2": "cut passages at sections, or let them overlap",
    "C3": "search by words too: add BM25",
    "C4": "keep dense retrieval beside the search by words",
    "C5": "rerank the first 100",
    "C6": "change the weights of the fusion, or its constant k",
    "C7": "use another reranker, or one trained on this kind of text",
    "C8": "drop duplicates, or spread results over documents (MMR)",
    "C9": "remove boilerplate and near-empty passages from the index",
    "C10": "leave superseded versions out of the index, or filter by version",
    "C11": "split the question into its parts, or retrieve more",
    "C12": "filter by the asker's rights before retrieval, and give every document its access list",
    "buried": "read what is retrieved instead: wording, passages, or models that do not know this kind of text",
    "other": "read the question and both rankings side by side",
}
"""Code -> what to do about it."""
