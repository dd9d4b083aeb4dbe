"""How far the answer depends on the guesses: the same evidence under shaken weights and priors.

Shakes what is guessed (likelihood ratios, priors), not what was counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.diagnosis.weights import Bools, Floats, Looked, Model, probabilities, single_weights

BAND = (0.1, 0.9)  # the middle 80 % of the draws
PRIOR_LIMITS = (0.01, 0.99)


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """(draws, H) probability of each cause under shaken weights and priors."""

    probabilities: Floats

    def band(self) -> tuple[Floats, Floats]:
        """(H,) lower and upper bound of the middle 80 %."""
        low, high = np.quantile(self.probabilities, BAND, axis=0)
        return low, high

    def stability(self, top: int | None, candidates: Bools) -> float:
        """Share of draws, 0 to 1, in which `top` is the most probable of the candidates; 0 when there is no top cause."""
        if top is None:
            return 0.0
        ranked = np.where(candidates, self.probabilities, -1.0).argmax(axis=1)
        return float(np.mean(ranked == top))


def draw(model: Model, looked: Looked, priors: Floats, rng: np.random.Generator) -> Draws:
    """Probabilities under normal noise on every ln LR in use and a uniform factor on every prior.

    Noise is drawn for the whole catalogue whatever was observed: the same seed shakes a weight the same way in every case.
    """
    settings = model.catalogue.settings
    shape = (settings.draws, *model.size.shape)
    shift = {side: rng.normal(0.0, settings.log_noise, shape) for side in ("seen", "clean")}
    factors = rng.uniform(*settings.prior_spread, (settings.draws, len(priors)))
    noise = np.where(looked.seen[:, None], shift["seen"], shift["clean"]) * looked.strength[:, None]
    weights = single_weights(model, looked)
    # A likelihood ratio of exactly 1 says that the signal has no bearing on the cause: nothing to shake.
    shaken = weights + np.where(weights != 0, noise, 0.0)
    return Draws(probabilities(model, shaken, np.clip(priors * factors, *PRIOR_LIMITS)))
