"""How often suggestions from words would have been right: cross-validation over labelled messages."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.suggest import WordModel, features, learn_words

FOLDS = 5
SEED = 1


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of ``count`` messages of ``labels`` kinds, each foretold by a model that did not see it.

    ``top1``, ``top3``: share where the first, or one of the first three, was right. ``macro_f1``: F1 averaged over the kinds,
    so that the small ones count. ``majority_…``: the same of always saying the commonest kinds.
    """

    count: int
    labels: int
    top1: float
    top3: float
    macro_f1: float
    majority_top1: float
    majority_top3: float
    majority_macro_f1: float


def cross_validate(texts: Sequence[str], labels: Sequence[str], folds: int = FOLDS) -> Accuracy:
    """Learn from all folds but one, foretell that one; folds keep the kinds' shares.

    Raises
    ------
    ValueError
        Fewer than two kinds.
    """
    known = sorted(set(labels))
    if len(known) < 2:
        raise ValueError("two kinds at least")
    truth = np.array(labels)
    ranked = np.empty((len(texts), len(known)), dtype=truth.dtype)
    fold = _folds(truth, folds)
    for number in range(folds):
        learn, test = np.flatnonzero(fold != number).tolist(), np.flatnonzero(fold == number).tolist()
        model = learn_words([texts[i] for i in learn], [labels[i] for i in learn])
        ranked[test] = _ranking([texts[i] for i in test], model, known)
    common = np.array([label for label, _ in Counter(labels).most_common(3)])
    always = np.full(len(truth), common[0])
    return Accuracy(
        count=len(truth),
        labels=len(known),
        top1=float((ranked[:, 0] == truth).mean()),
        top3=float((ranked[:, :3] == truth[:, None]).any(axis=1).mean()),
        macro_f1=macro_f1(truth, ranked[:, 0]),
        majority_top1=float((always == truth).mean()),
        majority_top3=float(np.isin(truth, common).mean()),
        majority_macro_f1=macro_f1(truth, always),
    )


def macro_f1(truth: NDArray[np.str_], said: NDArray[np.str_]) -> float:
    """F1 of every kind that occurs, averaged."""
    scores = []
    for label in np.unique(truth):
        right = ((truth == label) & (said == label)).sum()
        scores.append(2 * right / ((truth == label).sum() + (said == label).sum()))
    return float(np.mean(scores))


def _folds(truth: NDArray[np.str_], folds: int) -> NDArray[np.int64]:
    chance = np.random.default_rng(SEED)
    fold = np.empty(len(truth), dtype=np.int64)
    for label in np.unique(truth):
        members = chance.permutation(np.flatnonzero(truth == label))
        fold[members] = np.arange(len(members)) % folds
    return fold


def _ranking(texts: Sequence[str], model: WordModel, known: Sequence[str]) -> NDArray[np.str_]:
    """Every kind for each text, the likeliest first; kinds that the model never saw come last."""
    raw = np.asarray(features(texts, model.grams, model.rarity) @ model.weights) + model.bias
    unseen = [label for label in known if label not in model.labels]
    order = np.array(model.labels)[np.argsort(-raw, axis=1, kind="stable")]
    return np.hstack([order, np.tile(np.array(unseen, dtype=order.dtype), (len(texts), 1))]) if unseen else order
