"""Whether two sets of questions can be told apart by a classifier on questions it has not seen: AUC, interval, permutation test.

It knows texts, their set, and what belongs together; which sets are compared is decided in `workbench.evaluation.drift`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.evaluation.telling_words import CAPITAL, WordTable, signs_of, spoken
from workbench.observing import plain
from workbench.records import Estimate, TellingWord

FOLDS = 5
MOST_A_SIDE = 1_000
MOST_A_UNIT = 50
"""Questions of one session that count; a session of hundreds is a script."""
FEWEST_A_SIDE = 20
PERMUTATIONS = 199
ENOUGH_ABOVE = 10
"""Permutations as extreme as what was found, after which the test ends (Besag & Clifford 1991, Biometrika 78)."""
RESAMPLES = 500
WIDENED = 1.5
"""Factor of the interval: a bootstrap of cross-validated scores sees how questions vary, but not how classifiers do that were
trained on much the same ones. The square root of 1 + 5 / 4 for five folds (Nadeau & Bengio 2003, Machine Learning 52)."""
STRENGTH = 1.0
"""Inverse of the regularisation, as scikit-learn has it."""
LARGEST_GROUP = 0.25
"""Share of the questions that sessions and repeats may chain into one group; above, only repeats are kept together."""
MOST_WORDS = 12
FEWEST_WORDS = 3
"""Words that are named anyhow where sets differ: a classifier can live on many words of which none is sure alone."""
ALPHA = 0.05
"""Chance that any word is named wrongly beyond those, over all words there are (Bonferroni)."""

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Question:
    """A question of one of two sets; those of one `unit` (a session, or an item alone) are never treated as independent."""

    text: str
    unit: Hashable
    current: bool


@dataclass(frozen=True, slots=True)
class Separation:
    """How well two sets are told apart; `p_value` is None where it was not asked for or nothing was measured."""

    auc: Estimate
    p_value: float | None


def tell_apart(
    questions: Sequence[Question], rng: np.random.Generator, *, test: bool = True, most: int = MOST_A_SIDE
) -> Separation:
    """AUC of a logistic regression on words, pairs of words and signs, cross-validated, 0.5 not at all to 1 always.

    Each wording counts once in each set. All questions of a session, and equal wordings, are in one fold, so that the classifier
    never meets again what it learnt from. The p-value is of "which session belongs to which set is arbitrary": sessions are dealt
    out anew and the classifier is trained again, up to 199 times. The interval is that of a bootstrap over what is kept together,
    half as wide again.

    Args:
        questions: of both sets, in any number; of each set a random sample of whole units is taken.
        rng: source of samples, folds, permutations and resamples.
        test: whether to compute the p-value.
        most: questions of each set that are looked at.
    """
    sample = [*_sample([one for one in questions if not one.current], most, rng)]
    sample += _sample([one for one in questions if one.current], most, rng)
    current = np.array([one.current for one in sample], dtype=np.bool_)
    fewest = min(int(current.sum()), int((~current).sum()))
    if fewest < FEWEST_A_SIDE:
        return _not_measured(
            f"one of the two sets has {fewest} different questions; {FEWEST_A_SIDE} are needed", len(sample)
        )
    groups = _groups(sample)
    folds = _folds(groups, rng)
    table = _table([one.text for one in sample])
    if table is None or len(np.unique(folds)) < FOLDS or not _both_everywhere(current, folds):
        return _not_measured("the questions are too much alike, or from too few sessions, to be split", len(sample))
    scores = _scores(table, current, folds)
    value = float(_auc(scores, current, folds, np.ones((1, len(sample))))[0])
    low, high = _interval(value, scores, current, folds, groups, rng)
    auc = Estimate(value, low, high, len(sample), "cross-validated, bootstrap over sessions, widened")
    return Separation(auc, _p_value(value, table, sample, current, folds, rng) if test else None)


def telling_words(questions: Sequence[Question], reference: str, current: str) -> tuple[TellingWord, ...]:
    """Words and signs whose shares differ most surely between two sets, most telling first; at most twelve.

    Args:
        questions: of both sets.
        reference: name of the first set.
        current: name of the second.
    """
    from scipy.special import chdtri

    first: dict[tuple[bool, str], Question] = {}
    for one in questions:
        first.setdefault((one.current, plain(one.text)), one)
    told = [_different_texts(first.values(), side) for side in (False, True)]
    table = WordTable([*told[0], *told[1]])
    flags = np.repeat([False, True], [len(told[0]), len(told[1])])
    marked = flags[table.rows]
    if not table.words or marked.all() or not marked.any():
        return ()
    weights = table.weights(flags)
    order = np.lexsort((np.arange(len(weights)), -np.abs(weights)))[:MOST_WORDS]
    limits = chdtri(1, [ALPHA if rank < FEWEST_WORDS else ALPHA / len(weights) for rank in range(len(order))])
    sure = [place for place, limit in zip(order, limits, strict=True) if abs(weights[place]) >= limit]
    told_by = [(spoken(table.words[place]), current if weights[place] > 0 else reference) for place in sure]
    return tuple(TellingWord(word, towards) for word, towards in dict.fromkeys(told_by) if word)


def _different_texts(questions: Iterable[Question], current: bool) -> list[str]:
    return [one.text for one in questions if one.current == current]


def _not_measured(reason: str, n: int) -> Separation:
    return Separation(Estimate.not_measured(reason, n), None)


def _sample(questions: Sequence[Question], most: int, rng: np.random.Generator) -> list[Question]:
    """Whole units in random order until there are enough, each wording once."""
    units: dict[Hashable, list[Question]] = {}
    for one in questions:
        units.setdefault(one.unit, []).append(one)
    kept: dict[str, Question] = {}
    order = list(units)
    for place in rng.permutation(len(order)):
        for one in units[order[int(place)]][:MOST_A_UNIT]:
            kept.setdefault(plain(one.text) or one.text, one)
        if len(kept) >= most:
            break
    return list(kept.values())[:most]


def _groups(sample: Sequence[Question]) -> Places:
    """Number of the group of each question: what sessions and equal wordings link; equal wordings alone where that chains up."""
    wordings = _numbered(plain(one.text) or one.text for one in sample)
    groups = _linked(wordings, _numbered(one.unit for one in sample))
    return groups if np.bincount(groups).max() <= LARGEST_GROUP * len(sample) else wordings


def _numbered(keys: Iterable[Hashable]) -> Places:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _linked(one: Places, other: Places) -> Places:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    nodes = int(one.max()) + 1
    links = csr_array((np.ones(len(one)), (one, other + nodes)), shape=(nodes + int(other.max()) + 1,) * 2)
    return np.asarray(connected_components(links, directed=False)[1][one], dtype=np.int64)


def _folds(groups: Places, rng: np.random.Generator) -> Places:
    """Fold of each question: groups in random order, each to the fold with the fewest questions. Sets have no say in it."""
    sizes = np.bincount(groups)
    held = np.zeros(FOLDS, dtype=np.int64)
    fold = np.empty(len(sizes), dtype=np.int64)
    for group in rng.permutation(len(sizes)):
        fold[group] = int(held.argmin())
        held[fold[group]] += sizes[group]
    return fold[groups]


def _table(texts: Sequence[str]) -> Any:  # noqa: ANN401 - a sparse matrix of a library without types
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        # Made from both sets at once and blind to which is which, so that permutations need not make it again.
        return TfidfVectorizer(analyzer=_features, min_df=2, sublinear_tf=True).fit_transform(texts)
    except ValueError:
        return None


def _features(text: str) -> list[str]:
    signs = signs_of(text)
    inner = [sign for sign in signs if sign != CAPITAL]
    return [*signs, *(f"{one} {other}" for one, other in pairwise(inner))]


def _both_everywhere(current: Flags, folds: Places) -> bool:
    """Whether both sets are there outside of each fold, and inside of one at least."""
    outside = all(0 < current[folds != fold].sum() < (folds != fold).sum() for fold in range(FOLDS))
    inside = any(0 < current[folds == fold].sum() < (folds == fold).sum() for fold in range(FOLDS))
    return outside and inside


def _scores(table: Any, current: Flags, folds: Places) -> Numbers:  # noqa: ANN401 - as above
    from sklearn.linear_model import LogisticRegression

    scores = np.zeros(len(current))
    for fold in range(FOLDS):
        model = LogisticRegression(C=STRENGTH, class_weight="balanced", solver="liblinear", random_state=0)
        model.fit(table[folds != fold], current[folds != fold])
        scores[folds == fold] = model.decision_function(table[folds == fold])
    return scores


def _auc(scores: Numbers, current: Flags, folds: Places, weights: Numbers) -> Numbers:
    """Share of pairs of one question each set, within a fold, that are ranked rightly; ties count a half.

    Args:
        scores: of each question.
        current: its set.
        folds: its fold; scores of different folds come from different models and are not compared.
        weights: (draws, questions) how often each question counts.

    Returns:
        One value a row of `weights`; 0.5 where a row leaves no pair.
    """
    right, pairs = np.zeros(len(weights)), np.zeros(len(weights))
    for fold in range(FOLDS):
        inside = folds == fold
        _, level = np.unique(scores[inside], return_inverse=True)
        order = np.argsort(level, kind="stable")
        starts = np.flatnonzero(np.diff(level[order], prepend=-1))
        ordered, flags = weights[:, inside][:, order], current[inside][order]
        positive = np.add.reduceat(ordered * flags, starts, axis=1)
        negative = np.add.reduceat(ordered * ~flags, starts, axis=1)
        below = negative.cumsum(axis=1) - negative
        right += (positive * (below + negative / 2)).sum(axis=1)
        pairs += positive.sum(axis=1) * negative.sum(axis=1)
    shares = np.divide(right, pairs, out=np.full(len(weights), 0.5), where=pairs > 0)
    return np.asarray(shares, dtype=np.float64)


def _interval(
    value: float, scores: Numbers, current: Flags, folds: Places, groups: Places, rng: np.random.Generator
) -> tuple[float, float]:
    count = int(groups.max()) + 1
    draws = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES).astype(np.float64)
    low, high = np.quantile(_auc(scores, current, folds, draws[:, groups]), (0.025, 0.975))
    below, above = max(0.0, value - float(low)), max(0.0, float(high) - value)
    return max(0.0, value - WIDENED * below), min(1.0, value + WIDENED * above)


def _p_value(
    found: float,
    table: Any,  # noqa: ANN401 - as above
    sample: Sequence[Question],
    current: Flags,
    folds: Places,
    rng: np.random.Generator,
) -> float:
    """Share of permutations that tell the sets apart as well; the sample counts as one of them."""
    units = _numbered((one.current, one.unit) for one in sample)
    sides = np.zeros(int(units.max()) + 1, dtype=np.bool_)
    sides[units] = current
    twins = _twins(sample)
    above = 0
    for drawn in range(1, PERMUTATIONS + 1):
        dealt = rng.permutation(sides)[units]
        # A wording that is in both sets is in both whatever is dealt.
        dealt[twins[:, 1]] = ~dealt[twins[:, 0]]
        if not _both_everywhere(dealt, folds):
            continue
        scores = _scores(table, dealt, folds)
        above += int(_auc(scores, dealt, folds, np.ones((1, len(dealt))))[0] >= found)
        if above == ENOUGH_ABOVE:
            return above / drawn
    return (above + 1) / (PERMUTATIONS + 1)


def _twins(sample: Sequence[Question]) -> Places:
    """(n, 2) places of the questions whose wording is in both sets."""
    first: dict[str, int] = {}
    pairs = []
    for place, one in enumerate(sample):
        key = plain(one.text) or one.text
        if key in first:
            pairs.append((first[key], place))
        first.setdefault(key, place)
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)
