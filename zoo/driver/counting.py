"""Evaluations under settings that no experiment recorded, as trials of their line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.promotion.trainer import Trainer
    from zoo.registry.trials import Evaluation


def evaluation_under(line: str, trainer: Trainer, settings: Mapping[str, Any]) -> Evaluation:
    """Return what makes an evaluation the same trial as a round of an experiment under these settings.

    Args:
        line: whose trial it is.
        trainer: of the experiment, whose code counts as it is now.
        settings: all of them, without the label.
    """
    from zoo.registry.trials import Evaluation

    recorded = trainer.directory.metadata
    prints = recorded.get("fingerprints") or {}
    code = {**(prints.get("code") or {}), **({"content": trainer.source} if trainer.drifted else {})}
    metadata = {**recorded, "settings": dict(settings), "fingerprints": {**prints, "code": code}}
    return Evaluation(metadata, line, trainer.directory.name)


__all__ = ["evaluation_under"]
