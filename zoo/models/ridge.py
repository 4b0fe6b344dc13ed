"""Ridge regression with a penalty for weak signals."""

from __future__ import annotations

from zoo.models.preset import Preset


class Ridge(Preset):
    """Linear regression with an L2 penalty.

    The penalty that minimises the expected error is the ratio of the noise's variance to a coefficient's
    (Hoerl and Kennard 1970): with p standardised features that explain a share R² of the label's variance
    that is about p / R², whatever the label's scale and the number of rows. 1,000 is ten features at 1%.

    Args:
        alpha: the penalty on the sum of squared coefficients, beside the sum of squared errors.
        fit_intercept: whether predictions have a level of their own.
    """

    def __init__(self, alpha: float = 1000.0, fit_intercept: bool = True) -> None:
        from sklearn import linear_model

        # in closed form: the iterative solvers stop at a tolerance, and two of them draw rows at random
        super().__init__(linear_model.Ridge(alpha=alpha, fit_intercept=fit_intercept, solver="cholesky"))


__all__ = ["Ridge"]
