"""The registry: immutable versions of trained permutations, their files, and who registered them when."""

from __future__ import annotations

from zoo.location import ObjectStore
from zoo.registry.collection import Collection
from zoo.registry.comparison import Comparison
from zoo.registry.history import Event
from zoo.registry.ledger import Ledger, TrialSet
from zoo.registry.moves import Move
from zoo.registry.rebuilding import Rebuilt
from zoo.registry.store import Registry
from zoo.registry.trial import Trial
from zoo.registry.verification import Problem, VerifyReport
from zoo.registry.version import Candidate, Registered, Version

__all__ = [
    "Candidate",
    "Collection",
    "Comparison",
    "Event",
    "Ledger",
    "Move",
    "ObjectStore",
    "Problem",
    "Rebuilt",
    "Registered",
    "Registry",
    "Trial",
    "TrialSet",
    "VerifyReport",
    "Version",
]
