"""In which order a space is searched.

A strategy proposes ids and is told scores, always in the order in which it proposed them; given the same seed
and the same scores it proposes the same ids. That is what makes a resumed run equal to one that was never
stopped: what was done is told again, and the strategy is where it was.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from zoo.errors import ManifestError, did_you_mean
from zoo.experiment.space import Space


class SearchStrategy(ABC):
    """Proposes ids of a space. Write your own by saying what comes next.

    Args:
        space: what is searched.
        seed: makes every choice.
    """

    #: whether scores change what is proposed; others propose the whole order at once
    adaptive = False

    def __init__(self, space: Space, seed: int) -> None:
        self.space = space
        self.seed = seed

    @abstractmethod
    def propose(self, count: int) -> list[int]:
        """Return up to `count` ids that were not proposed before; none when the space is exhausted."""

    def tell(self, number: int, score: float | None) -> None:
        """Learn the score of an id that was proposed: the higher the better; None where there is none."""
        return


class _Ordered(SearchStrategy):
    """Proposes the ids of one fixed order."""

    def __init__(self, space: Space, seed: int) -> None:
        super().__init__(space, seed)
        self._order = self.order()
        self._next = 0

    @abstractmethod
    def order(self) -> Sequence[int]:
        """Return every id that will be proposed, in order."""

    def propose(self, count: int) -> list[int]:
        """Return the next ids of the order."""
        found = list(self._order[self._next : self._next + count])
        self._next += len(found)
        return found


class Grid(_Ordered):
    """Every permutation, in order of id; with `shuffle` in an order that the seed decides."""

    def __init__(self, space: Space, seed: int, *, shuffle: bool = False) -> None:
        self.shuffle = shuffle
        super().__init__(space, seed)

    def order(self) -> Sequence[int]:
        """Return every id."""
        if not self.shuffle:
            return range(self.space.declared)
        shuffled: list[int] = _random(self.seed).permutation(self.space.declared).tolist()
        return shuffled


class Random(_Ordered):
    """Permutations drawn without repetition."""

    def order(self) -> list[int]:
        """Return every id, or as many as are drawn from a space too large to list."""
        size = self.space.declared
        if size <= _LISTED:
            return [int(n) for n in _random(self.seed).permutation(size)]
        random, seen = _random(self.seed), dict[int, None]()
        while len(seen) < _LISTED:
            seen[int(random.randint(0, size, dtype=np.int64))] = None
        return list(seen)


class Sobol(_Ordered):
    """A scrambled Sobol sequence over the values' places (Sobol 1967; Owen 1998), without repetition.

    What the sequence does not reach comes afterwards in order of id, so that the whole space can be searched.
    """

    def order(self) -> list[int]:
        """Return the sequence's ids, then those that it does not reach."""
        from scipy.stats import qmc

        size = min(self.space.declared, _LISTED)
        sizes = np.array([len(values) for values in self.space.params.values()])
        sampler = qmc.Sobol(d=len(sizes), scramble=True, rng=self.seed)
        draws = sampler.random_base2(math.ceil(math.log2(max(size, 2))) + 2)
        places = np.minimum((draws * sizes).astype(int), sizes - 1)
        strides = np.array([math.prod(sizes[i + 1 :].tolist()) for i in range(len(sizes))])
        seen = dict.fromkeys(int(number) for number in places @ strides)
        return list(dict.fromkeys([*seen, *range(size)]))[:size]


class Tpe(SearchStrategy):
    """The tree-structured Parzen estimator of Optuna (Bergstra et al. 2011), when that is installed."""

    adaptive = True

    def __init__(self, space: Space, seed: int) -> None:
        super().__init__(space, seed)
        try:
            import optuna
        except ImportError as error:
            raise ManifestError(
                "search.strategy: tpe needs Optuna",
                remedy="pip install 'zoo[optuna]', or use another strategy",
            ) from error
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
        self._trials: dict[int, Any] = {}
        self._states = optuna.trial.TrialState

    def propose(self, count: int) -> list[int]:
        """Ask the sampler; what it draws a second time is no new proposal."""
        found: list[int] = []
        tries = 0
        while len(found) < count and len(self._trials) < self.space.declared and tries < _TRIES:
            trial = self._study.ask()
            places = {n: trial.suggest_int(n, 0, len(v) - 1) for n, v in self.space.params.items()}
            number = self.space.id_of({n: self.space.params[n][place] for n, place in places.items()})
            tries += 1
            if number is None or number in self._trials:
                self._study.tell(trial, state=self._states.FAIL)  # drawn before: no new evidence
                continue
            self._trials[number] = trial
            found.append(number)
        return found or self._leftovers(count)

    def _leftovers(self, count: int) -> list[int]:
        """When sampling only repeats itself, go on with what is left in order of id."""
        left = [n for n in range(self.space.declared) if n not in self._trials][:count]
        for number in left:
            self._trials[number] = None
        return left

    def tell(self, number: int, score: float | None) -> None:
        """Tell the sampler; a score that is no number is a failed trial."""
        trial = self._trials.get(number)
        if trial is None:
            return
        if score is None or not math.isfinite(score):
            self._study.tell(trial, state=self._states.FAIL)
        else:
            self._study.tell(trial, score)


_LISTED: Final = 1_000_000  # ids that a strategy draws at most from a space that is too large to list
_TRIES: Final = 30  # draws of the sampler for one proposal before what is left is taken in order

STRATEGIES: Final[dict[str, Callable[..., SearchStrategy]]] = {
    "grid": Grid,
    "random": Random,
    "sobol": Sobol,
    "tpe": Tpe,
}


def build_strategy(name: str, space: Space, seed: int, **options: Any) -> SearchStrategy:
    """Return the strategy of a name.

    Raises:
        ManifestError: no such strategy, or an option that it does not take.
    """
    if name not in STRATEGIES:
        raise ManifestError(
            f"search.strategy: {name!r}",
            expected=f"one of {', '.join(STRATEGIES)}",
            remedy=did_you_mean(name, STRATEGIES),
        )
    try:
        return STRATEGIES[name](space, seed, **options)
    except TypeError as error:
        raise ManifestError(f"search: {name} takes no {', '.join(options)}") from error


def _random(seed: int) -> np.random.RandomState:
    """RandomState's stream is frozen by NumPy's policy (NEP 19): an order never changes with a release."""
    return np.random.RandomState(seed)


__all__ = ["STRATEGIES", "Grid", "Random", "SearchStrategy", "Sobol", "Tpe", "build_strategy"]
