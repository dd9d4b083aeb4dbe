"""What is said about the documents of the lab: what is found and what is not, in sentences, lists and one table.

Markup from values; nothing is counted over the corpus here and nothing is a widget.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.evaluation.corpus_tree import Node
from workbench.evaluation.findability_tree import FindabilityTree
from workbench.evaluation.standing_out import standing_out
from workbench.numbers import count, interval, measured, number
from workbench.records import Estimate, Findability, Intake, Source
from workbench.retrieval.recipes import arm_name
from workbench.ui.components import badge, bullets, details, escape, join, paragraph, source_link, table
from workbench.ui.lab.document_rows import Questions, document_words, rank_words

if TYPE_CHECKING:
    import pandas as pd

AT_ONCE, MOST_LISTED = 5, 200
"""Documents that no search finds listed at once, and at most; the rest is counted."""
NEWER = "have a newer version in the corpus"
NOTHING: Mapping[str, Collection[str]] = {}


def findability_section(
    found: Findability | None,
    titles: Mapping[str, str],
    *,
    sources: Mapping[str, Source] | None = None,
    probes: pd.DataFrame | None = None,
    features: Mapping[str, Collection[str]] = NOTHING,
    case_slug: str | None = None,
) -> str:
    """Which documents a search cannot find even by their own words.

    Args:
        found: None when it was not asked for.
        titles: doc_id -> title.
        sources: doc_id -> where it stands.
        probes: the probes of the comparison; says which documents the missed ones are compared with.
        features: what is said of a document -> doc_ids it holds for.
        case_slug: the case in links to sources; None writes places as plain text.
    """
    if found is None:
        return ""
    note = (
        "Probes are made of a document’s own words, which favours keyword search: read the documents that are missed, "
        "not the order of the searches."
    )
    made = (
        f"{count(found.probes)} probe queries, made from the title, a heading and the most telling sentence of each document; "
        f"found means among the first {found.k}. Probes are no questions of users."
    )
    every = set(map(str, probes["doc_id"])) if probes is not None else set()
    naive = arm_name("dense")

    nobody, by_naive = found.missed_by_all, found.missed_by_naive
    places = sources or {}
    lists = [
        f"<h3>No search finds: {count(len(nobody))}</h3>{_documents(nobody, titles, places, case_slug, AT_ONCE)}"
        if nobody
        else _found_all(found),
        _in_common("no search finds", nobody, every, features),
        _in_common(f"{naive} does not find", by_naive, every, features) if set(by_naive) != set(nobody) else "",
        details(
            f"{naive.capitalize()} does not find: {count(len(by_naive))}",
            _documents(by_naive, titles, places, case_slug, MOST_LISTED),
        )
        if by_naive
        else "",
    ]
    lead = escape(summary(found)).replace(" %", "&nbsp;%")
    head = f'<h2>{lead}</h2><p class="wb-note">{escape(note)}</p>'
    how = details("How this was measured", join([paragraph(made), _left_out(found)]))
    return f'<section class="wb-section wb-found">{head}{join(lists)}{how}</section>'


def summary(found: Findability) -> str:
    """The finding in a sentence to read aloud.

    "Of 169 probed documents 7 % [4, 11] are found by none of their probes with naive retrieval, 0 % [0, 2] with any search."
    """
    shares = [
        (found.naive_misses, "with naive retrieval"),
        (found.all_miss, "with any search"),
    ]
    told = [f"{_share(share)} {how}" for share, how in shares if share.value is not None]
    if not told:
        return f"Nothing is known about finding documents: {found.all_miss.reason or 'no search ran the probes'}."
    first, *rest = told
    verb, _, how = first.partition(" with ")
    sentence = f"Of {count(found.sampled)} probed documents {verb} are found by none of their probes with {how}"
    return ", ".join([sentence, *rest]) + "."


def _left_out(found: Findability) -> str:
    """Documents that say nothing here, and why: never counted as found or missed."""
    reasons = Counter(found.without_probe.values())
    left = found.documents - found.sampled - sum(reasons.values())
    others = [f"{count(left)} of {count(found.documents)} documents: not drawn."] if left > 0 else []
    others += [f"{count(times)}: drawn, but {reason}." for reason, times in reasons.most_common()]
    return paragraph("Not probed, and neither found nor missed:") + bullets(others) if others else ""


def unmeasured(found: Findability) -> str:
    """Why an arm is not in the tree, once a reason; "" where all are."""
    arms: dict[str, list[str]] = {}
    for arm, share in found.arms.items():
        if share.value is None:
            arms.setdefault(share.reason or "it did not run", []).append(arm_name(arm))
    return bullets([f"Not measured for {', '.join(names)}: {reason}." for reason, names in arms.items()])


def features(documents: pd.DataFrame, intake: Intake | None) -> dict[str, set[str]]:
    """What can be said of documents from what was read, as words that follow "they": folder, kind of file, age, language.

    Args:
        documents: the table of a comparison.
        intake: of the same files; None leaves out what only it knows.
    """
    said: dict[str, set[str]] = {}
    ids = [str(doc_id) for doc_id in documents["doc_id"]]
    for doc_id, path, on in zip(ids, documents["path"], documents["updated_on"], strict=True):
        for words in (*_file_words(str(path)), *([] if on else ["show no date"])):
            said.setdefault(words, set()).add(doc_id)
    if "language" in documents:
        for doc_id, language in zip(ids, documents["language"], strict=True):
            said.setdefault(f"are in the language “{language}”" if language else "", set()).add(doc_id)
    health = intake.health if intake else None
    if "newer" in documents:
        said[NEWER] = {doc_id for doc_id, newer in zip(ids, documents["newer"], strict=True) if newer}
    elif health:
        said[NEWER] = {doc_id for family in health.versions for doc_id in family.doc_ids if doc_id != family.newest}
    if health:
        said["have a copy or near copy in the corpus"] = {d for group in health.duplicates for d in group.doc_ids}
        said["have pages without text"] = {pages.doc_id for pages in health.empty_pages}
    return {words: holders for words, holders in said.items() if words and holders}


def _file_words(path: str) -> list[str]:
    folder, _, name = path.rpartition("/")
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    known = ending.isascii() and ending.isalnum() and len(ending) <= 5
    return [*([f"lie in {folder}/"] if folder else []), *([f"stand in .{ending} files"] if known else [])]


def place_markup(
    tree: FindabilityTree,
    node: Node | None,
    place: str,
    *,
    arms: Sequence[str],
    asked: Sequence[Questions],
    depths: Mapping[str, int],
    dates: Mapping[str, str],
    case_slug: str | None,
    k: int,
    unjudged: str = "",
) -> str:
    """The part that is chosen: a document with its probes and where each arm has it, or a folder or file in sentences.

    `unjudged` is what `unjudged_words` says of the questions that no label puts here.
    """
    if node is None:
        return paragraph(f"“{place}” is no folder, file or document of this corpus.", muted=True)
    head = f'<h3 class="wb-place" dir="auto">{escape(node.name or node.place)}</h3>'
    if node.kind == "document":
        document = tree.corpus.documents[node.start]
        on = dates.get(document.doc_id, "")
        dated = badge(f"dated {on}" if on else "shows no date", "muted")
        link = source_link(Source(document.path, document.locator), case_slug) if document.path else ""
        body = _probe_table(tree, document.doc_id, arms, depths)
        told = _questions(tree, node, asked, k, unjudged)
        return f'<section class="wb-section">{head}<p>{dated} {link}</p>{body}{told}</section>'
    standing = tree.standing(node)
    lines = [f"{count(standing.documents)} documents, {count(standing.probed)} of them probed."]
    shares = ", ".join(
        f"{arm_name(arm)} {measured(standing.found[arm], share=True)}" for arm in arms if standing.probed
    )
    lines += [f"Found by their own words: {shares} (n = {count(standing.probed)})."] if shares else []
    lines += [f"{count(standing.without_probe)} drawn but without a probe."] if standing.without_probe else []
    where = (
        source_link(Source(place), case_slug)
        if node.kind == "file"
        else f'<span class="wb-source">{escape(place)}</span>'
    )
    body = paragraph(" ".join(lines)) + _questions(tree, node, asked, k, unjudged)
    return f'<section class="wb-section">{head}<p>{where}</p>{body}</section>'


def _probe_table(tree: FindabilityTree, doc_id: str, arms: Sequence[str], depths: Mapping[str, int]) -> str:
    state = tree.state(doc_id)
    if state == "no probe":
        return paragraph(f"It could not be searched for by its own words: {tree.without_probe[doc_id]}.")
    if state == "not probed":
        return paragraph("It was not probed: whether a search finds it by its own words is not known.")
    rows = [
        [
            escape(probe.kind.capitalize()),
            f"<bdi>{escape(probe.text)}</bdi>",
            *(escape(rank_words(probe, arm, depths.get(arm, 0))) for arm in arms),
        ]
        for probe in tree.probes(doc_id)
    ]
    rows.append(["", f"<b>In the first {tree.k}</b>", *(f"<b>{document_words(tree, doc_id, arm)}</b>" for arm in arms)])
    return table(["Probe", "What was searched for", *map(arm_name, arms)], rows)


def unjudged_words(number: int, arm: str) -> str:
    """Why questions are listed that no label puts in a part.

    >>> unjudged_words(2, "hybrid")
    '2 questions nobody judged are listed too: the first document of hybrid lies here.'
    """
    if not number:
        return ""
    listed = "question nobody judged is" if number == 1 else "questions nobody judged are"
    return f"{count(number)} {listed} listed too: the first document of {arm_name(arm)} lies here."


def _questions(tree: FindabilityTree, node: Node, asked: Sequence[Questions], k: int, unjudged: str) -> str:
    own = tree.questions(node)
    if not own:
        return paragraph(f"No judged question has a right document here. {unjudged}".rstrip(), muted=True)
    shares = [(each.arm, tree.questions_missed(node, each.found)) for each in asked]
    told = ", ".join(f"{arm_name(arm)} misses {measured(share, share=True)}" for arm, share in shares)
    what = "question has" if len(own) == 1 else "questions have"
    missed = f"; in the top {k} {told}" if told else ""
    return paragraph(f"{count(len(own))} judged {what} a right document here{missed}. {unjudged}".rstrip())


def _documents(
    doc_ids: Sequence[str], titles: Mapping[str, str], sources: Mapping[str, Source], case_slug: str | None, first: int
) -> str:
    """Documents by name with links to their files, the first ones at once, the others folded, of very many a part."""
    items = [
        f"<li><bdi>{escape(titles.get(doc_id) or doc_id)}</bdi> "
        f"{source_link(sources[doc_id], case_slug) if doc_id in sources else ''}</li>"
        for doc_id in doc_ids[:MOST_LISTED]
    ]
    more, left = items[first:], len(doc_ids) - len(items)
    rest = paragraph(f"and {count(left)} more; the tree shows them all", muted=True) if left > 0 else ""
    listed = f'<ul class="wb-list wb-unfound">{join(items[:first])}</ul>'
    if not more:
        return listed + rest
    return listed + details(
        f"{count(len(more) + left)} more", f'<ul class="wb-list wb-unfound">{join(more)}</ul>{rest}'
    )


def _found_all(found: Findability) -> str:
    if found.all_miss.value is None:
        return ""
    return paragraph("Every probed document is found by at least one search.")


def _in_common(
    what: str, doc_ids: Sequence[str], every: Collection[str], features: Mapping[str, Collection[str]]
) -> str:
    shared = standing_out(doc_ids, every, features) if every else []
    if not shared:
        return ""
    told = "; ".join(
        f"{count(s.count)} {s.words} (of all {count(s.n_all)} probed: {count(s.count_all)})" for s in shared
    )
    return paragraph(f"Of the {count(len(doc_ids))} that {what}, more than chance would have it: {told}.")


def _share(estimate: Estimate) -> str:
    bounds = "" if estimate.method == "exact" else interval(estimate, share=True)
    return f"{number(estimate, share=True)} {bounds}".rstrip()
