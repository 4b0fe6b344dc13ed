"""A small multilayer perceptron on a standardised label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from zoo.models.preset import Preset

_ARGUMENTS = ("hidden_layer_sizes", "alpha", "learning_rate_init", "max_iter", "random_state")


class Perceptron(Preset):
    """Regression by a network of one hidden layer.

    Shallow networks do as well as deep ones on returns (Gu, Kelly and Xiu 2020), and the label is
    standardised here, since weight decay and the stopping rule count in its units. Early stopping on
    held-out rows is off (they are drawn at random); training stops after `max_iter` epochs, or when ten of
    them improve the loss by less than 1e-4. Repeats to the bit given its seed.

    Args:
        hidden_layer_sizes: units of each hidden layer.
        alpha: weight decay of a batch's summed loss.
        learning_rate_init: Adam's step.
        max_iter: epochs, at most.
        random_state: seed of the weights and of the batches; None leaves it to the manifest.
    """

    places: ClassVar[Mapping[str, str]] = {name: f"regressor__{name}" for name in _ARGUMENTS}

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (16,),
        alpha: float = 10.0,
        learning_rate_init: float = 0.001,
        max_iter: int = 500,
        random_state: int | None = None,
    ) -> None:
        from sklearn import compose, neural_network, preprocessing

        network = neural_network.MLPRegressor(
            hidden_layer_sizes=tuple(hidden_layer_sizes),
            alpha=alpha,
            learning_rate_init=learning_rate_init,
            max_iter=max_iter,
            early_stopping=False,
            random_state=random_state,
        )
        super().__init__(
            compose.TransformedTargetRegressor(network, transformer=preprocessing.StandardScaler())
        )


__all__ = ["Perceptron"]
