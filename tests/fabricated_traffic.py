"""Traffic and neighbours made by hand, for tests of everything that reads them.

`traffic(["how do I claim?", "How do I claim", ""])` is a whole log: a question a minute from 2026-01-05 00:00 UTC on,
one scope, every question answered, nothing else logged. Every column can be given, as a list with one value a question
or, for most, as one value for all.
"""

import numpy as np

from workbench.costs.arrays import EVIDENCE, Marks, Neighbours, Replay, Traffic

START = 1_767_571_200.0
"""2026-01-05 00:00 UTC, a Monday."""
DAY = 86_400.0


def traffic(
    questions,
    *,
    at=None,
    every=60.0,
    timed=True,
    scope=0,
    answered=True,
    expires=np.inf,
    evidence=None,
    group=-1,
    user=-1,
    session=-1,
    tokens_in=np.nan,
    tokens_out=np.nan,
    cost=np.nan,
    calls=np.nan,
    context_characters=np.nan,
    context_items=np.nan,
    scope_fields=("tenant",),
    scope_missing=(),
    currency="",
    notes=(),
):
    """The questions as a log, in the order given.

    `at` is seconds after `START` (or since 1970, when above it); without it a question comes every `every` seconds. `timed=False`
    puts the place in the file there. `evidence` is a list of codes a question, best first, at most five, None for none.
    """
    rows = len(questions)
    keys = [" ".join(question.casefold().split()).rstrip("?!. ") for question in questions]
    scopes = column(scope, rows, np.int32)
    text, _ = codes([key or None for key in keys])
    node, first = codes([(key, int(code)) if key else None for key, code in zip(keys, scopes, strict=True)])
    seconds = np.arange(rows) * every if at is None else np.array(at, dtype=float)
    seconds = np.where(seconds < START, seconds + START, seconds) if timed else np.arange(rows, dtype=float)
    return Traffic(
        texts=tuple(questions),
        at=seconds,
        timed=timed,
        day=(seconds // DAY).astype(np.int32) if timed else np.empty(0, np.int32),
        node=node,
        nodes=len(first),
        first=first,
        text=text,
        scope=scopes,
        answered=column(answered, rows, np.bool_),
        expires=column(expires, rows, np.float64),
        evidence=evidence_table(evidence, rows),
        group=column(group, rows, np.int32),
        user=column(user, rows, np.int32),
        session=column(session, rows, np.int32),
        tokens_in=column(tokens_in, rows, np.float64),
        tokens_out=column(tokens_out, rows, np.float64),
        cost=column(cost, rows, np.float64),
        calls=column(calls, rows, np.float64),
        context_characters=column(context_characters, rows, np.float64),
        context_items=column(context_items, rows, np.float64),
        scope_fields=tuple(scope_fields),
        scope_missing=tuple(scope_missing),
        currency=currency,
        notes=tuple(notes),
    )


def neighbours_of(pairs, nodes, floor=0.70, most=64):
    """`{(a, b): cosine}` over nodes, each pair once, as kept neighbours: at most `most` a node, none under `floor`.

    Give a `Traffic` or a number for `nodes`.
    """
    count = nodes.nodes if isinstance(nodes, Traffic) else nodes
    of = [[] for _ in range(count)]
    for (a, b), cosine in pairs.items():
        if cosine >= floor:
            of[a].append((-np.float32(cosine), b))
            of[b].append((-np.float32(cosine), a))
    full = np.array([len(found) > most for found in of], dtype=np.bool_)
    kept = [sorted(found)[:most] for found in of]
    return Neighbours(
        indptr=np.cumsum([0, *(len(found) for found in kept)], dtype=np.int64),
        index=np.array([node for found in kept for _, node in found], dtype=np.int32),
        cosine=np.array([-cosine for found in kept for cosine, _ in found], dtype=np.float32),
        floor=floor,
        most=most,
        full=full,
    )


def replay_of(served, rows, cosine=None):
    """`{row: server}` as a replay of so many rows: exact repeats, or semantic hits where `cosine` names one for the row."""
    cosine = cosine or {}
    server = np.full(rows, -1, dtype=np.int32)
    similar = np.full(rows, np.nan, dtype=np.float32)
    exact = np.zeros(rows, dtype=np.bool_)
    for row, source in served.items():
        server[row], similar[row], exact[row] = source, cosine.get(row, 1.0), row not in cosine
    return Replay(server, similar, exact, unresolved=0, evicted=0, expired=0)


def marks_of(log, pairs):
    """`{(question, question): same}` as marks over the texts of a log; the questions stand in it as they are written here."""
    code_of = {question: int(code) for question, code in zip(log.texts, log.text, strict=True)}
    made = [(*sorted((code_of[a], code_of[b])), same) for (a, b), same in pairs.items()]
    left, right, same = zip(*made, strict=True) if made else ((), (), ())
    return Marks(np.array(left, np.int32), np.array(right, np.int32), np.array(same, np.bool_))


def column(values, rows, kind):
    """One value a row; a single value stands for all."""
    return np.full(rows, values, dtype=kind) if np.ndim(values) == 0 else np.array(values, dtype=kind)


def codes(keys):
    """Codes in order of first appearance, -1 for None, and the row each code appears first in."""
    code_of, first = {}, []
    made = np.full(len(keys), -1, dtype=np.int32)
    for row, key in enumerate(keys):
        if key is not None:
            if key not in code_of:
                code_of[key] = len(first)
                first.append(row)
            made[row] = code_of[key]
    return made, np.array(first, dtype=np.int32)


def evidence_table(evidence, rows):
    """Lists of codes as a table of five columns, -1 where there is none."""
    table = np.full((rows, EVIDENCE), -1, dtype=np.int32)
    for row, found in enumerate(evidence or ()):
        for place, code in enumerate((found or ())[:EVIDENCE]):
            table[row, place] = code
    return table
