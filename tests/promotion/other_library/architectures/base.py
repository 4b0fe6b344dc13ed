"""What this library's models have in common."""

from abc import ABC, abstractmethod


class ReferenceModel(ABC):
    deterministic = False

    @abstractmethod
    def train(self, data, **params): ...

    @abstractmethod
    def predict(self, data): ...

    @abstractmethod
    def evaluate(self, data, inline_metrics=True): ...
