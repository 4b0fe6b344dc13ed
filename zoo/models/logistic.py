"""Logistic regression with a penalty for weak signals."""

from __future__ import annotations

from zoo.models.preset import Preset


class Logistic(Preset):
    """Classification by a linear log-odds with an L2 penalty.

    C is the variance that a coefficient is expected to have. With p standardised features that explain a
    share R² of an even outcome, a log-odds coefficient is about twice the correlation, so C is about
    4 R² / p: 0.004 is ten features at 1%, the same shrinkage as ridge at 1,000.

    Args:
        C: inverse of the penalty.
        class_weight: `balanced`, or weights by class, or None: probabilities stay those of the data.
    """

    def __init__(self, C: float = 0.004, class_weight: str | dict[float, float] | None = None) -> None:
        from sklearn import linear_model

        # Newton's method in closed steps: weak gradients lie near the tolerance at which lbfgs stops
        super().__init__(
            linear_model.LogisticRegression(
                C=C, class_weight=class_weight, solver="newton-cholesky", tol=1e-8
            )
        )


__all__ = ["Logistic"]
